/* SPDX-License-Identifier: BSD-3-Clause */
/* The agent's end: its configuration, and what it tells of itself. */
#include <scmi/config.h>

#include "agent.h"
#include "check.h"

/* The doorbell's start will say where they are. */
static const char *fault_of_later(const struct scmi_mailbox_config *c)
{
	if (c->max_payload < SCMI_SHMEM_BYTES_MIN - SCMI_SHMEM_PAYLOAD)
		return SCMI_TEXT_("max_payload: less than a status and one word");
	if (c->max_payload > SCMI_SHMEM_BYTES_MAX - SCMI_SHMEM_PAYLOAD)
		return SCMI_TEXT_("max_payload: more than an area carries");
	return NULL;
}

static const char *fault_of(const struct scmi_mailbox_config *c)
{
	const char *why;

	if (c == NULL)
		return SCMI_TEXT_("config: NULL");
	if (c->size != sizeof(*c))
		return SCMI_TEXT_("size: not sizeof(struct scmi_mailbox_config)");
	if ((c->flags & ~SCMI_MAILBOX_FRESH) != 0)
		return SCMI_TEXT_("flags: unknown bits");
	if (c->max_inflight > SCMI_MAILBOX_INFLIGHT_MAX)
		return SCMI_TEXT_("max_inflight: more than SCMI_MAILBOX_INFLIGHT_MAX");
	if (c->port != NULL && scmi_port_check(c->port) != SCMI_OK)
		return SCMI_TEXT_("port: its table is not complete (see scmi_port_check)");
	why = scmi__mailbox_bell_fault(c->doorbell);
	if (why != NULL)
		return why;
	if (c->flags == 0)
		return scmi__mailbox_areas_fault(c->areas, c->port);
	if (c->doorbell == NULL || c->doorbell->start == NULL)
		return SCMI_TEXT_("doorbell: FRESH needs its start");
	return c->areas[SCMI_MAILBOX_A2P].mem == NULL ? fault_of_later(c)
						      : scmi__mailbox_areas_fault(c->areas, c->port);
}

int scmi_mailbox_check(const struct scmi_mailbox_config *config, const char **why)
{
	const char *fault = fault_of(config);

	if (why != NULL)
		*why = fault;
	return fault == NULL ? SCMI_OK : SCMI_E_INVAL;
}

static uint32_t caps_of_areas(const struct scmi_mailbox_config *c)
{
	const uint32_t caps = SCMI_CAP_POLL | SCMI_CAP_CONCURRENT;

	if (!mailbox_area_is_there(&c->areas[SCMI_MAILBOX_P2A]))
		return caps;
	return c->flags == 0 ? caps | SCMI_CAP_NOTIFY | SCMI_CAP_LATE_DELAYED : caps | SCMI_CAP_NOTIFY;
}

static void set_up_bell(struct mailbox *m, const struct scmi_mailbox_doorbell *bell)
{
	m->bell = bell;
	m->rings = bell->ring != NULL;
	m->caps |= bell->caps;
	if (bell->wait != NULL)
		m->caps |= SCMI_CAP_WAIT;
	/* Whether anything happens here when the platform rings. */
	if ((m->caps & (SCMI_CAP_IRQ | SCMI_CAP_WAIT)) == 0 && bell->fd == NULL)
		return;
	m->flags = SCMI_SHMEM_INTR;
	m->looks = (m->caps & SCMI_CAP_SYNC_SEND) == 0;
}

static void set_up(struct mailbox *m, const struct scmi_mailbox_config *c)
{
	(void)memset(m, 0, sizeof(*m));
	(void)memcpy(m->given, c->areas, sizeof(m->given));
	m->port = c->port;
	m->fresh = c->flags != 0;
	m->max_payload =
		m->given[SCMI_MAILBOX_A2P].mem != NULL ? shmem_capacity(&m->given[SCMI_MAILBOX_A2P]) : c->max_payload;
	m->caps = caps_of_areas(c);
	if (c->doorbell != NULL)
		set_up_bell(m, c->doorbell);
}

int scmi_mailbox_init(struct scmi_mailbox *mailbox, const struct scmi_mailbox_config *config,
		      struct scmi_transport *transport)
{
	struct mailbox *m;

	if (mailbox == NULL || transport == NULL || fault_of(config) != NULL)
		return SCMI_E_INVAL;
	m = mailbox_of(mailbox);
	set_up(m, config);
	*transport = (struct scmi_transport){
		.size = sizeof(*transport),
		.caps = m->caps,
		.ops = &scmi__mailbox_ops,
		.ctx = m,
		.max_payload = m->max_payload,
		.max_inflight = config->max_inflight != 0 ? config->max_inflight : SCMI_MAILBOX_INFLIGHT_DEFAULT,
	};
	return SCMI_OK;
}

/* Here, that it stands once. */
void scmi__mailbox_count(_Atomic uint32_t *counter)
{
	atomic_fetch_add_explicit(counter, 1u, memory_order_relaxed);
}

static uint32_t read_count(const _Atomic uint32_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

int scmi_mailbox_stats(struct scmi_mailbox *mailbox, struct scmi_mailbox_stats *stats)
{
	const struct mailbox *m = mailbox_of(mailbox);
	uint32_t unrung;
	uint32_t taken_back;
	uint32_t given;

	if (mailbox == NULL || stats == NULL || stats->size != sizeof(*stats))
		return SCMI_E_INVAL;
	/* What was not rung or taken back first: it is less than what there was, whatever comes meanwhile. */
	unrung = atomic_load_explicit(&m->unrung, memory_order_acquire);
	taken_back = atomic_load_explicit(&m->taken_back, memory_order_acquire);
	given = read_count(&m->commands);
	stats->commands = given - taken_back;
	stats->rung = read_count(&m->rung_back) + (m->rings ? given - unrung : 0u);
	stats->errors = read_count(&m->errors);
	stats->bad_length = read_count(&m->bad_length);
	stats->bad_check = read_count(&m->bad_check);
	stats->left = read_count(&m->left);
	stats->events = read_count(&m->events);
	return SCMI_OK;
}
