/* SPDX-License-Identifier: BSD-3-Clause */
/* What the test on FreeRTOS's kernel has of the machine that it runs on, and its parts of each other. */
#ifndef RTOS_H
#define RTOS_H

#include <stdint.h>

#include <scmi/port.h>

/* ---- the machine: posix.c, mps2.c ---- */

/* For the port's configuration: the number of the running interrupt; NULL: the port knows by itself. */
extern uintptr_t (*const rtos_interrupt)(void *arg);

/* Lets handler run in an interrupt, as soon as one may come (mps2), or at the next tick (POSIX). */
void rtos_on_interrupt(void (*handler)(void));
void rtos_raise(void);

void rtos_say(const char *text);
_Noreturn void rtos_exit(int status);

/* ---- main.c ---- */

/* Called in the tick's interrupt. */
void rtos_tick(void);
_Noreturn void rtos_main(void);

/* ---- pair.c ---- */

/*
 * An agent in the caller's task, a platform in one of the given priority: calls that sleep, and calls that poll. Returns
 * NULL, or what is wrong.
 */
const char *pair_run(const struct scmi_port *port, unsigned priority);

#endif
