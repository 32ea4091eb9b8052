/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a time is counted: log-linear buckets, four an octave.
 *
 *	bucket    0  1  2  3 | 4  5  6  7 | 8  9  10 11 | 12 ..  ..  111
 *	from, us  0  1  2  3 | 4  5  6  7 | 8  10 12 14 | 16 ..      469762048 (7 min 50 s), without end
 */
#ifndef SCMI_AGENT_LATENCY_H
#define SCMI_AGENT_LATENCY_H

#include <scmi/agent.h>

/*
 * A time is its upper three bits, 4 to 7, shifted; below 4 us it is itself. Four buckets a shift, and the first shift
 * that has a whole octave is 0: so shift * 4 + upper bits needs no table and no special case.
 */
#define LATENCY_SHIFT_MAX (SCMI_LATENCY_BUCKETS / 4u - 2u)
#define LATENCY_LAST_US   (7u << LATENCY_SHIFT_MAX) /* the last bucket begins here */

static inline uint32_t scmi__latency_bucket(uint64_t us)
{
	uint32_t v = (uint32_t)us;
	uint32_t shift = 0;

	if (us >= LATENCY_LAST_US)
		return SCMI_LATENCY_BUCKETS - 1u;
	for (uint32_t step = 16; step != 0; step /= 2)
		if (v >> (shift + step) >= 4u)
			shift += step;
	return shift * 4u + (v >> shift);
}

#endif
