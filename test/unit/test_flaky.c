/* SPDX-License-Identifier: BSD-3-Clause */
/* The flaky transport: each fault alone, in each direction, has its effect and no other. */
#include "flaky_rig.h"

/* ---- no fault ---- */

static void without_faults_it_is_transparent(void **state)
{
	struct rig *r = rig_new(RIG_WAIT);
	const struct scmi_transport *t = &r->transport;

	(void)state;
	rig_up(r);
	assert_int_equal(t->caps, r->script.transport.caps);
	assert_int_equal(t->max_inflight, SCRIPT_INFLIGHT);
	assert_int_equal(rig_send(r, rig_hdr(5), 20), SCMI_OK);
	assert_int_equal(script_last(&r->script)->hdr, rig_hdr(5));
	assert_int_equal(script_last(&r->script)->len, 20);
	assert_int_equal(rig_changed(script_last(&r->script)->params, 20), 0);
	r->refuse = SCMI_E_STRAY;
	assert_int_equal(rig_deliver(r, rig_hdr(5), 30), SCMI_E_STRAY);
	assert_int_equal(r->seen[0].hdr, rig_hdr(5));
	assert_int_equal(r->seen[0].token, 5);
	assert_int_equal(rig_changed(r->seen[0].bytes, 30), 0);
	assert_int_equal(script_settle(&r->script, 1, SCMI_E_IO), SCMI_E_IO);
	r->script.sink->ready(r->script.core);
	r->script.sink->link_down(r->script.core, SCMI_E_NOPEER);
	assert_int_equal(r->settled + r->ready + r->downs, 3);
	assert_int_equal(r->down_err, SCMI_E_NOPEER);
	t->ops->flush(t->ctx);
	t->ops->wake(t->ctx);
	t->ops->wait(t->ctx, SCMI_NEVER);
	assert_int_equal(rig_poll(r), 0);
	assert_int_equal(r->script.flushes, 1);
	assert_int_equal(r->script.wakes, 1);
	assert_int_equal(r->script.waits, 1);
	assert_int_equal(r->script.polls, 1);
	rig_down(r);
}

static void errors_of_the_inner_send_come_through(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_A2P, FLAKY_DROP);
	unsigned char big[SCRIPT_PAYLOAD + 1u] = {0};
	const struct scmi_tx tx = {.payload = big, .len = sizeof(big)};

	(void)state;
	assert_int_equal(r->transport.ops->send(r->transport.ctx, &tx),
			 SCMI_OK); /* the script takes all, and complains */
	assert_non_null(r->script.fault);
	r->script.fault = NULL;
	r->script.sink->link_down(r->script.core, SCMI_E_LINK);
	assert_int_equal(rig_send(r, rig_hdr(1), 4),
			 SCMI_OK); /* no faults on a link that is down: this one went through */
	assert_int_equal(r->script.sends, 2);
	assert_int_equal(rig_faults(r, FLAKY_A2P, FLAKY_DROP), 0);
	rig_down(r);
}

static void configuration_that_cannot_be_is_refused(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);
	struct flaky_config c = r->config;

	(void)state;
	c.size--;
	assert_null(flaky_create(&r->script.transport, &c, &r->transport));
	c = r->config;
	c.rate[FLAKY_A2P][FLAKY_DOUBLE] = 1;
	assert_null(flaky_create(&r->script.transport, &c, &r->transport));
	c = r->config;
	c.rate[FLAKY_P2A][FLAKY_LINK] = 1;
	assert_null(flaky_create(&r->script.transport, &c, &r->transport));
	c = r->config;
	c.rate[FLAKY_P2A][FLAKY_DROP] = FLAKY_ALWAYS + 1u;
	assert_null(flaky_create(&r->script.transport, &c, &r->transport));
	c = r->config;
	c.port = NULL;
	c.rate[FLAKY_P2A][FLAKY_STALL] = 1;
	assert_null(flaky_create(&r->script.transport, &c, &r->transport));
	c = r->config;
	flaky_rates(&c, 1);
	r->fake.fail_event_init = 1;
	assert_null(flaky_create(&r->script.transport, &c, &r->transport));
	rig_up(r);
	rig_down(r);
}

/* ---- drop ---- */

