/* SPDX-License-Identifier: BSD-3-Clause */
/* One call: how it is drawn, how it goes to the library, how it comes back. What its end must look like: verdict.c. */
#include <sched.h>
#include <string.h>

#include "stress.h"

#define FILL 0xa5

/* Contexts inside callbacks, of this thread. */
static _Thread_local uint32_t callbacks;

void callback_enter(struct stress *s)
{
	struct tally *t = tally_here(s);

	callbacks++;
	tally_add(&t->inside, 1u);
	if (atomic_load(&s->halted))
		fault(s, NULL, "a callback runs after stop() has returned");
	dawdle(s);
}

void callback_leave(struct stress *s)
{
	tally_add(&tally_here(s)->inside, UINT32_MAX);
	callbacks--;
}

void callback_check_none(struct stress *s)
{
	for (unsigned i = 0; i < atomic_load(&s->tallies_n); i++) {
		if (atomic_load(&s->tallies[i].inside) != 0)
			fault(s, NULL, "a callback still runs when stop() has returned");
	}
}

bool callback_here(void)
{
	return callbacks != 0;
}

void job_init(struct job *j, struct stress *s, uint32_t id)
{
	memset(j, 0, sizeof(*j));
	j->s = s;
	j->id = id;
	j->random = s->o.seed * 0x9e3779b97f4a7c15u + 0x51ed2701u * (id + 1u);
	j->lane = &s->lanes[0];
	memset(j->params, FILL, sizeof(j->params));
	memset(j->reply, FILL, sizeof(j->reply));
	j->call = (struct scmi_call){.size = sizeof(j->call)};
	j->seen_sum = job_sum(j);
	atomic_flag_clear(&j->gate);
}

struct job *job_find(struct stress *s, uint64_t nonce)
{
	const uint32_t id = (uint32_t)(nonce >> 32);

	if (id < s->o.threads * JOBS)
		return &s->workers[id / JOBS].jobs[id % JOBS];
	return id - s->o.threads * JOBS < FILLERS ? &s->fillers[id - s->o.threads * JOBS] : NULL;
}

/* ---- the gate: prepared and submitted, or cancelled, but not both ---- */

bool job_try_lock(struct job *j)
{
	return !atomic_flag_test_and_set_explicit(&j->gate, memory_order_acquire);
}

void job_lock(struct job *j)
{
	while (!job_try_lock(j))
		sched_yield();
}

void job_unlock(struct job *j)
{
	atomic_flag_clear_explicit(&j->gate, memory_order_release);
}

bool job_is(struct job *j, enum job_state state)
{
	return atomic_load_explicit(&j->state, memory_order_acquire) == (unsigned)state;
}

/* ---- drawing ---- */

static void draw_act(struct job *j, const struct wish *w)
{
	const struct lane *l = w->lane;
	const uint32_t r = pick(&j->random, 256);

	j->delay = DELAY_NONE;
	j->act = ACT_NOW;
	if (w->act != ACT_NOW)
		j->act = w->act;
	if (w->plain)
		return;
	if (r < 12u)
		j->act = ACT_LATER;
	else if (r < 20u)
		j->act = ACT_ERROR;
	else if (r < 28u && l->p2a)
		j->act = ACT_NOTIFY;
	else if (r < 31u && (l->kind == KIND_ONE || l->kind == KIND_QUEUED))
		j->act = ACT_SETTLE;
	if (l->p2a && once_in(&j->random, 24))
		j->delay = (enum delay)between(&j->random, DELAY_AFTER, DELAY_ERROR);
}

/* Room for the values: mostly enough, sometimes less, sometimes none at all. */
static void draw_room(struct job *j)
{
	const uint32_t r = pick(&j->random, 32);

	j->words = once_in(&j->random, 2) ? WORDS_MIN : between(&j->random, WORDS_MIN, j->lane->words_max);
	j->call.reply = j->reply + GUARD;
	j->call.reply_cap = r < 20u ? j->words * 4u : BYTES_MAX;
	if (r == 31u)
		j->call.reply_cap = pick(&j->random, j->words * 4u);
	if (r == 30u) {
		j->call.reply = NULL;
		j->call.reply_cap = 0;
	}
}

static uint32_t draw_timeout(struct job *j)
{
	const uint32_t r = pick(&j->random, 16);

	if (r < 2u || (r < 10u && j->s->style == STYLE_STORM))
		return between(&j->random, 1, j->s->style == STYLE_STORM ? 50 : 300);
	if (j->lane->weather == FAIR)
		return r < 10u ? SCMI_FOREVER : r < 13u ? 0 : between(&j->random, 1000, 50000);
	return r < 15u ? between(&j->random, 300, 3000) : 20000u;
}

