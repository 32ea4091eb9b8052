/* SPDX-License-Identifier: BSD-3-Clause */
/* Start, stop, and the loss of the link: the inner transport is stopped and started for it, as its contract allows. */
#include <limits.h>

#include "flaky_internal.h"

/* Whoever sleeps in wait() looks again. */
void flaky__wake(void *ctx)
{
	struct flaky *f = ctx;

	if ((f->inner.caps & SCMI_CAP_WAIT) != 0)
		f->inner.ops->wake(f->inner.ctx);
	if (f->event != NULL)
		f->config.port->event_signal(f->config.port->ctx, f->event);
}

static int start_inner(struct flaky *f)
{
	return f->inner.ops->start(f->inner.ctx, &flaky__sink, f);
}

static void forget(struct flaky *f)
{
	f->ready_owed = false;
	f->stall_us[FLAKY_A2P] = 0;
	f->stall_us[FLAKY_P2A] = 0;
}

int flaky__start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct flaky *f = ctx;
	int err;

	flaky__lock(f);
	f->sink = sink;
	f->core = core;
	f->link = LINK_UP;
	f->inner_down = false;
	forget(f);
	flaky__unlock(f);
	err = start_inner(f);
	flaky__lock(f);
	f->open = err == SCMI_OK;
	flaky__unlock(f);
	if (err != SCMI_OK)
		flaky__discard(f);
	return err;
}

/* Nothing of ours is delivered from here on, and nothing is being. */
static enum link_state shut(struct flaky *f)
{
	enum link_state link;

	flaky__lock(f);
	f->open = false;
	while (f->link == LINK_TURNING)
		pthread_cond_wait(&f->news, &f->lock);
	flaky__wait_others(f);
	link = f->link;
	flaky__unlock(f);
	return link;
}

void flaky__stop(void *ctx)
{
	struct flaky *f = ctx;
	const enum link_state link = shut(f);

	flaky__wake(f);
	if (link != LINK_DOWN)
		f->inner.ops->stop(f->inner.ctx);
	flaky__discard(f);
	flaky__lock(f);
	f->link = LINK_UP;
	forget(f);
	flaky__unlock(f);
}

static void open_again(struct flaky *f, bool up)
{
	flaky__lock(f);
	f->open = true;
	f->link = LINK_UP;
	f->inner_down = !up;
	flaky__unlock(f);
}

/* A lost link has nothing that could still come: it starts anew. */
int flaky__recover(void *ctx)
{
	struct flaky *f = ctx;
	const enum link_state link = shut(f);
	int err;

	if (link == LINK_UP) {
		err = f->inner.ops->recover(f->inner.ctx);
	} else {
		if (link == LINK_CUT)
			f->inner.ops->stop(f->inner.ctx);
		err = start_inner(f);
	}
	if (err != SCMI_E_BUSY) {
		flaky__discard(f);
		flaky__lock(f);
		forget(f);
		flaky__unlock(f);
	}
	if (link == LINK_UP || err == SCMI_OK) {
		open_again(f, err == SCMI_OK || (err == SCMI_E_BUSY && !f->inner_down));
		if (link == LINK_DOWN)
			f->sink->ready(f->core);
		return err;
	}
	flaky__lock(f);
	f->open = true;
	f->link = LINK_DOWN;
	flaky__unlock(f);
	return err;
}

/* ---- link faults ---- */

static uint64_t mend_after(struct flaky *f, uint64_t now_us)
{
	return now_us + 1u + flaky__pick(&f->random[FLAKY_A2P], f->config.link_us_max);
}

/* The inner stop() promises what link_down() has to: nothing that was sent before comes any more. */
static void lose(struct flaky *f, uint64_t now_us)
{
	f->inner.ops->stop(f->inner.ctx);
	flaky__lock(f);
	forget(f);
	flaky__unlock(f);
	f->sink->link_down(f->core, SCMI_E_LINK);
	/* Afterwards: an acquired transfer that goes without its message ends with the link's error. */
	flaky__discard(f);
	flaky__lock(f);
	f->mend_us = mend_after(f, now_us);
	f->link = LINK_DOWN;
	pthread_cond_broadcast(&f->news);
	flaky__unlock(f);
}

static void mend(struct flaky *f, uint64_t now_us)
{
	bool tell;
	int err;

	flaky__lock(f);
	f->inner_down = false;
	flaky__unlock(f);
	err = start_inner(f);
	flaky__lock(f);
	tell = err == SCMI_OK && !f->inner_down && flaky__begin(f);
	flaky__unlock(f);
	if (tell)
		f->sink->ready(f->core);
	flaky__lock(f);
	if (tell)
		flaky__end(f);
	f->link = err == SCMI_OK ? LINK_UP : LINK_DOWN;
	f->mend_us = mend_after(f, now_us);
	pthread_cond_broadcast(&f->news);
	flaky__unlock(f);
}

/* One thread becomes the one that turns the link, if nobody is inside anything. */
static enum link_state take_turn(struct flaky *f, uint64_t now_us)
{
	enum link_state was = LINK_UP;

	flaky__lock(f);
	if (f->open && f->hushed == 0 && f->inside == 0 && f->callers == 0 &&
	    (f->link == LINK_CUT || (f->link == LINK_DOWN && (f->calm || f->mend_us <= now_us)))) {
		was = f->link;
		f->link = LINK_TURNING;
	}
	flaky__unlock(f);
	return was;
}

/* From poll(), and whoever else is outside of every call. */
void flaky__turn(struct flaky *f)
{
	const uint64_t now_us = flaky__now(f);
	const enum link_state was = take_turn(f, now_us);

	if (was == LINK_CUT)
		lose(f, now_us);
	else if (was == LINK_DOWN)
		mend(f, now_us);
}

void flaky_turn(struct flaky *f)
{
	flaky__turn(f);
	(void)flaky__run(f, true, INT_MAX);
}

/* With the lock held. */
void flaky__cut(struct flaky *f)
{
	if (f->open && f->link == LINK_UP) {
		f->link = LINK_CUT;
		f->counts.fault[FLAKY_A2P][FLAKY_LINK]++;
	}
}

void flaky_cut(struct flaky *f)
{
	flaky__lock(f);
	flaky__cut(f);
	flaky__unlock(f);
	flaky__wake(f);
	flaky__turn(f);
}

void flaky_calm(struct flaky *f)
{
	flaky__lock(f);
	f->calm = true;
	f->stall_us[FLAKY_A2P] = 0;
	f->stall_us[FLAKY_P2A] = 0;
	flaky__unlock(f);
	flaky__wake(f);
	flaky__turn(f); /* lost, */
	flaky__turn(f); /* and back */
	(void)flaky__run(f, true, INT_MAX);
}

void flaky_rough(struct flaky *f)
{
	flaky__lock(f);
	f->calm = false;
	flaky__unlock(f);
}
