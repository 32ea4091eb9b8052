/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls of the stress: what becomes of each, and who makes it, waits for it or cancels it. */
#include <stddef.h>

#include <scmi/message.h>

#include "stress.h"

#define JOBS  20u
#define UPSET 64u /* steps between two times that all is upset, about */
#define MANY  3u

enum state { IDLE, SUBMITTING, LIVE };

struct job {
	struct scmi_call call;
	uint32_t params, reply;
	uint32_t number;
	_Atomic uint32_t state;
};

static struct job jobs[JOBS];

/* ---- one call ---- */

static bool may_end_with(const struct job *j, int err)
{
	switch (err) {
	case SCMI_E_TIMEOUT:
	case SCMI_E_CANCELLED:
		return true;
	case SCMI_E_REMOTE:
		return j->call.message == STRESS_REFUSED ? j->call.status == SCMI_HARDWARE_ERROR
							 : j->call.status == SCMI_BUSY;
	case SCMI_E_COMMS: /* the bent link only */
	case SCMI_E_PROTO:
	case SCMI_E_IO:
	case SCMI_E_LINK: /* it was recovered */
		return j->call.protocol == STRESS_LOOPBACK;
	default:
		return false;
	}
}

static void check_end(const struct job *j, int err)
{
	atomic_fetch_add(&stress.ended, 1);
	if (err == SCMI_OK) {
		stress_check(j->call.message != STRESS_REFUSED && j->call.reply_len == sizeof(j->reply));
		stress_check(scmi_get_le32(&j->reply) == (j->number ^ STRESS_KEY));
		atomic_fetch_add(&stress.answered, 1);
	} else if (!may_end_with(j, err)) {
		stress_fail(scmi_strerror(err), j->call.protocol * 256u + j->call.message);
	}
}

static void on_done(struct scmi_call *call, int err)
{
	struct job *j = call->arg;

	stress_check(atomic_load(&j->state) != IDLE);
	check_end(j, err);
	atomic_store(&j->state, IDLE);
}

static struct job *take_job(void)
{
	const uint32_t from = target_random(JOBS);

	for (uint32_t i = 0; i < JOBS; i++) {
		struct job *j = &jobs[(from + i) % JOBS];
		uint32_t idle = IDLE;

		if (atomic_compare_exchange_strong(&j->state, &idle, SUBMITTING))
			return j;
	}
	return NULL;
}

static uint16_t some_flags(bool waits)
{
	switch (target_random(16)) {
	case 0:
	case 1:
		return SCMI_CALL_POLL;
	case 2:
		return SCMI_CALL_URGENT;
	case 3:
		return SCMI_CALL_NOWAIT;
	case 4:
		return waits ? SCMI_CALL_FENCE : SCMI_CALL_NOWAIT;
	case 5:
		return SCMI_CALL_MORE;
	default:
		return 0;
	}
}

static uint8_t some_message(void)
{
	const uint32_t r = target_random(16);

	return r < 9u ? STRESS_ECHO : r < 12u ? STRESS_LATER : r < 15u ? STRESS_DELAYED : STRESS_REFUSED;
}

static void prepare(struct job *j, bool waits, scmi_done_fn done)
{
	const bool hasty = target_random(6) == 0;

	j->number = atomic_fetch_add(&stress.numbers, 1);
	j->reply = 0;
	scmi_put_le32(&j->params, j->number);
	j->call = (struct scmi_call){
		.size = sizeof(j->call),
		.protocol = target_random(3) == 0 ? STRESS_LOOPBACK : STRESS_MAILBOX,
		.message = some_message(),
		.flags = some_flags(waits),
		.params = &j->params,
		.params_len = sizeof(j->params),
		.reply = &j->reply,
		.reply_cap = sizeof(j->reply),
		.done = done,
		.arg = j,
		.timeout_us = hasty ? 1u + target_random(150) : 0,
		.delayed_timeout_us = hasty ? 1u + target_random(300) : 20000u,
	};
	if (j->call.message == STRESS_DELAYED)
		j->call.flags |= SCMI_CALL_DELAYED;
}

/* What a submit may be refused with. */
static void check_refusal(const struct job *j, int err)
{
	const bool bent = j->call.protocol == STRESS_LOOPBACK && (err == SCMI_E_IO || err == SCMI_E_NOPEER);
	const bool quiet = stress.resting && err == SCMI_E_CLOSED;

	if (err != SCMI_E_BUSY && err != SCMI_E_TIMEOUT && !bent && !quiet)
		stress_fail(scmi_strerror(err), j->call.protocol * 256u + j->call.message);
}

static void after_submit(struct job *j, int err)
{
	uint32_t submitting = SUBMITTING;

	if (err == SCMI_OK) {
		atomic_fetch_add(&stress.begun, 1);
		(void)atomic_compare_exchange_strong(&j->state, &submitting, LIVE);
	} else {
		check_refusal(j, err);
		atomic_store(&j->state, IDLE);
	}
}

/* ---- in thread mode ---- */

static void call_and_wait(struct job *j)
{
	int err;

	prepare(j, true, NULL);
	err = scmi_agent_call(stress.agent, &j->call);
	/* Whether a call was refused or has ended so cannot always be told apart; both are allowed. */
	if (err == SCMI_E_BUSY) {
		check_refusal(j, err);
	} else {
		atomic_fetch_add(&stress.begun, 1);
		check_end(j, err);
	}
	atomic_store(&j->state, IDLE);
}

