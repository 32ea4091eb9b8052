/* SPDX-License-Identifier: BSD-3-Clause */
/* A front end's memory as it is said to be, and as it changes under rings that run; and what else changes there. */
#define _GNU_SOURCE

#include "vhost_user_rig.h"

#include "fds.h"

#define ALL (PROTOCOL | VU_PF_MEM_SLOTS)

static struct vu_rig rig;

static int serve(struct vu_rig *r)
{
	return scmi__vu_session_serve(&r->s, 16, true);
}

static void expect_served(struct vu_rig *r, uint32_t slot)
{
	vr_command(r, slot);
	assert_int_equal(serve(r), 1);
	vr_expect_used(r, CMDQ, 2u * slot, 8);
	assert_int_equal(vr_status(r, slot), 0);
}

/* ---- as it is said to be ---- */

static uint64_t ask_memory(struct vu_rig *r, const struct vu_memory *table)
{
	const int fds[2] = {r->memory, r->memory};

	return vr_ask(r, VU_SET_MEM_TABLE, table, 8u + 32u * table->n, fds, table->n);
}

static void session_checks_memory(void **state)
{
	struct vu_rig *r = &rig;
	struct vu_memory t;
	int fds[3];

	(void)state;
	vr_open(r, PROTOCOL);
	vr_begin(r);
	vr_memory(r, &t);
	assert_int_equal(ask_memory(r, &t), 0);
	assert_int_equal(ask_memory(r, &t), 0);
	t.region[1].size = 0;
	assert_int_equal(ask_memory(r, &t), 1);
	vr_memory(r, &t);
	t.region[1].guest = GUEST + HALF - 1u;
	assert_int_equal(ask_memory(r, &t), 1);
	vr_memory(r, &t);
	t.region[1].user = USER + 1u;
	assert_int_equal(ask_memory(r, &t), 1);
	vr_memory(r, &t);
	t.region[0].size = MEM_BYTES + 1u;
	t.n = 1;
	assert_int_equal(ask_memory(r, &t), 1);
	vr_memory(r, &t);
	t.region[0].offset = UINT64_MAX;
	assert_int_equal(ask_memory(r, &t), 1);
	assert_int_equal(r->s.memory.n, 2); /* what was there stays */
	vr_leave(r);

	vr_memory(r, &t);
	for (int i = 0; i < 3; i++)
		fds[i] = r->memory;
	vr_begin(r);
	vr_say(r, VU_SET_MEM_TABLE, VU_VERSION | VU_NEED_REPLY, &t, 8 + 64, fds, 1);
	vr_expect_end(r, "one descriptor for each");
	vr_begin(r);
	vr_say(r, VU_SET_MEM_TABLE, VU_VERSION | VU_NEED_REPLY, &t, 8 + 64, fds, 3);
	vr_expect_end(r, "one descriptor for each");
	vr_begin(r);
	vr_say(r, VU_SET_MEM_TABLE, VU_VERSION | VU_NEED_REPLY, &t, 8 + 63, fds, 2);
	vr_expect_end(r, "1 to 8 regions");
	t.n = 0;
	vr_begin(r);
	vr_say(r, VU_SET_MEM_TABLE, VU_VERSION | VU_NEED_REPLY, &t, 8 + 64, fds, 0);
	vr_expect_end(r, "1 to 8 regions");
	t.n = 9;
	vr_begin(r);
	vr_say(r, VU_SET_MEM_TABLE, VU_VERSION | VU_NEED_REPLY, &t, sizeof(t), fds, 3);
	vr_expect_end(r, "1 to 8 regions");
	vr_close(r);
}

static void session_bounds_memory(void **state)
{
	struct vu_rig *r = &rig;
	struct vu_memory t;

	(void)state;
	vr_open(r, ALL);
	vr_begin(r);
	r->s.memory.most = MEM_BYTES;
	vr_memory(r, &t);
	assert_int_equal(vr_give_memory(r), 0);
	assert_int_equal(vr_give_memory(r), 0); /* in place of the first */
	t.region[0].guest = t.region[0].user = 0;
	assert_int_equal(vr_ask(r, VU_ADD_MEM_REG, &(struct vu_one_region){.region = t.region[0]}, 40, &r->memory, 1),
			 1);
	r->s.memory.most = MEM_BYTES - 1u;
	assert_int_equal(vr_give_memory(r), 1);
	vr_close(r);
}

