/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts that are aimed. The timer comes by chance, and not in a lifetime between the two instructions of a path that
 * hardly ever runs. So each instruction of the word's functions is replaced by an undefined one, now and again: whoever
 * comes there first is thrown out just before it; the instruction is put back, the doorbells are raised, and their
 * handlers run before it does. For the code that is an interrupt like any other.
 *
 * Which instructions these are the script knows, which puts a table into memory: how many, then their addresses.
 */
#include "stress.h"

#define TABLE     ((const volatile uint32_t *)0x21000000u)
#define MOST      8192u
#define UNDEFINED 0xde00u /* of 16 bits, and of 32: one that is skipped, for a condition, skips what stood there */
#define WIDE      0xe800u /* from here on it is 32 */
#define WIDE_1    0xf7f0u
#define WIDE_2    0xa000u

#define SHCSR      BOARD_REGISTER(0xe000ed24u)
#define SHPR1      BOARD_REGISTER(0xe000ed18u)
#define CFSR       BOARD_REGISTER(0xe000ed28u)
#define USAGEFAULT 6u

static uint16_t there[MOST][2]; /* what stood where the undefined one is now */
static unsigned char aimed[MOST];
static unsigned char hit[MOST];
static uint32_t count, times;

static volatile uint16_t *place(uint32_t i)
{
	return (volatile uint16_t *)(uintptr_t)TABLE[1u + i];
}

static void put_back(uint32_t i)
{
	place(i)[0] = there[i][0];
	if (there[i][0] >= WIDE)
		place(i)[1] = there[i][1];
	aimed[i] = 0;
	__asm__ volatile("dsb\n\tisb" : : : "memory");
}

/* The addresses ascend. */
static uint32_t find(uint32_t pc)
{
	uint32_t low = 0;
	uint32_t high = count;

	while (low < high) {
		const uint32_t middle = (low + high) / 2u;

		if (TABLE[1u + middle] < pc)
			low = middle + 1u;
		else
			high = middle;
	}
	return low;
}

__attribute__((used)) static void on_fault(const uint32_t *frame)
{
	const uint32_t i = find(frame[6]);

	if (i == count || TABLE[1u + i] != frame[6] || !aimed[i])
		stress_fail("a fault", frame[6]);
	CFSR = CFSR;
	put_back(i);
	hit[i] = 1;
	times++;
	stress_raise_some();
}

void fault_entry(void);

__attribute__((naked)) void fault_entry(void)
{
	__asm__ volatile("mrs r0, msp\n\tb on_fault");
}

void stress_aim_start(void)
{
	count = TABLE[0];
	if (count > MOST)
		stress_fail("more to aim at than there is room for", count);
	target_vector(USAGEFAULT, fault_entry);
	SHPR1 = (SHPR1 & ~0x00ff0000u) | PRIORITY_TIMER << 16;
	SHCSR |= 1u << 18;
}

static void aim_at(uint32_t i)
{
	volatile uint16_t *code = place(i);

	there[i][0] = code[0];
	there[i][1] = code[1];
	aimed[i] = 1;
	if (there[i][0] >= WIDE) {
		code[0] = WIDE_1;
		code[1] = WIDE_2;
	} else {
		code[0] = UNDEFINED;
	}
}

/* Masked: no handler runs into half of it. */
void stress_aim(void)
{
	__asm__ volatile("cpsid i" : : : "memory");
	for (uint32_t i = 0; i < count; i++) {
		if (!aimed[i])
			aim_at(i);
	}
	__asm__ volatile("dsb\n\tcpsie i\n\tisb" : : : "memory");
}

void stress_aim_stop(void)
{
	for (uint32_t i = 0; i < count; i++) {
		if (aimed[i])
			put_back(i);
	}
}

void stress_aim_print(void)
{
	put_u32(times);
	put(" aimed\n");
	for (uint32_t i = 0; i < count; i++) {
		if (!hit[i])
			continue;
		put("aim ");
		stress_put_hex(TABLE[1u + i]);
		put("\n");
	}
}
