/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a front end asks for: whether it may, and the answer.
 *
 * The form of a message is checked here, for all of them: one of a wrong size or with descriptors that do not belong to
 * it ends the connection, for what follows cannot be believed. What is well formed and refused gets a "no" if an answer
 * is wanted; where none is, the front end would go on as if it had worked, so that ends it, too. The order is free: a
 * front end that has outlived our last life begins anywhere.
 */
#include <poll.h>
#include <stdio.h>

#include "session_parts.h"

/* ---- answers ---- */

/* Who does not read what he has asked for could have us wait. */
static int why_unsent(struct vu_session *s)
{
	struct pollfd p = {.fd = s->sock, .events = POLLOUT};

	if (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0)
		return SCMI_E_NOPEER;
	return vu_fault(s, SCMI_E_PROTO, "it does not read its replies");
}

static int reply_with(struct vu_session *s, const void *payload, uint32_t len, const int *fds, unsigned fds_n)
{
	if (scmi__vu_send(s->sock, s->in.h.request, VU_VERSION | VU_REPLY, payload, len, fds, fds_n, 0) == SCMI_OK)
		return SCMI_OK;
	return why_unsent(s);
}

int scmi__vu_reply(struct vu_session *s, const void *payload, uint32_t len)
{
	return reply_with(s, payload, len, NULL, 0);
}

int scmi__vu_reply_fd(struct vu_session *s, const void *payload, uint32_t len, int fd)
{
	return reply_with(s, payload, len, &fd, 1);
}

int scmi__vu_reply_u64(struct vu_session *s, uint64_t value)
{
	return scmi__vu_reply(s, &value, sizeof(value));
}

/* ---- what needs no more than a few lines ---- */

static int get_features(struct vu_session *s)
{
	return scmi__vu_reply_u64(s, s->offer->features | VU_F_PROTOCOL_FEATURES);
}

/* One that does not speak of protocol features knows no way to enable a ring: all are. */
static int agree(struct vu_session *s, uint64_t features, bool enable)
{
	const uint64_t were = s->features;
	bool was[SCMI_VIRTIO_QUEUES];

	s->features = features;
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		was[queue] = s->ring[queue].enabled;
		s->ring[queue].enabled = was[queue] || enable;
	}
	if (scmi__vu_settle(s, &s->memory) == SCMI_OK)
		return SCMI_OK;
	s->features = were;
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++)
		s->ring[queue].enabled = was[queue];
	return SCMI_E_INVAL;
}

static int set_features(struct vu_session *s)
{
	const uint64_t in = s->in.u.u64;
	const uint64_t features = in & ~VU_F_PROTOCOL_FEATURES;

	if ((features & ~s->offer->features) != 0)
		return vu_fault(s, SCMI_E_INVAL, "a feature that was not offered");
	if ((features & SCMI_VIRTIO_F_VERSION_1) == 0)
		return vu_fault(s, SCMI_E_INVAL, "no VERSION_1: a driver of before virtio 1.0 is not served");
	if (features != s->features && scmi__vu_drain(s) != SCMI_OK)
		return SCMI_E_BUSY;
	return agree(s, features, (in & VU_F_PROTOCOL_FEATURES) == 0);
}

static int nothing(struct vu_session *s)
{
	(void)s;
	return SCMI_OK;
}

static int get_protocol_features(struct vu_session *s)
{
	return scmi__vu_reply_u64(s, s->offer->protocol);
}

static int set_protocol_features(struct vu_session *s)
{
	if ((s->in.u.u64 & ~s->offer->protocol) != 0)
		return vu_fault(s, SCMI_E_INVAL, "a protocol feature that was not offered");
	s->protocol = s->in.u.u64;
	return SCMI_OK;
}

static int get_queue_num(struct vu_session *s)
{
	return scmi__vu_reply_u64(s, SCMI_VIRTIO_QUEUES);
}

