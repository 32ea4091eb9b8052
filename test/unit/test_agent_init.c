/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration and memory of an agent: what is refused, by which name, and how many bytes are really used. */
#include <stdlib.h>
#include <string.h>

#include "agent_rig.h"

#define WORD sizeof(max_align_t)

static max_align_t memory[SCMI_AGENT_WORDS(64)];

/* The configuration is refused, by both functions, with a line that names the member; nothing has been touched. */
static void refuse(struct rig *r, const char *member)
{
	unsigned char mark = 0x5c;
	struct scmi_agent *agent = (struct scmi_agent *)(void *)&mark;

	r->line_count = 0;
	memset(memory, mark, sizeof(memory));
	assert_int_equal(scmi_agent_size(&r->config), 0);
	assert_int_equal(scmi_agent_init(&agent, memory, sizeof(memory), &r->config), SCMI_E_INVAL);
	assert_ptr_equal(agent, &mark);
	for (size_t i = 0; i < sizeof(memory); i++)
		assert_int_equal(((unsigned char *)memory)[i], mark);
	assert_int_equal(r->line_count, 1);
	if (strncmp(r->lines[0], "agent configuration: ", 21) != 0 ||
	    strncmp(r->lines[0] + 21, member, strlen(member)) != 0)
		fail_msg("the line names not \"%s\" but says \"%s\"", member, r->lines[0]);
	assert_int_equal(r->fake.calls.event_init, 0);
}

static void init_null_arguments_are_refused(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 8);
	struct scmi_agent *agent = NULL;

	(void)state;
	assert_int_equal(scmi_agent_size(NULL), 0);
	assert_int_equal(scmi_agent_init(&agent, memory, sizeof(memory), NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_init(NULL, memory, sizeof(memory), &r->config), SCMI_E_INVAL);
	assert_true(rig_logged(r, "agent: NULL"));
	assert_int_equal(scmi_agent_init(&agent, NULL, sizeof(memory), &r->config), SCMI_E_NOMEM);
	assert_null(agent);
	rig_end(r);
}

/* A structure of another size is another structure: not even its log function may be used. */
static void init_wrong_size_is_refused_without_a_line(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 8);
	struct scmi_agent *agent = NULL;

	(void)state;
	r->config.size--;
	assert_int_equal(scmi_agent_size(&r->config), 0);
	assert_int_equal(scmi_agent_init(&agent, memory, sizeof(memory), &r->config), SCMI_E_INVAL);
	r->config.size += 2;
	assert_int_equal(scmi_agent_init(&agent, memory, sizeof(memory), &r->config), SCMI_E_INVAL);
	r->config.size = 0;
	assert_int_equal(scmi_agent_init(&agent, memory, sizeof(memory), &r->config), SCMI_E_INVAL);
	assert_int_equal(r->line_count, 0);
	rig_end(r);
}

/* The member has a wrong value, then it is put back. */
#define REFUSES(member, value, name)                                                                                   \
	do {                                                                                                           \
		struct rig was = *r;                                                                                   \
                                                                                                                       \
		r->member = (value);                                                                                   \
		refuse(r, name);                                                                                       \
		r->member = was.member;                                                                                \
	} while (0)

static void init_each_wrong_value_is_named(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 8);

	(void)state;
	REFUSES(config.flags, SCMI_AGENT_PASSIVE << 1, "flags");
	REFUSES(config.flags, UINT32_MAX, "flags");
	REFUSES(config.options.slots, 2048, "slots");
	REFUSES(config.options.slots, UINT32_MAX, "slots");
	REFUSES(config.max_waiters, SCMI_WAITERS_MAX + 1, "max_waiters");
	REFUSES(config.max_waiters, UINT32_MAX, "max_waiters");
	REFUSES(config.options.lateness_us, 3600000001u, "lateness_us");
	REFUSES(config.event_buffers, 65535, "event_buffers");
	REFUSES(config.event_buffers, 1, "event_buffers"); /* no NOTIFY */
	REFUSES(config.event_bytes, SCRIPT_PAYLOAD + 1, "event_bytes");
	REFUSES(config.transport, NULL, "transport");
	REFUSES(config.port, NULL, "port");
	rig_end(r);
}

