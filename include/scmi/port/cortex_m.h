/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port to one Cortex-M core without an operating system: M0, M0+, M3, M4, M7, M23, M33. One thread of control, the
 * code in thread mode, and interrupts. Needs no CMSIS and no C library.
 *
 *	static struct scmi_cortex_m cortex;
 *	static struct scmi_port port;
 *
 *	void SysTick_Handler(void)
 *	{
 *		scmi_cortex_m_tick(&cortex);
 *	}
 *
 *	const struct scmi_cortex_m_config config = {.size = sizeof(config), .systick_hz = 48000000, .mask_level = 0x40};
 *	int err = scmi_cortex_m_init(&cortex, &config, &port);
 *
 * Interrupts are other contexts: each one's name (self) is its exception number. The lock masks by BASEPRI where the
 * configuration gives a level, else by PRIMASK. A wait sleeps by WFI with PRIMASK set, which an interrupt ends that is
 * pending already, so that none is slept through; it must be called in thread mode with nothing masked. All of it runs
 * in privileged mode: elsewhere writes to the masks are ignored, and SysTick is out of reach.
 *
 * A core of ARMv6-M (M0, M0+) has no instruction that reads and writes in one step. The functions that the compiler
 * calls in their place come with this port, with interrupts masked: right for one core, and for memory that no other
 * master writes. They are those of 1, 2 and 4 bytes: __atomic_load_N, store, exchange, compare_exchange, and fetch_add,
 * sub, and, or, xor, by the names and arguments that gcc and clang call; not those of 8 bytes, not __sync_*, nor the
 * general ones with a size. They are weak: a program that has its own keeps those, and they must mask as much. On it a handler that calls the library may have any priority, but for NMI and HardFault.
 */
#ifndef SCMI_PORT_CORTEX_M_H
#define SCMI_PORT_CORTEX_M_H

#include <stdint.h>

#include <scmi/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/* scmi_cortex_m_config.flags. DCACHE: a Cortex-M7 with its data cache on: the port cleans and invalidates lines. */
#define SCMI_CORTEX_M_DCACHE (1u << 0)

/* A tick that a configuration leaves 0. */
#define SCMI_CORTEX_M_TICK_DEFAULT_US 1000u

/* Zero is a good default for every member but size and one of the two clocks. Not kept, but for what arg points to. */
struct scmi_cortex_m_config {
	uint32_t size;  /* sizeof(struct scmi_cortex_m_config) */
	uint32_t flags; /* SCMI_CORTEX_M_* */

	/*
	 * What lock() writes to BASEPRI: the highest priority, that is the lowest number, of an interrupt that calls
	 * the library, as it stands in the NVIC's priority register (priority 2 of a part with 4 bits is 0x20).
	 * Interrupts above it are never delayed, and must not call the library. 0: PRIMASK, all are masked. To 0xff. A
	 * level that masks nothing is refused: CMSIS' number 2, not shifted, is such a level on a part with 4 bits.
	 * ARMv6-M and ARMv8-M Baseline have no BASEPRI: only 0; a Cortex-M7 of revision r0p0 or r0p1 needs 0, too
	 * (erratum 837070).
	 */
	uint32_t mask_level;

	/*
	 * A clock made of SysTick: its frequency in Hz, which is the processor's. The port programs and starts
	 * SysTick; the user's handler calls scmi_cortex_m_tick() and nobody else reads SysTick's control register (a
	 * read takes the flag that counts). 0: now_us() is given.
	 */
	uint32_t systick_hz;
	/*
	 * Its period in microseconds: how long a wait may oversleep, and the longest time for which the handler may be
	 * kept off. systick_hz x tick_us / 10^6 is a whole number from 16 to 2^24. 0: SCMI_CORTEX_M_TICK_DEFAULT_US.
	 */
	uint32_t tick_us;

	/* A clock of the user's, as struct scmi_port wants it: any context, masked ones too. NULL: systick_hz. */
	uint64_t (*now_us)(void *arg);
	/*
	 * Beside now_us: arms some interrupt for that time, so that a wait with a deadline can sleep. Called masked,
	 * each time before the core sleeps; SCMI_NEVER: none is needed. It may come early. If the time has passed, or
	 * is near, the interrupt is to be pending at once. NULL: a wait with a deadline does not sleep, it looks again
	 * and again.
	 */
	void (*wake_at)(void *arg, uint64_t deadline_us);
	void *arg;
};

/* The port's state, in the caller's memory. Must not move while the port is used. Opaque. */
struct scmi_cortex_m {
	uint64_t time_us_; /* of the ticks that are over */
	uint64_t last_us_; /* what now_us() said last */
	uint64_t (*now_us_)(void *arg);
	void (*wake_at_)(void *arg, uint64_t deadline_us);
	void *arg_;
	uint32_t mask_level_;
	uint32_t state_; /* of the mask before lock() */
	uint32_t tick_us_;
	uint32_t reload_;
	uint32_t scale_; /* microseconds a cycle, times 2^32 */
};

/*
 * Makes a port and writes its table to *out, which may be copied; port must outlive its use. Starts SysTick where the
 * configuration asks for that clock. Returns SCMI_OK; SCMI_E_INVAL: NULL, a size this version does not know, unknown
 * flags, a mask level that the core does not have or that masks nothing (as all in unprivileged mode), no clock or two, a tick that is no whole number of cycles or out of
 * range. *out and SysTick are untouched then. There is nothing to end: scmi_cortex_m_fini() stops SysTick.
 * Context: thread, privileged.
 */
int scmi_cortex_m_init(struct scmi_cortex_m *port, const struct scmi_cortex_m_config *config, struct scmi_port *out);

/* Stops SysTick if the port has started it; nobody uses the port any more. Context: thread. */
void scmi_cortex_m_fini(struct scmi_cortex_m *port);

/*
 * SysTick's handler: counts what is over, which whoever reads the clock may have done already. It may be kept off for
 * less than a tick, or time is lost. Of any priority. Context: any.
 */
void scmi_cortex_m_tick(struct scmi_cortex_m *port);

#ifdef __cplusplus
}
#endif

#endif
