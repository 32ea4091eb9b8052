/* SPDX-License-Identifier: BSD-3-Clause */
/* Values over time, in whole numbers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

#define US_PER_MS 1000u

/* How far into its period, 0 to parts - 1. */
static uint32_t phase(const struct sim_signal *s, uint64_t us, uint32_t parts)
{
	uint64_t period = (uint64_t)s->period_ms * US_PER_MS;

	return (uint32_t)(us % period * parts / period);
}

static int64_t ramp(const struct sim_signal *s, uint64_t us)
{
	return s->base + s->span * (int64_t)phase(s, us, 1000) / 1000;
}

/*
 * Bhaskara's approximation of the sine, for half a turn of x degrees: 4x(180 - x) / (40500 - x(180 - x)). In tenths of
 * a degree, hence the hundred.
 */
static int64_t sine(const struct sim_signal *s, uint64_t us)
{
	int64_t x = (int64_t)((phase(s, us, 3600) + s->seed % 360u * 10u) % 3600u);
	int64_t sign = x < 1800 ? 1 : -1;
	int64_t y = x % 1800 * (1800 - x % 1800);

	return s->base + sign * s->span * 4 * y / (40500 * 100 - y);
}

/* A mixing function of 64 bits: each bit of the result hangs on each of n. */
static uint64_t mix(uint64_t n)
{
	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return n ^ n >> 31;
}

static int64_t noise(const struct sim_signal *s, uint64_t us)
{
	uint64_t slot = us / ((uint64_t)s->period_ms * US_PER_MS);
	uint64_t range = 2u * (uint64_t)s->span + 1u;

	return s->base - s->span + (int64_t)(mix((uint64_t)s->seed << 32 ^ slot) % range);
}

static bool read_file(const char *path, int64_t *value)
{
	FILE *file = fopen(path, "r");
	char text[32];
	char *end = text;
	bool good;

	if (file == NULL)
		return false;
	good = fgets(text, sizeof(text), file) != NULL;
	fclose(file);
	if (!good)
		return false;
	errno = 0;
	*value = strtoll(text, &end, 10);
	return end != text && errno == 0;
}

bool sim_signal_at(const struct sim_signal *signal, uint64_t us, int64_t *value)
{
	switch (signal->source) {
	case SIM_RAMP:
		*value = ramp(signal, us);
		return true;
	case SIM_SINE:
		*value = sine(signal, us);
		return true;
	case SIM_NOISE:
		*value = noise(signal, us);
		return true;
	case SIM_FILE:
		return read_file(signal->path, value);
	default:
		*value = signal->base;
		return true;
	}
}
