/* SPDX-License-Identifier: BSD-3-Clause */
#include <cmocka.h>
#include <scmi/errors.h>
#include <stdatomic.h>
#include <stddef.h>

#include "port_races.h"
#include "target.h"

#define SYST_CSR BOARD_REGISTER(0xe000e010u)
#define SYST_RVR BOARD_REGISTER(0xe000e014u)
#define SYST_CVR BOARD_REGISTER(0xe000e018u)

#define ICSR BOARD_REGISTER(0xe000ed04u)

#define PENDSTCLR (1u << 25)

#define SOONEST 5u
#define LATEST  400u
#define INSIDE  100u /* how many of them must have come while it mattered, or the test shows nothing */
#define STEPS   20u

static volatile bool came;

/* ---- an interrupt after so many cycles of SysTick's ---- */

static void one_shot(uint32_t cycles)
{
	came = false;
	SYST_CSR = 0;
	SYST_RVR = cycles;
	SYST_CVR = 0;
	SYST_CSR = 7;
}

/* A short one may have come twice by now. */
static void one_shot_over(void)
{
	SYST_CSR = 0;
	ICSR = PENDSTCLR;
	came = true;
}

/* ---- atomics ---- */

enum op { ADD, SUB, OR, AND, XOR, EXCHANGE, COMPARE, OPS };

