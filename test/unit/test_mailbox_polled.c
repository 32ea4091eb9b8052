/* SPDX-License-Identifier: BSD-3-Clause */
/* The polled mailbox alone, as its contract with the core says: the core is the test. */
#include "minimal_rig.h"

static struct {
	unsigned came, settled, readies;
	int error;
	uint16_t token;
	struct scmi_rx rx;
} core;

static int take(void *ctx, const struct scmi_rx *rx)
{
	assert_ptr_equal(ctx, &core);
	core.came++;
	core.rx = *rx;
	return SCMI_OK;
}

static int settle(void *ctx, uint16_t token, int err)
{
	assert_ptr_equal(ctx, &core);
	core.settled++;
	core.token = token;
	core.error = err;
	return SCMI_OK;
}

static void ready(void *ctx)
{
	assert_ptr_equal(ctx, &core);
	core.readies++;
}

static const struct scmi_sink sink = {.version = SCMI_SINK_V1, .rx = take, .settle = settle, .ready = ready};

static int start(void)
{
	return rig.transport.ops->start(rig.transport.ctx, &sink, &core);
}

static void stop(void)
{
	rig.transport.ops->stop(rig.transport.ctx);
}

static int poll(void)
{
	return rig.transport.ops->poll(rig.transport.ctx, 1);
}

static int send(uint32_t hdr)
{
	const struct scmi_tx tx = {.hdr = hdr, .token = 7};

	return rig.transport.ops->send(rig.transport.ctx, &tx);
}

static void open_core(void)
{
	rig_prepare();
	rig.platform = NULL;
	memset(&core, 0, sizeof(core));
	assert_int_equal(scmi_mailbox_init(&rig.mailbox, &rig.mailbox_config, &rig.transport), SCMI_OK);
	assert_int_equal(rig.transport.max_payload, RIG_PAYLOAD);
	assert_int_equal(rig.transport.max_inflight, 1);
	assert_int_equal(start(), SCMI_OK);
}

static void an_answer_is_handed_up_once(void **state)
{
	unsigned char bytes[8] = {0};

	(void)state;
	open_core();
	assert_int_equal(poll(), 0); /* free, and nothing was sent */
	assert_int_equal(send(0x00412345), SCMI_OK);
	assert_int_equal(poll(), 0);
	rig_answer(&rig);
	assert_int_equal(poll(), 1);
	assert_int_equal(poll(), 0);
	assert_int_equal(core.came, 1);
	assert_int_equal(core.rx.hdr, 0x00412345);
	assert_int_equal(core.rx.len, 8);
	assert_int_equal(core.rx.token, 7);
	assert_null(core.rx.data);
	for (uint32_t from = 0; from < 8; from++) {
		for (uint32_t n = 0; from + n <= 8; n++) {
			memset(bytes, 0xa5, sizeof(bytes));
			assert_int_equal(rig.transport.ops->fetch(rig.transport.ctx, &core.rx, from, bytes, n),
					 SCMI_OK);
			for (uint32_t i = 0; i < 8; i++)
				assert_int_equal(bytes[i], i >= n ? 0xa5 : from + i < 4 ? 0 : from + i - 3);
		}
	}
	assert_int_equal(core.readies, 0);
}

static void a_refused_send_is_told_of_room_once(void **state)
{
	(void)state;
	open_core();
	assert_int_equal(send(1), SCMI_OK);
	assert_int_equal(send(2), SCMI_E_BUSY);
	assert_int_equal(poll(), 0);
	assert_int_equal(core.readies, 0);
	assert_int_equal(rig_get(SCMI_SHMEM_HEADER), 1);
	rig_answer(&rig);
	assert_int_equal(poll(), 1);
	assert_int_equal(core.came, 1);
	assert_int_equal(core.readies, 1);
	assert_int_equal(poll(), 0);
	assert_int_equal(core.readies, 1);
}

static void a_doorbell_that_fails_leaves_nothing_to_come(void **state)
{
	static const int errors[][2] = {{SCMI_E_IO, SCMI_E_IO},          {SCMI_E_LINK, SCMI_E_LINK},
					{SCMI_E_NOPEER, SCMI_E_NOPEER},  {SCMI_E_BUSY, SCMI_E_NOPEER},
					{SCMI_E_TIMEOUT, SCMI_E_NOPEER}, {1, SCMI_E_NOPEER}};

	(void)state;
	open_core();
	for (unsigned i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		rig.ring_error = errors[i][0];
		assert_int_equal(send(1), errors[i][1]);
		assert_true(rig_is_free());
		assert_int_equal(poll(), 0);
		assert_int_equal(core.came, 0);
	}
}

static void an_error_settles(void **state)
{
	(void)state;
	open_core();
	assert_int_equal(send(1), SCMI_OK);
	rig_put(SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE | SCMI_SHMEM_ERROR);
	assert_int_equal(poll(), 1);
	assert_int_equal(core.settled, 1);
	assert_int_equal(core.token, 7);
	assert_int_equal(core.error, SCMI_E_COMMS);
	assert_int_equal(core.came, 0);
	assert_int_equal(send(2), SCMI_OK);
	assert_int_equal(rig_get(SCMI_SHMEM_STATUS), 0);
}

static void a_length_that_cannot_be_is_an_empty_message(void **state)
{
	static const uint32_t lengths[] = {0, 3, 4, 4 + RIG_PAYLOAD + 1, UINT32_MAX};

	(void)state;
	open_core();
	for (uint32_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		assert_int_equal(send(i), SCMI_OK);
		rig.length = lengths[i];
		rig_answer(&rig);
		core.rx.len = 77;
		assert_int_equal(poll(), 1);
		assert_int_equal(core.rx.len, 0);
	}
}

static void after_stop_or_recovery_nothing_of_before_comes(void **state)
{
	(void)state;
	open_core();
	assert_int_equal(send(1), SCMI_OK);
	stop();
	assert_int_equal(start(), SCMI_OK);
	rig_answer(&rig);
	assert_int_equal(poll(), 0);
	assert_int_equal(send(2), SCMI_OK);
	assert_int_equal(rig.transport.ops->recover(rig.transport.ctx), SCMI_E_BUSY);
	rig_answer(&rig);
	assert_int_equal(rig.transport.ops->recover(rig.transport.ctx), SCMI_OK);
	assert_int_equal(poll(), 0);
	assert_int_equal(core.came, 0);
	assert_int_equal(core.settled, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_handed_up_once),
		cmocka_unit_test(a_refused_send_is_told_of_room_once),
		cmocka_unit_test(a_doorbell_that_fails_leaves_nothing_to_come),
		cmocka_unit_test(an_error_settles),
		cmocka_unit_test(a_length_that_cannot_be_is_an_empty_message),
		cmocka_unit_test(after_stop_or_recovery_nothing_of_before_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
