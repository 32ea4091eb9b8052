/* SPDX-License-Identifier: BSD-3-Clause */
/* Threaded loopback with a doorbell: when it is rung and when it is cleared. */
#include "loopback_rig.h"

/* A doorbell that a test can look at. */
struct bell {
	struct rig *rig;
	bool rung;
	unsigned rings;
	void (*on_clear)(struct rig *r); /* once: what happens just when it has been cleared */
	void (*on_ring)(struct rig *r);  /* once: just before it is rung */
};

static void do_once(struct bell *b, void (**what)(struct rig *r))
{
	void (*todo)(struct rig * r) = *what;

	*what = NULL;
	if (todo != NULL)
		todo(b->rig);
}

static void ring(void *ctx)
{
	struct bell *b = ctx;

	do_once(b, &b->on_ring);
	b->rung = true;
	b->rings++;
}

static void clear(void *ctx)
{
	struct bell *b = ctx;

	b->rung = false;
	do_once(b, &b->on_clear);
}

static void make(struct rig *r, struct bell *b)
{
	const struct scmi_loopback_doorbell doorbell = {.ring = ring, .clear = clear, .ctx = b, .fd = 7};

	rig_make(r, SCMI_LOOPBACK_THREADED);
	scmi_loopback_fini(r->lb);
	*b = (struct bell){.rig = r};
	r->config.doorbell = &doorbell;
	assert_int_equal(scmi_loopback_size(&r->config), r->size);
	assert_int_equal(scmi_loopback_init(&r->lb, r->mem, r->size, &r->config, &r->transport, &r->endpoint), SCMI_OK);
	r->config.doorbell = NULL; /* copied */
	assert_int_equal(rig_start_platform(r), SCMI_OK);
	assert_int_equal(rig_start_agent(r), SCMI_OK);
}

static void request_and_answer(struct rig *r)
{
	assert_int_equal(rig_send(r, 1, 0), SCMI_OK);
	assert_int_equal(scmi_loopback_serve(r->lb, 0), 1);
	rig_answer(r, r->held[--r->held_n], 4);
}

static void push_one(struct rig *r)
{
	assert_int_equal(rig_push(r, 4), SCMI_OK);
}

static void doorbell_configuration_is_checked(void **state)
{
	struct scmi_loopback_doorbell doorbell = {.ring = ring, .clear = clear, .fd = 0};
	const char *why = NULL;
	struct rig r;

	(void)state;
	rig_make(&r, SCMI_LOOPBACK_THREADED);
	assert_int_equal(r.transport.ops->fd(r.transport.ctx), -1);
	r.config.doorbell = &doorbell;
	assert_int_equal(scmi_loopback_check(&r.config, &why), SCMI_OK);
	doorbell.fd = -1;
	assert_int_equal(scmi_loopback_check(&r.config, &why), SCMI_E_INVAL);
	assert_memory_equal(why, "doorbell", 8);
	doorbell.fd = 0;
	doorbell.ring = NULL;
	assert_int_equal(scmi_loopback_check(&r.config, &why), SCMI_E_INVAL);
	doorbell.ring = ring;
	doorbell.clear = NULL;
	assert_int_equal(scmi_loopback_check(&r.config, &why), SCMI_E_INVAL);
	doorbell.clear = clear;
	r.config.flags = 0;
	r.config.events = 0;
	assert_int_equal(scmi_loopback_check(&r.config, &why), SCMI_E_INVAL);
	assert_memory_equal(why, "doorbell", 8);
	rig_end(&r);
}

static void doorbell_rings_for_replies_and_events_and_poll_clears_it(void **state)
{
	struct bell b;
	struct rig r;

	(void)state;
	make(&r, &b);
	assert_int_equal(r.transport.ops->fd(r.transport.ctx), 7);
	request_and_answer(&r);
	assert_true(b.rung);
	assert_int_equal(rig_poll(&r), 1);
	assert_false(b.rung);
	push_one(&r);
	assert_true(b.rung);
	assert_int_equal(rig_poll(&r), 1);
	assert_false(b.rung);
	r.transport.ops->wake(r.transport.ctx); /* for a waiter, not for a loop */
	assert_false(b.rung);
	rig_end(&r);
}