static void dropped_command_is_ok_and_goes_nowhere(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_A2P, FLAKY_DROP);

	(void)state;
	assert_int_equal(r->transport.caps, RIG_IRQ); /* nothing is ever held: no poll needed */
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	assert_int_equal(r->script.sends, 0);
	assert_int_equal(r->script.flushes, 1); /* an earlier one may have left the doorbell to it */
	assert_int_equal(rig_deliver(r, rig_hdr(1), 4), SCMI_OK);
	assert_int_equal(r->seen_n, 1);
	assert_int_equal(rig_faults(r, FLAKY_A2P, FLAKY_DROP), 1);
	rig_down(r);
}

static void dropped_message_is_a_stray_and_goes_nowhere(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_DROP);

	(void)state;
	assert_int_equal(rig_deliver(r, rig_hdr(1), 4), SCMI_E_STRAY);
	assert_int_equal(r->seen_n, 0);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	assert_int_equal(r->script.sends, 1);
	assert_int_equal(rig_faults(r, FLAKY_P2A, FLAKY_DROP), 1);
	rig_down(r);
}

/* ---- delay ---- */

static void delayed_command_goes_out_when_its_time_has_come(void **state)
{
	struct rig *r = rig_with(RIG_WAIT, FLAKY_A2P, FLAKY_DELAY);
	const uint64_t start_us = r->fake.now_us;

	(void)state;
	assert_int_equal(rig_send(r, rig_hdr(1), 30), SCMI_OK);
	assert_int_equal(r->script.wakes, 1); /* whoever sleeps already, sleeps too long */
	assert_int_equal(rig_poll(r), 0);
	assert_int_equal(r->script.sends, 0);
	assert_int_equal(rig_counts(r).held[FLAKY_A2P], 1);
	r->transport.ops->wait(r->transport.ctx, SCMI_NEVER); /* held up by a wake */
	r->transport.ops->wait(r->transport.ctx, SCMI_NEVER); /* no longer than until it is due */
	assert_in_range(r->fake.now_us, start_us + 1u, start_us + 1000u);
	assert_int_equal(rig_poll(r), 0);
	assert_int_equal(r->script.sends, 1);
	assert_int_equal(script_last(&r->script)->hdr, rig_hdr(1));
	assert_int_equal(script_last(&r->script)->len, 30);
	assert_int_equal(rig_changed(script_last(&r->script)->params, 30), 0);
	assert_int_equal(rig_faults(r, FLAKY_A2P, FLAKY_DELAY), 1);
	rig_down(r);
}

static void delayed_message_comes_when_its_time_has_come(void **state)
{
	struct rig *r = rig_new(RIG_WAIT);

	(void)state;
	r->config.rate[FLAKY_P2A][FLAKY_DELAY] = FLAKY_ALWAYS;
	r->script.by_fetch = true;
	rig_up(r);
	assert_int_equal(rig_deliver(r, rig_hdr(9), 30), SCMI_OK);
	assert_int_equal(r->script.wakes, 1); /* whoever sleeps already, sleeps too long */
	assert_int_equal(rig_poll(r), 0);
	r->fake.now_us += 1000;
	assert_int_equal(rig_poll(r), 1);
	assert_int_equal(r->seen_n, 1);
	assert_int_equal(r->seen[0].hdr, rig_hdr(9));
	assert_int_equal(r->seen[0].token, 9);
	assert_int_equal(r->seen[0].len, 30);
	assert_int_equal(rig_changed(r->seen[0].bytes, 30), 0);
	assert_int_equal(rig_poll(r), 0);
	rig_down(r);
}

static void polls_take_no_more_than_they_are_told(void **state)
{
	struct rig *r = rig_with(RIG_WAIT, FLAKY_P2A, FLAKY_DELAY);

	(void)state;
	for (uint16_t i = 0; i < 5; i++)
		(void)rig_deliver(r, rig_hdr(i), 4);
	r->fake.now_us += 1000;
	assert_int_equal(r->transport.ops->poll(r->transport.ctx, 2), 2);
	assert_int_equal(r->seen_n, 2);
	flaky_calm(r->flaky);
	flaky_rough(r->flaky);
	for (uint16_t i = 0; i < 3; i++)
		(void)rig_deliver(r, rig_hdr(i), 4);
	r->fake.now_us += 1000;
	for (uint16_t i = 0; i < 5; i++)
		script_post(&r->script, rig_hdr(i), NULL, 0);
	assert_int_equal(r->transport.ops->poll(r->transport.ctx, 5), 5); /* three held ones, two of the inner's */
	assert_int_equal(rig_poll(r), 3);
	rig_down(r);
}

