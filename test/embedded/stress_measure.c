/* SPDX-License-Identifier: BSD-3-Clause */
/* How long what may not be long is, in instructions: the emulator lets each take the same time, which is told to us. */
#include "stress.h"

static struct scmi_port real;
static uint32_t insn_ns;
static uint32_t base; /* cycles between two looks */
static uint32_t mask, locked_at, locked, received_at, received, clocked;

static uint32_t since(uint32_t from)
{
	const uint32_t cycles = stopwatch_now() - from;

	return cycles > base ? cycles - base : 0;
}

static void note(uint32_t *most, uint32_t cycles)
{
	if (cycles > *most)
		*most = cycles;
}

static void lock(void *ctx)
{
	real.lock(ctx);
	locked_at = stopwatch_now();
}

static void unlock(void *ctx)
{
	note(&locked, since(locked_at));
	real.unlock(ctx);
}

void stress_measure(struct scmi_port *port)
{
	uint32_t from;

	insn_ns = target_option("insn", 64);
	stopwatch_start();
	from = stopwatch_now();
	base = stopwatch_now() - from;
	from = stopwatch_now();
	(void)port->now_us(port->ctx);
	clocked = since(from);
	real = *port;
	port->lock = lock;
	port->unlock = unlock;
}

/* Masked: nothing but what it does itself is counted. */
void stress_measure_begin(void)
{
	__asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(mask) : : "memory");
	received_at = stopwatch_now();
}

void stress_measure_end(void)
{
	note(&received, since(received_at));
	__asm__ volatile("msr primask, %0" : : "r"(mask) : "memory");
}

static void put_instructions(const char *what, uint32_t cycles)
{
	put(what);
	put_u32((cycles * 40u + insn_ns - 1u) / insn_ns);
	put(" instructions\n");
}

void stress_measure_print(void)
{
	put_instructions("longest section under the lock: ", locked);
	put_instructions("a look at the clock, masked: ", clocked);
	put_instructions("longest interrupt of the mailbox's, what it sends and calls included: ", received);
}
