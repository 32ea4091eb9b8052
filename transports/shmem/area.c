/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/config.h>
#include <scmi/errors.h>

#include "area.h"

#define CACHE_LINE 64u

/* From here on a WIDE area is read by memcpy(), whose call costs as much as so many bytes. */
#define LONG_RUN 48u

_Static_assert(sizeof(_Atomic uint32_t) == 4, "an area's words are plain memory");
#ifndef __ARM_ARCH_6M__ /* there the rest is calls, but loads and stores are plain, and an area needs no more */
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "an area's words are plain memory");
#endif
_Static_assert(SCMI_SHMEM_STATUS == 4 && SCMI_SHMEM_FLAGS == 16 && SCMI_SHMEM_LENGTH == 20, "DEN0056");
_Static_assert(SCMI_SHMEM_HEADER == 24 && SCMI_SHMEM_PAYLOAD == 28, "DEN0056");

/*
 * Of a cached area the status comes from memory, and so does what is read after it: the second time because the processor may have
 * fetched a line of the message by itself before the other end wrote it, and the status after that.
 */
uint32_t scmi__shmem_status_of(const struct scmi_shmem *a, const struct scmi_port *port)
{
	const bool cached = (a->flags & SCMI_SHMEM_CACHED) != 0;
	uint32_t status;

	if (cached)
		port->cache_invalidate(port->ctx, a->mem, a->len);
	status = atomic_load_explicit(shmem_word(a, SCMI_SHMEM_STATUS), memory_order_seq_cst);
	if (cached)
		port->cache_invalidate(port->ctx, a->mem, a->len);
	return shmem_le32(status);
}

/* The message is in memory before the status is. */
void scmi__shmem_give_to(const struct scmi_shmem *a, const struct scmi_port *port, uint32_t status)
{
	const bool cached = (a->flags & SCMI_SHMEM_CACHED) != 0;

	if (cached)
		port->cache_clean(port->ctx, a->mem, a->len);
	atomic_store_explicit(shmem_word(a, SCMI_SHMEM_STATUS), shmem_le32(status), memory_order_seq_cst);
	if (cached)
		port->cache_clean(port->ctx, a->mem, a->len);
}

/* Payload is bytes: its words go through in memory order, whatever the order of the host. */
static uint32_t word_at(const struct scmi_shmem *a, uint32_t offset)
{
	return atomic_load_explicit(shmem_word(a, offset), memory_order_relaxed);
}

/* n bytes of one word, from byte `skip` on. */
static void read_part(const struct scmi_shmem *a, uint32_t at, uint32_t skip, unsigned char *to, uint32_t n)
{
	unsigned char bytes[4];
	uint32_t word = word_at(a, at);
	uint32_t i;

	(void)memcpy(bytes, &word, 4);
	for (i = 0; i < n; i++)
		to[i] = bytes[skip + i];
}

void scmi__shmem_read(const struct scmi_shmem *a, uint32_t offset, void *dst, uint32_t len)
{
	uint32_t at = SCMI_SHMEM_PAYLOAD + offset;
	uint32_t skip = offset % 4;
	unsigned char *to = dst;

	if (len >= LONG_RUN && (a->flags & SCMI_SHMEM_WIDE) != 0) {
		(void)memcpy(to, (const unsigned char *)a->mem + at, len);
		return;
	}
	if (SHMEM_SMALL) {
		shmem_read_small(a, offset, to, len);
		return;
	}
	if (skip != 0) {
		uint32_t n = len < 4 - skip ? len : 4 - skip;

		read_part(a, at - skip, skip, to, n);
		at += n;
		to += n;
		len -= n;
	}
	for (; len >= 4; len -= 4, at += 4, to += 4) {
		uint32_t word = word_at(a, at);

		(void)memcpy(to, &word, 4);
	}
	if (len != 0)
		read_part(a, at, 0, to, len);
}

