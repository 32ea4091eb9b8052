/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests' back end says, and what it does when it is told something. */
#define _GNU_SOURCE

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vhost_back_parts.h"

static void keep(struct back *b)
{
	if (b->memory.mem == NULL || b->kept.mem != NULL)
		return;
	b->kept = b->memory;
	b->memory = (struct back_memory){.mem = NULL};
	b->kept_kick = b->ring[SCMI_VIRTIO_CMDQ].kick;
	b->kept_call = b->ring[SCMI_VIRTIO_CMDQ].call;
	b->ring[SCMI_VIRTIO_CMDQ].kick = -1;
	b->ring[SCMI_VIRTIO_CMDQ].call = -1;
	if (b->kept_kick >= 0)
		scmi__event_lower(b->kept_kick);
}

void back_forget(struct back *b)
{
	if (b->keeps)
		keep(b);
	for (size_t i = 0; i < SCMI_VIRTIO_QUEUES; i++)
		back_ring_close(&b->ring[i]);
	back_memory_close(&b->memory);
	scmi__vu_message_done(&b->in);
	scmi__fd_close(&b->sock);
}

/* ---- replies, and trouble in their place ---- */

/* As another user if need be: this thread alone, and effectively it stays what it is. */
static void put(struct back *b, const void *bytes, size_t len)
{
	const uid_t self = getuid();

	MUST(b->uid == self || syscall(SYS_setresuid, b->uid, (uid_t)-1, (uid_t)-1) == 0);
	(void)send(b->sock, bytes, len, MSG_NOSIGNAL); /* it may have gone already */
	MUST(b->uid == self || syscall(SYS_setresuid, self, (uid_t)-1, (uid_t)-1) == 0);
}

void back_put(struct back *b, uint32_t request, uint32_t flags, const void *payload, uint32_t len, uint32_t sent)
{
	const struct vu_header h = {.request = request, .flags = flags, .size = len};
	unsigned char bytes[sizeof(h) + 8192] = {0};

	memcpy(bytes, &h, sizeof(h));
	memcpy(bytes + sizeof(h), payload, len < 8 ? len : 8);
	put(b, bytes, sent);
}

/* len 8, whatever it is. */
static void reply(struct back *b, uint32_t request, const void *payload)
{
	const enum back_trouble trouble = b->trouble_at == request ? b->trouble : BACK_GOOD;
	const uint32_t flags = VU_VERSION | VU_REPLY;
	const uint64_t no = 1;

	switch (trouble) {
	case BACK_DIES:
	case BACK_DIES_BEFORE:
		back_forget(b);
		return;
	case BACK_SILENT:
		return;
	case BACK_HALF:
	case BACK_HALF_DIES:
		back_put(b, request, flags, payload, 8, 15);
		if (trouble == BACK_HALF_DIES)
			back_forget(b);
		return;
	case BACK_OTHER:
		back_put(b, request + 1u, flags, payload, 8, 20);
		return;
	case BACK_REQUEST:
		back_put(b, request, VU_VERSION, payload, 8, 20);
		return;
	case BACK_ASKS:
		back_put(b, request, flags | VU_NEED_REPLY, payload, 8, 20);
		return;
	case BACK_VERSION:
		back_put(b, request, 2u | VU_REPLY, payload, 8, 20);
		return;
	case BACK_FLAGS:
		back_put(b, request, flags | 0x20u, payload, 8, 20);
		return;
	case BACK_SHORT:
		back_put(b, request, flags, payload, 4, 16);
		return;
	case BACK_LONG:
		back_put(b, request, flags, payload, 16, 28);
		return;
	case BACK_EMPTY:
		back_put(b, request, flags, payload, 0, 12);
		return;
	case BACK_HUGE:
		back_put(b, request, flags, payload, VU_PAYLOAD_MAX + 1u, 12u + VU_PAYLOAD_MAX + 1u);
		return;
	case BACK_REFUSES:
		back_put(b, request, flags, &no, 8, 20);
		return;
	case BACK_TWICE:
		back_put(b, request, flags, payload, 8, 20);
		break;
	default:
		break;
	}
	back_put(b, request, flags, payload, 8, 20);
}

static void reply_u64(struct back *b, uint64_t value)
{
	reply(b, b->in.h.request, &value);
}

/* ---- requests ---- */

static void set_memory(struct back *b)
{
	const struct vu_memory *m = &b->in.u.memory;
	const long page = sysconf(_SC_PAGESIZE);
	int fd = scmi__vu_take_fd(&b->in, 0);
	struct stat st;

	MUST(b->in.h.size == 40 && m->n == 1 && m->padding == 0 && fd >= 0);
	MUST(m->region[0].guest != 0 && m->region[0].guest % (uint64_t)page == 0);
	MUST(m->region[0].user != 0 && m->region[0].user % (uint64_t)page == 0);
	MUST(m->region[0].user != m->region[0].guest && m->region[0].offset == 0 && m->region[0].size != 0);
	MUST(fstat(fd, &st) == 0 && st.st_size >= 0 && (uint64_t)st.st_size == m->region[0].size);
	MUST((fcntl(fd, F_GET_SEALS) & (F_SEAL_SHRINK | F_SEAL_GROW)) == (F_SEAL_SHRINK | F_SEAL_GROW));
	if (b->memory.mem != NULL) {
		MUST(b->memory.inode == st.st_ino);
		back_memory_close(&b->memory);
	}
	MUST(back_memory_open(&b->memory, &m->region[0], fd, st.st_ino));
	close(fd);
}

static struct back_ring *ring_of(struct back *b, uint64_t index)
{
	MUST(index < SCMI_VIRTIO_QUEUES && index < ((b->protocol & VU_PF_MQ) != 0 ? b->offered.queues : 2u));
	MUST(index == 0 || (b->features & SCMI_VIRTIO_F_P2A_CHANNELS) != 0);
	return &b->ring[index];
}

