/* SPDX-License-Identifier: BSD-3-Clause */
/* QEMU's mps2-an385, a Cortex-M3: vectors, start-up, an interrupt that software raises. */
#include <FreeRTOS.h>
#include <task.h>

#include "../../../examples/bare_metal/cortex_m/board.h"
#include "rtos.h"

extern uint64_t bss_start[], bss_end[], stack_top[];

void svc_handler(void);
void pendsv_handler(void);
void vApplicationTickHook(void);

static void (*on_interrupt)(void);

uintptr_t (*const rtos_interrupt)(void *arg) = NULL;

void rtos_on_interrupt(void (*handler)(void))
{
	on_interrupt = handler;
}

void rtos_raise(void)
{
	board_irq_raise(IRQ_AGENT);
}

void agent_handler(void)
{
	on_interrupt();
}

void vApplicationTickHook(void)
{
	rtos_tick();
}

void rtos_say(const char *text)
{
	put(text);
}

_Noreturn void rtos_exit(int status)
{
	board_exit(status);
}

int main(void)
{
	board_irq_enable(IRQ_AGENT, PRIORITY_AGENT);
	rtos_main();
}

void reset_handler(void)
{
	for (uint64_t *word = bss_start; word < bss_end; word++)
		*word = 0;
	board_exit(main());
}

static void fault_handler(void)
{
	put("FAILED: a fault\n");
	board_exit(1);
}

/* A vector is an address: of the stack's end, or of a handler. */
union vector {
	void *stack;
	void (*handler)(void);
};

#define FIRST_IRQ 16u

__attribute__((section(".vectors"), used)) static const union vector vectors[FIRST_IRQ + 32u] = {
	{.stack = stack_top},
	{.handler = reset_handler},
	[2] = {.handler = fault_handler},
	[3] = {.handler = fault_handler},
	[4] = {.handler = fault_handler},
	[5] = {.handler = fault_handler},
	[6] = {.handler = fault_handler},
	[11] = {.handler = svc_handler},
	[14] = {.handler = pendsv_handler},
	[15] = {.handler = systick_handler},
	[FIRST_IRQ + IRQ_AGENT] = {.handler = agent_handler},
};
