/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The suite for ports on the processor's own instructions, in both ways to sleep. The other context is an interrupt of
 * the physical timer, which comes at one instruction after the other. Then what only the registers can tell.
 */
#include <cmocka.h>
#include <scmi/errors.h>
#include <scmi/port/aarch64_bare.h>
#include <stddef.h>

#include "../../examples/bare_metal/aarch64_virt/board.h"
#include "../embedded/shim_port.h"
#include "../unit/port_suite.h"
#include "../unit/port_threads.h"

#define READ(name, value)  __asm__ volatile("isb\n\tmrs %0, " #name : "=r"(value) : : "memory")
#define WRITE(name, value) __asm__ volatile("msr " #name ", %0\n\tisb" : : "r"((uint64_t)(value)) : "memory")

#define OTHER_TIMER 30u /* the physical timer's interrupt, a PPI */

#define EVNTEN     (UINT64_C(1) << 2)
#define EVNTDIR    (UINT64_C(1) << 3)
#define EVNTI      (UINT64_C(15) << 4)
#define EVNTIS     (UINT64_C(1) << 17)
#define EL0VCTEN   (UINT64_C(1) << 1)
#define EVENT_BITS (EVNTEN | EVNTDIR | EVNTI | EVNTIS)

#define CTL_ENABLE 1u
#define MASKED_IRQ (UINT64_C(1) << 7)

#define ROUNDS         150u
#define TICKS_AN_ORDER 4u /* of the counter, as `run` starts the emulator */

static struct scmi_aarch64_bare state;
static struct scmi_port port;
static struct scmi_aarch64_bare_config config;

static void (*act)(void *arg);
static void *act_arg;
static volatile uint32_t came;
static uint32_t round;

int main(void);
void put(const char *text);

void put(const char *text)
{
	board_print("%s", text);
}

struct scmi_port *shim_port(void)
{
	return &port;
}

int port_threads(const struct port_fixture *fixture)
{
	(void)fixture;
	return 1; /* all of ours have an `other` */
}

/* ---- the other context ---- */

static void on_other(void *arg)
{
	(void)arg;
	WRITE(cntp_ctl_el0, 0);
	if (act != NULL)
		act(act_arg);
	came++;
}

static void raise_after(uint32_t ticks)
{
	uint64_t now;

	READ(cntpct_el0, now);
	WRITE(cntp_cval_el0, now + ticks);
	WRITE(cntp_ctl_el0, CTL_ENABLE);
}

static void other(void (*what)(void *arg), void *arg)
{
	came = 0;
	act_arg = arg;
	act = what;
	raise_after(round * TICKS_AN_ORDER);
}

static void join(void)
{
	while (came == 0)
		port.relax(port.ctx);
	act = NULL;
}

/* ---- fixtures ---- */

static int make(struct scmi_port *out)
{
	const int err = scmi_aarch64_bare_init(&state, &config, &port);

	*out = port;
	return err;
}

/* Nothing is left behind that would interrupt, or keep interrupts out. */
static void drop(void)
{
	uint64_t value;

	READ(cntv_ctl_el0, value);
	assert_true((value & CTL_ENABLE) == 0);
	READ(daif, value);
	assert_true((value & MASKED_IRQ) == 0);
}

static void run(const char *name)
{
	const struct port_fixture fixture = {.name = name, .make = make, .drop = drop, .other = other, .join = join};

	for (round = 0; round < ROUNDS; round++)
		(void)port_suite(&fixture);
}

/* ---- what only this port has ---- */

static void fresh(void **wait_for)
{
	static max_align_t event;

	assert_int_equal(make(&port), SCMI_OK);
	assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
	*wait_for = &event;
}

/* An interrupt that comes inside a section is taken when it is over, and one that was masked before stays so. */
static void a_lock_keeps_interrupts_out(void)
{
	assert_int_equal(make(&port), SCMI_OK);
	came = 0;
	port.lock(port.ctx);
	raise_after(0);
	for (uint32_t i = 0; i < 1000u; i++)
		port.relax(port.ctx);
	assert_int_equal(came, 0);
	port.unlock(port.ctx);
	join();
	__asm__ volatile("msr daifset, #2" : : : "memory");
	came = 0;
	port.lock(port.ctx);
	port.unlock(port.ctx);
	raise_after(0);
	for (uint32_t i = 0; i < 1000u; i++)
		port.relax(port.ctx);
	assert_int_equal(came, 0);
	__asm__ volatile("msr daifclr, #2" : : : "memory");
	join();
}

