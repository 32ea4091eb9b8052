/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The minimal agent's end of the transport contract, against a transport that is the test's own; and the typed commands
 * on top of it, against our platform.
 */
#include <stdlib.h>

#include <scmi/protocol/base.h>
#include <scmi/protocol/clock.h>
#include <scmi/protocol/sensor.h>

#include "acme.h"
#include "minimal_rig.h"

static struct own {
	const struct scmi_sink *sink;
	void *core;
	struct scmi_tx tx;
	unsigned starts, stops, sends;
	int start_error, send_error, recover_error;
	void (*on_start)(void);
	void (*on_send)(void);
	void (*on_poll)(void);
} own;

static uint8_t answer[8]; /* status and a word */

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	(void)ctx;
	own.sink = sink;
	own.core = core;
	own.starts++;
	if (own.on_start != NULL)
		own.on_start();
	return own.start_error;
}

static void stop(void *ctx)
{
	(void)ctx;
	own.stops++;
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	(void)ctx;
	own.tx = *tx;
	own.sends++;
	if (own.on_send != NULL)
		own.on_send();
	return own.send_error;
}

static int poll(void *ctx, int max)
{
	(void)ctx;
	assert_true(max > 0);
	if (own.on_poll != NULL)
		own.on_poll();
	return 0;
}

static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	(void)ctx;
	assert_true(offset + len <= rx->len);
	if (rx->cookie != NULL)
		return SCMI_E_IO;
	memcpy(dst, answer + offset, len);
	return SCMI_OK;
}

static int recover(void *ctx)
{
	(void)ctx;
	return own.recover_error;
}

static const struct scmi_transport_ops ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "own",
	.start = start,
	.stop = stop,
	.send = send,
	.poll = poll,
	.fetch = fetch,
	.recover = recover,
};
static struct scmi_transport_ops ops_without_recover;

static void open_own(const struct scmi_transport_ops *table)
{
	rig_prepare();
	memset(&own, 0, sizeof(own));
	memset(answer, 0, sizeof(answer));
	scmi_put_le32(answer + 4, rig.word);
	rig.transport = (struct scmi_transport){.size = sizeof(rig.transport),
						.caps = SCMI_CAP_POLL,
						.ops = table,
						.max_payload = 8,
						.max_inflight = 1,
						.timeout_us = 300};
	assert_int_equal(scmi_agent_init(&rig.agent, rig.memory, sizeof(rig.memory), &rig.config), SCMI_OK);
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
}

static int deliver(uint32_t hdr, uint16_t token, const void *data, void *cookie)
{
	const struct scmi_rx rx = {.hdr = hdr, .len = sizeof(answer), .data = data, .cookie = cookie, .token = token};

	return own.sink->rx(own.core, &rx);
}

static void answer_well(void)
{
	assert_int_equal(deliver(own.tx.hdr, SCMI_TOKEN_ANY, NULL, NULL), SCMI_OK);
	assert_int_equal(deliver(own.tx.hdr, SCMI_TOKEN_ANY, NULL, NULL), SCMI_E_STRAY);
}

static void answer_in_place(void)
{
	assert_int_equal(deliver(own.tx.hdr, own.tx.token, answer, NULL), SCMI_OK);
}

