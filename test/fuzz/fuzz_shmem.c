/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes as an area. The first byte chooses: 1:0 the check, 4 WIDE, 8 what this end is: 0 an agent that finds a reply, 1
 * whoever finds a command or a P2A message and answers in the same area; 7:4 how the payload is read. The rest is the
 * area, as long as it is, to whole words.
 *
 * What must hold: the verdict is that of a reference that reads bytes, not words; nothing outside is touched; reading
 * changes nothing; what is read piece by piece is what stands there; a copy is judged as the area is; what this end
 * writes is good for the other one.
 */
#include <string.h>

#include "../../transports/shmem/area.h"
#include "fuzz.h"

static uint32_t get(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* ---- the reference: bit by bit ---- */

static uint32_t ref_xor(const uint8_t *at, uint32_t n)
{
	uint32_t sum = 0;

	for (; n >= 4; n -= 4, at += 4)
		sum ^= get(at);
	return sum;
}

static uint32_t ref_j1850(const uint8_t *at, uint32_t n)
{
	uint32_t sum = 0xff;

	for (uint32_t i = 0; i < 8 * n; i++) {
		uint32_t in = (uint32_t)at[i / 8] >> (7 - i % 8) & 1u;

		sum = (sum >> 7 ^ in) != 0 ? (sum << 1 ^ 0x1du) & 0xffu : sum << 1 & 0xffu;
	}
	return sum;
}

static uint32_t ref_crc32(const uint8_t *at, uint32_t n)
{
	uint32_t sum = 0xffffffffu;

	for (uint32_t i = 0; i < 8 * n; i++) {
		uint32_t in = (uint32_t)at[i / 8] >> i % 8 & 1u;

		sum = ((sum ^ in) & 1u) != 0 ? sum >> 1 ^ 0xedb88320u : sum >> 1;
	}
	return ~sum;
}

static uint32_t ref_sum(uint32_t check, const uint8_t *at, uint32_t n)
{
	switch (check) {
	case SCMI_SHMEM_CHECK_XOR:
		return ref_xor(at, n);
	case SCMI_SHMEM_CHECK_J1850:
		return ref_j1850(at, n);
	default:
		return ref_crc32(at, n);
	}
}

static enum shmem_verdict ref_take(const struct scmi_shmem *a)
{
	const uint8_t *at = a->mem;
	uint64_t length = get(at + 0x14);

	if (length < 4)
		return SHMEM_SHORT;
	if (0x18 + length > a->len)
		return SHMEM_LONG;
	if (a->check == SCMI_SHMEM_CHECK_NONE)
		return SHMEM_GOOD;
	if (get(at + 8) != a->check || get(at + 12) != ref_sum(a->check, at + 0x18, (uint32_t)length))
		return SHMEM_DAMAGED;
	return SHMEM_GOOD;
}

/* ---- both ends ---- */

/* Pieces of 1 to 16 bytes, and the rest at once, to memory of exactly their length. */
static uint8_t *read_all(const struct scmi_shmem *a, uint32_t len, uint32_t how)
{
	uint8_t *copy = malloc(len != 0 ? len : 1u);
	uint32_t at = 0;

	MUST(copy != NULL);
	while (at != len) {
		uint32_t n = len - at < 1 + how || at > 64 ? len - at : 1 + how;

		scmi__shmem_read(a, at, copy + at, n);
		at += n;
	}
	return copy;
}

/* What stands there is read, and judged once more as a copy. */
static void receive(const struct scmi_shmem *a, uint32_t how, struct shmem_message *m)
{
	const uint8_t *at = a->mem;
	enum shmem_verdict want = ref_take(a);
	uint8_t *before = malloc(a->len);
	uint8_t *copy;

	MUST(before != NULL);
	memcpy(before, a->mem, a->len);
	MUST(scmi__shmem_status(a, NULL) == get(at + 4));
	MUST(scmi__shmem_take(a, m) == want);
	MUST(m->hdr == get(at + 0x18) && m->flags == (get(at + 0x10) & 1u));
	MUST(m->len == (want == SHMEM_GOOD || want == SHMEM_DAMAGED ? get(at + 0x14) - 4 : 0));
	copy = read_all(a, m->len, how);
	MUST(memcmp(copy, at + 0x1c, m->len) == 0);
	if (want == SHMEM_GOOD || want == SHMEM_DAMAGED)
		MUST(scmi__shmem_intact(a, m, copy) == (want == SHMEM_GOOD));
	MUST(memcmp(before, a->mem, a->len) == 0);
	free(copy);
	free(before);
}

/* An answer as long as the message, or as the area where it was none. */
static void answer(const struct scmi_shmem *a, const struct shmem_message *m, uint32_t how)
{
	uint32_t len = m->len != 0 ? m->len : shmem_capacity(a) - how % 4;
	uint8_t *payload = malloc(len);
	struct shmem_message back;
	const uint8_t *at = a->mem;

	MUST(payload != NULL);
	for (uint32_t i = 0; i < len; i++)
		payload[i] = (uint8_t)(i * 5 + how);
	scmi__shmem_write(a, m->hdr, payload, len, m->flags);
	scmi__shmem_give(a, NULL, SCMI_SHMEM_FREE);
	MUST(get(at + 4) == SCMI_SHMEM_FREE && ref_take(a) == SHMEM_GOOD);
	MUST(memcmp(at + 0x1c, payload, len) == 0);
	for (uint32_t i = len; i % 4 != 0; i++)
		MUST(at[0x1c + i] == 0);
	receive(a, how, &back);
	MUST(back.hdr == m->hdr && back.len == len && back.flags == m->flags);
	free(payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scmi_shmem a = {0};
	struct shmem_message m;

	if (size <= SCMI_SHMEM_BYTES_MIN || size > SCMI_SHMEM_BYTES_MAX)
		return 0;
	a.len = (uint32_t)(size - 1) / 4 * 4;
	a.check = data[0] & 3u;
	a.flags = (data[0] & 4u) != 0 ? SCMI_SHMEM_WIDE : 0;
	a.mem = malloc(a.len);
	MUST(a.mem != NULL);
	memcpy(a.mem, data + 1, a.len);
	MUST(scmi__shmem_fault(&a, NULL) == NULL);
	receive(&a, data[0] >> 4, &m);
	if ((data[0] & 8u) != 0)
		answer(&a, &m, data[0] >> 4);
	free(a.mem);
	return 0;
}
