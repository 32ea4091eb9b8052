/* SPDX-License-Identifier: BSD-3-Clause */
/* The agent, in one configuration after the other, and who drives receive. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress.h"

#ifdef STRESS_HOSTED
#include <scmi/hosted.h>
#endif

#define LATENESS_US 1000000u
#define REST_US     20000u
#define POLL_MAX    32

/* ---- configurations ---- */

static uint32_t draw_slots(struct lane *l, uint64_t *random)
{
	switch (l->kind) {
	case KIND_SYNC:
	case KIND_THREADED:
		return l->weather == FAIR && !once_in(random, 4) ? 64u : 16u;
	case KIND_ONE:
		return once_in(random, 2) ? 1u : 8u;
	case KIND_RX:
		return once_in(random, 2) ? 8u : 16u;
	default:
		return 16u;
	}
}

/* So many of one caller's calls may be ended and not waited for: others shall find slots. */
static uint32_t loose_max(const struct lane *l, uint32_t limit)
{
	const uint32_t share = limit / l->s->o.threads;

	if (share < 2u)
		return 1;
	return share <= LOOSE_JOBS ? share - 1u : LOOSE_JOBS;
}

/* Without a limit a slot may only be waited for where callers that hold some cannot hold all. */
static void draw_queueing(struct lane *l, uint64_t *random)
{
	struct scmi_link_options *o = &l->options;
	const uint32_t limit = o->slots < l->transport.max_inflight ? o->slots : l->transport.max_inflight;

	bool patient;

	o->reserved = limit >= 8u && once_in(random, 2) ? 2u : 0;
	l->loose_max = loose_max(l, limit);
	patient = l->weather == FAIR && limit - o->reserved > l->s->o.threads * l->loose_max;
	o->queue_timeout_us = patient && !once_in(random, 4) ? SCMI_FOREVER : between(random, 200, 5000);
}

static void draw_options(struct lane *l, uint64_t *random)
{
	l->options = (struct scmi_link_options){.slots = draw_slots(l, random)};
	l->lives = SCMI_TOKEN_COUNT / l->options.slots;
	draw_queueing(l, random);
	if (l->weather == FAIR)
		return;
	if ((l->transport.caps & SCMI_CAP_PEER_BUFS) == 0)
		l->options.lateness_us = once_in(random, 4) ? LATENESS_US : 0;
	/* What was dropped blocks a link of few slots. */
	if (l->options.slots <= 8u || once_in(random, 2))
		l->options.reconnect_us = between(random, 500, 5000);
}

static void look_at(void *arg, const struct scmi_trace_event *event)
{
	struct stress *s = arg;

	if (event->link >= s->lanes_n)
		fault(s, NULL, "a trace of link %u", (unsigned)event->link);
}

static void ring(void *arg)
{
	struct stress *s = arg;

	s->port.event_signal(s->port.ctx, s->bell);
}

static void say(void *arg, enum scmi_log_level level, const char *text)
{
	(void)arg;
	if (level != SCMI_LOG_INFO)
		fprintf(stderr, "stress: agent: %s\n", text);
}

static void draw_extras(struct stress *s)
{
	struct scmi_agent_config *c = &s->config;

	if (once_in(&s->random, 6)) {
		memset(&s->latency, 0, sizeof(s->latency));
		s->latency.size = sizeof(s->latency);
		s->latency.protocol = SCMI_ANY;
		c->latency = &s->latency;
		c->latency_n = 1;
	}
	if (once_in(&s->random, 6)) {
		c->trace = look_at;
		c->trace_arg = s;
	}
	if (once_in(&s->random, 4))
		c->strict = SCMI_CHECK_RESERVED | SCMI_CHECK_STATUS | SCMI_CHECK_VALUES | SCMI_CHECK_ALIGNED;
}

/* A deferred or passive agent depends on being polled; with a reactor it is. */
static void draw_driver(struct stress *s)
{
	static const uint32_t paces[4] = {0, 50, 200, 1000};
	const uint32_t r = pick(&s->random, 6);

	atomic_store(&s->pace_us, s->o.reactor ? 0 : paces[pick(&s->random, 4)]);
	if (r == 0)
		s->config.flags = SCMI_AGENT_DEFERRED;
	if (r == 1u || (s->o.reactor && r < 4u))
		s->config.flags = SCMI_AGENT_PASSIVE;
	if (s->config.flags != 0 && !s->o.reactor)
		atomic_store(&s->pace_us, 50);
}

static bool carries_notifications(const struct stress *s)
{
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		if (s->lanes[i].p2a)
			return true;
	}
	return false;
}

static void draw_config(struct stress *s)
{
	static const uint32_t buffers[4] = {0, 1, 2, 8};
	struct scmi_agent_config *c = &s->config;

	for (uint32_t i = 0; i < s->lanes_n; i++)
		draw_options(&s->lanes[i], &s->random);
	for (uint32_t i = 1; i < s->lanes_n; i++)
		s->links[i - 1u] = (struct scmi_link){
			.size = sizeof(s->links[0]),
			.protocol = s->lanes[i].protocol,
			.transport = &s->lanes[i].transport,
			.options = s->lanes[i].options,
		};
	*c = (struct scmi_agent_config){
		.size = sizeof(*c),
		.transport = &s->lanes[0].transport,
		.port = &s->port,
		.options = s->lanes[0].options,
		.links = s->links,
		.links_n = s->lanes_n - 1u,
		.max_waiters = between(&s->random, 1, 8),
		.spin_turns = once_in(&s->random, 3) ? 32u : 0,
		.event_buffers = carries_notifications(s) ? buffers[pick(&s->random, 4)] : 0,
		.wake = ring,
		.wake_arg = s,
		.log = say,
	};
	draw_driver(s);
	draw_extras(s);
}

