/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The split virtqueue as both sides see it: its layout in shared memory, little endian, and how a word there is read
 * and written. Each access is one relaxed atomic access of the whole word, so what the other side rewrites meanwhile is
 * read once and never torn; order is in the names that say so. Nothing here knows of SCMI or of carriers.
 */
#ifndef SCMI_VIRTIO_RING_H
#define SCMI_VIRTIO_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_SIZE_MAX 32768u

/* Flags of a descriptor. */
#define RING_NEXT     1u /* next is there */
#define RING_WRITE    2u /* the device writes it; else it reads it */
#define RING_INDIRECT 4u /* it stands for a table of descriptors */

/* Flag of the available ring: no interrupt, please; of the used ring: no doorbell, please. Without EVENT_IDX. */
#define RING_QUIET 1u

/* A function that is better not part of its callers. */
#if defined(__GNUC__)
#define RING_COLD __attribute__((noinline))
#else
#define RING_COLD
#endif

/* Likewise where size counts; where speed does, it may be. What its callers call deeper down has its frame no more. */
#if defined(__OPTIMIZE_SIZE__)
#define RING_APART RING_COLD
#else
#define RING_APART
#endif

/* One access: shorter than a call, which a compiler that looks for size does not believe of an atomic one. */
#if defined(__GNUC__)
#define RING_ACCESS __attribute__((always_inline)) static inline
#else
#define RING_ACCESS static inline
#endif

/* The address is one word where the machine has such words: nobody needs a lock or a library for 64 bits. */
#if UINTPTR_MAX > 0xffffffffu
#define RING_ADDR_WHOLE 1
#else
#define RING_ADDR_WHOLE 0
#endif

/* On 32-bit machines an address is read in two, and may be torn; it is bounded after that like any other. */
struct ring_desc {
	union {
		struct {
			_Atomic uint32_t addr_lo;
			_Atomic uint32_t addr_hi;
		};
#if RING_ADDR_WHOLE
		_Atomic uint64_t addr;
#endif
	};
	_Atomic uint32_t len;
	_Atomic uint32_t flags_next; /* flags, below next */
};

struct ring_avail {
	_Atomic uint16_t flags;
	_Atomic uint16_t idx;
	_Atomic uint16_t ring[]; /* size entries, then used_event */
};

struct ring_elem {
	_Atomic uint32_t id;
	_Atomic uint32_t len;
};

struct ring_used {
	_Atomic uint16_t flags;
	_Atomic uint16_t idx;
	struct ring_elem ring[]; /* size entries, then a 16-bit avail_event */
};

_Static_assert(sizeof(struct ring_desc) == 16 && sizeof(struct ring_elem) == 8, "as on the wire");
_Static_assert(offsetof(struct ring_avail, ring) == 4 && offsetof(struct ring_used, ring) == 4, "as on the wire");

#define RING_AVAIL_BYTES(size) (6u + 2u * (size_t)(size))
#define RING_USED_BYTES(size)  (6u + 8u * (size_t)(size))

/* A queue's parts, as this side's pointers. */
struct ring_parts {
	struct ring_desc *desc;
	struct ring_avail *avail;
	struct ring_used *used;
	uint32_t size; /* entries: a power of two */
};

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static inline uint16_t ring_le16(uint16_t v)
{
	return (uint16_t)(v << 8 | v >> 8);
}

static inline uint32_t ring_le32(uint32_t v)
{
	return v << 24 | (v & 0xff00u) << 8 | (v >> 8 & 0xff00u) | v >> 24;
}

static inline uint64_t ring_le64(uint64_t v)
{
	return (uint64_t)ring_le32((uint32_t)v) << 32 | ring_le32((uint32_t)(v >> 32));
}
#else
static inline uint16_t ring_le16(uint16_t v)
{
	return v;
}

static inline uint32_t ring_le32(uint32_t v)
{
	return v;
}

static inline uint64_t ring_le64(uint64_t v)
{
	return v;
}
#endif

RING_ACCESS uint16_t ring_load16(_Atomic uint16_t *at)
{
	return ring_le16(atomic_load_explicit(at, memory_order_relaxed));
}

RING_ACCESS uint16_t ring_load16_acquire(_Atomic uint16_t *at)
{
	return ring_le16(atomic_load_explicit(at, memory_order_acquire));
}

RING_ACCESS void ring_store16(_Atomic uint16_t *at, uint16_t v)
{
	atomic_store_explicit(at, ring_le16(v), memory_order_relaxed);
}

RING_ACCESS void ring_store16_release(_Atomic uint16_t *at, uint16_t v)
{
	atomic_store_explicit(at, ring_le16(v), memory_order_release);
}

RING_ACCESS uint32_t ring_load32(_Atomic uint32_t *at)
{
	return ring_le32(atomic_load_explicit(at, memory_order_relaxed));
}

RING_ACCESS void ring_store32(_Atomic uint32_t *at, uint32_t v)
{
	atomic_store_explicit(at, ring_le32(v), memory_order_relaxed);
}

#if RING_ADDR_WHOLE
static inline uint64_t ring_load_addr(struct ring_desc *d)
{
	return ring_le64(atomic_load_explicit(&d->addr, memory_order_relaxed));
}

static inline void ring_store_addr(struct ring_desc *d, uint64_t v)
{
	atomic_store_explicit(&d->addr, ring_le64(v), memory_order_relaxed);
}
#else
static inline uint64_t ring_load_addr(struct ring_desc *d)
{
	return ring_load32(&d->addr_lo) | (uint64_t)ring_load32(&d->addr_hi) << 32;
}

static inline void ring_store_addr(struct ring_desc *d, uint64_t v)
{
	ring_store32(&d->addr_lo, (uint32_t)v);
	ring_store32(&d->addr_hi, (uint32_t)(v >> 32));
}
#endif

static inline void ring_store_desc(struct ring_desc *d, uint64_t addr, uint32_t len, uint32_t flags, uint32_t next)
{
	ring_store_addr(d, addr);
	ring_store32(&d->len, len);
	ring_store32(&d->flags_next, flags | next << 16);
}

/*
 * Between one's own store and one's look at what the other side stores: with such a fence on both sides at least one of
 * the two sees the other's. gcc warns that its thread sanitizer does not take fences into account; nothing here needs
 * it to, what is handed over goes by release and acquire of the indices.
 */
static inline void ring_fence(void)
{
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
	atomic_thread_fence(memory_order_seq_cst);
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
}

/* Where the other side says from which index on it wants a signal. With EVENT_IDX. */
static inline _Atomic uint16_t *ring_used_event(const struct ring_parts *p) /* written by the driver */
{
	return &p->avail->ring[p->size];
}

static inline _Atomic uint16_t *ring_avail_event(const struct ring_parts *p) /* written by the device */
{
	return (_Atomic uint16_t *)(void *)&p->used->ring[p->size];
}

/* Is a signal due when an index has gone from old to now, and one was wanted from `event` on? All modulo 2^16. */
static inline bool ring_event_due(uint16_t event, uint16_t now, uint16_t old)
{
	return (uint16_t)(now - event - 1u) < (uint16_t)(now - old);
}

#endif
