/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "vhost_back_rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGES   16
#define BATCH      16
#define REPLY_FLAG (VU_VERSION | VU_REPLY)
#define F_NEXT     1u
#define F_WRITE    2u

struct rig rig;

static max_align_t platform_memory[SCMI_PLATFORM_WORDS(2, 2)];
static uint8_t delayed_room[4 + ECHO_BYTES];
static struct {
	uint32_t fds;
	uint32_t maps;
} before;

/* ---- the platform ---- */

static int32_t echo(void *model, struct scmi_request *req)
{
	uint8_t bytes[ECHO_BYTES];

	(void)model;
	for (uint32_t i = 0; i < ECHO_BYTES / 4u; i++)
		scmi_put_le32(bytes + 4u * i, scmi_request_u32(req, i));
	scmi_request_put_bytes(req, bytes, sizeof(bytes));
	return SCMI_SUCCESS;
}

static int32_t later(void *model, struct scmi_request *req)
{
	(void)model;
	if (rig.held_n == SLOTS)
		return SCMI_BUSY;
	rig.held[rig.held_n++] = req;
	return SCMI_REQUEST_LATER;
}

static int32_t delay(void *model, struct scmi_request *req)
{
	const int32_t status = scmi_request_delay(req, &rig.delayed);

	(void)model;
	rig.delays = rig.delays || status == SCMI_SUCCESS;
	return status;
}

static int32_t notify(void *model, struct scmi_request *req)
{
	(void)model;
	return scmi_request_notify(req, RIG_TOLD, scmi_request_u32(req, 0));
}

static const struct scmi_server_command commands[] = {
	{.handle = echo, .params_min = ECHO_BYTES, .params_max = ECHO_BYTES, .message = RIG_ECHO},
	{.handle = later, .params_max = 64, .message = RIG_LATER},
	{.handle = delay, .params_max = 64, .message = RIG_DELAYED, .flags = SCMI_COMMAND_P2A},
	{.handle = notify, .params_min = 4, .params_max = 4, .message = RIG_NOTIFY, .flags = SCMI_COMMAND_P2A},
};

static void open_platform(void)
{
	static struct scmi_base_model model;
	static struct scmi_server base;
	static struct scmi_server own;
	static const struct scmi_server *servers[] = {&base, &own};
	static struct scmi_platform_agent agents[2];
	const struct scmi_platform_config config = {
		.size = sizeof(config), .servers = servers, .servers_n = 2, .agents = agents, .agents_n = 2};

	model = (struct scmi_base_model){.size = sizeof(model), .vendor = "fuzz"};
	scmi_base_server(&base, &model);
	own = (struct scmi_server){.size = sizeof(own),
				   .protocol = RIG_PROTOCOL,
				   .commands = commands,
				   .commands_n = sizeof(commands) / sizeof(commands[0]),
				   .version = SCMI_VERSION(1, 0)};
	for (uint32_t i = 0; i < 2; i++)
		agents[i] =
			(struct scmi_platform_agent){.size = sizeof(agents[i]), .endpoint = &rig.front[i].s.endpoint};
	rig.delayed =
		(struct scmi_delayed){.size = sizeof(rig.delayed), .cap = sizeof(delayed_room), .buf = delayed_room};
	MUST(scmi_platform_init(&rig.platform, platform_memory, sizeof(platform_memory), &config) == SCMI_OK);
	MUST(scmi_platform_start(rig.platform) == SCMI_OK);
}

void rig_release(void)
{
	static const uint8_t values[ECHO_BYTES];

	while (rig.held_n != 0)
		(void)scmi_request_reply(rig.held[--rig.held_n], SCMI_SUCCESS);
	if (rig.delays)
		rig.delays = scmi_delayed_send(&rig.delayed, SCMI_SUCCESS, values, sizeof(values)) == SCMI_E_BUSY;
}

void rig_tell(void)
{
	static const uint8_t word[4];

	(void)scmi_platform_notify(rig.platform, SCMI_ALL_AGENTS, RIG_PROTOCOL, RIG_TOLD, word, sizeof(word));
}

/* ---- what is left ---- */

static uint32_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	uint32_t n = 0;

	MUST(dir != NULL);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Of front ends' memory only: an allocator has mappings of its own. */
static uint32_t count_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	uint32_t n = 0;

	MUST(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, "/memfd:fuzz") != NULL;
	fclose(f);
	return n;
}

/* ---- connections ---- */