static void init_slots_that_are_no_power_of_two_get_the_next_one(void **state)
{
	static const struct {
		uint32_t slots;
		const char *next;
	} cases[] = {{3, "the next one is 4"},    {48, "the next one is 64"},     {63, "the next one is 64"},
		     {65, "the next one is 128"}, {1000, "the next one is 1024"}, {1023, "the next one is 1024"}};
	struct rig *r = rig_new(RIG_IRQ, 8);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		REFUSES(config.options.slots, cases[i].slots, "slots");
		assert_true(rig_logged(r, cases[i].next));
	}
	rig_end(r);
}

static void init_lateness_is_refused_where_it_cannot_be_kept(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 512);

	(void)state;
	r->script.transport.max_payload = SCMI_STATUS_BYTES;
	REFUSES(config.options.lateness_us, 1, "lateness_us");
	r->config.options.slots = 1024;
	REFUSES(config.options.lateness_us, 1, "lateness_us");
	r->config.options.slots = 256;
	r->config.options.lateness_us = 3600000000u;
	assert_int_not_equal(scmi_agent_size(&r->config), 0);
	r->config.options.slots = 0;
	assert_int_not_equal(scmi_agent_size(&r->config), 0);
	REFUSES(script.transport.caps, RIG_IRQ | SCMI_CAP_PEER_BUFS, "lateness_us");
	r->config.options.lateness_us = 0;
	r->script.transport.caps |= SCMI_CAP_PEER_BUFS;
	assert_int_not_equal(scmi_agent_size(&r->config), 0);
	rig_end(r);
}

static void init_each_missing_method_is_named(void **state)
{
	struct rig *r = rig_new(RIG_WAIT, 8);

	(void)state;
	REFUSES(script.transport.size, 0, "transport.size");
	REFUSES(script.transport.size, sizeof(struct scmi_transport) + 8, "transport.size");
	REFUSES(script.transport.ops, NULL, "transport.ops");
	REFUSES(script.ops.version, 0, "transport.ops.version");
	REFUSES(script.ops.version, SCMI_TRANSPORT_V1 + 1, "transport.ops.version");
	REFUSES(script.ops.name, NULL, "transport.ops.name");
	REFUSES(script.ops.start, NULL, "transport.ops.start");
	REFUSES(script.ops.stop, NULL, "transport.ops.stop");
	REFUSES(script.ops.send, NULL, "transport.ops.send");
	REFUSES(script.ops.poll, NULL, "transport.ops.poll");
	REFUSES(script.ops.wait, NULL, "transport.ops.wait");
	REFUSES(script.ops.wake, NULL, "transport.ops.wake");
	REFUSES(script.transport.caps, 1u << 8, "transport.caps");
	REFUSES(script.transport.caps, RIG_WAIT | 1u << 31, "transport.caps");
	REFUSES(script.transport.caps, 0, "transport.caps");
	REFUSES(script.transport.caps, SCMI_CAP_CONCURRENT | SCMI_CAP_NOTIFY, "transport.caps");
	REFUSES(script.transport.caps, SCMI_CAP_IRQ | SCMI_CAP_WAIT, "transport.caps");
	REFUSES(script.transport.max_payload, SCMI_STATUS_BYTES - 1, "transport.max_payload");
	REFUSES(script.transport.max_inflight, 0, "transport.max_inflight");
	rig_end(r);
}