/* An inner transport that is not polled gets a poll(), and a wait() on an event of our own. */
static void who_delivers_by_itself_gets_a_wait(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);
	const uint64_t start_us = r->fake.now_us;

	(void)state;
	r->config.rate[FLAKY_P2A][FLAKY_DELAY] = FLAKY_ALWAYS;
	r->script.ops.wait = NULL;
	r->script.ops.wake = NULL;
	r->script.ops.poll = NULL;
	rig_up(r);
	assert_int_equal(r->transport.caps, RIG_IRQ | SCMI_CAP_POLL | SCMI_CAP_WAIT);
	(void)rig_deliver(r, rig_hdr(1), 4);
	r->transport.ops->wait(r->transport.ctx, SCMI_NEVER);
	r->transport.ops->wait(r->transport.ctx, SCMI_NEVER);
	assert_in_range(r->fake.now_us, start_us + 1u, start_us + 1000u);
	assert_int_equal(rig_poll(r), 1);
	r->transport.ops->wake(r->transport.ctx);
	r->transport.ops->wait(r->transport.ctx, SCMI_NEVER); /* else the fake port aborts */
	rig_down(r);
}

static void who_is_only_polled_gets_no_wait(void **state)
{
	struct rig *r = rig_with(RIG_POLL, FLAKY_P2A, FLAKY_DELAY);

	(void)state;
	assert_int_equal(r->transport.caps, RIG_POLL);
	assert_null(r->transport.ops->wait);
	rig_down(r);
}

/* ---- reorder ---- */

static void reordered_commands_change_places(void **state)
{
	struct rig *r = rig_new(RIG_POLL);

	(void)state;
	r->config.rate[FLAKY_A2P][FLAKY_REORDER] = FLAKY_ALWAYS;
	r->config.reorder_max = 1;
	rig_up(r);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	flaky_calm(r->flaky);
	assert_int_equal(r->script.sends, 1); /* calm lets it go */
	flaky_rough(r->flaky);
	assert_int_equal(rig_send(r, rig_hdr(2), 4), SCMI_OK);
	assert_int_equal(r->script.sends, 1);
	r->fake.now_us += 1000; /* nobody overtakes it: then by time */
	(void)rig_poll(r);
	assert_int_equal(r->script.sends, 2);
	assert_int_equal(rig_faults(r, FLAKY_A2P, FLAKY_REORDER), 2);
	rig_down(r);
}

/* Where half of them are held until one has overtaken, some come later than one that came later, and none is lost. */
static void reordered_messages_change_places(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);
	unsigned overtaken = 0;

	(void)state;
	r->config.rate[FLAKY_P2A][FLAKY_REORDER] = FLAKY_ALWAYS / 2u;
	rig_up(r);
	for (uint16_t i = 0; i < 100; i++)
		(void)rig_deliver(r, rig_hdr(i), 4);
	r->fake.now_us += 1000;
	(void)rig_poll(r);
	assert_int_equal(r->seen_n, 100);
	for (unsigned i = 1; i < 100; i++)
		overtaken += r->seen[i].hdr < r->seen[i - 1].hdr ? 1u : 0u;
	assert_in_range(overtaken, 10, 60);
	assert_in_range(rig_faults(r, FLAKY_P2A, FLAKY_REORDER), 30, 70);
	rig_down(r);
}

/* ---- double ---- */

static void doubled_message_suffers_the_same_only_once(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);

	(void)state;
	r->config.rate[FLAKY_P2A][FLAKY_DOUBLE] = FLAKY_ALWAYS;
	r->config.rate[FLAKY_P2A][FLAKY_CORRUPT] = FLAKY_ALWAYS;
	rig_up(r);
	assert_int_equal(rig_deliver(r, rig_hdr(1), 12), SCMI_OK);
	assert_int_equal(r->seen_n, 2);
	assert_memory_equal(r->seen[0].bytes, r->seen[1].bytes, 12);
	assert_int_equal(rig_faults(r, FLAKY_P2A, FLAKY_CORRUPT), 1);
	rig_down(r);
}

