/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent reaches a platform through the registers of a virtio-mmio device, and gets it back when it is lost. */
#include "virtio_mmio_machine.h"

#include <string.h>

#include <scmi/message.h>

#define SENSOR_TRIP_POINT_NOTIFY 0x4u
#define SENSOR_READING_GET       0x6u

static const uint32_t all_flags[] = {0, SCMI_VIRTIO_MMIO_DELIVERS, SCMI_VIRTIO_MMIO_SIGNALS};

/* ---- messages ---- */

static void the_platform_is_discovered(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct machine m = {.flags = all_flags[i / 2u], .lazy = i % 2u != 0};

		machine_make(&m);
		assert_int_equal(machine_discover(&m), SCMI_OK);
		assert_int_equal(scmi_agent_stop(m.agent), SCMI_OK);
		assert_false(scmi_virtio_mmio_in_use(m.mmio));
		assert_int_equal(scmi_agent_start(m.agent), SCMI_OK);
		assert_int_equal(machine_discover(&m), SCMI_OK);
		assert_int_equal(m.errors, 0);
		machine_end(&m);
	}
}

static int command(struct machine *m, uint8_t message, uint32_t first, uint32_t second, struct scmi_call *call)
{
	static uint8_t params[8];
	static uint8_t reply[16];

	scmi_put_le32(params, first);
	scmi_put_le32(params + 4, second);
	*call = (struct scmi_call){.size = sizeof(*call),
				   .protocol = SCMI_PROTOCOL_SENSOR,
				   .message = message,
				   .params = params,
				   .params_len = sizeof(params),
				   .reply = reply,
				   .reply_cap = sizeof(reply)};
	if (message == SENSOR_READING_GET && second != 0)
		call->flags = SCMI_CALL_DELAYED;
	return scmi_agent_submit(m->agent, call);
}

static void hear(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	unsigned *heard = self->arg;

	assert_int_equal(scmi_hdr_type(hdr), SCMI_MSG_NOTIFICATION);
	assert_int_equal(len, ACME_TRIP_BYTES);
	assert_int_equal(scmi_get_le32((const uint8_t *)payload + 4), 1);
	(*heard)++;
}

static void what_the_platform_sends_of_its_own_comes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct machine m = {.flags = all_flags[i]};
		unsigned heard = 0;
		struct scmi_subscriber ear = {.size = sizeof(ear),
					      .protocol = SCMI_PROTOCOL_SENSOR,
					      .message = SCMI_ANY,
					      .notify = hear,
					      .arg = &heard};
		struct scmi_call call;

		machine_make(&m);
		assert_int_equal(scmi_agent_subscribe(m.agent, &ear), SCMI_OK);
		assert_int_equal(command(&m, SENSOR_TRIP_POINT_NOTIFY, 1, 1, &call), SCMI_OK);
		assert_int_equal(scmi_agent_wait(m.agent, &call), SCMI_OK);
		for (unsigned n = 1; n <= 40; n++) { /* more often than there are buffers */
			assert_int_equal(acme_trip(&m.acme, 1, 1), SCMI_OK);
			(void)scmi_agent_poll(m.agent, 16);
			assert_int_equal(heard, n);
		}
		assert_int_equal(command(&m, SENSOR_READING_GET, 1, 1, &call), SCMI_OK);
		assert_int_equal(acme_complete(&m.acme), 1);
		assert_int_equal(scmi_agent_wait(m.agent, &call), SCMI_OK);
		assert_int_equal(scmi_get_le32((const uint8_t *)call.reply + 4), 31250);
		assert_int_equal(scmi_agent_unsubscribe(m.agent, &ear), SCMI_OK);
		machine_end(&m);
	}
}

/* ---- loss and recovery ---- */

/* The device wants a reset while a command is with it. */
static void lose(struct machine *m)
{
	struct scmi_call call;

	m->asleep = true;
	assert_int_equal(command(m, SENSOR_READING_GET, 1, 0, &call), SCMI_OK);
	mmio_model_needs_reset(&m->model);
	if (m->flags == 0)
		assert_true(scmi_virtio_mmio_interrupt(m->mmio));
	assert_int_equal(scmi_agent_wait(m->agent, &call), SCMI_E_LINK);
	assert_int_equal(machine_discover(m), SCMI_E_NOPEER);
	m->asleep = false;
}

static void a_device_that_needs_a_reset_is_recovered(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct machine m = {.flags = all_flags[i], .lazy = true};

		machine_make(&m);
		lose(&m);
		assert_int_equal(scmi_agent_recover(m.agent, 0), SCMI_OK);
		assert_int_equal(machine_discover(&m), SCMI_OK);
		lose(&m);
		assert_int_equal(scmi_virtio_found(m.driver), SCMI_OK);
		assert_int_equal(machine_discover(&m), SCMI_OK);
		machine_end(&m);
	}
}

static void a_poll_recovers_it_where_that_is_the_policy(void **state)
{
	struct machine m = {.flags = SCMI_VIRTIO_MMIO_DELIVERS, .lazy = true, .reconnect_us = 2000};

	(void)state;
	machine_make(&m);
	lose(&m);
	(void)scmi_agent_poll(m.agent, 16);
	assert_int_equal(machine_discover(&m), SCMI_E_NOPEER);
	m.fake.now_us += 5000;
	(void)scmi_agent_poll(m.agent, 16);
	assert_int_equal(machine_discover(&m), SCMI_OK);
	machine_end(&m);
}

