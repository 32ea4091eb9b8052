/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port to AArch64 without an operating system: one core or several, each with one thread of control and interrupts.
 *
 * The clock is the virtual counter. lock() masks IRQ and FIQ of this core and takes a spin lock. An event is a word of 4
 * bytes, and two ways to sleep on it:
 *
 *	flags 0                 WFE, for any number of cores. A signal is SEV; an interrupt wakes its core when it
 *	                        returns. Deadlines are seen by the counter's event stream, which wakes each core that
 *	                        sleeps so every 50 to 100 us (with a slow or a very fast counter more or less often)
 *	SCMI_AARCH64_BARE_WFI   WFI, for one core. The virtual timer is set to the deadline, and its interrupt ends the
 *	                        sleep: the board enables it (PPI 27 of most) as level-triggered, and the port switches the
 *	                        timer off before it unmasks. That may reach the interrupt controller late: the handler
 *	                        must put up with this interrupt, for which there is nothing to do but to end it, and with
 *	                        a spurious one (1023), which is not ended. The timer is the port's own
 *
 * It runs at EL1, or at EL2 without E2H. What it asks of the start-up code: the MMU is on and the memory of the library is
 * normal, cacheable, inner shareable memory (atomic instructions need that), and interrupts are enabled while somebody
 * waits; with WFI they need not be. Whoever has a scheduler replaces the events by its own; docs/porting.md.
 */
#ifndef SCMI_PORT_AARCH64_BARE_H
#define SCMI_PORT_AARCH64_BARE_H

#include <scmi/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/* scmi_aarch64_bare_config.flags */
#define SCMI_AARCH64_BARE_WFI (1u << 0) /* sleep by WFI and the virtual timer; one core alone uses the port */

/* Zero is a good default for every member but size. Not kept after init. */
struct scmi_aarch64_bare_config {
	uint32_t size;       /* sizeof(struct scmi_aarch64_bare_config) */
	uint32_t flags;      /* SCMI_AARCH64_BARE_* */
	uint32_t counter_hz; /* of the counter; 0: as CNTFRQ_EL0 says, which firmware has to set */

	/*
	 * The interrupt that this core is handling, plus 1, below 65536: the innermost one where they nest; 0: none. Called
	 * from any context. The processor does not tell by itself: handlers have to keep account. NULL: no interrupt
	 * calls the library.
	 */
	uint32_t (*interrupt)(void *arg);
	void *arg;
};

/* The port's state, in the caller's memory. Must not move while the port is used. There is nothing to end. */
struct scmi_aarch64_bare {
	uint32_t flags_;
	uint32_t hz_;
	uint32_t lock_;
	uintptr_t daif_; /* before lock() */
	uint32_t (*interrupt_)(void *arg);
	void *arg_;
};

/*
 * Makes a port and writes its table to *out, which may be copied; port must outlive its use. Without WFI it enables the
 * event stream of this core. Returns SCMI_OK, or SCMI_E_INVAL (an argument is NULL, a size or a flag that this version
 * does not know, a counter below 1 MHz or one whose firmware has not told its frequency), and nothing is changed then.
 * Context: thread.
 */
int scmi_aarch64_bare_init(struct scmi_aarch64_bare *port, const struct scmi_aarch64_bare_config *config,
			   struct scmi_port *out);

/*
 * On each further core, before it uses the port: enables its event stream. The last core that comes out of a deep sleep
 * which has cost it this register calls it, too. Context: thread.
 */
void scmi_aarch64_bare_core(const struct scmi_aarch64_bare *port);

#ifdef __cplusplus
}
#endif

#endif
