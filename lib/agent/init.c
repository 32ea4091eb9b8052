/* SPDX-License-Identifier: BSD-3-Clause */
/* Laying an agent out in the caller's memory. */
#include "internal.h"
#include "check.h"
#include "../wire/mem.h"

/* The public bound is made of these. */
_Static_assert(sizeof(struct scmi_agent) + alignof(max_align_t) <= SCMI_AGENT_BASE_BYTES,
	       "raise SCMI_AGENT_BASE_BYTES");
_Static_assert(sizeof(struct slot) <= SCMI_AGENT_SLOT_BYTES, "raise SCMI_AGENT_SLOT_BYTES");
_Static_assert(sizeof(struct waiter) <= SCMI_AGENT_WAITER_BYTES, "raise SCMI_AGENT_WAITER_BYTES");
_Static_assert(sizeof(struct buffer) <= SCMI_AGENT_BUFFER_BYTES, "raise SCMI_AGENT_BUFFER_BYTES");

/* Where everything lies, in bytes from the start. */
struct layout {
	uint32_t slots;
	uint32_t waiters;
	uint32_t waiter_stride;
	uint32_t buffer_bytes;
	uint32_t buffer_stride;
	size_t at_slots;
	size_t at_waiters;
	size_t at_buffers;
	size_t end;
};

static struct layout lay_out(const struct scmi_agent_config *c)
{
	struct layout l = {
		.slots = c->slots != 0 ? c->slots : SCMI_SLOTS_DEFAULT,
		.waiters = c->max_waiters != 0 ? c->max_waiters : SCMI_WAITERS_DEFAULT,
		.buffer_bytes = c->event_bytes != 0 ? c->event_bytes : c->transport->max_payload,
	};

	l.waiter_stride = (uint32_t)(sizeof(struct waiter) + SCMI_ALIGN_UP_(c->port->event_size));
	l.buffer_stride = (uint32_t)(sizeof(struct buffer) + SCMI_ALIGN_UP_(l.buffer_bytes));
	l.at_slots = SCMI_ALIGN_UP_(sizeof(struct scmi_agent));
	l.at_waiters = SCMI_ALIGN_UP_(l.at_slots + (size_t)l.slots * sizeof(struct slot));
	l.at_buffers = l.at_waiters + (size_t)l.waiters * l.waiter_stride;
	l.end = l.at_buffers + (size_t)c->event_buffers * l.buffer_stride;
	return l;
}

size_t scmi_agent_size(const struct scmi_agent_config *config)
{
	return scmi__config_fault(config) == NULL ? lay_out(config).end : 0;
}

static uint32_t log2_of(uint32_t n)
{
	uint32_t shift = 0;

	while ((1u << shift) < n)
		shift++;
	return shift;
}

static uint32_t floor_power(uint32_t n)
{
	uint32_t p = 1;

	while (p * 2u <= n)
		p *= 2u;
	return p;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void set_up(struct scmi_agent *a, const struct scmi_agent_config *c, const struct layout *l)
{
	unsigned char *mem = (unsigned char *)a;

	a->transport = *c->transport;
	if (a->transport.timeout_us == 0)
		a->transport.timeout_us = SCMI_TIMEOUT_DEFAULT_US;
	a->port = c->port;
	a->slots = (struct slot *)(void *)(mem + l->at_slots);
	a->count = l->slots;
	a->token_shift = 12u - log2_of(l->slots);
	a->limit = least(a->count, a->transport.max_inflight);
	/* Without room for several sends at once there is one at a time. */
	if ((a->transport.caps & SCMI_CAP_CONCURRENT) == 0)
		a->limit = 1;
	a->cursor_mask = floor_power(least(a->limit, GROUP)) - 1u;
	a->group_mask = floor_power(a->limit >= GROUP ? a->limit / GROUP : 1u) - 1u;
	a->trace = c->trace;
	a->trace_arg = c->trace_arg;
	a->log = c->log;
	a->log_arg = c->log_arg;
	a->waiters = mem + l->at_waiters;
	a->waiter_count = l->waiters;
	a->waiter_stride = l->waiter_stride;
	a->buffers = mem + l->at_buffers;
	a->buffer_count = c->event_buffers;
	a->buffer_bytes = l->buffer_bytes;
	a->buffer_stride = l->buffer_stride;
	a->spin_turns = c->spin_turns;
	a->lateness_us = c->lateness_us;
	a->deferred = (c->flags & SCMI_AGENT_DEFERRED) != 0;
	/* A header that no message with this slot's token has: nothing matches before the first life. */
	for (uint32_t i = 0; i < a->count; i++)
		atomic_init(&a->slots[i].hdr, scmi_hdr(0, 0, SCMI_MSG_COMMAND, (uint16_t)~i));
}

static int make_events(struct scmi_agent *a)
{
	for (uint32_t i = 0; i < a->waiter_count; i++) {
		int err = a->port->event_init(a->port->ctx, waiter_event(a, i));

		if (err != SCMI_OK) {
			while (i-- != 0)
				a->port->event_fini(a->port->ctx, waiter_event(a, i));
			return err;
		}
	}
	return SCMI_OK;
}

int scmi_agent_init(struct scmi_agent **agent, void *mem, size_t len, const struct scmi_agent_config *config)
{
	const char *fault = scmi__config_fault(config);
	struct layout l;
	int err;

	if (fault == NULL && agent == NULL)
		fault = "agent: NULL";
	if (fault != NULL) {
		scmi__log_fault(config, fault);
		return SCMI_E_INVAL;
	}
	l = lay_out(config);
	if (mem == NULL || (uintptr_t)mem % alignof(max_align_t) != 0 || len < l.end)
		return SCMI_E_NOMEM;
	memset(mem, 0, l.end);
	set_up((struct scmi_agent *)mem, config, &l);
	err = make_events((struct scmi_agent *)mem);
	if (err != SCMI_OK)
		return err;
	*agent = (struct scmi_agent *)mem;
	scmi__log_limit(*agent);
	return SCMI_OK;
}

uint32_t scmi_agent_max_params(const struct scmi_agent *agent)
{
	return agent->transport.max_payload;
}

uint32_t scmi_agent_max_values(const struct scmi_agent *agent)
{
	return agent->transport.max_payload - SCMI_STATUS_BYTES;
}
