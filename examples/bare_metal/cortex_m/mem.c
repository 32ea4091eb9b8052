/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The three functions of a C library that a compiler takes for granted, and that the library uses. Small, not fast;
 * volatile keeps the compiler from making each into a call of itself.
 */
#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
	volatile unsigned char *to = dst;
	const unsigned char *from = src;

	while (len-- != 0)
		*to++ = *from++;
	return dst;
}

void *memset(void *dst, int byte, size_t len)
{
	volatile unsigned char *to = dst;

	while (len-- != 0)
		*to++ = (unsigned char)byte;
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
