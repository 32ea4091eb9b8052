/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <scmi/errors.h>
#include <scmi/port/cortex_m.h>

#include "core.h"

#define CACHE_LINE 32u

/* ---- the clock ---- */

/*
 * What SysTick has counted since the last tick that was added, and adds one that is over. Masked. The flag and not the
 * pending exception tells of it: whoever comes between a handler's entry and its count would see neither.
 *
 *	CVR   R  R-1 ... 1  0  R  R-1 ...
 *	flag              set^      R cycles and one a tick; at 0 the next tick has begun
 */
static uint32_t cycles(struct scmi_cortex_m *port)
{
	uint32_t left = SYST_CVR;

	if ((SYST_CSR & SYST_COUNTFLAG) != 0) {
		port->time_us_ += port->tick_us_;
		left = SYST_CVR; /* the first look may have been before the flag; no second tick can be over yet */
	}
	return left == 0 ? 0 : port->reload_ + 1u - left;
}

static uint64_t systick_now(struct scmi_cortex_m *port)
{
	const uint32_t state = mask_all();
	const uint32_t n = cycles(port);
	uint64_t now_us = port->time_us_ + (uint32_t)((uint64_t)n * port->scale_ >> 32);

	/* A counter that runs slower than the core may stand at 0 for a while after its flag was taken, or before. */
	if (now_us < port->last_us_)
		now_us = port->last_us_;
	port->last_us_ = now_us;
	restore_all(state);
	return now_us;
}

static uint64_t now_us(void *ctx)
{
	struct scmi_cortex_m *port = ctx;

	return port->now_us_ != NULL ? port->now_us_(port->arg_) : systick_now(port);
}

void scmi_cortex_m_tick(struct scmi_cortex_m *port)
{
	const uint32_t state = mask_all();

	(void)cycles(port);
	restore_all(state);
}

/* ---- the lock ---- */

static void lock_all(void *ctx)
{
	struct scmi_cortex_m *port = ctx;
	const uint32_t state = mask_all();

	/* Only now: an interrupt that came before the mask has used this member, and given it up. */
	port->state_ = state;
}

static void unlock_all(void *ctx)
{
	struct scmi_cortex_m *port = ctx;

	restore_all(port->state_);
}

#if HAS_BASEPRI
static void lock_from(void *ctx)
{
	struct scmi_cortex_m *port = ctx;
	const uint32_t state = mask_from(port->mask_level_);

	port->state_ = state;
}

static void unlock_from(void *ctx)
{
	struct scmi_cortex_m *port = ctx;

	restore_from(port->state_);
}
#endif

/* ---- events ---- */

static int event_init(void *ctx, void *event)
{
	atomic_uchar *flag = event;

	(void)ctx;
	atomic_init(flag, 0);
	return SCMI_OK;
}

static void event_fini(void *ctx, void *event)
{
	(void)ctx;
	(void)event;
}

static void event_signal(void *ctx, void *event)
{
	atomic_uchar *flag = event;

	(void)ctx;
	/* Release: pairs with the acquire in take(); without it the waiter may not see what was written before. */
	atomic_store_explicit(flag, 1, memory_order_release);
}

static void event_clear(void *ctx, void *event)
{
	atomic_uchar *flag = event;

	(void)ctx;
	atomic_store_explicit(flag, 0, memory_order_relaxed);
}

/* Consumes the signal if there is one. Masked: load and store are one step then. */
static bool take(atomic_uchar *flag)
{
	if (atomic_load_explicit(flag, memory_order_acquire) == 0)
		return false;
	atomic_store_explicit(flag, 0, memory_order_relaxed);
	return true;
}

/* Masked. Some interrupt ends the sleep in time: SysTick's, the one that was armed, or where there is no deadline any. */
static void sleep_until(struct scmi_cortex_m *port, uint64_t deadline_us)
{
	if (port->wake_at_ != NULL)
		port->wake_at_(port->arg_, deadline_us);
	else if (port->now_us_ != NULL && deadline_us != SCMI_NEVER)
		return;
	sleep_until_pending();
}

static int event_wait(void *ctx, void *event, uint64_t deadline_us)
{
	for (;;) {
		const uint32_t state = mask_all();
		const bool taken = take(event);
		const bool late = !taken && deadline_us != SCMI_NEVER && now_us(ctx) >= deadline_us;

		/* Still masked: a signal after take() is a pending interrupt, and the sleep ends at once. */
		if (!taken && !late)
			sleep_until(ctx, deadline_us);
		restore_all(state);
		if (taken)
			return SCMI_OK;
		if (late)
			return SCMI_E_TIMEOUT;
	}
}

/* ---- contexts ---- */

static void relax(void *ctx)
{
	/* What is waited for runs in an interrupt, and that needs no help. No sleep: its interrupt may have come already. */
	(void)ctx;
	__asm__ volatile("nop" : : : "memory");
}

static uintptr_t self(void *ctx)
{
	(void)ctx;
	return exception_number() + 1u;
}

static int in_interrupt(void *ctx)
{
	(void)ctx;
	return exception_number() != 0;
}

/* ---- caches ---- */

static void cache_clean(void *ctx, void *mem, size_t len)
{
	const uintptr_t end = (uintptr_t)mem + len;

	(void)ctx;
	barrier();
	for (uintptr_t line = (uintptr_t)mem & ~(uintptr_t)(CACHE_LINE - 1u); line < end; line += CACHE_LINE)
		DCCMVAC = (uint32_t)line;
	barrier();
}

