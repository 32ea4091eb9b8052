/* SPDX-License-Identifier: BSD-3-Clause */
/* Driver and device between threads: asleep on doorbells until something has come, or on each other's stacks. */
#define _POSIX_C_SOURCE 200809L

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <scmi/hosted.h>
#include <scmi/port/posix.h>

#include "hang.h"
#include "virtio_pair_rig.h"

#define CALLERS 3u
#define CALLS   400u
#define MINUTE  60000000u

struct bed {
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_doorbell *to_device;
	struct scmi_doorbell *to_driver;
	struct pair_rig rig;
	pthread_t server;
	atomic_bool over;
	atomic_uint rests;

	/* what callers saw */
	atomic_uint ok;
	atomic_uint lost; /* ended because the link was down or went so */
	atomic_uint other;
};

static struct bed bed;

/* ---- the driver's end sleeps ---- */

static void sleep_on(struct scmi_doorbell *bell, int ms)
{
	struct pollfd p = {.fd = scmi_doorbell_fd(bell), .events = POLLIN};

	(void)poll(&p, 1, ms);
}

static void bell_wait(void *ctx, uint64_t deadline_us)
{
	struct bed *b = ctx;
	const uint64_t now = b->port.now_us(b->port.ctx);
	const uint64_t left = deadline_us > now ? deadline_us - now : 0;

	sleep_on(b->to_driver, left > 100000u ? 100 : (int)((left + 999u) / 1000u));
	scmi_doorbell_clear(b->to_driver);
}

static void bell_wake(void *ctx)
{
	struct bed *b = ctx;

	scmi_doorbell_ring(b->to_driver);
}

static int bell_fd(void *ctx)
{
	struct bed *b = ctx;

	return scmi_doorbell_fd(b->to_driver);
}

static void bell_clear(void *ctx)
{
	struct bed *b = ctx;

	scmi_doorbell_clear(b->to_driver);
}

static void bell_raise(void *ctx)
{
	struct bed *b = ctx;

	scmi_doorbell_ring(b->to_driver);
}

/* ---- the device's end ---- */

/* Cleared before the look: what comes after the look rings anew. */
static void *serve(void *arg)
{
	struct bed *b = arg;

	while (!atomic_load(&b->over)) {
		scmi_doorbell_clear(b->to_device);
		while (scmi_virtio_device_serve(b->rig.device, 16) > 0)
			;
		if (scmi_virtio_device_rest(b->rig.device) && !atomic_load(&b->over)) {
			atomic_fetch_add(&b->rests, 1u);
			sleep_on(b->to_device, -1);
		}
	}
	return NULL;
}

static struct pair_form bells(struct bed *b, uint64_t wanted)
{
	return (struct pair_form){
		.wanted = wanted,
		.to_device = {.ring = scmi_doorbell_ring, .ctx = b->to_device},
		.to_driver = {.ring = scmi_doorbell_ring, .ctx = b->to_driver},
		.sleeper = {.wait = bell_wait, .wake = bell_wake, .ctx = b},
	};
}

static void make_bed(struct bed *b)
{
	memset(b, 0, sizeof(*b));
	assert_int_equal(scmi_posix_init(&b->posix, &b->port), SCMI_OK);
	assert_int_equal(scmi_doorbell_create(&b->to_device), SCMI_OK);
	assert_int_equal(scmi_doorbell_create(&b->to_driver), SCMI_OK);
}

static void open_bed(struct bed *b, struct pair_form form)
{
	form.port = &b->port;
	form.timeout_us = MINUTE;
	pair_rig_open(&b->rig, &form);
	if (form.to_device.ring != NULL)
		assert_int_equal(pthread_create(&b->server, NULL, serve, b), 0);
}

static void close_bed(struct bed *b)
{
	if (b->server != 0) {
		atomic_store(&b->over, true);
		scmi_doorbell_ring(b->to_device);
		assert_int_equal(pthread_join(b->server, NULL), 0);
	}
	pair_rig_close(&b->rig);
	scmi_doorbell_destroy(b->to_device);
	scmi_doorbell_destroy(b->to_driver);
	scmi_posix_fini(&b->posix);
}

