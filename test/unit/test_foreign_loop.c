/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A loop of the user's own drives receive: it sleeps in poll(2) on the links' descriptors and on an eventfd that
 * config.wake writes, no longer than the next deadline. Nobody else does anything, and nothing limits its sleep but
 * that deadline: what would be a lost wake-up hangs until the test's time limit.
 */
#define _POSIX_C_SOURCE 200809L

#include "reactor_rig.h"

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loop {
	struct rig rig;
	int wake;
	pthread_t thread;
	atomic_uint notified;
	sem_t all;
	struct scmi_subscriber node;
};

static void wake_up(void *arg)
{
	const struct loop *l = arg;
	const uint64_t one = 1;

	if (write(l->wake, &one, sizeof(one)) < 0)
		return; /* it is readable already */
}

/* As poll(2) wants it: -1 for no limit, else in milliseconds, not too early. */
static int timeout_ms(struct rig *r)
{
	const uint64_t deadline_us = scmi_agent_next_deadline(r->agent);
	const uint64_t now_us = r->port.now_us(r->port.ctx);

	if (deadline_us == SCMI_NEVER)
		return -1;
	return deadline_us > now_us ? (int)((deadline_us - now_us + 999u) / 1000u) : 0;
}

static void turn(struct loop *l)
{
	struct pollfd fds[3] = {{.fd = l->wake, .events = POLLIN}};
	uint64_t count;

	for (unsigned i = 0; i < l->rig.links; i++)
		fds[i + 1u] = (struct pollfd){.fd = scmi_agent_fd(l->rig.agent, i), .events = POLLIN};
	(void)poll(fds, l->rig.links + 1u, timeout_ms(&l->rig));
	/* First what woke us, then what it stands for: poll() and, in the next turn, the deadline. */
	if ((fds[0].revents & POLLIN) != 0 && read(l->wake, &count, sizeof(count)) < 0)
		rig_fault_unless(&l->rig, false);
	(void)scmi_agent_poll(l->rig.agent, 16);
}

static void *run(void *arg)
{
	struct loop *l = arg;

	while (!atomic_load(&l->rig.over))
		turn(l);
	return NULL;
}

static void loop_open(struct loop *l, uint32_t flags, unsigned links)
{
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(l->wake >= 0);
	atomic_init(&l->notified, 0u);
	rig_open(&l->rig, flags, links, wake_up, l);
	assert_int_equal(pthread_create(&l->thread, NULL, run, l), 0);
}

static void loop_close(struct loop *l)
{
	atomic_store(&l->rig.over, true);
	wake_up(l);
	pthread_join(l->thread, NULL);
	rig_close(&l->rig);
	close(l->wake);
}

static void traffic(uint32_t flags, unsigned links)
{
	struct loop l;
	struct rig *rig = &l.rig;

	loop_open(&l, flags, links);
	rig_traffic(&rig, 1, 2);
	assert_int_equal(atomic_load(&l.rig.ok), 4u * l.rig.rounds);
	loop_close(&l);
}

static void foreign_loop_completes_the_calls_of_other_threads(void **state)
{
	(void)state;
	traffic(SCMI_AGENT_PASSIVE, 1);
	traffic(SCMI_AGENT_PASSIVE | SCMI_AGENT_DEFERRED, 1);
}

static void foreign_loop_shares_the_work_with_waiters_that_drive(void **state)
{
	(void)state;
	traffic(0, 1);
}

static void foreign_loop_sleeps_on_several_links(void **state)
{
	(void)state;
	traffic(SCMI_AGENT_PASSIVE, 2);
}

static void submit_held(struct loop *l, struct echo *e, uint32_t timeout_us, sem_t *ended)
{
	echo_fill(e, &l->rig, 0x14, 1, ended);
	e->call.message = HELD_MSG;
	e->call.timeout_us = timeout_us;
	e->call.done = echo_done;
	assert_int_equal(scmi_agent_submit(l->rig.agent, &e->call), SCMI_OK);
}

/*
 * The loop sleeps without limit, or for long, when the call is submitted: only wake tells it that a deadline is nearer.
 */
static void foreign_loop_fires_timeouts(void **state)
{
	static const uint32_t flags[] = {SCMI_AGENT_PASSIVE, SCMI_AGENT_PASSIVE | SCMI_AGENT_DEFERRED};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct loop l;
		struct echo far;
		struct echo near;
		sem_t ended;

		loop_open(&l, flags[i], 1);
		sem_init(&ended, 0, 0);
		for (unsigned round = 0; round < 3; round++) {
			submit_held(&l, &near, 5000, &ended);
			sem_take(&ended);
			assert_int_equal(near.err, SCMI_E_TIMEOUT);
		}
		submit_held(&l, &far, 1000000000, &ended);
		submit_held(&l, &near, 5000, &ended);
		sem_take(&ended);
		assert_int_equal(near.err, SCMI_E_TIMEOUT);
		while (far_end_held(&l.rig.far[0]) < 5) /* a far end that is late has nothing to let go yet */
			sched_yield();
		far_end_let_go(&l.rig.far[0]);
		sem_take(&ended);
		assert_int_equal(far.err, SCMI_OK);
		loop_close(&l);
		sem_destroy(&ended);
	}
}

static void foreign_loop_fires_the_timeout_of_a_waiting_caller(void **state)
{
	struct loop l;
	struct echo e;

	(void)state;
	loop_open(&l, SCMI_AGENT_PASSIVE, 1);
	echo_fill(&e, &l.rig, 0x14, 1, NULL);
	e.call.message = HELD_MSG;
	e.call.timeout_us = 5000;
	assert_int_equal(scmi_agent_call(l.rig.agent, &e.call), SCMI_E_TIMEOUT);
	loop_close(&l);
}

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct loop *l = self->arg;

	(void)hdr;
	rig_fault_unless(&l->rig, len == 4 && pthread_equal(pthread_self(), l->thread));
	rig_fault_unless(&l->rig, scmi_get_le32(payload) == atomic_load(&l->notified));
	if (atomic_fetch_add(&l->notified, 1u) + 1u == 100u)
		sem_post(&l->all);
}

/* More than there is room for: the loop makes room. */
static void foreign_loop_hands_out_notifications(void **state)
{
	struct loop l;

	(void)state;
	loop_open(&l, 0, 1);
	sem_init(&l.all, 0, 0);
	l.node = (struct scmi_subscriber){
		.size = sizeof(l.node),
		.protocol = SCMI_ANY,
		.message = SCMI_ANY,
		.notify = on_notify,
		.arg = &l,
	};
	assert_int_equal(scmi_agent_subscribe(l.rig.agent, &l.node), SCMI_OK);
	for (unsigned i = 0; i < 100; i++)
		far_end_notify(&l.rig.far[0], i);
	sem_take(&l.all);
	assert_int_equal(scmi_agent_unsubscribe(l.rig.agent, &l.node), SCMI_OK);
	loop_close(&l);
	sem_destroy(&l.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_loop_completes_the_calls_of_other_threads),
		cmocka_unit_test(foreign_loop_shares_the_work_with_waiters_that_drive),
		cmocka_unit_test(foreign_loop_sleeps_on_several_links),
		cmocka_unit_test(foreign_loop_fires_timeouts),
		cmocka_unit_test(foreign_loop_fires_the_timeout_of_a_waiting_caller),
		cmocka_unit_test(foreign_loop_hands_out_notifications),
	};

	return cmocka_run_group_tests_name("foreign_loop", tests, NULL, NULL);
}
