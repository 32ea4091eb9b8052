/* SPDX-License-Identifier: BSD-3-Clause */
/* Laying an agent out in the caller's memory. */
#include "internal.h"
#include "check.h"
#include "../wire/mem.h"

/* Where there are cache lines, a group of slots has lines of its own, wherever the memory lies. */
#define LINE  (sizeof(void *) == 8u ? 64u : alignof(max_align_t))
#define SLACK (LINE - alignof(max_align_t))

/* The public bounds are made of these. */
_Static_assert(sizeof(struct scmi_agent) + sizeof(struct link) + 2u * alignof(max_align_t) + SLACK <=
		       SCMI_AGENT_BASE_BYTES,
	       "raise SCMI_AGENT_BASE_BYTES");
_Static_assert(sizeof(struct link) <= SCMI_AGENT_LINK_BYTES, "raise SCMI_AGENT_LINK_BYTES");
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
	size_t at_links;
	size_t at_slots;
	size_t at_waiters;
	size_t at_buffers;
	size_t end;
};

static uint32_t slots_of(const struct scmi_link_options *o)
{
	return o->slots != 0 ? o->slots : SCMI_SLOTS_DEFAULT;
}

static struct layout lay_out(const struct scmi_agent_config *c)
{
	struct layout l = {
		.slots = slots_of(&c->options),
		.waiters = c->max_waiters != 0 ? c->max_waiters : SCMI_WAITERS_DEFAULT,
		.buffer_bytes = scmi__event_bytes(c),
	};

	for (uint32_t i = 0; i < c->links_n; i++)
		l.slots += slots_of(&c->links[i].options);
	l.waiter_stride = (uint32_t)(sizeof(struct waiter) + SCMI_ALIGN_UP_(c->port->event_size));
	l.buffer_stride = (uint32_t)(sizeof(struct buffer) + SCMI_ALIGN_UP_(l.buffer_bytes));
	l.at_links = SCMI_ALIGN_UP_(sizeof(struct scmi_agent));
	l.at_slots = SCMI_ALIGN_UP_(l.at_links + (c->links_n + 1u) * sizeof(struct link));
	l.at_waiters = SCMI_ALIGN_UP_(l.at_slots + SLACK + (size_t)l.slots * sizeof(struct slot));
	l.at_buffers = l.at_waiters + (size_t)l.waiters * l.waiter_stride;
	l.end = l.at_buffers + (size_t)c->event_buffers * l.buffer_stride;
	return l;
}

