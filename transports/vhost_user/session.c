/* SPDX-License-Identifier: BSD-3-Clause */
/* A session's life: a front end comes, is read and served, and goes. */
#include <stdlib.h>

#include "session_parts.h"

#define EMPTY_RINGS_MAX 65536u
#define HALF_S          10 /* for the rest of a message */
#define HALF_US         (UINT64_C(1000000) * HALF_S)
#define TEXT_OF(n)      #n
#define TEXT(n)         TEXT_OF(n)

/* ---- for the device: any context ---- */

/* Who finds it set need not wake the listener: it has not served since, and will. */
static void work(void *ctx)
{
	struct vu_session *s = ctx;

	if (atomic_exchange(&s->again, 1u) == 0)
		(void)scmi__event_raise(s->wake_fd);
}

static void event(void *ctx, enum scmi_virtio_event what)
{
	struct vu_session *s = ctx;

	if (what == SCMI_VIRTIO_BROKEN)
		atomic_store(&s->lied, 1u);
}

/* ---- for good ---- */

static bool make_device(struct vu_session *s, const struct scmi_port *port, uint32_t maps_max)
{
	const struct scmi_virtio_device_config config = {
		.size = sizeof(config),
		.queue_max = s->offer->queue_max,
		.maps_max = maps_max,
		.features = s->offer->features,
		.port = port,
		.host = &s->host,
	};
	const size_t len = scmi_virtio_device_size(&config);

	s->device_mem = len != 0 ? malloc(len) : NULL;
	return s->device_mem != NULL &&
	       scmi_virtio_device_init(&s->device, s->device_mem, len, &config, &s->endpoint) == SCMI_OK;
}

int scmi__vu_session_open(struct vu_session *s, const struct vu_offer *offer, int wake_fd, const struct scmi_port *port)
{
	const uint32_t slots = (offer->protocol & VU_PF_MEM_SLOTS) != 0 ? VU_SLOTS_MAX : VU_REGIONS_MAX;

	*s = (struct vu_session){
		.offer = offer, .port = port, .wake_fd = wake_fd, .sock = -1, .backend_fd = -1, .call = {-1, -1}};
	s->host = (struct scmi_virtio_host){.ctx = s, .call = scmi__vu_call, .work = work, .event = event};
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++)
		s->ring[queue].kick = s->ring[queue].err = -1;
	scmi__vu_message_init(&s->in);
	s->maps = calloc(slots, sizeof(*s->maps));
	if (s->maps != NULL && scmi__vu_guard() == SCMI_OK &&
	    scmi__vu_memory_open(&s->memory, slots, &s->torn) == SCMI_OK &&
	    scmi__vu_memory_open(&s->journal, 1, &s->torn) == SCMI_OK && make_device(s, port, slots)) {
		s->memory.most = offer->memory_max;
		return SCMI_OK;
	}
	scmi__vu_session_close(s);
	return SCMI_E_IO;
}

void scmi__vu_session_close(struct vu_session *s)
{
	scmi__vu_session_end(s);
	scmi__vu_memory_close(&s->memory);
	scmi__vu_memory_close(&s->journal);
	free(s->maps);
	free(s->device_mem);
	s->maps = NULL;
	s->device_mem = NULL;
}

/* ---- a front end ---- */

void scmi__vu_session_begin(struct vu_session *s, int sock)
{
	(void)scmi__vu_guard(); /* for this thread */
	s->sock = sock;
	s->careful = true;
	s->known = false;
	scmi__want_senders(sock, true);
	s->features = s->protocol = 0;
	s->status = 0;
	s->empty_rings = 0;
	s->anew = false;
	s->why = NULL;
	atomic_store(&s->torn, 0u);
	atomic_store(&s->lied, 0u);
	atomic_store(&s->again, 0u);
	scmi__vu_renew(s);
}

void scmi__vu_session_end(struct vu_session *s)
{
	if (s->sock < 0)
		return;
	scmi_virtio_device_detach(s->device, NULL);
	s->attached = s->has_run = false;
	scmi__vu_inflight_drop(s);
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		scmi__vu_set_call(s, queue, -1, VU_BELL_NONE);
		scmi__vu_ring_forget(&s->ring[queue]);
		scmi__fd_close(&s->ring[queue].err);
	}
	scmi__vu_message_done(&s->in);
	s->whole = false;
	s->half_until_us = 0;
	s->drain_until_us = 0;
	scmi__fd_close(&s->backend_fd);
	scmi__vu_memory_clear(&s->memory);
	scmi__fd_close(&s->sock);
}

/* ---- what it says ---- */

