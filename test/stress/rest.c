/* SPDX-License-Identifier: BSD-3-Clause */
/* Where all workers have met and nothing of theirs is under way: the figures must agree, and nothing may be left. */
#include <stdio.h>
#include <stdlib.h>

#include "stress.h"

#define EPOCH_MIN 100u /* steps of one worker */
#define EPOCH_MAX 8000u

static void resting(struct stress *s, const char *what)
{
	atomic_store_explicit(&s->resting, what, memory_order_relaxed);
}

static struct scmi_agent_stats stats_of(struct stress *s, uint32_t link)
{
	struct scmi_agent_stats stats = {.size = sizeof(stats)};

	if (scmi_agent_stats(s->agent, link, &stats) != SCMI_OK)
		fault(s, NULL, "no figures");
	return stats;
}

/* ---- until nothing moves ---- */

static uint32_t away(struct lane *l)
{
	if (l->kind == KIND_VIRTIO)
		return virtio_away(l);
	if (l->kind == KIND_MAILBOX)
		return mailbox_away(l);
	return l->loopback != NULL ? scmi_loopback_open(l->loopback) : kind_away(l);
}

static bool is_quiet(struct lane *l)
{
	const struct scmi_agent_stats stats = stats_of(l->s, l->index);

	if (stats.in_flight != 0 || stats.queued != 0 || away(l) != 0)
		return false;
	return l->weather != FAIR || stats.quarantined == 0; /* there, all comes by itself */
}

static void poll(struct stress *s)
{
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		if (s->lanes[i].flaky != NULL)
			flaky_turn(s->lanes[i].flaky);
	}
	if (scmi_agent_poll(s->agent, 64) == 0)
		s->port.relax(s->port.ctx);
}

/* A thread may have answered, and not yet have counted it. */
static bool platform_is_quiet(struct stress *s)
{
	struct scmi_platform_stats x = {.size = sizeof(x)};

	return s->platform == NULL ||
	       (scmi_platform_stats(s->platform, &x) == SCMI_OK && x.open == 0 && x.delayed_open == 0);
}

static void settle(struct stress *s)
{
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		resting(s, s->lanes[i].name);
		while (later_open(&s->later) != 0 || !is_quiet(&s->lanes[i]))
			poll(s);
	}
	resting(s, "the platform");
	while (!platform_is_quiet(s))
		poll(s);
}

/* A lost link forgives its debts at once, where nobody is inside. */
static void lose(struct lane *l)
{
	struct stress *s = l->s;

	pthread_mutex_lock(&s->driving);
	flaky_turn(l->flaky);
	flaky_cut(l->flaky);
	flaky_turn(l->flaky);
	if (stats_of(s, l->index).quarantined != 0)
		fault(s, l, "the link was lost, and something is still owed");
	pthread_mutex_unlock(&s->driving);
}

/* What will not come is owed for ever, but for a lost link or a recovery. */
static void forgive(struct lane *l)
{
	struct stress *s = l->s;

	resting(s, "forgiving debts");
	while (stats_of(s, l->index).quarantined != 0) {
		if (once_in(&s->random, 2))
			lose(l);
		else if (scmi_agent_recover(s->agent, l->index) == SCMI_OK && stats_of(s, l->index).quarantined != 0)
			fault(s, l, "it was recovered, and something is still owed");
		poll(s);
	}
}

static void calm(struct stress *s)
{
	resting(s, "calming");
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		if (s->lanes[i].flaky != NULL)
			flaky_calm(s->lanes[i].flaky);
	}
	settle(s);
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		if (s->lanes[i].flaky != NULL)
			forgive(&s->lanes[i]);
	}
	settle(s);
}

static void rough(struct stress *s)
{
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		if (s->lanes[i].flaky != NULL)
			flaky_rough(s->lanes[i].flaky);
	}
}

/* ---- figures ---- */

static void agree(struct stress *s, const struct lane *l, const char *what, uint32_t a, uint32_t b)
{
	if (a != b)
		fault(s, l, "%s: %u, but %u", what, (unsigned)a, (unsigned)b);
}

static void check_equations(struct stress *s, const struct lane *l, const struct scmi_agent_stats *x)
{
	agree(s, l, "submitted, and the ends of calls", x->submitted,
	      x->ok + x->remote + x->truncated + x->malformed + x->timed_out + x->cancelled + x->closed + x->link_lost +
		      x->in_flight);
	agree(s, l, "received, and what became of it", x->received,
	      x->accepted + x->late + x->stray_token + x->stray_protocol + x->stray_message + x->stray_type +
		      x->stray_header + x->duplicate + x->mismatched + x->unclaimed + x->dropped);
	agree(s, l, "in flight at rest", x->in_flight, 0);
	agree(s, l, "queued at rest", x->queued, 0);
	agree(s, l, "owed at rest", x->quarantined, 0);
}