static void a_device_that_is_stuck_in_its_reset_may_come_back(void **state)
{
	struct machine m = {.flags = SCMI_VIRTIO_MMIO_DELIVERS, .lazy = true};

	(void)state;
	machine_make(&m);
	lose(&m);
	m.model.reset_reads = MMIO_NEVER;
	m.fake.step_us = 10;
	assert_int_equal(scmi_agent_recover(m.agent, 0), SCMI_E_IO);
	assert_true(scmi_virtio_mmio_in_use(m.mmio));
	assert_int_equal(machine_discover(&m), SCMI_E_NOPEER);
	assert_int_not_equal(m.errors, 0);
	m.model.reset_reads = 3;
	assert_int_equal(scmi_agent_recover(m.agent, 0), SCMI_OK);
	assert_int_equal(machine_discover(&m), SCMI_OK);
	machine_end(&m);
}

/* The driver has not yet come back from the start of its bus when it hears of it. */
static void a_loss_right_behind_the_start_is_not_missed(void **state)
{
	struct machine m = {.flags = SCMI_VIRTIO_MMIO_DELIVERS, .lazy = true};

	(void)state;
	machine_make(&m);
	lose(&m);
	m.model.fails_after_start = true;
	assert_int_equal(scmi_agent_recover(m.agent, 0), SCMI_E_NOPEER);
	assert_false(m.model.fails_after_start);
	assert_int_equal(machine_discover(&m), SCMI_E_NOPEER);
	assert_int_equal(scmi_agent_recover(m.agent, 0), SCMI_OK);
	assert_int_equal(machine_discover(&m), SCMI_OK);
	assert_int_equal(scmi_agent_stop(m.agent), SCMI_OK);
	m.model.fails_after_start = true;
	assert_int_equal(scmi_agent_start(m.agent), SCMI_OK);
	assert_int_equal(machine_discover(&m), SCMI_E_NOPEER);
	machine_end(&m);
}

/* More entries than the ring has: the device does not touch it any more, and says so. */
static void a_ring_that_lies_makes_the_device_want_a_reset(void **state)
{
	struct machine m = {.flags = SCMI_VIRTIO_MMIO_DELIVERS, .lazy = true};
	struct scmi_call call;
	unsigned char *avail;

	(void)state;
	machine_make(&m);
	assert_int_equal(machine_discover(&m), SCMI_OK);
	avail = m.shared + (m.model.queues[0].where.avail - SHARED_ADDR);
	assert_int_equal(command(&m, SENSOR_READING_GET, 0, 0, &call), SCMI_OK);
	avail[3] ^= 0x80u; /* the index, high byte */
	assert_int_equal(scmi_agent_wait(m.agent, &call), SCMI_E_LINK);
	assert_int_equal(scmi_agent_recover(m.agent, 0), SCMI_OK);
	assert_int_equal(machine_discover(&m), SCMI_OK);
	machine_end(&m);
}

/* ---- a queue alone ---- */

static void time_one_out(struct machine *m)
{
	struct scmi_call call;

	m->asleep = true;
	assert_int_equal(command(m, SENSOR_READING_GET, 0, 0, &call), SCMI_OK);
	assert_int_equal(scmi_agent_wait(m->agent, &call), SCMI_E_TIMEOUT);
	m->asleep = false;
}

static void recovery_resets_the_queue_alone_where_it_may(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct machine m = {.flags = all_flags[i],
				    .lazy = true,
				    .features = SCMI_VIRTIO_FEATURES_DEFAULT & ~SCMI_VIRTIO_F_P2A_CHANNELS};

		machine_make(&m);
		time_one_out(&m);
		m.model.queue_reset_reads = 3;
		assert_int_equal(scmi_agent_recover(m.agent, 0), SCMI_OK);
		assert_int_equal(m.model.resets, 1);
		assert_int_equal(machine_discover(&m), SCMI_OK);
		/* The device does not; then it is reset as a whole. */
		time_one_out(&m);
		m.model.ignores_queue_reset = i == 0;
		m.model.queue_reset_reads = i == 0 ? 0 : MMIO_NEVER;
		m.fake.step_us = 10;
		assert_int_equal(scmi_agent_recover(m.agent, 0), SCMI_OK);
		assert_int_equal(m.model.resets, 3); /* by stop() and by start() */
		assert_int_equal(machine_discover(&m), SCMI_OK);
		machine_end(&m);
	}
}

/* ---- shared memory ---- */

static void shared_memory_is_reached_by_its_id(void **state)
{
	unsigned char bytes[64] = {1, 2, 3};
	struct machine m = {
		.sensors = {.id = SCMI_VIRTIO_REGION_SENSOR, .region = {.mem = bytes, .len = sizeof(bytes)}}};
	struct scmi_virtio_region region = {0};

	(void)state;
	machine_make(&m);
	assert_int_equal(scmi_virtio_region(m.driver, SCMI_VIRTIO_REGION_SENSOR, &region), SCMI_OK);
	assert_ptr_equal(region.mem, bytes);
	assert_true(region.len == sizeof(bytes));
	assert_int_equal(scmi_virtio_region(m.driver, SCMI_VIRTIO_REGION_POWER, &region), SCMI_E_NOTFOUND);
	machine_end(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_platform_is_discovered),
		cmocka_unit_test(what_the_platform_sends_of_its_own_comes),
		cmocka_unit_test(a_device_that_needs_a_reset_is_recovered),
		cmocka_unit_test(a_poll_recovers_it_where_that_is_the_policy),
		cmocka_unit_test(a_device_that_is_stuck_in_its_reset_may_come_back),
		cmocka_unit_test(a_loss_right_behind_the_start_is_not_missed),
		cmocka_unit_test(a_ring_that_lies_makes_the_device_want_a_reset),
		cmocka_unit_test(recovery_resets_the_queue_alone_where_it_may),
		cmocka_unit_test(shared_memory_is_reached_by_its_id),
	};

	return cmocka_run_group_tests_name("virtio_mmio_machine", tests, NULL, NULL);
}
