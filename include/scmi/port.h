/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port: all that the library asks of an operating system, or of a board without one.
 *
 * A port is a table of functions with a context. The library never reads a clock, sleeps, locks or spins but through
 * this table, so a fake port with a fake clock makes every time-out test instant, and a scheduler of one's own can
 * run the real source. Ready ports: port/posix.h (pthreads), port/linux.h (futex), port/freertos.h, and without a
 * system port/cortex_m.h and port/aarch64_bare.h. A new one: docs/porting.md and lib/port/template. All members but
 * those marked optional are required; they are checked once, when an agent or a transport is initialised with the port,
 * and then called without checks.
 */
#ifndef SCMI_PORT_H
#define SCMI_PORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCMI_PORT_V1 1u

/* An event needs at most this much storage, on any port; SCMI_AGENT_WORDS() counts with it. */
#define SCMI_EVENT_BYTES_MAX 128u

/* A deadline that never comes. */
#define SCMI_NEVER UINT64_MAX

struct scmi_port {
	uint32_t version;    /* SCMI_PORT_V1; members are only ever appended */
	uint32_t event_size; /* bytes of one event's storage, 1 to SCMI_EVENT_BYTES_MAX; max_align_t aligned */
	void *ctx;           /* handed to every function; the port's own */

	/* Monotonic microseconds from any origin. Never goes back, stops only while the system sleeps. Context: any. */
	uint64_t (*now_us)(void *ctx);

	/*
	 * One short critical section, not recursive. Held for a few instructions, never across a call-out, a function
	 * of the port included. Where a receive interrupt can preempt the holder, lock masks it. Context: any that
	 * may use a transport of this port.
	 */
	void (*lock)(void *ctx);
	void (*unlock)(void *ctx);

	/*
	 * Sticky binary events. signal: makes the present or the next wait return; several signals before a wait
	 * count as one; callable from an interrupt; must not touch the event after the waiter may have returned AND
	 * fini has been called. wait: sleeps until signalled (consumes the signal, returns SCMI_OK) or until now_us()
	 * has reached deadline_us (returns SCMI_E_TIMEOUT); SCMI_NEVER waits without limit. May return SCMI_OK
	 * spuriously. signal..wait is a release..acquire pair. clear: forgets a signal.
	 * init returns SCMI_OK or SCMI_E_IO; what failed needs no fini. One waiter at a time.
	 */
	int (*event_init)(void *ctx, void *event);
	void (*event_fini)(void *ctx, void *event);
	void (*event_signal)(void *ctx, void *event);
	void (*event_clear)(void *ctx, void *event);
	int (*event_wait)(void *ctx, void *event, uint64_t deadline_us);

	/*
	 * Between two looks of a wait loop: pause, yield or a short sleep. On a system with priorities it must let
	 * the context that is waited for run. Context: thread.
	 */
	void (*relax)(void *ctx);

	/*
	 * Who is calling: any value that is equal for equal and different for different contexts that can be alive
	 * at once: a thread id, a task handle, an interrupt number. Never 0. Lets the library refuse what a callback
	 * must not do, and run chained submits in constant stack. Context: any, interrupts included.
	 */
	uintptr_t (*self)(void *ctx);

	/*
	 * Whether the caller is an interrupt handler, or another context that must not sleep: a submit that finds no
	 * slot then fails instead of waiting for one. Optional: NULL on a system without such contexts. Context: any.
	 */
	int (*in_interrupt)(void *ctx);

	/*
	 * For shared memory that this processor caches and its peer does not see through the cache: clean writes len
	 * bytes at mem back to memory; invalidate writes back what is dirty, too, and makes the next read of them come
	 * from there: one context may look for an answer while another writes a message. mem and len are multiples of a
	 * cache line wherever the memory handed to a transport is. Each is complete, and ordered with the accesses
	 * around it, when it returns. Optional, both or neither; a transport refuses memory that needs them without.
	 * Context: any.
	 */
	void (*cache_clean)(void *ctx, void *mem, size_t len);
	void (*cache_invalidate)(void *ctx, void *mem, size_t len);
};

/*
 * Checks a port's table. Returns SCMI_OK, or SCMI_E_INVAL (NULL, an unknown version, a bad event size, a required
 * member missing, one of the two for caches alone). Context: any.
 */
int scmi_port_check(const struct scmi_port *port);

#ifdef __cplusplus
}
#endif

#endif
