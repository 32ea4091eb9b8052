/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The buckets of struct scmi_latency: where each begins, what falls into it, what a full histogram says; and which
 * times an agent counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "../../lib/agent/latency.h"
#include "fake_port.h"
#include "script_transport.h"

#define LAST     (SCMI_LATENCY_BUCKETS - 1u)
#define MINUTE   UINT64_C(60000000)
#define DENSE_US (UINT64_C(1) << 20) /* below this each microsecond is tried */
#define SLOTS    4u

/* The same floors, made another way: the times below 4 us, then each octave cut into four. */
static uint64_t expected_floor(uint32_t i)
{
	uint64_t octave = 4;

	if (i < 4u)
		return i;
	for (i -= 4u; i >= 4u; i -= 4u)
		octave *= 2u;
	return octave + octave / 4u * i;
}

static void floors_are_four_an_octave(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SCMI_LATENCY_BUCKETS; i++)
		assert_int_equal(scmi_latency_floor_us(i), expected_floor(i));
}

static void last_floor_is_beyond_a_minute_and_has_no_end(void **state)
{
	(void)state;
	assert_int_equal(scmi_latency_floor_us(LAST), 469762048);
	assert_true(scmi_latency_floor_us(LAST) > MINUTE);
	assert_true(scmi_latency_floor_us(SCMI_LATENCY_BUCKETS) == SCMI_NEVER);
	assert_true(scmi_latency_floor_us(UINT32_MAX) == SCMI_NEVER);
}

static void expect_inside(uint64_t us)
{
	uint32_t i = scmi__latency_bucket(us);

	assert_true(i < SCMI_LATENCY_BUCKETS);
	assert_true(scmi_latency_floor_us(i) <= us);
	assert_true(us < scmi_latency_floor_us(i + 1u) || i == LAST);
}

static void each_edge_falls_on_its_own_side(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SCMI_LATENCY_BUCKETS; i++) {
		assert_int_equal(scmi__latency_bucket(expected_floor(i)), i);
		if (i != 0)
			assert_int_equal(scmi__latency_bucket(expected_floor(i) - 1u), i - 1u);
	}
}

static void each_time_lies_between_its_floor_and_the_next(void **state)
{
	uint32_t before = 0;

	(void)state;
	for (uint64_t us = 0; us < DENSE_US; us++) {
		uint32_t i = scmi__latency_bucket(us);

		assert_true(i == before || i == before + 1u);
		expect_inside(us);
		before = i;
	}
	for (unsigned bit = 20; bit < 64; bit++) {
		for (uint64_t quarter = 4; quarter < 8; quarter++) {
			uint64_t edge = quarter << (bit - 2u);

			expect_inside(edge - 1u);
			expect_inside(edge);
			expect_inside(edge + 1u);
		}
	}
}

