/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated device of the examples: its values over time, and what it tells by itself. The clock is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/server/base.h>

#include "fake_endpoint.h"
#include "fake_port.h"
#include "sim.h"

#define AGENTS 2u
#define CLOCK  SCMI_PROTOCOL_CLOCK
#define SENSOR SCMI_PROTOCOL_SENSOR

enum { OSC, PLL, UART };      /* clocks of the set "demo" */
enum { CPU, BOARD, BATTERY }; /* and sensors */

struct fixture {
	struct fake_port port;
	struct fake_endpoint endpoints[AGENTS];
	struct fake_request request;
	struct fake_request later;
	struct sim *sim;
	const struct scmi_server *servers[2];
	struct scmi_platform_agent agents[AGENTS];
	max_align_t memory[SCMI_PLATFORM_WORDS(AGENTS, 2)];
	struct scmi_platform *platform;
};

static int open_set(struct fixture *f, const char *set)
{
	struct scmi_platform_config config = {
		.size = sizeof(config), .servers = f->servers, .servers_n = 2, .agents = f->agents, .agents_n = AGENTS};
	int err = sim_open(&f->sim, sim_find_set(set), NULL, AGENTS, &f->port.port);

	if (err != SCMI_OK)
		return err;
	f->servers[0] = sim_clock_server(f->sim);
	f->servers[1] = sim_sensor_server(f->sim);
	for (unsigned i = 0; i < AGENTS; i++) {
		fake_endpoint_init(&f->endpoints[i]);
		f->agents[i] = (struct scmi_platform_agent){
			.size = sizeof(f->agents[i]), .name = "agent", .endpoint = &f->endpoints[i].endpoint};
	}
	err = scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &config);
	return err == SCMI_OK ? scmi_platform_start(f->platform) : err;
}

static int set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){0};
	fake_port_init(&f.port);
	*state = &f;
	return open_set(&f, "demo");
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	int err = scmi_platform_stop(f->platform);

	sim_end(f->sim);
	if (err == SCMI_OK)
		err = scmi_platform_fini(f->platform);
	sim_close(f->sim);
	fake_request_free(&f->request);
	fake_request_free(&f->later);
	return err != SCMI_OK || f->port.fault != NULL || f->endpoints[0].fault != NULL;
}

/* Lets time go by, tick by tick. */
static void live(struct fixture *f, uint64_t us)
{
	for (uint64_t end = f->port.now_us + us; f->port.now_us < end;) {
		f->port.now_us += SIM_TICK_US;
		sim_tick(f->sim);
	}
}

#define ASK(f, protocol, message, n, ...)                                                                              \
	fake_ask(&(f)->endpoints[0], &(f)->request, (protocol), (message), (n), __VA_ARGS__)

static uint32_t word(const struct fake_message *message, unsigned i)
{
	return scmi_get_le32(message->bytes + 4u * i);
}

/* ---- values ---- */

static int64_t at(const struct sim_signal *signal, uint64_t us)
{
	int64_t value = INT64_MIN;

	assert_true(sim_signal_at(signal, us, &value));
	return value;
}

static void ramp_rises_and_begins_again(void **state)
{
	const struct sim_signal s = {.source = SIM_RAMP, .base = -100, .span = 400, .period_ms = 2000};

	(void)state;
	assert_int_equal(at(&s, 0), -100);
	assert_int_equal(at(&s, 500000), 0);
	assert_int_equal(at(&s, 1998000), 299);
	assert_int_equal(at(&s, 2000000), -100);
	assert_int_equal(at(&s, UINT64_C(2000000) * 1000000u + 1000000u), 100);
}

static void sine_has_its_corners_and_stays_inside(void **state)
{
	const struct sim_signal s = {.source = SIM_SINE, .base = 50, .span = 10000, .period_ms = 4000};
	const struct sim_signal ahead = {
		.source = SIM_SINE, .base = 50, .span = 10000, .period_ms = 4000, .seed = 90 + 720};

	(void)state;
	assert_int_equal(at(&s, 0), 50);
	assert_int_equal(at(&s, 1000000), 10050);
	assert_int_equal(at(&s, 2000000), 50);
	assert_int_equal(at(&s, 3000000), -9950);
	assert_in_range(at(&s, 4000000 / 12), 5050 - 25, 5050 + 25); /* 30 degrees: a half */
	assert_in_range(at(&s, 4000000 / 8), 7121 - 25, 7121 + 25);  /* 45 degrees: 0.7071 */
	for (uint64_t us = 0; us < 4000000; us += 10000) {
		assert_true(at(&s, us) >= -9950 && at(&s, us) <= 10050);
		assert_int_equal(at(&ahead, us), at(&s, us + 1000000));
	}
}

