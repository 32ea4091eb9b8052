/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timer: a random time after it was served last it interrupts whatever runs, above all that the port's lock masks;
 * notes where; and raises the doorbells of both ends and the handler that does mischief, which come when the lock lets
 * them.
 */
#include "stress.h"

#define HALFWORDS (128u * 1024u / 2u)

static unsigned char hit[HALFWORDS / 8u];
static bool on;
static uint32_t range; /* of a period, in cycles */
static uint32_t times;

/* Within the length of a call or two; some close behind the last one, for what runs only when an interrupt came before. */
static uint32_t period(void)
{
	times++;
	return 16u + target_random(target_random(4) == 0 ? 64u : range);
}

void stress_raise_some(void)
{
	if (target_random(8) != 0)
		board_irq_raise(IRQ_PLATFORM);
	if (target_random(4) != 0)
		board_irq_raise(IRQ_AGENT);
	if (target_random(4) == 0)
		board_irq_raise(IRQ_CHAOS);
}

/* What the processor has pushed: r0 to r3, r12, lr, pc, xpsr. */
__attribute__((used)) static void on_timer(const uint32_t *frame)
{
	const uint32_t place = frame[6] / 2u;

	timer_served();
	if (!on)
		return;
	if (place < HALFWORDS)
		hit[place / 8u] |= (unsigned char)(1u << place % 8u);
	stress_raise_some();
	timer_in(period());
}

void timer_entry(void);

__attribute__((naked)) void timer_entry(void)
{
	__asm__ volatile("mrs r0, msp\n\tb on_timer");
}

void stress_hits_start(void)
{
	range = target_option("range", 8000);
	on = true;
	timer_in(period());
}

void stress_hits_stop(void)
{
	on = false;
	timer_off();
}

void stress_put_hex(uint32_t value)
{
	char text[9];

	for (uint32_t i = 0; i < 8u; i++)
		text[i] = "0123456789abcdef"[value >> (28u - 4u * i) & 15u];
	text[8] = '\0';
	put(text);
}

/* Lines of "hit ADDRESS WORD": bit i of the word is the instruction at address + 2 i. */
void stress_hits_print(void)
{
	put_u32(times);
	put(" interrupts by the timer\n");
	for (uint32_t i = 0; i < sizeof(hit); i += 4u) {
		const uint32_t word =
			hit[i] | (uint32_t)hit[i + 1u] << 8 | (uint32_t)hit[i + 2u] << 16 | (uint32_t)hit[i + 3u] << 24;

		if (word == 0)
			continue;
		put("hit ");
		stress_put_hex(i * 16u);
		put(" ");
		stress_put_hex(word);
		put("\n");
	}
}
