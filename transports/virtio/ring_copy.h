/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies of messages: most are short, and a call costs more than they do; but where size counts there is only the call. */
#ifndef SCMI_VIRTIO_RING_COPY_H
#define SCMI_VIRTIO_RING_COPY_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__OPTIMIZE_SIZE__)
#define RING_COPY_SHORT false
#else
#define RING_COPY_SHORT true
#endif

/* No <string.h> where there is no C library; any compiler brings this function all the same. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);

#if defined(__GNUC__)
#define RING_MOVE16(dst, src) __builtin_memcpy((dst), (src), 16)
#else
#define RING_MOVE16(dst, src) memcpy((dst), (src), 16)
#endif

/*
 * Copies 16 to 64 bytes, by moves of 16 that overlap, so that no length needs a loop; false: it is another length, and
 * nothing was done. Where src is shared, each byte of dst is in the end what one read of it gave.
 */
static inline bool ring_copy_short(void *restrict dst, const void *restrict src, size_t n)
{
	unsigned char *to = dst;
	const unsigned char *from = src;

	if (!RING_COPY_SHORT || n - 16 > 48)
		return false;
	if (n > 32) {
		RING_MOVE16(to + 16, from + 16);
		RING_MOVE16(to + n - 32, from + n - 32);
	}
	RING_MOVE16(to, from);
	RING_MOVE16(to + n - 16, from + n - 16);
	return true;
}

/* Like memcpy(). */
static inline void ring_copy(void *restrict dst, const void *restrict src, size_t n)
{
	if (!ring_copy_short(dst, src, n))
		(void)memcpy(dst, src, n);
}

#endif
