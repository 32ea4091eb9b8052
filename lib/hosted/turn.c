/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reactor's thread.
 *
 * A turn: sleep; lower the signal; take the flag `woken`; carry out the request; poll who is due; read the deadlines;
 * sleep. No wake-up is lost, because
 *   - the flag is taken before anything is looked at: who wakes us later finds it down, raises the signal, and the
 *     sleep returns at once; who wakes us earlier has published what is to be seen, for both change the flag by an
 *     exchange;
 *   - the signal is lowered before the flag is taken: the other way round a signal raised in between would be lowered
 *     with the flag still up, and nobody would raise it again.
 * Who found the flag down and is slow to raise the signal causes one turn for nothing.
 */
#define _POSIX_C_SOURCE 200809L

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "reactor.h"

#define BATCH       64  /* messages of one link in one turn; the descriptor stays readable if that is not all */
#define IDLE_TURNS  16u /* due so often in a row, and nothing came of it: rest */
#define REST_MAX_MS 64u

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* ---- descriptors ---- */

static void unwatch_all(struct scmi_reactor *r, struct scmi__entry *e)
{
	for (uint32_t i = 0; i < e->links; i++) {
		if (e->fds[i] >= 0)
			scmi__sleeper_ops.unwatch(r->sleeper, e->fds[i], &e->ready);
		e->fds[i] = -1;
	}
}

/* Watches what the links' descriptors are now. again: also where all have kept their numbers. */
static int watch_all(struct scmi_reactor *r, struct scmi__entry *e, bool again)
{
	const uint32_t links = e->links;
	int fds[SCMI_LINKS_MAX];
	int err = SCMI_OK;

	for (uint32_t i = 0; i < links; i++) {
		fds[i] = scmi_agent_fd(e->agent, i);
		again = again || fds[i] != e->fds[i];
		if (fds[i] != e->fds[i] && e->fds[i] >= 0)
			unwatch_all(r, e); /* two links may share one */
	}
	for (uint32_t i = 0; again && i < links && err == SCMI_OK; i++) {
		if (fds[i] >= 0)
			err = scmi__sleeper_ops.watch(r->sleeper, fds[i], &e->ready);
		e->fds[i] = err == SCMI_OK ? fds[i] : -1;
	}
	if (err != SCMI_OK)
		unwatch_all(r, e);
	return err;
}

/* ---- rest ---- */

/* A number that changes when a message comes to the agent, a call ends or a link is recovered, whoever does it. */
static uint32_t progress(const struct scmi__entry *e)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};

	(void)scmi_agent_stats(e->agent, SCMI_ALL_LINKS, &s);
	return s.received + s.submitted - s.in_flight + s.expired + s.recovered;
}

static void rest(struct scmi_reactor *r, struct scmi__entry *e)
{
	e->rest_ms = e->rest_ms == 0 ? 1u : 2u * e->rest_ms;
	if (e->rest_ms > REST_MAX_MS)
		e->rest_ms = REST_MAX_MS;
	e->rest_until_us = now_us() + e->rest_ms * 1000u;
	e->ready = false;
	unwatch_all(r, e);
}

/* It was due and brought nothing. Others may have been faster: only if nothing moves at all it has to rest. */
static bool is_stuck(struct scmi__entry *e)
{
	const uint32_t before = e->moved;

	if (++e->idle < IDLE_TURNS)
		return false;
	e->idle = 0;
	e->moved = progress(e);
	return e->moved == before;
}

/* After a rest it is looked at with one foot out of the door: due twice more, and it rests for twice as long. */
static bool rests(struct scmi__entry *e, bool woken)
{
	if (e->rest_until_us == 0)
		return false;
	if (!woken && now_us() < e->rest_until_us)
		return true;
	e->rest_until_us = 0;
	e->idle = IDLE_TURNS - 2u;
	e->ready = true;
	return false;
}

/* ---- a turn ---- */

static bool is_late(const struct scmi__entry *e)
{
	return e->deadline_us != SCMI_NEVER && e->port->now_us(e->port->ctx) >= e->deadline_us;
}

