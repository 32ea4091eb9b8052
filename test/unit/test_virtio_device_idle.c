/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who serves the virtio device again and again, and finds nothing that can be done: he takes no lock, which is one for
 * all agents, and sees at once what comes.
 */
#include "virtio_device_rig.h"

#define P2A   SCMI_VIRTIO_F_P2A_CHANNELS
#define LOOKS 100u

static struct rig rig;

static int serve(struct rig *r)
{
	return scmi_virtio_device_serve(r->device, 16);
}

/* The first look may find out, under the lock. */
static void expect_quiet_looks(struct rig *r)
{
	unsigned locks;

	assert_int_equal(serve(r), 0);
	locks = r->fake.calls.lock;
	for (unsigned i = 0; i < LOOKS; i++)
		assert_int_equal(serve(r), 0);
	assert_int_equal(r->fake.calls.lock, locks);
}

/* Attached, and a send has found no buffer. */
static void make_starved(struct rig *r)
{
	rig_make_attached(r, P2A);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	expect_quiet_looks(r);
	assert_int_equal(r->readied, 0);
}

/* All commands are out, and one more stands in the ring. */
static void make_full(struct rig *r)
{
	rig_make_attached(r, 0);
	r->hold = true;
	for (uint32_t slot = 0; slot <= REQUESTS; slot++)
		rig_command(r, slot, 0, 40);
	assert_int_equal(serve(r), REQUESTS);
	expect_quiet_looks(r);
	assert_int_equal(r->works, 0);
}

static void looks_for_an_event_buffer_take_no_lock(void **state)
{
	struct rig *r = &rig;

	(void)state;
	make_starved(r);
	for (uint32_t i = 1; i <= 3; i++) {
		rig_event(r, i, 40);
		assert_int_equal(serve(r), 0);
		assert_int_equal(r->readied, i);
		assert_int_equal(rig_send(r, 4), SCMI_OK);
		assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
		expect_quiet_looks(r);
	}
	assert_int_equal(r->readied, 3);
	rig_end(r);
}

/* The buffer goes to another message before anybody looks: it is none for the one that waits. */
static void a_buffer_that_is_gone_is_no_news(void **state)
{
	struct rig *r = &rig;

	(void)state;
	make_starved(r);
	rig_event(r, 0, 40);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	expect_quiet_looks(r);
	assert_int_equal(r->readied, 0);
	rig_event(r, 1, 40);
	assert_int_equal(serve(r), 0);
	assert_int_equal(r->readied, 1);
	rig_end(r);
}

/* Of a queue of the next driver, which has the same index where it is not empty. */
static void another_driver_is_looked_at_anew(void **state)
{
	struct rig *r = &rig;

	(void)state;
	make_starved(r);
	rig_event(r, 0, 40);
	assert_int_equal(serve(r), 0);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	expect_quiet_looks(r); /* at index 1 */
	scmi_virtio_device_detach(r->device, NULL);
	assert_int_equal(r->readied, 2);
	rig_clean(r);
	assert_int_equal(rig_attach(r, P2A | SCMI_VIRTIO_F_VERSION_1, NULL), SCMI_OK);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	rig_event(r, 0, 40);
	assert_int_equal(serve(r), 0);
	assert_int_equal(r->readied, 3);
	rig_end(r);
}

/* The same of a platform that has been started anew, and after 2^16 buffers. */
static void another_platform_is_looked_for_anew(void **state)
{
	struct rig *r = &rig;

	(void)state;
	make_starved(r);
	rig_stop(r);
	assert_int_equal(rig_start(r), SCMI_OK);
	for (uint32_t i = 0; i < 65535; i++) {
		rig_event(r, 0, 40);
		assert_int_equal(rig_send(r, 4), SCMI_OK);
	}
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	rig_event(r, 0, 40); /* index 0 again */
	assert_int_equal(serve(r), 0);
	assert_int_equal(r->readied, 1);
	rig_end(r);
}

