/* SPDX-License-Identifier: BSD-3-Clause */
/* The minimal agent over virtio, polled: a transport whose answers come by descriptors, and whose platform may go. */
#include <stdbool.h>

#include "fake_port.h"
#include "virtio_pair_rig.h"

static struct {
	struct fake_port fake;
	struct pair_rig rig;
	bool asleep; /* the device: it does not look */
} bed;

static void serve(struct fake_port *fake, void *arg)
{
	(void)fake;
	(void)arg;
	if (!bed.asleep)
		(void)scmi_virtio_device_serve(bed.rig.device, 16);
}

static void open_bed(uint32_t flags)
{
	const struct pair_form form = {
		.port = &bed.fake.port,
		.flags = flags,
		.wanted = SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_EVENT_IDX,
		.timeout_us = 1000,
		.slots = 1,
	};

	fake_port_init(&bed.fake);
	bed.fake.on_relax = serve;
	bed.fake.step_us = 10;
	bed.asleep = false;
	pair_rig_open(&bed.rig, &form);
}

static void close_bed(void)
{
	pair_rig_close(&bed.rig);
	assert_null(bed.fake.fault);
}

/* Once around the ring and more. */
static void calls_go_and_come(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= SCMI_VIRTIO_PAIR_SERVES; flags += SCMI_VIRTIO_PAIR_SERVES) {
		open_bed(flags);
		assert_int_equal(scmi_agent_submit(bed.rig.agent, NULL), SCMI_E_NOTSUP); /* it is the minimal one */
		for (unsigned i = 0; i < 40; i++)
			assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
		close_bed();
	}
}

static void a_late_answer_is_dropped_and_the_next_goes_out(void **state)
{
	(void)state;
	open_bed(0);
	bed.asleep = true;
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_E_TIMEOUT);
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_E_TIMEOUT);
	bed.asleep = false;
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
	close_bed();
}

static void a_recovery_ends_the_debt(void **state)
{
	(void)state;
	open_bed(0);
	bed.asleep = true;
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_E_TIMEOUT);
	assert_int_equal(scmi_agent_recover(bed.rig.agent, 0), SCMI_OK);
	bed.asleep = false;
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
	close_bed();
}

static void the_platform_may_go_and_come(void **state)
{
	(void)state;
	open_bed(0);
	assert_int_equal(scmi_platform_stop(bed.rig.acme.platform), SCMI_OK);
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_E_NOPEER);
	assert_int_equal(scmi_platform_start(bed.rig.acme.platform), SCMI_OK);
	assert_int_equal(pair_rig_ask(&bed.rig), SCMI_OK);
	close_bed();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_go_and_come),
		cmocka_unit_test(a_late_answer_is_dropped_and_the_next_goes_out),
		cmocka_unit_test(a_recovery_ends_the_debt),
		cmocka_unit_test(the_platform_may_go_and_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
