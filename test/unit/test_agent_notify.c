/* SPDX-License-Identifier: BSD-3-Clause */
/* Notifications: who gets them, into which buffer, and what is dropped or unclaimed. */
#include <string.h>

#include "agent_rig.h"

#define RIG_NOTIFY (RIG_IRQ | SCMI_CAP_NOTIFY)
#define EVENT      scmi_hdr(SCMI_PROTOCOL_SENSOR, 0x1, SCMI_MSG_NOTIFICATION, 0x155)

struct listener {
	struct scmi_subscriber node;
	unsigned heard;
	uint32_t hdr;
	uint32_t len;
	const void *payload;
	unsigned char bytes[SCRIPT_PAYLOAD];
	void (*then)(struct listener *l);
	void *arg;
};

static const unsigned char payload[SCRIPT_PAYLOAD + 1] = {9, 8, 7, 6, 5, 4, 3, 2, 1};

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *bytes, uint32_t len)
{
	struct listener *l = self->arg;

	assert_ptr_equal(self, &l->node);
	assert_in_range(len, 0, sizeof(l->bytes));
	l->heard++;
	l->hdr = hdr;
	l->len = len;
	l->payload = bytes;
	if (len != 0)
		memcpy(l->bytes, bytes, len);
	if (l->then != NULL)
		l->then(l);
}

static void listener_init(struct listener *l, uint16_t protocol, uint16_t message)
{
	memset(l, 0, sizeof(*l));
	l->node = (struct scmi_subscriber){
		.size = sizeof(l->node), .protocol = protocol, .message = message, .notify = on_notify, .arg = l};
}

static struct rig *listening_rig(struct listener *l, uint32_t buffers, uint32_t bytes)
{
	struct rig *r = rig_new(RIG_NOTIFY, 4);

	r->config.event_buffers = buffers;
	r->config.event_bytes = bytes;
	rig_init(r);
	listener_init(l, SCMI_ANY, SCMI_ANY);
	assert_int_equal(scmi_agent_subscribe(r->agent, &l->node), SCMI_OK);
	rig_start(r);
	return r;
}

static void subscribe_wrong_arguments_are_refused(void **state)
{
	struct rig *r = rig_new(RIG_NOTIFY, 4);
	struct listener l;

	(void)state;
	r->config.event_buffers = 1;
	rig_init(r);
	listener_init(&l, SCMI_ANY, SCMI_ANY);
	assert_int_equal(scmi_agent_subscribe(NULL, &l.node), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_subscribe(r->agent, NULL), SCMI_E_INVAL);
	l.node.size--;
	assert_int_equal(scmi_agent_subscribe(r->agent, &l.node), SCMI_E_INVAL);
	l.node.size++;
	l.node.notify = NULL;
	assert_int_equal(scmi_agent_subscribe(r->agent, &l.node), SCMI_E_INVAL);
	l.node.notify = on_notify;
	assert_int_equal(scmi_agent_subscribe(r->agent, &l.node), SCMI_OK);
	assert_int_equal(scmi_agent_subscribe(r->agent, &l.node), SCMI_E_INVAL);
	rig_start(r);
	assert_int_equal(scmi_agent_subscribe(r->agent, &l.node), SCMI_E_INVAL);
	rig_end(r);
}

static void subscribe_without_buffers_or_channel_is_refused(void **state)
{
	struct rig *r = rig_new(RIG_NOTIFY, 4);
	struct listener l;

	(void)state;
	rig_init(r);
	listener_init(&l, SCMI_ANY, SCMI_ANY);
	assert_int_equal(scmi_agent_subscribe(r->agent, &l.node), SCMI_E_INVAL);
	rig_end(r);
	r = rig_new(RIG_IRQ, 4);
	rig_init(r);
	assert_int_equal(scmi_agent_subscribe(r->agent, &l.node), SCMI_E_NOTSUP);
	rig_end(r);
}