static void doubled_message_comes_again_on_no_descriptor(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_DOUBLE);

	(void)state;
	assert_int_equal(r->transport.caps, RIG_IRQ);
	assert_int_equal(rig_deliver(r, rig_hdr(1), 12), SCMI_OK);
	assert_int_equal(r->seen_n, 2);
	assert_int_equal(r->seen[0].token, 1);
	assert_int_equal(r->seen[1].token, SCMI_TOKEN_ANY);
	assert_int_equal(r->seen[1].hdr, rig_hdr(1));
	assert_int_equal(r->seen[1].len, 12);
	assert_int_equal(rig_changed(r->seen[1].bytes, 12), 0);
	assert_int_equal(rig_faults(r, FLAKY_P2A, FLAKY_DOUBLE), 1);
	rig_down(r);
}

/* ---- what changes a message ---- */

static void corrupt_flips_bits_of_the_payload_only(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);

	(void)state;
	r->config.rate[FLAKY_A2P][FLAKY_CORRUPT] = FLAKY_ALWAYS;
	r->config.rate[FLAKY_P2A][FLAKY_CORRUPT] = FLAKY_ALWAYS;
	rig_up(r);
	for (uint16_t i = 0; i < 100; i++) {
		const uint32_t n = i % 20u;

		assert_int_equal(rig_send(r, rig_hdr(i), n), SCMI_OK);
		assert_int_equal(script_last(&r->script)->hdr, rig_hdr(i));
		assert_int_equal(script_last(&r->script)->len, n);
		assert_in_range(rig_changed(script_last(&r->script)->params, n), n != 0, n < 8u ? n : 8u);
		assert_int_equal(rig_deliver(r, rig_hdr(i), n), SCMI_OK);
		assert_int_equal(r->seen[i].hdr, rig_hdr(i));
		assert_int_equal(r->seen[i].len, n);
		assert_in_range(rig_changed(r->seen[i].bytes, n), n != 0, n < 8u ? n : 8u);
	}
	assert_int_equal(rig_faults(r, FLAKY_A2P, FLAKY_CORRUPT), 95); /* five were empty */
	assert_int_equal(rig_faults(r, FLAKY_P2A, FLAKY_CORRUPT), 95);
	rig_down(r);
}

static void header_flips_one_bit_that_counts(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);
	uint32_t flipped = 0;

	(void)state;
	r->config.rate[FLAKY_A2P][FLAKY_HEADER] = FLAKY_ALWAYS;
	r->config.rate[FLAKY_P2A][FLAKY_HEADER] = FLAKY_ALWAYS;
	rig_up(r);
	for (uint16_t i = 0; i < 250; i++) {
		uint32_t bits;

		assert_int_equal(rig_send(r, rig_hdr(i), 20), SCMI_OK);
		bits = script_last(&r->script)->hdr ^ rig_hdr(i);
		assert_true(bits != 0 && (bits & (bits - 1u)) == 0 && (bits & SCMI_HDR_RESERVED) == 0);
		assert_int_equal(script_last(&r->script)->token, i);
		assert_int_equal(rig_deliver(r, rig_hdr(i), 20), SCMI_OK);
		bits = r->seen[i].hdr ^ rig_hdr(i);
		assert_true(bits != 0 && (bits & (bits - 1u)) == 0 && (bits & SCMI_HDR_RESERVED) == 0);
		assert_int_equal(r->seen[i].len, 20);
		assert_int_equal(rig_changed(r->seen[i].bytes, 20), 0);
		flipped |= bits;
	}
	assert_int_equal(flipped, ~SCMI_HDR_RESERVED); /* each of them some time */
	r->script.fault = NULL;                        /* of course: these were no commands */
	rig_down(r);
}

static void truncate_takes_off_the_end(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);
	unsigned empty = 0;

	(void)state;
	r->config.rate[FLAKY_A2P][FLAKY_TRUNCATE] = FLAKY_ALWAYS;
	r->config.rate[FLAKY_P2A][FLAKY_TRUNCATE] = FLAKY_ALWAYS;
	rig_up(r);
	for (uint16_t i = 0; i < 100; i++) {
		const uint32_t n = i % 20u;

		assert_int_equal(rig_send(r, rig_hdr(i), n), SCMI_OK);
		assert_in_range(script_last(&r->script)->len, 0, n != 0 ? n - 1u : 0);
		assert_int_equal(rig_changed(script_last(&r->script)->params, script_last(&r->script)->len), 0);
		assert_int_equal(rig_deliver(r, rig_hdr(i), n), SCMI_OK);
		assert_in_range(r->seen[i].len, 0, n != 0 ? n - 1u : 0);
		assert_int_equal(rig_changed(r->seen[i].bytes, r->seen[i].len), 0);
		empty += r->seen[i].len == 0 ? 1u : 0u;
	}
	assert_true(empty > 5);
	assert_int_equal(rig_faults(r, FLAKY_A2P, FLAKY_TRUNCATE), 95);
	assert_int_equal(rig_faults(r, FLAKY_P2A, FLAKY_TRUNCATE), 95);
	rig_down(r);
}

