/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port to copy and to change. As it lies here it is complete for one processor core without an operating system:
 * one thread of control (the main loop) and interrupts. The board supplies a clock and the interrupt mask; whoever
 * has tasks replaces the events by the RTOS's own. docs/porting.md goes through it function by function.
 */
#ifndef SCMI_PORT_TEMPLATE_H
#define SCMI_PORT_TEMPLATE_H

#include <scmi/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What the board supplies; every function gets `arg`. The comments show Cortex-M with CMSIS. All are required, called
 * from the main loop and from interrupts, except idle().
 */
struct scmi_board {
	void *arg;

	/*
	 * Monotonic microseconds. A 32-bit counter of 1 MHz wraps after 71 minutes: count the wraps, and mind that
	 * this may be called with interrupts masked while a wrap is pending.
	 */
	uint64_t (*now_us)(void *arg);

	/*
	 * mask: masks at least each interrupt that calls the library, returns what restore() needs to bring back the
	 * state before. They nest.
	 *	uintptr_t state = __get_PRIMASK(); __disable_irq(); return state;
	 *	__set_PRIMASK((uint32_t)state);
	 */
	uintptr_t (*mask)(void *arg);
	void (*restore)(void *arg, uintptr_t state);

	/*
	 * Sleeps until an interrupt is pending or until deadline_us; may return at once. Called masked, from the main
	 * loop only, and must return with the mask unchanged: that no signal is lost between the last look at the
	 * event and the sleep rests on a sleep that ends on a pending interrupt although it is masked. WFI does so
	 * under PRIMASK, not under BASEPRI. Unless a periodic tick wakes the core, program a timer for deadline_us
	 * (SCMI_NEVER: none) first.
	 *	__DSB(); __WFI();
	 */
	void (*idle)(void *arg, uint64_t deadline_us);

	/*
	 * The number of the running interrupt, 0 in the main loop; not UINTPTR_MAX.
	 *	return __get_IPSR();
	 */
	uintptr_t (*interrupt)(void *arg);
};

/* The port's state, in the caller's memory. Must not move while the port is used. There is nothing to end. */
struct scmi_template {
	struct scmi_board board_;
	uintptr_t state_; /* of the mask before lock() */
};

/*
 * Makes a port and writes its table to *out, which may be copied; port must outlive its use, board is copied. Returns
 * SCMI_OK, or SCMI_E_INVAL (an argument is NULL, or a function of the board), and *out is untouched then.
 * Context: any.
 */
int scmi_template_init(struct scmi_template *port, const struct scmi_board *board, struct scmi_port *out);

#ifdef __cplusplus
}
#endif

#endif