static void notification_reaches_those_who_asked_for_it(void **state)
{
	static const struct {
		uint16_t protocol;
		uint16_t message;
		bool wants;
	} cases[] = {{SCMI_ANY, SCMI_ANY, true},
		     {SCMI_PROTOCOL_SENSOR, 0x1, true},
		     {SCMI_PROTOCOL_SENSOR, SCMI_ANY, true},
		     {SCMI_ANY, 0x1, true},
		     {SCMI_PROTOCOL_SENSOR, 0x2, false},
		     {SCMI_PROTOCOL_CLOCK, 0x1, false},
		     {SCMI_PROTOCOL_CLOCK, SCMI_ANY, false},
		     {SCMI_ANY, 0x0, false}};
	enum { N = sizeof(cases) / sizeof(cases[0]) };
	struct rig *r = rig_new(RIG_NOTIFY, 4);
	struct listener l[N];

	(void)state;
	r->config.event_buffers = 1;
	rig_init(r);
	for (int i = 0; i < N; i++) {
		listener_init(&l[i], cases[i].protocol, cases[i].message);
		assert_int_equal(scmi_agent_subscribe(r->agent, &l[i].node), SCMI_OK);
	}
	rig_start(r);
	for (int by_fetch = 0; by_fetch < 2; by_fetch++) {
		r->script.by_fetch = by_fetch;
		assert_int_equal(script_rx(&r->script, EVENT, payload, 9), SCMI_OK);
	}
	for (int i = 0; i < N; i++) {
		assert_int_equal(l[i].heard, cases[i].wants ? 2 : 0);
		if (cases[i].wants) {
			assert_int_equal(l[i].hdr, EVENT);
			assert_int_equal(l[i].len, 9);
			assert_memory_equal(l[i].bytes, payload, 9);
		}
	}
	assert_int_equal(rig_stats(r).accepted, 2);
	rig_end(r);
}

static void notification_that_nobody_wants_is_unclaimed(void **state)
{
	struct rig *r = rig_new(RIG_NOTIFY, 4);
	struct scmi_xfer x;
	struct listener l;

	(void)state;
	r->config.event_buffers = 1;
	rig_init(r);
	listener_init(&l, SCMI_PROTOCOL_CLOCK, SCMI_ANY);
	assert_int_equal(scmi_agent_subscribe(r->agent, &l.node), SCMI_OK);
	rig_start(r);
	assert_int_equal(script_rx(&r->script, EVENT, payload, 9), SCMI_E_STRAY);
	assert_int_equal(script_acquire(&r->script, EVENT, &x, NULL), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).unclaimed, 2);
	assert_int_equal(l.heard, 0);
	rig_end(r);
}

/* An agent that asked for none, on a transport that can carry them. */
static void notification_without_buffers_is_unclaimed(void **state)
{
	struct rig *r = rig_up(RIG_NOTIFY, 4);

	(void)state;
	assert_int_equal(script_rx(&r->script, EVENT, payload, 9), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).unclaimed, 1);
	rig_end(r);
}

static void notification_of_event_bytes_is_whole_and_a_longer_one_dropped(void **state)
{
	static const uint32_t sizes[] = {1, 7, 16, 0};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct listener l;
		struct rig *r = listening_rig(&l, 1, sizes[i]);
		uint32_t bytes = sizes[i] != 0 ? sizes[i] : SCRIPT_PAYLOAD;

		for (int by_fetch = 0; by_fetch < 2; by_fetch++) {
			r->script.by_fetch = by_fetch;
			assert_int_equal(script_rx(&r->script, EVENT, payload, bytes), SCMI_OK);
			assert_memory_equal(l.bytes, payload, bytes);
			assert_int_not_equal(script_rx(&r->script, EVENT, payload, bytes + 1), SCMI_OK);
			assert_int_equal(script_rx(&r->script, EVENT, NULL, 0), SCMI_OK);
			assert_int_equal(l.len, 0);
		}
		assert_int_equal(l.heard, 4);
		assert_int_equal(rig_stats(r).dropped, 2);
		rig_end(r);
	}
}

static void notification_acquired_has_a_buffer_of_its_own(void **state)
{
	struct listener l;
	struct rig *r = listening_rig(&l, 3, 16);
	struct script_area areas[3] = {
		{.bytes = "first", .len = 5}, {.bytes = "second", .len = 6}, {.bytes = "third", .len = 5}};
	struct scmi_xfer x[3];
	const void *first;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(script_acquire(&r->script, EVENT, &x[i], &areas[i]), SCMI_OK);
		assert_int_equal(x[i].cap, 16);
		assert_int_equal(x[i].hdr, EVENT);
	}
	/* Half of three, rounded up, is what one protocol gets: a counted drop. */
	assert_int_equal(script_acquire(&r->script, EVENT, &x[2], NULL), SCMI_E_BUSY);
	assert_int_equal(script_rx(&r->script, EVENT, payload, 9), SCMI_E_BUSY);
	assert_int_equal(rig_stats(r).dropped, 2);
	assert_int_equal(script_complete(&r->script, &x[1], 6), SCMI_OK);
	assert_memory_equal(l.bytes, "second", 6);
	first = l.payload;
	assert_int_equal(script_complete(&r->script, &x[0], 5), SCMI_OK);
	assert_memory_equal(l.bytes, "first", 5);
	assert_ptr_not_equal(l.payload, first);
	assert_int_equal(script_complete(&r->script, &x[0], 5), SCMI_E_GONE);
	assert_int_equal(l.heard, 2);
	/* What was completed is the handlers', and free when they have run, released or not. */
	assert_int_equal(script_acquire(&r->script, EVENT, &x[2], &areas[2]), SCMI_OK);
	assert_int_equal(script_complete(&r->script, &x[2], 5), SCMI_OK);
	script_release(&r->script, &x[2]);
	script_release(&r->script, &x[0]);
	assert_int_equal(script_rx(&r->script, EVENT, payload, 9), SCMI_OK);
	script_release(&r->script, &x[1]);
	assert_int_equal(l.heard, 4);
	rig_end(r);
}