/* ---- its life ---- */

#ifdef STRESS_HOSTED
static bool reactor_add(struct stress *s)
{
	return !s->o.reactor || scmi_reactor_add(s->reactor, s->agent, &s->config) == SCMI_OK;
}

static void reactor_remove(struct stress *s)
{
	if (s->o.reactor && scmi_reactor_remove(s->reactor, s->agent) != SCMI_OK)
		fault(s, NULL, "the reactor does not let go");
}

static void reactor_wake(struct stress *s)
{
	if (s->o.reactor)
		scmi_reactor_wake(s->reactor);
}

static void reactor_config(struct stress *s)
{
	if (s->o.reactor) {
		s->config.wake = scmi_reactor_wake;
		s->config.wake_arg = s->reactor;
	}
}
#else
static bool reactor_add(struct stress *s)
{
	return !s->o.reactor;
}

static void reactor_remove(struct stress *s)
{
	(void)s;
}

static void reactor_wake(struct stress *s)
{
	(void)s;
}

static void reactor_config(struct stress *s)
{
	(void)s;
}
#endif

/* Exactly as much memory as it asks for. */
bool agent_make(struct stress *s)
{
	struct scmi_agent *made;
	size_t size;

	draw_config(s);
	reactor_config(s);
	size = scmi_agent_size(&s->config);
	s->agent_mem = malloc(size != 0 ? size : 1u);
	if (s->agent_mem == NULL || scmi_agent_init(&made, s->agent_mem, size, &s->config) != SCMI_OK)
		return false;
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		s->lane_base[i] = totals_of(s, &s->lanes[i]);
		if (s->lanes[i].flaky != NULL)
			s->lanes[i].base = flaky_counts(s->lanes[i].flaky);
	}
	pthread_mutex_lock(&s->driving);
	s->agent = made;
	pthread_mutex_unlock(&s->driving);
	s->generation++;
	return scmi_agent_start(s->agent) == SCMI_OK && reactor_add(s);
}

void agent_unmake(struct stress *s)
{
	struct scmi_agent *agent = s->agent;

	reactor_remove(s);
	pthread_mutex_lock(&s->driving);
	s->agent = NULL;
	pthread_mutex_unlock(&s->driving);
	if (scmi_agent_fini(agent) != SCMI_OK)
		fault(s, NULL, "fini fails");
	/* Who comes now writes into memory that is not there. */
	free(s->agent_mem);
}

/* Beside whatever the others do. */
void agent_stop_and_start(struct stress *s, uint64_t *random)
{
	int err;

	atomic_fetch_add(&s->stops, 1u);
	err = scmi_agent_stop(s->agent);
	if (err != SCMI_OK)
		fault(s, NULL, "stop is %s", scmi_error_name(err));
	atomic_store(&s->halted, true);
	callback_check_none(s);
	for (uint32_t turns = pick(random, 20); turns != 0; turns--)
		s->port.relax(s->port.ctx);
	atomic_store(&s->halted, false);
	err = scmi_agent_start(s->agent);
	if (err != SCMI_OK)
		fault(s, NULL, "start is %s", scmi_error_name(err));
	atomic_fetch_add(&s->stops, 1u);
	reactor_wake(s);
}

/* ---- the driver ---- */

static void *drive(void *arg)
{
	struct stress *s = arg;

	while (!atomic_load(&s->done)) {
		const uint32_t pace_us = atomic_load(&s->pace_us);
		uint64_t until_us = now_us(s) + (pace_us != 0 ? pace_us : REST_US);
		uint64_t next_us = SCMI_NEVER;
		int n = 0;

		pthread_mutex_lock(&s->driving);
		if (pace_us != 0 && s->agent != NULL) {
			n = scmi_agent_poll(s->agent, POLL_MAX);
			next_us = scmi_agent_next_deadline(s->agent);
		}
		pthread_mutex_unlock(&s->driving);
		until_us = next_us < until_us ? next_us : until_us;
		if (n == 0)
			(void)s->port.event_wait(s->port.ctx, s->bell, until_us);
	}
	return NULL;
}

bool driver_start(struct stress *s)
{
	pthread_mutex_init(&s->driving, NULL);
	s->bell = malloc(s->port.event_size);
	if (s->bell == NULL || s->port.event_init(s->port.ctx, s->bell) != SCMI_OK)
		return false;
#ifdef STRESS_HOSTED
	struct scmi_reactor *made = NULL;

	if (s->o.reactor && scmi_reactor_create(&made) != SCMI_OK)
		return false;
	s->reactor = made;
#endif
	return pthread_create(&s->driver, NULL, drive, s) == 0;
}

void driver_stop(struct stress *s)
{
	pthread_join(s->driver, NULL);
#ifdef STRESS_HOSTED
	if (s->o.reactor && scmi_reactor_destroy(s->reactor) != SCMI_OK)
		fault(s, NULL, "the reactor does not end");
#endif
	s->port.event_fini(s->port.ctx, s->bell);
	free(s->bell);
	pthread_mutex_destroy(&s->driving);
}