static void longest_times_fall_into_the_last_bucket(void **state)
{
	static const uint64_t times[] = {
		469762048, UINT32_MAX, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 5u, UINT64_MAX,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		assert_int_equal(scmi__latency_bucket(times[i]), LAST);
}

static void permille_is_the_end_of_the_bucket_that_reaches_it(void **state)
{
	struct scmi_latency l = {.size = sizeof(l), .protocol = SCMI_ANY};

	(void)state;
	l.count[0] = 500;
	l.count[10] = 490;
	l.count[40] = 9;
	l.count[41] = 1;
	assert_int_equal(scmi_latency_permille(&l, 1), scmi_latency_floor_us(1));
	assert_int_equal(scmi_latency_permille(&l, 500), scmi_latency_floor_us(1));
	assert_int_equal(scmi_latency_permille(&l, 501), scmi_latency_floor_us(11));
	assert_int_equal(scmi_latency_permille(&l, 990), scmi_latency_floor_us(11));
	assert_int_equal(scmi_latency_permille(&l, 991), scmi_latency_floor_us(41));
	assert_int_equal(scmi_latency_permille(&l, 999), scmi_latency_floor_us(41));
	assert_int_equal(scmi_latency_permille(&l, 1000), scmi_latency_floor_us(42));
	assert_int_equal(scmi_latency_permille(&l, 1001), scmi_latency_floor_us(42));
	assert_int_equal(scmi_latency_permille(&l, UINT32_MAX), scmi_latency_floor_us(42));
}

/* A share that is no whole number of replies is rounded up to one. */
static void permille_of_few_replies_takes_a_whole_one(void **state)
{
	struct scmi_latency l = {.size = sizeof(l)};

	(void)state;
	l.count[7] = 2;
	l.count[8] = 1;
	assert_int_equal(scmi_latency_permille(&l, 0), scmi_latency_floor_us(8));
	assert_int_equal(scmi_latency_permille(&l, 666), scmi_latency_floor_us(8));
	assert_int_equal(scmi_latency_permille(&l, 667), scmi_latency_floor_us(9));
}

static void permille_counts_more_than_32_bits_of_replies(void **state)
{
	struct scmi_latency l = {.size = sizeof(l)};

	(void)state;
	for (uint32_t i = 0; i < SCMI_LATENCY_BUCKETS; i++)
		l.count[i] = UINT32_MAX;
	assert_int_equal(scmi_latency_permille(&l, 500), scmi_latency_floor_us(SCMI_LATENCY_BUCKETS / 2u));
	assert_true(scmi_latency_permille(&l, 1000) == SCMI_NEVER);
}

static void permille_of_nothing_is_0(void **state)
{
	struct scmi_latency l = {.size = sizeof(l)};

	(void)state;
	assert_int_equal(scmi_latency_permille(&l, 500), 0);
	assert_int_equal(scmi_latency_permille(NULL, 500), 0);
	l.count[3] = 1;
	assert_int_equal(scmi_latency_permille(&l, 500), 4);
	l.size--;
	assert_int_equal(scmi_latency_permille(&l, 500), 0);
}

/* ---- an agent's ---- */

enum { OF_CLOCK, OF_ANY, HISTOGRAMS };

/* No trace, no strict check: the histograms alone make the agent look. */
struct fixture {
	struct script script;
	struct fake_port fake;
	struct scmi_latency latency[HISTOGRAMS];
	struct scmi_agent *agent;
	max_align_t mem[SCMI_AGENT_WORDS(SLOTS)];
};

static struct fixture fixture;

/* Started, on a transport with these capabilities. */
static struct fixture *up(uint32_t caps)
{
	struct fixture *f = &fixture;
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = &f->script.transport,
		.port = &f->fake.port,
		.options = {.slots = SLOTS},
		.latency_n = HISTOGRAMS,
		.latency = f->latency,
	};

	memset(f, 0, sizeof(*f));
	fake_port_init(&f->fake);
	script_init(&f->script, caps);
	f->latency[OF_CLOCK].size = sizeof(f->latency[0]);
	f->latency[OF_CLOCK].protocol = SCMI_PROTOCOL_CLOCK;
	f->latency[OF_ANY].size = sizeof(f->latency[0]);
	f->latency[OF_ANY].protocol = SCMI_ANY;
	assert_int_equal(scmi_agent_init(&f->agent, f->mem, sizeof(f->mem), &config), SCMI_OK);
	assert_int_equal(scmi_agent_start(f->agent), SCMI_OK);
	return f;
}

static void down(struct fixture *f)
{
	assert_int_equal(scmi_agent_fini(f->agent), SCMI_OK);
	assert_null(f->fake.fault);
	assert_null(f->script.fault);
}

static void ended(struct scmi_call *call, int err)
{
	call->arg = NULL;
	(void)err;
}

static void submit(struct fixture *f, struct scmi_call *call, uint8_t protocol, uint16_t flags)
{
	*call = (struct scmi_call){
		.size = sizeof(*call),
		.protocol = protocol,
		.message = 7,
		.flags = flags,
		.done = ended,
		.arg = call,
		.timeout_us = SCMI_FOREVER,
		.delayed_timeout_us = SCMI_FOREVER,
	};
	assert_int_equal(scmi_agent_submit(f->agent, call), SCMI_OK);
}

static void reply(struct fixture *f, const struct script_sent *to, enum scmi_msg_type type, int32_t status)
{
	unsigned char payload[SCMI_STATUS_BYTES];

	scmi_put_le32(payload, (uint32_t)status);
	assert_int_equal(script_rx(&f->script, scmi_hdr_as(to->hdr, type), payload, sizeof(payload)), SCMI_OK);
}

/* The time is in its bucket, and nothing else was counted since the last look. */
static void expect_counted(struct scmi_latency *l, uint64_t us)
{
	const struct scmi_latency none = {.size = l->size, .protocol = l->protocol};
	uint32_t *count = &l->count[scmi__latency_bucket(us)];

	assert_int_equal(*count, 1);
	*count = 0;
	assert_memory_equal(l, &none, sizeof(none));
}

static void expect_nothing(const struct scmi_latency *l)
{
	const struct scmi_latency none = {.size = l->size, .protocol = l->protocol};

	assert_memory_equal(l, &none, sizeof(none));
}

static void reply_is_counted_by_its_time_at_each_edge(void **state)
{
	struct fixture *f = up(SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT);
	struct scmi_call call;

	(void)state;
	for (uint32_t i = 0; i < SCMI_LATENCY_BUCKETS; i++) {
		for (uint64_t us = scmi_latency_floor_us(i) - (i != 0); us <= scmi_latency_floor_us(i); us++) {
			submit(f, &call, SCMI_PROTOCOL_CLOCK, 0);
			f->fake.now_us += us;
			reply(f, script_last(&f->script), SCMI_MSG_COMMAND, SCMI_SUCCESS);
			assert_null(call.arg);
			expect_counted(&f->latency[OF_CLOCK], us);
		}
	}
	expect_nothing(&f->latency[OF_ANY]);
	down(f);
}

