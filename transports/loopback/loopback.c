/* SPDX-License-Identifier: BSD-3-Clause */
/* Construction: what a configuration needs, and how its memory is laid out. */
#include <scmi/config.h>

#include "internal.h"

#define ALIGN       sizeof(max_align_t)
#define PAYLOAD_MIN 8u /* status and one word */

static size_t align_up(size_t n)
{
	return (n + ALIGN - 1u) / ALIGN * ALIGN;
}

/* The configuration with its defaults filled in. */
struct plan {
	uint32_t max_payload;
	uint32_t max_inflight;
	uint32_t events;
	const struct scmi_port *port;
	const struct scmi_loopback_doorbell *doorbell;
	bool threaded;
	size_t stride;
};

/* Where each part lies in the caller's memory, in bytes from its start. */
struct layout {
	size_t records;
	size_t events;
	size_t work;
	size_t news;
	size_t requests;
	size_t replies;
	size_t spare;
	size_t end;
};

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
	return value != 0 ? value : fallback;
}

static const char *fault_of_doorbell(const struct scmi_loopback_config *c)
{
	const struct scmi_loopback_doorbell *d = c->doorbell;

	if (d == NULL)
		return NULL;
	if ((c->flags & SCMI_LOOPBACK_THREADED) == 0)
		return SCMI_TEXT_("doorbell: synchronous mode delivers by itself");
	if (d->ring == NULL || d->clear == NULL || d->fd < 0)
		return SCMI_TEXT_("doorbell: it needs ring, clear and a descriptor");
	return NULL;
}

/* What is wrong with a configuration, beginning with the member's name; NULL: nothing. */
static const char *fault_of(const struct scmi_loopback_config *c)
{
	uint32_t max_payload;

	if (c == NULL)
		return SCMI_TEXT_("config: NULL");
	if (c->size != sizeof(*c))
		return SCMI_TEXT_("size: not sizeof(struct scmi_loopback_config)");
	if ((c->flags & ~SCMI_LOOPBACK_THREADED) != 0)
		return SCMI_TEXT_("flags: unknown bits");
	if ((c->flags & SCMI_LOOPBACK_THREADED) != 0 && c->port == NULL)
		return SCMI_TEXT_("port: NULL, threaded needs one");
	if (c->port != NULL && scmi_port_check(c->port) != SCMI_OK)
		return SCMI_TEXT_("port: its table is not complete (see scmi_port_check)");
	max_payload = or_default(c->max_payload, SCMI_LOOPBACK_PAYLOAD_DEFAULT);
	if (max_payload < PAYLOAD_MIN)
		return SCMI_TEXT_("max_payload: less than a status and one word");
	if (max_payload > SCMI_LOOPBACK_PAYLOAD_MAX)
		return SCMI_TEXT_("max_payload: more than SCMI_LOOPBACK_PAYLOAD_MAX");
	if (c->max_inflight > SCMI_LOOPBACK_INFLIGHT_MAX)
		return SCMI_TEXT_("max_inflight: more than SCMI_LOOPBACK_INFLIGHT_MAX");
	if (c->events > SCMI_LOOPBACK_EVENTS_MAX)
		return SCMI_TEXT_("events: more than SCMI_LOOPBACK_EVENTS_MAX");
	return fault_of_doorbell(c);
}

int scmi_loopback_check(const struct scmi_loopback_config *config, const char **why)
{
	const char *fault = fault_of(config);

	if (why != NULL)
		*why = fault;
	return fault == NULL ? SCMI_OK : SCMI_E_INVAL;
}

static bool make_plan(const struct scmi_loopback_config *c, struct plan *p)
{
	if (fault_of(c) != NULL)
		return false;
	p->threaded = (c->flags & SCMI_LOOPBACK_THREADED) != 0;
	p->port = c->port;
	p->doorbell = c->doorbell;
	p->max_payload = or_default(c->max_payload, SCMI_LOOPBACK_PAYLOAD_DEFAULT);
	p->max_inflight = or_default(c->max_inflight, SCMI_LOOPBACK_INFLIGHT_DEFAULT);
	p->events = p->threaded ? or_default(c->events, SCMI_LOOPBACK_EVENTS_DEFAULT) : 0;
	p->stride = align_up(p->max_payload);
	return true;
}

static size_t record_bytes(const struct plan *p)
{
	return sizeof(struct record) + 2u * p->stride;
}

static size_t event_bytes(const struct plan *p)
{
	return sizeof(struct event) + p->stride;
}

/* What needs most alignment first; the indices last, so that the size is exact. */
static void lay_out(const struct plan *p, struct layout *at)
{
	const size_t event_size = p->threaded ? align_up(p->port->event_size) : 0;
	const size_t indices = p->threaded ? p->max_inflight : 0;

	at->records = align_up(sizeof(struct scmi_loopback));
	at->events = at->records + p->max_inflight * record_bytes(p);
	at->work = at->events + p->events * event_bytes(p);
	at->news = at->work + event_size;
	at->requests = at->news + event_size;
	at->replies = at->requests + indices * sizeof(uint16_t);
	at->spare = at->replies + (indices + p->events) * sizeof(uint16_t);
	at->end = at->spare + p->events * sizeof(uint16_t);
}

