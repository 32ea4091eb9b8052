/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages that are held, and how they go on their way. */
#include <limits.h>
#include <string.h>

#include "flaky_internal.h"

/* A message of ours, TAKEN; NULL: all are in use. */
struct message *flaky__take(struct flaky *f, enum flaky_direction direction, const struct plan *plan)
{
	for (uint32_t i = 0; i < f->config.messages; i++) {
		struct message *m = &f->messages[i];

		if (m->state == MESSAGE_FREE) {
			unsigned char *bytes = m->bytes;

			*m = (struct message){
				.state = MESSAGE_TAKEN,
				.direction = direction,
				.plan = *plan,
				.due_us = UINT64_MAX,
				.due_seq = UINT64_MAX,
				.bytes = bytes,
			};
			return m;
		}
	}
	return NULL;
}

void flaky__free(struct flaky *f, struct message *m)
{
	m->state = MESSAGE_FREE;
	pthread_cond_broadcast(&f->news);
}

bool flaky__is_held(const struct flaky *f, enum flaky_direction direction, const struct plan *plan, uint64_t now_us)
{
	return (plan->faults & FLAKY_HOLDS) != 0 || (direction == FLAKY_P2A && f->stall_us[FLAKY_P2A] > now_us);
}

static void set_due(struct flaky *f, struct message *m, uint64_t now_us)
{
	struct plan *plan = &m->plan;
	uint32_t *fault = f->counts.fault[m->direction];

	if ((plan->faults & FLAKY_BIT(FLAKY_DELAY)) != 0) {
		m->due_us = now_us + 1u + flaky__pick(&plan->random, f->config.delay_us_max);
		fault[FLAKY_DELAY]++;
	}
	if ((plan->faults & FLAKY_BIT(FLAKY_REORDER)) != 0) {
		m->due_seq = f->counts.passed[m->direction] + 1u + flaky__pick(&plan->random, f->config.reorder_max);
		if (m->due_us > now_us + f->config.delay_us_max)
			m->due_us = now_us + f->config.delay_us_max;
		fault[FLAKY_REORDER]++;
	}
	if (m->direction == FLAKY_P2A && f->stall_us[FLAKY_P2A] > now_us) {
		m->due_us = f->stall_us[FLAKY_P2A];
		m->due_seq = UINT64_MAX;
	}
	if (m->due_us == UINT64_MAX) /* a second copy: as soon as may be */
		m->due_us = 0;
}

void flaky__hold(struct flaky *f, struct message *m, uint64_t now_us)
{
	set_due(f, m, now_us);
	m->order = ++f->order;
	m->state = MESSAGE_HELD;
}

/* Counts what a message suffered, now that it has gone on. */
void flaky__passed(struct flaky *f, enum flaky_direction direction, const struct plan *plan)
{
	f->counts.passed[direction]++;
	for (unsigned fault = 0; fault < FLAKY_FAULTS; fault++) {
		if ((plan->faults & FLAKY_CONTENT & FLAKY_BIT(fault)) != 0)
			f->counts.fault[direction][fault]++;
	}
}

/*
 * A new command for a slot means that the core no longer waits for an older one that we hold. True: that one is just
 * being sent, and the new one must wait.
 */
bool flaky__slot_is_busy(struct flaky *f, uint16_t slot)
{
	bool busy = false;

	for (uint32_t i = 0; i < f->config.messages; i++) {
		struct message *m = &f->messages[i];

		if (m->state == MESSAGE_FREE || m->direction != FLAKY_A2P || m->tx.slot != slot)
			continue;
		if (m->state == MESSAGE_HELD) {
			f->counts.lost[FLAKY_A2P]++;
			flaky__free(f, m);
		} else {
			busy = true;
		}
	}
	return busy;
}

/* The inner transport has room again. */
void flaky__unblock(struct flaky *f)
{
	for (uint32_t i = 0; i < f->config.messages; i++) {
		if (f->messages[i].blocked)
			f->messages[i].due_us = 0;
		f->messages[i].blocked = false;
	}
}

/* ---- calls of our own making ---- */

/* False: too many at once; then later. */
bool flaky__begin(struct flaky *f)
{
	if (f->callers == FLAKY_CALLERS)
		return false;
	f->caller[f->callers++] = pthread_self();
	return true;
}

void flaky__end(struct flaky *f)
{
	for (uint32_t i = f->callers; i-- > 0;) {
		if (pthread_equal(f->caller[i], pthread_self())) {
			f->caller[i] = f->caller[--f->callers];
			break;
		}
	}
	pthread_cond_broadcast(&f->news);
}

/* Until no other thread is inside such a call. This one may be, further up its stack. */
void flaky__wait_others(struct flaky *f)
{
	for (uint32_t i = 0; i < f->callers;) {
		if (pthread_equal(f->caller[i], pthread_self())) {
			i++;
		} else {
			pthread_cond_wait(&f->news, &f->lock);
			i = 0;
		}
	}
}

/* ---- delivery ---- */

static bool is_due(const struct flaky *f, const struct message *m, uint64_t now_us)
{
	return m->due_us <= now_us || m->due_seq <= f->counts.passed[m->direction] || (f->calm && !m->blocked);
}

static bool may_go(const struct flaky *f, const struct message *m, bool down)
{
	if (m->direction == FLAKY_P2A)
		return true;
	return down && !f->inner_down &&
	       ((f->inner.caps & SCMI_CAP_CONCURRENT) != 0 || (f->sends == 0 && f->own_sends == 0));
}

