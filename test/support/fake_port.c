/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/errors.h>

#include "fake_port.h"

/* An event: one that was never initialised, or given back, does not carry the mark. */
struct event {
	uint32_t mark;
	uint32_t signalled;
};

#define EVENT_MARK 0x5ca1ab1eu

static void note(struct fake_port *fake, const char *fault)
{
	if (fake->fault == NULL)
		fake->fault = fault;
}

static struct event *live_event(struct fake_port *fake, void *storage)
{
	struct event *event = storage;

	if (fake->locked_)
		note(fake, "an event was used with the lock held");
	if (event->mark != EVENT_MARK)
		note(fake, "an event was used that is not initialised");
	return event;
}

static void run_hook(struct fake_port *fake, fake_port_fn hook)
{
	uintptr_t self = fake->self;

	if (hook == NULL || fake->in_hook_)
		return;
	fake->in_hook_ = true;
	fake->self = FAKE_OTHER;
	hook(fake, fake->arg);
	fake->self = self;
	fake->in_hook_ = false;
}

static uint64_t now_us(void *ctx)
{
	struct fake_port *fake = ctx;
	uint64_t now = fake->now_us;

	fake->calls.now_us++;
	fake->now_us += fake->step_us;
	return now;
}

static void lock(void *ctx)
{
	struct fake_port *fake = ctx;

	fake->calls.lock++;
	if (fake->locked_)
		note(fake, "the lock was taken twice");
	fake->locked_ = true;
}

static void unlock(void *ctx)
{
	struct fake_port *fake = ctx;

	fake->calls.unlock++;
	if (!fake->locked_)
		note(fake, "the lock was given back without being held");
	fake->locked_ = false;
}

static int event_init(void *ctx, void *storage)
{
	struct fake_port *fake = ctx;
	struct event *event = storage;

	fake->calls.event_init++;
	if (fake->locked_)
		note(fake, "an event was initialised with the lock held");
	if ((uintptr_t)storage % _Alignof(max_align_t) != 0) {
		note(fake, "the storage of an event is misaligned");
		return SCMI_E_IO;
	}
	if (fake->fail_event_init > 0 && --fake->fail_event_init == 0)
		return SCMI_E_IO;
	fake->events++;
	*event = (struct event){.mark = EVENT_MARK};
	return SCMI_OK;
}

static void event_fini(void *ctx, void *storage)
{
	struct fake_port *fake = ctx;
	struct event *event = live_event(fake, storage);

	fake->calls.event_fini++;
	if (event->mark == EVENT_MARK)
		fake->events--;
	event->mark = 0;
}

static void event_signal(void *ctx, void *storage)
{
	struct fake_port *fake = ctx;

	fake->calls.event_signal++;
	live_event(fake, storage)->signalled = 1;
}

static void event_clear(void *ctx, void *storage)
{
	struct fake_port *fake = ctx;

	fake->calls.event_clear++;
	live_event(fake, storage)->signalled = 0;
}

static int event_wait(void *ctx, void *storage, uint64_t deadline_us)
{
	struct fake_port *fake = ctx;
	struct event *event = live_event(fake, storage);

	fake->calls.event_wait++;
	if (event->signalled == 0)
		run_hook(fake, fake->on_wait);
	if (event->signalled != 0) {
		event->signalled = 0;
		return SCMI_OK;
	}
	if (deadline_us == SCMI_NEVER) {
		fprintf(stderr, "fake port: deadlock: a wait without limit, and nobody signals\n");
		abort();
	}
	if (fake->now_us < deadline_us)
		fake->now_us = deadline_us;
	return SCMI_E_TIMEOUT;
}

static void relax(void *ctx)
{
	struct fake_port *fake = ctx;

	fake->calls.relax++;
	if (fake->locked_)
		note(fake, "relax was called with the lock held");
	run_hook(fake, fake->on_relax);
}

static uintptr_t self(void *ctx)
{
	struct fake_port *fake = ctx;

	fake->calls.self++;
	return fake->self;
}

void fake_port_init(struct fake_port *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->now_us = 1000000;
	fake->self = FAKE_THREAD;
	fake->port = (struct scmi_port){
		.version = SCMI_PORT_V1,
		.event_size = sizeof(struct event),
		.ctx = fake,
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