/* What the agent counts is what its users saw. */
static void check_ends(struct stress *s, const struct lane *l, const struct scmi_agent_stats *x)
{
	const struct totals *base = &s->lane_base[l->index];
	const struct totals t = totals_of(s, l);
	uint32_t ended[ERRORS];
	uint32_t lost = 0;

	for (uint32_t i = 0; i < ERRORS; i++) {
		ended[i] = (uint32_t)(t.ended[i] - base->ended[i]);
		lost += ended[i];
	}
	agree(s, l, "calls that ended well", x->ok, ended[0]);
	agree(s, l, "errors of the platform", x->remote, ended[-SCMI_E_REMOTE]);
	agree(s, l, "truncated", x->truncated, ended[-SCMI_E_TRUNCATED]);
	agree(s, l, "malformed", x->malformed, ended[-SCMI_E_PROTO]);
	agree(s, l, "timed out", x->timed_out, ended[-SCMI_E_TIMEOUT]);
	agree(s, l, "cancelled", x->cancelled, ended[-SCMI_E_CANCELLED]);
	agree(s, l, "closed", x->closed, ended[-SCMI_E_CLOSED]);
	lost -= ended[0] + ended[-SCMI_E_REMOTE] + ended[-SCMI_E_TRUNCATED] + ended[-SCMI_E_PROTO] +
		ended[-SCMI_E_TIMEOUT] + ended[-SCMI_E_CANCELLED] + ended[-SCMI_E_CLOSED];
	agree(s, l, "lost with the link", x->link_lost, lost);
}

/*
 * What flaky has handed up is what the agent has received; a message that is acquired and then lost counts there alone.
 */
static void check_flaky(struct stress *s, struct lane *l, const struct scmi_agent_stats *x)
{
	const struct flaky_counts c = flaky_counts(l->flaky);
	const uint32_t passed = c.passed[FLAKY_P2A] - l->base.passed[FLAKY_P2A];
	const uint32_t lost = l->kind == KIND_PRIV ? c.lost[FLAKY_P2A] - l->base.lost[FLAKY_P2A] : 0;

	for (unsigned d = 0; d < 2; d++) {
		agree(s, l, "held in the flaky transport", c.held[d], 0);
		agree(s, l, "what came to the flaky transport", c.came[d] + c.fault[d][FLAKY_DOUBLE],
		      c.passed[d] + c.fault[d][FLAKY_DROP] + c.refused[d] + c.lost[d]);
	}
	if (x->received - passed > lost)
		fault(s, l, "received %u, handed up %u", (unsigned)x->received, (unsigned)passed);
}

static void check_platform(struct stress *s)
{
	struct scmi_platform_stats x = {.size = sizeof(x)};

	if (s->platform == NULL)
		return;
	if (scmi_platform_stats(s->platform, &x) != SCMI_OK)
		fault(s, NULL, "no figures of the platform");
	agree(s, NULL, "requests", x.requests, x.ok + x.errors + x.no_room + x.open);
	agree(s, NULL, "notified", x.notified, x.sent + x.dropped + x.failed + x.merged + x.withdrawn + x.waiting);
	agree(s, NULL, "delayed", x.delayed, x.delayed_sent + x.delayed_failed + x.delayed_open);
	agree(s, NULL, "open requests", x.open, 0);
	agree(s, NULL, "open delayed responses", x.delayed_open, 0);
	agree(s, NULL, "second answers", x.double_replies, 0);
}

static void check_jobs(struct stress *s)
{
	for (uint32_t i = 0; i < s->o.threads; i++) {
		for (uint32_t k = 0; k < JOBS; k++) {
			struct job *j = &s->workers[i].jobs[k];

			if (!job_is(j, JOB_IDLE))
				fault(s, j->lane, "call %#llx is not idle", (unsigned long long)j->nonce);
			job_check_idle(j);
		}
	}
}

static void compare(struct stress *s)
{
	const struct scmi_agent_stats all = stats_of(s, SCMI_ALL_LINKS);
	const struct totals t = totals_of(s, NULL);
	uint32_t submitted = 0;
	uint32_t received = 0;

	for (uint32_t i = 0; i < s->lanes_n; i++) {
		const struct scmi_agent_stats x = stats_of(s, i);

		check_equations(s, &s->lanes[i], &x);
		check_ends(s, &s->lanes[i], &x);
		if (s->lanes[i].flaky != NULL)
			check_flaky(s, &s->lanes[i], &x);
		submitted += x.submitted;
		received += x.received;
	}
	check_equations(s, NULL, &all);
	agree(s, NULL, "submitted on all links", all.submitted, submitted);
	agree(s, NULL, "received on all links", all.received, received);
	agree(s, NULL, "cancelled, and what cancel said", (uint32_t)t.ended[-SCMI_E_CANCELLED], (uint32_t)t.cancelled);
	check_jobs(s);
	check_platform(s);
}