static void transport_check_says_why(void **state)
{
	struct rig *r = rig_new(RIG_WAIT, 8);
	const char *why = "unset";

	(void)state;
	assert_int_equal(scmi_transport_check(&r->script.transport, &why), SCMI_OK);
	assert_null(why);
	assert_int_equal(scmi_transport_check(&r->script.transport, NULL), SCMI_OK);
	assert_int_equal(scmi_transport_check(NULL, &why), SCMI_E_INVAL);
	assert_string_equal(why, "transport: NULL");
	r->script.ops.wake = NULL;
	assert_int_equal(scmi_transport_check(&r->script.transport, &why), SCMI_E_INVAL);
	assert_string_equal(why, "transport.ops.wake: missing, caps say WAIT");
	assert_int_equal(scmi_transport_check(&r->script.transport, NULL), SCMI_E_INVAL);
	rig_end(r);
}

/* What the capabilities do not ask for may be missing. */
static void transport_check_takes_a_table_without_what_caps_do_not_need(void **state)
{
	struct rig *r = rig_new(SCMI_CAP_SYNC_SEND, 8);

	(void)state;
	r->script.ops.flush = NULL;
	r->script.ops.fetch = NULL;
	r->script.ops.poll = NULL;
	r->script.ops.wait = NULL;
	r->script.ops.wake = NULL;
	r->script.ops.recover = NULL;
	assert_int_equal(scmi_transport_check(&r->script.transport, NULL), SCMI_OK);
	r->script.transport.caps = SCMI_CAP_IRQ;
	assert_int_equal(scmi_transport_check(&r->script.transport, NULL), SCMI_OK);
	r->script.transport.max_payload = SCMI_STATUS_BYTES;
	r->script.transport.max_inflight = 1;
	assert_int_equal(scmi_transport_check(&r->script.transport, NULL), SCMI_OK);
	r->script.transport.caps = SCMI_CAP_POLL;
	assert_int_equal(scmi_transport_check(&r->script.transport, NULL), SCMI_E_INVAL);
	rig_end(r);
}

static void init_incomplete_port_is_named(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 8);

	(void)state;
	REFUSES(fake.port.version, SCMI_PORT_V1 + 1, "port");
	REFUSES(fake.port.event_size, SCMI_EVENT_BYTES_MAX + 1, "port");
	REFUSES(fake.port.now_us, NULL, "port");
	REFUSES(fake.port.event_wait, NULL, "port");
	REFUSES(fake.port.self, NULL, "port");
	rig_end(r);
}

static void init_memory_a_byte_short_or_misaligned_is_refused(void **state)
{
	static const uint32_t slots[] = {1, 8, 64};
	struct rig *r = rig_new(RIG_IRQ | SCMI_CAP_NOTIFY, 1);
	struct scmi_agent *agent = NULL;
	unsigned char *bytes;
	size_t size;

	(void)state;
	r->config.event_buffers = 3;
	r->config.event_bytes = 1;
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		r->config.options.slots = slots[i];
		size = scmi_agent_size(&r->config);
		bytes = malloc(size + WORD);
		assert_non_null(bytes);
		assert_int_equal(scmi_agent_init(&agent, bytes, size - 1, &r->config), SCMI_E_NOMEM);
		assert_int_equal(scmi_agent_init(&agent, bytes, 0, &r->config), SCMI_E_NOMEM);
		for (size_t shift = 1; shift < _Alignof(max_align_t); shift *= 2)
			assert_int_equal(scmi_agent_init(&agent, bytes + shift, size, &r->config), SCMI_E_NOMEM);
		assert_null(agent);
		assert_int_equal(r->fake.calls.event_init, 0);
		assert_int_equal(scmi_agent_init(&agent, bytes, size, &r->config), SCMI_OK);
		assert_int_equal(scmi_agent_fini(agent), SCMI_OK);
		agent = NULL;
		r->fake.calls.event_init = 0;
		free(bytes);
	}
	rig_end(r);
}

