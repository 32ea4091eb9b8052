/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A front end of vhost-user that says anything, with real descriptors, to a session of the back end with its device and
 * a platform behind it. The first byte chooses what is offered and whether memory can shrink; the rest is a script (see
 * step()).
 *
 * What must hold whatever it says: the session never waits; it ends with a reason; its replies have the form that they
 * should; nothing of a connection is left when it has ended, no descriptor and no mapping; whatever the platform is
 * asked it answers; a front end that does all as it should is served; and so is another one on the same platform, when
 * all is over.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vhost_back_rig.h"

#define PAYLOAD_MAX 512u /* that is built; what a header says may be more */
#define FDS_MAX     12u  /* of one message, more than there may be */
#define PATCHES_MAX 8u
#define FULL        65536

/* How a message differs from what it should be: a bit each. */
#define HOW_NEED_REPLY (1u << 0)
#define HOW_PATCHED    (1u << 1) /* n, then place and value of each */
#define HOW_FLAGS      (1u << 2) /* a byte of them */
#define HOW_FDS        (1u << 3) /* n, then a kind each */
#define HOW_SIZE       (1u << 4) /* longer by a half-word, modulo */
#define HOW_CUT        (1u << 5) /* sent in two pieces, cut here */
#define HOW_FDS_LATE   (1u << 6) /* the descriptors come with the second */
#define HOW_NO_TURN    (1u << 7) /* more follows before the session reads */

#define KEPT_MAX 32u

static struct fuzz_input in;
static int kept[KEPT_MAX]; /* ends of pipes */
static uint32_t kept_n;

struct message {
	struct vu_header h;
	unsigned char payload[PAYLOAD_MAX];
	int fds[FDS_MAX];
	bool owned[FDS_MAX]; /* made for this message */
	uint32_t fds_n;
};

static struct front *bad(void)
{
	return &rig.front[BAD];
}

static uint32_t byte(void)
{
	return fuzz_byte(&in);
}

static uint32_t half(void)
{
	const uint32_t low = byte();

	return low | byte() << 8;
}

/* ---- descriptors ---- */

static int memory(uint64_t len, int seals)
{
	const int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	MUST(fd >= 0);
	(void)ftruncate(fd, (off_t)len); /* the absurd ones stay empty */
	if (seals != 0)
		MUST(fcntl(fd, F_ADD_SEALS, seals) == 0);
	return fd;
}

