/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one parser and the one writer of an area, for every end of every transport that has one.
 *
 * Order. Who sends: message, then (clean), then FREE cleared or set with release, seq_cst where a look at the same word
 * follows; who receives: the status with acquire, then (invalidate), then the message. The partner of each is the other
 * end's. Accesses are relaxed atomics of 32 bits: never torn, never merged, never repeated by the compiler.
 */
#ifndef SCMI_SHMEM_AREA_H
#define SCMI_SHMEM_AREA_H

#include <stdatomic.h>
#include <stdbool.h>

#include <scmi/port.h>
#include <scmi/transport/shmem.h>

/* No <string.h> where there is no C library; any compiler brings this function all the same. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);

/* What stands in an area, read once and bounded. */
struct shmem_message {
	uint32_t hdr;   /* host order */
	uint32_t len;   /* bytes of payload, all of them inside the area */
	uint32_t flags; /* SCMI_SHMEM_INTR or 0 */
};

enum shmem_verdict {
	SHMEM_GOOD,
	SHMEM_SHORT,   /* a length of 0 to 3: no header */
	SHMEM_LONG,    /* more than the area holds */
	SHMEM_DAMAGED, /* the integrity check says so */
};

static inline uint32_t shmem_le32(uint32_t word)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return __builtin_bswap32(word);
#else
	return word;
#endif
}

static inline _Atomic uint32_t *shmem_word(const struct scmi_shmem *a, uint32_t offset)
{
	return (_Atomic uint32_t *)(void *)((unsigned char *)a->mem + offset);
}

static inline uint32_t shmem_load(const struct scmi_shmem *a, uint32_t offset)
{
	return shmem_le32(atomic_load_explicit(shmem_word(a, offset), memory_order_relaxed));
}

static inline void shmem_store(const struct scmi_shmem *a, uint32_t offset, uint32_t value)
{
	atomic_store_explicit(shmem_word(a, offset), shmem_le32(value), memory_order_relaxed);
}

/* Payload bytes that the area carries. */
static inline uint32_t shmem_capacity(const struct scmi_shmem *a)
{
	return a->len - SCMI_SHMEM_PAYLOAD;
}

/* The channel status. What the other end wrote before it is seen after this. port: for CACHED areas. */
uint32_t scmi__shmem_status(const struct scmi_shmem *a, const struct scmi_port *port);

/* Gives the area to the other end: its status becomes `status`, after all that was written before. seq_cst. */
void scmi__shmem_give(const struct scmi_shmem *a, const struct scmi_port *port, uint32_t status);

/* Reads flags, length and header; checks the length, and the integrity if the area has a check. */
enum shmem_verdict scmi__shmem_take(const struct scmi_shmem *a, struct shmem_message *m);

/* Copies len bytes of payload from offset on out of the area; each word read once. Inside what take() said. */
void scmi__shmem_read(const struct scmi_shmem *a, uint32_t offset, void *dst, uint32_t len);

/* Writes a whole message: payload, length, header, flags, check. len at most shmem_capacity(). Gives nothing away. */
void scmi__shmem_write(const struct scmi_shmem *a, uint32_t hdr, const void *payload, uint32_t len, uint32_t flags);

/* What is wrong with an area, as a constant sentence that follows the member's name; NULL: nothing. */
const char *scmi__shmem_fault(const struct scmi_shmem *a, const struct scmi_port *port);

#endif
