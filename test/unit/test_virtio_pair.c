/* SPDX-License-Identifier: BSD-3-Clause */
/* Driver and device of one program, in one thread: served by the sender, delivered by the replier, or both by polls. */
#include <string.h>

#include "fake_port.h"
#include "virtio_pair_rig.h"

#define INLINE (SCMI_VIRTIO_PAIR_SERVES | SCMI_VIRTIO_PAIR_DELIVERS)

struct bed {
	struct fake_port fake;
	struct pair_rig rig;
};

static struct bed bed;

/* What another context does while the agent waits. */
static void serve(struct fake_port *fake, void *arg)
{
	struct bed *b = arg;

	(void)fake;
	(void)scmi_virtio_device_serve(b->rig.device, 16);
	(void)scmi_virtio_device_rest(b->rig.device);
}

static void open_bed(struct bed *b, struct pair_form form)
{
	fake_port_init(&b->fake);
	b->fake.on_relax = serve;
	b->fake.on_wait = serve;
	b->fake.arg = b;
	b->fake.step_us = 1;
	form.port = &b->fake.port;
	pair_rig_open(&b->rig, &form);
}

static void close_bed(struct bed *b)
{
	pair_rig_close(&b->rig);
	assert_null(b->fake.fault);
}

static const struct pair_form forms[] = {
	{.flags = 0},
	{.flags = SCMI_VIRTIO_PAIR_SERVES},
	{.flags = SCMI_VIRTIO_PAIR_DELIVERS},
	{.flags = INLINE},
	{.flags = INLINE, .wanted = SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_P2A_CHANNELS},
	{.wanted = SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_P2A_CHANNELS},
	{.flags = INLINE,
	 .wanted = SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_EVENT_IDX |
		   SCMI_VIRTIO_F_INDIRECT_DESC},
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

static void pair_calls_go_and_come(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		open_bed(&bed, forms[i]);
		for (unsigned n = 0; n < 40; n++)
			assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
		close_bed(&bed);
	}
}

/* A delayed response and notifications, more of them than there are buffers. */
static void pair_carries_what_the_platform_sends(void **state)
{
	struct scmi_sensor_protocol p;
	struct scmi_sensor_read op;
	struct scmi_sensor_reading reading;
	uint32_t n;

	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		open_bed(&bed, forms[i]);
		assert_int_equal(scmi_sensor_open(bed.rig.agent, 0, &p, NULL), SCMI_OK);
		assert_int_equal(scmi_sensor_trip_notify(&p, 1, true, NULL), SCMI_OK);
		assert_int_equal(scmi_sensor_read_prepare(&p, 0, true, &op), SCMI_OK);
		assert_int_equal(scmi_agent_submit(bed.rig.agent, &op.call), SCMI_OK);
		if ((forms[i].flags & SCMI_VIRTIO_PAIR_SERVES) == 0)
			serve(&bed.fake, &bed);
		assert_int_equal(acme_complete(&bed.rig.acme), 1);
		for (unsigned k = 0; k < 10; k++) {
			assert_int_equal(acme_trip(&bed.rig.acme, 1, 1), SCMI_OK);
			assert_true(scmi_agent_poll(bed.rig.agent, 16) >= 0);
		}
		assert_int_equal(bed.rig.heard, 10);
		assert_int_equal(
			scmi_sensor_read_result(&op, scmi_agent_wait(bed.rig.agent, &op.call), &reading, 1, &n),
			SCMI_OK);
		close_bed(&bed);
	}
}

/* No room: what is kept comes when the agent has taken something. */
static void pair_tells_the_platform_of_room(void **state)
{
	struct scmi_sensor_protocol p;

	(void)state;
	open_bed(&bed, (struct pair_form){.flags = SCMI_VIRTIO_PAIR_SERVES});
	assert_int_equal(scmi_sensor_open(bed.rig.agent, 0, &p, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_trip_notify(&p, 1, true, NULL), SCMI_OK);
	for (unsigned k = 0; k < PAIR_EVENTS; k++)
		assert_int_equal(acme_trip(&bed.rig.acme, 1, 1), SCMI_OK);
	assert_int_equal(acme_trip(&bed.rig.acme, 1, 1), SCMI_E_BUSY);
	assert_int_equal(acme_trip_newest(&bed.rig.acme, 1, 1), SCMI_OK);
	assert_int_equal(bed.rig.heard, 0);
	while (scmi_agent_poll(bed.rig.agent, 1) > 0)
		;
	assert_int_equal(bed.rig.heard, PAIR_EVENTS + 1u);
	close_bed(&bed);
}

/* The platform goes and comes back: calls fail meanwhile, and the link is found again without the agent's doing. */
static void pair_survives_its_platform(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		open_bed(&bed, forms[i]);
		assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
		for (unsigned n = 0; n < 3; n++) {
			assert_int_equal(scmi_platform_stop(bed.rig.acme.platform), SCMI_OK);
			assert_int_equal(pair_rig_ask(&bed.rig), SCMI_E_NOPEER);
			assert_int_equal(scmi_platform_start(bed.rig.acme.platform), SCMI_OK);
			assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
		}
		close_bed(&bed);
	}
}

