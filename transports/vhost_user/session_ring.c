/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rings. A front end says of each what it likes, in any order; whenever something has changed, the device is
 * brought to what follows from all of it. The device has the eventq only beside the cmdq.
 */
#define _GNU_SOURCE

#include "../virtio/device_try.h"
#include "session_parts.h"

/* ---- what follows from what has been said ---- */

/* A ring that waits for nothing more, but perhaps for memory. */
static bool is_said(const struct vu_session *s, uint32_t queue)
{
	const struct vu_ring *r = &s->ring[queue];

	return r->num != 0 && r->has_addr && r->started && r->enabled && s->features != 0;
}

static bool wants(const struct vu_session *s, uint32_t queue)
{
	const bool may = queue == SCMI_VIRTIO_CMDQ || (s->features & SCMI_VIRTIO_F_P2A_CHANNELS) != 0;

	return may && is_said(s, SCMI_VIRTIO_CMDQ) && is_said(s, queue);
}

/* Where it lies for the guest. */
static bool find(const struct vu_memory_map *memory, const struct vu_ring *r, struct scmi_virtio_queue *out)
{
	const uint64_t n = r->num;

	out->size = r->num;
	return scmi__vu_memory_guest(memory, r->addr.desc, 16u * n, &out->desc) &&
	       scmi__vu_memory_guest(memory, r->addr.avail, 6u + 2u * n, &out->avail) &&
	       scmi__vu_memory_guest(memory, r->addr.used, 6u + 8u * n, &out->used);
}

/*
 * What is to run, as the device wants it. Where memory comes region by region a ring that lies nowhere waits for the
 * next one: QEMU lets regions go before it adds others, that with the rings in it among them.
 */
static bool make_setup(struct vu_session *s, const struct vu_memory_map *memory, struct scmi_virtio_setup *setup)
{
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		if (!wants(s, queue) || find(memory, &s->ring[queue], &setup->queue[queue]))
			continue;
		setup->queue[queue].size = 0;
		if (!memory->partial) {
			s->why = "a ring that does not lie inside one memory region";
			return false;
		}
	}
	return true;
}

static void note_runs(struct vu_session *s, const struct scmi_virtio_setup *setup)
{
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++)
		s->ring[queue].runs = s->attached && setup->queue[queue].size != 0;
}

static void take_bases(const struct vu_session *s, uint16_t index[SCMI_VIRTIO_QUEUES])
{
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++)
		index[queue] = s->ring[queue].base;
}

static void set_aside(struct vu_session *s)
{
	uint16_t next[SCMI_VIRTIO_QUEUES];

	scmi_virtio_device_detach(s->device, next);
	s->attached = false;
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		if (s->ring[queue].runs)
			s->ring[queue].base = next[queue];
	}
	s->left = s->ring[SCMI_VIRTIO_CMDQ].base;
}

/*
 * One that does not begin where the last one stopped is another driver, though nobody has said so. What the last one
 * has set up is forgotten only when this one is sure to come; what its journal says is wiped with it.
 */
static int attach(struct vu_session *s, const struct scmi_virtio_setup *setup, uint32_t maps_n)
{
	uint16_t first[SCMI_VIRTIO_QUEUES];

	if (s->ring[SCMI_VIRTIO_CMDQ].base != s->left) {
		if (scmi__virtio_device_try(s->device, setup, s->maps, maps_n, &s->why) != SCMI_OK)
			return SCMI_E_INVAL;
		scmi_virtio_device_renew(s->device);
		s->left = s->ring[SCMI_VIRTIO_CMDQ].base;
		if (s->has_run)
			scmi__vu_inflight_wipe(s);
	}
	take_bases(s, first);
	if (scmi_virtio_device_attach(s->device, setup, s->maps, maps_n, first, &s->why) != SCMI_OK)
		return SCMI_E_INVAL;
	s->attached = s->has_run = true;
	return SCMI_OK;
}

static int change(struct vu_session *s, const struct scmi_virtio_setup *setup, uint32_t maps_n)
{
	const uint32_t queue = SCMI_VIRTIO_EVENTQ;
	uint16_t index[SCMI_VIRTIO_QUEUES];

	take_bases(s, index);
	if (scmi_virtio_device_change(s->device, setup, s->maps, maps_n, index, &s->why) != SCMI_OK)
		return SCMI_E_INVAL;
	if (s->ring[queue].runs && setup->queue[queue].size == 0)
		s->ring[queue].base = index[queue];
	return SCMI_OK;
}

