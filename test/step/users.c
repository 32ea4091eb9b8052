/* SPDX-License-Identifier: BSD-3-Clause */
/* The users of a scenario: what they do with their calls, and what must be true when one comes back. */
#include <stddef.h>

#include "world.h"

#define RECHECK_US   1000u
#define RECHECKS_MAX 2u

static unsigned index_of(const struct user *u)
{
	return (unsigned)(u - world->user);
}

struct user *user_of(uint32_t ghost)
{
	if (ghost >> 8 == 0 || ghost >> 8 > USERS)
		step_fail("a message with parameters of nobody");
	return &world->user[(ghost >> 8) - 1];
}

static bool has(const struct user *u, uint32_t flag)
{
	return (u->call.flags & flag) != 0;
}

static bool is_end(int err)
{
	switch (err) {
	case SCMI_OK:
	case SCMI_E_REMOTE:
	case SCMI_E_TIMEOUT:
	case SCMI_E_CANCELLED:
	case SCMI_E_CLOSED:
	case SCMI_E_LINK:
	case SCMI_E_NOPEER:
	case SCMI_E_PROTO:
	case SCMI_E_IO:
		return true;
	default:
		return false;
	}
}

/* --- no end without its cause, nor before its time --- */

static void check_timeout(const struct user *u)
{
	uint64_t end_us = u->begun_us + world->queue_us;

	if (u->sent_us != NO_TIME)
		end_us = u->sent_us + u->call.timeout_us;
	if (u->halved_us != NO_TIME)
		end_us = u->halved_us + u->call.delayed_timeout_us;
	if (u->call.deadline_us != 0 && u->call.deadline_us < end_us)
		end_us = u->call.deadline_us;
	if (world->time_us < end_us)
		step_fail("user %u: timed out before its time", index_of(u));
	if (u->wiped_us != NO_TIME && u->wiped_us < end_us)
		step_fail("user %u: timed out although its message had been forgotten before", index_of(u));
}

static void check_cause(const struct user *u, int err)
{
	unsigned i = index_of(u);

	if (err == SCMI_OK && (u->call.reply_len != 4 || u->reply[0] != u->ghost))
		step_fail("user %u: wrong match: the reply of submission %#x for %#x", i, u->reply[0], u->ghost);
	if ((err == SCMI_OK || err == SCMI_E_REMOTE) && u->sent_us == NO_TIME && !world->hostile)
		step_fail("user %u: an answer to what was not sent", i);
	if (err == SCMI_E_TIMEOUT)
		check_timeout(u);
	if (err == SCMI_E_CLOSED && !world->stopping)
		step_fail("user %u: closed without a stop", i);
	if ((err == SCMI_E_LINK || err == SCMI_E_NOPEER) && !world->downed && !world->recovering)
		step_fail("user %u: link lost, but it was not", i);
	if (err == SCMI_E_CANCELLED && !u->cancelling && !world->cancelling)
		step_fail("user %u: cancelled by nobody", i);
}

/* The call is its user's again. */
static void user_ends(struct user *u, int err)
{
	unsigned i = index_of(u);

	step_note("user %u ends: %d", i, err);
	if (!u->in_flight)
		step_fail("user %u: completed twice, or without a submit", i);
	if (world->stopped && !u->waits)
		step_fail("user %u: a callback after stop has returned", i);
	if (!is_end(err))
		step_fail("user %u: ends with %d", i, err);
	for (unsigned r = 0; r < 3; r++)
		step_own(u->region[r], STEP_USER);
	step_user_read(&u->call, offsetof(struct scmi_call, err_));
	step_user_read(u->reply, sizeof(u->reply));
	check_cause(u, err);
	u->in_flight = false;
	u->ends++;
	u->ended[-err & 31]++;
	u->last = err;
}

void on_done(struct scmi_call *call, int err)
{
	struct user *u = (struct user *)(void *)call;
	unsigned me = step_self() % STEP_CONTEXTS;

	if (world->watched)
		step_point(&world->callbacks);
	world->callbacks++;
	if (world->depth[me]++)
		step_fail("user %u: a callback inside a callback", index_of(u));
	user_ends(u, err);
	if (u->again != NULL)
		u->again(u);
	tell(&u->told_end);
	step_user_write(&world->diary[me], sizeof(world->diary[0]));
	if (world->watched)
		step_point(&world->callbacks);
	world->depth[me]--;
	world->callbacks--;
}

