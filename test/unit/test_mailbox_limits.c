/* SPDX-License-Identifier: BSD-3-Clause */
/* The agent's end of a mailbox: how much is taken in one go, who is told of the rest, and who waits for whom. */
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "mailbox_hand.h"

#define IN_ONE_GO 32u

static int poll(int max)
{
	return rig.transport.ops->poll(rig.transport.ctx, max);
}

static void write_event(void)
{
	rig_write(&rig, P2A, 3u << 8 | SCMI_PROTOCOL_SENSOR << 10, NULL, 8, SCMI_SHMEM_INTR, 0);
}

/* ---- a platform that never ends ---- */

static void next_event(struct mailbox_rig *r, enum scmi_mailbox_signal signal)
{
	(void)r;
	if (signal == SCMI_MAILBOX_RX_REPLY)
		write_event();
}

static void next_event_and_doorbell(struct mailbox_rig *r, enum scmi_mailbox_signal signal)
{
	unsigned *left = r->arg;

	if (signal != SCMI_MAILBOX_RX_REPLY || *left == 0)
		return;
	(*left)--;
	write_event();
	interrupt();
}

/* Whoever looks takes so many, and no more; what it stands for is said by the other bits of the form. */
static void an_endless_platform_keeps_nobody(void **state)
{
	struct rig_form form = silent;

	(void)state;
	for (unsigned how = 0; how < 4; how++) {
		const bool irq = (how & 1u) != 0;
		unsigned raised;
		unsigned wakes;

		form.to_agent = irq ? RIG_SILENT : RIG_POLLED;
		form.agent_fd = (how & 2u) != 0;
		form.agent_sleeps = (how & 2u) == 0;
		mailbox_rig_open(&rig, &form);
		rig.on_ring = next_event;
		write_event();
		raised = rig.raised;
		wakes = rig.wakes;
		assert_int_equal(poll(1), 1);
		assert_int_equal(rig.heard, 1);
		assert_int_equal(rig.raised - raised, form.agent_fd);
		assert_int_equal(rig.wakes - wakes, form.agent_sleeps);
		assert_int_equal(poll(7), 7);
		assert_int_equal(rig.heard, 8);
		assert_int_equal(poll(INT_MAX), IN_ONE_GO);
		assert_int_equal(rig.heard, 8u + IN_ONE_GO);
		interrupt();
		assert_int_equal(rig.heard, 8u + 2u * IN_ONE_GO);
		rig.on_ring = NULL;
		mailbox_rig_close(&rig);
	}
}

/* Doorbells that are sent away because somebody takes already are for messages that would be forgotten. */
static void a_doorbell_that_is_sent_away_is_not_forgotten(void **state)
{
	(void)state;
	for (int max = 1; max < 100; max += 33) {
		unsigned left = 99;

		open_silent();
		rig.arg = &left;
		rig.on_ring = next_event_and_doorbell;
		write_event();
		assert_int_equal(poll(max), (unsigned)max < IN_ONE_GO ? max : (int)IN_ONE_GO);
		assert_int_equal(rig.heard, 100);
		assert_true(rig_is_free(&rig, P2A));
		mailbox_rig_close(&rig);
	}
}

/* A reply counts, too: what stands behind it is somebody else's, who is told. */
static void a_reply_counts_as_one(void **state)
{
	struct rig_form form = silent;
	struct scmi_call call = submitted(0);
	unsigned wakes;

	(void)state;
	form.to_agent = RIG_POLLED;
	form.agent_sleeps = true;
	mailbox_rig_open(&rig, &form);
	send_one(&call);
	rig_answer(&rig, 4);
	write_event();
	wakes = rig.wakes;
	assert_int_equal(poll(1), 1);
	assert_int_equal(rig.heard, 0);
	assert_int_equal(rig.wakes, wakes + 1u);
	assert_int_equal(poll(1), 1);
	assert_int_equal(rig.heard, 1);
	assert_int_equal(rig.wakes, wakes + 1u);
	assert_int_equal(result(&call), SCMI_OK);
	mailbox_rig_close(&rig);
}

/* ---- whoever would sleep looks first ---- */