static int refuse_to_start(void *ctx, const struct scmi_virtio_setup *setup, struct scmi_virtio *driver)
{
	(void)ctx;
	(void)setup;
	(void)driver;
	return SCMI_E_IO;
}

/* It is not the last time that the driver has been told of its platform, if that did not help. */
static void pair_finds_its_device_at_the_next_try(void **state)
{
	int (*start)(void *ctx, const struct scmi_virtio_setup *setup, struct scmi_virtio *driver);

	(void)state;
	open_bed(&bed, (struct pair_form){.flags = INLINE});
	start = bed.rig.bus.start;
	assert_int_equal(scmi_platform_stop(bed.rig.acme.platform), SCMI_OK);
	bed.rig.bus.start = refuse_to_start;
	assert_int_equal(scmi_platform_start(bed.rig.acme.platform), SCMI_OK);
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_E_NOPEER);
	assert_int_equal(scmi_platform_stop(bed.rig.acme.platform), SCMI_OK);
	bed.rig.bus.start = start;
	assert_int_equal(scmi_platform_start(bed.rig.acme.platform), SCMI_OK);
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
	close_bed(&bed);
}

/* A driver that the device does not take, and regions: straight at the bus. */
static void pair_is_a_bus_like_any_other(void **state)
{
	const struct scmi_virtio_setup setup = {.features = 0};
	struct scmi_virtio_region region;
	struct scmi_virtio_bus *bus;

	(void)state;
	open_bed(&bed, (struct pair_form){.flags = INLINE});
	bus = &bed.rig.bus;
	assert_int_equal(bus->region(bus->ctx, SCMI_VIRTIO_REGION_POWER, &region), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_agent_stop(bed.rig.agent), SCMI_OK);
	assert_int_equal(bus->start(bus->ctx, &setup, bed.rig.driver), SCMI_E_NOTSUP);
	assert_int_equal(scmi_platform_stop(bed.rig.acme.platform), SCMI_OK); /* nobody is told */
	assert_int_equal(scmi_platform_start(bed.rig.acme.platform), SCMI_OK);
	assert_int_equal(scmi_agent_start(bed.rig.agent), SCMI_OK);
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
	close_bed(&bed);
}

/* The driver's memory gone wrong: the link goes down, and is there again after recovery. */
static void pair_survives_a_broken_ring(void **state)
{
	struct scmi_virtio_device_stats s = {.size = sizeof(s)};

	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		open_bed(&bed, forms[i]);
		assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
		pair_rig_break(&bed.rig);
		assert_int_equal(scmi_virtio_device_serve(bed.rig.device, 1), SCMI_E_LINK);
		assert_int_equal(pair_rig_ask(&bed.rig), SCMI_E_NOPEER);
		assert_int_equal(scmi_virtio_device_stats(bed.rig.device, &s), SCMI_OK);
		assert_int_equal(s.broken, 1);
		assert_int_equal(scmi_agent_recover(bed.rig.agent, 0), SCMI_OK);
		assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
		close_bed(&bed);
	}
}

static void pair_starts_only_with_a_platform(void **state)
{
	(void)state;
	open_bed(&bed, (struct pair_form){.flags = INLINE});
	assert_int_equal(scmi_agent_stop(bed.rig.agent), SCMI_OK);
	assert_int_equal(scmi_platform_stop(bed.rig.acme.platform), SCMI_OK);
	assert_int_equal(scmi_agent_start(bed.rig.agent), SCMI_E_NOPEER);
	assert_int_equal(scmi_platform_start(bed.rig.acme.platform), SCMI_OK);
	assert_int_equal(scmi_agent_start(bed.rig.agent), SCMI_OK);
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
	assert_int_equal(scmi_agent_recover(bed.rig.agent, 0), SCMI_OK);
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
	close_bed(&bed);
}