static void an_answer_inside_send_or_poll(void **state)
{
	(void)state;
	open_own(&ops);
	own.on_send = answer_well;
	assert_int_equal(rig_ask(), SCMI_OK);
	own.on_send = answer_in_place;
	assert_int_equal(rig_ask(), SCMI_OK);
	assert_int_equal(own.tx.flags, SCMI_TX_POLL);
	assert_int_equal(own.tx.slot, 0);
	assert_int_equal(own.tx.more, 0);
	assert_int_equal(own.tx.reply_cap, 4);
	own.on_send = NULL;
	own.on_poll = answer_in_place;
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

static void strangers(void)
{
	struct scmi_xfer x;

	assert_int_equal(deliver(own.tx.hdr ^ 1u << 18, SCMI_TOKEN_ANY, NULL, NULL), SCMI_E_STRAY);
	assert_int_equal(deliver(own.tx.hdr ^ 1u, SCMI_TOKEN_ANY, NULL, NULL), SCMI_E_STRAY);
	assert_int_equal(deliver(scmi_hdr_as(own.tx.hdr, SCMI_MSG_DELAYED), SCMI_TOKEN_ANY, NULL, NULL), SCMI_E_STRAY);
	assert_int_equal(deliver(scmi_hdr_as(own.tx.hdr, SCMI_MSG_NOTIFICATION), SCMI_TOKEN_ANY, NULL, NULL),
			 SCMI_E_STRAY);
	assert_int_equal(deliver(own.tx.hdr ^ 1u, own.tx.token ^ 1u, NULL, NULL), SCMI_E_STRAY);
	assert_int_equal(own.sink->settle(own.core, own.tx.token ^ 1u, SCMI_E_PROTO), SCMI_E_STRAY);
	assert_int_equal(own.sink->acquire(own.core, own.tx.hdr, &x), SCMI_E_NOTSUP);
	assert_int_equal(own.sink->complete(own.core, &x, 8), SCMI_E_NOTSUP);
	own.sink->release(own.core, &x);
	answer_well();
}

static void what_answers_nothing_is_stray(void **state)
{
	(void)state;
	open_own(&ops);
	own.on_send = strangers;
	assert_int_equal(rig_ask(), SCMI_OK);
	assert_int_equal(deliver(own.tx.hdr, own.tx.token, NULL, NULL), SCMI_E_STRAY);
	assert_int_equal(own.sink->settle(own.core, own.tx.token, SCMI_E_PROTO), SCMI_E_STRAY);
	rig_close();
}

static void settled(void)
{
	assert_int_equal(own.sink->settle(own.core, own.tx.token, SCMI_E_COMMS), SCMI_OK);
}

static void short_of_a_status(void)
{
	const struct scmi_rx rx = {.hdr = own.tx.hdr, .len = 3, .token = own.tx.token};

	assert_int_equal(own.sink->rx(own.core, &rx), SCMI_OK);
}

static void unreadable(void)
{
	assert_int_equal(deliver(own.tx.hdr, own.tx.token, NULL, &own), SCMI_OK);
}

static void other_command(void)
{
	assert_int_equal(deliver(own.tx.hdr ^ 1u, own.tx.token, NULL, NULL), SCMI_E_PROTO);
}

static void what_ends_a_call_without_a_message(void **state)
{
	(void)state;
	open_own(&ops);
	own.on_send = settled;
	assert_int_equal(rig_ask(), SCMI_E_COMMS);
	own.on_send = short_of_a_status;
	assert_int_equal(rig_ask(), SCMI_E_PROTO);
	own.on_send = unreadable;
	assert_int_equal(rig_ask(), SCMI_E_PROTO);
	own.on_send = other_command;
	assert_int_equal(rig_ask(), SCMI_E_PROTO);
	own.on_send = answer_well;
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

static void lost(void)
{
	own.sink->link_down(own.core, SCMI_E_LINK);
}

static void a_link_may_go_and_come(void **state)
{
	(void)state;
	open_own(&ops);
	own.on_poll = lost;
	assert_int_equal(rig_ask(), SCMI_E_LINK);
	assert_int_equal(rig_ask(), SCMI_E_NOPEER);
	own.sink->ready(own.core);
	own.on_send = lost; /* and that send fails */
	own.send_error = SCMI_E_NOPEER;
	assert_int_equal(rig_ask(), SCMI_E_LINK);
	own.on_send = NULL;
	own.sink->ready(own.core);
	assert_int_equal(rig_ask(), SCMI_E_NOPEER);
	own.send_error = SCMI_OK;
	own.on_send = answer_well;
	assert_int_equal(rig_ask(), SCMI_OK);
	lost();
	assert_int_equal(scmi_agent_stop(rig.agent), SCMI_OK);
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
	assert_int_equal(own.sends, 5);
}

static void nobody_there(void)
{
	own.sink->link_down(own.core, SCMI_E_NOPEER);
}

static void there(void)
{
	own.sink->ready(own.core);
}

/* Its transport is polled: it learns of the peer in poll() alone, and nobody else calls that. */
static void a_peer_may_come_after_the_start(void **state)
{
	(void)state;
	open_own(&ops);
	assert_int_equal(scmi_agent_stop(rig.agent), SCMI_OK);
	own.on_start = nobody_there;
	own.on_send = answer_well;
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
	assert_int_equal(rig_ask(), SCMI_E_NOPEER);
	assert_int_equal(own.sends, 0);
	own.on_poll = there;
	assert_int_equal(rig_ask(), SCMI_OK);
	assert_int_equal(own.sends, 1);
	rig_close();
}

/* Nothing is sent while an answer is owed; what is late or settled frees it. */
static void a_debt_ends_by_what_the_transport_says(void **state)
{
	(void)state;
	open_own(&ops);
	for (unsigned i = 0; i < 3; i++) {
		own.on_send = NULL;
		own.sends = 0;
		assert_int_equal(rig_ask(), SCMI_E_TIMEOUT);
		assert_int_equal(rig_ask(), SCMI_E_TIMEOUT);
		assert_int_equal(own.sends, 1);
		if (i == 0)
			assert_int_equal(deliver(own.tx.hdr, SCMI_TOKEN_ANY, NULL, NULL), SCMI_E_STRAY);
		else if (i == 1)
			settled();
		else
			assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_OK);
		own.on_send = answer_well;
		assert_int_equal(rig_ask(), SCMI_OK);
	}
	rig_close();
}

static void recovery_may_fail(void **state)
{
	(void)state;
	open_own(&ops);
	own.recover_error = SCMI_E_NOPEER;
	own.on_send = answer_well;
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_E_NOPEER);
	assert_int_equal(rig_ask(), SCMI_E_NOPEER);
	own.recover_error = SCMI_E_BUSY;
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_E_BUSY);
	assert_int_equal(rig_ask(), SCMI_E_NOPEER);
	own.recover_error = SCMI_OK;
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_OK);
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