static int set_backend_fd(struct vu_session *s)
{
	const enum vu_bell kind = scmi__vu_bell_kind(s->in.fd[0]);

	if (kind == VU_BELL_NONE)
		return vu_fault(s, SCMI_E_INVAL, "a descriptor that is no pipe, or one of a pair of sockets");
	scmi__fd_close(&s->backend_fd);
	s->backend_fd = scmi__vu_take_fd(&s->in, 0);
	scmi__vu_bell_deafen(s->backend_fd, kind);
	return SCMI_OK;
}

static int reset_device(struct vu_session *s)
{
	if (scmi__vu_drain(s) != SCMI_OK)
		return SCMI_E_BUSY;
	scmi__vu_renew(s);
	s->status = 0;
	return SCMI_OK;
}

/* DRIVER_OK is not waited for: some front ends never say so. */
static int set_status(struct vu_session *s)
{
	if (s->in.u.u64 > UINT8_MAX)
		return vu_fault(s, SCMI_E_INVAL, "more than a byte");
	if (s->in.u.u64 == 0)
		return reset_device(s);
	s->status = (uint8_t)s->in.u.u64;
	return SCMI_OK;
}

static int get_status(struct vu_session *s)
{
	return scmi__vu_reply_u64(s, s->status);
}

/* ---- who may ask what, in which form ---- */

struct rule {
	vu_request_fn *run; /* NULL: not known */
	uint16_t min;       /* bytes of payload */
	uint16_t max;
	uint8_t fds_min;
	uint8_t fds_max;
	bool replies;     /* it has an answer of its own */
	uint64_t feature; /* of the protocol, where it belongs to one */
};

#define U64      sizeof(uint64_t), sizeof(uint64_t)
#define STATE    sizeof(struct vu_vring_state), sizeof(struct vu_vring_state)
#define ADDR     sizeof(struct vu_vring_addr), sizeof(struct vu_vring_addr)
#define INFLIGHT VU_INFLIGHT_BYTES_MIN, sizeof(struct vu_inflight)
#define ONE      sizeof(struct vu_one_region), sizeof(struct vu_one_region)

/* Front ends that let a region go may send its descriptor, too. */
static const struct rule rules[VU_REQUESTS] = {
	[VU_GET_FEATURES] = {get_features, 0, 0, 0, 0, true, 0},
	[VU_SET_FEATURES] = {set_features, U64, 0, 0, false, 0},
	[VU_SET_OWNER] = {nothing, 0, 0, 0, 0, false, 0},
	[VU_RESET_OWNER] = {nothing, 0, 0, 0, 0, false, 0},
	[VU_SET_MEM_TABLE] = {scmi__vu_mem_table, 8, VU_PAYLOAD_MAX, 0, VU_FDS_MAX, false, 0},
	[VU_SET_LOG_FD] = {nothing, 0, 8, 0, 1, false, 0},
	[VU_SET_VRING_NUM] = {scmi__vu_vring_num, STATE, 0, 0, false, 0},
	[VU_SET_VRING_ADDR] = {scmi__vu_vring_addr, ADDR, 0, 0, false, 0},
	[VU_SET_VRING_BASE] = {scmi__vu_vring_base, STATE, 0, 0, false, 0},
	[VU_GET_VRING_BASE] = {scmi__vu_vring_get_base, STATE, 0, 0, true, 0},
	[VU_SET_VRING_KICK] = {scmi__vu_vring_kick, U64, 0, 1, false, 0},
	[VU_SET_VRING_CALL] = {scmi__vu_vring_call, U64, 0, 1, false, 0},
	[VU_SET_VRING_ERR] = {scmi__vu_vring_err, U64, 0, 1, false, 0},
	[VU_GET_PROTOCOL_FEATURES] = {get_protocol_features, 0, 0, 0, 0, true, 0},
	[VU_SET_PROTOCOL_FEATURES] = {set_protocol_features, U64, 0, 0, false, 0},
	[VU_GET_QUEUE_NUM] = {get_queue_num, 0, 0, 0, 0, true, VU_PF_MQ},
	[VU_SET_VRING_ENABLE] = {scmi__vu_vring_enable, STATE, 0, 0, false, 0},
	[VU_SET_BACKEND_REQ_FD] = {set_backend_fd, 0, 0, 1, 1, false, VU_PF_BACKEND_REQ},
	[VU_GET_INFLIGHT_FD] = {scmi__vu_get_inflight, INFLIGHT, 0, 0, true, VU_PF_INFLIGHT_SHMFD},
	[VU_SET_INFLIGHT_FD] = {scmi__vu_set_inflight, INFLIGHT, 1, 1, false, VU_PF_INFLIGHT_SHMFD},
	[VU_RESET_DEVICE] = {reset_device, 0, 0, 0, 0, false, VU_PF_RESET_DEVICE},
	[VU_GET_MAX_MEM_SLOTS] = {scmi__vu_mem_slots, 0, 0, 0, 0, true, VU_PF_MEM_SLOTS},
	[VU_ADD_MEM_REG] = {scmi__vu_mem_add, ONE, 1, 1, false, VU_PF_MEM_SLOTS},
	[VU_REM_MEM_REG] = {scmi__vu_mem_remove, ONE, 0, 1, false, VU_PF_MEM_SLOTS},
	[VU_SET_STATUS] = {set_status, U64, 0, 0, false, VU_PF_STATUS},
	[VU_GET_STATUS] = {get_status, 0, 0, 0, 0, true, VU_PF_STATUS},
};

