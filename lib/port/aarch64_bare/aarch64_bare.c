/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AArch64 without a system. No sleep misses its signal: with WFE since the processor remembers an event, a SEV or the
 * return of an interrupt, that comes between the last look and the sleep; with WFI since that is done masked, and a
 * pending interrupt ends the sleep all the same.
 */
#include <stdatomic.h>
#include <stdbool.h>

#include <scmi/errors.h>
#include <scmi/port/aarch64_bare.h>

#include "cpu.h"

#define US_PER_S       1000000u
#define COUNTER_HZ_MIN US_PER_S
#define STREAM_US_MAX  100u
#define STREAM_BIT_MAX 15u

/* The state has to be plain for C++; its layout is that of the atomic type, which check.c of any compiler proves. */
_Static_assert(sizeof(atomic_uint) == sizeof(uint32_t), "a word is locked");

static atomic_uint *lock_word(struct scmi_aarch64_bare *port)
{
	return (atomic_uint *)&port->lock_;
}

/* ---- the clock ---- */

static uint64_t now_us(void *ctx)
{
	const struct scmi_aarch64_bare *port = ctx;
	uint64_t counter = scmi__aarch64_counter();
	uint64_t hz = port->hz_;

	return counter / hz * US_PER_S + counter % hz * US_PER_S / hz;
}

/* The first value of the counter at which now_us() has reached us. One that never comes is far away, no more. */
static uint64_t counter_at(const struct scmi_aarch64_bare *port, uint64_t us)
{
	uint64_t hz = port->hz_;
	uint64_t seconds = us / US_PER_S;

	if (seconds >= (uint64_t)INT64_MAX / hz)
		return (uint64_t)INT64_MAX;
	return seconds * hz + (us % US_PER_S * hz + US_PER_S - 1u) / US_PER_S;
}

/* ---- the lock ---- */

static void lock(void *ctx)
{
	struct scmi_aarch64_bare *port = ctx;
	uintptr_t daif = scmi__aarch64_mask();

	while (atomic_exchange_explicit(lock_word(port), 1u, memory_order_acquire) != 0)
		atomic_signal_fence(memory_order_seq_cst);
	port->daif_ = daif; /* only now: it is the holder's */
}

static void unlock(void *ctx)
{
	struct scmi_aarch64_bare *port = ctx;
	uintptr_t daif = port->daif_;

	atomic_store_explicit(lock_word(port), 0u, memory_order_release);
	scmi__aarch64_restore(daif);
}

/* ---- events ---- */

static int event_init(void *ctx, void *event)
{
	(void)ctx;
	atomic_init((atomic_uint *)event, 0u);
	return SCMI_OK;
}

static void event_fini(void *ctx, void *event)
{
	(void)ctx;
	(void)event;
}

static void event_signal(void *ctx, void *event)
{
	const struct scmi_aarch64_bare *port = ctx;

	atomic_store_explicit((atomic_uint *)event, 1u, memory_order_release);
	if ((port->flags_ & SCMI_AARCH64_BARE_WFI) == 0)
		scmi__aarch64_send_event();
}

static void event_clear(void *ctx, void *event)
{
	(void)ctx;
	atomic_store_explicit((atomic_uint *)event, 0u, memory_order_relaxed);
}

/* Consumes the signal if there is one. Looked at first: a write would take the line from who is about to signal. */
static bool take(atomic_uint *event)
{
	return atomic_load_explicit(event, memory_order_relaxed) != 0 &&
	       atomic_exchange_explicit(event, 0u, memory_order_acquire) != 0;
}

static bool late(void *ctx, uint64_t deadline_us)
{
	return deadline_us != SCMI_NEVER && now_us(ctx) >= deadline_us;
}

static int wait_by_wfe(void *ctx, atomic_uint *event, uint64_t deadline_us)
{
	while (!take(event)) {
		if (late(ctx, deadline_us))
			return SCMI_E_TIMEOUT;
		scmi__aarch64_wait_event();
	}
	return SCMI_OK;
}

