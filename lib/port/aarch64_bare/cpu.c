/* SPDX-License-Identifier: BSD-3-Clause */
#include "cpu.h"

#define READ_REGISTER(name, value)  __asm__ volatile("mrs %0, " #name : "=r"(value) : : "memory")
#define WRITE_REGISTER(name, value) __asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(value)) : "memory")

/* The language allows no parentheses around it. NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define INSTRUCTION(text) __asm__ volatile(text : : : "memory")

#define CNTKCTL_EVNTEN      (UINT64_C(1) << 2)
#define CNTKCTL_EVNTDIR     (UINT64_C(1) << 3)
#define CNTKCTL_EVNTI_SHIFT 4u
#define CNTKCTL_EVNTI       (UINT64_C(15) << CNTKCTL_EVNTI_SHIFT)
#define CNTKCTL_EVNTIS      (UINT64_C(1) << 17) /* FEAT_ECV: the counter's bits from 8 on */
#define CNTV_CTL_ENABLE     1u
#define CTR_DMINLINE_SHIFT  16u
#define CTR_DMINLINE        15u

uint64_t scmi__aarch64_counter(void)
{
	uint64_t counter;

	INSTRUCTION("isb");
	READ_REGISTER(cntvct_el0, counter);
	return counter;
}

uint32_t scmi__aarch64_counter_hz(void)
{
	uint64_t hz;

	READ_REGISTER(cntfrq_el0, hz);
	return (uint32_t)hz;
}

uintptr_t scmi__aarch64_core(void)
{
	uint64_t mpidr;

	READ_REGISTER(mpidr_el1, mpidr);
	return (mpidr >> 8 & 0xff000000u) | (mpidr & 0xffffffu);
}

uintptr_t scmi__aarch64_mask(void)
{
	uint64_t daif;

	READ_REGISTER(daif, daif);
	INSTRUCTION("msr daifset, #3");
	return daif;
}

void scmi__aarch64_restore(uintptr_t daif)
{
	WRITE_REGISTER(daif, daif);
}

void scmi__aarch64_wait_event(void)
{
	INSTRUCTION("wfe");
}

void scmi__aarch64_send_event(void)
{
	/* What was stored is there before the event is. */
	INSTRUCTION("dsb ishst\n\tsev");
}

void scmi__aarch64_event_stream(unsigned bit)
{
	uint64_t control;

	READ_REGISTER(cntkctl_el1, control);
	control &= ~(CNTKCTL_EVNTI | CNTKCTL_EVNTDIR | CNTKCTL_EVNTIS);
	control |= CNTKCTL_EVNTEN | (uint64_t)bit << CNTKCTL_EVNTI_SHIFT;
	WRITE_REGISTER(cntkctl_el1, control);
	INSTRUCTION("isb");
}

void scmi__aarch64_sleep(void)
{
	INSTRUCTION("dsb sy\n\twfi");
}

void scmi__aarch64_timer_at(uint64_t counter)
{
	WRITE_REGISTER(cntv_cval_el0, counter);
	WRITE_REGISTER(cntv_ctl_el0, CNTV_CTL_ENABLE);
	INSTRUCTION("isb");
}

void scmi__aarch64_timer_off(void)
{
	WRITE_REGISTER(cntv_ctl_el0, 0);
	INSTRUCTION("isb");
}

size_t scmi__aarch64_line(void)
{
	uint64_t ctr;

	READ_REGISTER(ctr_el0, ctr);
	return (size_t)4 << (ctr >> CTR_DMINLINE_SHIFT & CTR_DMINLINE);
}

void scmi__aarch64_clean(uintptr_t address)
{
	__asm__ volatile("dc cvac, %0" : : "r"(address) : "memory");
}

void scmi__aarch64_invalidate(uintptr_t address)
{
	__asm__ volatile("dc civac, %0" : : "r"(address) : "memory");
}

void scmi__aarch64_caches_done(void)
{
	INSTRUCTION("dsb sy");
}
