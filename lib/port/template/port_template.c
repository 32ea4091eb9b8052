/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One core, no operating system: the main loop and interrupts, which can only run between two of its instructions.
 * So masking them is a lock, and an event is a flag. On several cores this is wrong; docs/porting.md tells what to
 * change.
 */
#include <stdatomic.h>
#include <stdbool.h>

#include <scmi/errors.h>

#include "port_template.h"

static uint64_t now_us(void *ctx)
{
	struct scmi_template *port = ctx;

	return port->board_.now_us(port->board_.arg);
}

static void lock(void *ctx)
{
	struct scmi_template *port = ctx;
	uintptr_t state = port->board_.mask(port->board_.arg);

	/* Only now: an interrupt that came before the mask has used this member, and given it up. */
	port->state_ = state;
	/* The compiler must not move what the section guards in front of the mask; unlock() is the other end. */
	atomic_signal_fence(memory_order_acquire);
}

static void unlock(void *ctx)
{
	struct scmi_template *port = ctx;

	atomic_signal_fence(memory_order_release);
	port->board_.restore(port->board_.arg, port->state_);
}

static int event_init(void *ctx, void *event)
{
	atomic_bool *flag = event;

	(void)ctx;
	atomic_init(flag, false);
	return SCMI_OK;
}

static void event_fini(void *ctx, void *event)
{
	(void)ctx;
	(void)event;
}

static void event_signal(void *ctx, void *event)
{
	atomic_bool *flag = event;

	(void)ctx;
	/* Release: pairs with the acquire in take(); without it the waiter may not see what was written before. */
	atomic_store_explicit(flag, true, memory_order_release);
}

static void event_clear(void *ctx, void *event)
{
	atomic_bool *flag = event;

	(void)ctx;
	atomic_store_explicit(flag, false, memory_order_relaxed);
}

/* Consumes the signal if there is one. Masked: load and store are one step then, on a core without an exchange too. */
static bool take(atomic_bool *flag)
{
	if (!atomic_load_explicit(flag, memory_order_acquire))
		return false;
	atomic_store_explicit(flag, false, memory_order_relaxed);
	return true;
}

static int event_wait(void *ctx, void *event, uint64_t deadline_us)
{
	struct scmi_template *port = ctx;
	struct scmi_board *board = &port->board_;

	for (;;) {
		uintptr_t state = board->mask(board->arg);
		bool taken = take(event);
		bool late = !taken && deadline_us != SCMI_NEVER && board->now_us(board->arg) >= deadline_us;

		/* Still masked: a signal after take() is a pending interrupt, and idle() returns at once. */
		if (!taken && !late)
			board->idle(board->arg, deadline_us);
		board->restore(board->arg, state);
		if (taken)
			return SCMI_OK;
		if (late)
			return SCMI_E_TIMEOUT;
	}
}

static void relax(void *ctx)
{
	/*
	 * What is waited for runs in an interrupt, and that needs no help. Not idle(): its interrupt may have come
	 * already. An RTOS sleeps for a tick here: a yield to equals is not enough.
	 */
	(void)ctx;
	atomic_signal_fence(memory_order_seq_cst);
}

static uintptr_t self(void *ctx)
{
	struct scmi_template *port = ctx;

	return port->board_.interrupt(port->board_.arg) + 1;
}

static int in_interrupt(void *ctx)
{
	struct scmi_template *port = ctx;

	return port->board_.interrupt(port->board_.arg) != 0;
}

int scmi_template_init(struct scmi_template *port, const struct scmi_board *board, struct scmi_port *out)
{
	if (port == NULL || board == NULL || out == NULL)
		return SCMI_E_INVAL;
	if (board->now_us == NULL || board->mask == NULL || board->restore == NULL || board->idle == NULL ||
	    board->interrupt == NULL)
		return SCMI_E_INVAL;
	port->board_ = *board;
	*out = (struct scmi_port){
		.version = SCMI_PORT_V1,
		.event_size = sizeof(atomic_bool),
		.ctx = port,
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
		.in_interrupt = in_interrupt,
	};
	return SCMI_OK;
}