static void lengthen_adds_to_the_end_up_to_the_maximum(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);

	(void)state;
	r->config.rate[FLAKY_A2P][FLAKY_LENGTHEN] = FLAKY_ALWAYS;
	r->config.rate[FLAKY_P2A][FLAKY_LENGTHEN] = FLAKY_ALWAYS;
	rig_up(r);
	for (uint16_t i = 0; i < 100; i++) {
		const uint32_t n = i % 20u;

		assert_int_equal(rig_send(r, rig_hdr(i), n), SCMI_OK);
		assert_in_range(script_last(&r->script)->len, n + 1u, SCRIPT_PAYLOAD);
		assert_int_equal(rig_changed(script_last(&r->script)->params, n), 0);
		assert_int_equal(rig_deliver(r, rig_hdr(i), n), SCMI_OK);
		assert_in_range(r->seen[i].len, n + 1u, SCRIPT_PAYLOAD);
		assert_int_equal(rig_changed(r->seen[i].bytes, n), 0);
	}
	assert_int_equal(rig_send(r, rig_hdr(1), SCRIPT_PAYLOAD), SCMI_OK);
	assert_int_equal(script_last(&r->script)->len, SCRIPT_PAYLOAD);
	assert_int_equal(rig_faults(r, FLAKY_A2P, FLAKY_LENGTHEN), 100);
	rig_down(r);
}

static void misdirect_makes_it_another_ones(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);
	unsigned others = 0;

	(void)state;
	r->config.rate[FLAKY_A2P][FLAKY_MISDIRECT] = FLAKY_ALWAYS;
	r->config.rate[FLAKY_P2A][FLAKY_MISDIRECT] = FLAKY_ALWAYS;
	rig_up(r);
	for (uint16_t i = 0; i < 200; i++) {
		assert_int_equal(rig_send(r, rig_hdr(i), 20), SCMI_OK);
		assert_int_not_equal(script_last(&r->script)->hdr, rig_hdr(i));
		assert_int_equal(rig_changed(script_last(&r->script)->params, 20), 0);
		assert_int_equal(rig_deliver(r, rig_hdr(i), 20), SCMI_OK);
		assert_int_not_equal(r->seen[i].hdr, rig_hdr(i));
		assert_int_equal(r->seen[i].token, i); /* where it came from is the transport's word */
		assert_int_equal(rig_changed(r->seen[i].bytes, 20), 0);
		if (r->seen[i].hdr == rig_hdr(scmi_hdr_token(r->seen[i].hdr)) && scmi_hdr_token(r->seen[i].hdr) <= i)
			others++;
	}
	assert_true(others > 20); /* straight to another command */
	r->script.fault = NULL;
	rig_down(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_faults_it_is_transparent),
		cmocka_unit_test(errors_of_the_inner_send_come_through),
		cmocka_unit_test(configuration_that_cannot_be_is_refused),
		cmocka_unit_test(dropped_command_is_ok_and_goes_nowhere),
		cmocka_unit_test(dropped_message_is_a_stray_and_goes_nowhere),
		cmocka_unit_test(delayed_command_goes_out_when_its_time_has_come),
		cmocka_unit_test(delayed_message_comes_when_its_time_has_come),
		cmocka_unit_test(polls_take_no_more_than_they_are_told),
		cmocka_unit_test(who_delivers_by_itself_gets_a_wait),
		cmocka_unit_test(who_is_only_polled_gets_no_wait),
		cmocka_unit_test(reordered_commands_change_places),
		cmocka_unit_test(reordered_messages_change_places),
		cmocka_unit_test(doubled_message_comes_again_on_no_descriptor),
		cmocka_unit_test(doubled_message_suffers_the_same_only_once),
		cmocka_unit_test(corrupt_flips_bits_of_the_payload_only),
		cmocka_unit_test(header_flips_one_bit_that_counts),
		cmocka_unit_test(truncate_takes_off_the_end),
		cmocka_unit_test(lengthen_adds_to_the_end_up_to_the_maximum),
		cmocka_unit_test(misdirect_makes_it_another_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