size_t scmi_loopback_size(const struct scmi_loopback_config *config)
{
	struct plan p;
	struct layout at;

	if (!make_plan(config, &p))
		return 0;
	lay_out(&p, &at);
	return at.end;
}

static void init_records(struct scmi_loopback *lb)
{
	for (uint32_t i = 0; i < lb->max_inflight; i++) {
		struct record *rec = record_at(lb, i);
		unsigned char *params = (unsigned char *)(rec + 1);

		atomic_init(&rec->busy, 0);
		atomic_init(&rec->requests, 0);
		rec->slot = (uint16_t)i;
		rec->params = params;
		rec->req = (struct scmi_request){
			.params = params,
			.reply = params + lb->stride,
			.reply_cap = lb->max_payload,
		};
	}
}

static int init_events(struct scmi_loopback *lb, unsigned char *base, const struct layout *at)
{
	const struct scmi_port *port = lb->port;

	if (port->event_init(port->ctx, base + at->work) != SCMI_OK)
		return SCMI_E_IO;
	if (port->event_init(port->ctx, base + at->news) != SCMI_OK) {
		port->event_fini(port->ctx, base + at->work);
		return SCMI_E_IO;
	}
	lb->work = base + at->work;
	lb->news = base + at->news;
	return SCMI_OK;
}

static void init_queues(struct scmi_loopback *lb, unsigned char *base, const struct layout *at)
{
	scmi__loopback_ring_init(&lb->requests, (uint16_t *)(void *)(base + at->requests), lb->max_inflight);
	scmi__loopback_ring_init(&lb->replies, (uint16_t *)(void *)(base + at->replies), lb->max_inflight + lb->events);
	lb->spare = (uint16_t *)(void *)(base + at->spare);
	for (lb->spares = 0; lb->spares < lb->events; lb->spares++)
		lb->spare[lb->spares] = (uint16_t)lb->spares;
}

static void fill_transport(struct scmi_loopback *lb, struct scmi_transport *t)
{
	*t = (struct scmi_transport){
		.size = sizeof(*t),
		.caps = SCMI_CAP_CONCURRENT | SCMI_CAP_NOTIFY,
		.ops = threaded(lb) ? &scmi__loopback_threaded : &scmi__loopback_sync,
		.ctx = lb,
		.max_payload = lb->max_payload,
		.max_inflight = lb->max_inflight,
	};
	t->caps |= threaded(lb) ? SCMI_CAP_POLL | SCMI_CAP_WAIT : SCMI_CAP_SYNC_SEND | SCMI_CAP_IRQ | SCMI_CAP_ATOMIC;
}

static void fill_endpoint(struct scmi_loopback *lb, struct scmi_endpoint *e)
{
	*e = (struct scmi_endpoint){
		.size = sizeof(*e),
		.max_payload = lb->max_payload,
		.ops = threaded(lb) ? &scmi__loopback_threaded_end : &scmi__loopback_sync_end,
		.ctx = lb,
	};
}

int scmi_loopback_init(struct scmi_loopback **out, void *mem, size_t len, const struct scmi_loopback_config *config,
		       struct scmi_transport *transport, struct scmi_endpoint *endpoint)
{
	unsigned char *base = mem;
	struct scmi_loopback *lb = mem;
	struct layout at;
	struct plan p;

	if (out == NULL || mem == NULL || transport == NULL || endpoint == NULL || !make_plan(config, &p))
		return SCMI_E_INVAL;
	lay_out(&p, &at);
	if (len < at.end || (uintptr_t)mem % alignof(max_align_t) != 0)
		return SCMI_E_NOMEM;

	*lb = (struct scmi_loopback){
		.records = base + at.records,
		.record_bytes = record_bytes(&p),
		.stride = (uint32_t)p.stride,
		.max_payload = p.max_payload,
		.max_inflight = p.max_inflight,
		.events = p.events,
		.port = p.port,
		.event_mem = base + at.events,
		.event_bytes = event_bytes(&p),
	};
	if (p.threaded) {
		if (init_events(lb, base, &at) != SCMI_OK)
			return SCMI_E_IO;
		if (p.doorbell != NULL)
			lb->doorbell = *p.doorbell;
		init_queues(lb, base, &at);
	}
	init_records(lb);
	fill_transport(lb, transport);
	fill_endpoint(lb, endpoint);
	*out = lb;
	return SCMI_OK;
}

void scmi_loopback_fini(struct scmi_loopback *lb)
{
	if (!threaded(lb))
		return;
	lb->port->event_fini(lb->port->ctx, lb->news);
	lb->port->event_fini(lb->port->ctx, lb->work);
}

uint32_t scmi_loopback_open(const struct scmi_loopback *lb)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < lb->max_inflight; i++)
		n += atomic_load_explicit(&record_at(lb, i)->busy, memory_order_acquire);
	return n;
}
