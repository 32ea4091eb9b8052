/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong with a configuration, and where. */
#include <scmi/config.h>

#include "internal.h"
#include "check.h"
#include "../wire/text.h"

#define CAPS_ALL                                                                                                       \
	(SCMI_CAP_POLL | SCMI_CAP_IRQ | SCMI_CAP_SYNC_SEND | SCMI_CAP_NOTIFY | SCMI_CAP_ATOMIC | SCMI_CAP_CONCURRENT | \
	 SCMI_CAP_WAIT | SCMI_CAP_PEER_BUFS | SCMI_CAP_LATE_DELAYED)

#define PAYLOAD_MAX     (1u << 24)
#define EVENTS_MAX      (1u << 30) /* bytes of all event buffers: their size is counted in 32 bits on small machines */
#define LATENESS_MAX_US 3600000000u
#define LATENESS_SLOTS  256u /* fewer than four epochs are too few to tell late replies apart */

static const char not_a_power[] = "slots: not a power of two";

#define PROTOCOL_FIRST 0x10u
#define PROTOCOL_LAST  0xffu

static const char *transport_fault(const struct scmi_transport *t)
{
	const struct scmi_transport_ops *ops;

	if (t == NULL)
		return SCMI_TEXT_("transport: NULL");
	if (t->size != sizeof(*t))
		return SCMI_TEXT_("transport.size: not sizeof(struct scmi_transport)");
	ops = t->ops;
	if (ops == NULL)
		return SCMI_TEXT_("transport.ops: NULL");
	if (ops->version != SCMI_TRANSPORT_V1)
		return SCMI_TEXT_("transport.ops.version: not SCMI_TRANSPORT_V1");
	if (ops->name == NULL)
		return SCMI_TEXT_("transport.ops.name: NULL");
	if (ops->start == NULL)
		return SCMI_TEXT_("transport.ops.start: missing");
	if (ops->stop == NULL)
		return SCMI_TEXT_("transport.ops.stop: missing");
	if (ops->send == NULL)
		return SCMI_TEXT_("transport.ops.send: missing");
	if ((t->caps & ~CAPS_ALL) != 0)
		return SCMI_TEXT_("transport.caps: unknown bits");
	if ((t->caps & (SCMI_CAP_POLL | SCMI_CAP_IRQ | SCMI_CAP_SYNC_SEND)) == 0)
		return SCMI_TEXT_("transport.caps: none of POLL, IRQ, SYNC_SEND: no reply could come");
	if ((t->caps & SCMI_CAP_POLL) != 0 && ops->poll == NULL)
		return SCMI_TEXT_("transport.ops.poll: missing, caps say POLL");
	if ((t->caps & SCMI_CAP_WAIT) != 0 && (t->caps & SCMI_CAP_POLL) == 0)
		return SCMI_TEXT_("transport.caps: WAIT without POLL");
	if ((t->caps & SCMI_CAP_WAIT) != 0 && ops->wait == NULL)
		return SCMI_TEXT_("transport.ops.wait: missing, caps say WAIT");
	if ((t->caps & SCMI_CAP_WAIT) != 0 && ops->wake == NULL)
		return SCMI_TEXT_("transport.ops.wake: missing, caps say WAIT");
	if (t->max_payload < SCMI_STATUS_BYTES)
		return SCMI_TEXT_("transport.max_payload: less than a status word");
	if (t->max_payload > PAYLOAD_MAX)
		return SCMI_TEXT_("transport.max_payload: more than 16 MiB");
	if (t->max_inflight == 0)
		return SCMI_TEXT_("transport.max_inflight: 0");
	return NULL;
}

int scmi_transport_check(const struct scmi_transport *transport, const char **why)
{
	const char *fault = transport_fault(transport);

	if (why != NULL)
		*why = fault;
	return fault == NULL ? SCMI_OK : SCMI_E_INVAL;
}

/* Every link's transport and options, the default one's first. */
static const struct scmi_transport *transport_of(const struct scmi_agent_config *c, uint32_t i)
{
	return i == 0 ? c->transport : c->links[i - 1u].transport;
}

static const struct scmi_link_options *options_of(const struct scmi_agent_config *c, uint32_t i)
{
	return i == 0 ? &c->options : &c->links[i - 1u].options;
}

static uint32_t slots_of(const struct scmi_link_options *o)
{
	return o->slots != 0 ? o->slots : SCMI_SLOTS_DEFAULT;
}

