/* SPDX-License-Identifier: BSD-3-Clause */
/* What befalls a message, and what that makes of it. All of it follows from the seed and the order of messages. */
#include "flaky_internal.h"

#define HDR_BITS 28u /* the others are reserved */
#define FLIPS    8u

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* 0 to n - 1; n is not 0. */
uint32_t flaky__pick(uint64_t *state, uint32_t n)
{
	return (uint32_t)((next(state) >> 32) * n >> 32);
}

static bool rolls(struct flaky *f, enum flaky_direction direction, enum flaky_fault fault)
{
	const uint32_t rate = f->config.rate[direction][fault];

	return rate != 0 && flaky__pick(&f->random[direction], FLAKY_ALWAYS) < rate;
}

/* One at a time: a stall under way is not made longer. */
static void begin_stall(struct flaky *f, enum flaky_direction direction, uint64_t now_us)
{
	if (f->stall_us[direction] > now_us)
		return;
	f->stall_us[direction] = now_us + 1u + flaky__pick(&f->random[direction], f->config.stall_us_max);
	f->counts.fault[direction][FLAKY_STALL]++;
}

struct plan flaky__draw(struct flaky *f, enum flaky_direction direction, uint64_t now_us)
{
	struct plan plan = {0};

	if (f->calm)
		return plan;
	for (unsigned fault = 0; fault < FLAKY_FAULTS; fault++) {
		if (rolls(f, direction, (enum flaky_fault)fault))
			plan.faults |= FLAKY_BIT(fault);
	}
	if (plan.faults == 0)
		return plan;
	plan.random = next(&f->random[direction]);
	if (f->recent_n != 0)
		plan.other = f->recent[flaky__pick(&f->random[direction],
						   f->recent_n < FLAKY_RECENT ? f->recent_n : FLAKY_RECENT)];
	if ((plan.faults & FLAKY_BIT(FLAKY_STALL)) != 0)
		begin_stall(f, direction, now_us);
	return plan;
}

static uint32_t misdirect(struct plan *plan, uint32_t hdr)
{
	const uint32_t how = flaky__pick(&plan->random, 5);
	const uint32_t token = 1u + flaky__pick(&plan->random, SCMI_TOKEN_COUNT - 1u);
	const uint32_t byte = 1u + flaky__pick(&plan->random, 255);
	const uint32_t type = 1u + flaky__pick(&plan->random, 3);

	if (how == 0 && plan->other != 0 && plan->other != hdr)
		return plan->other;
	if (how <= 1)
		return hdr ^ token << 18;
	if (how == 2)
		return hdr ^ byte << 10;
	return hdr ^ (how == 3 ? byte : type << 8);
}

uint32_t flaky__bend_header(struct plan *plan, uint32_t hdr)
{
	if ((plan->faults & FLAKY_BIT(FLAKY_MISDIRECT)) != 0)
		hdr = misdirect(plan, hdr);
	if ((plan->faults & FLAKY_BIT(FLAKY_HEADER)) != 0)
		hdr ^= 1u << flaky__pick(&plan->random, HDR_BITS);
	return hdr;
}

/* The same bit twice would be none: each flip is in a byte of its own, as long as there are enough. */
static void flip(struct plan *plan, unsigned char *bytes, uint32_t len)
{
	const uint32_t n = 1u + flaky__pick(&plan->random, len < FLIPS ? len : FLIPS);
	const uint32_t first = flaky__pick(&plan->random, len);

	for (uint32_t i = 0; i < n; i++)
		bytes[(first + i) % len] ^= (unsigned char)(1u << flaky__pick(&plan->random, 8));
}

static uint32_t lengthen(struct plan *plan, unsigned char *bytes, uint32_t len, uint32_t max)
{
	const uint32_t longer = len + 1u + flaky__pick(&plan->random, max - len);

	for (uint32_t i = len; i < longer; i++)
		bytes[i] = (unsigned char)flaky__pick(&plan->random, 256);
	return longer;
}

/* Returns the new length. Takes away from the plan what has no effect on this one. */
uint32_t flaky__bend_payload(struct plan *plan, unsigned char *bytes, uint32_t len, uint32_t max)
{
	if (len == 0)
		plan->faults &= ~(FLAKY_BIT(FLAKY_CORRUPT) | FLAKY_BIT(FLAKY_TRUNCATE));
	if (len >= max || (plan->faults & FLAKY_BIT(FLAKY_TRUNCATE)) != 0)
		plan->faults &= ~FLAKY_BIT(FLAKY_LENGTHEN);
	if ((plan->faults & FLAKY_BIT(FLAKY_CORRUPT)) != 0)
		flip(plan, bytes, len);
	if ((plan->faults & FLAKY_BIT(FLAKY_TRUNCATE)) != 0)
		return flaky__pick(&plan->random, len);
	if ((plan->faults & FLAKY_BIT(FLAKY_LENGTHEN)) != 0)
		return lengthen(plan, bytes, len, max);
	return len;
}
