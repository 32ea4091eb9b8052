/* SPDX-License-Identifier: BSD-3-Clause */
/* Rings that run: commands and events, what stops them, and how front ends follow each other. */
#define _GNU_SOURCE

#include "vhost_user_rig.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "fds.h"

#define ALL (PROTOCOL | VU_PF_MEM_SLOTS)

static struct vu_rig rig;
static struct vu_rig other;

static int serve(struct vu_rig *r)
{
	return scmi__vu_session_serve(&r->s, 16, true);
}

static uint64_t count_calls(struct vu_rig *r, uint32_t queue)
{
	uint64_t n = 0;

	return read(r->call[queue], &n, sizeof(n)) == (ssize_t)sizeof(n) ? n : 0;
}

static void expect_served(struct vu_rig *r, uint32_t slot)
{
	vr_command(r, slot);
	assert_int_equal(serve(r), 1);
	vr_expect_used(r, CMDQ, 2u * slot, 8);
	assert_int_equal(vr_status(r, slot), 0);
}

/* ---- the usual ---- */

static void session_serves_commands(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	(void)count_calls(r, CMDQ);
	expect_served(r, 0);
	assert_int_equal(count_calls(r, CMDQ), 1);
	for (uint32_t slot = 1; slot < 6; slot++)
		vr_command(r, slot);
	assert_int_equal(scmi__vu_session_serve(&r->s, 3, false), 3);
	assert_int_equal(r->s.again, 1);
	assert_int_equal(scmi__vu_session_serve(&r->s, 3, false), 2);
	assert_int_equal(r->asked, 6);
	assert_int_equal(r->forgotten, 1);
	vr_close(r);
}

static void session_sends_events(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	assert_int_equal(vr_send(r), SCMI_E_BUSY);
	(void)count_calls(r, EVENTQ);
	vr_event(r, 0);
	assert_int_equal(serve(r), 0);
	assert_int_equal(r->readied, 1);
	assert_int_equal(vr_send(r), SCMI_OK);
	vr_expect_used(r, EVENTQ, 0, 8);
	assert_int_equal(count_calls(r, EVENTQ), 1);
	vr_close(r);
}

static void session_asks_to_be_served(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	scmi__event_lower(r->wake);
	atomic_store(&r->s.again, 0u);
	r->s.host.work(r->s.host.ctx);
	assert_true(fd_is_readable(r->wake, 0));
	assert_int_equal(r->s.again, 1);
	vr_close(r);
}

/* What has been said in whatever order, a ring runs with the last thing that it lacked. */
static void session_takes_any_order(void **state)
{
	const struct vu_vring_addr addr = vr_addr(CMDQ);
	struct vu_rig *r = &rig;

	(void)state;
	for (unsigned last = 0; last < 5; last++) {
		vr_open(r, PROTOCOL);
		vr_begin(r);
		for (unsigned i = 1; i <= 5; i++) {
			assert_false(r->s.attached);
			switch ((last + i) % 5) {
			case 0:
				assert_int_equal(vr_give_memory(r), 0);
				break;
			case 1:
				assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES | VU_F_PROTOCOL_FEATURES), 0);
				break;
			case 2:
				assert_int_equal(vr_ask_state(r, VU_SET_VRING_NUM, CMDQ, ENTRIES), 0);
				assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 0);
				break;
			case 3:
				vr_give_bells(r, CMDQ);
				break;
			default:
				assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, CMDQ, 1), 0);
				break;
			}
		}
		assert_true(r->s.attached);
		expect_served(r, 0);
		vr_close(r);
	}
}

static void session_serves_without_bells(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open(r, PROTOCOL);
	vr_begin(r);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES), 0); /* all rings are enabled */
	assert_int_equal(vr_give_memory(r), 0);
	vr_describe(r, CMDQ, 0);
	assert_int_equal(vr_ask_u64(r, VU_SET_VRING_CALL, CMDQ | VU_RING_NOFD), 0);
	assert_int_equal(vr_ask_u64(r, VU_SET_VRING_KICK, CMDQ | VU_RING_NOFD), 0);
	assert_true(r->s.ring[CMDQ].started && r->s.ring[CMDQ].enabled && r->s.ring[CMDQ].kick < 0);
	expect_served(r, 0);
	vr_close(r);
}

static void session_does_nothing_for_a_ring_that_is_disabled(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	vr_event(r, 0);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, EVENTQ, 0), 0);
	assert_int_equal(vr_send(r), SCMI_E_BUSY);
	expect_served(r, 0);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, CMDQ, 0), 0);
	vr_command(r, 1);
	assert_int_equal(serve(r), 0);
	assert_false(vr_has_used(r, CMDQ) || vr_has_used(r, EVENTQ));
	assert_int_equal(vr_send(r), SCMI_E_BUSY);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, CMDQ, 1), 0);
	assert_int_equal(serve(r), 1);
	vr_expect_used(r, CMDQ, 2, 8);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, EVENTQ, 1), 0);
	assert_int_equal(serve(r), 0);
	assert_int_equal(r->readied, 1);
	assert_int_equal(vr_send(r), SCMI_OK);
	vr_expect_used(r, EVENTQ, 0, 8);
	assert_int_equal(r->forgotten, 1); /* the same driver, all the time */
	vr_close(r);
}

