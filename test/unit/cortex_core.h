/* SPDX-License-Identifier: BSD-3-Clause */
/* In the place of lib/port/cortex_m/core.h: a core whose registers the test sees. Priorities have three bits. */
#ifndef SCMI_PORT_CORTEX_M_CORE_H
#define SCMI_PORT_CORTEX_M_CORE_H

#include <stdint.h>

#define HAS_BASEPRI 1
#define LEVEL_BITS  0xe0u

enum core_did { CORE_BARRIER, CORE_CLEAN, CORE_INVALIDATE };

struct core {
	uint32_t primask, basepri, csr, rvr, cvr;
	enum core_did did[16];
	uint32_t line[16]; /* of a cache; 0 with a barrier */
	uint32_t n;
};

extern struct core core;

/* Where the value of a store to the caches' registers, or of a barrier, goes. */
uint32_t *core_does(enum core_did what);
/* An interrupt is to become pending now, or never will. */
void core_sleeps(void);

static inline uint32_t mask_all(void)
{
	const uint32_t state = core.primask;

	core.primask = 1;
	return state;
}

static inline void restore_all(uint32_t state)
{
	core.primask = state;
}

static inline uint32_t mask_from(uint32_t level)
{
	const uint32_t state = core.basepri;

	if (state == 0 || level < state)
		core.basepri = level & LEVEL_BITS;
	return state;
}

static inline void restore_from(uint32_t state)
{
	core.basepri = state;
}

static inline uint32_t what_is_taken_of(uint32_t level)
{
	return level & LEVEL_BITS;
}

static inline uint32_t exception_number(void)
{
	return 0;
}

static inline void sleep_until_pending(void)
{
	core_sleeps();
}

static inline void barrier(void)
{
	*core_does(CORE_BARRIER) = 0;
}

#define SYST_CSR core.csr
#define SYST_RVR core.rvr
#define SYST_CVR core.cvr

#define SYST_ENABLE    (1u << 0)
#define SYST_TICKINT   (1u << 1)
#define SYST_CORECLOCK (1u << 2)
#define SYST_COUNTFLAG (1u << 16)
#define SYST_MAX       0xffffffu

#define DCCMVAC  (*core_does(CORE_CLEAN))
#define DCCIMVAC (*core_does(CORE_INVALIDATE))

#endif
