/* SPDX-License-Identifier: BSD-3-Clause */
/* A port with real threads and a clock that moves only by conf_clock_advance(). */
#include <assert.h>
#include <stdatomic.h>

#include "suite.h"

#define SLICE_US 1000u /* of real time, while it stands still */

static uint64_t now_us(void *ctx)
{
	struct conf_clock *clock = ctx;

	return atomic_load(&clock->now_us);
}

static void lock(void *ctx)
{
	struct conf_clock *clock = ctx;

	clock->real.lock(clock->real.ctx);
}

static void unlock(void *ctx)
{
	struct conf_clock *clock = ctx;

	clock->real.unlock(clock->real.ctx);
}

static int event_init(void *ctx, void *event)
{
	struct conf_clock *clock = ctx;

	return clock->real.event_init(clock->real.ctx, event);
}

static void event_fini(void *ctx, void *event)
{
	struct conf_clock *clock = ctx;

	clock->real.event_fini(clock->real.ctx, event);
}

static void event_signal(void *ctx, void *event)
{
	struct conf_clock *clock = ctx;

	clock->real.event_signal(clock->real.ctx, event);
}

static void event_clear(void *ctx, void *event)
{
	struct conf_clock *clock = ctx;

	clock->real.event_clear(clock->real.ctx, event);
}

static void pass(struct conf_clock *clock)
{
	if (clock->step_us == 0)
		return;
	conf_clock_advance(clock, clock->step_us);
	if (clock->idle != NULL)
		clock->idle(clock->arg);
}

/* Looks at the fake clock now and then; a signal wakes at once. */
static int event_wait(void *ctx, void *event, uint64_t deadline_us)
{
	struct conf_clock *clock = ctx;
	const struct scmi_port *real = &clock->real;

	conf_thread_pauses();
	if (deadline_us == SCMI_NEVER && clock->step_us == 0)
		return real->event_wait(real->ctx, event, SCMI_NEVER);
	while (now_us(ctx) < deadline_us) {
		if (real->event_wait(real->ctx, event, real->now_us(real->ctx) + clock->slice_us) == SCMI_OK)
			return SCMI_OK;
		pass(clock);
	}
	return real->event_wait(real->ctx, event, 0);
}

static void relax(void *ctx)
{
	struct conf_clock *clock = ctx;

	conf_thread_pauses();
	clock->real.relax(clock->real.ctx);
	pass(clock);
}

static uintptr_t self(void *ctx)
{
	struct conf_clock *clock = ctx;

	return clock->real.self(clock->real.ctx);
}

void conf_clock_init(struct conf_clock *clock)
{
	int err = scmi_posix_init(&clock->posix, &clock->real);

	assert(err == SCMI_OK);
	(void)err;
	atomic_init(&clock->now_us, 1000000u);
	clock->idle = NULL;
	clock->step_us = 0;
	clock->slice_us = SLICE_US;
	clock->port = (struct scmi_port){
		.version = SCMI_PORT_V1,
		.event_size = clock->real.event_size,
		.ctx = clock,
		.now_us = now_us,
		.lock = lock,
		.unlock = unlock,
		.event_init = event_init,
		.event_fini = event_fini,
		.event_signal = event_signal,
		.event_clear = event_clear,
		.event_wait = event_wait,
		.relax = relax,
		.self = self,
	};
}

void conf_clock_fini(struct conf_clock *clock)
{
	scmi_posix_fini(&clock->posix);
}

void conf_clock_advance(struct conf_clock *clock, uint64_t us)
{
	atomic_fetch_add(&clock->now_us, us);
}

void conf_clock_run(struct conf_clock *clock, uint32_t step_us, uint32_t slice_us)
{
	clock->step_us = step_us;
	clock->slice_us = slice_us;
}
