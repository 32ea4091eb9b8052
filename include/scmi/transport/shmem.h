/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shared memory area of SCMI's mailbox and SMC transports (DEN0056, "shared memory based transport"): one message
 * at a time, in a piece of memory that agent and platform both see, with a word that says whose it is.
 *
 *   0x00  reserved              0x10  channel flags: bit 0, the sender wants to be interrupted
 *   0x04  channel status        0x14  length of header and payload, in bytes
 *   0x08  implementation's own  0x18  message header
 *   0x0c  implementation's own  0x1c  payload
 *
 * All words are little endian. FREE set: the area is its sender's, the agent's for commands (A2P), the platform's for
 * what it sends unasked (P2A); else the receiver's. ERROR beside FREE: what was sent could not be taken.
 *
 * The library reads each word once, bounds what it says, and copies before use. Every access is one aligned 32-bit
 * access: what some interconnects demand, all allow. The order of accesses is that of docs/concurrency.md.
 */
#ifndef SCMI_TRANSPORT_SHMEM_H
#define SCMI_TRANSPORT_SHMEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where the words lie, in bytes from the start of the area. */
#define SCMI_SHMEM_RESERVED    0x00u
#define SCMI_SHMEM_STATUS      0x04u
#define SCMI_SHMEM_CHECK_KIND  0x08u /* with an integrity check */
#define SCMI_SHMEM_CHECK_VALUE 0x0cu
#define SCMI_SHMEM_FLAGS       0x10u
#define SCMI_SHMEM_LENGTH      0x14u
#define SCMI_SHMEM_HEADER      0x18u
#define SCMI_SHMEM_PAYLOAD     0x1cu

/* Bits of the channel status and of the channel flags. */
#define SCMI_SHMEM_FREE  (1u << 0)
#define SCMI_SHMEM_ERROR (1u << 1)
#define SCMI_SHMEM_INTR  (1u << 0)

/* An area: a multiple of 4 bytes; it carries SCMI_SHMEM_PAYLOAD bytes less after the header. */
#define SCMI_SHMEM_BYTES_MIN     36u /* a status and one word */
#define SCMI_SHMEM_BYTES_DEFAULT 128u
#define SCMI_SHMEM_BYTES_MAX     65564u

/*
 * scmi_shmem.flags. WIDE: plain memory that takes accesses of any width; long payloads are read faster then. CACHED:
 * not coherent, the port cleans and invalidates it; 64-byte aligned (or to the cache line, if that is longer) at both
 * ends, and nothing else in its lines.
 */
#define SCMI_SHMEM_WIDE   (1u << 0)
#define SCMI_SHMEM_CACHED (1u << 1)

/*
 * Integrity checks over header and payload, as i.MX system managers have them: the kind stands in one of the
 * implementation's own words, the value in the other. Both ends are configured alike; a message whose kind or value is
 * wrong counts as damaged.
 */
enum scmi_shmem_check {
	SCMI_SHMEM_CHECK_NONE = 0,
	SCMI_SHMEM_CHECK_XOR = 1,   /* of all whole words; up to 3 bytes behind them are not covered */
	SCMI_SHMEM_CHECK_J1850 = 2, /* CRC-8, SAE J1850, without its last inversion */
	SCMI_SHMEM_CHECK_CRC32 = 3, /* IEEE 802.3 */
};

/* A piece of memory that is an area. */
struct scmi_shmem {
	void *mem;          /* 4-byte aligned, mapped as shared memory or device memory; NULL: there is none */
	uint32_t len;       /* bytes */
	uint8_t flags;      /* SCMI_SHMEM_* */
	uint8_t check;      /* enum scmi_shmem_check */
	uint16_t reserved_; /* 0 */
};

/*
 * Puts an area in order: all words before the payload 0, but for the kind of a check, then FREE. The platform does so
 * before an agent may use it, for both directions; an agent never does. CACHED memory is not cleaned: that is the
 * caller's affair here.
 * Returns SCMI_OK, or SCMI_E_INVAL: NULL, a length or an alignment that is not allowed. Context: any.
 */
int scmi_shmem_reset(const struct scmi_shmem *area);

#ifdef __cplusplus
}
#endif

#endif
