/* SPDX-License-Identifier: BSD-3-Clause */
/* The port of a scenario: time, sleep and wake belong to the scheduler. */
#include "world.h"

#include <string.h>

struct event {
	bool signalled;
	uint32_t waiter;      /* plain memory that only the waiter touches: one at a time */
	uint64_t deadline_us; /* of its one waiter */
	struct step_clock clock;
};

static uint64_t port_now(void *ctx)
{
	(void)ctx;
	step_look(&world->time_us);
	return world->time_us;
}

static bool unlocked(const void *arg)
{
	(void)arg;
	return world->lock == 0;
}

static void port_lock(void *ctx)
{
	(void)ctx;
	step_point(&world->lock);
	step_block(unlocked, NULL);
	world->lock = step_self() + 1;
	step_acquire(&world->clock);
}

static void port_unlock(void *ctx)
{
	(void)ctx;
	step_point(&world->lock);
	step_release(&world->clock);
	world->lock = 0;
}

static int event_init(void *ctx, void *event)
{
	(void)ctx;
	memset(event, 0, sizeof(struct event));
	return SCMI_OK;
}

static void event_fini(void *ctx, void *event)
{
	(void)ctx;
	(void)event;
}

/* An event lies in the agent's memory. */
static void touch_event(void *event)
{
	step_point(event);
	if (world->poisoned)
		step_fail("an event is used after the agent has gone");
}

static void event_signal(void *ctx, void *event)
{
	struct event *e = event;

	(void)ctx;
	touch_event(e);
	step_note("signals");
	step_release(&e->clock);
	e->signalled = true;
}

static void event_clear(void *ctx, void *event)
{
	(void)ctx;
	touch_event(event);
	step_user_write(&((struct event *)event)->waiter, 4);
	((struct event *)event)->signalled = false;
}

static bool awake(const void *event)
{
	return ((const struct event *)event)->signalled || world->time_us >= ((const struct event *)event)->deadline_us;
}

static int event_wait(void *ctx, void *event, uint64_t deadline_us)
{
	struct event *e = event;
	bool signalled;

	(void)ctx;
	user_sleeps();
	touch_event(e);
	step_note("sleeps until %llu us", (unsigned long long)deadline_us);
	step_user_write(&e->waiter, sizeof(e->waiter));
	e->deadline_us = deadline_us;
	world->sleeps[step_self()] = deadline_us;
	step_block(awake, e);
	world->sleeps[step_self()] = 0;
	touch_event(e);
	step_look(&world->time_us);
	signalled = e->signalled;
	step_note(signalled ? "wakes" : "wakes: it is time");
	step_acquire(&e->clock);
	e->signalled = false;
	return signalled ? SCMI_OK : SCMI_E_TIMEOUT;
}

static void port_relax(void *ctx)
{
	(void)ctx;
	user_sleeps();
	step_relax();
}

static uintptr_t port_self(void *ctx)
{
	(void)ctx;
	return step_self() + 1u;
}

const struct scmi_port world_port = {
	.version = SCMI_PORT_V1,
	.event_size = sizeof(struct event),
	.now_us = port_now,
	.lock = port_lock,
	.unlock = port_unlock,
	.event_init = event_init,
	.event_fini = event_fini,
	.event_signal = event_signal,
	.event_clear = event_clear,
	.event_wait = event_wait,
	.relax = port_relax,
	.self = port_self,
};

/* --- time --- */

void pass_time(uint64_t us)
{
	step_point(&world->time_us);
	world->time_us += us;
	step_note("time passes: %llu us", (unsigned long long)world->time_us);
}

void pass_time_and_poll(uint64_t us)
{
	pass_time(us);
	scmi_agent_poll(world->agent, 1);
}

/* The earliest time at which somebody who sleeps, or polls in a loop, has something to do. */
static uint64_t next_sleep(void)
{
	uint64_t next = SCMI_NEVER;

	for (unsigned i = 0; i < STEP_CONTEXTS; i++)
		if (world->sleeps[i] > world->time_us && world->sleeps[i] < next)
			next = world->sleeps[i];
	if (world->polls) {
		uint64_t due = scmi_agent_next_deadline(world->agent);

		if (due > world->time_us && due < next)
			next = due;
	}
	return next;
}

bool world_idle(void)
{
	uint64_t next;

	if (world->waiting == 0)
		return false;
	check_starving();
	next = next_sleep();
	if (next == SCMI_NEVER)
		return false;
	world->time_us = next;
	world->jumps++;
	step_note("time jumps to %llu us", (unsigned long long)next);
	return true;
}

/* --- words between the contexts of a scenario --- */

void tell(bool *flag)
{
	step_point(flag);
	step_release(&world->user_clock);
	*flag = true;
}

static bool told(const void *flag)
{
	return *(const bool *)flag;
}

void await(const bool *flag)
{
	step_block(told, flag);
	step_point(flag);
	step_acquire(&world->user_clock);
}
