/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong with a configuration, and where. */
#include "internal.h"
#include "check.h"
#include "../wire/text.h"

#define CAPS_ALL                                                                                                       \
	(SCMI_CAP_POLL | SCMI_CAP_IRQ | SCMI_CAP_SYNC_SEND | SCMI_CAP_NOTIFY | SCMI_CAP_ATOMIC | SCMI_CAP_CONCURRENT | \
	 SCMI_CAP_WAIT | SCMI_CAP_PEER_BUFS)

#define PAYLOAD_MAX     (1u << 24)
#define EVENTS_MAX      (1u << 30) /* bytes of all event buffers: their size is counted in 32 bits on small machines */
#define LATENESS_MAX_US 3600000000u
#define LATENESS_SLOTS  256u /* fewer than four epochs are too few to tell late replies apart */

static const char not_a_power[] = "slots: not a power of two";

static const char *transport_fault(const struct scmi_transport *t)
{
	const struct scmi_transport_ops *ops;

	if (t == NULL)
		return "transport: NULL";
	if (t->size != sizeof(*t))
		return "transport.size: not sizeof(struct scmi_transport)";
	ops = t->ops;
	if (ops == NULL)
		return "transport.ops: NULL";
	if (ops->version != SCMI_TRANSPORT_V1)
		return "transport.ops.version: not SCMI_TRANSPORT_V1";
	if (ops->name == NULL)
		return "transport.ops.name: NULL";
	if (ops->start == NULL)
		return "transport.ops.start: missing";
	if (ops->stop == NULL)
		return "transport.ops.stop: missing";
	if (ops->send == NULL)
		return "transport.ops.send: missing";
	if ((t->caps & ~CAPS_ALL) != 0)
		return "transport.caps: unknown bits";
	if ((t->caps & (SCMI_CAP_POLL | SCMI_CAP_IRQ | SCMI_CAP_SYNC_SEND)) == 0)
		return "transport.caps: none of POLL, IRQ, SYNC_SEND: no reply could come";
	if ((t->caps & SCMI_CAP_POLL) != 0 && ops->poll == NULL)
		return "transport.ops.poll: missing, caps say POLL";
	if ((t->caps & SCMI_CAP_WAIT) != 0 && (t->caps & SCMI_CAP_POLL) == 0)
		return "transport.caps: WAIT without POLL";
	if ((t->caps & SCMI_CAP_WAIT) != 0 && ops->wait == NULL)
		return "transport.ops.wait: missing, caps say WAIT";
	if ((t->caps & SCMI_CAP_WAIT) != 0 && ops->wake == NULL)
		return "transport.ops.wake: missing, caps say WAIT";
	if (t->max_payload < SCMI_STATUS_BYTES)
		return "transport.max_payload: less than a status word";
	if (t->max_payload > PAYLOAD_MAX)
		return "transport.max_payload: more than 16 MiB";
	if (t->max_inflight == 0)
		return "transport.max_inflight: 0";
	return NULL;
}

int scmi_transport_check(const struct scmi_transport *transport, const char **why)
{
	const char *fault = transport_fault(transport);

	if (why != NULL)
		*why = fault;
	return fault == NULL ? SCMI_OK : SCMI_E_INVAL;
}

static uint64_t events_total(const struct scmi_agent_config *c)
{
	return (uint64_t)c->event_buffers * (c->event_bytes != 0 ? c->event_bytes : c->transport->max_payload);
}

static const char *limits_fault(const struct scmi_agent_config *c)
{
	if (c->max_waiters > SCMI_WAITERS_MAX)
		return "max_waiters: more than 32";
	if (c->lateness_us > LATENESS_MAX_US)
		return "lateness_us: more than an hour";
	if (c->lateness_us != 0 && (c->slots != 0 ? c->slots : SCMI_SLOTS_DEFAULT) > LATENESS_SLOTS)
		return "lateness_us: not with more than 256 slots";
	if (c->lateness_us != 0 && (c->transport->caps & SCMI_CAP_PEER_BUFS) != 0)
		return "lateness_us: not on this transport, whose peer may still write posted memory";
	if (c->event_buffers >= UINT16_MAX)
		return "event_buffers: more than 65534";
	if (c->event_bytes > c->transport->max_payload)
		return "event_bytes: more than the transport's max_payload";
	if (events_total(c) > EVENTS_MAX)
		return "event_buffers: more than 1 GiB in all";
	if (c->event_buffers != 0 && (c->transport->caps & SCMI_CAP_NOTIFY) == 0)
		return "event_buffers: this transport carries no notifications";
	return NULL;
}

const char *scmi__config_fault(const struct scmi_agent_config *c)
{
	const char *fault;

	if (c == NULL)
		return "config: NULL";
	if (c->size != sizeof(*c))
		return "size: not sizeof(struct scmi_agent_config)";
	if ((c->flags & ~SCMI_AGENT_DEFERRED) != 0)
		return "flags: unknown bits";
	fault = transport_fault(c->transport);
	if (fault != NULL)
		return fault;
	if (scmi_port_check(c->port) != SCMI_OK)
		return "port: NULL, or its table is not complete (see scmi_port_check)";
	if (c->slots > SCMI_SLOTS_MAX)
		return "slots: more than 1024";
	if ((c->slots & (c->slots - 1u)) != 0)
		return not_a_power;
	return limits_fault(c);
}

static uint32_t next_power(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

/* Says what is wrong, and where a number helps, which one would be right. */
void scmi__log_fault(const struct scmi_agent_config *c, const char *fault)
{
	char line[120];
	struct scmi__text t;

	if (c == NULL || c->size != sizeof(*c) || c->log == NULL)
		return;
	scmi__text_init(&t, line, sizeof(line));
	scmi__text_str(&t, "agent configuration: ");
	scmi__text_str(&t, fault);
	if (fault == not_a_power) {
		scmi__text_str(&t, "; the next one is ");
		scmi__text_u32(&t, next_power(c->slots));
	}
	c->log(c->log_arg, SCMI_LOG_ERROR, line);
}

/* The founding question: how many can be in flight, and who says so. */
void scmi__log_limit(const struct scmi_agent *a)
{
	char line[160];
	struct scmi__text t;

	if (a->log == NULL)
		return;
	scmi__text_init(&t, line, sizeof(line));
	scmi__text_str(&t, a->transport.ops->name);
	scmi__text_str(&t, ": ");
	scmi__text_u32(&t, a->limit);
	scmi__text_str(&t, " commands in flight at most (pool ");
	scmi__text_u32(&t, a->count);
	scmi__text_str(&t, ", transport ");
	scmi__text_u32(&t, a->transport.max_inflight);
	scmi__text_str(&t, ", token space 1024), payload ");
	scmi__text_u32(&t, a->transport.max_payload);
	scmi__text_str(&t, " bytes");
	if (a->count == SCMI_SLOTS_MAX)
		scmi__text_str(&t, "; no token bit is left to tell late replies from new ones");
	a->log(a->log_arg, SCMI_LOG_INFO, line);
}