static void set_features(struct back *b)
{
	MUST(b->in.h.size == 8 && (b->in.u.u64 & ~b->offered.features) == 0);
	b->features = b->in.u.u64;
	for (size_t i = 0; i < SCMI_VIRTIO_QUEUES; i++) {
		b->ring[i].event_idx = (b->features & SCMI_VIRTIO_F_EVENT_IDX) != 0;
		b->ring[i].enabled = (b->features & VU_F_PROTOCOL_FEATURES) == 0;
	}
}

static void set_state(struct back *b)
{
	const struct vu_vring_state *s = &b->in.u.state;
	struct back_ring *r = ring_of(b, s->index);

	MUST(b->in.h.size == 8);
	switch (b->in.h.request) {
	case VU_SET_VRING_NUM:
		MUST(s->num != 0 && s->num <= 256 && (s->num & (s->num - 1)) == 0 && r->kick < 0);
		r->num = s->num;
		break;
	case VU_SET_VRING_BASE:
		MUST(s->num == 0 && r->kick < 0);
		r->next = 0;
		break;
	default:
		MUST((b->features & VU_F_PROTOCOL_FEATURES) != 0 && s->num <= 1);
		r->enabled = s->num == 1;
		break;
	}
}

static void set_event(struct back *b)
{
	struct back_ring *r = ring_of(b, b->in.u.u64); /* the NOFD bit would be no index */
	int fd = scmi__vu_take_fd(&b->in, 0);
	int *at = b->in.h.request == VU_SET_VRING_CALL ? &r->call : &r->kick;

	MUST(b->in.h.size == 8 && fd >= 0);
	scmi__fd_close(at);
	*at = fd;
}

static void get_base(struct back *b)
{
	struct back_ring *r = ring_of(b, b->in.u.state.index);
	const struct vu_vring_state state = {.index = b->in.u.state.index, .num = r->next};

	MUST(b->in.h.size == 8 && b->in.u.state.num == 0);
	back_ring_close(r);
	reply(b, VU_GET_VRING_BASE, &state);
}

/* True: it has no reply of its own. */
static bool obey(struct back *b)
{
	const uint64_t bit30 = b->offered.features & VU_F_PROTOCOL_FEATURES;

	switch (b->in.h.request) {
	case VU_GET_FEATURES:
		return reply_u64(b, b->offered.features), false;
	case VU_GET_PROTOCOL_FEATURES:
		MUST(bit30 != 0);
		return reply_u64(b, b->offered.protocol), false;
	case VU_GET_QUEUE_NUM:
		MUST((b->protocol & VU_PF_MQ) != 0);
		return reply_u64(b, b->offered.queues), false;
	case VU_GET_VRING_BASE:
		return get_base(b), false;
	case VU_SET_OWNER:
		MUST(!b->owned && b->in.h.size == 0);
		b->owned = true;
		return true;
	case VU_SET_PROTOCOL_FEATURES:
		MUST(bit30 != 0 && (b->in.u.u64 & ~b->offered.protocol) == 0);
		MUST((b->in.u.u64 & ~(VU_PF_MQ | VU_PF_REPLY_ACK)) == 0); /* the rest it does not use */
		b->protocol = b->in.u.u64;
		return true;
	case VU_SET_FEATURES:
		return set_features(b), true;
	case VU_SET_MEM_TABLE:
		return set_memory(b), true;
	case VU_SET_VRING_NUM:
	case VU_SET_VRING_BASE:
	case VU_SET_VRING_ENABLE:
		return set_state(b), true;
	case VU_SET_VRING_ADDR:
		MUST(b->in.h.size == 40 && b->in.u.addr.flags == 0);
		MUST(back_ring_place(ring_of(b, b->in.u.addr.index), &b->memory, &b->in.u.addr));
		return true;
	case VU_SET_VRING_CALL:
	case VU_SET_VRING_KICK:
		return set_event(b), true;
	default:
		fprintf(stderr, "the front end does not need request %u\n", b->in.h.request);
		abort();
	}
}

static void do_message(struct back *b)
{
	const uint32_t request = b->in.h.request;
	const uint32_t flags = b->in.h.flags;
	const bool acks = (b->protocol & VU_PF_REPLY_ACK) != 0; /* before it takes effect */
	const bool has_fd = request == VU_SET_MEM_TABLE || request == VU_SET_VRING_CALL || request == VU_SET_VRING_KICK;
	const size_t len = strlen(b->log);

	(void)snprintf(b->log + len, sizeof(b->log) - len, "%s%s", len != 0 ? " " : "", scmi__vu_name(request));
	MUST(b->in.fds_n == (has_fd ? 1u : 0u));
	MUST(flags == VU_VERSION || (acks && flags == (VU_VERSION | VU_NEED_REPLY)));
	if (b->trouble_at == request && b->trouble == BACK_DIES_BEFORE) {
		back_forget(b);
		return;
	}
	if (obey(b)) {
		MUST(acks == ((flags & VU_NEED_REPLY) != 0)); /* where it can know, it wants to */
		if (acks)
			reply_u64(b, 0);
		else if (b->trouble_at == request && b->trouble == BACK_DIES)
			back_forget(b);
	}
}

void back_read(struct back *b)
{
	const char *why = "";
	int err;

	while (b->sock >= 0 && (err = scmi__vu_receive(b->sock, &b->in, &why)) != SCMI_E_BUSY) {
		MUST(err != SCMI_E_PROTO || strcmp(why, "descriptors that could not be taken in") == 0);
		if (err != SCMI_OK) {
			back_forget(b);
			return;
		}
		do_message(b);
		scmi__vu_message_done(&b->in);
	}
}