static void cache_invalidate(void *ctx, void *mem, size_t len)
{
	const uintptr_t end = (uintptr_t)mem + len;

	(void)ctx;
	barrier();
	for (uintptr_t line = (uintptr_t)mem & ~(uintptr_t)(CACHE_LINE - 1u); line < end; line += CACHE_LINE)
		DCCIMVAC = (uint32_t)line;
	barrier();
}

/* ---- making and ending it ---- */

/* SysTick's period in cycles; 0: not a whole number of them, or out of range. */
static uint32_t period(uint32_t hz, uint32_t tick_us)
{
	uint32_t million = 1000000u;

	/* In 32 bits, for a division of 64 is a function that a small image may not have: what both have in common goes. */
	for (uint32_t prime = 2; prime <= 5; prime += 3) {
		while (million % prime == 0 && hz % prime == 0) {
			million /= prime;
			hz /= prime;
		}
		while (million % prime == 0 && tick_us % prime == 0) {
			million /= prime;
			tick_us /= prime;
		}
	}
	if (million != 1u || tick_us > (SYST_MAX + 1u) / hz)
		return 0;
	return hz * tick_us >= 16u ? hz * tick_us : 0;
}

/* a / b times 2^32, rounded down; a below b. Bit by bit, for the same reason. */
static uint32_t fraction(uint32_t a, uint32_t b)
{
	uint32_t quotient = 0;

	for (uint32_t i = 0; i < 32u; i++) {
		a <<= 1; /* b is at most 2^24 */
		quotient <<= 1;
		if (a >= b) {
			a -= b;
			quotient |= 1u;
		}
	}
	return quotient;
}

/*
 * Whether the level masks anything: not if it lies in bits that this part does not have, as a number not shifted to the
 * top does, nor in unprivileged mode. PRIMASK keeps all out meanwhile that the caller's own level would have.
 */
static bool does_mask(uint32_t level)
{
#if HAS_BASEPRI
	const uint32_t all = mask_all();
	const bool masks = what_is_taken_of(level) != 0;

	restore_all(all);
	return masks;
#else
	(void)level;
	return false;
#endif
}

static bool is_allowed(const struct scmi_cortex_m_config *config, uint32_t tick_us)
{
	if (config->size != sizeof(*config) || (config->flags & ~SCMI_CORTEX_M_DCACHE) != 0)
		return false;
	if (config->mask_level > 0xffu || (config->mask_level != 0 && !does_mask(config->mask_level)))
		return false;
	if ((config->systick_hz != 0) == (config->now_us != NULL))
		return false;
	if (config->systick_hz == 0)
		return config->tick_us == 0;
	/* A tick of less than a cycle a microsecond has no place for the fraction. */
	return config->wake_at == NULL && period(config->systick_hz, tick_us) > tick_us;
}

static void start_systick(struct scmi_cortex_m *port, uint32_t cycles_n)
{
	port->reload_ = cycles_n - 1u;
	port->scale_ = fraction(port->tick_us_, cycles_n);
	SYST_CSR = 0;
	SYST_RVR = port->reload_;
	SYST_CVR = 0; /* any value: clears it, and the flag */
	SYST_CSR = SYST_ENABLE | SYST_TICKINT | SYST_CORECLOCK;
}

static void fill(struct scmi_cortex_m *port, uint32_t flags, struct scmi_port *out)
{
	*out = (struct scmi_port){
		.version = SCMI_PORT_V1,
		.event_size = sizeof(atomic_uchar),
		.ctx = port,
		.now_us = now_us,
		.lock = lock_all,
		.unlock = unlock_all,
		.event_init = event_init,
		.event_fini = event_fini,
		.event_signal = event_signal,
		.event_clear = event_clear,
		.event_wait = event_wait,
		.relax = relax,
		.self = self,
		.in_interrupt = in_interrupt,
	};
#if HAS_BASEPRI
	if (port->mask_level_ != 0) {
		out->lock = lock_from;
		out->unlock = unlock_from;
	}
#endif
	if ((flags & SCMI_CORTEX_M_DCACHE) != 0) {
		out->cache_clean = cache_clean;
		out->cache_invalidate = cache_invalidate;
	}
}

int scmi_cortex_m_init(struct scmi_cortex_m *port, const struct scmi_cortex_m_config *config, struct scmi_port *out)
{
	uint32_t tick_us;

	if (port == NULL || config == NULL || out == NULL)
		return SCMI_E_INVAL;
	tick_us = config->tick_us != 0 ? config->tick_us : SCMI_CORTEX_M_TICK_DEFAULT_US;
	if (!is_allowed(config, tick_us))
		return SCMI_E_INVAL;
	*port = (struct scmi_cortex_m){
		.now_us_ = config->now_us,
		.wake_at_ = config->wake_at,
		.arg_ = config->arg,
		.mask_level_ = config->mask_level,
		.tick_us_ = tick_us,
	};
	if (config->systick_hz != 0)
		start_systick(port, period(config->systick_hz, tick_us));
	fill(port, config->flags, out);
	return SCMI_OK;
}

void scmi_cortex_m_fini(struct scmi_cortex_m *port)
{
	if (port->now_us_ == NULL)
		SYST_CSR = 0;
}
