/* SPDX-License-Identifier: BSD-3-Clause */
/* The users of a scenario: what they do with their calls, and what must be true when one comes back. */
#include <stddef.h>

#include "world.h"

static bool is_end(int err)
{
	switch (err) {
	case SCMI_OK:
	case SCMI_E_REMOTE:
	case SCMI_E_TIMEOUT:
	case SCMI_E_CANCELLED:
	case SCMI_E_CLOSED:
	case SCMI_E_LINK:
	case SCMI_E_PROTO:
	case SCMI_E_IO:
		return true;
	default:
		return false;
	}
}

/* No end without its cause, nor before its time. */
static void check_cause(const struct user *u, int err)
{
	unsigned i = (unsigned)(u - world->user);

	if (err == SCMI_OK && (u->call.reply_len != 4 || u->reply[0] != u->ghost))
		step_fail("user %u: wrong match: the reply of submission %#x for %#x", i, u->reply[0], u->ghost);
	if ((err == SCMI_OK || err == SCMI_E_REMOTE) && u->sent_us == NO_TIME && !world->hostile)
		step_fail("user %u: an answer to what was not sent", i);
	if (err == SCMI_E_TIMEOUT && (u->sent_us == NO_TIME || world->time_us < u->sent_us + u->call.timeout_us))
		step_fail("user %u: timed out before its time", i);
	if (err == SCMI_E_CLOSED && !world->stopping)
		step_fail("user %u: closed without a stop", i);
	if (err == SCMI_E_LINK && !world->downed)
		step_fail("user %u: link lost, but it was not", i);
}

/* The call is its user's again. */
static void user_ends(struct user *u, int err)
{
	unsigned i = (unsigned)(u - world->user);

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

	if (world->watched)
		step_point(&world->callbacks);
	world->callbacks++;
	user_ends(u, err);
	if (u->again != NULL)
		u->again(u);
	step_point(&u->told_end);
	step_release(&world->user_clock);
	u->told_end = true;
	step_user_write(&world->diary[step_self() % STEP_CONTEXTS], sizeof(world->diary[0]));
	if (world->watched)
		step_point(&world->callbacks);
	world->callbacks--;
}

/* Fills the call in and hands it over. */
static void user_begins(struct user *u)
{
	unsigned i = (unsigned)(u - world->user);

	if (u->in_flight)
		step_fail("user %u: the scenario submits a call that is in flight", i);
	u->ghost = (i + 1) << 8 | (++u->submits & 0xff);
	u->in_flight = true;
	u->sent_us = NO_TIME;
	u->decided = 0;
	step_user_write(&u->call, offsetof(struct scmi_call, err_));
	step_user_write(u->params, sizeof(u->params));
	step_user_write(u->reply, sizeof(u->reply));
	u->params[0] = u->ghost;
	u->reply[0] = 0;
	step_own(u->region[0], STEP_LIBRARY);
	step_own(u->region[1], STEP_LENT);
	step_own(u->region[2], STEP_LIBRARY);
}

/* Nothing was sent: the call is the user's, and no end may follow or have come. */
static void user_refused(struct user *u, unsigned ends, int err)
{
	step_note("user %u is refused: %d", (unsigned)(u - world->user), err);
	if (u->ends != ends || !u->in_flight)
		step_fail("user %u: submit fails with %d although its call has ended", (unsigned)(u - world->user),
			  err);
	if ((err == SCMI_E_CLOSED && !world->stopping) || (err == SCMI_E_NOPEER && !world->downed))
		step_fail("user %u: refused with %d without a cause", (unsigned)(u - world->user), err);
	u->in_flight = false;
	u->submits--;
	for (unsigned r = 0; r < 3; r++)
		step_own(u->region[r], STEP_USER);
}

int user_submit(unsigned i)
{
	struct user *u = &world->user[i];
	unsigned ends = u->ends;
	int err;

	user_begins(u);
	err = scmi_agent_submit(world->agent, &u->call);
	if (err != SCMI_OK)
		user_refused(u, ends, err);
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
		step_fail("user %u slept past its end", (unsigned)(u - world->user));
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
	world->waiting++;
	err = scmi_agent_call(world->agent, &u->call);
	/* An error of send and an end by another context before it was sent look the same to the caller. */
	if (!is_end(err) || (u->sent_us == NO_TIME && err != SCMI_E_LINK)) {
		world->waiting--;
		world->unsure = is_end(err);
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

static bool told(const void *flag)
{
	return *(const bool *)flag;
}

void await_submitted(unsigned i)
{
	step_block(told, &world->user[i].told_submit);
	step_point(&world->user[i].told_submit);
	step_acquire(&world->user_clock);
}

void await_ended(unsigned i)
{
	step_block(told, &world->user[i].told_end);
	step_point(&world->user[i].told_end);
	step_acquire(&world->user_clock);
}

/* --- time, start, rest --- */

void pass_time(uint64_t us)
{
	step_point(&world->time_us);
	world->time_us += us;
	step_note("time passes: %llu us", (unsigned long long)world->time_us);
}

void pass_time_and_poll(uint64_t us)
{
	pass_time(us);
	scmi_agent_poll(world->agent, 1);
}

bool world_idle(void)
{
	uint64_t next = SCMI_NEVER;

	if (world->waiting == 0)
		return false;
	for (unsigned i = 0; i < STEP_CONTEXTS; i++)
		if (world->sleeps[i] > world->time_us && world->sleeps[i] < next)
			next = world->sleeps[i];
	if (next == SCMI_NEVER)
		return false;
	world->time_us = next;
	world->jumps++;
	step_note("time jumps to %llu us", (unsigned long long)next);
	return true;
}

void stop_agent(void)
{
	int err;

	step_point(&world->callbacks);
	world->stopping = true;
	err = scmi_agent_stop(world->agent);
	if (err != SCMI_OK)
		step_fail("stop returns %d", err);
	step_point(&world->callbacks);
	world->stopped = true;
	step_user_read(world->diary, sizeof(world->diary));
	if (world->callbacks || world->upcalls)
		step_fail("stop returns while %u callbacks and %u upcalls run", world->callbacks, world->upcalls);
}

void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	(void)self;
	step_user_read(payload, len);
	if (len != 8 || ((const uint32_t *)payload)[1] != (hdr & 0xff))
		step_fail("a notification carries another one's values");
	world->notified++;
}

void notify_one(unsigned event, bool hold)
{
	const struct message m = {.hdr = scmi_hdr(PROTOCOL, (uint8_t)event, SCMI_MSG_NOTIFICATION, 0), .ghost = event};
	const struct scmi_rx rx = {.hdr = m.hdr, .len = 8, .cookie = (void *)(uintptr_t)&m, .token = SCMI_TOKEN_ANY};
	struct scmi_xfer x;
	int err;

	if (hold) {
		err = world->sink->acquire(world->core, m.hdr, &x);
		if (err == SCMI_OK) {
			x.priv = (void *)(uintptr_t)&m;
			err = world->sink->complete(world->core, &x, 8);
			world->sink->release(world->core, &x);
		}
	} else {
		err = world->sink->rx(world->core, &rx);
	}
	if (err != SCMI_OK && err != SCMI_E_BUSY)
		step_fail("a notification: the sink returns %d", err);
	world->received++;
	world->accepted += err == SCMI_OK;
}