/* The form of UML: room for two, one in use. */
static void session_takes_a_table_with_room_to_spare(void **state)
{
	struct vu_rig *r = &rig;
	struct vu_memory t;

	(void)state;
	vr_open(r, PROTOCOL);
	vr_begin(r);
	vr_memory(r, &t);
	t.n = 1;
	assert_int_equal(vr_ask(r, VU_SET_MEM_TABLE, &t, 72, &r->memory, 1), 0);
	assert_int_equal(r->s.memory.n, 1);
	vr_close(r);
}

static uint64_t ask_region(struct vu_rig *r, uint32_t request, const struct vu_region *region, unsigned fds_n)
{
	const struct vu_one_region one = {.region = *region};

	return vr_ask(r, request, &one, sizeof(one), &r->memory, fds_n);
}

static void session_takes_memory_region_by_region(void **state)
{
	struct vu_rig *r = &rig;
	struct vu_memory t;
	struct vu_region region;

	(void)state;
	vr_open(r, ALL);
	vr_begin(r);
	vr_memory(r, &t);
	assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &t.region[0], 1), 0);
	assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &t.region[0], 1), 1); /* it overlaps itself */
	assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &t.region[1], 1), 0);
	region = t.region[0];
	region.size--;
	assert_int_equal(ask_region(r, VU_REM_MEM_REG, &region, 0), 1);
	region = t.region[0];
	region.offset = 0; /* not said by those who let it go */
	assert_int_equal(ask_region(r, VU_REM_MEM_REG, &region, 0), 0);
	assert_int_equal(ask_region(r, VU_REM_MEM_REG, &region, 0), 1);
	assert_int_equal(ask_region(r, VU_REM_MEM_REG, &t.region[1], 1), 0);
	assert_int_equal(r->s.memory.n, 0);
	vr_close(r);
}

static void session_takes_as_many_regions_as_it_says(void **state)
{
	struct vu_rig *r = &rig;
	struct vu_region region = {.size = 16, .offset = OFFSET};
	unsigned before;

	(void)state;
	vr_open(r, ALL);
	vr_begin(r);
	before = open_fds();
	for (uint32_t i = 0; i < VU_SLOTS_MAX; i++) {
		region.guest = GUEST + 32u * i;
		region.user = USER + 32u * i;
		assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &region, 1), 0);
	}
	region.guest = region.user = 0;
	assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &region, 1), 1);
	assert_int_equal(open_fds(), before);
	vr_close(r);
}

/* ---- a change under way ---- */

static void session_takes_other_memory_while_it_runs(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	expect_served(r, 0);
	assert_int_equal(vr_give_memory(r), 0);
	expect_served(r, 1);
	vr_event(r, 0);
	assert_int_equal(vr_send(r), SCMI_OK);
	vr_expect_used(r, EVENTQ, 0, 8);
	assert_int_equal(r->forgotten, 1);
	vr_close(r);
}

static void session_keeps_its_memory_where_the_new_one_lacks_a_ring(void **state)
{
	struct vu_rig *r = &rig;
	struct vu_memory t;

	(void)state;
	vr_open_running(r, PROTOCOL);
	vr_memory(r, &t);
	t.region[0] = t.region[1];
	t.n = 1;
	assert_int_equal(vr_ask(r, VU_SET_MEM_TABLE, &t, 40, &r->memory, 1), 1);
	expect_served(r, 0);
	vr_say(r, VU_SET_MEM_TABLE, VU_VERSION, &t, 40, &r->memory, 1);
	vr_expect_end(r, "does not lie inside one memory region");
	vr_close(r);
}

static void session_changes_regions_while_it_runs(void **state)
{
	struct vu_rig *r = &rig;
	struct vu_memory t;

	(void)state;
	vr_open_running(r, ALL);
	vr_memory(r, &t);
	vr_event(r, 0); /* it lies in the second one */
	assert_int_equal(ask_region(r, VU_REM_MEM_REG, &t.region[1], 0), 0);
	assert_int_equal(ask_region(r, VU_REM_MEM_REG, &t.region[0], 0), 0); /* with the rings in it */
	assert_false(r->s.attached);
	assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &t.region[1], 1), 0); /* in whatever order they come back */
	assert_false(r->s.attached);
	assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &t.region[0], 1), 0);
	assert_true(r->s.attached);
	expect_served(r, 0);
	assert_int_equal(vr_send(r), SCMI_OK);
	vr_expect_used(r, EVENTQ, 0, 8);
	assert_int_equal(r->forgotten, 1);
	vr_close(r);
}