/* Without platform-to-agent channel the platform does not offer what would need one. */
static void pair_without_p2a_is_served_all_the_same(void **state)
{
	const uint64_t features = SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_EVENT_IDX | SCMI_VIRTIO_F_RING_RESET;
	struct scmi_sensor_protocol p;
	int32_t status = 0;

	(void)state;
	open_bed(&bed, (struct pair_form){.flags = INLINE, .wanted = features});
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
	assert_int_equal(scmi_sensor_open(bed.rig.agent, 0, &p, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_trip_notify(&p, 0, true, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_NOT_SUPPORTED);
	assert_int_equal(acme_trip(&bed.rig.acme, 0, 1), SCMI_OK); /* nobody has asked, nor can */
	assert_int_equal(scmi_agent_recover(bed.rig.agent, 0), SCMI_OK);
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
	close_bed(&bed);
}

/* A done function that submits the next: on the same stack, which does not grow. */
struct chain {
	struct scmi_call call;
	struct bed *bed;
	uint32_t version;
	unsigned left;
	uintptr_t lowest;
	uintptr_t highest;
};

static void next(struct scmi_call *call, int err)
{
	struct chain *c = call->arg;
	const uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	assert_int_equal(err, SCMI_OK);
	c->lowest = here < c->lowest ? here : c->lowest;
	c->highest = here > c->highest ? here : c->highest;
	if (c->left-- > 0)
		assert_int_equal(scmi_agent_submit(c->bed->rig.agent, call), SCMI_OK);
}

static void pair_chained_calls_do_not_grow_the_stack(void **state)
{
	struct chain c = {.bed = &bed, .left = 1000, .lowest = UINTPTR_MAX};

	(void)state;
	open_bed(&bed, (struct pair_form){.flags = INLINE});
	c.call = (struct scmi_call){
		.size = sizeof(c.call), .protocol = SCMI_PROTOCOL_BASE, .message = SCMI_PROTOCOL_VERSION, .done = next};
	c.call.reply = &c.version;
	c.call.reply_cap = sizeof(c.version);
	c.call.arg = &c;
	assert_int_equal(scmi_agent_submit(bed.rig.agent, &c.call), SCMI_OK);
	assert_int_equal(c.left, UINT32_MAX);
	assert_true(c.highest - c.lowest < 4096);
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK); /* no kick has been forgotten */
	close_bed(&bed);
}

static void sleep_for_ever(void *ctx)
{
	(void)ctx;
}

static void pair_init_refuses_what_does_not_go_together(void **state)
{
	static int nothing;
	const struct scmi_virtio_pair_config good = {.size = sizeof(good), .base = &nothing, .len = sizeof(nothing)};
	struct scmi_virtio_pair pair;
	struct scmi_virtio_bus bus;
	struct scmi_virtio_host host;
	struct scmi_virtio_pair_config c = good;

	(void)state;
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, &bus, &host), SCMI_OK);
	assert_int_equal(scmi_virtio_pair_init(NULL, &c, &bus, &host), SCMI_E_INVAL);
	assert_int_equal(scmi_virtio_pair_init(&pair, NULL, &bus, &host), SCMI_E_INVAL);
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, NULL, &host), SCMI_E_INVAL);
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, &bus, NULL), SCMI_E_INVAL);
	c.size--;
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, &bus, &host), SCMI_E_INVAL);
	c = good;
	c.flags = 4;
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, &bus, &host), SCMI_E_INVAL);
	c = good;
	c.base = NULL;
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, &bus, &host), SCMI_E_INVAL);
	c = good;
	c.len = 0;
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, &bus, &host), SCMI_E_INVAL);
	c = good;
	c.flags = SCMI_VIRTIO_PAIR_SERVES;
	c.to_device.ring = sleep_for_ever;
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, &bus, &host), SCMI_E_INVAL);
	c.flags = SCMI_VIRTIO_PAIR_DELIVERS;
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, &bus, &host), SCMI_OK);
	c.to_driver.ring = sleep_for_ever;
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, &bus, &host), SCMI_E_INVAL);
	c = good;
	c.sleeper.clear = sleep_for_ever;
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, &bus, &host), SCMI_E_INVAL);
	c = good;
	c.sleeper.raise = sleep_for_ever;
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, &bus, &host), SCMI_E_INVAL);
	c = good;
	c.sleeper.wake = sleep_for_ever;
	assert_int_equal(scmi_virtio_pair_init(&pair, &c, &bus, &host), SCMI_E_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pair_calls_go_and_come),
		cmocka_unit_test(pair_carries_what_the_platform_sends),
		cmocka_unit_test(pair_tells_the_platform_of_room),
		cmocka_unit_test(pair_survives_its_platform),
		cmocka_unit_test(pair_finds_its_device_at_the_next_try),
		cmocka_unit_test(pair_is_a_bus_like_any_other),
		cmocka_unit_test(pair_survives_a_broken_ring),
		cmocka_unit_test(pair_starts_only_with_a_platform),
		cmocka_unit_test(pair_without_p2a_is_served_all_the_same),
		cmocka_unit_test(pair_chained_calls_do_not_grow_the_stack),
		cmocka_unit_test(pair_init_refuses_what_does_not_go_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
