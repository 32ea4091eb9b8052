/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "target.h"

#define VECTORS     48u
#define FIRST_IRQ   16u
#define VTOR        BOARD_REGISTER(0xe000ed08u)
#define SYS_CMDLINE 0x15u
#define PAINT       0x5ca1ab1eu

static void (*on_platform)(void);
static void (*on_agent)(void);
static void (*on_tick)(void);
static struct scmi_cortex_m *ticking;

/* ---- handlers ---- */

void platform_handler(void)
{
	if (on_platform != NULL)
		on_platform();
}

void agent_handler(void)
{
	if (on_agent != NULL)
		on_agent();
}

void systick_handler(void)
{
	if (ticking != NULL)
		scmi_cortex_m_tick(ticking);
	if (on_tick != NULL)
		on_tick();
}

void target_on_platform(void (*handler)(void))
{
	on_platform = handler;
	board_irq_enable(IRQ_PLATFORM, PRIORITY_PLATFORM);
}

void target_on_agent(void (*handler)(void))
{
	on_agent = handler;
	board_irq_enable(IRQ_AGENT, PRIORITY_AGENT);
}

void target_on_tick(void (*handler)(void))
{
	on_tick = handler;
}

void target_ticks(struct scmi_cortex_m *cortex)
{
	ticking = cortex;
}

#ifndef __ARM_ARCH_6M__
static _Alignas(256) uint32_t vectors[VECTORS];

void target_vector(uint32_t exception, void (*handler)(void))
{
	vectors[exception] = (uint32_t)handler;
}

void target_vectors(void (*timer)(void), void (*chaos)(void))
{
	const uint32_t *flash = (const uint32_t *)VTOR;

	for (uint32_t i = 0; i < VECTORS; i++)
		vectors[i] = flash[i];
	vectors[FIRST_IRQ + IRQ_TIMER] = (uint32_t)timer;
	vectors[FIRST_IRQ + IRQ_CHAOS] = (uint32_t)chaos;
	VTOR = (uint32_t)vectors;
	__asm__ volatile("dsb\n\tisb" : : : "memory");
	board_irq_enable(IRQ_TIMER, PRIORITY_TIMER);
	board_irq_enable(IRQ_CHAOS, PRIORITY_CHAOS);
}
#endif

/* ---- a port ---- */

int target_port(struct scmi_port *out)
{
	static struct scmi_cortex_m cortex;
	const struct scmi_cortex_m_config config = {
		.size = sizeof(config),
		.systick_hz = BOARD_HZ,
#ifndef __ARM_ARCH_6M__
		.mask_level = PRIORITY_PLATFORM,
#endif
	};

	board_systick_priority(PRIORITY_SYSTICK);
	target_ticks(&cortex);
	return scmi_cortex_m_init(&cortex, &config, out);
}

/* ---- timers: the APB timers of CMSDK ---- */

#define TIMER(n, offset) BOARD_REGISTER(0x40000000u + (n)*0x1000u + (offset))
#define CTRL             0x0u
#define VALUE            0x4u
#define RELOAD           0x8u
#define INTCLEAR         0xcu
#define ENABLE           (1u << 0)
#define INTERRUPT        (1u << 3)

void timer_in(uint32_t cycles)
{
	TIMER(0, RELOAD) = cycles != 0 ? cycles : 1u;
	TIMER(0, CTRL) = ENABLE | INTERRUPT;
}

void timer_served(void)
{
	TIMER(0, INTCLEAR) = 1;
}

void timer_off(void)
{
	TIMER(0, CTRL) = 0;
	timer_served();
}

void stopwatch_start(void)
{
	TIMER(1, RELOAD) = UINT32_MAX;
	TIMER(1, CTRL) = ENABLE;
}

uint32_t stopwatch_now(void)
{
	return UINT32_MAX - TIMER(1, VALUE);
}

/* ---- numbers ---- */

uint32_t target_random_state;

/* xorshift; masked, for it is asked in handlers too. */
uint32_t target_random(uint32_t below)
{
	uint32_t mask, x;

	__asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(mask) : : "memory");
	x = target_random_state != 0 ? target_random_state : 1u;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	target_random_state = x;
	__asm__ volatile("msr primask, %0" : : "r"(mask) : "memory");
	return below != 0 ? x % below : x;
}

static const char *command_line(void)
{
	static char line[128];
	struct {
		char *at;
		uint32_t len;
	} block = {line, sizeof(line)};
	register uint32_t r0 __asm__("r0") = SYS_CMDLINE;
	register void *r1 __asm__("r1") = &block;

	__asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
	line[sizeof(line) - 1u] = '\0';
	return r0 == 0 ? line : "";
}

uint32_t target_option(const char *name, uint32_t otherwise)
{
	uint32_t len = 0;
	uint32_t value = 0;

	while (name[len] != '\0')
		len++;

	for (const char *at = command_line(); *at != '\0'; at++) {
		if (memcmp(at, name, len) != 0 || at[len] != '=')
			continue;
		for (at += len + 1u; *at >= '0' && *at <= '9'; at++)
			value = value * 10u + (uint32_t)(*at - '0');
		return value;
	}
	return otherwise;
}

/* ---- the stack ---- */

extern uint32_t stack_end[], stack_top[];

void target_paint(void)
{
	const uint32_t *here;

	__asm__ volatile("mov %0, sp" : "=r"(here));
	for (uint32_t *word = stack_end; word < here - 16; word++)
		*word = PAINT;
}

uint32_t target_stack_used(void)
{
	const volatile uint32_t *word = stack_end;

	while (word < stack_top && *word == PAINT)
		word++;
	return (uint32_t)((const volatile uint32_t *)stack_top - word) * 4u;
}
