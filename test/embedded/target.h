/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests on a target have beyond the example's board: handlers that a test chooses, a timer, words from the
 * command line, a painted stack. The board itself is that of examples/bare_metal/cortex_m.
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include <scmi/port.h>
#include <scmi/port/cortex_m.h>

#include "../../examples/bare_metal/cortex_m/board.h"

#define IRQ_TIMER 8u
#define IRQ_CHAOS 22u

#define PRIORITY_TIMER 0x00u /* above what the port's lock masks: it sees what stands inside, and calls nothing */
#define PRIORITY_CHAOS 0xc0u

#define TIMER_HZ 25000000u

/* ---- handlers: of IRQ_PLATFORM, IRQ_AGENT, and, where there is a vector table in memory, IRQ_CHAOS ---- */

void target_on_platform(void (*handler)(void));
void target_on_agent(void (*handler)(void));
void target_on_tick(void (*handler)(void));

/* Puts the vectors into memory, and two of ours into them: M3 and above. */
void target_vectors(void (*timer)(void), void (*chaos)(void));
/* Then the handler of an exception, by its number. */
void target_vector(uint32_t exception, void (*handler)(void));

/* ---- a port ---- */

/* SysTick's clock, and BASEPRI where the core has one; made anew each time. */
int target_port(struct scmi_port *out);
/* What SysTick's handler counts for; NULL: nobody. */
void target_ticks(struct scmi_cortex_m *cortex);

/* ---- a timer of the board's (mps2 only): once after n cycles of 25 MHz ---- */

void timer_in(uint32_t cycles);
void timer_off(void);
void timer_served(void);
/* A second one, that counts down all the time. */
void stopwatch_start(void);
uint32_t stopwatch_now(void); /* cycles of 25 MHz since then */

/* ---- numbers by chance ---- */

extern uint32_t target_random_state;
uint32_t target_random(uint32_t below);

/* The number after "name=" on the command line, else this one. */
uint32_t target_option(const char *name, uint32_t otherwise);

/* ---- the stack ---- */

void target_paint(void);
uint32_t target_stack_used(void);

#endif