/* NULL: nobody has offered that. */
static const struct rule *rule_of(const struct vu_session *s)
{
	const struct rule *r = s->in.h.request < VU_REQUESTS ? &rules[s->in.h.request] : NULL;

	if (r == NULL || r->run == NULL || (r->feature & ~s->offer->protocol) != 0)
		return NULL;
	return r;
}

static int check_form(struct vu_session *s, const struct rule *r)
{
	if ((s->in.h.flags & VU_REPLY) != 0)
		return vu_fault(s, SCMI_E_PROTO, "a reply, to nothing");
	if (r == NULL)
		return SCMI_OK;
	if (s->in.h.size < r->min || s->in.h.size > r->max)
		return vu_fault(s, SCMI_E_PROTO, "a payload of a wrong size");
	if (s->in.fds_n < r->fds_min)
		return vu_fault(s, SCMI_E_PROTO, "no descriptor");
	if (s->in.fds_n > r->fds_max)
		return vu_fault(s, SCMI_E_PROTO, "a descriptor where none was to come");
	return SCMI_OK;
}

/* Which request it was stands in front; what the peer has said is no part of it but for a number. */
static void make_sentence(struct vu_session *s)
{
	(void)snprintf(s->sentence, sizeof(s->sentence), "%s (%u): %s", scmi__vu_name(s->in.h.request), s->in.h.request,
		       s->why);
	s->why = s->sentence;
}

static int answer(struct vu_session *s, const struct rule *r, int err)
{
	const bool acked = (s->in.h.flags & VU_NEED_REPLY) != 0 && (r == NULL || !r->replies);

	if (err != SCMI_OK && err != SCMI_E_INVAL)
		return err;
	if (acked)
		return scmi__vu_reply_u64(s, err == SCMI_OK ? 0 : 1);
	return err == SCMI_OK ? SCMI_OK : SCMI_E_PROTO;
}

int scmi__vu_request(struct vu_session *s)
{
	const struct rule *r = rule_of(s);
	int err = check_form(s, r);

	s->why = err == SCMI_OK ? NULL : s->why;
	if (err == SCMI_OK)
		err = r != NULL ? r->run(s) : vu_fault(s, SCMI_E_INVAL, "it was not offered");
	if (err == SCMI_E_BUSY)
		return err;
	err = answer(s, r, err);
	if (err == SCMI_E_PROTO)
		make_sentence(s);
	return err;
}