/* One agent in exactly its bytes, every slot, waiter and buffer used; rig_end() looks at the guards. */
static void use_all_of_it(uint32_t slots, uint32_t waiters, uint32_t buffers, uint32_t event_bytes)
{
	struct rig *r = rig_new(RIG_IRQ | SCMI_CAP_NOTIFY, slots);
	struct rig_call *calls = calloc(slots, sizeof(*calls));
	struct rig_call extra;
	struct scmi_agent_stats stats;

	assert_non_null(calls);
	r->config.max_waiters = waiters;
	r->config.event_buffers = buffers;
	r->config.event_bytes = event_bytes;
	rig_start(r);
	assert_int_equal(r->fake.events, waiters != 0 ? waiters : SCMI_WAITERS_DEFAULT);
	for (uint32_t i = 0; i < slots; i++) {
		rig_call_init(r, &calls[i]);
		assert_int_equal(rig_submit(&calls[i]), SCMI_OK);
	}
	rig_call_init(r, &extra);
	assert_int_equal(rig_submit(&extra), SCMI_E_BUSY);
	stats = rig_stats(r);
	assert_int_equal(stats.slots, slots);
	assert_int_equal(stats.max_inflight, slots);
	assert_int_equal(stats.in_flight, slots);
	assert_int_equal(stats.no_slot, 1);
	for (uint32_t i = 0; i < slots; i++)
		assert_int_equal(script_reply(&r->script, script_sent(&r->script, i), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	for (uint32_t i = 0; i < slots; i++)
		assert_ended(&calls[i], SCMI_OK);
	rig_end(r);
	free(calls);
}

static void init_exact_memory_is_enough_and_not_left(void **state)
{
	static const uint32_t waiters[] = {0, 1, 32};
	static const uint32_t buffers[] = {0, 1, 7};

	(void)state;
	for (uint32_t slots = 1; slots <= SCMI_SLOTS_MAX; slots *= 2) {
		for (size_t w = 0; w < 3; w++) {
			for (size_t b = 0; b < 3; b++)
				use_all_of_it(slots, waiters[w], buffers[b], (uint32_t)b * 17u);
		}
	}
}

static void size_of_the_default_is_that_of_64_slots_and_8_waiters(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 0);
	size_t size = scmi_agent_size(&r->config);

	(void)state;
	r->config.options.slots = 64;
	r->config.max_waiters = 8;
	assert_int_equal(scmi_agent_size(&r->config), size);
	r->config.options.slots = 128;
	assert_true(scmi_agent_size(&r->config) > size);
	rig_end(r);
}

/* The static bound holds every configuration that it is given for, for any event size of a port. */
static void words_bound_the_size(void **state)
{
	static const uint32_t events[] = {1, 4, 40, SCMI_EVENT_BYTES_MAX};
	struct rig *r = rig_new(RIG_IRQ | SCMI_CAP_NOTIFY, 0);

	(void)state;
	for (uint32_t slots = 1; slots <= SCMI_SLOTS_MAX; slots *= 2) {
		for (size_t e = 0; e < sizeof(events) / sizeof(events[0]); e++) {
			r->config.options.slots = slots;
			r->fake.port.event_size = events[e];
			r->config.max_waiters = 0;
			r->config.event_buffers = 0;
			assert_true(scmi_agent_size(&r->config) <= SCMI_AGENT_WORDS(slots) * WORD);
			for (uint32_t w = 1; w <= SCMI_WAITERS_MAX; w++) {
				r->config.max_waiters = w;
				r->config.event_buffers = w - 1;
				r->config.event_bytes = 1 + w;
				assert_true(scmi_agent_size(&r->config) <=
					    SCMI_AGENT_WORDS_FOR(slots, w, events[e], w - 1, 1 + w) * WORD);
			}
		}
	}
	rig_end(r);
}

static void init_event_that_fails_undoes_those_before(void **state)
{
	struct scmi_agent *agent = NULL;

	(void)state;
	for (unsigned n = 1; n <= SCMI_WAITERS_DEFAULT; n++) {
		struct rig *r = rig_new(RIG_IRQ, 8);

		r->fake.fail_event_init = n;
		assert_int_equal(scmi_agent_init(&agent, memory, sizeof(memory), &r->config), SCMI_E_IO);
		assert_null(agent);
		assert_int_equal(r->fake.calls.event_init, n);
		assert_int_equal(r->fake.calls.event_fini, n - 1);
		rig_end(r);
	}
}

/* How many can be in flight is said by whoever limits it: pool, transport, or what one send at a time allows. */
static void init_logs_the_limit(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 64);

	(void)state;
	r->script.transport.max_inflight = 5;
	rig_init(r);
	assert_int_equal(r->line_count, 1);
	assert_string_equal(r->lines[0],
			    "script: 5 commands in flight at most (pool 64, transport 5, token space 1024), "
			    "payload 128 bytes");
	assert_int_equal(rig_stats(r).max_inflight, 5);
	assert_int_equal(rig_stats(r).slots, 64);
	assert_int_equal(scmi_agent_max_params(r->agent), SCRIPT_PAYLOAD);
	assert_int_equal(scmi_agent_max_values(r->agent), SCRIPT_PAYLOAD - SCMI_STATUS_BYTES);
	rig_end(r);

	r = rig_new(SCMI_CAP_IRQ, 64);
	rig_init(r);
	assert_int_equal(rig_stats(r).max_inflight, 64);
	assert_true(rig_logged(r, "64 commands accepted at most"));
	rig_end(r);

	r = rig_new(RIG_IRQ, 1024);
	rig_init(r);
	assert_int_equal(rig_stats(r).max_inflight, 1024);
	assert_true(rig_logged(r, " bytes; no token bit is left"));
	rig_end(r);
}