static struct message *oldest_due(struct flaky *f, bool down, uint64_t now_us)
{
	struct message *first = NULL;

	for (uint32_t i = 0; i < f->config.messages; i++) {
		struct message *m = &f->messages[i];

		if (m->state != MESSAGE_HELD || !is_due(f, m, now_us) || !may_go(f, m, down))
			continue;
		if (first == NULL || m->due_us < first->due_us ||
		    (m->due_us == first->due_us && m->order < first->order))
			first = m;
	}
	return first;
}

/* The next one to go, TAKEN; its deliverer is one of the callers. */
static struct message *take_due(struct flaky *f, bool down, uint64_t now_us)
{
	struct message *m = NULL;

	flaky__lock(f);
	if (f->open && f->hushed == 0 && f->link == LINK_UP && f->callers < FLAKY_CALLERS)
		m = oldest_due(f, down, now_us);
	if (m != NULL) {
		m->state = MESSAGE_TAKEN;
		m->blocked = false;
		(void)flaky__begin(f);
		f->own_sends += m->direction == FLAKY_A2P ? 1u : 0u;
	}
	flaky__unlock(f);
	return m;
}

static void send_held(struct flaky *f, struct message *m, uint64_t now_us)
{
	const int err = f->inner.ops->send(f->inner.ctx, &m->tx);

	flaky__lock(f);
	f->own_sends--;
	if (err == SCMI_E_BUSY) {
		m->blocked = true;
		m->due_us = now_us + f->config.delay_us_max;
		m->due_seq = UINT64_MAX;
		m->state = MESSAGE_HELD;
	} else {
		if (err == SCMI_OK)
			flaky__passed(f, FLAKY_A2P, &m->plan);
		else
			f->counts.lost[FLAKY_A2P]++;
		flaky__free(f, m);
	}
	flaky__end(f);
	flaky__unlock(f);
}

static void deliver_held(struct flaky *f, struct message *m)
{
	const struct scmi_rx rx = {.hdr = m->hdr, .len = m->len, .data = m->bytes, .token = m->token};

	if (m->acquired) {
		(void)f->sink->complete(f->core, &m->xfer, m->len);
		f->sink->release(f->core, &m->xfer);
	} else {
		(void)f->sink->rx(f->core, &rx);
	}
	flaky__lock(f);
	flaky__passed(f, FLAKY_P2A, &m->plan);
	flaky__free(f, m);
	flaky__end(f);
	flaky__unlock(f);
}

/* Tells the core that what we refused may come again. */
static void tell_ready(struct flaky *f, uint64_t now_us)
{
	bool tell;

	flaky__lock(f);
	tell = f->ready_owed && f->open && f->hushed == 0 && f->link == LINK_UP && f->own_sends == 0 &&
	       f->stall_us[FLAKY_A2P] <= now_us && flaky__begin(f);
	if (tell)
		f->ready_owed = false;
	flaky__unlock(f);
	if (!tell)
		return;
	f->sink->ready(f->core);
	flaky__lock(f);
	flaky__end(f);
	flaky__unlock(f);
}

int flaky__run(struct flaky *f, bool down, int max)
{
	const uint64_t now_us = flaky__now(f);
	struct message *m;
	int n = 0;

	for (uint32_t i = 0; i < f->config.messages && n < max; i++) {
		m = take_due(f, down, now_us);
		if (m == NULL)
			break;
		if (m->direction == FLAKY_A2P) {
			send_held(f, m, now_us);
		} else {
			deliver_held(f, m);
			n++;
		}
	}
	tell_ready(f, now_us);
	return n;
}

/* When a poll is due: what is held, a stall that ends, a link that comes back. */
uint64_t flaky__next_us(struct flaky *f)
{
	uint64_t next_us = UINT64_MAX;

	if (f->link == LINK_CUT)
		return 0;
	if (f->link == LINK_DOWN)
		return f->calm ? 0 : f->mend_us;
	if (f->ready_owed)
		next_us = f->stall_us[FLAKY_A2P];
	for (uint32_t i = 0; i < f->config.messages; i++) {
		const struct message *m = &f->messages[i];

		if (m->state == MESSAGE_HELD && is_due(f, m, 0))
			return 0;
		if (m->state == MESSAGE_HELD && m->due_us < next_us)
			next_us = m->due_us;
	}
	return next_us;
}

/* ---- the end of what is held ---- */

static struct message *take_held(struct flaky *f)
{
	struct message *m = NULL;

	flaky__lock(f);
	for (uint32_t i = 0; i < f->config.messages && m == NULL; i++) {
		if (f->messages[i].state == MESSAGE_HELD)
			m = &f->messages[i];
	}
	if (m != NULL) {
		m->state = MESSAGE_TAKEN;
		f->counts.lost[m->direction]++;
	}
	flaky__unlock(f);
	return m;
}

/* Drops all that is held. Nothing of ours is being delivered, nor will be meanwhile. */
void flaky__discard(struct flaky *f)
{
	struct message *m;

	while ((m = take_held(f)) != NULL) {
		if (m->acquired)
			f->sink->release(f->core, &m->xfer);
		flaky__lock(f);
		flaky__free(f, m);
		flaky__unlock(f);
	}
}
