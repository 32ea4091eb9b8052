/* SPDX-License-Identifier: BSD-3-Clause */
/* Text and numbers, and no more: a printf would be larger than the rest of the image. */
#include "board.h"

void put(const char *text)
{
	board_write(text);
}

void put_u32(uint32_t value)
{
	char digits[11];
	char *at = &digits[sizeof(digits) - 1u];

	*at = '\0';
	do {
		*--at = (char)('0' + value % 10u);
		value /= 10u;
	} while (value != 0);
	board_write(at);
}