/* A driver that takes back what it has published is found out, not waited for again and again. */
static void an_index_that_goes_back_is_found_out(void **state)
{
	struct rig *r = &rig;

	(void)state;
	make_starved(r);
	rig_event(r, 0, 40);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	ring_store16(&r->queue[EVENTQ].at.avail->idx, 0);
	assert_false(scmi_virtio_device_rest(r->device));
	assert_int_equal(serve(r), 0);
	assert_int_equal(r->readied, 1);
	assert_int_equal(rig_send(r, 4), SCMI_E_NOPEER);
	rig_end(r);
}

/* And one that lies, and unsays it: who waits for a buffer of its is told. */
static void a_lie_that_is_taken_back_is_one(void **state)
{
	struct rig *r = &rig;

	(void)state;
	make_starved(r);
	ring_store16(&r->queue[EVENTQ].at.avail->idx, ENTRIES + 1u);
	assert_int_equal(rig_send(r, 4), SCMI_E_NOPEER);
	ring_store16(&r->queue[EVENTQ].at.avail->idx, 0);
	assert_int_equal(serve(r), SCMI_E_LINK);
	assert_int_equal(r->readied, 1);
	rig_end(r);
}

static void looks_while_all_commands_are_out_take_no_lock(void **state)
{
	struct rig *r = &rig;

	(void)state;
	make_full(r);
	rig_answer(r, 1, 0);
	assert_int_equal(r->works, 1);
	assert_int_equal(serve(r), 1);
	rig_command(r, 5, 0, 40);
	expect_quiet_looks(r);
	assert_int_equal(r->held_n, REQUESTS);
	rig_answer(r, 0, 0);
	assert_int_equal(r->works, 2);
	assert_int_equal(serve(r), 1);
	rig_end(r);
}

/* A command with room for its reply in more pieces than are noted beside it. */
static void scattered(struct rig *r, uint32_t slot, uint32_t first)
{
	rig_command(r, slot, 0, 40);
	rig_desc(r, CMDQ, 2u * slot, DATA + slot * SLOT_BYTES, 4, RING_NEXT, first);
	for (uint32_t i = 0; i < 12; i++)
		rig_desc(r, CMDQ, first + i, DATA + slot * SLOT_BYTES + REPLY + 3u * i, 2,
			 RING_WRITE | (i != 11 ? RING_NEXT : 0u), first + i + 1u);
}

static void make_pool_lent(struct rig *r)
{
	rig_make_attached(r, 0);
	r->hold = true;
	scattered(r, 0, 10);
	scattered(r, 1, 30);
	assert_int_equal(serve(r), 1);
	expect_quiet_looks(r);
}

static void looks_while_the_pool_is_lent_take_no_lock(void **state)
{
	struct rig *r = &rig;

	(void)state;
	make_pool_lent(r);
	rig_answer(r, 0, 0);
	assert_int_equal(r->works, 1);
	assert_int_equal(serve(r), 1);
	rig_end(r);
}

/* What the last driver has left open is no reason to let the next one wait, or unasked for its doorbell. */
static void the_next_driver_does_not_wait_for_the_last_ones(void **state)
{
	struct rig *r = &rig;

	(void)state;
	make_pool_lent(r);
	scmi_virtio_device_detach(r->device, NULL);
	rig_clean(r);
	assert_int_equal(rig_attach(r, SCMI_VIRTIO_F_VERSION_1, NULL), SCMI_OK);
	r->hold = false;
	rig_command(r, 0, 0, 40);
	assert_int_equal(serve(r), 1);
	assert_int_equal(ring_load16(&r->queue[CMDQ].at.used->flags), RING_QUIET);
	assert_true(scmi_virtio_device_rest(r->device));
	assert_int_equal(ring_load16(&r->queue[CMDQ].at.used->flags), 0);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_for_an_event_buffer_take_no_lock),
		cmocka_unit_test(a_buffer_that_is_gone_is_no_news),
		cmocka_unit_test(another_driver_is_looked_at_anew),
		cmocka_unit_test(another_platform_is_looked_for_anew),
		cmocka_unit_test(an_index_that_goes_back_is_found_out),
		cmocka_unit_test(a_lie_that_is_taken_back_is_one),
		cmocka_unit_test(looks_while_all_commands_are_out_take_no_lock),
		cmocka_unit_test(looks_while_the_pool_is_lent_take_no_lock),
		cmocka_unit_test(the_next_driver_does_not_wait_for_the_last_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
