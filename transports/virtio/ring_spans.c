/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether stretches of memory overlap: a heap sort, since a hostile chain may have as many as a queue has entries. */
#include "ring_device.h"

static void swap(struct ring_span *a, struct ring_span *b)
{
	const struct ring_span t = *a;

	*a = *b;
	*b = t;
}

/* Lets the root of a heap of n sink to its place. */
static void sink(struct ring_span *s, uint32_t root, uint32_t n)
{
	for (;;) {
		uint32_t child = 2 * root + 1;

		if (child >= n)
			return;
		if (child + 1 < n && s[child + 1].first > s[child].first)
			child++;
		if (s[child].first <= s[root].first)
			return;
		swap(&s[child], &s[root]);
		root = child;
	}
}

bool scmi__ring_spans_apart(struct ring_span *spans, uint32_t n)
{
	for (uint32_t root = n / 2; root > 0; root--)
		sink(spans, root - 1, n);
	for (uint32_t left = n; left > 1; left--) {
		swap(&spans[0], &spans[left - 1]);
		sink(spans, 0, left - 1);
	}
	for (uint32_t i = 1; i < n; i++) {
		if (spans[i].first <= spans[i - 1].last)
			return false;
	}
	return true;
}