/* Figures are exact while nobody is inside: the driver stays out. */
static void check_all(struct stress *s)
{
	resting(s, "checking");
	pthread_mutex_lock(&s->driving);
	compare(s);
	pthread_mutex_unlock(&s->driving);
}

/* ---- every slot ---- */

/* A link that has just been cut comes back at once, for it is calm; but not before somebody looks. */
static bool take_one(struct lane *l, struct job *j, uint16_t flags)
{
	const struct wish w = {.lane = l, .flags = flags, .act = ACT_HOLD, .plain = true, .unhurried = true};
	int err;

	for (;;) {
		job_prepare(j, &w, NULL);
		err = job_submit(j);
		if (err != SCMI_E_NOPEER)
			return err == SCMI_OK;
		poll(l->s);
	}
}

static void check_full(struct lane *l, struct job *j)
{
	const struct wish w = {.lane = l, .flags = SCMI_CALL_NOWAIT | SCMI_CALL_URGENT, .plain = true};

	job_prepare(j, &w, NULL);
	if (job_submit(j) != SCMI_E_BUSY)
		fault(l->s, l, "all slots are taken, and one more");
}

/* All slots can be taken at once, and not one more. */
static void fill(struct lane *l)
{
	struct stress *s = l->s;
	const uint32_t limit = stats_of(s, l->index).max_inflight;
	const uint32_t ordinary = limit - l->options.reserved;
	uint32_t taken = 0;

	resting(s, "taking every slot");
	atomic_store(&l->holding, true);
	while (taken < limit && taken < FILLERS - 1u &&
	       take_one(l, &s->fillers[taken], taken < ordinary ? 0 : SCMI_CALL_URGENT))
		taken++;
	if (taken < limit && taken < FILLERS - 1u)
		fault(s, l, "only %u of %u slots can be taken", (unsigned)taken, (unsigned)limit);
	else if (taken == limit)
		check_full(l, &s->fillers[taken]);
	atomic_store(&l->holding, false);
	for (uint32_t i = 0; i < taken; i++)
		(void)job_wait(&s->fillers[i], SCMI_NEVER);
}

static void fill_all(struct stress *s)
{
	for (uint32_t i = 0; i < s->lanes_n; i++)
		fill(&s->lanes[i]);
	settle(s);
}

/* ---- on ---- */

static void bounce_platform(struct stress *s)
{
	int err;

	resting(s, "stopping the platform");
	(void)scmi_platform_stop(s->platform);
	do
		err = scmi_platform_start(s->platform);
	while (err == SCMI_E_BUSY);
	if (err != SCMI_OK)
		fault(s, NULL, "the platform does not start: %s", scmi_error_name(err));
}

static bool is_time(const struct stress *s)
{
	return s->o.seconds != 0 && now_us(s) - s->began_us >= s->o.seconds * UINT64_C(1000000);
}

static void draw_style(struct stress *s)
{
	s->style = once_in(&s->random, 3) ? STYLE_MIXED : (enum style)pick(&s->random, STYLES);
	s->focus_n = 0;
	if (s->style == STYLE_MIXED && !once_in(&s->random, 4))
		return;
	for (uint32_t n = pick(&s->random, 3); n != 0; n--)
		s->focus[s->focus_n++] = pick(&s->random, s->lanes_n);
}

static void next_epoch(struct stress *s, uint64_t calls)
{
	const uint64_t left = s->o.calls > calls ? s->o.calls - calls : 1u;
	uint64_t steps = between(&s->random, EPOCH_MIN, EPOCH_MAX);

	draw_style(s);
	steps = s->focus_n != 0 ? (steps + 3u) / 4u : steps; /* one link may be slow */
	steps = left / s->o.threads + 1u < steps ? left / s->o.threads + 1u : steps;
	for (uint32_t i = 0; i < s->o.threads; i++)
		s->workers[i].steps = (uint32_t)steps;
}

void rest(struct stress *s)
{
	const uint64_t calls = totals_calls(&(struct totals[]){totals_of(s, NULL)}[0]);

	calm(s);
	check_all(s);
	if (once_in(&s->random, 4))
		fill_all(s);
	if (once_in(&s->random, 4))
		subscribers_check(s);
	if (s->platform != NULL && once_in(&s->random, 4))
		bounce_platform(s);
	if (calls >= s->o.calls || is_time(s) || atomic_load(&s->over) || atomic_load(&s->faults) != 0) {
		fill_all(s);
		check_all(s);
		atomic_store(&s->done, true);
		resting(s, NULL);
		return;
	}
	if (once_in(&s->random, 3)) {
		resting(s, "another agent");
		agent_unmake(s);
		if (!agent_make(s)) {
			fault(s, NULL, "no other agent");
			abort();
		}
	}
	rough(s);
	next_epoch(s, calls);
	resting(s, NULL);
}
