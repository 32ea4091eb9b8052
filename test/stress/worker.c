/* SPDX-License-Identifier: BSD-3-Clause */
/* What one thread does, step by step; all of it drawn from its own numbers. */
#include <sched.h>

#include "stress.h"

#define LOOSE 1u                /* the first loose job */
#define DONES (1u + LOOSE_JOBS) /* the first with a done function */
#define BATCH 5u

void worker_doing(struct worker *w, const char *what)
{
	atomic_store_explicit(&w->doing, what, memory_order_relaxed);
}

/* An idle one of n jobs. */
struct job *worker_idle(struct worker *w, uint32_t first, uint32_t n)
{
	const uint32_t start = pick(&w->random, n);

	for (uint32_t i = 0; i < n; i++) {
		struct job *j = &w->jobs[first + (start + i) % n];

		if (job_is(j, JOB_IDLE))
			return j;
	}
	return NULL;
}

static uint16_t draw_flags(uint64_t *random)
{
	static const uint16_t flags[16] = {
		[8] = SCMI_CALL_POLL,
		[9] = SCMI_CALL_NOWAIT,
		[10] = SCMI_CALL_URGENT,
		[11] = SCMI_CALL_FENCE,
		[12] = SCMI_CALL_MORE,
		[13] = SCMI_CALL_URGENT | SCMI_CALL_NOWAIT,
		[14] = SCMI_CALL_POLL | SCMI_CALL_FENCE,
	};

	return flags[pick(random, 16)];
}

static void poll(struct worker *w)
{
	if (scmi_agent_poll(w->s->agent, (int)between(&w->random, 1, 32)) == 0)
		w->s->port.relax(w->s->port.ctx);
}

static struct wish draw_wish(struct worker *w)
{
	return (struct wish){.lane = lane_pick(w->s, &w->random), .flags = draw_flags(&w->random)};
}

/* ---- calls ---- */

static void call(struct worker *w)
{
	const struct wish wish = draw_wish(w);

	job_prepare(&w->jobs[0], &wish, NULL);
	worker_doing(w, wish.lane->name);
	if (job_call(&w->jobs[0]) == SCMI_E_CLOSED)
		w->s->port.relax(w->s->port.ctx);
}

/* What was to follow at once does not: who rings no doorbell then may wait for ever. */
static void ring(struct worker *w)
{
	(void)scmi_agent_submit_many(w->s->agent, NULL, 0, NULL);
}

/* One that nobody chains may be cancelled while it runs. Returns its flags. */
static uint16_t prepare_done(struct worker *w, struct job *j)
{
	const struct wish wish = draw_wish(w);

	j->chain = once_in(&w->random, 2) ? pick(&w->random, 4) : 0;
	j->cancellable = j->chain == 0;
	job_prepare(j, &wish, job_done);
	return wish.flags;
}

static void submit(struct worker *w)
{
	struct job *j = worker_idle(w, DONES, DONE_JOBS);
	uint16_t flags;

	if (j == NULL) {
		poll(w);
		return;
	}
	job_lock(j);
	flags = prepare_done(w, j);
	worker_doing(w, j->lane->name);
	(void)job_submit(j);
	job_unlock(j);
	if ((flags & SCMI_CALL_MORE) == 0)
		return;
	if (once_in(&w->random, 2))
		call(w); /* over this link or another one */
	ring(w);
}

static void batch(struct worker *w)
{
	struct job *jobs[BATCH];
	const uint32_t most = between(&w->random, 2, BATCH);
	uint32_t submitted;
	uint32_t n = 0;

	for (uint32_t i = DONES; i < JOBS && n < most; i++) {
		if (!job_is(&w->jobs[i], JOB_IDLE))
			continue;
		jobs[n] = &w->jobs[i];
		job_lock(jobs[n]);
		(void)prepare_done(w, jobs[n++]);
	}
	if (n != 0)
		(void)job_submit_many(jobs, n, &submitted);
	for (uint32_t i = 0; i < n; i++)
		job_unlock(jobs[i]);
}