static void nobody_sleeps_beside_what_has_come(void **state)
{
	struct rig_form form = silent;
	struct scmi_call call = submitted(0);

	(void)state;
	form.to_agent = RIG_POLLED;
	form.agent_sleeps = true;
	mailbox_rig_open(&rig, &form);
	send_one(&call);
	rig.transport.ops->wait(rig.transport.ctx, SCMI_NEVER);
	assert_int_equal(rig.sleeps, 1);
	rig_answer(&rig, 4);
	rig.transport.ops->wait(rig.transport.ctx, SCMI_NEVER);
	assert_int_equal(rig.sleeps, 1);
	assert_int_equal(poll(1), 1);
	write_event();
	rig.transport.ops->wait(rig.transport.ctx, SCMI_NEVER);
	assert_int_equal(rig.sleeps, 1);
	assert_int_equal(poll(1), 1);
	rig.transport.ops->wait(rig.transport.ctx, SCMI_NEVER);
	assert_int_equal(rig.sleeps, 2);
	assert_int_equal(result(&call), SCMI_OK);
	mailbox_rig_close(&rig);
}

/* ---- whose the area is ---- */

static void submit_other(struct scmi_call *call, int err)
{
	assert_int_equal(err, SCMI_OK);
	assert_int_equal(scmi_agent_submit(rig.agent, call->arg), SCMI_OK);
}

/* Nobody waits for the link: so who may not be queued is not refused, however long the answer was. */
static void a_done_function_finds_the_link_idle(void **state)
{
	(void)state;
	for (uint32_t values = 0; values <= RIG_PAYLOAD - 4u; values++) {
		struct scmi_call first = submitted(0);
		struct scmi_call other = submitted(SCMI_CALL_NOWAIT);

		open_silent();
		first.done = submit_other;
		first.arg = &other;
		send_one(&first);
		rig_answer(&rig, values);
		interrupt();
		assert_int_equal(rig_stats(&rig).commands, 2);
		rig_answer(&rig, values);
		interrupt();
		assert_int_equal(result(&other), SCMI_OK);
		mailbox_rig_close(&rig);
	}
}

static struct scmi_call second;

static void take_and_send_the_next(void)
{
	interrupt();
	send_one(&second);
}

/* Another takes the answer that we have just seen, and sends: what we read is no answer, and the state is not ours. */
static void an_answer_that_another_has_taken_is_not_read(void **state)
{
	struct rig_form form = silent;

	(void)state;
	form.area_flags = SCMI_SHMEM_CACHED;
	for (unsigned at = 1; at < 3; at++) {
		struct scmi_call first = submitted(0);

		second = submitted(0);
		mailbox_rig_open(&rig, &form);
		send_one(&first);
		rig_answer(&rig, 4);
		rig.between = take_and_send_the_next;
		rig.between_at = at; /* before and after the look at the status */
		interrupt();
		assert_int_equal(rig.between_at, 0);
		assert_int_equal(result(&first), SCMI_OK);
		assert_true(is_live(&second));
		rig_answer(&rig, 8);
		interrupt();
		assert_int_equal(result(&second), SCMI_OK);
		assert_int_equal(second.reply_len, 8);
		mailbox_rig_close(&rig);
	}
}

/* Nobody reads it: its area goes back all the same. */
static void a_long_event_that_is_refused_gives_its_area_back(void **state)
{
	struct rig_form form = silent;

	(void)state;
	form.no_events = true;
	mailbox_rig_open(&rig, &form);
	for (uint32_t len = 0; len <= RIG_PAYLOAD; len++) {
		rig_write(&rig, P2A, 3u << 8 | SCMI_PROTOCOL_SENSOR << 10, NULL, 4u + len, SCMI_SHMEM_INTR, 0);
		interrupt();
		assert_true(rig_is_free(&rig, P2A));
		assert_int_equal(rig.rung[SCMI_MAILBOX_RX_REPLY], len + 1u);
	}
	mailbox_rig_close(&rig);
}

/* Long enough to be copied in one piece where the memory allows that. */
static void wide_areas_carry_long_messages(void **state)
{
	static unsigned char params[SCMI_SHMEM_BYTES_DEFAULT - SCMI_SHMEM_PAYLOAD];
	static unsigned char answer[sizeof(params)];
	static unsigned char values[sizeof(params) - 4u];
	struct rig_form form = silent;

	(void)state;
	form.a2p = SCMI_SHMEM_BYTES_DEFAULT;
	form.area_flags = SCMI_SHMEM_WIDE;
	for (uint32_t i = 0; i < sizeof(params); i++) {
		params[i] = (unsigned char)(i + 1u);
		answer[i] = i < 4u ? 0 : (unsigned char)(200u - i);
	}
	mailbox_rig_open(&rig, &form);
	for (uint32_t len = 40; len <= sizeof(params); len++) {
		struct scmi_call call = rig_call(3, values, sizeof(values));

		call.params = params;
		call.params_len = len;
		send_one(&call);
		assert_memory_equal((unsigned char *)rig.memory[A2P] + SCMI_SHMEM_PAYLOAD, params, len);
		rig_write(&rig, A2P, rig_get(&rig, A2P, SCMI_SHMEM_HEADER), answer, 4u + len, 0, SCMI_SHMEM_FREE);
		interrupt();
		assert_int_equal(result(&call), SCMI_OK);
		assert_int_equal(call.reply_len, len - 4u);
		assert_memory_equal(values, answer + 4, len - 4u);
	}
	mailbox_rig_close(&rig);
}

