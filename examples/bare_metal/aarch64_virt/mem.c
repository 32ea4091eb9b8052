/* SPDX-License-Identifier: BSD-3-Clause */
/* The three functions of C's library that this library, and the compiler, call. */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memset(void *to, int value, size_t len);
int memcmp(const void *a, const void *b, size_t len);

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	while (len-- > 0)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int value, size_t len)
{
	unsigned char *t = to;

	while (len-- > 0)
		*t++ = (unsigned char)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (; len > 0; len--, x++, y++) {
		if (*x != *y)
			return *x < *y ? -1 : 1;
	}
	return 0;
}
