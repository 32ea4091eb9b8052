/* SPDX-License-Identifier: BSD-3-Clause */
/* Short messages, as most are: written and read word by word where they are sent and taken, without a call. */
#ifndef SCMI_MAILBOX_SHORT_H
#define SCMI_MAILBOX_SHORT_H

#include "../shmem/area.h"

/* Bytes of payload. */
#define SHORT_BYTES 32u

/* Reads whole words, the last one too: the area has it. */
static inline void short_read(const struct scmi_shmem *area, uint32_t *words, uint32_t len)
{
	const _Atomic uint32_t *from = shmem_word(area, SCMI_SHMEM_PAYLOAD);

	for (uint32_t i = 0; i < len / 4u + (len % 4u != 0); i++)
		words[i] = atomic_load_explicit(&from[i], memory_order_relaxed);
}

/* As scmi__shmem_write(), which has all that is neither short nor plain. */
static inline void short_write(const struct scmi_shmem *area, uint32_t hdr, const void *payload, uint32_t len,
			       uint32_t flags)
{
	_Atomic uint32_t *to = shmem_word(area, 0);
	const unsigned char *from = payload;
	uint32_t word;

	if (len % 4u != 0 || len > SHORT_BYTES || area->check != SCMI_SHMEM_CHECK_NONE) {
		scmi__shmem_write(area, hdr, payload, len, flags);
		return;
	}
	atomic_store_explicit(&to[SCMI_SHMEM_FLAGS / 4u], shmem_le32(flags), memory_order_relaxed);
	atomic_store_explicit(&to[SCMI_SHMEM_LENGTH / 4u], shmem_le32(len + 4u), memory_order_relaxed);
	atomic_store_explicit(&to[SCMI_SHMEM_HEADER / 4u], shmem_le32(hdr), memory_order_relaxed);
	to += SCMI_SHMEM_PAYLOAD / 4u;
	for (; len != 0; len -= 4u, from += 4, to++) {
		(void)memcpy(&word, from, sizeof(word));
		atomic_store_explicit(to, word, memory_order_relaxed);
	}
}

#endif
