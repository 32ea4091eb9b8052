/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A kernel that is a few variables: time, a mask, the task that runs the test, and one other context, a task or an
 * interrupt, that does one thing once. It comes when the test's task sleeps, or at a chosen call of a function of the
 * kernel. What no kernel allows is a fault.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_INTERRUPT 21u

enum fake_kind {
	FAKE_EQUAL,     /* a task of the same priority: runs when the test's task yields, too */
	FAKE_LOW,       /* a task of lower priority: runs when the test's task sleeps */
	FAKE_INTERRUPTS /* an interrupt: runs at the first call that is not masked */
};

struct fake {
	uint64_t us;           /* time since the start */
	uint64_t ticks_before; /* that the kernel had counted by then */
	unsigned masked;
	unsigned running; /* FAKE_INTERRUPT in the handler, 1 in the other task, 0 in the test's */
	unsigned calls;   /* of the kernel's functions by the test's task */
	unsigned act_at;  /* the call at which the other context gets ready; 0: it does not by itself */
	bool ready;
	bool asleep; /* the test's task */
	enum fake_kind kind;
	void (*act)(void *arg);
	void *arg;
	unsigned notified[2];
	unsigned switches; /* that somebody asked for because he had woken a task */
	unsigned delays;   /* calls of vTaskDelay() */
	unsigned yields;
	uint32_t longest; /* sleep that was asked for, in ticks */
	const char *fault;
};

extern struct fake fake;

/* The port's clock and interrupt number, of the configuration. */
uint64_t fake_us(void *arg);
uintptr_t fake_interrupt(void *arg);

#endif
