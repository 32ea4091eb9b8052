/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio-mmio bus: whom it takes for a device, how it brings it up and down, and what may go wrong there. */
#include "virtio_mmio_rig.h"

#include <string.h>

#define FAILED 128u

static void expect_fault(const struct scmi_virtio_mmio_config *config, const char *member)
{
	const char *why = NULL;

	assert_int_equal(scmi_virtio_mmio_check(config, &why), SCMI_E_INVAL);
	assert_memory_equal(why, member, strlen(member));
	assert_int_equal(scmi_virtio_mmio_size(config), 0);
	assert_int_equal(scmi_virtio_mmio_probe(config), SCMI_E_INVAL);
}

static void configuration_is_checked(void **state)
{
	struct rig r;
	const char *why = "";

	(void)state;
	rig_fill(&r, 0);
	assert_int_equal(scmi_virtio_mmio_check(&r.config, &why), SCMI_OK);
	assert_null(why);
	expect_fault(NULL, "config");
	r.config.size--;
	expect_fault(&r.config, "size");
	r.config.size++;
	r.config.flags = 4;
	expect_fault(&r.config, "flags");
	r.config.flags = SCMI_VIRTIO_MMIO_DELIVERS | SCMI_VIRTIO_MMIO_SIGNALS;
	expect_fault(&r.config, "flags");
	assert_int_equal(scmi_virtio_mmio_init(&r.mmio, r.mem, sizeof(r.mem), &r.config, &r.bus), SCMI_E_INVAL);
	assert_int_equal(r.logs, 1);
	r.config.flags = SCMI_VIRTIO_MMIO_SIGNALS;
	r.config.access.read32 = NULL;
	expect_fault(&r.config, "access");
	r.config.access = mmio_model_access(&r.model);
	r.config.access.write32 = NULL;
	expect_fault(&r.config, "access");
	r.config.access = mmio_model_access(&r.model);
	r.config.port = NULL;
	expect_fault(&r.config, "port");
	assert_int_equal(r.model.accesses, 0);
}

static void memory_is_exact(void **state)
{
	static const uint32_t flags[] = {0, SCMI_VIRTIO_MMIO_DELIVERS, SCMI_VIRTIO_MMIO_SIGNALS};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		unsigned char *mem;
		struct rig r;
		size_t size;

		rig_fill(&r, flags[i]);
		mem = (unsigned char *)r.mem;
		size = scmi_virtio_mmio_size(&r.config);
		assert_in_range(size, 1, sizeof(r.mem));
		memset(mem, 0x5a, sizeof(r.mem));
		assert_int_equal(scmi_virtio_mmio_init(&r.mmio, mem, size - 1u, &r.config, &r.bus), SCMI_E_NOMEM);
		assert_int_equal(scmi_virtio_mmio_init(&r.mmio, mem + 4, size, &r.config, &r.bus), SCMI_E_NOMEM);
		assert_int_equal(scmi_virtio_mmio_init(&r.mmio, NULL, size, &r.config, &r.bus), SCMI_E_INVAL);
		assert_int_equal(scmi_virtio_mmio_init(NULL, mem, size, &r.config, &r.bus), SCMI_E_INVAL);
		assert_int_equal(scmi_virtio_mmio_init(&r.mmio, mem, size, &r.config, NULL), SCMI_E_INVAL);
		assert_int_equal(scmi_virtio_mmio_init(&r.mmio, mem, size, &r.config, &r.bus), SCMI_OK);
		for (size_t n = size; n < sizeof(r.mem); n++)
			assert_int_equal(mem[n], 0x5a);
		rig_end(&r);
	}
}

static void init_undoes_what_the_port_fails(void **state)
{
	struct rig r;

	(void)state;
	rig_fill(&r, SCMI_VIRTIO_MMIO_SIGNALS);
	r.fake.fail_event_init = 1;
	assert_int_equal(scmi_virtio_mmio_init(&r.mmio, r.mem, sizeof(r.mem), &r.config, &r.bus), SCMI_E_IO);
	assert_int_equal(r.fake.events, 0);
}

/* Whom the first three registers show, and that no other is touched if it is not for us. */
static void expect_named(uint32_t magic, uint32_t version, uint32_t id, int err, unsigned logs)
{
	struct rig r;

	rig_fill(&r, 0);
	r.model.magic = magic;
	r.model.version = version;
	r.model.device_id = id;
	assert_int_equal(scmi_virtio_mmio_probe(&r.config), err);
	assert_int_equal(r.logs, logs);
	assert_int_equal(scmi_virtio_mmio_init(&r.mmio, r.mem, sizeof(r.mem), &r.config, &r.bus), err);
	assert_int_equal(r.logs, 2u * logs);
	assert_null(r.model.breach);
	/* It was there at init, and is not any more. */
	rig_make(&r, 0);
	r.model.magic = magic;
	r.model.version = version;
	r.model.device_id = id;
	assert_int_equal(rig_start(&r), err);
	assert_int_equal(r.logs, logs);
	rig_stop(&r);
	rig_end(&r);
}