size_t scmi_agent_size(const struct scmi_agent_config *config)
{
	uint32_t at;

	return scmi__config_fault(config, &at) == NULL ? lay_out(config).end : 0;
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

/* What of the checks on replies costs the receive path nothing, and what sends it the long way. */
static void set_checks(struct scmi_agent *a, uint32_t strict, uint32_t tolerate)
{
	const uint32_t looks = SCMI_CHECK_STATUS | SCMI_CHECK_VALUES | SCMI_CHECK_ALIGNED;
	uint32_t checks = ((SCMI_CHECK_TOKEN | SCMI_CHECK_MESSAGE) | strict) & ~tolerate;
	bool careful = a->trace != NULL || a->latency_n != 0 || (checks & looks) != 0;
	uint32_t mask = (checks & SCMI_CHECK_RESERVED) != 0 ? UINT32_MAX : ~SCMI_HDR_RESERVED;

	atomic_store_explicit(&a->checks, checks, memory_order_relaxed);
	for (uint32_t i = 0; i < a->links_n; i++) {
		atomic_store_explicit(&a->links[i].careful, careful, memory_order_relaxed);
		atomic_store_explicit(&a->links[i].hdr_mask, mask, memory_order_relaxed);
	}
}

int scmi_agent_checks(struct scmi_agent *agent, uint32_t strict, uint32_t tolerate)
{
	if (agent == NULL || scmi__checks_fault(strict, tolerate) != NULL)
		return SCMI_E_INVAL;
	set_checks(agent, strict, tolerate);
	return SCMI_OK;
}

static void set_up_slots(struct link *l)
{
	for (uint32_t i = 0; i < l->count; i++) {
		/* A header that no message with this slot's token has: nothing matches before the first life. */
		atomic_init(&l->slots[i].hdr, scmi_hdr(0, 0, SCMI_MSG_COMMAND, (uint16_t)~i));
		atomic_init(&l->slots[i].flags, (uint8_t)(l->index << SLOT_LINK_SHIFT));
	}
}

static void set_up_limits(struct link *l, const struct scmi_link_options *o)
{
	l->count = slots_of(o);
	l->token_shift = 12u - log2_of(l->count);
	l->limit = least(l->count, l->transport.max_inflight);
	l->ordinary = l->limit - o->reserved;
	l->cursor_mask = floor_power(least(l->ordinary, GROUP)) - 1u;
	l->group_mask = floor_power(l->ordinary >= GROUP ? l->ordinary / GROUP : 1u) - 1u;
	l->queue_timeout_us = o->queue_timeout_us != 0 ? o->queue_timeout_us : SCMI_QUEUE_TIMEOUT_DEFAULT_US;
	l->lateness_us = o->lateness_us;
	l->reconnect_us = o->reconnect_us;
}

/* Returns the place behind its slots. */
static uint32_t set_up_link(struct link *l, uint32_t protocol, const struct scmi_transport *t,
			    const struct scmi_link_options *o, uint32_t first)
{
	struct scmi_agent *a = l->agent;

	l->transport = *t;
	l->protocol = protocol;
	if (l->transport.timeout_us == 0)
		l->transport.timeout_us = SCMI_TIMEOUT_DEFAULT_US;
	if (l->transport.delayed_timeout_us == 0)
		l->transport.delayed_timeout_us = SCMI_DELAYED_TIMEOUT_DEFAULT_US;
	l->serial = (t->caps & SCMI_CAP_CONCURRENT) == 0;
	l->first = first;
	l->slots = a->slots + first;
	l->urgent = (struct queue){SLOT_NONE, SLOT_NONE};
	l->queue = (struct queue){SLOT_NONE, SLOT_NONE};
	if (l->serial || a->trace != NULL || a->latency_n != 0)
		atomic_init(&l->gate, LINK_STOPPED | GATE_CAREFUL);
	set_up_limits(l, o);
	set_up_slots(l);
	return first + l->count;
}

static void set_up_links(struct scmi_agent *a, const struct scmi_agent_config *c)
{
	uint32_t place = 0;

	for (uint32_t i = 0; i < a->links_n; i++) {
		a->links[i].agent = a;
		a->links[i].index = i;
		if (i == 0)
			place = set_up_link(&a->links[i], SCMI_ANY, c->transport, &c->options, place);
		else
			place = set_up_link(&a->links[i], c->links[i - 1u].protocol, c->links[i - 1u].transport,
					    &c->links[i - 1u].options, place);
	}
	a->slots_n = place;
}

static void set_up(struct scmi_agent *a, const struct scmi_agent_config *c, const struct layout *l)
{
	unsigned char *mem = (unsigned char *)a;

	a->port = c->port;
	a->links = (struct link *)(void *)(mem + l->at_links);
	a->links_n = c->links_n + 1u;
	a->slots = (struct slot *)(void *)(mem + l->at_slots + (0u - (uintptr_t)(mem + l->at_slots)) % LINE);
	a->trace = c->trace;
	a->trace_arg = c->trace_arg;
	a->log = c->log;
	a->log_arg = c->log_arg;
	a->wake = c->wake;
	a->wake_arg = c->wake_arg;
	a->up = c->up;
	a->up_arg = c->up_arg;
	a->latency = c->latency;
	a->latency_n = c->latency_n;
	a->waiters = mem + l->at_waiters;
	a->waiter_count = l->waiters;
	a->waiter_stride = l->waiter_stride;
	a->buffers = mem + l->at_buffers;
	a->buffer_count = c->event_buffers;
	a->buffer_bytes = l->buffer_bytes;
	a->buffer_stride = l->buffer_stride;
	a->spin_turns = c->spin_turns;
	a->deferred = (c->flags & SCMI_AGENT_DEFERRED) != 0;
	a->passive = (c->flags & SCMI_AGENT_PASSIVE) != 0;
	set_up_links(a, c);
	set_checks(a, c->strict, c->tolerate);
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
	uint32_t at;
	const char *fault = scmi__config_fault(config, &at);
	struct layout l;
	int err;

	if (fault == NULL && agent == NULL)
		fault = "agent: NULL";
	if (fault != NULL) {
		scmi__log_fault(config, fault, at);
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
	for (uint32_t i = 0; i < (*agent)->links_n; i++)
		scmi__log_limit(&(*agent)->links[i]);
	return SCMI_OK;
}

uint32_t scmi_agent_max_params(const struct scmi_agent *agent)
{
	return agent->links[0].transport.max_payload;
}

uint32_t scmi_agent_max_values(const struct scmi_agent *agent)
{
	return agent->links[0].transport.max_payload - SCMI_STATUS_BYTES;
}

uint32_t scmi_agent_link(const struct scmi_agent *agent, uint8_t protocol)
{
	for (uint32_t i = 1; i < agent->links_n; i++) {
		if (agent->links[i].protocol == protocol)
			return i;
	}
	return 0;
}

int scmi_agent_fd(struct scmi_agent *agent, uint32_t link)
{
	const struct scmi_transport *t = link < agent->links_n ? &agent->links[link].transport : NULL;
	int fd;

	if (t == NULL || t->ops->fd == NULL || !scmi__enter(&agent->links[link]))
		return -1;
	fd = t->ops->fd(t->ctx);
	scmi__leave(&agent->links[link]);
	return fd;
}
