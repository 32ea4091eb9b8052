/* SPDX-License-Identifier: BSD-3-Clause */
/* The back end is given the rings, in the order in which QEMU does it, and has to give them back. */
#include <stddef.h>

#include "front_parts.h"

/* ---- giving ---- */

/* VERSION_1 is the driver's promise to a device; a back end that has never heard of it is not told of it. */
static uint64_t wire_features(const struct vu_line *l, const struct scmi_virtio_setup *setup)
{
	const uint64_t extra = SCMI_VIRTIO_F_VERSION_1 | VU_F_PROTOCOL_FEATURES;

	return (setup->features & ~SCMI_VIRTIO_F_VERSION_1) | (l->offered & extra);
}

/* It may be another back end than the one that the driver was made for. */
static bool offers_enough(const struct vu_line *l, const struct scmi_virtio_setup *setup)
{
	const bool events = setup->queue[SCMI_VIRTIO_EVENTQ].size != 0;

	return (wire_features(l, setup) & ~l->offered) == 0 && (!events || l->queues > SCMI_VIRTIO_EVENTQ);
}

static int give_memory(struct vu_line *l, struct vu_share *s, const struct scmi_why *why)
{
	const struct vu_memory memory = {.n = 1,
					 .region = {{.guest = VU_FRONT_GUEST, .size = s->len, .user = VU_FRONT_USER}}};

	s->shown = true; /* whether or not it gets there */
	return scmi__vu_line_tell(l, VU_SET_MEM_TABLE, &memory,
				  (uint32_t)(offsetof(struct vu_memory, region) + sizeof(memory.region[0])), &s->fd,
				  why);
}

static int give_number(struct vu_line *l, uint32_t request, uint32_t queue, uint32_t num, const struct scmi_why *why)
{
	const struct vu_vring_state state = {.index = queue, .num = num};

	return scmi__vu_line_tell(l, request, &state, sizeof(state), NULL, why);
}

static uint64_t user_address(uint64_t guest)
{
	return guest - VU_FRONT_GUEST + VU_FRONT_USER;
}

static int give_addresses(struct vu_line *l, uint32_t queue, const struct scmi_virtio_queue *q,
			  const struct scmi_why *why)
{
	const struct vu_vring_addr addr = {
		.index = queue,
		.desc = user_address(q->desc),
		.used = user_address(q->used),
		.avail = user_address(q->avail),
	};

	return scmi__vu_line_tell(l, VU_SET_VRING_ADDR, &addr, sizeof(addr), NULL, why);
}

static int give_event(struct vu_line *l, uint32_t request, uint32_t queue, int fd, const struct scmi_why *why)
{
	const uint64_t ring = queue;

	return scmi__vu_line_tell(l, request, &ring, sizeof(ring), &fd, why);
}

static int give_ring(struct vu_line *l, const struct vu_share *s, uint32_t queue, const struct scmi_virtio_queue *q,
		     const struct scmi_why *why)
{
	int err = give_number(l, VU_SET_VRING_NUM, queue, q->size, why);

	if (err == SCMI_OK)
		err = give_number(l, VU_SET_VRING_BASE, queue, 0, why);
	if (err == SCMI_OK)
		err = give_addresses(l, queue, q, why);
	if (err == SCMI_OK)
		err = give_event(l, VU_SET_VRING_CALL, queue, s->call, why);
	if (err == SCMI_OK)
		err = give_event(l, VU_SET_VRING_KICK, queue, s->kick[queue], why);
	return err;
}

/* Without the protocol's features they have been enabled by SET_FEATURES. */
static int enable(struct vu_line *l, const struct scmi_virtio_setup *setup, uint32_t on, const struct scmi_why *why)
{
	int err = SCMI_OK;

	if ((l->offered & VU_F_PROTOCOL_FEATURES) == 0)
		return SCMI_OK;
	for (uint32_t i = 0; i < SCMI_VIRTIO_QUEUES && err == SCMI_OK; i++) {
		if (setup->queue[i].size != 0)
			err = give_number(l, VU_SET_VRING_ENABLE, i, on, why);
	}
	return err;
}

/* A back end that does not tell of each thing has done them all when it answers this. */
static int settle(struct vu_line *l, const struct scmi_why *why)
{
	if ((l->protocol & VU_PF_REPLY_ACK) != 0)
		return scmi__vu_line_settle(l, why);
	return scmi__vu_line_ask(l, VU_GET_FEATURES, NULL, 0, sizeof(uint64_t), why);
}

int scmi__vu_rings_give(struct vu_line *l, struct vu_share *s, const struct scmi_virtio_setup *setup, uint64_t until_us,
			const struct scmi_why *why)
{
	const uint64_t features = wire_features(l, setup);
	int err;

	if (!offers_enough(l, setup))
		return scmi__why(why, SCMI_E_NOTSUP, "%s: the back end offers less than was agreed on with the last",
				 l->path);
	l->until_us = until_us;
	err = scmi__vu_line_tell(l, VU_SET_FEATURES, &features, sizeof(features), NULL, why);
	if (err == SCMI_OK)
		err = give_memory(l, s, why);
	for (uint32_t i = 0; i < SCMI_VIRTIO_QUEUES && err == SCMI_OK; i++) {
		if (setup->queue[i].size != 0)
			err = give_ring(l, s, i, &setup->queue[i], why);
	}
	if (err == SCMI_OK)
		err = enable(l, setup, 1, why);
	return err == SCMI_OK ? settle(l, why) : err;
}

/* ---- taking ---- */

static int take_ring(struct vu_line *l, uint32_t queue)
{
	const struct vu_vring_state state = {.index = queue};
	const int err = scmi__vu_line_ask(l, VU_GET_VRING_BASE, &state, sizeof(state), sizeof(state), NULL);

	if (err != SCMI_OK)
		return err;
	return l->in.u.state.index == queue ? SCMI_OK : SCMI_E_IO;
}

int scmi__vu_rings_take(struct vu_line *l, struct vu_share *s, const struct scmi_virtio_setup *setup, uint64_t until_us)
{
	int err;

	l->until_us = until_us;
	err = enable(l, setup, 0, NULL);
	for (uint32_t i = 0; i < SCMI_VIRTIO_QUEUES && err == SCMI_OK; i++) {
		if (setup->queue[i].size != 0)
			err = take_ring(l, i);
	}
	s->shown = s->shown && err != SCMI_OK;
	return err;
}