static int wait_by_wfi(void *ctx, atomic_uint *event, uint64_t deadline_us)
{
	const struct scmi_aarch64_bare *port = ctx;

	for (;;) {
		uintptr_t daif = scmi__aarch64_mask();
		bool taken = take(event);
		bool over = !taken && late(ctx, deadline_us);

		if (!taken && !over) {
			if (deadline_us != SCMI_NEVER)
				scmi__aarch64_timer_at(counter_at(port, deadline_us));
			scmi__aarch64_sleep();
			scmi__aarch64_timer_off();
		}
		scmi__aarch64_restore(daif);
		if (taken)
			return SCMI_OK;
		if (over)
			return SCMI_E_TIMEOUT;
	}
}

static int event_wait(void *ctx, void *event, uint64_t deadline_us)
{
	const struct scmi_aarch64_bare *port = ctx;

	if ((port->flags_ & SCMI_AARCH64_BARE_WFI) != 0)
		return wait_by_wfi(ctx, event, deadline_us);
	return wait_by_wfe(ctx, event, deadline_us);
}

/* ---- contexts ---- */

static void relax(void *ctx)
{
	/* What is waited for runs on another core or in an interrupt, and needs no help for that. */
	(void)ctx;
	atomic_signal_fence(memory_order_seq_cst);
}

static uint32_t interrupt(const struct scmi_aarch64_bare *port)
{
	return port->interrupt_ == NULL ? 0 : port->interrupt_(port->arg_);
}

static uintptr_t self(void *ctx)
{
	return (scmi__aarch64_core() << 17 | (uintptr_t)interrupt(ctx) << 1) | 1u;
}

static int in_interrupt(void *ctx)
{
	return interrupt(ctx) != 0;
}

/* ---- caches ---- */

static void each_line(void *mem, size_t len, void (*act)(uintptr_t address))
{
	size_t line = scmi__aarch64_line();
	uintptr_t end = (uintptr_t)mem + len;

	for (uintptr_t address = (uintptr_t)mem / line * line; address < end; address += line)
		act(address);
	scmi__aarch64_caches_done();
}

static void cache_clean(void *ctx, void *mem, size_t len)
{
	(void)ctx;
	each_line(mem, len, scmi__aarch64_clean);
}

static void cache_invalidate(void *ctx, void *mem, size_t len)
{
	(void)ctx;
	each_line(mem, len, scmi__aarch64_invalidate);
}

/* ---- making one ---- */

/* The event stream has an event every 2 << bit counts. */
static unsigned stream_bit(uint32_t hz)
{
	uint64_t counts = (uint64_t)hz * STREAM_US_MAX / US_PER_S;
	unsigned bit = 0;

	while (bit < STREAM_BIT_MAX && (UINT64_C(4) << bit) <= counts)
		bit++;
	return bit;
}

void scmi_aarch64_bare_core(const struct scmi_aarch64_bare *port)
{
	if ((port->flags_ & SCMI_AARCH64_BARE_WFI) == 0)
		scmi__aarch64_event_stream(stream_bit(port->hz_));
}

static void fill_table(struct scmi_aarch64_bare *port, struct scmi_port *out)
{
	*out = (struct scmi_port){
		.version = SCMI_PORT_V1,
		.event_size = sizeof(atomic_uint),
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
		.in_interrupt = port->interrupt_ == NULL ? NULL : in_interrupt,
		.cache_clean = cache_clean,
		.cache_invalidate = cache_invalidate,
	};
}

int scmi_aarch64_bare_init(struct scmi_aarch64_bare *port, const struct scmi_aarch64_bare_config *config,
			   struct scmi_port *out)
{
	uint32_t hz;

	if (port == NULL || config == NULL || out == NULL || config->size != sizeof(*config) ||
	    (config->flags & ~SCMI_AARCH64_BARE_WFI) != 0)
		return SCMI_E_INVAL;
	hz = config->counter_hz != 0 ? config->counter_hz : scmi__aarch64_counter_hz();
	if (hz < COUNTER_HZ_MIN)
		return SCMI_E_INVAL;
	*port = (struct scmi_aarch64_bare){
		.flags_ = config->flags, .hz_ = hz, .interrupt_ = config->interrupt, .arg_ = config->arg};
	scmi_aarch64_bare_core(port);
	fill_table(port, out);
	return SCMI_OK;
}