static void only_an_scmi_device_of_version_2_is_taken(void **state)
{
	(void)state;
	expect_named(0x74726976u, 2, 32, SCMI_OK, 0);
	expect_named(0x74726976u, 1, 32, SCMI_E_NOTSUP, 1);
	expect_named(0x74726976u, 3, 32, SCMI_E_NOTSUP, 1);
	expect_named(0x74726976u, 2, 1, SCMI_E_NOTSUP, 1);
	expect_named(0x76697274u, 2, 32, SCMI_E_NOPEER, 1);
	expect_named(UINT32_MAX, UINT32_MAX, UINT32_MAX, SCMI_E_NOPEER, 1);
	expect_named(0x74726976u, 2, 0, SCMI_E_NOPEER, 0);
}

static void a_legacy_device_is_called_one(void **state)
{
	struct rig r;

	(void)state;
	rig_fill(&r, 0);
	r.model.version = 1;
	assert_int_equal(scmi_virtio_mmio_probe(&r.config), SCMI_E_NOTSUP);
	assert_non_null(strstr(r.log, "legacy"));
}

static void init_tells_what_is_offered_and_leaves_the_device_alone(void **state)
{
	struct rig r;

	(void)state;
	rig_fill(&r, 0);
	r.model.offered |= UINT64_C(1) << 63 | UINT64_C(1) << 34;
	r.model.queue_max[1] = 48;
	assert_int_equal(scmi_virtio_mmio_init(&r.mmio, r.mem, sizeof(r.mem), &r.config, &r.bus), SCMI_OK);
	assert_true(r.bus.features(r.bus.ctx) == r.model.offered);
	assert_int_equal(r.bus.queue_max(r.bus.ctx, 0), 64);
	assert_int_equal(r.bus.queue_max(r.bus.ctx, 1), 32);
	assert_int_equal(r.bus.queue_max(r.bus.ctx, 2), 0);
	assert_int_equal(r.model.statuses_n, 0);
	assert_false(scmi_virtio_mmio_in_use(r.mmio));
	rig_end(&r);
	rig_fill(&r, 0);
	r.model.queue_max[0] = UINT32_MAX;
	r.model.queue_max[1] = 0;
	assert_int_equal(scmi_virtio_mmio_init(&r.mmio, r.mem, sizeof(r.mem), &r.config, &r.bus), SCMI_OK);
	assert_int_equal(r.bus.queue_max(r.bus.ctx, 0), 32768);
	assert_int_equal(r.bus.queue_max(r.bus.ctx, 1), 0);
	rig_end(&r);
}

static void bus_can_do_what_the_flags_say(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, 0);
	assert_int_equal(r.bus.version, SCMI_VIRTIO_BUS_V1);
	assert_int_equal(r.bus.caps, SCMI_CAP_ATOMIC);
	assert_null(r.bus.wait);
	assert_null(r.bus.wake);
	assert_null(r.bus.fd);
	assert_null(r.bus.clear);
	assert_null(r.bus.region);
	rig_end(&r);
	rig_make(&r, SCMI_VIRTIO_MMIO_DELIVERS);
	assert_int_equal(r.bus.caps, SCMI_CAP_ATOMIC | SCMI_CAP_IRQ);
	assert_null(r.bus.wait);
	rig_end(&r);
	rig_make(&r, SCMI_VIRTIO_MMIO_SIGNALS);
	assert_int_equal(r.bus.caps, SCMI_CAP_ATOMIC);
	assert_non_null(r.bus.wait);
	assert_non_null(r.bus.wake);
	rig_end(&r);
}

/* ---- start ---- */

static void start_takes_the_steps_of_the_specification(void **state)
{
	static const uint32_t steps[] = {0, 1, 3, 11, 15};
	struct rig r;

	(void)state;
	rig_make_started(&r, 0);
	assert_int_equal(r.model.statuses_n, 5);
	assert_memory_equal(r.model.statuses, steps, sizeof(steps));
	assert_true(r.model.acked == r.setup.features);
	rig_expect_queue(&r.model.queues[0], &r.setup.queue[0]);
	rig_expect_queue(&r.model.queues[1], &r.setup.queue[1]);
	assert_true(scmi_virtio_mmio_in_use(r.mmio));
	assert_int_equal(r.logs, 0);
	rig_stop(&r);
	rig_end(&r);
}