int scmi__vu_settle(struct vu_session *s, const struct vu_memory_map *memory)
{
	const uint32_t maps_n = scmi__vu_memory_maps(memory, s->maps);
	struct scmi_virtio_setup setup = {.features = s->features};
	int err = SCMI_OK;

	if (maps_n != 0 && !make_setup(s, memory, &setup))
		return SCMI_E_INVAL;
	if (setup.queue[SCMI_VIRTIO_CMDQ].size != 0)
		err = s->attached ? change(s, &setup, maps_n) : attach(s, &setup, maps_n);
	else if (s->attached)
		set_aside(s);
	if (err == SCMI_OK)
		note_runs(s, &setup);
	return err;
}

int scmi__vu_drain(struct vu_session *s)
{
	struct scmi_virtio_device_stats stats = {.size = sizeof(stats)};
	const uint64_t now_us = scmi__now_us();

	(void)scmi_virtio_device_stats(s->device, &stats);
	if (!s->attached || stats.open == 0)
		return SCMI_OK;
	if (s->drain_until_us == 0)
		s->drain_until_us = now_us + DRAIN_US;
	return now_us < s->drain_until_us ? SCMI_E_BUSY : SCMI_OK;
}

void scmi__vu_ring_forget(struct vu_ring *r)
{
	r->num = 0;
	r->has_addr = false;
	r->base = 0;
	r->started = r->enabled = r->runs = false;
	scmi__fd_close(&r->kick);
	r->kick_kind = VU_BELL_NONE;
}

void scmi__vu_renew(struct vu_session *s)
{
	scmi_virtio_device_renew(s->device);
	s->attached = false;
	s->left = 0;
	scmi__vu_inflight_wipe(s);
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++)
		scmi__vu_ring_forget(&s->ring[queue]);
}

/* ---- what is said of one ring ---- */

/* NULL, and refused: there is no such ring. */
static struct vu_ring *ring_of(struct vu_session *s, uint32_t index)
{
	if (index < SCMI_VIRTIO_QUEUES)
		return &s->ring[index];
	s->why = "a ring that the device does not have";
	return NULL;
}

static struct vu_ring *idle_ring_of(struct vu_session *s, uint32_t index)
{
	struct vu_ring *r = ring_of(s, index);

	if (r == NULL || !r->runs)
		return r;
	s->why = "a ring that runs";
	return NULL;
}

int scmi__vu_vring_num(struct vu_session *s)
{
	const struct vu_vring_state *in = &s->in.u.state;
	struct vu_ring *r = idle_ring_of(s, in->index);
	uint32_t was;

	if (r == NULL)
		return SCMI_E_INVAL;
	if (in->num < 2u || in->num > s->offer->queue_max || (in->num & (in->num - 1u)) != 0)
		return vu_fault(s, SCMI_E_INVAL, "a size that is not a power of two from 2 to what is offered");
	was = r->num;
	r->num = in->num;
	if (scmi__vu_settle(s, &s->memory) == SCMI_OK)
		return SCMI_OK;
	r->num = was;
	return SCMI_E_INVAL;
}

static bool is_same_place(const struct vu_vring_addr *a, const struct vu_vring_addr *b)
{
	return a->desc == b->desc && a->avail == b->avail && a->used == b->used;
}

/* It may come before the memory: whether its parts are inside of it is looked at when the ring is to run. */
int scmi__vu_vring_addr(struct vu_session *s)
{
	const struct vu_vring_addr *in = &s->in.u.addr;
	struct vu_ring *r = ring_of(s, in->index);
	struct vu_ring was;

	if (r == NULL)
		return SCMI_E_INVAL;
	if (in->flags != 0)
		return vu_fault(s, SCMI_E_INVAL, "a log of dirty pages, which was not offered");
	if (in->desc % 16u != 0 || in->avail % 2u != 0 || in->used % 4u != 0)
		return vu_fault(s, SCMI_E_INVAL, "a part of a ring that is not aligned");
	if (r->runs && !is_same_place(&r->addr, in))
		return vu_fault(s, SCMI_E_INVAL, "another place for a ring that runs");
	was = *r;
	r->addr = *in;
	r->has_addr = true;
	if (scmi__vu_settle(s, &s->memory) == SCMI_OK)
		return SCMI_OK;
	r->addr = was.addr;
	r->has_addr = was.has_addr;
	return SCMI_E_INVAL;
}

int scmi__vu_vring_base(struct vu_session *s)
{
	const struct vu_vring_state *in = &s->in.u.state;
	struct vu_ring *r = idle_ring_of(s, in->index);

	if (r == NULL)
		return SCMI_E_INVAL;
	if (in->num > UINT16_MAX)
		return vu_fault(s, SCMI_E_INVAL, "an index above 65535");
	r->base = (uint16_t)in->num;
	return SCMI_OK;
}

