/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A mailbox whose platform's end a thread serves. That one sleeps until it is rung, and so does the agent's, or it is
 * interrupted by whoever answers. Each start and each recovery finds areas that nobody has used. Doorbell and integrity
 * check differ from one such link to the next.
 */
#include <sched.h>
#include <stdlib.h>

#include <scmi/transport/mailbox.h>

#include "stress.h"

#ifdef STRESS_HOSTED
#include <scmi/hosted.h>
#endif

#define INFLIGHT 16u
#define BYTES    (SCMI_SHMEM_PAYLOAD + SCMI_STATUS_BYTES + BYTES_MAX)
#define BATCH    8
#define STARTED  1u /* of `callers`; above it, twice those inside */

struct mailbox {
	alignas(64) unsigned char memory[SCMI_MAILBOX_AREAS][BYTES];
	const struct scmi_port *port;
	struct scmi_mailbox agents;
	struct scmi_mailbox_end *end;
	void *end_mem;
	struct scmi_mailbox_doorbell bell;
	struct scmi_mailbox_doorbell end_bell;
	struct scmi_shmem areas[SCMI_MAILBOX_AREAS];
	void *to_agent; /* events of the port's */
	void *to_end;
	void *fd_bell; /* the lane's, for a reactor */
	pthread_t server;
	atomic_uint callers;
	bool serving;
	atomic_bool over;
};

/* ---- the agent's doorbell ---- */

static int start(void *ctx, struct scmi_mailbox *mailbox, struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	struct mailbox *m = ctx;

	(void)mailbox;
	scmi_mailbox_end_detach(m->end);
	for (uint32_t i = 0; i < SCMI_MAILBOX_AREAS; i++) {
		areas[i] = m->areas[i];
		if (scmi_shmem_reset(&areas[i]) != SCMI_OK)
			return SCMI_E_IO;
	}
	if (scmi_mailbox_end_attach(m->end, m->areas) != SCMI_OK)
		return SCMI_E_IO;
	atomic_fetch_or(&m->callers, STARTED);
	return SCMI_OK;
}

static void stop(void *ctx)
{
	struct mailbox *m = ctx;

	atomic_fetch_and(&m->callers, ~STARTED);
	while (atomic_load(&m->callers) != 0)
		sched_yield();
}

static int ring_end(void *ctx, enum scmi_mailbox_signal signal)
{
	struct mailbox *m = ctx;

	(void)signal;
	m->port->event_signal(m->port->ctx, m->to_end);
	return SCMI_OK;
}

static void wait_agent(void *ctx, uint64_t deadline_us)
{
	struct mailbox *m = ctx;

	(void)m->port->event_wait(m->port->ctx, m->to_agent, deadline_us);
}

static void wake_agent(void *ctx)
{
	struct mailbox *m = ctx;

	m->port->event_signal(m->port->ctx, m->to_agent);
}

/* ---- the platform's ---- */

static int interrupt_agent(void *ctx, enum scmi_mailbox_signal signal)
{
	struct mailbox *m = ctx;

	(void)signal;
	if ((atomic_fetch_add(&m->callers, 2u) & STARTED) != 0)
		scmi_mailbox_interrupt(&m->agents);
	atomic_fetch_sub(&m->callers, 2u);
	return SCMI_OK;
}

static int ring_agent(void *ctx, enum scmi_mailbox_signal signal)
{
	struct mailbox *m = ctx;

	(void)signal;
	wake_agent(m);
#ifdef STRESS_HOSTED
	if (m->fd_bell != NULL)
		scmi_doorbell_ring(m->fd_bell);
#endif
	return SCMI_OK;
}

static void end_wait(void *ctx, uint64_t deadline_us)
{
	struct mailbox *m = ctx;

	(void)m->port->event_wait(m->port->ctx, m->to_end, deadline_us);
}

static void wake_end(void *ctx)
{
	struct mailbox *m = ctx;

	m->port->event_signal(m->port->ctx, m->to_end);
}

/* ---- what a reactor sleeps on ---- */

#ifdef STRESS_HOSTED
static int bell_fd(void *ctx)
{
	const struct mailbox *m = ctx;

	return scmi_doorbell_fd(m->fd_bell);
}

static void bell_clear(void *ctx)
{
	const struct mailbox *m = ctx;

	scmi_doorbell_clear(m->fd_bell);
}

static void bell_raise(void *ctx)
{
	const struct mailbox *m = ctx;

	scmi_doorbell_ring(m->fd_bell);
}

static bool make_fd(struct lane *l, struct mailbox *m)
{
	struct scmi_doorbell *bell;

	if (scmi_doorbell_create(&bell) != SCMI_OK)
		return false;
	l->doorbell = bell;
	m->fd_bell = bell;
	m->bell.fd = bell_fd;
	m->bell.clear = bell_clear;
	m->bell.raise = bell_raise;
	return true;
}
#else
static bool make_fd(struct lane *l, struct mailbox *m)
{
	(void)l;
	(void)m;
	return false;
}
#endif