static void doorbell_stays_rung_while_something_is_left(void **state)
{
	struct bell b;
	struct rig r;

	(void)state;
	make(&r, &b);
	push_one(&r);
	push_one(&r);
	assert_int_equal(r.transport.ops->poll(r.transport.ctx, 1), 1);
	assert_true(b.rung);
	assert_int_equal(r.transport.ops->poll(r.transport.ctx, 0), 0);
	assert_true(b.rung);
	assert_int_equal(r.transport.ops->poll(r.transport.ctx, 1), 1);
	assert_false(b.rung);
	rig_end(&r);
}

/* Cleared after the look it would be lost: neither delivered nor rung. */
static void doorbell_is_cleared_before_the_queue_is_looked_at(void **state)
{
	struct bell b;
	struct rig r;

	(void)state;
	make(&r, &b);
	push_one(&r);
	b.on_clear = push_one;
	assert_int_equal(rig_poll(&r), 2);
	assert_true(b.rung); /* once for nothing */
	assert_int_equal(rig_poll(&r), 0);
	assert_false(b.rung);
	rig_end(&r);
}

static void poll_all(struct rig *r)
{
	assert_int_equal(rig_poll(r), 1);
}

/* Rung before the message is in the queue, its ring would be used up by then. */
static void doorbell_is_rung_after_the_message_is_queued(void **state)
{
	struct bell b;
	struct rig r;

	(void)state;
	make(&r, &b);
	b.on_ring = poll_all;
	push_one(&r);
	b.on_ring = poll_all;
	request_and_answer(&r);
	assert_int_equal(r.came, 2);
	rig_end(&r);
}

static void doorbell_is_silent_when_the_agent_has_stopped(void **state)
{
	struct bell b;
	struct rig r;
	unsigned rings;

	(void)state;
	make(&r, &b);
	assert_int_equal(rig_send(&r, 1, 0), SCMI_OK);
	assert_int_equal(scmi_loopback_serve(r.lb, 0), 1);
	push_one(&r);
	rig_stop_agent(&r);
	assert_false(b.rung);
	rings = b.rings;
	rig_answer(&r, r.held[--r.held_n], 4);
	assert_int_equal(rig_push(&r, 4), SCMI_E_NOPEER);
	assert_int_equal(b.rings, rings);
	assert_int_equal(rig_start_agent(&r), SCMI_OK);
	assert_int_equal(b.rings, rings);
	request_and_answer(&r);
	assert_true(b.rung);
	rig_stop_platform(&r); /* forgets what is queued */
	assert_int_equal(rig_poll(&r), 0);
	assert_false(b.rung);
	rig_end(&r);
}

static void (*real_signal)(void *ctx, void *event);

/* Between the push and the ring: another context stops the agent. */
static void signal_and_stop(void *ctx, void *event)
{
	struct rig *r = ctx; /* the fake port is its first member */

	r->fake.port.event_signal = real_signal;
	real_signal(ctx, event);
	rig_stop_agent(r);
}

static void doorbell_is_not_rung_by_an_answer_that_a_stop_overtakes(void **state)
{
	struct bell b;
	struct rig r;

	(void)state;
	make(&r, &b);
	assert_int_equal(rig_send(&r, 1, 0), SCMI_OK);
	assert_int_equal(scmi_loopback_serve(r.lb, 0), 1);
	real_signal = r.fake.port.event_signal;
	r.fake.port.event_signal = signal_and_stop;
	rig_answer(&r, r.held[--r.held_n], 4);
	assert_ptr_equal(r.fake.port.event_signal, real_signal);
	assert_false(b.rung);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doorbell_configuration_is_checked),
		cmocka_unit_test(doorbell_rings_for_replies_and_events_and_poll_clears_it),
		cmocka_unit_test(doorbell_stays_rung_while_something_is_left),
		cmocka_unit_test(doorbell_is_cleared_before_the_queue_is_looked_at),
		cmocka_unit_test(doorbell_is_rung_after_the_message_is_queued),
		cmocka_unit_test(doorbell_is_silent_when_the_agent_has_stopped),
		cmocka_unit_test(doorbell_is_not_rung_by_an_answer_that_a_stop_overtakes),
	};

	return cmocka_run_group_tests_name("loopback_doorbell", tests, NULL, NULL);
}
