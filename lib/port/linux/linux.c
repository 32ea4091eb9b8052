/* SPDX-License-Identifier: BSD-3-Clause */
/* The port to Linux: the POSIX port with futex events and its own relax(). What each must do: scmi/port.h. */
#define _GNU_SOURCE

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <scmi/errors.h>
#include <scmi/port/linux.h>

#include "../posix/pause.h"

/* 32-bit systems have two futex calls; the older one counts seconds in 32 bits. */
#ifdef SYS_futex_time64
#define FUTEX_CALL SYS_futex_time64
#else
#define FUTEX_CALL SYS_futex
#endif

/* The values of an event. SLEEPING is set by the waiter: a signal that meets no sleeper needs no system call. */
enum { EMPTY, SIGNALLED, SLEEPING };

_Static_assert(sizeof(_Atomic uint32_t) == 4, "a futex is 32 bits wide");

/*
 * Sleeps while *word is `value`, until woken or until the deadline. Returns 0, which may be early, ETIMEDOUT when the
 * deadline has passed, or another errno.
 */
static int futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline_us)
{
	const struct {
		int64_t sec;
		int64_t nsec;
	} deadline = {
		.sec = (int64_t)(deadline_us / 1000000u),
		.nsec = (int64_t)(deadline_us % 1000000u) * 1000,
	};

	/* The BITSET form, because its deadline is absolute: by CLOCK_MONOTONIC, as now_us(). */
	return syscall(FUTEX_CALL, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value,
		       deadline_us == SCMI_NEVER ? NULL : &deadline, NULL, FUTEX_BITSET_MATCH_ANY) == 0
		       ? 0
		       : errno;
}

static void futex_wake(_Atomic uint32_t *word)
{
	syscall(FUTEX_CALL, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

static int event_init(void *ctx, void *event)
{
	_Atomic uint32_t *word = event;

	(void)ctx;
	atomic_init(word, EMPTY);
	return SCMI_OK;
}

static void event_fini(void *ctx, void *event)
{
	(void)ctx;
	(void)event;
}

static void event_signal(void *ctx, void *event)
{
	_Atomic uint32_t *word = event;

	(void)ctx;
	/*
	 * Release: pairs with the acquire in take(); without it the waiter may not see what was written before.
	 * From here on the waiter may return and the event may go: the wake-up names its address, but reads and
	 * writes nothing there. A futex that stands at that address by then sees at most an early return.
	 */
	if (atomic_exchange_explicit(word, SIGNALLED, memory_order_release) == SLEEPING)
		futex_wake(word);
}

static void event_clear(void *ctx, void *event)
{
	_Atomic uint32_t *word = event;

	(void)ctx;
	/* Relaxed: a signal that is forgotten hands nothing over. */
	atomic_store_explicit(word, EMPTY, memory_order_relaxed);
}

/* Consumes the signal if there is one. */
static bool take(_Atomic uint32_t *word)
{
	uint32_t seen = SIGNALLED;

	return atomic_compare_exchange_strong_explicit(word, &seen, EMPTY, memory_order_acquire, memory_order_relaxed);
}

/* False if a signal came first. SLEEPING may stand from an earlier wait that was interrupted or timed out. */
static bool announce_sleep(_Atomic uint32_t *word)
{
	uint32_t seen = EMPTY;

	/* Relaxed: the kernel compares the word again, under its own lock, before it lets the caller sleep. */
	return atomic_compare_exchange_strong_explicit(word, &seen, SLEEPING, memory_order_relaxed,
						       memory_order_relaxed) ||
	       seen == SLEEPING;
}

static int event_wait(void *ctx, void *event, uint64_t deadline_us)
{
	_Atomic uint32_t *word = event;

	(void)ctx;
	while (!take(word)) {
		/*
		 * One last look at the deadline. SLEEPING may stay behind: that costs the next signal one system call
		 * for nobody, and no signal can be lost, as it would if the word were set back here.
		 */
		if (announce_sleep(word) && futex_wait(word, SLEEPING, deadline_us) == ETIMEDOUT)
			return take(word) ? SCMI_OK : SCMI_E_TIMEOUT;
	}
	return SCMI_OK;
}

static void let_run(void *ctx)
{
	const struct timespec nap = {.tv_nsec = 50000};

	(void)ctx;
	/*
	 * Under a fixed priority a yield never lets a thread of lower priority run, and that may be the awaited one.
	 * The kernel is asked, because a C library may remember an answer that chrt has made wrong, or have none.
	 */
	if (syscall(SYS_sched_getscheduler, 0) == SCHED_OTHER)
		sched_yield();
	else
		nanosleep(&nap, NULL);
}

static void relax(void *ctx)
{
	if (!pause_first())
		let_run(ctx);
}

/* Whether the kernel, and what filters its calls, knows the one call that a waiter cannot do without. */
static bool futex_works(void)
{
	_Atomic uint32_t word = EMPTY;

	return futex_wait(&word, SLEEPING, 0) == EAGAIN;
}

int scmi_linux_init(struct scmi_linux *port, struct scmi_port *out)
{
	int err;

	if (port == NULL || out == NULL)
		return SCMI_E_INVAL;
	if (!futex_works())
		return SCMI_E_IO;
	err = scmi_posix_init(&port->posix_, out);
	if (err != SCMI_OK)
		return err;
	out->event_size = sizeof(_Atomic uint32_t);
	out->event_init = event_init;
	out->event_fini = event_fini;
	out->event_signal = event_signal;
	out->event_clear = event_clear;
	out->event_wait = event_wait;
	out->relax = runs_alone() ? let_run : relax;
	return SCMI_OK;
}

void scmi_linux_fini(struct scmi_linux *port)
{
	scmi_posix_fini(&port->posix_);
}