static void a_queue_of_no_entries_is_not_used(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, 0);
	r.setup.queue[1].size = 0;
	r.model.queue_max[1] = 0;
	assert_int_equal(rig_start(&r), SCMI_OK);
	assert_int_equal(r.model.queues[1].ready, 0);
	assert_int_equal(r.model.queues[1].written, 0);
	rig_stop(&r);
	rig_end(&r);
}

static void a_reset_may_take_its_time(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, 0);
	r.model.reset_reads = 7;
	assert_int_equal(rig_start(&r), SCMI_OK);
	assert_int_equal(r.fake.calls.relax, 6);
	rig_stop(&r);
	assert_int_equal(r.fake.calls.relax, 12);
	assert_int_equal(r.model.status, 0);
	assert_false(scmi_virtio_mmio_in_use(r.mmio));
	rig_end(&r);
}

/* The last look comes after the deadline: who was away meanwhile does not miss what has long been done. */
static void a_reset_that_ends_at_the_deadline_has_ended(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, 0);
	r.model.reset_reads = 2;
	r.fake.step_us = TIMEOUT_US;
	assert_int_equal(rig_start(&r), SCMI_E_IO); /* late when it looks first: one look is all */
	r.model.reset_reads = 1;
	r.model.resetting_ = 0;
	assert_int_equal(rig_start(&r), SCMI_OK);
	rig_stop(&r);
	rig_end(&r);
}

static void a_reset_that_never_ends_fails_the_start_in_time(void **state)
{
	struct rig r;
	uint64_t before;

	(void)state;
	rig_make(&r, 0);
	r.model.reset_reads = MMIO_NEVER;
	before = r.fake.now_us;
	assert_int_equal(rig_start(&r), SCMI_E_IO);
	assert_in_range(r.fake.now_us - before, TIMEOUT_US, TIMEOUT_US + 100u);
	assert_int_equal(r.model.statuses_n, 1); /* the 0; nothing may be written beside it */
	assert_int_equal(r.level, SCMI_LOG_ERROR);
	assert_false(scmi_virtio_mmio_in_use(r.mmio)); /* of ours it has nothing */
	rig_stop(&r);
	assert_int_equal(r.model.statuses_n, 1);
	rig_end(&r);
}

static void the_default_time_out_is_a_second(void **state)
{
	struct rig r;
	uint64_t before;

	(void)state;
	rig_fill(&r, 0);
	r.config.timeout_us = 0;
	assert_int_equal(scmi_virtio_mmio_init(&r.mmio, r.mem, sizeof(r.mem), &r.config, &r.bus), SCMI_OK);
	r.model.reset_reads = MMIO_NEVER;
	before = r.fake.now_us;
	assert_int_equal(rig_start(&r), SCMI_E_IO);
	assert_in_range(r.fake.now_us - before, 1000000u, 1000100u);
	rig_end(&r);
}

/* The start fails with err after n steps, leaves FAILED where that may stand, and goes well once the fault is gone. */
static void expect_failure(struct rig *r, int err)
{
	assert_int_equal(rig_start(r), err);
	assert_int_equal(r->logs, 1);
	assert_int_equal(r->level, SCMI_LOG_ERROR);
	assert_false(scmi_virtio_mmio_in_use(r->mmio));
	assert_false(r->model.live_);
	r->bus.kick(r->bus.ctx, 0);
	assert_int_equal(r->model.notifies[0], 0);
	rig_stop(r);
	r->model.refuses_features = false;
	r->model.refuses_queue = false;
	r->model.queues_stay = false;
	r->model.fails_at_start = false;
	r->model.offered = SCMI_VIRTIO_FEATURES_DEFAULT;
	r->model.queue_max[0] = 64;
	r->model.queue_max[1] = 16;
	assert_int_equal(rig_start(r), SCMI_OK);
	rig_stop(r);
	rig_end(r);
}

static void refused_features_fail_the_start(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, 0);
	r.model.refuses_features = true;
	assert_int_equal(rig_start(&r), SCMI_E_NOTSUP);
	assert_int_equal(rig_last_status(&r), 3u | FAILED);
	r.logs = 0;
	expect_failure(&r, SCMI_E_NOTSUP);
}

static void features_that_are_offered_no_more_fail_the_start(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, 0);
	r.model.offered &= ~SCMI_VIRTIO_F_RING_RESET;
	assert_true((r.bus.features(r.bus.ctx) & SCMI_VIRTIO_F_RING_RESET) != 0); /* the same at every call */
	assert_int_equal(rig_start(&r), SCMI_E_NOTSUP);
	assert_true(r.model.acked == 0);
	assert_int_equal(rig_last_status(&r), 3u | FAILED);
	r.logs = 0;
	expect_failure(&r, SCMI_E_NOTSUP);
}