static uintptr_t self_inside;
static int in_inside;

static void note_self(void *arg)
{
	(void)arg;
	self_inside = port.self(port.ctx);
	in_inside = port.in_interrupt(port.ctx);
}

static void handlers_are_contexts_of_their_own(void)
{
	assert_int_equal(make(&port), SCMI_OK);
	other(note_self, NULL);
	join();
	assert_int_equal(port.in_interrupt(port.ctx), 0);
	assert_true(in_inside != 0);
	assert_true(port.self(port.ctx) != self_inside);
}

/* All four of its fields, whatever was there, and no bit more. An event comes every 2 << EVNTI counts. */
static void the_event_stream_is_set_up(void)
{
	uint64_t hz, control, counts;

	READ(cntfrq_el0, hz);
	WRITE(cntkctl_el1, EVNTDIR | EVNTI | EVNTIS | EL0VCTEN);
	assert_int_equal(make(&port), SCMI_OK);
	READ(cntkctl_el1, control);
	assert_true((control & (EVNTEN | EVNTDIR | EVNTIS)) == EVNTEN);
	assert_true((control & ~EVENT_BITS) == EL0VCTEN);
	counts = UINT64_C(2) << (control & EVNTI) / (EVNTI & ~(EVNTI - 1u));
	assert_true(counts * 10000u <= hz && counts * 20000u > hz);
	WRITE(cntkctl_el1, 0); /* as after a deep sleep */
	scmi_aarch64_bare_core(&state);
	READ(cntkctl_el1, control);
	assert_true((control & EVENT_BITS) == (EVNTEN | (control & EVNTI)));
	assert_true(counts == UINT64_C(2) << (control & EVNTI) / (EVNTI & ~(EVNTI - 1u)));
	WRITE(cntkctl_el1, 0);
}

static void the_event_stream_is_left_alone(void)
{
	uint64_t control;

	WRITE(cntkctl_el1, EVNTDIR);
	assert_int_equal(make(&port), SCMI_OK);
	scmi_aarch64_bare_core(&state);
	READ(cntkctl_el1, control);
	assert_true(control == EVNTDIR);
	WRITE(cntkctl_el1, 0);
}

/*
 * Nothing else interrupts here: the timer alone ends the sleep. It was set to the first count at which the deadline has
 * come; and where there is no deadline it is not touched.
 */
static void the_timer_ends_a_sleep(void)
{
	uint64_t hz, deadline, at;
	void *event;

	fresh(&event);
	READ(cntfrq_el0, hz);
	for (uint32_t us = 100; us < 20000u; us += 977u) {
		WRITE(cntv_cval_el0, 0);
		deadline = port.now_us(port.ctx) + us;
		assert_int_equal(port.event_wait(port.ctx, event, deadline), SCMI_E_TIMEOUT);
		READ(cntv_cval_el0, at);
		assert_true(at * 1000000u / hz == deadline && (at - 1u) * 1000000u / hz < deadline);
		drop();
	}
	WRITE(cntv_cval_el0, 0);
	port.event_signal(port.ctx, event);
	assert_int_equal(port.event_wait(port.ctx, event, SCMI_NEVER), SCMI_OK);
	READ(cntv_cval_el0, at);
	assert_true(at == 0);
	drop();
}

/* The instructions are allowed here, and change nothing that this core sees. */
static void lines_keep_what_is_in_them(void)
{
	static _Alignas(64) unsigned char bytes[256];

	assert_int_equal(make(&port), SCMI_OK);
	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7u);
	port.cache_clean(port.ctx, bytes + 3, sizeof(bytes) - 5u);
	port.cache_invalidate(port.ctx, bytes + 3, sizeof(bytes) - 5u);
	for (uint32_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], (unsigned char)(i * 7u));
}

static void own_cases(void)
{
	a_lock_keeps_interrupts_out();
	handlers_are_contexts_of_their_own();
	lines_keep_what_is_in_them();
	if ((config.flags & SCMI_AARCH64_BARE_WFI) == 0) {
		the_event_stream_is_set_up();
	} else {
		the_event_stream_is_left_alone();
		the_timer_ends_a_sleep();
	}
	drop();
}

int main(void)
{
	board_init();
	board_enable(OTHER_TIMER, on_other, NULL);
	config = (struct scmi_aarch64_bare_config){.size = sizeof(config), .interrupt = board_running};
	own_cases();
	run("wfe");
	config.flags = SCMI_AARCH64_BARE_WFI;
	own_cases();
	run("wfi");
	shim_print("PASSED\n");
	return 0;
}