static void write_word(const struct scmi_shmem *a, uint32_t at, const unsigned char bytes[4])
{
	uint32_t word;

	(void)memcpy(&word, bytes, 4);
	atomic_store_explicit(shmem_word(a, at), word, memory_order_relaxed);
}

/*
 * The last word is filled up with zeros: nothing of an older message stays beside ours. Word by word in a WIDE area, too:
 * a context of the agent's that is late may still be looking, and finds only then that the answer has been taken.
 */
static void write_payload(const struct scmi_shmem *a, const unsigned char *from, uint32_t len)
{
	uint32_t at = SCMI_SHMEM_PAYLOAD;

	if (SHMEM_SMALL) {
		shmem_write_small(a, from, len);
		return;
	}
	for (; len >= 4; len -= 4, at += 4, from += 4)
		write_word(a, at, from);
	if (len != 0) {
		unsigned char last[4] = {0};
		uint32_t i;

		for (i = 0; i < len; i++)
			last[i] = from[i];
		write_word(a, at, last);
	}
}

void scmi__shmem_write(const struct scmi_shmem *a, uint32_t hdr, const void *payload, uint32_t len, uint32_t flags)
{
	write_payload(a, payload, len);
	shmem_put(a, hdr, len, flags);
	if (a->check != SCMI_SHMEM_CHECK_NONE)
		scmi__shmem_seal(a, hdr, payload, len);
}

static const char *bad_place(const struct scmi_shmem *a)
{
	if (a->mem == NULL)
		return SCMI_TEXT_("mem: an area needs memory");
	if ((uintptr_t)a->mem % 4 != 0)
		return SCMI_TEXT_("mem: not aligned to 4 bytes");
	if (a->len < SCMI_SHMEM_BYTES_MIN || a->len > SCMI_SHMEM_BYTES_MAX)
		return SCMI_TEXT_("len: an area has 36 to 65564 bytes");
	if (a->len % 4 != 0)
		return SCMI_TEXT_("len: not a multiple of 4");
	return NULL;
}

static const char *bad_cached(const struct scmi_shmem *a, const struct scmi_port *port)
{
	if ((uintptr_t)a->mem % CACHE_LINE != 0)
		return SCMI_TEXT_("mem: a cached area starts with a cache line");
	if (a->len % CACHE_LINE != 0)
		return SCMI_TEXT_("len: a cached area is whole cache lines");
	if (port == NULL || port->cache_clean == NULL || port->cache_invalidate == NULL)
		return SCMI_TEXT_("flags: a cached area needs a port that cleans and invalidates");
	return NULL;
}

const char *scmi__shmem_fault(const struct scmi_shmem *a, const struct scmi_port *port)
{
	const char *why = bad_place(a);

	if (why != NULL)
		return why;
	if ((a->flags & ~(SCMI_SHMEM_WIDE | SCMI_SHMEM_CACHED)) != 0)
		return SCMI_TEXT_("flags: unknown to this version");
	if (a->check > SCMI_SHMEM_CHECK_CRC32)
		return SCMI_TEXT_("check: unknown to this version");
	if (a->reserved_ != 0)
		return SCMI_TEXT_("reserved_: not 0");
	return (a->flags & SCMI_SHMEM_CACHED) != 0 ? bad_cached(a, port) : NULL;
}

void scmi__shmem_blank(const struct scmi_shmem *a)
{
	uint32_t at;

	for (at = 0; at < SCMI_SHMEM_PAYLOAD; at += 4) {
		if (at != SCMI_SHMEM_STATUS)
			shmem_store(a, at, at == SCMI_SHMEM_CHECK_KIND ? a->check : 0u);
	}
}

int scmi_shmem_reset(const struct scmi_shmem *area)
{
	if (area == NULL || bad_place(area) != NULL)
		return SCMI_E_INVAL;
	scmi__shmem_blank(area);
	atomic_store_explicit(shmem_word(area, SCMI_SHMEM_STATUS), shmem_le32(SCMI_SHMEM_FREE), memory_order_seq_cst);
	return SCMI_OK;
}