/* A front end that comes back may enable a ring before it gives its CALL: what is returned in between is told by that. */
static void session_rings_a_call_that_comes_late(void **state)
{
	const int late = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct vu_rig *r = &rig;
	uint64_t n = 0;

	(void)state;
	vr_open(r, PROTOCOL);
	vr_begin(r);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES | VU_F_PROTOCOL_FEATURES), 0);
	assert_int_equal(vr_give_memory(r), 0);
	vr_describe(r, CMDQ, 0);
	vr_give_bells(r, CMDQ);
	assert_int_equal(vr_ask_u64(r, VU_SET_VRING_CALL, CMDQ | VU_RING_NOFD), 0);
	vr_command(r, 0);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, CMDQ, 1), 0);
	assert_int_equal(serve(r), 1);
	assert_int_equal(count_calls(r, CMDQ), 0); /* nothing has run before: there was nothing to tell */
	assert_int_equal(vr_ask(r, VU_SET_VRING_CALL, &(uint64_t){CMDQ}, 8, &late, 1), 0);
	assert_int_equal(read(late, &n, sizeof(n)), sizeof(n));
	assert_int_equal(n, 1);
	close(late);
	vr_close(r);
}

/* ---- a stop ---- */

static void session_stops_and_goes_on(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	for (uint32_t slot = 0; slot < 3; slot++)
		expect_served(r, slot);
	vr_event(r, 0);
	vr_event(r, 1);
	assert_int_equal(vr_send(r), SCMI_OK);
	vr_expect_used(r, EVENTQ, 0, 8);
	vr_command(r, 3); /* not taken */
	assert_int_equal(vr_stop(r, EVENTQ), 1);
	assert_int_equal(vr_stop(r, CMDQ), 3);
	assert_int_equal(r->s.ring[CMDQ].kick, -1);
	assert_int_equal(vr_stop(r, CMDQ), 3);
	for (uint32_t queue = 0; queue < 2; queue++) {
		vr_describe(r, queue, queue == CMDQ ? 3 : 1);
		vr_give_bells(r, queue);
	}
	assert_int_equal(serve(r), 1);
	vr_expect_used(r, CMDQ, 6, 8);
	assert_int_equal(vr_send(r), SCMI_OK);
	vr_expect_used(r, EVENTQ, 1, 8);
	assert_int_equal(r->forgotten, 1);
	vr_close(r);
}

/* A ring that never ran is where it was said to be. */
static void session_keeps_the_index_of_a_ring_that_never_ran(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open(r, PROTOCOL);
	vr_begin(r);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES), 0);
	assert_int_equal(vr_give_memory(r), 0);
	vr_describe(r, CMDQ, 0);
	vr_describe(r, EVENTQ, 5);
	vr_give_bells(r, CMDQ);
	expect_served(r, 0);
	assert_int_equal(vr_stop(r, CMDQ), 1);
	assert_int_equal(vr_stop(r, EVENTQ), 5);
	vr_close(r);
}

static void session_knows_another_driver_by_where_it_begins(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	expect_served(r, 0);
	assert_int_equal(vr_stop(r, CMDQ), 1);
	assert_int_equal(vr_stop(r, EVENTQ), 0);
	vr_clean(r);
	vr_describe(r, CMDQ, 0);
	vr_give_bells(r, CMDQ);
	assert_int_equal(r->forgotten, 2);
	expect_served(r, 0);
	vr_close(r);
}

static void session_waits_for_what_is_open(void **state)
{
	struct vu_vring_state base = {.index = CMDQ};
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	r->hold = true;
	vr_command(r, 0);
	assert_int_equal(serve(r), 1);
	vr_command(r, 1);
	vr_say(r, VU_GET_VRING_BASE, VU_VERSION, &base, sizeof(base), NULL, 0);
	vr_say(r, VU_GET_FEATURES, VU_VERSION, NULL, 0, NULL, 0);
	assert_int_equal(vr_read(r), SCMI_E_BUSY);
	assert_int_not_equal(r->s.drain_until_us, 0);
	assert_int_equal(serve(r), 0); /* nothing new */
	vr_expect_silence(r);
	vr_answer(r, 0);
	vr_expect_used(r, CMDQ, 0, 8);
	assert_int_equal(scmi__vu_session_read(&r->s, 9), SCMI_OK);
	assert_int_equal(r->s.drain_until_us, 0);
	vr_expect(r, VU_GET_VRING_BASE, &base, sizeof(base));
	assert_int_equal(base.num, 1);
	vr_expect(r, VU_GET_FEATURES, &(uint64_t){0}, 8);
	vr_close(r);
}

