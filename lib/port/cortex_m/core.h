/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers and instructions of the core, by the architecture manuals for ARMv6-M, ARMv7-M and ARMv8-M. */
#ifndef SCMI_PORT_CORTEX_M_CORE_H
#define SCMI_PORT_CORTEX_M_CORE_H

#include <stdint.h>

#if !defined(__ARM_ARCH_6M__) && !defined(__ARM_ARCH_8M_BASE__)
#define HAS_BASEPRI 1
#else
#define HAS_BASEPRI 0
#endif

/* "memory" on all that masks: what a section guards must not be moved out of it by the compiler. */

static inline uint32_t mask_all(void)
{
	uint32_t state;

	__asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(state) : : "memory");
	return state;
}

/* The ISB lets what has become pending meanwhile in, before whatever follows. */
static inline void restore_all(uint32_t state)
{
	__asm__ volatile("msr primask, %0\n\tisb" : : "r"(state) : "memory");
}

#if HAS_BASEPRI
/* BASEPRI_MAX takes a level only if it masks more than what stands there. */
static inline uint32_t mask_from(uint32_t level)
{
	uint32_t state;

	__asm__ volatile("mrs %0, basepri" : "=r"(state) : : "memory");
	__asm__ volatile("msr basepri_max, %0" : : "r"(level) : "memory");
	return state;
}

static inline void restore_from(uint32_t state)
{
	__asm__ volatile("msr basepri, %0" : : "r"(state) : "memory");
}

/* What BASEPRI takes of a level; it is left as it was. Called masked. */
static inline uint32_t what_is_taken_of(uint32_t level)
{
	uint32_t state, taken;

	__asm__ volatile("mrs %0, basepri\n\tmsr basepri, %2\n\tmrs %1, basepri\n\tmsr basepri, %0"
			 : "=&r"(state), "=&r"(taken)
			 : "r"(level)
			 : "memory");
	return taken;
}
#endif

static inline uint32_t exception_number(void)
{
	uint32_t number;

	__asm__ volatile("mrs %0, ipsr" : "=r"(number));
	return number;
}

/* Ends when an interrupt is pending, masked by PRIMASK or not. */
static inline void sleep_until_pending(void)
{
	__asm__ volatile("dsb\n\twfi\n\tisb" : : : "memory");
}

static inline void barrier(void)
{
	__asm__ volatile("dsb\n\tisb" : : : "memory");
}

/* It lies where the architecture says. NOLINTNEXTLINE(performance-no-int-to-ptr) */
#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define SYST_CSR REGISTER(0xe000e010u)
#define SYST_RVR REGISTER(0xe000e014u)
#define SYST_CVR REGISTER(0xe000e018u)

#define SYST_ENABLE    (1u << 0)
#define SYST_TICKINT   (1u << 1)
#define SYST_CORECLOCK (1u << 2)
#define SYST_COUNTFLAG (1u << 16)
#define SYST_MAX       0xffffffu

#define DCCMVAC  REGISTER(0xe000ef68u) /* clean a line */
#define DCCIMVAC REGISTER(0xe000ef70u) /* clean and invalidate it */

#endif