static void protocols_without_an_entry_share_the_last_one(void **state)
{
	static const uint8_t others[] = {SCMI_PROTOCOL_BASE, SCMI_PROTOCOL_SENSOR, 0xff};
	struct fixture *f = up(SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT);
	struct scmi_call call;

	(void)state;
	for (size_t i = 0; i < sizeof(others); i++) {
		submit(f, &call, others[i], 0);
		f->fake.now_us += 100;
		reply(f, script_last(&f->script), SCMI_MSG_COMMAND, SCMI_SUCCESS);
		expect_counted(&f->latency[OF_ANY], 100);
	}
	expect_nothing(&f->latency[OF_CLOCK]);
	down(f);
}

/* An error is a reply; the end of a call without one, and what comes behind it, is none. */
static void errors_are_counted_and_late_replies_are_not(void **state)
{
	struct fixture *f = up(SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT);
	static const unsigned char success[SCMI_STATUS_BYTES];
	struct scmi_call call;

	(void)state;
	submit(f, &call, SCMI_PROTOCOL_CLOCK, 0);
	f->fake.now_us += 30;
	reply(f, script_last(&f->script), SCMI_MSG_COMMAND, SCMI_DENIED);
	expect_counted(&f->latency[OF_CLOCK], 30);
	submit(f, &call, SCMI_PROTOCOL_CLOCK, 0);
	assert_int_equal(scmi_agent_cancel(f->agent, &call), SCMI_OK);
	f->fake.now_us += 30;
	assert_int_equal(script_rx(&f->script, script_last(&f->script)->hdr, success, sizeof(success)), SCMI_E_STRAY);
	expect_nothing(&f->latency[OF_CLOCK]);
	down(f);
}

static void delayed_command_is_counted_to_its_delayed_response(void **state)
{
	struct fixture *f = up(SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT | SCMI_CAP_NOTIFY);
	struct scmi_call call;

	(void)state;
	submit(f, &call, SCMI_PROTOCOL_CLOCK, SCMI_CALL_DELAYED);
	f->fake.now_us += 10;
	reply(f, script_last(&f->script), SCMI_MSG_COMMAND, SCMI_SUCCESS);
	expect_nothing(&f->latency[OF_CLOCK]);
	f->fake.now_us += 1000;
	reply(f, script_last(&f->script), SCMI_MSG_DELAYED, SCMI_SUCCESS);
	assert_null(call.arg);
	expect_counted(&f->latency[OF_CLOCK], 1010);
	down(f);
}

/* *arg: the transport has room. */
static int send_if_room(struct script *s, const struct script_sent *sent, void *arg)
{
	const bool *room = arg;

	(void)s;
	(void)sent;
	return *room ? SCMI_OK : SCMI_E_BUSY;
}

/* The time begins when the transport takes the command, not when it is first offered. */
static void time_in_the_queue_is_not_counted(void **state)
{
	struct fixture *f = up(SCMI_CAP_IRQ);
	struct scmi_call call;
	bool room = false;

	(void)state;
	f->script.on_send = send_if_room;
	f->script.arg = &room;
	submit(f, &call, SCMI_PROTOCOL_CLOCK, 0);
	assert_int_equal(f->script.went_out, 0);
	f->fake.now_us += 5000;
	room = true;
	f->script.sink->ready(f->script.core);
	assert_int_equal(f->script.went_out, 1);
	f->fake.now_us += 20;
	reply(f, script_last(&f->script), SCMI_MSG_COMMAND, SCMI_SUCCESS);
	expect_counted(&f->latency[OF_CLOCK], 20);
	down(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(floors_are_four_an_octave),
		cmocka_unit_test(last_floor_is_beyond_a_minute_and_has_no_end),
		cmocka_unit_test(each_edge_falls_on_its_own_side),
		cmocka_unit_test(each_time_lies_between_its_floor_and_the_next),
		cmocka_unit_test(longest_times_fall_into_the_last_bucket),
		cmocka_unit_test(permille_is_the_end_of_the_bucket_that_reaches_it),
		cmocka_unit_test(permille_of_few_replies_takes_a_whole_one),
		cmocka_unit_test(permille_counts_more_than_32_bits_of_replies),
		cmocka_unit_test(permille_of_nothing_is_0),
		cmocka_unit_test(reply_is_counted_by_its_time_at_each_edge),
		cmocka_unit_test(protocols_without_an_entry_share_the_last_one),
		cmocka_unit_test(errors_are_counted_and_late_replies_are_not),
		cmocka_unit_test(delayed_command_is_counted_to_its_delayed_response),
		cmocka_unit_test(time_in_the_queue_is_not_counted),
	};

	return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