static void submit_and_wait(struct job *j)
{
	int err;

	prepare(j, true, NULL);
	err = scmi_agent_submit(stress.agent, &j->call);
	if (err != SCMI_OK) {
		check_refusal(j, err);
		atomic_store(&j->state, IDLE);
		return;
	}
	atomic_fetch_add(&stress.begun, 1);
	atomic_store(&j->state, LIVE);
	err = scmi_agent_wait_until(stress.agent, &j->call, stress.port.now_us(stress.port.ctx) + target_random(200));
	while (err == SCMI_E_INPROGRESS) {
		if (target_random(2) != 0)
			(void)scmi_agent_cancel(stress.agent, &j->call);
		err = scmi_agent_wait(stress.agent, &j->call);
	}
	check_end(j, err);
	atomic_store(&j->state, IDLE);
}

static void submit_only(struct job *j)
{
	prepare(j, true, on_done);
	after_submit(j, scmi_agent_submit(stress.agent, &j->call));
}

static void submit_some(void)
{
	struct scmi_call *calls[MANY];
	struct job *some[MANY];
	uint32_t n = 0, submitted = 0;
	int err;

	while (n < MANY && (some[n] = take_job()) != NULL) {
		prepare(some[n], false, on_done);
		some[n]->call.flags |= SCMI_CALL_NOWAIT;
		some[n]->call.flags &= (uint16_t)~SCMI_CALL_FENCE;
		calls[n] = &some[n]->call;
		n++;
	}
	err = scmi_agent_submit_many(stress.agent, calls, n, &submitted);
	for (uint32_t i = 0; i < submitted; i++)
		after_submit(some[i], SCMI_OK);
	for (uint32_t i = submitted; i < n; i++) {
		if (i == submitted)
			check_refusal(some[i], err);
		atomic_store(&some[i]->state, IDLE);
	}
}

/* More than there are slots: the last ones wait for one. */
static void crowd(void)
{
	const uint8_t protocol = target_random(2) != 0 ? STRESS_MAILBOX : STRESS_LOOPBACK;

	for (uint32_t i = 0; i < STRESS_SLOTS + 3u; i++) {
		struct job *j = take_job();

		if (j == NULL)
			return;
		prepare(j, false, on_done);
		j->call.protocol = protocol;
		j->call.message = STRESS_LATER;
		j->call.flags = i >= STRESS_SLOTS && target_random(2) != 0 ? SCMI_CALL_URGENT : 0;
		after_submit(j, scmi_agent_submit(stress.agent, &j->call));
	}
}

/* All that a link can be put through while its calls go on in interrupts. */
static void upset(void)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};
	int err;

	stress_check(scmi_agent_stats(stress.agent, SCMI_ALL_LINKS, &s) == SCMI_OK);
	if (target_random(3) == 0) {
		crowd();
		return;
	}
	if (target_random(2) != 0) {
		err = scmi_agent_recover(stress.agent, 1);
		stress_check(err == SCMI_OK || err == SCMI_E_BUSY);
		return;
	}
	stress.resting = true;
	err = scmi_agent_quiesce(stress.agent, stress.port.now_us(stress.port.ctx) + target_random(300));
	stress_check(err == SCMI_OK || err == SCMI_E_INPROGRESS);
	stress_check(scmi_agent_resume(stress.agent) == SCMI_OK);
	stress.resting = false;
}

void stress_step(void)
{
	const uint32_t r = target_random(16);
	struct job *j;

	if (target_random(UPSET) == 0)
		upset();
	if (r == 15u) {
		submit_some();
		return;
	}
	j = take_job();
	if (j == NULL) {
		(void)scmi_agent_poll(stress.agent, 4);
		return;
	}
	if (r < 6u)
		call_and_wait(j);
	else if (r < 8u)
		submit_and_wait(j);
	else
		submit_only(j);
}

/* ---- in interrupts ---- */

/* done runs before, between or after: the state tells whether the call is there to be cancelled. */
static void cancel_some(void)
{
	struct job *j = &jobs[target_random(JOBS)];

	if (atomic_load(&j->state) == LIVE)
		(void)scmi_agent_cancel(stress.agent, &j->call);
}

static void submit_here(void)
{
	struct job *j = take_job();

	if (j == NULL)
		return;
	prepare(j, false, on_done);
	j->call.flags |= SCMI_CALL_NOWAIT;
	after_submit(j, scmi_agent_submit(stress.agent, &j->call));
}

void stress_chaos(void)
{
	if (stress.over)
		return;
	stress_bend_ready();
	switch (target_random(8)) {
	case 0:
		cancel_some();
		break;
	case 1:
		submit_here();
		break;
	case 2:
		stress_platform_notify();
		break;
	case 3:
		if (target_random(16) == 0)
			(void)scmi_agent_cancel_all(stress.agent);
		break;
	default:
		(void)stress_platform_later();
		break;
	}
}

void stress_check_idle(void)
{
	for (uint32_t i = 0; i < JOBS; i++)
		stress_check(atomic_load(&jobs[i].state) == IDLE);
}