static const char *options_fault(const struct scmi_link_options *o, const struct scmi_transport *t)
{
	if (o->slots > SCMI_SLOTS_MAX)
		return SCMI_TEXT_("slots: more than 1024");
	if ((o->slots & (o->slots - 1u)) != 0)
		return SCMI_TEXT_(not_a_power);
	if (!WITH_QUEUE && o->reserved != 0)
		return SCMI_TEXT_("reserved: the library was built without urgent calls");
	if (o->reserved >= slots_of(o) || o->reserved >= t->max_inflight)
		return SCMI_TEXT_("reserved: no slot is left for calls that are not urgent");
	if (o->lateness_us > LATENESS_MAX_US)
		return SCMI_TEXT_("lateness_us: more than an hour");
	if (o->lateness_us != 0 && slots_of(o) > LATENESS_SLOTS)
		return SCMI_TEXT_("lateness_us: not with more than 256 slots");
	if (o->lateness_us != 0 && (t->caps & SCMI_CAP_PEER_BUFS) != 0)
		return SCMI_TEXT_("lateness_us: not on this transport, whose peer may still write posted memory");
	return NULL;
}

static bool named_before(const struct scmi_agent_config *c, uint32_t link)
{
	for (uint32_t i = 0; i < link; i++) {
		if (c->links[i].protocol == c->links[link].protocol)
			return true;
	}
	return false;
}

static const char *link_fault(const struct scmi_agent_config *c, uint32_t i)
{
	const struct scmi_link *link = &c->links[i];

	if (link->size != sizeof(*link))
		return SCMI_TEXT_("size: not sizeof(struct scmi_link)");
	if (link->protocol < PROTOCOL_FIRST || link->protocol > PROTOCOL_LAST)
		return SCMI_TEXT_("protocol: not 0x10 to 0xff");
	if (named_before(c, i))
		return SCMI_TEXT_("protocol: has a link already");
	return transport_fault(link->transport);
}

/* *at: which link, where it is one's; else SCMI_ALL_LINKS. */
static const char *links_fault(const struct scmi_agent_config *c, uint32_t *at)
{
	uint32_t slots = 0;

	if (c->links_n >= SCMI_LINKS_MAX)
		return SCMI_TEXT_("links_n: more than 15");
	if (c->links_n != 0 && c->links == NULL)
		return SCMI_TEXT_("links: NULL");
	for (uint32_t i = 0; i <= c->links_n; i++) {
		const char *fault = i == 0 ? transport_fault(c->transport) : link_fault(c, i - 1u);

		if (fault == NULL)
			fault = options_fault(options_of(c, i), transport_of(c, i));
		if (fault != NULL) {
			*at = i;
			return fault;
		}
		slots += slots_of(options_of(c, i));
	}
	return slots > SCMI_LINKS_SLOTS_MAX ? SCMI_TEXT_("links: more than 4096 slots in all") : NULL;
}

/* The largest notification that any link may bring; 0: none does. */
uint32_t scmi__event_bytes(const struct scmi_agent_config *c)
{
	uint32_t bytes = 0;

	for (uint32_t i = 0; i <= c->links_n; i++) {
		const struct scmi_transport *t = transport_of(c, i);

		if ((t->caps & SCMI_CAP_NOTIFY) != 0 && t->max_payload > bytes)
			bytes = t->max_payload;
	}
	return c->event_bytes != 0 && bytes != 0 ? c->event_bytes : bytes;
}

static const char *events_fault(const struct scmi_agent_config *c)
{
	uint32_t bytes = scmi__event_bytes(c);
	uint32_t most = 0;

	for (uint32_t i = 0; i <= c->links_n; i++) {
		if (transport_of(c, i)->max_payload > most)
			most = transport_of(c, i)->max_payload;
	}
	if (c->event_buffers >= UINT16_MAX)
		return SCMI_TEXT_("event_buffers: more than 65534");
	if (!WITH_NOTIFICATIONS && c->event_buffers != 0)
		return SCMI_TEXT_("event_buffers: the library was built without notifications");
	if (c->event_buffers != 0 && bytes == 0)
		return SCMI_TEXT_("event_buffers: this transport carries no notifications");
	if (c->event_bytes > most)
		return SCMI_TEXT_("event_bytes: more than the transport's max_payload");
	if ((uint64_t)c->event_buffers * bytes > EVENTS_MAX)
		return SCMI_TEXT_("event_buffers: more than 1 GiB in all");
	return NULL;
}

