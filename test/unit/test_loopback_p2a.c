/* SPDX-License-Identifier: BSD-3-Clause */
/* What a platform sends by itself, through loopback: in both modes, with room and without, beside stops. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/port/posix.h>

#include "acme.h"
#include "loopback_rig.h"

#define TRIP_POINT_NOTIFY 0x4u
#define READING_GET       0x6u
#define READING_ASYNC     1u
#define ROUNDS            2000u

static struct acme acme; /* the platform; the rig plays the agent */

static void open_both(struct rig *r, uint32_t flags)
{
	rig_make(r, flags);
	assert_int_equal(acme_open(&acme, &r->endpoint, NULL, NULL), SCMI_OK);
	assert_int_equal(rig_start_agent(r), SCMI_OK);
}

static void close_both(struct rig *r)
{
	rig_stop_agent(r);
	assert_int_equal(acme_close(&acme), SCMI_OK);
	rig_end(r);
}

static struct scmi_platform_stats stats(void)
{
	struct scmi_platform_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_platform_stats(acme.platform, &s), SCMI_OK);
	assert_int_equal(s.delayed, s.delayed_sent + s.delayed_failed + s.delayed_open);
	return s;
}

/* A sensor's command in this slot, which is its token too; served. */
static void command(struct rig *r, uint16_t slot, uint8_t message, uint32_t sensor, uint32_t word)
{
	uint8_t params[8];
	const struct scmi_tx tx = {
		.hdr = scmi_hdr(SCMI_PROTOCOL_SENSOR, message, SCMI_MSG_COMMAND, slot),
		.len = sizeof(params),
		.payload = params,
		.token = slot,
		.slot = slot,
	};

	scmi_put_le32(params, sensor);
	scmi_put_le32(params + 4, word);
	assert_int_equal(r->transport.ops->send(r->transport.ctx, &tx), SCMI_OK);
	if ((r->config.flags & SCMI_LOOPBACK_THREADED) != 0)
		assert_int_equal(scmi_loopback_serve(r->lb, 0), 1);
}

/* Takes one message, in threaded mode. */
static void poll_one(struct rig *r)
{
	assert_int_equal(r->transport.ops->poll(r->transport.ctx, 1), 1);
}

static void assert_reading(const struct rig *r, uint16_t slot, uint32_t sensor)
{
	assert_int_equal(r->last.hdr, scmi_hdr(SCMI_PROTOCOL_SENSOR, READING_GET, SCMI_MSG_DELAYED, slot));
	assert_int_equal(r->last.token, SCMI_TOKEN_ANY);
	assert_int_equal(r->last.len, ACME_READING_BYTES);
	assert_int_equal(scmi_get_le32(r->bytes), SCMI_SUCCESS);
	assert_int_equal(scmi_get_le32(r->bytes + 4), sensor);
}

/* ---- both modes ---- */

static void delayed_response_comes_by_itself(void **state)
{
	static const uint32_t modes[] = {0, SCMI_LOOPBACK_THREADED};
	struct rig r;

	(void)state;
	for (unsigned i = 0; i < 2u; i++) {
		open_both(&r, modes[i]);
		command(&r, 2, READING_GET, 1, READING_ASYNC);
		if (modes[i] != 0)
			poll_one(&r);
		assert_int_equal(r.came, 1);
		assert_int_equal(scmi_hdr_type(r.last.hdr), SCMI_MSG_COMMAND);
		assert_int_equal(acme_complete(&acme), 1);
		if (modes[i] != 0)
			poll_one(&r);
		assert_int_equal(r.came, 2);
		assert_reading(&r, 2, 1);
		close_both(&r);
	}
}

static void delayed_response_comes_before_its_response(void **state)
{
	struct rig r;

	(void)state;
	open_both(&r, SCMI_LOOPBACK_THREADED);
	atomic_store(&acme.at_once, 1);
	command(&r, 1, READING_GET, 0, READING_ASYNC);
	poll_one(&r);
	assert_reading(&r, 1, 0);
	poll_one(&r);
	assert_int_equal(scmi_hdr_type(r.last.hdr), SCMI_MSG_COMMAND);
	close_both(&r);
	open_both(&r, 0);
	atomic_store(&acme.at_once, 1);
	command(&r, 1, READING_GET, 0, READING_ASYNC);
	assert_int_equal(r.came, 2);
	assert_int_equal(scmi_hdr_type(r.last.hdr), SCMI_MSG_COMMAND);
	assert_int_equal(stats().delayed_sent, 1);
	close_both(&r);
}

