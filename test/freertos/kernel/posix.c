/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's POSIX port: tasks are threads of which one runs, and its one interrupt is a signal, the tick's. So what a test
 * raises runs in the tick's hook.
 */
#include <stdio.h>
#include <unistd.h>

#include <FreeRTOS.h>
#include <task.h>

#include "rtos.h"

#define NUMBER 7u

static void (*on_interrupt)(void);
static volatile unsigned raised;
static volatile uintptr_t running;

static uintptr_t number(void *arg)
{
	(void)arg;
	return running;
}

uintptr_t (*const rtos_interrupt)(void *arg) = number;

void rtos_on_interrupt(void (*handler)(void))
{
	on_interrupt = handler;
}

void rtos_raise(void)
{
	raised = 1;
}

/* Raised by now, or by what it does itself: nothing else runs meanwhile. */
static void interrupts(void)
{
	running = NUMBER;
	rtos_tick();
	if (raised != 0) {
		raised = 0;
		on_interrupt();
	}
	running = 0;
}

void vApplicationTickHook(void);

void vApplicationTickHook(void)
{
	interrupts();
}

void rtos_say(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

_Noreturn void rtos_exit(int status)
{
	fflush(NULL);
	_exit(status);
}

int main(void)
{
	rtos_main();
}