static void a_queue_that_is_not_to_be_had_fails_the_start(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, 0);
	r.model.queue_max[0] = 0;
	expect_failure(&r, SCMI_E_IO);
	rig_make(&r, 0);
	r.model.queue_max[1] = 8;
	expect_failure(&r, SCMI_E_IO);
	rig_make(&r, 0);
	r.model.queues_stay = true;
	expect_failure(&r, SCMI_E_IO);
	rig_make(&r, 0);
	r.model.refuses_queue = true;
	assert_int_equal(rig_start(&r), SCMI_E_IO);
	assert_int_equal(rig_last_status(&r), 11u | FAILED);
	r.logs = 0;
	expect_failure(&r, SCMI_E_IO);
}

/* Here the device may use its queues already: only a reset makes it let go. */
static void a_device_that_wants_a_reset_at_once_fails_the_start(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, SCMI_VIRTIO_MMIO_DELIVERS);
	r.model.fails_at_start = true;
	assert_int_equal(rig_start(&r), SCMI_E_IO);
	assert_int_equal(r.model.statuses[r.model.statuses_n - 2u], 15u | 64u | FAILED);
	assert_int_equal(rig_last_status(&r), 0);
	r.logs = 0;
	expect_failure(&r, SCMI_E_IO);
}

/* ---- stop ---- */

static void stop_resets_the_device_once(void **state)
{
	struct rig r;

	(void)state;
	rig_make_started(&r, 0);
	assert_int_equal(r.model.resets, 1);
	rig_stop(&r);
	assert_int_equal(r.model.resets, 2);
	assert_int_equal(r.model.status, 0);
	rig_stop(&r);
	assert_int_equal(r.model.resets, 2);
	r.bus.kick(r.bus.ctx, 0); /* late: nothing may reach the device any more */
	assert_int_equal(r.model.notifies[0], 0);
	assert_int_equal(rig_start(&r), SCMI_OK);
	r.bus.kick(r.bus.ctx, 0);
	r.bus.kick(r.bus.ctx, 1);
	r.bus.kick(r.bus.ctx, 1);
	assert_int_equal(r.model.notifies[0], 1);
	assert_int_equal(r.model.notifies[1], 2);
	rig_stop(&r);
	rig_end(&r);
}

static void memory_stays_in_use_when_the_reset_does_not_end(void **state)
{
	struct rig r;
	uint64_t before;

	(void)state;
	rig_make_started(&r, 0);
	r.model.reset_reads = MMIO_NEVER;
	before = r.fake.now_us;
	rig_stop(&r);
	assert_in_range(r.fake.now_us - before, TIMEOUT_US, TIMEOUT_US + 100u);
	assert_int_equal(r.logs, 1);
	assert_int_equal(r.level, SCMI_LOG_ERROR);
	assert_true(scmi_virtio_mmio_in_use(r.mmio));
	r.bus.kick(r.bus.ctx, 0);
	assert_int_equal(r.model.notifies[0], 0);
	assert_int_equal(rig_start(&r), SCMI_E_IO);
	assert_true(scmi_virtio_mmio_in_use(r.mmio));
	rig_stop(&r); /* tries again */
	assert_true(scmi_virtio_mmio_in_use(r.mmio));
	r.model.reset_reads = 1;
	rig_stop(&r);
	assert_false(scmi_virtio_mmio_in_use(r.mmio));
	assert_int_equal(rig_start(&r), SCMI_OK);
	rig_stop(&r);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configuration_is_checked),
		cmocka_unit_test(memory_is_exact),
		cmocka_unit_test(init_undoes_what_the_port_fails),
		cmocka_unit_test(only_an_scmi_device_of_version_2_is_taken),
		cmocka_unit_test(a_legacy_device_is_called_one),
		cmocka_unit_test(init_tells_what_is_offered_and_leaves_the_device_alone),
		cmocka_unit_test(bus_can_do_what_the_flags_say),
		cmocka_unit_test(start_takes_the_steps_of_the_specification),
		cmocka_unit_test(a_queue_of_no_entries_is_not_used),
		cmocka_unit_test(a_reset_may_take_its_time),
		cmocka_unit_test(a_reset_that_ends_at_the_deadline_has_ended),
		cmocka_unit_test(a_reset_that_never_ends_fails_the_start_in_time),
		cmocka_unit_test(the_default_time_out_is_a_second),
		cmocka_unit_test(refused_features_fail_the_start),
		cmocka_unit_test(features_that_are_offered_no_more_fail_the_start),
		cmocka_unit_test(a_queue_that_is_not_to_be_had_fails_the_start),
		cmocka_unit_test(a_device_that_wants_a_reset_at_once_fails_the_start),
		cmocka_unit_test(stop_resets_the_device_once),
		cmocka_unit_test(memory_stays_in_use_when_the_reset_does_not_end),
	};

	return cmocka_run_group_tests_name("virtio_mmio", tests, NULL, NULL);
}