static void drive(struct scmi_reactor *r, struct scmi__entry *e, bool woken)
{
	bool late;
	int n;

	if (rests(e, woken))
		return;
	late = is_late(e);
	if (!e->ready && !late && !woken) {
		e->idle = 0;
		e->rest_ms = 0;
		return;
	}
	e->ready = false;
	n = scmi_agent_poll(e->agent, BATCH);
	if (n > 0) {
		e->idle = 0;
		e->rest_ms = 0;
	} else if (!woken && is_stuck(e)) {
		rest(r, e);
		return;
	}
	if (watch_all(r, e, woken || late) != SCMI_OK)
		rest(r, e); /* cannot be slept on now: by time, then */
}

/* How long it may sleep; UINT64_MAX: no limit. */
static uint64_t patience_us(struct scmi__entry *e)
{
	uint64_t until_us = e->rest_until_us;
	uint64_t now = now_us();

	if (e->ready)
		return 0;
	if (until_us == 0) {
		until_us = e->deadline_us = scmi_agent_next_deadline(e->agent);
		now = e->port->now_us(e->port->ctx);
	}
	if (until_us == SCMI_NEVER)
		return UINT64_MAX;
	return until_us > now ? until_us - now : 0;
}

/* In milliseconds, rounded up: a time-out is late by that much, but the thread does not spin towards it. */
static int sleep_ms(struct scmi_reactor *r)
{
	uint64_t least_us = UINT64_MAX;

	for (struct scmi__entry *e = r->entries; e != NULL; e = e->next) {
		const uint64_t us = patience_us(e);

		least_us = us < least_us ? us : least_us;
	}
	if (least_us == UINT64_MAX)
		return -1;
	return least_us / 1000u < INT_MAX ? (int)((least_us + 999u) / 1000u) : INT_MAX;
}

static struct scmi__entry **find(struct scmi_reactor *r, const struct scmi_agent *agent)
{
	struct scmi__entry **at = &r->entries;

	while (*at != NULL && (*at)->agent != agent)
		at = &(*at)->next;
	return at;
}

static int add_entry(struct scmi_reactor *r, struct scmi__entry *e)
{
	struct scmi__entry **at = find(r, e->agent);
	int err;

	if (*at != NULL)
		return SCMI_E_INVAL;
	err = watch_all(r, e, false);
	if (err == SCMI_OK)
		*at = e; /* who asked has woken us, so it is polled in this turn: what came before */
	return err;
}

static int remove_entry(struct scmi_reactor *r, const struct scmi_agent *agent)
{
	struct scmi__entry **at = find(r, agent);
	struct scmi__entry *e = *at;

	if (e == NULL)
		return SCMI_E_NOTFOUND;
	*at = e->next;
	unwatch_all(r, e);
	free(e);
	return SCMI_OK;
}

static int quit(struct scmi_reactor *r)
{
	if (r->entries != NULL)
		return SCMI_E_BUSY;
	r->quit = true;
	return SCMI_OK;
}

static int carry_out(struct scmi_reactor *r, const struct scmi__request *request)
{
	switch (request->wish) {
	case WISH_ADD:
		return add_entry(r, request->entry);
	case WISH_REMOVE:
		return remove_entry(r, request->agent);
	case WISH_QUIT:
	default:
		return quit(r);
	}
}

/* The mutex is not held meanwhile: its owner waits, and nobody else changes what stands there. */
static void serve(struct scmi_reactor *r)
{
	struct scmi__request *request;

	pthread_mutex_lock(&r->mutex);
	request = r->request;
	pthread_mutex_unlock(&r->mutex);
	if (request == NULL)
		return;
	request->err = carry_out(r, request);
	pthread_mutex_lock(&r->mutex);
	request->done = true;
	r->request = NULL;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->mutex);
}

void *scmi__reactor_run(void *arg)
{
	struct scmi_reactor *r = arg;

	scmi__sleeper_ops.name_thread("scmi-reactor");
	while (!r->quit) {
		bool woken;

		scmi__sleeper_ops.sleep(r->sleeper, sleep_ms(r));
		if (r->signalled)
			scmi__signal_lower(&r->signal);
		r->signalled = false;
		woken = atomic_exchange_explicit(&r->woken, false, memory_order_acq_rel);
		if (woken)
			serve(r);
		for (struct scmi__entry *e = r->entries; e != NULL; e = e->next)
			drive(r, e, woken);
	}
	return NULL;
}
