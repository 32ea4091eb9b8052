/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a transport's descriptor can do to a reactor: be missing, change, be closed and opened anew under its number,
 * outlive its transport in another process, stay readable for ever. What would be a lost wake-up hangs; whether the
 * thread spins is told by its own processor time, of which a busy machine gives it less, never more.
 */
#define _POSIX_C_SOURCE 200809L

#include "reactor_rig.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire_transport.h"

#define NAP_MS  150
#define SPIN_MS 20 /* of processor time in one nap: more is spinning, and so are more looks at the descriptor */
#define LOOKS   300

/* ---- an agent over a wire, on a reactor ---- */

struct rig_fd {
	struct scmi_posix posix;
	struct scmi_port port;
	struct wire wire;
	struct scmi_agent_config config;
	struct scmi_agent *agent;
	void *mem;
	struct scmi_reactor *reactor;
	sem_t ended;
	atomic_uint faults;
};

static void make(struct rig_fd *r, uint32_t caps, unsigned traits)
{
	memset(r, 0, sizeof(*r));
	assert_int_equal(scmi_posix_init(&r->posix, &r->port), SCMI_OK);
	wire_init(&r->wire, caps, traits);
	sem_init(&r->ended, 0, 0);
	assert_int_equal(scmi_reactor_create(&r->reactor), SCMI_OK);
	r->config = (struct scmi_agent_config){
		.size = sizeof(r->config),
		.flags = SCMI_AGENT_PASSIVE,
		.transport = &r->wire.transport,
		.port = &r->port,
		.options = {.slots = WIRE_QUEUE, .reconnect_us = 1000},
		.wake = scmi_reactor_wake,
		.wake_arg = r->reactor,
	};
	r->mem = malloc(scmi_agent_size(&r->config));
	assert_non_null(r->mem);
	assert_int_equal(scmi_agent_init(&r->agent, r->mem, scmi_agent_size(&r->config), &r->config), SCMI_OK);
	assert_int_equal(scmi_agent_start(r->agent), SCMI_OK);
}

static void end(struct rig_fd *r)
{
	assert_int_equal(scmi_agent_fini(r->agent), SCMI_OK);
	assert_int_equal(scmi_reactor_destroy(r->reactor), SCMI_OK);
	assert_int_equal(atomic_load(&r->faults), 0);
	wire_end(&r->wire);
	sem_destroy(&r->ended);
	scmi_posix_fini(&r->posix);
	free(r->mem);
}

static void add(struct rig_fd *r)
{
	assert_int_equal(scmi_reactor_add(r->reactor, r->agent, &r->config), SCMI_OK);
}

static void remove_and_end(struct rig_fd *r)
{
	assert_int_equal(scmi_reactor_remove(r->reactor, r->agent), SCMI_OK);
	end(r);
}

static void on_done(struct scmi_call *call, int err)
{
	struct rig_fd *r = call->arg;

	if (err != SCMI_OK)
		atomic_fetch_add(&r->faults, 1u);
	sem_post(&r->ended);
}

/* No time-out: nothing but the descriptor lets the reactor poll. */
static void fill(struct rig_fd *r, struct scmi_call *call)
{
	*call = (struct scmi_call){
		.size = sizeof(*call),
		.protocol = 0x14,
		.timeout_us = SCMI_FOREVER,
		.done = on_done,
		.arg = r,
	};
}

static void call_completes(struct rig_fd *r)
{
	struct scmi_call call;

	fill(r, &call);
	assert_int_equal(scmi_agent_submit(r->agent, &call), SCMI_OK);
	sem_take(&r->ended);
}