/* QEMU's order when memory is plugged in: what has changed goes first, all of it, then comes what is there now. */
static void session_goes_on_where_memory_is_plugged_in(void **state)
{
	struct vu_rig *r = &rig;
	struct vu_region plugged;
	struct vu_memory t;
	int kick;

	(void)state;
	vr_open_running(r, ALL);
	vr_memory(r, &t);
	for (uint32_t slot = 0; slot < 3; slot++)
		expect_served(r, slot);
	kick = r->s.ring[CMDQ].kick;
	assert_int_equal(ask_region(r, VU_REM_MEM_REG, &t.region[0], 0), 0); /* with the rings in it */
	assert_false(r->s.attached || r->s.ring[CMDQ].runs || r->s.ring[EVENTQ].runs);
	vr_command(r, 3);
	assert_int_equal(serve(r), 0);
	assert_int_equal(vr_send(r), SCMI_E_BUSY);
	plugged = t.region[1];
	plugged.guest += UINT64_C(0x100000000);
	plugged.user += UINT64_C(0x100000000);
	assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &plugged, 1), 0);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, EVENTQ, 1), 0); /* the order is free */
	assert_false(r->s.attached);
	assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &t.region[0], 1), 0);
	assert_true(r->s.attached && r->s.ring[CMDQ].runs && r->s.ring[EVENTQ].runs);
	assert_int_equal(r->s.ring[CMDQ].kick, kick);
	assert_int_equal(serve(r), 1);
	vr_expect_used(r, CMDQ, 6, 8);
	vr_event(r, 0);
	assert_int_equal(vr_send(r), SCMI_OK);
	assert_int_equal(r->forgotten, 1); /* the same driver, all the time */
	vr_close(r);
}

/* Each ring waits for its own memory; the eventq for the cmdq, too. */
static void session_waits_for_the_memory_of_each_ring(void **state)
{
	struct vu_vring_addr addr = vr_addr(EVENTQ);
	struct vu_rig *r = &rig;
	struct vu_memory t;

	(void)state;
	vr_open(r, ALL);
	vr_begin(r);
	vr_memory(r, &t);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES), 0);
	assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &t.region[0], 1), 0);
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		vr_describe(r, queue, 0);
		if (queue == EVENTQ) {
			addr.desc = USER + HALF;
			addr.avail = USER + HALF + 0x1000u;
			addr.used = USER + HALF + 0x1800u;
			assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, sizeof(addr), NULL, 0), 0);
		}
		vr_give_bells(r, queue);
	}
	assert_true(r->s.ring[CMDQ].runs && !r->s.ring[EVENTQ].runs);
	expect_served(r, 0);
	assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &t.region[1], 1), 0);
	assert_true(r->s.ring[CMDQ].runs && r->s.ring[EVENTQ].runs);
	assert_int_equal(ask_region(r, VU_REM_MEM_REG, &t.region[1], 0), 0);
	assert_true(r->s.ring[CMDQ].runs && !r->s.ring[EVENTQ].runs);
	expect_served(r, 1);
	assert_int_equal(ask_region(r, VU_REM_MEM_REG, &t.region[0], 0), 0);
	assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &t.region[1], 1), 0);
	assert_false(r->s.ring[CMDQ].runs || r->s.ring[EVENTQ].runs);
	t.region[0] = t.region[1]; /* a whole table leaves nothing to wait for */
	t.n = 1;
	assert_int_equal(vr_ask(r, VU_SET_MEM_TABLE, &t, 40, &r->memory, 1), 1);
	vr_memory(r, &t);
	assert_int_equal(ask_region(r, VU_ADD_MEM_REG, &t.region[0], 1), 0);
	assert_true(r->s.ring[CMDQ].runs && r->s.ring[EVENTQ].runs);
	expect_served(r, 2);
	vr_close(r);
}

static void session_negotiates_twice(void **state)
{
	struct vu_rig *r = &rig;
	const uint64_t fewer = SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_P2A_CHANNELS | VU_F_PROTOCOL_FEATURES;

	(void)state;
	vr_open_running(r, PROTOCOL);
	expect_served(r, 0);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES | VU_F_PROTOCOL_FEATURES), 0);
	assert_true(r->s.attached);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, fewer), 0);
	expect_served(r, 1);
	vr_event(r, 0);
	assert_int_equal(vr_send(r), SCMI_OK);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, SCMI_VIRTIO_F_VERSION_1 | VU_F_PROTOCOL_FEATURES), 0);
	assert_int_equal(vr_send(r), SCMI_E_NOTSUP);
	expect_served(r, 2);
	vr_close(r);
}

