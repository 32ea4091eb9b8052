/* SPDX-License-Identifier: BSD-3-Clause */
/* What the minimal agent and the polled mailbox accept, what they refuse, and their life. */
#include "minimal_rig.h"

static void refuses(void)
{
	struct scmi_agent *agent = NULL;

	assert_int_equal(scmi_agent_size(&rig.config), 0);
	assert_int_equal(scmi_agent_init(&agent, rig.memory, sizeof(rig.memory), &rig.config), SCMI_E_INVAL);
	assert_null(agent);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void up(void *arg, uint32_t link)
{
	(void)arg;
	(void)link;
}

static void log_line(void *arg, enum scmi_log_level level, const char *text)
{
	(void)arg;
	(void)level;
	(void)text;
}

static void trace(void *arg, const struct scmi_trace_event *event)
{
	(void)arg;
	(void)event;
}

/* Each member in turn, from a configuration that is accepted. */
#define REFUSED(member, value)                                                                                         \
	do {                                                                                                           \
		const struct scmi_agent_config good = rig.config;                                                      \
                                                                                                                       \
		rig.config.member = (value);                                                                           \
		refuses();                                                                                             \
		rig.config = good;                                                                                     \
	} while (0)

static void what_the_agent_does_not_do_is_refused(void **state)
{
	const struct scmi_link link = {.size = sizeof(link)};
	struct scmi_latency latency = {.size = sizeof(latency)};

	(void)state;
	rig_prepare();
	assert_int_equal(scmi_mailbox_init(&rig.mailbox, &rig.mailbox_config, &rig.transport), SCMI_OK);
	assert_int_not_equal(scmi_agent_size(&rig.config), 0);
	REFUSED(size, 1);
	REFUSED(flags, SCMI_AGENT_DEFERRED);
	REFUSED(flags, SCMI_AGENT_PASSIVE);
	REFUSED(options.slots, 2);
	REFUSED(options.reserved, 1);
	REFUSED(options.lateness_us, 1);
	REFUSED(options.reconnect_us, 1);
	REFUSED(links_n, 1);
	REFUSED(strict, SCMI_CHECK_RESERVED);
	REFUSED(tolerate, SCMI_CHECK_TOKEN);
	REFUSED(event_buffers, 1);
	REFUSED(event_bytes, 1);
	REFUSED(latency_n, 1);
	REFUSED(wake, nothing);
	REFUSED(up, up);
	REFUSED(log, log_line);
	REFUSED(trace, trace);
	REFUSED(transport, NULL);
	/* what hangs on a number that is 0 means nothing, as with the full agent */
	rig.config.links = &link;
	rig.config.latency = &latency;
	rig.config.max_waiters = 3;
	rig.config.spin_turns = 3;
	rig.config.options.slots = 1;
	assert_int_not_equal(scmi_agent_size(&rig.config), 0);
	assert_int_equal(scmi_agent_size(NULL), 0);
}

static void a_port_is_whole_or_not_there(void **state)
{
	(void)state;
	rig_prepare();
	assert_int_equal(scmi_mailbox_init(&rig.mailbox, &rig.mailbox_config, &rig.transport), SCMI_OK);
	rig.fake.port.version++;
	refuses();
	rig.fake.port.version--;
	rig.fake.port.now_us = NULL;
	refuses();
	fake_port_init(&rig.fake);
	rig.fake.port.relax = NULL;
	refuses();
	rig.config.port = NULL;
	assert_int_not_equal(scmi_agent_size(&rig.config), 0);
}

static void a_transport_is_whole_and_polled(void **state)
{
	struct scmi_transport good;
	struct scmi_transport_ops ops;

	(void)state;
	rig_prepare();
	assert_int_equal(scmi_mailbox_init(&rig.mailbox, &rig.mailbox_config, &rig.transport), SCMI_OK);
	assert_int_equal(scmi_transport_check(&rig.transport, NULL), SCMI_OK);
	good = rig.transport;
#define BAD(member, value)                                                                                             \
	do {                                                                                                           \
		ops = *good.ops;                                                                                       \
		rig.transport = good;                                                                                  \
		rig.transport.ops = &ops;                                                                              \
		assert_int_not_equal(scmi_agent_size(&rig.config), 0);                                                 \
		member = (value);                                                                                      \
		refuses();                                                                                             \
	} while (0)
	BAD(rig.transport.size, 1);
	BAD(rig.transport.ops, NULL);
	BAD(rig.transport.max_payload, 3);
	BAD(rig.transport.caps, SCMI_CAP_SYNC_SEND);
	BAD(rig.transport.caps, SCMI_CAP_POLL | SCMI_CAP_IRQ);
	BAD(ops.version, 2);
	BAD(ops.start, NULL);
	BAD(ops.stop, NULL);
	BAD(ops.send, NULL);
	BAD(ops.poll, NULL);
#undef BAD
}

static void the_memory_is_exactly_as_large_as_told(void **state)
{
	struct scmi_agent *agent = NULL;
	size_t size;

	(void)state;
	rig_prepare();
	assert_int_equal(scmi_mailbox_init(&rig.mailbox, &rig.mailbox_config, &rig.transport), SCMI_OK);
	size = scmi_agent_size(&rig.config);
	assert_in_range(size, 1, sizeof(rig.memory));
	assert_int_equal(scmi_agent_init(&agent, rig.memory, size - 1, &rig.config), SCMI_E_NOMEM);
	assert_int_equal(scmi_agent_init(&agent, (char *)rig.memory + 1, size, &rig.config), SCMI_E_NOMEM);
	assert_int_equal(scmi_agent_init(&agent, NULL, size, &rig.config), SCMI_E_NOMEM);
	assert_int_equal(scmi_agent_init(NULL, rig.memory, size, &rig.config), SCMI_E_INVAL);
	assert_null(agent);
	assert_int_equal(scmi_agent_init(&agent, rig.memory, size, &rig.config), SCMI_OK);
	assert_non_null(agent);
}

static void mailbox_refuses(void)
{
	struct scmi_transport transport;
	const char *why = NULL;

	assert_int_equal(scmi_mailbox_check(&rig.mailbox_config, &why), SCMI_E_INVAL);
	assert_non_null(why);
	assert_int_equal(scmi_mailbox_init(&rig.mailbox, &rig.mailbox_config, &transport), SCMI_E_INVAL);
}

static int no_start(void *ctx, struct scmi_mailbox *mailbox, struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	(void)ctx;
	(void)mailbox;
	(void)areas;
	return SCMI_OK;
}

static void no_wait(void *ctx, uint64_t deadline_us)
{
	(void)ctx;
	(void)deadline_us;
}

static int no_fd(void *ctx)
{
	(void)ctx;
	return -1;
}

static void what_the_mailbox_does_not_do_is_refused(void **state)
{
	const char *why = "";

	(void)state;
	rig_prepare();
	assert_int_equal(scmi_mailbox_check(&rig.mailbox_config, &why), SCMI_OK);
	assert_null(why);
#define BAD(member, value)                                                                                             \
	do {                                                                                                           \
		rig_prepare();                                                                                         \
		rig.member = (value);                                                                                  \
		mailbox_refuses();                                                                                     \
	} while (0)
	BAD(mailbox_config.size, 1);
	BAD(mailbox_config.flags, SCMI_MAILBOX_FRESH);
	BAD(mailbox_config.max_inflight, 2);
	BAD(mailbox_config.max_payload, 8);
	BAD(mailbox_config.areas[0].mem, NULL);
	BAD(mailbox_config.areas[0].mem, (unsigned char *)(void *)rig.area + 2);
	BAD(mailbox_config.areas[0].len, SCMI_SHMEM_BYTES_MIN - 4u);
	BAD(mailbox_config.areas[0].len, SCMI_SHMEM_BYTES_MAX + 4u);
	BAD(mailbox_config.areas[0].len, RIG_AREA - 2u);
	BAD(mailbox_config.areas[0].flags, SCMI_SHMEM_CACHED);
	BAD(mailbox_config.areas[0].check, SCMI_SHMEM_CHECK_XOR);
	BAD(mailbox_config.areas[0].reserved_, 1);
	BAD(mailbox_config.areas[1].mem, rig.area);
	BAD(mailbox_config.areas[1].len, RIG_AREA);
	BAD(bell.version, 2);
	BAD(bell.caps, SCMI_CAP_IRQ);
	BAD(bell.start, no_start);
	BAD(bell.wait, no_wait);
	BAD(bell.fd, no_fd);
	BAD(bell.clear, nothing);
#undef BAD
	assert_int_equal(scmi_mailbox_check(NULL, NULL), SCMI_E_INVAL);
	rig_prepare();
	rig.mailbox_config.areas[0].flags = SCMI_SHMEM_WIDE;
	rig.mailbox_config.max_inflight = 1;
	rig.bell.caps = SCMI_CAP_SYNC_SEND | SCMI_CAP_ATOMIC;
	rig_start();
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
	assert_int_equal(scmi_mailbox_init(NULL, &rig.mailbox_config, &rig.transport), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_init(&rig.mailbox, &rig.mailbox_config, NULL), SCMI_E_INVAL);
}

static void life_has_an_order(void **state)
{
	(void)state;
	rig_open();
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_E_INVAL);
	assert_int_equal(rig_ask(), SCMI_OK);
	assert_int_equal(scmi_agent_stop(rig.agent), SCMI_OK);
	assert_int_equal(scmi_agent_stop(rig.agent), SCMI_OK);
	assert_int_equal(rig_ask(), SCMI_E_CLOSED);
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
	assert_int_equal(scmi_agent_start(NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_stop(NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_fini(NULL), SCMI_E_INVAL);
}

static void done(struct scmi_call *call, int err)
{
	(void)call;
	(void)err;
}

static void a_call_that_cannot_be_sends_nothing(void **state)
{
	struct scmi_call call;
	uint32_t word;

	(void)state;
	rig_open();
#define BAD(member, value, err)                                                                                        \
	do {                                                                                                           \
		call = rig_call(&word, sizeof(word));                                                                  \
		call.member = (value);                                                                                 \
		assert_int_equal(scmi_agent_call(rig.agent, &call), (err));                                            \
	} while (0)
	BAD(size, 1, SCMI_E_INVAL);
	BAD(done, done, SCMI_E_INVAL);
	BAD(params_len, 4, SCMI_E_INVAL);
	BAD(reply, NULL, SCMI_E_INVAL);
	BAD(flags, SCMI_CALL_MORE, SCMI_E_NOTSUP);
	BAD(flags, SCMI_CALL_URGENT, SCMI_E_NOTSUP);
	BAD(flags, SCMI_CALL_FENCE, SCMI_E_NOTSUP);
	BAD(flags, SCMI_CALL_DELAYED, SCMI_E_NOTSUP);
	BAD(flags, SCMI_CALL_RAW, SCMI_E_NOTSUP);
	BAD(flags, 1u << 15, SCMI_E_NOTSUP);
#undef BAD
	assert_int_equal(scmi_agent_call(NULL, &call), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_call(rig.agent, NULL), SCMI_E_INVAL);
	assert_int_equal(rig.rung, 0);
	call = rig_call(&word, sizeof(word));
	call.flags = SCMI_CALL_POLL | SCMI_CALL_NOWAIT;
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_OK);
	rig_close();
}

static void call_again(struct minimal_rig *r)
{
	struct scmi_call call = rig_call(NULL, 0);

	assert_int_equal(scmi_agent_call(r->agent, &call), SCMI_E_CONTEXT);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_E_CONTEXT);
	assert_int_equal(scmi_agent_fini(r->agent), SCMI_E_CONTEXT);
	assert_int_equal(scmi_agent_recover(r->agent, 0), SCMI_E_CONTEXT);
	rig_answer(r);
}