/* The other end stays open until the script is over, or is closed at once. */
static int end_of_pipe(int which, bool full, bool alone)
{
	static const unsigned char bytes[FULL];
	int ends[2];

	MUST(pipe2(ends, O_CLOEXEC) == 0);
	if (full) {
		MUST(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
		while (write(ends[1], bytes, sizeof(bytes)) > 0)
			;
		MUST(fcntl(ends[1], F_SETFL, 0) == 0);
	}
	if (alone || kept_n == KEPT_MAX)
		(void)close(ends[1 - which]);
	else
		kept[kept_n++] = ends[1 - which];
	return ends[which];
}

static int full_event(void)
{
	const uint64_t most = UINT64_MAX - 1u;
	const int fd = eventfd(0, EFD_CLOEXEC);

	MUST(fd >= 0 && write(fd, &most, sizeof(most)) == (ssize_t)sizeof(most));
	return fd;
}

static int any_fd(uint32_t kind)
{
	switch (kind % 16u) {
	case 0:
		return memory(0, 0);
	case 1:
		return memory(1, 0);
	case 2:
		return memory(RAM0_BYTES, F_SEAL_SHRINK);
	case 3:
		return memory(RAM0_BYTES, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	case 4:
		return memory(UINT64_C(1) << 40, 0);
	case 5:
		return memory(INT64_MAX, 0);
	case 6:
		return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	case 7:
		return eventfd(0, EFD_CLOEXEC);
	case 8:
		return full_event();
	case 9:
		return end_of_pipe(1, false, true);
	case 10:
		return end_of_pipe(0, false, false);
	case 11:
		return end_of_pipe(1, true, false);
	case 12:
		return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	case 13:
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	case 14:
		return open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	default:
		return fcntl(bad()->sock, F_DUPFD_CLOEXEC, 0); /* the connection's own other end */
	}
}

/* ---- what a message should be ---- */

static uint32_t put(struct message *m, const void *payload, uint32_t len)
{
	memcpy(m->payload, payload, len);
	return len;
}

static uint32_t put_u64(struct message *m, uint64_t value)
{
	return put(m, &value, sizeof(value));
}

static void with_fd(struct message *m, int fd)
{
	m->fds[m->fds_n++] = fd;
}

static uint32_t build_table(struct message *m, uint32_t v)
{
	struct vu_memory table = {.n = 1u + v % VU_REGIONS_MAX};

	for (uint32_t i = 0; i < table.n; i++) {
		table.region[i] = front_region(i % RAMS);
		table.region[i].guest += (i / RAMS) * 2u * RAM_STEP;
		table.region[i].user += (i / RAMS) * 2u * RAM_STEP;
		with_fd(m, bad()->ram[i % RAMS].fd);
	}
	return put(m, &table, 8u + 32u * table.n);
}

static uint32_t build_region(struct message *m, uint32_t v)
{
	struct vu_one_region one = {.region = front_region(v % RAMS)};

	one.region.guest += (v >> 1) * 2u * RAM_STEP;
	one.region.user += (v >> 1) * 2u * RAM_STEP;
	if (m->h.request == VU_ADD_MEM_REG)
		with_fd(m, bad()->ram[v % RAMS].fd);
	return put(m, &one, sizeof(one));
}

static uint32_t build_state(struct message *m, uint32_t v)
{
	const uint32_t index = v & 1u;
	struct vu_vring_state state = {index, 0};

	if (m->h.request == VU_SET_VRING_NUM)
		state.num = (v & 2u) != 0 ? 1u << (v >> 2 & 15u) : RING_SIZE;
	else if (m->h.request == VU_SET_VRING_BASE)
		state.num = (v & 2u) != 0 ? v >> 2 : bad()->idx[index];
	else if (m->h.request == VU_SET_VRING_ENABLE)
		state.num = v >> 1 & 1u;
	return put(m, &state, sizeof(state));
}

static uint32_t build_bell(struct message *m, uint32_t v)
{
	const uint32_t index = v & 1u;

	if ((v & 2u) == 0)
		with_fd(m, m->h.request == VU_SET_VRING_KICK ? bad()->kick[index] : bad()->call);
	return put_u64(m, index | ((v & 2u) != 0 ? VU_RING_NOFD : 0));
}

static uint32_t build_inflight(struct message *m, uint32_t v)
{
	const struct vu_inflight inflight = {
		.mmap_size = 0x1000u + v * 16u, .queues = 2, .queue_size = (uint16_t)RING_SIZE};

	if (m->h.request == VU_SET_INFLIGHT_FD)
		with_fd(m, bad()->ram[1].fd);
	return put(m, &inflight, (v & 1u) != 0 ? VU_INFLIGHT_BYTES_MIN : sizeof(inflight));
}

static uint32_t build(struct message *m, uint32_t v)
{
	const uint64_t features = rig.offer.features | VU_F_PROTOCOL_FEATURES;
	struct vu_vring_addr addr;

	switch (m->h.request) {
	case VU_SET_FEATURES:
		return put_u64(m, v == 0 ? features : (features & ~(UINT64_C(1) << (v & 63u))));
	case VU_SET_PROTOCOL_FEATURES:
		return put_u64(m, v == 0 ? rig.offer.protocol : (UINT64_C(1) << (v & 63u)));
	case VU_SET_MEM_TABLE:
		return build_table(m, v);
	case VU_ADD_MEM_REG:
	case VU_REM_MEM_REG:
		return build_region(m, v);
	case VU_SET_VRING_NUM:
	case VU_SET_VRING_BASE:
	case VU_GET_VRING_BASE:
	case VU_SET_VRING_ENABLE:
		return build_state(m, v);
	case VU_SET_VRING_ADDR:
		addr = front_ring(v & 1u);
		addr.flags = v >> 1;
		return put(m, &addr, sizeof(addr));
	case VU_SET_VRING_KICK:
	case VU_SET_VRING_CALL:
	case VU_SET_VRING_ERR:
		return build_bell(m, v);
	case VU_GET_INFLIGHT_FD:
	case VU_SET_INFLIGHT_FD:
		return build_inflight(m, v);
	case VU_SET_STATUS:
		return put_u64(m, v);
	case VU_SET_LOG_BASE:
		with_fd(m, bad()->ram[1].fd);
		return put(m, (const uint64_t[2]){RAM1_BYTES, 0}, 16);
	case VU_SET_LOG_FD:
	case VU_SET_BACKEND_REQ_FD:
		with_fd(m, bad()->call);
		return 0;
	default:
		return 0;
	}
}

/* ---- and how it is not ---- */

static void patch(struct message *m)
{
	const uint32_t n = byte() % PATCHES_MAX;

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t at = half() % PAYLOAD_MAX;

		m->payload[at] = (unsigned char)byte();
	}
}

static void other_fds(struct message *m)
{
	m->fds_n = byte() % (FDS_MAX + 1u);
	for (uint32_t i = 0; i < m->fds_n; i++) {
		m->fds[i] = any_fd(byte());
		m->owned[i] = true;
		MUST(m->fds[i] >= 0);
	}
}

static void send_pieces(const struct message *m, uint32_t how)
{
	unsigned char bytes[sizeof(m->h) + PAYLOAD_MAX];
	const uint32_t size = m->h.size < PAYLOAD_MAX ? m->h.size : PAYLOAD_MAX;
	const uint32_t len = (uint32_t)sizeof(m->h) + size;
	const bool late = (how & HOW_FDS_LATE) != 0;
	uint32_t first = len;

	memcpy(bytes, &m->h, sizeof(m->h));
	memcpy(bytes + sizeof(m->h), m->payload, size);
	if ((how & HOW_CUT) != 0)
		first = 1u + byte() % len;
	if (!front_send(bad(), bytes, first, m->fds, late ? 0 : m->fds_n))
		return;
	if (first == len)
		return;
	front_turn(bad());
	(void)front_send(bad(), bytes + first, len - first, m->fds, late ? m->fds_n : 0);
}

static void say(uint32_t request)
{
	const uint32_t how = byte();
	struct message m = {.h = {.request = request, .flags = VU_VERSION}};

	if (bad()->sock < 0)
		return;
	m.h.size = build(&m, byte());
	if ((how & HOW_NEED_REPLY) != 0)
		m.h.flags |= VU_NEED_REPLY;
	if ((how & HOW_PATCHED) != 0)
		patch(&m);
	if ((how & HOW_FLAGS) != 0)
		m.h.flags = byte();
	if ((how & HOW_FDS) != 0)
		other_fds(&m);
	if ((how & HOW_SIZE) != 0)
		m.h.size += (half() ^ 0x8000u) - 0x8000u; /* either way */
	send_pieces(&m, how);
	for (uint32_t i = 0; i < m.fds_n; i++) {
		if (m.owned[i])
			(void)close(m.fds[i]);
	}
	bad()->fresh = bad()->fair = false;
	if ((how & HOW_NO_TURN) == 0)
		front_turn(bad());
}

/* ---- the rings ---- */

static void poke(void)
{
	struct ram *r = &bad()->ram[byte() & 1u];
	const uint32_t at = half();
	const uint32_t value = byte();

	bad()->fair = false;
	if (bad()->sock >= 0 && !r->cut)
		r->mem[at % r->len] = (unsigned char)value;
}

/* Only where it is not sealed. */
static void cut(void)
{
	struct ram *r = &bad()->ram[byte() & 1u];
	const uint32_t len = (byte() & 3u) * 0x1000u;

	if (bad()->sock < 0 || len >= r->len || ftruncate(r->fd, (off_t)len) != 0)
		return;
	r->cut = true;
	bad()->fair = bad()->fresh = false;
	front_turn(bad());
}

static void command_for_later(uint32_t what)
{
	static const uint8_t messages[] = {RIG_LATER, RIG_DELAYED, RIG_NOTIFY, RIG_LATER};
	struct front *f = bad();
	const uint32_t slot = SLOTS / 2u + (what & 3u);

	if ((f->later & 1u << slot) != 0)
		f->fair = false; /* it may be there still */
	f->later |= 1u << slot;
	if (f->sock >= 0 && !f->ram[0].cut)
		scmi_put_le32(f->ram[0].mem + DATA + slot * SLOT_BYTES + 4u, 1);
	front_command(f, slot, messages[what & 3u], 4);
	front_turn(f);
}

static void ring(uint32_t what)
{
	const uint32_t times = 1u + (what >> 1 & 7u);

	for (uint32_t i = 0; i < times; i++) {
		front_kick(bad(), what & 1u);
		front_turn(bad());
	}
}

/* ---- the script ---- */

static void connection(uint32_t what)
{
	switch (what & 3u) {
	case 0:
		front_connect(bad(), (what & 4u) != 0);
		break;
	case 1:
		front_leave(bad());
		break;
	case 2:
		if (bad()->sock >= 0)
			(void)shutdown(bad()->sock, (what & 4u) != 0 ? SHUT_WR : SHUT_RDWR);
		bad()->fair = bad()->fresh = false;
		front_turn(bad());
		break;
	default:
		front_turn(bad());
		break;
	}
}

static void step(void)
{
	const uint32_t what = byte();

	if (what < 128u) {
		say(what % 48u);
		return;
	}
	switch (what & 15u) {
	case 0:
		front_set_up(bad(), SCMI_VIRTIO_OFFER_DEFAULT & ~(uint64_t)(byte() << 28));
		break;
	case 1:
	case 2:
		front_echo(bad(), what >> 4 & 3u);
		break;
	case 3:
		command_for_later(what >> 4);
		break;
	case 4:
		rig_release();
		break;
	case 5:
		front_give_event_buffer(bad(), what >> 4 & 7u);
		break;
	case 6:
		rig_tell();
		break;
	case 7:
		ring(byte());
		break;
	case 8:
	case 9:
		poke();
		break;
	case 10:
		cut();
		break;
	case 11:
		connection(byte());
		break;
	default:
		say(what & 1u ? VU_GET_VRING_BASE : VU_SET_VRING_ENABLE);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t how;

	in = (struct fuzz_input){data, size};
	how = byte();
	rig_open((uint8_t)how);
	front_connect(bad(), (how & 4u) != 0);
	while (in.left != 0)
		step();
	while (kept_n != 0)
		(void)close(kept[--kept_n]);
	rig_close();
	return 0;
}