/* Rings that are said to lie where there is no memory are refused when they are to run. */
static void session_refuses_rings_outside_of_memory(void **state)
{
	struct vu_vring_addr addr = vr_addr(CMDQ);
	struct vu_rig *r = &rig;

	(void)state;
	vr_open(r, PROTOCOL);
	vr_begin(r);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES | VU_F_PROTOCOL_FEATURES), 0);
	assert_int_equal(vr_give_memory(r), 0);
	vr_describe(r, CMDQ, 0);
	addr.desc = USER + HALF - 16u * ENTRIES + 16u; /* across two regions */
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 0);
	vr_give_bells(r, CMDQ);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, CMDQ, 1), 1);
	assert_false(r->s.ring[CMDQ].enabled);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, SCMI_VIRTIO_F_VERSION_1), 1); /* all are enabled by that */
	assert_int_equal(r->s.features, FEATURES);
	assert_false(r->s.ring[CMDQ].enabled || r->s.ring[EVENTQ].enabled);
	addr.desc = UINT64_MAX - 15u;
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 0);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, CMDQ, 1), 1);
	addr = vr_addr(CMDQ);
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 0);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, CMDQ, 1), 0);
	expect_served(r, 0);
	vr_close(r);
}

/* ---- what is refused has changed nothing ---- */

static void session_keeps_no_doorbell_that_it_refuses(void **state)
{
	struct vu_vring_addr addr = vr_addr(CMDQ);
	const uint64_t queue = CMDQ;
	struct vu_rig *r = &rig;
	unsigned before;

	(void)state;
	vr_open(r, PROTOCOL);
	vr_begin(r);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES), 0); /* all rings are enabled */
	assert_int_equal(vr_give_memory(r), 0);
	vr_describe(r, CMDQ, 0);
	vr_give_bells(r, CMDQ);
	assert_int_equal(vr_stop(r, CMDQ), 0);
	addr.desc = UINT64_MAX - 15u;
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 0);
	before = open_fds();
	assert_int_equal(vr_ask(r, VU_SET_VRING_KICK, &queue, 8, &r->kick[CMDQ], 1), 1);
	assert_int_equal(open_fds(), before);
	assert_int_equal(r->s.ring[CMDQ].kick, -1);
	assert_int_equal(r->s.ring[CMDQ].kick_kind, VU_BELL_NONE);
	assert_false(r->s.ring[CMDQ].started);
	vr_close(r);
}

/* Another driver, by where it begins, whose ring has no place that is aligned for us. */
static void session_forgets_no_driver_for_one_that_it_refuses(void **state)
{
	struct vu_rig *r = &rig;
	struct vu_memory t;

	(void)state;
	vr_open_running(r, PROTOCOL);
	expect_served(r, 0);
	assert_int_equal(vr_stop(r, CMDQ), 1);
	assert_int_equal(vr_stop(r, EVENTQ), 0);
	assert_int_equal(r->forgotten, 1);
	vr_memory(r, &t);
	t.region[0].guest += 8u;
	assert_int_equal(ask_memory(r, &t), 0);
	vr_describe(r, CMDQ, 7);
	assert_int_equal(vr_ask(r, VU_SET_VRING_KICK, &(uint64_t){CMDQ}, 8, &r->kick[CMDQ], 1), 1);
	assert_int_equal(r->forgotten, 1);
	assert_int_equal(vr_give_memory(r), 0);
	vr_describe(r, CMDQ, 1);
	vr_give_bells(r, CMDQ);
	assert_int_equal(r->forgotten, 1); /* the same that it was */
	expect_served(r, 1);
	vr_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_checks_memory),
		cmocka_unit_test(session_bounds_memory),
		cmocka_unit_test(session_takes_a_table_with_room_to_spare),
		cmocka_unit_test(session_takes_memory_region_by_region),
		cmocka_unit_test(session_takes_as_many_regions_as_it_says),
		cmocka_unit_test(session_takes_other_memory_while_it_runs),
		cmocka_unit_test(session_keeps_its_memory_where_the_new_one_lacks_a_ring),
		cmocka_unit_test(session_changes_regions_while_it_runs),
		cmocka_unit_test(session_goes_on_where_memory_is_plugged_in),
		cmocka_unit_test(session_waits_for_the_memory_of_each_ring),
		cmocka_unit_test(session_negotiates_twice),
		cmocka_unit_test(session_refuses_rings_outside_of_memory),
		cmocka_unit_test(session_keeps_no_doorbell_that_it_refuses),
		cmocka_unit_test(session_forgets_no_driver_for_one_that_it_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
