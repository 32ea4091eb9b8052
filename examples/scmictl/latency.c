/* SPDX-License-Identifier: BSD-3-Clause */
/* What a histogram says. Times are known to a bucket only, hence "below". */
#include <stdio.h>

#include "out.h"
#include "scmictl.h"

#define MEDIAN 500u /* permille */
#define P99    990u

/* The first bucket that is not empty; SCMI_LATENCY_BUCKETS if all are. */
static uint32_t first_bucket(const struct scmi_latency *latency)
{
	uint32_t i = 0;

	while (i < SCMI_LATENCY_BUCKETS && latency->count[i] == 0)
		i++;
	return i;
}

void show_latency(const struct scmi_latency *latency)
{
	uint32_t first = first_bucket(latency);

	if (first == SCMI_LATENCY_BUCKETS) {
		puts("no reply came");
		return;
	}
	printf("min %llu us, median below %llu us, p99 below %llu us\n",
	       (unsigned long long)scmi_latency_floor_us(first),
	       (unsigned long long)scmi_latency_permille(latency, MEDIAN),
	       (unsigned long long)scmi_latency_permille(latency, P99));
}

static void json_latencies(const struct scmi_latency *latency)
{
	json_open("latencies", '[');
	for (uint32_t i = first_bucket(latency); i < SCMI_LATENCY_BUCKETS; i++) {
		if (latency->count[i] == 0)
			continue;
		json_open(NULL, '{');
		json_number("from_us", scmi_latency_floor_us(i));
		if (i + 1u < SCMI_LATENCY_BUCKETS)
			json_number("below_us", scmi_latency_floor_us(i + 1u));
		json_number("replies", latency->count[i]);
		json_close();
	}
	json_close();
}

void show_latencies(const struct scmi_latency *latency)
{
	if (json_used()) {
		json_latencies(latency);
		return;
	}
	printf("%10s  %10s  %10s\n", "from us", "below us", "replies");
	for (uint32_t i = first_bucket(latency); i < SCMI_LATENCY_BUCKETS; i++) {
		if (latency->count[i] == 0)
			continue;
		printf("%10llu  ", (unsigned long long)scmi_latency_floor_us(i));
		if (i + 1u < SCMI_LATENCY_BUCKETS)
			printf("%10llu  ", (unsigned long long)scmi_latency_floor_us(i + 1u));
		else
			printf("%10s  ", "");
		printf("%10u\n", latency->count[i]);
	}
}
