/* SPDX-License-Identifier: BSD-3-Clause */
/* What the example needs of a Cortex-M board: two interrupts that software can raise, and a way to print. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Lines of the NVIC that no device of the board uses. On an nRF51822 they are meant for software. */
#define IRQ_PLATFORM 20u
#define IRQ_AGENT    21u

/*
 * Priorities, lower is higher. Two bits, all that an M0 has. The platform is above the agent: it serves while the
 * agent's code stands still, and its answers come when it has done.
 */
#define PRIORITY_PLATFORM 0x40u
#define PRIORITY_AGENT    0x80u
#define PRIORITY_SYSTICK  0xc0u

#define BOARD_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

static inline void board_irq_enable(uint32_t irq, uint32_t priority)
{
	const uint32_t shift = irq % 4u * 8u;

	BOARD_REGISTER(0xe000e400u + irq / 4u * 4u) =
		(BOARD_REGISTER(0xe000e400u + irq / 4u * 4u) & ~(0xffu << shift)) | priority << shift;
	BOARD_REGISTER(0xe000e100u) = 1u << irq;
}

static inline void board_irq_disable(uint32_t irq)
{
	BOARD_REGISTER(0xe000e180u) = 1u << irq;
	__asm__ volatile("dsb\n\tisb" : : : "memory");
}

/* Raises it. What was written before is in memory: a store to the NVIC is not ordered behind others by itself. */
static inline void board_irq_raise(uint32_t irq)
{
	__asm__ volatile("dsb" : : : "memory");
	BOARD_REGISTER(0xe000e200u) = 1u << irq;
	__asm__ volatile("dsb\n\tisb" : : : "memory");
}

static inline void board_systick_priority(uint32_t priority)
{
	BOARD_REGISTER(0xe000ed20u) = (BOARD_REGISTER(0xe000ed20u) & 0x00ffffffu) | priority << 24;
}

/* ---- semihosting: whoever debugs or emulates the machine does it; without one the first print is a fault ---- */

void board_write(const char *text);
_Noreturn void board_exit(int status);

/* ---- print.c ---- */

void put(const char *text);
void put_u32(uint32_t value);

/* ---- handlers, and where the image begins ---- */

void reset_handler(void);
void systick_handler(void);
void platform_handler(void);
void agent_handler(void);
int main(void);

#endif