static uint64_t or_default(uint32_t us, uint32_t fallback)
{
	return us == 0 ? fallback : us == SCMI_FOREVER ? SCMI_NEVER : us;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void draw_times(struct job *j)
{
	const uint64_t now = now_us(j->s);
	struct scmi_call *c = &j->call;
	uint64_t least;

	c->timeout_us = draw_timeout(j);
	c->delayed_timeout_us = draw_timeout(j);
	if (j->lane->weather != FAIR && c->delayed_timeout_us == 0)
		c->delayed_timeout_us = 1000;
	if (once_in(&j->random, 16))
		c->deadline_us = now + between(&j->random, 50, 20000);
	least = or_default(c->timeout_us, SCMI_TIMEOUT_DEFAULT_US);
	if (j->delay != DELAY_NONE)
		least = sooner(least, or_default(c->delayed_timeout_us, SCMI_DELAYED_TIMEOUT_DEFAULT_US));
	least = sooner(least, or_default(j->lane->options.queue_timeout_us, SCMI_QUEUE_TIMEOUT_DEFAULT_US));
	j->earliest_us = least == SCMI_NEVER ? SCMI_NEVER : now + least;
	if (c->deadline_us != 0)
		j->earliest_us = sooner(j->earliest_us, c->deadline_us);
}

static void put_params(struct job *j)
{
	const struct lane *l = j->lane;
	const uint32_t n = once_in(&j->random, 2) ? WORDS_MIN : between(&j->random, WORDS_MIN, l->words_max);
	const uint32_t later_us = once_in(&j->random, 32) ? 3000u : pick(&j->random, 150);

	words_fill(j->params + GUARD, n, j->nonce, what_of(j->act, j->words, later_us, j->delay),
		   params_salt(l, j->call.message));
	j->call.params = j->params + GUARD;
	j->call.params_len = n * 4u;
}

void job_prepare(struct job *j, const struct wish *w, scmi_done_fn done)
{
	job_check_idle(j);
	j->lane = w->lane;
	j->serial++;
	j->nonce = (uint64_t)j->id << 32 | j->serial;
	draw_act(j, w);
	memset(j->reply, FILL, sizeof(j->reply));
	j->call = (struct scmi_call){
		.size = sizeof(j->call),
		.protocol = w->lane->protocol,
		.message = (uint8_t)(MESSAGE + pick(&j->random, MESSAGES)),
		.flags = w->flags,
		.done = done,
		.arg = j,
		.status = STATUS_UNTOUCHED,
		.reply_len = LEN_UNTOUCHED,
	};
	if (j->delay != DELAY_NONE)
		j->call.flags |= SCMI_CALL_DELAYED;
	draw_room(j);
	if (w->unhurried) {
		j->call.timeout_us = SCMI_FOREVER;
		j->call.delayed_timeout_us = SCMI_FOREVER;
		j->earliest_us =
			now_us(j->s) + or_default(j->lane->options.queue_timeout_us, SCMI_QUEUE_TIMEOUT_DEFAULT_US);
	} else {
		draw_times(j);
	}
	put_params(j);
	j->right = false;
	j->losses = atomic_load(&w->lane->losses);
	j->stops = atomic_load(&j->s->stops);
	job_seal(j); /* it may not be submitted after all */
}

/* ---- to the library and back ---- */

static void begin(struct job *j)
{
	atomic_fetch_add_explicit(&j->lane->begun, 1u, memory_order_relaxed);
	atomic_store_explicit(&j->state, JOB_LIVE, memory_order_release);
}

/* From LIVE to what it is then: exactly one context does that. */
static void take(struct job *j, enum job_state to)
{
	const unsigned was = atomic_exchange_explicit(&j->state, (unsigned)to, memory_order_acq_rel);

	if (was != JOB_LIVE)
		fault(j->s, j->lane, "call %#llx has ended in state %u", (unsigned long long)j->nonce, was);
}

static void refuse(struct job *j, int err)
{
	const bool counts = err != SCMI_OK;

	atomic_store_explicit(&j->refused, j->serial, memory_order_relaxed);
	if (atomic_load_explicit(&j->arrived, memory_order_relaxed) == j->serial)
		fault(j->s, j->lane, "call %#llx has arrived, and its submit is %s", (unsigned long long)j->nonce,
		      scmi_error_name(err));
	if (counts) {
		tally_add(&tally_here(j->s)->lane[j->lane->index].refused[-err], 1u);
		verdict_refused(j, err);
	}
	job_seal(j);
	take(j, JOB_IDLE);
}

/* With done, the job is not ours any more once it was submitted. */
int job_submit(struct job *j)
{
	struct scmi_agent *agent = j->s->agent;
	int err;

	begin(j);
	err = scmi_agent_submit(agent, &j->call);
	if (err != SCMI_OK)
		refuse(j, err);
	return err;
}

int job_submit_many(struct job *const *jobs, uint32_t n, uint32_t *submitted)
{
	struct stress *s = jobs[0]->s;
	struct scmi_call *calls[JOBS];
	int err;

	for (uint32_t i = 0; i < n; i++) {
		calls[i] = &jobs[i]->call;
		begin(jobs[i]);
	}
	*submitted = n + 1u;
	err = scmi_agent_submit_many(s->agent, calls, n, submitted);
	if (*submitted > n || (err == SCMI_OK) != (*submitted == n))
		fault(s, NULL, "submit_many of %u is %s after %u", (unsigned)n, scmi_error_name(err),
		      (unsigned)*submitted);
	for (uint32_t i = *submitted; i < n; i++)
		refuse(jobs[i], i == *submitted ? err : SCMI_OK);
	return err;
}

static void count_end(struct job *j, int err)
{
	const uint32_t i = (uint32_t)-err < ERRORS ? (uint32_t)-err : ERRORS - 1u;

	tally_add(&tally_here(j->s)->lane[j->lane->index].ended[i], 1u);
}

/* Its results tell whether it was sent, for the same errors may mean both. */
int job_call(struct job *j)
{
	int err;

	begin(j);
	err = scmi_agent_call(j->s->agent, &j->call);
	if (err != SCMI_OK && j->call.status == STATUS_UNTOUCHED) {
		refuse(j, err);
		return err;
	}
	count_end(j, err);
	verdict_ended(j, err);
	job_seal(j);
	take(j, JOB_IDLE);
	return err;
}

/* Waits for a loose one. SCMI_E_INPROGRESS: it has not ended. */
int job_wait(struct job *j, uint64_t until_us)
{
	const int err = until_us == SCMI_NEVER ? scmi_agent_wait(j->s->agent, &j->call)
					       : scmi_agent_wait_until(j->s->agent, &j->call, until_us);

	if (err == SCMI_E_INPROGRESS) {
		if (now_us(j->s) < until_us)
			fault(j->s, j->lane, "wait_until has left too early");
		return err;
	}
	count_end(j, err);
	verdict_ended(j, err);
	job_seal(j);
	take(j, JOB_IDLE);
	return err;
}

/* What a callback must not do. */
static void try_what_is_forbidden(struct job *j)
{
	struct scmi_agent *agent = j->s->agent;
	struct scmi_call call = {.size = sizeof(call), .protocol = j->lane->protocol};

	if (scmi_agent_call(agent, &call) != SCMI_E_CONTEXT || scmi_agent_wait(agent, &call) != SCMI_E_CONTEXT ||
	    scmi_agent_stop(agent) != SCMI_E_CONTEXT || scmi_agent_recover(agent, 0) != SCMI_E_CONTEXT ||
	    scmi_agent_quiesce(agent, 0) != SCMI_E_CONTEXT || scmi_agent_poll(agent, 1) != 0)
		fault(j->s, j->lane, "something goes in a callback that must not");
}

/* Any job that may be cancelled: beside its waiter, its end, from inside another's done function. */
void job_cancel(struct job *j)
{
	int err;

	if (!job_try_lock(j))
		return;
	if (j->cancellable) {
		err = scmi_agent_cancel(j->s->agent, &j->call);
		if (err == SCMI_OK)
			tally_add(&tally_here(j->s)->cancelled, 1u);
		else if (err != SCMI_E_INPROGRESS && err != SCMI_E_NOTFOUND)
			fault(j->s, j->lane, "cancel is %s", scmi_error_name(err));
	}
	job_unlock(j);
}

/* The same job again, on another link perhaps. Where that is refused the job is idle. */
static void again(struct job *j)
{
	struct wish w = {.lane = lane_pick(j->s, &j->random), .flags = once_in(&j->random, 8) ? SCMI_CALL_URGENT : 0};

	j->chain--;
	job_prepare(j, &w, job_done);
	(void)job_submit(j);
}

void job_done(struct scmi_call *call, int err)
{
	struct job *j = call->arg;
	struct stress *s = j->s;

	callback_enter(s);
	take(j, JOB_ENDED);
	count_end(j, err);
	verdict_ended(j, err);
	job_seal(j);
	if (once_in(&j->random, 128))
		try_what_is_forbidden(j);
	if (once_in(&j->random, 64))
		job_cancel(job_find(j->s, (uint64_t)pick(&j->random, j->s->o.threads * JOBS) << 32));
	if (j->chain != 0)
		again(j);
	else
		atomic_store_explicit(&j->state, JOB_IDLE, memory_order_release);
	callback_leave(s);
}
