/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls of one link, one after the other, from one thread: they leave in this order, and a fence among them parts those
 * before it from those behind it. The platform numbers what arrives, and remembers how much had come when it answered.
 */
#include "stress.h"

#define LOOSE 1u

static uint16_t draw_flags(struct worker *w, uint32_t left)
{
	const uint32_t r = pick(&w->random, 8);

	if (r == 0)
		return SCMI_CALL_FENCE;
	if (r == 1)
		return SCMI_CALL_NOWAIT;
	return r < 4u && left != 0 ? SCMI_CALL_MORE : 0;
}

static uint32_t submit_one_by_one(struct worker *w, struct job *const *jobs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (job_submit(jobs[i]) != SCMI_OK)
			return i; /* the others have not been made known to the library */
	}
	(void)w;
	return n;
}

static uint32_t submit_all(struct worker *w, struct job *const *jobs, uint32_t n)
{
	uint32_t submitted = 0;

	if (once_in(&w->random, 2))
		return submit_one_by_one(w, jobs, n);
	(void)job_submit_many(jobs, n, &submitted);
	return submitted;
}

/* Whether messages of this link arrive as they were sent. */
static bool keeps_order(const struct lane *l)
{
	return l->weather == FAIR;
}

/* 0: not known, or forgotten since. */
static uint32_t answered_at(const struct job *j)
{
	const struct mark *m = lane_mark(j->lane, j->arrival);

	return m != NULL ? atomic_load_explicit(&m->answered, memory_order_relaxed) : 0;
}

static bool comes_before(uint32_t a, uint32_t b)
{
	return (int32_t)(b - a) > 0;
}

static void check_pair(const struct job *a, const struct job *b)
{
	const uint32_t answered = answered_at(a);

	if (keeps_order(a->lane) && !comes_before(a->arrival, b->arrival))
		fault(a->s, a->lane, "call %#llx has overtaken %#llx", (unsigned long long)b->nonce,
		      (unsigned long long)a->nonce);
	if ((b->call.flags & SCMI_CALL_FENCE) != 0 && answered != 0 && !comes_before(answered, b->arrival))
		fault(a->s, a->lane, "the fence %#llx was sent before %#llx had ended", (unsigned long long)b->nonce,
		      (unsigned long long)a->nonce);
	/* Both at the earliest when the fence has ended, and so have all before it. */
	if ((a->call.flags & SCMI_CALL_FENCE) != 0 && keeps_order(a->lane) && !comes_before(a->arrival, b->arrival))
		fault(a->s, a->lane, "call %#llx was sent before the fence %#llx", (unsigned long long)b->nonce,
		      (unsigned long long)a->nonce);
}

static void check_order(struct job *const *jobs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = i + 1u; k < n; k++) {
			if (jobs[i]->right && jobs[k]->right)
				check_pair(jobs[i], jobs[k]);
		}
	}
}

void worker_sequence(struct worker *w)
{
	struct job *jobs[LOOSE_JOBS];
	struct wish wish = {.lane = lane_pick(w->s, &w->random), .plain = true};
	uint32_t submitted;
	uint32_t n;

	if (wish.lane->loose_max < 2u)
		return;
	n = between(&w->random, 2, wish.lane->loose_max);
	atomic_store_explicit(&w->doing, "a sequence", memory_order_relaxed);
	for (uint32_t i = 0; i < n; i++) {
		jobs[i] = &w->jobs[LOOSE + i];
		wish.act = once_in(&w->random, 3) ? ACT_LATER : ACT_NOW;
		wish.flags = draw_flags(w, n - i - 1u);
		job_lock(jobs[i]);
		jobs[i]->cancellable = true;
		job_prepare(jobs[i], &wish, NULL);
	}
	submitted = submit_all(w, jobs, n);
	for (uint32_t i = 0; i < n; i++)
		job_unlock(jobs[i]);
	for (uint32_t i = 0; i < submitted; i++)
		(void)job_wait(jobs[i], SCMI_NEVER);
	if (w->jobs[LOOSE].lane->weather != CORRUPT)
		check_order(jobs, submitted);
}
