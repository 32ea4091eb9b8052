/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether stretches of memory overlap: a heap sort, since a hostile chain may have as many as a queue has entries. */
#include "ring_device.h"

/* The root of a heap of n is free: v, and what is below it, find their places. */
static void sink(struct ring_span *s, uint32_t root, uint32_t n, struct ring_span v)
{
	for (;;) {
		uint32_t child = 2 * root + 1;

		if (child + 1 < n && s[child + 1].first > s[child].first)
			child++;
		if (child >= n || s[child].first <= v.first)
			break;
		s[root] = s[child];
		root = child;
	}
	s[root] = v;
}

bool scmi__ring_spans_apart(struct ring_span *spans, uint32_t n)
{
	for (uint32_t root = n / 2; root > 0; root--)
		sink(spans, root - 1, n, spans[root - 1]);
	for (uint32_t left = n; left > 1; left--) {
		const struct ring_span last = spans[left - 1];

		spans[left - 1] = spans[0];
		sink(spans, 0, left - 1, last);
	}
	for (uint32_t i = 1; i < n; i++) {
		if (spans[i].first <= spans[i - 1].last)
			return false;
	}
	return true;
}
