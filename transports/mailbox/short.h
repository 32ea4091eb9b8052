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
	for (uint32_t i = 0; i < len; i += 4u)
		*words++ = atomic_load_explicit(shmem_word(area, SCMI_SHMEM_PAYLOAD + i), memory_order_relaxed);
}

/* As scmi__shmem_write(), which has all that is neither short nor plain. */
static inline void short_write(const struct scmi_shmem *area, uint32_t hdr, const void *payload, uint32_t len,
			       uint32_t flags)
{
	const unsigned char *from = payload;
	uint32_t word;

	if (len % 4u != 0 || len > SHORT_BYTES || area->check != SCMI_SHMEM_CHECK_NONE) {
		scmi__shmem_write(area, hdr, payload, len, flags);
		return;
	}
	for (uint32_t i = 0; i < len; i += 4u) {
		(void)memcpy(&word, from + i, sizeof(word));
		atomic_store_explicit(shmem_word(area, SCMI_SHMEM_PAYLOAD + i), word, memory_order_relaxed);
	}
	shmem_store(area, SCMI_SHMEM_LENGTH, len + 4u);
	shmem_store(area, SCMI_SHMEM_HEADER, hdr);
	shmem_store(area, SCMI_SHMEM_FLAGS, flags);
}

#endif