/* ---- callers ---- */

static void note(struct bed *b, int err)
{
	if (err == SCMI_OK)
		atomic_fetch_add(&b->ok, 1u);
	else if (err == SCMI_E_NOPEER || err == SCMI_E_LINK)
		atomic_fetch_add(&b->lost, 1u);
	else
		atomic_fetch_add(&b->other, 1u);
}

static void *call(void *arg)
{
	struct bed *b = arg;
	uint32_t version = 0;

	for (unsigned i = 0; i < CALLS; i++) {
		struct scmi_call c = {
			.size = sizeof(c),
			.protocol = i % 2u != 0 ? SCMI_PROTOCOL_CLOCK : SCMI_PROTOCOL_BASE,
			.message = SCMI_PROTOCOL_VERSION,
			.reply = &version,
			.reply_cap = sizeof(version),
		};

		note(b, scmi_agent_call(b->rig.agent, &c));
	}
	return NULL;
}

static void call_from_all(struct bed *b, void (*meanwhile)(struct bed *b))
{
	pthread_t threads[CALLERS];

	for (unsigned i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call, b), 0);
	if (meanwhile != NULL)
		meanwhile(b);
	for (unsigned i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(b->other, 0);
	assert_int_equal(b->ok + b->lost, CALLERS * CALLS);
}

static const uint64_t features[] = {
	SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_P2A_CHANNELS,
	SCMI_VIRTIO_FEATURES_DEFAULT & ~SCMI_VIRTIO_F_SHARED_MEMORY,
	SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_EVENT_IDX | SCMI_VIRTIO_F_INDIRECT_DESC,
};

#define KINDS (sizeof(features) / sizeof(features[0]))

static void pair_threads_wake_each_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		make_bed(&bed);
		open_bed(&bed, bells(&bed, features[i]));
		call_from_all(&bed, NULL);
		assert_int_equal(bed.lost, 0);
		assert_true(bed.rests > 0); /* it did sleep */
		close_bed(&bed);
	}
}

/* Of several senders one serves for all. */
static void pair_threads_serve_each_other(void **state)
{
	const uint32_t delivers[2] = {0, SCMI_VIRTIO_PAIR_DELIVERS};

	(void)state;
	for (size_t i = 0; i < 2u * KINDS; i++) {
		make_bed(&bed);
		open_bed(&bed, (struct pair_form){.flags = SCMI_VIRTIO_PAIR_SERVES | delivers[i % 2u],
						  .wanted = features[i / 2u]});
		call_from_all(&bed, NULL);
		assert_int_equal(bed.lost, 0);
		close_bed(&bed);
	}
}

/* ---- what the platform sends ---- */

static void trip(struct bed *b)
{
	struct hang hang = hang_watch();
	unsigned sent = 0;

	while (sent < 200) {
		const int err = acme_trip(&b->rig.acme, 1, 1);

		assert_true(err == SCMI_OK || err == SCMI_E_BUSY);
		sent += err == SCMI_OK;
		assert_int_equal(acme_trip_newest(&b->rig.acme, 0, 1), SCMI_OK);
		(void)scmi_agent_poll(b->rig.agent, 4);
		assert_false(hangs(&hang));
	}
}

