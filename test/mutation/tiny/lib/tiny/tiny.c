/* SPDX-License-Identifier: BSD-3-Clause */
#include "tiny.h"

int tiny_tested(int n, int *sum)
{
	if (n < 3)
		return -1;
	*sum += n;
	return 0;
}

int tiny_untested(int n, int *sum)
{
	if (n < 3)
		return -1;
	*sum += n;
	return 0;
}

int tiny_loop(int n)
{
	int turns = 0;

	while (n != 0) {
		n--;
		turns++;
	}
	return turns;
}

int tiny_pointer(const int *p)
{
	if (p == (void *)0)
		return 7;
	return *p;
}