static void notification_released_without_complete_is_dropped(void **state)
{
	struct listener l;
	struct rig *r = listening_rig(&l, 1, 16);
	struct scmi_xfer x;

	(void)state;
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(script_acquire(&r->script, EVENT, &x, NULL), SCMI_OK);
		script_release(&r->script, &x);
		assert_int_equal(rig_stats(r).dropped, i);
	}
	assert_int_equal(l.heard, 0);
	rig_end(r);
}

static void notification_that_cannot_be_fetched_is_dropped_and_its_buffer_free(void **state)
{
	struct listener l;
	struct rig *r = listening_rig(&l, 1, 16);
	struct script_area area = {.bytes = payload, .len = 9};
	struct scmi_xfer x;

	(void)state;
	r->script.by_fetch = true;
	r->script.fetch_err = SCMI_E_IO;
	assert_int_not_equal(script_rx(&r->script, EVENT, payload, 9), SCMI_OK);
	assert_int_equal(script_acquire(&r->script, EVENT, &x, &area), SCMI_OK);
	assert_int_not_equal(script_complete(&r->script, &x, 9), SCMI_OK);
	script_release(&r->script, &x);
	assert_int_equal(rig_stats(r).dropped, 2);
	r->script.fetch_err = SCMI_OK;
	assert_int_equal(script_rx(&r->script, EVENT, payload, 9), SCMI_OK);
	assert_int_equal(l.heard, 1);
	rig_end(r);
}

/* The handler's payload is valid until it returns: one that comes meanwhile must not lie in the same buffer. */
static void notify_again(struct listener *l)
{
	struct rig *r = l->arg;

	l->then = NULL;
	assert_int_equal(script_rx(&r->script, EVENT, "other", 5), SCMI_E_BUSY);
	assert_memory_equal(l->payload, payload, 9);
}

static void notification_inside_a_handler_does_not_take_its_buffer(void **state)
{
	struct listener l;
	struct rig *r = listening_rig(&l, 1, 16);

	(void)state;
	l.then = notify_again;
	l.arg = r;
	assert_int_equal(script_rx(&r->script, EVENT, payload, 9), SCMI_OK);
	assert_int_equal(l.heard, 1);
	assert_int_equal(rig_stats(r).dropped, 1);
	rig_end(r);
}

#define FRAMES 16u

/* As many contexts as may be inside callbacks are in handlers, and one more ends a call: its done still runs. */
static void notify_as_another(struct listener *l)
{
	struct rig *r = l->arg;
	uintptr_t self = r->fake.self;

	/* The innermost context finds no frame for its notification, which is put off; there the call ends. */
	r->fake.self = 100 + l->heard;
	if (l->heard < FRAMES + 4)
		assert_int_equal(script_rx(&r->script, EVENT, payload, 9), SCMI_OK);
	if (l->heard == FRAMES)
		assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	r->fake.self = self;
}

static void notification_handlers_in_every_frame_lose_no_done(void **state)
{
	struct listener l;
	struct rig *r = listening_rig(&l, 64, 16);
	struct rig_call c;

	(void)state;
	l.then = notify_as_another;
	l.arg = r;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_rx(&r->script, EVENT, payload, 9), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	assert_int_equal(l.heard, FRAMES + 4);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subscribe_wrong_arguments_are_refused),
		cmocka_unit_test(subscribe_without_buffers_or_channel_is_refused),
		cmocka_unit_test(notification_reaches_those_who_asked_for_it),
		cmocka_unit_test(notification_that_nobody_wants_is_unclaimed),
		cmocka_unit_test(notification_without_buffers_is_unclaimed),
		cmocka_unit_test(notification_of_event_bytes_is_whole_and_a_longer_one_dropped),
		cmocka_unit_test(notification_acquired_has_a_buffer_of_its_own),
		cmocka_unit_test(notification_released_without_complete_is_dropped),
		cmocka_unit_test(notification_that_cannot_be_fetched_is_dropped_and_its_buffer_free),
		cmocka_unit_test(notification_inside_a_handler_does_not_take_its_buffer),
		cmocka_unit_test(notification_handlers_in_every_frame_lose_no_done),
	};

	return cmocka_run_group_tests_name("agent_notify", tests, NULL, NULL);
}