/* A platform that does not answer holds up no front end for long; the guest gets an answer of ours, and its late one goes nowhere. */
static void session_does_not_wait_for_ever(void **state)
{
	struct vu_vring_state base = {.index = CMDQ};
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	r->hold = true;
	vr_command(r, 0);
	assert_int_equal(serve(r), 1);
	vr_say(r, VU_GET_VRING_BASE, VU_VERSION, &base, sizeof(base), NULL, 0);
	while (scmi__vu_session_read(&r->s, 9) == SCMI_E_BUSY)
		(void)usleep(10000);
	vr_expect(r, VU_GET_VRING_BASE, &base, sizeof(base));
	assert_int_equal(base.num, 1);
	vr_expect_used(r, CMDQ, 0, 8);
	assert_int_equal(vr_status(r, 0), SCMI_GENERIC_ERROR);
	vr_answer(r, 0);
	assert_false(vr_has_used(r, CMDQ));
	vr_close(r);
}

static void reset(struct vu_rig *r, uint64_t (*ask)(struct vu_rig *r))
{
	vr_open_running(r, PROTOCOL);
	expect_served(r, 0);
	assert_int_equal(ask(r), 0);
	assert_int_equal(r->forgotten, 2);
	assert_false(r->s.attached);
	assert_int_equal(vr_send(r), SCMI_E_NOPEER);
	vr_clean(r);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES | VU_F_PROTOCOL_FEATURES), 0);
	for (uint32_t queue = 0; queue < 2; queue++) {
		vr_describe(r, queue, 0);
		vr_give_bells(r, queue);
		assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, queue, 1), 0);
	}
	expect_served(r, 0);
	assert_int_equal(r->forgotten, 2);
	vr_close(r);
}

static uint64_t reset_device(struct vu_rig *r)
{
	return vr_ask(r, VU_RESET_DEVICE, NULL, 0, NULL, 0);
}

static uint64_t reset_status(struct vu_rig *r)
{
	return vr_ask_u64(r, VU_SET_STATUS, 0);
}

static void session_resets(void **state)
{
	(void)state;
	reset(&rig, reset_device);
	reset(&rig, reset_status);
}

/* ---- front ends come and go ---- */

/* After our restart: no SET_OWNER, no protocol features, NEED_REPLY all the same. */
static void session_serves_one_after_the_other(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	r->hold = true;
	vr_command(r, 0);
	assert_int_equal(serve(r), 1);
	assert_int_equal(vr_send(r), SCMI_E_BUSY);
	vr_leave(r);
	assert_int_equal(r->readied, 1);
	assert_int_equal(vr_send(r), SCMI_E_NOPEER);
	vr_answer(r, 0);
	r->hold = false;
	assert_int_equal(r->forgotten, 1);
	vr_begin(r);
	assert_int_equal(r->forgotten, 2);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES | VU_F_PROTOCOL_FEATURES), 0);
	assert_int_equal(vr_give_memory(r), 0);
	vr_describe(r, CMDQ, 0);
	vr_give_bells(r, CMDQ);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, CMDQ, 1), 0);
	expect_served(r, 0);
	assert_int_equal(r->forgotten, 2);
	vr_close(r);
}

static void session_minds_its_own_guest(void **state)
{
	(void)state;
	vr_open_running(&rig, PROTOCOL);
	vr_open_running(&other, ALL);
	expect_served(&rig, 0);
	vr_command(&other, 1);
	assert_int_equal(serve(&rig), 0);
	assert_int_equal(serve(&other), 1);
	vr_say(&other, 99, VU_VERSION, NULL, 0, NULL, 0);
	vr_expect_end(&other, "request that is not known (99)");
	expect_served(&rig, 1);
	vr_close(&other);
	vr_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_serves_commands),
		cmocka_unit_test(session_sends_events),
		cmocka_unit_test(session_asks_to_be_served),
		cmocka_unit_test(session_takes_any_order),
		cmocka_unit_test(session_serves_without_bells),
		cmocka_unit_test(session_does_nothing_for_a_ring_that_is_disabled),
		cmocka_unit_test(session_rings_a_call_that_comes_late),
		cmocka_unit_test(session_stops_and_goes_on),
		cmocka_unit_test(session_keeps_the_index_of_a_ring_that_never_ran),
		cmocka_unit_test(session_knows_another_driver_by_where_it_begins),
		cmocka_unit_test(session_waits_for_what_is_open),
		cmocka_unit_test(session_does_not_wait_for_ever),
		cmocka_unit_test(session_resets),
		cmocka_unit_test(session_serves_one_after_the_other),
		cmocka_unit_test(session_minds_its_own_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