static int look_at_memory(struct vu_session *s)
{
	if (atomic_load(&s->torn) == 0)
		return SCMI_OK;
	return vu_fault(s, SCMI_E_PROTO, "its memory was cut short while it was used");
}

/* By who has sent its first byte: before it can give us a doorbell. */
static int beware(struct vu_session *s)
{
	const struct scmi_why why = {s->sentence, sizeof(s->sentence)};
	struct scmi__ringer *r = s->offer->ringer;

	s->known = true;
	s->careful = !scmi__user_is_ours(s->in.sender);
	scmi__want_senders(s->sock, false);
	if (!s->careful || r->ready >= 0 || scmi__ringer_open(r, "its doorbells", &why) == SCMI_OK)
		return SCMI_OK;
	return vu_fault(s, SCMI_E_PROTO, s->sentence);
}

/* Who says half of something and falls silent holds a seat that another waits for. */
static int receive(struct vu_session *s)
{
	int err = scmi__vu_receive(s->sock, &s->in, &s->why);
	uint64_t now;

	if (!s->known && s->in.got != 0 && (err == SCMI_OK || err == SCMI_E_BUSY) && beware(s) != SCMI_OK)
		err = SCMI_E_PROTO;
	if (err != SCMI_E_BUSY || s->in.got == 0) {
		s->half_until_us = 0;
		return err;
	}
	now = s->port->now_us(s->port->ctx);
	if (s->half_until_us == 0)
		s->half_until_us = now + HALF_US;
	if (now < s->half_until_us)
		return SCMI_E_BUSY;
	return vu_fault(s, SCMI_E_PROTO, "it has begun a message, and not ended it within " TEXT(HALF_S) " seconds");
}

/* One message: SCMI_E_BUSY, it is to be done again; SCMI_E_GONE, there is none. */
static int read_one(struct vu_session *s)
{
	int err = SCMI_OK;

	if (!s->whole)
		err = receive(s);
	if (err == SCMI_E_BUSY)
		return SCMI_E_GONE;
	s->whole = err == SCMI_OK;
	if (s->whole)
		err = scmi__vu_request(s);
	if (err == SCMI_E_BUSY)
		return err;
	if (s->drain_until_us != 0)
		atomic_store(&s->again, 1u); /* what was not taken meanwhile */
	s->whole = false;
	s->drain_until_us = 0;
	scmi__vu_message_done(&s->in);
	return err;
}

int scmi__vu_session_read(struct vu_session *s, int max)
{
	int err = SCMI_OK;

	for (int i = 0; i < max && err == SCMI_OK; i++)
		err = read_one(s);
	if (err == SCMI_OK || err == SCMI_E_BUSY || err == SCMI_E_GONE) {
		const int torn = look_at_memory(s);

		if (torn != SCMI_OK)
			return torn;
		return err == SCMI_E_GONE ? SCMI_OK : SCMI_E_BUSY;
	}
	return err;
}

/* ---- what it wants ---- */

/* The device has told of a ring that lies, not of which. */
static void tell_err(struct vu_session *s)
{
	if (atomic_exchange(&s->lied, 0u) == 0)
		return;
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		if (s->ring[queue].err >= 0)
			scmi__vu_bell_ring(s, s->ring[queue].err, s->ring[queue].err_kind);
	}
}

static void lower_kicks(struct vu_session *s)
{
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		if (s->ring[queue].kick >= 0)
			scmi__vu_bell_lower(s->ring[queue].kick, s->ring[queue].kick_kind);
	}
}

/* Doorbells without anything behind them cost us a turn each. */
static bool rings_without_end(struct vu_session *s)
{
	struct scmi_virtio_device_stats stats = {.size = sizeof(stats)};

	(void)scmi_virtio_device_stats(s->device, &stats);
	if (stats.taken != s->taken)
		s->empty_rings = 0;
	s->taken = stats.taken;
	return ++s->empty_rings > EMPTY_RINGS_MAX;
}

int scmi__vu_session_serve(struct vu_session *s, int max, bool rung)
{
	const bool drains = s->drain_until_us != 0;
	const bool counts = rung && !s->anew;
	int n;

	if (rung)
		lower_kicks(s);
	s->anew = s->anew && !rung;
	n = scmi_virtio_device_serve(s->device, drains ? 0 : max);
	tell_err(s);
	if (counts && rings_without_end(s))
		return vu_fault(s, SCMI_E_PROTO, "it rings without end, and wants nothing");
	if (look_at_memory(s) != SCMI_OK)
		return SCMI_E_PROTO;
	if (n < 0)
		return 0; /* not attached, the platform is down, or a ring is broken */
	if (!drains && (n == max || (!s->polled && !scmi_virtio_device_rest(s->device))))
		atomic_store(&s->again, 1u);
	return n;
}
