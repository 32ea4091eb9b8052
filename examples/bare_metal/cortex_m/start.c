/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors and start-up. */
#include "board.h"

extern uint64_t bss_start[], bss_end[], stack_top[];

void reset_handler(void)
{
	for (uint64_t *word = bss_start; word < bss_end; word++)
		*word = 0;
	board_exit(main());
}

/* An exception that nobody expects. */
static void fault_handler(void)
{
	put("fault\n");
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
	[11] = {.handler = fault_handler},
	[14] = {.handler = fault_handler},
	[15] = {.handler = systick_handler},
	[FIRST_IRQ + IRQ_PLATFORM] = {.handler = platform_handler},
	[FIRST_IRQ + IRQ_AGENT] = {.handler = agent_handler},
};