static uint64_t used_us(struct rig_fd *r)
{
	struct timespec t;
	clockid_t clock;

	assert_int_not_equal(atomic_load(&r->wire.polls), 0);
	assert_int_equal(pthread_getcpuclockid(r->wire.poller, &clock), 0);
	assert_int_equal(clock_gettime(clock, &t), 0);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void does_not_spin(struct rig_fd *r)
{
	const struct timespec nap = {.tv_nsec = NAP_MS * 1000000L};
	const uint64_t before = used_us(r);
	const unsigned looks = atomic_load(&r->wire.looks);

	nanosleep(&nap, NULL);
	assert_true(used_us(r) - before < SPIN_MS * 1000u);
	assert_true(atomic_load(&r->wire.looks) - looks < LOOKS);
}

/* ---- none ---- */

static void reactor_refuses_a_polled_link_without_a_descriptor(void **state)
{
	struct scmi_link link = {.size = sizeof(link), .protocol = 0x15};
	int (*fd)(void *ctx);
	struct wire second;
	struct rig_fd r;

	(void)state;
	make(&r, SCMI_CAP_POLL, 0);
	fd = r.wire.ops.fd;
	r.wire.ops.fd = NULL;
	assert_int_equal(scmi_reactor_add(r.reactor, r.agent, &r.config), SCMI_E_NOTSUP);
	r.wire.ops.fd = fd;
	wire_init(&second, SCMI_CAP_POLL, 0); /* there is no such link in the agent */
	link.transport = &second.transport;
	r.config.links = &link;
	r.config.links_n = 1;
	assert_int_equal(scmi_reactor_add(r.reactor, r.agent, &r.config), SCMI_E_NOTSUP);
	r.config.links_n = 0;
	assert_int_equal(scmi_reactor_add(r.reactor, r.agent, &r.config), SCMI_OK);
	wire_end(&second);
	remove_and_end(&r);
}

static void on_timeout(struct scmi_call *call, int err)
{
	struct rig_fd *r = call->arg;

	if (err != SCMI_E_TIMEOUT)
		atomic_fetch_add(&r->faults, 1u);
	sem_post(&r->ended);
}

/* Nothing comes of its own accord here, but who delivers by himself needs the reactor for time-outs alone. */
static void fire_timeout(uint32_t caps)
{
	struct scmi_call call;
	struct rig_fd r;

	make(&r, caps, 0);
	atomic_store(&r.wire.stuck, true);
	r.wire.ops.fd = NULL;
	add(&r);
	fill(&r, &call);
	call.timeout_us = 5000;
	call.done = on_timeout;
	assert_int_equal(scmi_agent_submit(r.agent, &call), SCMI_OK);
	sem_take(&r.ended);
	remove_and_end(&r);
}

static void reactor_fires_the_timeouts_of_who_delivers_by_himself(void **state)
{
	(void)state;
	fire_timeout(SCMI_CAP_IRQ);
	fire_timeout(SCMI_CAP_IRQ | SCMI_CAP_POLL);
}

static void reactor_cannot_watch_what_is_no_descriptor(void **state)
{
	struct rig_fd r;
	int fd;

	(void)state;
	make(&r, SCMI_CAP_POLL, 0);
	fd = atomic_exchange(&r.wire.fd, 1000000);
#ifdef REACTOR_EPOLL /* poll() tells only when it sleeps */
	assert_int_equal(scmi_reactor_add(r.reactor, r.agent, &r.config), SCMI_E_IO);
#endif
	atomic_store(&r.wire.fd, fd);
	add(&r);
	call_completes(&r);
	remove_and_end(&r);
}

/* ---- another one ---- */

/* The link goes down; the reactor itself, in a poll, stops and starts the transport. */
static void reconnect(struct rig_fd *r)
{
	const unsigned before = atomic_load(&r->wire.starts);

	r->wire.sink->link_down(r->wire.core, SCMI_E_LINK);
	while (atomic_load(&r->wire.starts) == before)
		sched_yield();
}

static void call_completes_after(struct rig_fd *r)
{
	struct scmi_call call;
	int err;

	fill(r, &call);
	do
		err = scmi_agent_submit(r->agent, &call);
	while (err == SCMI_E_NOPEER); /* the link is about to open */
	assert_int_equal(err, SCMI_OK);
	sem_take(&r->ended);
}

static void reactor_finds_a_descriptor_opened_anew_under_its_number(void **state)
{
	struct rig_fd r;

	(void)state;
	make(&r, SCMI_CAP_POLL, 0);
	add(&r);
	for (int i = 0; i < 20; i++) {
		reconnect(&r);
		call_completes_after(&r);
		assert_false(r.wire.moved);
	}
	remove_and_end(&r);
}

static void reactor_finds_a_descriptor_of_another_number(void **state)
{
	struct rig_fd r;

	(void)state;
	make(&r, SCMI_CAP_POLL, WIRE_MOVES);
	add(&r);
	for (int i = 0; i < 20; i++) {
		reconnect(&r);
		call_completes_after(&r);
		assert_true(r.wire.moved);
	}
	remove_and_end(&r);
}

/* As an eventfd that another process was given: its file lives on, nobody can take it back, and it becomes readable. */
static void reactor_gets_rid_of_a_file_that_outlives_its_descriptor(void **state)
{
	struct rig_fd r;

	(void)state;
	make(&r, SCMI_CAP_POLL, WIRE_OUTLIVES);
	add(&r);
	for (int i = 0; i < 3; i++) {
		reconnect(&r);
		call_completes_after(&r);
		assert_true(wire_touch_other(&r.wire));
		does_not_spin(&r);
		call_completes(&r);
	}
	remove_and_end(&r);
}

/* ---- readable for ever ---- */

static void reactor_does_not_spin_on_a_descriptor_that_stays_readable(void **state)
{
	struct rig_fd r;
	struct scmi_call call;

	(void)state;
	make(&r, SCMI_CAP_POLL, 0);
	add(&r);
	call_completes(&r);
	atomic_store(&r.wire.stuck, true);
	fill(&r, &call);
	assert_int_equal(scmi_agent_submit(r.agent, &call), SCMI_OK);
	does_not_spin(&r);
	assert_true(atomic_load(&r.wire.polls) > 16);
	atomic_store(&r.wire.stuck, false);
	sem_take(&r.ended); /* and it has not been forgotten */
	call_completes(&r);
	remove_and_end(&r);
}

static void reactor_does_not_spin_on_a_stopped_agent(void **state)
{
	struct rig_fd r;

	(void)state;
	make(&r, SCMI_CAP_POLL, WIRE_KEEPS);
	add(&r);
	call_completes(&r);
	assert_int_equal(scmi_agent_stop(r.agent), SCMI_OK);
	scmi_doorbell_ring(r.wire.bell);
	does_not_spin(&r);
	assert_int_equal(scmi_agent_start(r.agent), SCMI_OK);
	scmi_reactor_wake(r.reactor);
	call_completes(&r);
	remove_and_end(&r);
}

/* A poll is bounded; what it leaves keeps the descriptor readable. */
static void reactor_takes_more_than_one_poll_brings(void **state)
{
	struct scmi_call calls[WIRE_QUEUE - 1u];
	struct rig_fd r;

	(void)state;
	make(&r, SCMI_CAP_POLL, 0);
	add(&r);
	for (unsigned round = 0; round < 5; round++) {
		r.wire.quiet = true;
		for (unsigned i = 0; i < WIRE_QUEUE - 1u; i++) {
			fill(&r, &calls[i]);
			if (i == WIRE_QUEUE - 2u)
				r.wire.quiet = false;
			assert_int_equal(scmi_agent_submit(r.agent, &calls[i]), SCMI_OK);
		}
		for (unsigned i = 0; i < WIRE_QUEUE - 1u; i++)
			sem_take(&r.ended);
	}
	remove_and_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reactor_refuses_a_polled_link_without_a_descriptor),
		cmocka_unit_test(reactor_fires_the_timeouts_of_who_delivers_by_himself),
		cmocka_unit_test(reactor_cannot_watch_what_is_no_descriptor),
		cmocka_unit_test(reactor_finds_a_descriptor_opened_anew_under_its_number),
		cmocka_unit_test(reactor_finds_a_descriptor_of_another_number),
		cmocka_unit_test(reactor_gets_rid_of_a_file_that_outlives_its_descriptor),
		cmocka_unit_test(reactor_does_not_spin_on_a_descriptor_that_stays_readable),
		cmocka_unit_test(reactor_does_not_spin_on_a_stopped_agent),
		cmocka_unit_test(reactor_takes_more_than_one_poll_brings),
	};

	return cmocka_run_group_tests_name("reactor_fd", tests, NULL, NULL);
}
