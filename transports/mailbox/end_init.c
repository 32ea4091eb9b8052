/* SPDX-License-Identifier: BSD-3-Clause */
/* The platform's end: its configuration, its memory, and what it tells of itself. */
#include <scmi/config.h>

#include "check.h"
#include "end.h"

#define PAYLOAD_MIN 8u /* status and one word */
#define PAYLOAD_MAX (SCMI_SHMEM_BYTES_MAX - SCMI_SHMEM_PAYLOAD)

static const struct scmi_endpoint_ops ops = {
	.version = SCMI_ENDPOINT_V2,
	.name = "mailbox",
	.start = scmi__mailbox_end_start,
	.stop = scmi__mailbox_end_stop,
	.reply = scmi__mailbox_end_reply,
	.send = scmi__mailbox_end_send,
	.p2a = scmi__mailbox_end_p2a,
	.send_to = scmi__mailbox_end_send_to,
};

_Static_assert(sizeof(struct scmi_mailbox_end) <= SCMI_MAILBOX_END_BASE_BYTES, "SCMI_MAILBOX_END_WORDS() counts it");

static bool has_agent(const struct scmi_mailbox_end_config *c)
{
	return c->areas[SCMI_MAILBOX_A2P].mem != NULL;
}

static uint32_t payload_of(const struct scmi_mailbox_end_config *c)
{
	return c->max_payload != 0 ? c->max_payload : shmem_capacity(&c->areas[SCMI_MAILBOX_A2P]);
}

static const char *fault_of_payload(const struct scmi_mailbox_end_config *c)
{
	if (!has_agent(c) && c->max_payload == 0)
		return SCMI_TEXT_("max_payload: 0, and no area that tells it");
	if (payload_of(c) < PAYLOAD_MIN)
		return SCMI_TEXT_("max_payload: less than a status and one word");
	if (payload_of(c) > PAYLOAD_MAX)
		return SCMI_TEXT_("max_payload: more than an area carries");
	if (has_agent(c) && payload_of(c) > shmem_capacity(&c->areas[SCMI_MAILBOX_A2P]))
		return SCMI_TEXT_("max_payload: more than the A2P area carries");
	return NULL;
}

static const char *fault_of(const struct scmi_mailbox_end_config *c)
{
	const char *why;

	if (c == NULL)
		return SCMI_TEXT_("config: NULL");
	if (c->size != sizeof(*c))
		return SCMI_TEXT_("size: not sizeof(struct scmi_mailbox_end_config)");
	if (c->port != NULL && scmi_port_check(c->port) != SCMI_OK)
		return SCMI_TEXT_("port: its table is not complete (see scmi_port_check)");
	/* Of a doorbell only ring and wake are used here: a wake without wait is as it should be. */
	if (c->doorbell != NULL && c->doorbell->version != SCMI_MAILBOX_DOORBELL_V1)
		return SCMI_TEXT_("doorbell: a version that this library does not know");
	why = has_agent(c) ? scmi__mailbox_areas_fault(c->areas, c->port) : NULL;
	return why != NULL ? why : fault_of_payload(c);
}

int scmi_mailbox_end_check(const struct scmi_mailbox_end_config *config, const char **why)
{
	const char *fault = fault_of(config);

	if (why != NULL)
		*why = fault;
	return fault == NULL ? SCMI_OK : SCMI_E_INVAL;
}

static size_t payload_bytes(const struct scmi_mailbox_end_config *c)
{
	return ((size_t)payload_of(c) + 15u) / 16u * 16u;
}

size_t scmi_mailbox_end_size(const struct scmi_mailbox_end_config *config)
{
	return fault_of(config) != NULL ? 0 : sizeof(struct scmi_mailbox_end) + 2u * payload_bytes(config);
}

static void set_up(struct scmi_mailbox_end *e, const struct scmi_mailbox_end_config *c)
{
	(void)memset(e, 0, sizeof(*e));
	e->params = (unsigned char *)(e + 1);
	e->max_payload = payload_of(c);
	e->req.params = e->params;
	e->req.reply = e->params + payload_bytes(c);
	e->req.reply_cap = e->max_payload;
	e->bell = c->doorbell;
	e->port = c->port;
	e->in_order = true;
	if (!has_agent(c))
		return;
	end_take_up(e, c->areas);
	e->in_order = false;
	atomic_store_explicit(&e->gate, GATE_HERE, memory_order_relaxed);
}

int scmi_mailbox_end_init(struct scmi_mailbox_end **end, void *mem, size_t len,
			  const struct scmi_mailbox_end_config *config, struct scmi_endpoint *endpoint)
{
	if (end == NULL || mem == NULL || endpoint == NULL || fault_of(config) != NULL)
		return SCMI_E_INVAL;
	if (len < scmi_mailbox_end_size(config) || (uintptr_t)mem % alignof(max_align_t) != 0)
		return SCMI_E_NOMEM;
	*end = mem;
	set_up(*end, config);
	*endpoint = (struct scmi_endpoint){
		.size = sizeof(*endpoint),
		.max_payload = (*end)->max_payload,
		.ops = &ops,
		.ctx = mem,
	};
	return SCMI_OK;
}

static uint32_t read_count(const _Atomic uint32_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

int scmi_mailbox_end_stats(struct scmi_mailbox_end *end, struct scmi_mailbox_end_stats *stats)
{
	if (end == NULL || stats == NULL || stats->size != sizeof(*stats))
		return SCMI_E_INVAL;
	stats->taken = read_count(&end->taken);
	stats->rung = read_count(&end->rung) + (end_can_ring(end) ? read_count(&end->events) : 0u);
	stats->bad_status = read_count(&end->bad_status);
	stats->bad_length = read_count(&end->bad_length);
	stats->bad_check = read_count(&end->bad_check);
	stats->stale = read_count(&end->stale);
	stats->events = read_count(&end->events);
	stats->open = read_count(&end->request) != REQUEST_OURS;
	return SCMI_OK;
}