static void inside_a_call_there_is_no_other(void **state)
{
	(void)state;
	rig_open();
	rig.platform = call_again;
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

static void the_rest_says_that_it_is_not_there(void **state)
{
	struct scmi_call call = rig_call(NULL, 0);
	struct scmi_call *calls[] = {&call};
	struct scmi_subscriber node = {.size = sizeof(node)};
	struct scmi_agent_stats stats = {.size = sizeof(stats)};
	struct scmi_mailbox_stats mailbox_stats = {.size = sizeof(mailbox_stats)};
	uint32_t submitted = 7;

	(void)state;
	rig_open();
	assert_int_equal(scmi_agent_quiesce(rig.agent, 0), SCMI_E_NOTSUP);
	assert_int_equal(scmi_agent_resume(rig.agent), SCMI_E_NOTSUP);
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_E_NOTSUP);
	assert_int_equal(scmi_agent_submit_many(rig.agent, calls, 1, &submitted), SCMI_E_NOTSUP);
	assert_int_equal(submitted, 0);
	assert_int_equal(scmi_agent_submit_many(rig.agent, calls, 1, NULL), SCMI_E_NOTSUP);
	assert_int_equal(scmi_agent_wait(rig.agent, &call), SCMI_E_NOTSUP);
	assert_int_equal(scmi_agent_wait_until(rig.agent, &call, 0), SCMI_E_NOTSUP);
	assert_int_equal(scmi_agent_cancel(rig.agent, &call), SCMI_E_NOTSUP);
	assert_int_equal(scmi_agent_cancel_all(rig.agent), 0);
	assert_int_equal(scmi_agent_poll(rig.agent, 8), 0);
	assert_true(scmi_agent_next_deadline(rig.agent) == SCMI_NEVER);
	assert_int_equal(scmi_agent_fd(rig.agent, 0), -1);
	assert_int_equal(scmi_agent_subscribe(rig.agent, &node), SCMI_E_NOTSUP);
	assert_int_equal(scmi_agent_unsubscribe(rig.agent, &node), SCMI_E_NOTSUP);
	assert_int_equal(scmi_agent_checks(rig.agent, 0, 0), SCMI_E_NOTSUP);
	assert_int_equal(scmi_agent_stats(rig.agent, 0, &stats), SCMI_E_NOTSUP);
	assert_int_equal(scmi_agent_link(rig.agent, SCMI_PROTOCOL_CLOCK), 0);
	scmi_mailbox_interrupt(&rig.mailbox);
	scmi_mailbox_lost(&rig.mailbox, SCMI_E_LINK);
	assert_int_equal(scmi_mailbox_found(&rig.mailbox), SCMI_E_NOTSUP);
	assert_int_equal(scmi_mailbox_stats(&rig.mailbox, &mailbox_stats), SCMI_E_NOTSUP);
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_agent_does_not_do_is_refused),
		cmocka_unit_test(a_port_is_whole_or_not_there),
		cmocka_unit_test(a_transport_is_whole_and_polled),
		cmocka_unit_test(the_memory_is_exactly_as_large_as_told),
		cmocka_unit_test(what_the_mailbox_does_not_do_is_refused),
		cmocka_unit_test(life_has_an_order),
		cmocka_unit_test(a_call_that_cannot_be_sends_nothing),
		cmocka_unit_test(inside_a_call_there_is_no_other),
		cmocka_unit_test(the_rest_says_that_it_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
