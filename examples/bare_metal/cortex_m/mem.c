/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The three functions of a C library that a compiler takes for granted, and that the library uses. Small, not fast;
 * volatile keeps the compiler from making each into a call of itself.
 */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

#define RUN 4u /* words at a time */

void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
	volatile unsigned char *to = dst;
	const unsigned char *from = src;

	while (len-- != 0)
		*to++ = *from++;
	return dst;
}

/* Where it is aligned by words: memory that is cleared is large. */
static size_t set_words(volatile uint32_t *to, uint32_t word, size_t len)
{
	size_t n = 0;

	for (; n + RUN * 4u <= len; n += RUN * 4u, to += RUN) {
		to[0] = word;
		to[1] = word;
		to[2] = word;
		to[3] = word;
	}
	return n;
}

void *memset(void *dst, int byte, size_t len)
{
	volatile unsigned char *to = dst;
	const unsigned char value = (unsigned char)byte;
	size_t n = 0;

	if ((uintptr_t)dst % 4u == 0)
		n = set_words(dst, value * 0x01010101u, len);
	for (; n < len; n++)
		to[n] = value;
	return dst;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const volatile unsigned char *x = a;
	const volatile unsigned char *y = b;

	for (; len != 0; len--, x++, y++) {
		const int difference = *x - *y;

		if (difference != 0)
			return difference;
	}
	return 0;
}