/* ---- a full queue ---- */

/* Four readings and their responses, which have been taken; the queue holds two of the platform's own messages. */
static void open_readings(struct rig *r)
{
	for (uint16_t i = 0; i < 4u; i++) {
		command(r, i, READING_GET, i % ACME_SENSORS, READING_ASYNC);
		poll_one(r);
	}
}

static void what_has_no_room_follows_in_order_and_the_newest_trip_last(void **state)
{
	struct rig r;

	(void)state;
	open_both(&r, SCMI_LOOPBACK_THREADED);
	command(&r, 0, TRIP_POINT_NOTIFY, 0, 1);
	poll_one(&r);
	open_readings(&r);
	assert_int_equal(acme_complete(&acme), 4);
	assert_int_equal(stats().delayed_sent, 2);
	assert_int_equal(stats().delayed_queued, 2);
	assert_int_equal(acme_trip_newest(&acme, 0, 0), SCMI_OK);
	assert_int_equal(acme_trip_newest(&acme, 0, 1), SCMI_OK);
	assert_int_equal(acme_trip(&acme, 1, 1), SCMI_E_BUSY);
	for (uint16_t i = 0; i < 4u; i++) {
		poll_one(&r);
		assert_reading(&r, i, i % ACME_SENSORS);
	}
	poll_one(&r);
	assert_int_equal(scmi_hdr_type(r.last.hdr), SCMI_MSG_NOTIFICATION);
	assert_int_equal(scmi_get_le32(r.bytes + 8), 1u << 16);
	assert_int_equal(rig_poll(&r), 0);
	assert_int_equal(stats().delayed_sent, 4);
	assert_int_equal(stats().merged, 1);
	close_both(&r);
}

static void agent_that_stops_ends_what_waits(void **state)
{
	struct rig r;

	(void)state;
	open_both(&r, SCMI_LOOPBACK_THREADED);
	open_readings(&r);
	assert_int_equal(acme_complete(&acme), 4);
	rig_stop_agent(&r);
	assert_int_equal(stats().delayed_open, 0);
	assert_int_equal(stats().delayed_failed, 2);
	assert_int_equal(rig_start_agent(&r), SCMI_OK);
	assert_int_equal(rig_poll(&r), 0);
	command(&r, 0, READING_GET, 1, READING_ASYNC);
	poll_one(&r);
	assert_int_equal(acme_complete(&acme), 1);
	poll_one(&r);
	assert_reading(&r, 0, 1);
	close_both(&r);
}

static void platform_that_stops_closes_what_waits(void **state)
{
	struct rig r;

	(void)state;
	open_both(&r, SCMI_LOOPBACK_THREADED);
	open_readings(&r);
	assert_int_equal(acme_complete(&acme), 4);
	assert_int_equal(scmi_platform_stop(acme.platform), SCMI_OK);
	assert_int_equal(stats().delayed_failed, 2);
	assert_int_equal(r.downs, 1);
	close_both(&r);
}

/* ---- threads ---- */

struct race {
	struct scmi_loopback *lb;
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;
	atomic_uint stop;
	unsigned delayed; /* that came to the agent */
	unsigned responses;
	unsigned trips;
	unsigned wrong;
};

static int take(void *core, const struct scmi_rx *rx)
{
	struct race *race = core;

	switch (scmi_hdr_type(rx->hdr)) {
	case SCMI_MSG_DELAYED:
		race->delayed++;
		break;
	case SCMI_MSG_COMMAND:
		race->responses++;
		if (scmi_get_le32(rx->data) != 0)
			race->wrong++;
		break;
	default:
		race->trips++;
		break;
	}
	return SCMI_OK;
}

static int settle(void *core, uint16_t token, int err)
{
	(void)token;
	(void)err;
	((struct race *)core)->wrong++;
	return SCMI_OK;
}

static void nothing(void *core)
{
	(void)core;
}

static void down(void *core, int err)
{
	(void)core;
	(void)err;
}

static const struct scmi_sink race_sink = {
	.version = SCMI_SINK_V1, .rx = take, .settle = settle, .ready = nothing, .link_down = down};