static void recovery_is_a_stop_and_a_start_where_there_is_no_other(void **state)
{
	(void)state;
	ops_without_recover = ops;
	ops_without_recover.recover = NULL;
	open_own(&ops_without_recover);
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_OK);
	assert_int_equal(own.stops, 1);
	assert_int_equal(own.starts, 2);
	own.on_start = nobody_there;
	own.on_send = answer_well;
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_OK);
	assert_int_equal(rig_ask(), SCMI_E_NOPEER);
	assert_int_equal(own.sends, 0);
	there();
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
	assert_int_equal(own.stops, 3);
}

static void a_start_that_fails_is_none(void **state)
{
	(void)state;
	open_own(&ops);
	assert_int_equal(scmi_agent_stop(rig.agent), SCMI_OK);
	own.start_error = SCMI_E_NOPEER;
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_E_NOPEER);
	assert_int_equal(rig_ask(), SCMI_E_CLOSED);
	rig_close();
	assert_int_equal(own.stops, 1);
}

/* ---- typed commands and our own platform ---- */

static struct scmi_mailbox_end *end;

static int serve(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	return scmi_mailbox_end_serve(end, 1) < 0 ? SCMI_E_NOPEER : SCMI_OK;
}

static void typed_commands_work_as_they_are(void **state)
{
	static struct acme acme;
	struct scmi_mailbox_end_config config = {.size = sizeof(config), .areas = {{.mem = rig.area, .len = RIG_AREA}}};
	struct scmi_base_info info = {.size = sizeof(info)};
	struct scmi_endpoint endpoint;
	uint32_t version;
	uint32_t spoken;
	void *memory;

	(void)state;
	rig_prepare();
	rig.bell.ring = serve;
	memory = malloc(scmi_mailbox_end_size(&config));
	assert_int_equal(scmi_mailbox_end_init(&end, memory, scmi_mailbox_end_size(&config), &config, &endpoint),
			 SCMI_OK);
	assert_int_equal(acme_open(&acme, &endpoint, NULL, NULL), SCMI_OK);
	rig_start();
	assert_int_equal(scmi_base_discover(rig.agent, &info), SCMI_OK);
	assert_string_equal(info.vendor, "acme");
	assert_int_equal(info.protocol_count, 2);
	assert_int_equal(
		scmi_protocol_agree(rig.agent, SCMI_PROTOCOL_SENSOR, SCMI_SENSOR_VERSION, &version, &spoken, NULL),
		SCMI_OK);
	assert_int_equal(scmi_protocol_version(rig.agent, SCMI_PROTOCOL_PERF, &version, NULL), SCMI_E_REMOTE);
	rig_close();
	acme_close(&acme);
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_inside_send_or_poll),
		cmocka_unit_test(what_answers_nothing_is_stray),
		cmocka_unit_test(what_ends_a_call_without_a_message),
		cmocka_unit_test(a_link_may_go_and_come),
		cmocka_unit_test(a_peer_may_come_after_the_start),
		cmocka_unit_test(a_debt_ends_by_what_the_transport_says),
		cmocka_unit_test(recovery_may_fail),
		cmocka_unit_test(recovery_is_a_stop_and_a_start_where_there_is_no_other),
		cmocka_unit_test(a_start_that_fails_is_none),
		cmocka_unit_test(typed_commands_work_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