/* ---- make ---- */

static void *make_event(const struct mailbox *m)
{
	void *event = malloc(m->port->event_size);

	if (event == NULL || m->port->event_init(m->port->ctx, event) != SCMI_OK)
		abort();
	return event;
}

static void free_event(const struct mailbox *m, void *event)
{
	m->port->event_fini(m->port->ctx, event);
	free(event);
}

static bool make_bells(struct lane *l, struct mailbox *m)
{
	const bool interrupts = l->index % 2u == 0 && !l->s->o.reactor;

	m->bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1,
		.caps = interrupts ? SCMI_CAP_IRQ : 0,
		.name = "stress",
		.ctx = m,
		.start = start,
		.stop = stop,
		.ring = ring_end,
		.wait = interrupts ? NULL : wait_agent,
		.wake = interrupts ? NULL : wake_agent,
	};
	m->end_bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1,
		.name = "stress",
		.ctx = m,
		.ring = interrupts ? interrupt_agent : ring_agent,
		.wait = end_wait,
		.wake = wake_end,
	};
	return !l->s->o.reactor || make_fd(l, m);
}

static bool make_end(struct lane *l, struct mailbox *m)
{
	const struct scmi_mailbox_end_config config = {
		.size = sizeof(config),
		.max_payload = BYTES - SCMI_SHMEM_PAYLOAD,
		.doorbell = &m->end_bell,
		.port = m->port,
	};
	const size_t size = scmi_mailbox_end_size(&config);

	m->end_mem = malloc(size);
	return size != 0 && m->end_mem != NULL &&
	       scmi_mailbox_end_init(&m->end, m->end_mem, size, &config, &l->endpoint) == SCMI_OK;
}

static bool make_agents(struct lane *l, struct mailbox *m)
{
	const struct scmi_mailbox_config config = {
		.size = sizeof(config),
		.flags = SCMI_MAILBOX_FRESH,
		.max_inflight = INFLIGHT,
		.areas = {m->areas[SCMI_MAILBOX_A2P], m->areas[SCMI_MAILBOX_P2A]},
		.doorbell = &m->bell,
		.port = m->port,
	};

	return scmi_mailbox_init(&m->agents, &config, &l->inner) == SCMI_OK;
}

bool mailbox_make(struct lane *l)
{
	struct mailbox *m = aligned_alloc(alignof(struct mailbox), sizeof(*m));

	if (m == NULL)
		return false;
	*m = (struct mailbox){.port = &l->s->port};
	l->mailbox = m;
	for (uint32_t i = 0; i < SCMI_MAILBOX_AREAS; i++)
		m->areas[i] = (struct scmi_shmem){.mem = m->memory[i], .len = BYTES, .check = (uint8_t)(l->index % 4u)};
	m->to_agent = make_event(m);
	m->to_end = make_event(m);
	return make_bells(l, m) && make_end(l, m) && make_agents(l, m);
}

void mailbox_unmake(struct lane *l)
{
	struct mailbox *m = l->mailbox;

	free_event(m, m->to_agent);
	free_event(m, m->to_end);
	free(m->end_mem);
	free(m);
}

/* ---- the server ---- */

static void *serve(void *arg)
{
	struct mailbox *m = arg;

	while (!atomic_load(&m->over)) {
		while (scmi_mailbox_end_serve(m->end, BATCH) > 0)
			;
		end_wait(m, SCMI_NEVER);
	}
	return NULL;
}

bool mailbox_start(struct lane *l)
{
	struct mailbox *m = l->mailbox;

	m->serving = pthread_create(&m->server, NULL, serve, m) == 0;
	return m->serving;
}

void mailbox_stop(struct lane *l)
{
	struct mailbox *m = l->mailbox;

	if (!m->serving)
		return;
	atomic_store(&m->over, true);
	wake_end(m);
	pthread_join(m->server, NULL);
}

uint32_t mailbox_away(struct lane *l)
{
	struct scmi_mailbox_end_stats end = {.size = sizeof(end)};
	struct scmi_mailbox_stats agents = {.size = sizeof(agents)};

	if (scmi_mailbox_end_stats(l->mailbox->end, &end) != SCMI_OK ||
	    scmi_mailbox_stats(&l->mailbox->agents, &agents) != SCMI_OK)
		fault(l->s, l, "no figures of the mailbox");
	if (end.bad_status != 0 || end.bad_length != 0 || end.bad_check != 0 || agents.errors != 0 ||
	    agents.bad_length != 0 || agents.bad_check != 0)
		fault(l->s, l, "the two ends of the mailbox do not understand each other");
	return end.open;
}