static void init_copies_the_transport(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 8);
	struct scmi_transport own = r->script.transport;
	struct rig_call c;

	(void)state;
	r->config.transport = &own;
	rig_init(r);
	memset(&own, 0xff, sizeof(own));
	rig_start(r);
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

static void two_agents_do_not_know_of_each_other(void **state)
{
	struct rig *a = rig_up(RIG_IRQ, 1);
	struct rig *b = rig_up(RIG_IRQ, 1);
	struct rig_call ca;
	struct rig_call cb;

	(void)state;
	rig_call_init(a, &ca);
	rig_call_init(b, &cb);
	assert_int_equal(rig_submit(&ca), SCMI_OK);
	assert_int_equal(rig_submit(&cb), SCMI_OK);
	assert_int_equal(script_reply(&b->script, script_last(&b->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&cb, SCMI_OK);
	assert_int_equal(ca.ends, 0);
	rig_end(b);
	assert_int_equal(script_reply(&a->script, script_last(&a->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&ca, SCMI_OK);
	rig_end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_null_arguments_are_refused),
		cmocka_unit_test(init_wrong_size_is_refused_without_a_line),
		cmocka_unit_test(init_each_wrong_value_is_named),
		cmocka_unit_test(init_slots_that_are_no_power_of_two_get_the_next_one),
		cmocka_unit_test(init_lateness_is_refused_where_it_cannot_be_kept),
		cmocka_unit_test(init_each_missing_method_is_named),
		cmocka_unit_test(transport_check_says_why),
		cmocka_unit_test(transport_check_takes_a_table_without_what_caps_do_not_need),
		cmocka_unit_test(init_incomplete_port_is_named),
		cmocka_unit_test(init_memory_a_byte_short_or_misaligned_is_refused),
		cmocka_unit_test(init_exact_memory_is_enough_and_not_left),
		cmocka_unit_test(size_of_the_default_is_that_of_64_slots_and_8_waiters),
		cmocka_unit_test(words_bound_the_size),
		cmocka_unit_test(init_event_that_fails_undoes_those_before),
		cmocka_unit_test(init_logs_the_limit),
		cmocka_unit_test(init_copies_the_transport),
		cmocka_unit_test(two_agents_do_not_know_of_each_other),
	};

	return cmocka_run_group_tests_name("agent_init", tests, NULL, NULL);
}