/* With the cmdq goes what is open in it; the eventq has nothing to wait for. */
static int drain_ring(struct vu_session *s, uint32_t queue)
{
	return queue == SCMI_VIRTIO_CMDQ ? scmi__vu_drain(s) : SCMI_OK;
}

int scmi__vu_vring_get_base(struct vu_session *s)
{
	struct vu_vring_state out = {.index = s->in.u.state.index};
	struct vu_ring *r = ring_of(s, out.index);

	if (r == NULL)
		return SCMI_E_PROTO; /* there is no way to say no */
	if (drain_ring(s, out.index) != SCMI_OK)
		return SCMI_E_BUSY;
	r->started = false;
	(void)scmi__vu_settle(s, &s->memory); /* less is wanted than before */
	scmi__fd_close(&r->kick);
	r->kick_kind = VU_BELL_NONE;
	out.num = r->base;
	return scmi__vu_reply(s, &out, sizeof(out));
}

int scmi__vu_vring_enable(struct vu_session *s)
{
	const struct vu_vring_state *in = &s->in.u.state;
	struct vu_ring *r = ring_of(s, in->index);
	bool was;

	if (r == NULL)
		return SCMI_E_INVAL;
	if (in->num > 1u)
		return vu_fault(s, SCMI_E_INVAL, "neither 0 nor 1");
	if (in->num == 0 && drain_ring(s, in->index) != SCMI_OK)
		return SCMI_E_BUSY;
	was = r->enabled;
	r->enabled = in->num == 1u;
	if (scmi__vu_settle(s, &s->memory) == SCMI_OK)
		return SCMI_OK;
	r->enabled = was;
	return SCMI_E_INVAL;
}

/* ---- its doorbells ---- */

/*
 * The ring and the descriptor that a message names. SCMI_OK: fd is the caller's, -1 where it goes without; else it is
 * closed.
 */
static int take_bell(struct vu_session *s, uint32_t *index, int *fd, enum vu_bell *kind)
{
	const uint64_t in = s->in.u.u64;
	const bool without = (in & VU_RING_NOFD) != 0;

	*index = (uint32_t)(in & VU_RING_MASK);
	*fd = -1;
	*kind = VU_BELL_NONE;
	if (without != (s->in.fds_n == 0))
		return vu_fault(s, SCMI_E_PROTO, without ? "a descriptor where none was to come" : "no descriptor");
	if ((in & ~(VU_RING_MASK | VU_RING_NOFD)) != 0)
		return vu_fault(s, SCMI_E_PROTO, "bits that are not known");
	if (ring_of(s, *index) == NULL)
		return SCMI_E_INVAL;
	if (without)
		return SCMI_OK;
	*kind = scmi__vu_bell_kind(s->in.fd[0]);
	if (*kind == VU_BELL_NONE)
		return vu_fault(s, SCMI_E_INVAL, "a descriptor that is no eventfd, pipe, or one of a pair of sockets");
	*fd = scmi__vu_take_fd(&s->in, 0);
	return SCMI_OK;
}

int scmi__vu_vring_kick(struct vu_session *s)
{
	struct vu_ring *r;
	enum vu_bell kind;
	uint32_t index;
	bool was;
	int fd;
	int err = take_bell(s, &index, &fd, &kind);

	if (err != SCMI_OK)
		return err;
	r = &s->ring[index];
	was = r->started;
	r->started = true;
	err = scmi__vu_settle(s, &s->memory);
	if (err != SCMI_OK) {
		r->started = was;
		scmi__fd_close(&fd); /* the old one stays */
		return err;
	}
	scmi__fd_close(&r->kick);
	r->kick = fd;
	r->kick_kind = kind;
	return SCMI_OK;
}

/* What has been returned since the ring runs was told to nobody, or by the one before: the guest has to look. */
int scmi__vu_vring_call(struct vu_session *s)
{
	enum vu_bell kind;
	uint32_t index;
	int fd;
	const int err = take_bell(s, &index, &fd, &kind);

	if (err != SCMI_OK)
		return err;
	scmi__vu_set_call(s, index, fd, kind);
	if (fd >= 0 && s->has_run)
		scmi__vu_bell_ring(s, fd, kind);
	return SCMI_OK;
}

int scmi__vu_vring_err(struct vu_session *s)
{
	struct vu_ring *r;
	enum vu_bell kind;
	uint32_t index;
	int fd;
	const int err = take_bell(s, &index, &fd, &kind);

	if (err != SCMI_OK)
		return err;
	scmi__vu_bell_deafen(fd, kind);
	r = &s->ring[index];
	scmi__fd_close(&r->err);
	r->err = fd;
	r->err_kind = kind;
	return SCMI_OK;
}
