/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Integrity checks, as the i.MX system manager computes them: over the bytes from the header on, as many as the length
 * says. XOR takes whole words only. J1850 starts with 0xff and, unlike the standard, is not inverted at the end.
 */
#include "area.h"

/* Remainders of the sixteen values of a nibble. */
static const uint8_t j1850[16] = {
	0x00, 0x1d, 0x3a, 0x27, 0x74, 0x69, 0x4e, 0x53, 0xe8, 0xf5, 0xd2, 0xcf, 0x9c, 0x81, 0xa6, 0xbb,
};
static const uint32_t crc32[16] = {
	0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
	0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static uint32_t add_j1850(uint32_t sum, uint32_t byte)
{
	sum ^= byte;
	sum = (sum << 4 & 0xff) ^ j1850[sum >> 4];
	return (sum << 4 & 0xff) ^ j1850[sum >> 4];
}

static uint32_t add_crc32(uint32_t sum, uint32_t byte)
{
	sum ^= byte;
	sum = sum >> 4 ^ crc32[sum & 15];
	return sum >> 4 ^ crc32[sum & 15];
}

static uint32_t begin(uint32_t kind)
{
	if (kind == SCMI_SHMEM_CHECK_CRC32)
		return UINT32_MAX;
	return kind == SCMI_SHMEM_CHECK_J1850 ? 0xff : 0;
}

static uint32_t end(uint32_t kind, uint32_t sum)
{
	return kind == SCMI_SHMEM_CHECK_CRC32 ? ~sum : sum;
}

/* The first n bytes, 1 to 4, of a word whose first byte is its lowest. */
static uint32_t add(uint32_t kind, uint32_t sum, uint32_t word, uint32_t n)
{
	if (kind == SCMI_SHMEM_CHECK_XOR)
		return n == 4 ? sum ^ word : sum;
	for (; n != 0; n--, word >>= 8)
		sum = kind == SCMI_SHMEM_CHECK_J1850 ? add_j1850(sum, word & 0xff) : add_crc32(sum, word & 0xff);
	return sum;
}

/* n bytes, 1 to 4, as a word. */
static uint32_t word_of(const unsigned char *bytes, uint32_t n)
{
	uint32_t word = 0;

	while (n-- != 0)
		word = word << 8 | bytes[n];
	return word;
}

/* Of the header, and of a copy of the payload, or of what stands in the area: NULL. */
static uint32_t sum_of(const struct scmi_shmem *a, uint32_t hdr, const unsigned char *copy, uint32_t len)
{
	const uint32_t kind = a->check;
	uint32_t sum = begin(kind);
	uint32_t word = hdr;
	uint32_t at = 0;
	uint32_t n = 4;

	for (;;) {
		sum = add(kind, sum, word, n);
		if (at == len)
			return end(kind, sum);
		n = len - at < 4 ? len - at : 4;
		word = copy != NULL ? word_of(copy + at, n) : shmem_load(a, SCMI_SHMEM_PAYLOAD + at);
		at += n;
	}
}

bool scmi__shmem_whole(const struct scmi_shmem *a, uint32_t hdr, const void *copy, uint32_t len)
{
	return shmem_load(a, SCMI_SHMEM_CHECK_KIND) == a->check &&
	       shmem_load(a, SCMI_SHMEM_CHECK_VALUE) == sum_of(a, hdr, copy, len);
}

void scmi__shmem_seal(const struct scmi_shmem *a, uint32_t hdr, const void *payload, uint32_t len)
{
	shmem_store(a, SCMI_SHMEM_CHECK_KIND, a->check);
	shmem_store(a, SCMI_SHMEM_CHECK_VALUE, sum_of(a, hdr, payload, len));
}