static void noise_repeats_stays_inside_and_differs(void **state)
{
	const struct sim_signal s = {.source = SIM_NOISE, .base = 1000, .span = 3, .period_ms = 10, .seed = 7};
	const struct sim_signal other = {.source = SIM_NOISE, .base = 1000, .span = 3, .period_ms = 10, .seed = 8};
	unsigned seen = 0;
	unsigned same = 0;

	(void)state;
	for (uint64_t us = 0; us < 1000000; us += 10000) {
		int64_t value = at(&s, us);

		assert_in_range(value, 997, 1003);
		assert_int_equal(at(&s, us), value);
		assert_int_equal(at(&s, us + 9999), value);
		seen |= 1u << (value - 997);
		same += at(&other, us) == value;
	}
	assert_int_equal(seen, 0x7f);
	assert_in_range(same, 1, 50); /* of 100, a seventh by chance */
}

static void file_is_read_each_time(void **state)
{
	char path[64];
	struct sim_signal s = {.source = SIM_FILE, .path = path};
	int64_t value = 5;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/sim.%p", (void *)&s);
	assert_false(sim_signal_at(&s, 0, &value));
	for (int i = -1; i <= 1; i++) {
		file = fopen(path, "w");
		assert_non_null(file);
		fprintf(file, "%d\n", i * 42500);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(at(&s, 0), i * 42500);
	}
	assert_int_equal(remove(path), 0);
	assert_false(sim_signal_at(&s, 0, &value));
}

/* ---- what it tells ---- */

/* A sine of 10 s around 55000: it passes 61000 upwards 30 degrees after its start, downwards at 150. */
static void trips_once_each_way_for_the_agent_that_asked(void **state)
{
	struct fixture *f = *state;
	uint64_t start = f->port.now_us;

	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_TRIP_POINT_CONFIG, 4, CPU, 0x13u, 61000u, 0u), SCMI_SUCCESS);
	live(f, 10000000);
	assert_int_equal(f->endpoints[0].taken, 0); /* nobody has asked */
	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_TRIP_POINT_NOTIFY, 2, CPU, 1u), SCMI_SUCCESS);
	while (f->endpoints[0].taken == 0)
		live(f, SIM_TICK_US);
	assert_in_range(f->port.now_us - start, 10000000 + 800000, 10000000 + 860000);
	assert_int_equal(word(&f->endpoints[0].log[0], 1), CPU);
	assert_int_equal(word(&f->endpoints[0].log[0], 2), SCMI_SENSOR_TRIPPED_UP | 1u);
	live(f, 10000000 - 1000000);
	assert_int_equal(f->endpoints[0].taken, 2);
	assert_int_equal(word(&f->endpoints[0].log[1], 2), 1u);
	assert_int_equal(f->endpoints[1].taken, 0);
}

static void trips_only_the_way_that_is_watched(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_TRIP_POINT_NOTIFY, 2, CPU, 1u), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_TRIP_POINT_CONFIG, 4, CPU, 0x02u, 61000u, 0u), SCMI_SUCCESS);
	live(f, 10000000);
	assert_int_equal(f->endpoints[0].taken, 1);
	assert_int_equal(word(&f->endpoints[0].log[0], 2), 0);
	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_TRIP_POINT_CONFIG, 4, CPU, 0x00u, 61000u, 0u), SCMI_SUCCESS);
	live(f, 10000000);
	assert_int_equal(f->endpoints[0].taken, 1);
}

/* The sine's summit, which it reaches and does not pass. */
static void reaching_a_trip_point_counts(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_TRIP_POINT_NOTIFY, 2, CPU, 1u), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_TRIP_POINT_CONFIG, 4, CPU, 0x01u, 67000u, 0u), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_TRIP_POINT_CONFIG, 4, CPU, 0x12u, 43000u, 0u), SCMI_SUCCESS);
	live(f, 10000000);
	assert_int_equal(f->endpoints[0].taken, 2);
	assert_int_equal(word(&f->endpoints[0].log[0], 2), SCMI_SENSOR_TRIPPED_UP);
	assert_int_equal(word(&f->endpoints[0].log[1], 2), 1u);
}

