/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio driver on a bus with a descriptor: from when on signals are asked for, and that none is lost. */
#include "virtio_rig.h"

static struct rig r;

static struct {
	unsigned raises;
	unsigned clears;
	void (*on_clear)(void);
} bus;

static int bus_fd(void *ctx)
{
	(void)ctx;
	return 7;
}

static void bus_clear(void *ctx)
{
	(void)ctx;
	bus.clears++;
	if (bus.on_clear != NULL)
		bus.on_clear();
}

static void bus_raise(void *ctx)
{
	(void)ctx;
	bus.raises++;
}

/* Without EVENT_IDX a flag says whether a signal is wanted. */
static void plan(void)
{
	rig_plan(&r);
	r.offer &= ~SCMI_VIRTIO_F_EVENT_IDX;
	r.bus.caps = 0;
	r.bus.fd = bus_fd;
	r.bus.clear = bus_clear;
	r.bus.raise = bus_raise;
	bus.raises = bus.clears = 0;
	bus.on_clear = NULL;
}

static bool is_asked(uint32_t queue)
{
	const unsigned char *flags = r.shared + (r.setup.queue[queue].avail - RIG_BASE);

	return (flags[0] & 1u) == 0;
}

static int poll_for(int max)
{
	return r.transport.ops->poll(r.transport.ctx, max);
}

static void take_fd(void)
{
	assert_int_equal(r.transport.ops->fd(r.transport.ctx), 7);
}

static void send_ok(uint16_t slot)
{
	assert_int_equal(rig_send(&r, slot, (uint16_t)(50u + slot), NULL, 0, false), SCMI_OK);
}

static void answer_next(void)
{
	struct rig_buffer b;

	assert_true(rig_take(&r, SCMI_VIRTIO_CMDQ, &b));
	rig_reply(&r, &b, scmi_get_le32(b.out), "\0\0\0\0", 4);
}

static void nothing_is_asked_for_who_only_polls(void **state)
{
	(void)state;
	plan();
	rig_up(&r);
	assert_false(is_asked(SCMI_VIRTIO_CMDQ));
	assert_false(is_asked(SCMI_VIRTIO_EVENTQ));
	send_ok(0);
	assert_int_equal(poll_for(8), 0);
	answer_next();
	assert_int_equal(poll_for(8), 1);
	assert_int_equal(poll_for(8), 0);
	assert_false(is_asked(SCMI_VIRTIO_CMDQ));
	assert_int_equal(bus.raises, 0);
	rig_down(&r);
}

/* A carrier looks there whether its device still lives. */
static void a_poll_in_vain_lets_the_carrier_look(void **state)
{
	(void)state;
	plan();
	rig_up(&r);
	send_ok(0);
	assert_int_equal(poll_for(8), 0);
	assert_int_equal(bus.clears, 1);
	answer_next();
	assert_int_equal(poll_for(8), 1);
	assert_int_equal(bus.clears, 1);
	rig_down(&r);
}

/* What a sleeper's signal stood for, which is taken away there, is found. */
static void what_comes_before_a_clear_is_found(void **state)
{
	(void)state;
	plan();
	rig_up(&r);
	send_ok(0);
	bus.on_clear = answer_next;
	assert_int_equal(poll_for(8), 1);
	rig_down(&r);
}

static void who_takes_the_descriptor_is_signalled(void **state)
{
	(void)state;
	plan();
	rig_up(&r);
	take_fd();
	assert_true(is_asked(SCMI_VIRTIO_CMDQ));
	assert_true(is_asked(SCMI_VIRTIO_EVENTQ));
	assert_int_equal(bus.raises, 0);
	send_ok(0);
	answer_next();
	assert_int_equal(poll_for(8), 1);
	assert_true(is_asked(SCMI_VIRTIO_CMDQ));
	take_fd(); /* again: nothing new */
	assert_int_equal(bus.raises, 0);
	rig_down(&r);
}

static void a_descriptor_shows_what_has_come_before(void **state)
{
	(void)state;
	plan();
	rig_up(&r);
	send_ok(0);
	answer_next();
	take_fd();
	assert_int_equal(bus.raises, 1);
	assert_int_equal(poll_for(8), 1);
	rig_down(&r);
}

static void a_descriptor_shows_what_a_poll_leaves(void **state)
{
	(void)state;
	plan();
	rig_up(&r);
	for (uint16_t i = 0; i < 2; i++)
		send_ok(i);
	answer_next();
	answer_next();
	assert_int_equal(poll_for(1), 1);
	assert_int_equal(bus.raises, 0); /* nobody wants to know */
	take_fd();
	assert_int_equal(bus.raises, 1);
	send_ok(0);
	answer_next();
	assert_int_equal(poll_for(1), 1);
	assert_int_equal(bus.raises, 2);
	rig_down(&r);
}

/* Taken before the start, it is asked for with that, and with each that follows. */
static void a_descriptor_outlives_starts(void **state)
{
	(void)state;
	plan();
	rig_make(&r);
	take_fd();
	rig_start(&r);
	assert_true(is_asked(SCMI_VIRTIO_CMDQ));
	assert_int_equal(r.transport.ops->recover(r.transport.ctx), SCMI_OK);
	assert_true(is_asked(SCMI_VIRTIO_CMDQ));
	scmi_virtio_lost(r.driver, SCMI_E_LINK);
	assert_int_equal(scmi_virtio_found(r.driver), SCMI_OK);
	assert_true(is_asked(SCMI_VIRTIO_CMDQ));
	rig_down(&r);
}

static void a_descriptor_is_taken_while_the_device_is_lost(void **state)
{
	(void)state;
	plan();
	rig_up(&r);
	scmi_virtio_lost(r.driver, SCMI_E_LINK);
	take_fd();
	assert_int_equal(bus.raises, 0);
	assert_int_equal(scmi_virtio_found(r.driver), SCMI_OK);
	assert_true(is_asked(SCMI_VIRTIO_CMDQ));
	rig_down(&r);
}

static void take_fd_asleep(struct rig *rig)
{
	(void)rig;
	take_fd();
}

/* Who sleeps asks for himself, and takes that back; not from who has taken the descriptor meanwhile. */
static void a_sleeper_takes_back_only_his_own_wish(void **state)
{
	(void)state;
	plan();
	rig_up(&r);
	r.transport.ops->wait(r.transport.ctx, SCMI_NEVER);
	assert_int_equal(r.sleeps, 1);
	assert_false(is_asked(SCMI_VIRTIO_CMDQ));
	r.on_sleep = take_fd_asleep;
	r.transport.ops->wait(r.transport.ctx, SCMI_NEVER);
	assert_true(is_asked(SCMI_VIRTIO_CMDQ));
	assert_true(is_asked(SCMI_VIRTIO_EVENTQ));
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_asked_for_who_only_polls),
		cmocka_unit_test(a_poll_in_vain_lets_the_carrier_look),
		cmocka_unit_test(what_comes_before_a_clear_is_found),
		cmocka_unit_test(who_takes_the_descriptor_is_signalled),
		cmocka_unit_test(a_descriptor_shows_what_has_come_before),
		cmocka_unit_test(a_descriptor_shows_what_a_poll_leaves),
		cmocka_unit_test(a_descriptor_outlives_starts),
		cmocka_unit_test(a_descriptor_is_taken_while_the_device_is_lost),
		cmocka_unit_test(a_sleeper_takes_back_only_his_own_wish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