/* --- the order of submits --- */

unsigned next_in_order(void)
{
	if (!world->ordered)
		return 0;
	step_point(&world->order);
	return ++world->order;
}

/* Something has begun that may end it before it is sent. */
static bool may_have_ended(const struct user *v)
{
	return !v->in_flight || v->taken || v->cancelling || world->cancelling || world->stopping || world->downed ||
	       world->recovering || world->time_us >= v->begun_us + world->queue_us ||
	       (v->sent_us != NO_TIME && world->time_us >= v->sent_us + v->call.timeout_us);
}

/* Who submitted before goes before, but for urgent calls; a fence waits until they have ended. */
static void check_order(const struct user *u)
{
	for (unsigned i = 0; i < USERS; i++) {
		const struct user *v = &world->user[i];

		if (v == u || v->link != u->link || may_have_ended(v) || v->returned == 0 || v->returned > u->began)
			continue;
		if (v->sent_us == NO_TIME && !has(u, SCMI_CALL_URGENT))
			step_fail("user %u is sent before user %u", index_of(u), i);
		if (v->sent_us != NO_TIME && has(u, SCMI_CALL_FENCE))
			step_fail("a fence, user %u, is sent before user %u has ended", index_of(u), i);
	}
}

/* What was queued when the transport got room and this context came to the pump: urgent calls go first. */
static void check_urgent(const struct user *u)
{
	const struct wire *wire = &world->wire[u->link];

	for (unsigned i = 0; i < USERS; i++) {
		const struct user *v = &world->user[i];

		if (wire->asker == step_self() + 1 && !has(u, SCMI_CALL_URGENT) && has(v, SCMI_CALL_URGENT) &&
		    v->link == u->link && v->sent_us == NO_TIME && !may_have_ended(v) && v->returned != 0 &&
		    v->returned < wire->asked)
			step_fail("user %u is sent before user %u, whose call is urgent", index_of(u), i);
	}
}

void user_was_sent(struct user *u)
{
	u->sent_us = world->time_us;
	u->entering = false;
	if (world->ordered) {
		check_order(u);
		check_urgent(u);
	}
	tell(&u->inside);
}

/* --- submits --- */

/* Fills the call in and hands it over. */
static void user_begins(struct user *u)
{
	unsigned i = index_of(u);

	if (u->in_flight)
		step_fail("user %u: the scenario submits a call that is in flight", i);
	u->began = next_in_order();
	u->returned = 0;
	u->ghost = (i + 1) << 8 | (++u->submits & 0xff);
	u->in_flight = true;
	u->entering = !has(u, SCMI_CALL_NOWAIT);
	u->taken = false;
	u->refused = false;
	u->context = step_self();
	u->begun_us = world->time_us;
	u->sent_us = u->halved_us = u->wiped_us = NO_TIME;
	u->decided = 0;
	u->rechecks = 0;
	step_user_write(&u->call, offsetof(struct scmi_call, err_));
	step_user_write(u->params, sizeof(u->params));
	step_user_write(u->reply, sizeof(u->reply));
	u->params[0] = u->ghost;
	u->reply[0] = 0;
	step_own(u->region[0], STEP_LIBRARY);
	step_own(u->region[1], STEP_LENT);
	step_own(u->region[2], STEP_LIBRARY);
	world->waiting++;
}

/* Nothing was sent: the call is the user's, and no end may follow or have come. */
static void user_refused(struct user *u, unsigned ends, int err)
{
	unsigned i = index_of(u);

	step_note("user %u is refused: %d", i, err);
	if (u->ends != ends || !u->in_flight)
		step_fail("user %u: submit fails with %d although its call has ended", i, err);
	if ((err == SCMI_E_CLOSED && !world->stopping && !world->quiet) ||
	    (err == SCMI_E_NOPEER && !world->downed && !world->recovering))
		step_fail("user %u: refused with %d without a cause", i, err);
	if (err == SCMI_E_BUSY && !has(u, SCMI_CALL_NOWAIT) && world->depth[step_self() % STEP_CONTEXTS] == 0)
		step_fail("user %u: refused with BUSY although it may wait", i);
	if (err == SCMI_E_TIMEOUT)
		check_timeout(u);
	u->in_flight = false;
	u->submits--;
	for (unsigned r = 0; r < 3; r++)
		step_own(u->region[r], STEP_USER);
}