static const char *latency_fault(const struct scmi_agent_config *c)
{
	if (c->latency_n != 0 && c->latency == NULL)
		return SCMI_TEXT_("latency: NULL");
	for (uint32_t i = 0; i < c->latency_n; i++) {
		if (c->latency[i].size != sizeof(c->latency[i]))
			return SCMI_TEXT_("latency: an entry's size is not sizeof(struct scmi_latency)");
		if (c->latency[i].protocol == SCMI_ANY && i != c->latency_n - 1u)
			return SCMI_TEXT_("latency: the entry for all other protocols is not the last one");
	}
	return NULL;
}

const char *scmi__checks_fault(uint32_t strict, uint32_t tolerate)
{
	if (((strict | tolerate) & ~SCMI_CHECKS_ALL) != 0)
		return SCMI_TEXT_("strict, tolerate: unknown checks");
	return (strict & tolerate) != 0 ? SCMI_TEXT_("strict, tolerate: a check is in both") : NULL;
}

const char *scmi__config_fault(const struct scmi_agent_config *c, uint32_t *at)
{
	const char *fault;

	*at = SCMI_ALL_LINKS;
	if (c == NULL)
		return SCMI_TEXT_("config: NULL");
	if (c->size != sizeof(*c))
		return SCMI_TEXT_("size: not sizeof(struct scmi_agent_config)");
	if ((c->flags & ~(SCMI_AGENT_DEFERRED | SCMI_AGENT_PASSIVE)) != 0)
		return SCMI_TEXT_("flags: unknown bits");
	if (scmi_port_check(c->port) != SCMI_OK)
		return SCMI_TEXT_("port: NULL, or its table is not complete (see scmi_port_check)");
	fault = links_fault(c, at);
	if (fault == NULL && c->max_waiters > SCMI_WAITERS_MAX)
		fault = SCMI_TEXT_("max_waiters: more than 32");
	if (fault == NULL)
		fault = scmi__checks_fault(c->strict, c->tolerate);
	if (fault == NULL)
		fault = events_fault(c);
	return fault != NULL ? fault : latency_fault(c);
}

static uint32_t next_power(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

/* Says what is wrong and where, and where a number helps, which one would be right. */
void scmi__log_fault(const struct scmi_agent_config *c, const char *fault, uint32_t at)
{
	char line[160];
	struct scmi__text t;

	if (SCMI_CONFIG_TEXTS == 0 || c == NULL || c->size != sizeof(*c) || c->log == NULL)
		return;
	scmi__text_init(&t, line, sizeof(line));
	scmi__text_str(&t, "agent configuration: ");
	if (at != SCMI_ALL_LINKS && at != 0) {
		scmi__text_str(&t, "links[");
		scmi__text_u32(&t, at - 1u);
		scmi__text_str(&t, "]: ");
	}
	scmi__text_str(&t, fault);
	if (fault == not_a_power && at != SCMI_ALL_LINKS) {
		scmi__text_str(&t, "; the next one is ");
		scmi__text_u32(&t, next_power(options_of(c, at)->slots));
	}
	c->log(c->log_arg, SCMI_LOG_ERROR, line);
}

/* The founding question: how many can be in flight, and who says so. */
void scmi__log_limit(const struct link *l)
{
	char line[200];
	struct scmi__text t;

	if (SCMI_CONFIG_TEXTS == 0 || l->agent->log == NULL)
		return;
	scmi__text_init(&t, line, sizeof(line));
	scmi__text_str(&t, l->transport.ops->name);
	scmi__text_str(&t, ": ");
	scmi__text_u32(&t, l->limit);
	scmi__text_str(&t, l->serial ? " commands accepted at most (pool " : " commands in flight at most (pool ");
	scmi__text_u32(&t, l->count);
	scmi__text_str(&t, ", transport ");
	scmi__text_u32(&t, l->transport.max_inflight);
	scmi__text_str(&t, ", token space 1024), payload ");
	scmi__text_u32(&t, l->transport.max_payload);
	scmi__text_str(&t, " bytes");
	if (l->count == SCMI_SLOTS_MAX)
		scmi__text_str(&t, "; no token bit is left to tell late replies from new ones");
	l->agent->log(l->agent->log_arg, SCMI_LOG_INFO, line);
}
