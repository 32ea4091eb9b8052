/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one parser and the one writer of an area, for every end of every transport that has one.
 *
 * Order. Who sends: message, then (clean), then FREE cleared or set with release, seq_cst where a look at the same word
 * follows; who receives: the status with acquire, then (invalidate), then the message. The partner of each is the other
 * end's. Accesses are relaxed atomics of 32 bits: never torn, never merged, never repeated by the compiler.
 *
 * What every command passes through is here, to be compiled into its caller; what few areas need is in area.c and
 * check.c.
 */
#ifndef SCMI_SHMEM_AREA_H
#define SCMI_SHMEM_AREA_H

#include <stdatomic.h>
#include <stdbool.h>

#include <scmi/port.h>
#include <scmi/transport/shmem.h>

/* No <string.h> where there is no C library; any compiler brings these functions all the same. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int value, size_t n);

/* What stands in an area, read once and bounded. */
struct shmem_message {
	uint32_t hdr;   /* host order */
	uint32_t len;   /* bytes of payload, all of them inside the area; 0 beside SHORT and LONG */
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

/* The words before a payload of len bytes, but for the status. */
static inline void shmem_put(const struct scmi_shmem *a, uint32_t hdr, uint32_t len, uint32_t flags)
{
	_Atomic uint32_t *to = shmem_word(a, 0);

	atomic_store_explicit(&to[SCMI_SHMEM_FLAGS / 4u], shmem_le32(flags), memory_order_relaxed);
	atomic_store_explicit(&to[SCMI_SHMEM_LENGTH / 4u], shmem_le32(len + 4u), memory_order_relaxed);
	atomic_store_explicit(&to[SCMI_SHMEM_HEADER / 4u], shmem_le32(hdr), memory_order_relaxed);
}

/* Payload bytes that the area carries. */
static inline uint32_t shmem_capacity(const struct scmi_shmem *a)
{
	return a->len - SCMI_SHMEM_PAYLOAD;
}

/* Where size is asked for, payloads go the two small ways, and nothing is compiled into its caller for speed. */
#ifdef __OPTIMIZE_SIZE__
#define SHMEM_SMALL true
#else
#define SHMEM_SMALL false
#endif

/*
 * The two ways of a payload for who has to be small rather than fast. As scmi__shmem_read(), and as scmi__shmem_write()
 * without the words before the payload.
 */
static inline void shmem_read_small(const struct scmi_shmem *a, uint32_t offset, unsigned char *to, uint32_t len)
{
	const uint32_t end = offset + len;
	uint32_t word = 0;

	for (bool first = true; offset != end; first = false, offset++) {
		if (first || offset % 4u == 0)
			word = shmem_load(a, SCMI_SHMEM_PAYLOAD + (offset & ~3u));
		*to++ = (unsigned char)(word >> offset % 4u * 8u);
	}
}

static inline void shmem_write_small(const struct scmi_shmem *a, const unsigned char *from, uint32_t len)
{
	uint32_t word = 0;

	for (uint32_t i = 0; i != len; i++) {
		word |= (uint32_t)from[i] << i % 4u * 8u;
		if (i % 4u == 3u || i + 1u == len) {
			shmem_store(a, SCMI_SHMEM_PAYLOAD + (i & ~3u), word);
			word = 0;
		}
	}
}

/* As the two below, of any area. */
uint32_t scmi__shmem_status_of(const struct scmi_shmem *a, const struct scmi_port *port);
void scmi__shmem_give_to(const struct scmi_shmem *a, const struct scmi_port *port, uint32_t status);

/*
 * The channel status; seq_cst, for a look that follows what was said about oneself. What the other end wrote before it
 * is seen after this. port: for CACHED areas. Those are invalidated here, which by the port's contract writes back what
 * another context has just put there.
 */
static inline uint32_t scmi__shmem_status(const struct scmi_shmem *a, const struct scmi_port *port)
{
	if (SHMEM_SMALL || (a->flags & SCMI_SHMEM_CACHED) != 0)
		return scmi__shmem_status_of(a, port);
	return shmem_le32(atomic_load_explicit(shmem_word(a, SCMI_SHMEM_STATUS), memory_order_seq_cst));
}

/* Gives the area to the other end: its status becomes `status`, after all that was written before. seq_cst. */
static inline void scmi__shmem_give(const struct scmi_shmem *a, const struct scmi_port *port, uint32_t status)
{
	if (SHMEM_SMALL || (a->flags & SCMI_SHMEM_CACHED) != 0)
		scmi__shmem_give_to(a, port, status);
	else
		atomic_store_explicit(shmem_word(a, SCMI_SHMEM_STATUS), shmem_le32(status), memory_order_seq_cst);
}

/*
 * Reads flags, length and header, and checks the length: all of take() but the integrity. For an end that copies the
 * message first and has the copy checked, by scmi__shmem_intact().
 */
static inline enum shmem_verdict scmi__shmem_peek(const struct scmi_shmem *a, struct shmem_message *m)
{
	const uint32_t len = shmem_load(a, SCMI_SHMEM_LENGTH);

	m->flags = shmem_load(a, SCMI_SHMEM_FLAGS) & SCMI_SHMEM_INTR;
	m->hdr = shmem_load(a, SCMI_SHMEM_HEADER);
	m->len = len - 4; /* a length of 0 to 3 becomes more than any area holds */
	if (m->len <= shmem_capacity(a))
		return SHMEM_GOOD;
	m->len = 0;
	return len < 4 ? SHMEM_SHORT : SHMEM_LONG;
}

/*
 * Whether the area's check says that a message is whole: header, and a copy of its payload in memory of ours, or what
 * stands in the area: NULL. len: inside the area. Only if a->check.
 */
bool scmi__shmem_whole(const struct scmi_shmem *a, uint32_t hdr, const void *copy, uint32_t len);

/* Of a copy; true where the area has no check. */
static inline bool scmi__shmem_intact(const struct scmi_shmem *a, const struct shmem_message *m, const void *payload)
{
	return a->check == SCMI_SHMEM_CHECK_NONE || scmi__shmem_whole(a, m->hdr, payload, m->len);
}

/* Reads flags, length and header; checks the length, and the integrity if the area has a check. */
static inline enum shmem_verdict scmi__shmem_take(const struct scmi_shmem *a, struct shmem_message *m)
{
	enum shmem_verdict verdict = scmi__shmem_peek(a, m);

	if (a->check != SCMI_SHMEM_CHECK_NONE && verdict == SHMEM_GOOD && !scmi__shmem_whole(a, m->hdr, NULL, m->len))
		return SHMEM_DAMAGED;
	return verdict;
}

/* Puts kind and value of the area's check down, for a message of ours. Only if a->check. */
void scmi__shmem_seal(const struct scmi_shmem *a, uint32_t hdr, const void *payload, uint32_t len);

/* Copies len bytes of payload from offset on out of the area; each word read once. Inside what take() said. */
void scmi__shmem_read(const struct scmi_shmem *a, uint32_t offset, void *dst, uint32_t len);

/* Writes a whole message: payload, length, header, flags, check. len at most shmem_capacity(). Gives nothing away. */
void scmi__shmem_write(const struct scmi_shmem *a, uint32_t hdr, const void *payload, uint32_t len, uint32_t flags);

/* All words before the payload but the status, as in an area that nobody has used. */
void scmi__shmem_blank(const struct scmi_shmem *a);

/*
 * What is wrong with an area, as a constant sentence that begins with the member's name ("mem: ..."); NULL: nothing.
 * port: the one that CACHED areas need.
 */
const char *scmi__shmem_fault(const struct scmi_shmem *a, const struct scmi_port *port);

#endif