static void *serve(void *arg)
{
	struct race *race = arg;

	while (atomic_load(&race->stop) == 0) {
		(void)scmi_loopback_serve(race->lb, 0);
		(void)acme_complete(&acme);
		sched_yield();
	}
	return NULL;
}

static void *post_trips(void *arg)
{
	struct race *race = arg;

	for (unsigned n = 0; atomic_load(&race->stop) == 0; n++) {
		(void)acme_trip_newest(&acme, 0, n & 1u);
		(void)acme_trip(&acme, 1, n & 1u);
		sched_yield();
	}
	return NULL;
}

static void send_command(struct race *race, uint16_t slot, uint8_t message, uint32_t word)
{
	uint8_t params[8] = {0};
	const struct scmi_tx tx = {
		.hdr = scmi_hdr(SCMI_PROTOCOL_SENSOR, message, SCMI_MSG_COMMAND, slot),
		.len = sizeof(params),
		.payload = params,
		.token = slot,
		.slot = slot,
	};

	scmi_put_le32(params + 4, word);
	assert_int_equal(race->transport.ops->send(race->transport.ctx, &tx), SCMI_OK);
}

/* As the agent, which takes whatever has come until both counts are reached. */
static void take_until(struct race *race, unsigned responses, unsigned delayed)
{
	while (race->responses != responses || race->delayed != delayed) {
		(void)race->transport.ops->poll(race->transport.ctx, 4);
		sched_yield();
	}
}

static void make_race(struct race *race, void **mem, const struct scmi_port *port)
{
	const struct scmi_loopback_config config = {
		.size = sizeof(config), .flags = SCMI_LOOPBACK_THREADED, .max_inflight = 4, .events = 2, .port = port};
	size_t size = scmi_loopback_size(&config);

	memset(race, 0, sizeof(*race));
	*mem = malloc(size);
	assert_non_null(*mem);
	assert_int_equal(scmi_loopback_init(&race->lb, *mem, size, &config, &race->transport, &race->endpoint),
			 SCMI_OK);
	assert_int_equal(acme_open(&acme, &race->endpoint, NULL, NULL), SCMI_OK);
	assert_int_equal(race->transport.ops->start(race->transport.ctx, &race_sink, race), SCMI_OK);
}

/* The agent may have the last delayed response before its node is free again: one less than there are. */
#define AT_ONCE (ACME_READINGS - 1u)

/* Room for two, and a thread that fills it with notifications: no delayed response is lost, nor waits for ever. */
static void delayed_responses_all_come_beside_a_flood_of_trips(void **state)
{
	static struct race race;
	struct scmi_posix posix;
	struct scmi_port port;
	pthread_t threads[2];
	void *mem;

	(void)state;
	assert_int_equal(scmi_posix_init(&posix, &port), SCMI_OK);
	make_race(&race, &mem, &port);
	pthread_create(&threads[0], NULL, serve, &race);
	send_command(&race, 0, TRIP_POINT_NOTIFY, 1);
	take_until(&race, 1, 0);
	pthread_create(&threads[1], NULL, post_trips, &race);
	for (unsigned n = 0; n < ROUNDS; n++) {
		for (uint16_t slot = 0; slot < AT_ONCE; slot++)
			send_command(&race, slot, READING_GET, READING_ASYNC);
		take_until(&race, 1u + AT_ONCE * (n + 1u), AT_ONCE * (n + 1u));
	}
	while (race.trips == 0) /* its thread may not have had its turn yet */
		(void)race.transport.ops->poll(race.transport.ctx, 4);
	atomic_store(&race.stop, 1);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	race.transport.ops->stop(race.transport.ctx);
	assert_int_equal(race.wrong, 0);
	assert_int_equal(stats().delayed_sent, AT_ONCE * ROUNDS);
	assert_int_equal(stats().delayed, AT_ONCE * ROUNDS);
	assert_true(race.trips != 0);
	assert_int_equal(acme_close(&acme), SCMI_OK);
	scmi_loopback_fini(race.lb);
	scmi_posix_fini(&posix);
	free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delayed_response_comes_by_itself),
		cmocka_unit_test(delayed_response_comes_before_its_response),
		cmocka_unit_test(what_has_no_room_follows_in_order_and_the_newest_trip_last),
		cmocka_unit_test(agent_that_stops_ends_what_waits),
		cmocka_unit_test(platform_that_stops_closes_what_waits),
		cmocka_unit_test(delayed_responses_all_come_beside_a_flood_of_trips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
