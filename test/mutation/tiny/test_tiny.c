/* SPDX-License-Identifier: BSD-3-Clause */
#include "tiny.h"

int main(void)
{
	int sum = 1;
	int here = 5;

	if (tiny_tested(2, &sum) != -1 || sum != 1)
		return 1;
	if (tiny_tested(3, &sum) != 0 || sum != 4)
		return 1;
	(void)tiny_untested(3, &sum);
	if (tiny_loop(2) != 2)
		return 1;
	return tiny_pointer(&here) != 5 || tiny_pointer((void *)0) != 7;
}