static void open_ram(struct ram *r, uint32_t len, bool sealed)
{
	*r = (struct ram){.fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING), .len = len};
	MUST(r->fd >= 0 && ftruncate(r->fd, (off_t)len) == 0);
	if (sealed)
		MUST(fcntl(r->fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	r->mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	MUST(r->mem != MAP_FAILED);
}

void front_connect(struct front *f, bool sealed)
{
	int ends[2];

	front_leave(f);
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
	open_ram(&f->ram[0], RAM0_BYTES, sealed);
	open_ram(&f->ram[1], RAM1_BYTES, sealed);
	for (uint32_t q = 0; q < SCMI_VIRTIO_QUEUES; q++) {
		f->kick[q] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		MUST(f->kick[q] >= 0);
		f->idx[q] = 0;
	}
	MUST((f->call = scmi__event_open()) >= 0);
	f->sock = ends[0];
	f->fresh = true;
	f->fair = f->rung = false;
	f->later = f->given = 0;
	scmi__vu_session_begin(&f->s, ends[1]);
	f->s.known = f == &rig.front[BAD]; /* as one of another user's: who may stop us may make us wait */
}

void front_leave(struct front *f)
{
	scmi__vu_session_end(&f->s);
	MUST(f->s.sock == -1);
	f->fresh = f->fair = false;
	if (f->sock < 0)
		return;
	(void)close(f->sock);
	(void)close(f->call);
	for (uint32_t i = 0; i < RAMS; i++) {
		(void)munmap(f->ram[i].mem, f->ram[i].len);
		(void)close(f->ram[i].fd);
	}
	for (uint32_t q = 0; q < SCMI_VIRTIO_QUEUES; q++)
		(void)close(f->kick[q]);
	f->sock = -1;
}

/* ---- messages ---- */

bool front_send(struct front *f, const void *bytes, size_t len, const int *fds, uint32_t fds_n)
{
	union {
		struct cmsghdr align;
		unsigned char room[CMSG_SPACE(16u * sizeof(int))];
	} control;
	struct iovec some = {(void *)(uintptr_t)bytes, len};
	struct msghdr m = {.msg_iov = &some, .msg_iovlen = 1};

	if (f->sock < 0 || len == 0)
		return true;
	if (fds_n != 0) {
		memset(&control, 0, sizeof(control));
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(fds_n * sizeof(int));
		CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(fds_n * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, fds_n * sizeof(int));
	}
	return sendmsg(f->sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

void front_say(struct front *f, uint32_t request, uint32_t flags, const void *payload, uint32_t len, const int *fds,
	       uint32_t fds_n)
{
	unsigned char bytes[sizeof(struct vu_header) + 512u];
	const struct vu_header h = {request, flags, len};

	MUST(len <= 512u);
	memcpy(bytes, &h, sizeof(h));
	if (len != 0)
		memcpy(bytes + sizeof(h), payload, len);
	(void)front_send(f, bytes, sizeof(h) + len, fds, fds_n);
	f->fresh = false;
}

/* A session sends whole messages: what has come are such, and of a reply's form. */
static void take_replies(struct front *f)
{
	union {
		struct cmsghdr align;
		unsigned char room[CMSG_SPACE(16u * sizeof(int))];
	} control;
	unsigned char bytes[4096];
	struct iovec some = {bytes, sizeof(bytes)};
	struct msghdr m = {
		.msg_iov = &some, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t n;
	int fd;

	n = f->sock >= 0 ? recvmsg(f->sock, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) : -1;
	if (n <= 0)
		return;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			(void)close(fd);
		}
	}
	for (size_t at = 0; at < (size_t)n;) {
		struct vu_header h;

		MUST((size_t)n - at >= sizeof(h));
		memcpy(&h, bytes + at, sizeof(h));
		MUST(h.flags == REPLY_FLAG && h.size >= 8u && h.size <= 24u && (size_t)n - at - sizeof(h) >= h.size);
		at += sizeof(h) + h.size;
	}
}

static void sent_away(struct front *f)
{
	scmi__vu_session_end(&f->s);
	f->fair = false;
}

void front_turn(struct front *f)
{
	for (uint32_t i = 0; i < 8u && f->s.sock >= 0; i++) {
		const int err = scmi__vu_session_read(&f->s, MESSAGES);
		int n;

		take_replies(f);
		if (err == SCMI_E_NOPEER || err == SCMI_E_PROTO) {
			MUST(err == SCMI_E_NOPEER || f->s.why != NULL);
			sent_away(f);
			return;
		}
		MUST(err == SCMI_OK || err == SCMI_E_BUSY);
		n = scmi__vu_session_serve(&f->s, BATCH, f->rung);
		f->rung = false;
		MUST((n >= 0 && n <= BATCH) || n == SCMI_E_PROTO);
		if (n < 0) {
			sent_away(f);
			return;
		}
		if (err == SCMI_OK && n < BATCH)
			return;
	}
}

/* ---- as it should be ---- */

struct vu_region front_region(uint32_t i)
{
	return (struct vu_region){.guest = RAM_GUEST + i * RAM_STEP,
				  .size = i == 0 ? RAM0_BYTES : RAM1_BYTES,
				  .user = RAM_USER + i * RAM_STEP};
}

struct vu_vring_addr front_ring(uint32_t queue)
{
	const uint64_t at = RAM_USER + (uint64_t)queue * RING_STEP;

	return (struct vu_vring_addr){.index = queue, .desc = at, .avail = at + 0x400u, .used = at + 0x800u};
}

static void say_state(struct front *f, uint32_t request, uint32_t index, uint32_t num)
{
	const struct vu_vring_state state = {index, num};

	front_say(f, request, VU_VERSION, &state, sizeof(state), NULL, 0);
}

static void set_up_ring(struct front *f, uint32_t q)
{
	const struct vu_vring_addr addr = front_ring(q);
	const uint64_t index = q;

	say_state(f, VU_SET_VRING_NUM, q, RING_SIZE);
	say_state(f, VU_SET_VRING_BASE, q, 0);
	front_say(f, VU_SET_VRING_ADDR, VU_VERSION, &addr, sizeof(addr), NULL, 0);
	front_say(f, VU_SET_VRING_CALL, VU_VERSION, &index, sizeof(index), &f->call, 1);
	front_say(f, VU_SET_VRING_KICK, VU_VERSION, &index, sizeof(index), &f->kick[q], 1);
	front_turn(f);
	say_state(f, VU_SET_VRING_ENABLE, q, 1);
	front_kick(f, q);
}

/* Fair is who begins with this, on rings that are empty. */
void front_set_up(struct front *f, uint64_t features)
{
	const bool fresh = f->fresh && !f->ram[0].cut;
	const struct vu_memory table = {.n = RAMS, .region = {front_region(0), front_region(1)}};
	const uint64_t protocol = rig.offer.protocol & ~(VU_PF_BACKEND_REQ | VU_PF_MEM_SLOTS);
	const int fds[RAMS] = {f->ram[0].fd, f->ram[1].fd};

	features = (features & rig.offer.features) | SCMI_VIRTIO_F_VERSION_1 | VU_F_PROTOCOL_FEATURES;
	front_say(f, VU_GET_FEATURES, VU_VERSION, NULL, 0, NULL, 0);
	front_say(f, VU_GET_PROTOCOL_FEATURES, VU_VERSION, NULL, 0, NULL, 0);
	front_say(f, VU_SET_PROTOCOL_FEATURES, VU_VERSION, &protocol, sizeof(protocol), NULL, 0);
	front_say(f, VU_SET_OWNER, VU_VERSION, NULL, 0, NULL, 0);
	front_say(f, VU_SET_FEATURES, VU_VERSION, &features, sizeof(features), NULL, 0);
	front_say(f, VU_SET_MEM_TABLE, VU_VERSION | VU_NEED_REPLY, &table, 8u + 32u * RAMS, fds, RAMS);
	front_turn(f);
	if (fresh)
		memset(f->ram[0].mem, 0, DATA);
	f->idx[0] = f->idx[1] = 0;
	f->later = f->given = 0;
	for (uint32_t q = 0; q < SCMI_VIRTIO_QUEUES; q++)
		set_up_ring(f, q);
	front_turn(f);
	MUST(!fresh || f->s.sock >= 0);
	f->fair = fresh;
}

void front_kick(struct front *f, uint32_t queue)
{
	const uint64_t one = 1;

	if (f->sock >= 0 && write(f->kick[queue], &one, sizeof(one)) == (ssize_t)sizeof(one))
		f->rung = true;
}

static void put16(unsigned char *at, uint32_t value)
{
	at[0] = (unsigned char)value;
	at[1] = (unsigned char)(value >> 8);
}

static void put_desc(unsigned char *at, uint32_t where, uint32_t len, uint32_t flags, uint32_t next)
{
	scmi_put_le32(at, (uint32_t)(RAM_GUEST + where));
	scmi_put_le32(at + 4, (uint32_t)((RAM_GUEST + where) >> 32));
	scmi_put_le32(at + 8, len);
	put16(at + 12, flags);
	put16(at + 14, next);
}

static void offer(struct front *f, uint32_t queue, uint32_t head)
{
	unsigned char *avail = f->ram[0].mem + queue * RING_STEP + 0x400u;

	put16(avail + 4u + 2u * (f->idx[queue] % RING_SIZE), head);
	put16(avail + 2u, ++f->idx[queue]);
	front_kick(f, queue);
}

void front_command(struct front *f, uint32_t slot, uint8_t message, uint32_t len)
{
	unsigned char *mem = f->ram[0].mem;
	const uint32_t at = DATA + slot * SLOT_BYTES;

	if (f->sock < 0 || f->ram[0].cut)
		return;
	scmi_put_le32(mem + at, scmi_hdr(RIG_PROTOCOL, message, SCMI_MSG_COMMAND, (uint16_t)f->idx[0] & 0x3ffu));
	put_desc(mem + 16u * 2u * slot, at, 4u + len, F_NEXT, 2u * slot + 1u);
	put_desc(mem + 16u * (2u * slot + 1u), at + SLOT_BYTES / 2u, SLOT_BYTES / 2u, F_WRITE, 0);
	offer(f, SCMI_VIRTIO_CMDQ, 2u * slot);
}

void front_give_event_buffer(struct front *f, uint32_t i)
{
	if (f->sock < 0 || f->ram[0].cut)
		return;
	f->fair = f->fair && (f->given & 1u << i) == 0; /* it may be away */
	f->given |= 1u << i;
	put_desc(f->ram[0].mem + RING_STEP + 16u * i, DATA + SLOTS * SLOT_BYTES + 0x40u * i, 0x40u, F_WRITE, 0);
	offer(f, SCMI_VIRTIO_EVENTQ, i);
}

static uint16_t used_idx(const struct front *f)
{
	const unsigned char *used = f->ram[0].mem + 0x800u;

	return (uint16_t)(used[2] | used[3] << 8);
}

void front_echo(struct front *f, uint32_t slot)
{
	unsigned char *mem = f->ram[0].mem;
	const uint32_t at = DATA + slot * SLOT_BYTES;
	const bool must = f->fair;
	uint16_t back;

	if (f->sock < 0 || f->ram[0].cut)
		return;
	front_turn(f);
	back = used_idx(f);
	for (uint32_t i = 0; i < ECHO_BYTES; i++)
		mem[at + 4u + i] = (unsigned char)(f->idx[0] + i);
	memset(mem + at + SLOT_BYTES / 2u, 0, SLOT_BYTES / 2u);
	front_command(f, slot, RIG_ECHO, ECHO_BYTES);
	front_turn(f);
	if (!must)
		return;
	MUST(f->fair && used_idx(f) == (uint16_t)(back + 1u));
	MUST(memcmp(mem + at, mem + at + SLOT_BYTES / 2u, 4) == 0 &&
	     scmi_get_le32(mem + at + SLOT_BYTES / 2u + 4u) == 0);
	MUST(memcmp(mem + at + 4u, mem + at + SLOT_BYTES / 2u + 8u, ECHO_BYTES) == 0);
}

/* ---- the whole ---- */

#define OFFERED (VU_PF_MQ | VU_PF_REPLY_ACK | VU_PF_BACKEND_REQ | VU_PF_RESET_DEVICE | VU_PF_STATUS)

/* Both sessions offer all, so that there is room for it. */
static void open_for_good(void)
{
	rig.offer = (struct vu_offer){.features = SCMI_VIRTIO_OFFER_DEFAULT,
				      .protocol = OFFERED | VU_PF_MEM_SLOTS,
				      .queue_max = SCMI_VIRTIO_QUEUE_MAX,
				      .ringer = &rig.ringer};
	MUST(scmi_posix_init(&rig.posix, &rig.port) == SCMI_OK);
	MUST(scmi__ringer_open(&rig.ringer, "", NULL) == SCMI_OK);
	MUST((rig.wake_fd = scmi__event_open()) >= 0);
	for (uint32_t i = 0; i < 2; i++) {
		rig.front[i].sock = -1;
		MUST(scmi__vu_session_open(&rig.front[i].s, &rig.offer, rig.wake_fd, &rig.port) == SCMI_OK);
	}
	open_platform();
	front_connect(&rig.front[GOOD], true);
	front_set_up(&rig.front[GOOD], SCMI_VIRTIO_OFFER_DEFAULT);
}

void rig_open(uint8_t how)
{
	static bool opened;

	if (!opened)
		open_for_good();
	opened = true;
	rig.offer.protocol = OFFERED;
	if ((how & 1u) != 0)
		rig.offer.protocol |= VU_PF_MEM_SLOTS;
	if ((how & 2u) != 0)
		rig.offer.protocol |= VU_PF_INFLIGHT_SHMFD;
	/* Each time: between two runs libFuzzer may start a process to talk to. */
	before.fds = count_fds();
	before.maps = count_maps();
}

void rig_close(void)
{
	struct scmi_virtio_device_stats stats = {.size = sizeof(stats)};

	front_leave(&rig.front[BAD]);
	MUST(count_fds() == before.fds);
	MUST(count_maps() == before.maps);
	front_echo(&rig.front[GOOD], 0);
	MUST(rig.front[GOOD].fair);
	rig_release();
	MUST(scmi_virtio_device_stats(rig.front[BAD].s.device, &stats) == SCMI_OK && stats.open == 0);
}