#define WIDTH(bits)                                                                                                    \
	static _Atomic uint##bits##_t word_##bits;                                                                     \
	static uint32_t apply_##bits(enum op op, uint32_t with)                                                        \
	{                                                                                                              \
		const uint##bits##_t value = (uint##bits##_t)with;                                                     \
		uint##bits##_t seen = 0;                                                                               \
                                                                                                                       \
		switch (op) {                                                                                          \
		case ADD:                                                                                              \
			return atomic_fetch_add(&word_##bits, value);                                                  \
		case SUB:                                                                                              \
			return atomic_fetch_sub(&word_##bits, value);                                                  \
		case OR:                                                                                               \
			return atomic_fetch_or(&word_##bits, value);                                                   \
		case AND:                                                                                              \
			return atomic_fetch_and(&word_##bits, value);                                                  \
		case XOR:                                                                                              \
			return atomic_fetch_xor(&word_##bits, value);                                                  \
		case EXCHANGE:                                                                                         \
			return atomic_exchange(&word_##bits, value);                                                   \
		default: /* an addition; the first look is wrong most of the time */                                   \
			while (!atomic_compare_exchange_strong(&word_##bits, &seen, (uint##bits##_t)(seen + value)))   \
				;                                                                                      \
			return seen;                                                                                   \
		}                                                                                                      \
	}                                                                                                              \
	static uint32_t word_is_##bits(void)                                                                           \
	{                                                                                                              \
		return atomic_load(&word_##bits);                                                                      \
	}                                                                                                              \
	static void word_set_##bits(uint32_t value)                                                                    \
	{                                                                                                              \
		atomic_store(&word_##bits, (uint##bits##_t)value);                                                     \
	}

WIDTH(8)
WIDTH(16)
WIDTH(32)

static const struct width {
	uint32_t mask;
	uint32_t (*apply)(enum op op, uint32_t with);
	uint32_t (*is)(void);
	void (*set)(uint32_t value);
} widths[] = {
	{0xff, apply_8, word_is_8, word_set_8},
	{0xffff, apply_16, word_is_16, word_set_16},
	{0xffffffff, apply_32, word_is_32, word_set_32},
};

static const struct width *width;
static enum op op;
static uint32_t handler_got;

/* What the handler does to the word leaves a trace of its own: the seventh bit, which the code never touches. */
static uint32_t operand(uint32_t step)
{
	const uint32_t bit = 1u << (step < STEPS ? step % 7u : 7u);

	return op == AND ? ~bit : bit;
}

static void handler(void)
{
	one_shot_over();
	handler_got = width->apply(op, operand(STEPS));
}

static uint32_t model(uint32_t value, uint32_t with)
{
	switch (op) {
	case SUB:
		return value - with;
	case OR:
		return value | with;
	case AND:
		return value & with;
	case XOR:
		return value ^ with;
	default:
		return value + with;
	}
}

/* All steps and the handler's: nothing is lost. What was exchanged into the word comes out of it, each thing once. */
static bool race(uint32_t cycles)
{
	const uint32_t start = op == AND ? UINT32_MAX : 0;
	uint32_t expected = start;
	uint32_t out = 0;
	bool inside;

	width->set(start);
	one_shot(cycles);
	for (uint32_t i = 0; i < STEPS; i++)
		out += width->apply(op, operand(i));
	inside = came;
	while (!came)
		;
	for (uint32_t i = 0; i <= STEPS; i++)
		expected = model(expected, operand(i));
	if (op == EXCHANGE)
		assert_int_equal(out + handler_got + width->is(), expected);
	else
		assert_int_equal(width->is(), expected & width->mask);
	return inside;
}

void races_of_atomics(void)
{
	target_ticks(NULL);
	target_on_tick(handler);
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		width = &widths[i];
		for (op = ADD; op < OPS; op++) {
			uint32_t inside = 0;

			for (uint32_t cycles = SOONEST; cycles < LATEST; cycles++)
				inside += race(cycles) ? 1u : 0u;
			assert_true(inside >= INSIDE);
		}
	}
}

/* ---- waits ---- */

static struct scmi_port waiting;
static atomic_uchar event;

static uint64_t clock_of_ours(void *arg)
{
	uint64_t *now = arg;

	return ++*now;
}

static void arms_nothing(void *arg, uint64_t deadline_us)
{
	(void)arg;
	(void)deadline_us;
}

static void signal_it(void)
{
	one_shot_over();
	waiting.event_signal(waiting.ctx, &event);
}

/* The only interrupt there is signals, at each instruction of the wait in turn. If it is missed nothing ends the sleep. */
void races_of_waits(uint32_t mask_level)
{
	static struct scmi_cortex_m cortex;
	uint64_t now = 0;
	const struct scmi_cortex_m_config config = {
		.size = sizeof(config),
		.mask_level = mask_level,
		.now_us = clock_of_ours,
		.wake_at = arms_nothing,
		.arg = &now,
	};

	assert_int_equal(scmi_cortex_m_init(&cortex, &config, &waiting), SCMI_OK);
	assert_true(waiting.event_size <= sizeof(event));
	assert_int_equal(waiting.event_init(waiting.ctx, &event), SCMI_OK);
	target_ticks(NULL);
	target_on_tick(signal_it);
	for (uint32_t cycles = 1; cycles < LATEST; cycles++) {
		one_shot(cycles);
		assert_int_equal(
			waiting.event_wait(waiting.ctx, &event, cycles % 2u != 0 ? SCMI_NEVER : UINT64_MAX - 1u),
			SCMI_OK);
		assert_true(came);
		/* It was consumed: the next wait has none. */
		assert_int_equal(waiting.event_wait(waiting.ctx, &event, 0), SCMI_E_TIMEOUT);
	}
	waiting.event_fini(waiting.ctx, &event);
	scmi_cortex_m_fini(&cortex);
}

/* ---- the clock ---- */

static volatile uint32_t ticks;

static void count(void)
{
	ticks++;
}

/* Nobody looks at it for six ticks: the handler counts them. */
void clock_goes_by_ticks_alone(const struct scmi_port *port, uint32_t tick_us)
{
	uint64_t start, gone;

	ticks = 0;
	target_on_tick(count);
	while (ticks == 0)
		;
	start = port->now_us(port->ctx);
	while (ticks < 7u)
		;
	gone = port->now_us(port->ctx) - start;
	assert_true(gone >= 6u * tick_us - tick_us / 8u && gone <= 6u * tick_us + tick_us / 8u);
}

/*
 * A counter slower than the core stands at 0 before its flag is seen. No counter of the emulator's does, but a store to
 * it makes the same: 0, and no flag.
 */
void clock_never_goes_back(const struct scmi_port *port)
{
	uint64_t before = 0;

	ticks = 0;
	target_on_tick(count);
	while (ticks == 0)
		;
	for (uint32_t i = 0; i < 100u; i++)
		before = port->now_us(port->ctx);
	__asm__ volatile("cpsid i" : : : "memory");
	before = port->now_us(port->ctx);
	SYST_CVR = 0;
	assert_true(port->now_us(port->ctx) >= before);
	__asm__ volatile("cpsie i\n\tisb" : : : "memory");
}

/* ---- the lock ---- */

#ifndef __ARM_ARCH_6M__
static uint32_t basepri(void)
{
	uint32_t level;

	__asm__ volatile("mrs %0, basepri" : "=r"(level) : : "memory");
	return level;
}

static void set_basepri(uint32_t level)
{
	__asm__ volatile("msr basepri, %0" : : "r"(level) : "memory");
}

/* Nor does init leave another level than the user's. */
static void level_survives_init(uint32_t mask_level)
{
	static struct scmi_cortex_m cortex;
	uint64_t now = 0;
	const struct scmi_cortex_m_config config = {
		.size = sizeof(config), .mask_level = mask_level, .now_us = clock_of_ours, .arg = &now};
	struct scmi_port out;

	set_basepri(mask_level / 2u);
	assert_int_equal(scmi_cortex_m_init(&cortex, &config, &out), SCMI_OK);
	assert_int_equal(basepri(), mask_level / 2u);
	set_basepri(0);
	scmi_cortex_m_fini(&cortex);
}

static void lock_inside(const struct scmi_port *port, uint32_t outer, uint32_t inside)
{
	set_basepri(outer);
	port->lock(port->ctx);
	assert_int_equal(basepri(), inside);
	port->unlock(port->ctx);
	assert_int_equal(basepri(), outer);
	set_basepri(0);
}

/* A user's own level, above and below the port's, is there again after a section, and masks inside if it masks more. */
void lock_keeps_outer_levels(const struct scmi_port *port, uint32_t mask_level)
{
	lock_inside(port, 0, mask_level);
	lock_inside(port, mask_level / 2u, mask_level / 2u);
	lock_inside(port, mask_level * 2u, mask_level);
	level_survives_init(mask_level);
}
#endif