/* Waits in short turns first, perhaps, and may cancel between them. */
static void wait_for(struct worker *w, struct job *j)
{
	uint32_t turns = pick(&w->random, 3);
	const bool cancel = once_in(&w->random, 8);

	worker_doing(w, j->lane->name);
	while (turns-- != 0) {
		if (job_wait(j, now_us(w->s) + pick(&w->random, 200)) != SCMI_E_INPROGRESS)
			return;
	}
	if (cancel)
		job_cancel(j);
	(void)job_wait(j, SCMI_NEVER);
}

static void loose(struct worker *w)
{
	struct job *jobs[LOOSE_JOBS];
	const struct wish wish = draw_wish(w);
	const uint32_t most = between(&w->random, 1, wish.lane->loose_max);
	uint32_t n = 0;

	for (uint32_t i = 0; i < most; i++) {
		struct job *j = &w->jobs[LOOSE + i];

		job_lock(j);
		j->cancellable = true;
		job_prepare(j, &wish, NULL);
		if (job_submit(j) == SCMI_OK)
			jobs[n++] = j;
		job_unlock(j);
	}
	if ((wish.flags & SCMI_CALL_MORE) != 0)
		ring(w);
	while (n != 0) {
		wait_for(w, jobs[--n]);
		if (n != 0 && once_in(&w->random, 16) && scmi_agent_wait(w->s->agent, &jobs[n]->call) != SCMI_E_INVAL)
			fault(w->s, jobs[n]->lane, "a call that was waited for can be waited for again");
	}
}

/* ---- steps ---- */

/* What a step may be, and how often it is, in each style. */
static const struct {
	void (*run)(struct worker *w);
	uint16_t weight[STYLES];
} steps[] = {
	{call, {560, 900, 300, 400}},        {submit, {200, 10, 250, 200}},       {batch, {80, 5, 80, 60}},
	{loose, {60, 20, 80, 60}},           {worker_sequence, {30, 60, 20, 20}}, {poll, {50, 0, 50, 50}},
	{trouble_cancel, {20, 0, 180, 20}},  {trouble_cancel_all, {1, 0, 6, 1}},  {trouble_subscribe, {7, 2, 5, 20}},
	{trouble_notify, {5, 2, 5, 10}},     {trouble_cut, {7, 1, 7, 30}},        {trouble_look, {2, 0, 5, 5}},
	{trouble_ask_wrongly, {1, 0, 1, 1}}, {trouble_administer, {1, 0, 1, 60}},
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

static void step(struct worker *w)
{
	const enum style style = w->s->style;
	uint32_t total = 0;
	uint32_t r;
	size_t i;

	for (i = 0; i < STEPS; i++)
		total += steps[i].weight[style];
	r = pick(&w->random, total);
	for (i = 0; r >= steps[i].weight[style]; i++)
		r -= steps[i].weight[style];
	worker_doing(w, "a step");
	steps[i].run(w);
}

static bool all_idle(struct worker *w)
{
	for (uint32_t i = 0; i < JOBS; i++) {
		if (!job_is(&w->jobs[i], JOB_IDLE))
			return false;
	}
	return true;
}

/* Until nothing of ours is under way. */
void worker_drain(struct worker *w)
{
	worker_doing(w, "draining");
	while (!all_idle(w))
		poll(w);
}

static void run_epoch(struct worker *w)
{
	while (w->steps != 0 && !atomic_load_explicit(&w->s->over, memory_order_relaxed)) {
		w->steps--;
		step(w);
		if (once_in(&w->random, 2048))
			worker_drain(w);
	}
	worker_drain(w);
	subscribers_leave(w);
	worker_doing(w, "at rest");
}

/* All meet, one of them looks at everything, all go on. */
void *worker_run(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		pthread_barrier_wait(&w->s->barrier);
		if (atomic_load(&w->s->done))
			return NULL;
		run_epoch(w);
		pthread_barrier_wait(&w->s->barrier);
		if (w->index == 0)
			rest(w->s);
	}
}
