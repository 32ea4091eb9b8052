/* SPDX-License-Identifier: BSD-3-Clause */
/* A process with many front ends, which come, ask and go as it is told: on its standard input, a struct order each. */
#ifndef FRONTS_H
#define FRONTS_H

#include <stdint.h>

#define FRONTS_EACH 16u /* in a process */

enum order_kind {
	ORDER_FILL,   /* all places are taken, each answers */
	ORDER_EMPTY,  /* all have gone */
	ORDER_RANDOM, /* n connects, and as many ends, at random */
	ORDER_END
};

struct order {
	uint32_t kind;
	uint32_t n;
};

/* What it says on its standard output when it has done so. */
struct done {
	uint32_t connects;
	uint32_t calls;
	uint32_t bad; /* ended otherwise than they may */
	uint32_t fds; /* of this process */
	uint32_t maps;
};

int fronts_role(const char *uri, uint32_t seed);

#endif
