/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Short messages, as most are, in coherent areas without a check: written and read word by word where they are sent and
 * taken, without a call. One comparison tells whether a message is of that kind: with what short_limit() says.
 */
#ifndef SCMI_MAILBOX_SHORT_H
#define SCMI_MAILBOX_SHORT_H

#include <scmi/message.h>

#include "../shmem/area.h"

/*
 * HOT: what each message goes through: one function where speed is asked for; where size is, the compiler decides. RARE:
 * what few do, and need not make room for there. APART: what must not stand on the stack beside what its caller does
 * later, where size is asked for.
 */
#if !defined(__GNUC__) || !defined(__OPTIMIZE__)
#define HOT   static inline
#define RARE  static
#define APART static
#elif defined(__OPTIMIZE_SIZE__)
#define HOT   static inline
#define RARE  static
#define APART static __attribute__((noinline))
#else
#define HOT   static inline __attribute__((always_inline))
#define RARE  static __attribute__((noinline))
#define APART static
#endif

/* Where size is asked for all messages go the one way that is for any: these are not there then. */
#define SHORT_WAY (!SHMEM_SMALL)

/* Bytes of payload. */
#define SHORT_BYTES 32u

/*
 * Commands of less than this are short, and answers of that and their status; 0: none, each has a check. most: bytes
 * that the area carries.
 */
static inline uint32_t short_limit(const struct scmi_shmem *area, uint32_t most)
{
	if (!SHORT_WAY || area->check != SCMI_SHMEM_CHECK_NONE || (area->flags & SCMI_SHMEM_CACHED) != 0)
		return 0;
	return (most < SHORT_BYTES ? most : SHORT_BYTES) - (SCMI_STATUS_BYTES - 1u);
}

static inline bool short_command(uint32_t len, uint32_t limit)
{
	return SHORT_WAY && len < limit;
}

static inline bool short_answer(uint32_t len, uint32_t limit)
{
	return SHORT_WAY && len - SCMI_STATUS_BYTES < limit;
}

/* Reads whole words, the last one too: the area has it. */
static inline void short_read(const struct scmi_shmem *area, uint32_t *words, uint32_t len)
{
	const _Atomic uint32_t *from = shmem_word(area, SCMI_SHMEM_PAYLOAD);

	for (uint32_t i = 0; i < len; i += 4u)
		*words++ = atomic_load_explicit(from++, memory_order_relaxed);
}

/* As scmi__shmem_write(), of whole words. */
static inline void short_write(const struct scmi_shmem *area, uint32_t hdr, const void *payload, uint32_t len,
			       uint32_t flags)
{
	_Atomic uint32_t *to = shmem_word(area, SCMI_SHMEM_PAYLOAD);
	const unsigned char *from = payload;
	uint32_t word;

	shmem_put(area, hdr, len, flags);
	for (; len != 0; len -= 4u, from += 4, to++) {
		(void)memcpy(&word, from, sizeof(word));
		atomic_store_explicit(to, word, memory_order_relaxed);
	}
}

/* As scmi__shmem_give() where somebody is rung; else nobody can miss what the other end does then: release. */
static inline void short_give(const struct scmi_shmem *area, uint32_t status, bool rings)
{
	_Atomic uint32_t *word = shmem_word(area, SCMI_SHMEM_STATUS);

	if (rings)
		atomic_store_explicit(word, shmem_le32(status), memory_order_seq_cst);
	else
		atomic_store_explicit(word, shmem_le32(status), memory_order_release);
}

#endif
