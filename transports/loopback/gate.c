/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of the two ends: who may call up into whom, and how a stop makes sure that nobody does any more.
 *
 * enter() counts itself before it looks at the gate's bits, stop() clears the bits before it looks at the count; both
 * are sequentially consistent, so one of them sees the other.
 */
#include "internal.h"

static bool is_open(uint32_t gate)
{
	return (gate & (GATE_ON | GATE_HELD)) == GATE_ON;
}

bool scmi__loopback_enter(_Atomic uint32_t *gate)
{
	/* The look beforehand keeps those who try in vain from holding up the one who waits for the count. */
	if (!is_open(atomic_load_explicit(gate, memory_order_relaxed)))
		return false;
	if (is_open(atomic_fetch_add(gate, 1u)))
		return true;
	scmi__loopback_leave(gate);
	return false;
}

/* Release: what an upcall did is seen by the stop() that waited for it. */
void scmi__loopback_leave(_Atomic uint32_t *gate)
{
	atomic_fetch_sub_explicit(gate, 1u, memory_order_release);
}

static void wait_for(const struct scmi_loopback *lb, _Atomic uint32_t *gate)
{
	while ((atomic_load(gate) & GATE_COUNT) != 0) {
		if (lb->port != NULL)
			lb->port->relax(lb->port->ctx);
	}
}

static void signal(const struct scmi_loopback *lb, void *event)
{
	if (threaded(lb))
		lb->port->event_signal(lb->port->ctx, event);
}

/* Forgets what is under way. Whoever is outside the gates and pushes later is of an earlier life, and drops it. */
static void end_life(struct scmi_loopback *lb)
{
	lock(lb);
	atomic_fetch_add_explicit(&lb->life, 1u, memory_order_relaxed);
	unlock(lb);
	if (threaded(lb))
		scmi__loopback_forget(lb);
}

int scmi__loopback_start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct scmi_loopback *lb = ctx;
	uint32_t gate = atomic_load(&lb->agent);

	if ((gate & GATE_ON) != 0)
		return SCMI_E_INVAL;
	lb->sink = sink;
	lb->core = core;
	if (threaded(lb))
		lb->port->event_clear(lb->port->ctx, lb->news); /* a wake() of an earlier life */
	do {
		if ((gate & GATE_PEER) == 0)
			return SCMI_E_NOPEER;
	} while (!atomic_compare_exchange_weak(&lb->agent, &gate, gate | GATE_ON));
	return SCMI_OK;
}

void scmi__loopback_stop(void *ctx)
{
	struct scmi_loopback *lb = ctx;

	if ((atomic_fetch_and(&lb->agent, ~GATE_ON) & GATE_ON) == 0)
		return;
	signal(lb, lb->news);
	wait_for(lb, &lb->agent);
	end_life(lb);
	clear_doorbell(lb);
}

int scmi__loopback_end_start(void *ctx, const struct scmi_platform_sink *sink, void *channel)
{
	struct scmi_loopback *lb = ctx;

	if ((atomic_load(&lb->platform) & GATE_ON) != 0)
		return SCMI_E_INVAL;
	lb->up = sink;
	lb->channel = channel;
	if (threaded(lb))
		lb->port->event_clear(lb->port->ctx, lb->work);
	atomic_fetch_or(&lb->agent, GATE_PEER);
	if (scmi__loopback_enter(&lb->agent)) { /* it was started when the platform end stopped */
		lb->sink->ready(lb->core);
		scmi__loopback_leave(&lb->agent);
	}
	/* Afterwards: a send() that succeeds while the link is down for the core is taken for lost. */
	atomic_fetch_or(&lb->platform, GATE_ON);
	return SCMI_OK;
}

/* Becomes the only one inside the agent's gate, if that is open to anybody. */
static bool enter_held(struct scmi_loopback *lb)
{
	uint32_t gate = atomic_load(&lb->agent);

	do {
		if ((gate & GATE_ON) == 0)
			return false;
	} while (!atomic_compare_exchange_weak(&lb->agent, &gate, gate + 1u));
	return true;
}

void scmi__loopback_end_stop(void *ctx)
{
	struct scmi_loopback *lb = ctx;

	if ((atomic_fetch_and(&lb->platform, ~GATE_ON) & GATE_ON) == 0)
		return;
	signal(lb, lb->work);
	wait_for(lb, &lb->platform);

	/* link_down() promises that nothing sent before it comes after it: shut the agent's gate, forget, then tell. */
	atomic_fetch_and(&lb->agent, ~GATE_PEER);
	atomic_fetch_or(&lb->agent, GATE_HELD);
	signal(lb, lb->news);
	wait_for(lb, &lb->agent);
	end_life(lb);
	if (enter_held(lb)) {
		lb->sink->link_down(lb->core, SCMI_OK);
		scmi__loopback_leave(&lb->agent);
	}
	atomic_fetch_and(&lb->agent, ~GATE_HELD);
}