int user_submit(unsigned i)
{
	struct user *u = &world->user[i];
	unsigned ends = u->ends;
	uint32_t ghost;
	int err;

	user_begins(u);
	ghost = u->ghost;
	err = scmi_agent_submit(world->agent, &u->call);
	world->waiting--;
	if (err != SCMI_OK)
		user_refused(u, ends, err);
	if (u->in_flight && u->ghost == ghost) {
		u->entering = false;
		u->returned = next_in_order();
		if (err == SCMI_OK && has(u, SCMI_CALL_NOWAIT) && u->sent_us == NO_TIME && !may_have_ended(u))
			step_fail("user %u: left in the queue although it may not wait", i);
	}
	step_point(&u->told_submit);
	step_release(&world->user_clock);
	u->told_submit = err == SCMI_OK;
	u->submitted_us = world->time_us;
	return err;
}

static int user_waited(struct user *u, int err)
{
	world->waiting--;
	if (u->decided && world->jumps >= u->decided)
		step_fail("user %u slept past its end", index_of(u));
	if (err != SCMI_E_INPROGRESS)
		user_ends(u, err);
	return err;
}

int user_call(unsigned i)
{
	struct user *u = &world->user[i];
	unsigned ends = u->ends;
	int err;

	user_begins(u);
	err = scmi_agent_call(world->agent, &u->call);
	/* An error of send and an end by another context before it was sent look the same to the caller. */
	if (!is_end(err) || (u->sent_us == NO_TIME && err != SCMI_E_LINK)) {
		world->waiting--;
		world->unsure = world->unsure || is_end(err);
		user_refused(u, ends, err);
		return err;
	}
	return user_waited(u, err);
}

int user_wait_until(unsigned i, uint64_t until_us)
{
	struct user *u = &world->user[i];
	int err;

	world->waiting++;
	err = scmi_agent_wait_until(world->agent, &u->call, until_us);
	if (err == SCMI_E_INPROGRESS && world->time_us < until_us)
		step_fail("user %u: its wait is over before its time", i);
	return user_waited(u, err);
}

int user_wait(unsigned i)
{
	return user_wait_until(i, SCMI_NEVER);
}

int user_cancel(unsigned i)
{
	struct user *u = &world->user[i];
	int err;

	u->cancelling = true;
	step_grant(u->region[0]);
	err = scmi_agent_cancel(world->agent, &u->call);
	step_grant(0);
	step_note("cancel of user %u: %d", i, err);
	if (err == SCMI_OK) {
		u->cancels++;
		u->decided = world->jumps + 1;
	} else if (err != SCMI_E_INPROGRESS && err != SCMI_E_NOTFOUND) {
		step_fail("cancel returns %d", err);
	}
	return err;
}

void cancel_all(void)
{
	world->cancelling = true;
	world->cancelled += scmi_agent_cancel_all(world->agent);
}

void await_submitted(unsigned i)
{
	await(&world->user[i].told_submit);
}

void await_ended(unsigned i)
{
	await(&world->user[i].told_end);
}

void await_inside(unsigned i)
{
	await(&world->user[i].inside);
}

/* --- waiting for a slot --- */

void user_sleeps(void)
{
	for (unsigned i = 0; i < USERS; i++) {
		struct user *u = &world->user[i];

		if (u->entering && u->context == step_self() && !u->inside)
			tell(&u->inside);
	}
}

/* A slot that this call may take. */
static bool any_free(const struct user *u)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};
	unsigned reserved = has(u, SCMI_CALL_URGENT) ? 0 : world->reserved;

	scmi_agent_stats(world->agent, u->link, &s);
	return s.in_flight + s.quarantined + reserved < s.max_inflight;
}

/*
 * Nobody can go on. Who waits for a slot must not sleep beside a free one, unless it looks again by itself soon: a slot
 * may become free unseen. Then it gets one, so it does not look again and again.
 */
void check_starving(void)
{
	for (unsigned i = 0; world->starves && i < USERS; i++) {
		struct user *u = &world->user[i];
		uint64_t until_us = world->sleeps[u->context % STEP_CONTEXTS];

		if (!u->entering || until_us <= world->time_us)
			continue;
		if (until_us <= world->time_us + RECHECK_US && ++u->rechecks > RECHECKS_MAX)
			step_fail("user %u looks for a slot again and again", i);
		if (until_us > world->time_us + RECHECK_US && any_free(u))
			step_fail("user %u waits for a slot beside a free one", i);
	}
}