static void listen_to_both(struct bed *b)
{
	struct scmi_sensor_protocol p;

	assert_int_equal(scmi_sensor_open(b->rig.agent, 0, &p, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_trip_notify(&p, 1, true, NULL), SCMI_OK);
}

/* Nothing that waits for room is left behind: the newest word comes, unless the agent had no buffer for it. */
static void wait_for_all(struct bed *b)
{
	struct scmi_platform_stats s = {.size = sizeof(s)};
	struct scmi_agent_stats a = {.size = sizeof(a)};
	struct hang hang = hang_watch();

	do {
		(void)scmi_agent_poll(b->rig.agent, 16);
		assert_int_equal(scmi_platform_stats(b->rig.acme.platform, &s), SCMI_OK);
		assert_int_equal(scmi_agent_stats(b->rig.agent, 0, &a), SCMI_OK);
		assert_false(hangs(&hang));
	} while (s.waiting != 0 || atomic_load(&b->rig.heard) + a.dropped != s.sent);
	assert_int_equal(s.failed, 0);
}

static void pair_threads_hear_the_platform(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		make_bed(&bed);
		open_bed(&bed, bells(&bed, features[i]));
		listen_to_both(&bed);
		call_from_all(&bed, trip);
		wait_for_all(&bed);
		close_bed(&bed);
	}
}

/* ---- ends that come and go ---- */

static void restart_platform(struct bed *b)
{
	struct hang hang = hang_watch();

	for (unsigned i = 0; i < 20; i++) {
		const unsigned before = atomic_load(&b->ok);

		assert_int_equal(scmi_platform_stop(b->rig.acme.platform), SCMI_OK);
		assert_int_equal(scmi_platform_start(b->rig.acme.platform), SCMI_OK);
		while (atomic_load(&b->ok) == before && atomic_load(&b->ok) + atomic_load(&b->lost) < CALLERS * CALLS)
			assert_false(hangs(&hang));
	}
}

static void pair_threads_survive_their_platform(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		make_bed(&bed);
		open_bed(&bed, bells(&bed, features[i]));
		call_from_all(&bed, restart_platform);
		assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
		close_bed(&bed);
	}
	make_bed(&bed);
	open_bed(&bed, (struct pair_form){.flags = SCMI_VIRTIO_PAIR_SERVES | SCMI_VIRTIO_PAIR_DELIVERS});
	call_from_all(&bed, restart_platform);
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
	close_bed(&bed);
}

static void recover(struct bed *b)
{
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(scmi_agent_recover(b->rig.agent, 0), SCMI_OK);
}

/* By a reset of the queue, and of the device. */
static void pair_threads_survive_recovery(void **state)
{
	const uint64_t without = SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_RING_RESET | SCMI_VIRTIO_F_EVENT_IDX;

	(void)state;
	for (size_t i = 0; i <= KINDS; i++) {
		make_bed(&bed);
		open_bed(&bed, bells(&bed, i < KINDS ? features[i] : without));
		call_from_all(&bed, recover);
		assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
		close_bed(&bed);
	}
}

/* A loop of somebody's own: the reactor sleeps on the descriptor, and nobody else receives. */
static void pair_threads_are_driven_by_a_reactor(void **state)
{
	struct scmi_reactor *reactor;
	struct pair_form form;

	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		make_bed(&bed);
		assert_int_equal(scmi_reactor_create(&reactor), SCMI_OK);
		form = bells(&bed, features[i]);
		form.sleeper = (struct scmi_virtio_sleeper){
			.fd = bell_fd, .clear = bell_clear, .raise = bell_raise, .ctx = &bed};
		form.wake = scmi_reactor_wake;
		form.wake_arg = reactor;
		open_bed(&bed, form);
		assert_int_equal(scmi_reactor_add(reactor, bed.rig.agent, &bed.rig.config), SCMI_OK);
		call_from_all(&bed, NULL);
		assert_int_equal(bed.lost, 0);
		assert_int_equal(scmi_reactor_remove(reactor, bed.rig.agent), SCMI_OK);
		close_bed(&bed);
		assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pair_threads_wake_each_other),
		cmocka_unit_test(pair_threads_serve_each_other),
		cmocka_unit_test(pair_threads_hear_the_platform),
		cmocka_unit_test(pair_threads_survive_their_platform),
		cmocka_unit_test(pair_threads_survive_recovery),
		cmocka_unit_test(pair_threads_are_driven_by_a_reactor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