/* ---- ends ---- */

static void a_loss_needs_no_reason(void **state)
{
	struct rig_form form = silent;
	struct scmi_call call = submitted(0);

	(void)state;
	form.flags = SCMI_MAILBOX_FRESH;
	mailbox_rig_open(&rig, &form);
	send_one(&call);
	rig.lose_with_0 = true; /* before the gate is open */
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_E_NOPEER);
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_E_NOPEER);
	rig.lose_with_0 = false;
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_OK);
	call = submitted(0);
	send_one(&call);
	scmi_mailbox_lost(&rig.mailbox, SCMI_OK);
	assert_int_equal(result(&call), SCMI_E_LINK);
	mailbox_rig_close(&rig);
}

/* BUSY means that everything is as it was: it is not, if the doorbell has stopped. */
static void a_doorbell_that_is_busy_is_not_there(void **state)
{
	struct rig_form form = silent;
	struct scmi_call call = submitted(0);

	(void)state;
	form.flags = SCMI_MAILBOX_FRESH;
	mailbox_rig_open(&rig, &form);
	rig.start_error = SCMI_E_BUSY;
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_E_IO);
	interrupt();
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_E_NOPEER);
	rig.start_error = SCMI_OK;
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_OK);
	send_one(&call);
	rig_answer(&rig, 4);
	interrupt();
	assert_int_equal(result(&call), SCMI_OK);
	mailbox_rig_close(&rig);
}

static atomic_bool waits;
static atomic_bool stopped;

static void note_wait(struct fake_port *fake, void *arg)
{
	(void)fake;
	(void)arg;
	atomic_store(&waits, true);
	(void)sched_yield();
}

static void *stop_it(void *arg)
{
	(void)arg;
	rig.transport.ops->stop(rig.transport.ctx);
	atomic_store(&stopped, true);
	return NULL;
}

/* Inside an upcall: stop has to wait for it. */
static int stop_beside(void *core, const struct scmi_rx *rx)
{
	(void)rx;
	assert_int_equal(pthread_create(core, NULL, stop_it, NULL), 0);
	while (!atomic_load(&waits) && !atomic_load(&stopped))
		(void)sched_yield();
	assert_false(atomic_load(&stopped));
	return SCMI_OK;
}

static void stop_waits_for_upcalls(void **state)
{
	const struct scmi_sink sink = {.version = SCMI_SINK_V1, .rx = stop_beside};
	pthread_t stopper;

	(void)state;
	mailbox_rig_make(&rig, &silent);
	rig.fake.on_relax = note_wait;
	(void)scmi_shmem_reset(&rig.areas[A2P]);
	(void)scmi_shmem_reset(&rig.areas[P2A]);
	assert_int_equal(rig.transport.ops->start(rig.transport.ctx, &sink, &stopper), SCMI_OK);
	write_event();
	interrupt();
	assert_int_equal(pthread_join(stopper, NULL), 0);
	assert_true(atomic_load(&stopped));
	mailbox_rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_endless_platform_keeps_nobody),
		cmocka_unit_test(a_doorbell_that_is_sent_away_is_not_forgotten),
		cmocka_unit_test(a_reply_counts_as_one),
		cmocka_unit_test(nobody_sleeps_beside_what_has_come),
		cmocka_unit_test(a_done_function_finds_the_link_idle),
		cmocka_unit_test(an_answer_that_another_has_taken_is_not_read),
		cmocka_unit_test(a_long_event_that_is_refused_gives_its_area_back),
		cmocka_unit_test(wide_areas_carry_long_messages),
		cmocka_unit_test(a_loss_needs_no_reason),
		cmocka_unit_test(a_doorbell_that_is_busy_is_not_there),
		cmocka_unit_test(stop_waits_for_upcalls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
