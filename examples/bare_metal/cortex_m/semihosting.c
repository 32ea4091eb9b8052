/* SPDX-License-Identifier: BSD-3-Clause */
#include "board.h"

#define SYS_WRITE0        0x04u
#define SYS_EXIT_EXTENDED 0x20u
#define EXIT_APPLICATION  0x20026u

static void semihosting(uint32_t operation, const void *argument)
{
	register uint32_t r0 __asm__("r0") = operation;
	register const void *r1 __asm__("r1") = argument;

	__asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void board_write(const char *text)
{
	semihosting(SYS_WRITE0, text);
}

_Noreturn void board_exit(int status)
{
	const uint32_t block[2] = {EXIT_APPLICATION, (uint32_t)status};

	semihosting(SYS_EXIT_EXTENDED, block);
	for (;;)
		;
}
