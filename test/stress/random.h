/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers from a seed: splitmix64. */
#ifndef STRESS_RANDOM_H
#define STRESS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* 0 to n - 1; n is not 0. */
static inline uint32_t pick(uint64_t *state, uint32_t n)
{
	return (uint32_t)((random_next(state) >> 32) * n >> 32);
}

/* lo to hi, both included. */
static inline uint32_t between(uint64_t *state, uint32_t lo, uint32_t hi)
{
	return lo + pick(state, hi - lo + 1u);
}

/* True once in n times. */
static inline bool once_in(uint64_t *state, uint32_t n)
{
	return pick(state, n) == 0;
}

#endif