static void updates_come_at_the_interval_that_was_set(void **state)
{
	struct fixture *f = *state;
	unsigned before;

	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY, 2, CPU, 1u), SCMI_SUCCESS);
	live(f, 2000000); /* 0.1 s, the shortest, is what it begins with */
	assert_in_range(f->endpoints[0].taken, 20, 21);

	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_CONFIG_SET, 2, CPU,
			     SCMI_SENSOR_ENABLED | SCMI_SENSOR_INTERVAL(1, 0) << SCMI_SENSOR_CONFIG_INTERVAL_SHIFT),
			 SCMI_SUCCESS);
	before = f->endpoints[0].taken;
	live(f, 5000000);
	assert_in_range(f->endpoints[0].taken - before, 4, 5);

	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_CONFIG_SET, 2, CPU, 0u), SCMI_SUCCESS);
	before = f->endpoints[0].taken;
	live(f, 5000000);
	assert_int_equal(f->endpoints[0].taken, before); /* it is off */
}

/* ---- what takes time ---- */

static void asynchronous_reading_comes_later(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_READING_GET, 2, BATTERY, SCMI_SENSOR_READ_ASYNC), SCMI_SUCCESS);
	live(f, SIM_LATER_US - SIM_TICK_US);
	assert_int_equal(f->endpoints[0].taken, 0);
	live(f, SIM_TICK_US);
	assert_int_equal(f->endpoints[0].taken, 1);
	assert_int_equal(word(&f->endpoints[0].log[0], 0), SCMI_SUCCESS);
	assert_int_equal(word(&f->endpoints[0].log[0], 1), BATTERY);
	assert_in_range(word(&f->endpoints[0].log[0], 2), 3660, 3740);
}

/* The pll takes its time, without the asynchronous flag too: then it is the reply that comes later. */
static void slow_clock_answers_when_it_is_done(void **state)
{
	struct fixture *f = *state;
	uint8_t params[16] = {0};

	scmi_put_le32(params + 4, PLL);
	scmi_put_le32(params + 8, 500000000);
	fake_deliver(&f->endpoints[0], &f->later, scmi_hdr(CLOCK, SCMI_CLOCK_RATE_SET, SCMI_MSG_COMMAND, 1), params,
		     sizeof(params), FAKE_PAYLOAD);
	assert_int_equal(f->later.replies, 0);
	live(f, SIM_LATER_US - SIM_TICK_US);
	assert_int_equal(f->later.replies, 0);
	assert_int_equal(ASK(f, CLOCK, SCMI_CLOCK_RATE_GET, 1, PLL), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 800000000);
	live(f, SIM_TICK_US);
	assert_int_equal(f->later.replies, 1);
	assert_int_equal(fake_status(&f->later), SCMI_SUCCESS);
	assert_int_equal(ASK(f, CLOCK, SCMI_CLOCK_RATE_GET, 1, PLL), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 500000000);
}

/* tear_down() finds the platform without open requests. */
static void what_is_under_way_ends_with_the_platform(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ASK(f, CLOCK, SCMI_CLOCK_RATE_SET, 4, SCMI_CLOCK_SET_ASYNC, PLL, 500000000u, 0u),
			 SCMI_SUCCESS);
	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_READING_GET, 2, BATTERY, SCMI_SENSOR_READ_ASYNC), SCMI_SUCCESS);
}

static void more_pending_than_there_is_room_for_are_refused(void **state)
{
	struct fixture *f = *state;
	unsigned n = 0;

	while (n < 100 && ASK(f, SENSOR, SCMI_SENSOR_READING_GET, 2, BATTERY, SCMI_SENSOR_READ_ASYNC) == SCMI_SUCCESS)
		n++;
	assert_int_equal(fake_status(&f->request), SCMI_BUSY);
	live(f, SIM_LATER_US);
	assert_int_equal(f->endpoints[0].taken, n);
	assert_int_equal(ASK(f, SENSOR, SCMI_SENSOR_READING_GET, 2, BATTERY, SCMI_SENSOR_READ_ASYNC), SCMI_SUCCESS);
}

static void no_such_set(void **state)
{
	(void)state;
	assert_null(sim_find_set(""));
	assert_null(sim_find_set("demos"));
	assert_string_equal(sim_find_set("many")->name, "many");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ramp_rises_and_begins_again),
		cmocka_unit_test(sine_has_its_corners_and_stays_inside),
		cmocka_unit_test(noise_repeats_stays_inside_and_differs),
		cmocka_unit_test(file_is_read_each_time),
		cmocka_unit_test(no_such_set),
		TEST(trips_once_each_way_for_the_agent_that_asked),
		TEST(trips_only_the_way_that_is_watched),
		TEST(reaching_a_trip_point_counts),
		TEST(updates_come_at_the_interval_that_was_set),
		TEST(asynchronous_reading_comes_later),
		TEST(slow_clock_answers_when_it_is_done),
		TEST(what_is_under_way_ends_with_the_platform),
		TEST(more_pending_than_there_is_room_for_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
