/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of the clock protocol, written by hand: what is sent, what is answered. */
#ifndef CLOCK_VECTORS_H
#define CLOCK_VECTORS_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the longest payload. */
#define VECTOR_BYTES 128u

/* Versions that a vector holds for. */
#define V1_0  1u
#define V2_0  2u
#define V3_0  4u
#define V_OLD (V1_0 | V2_0)
#define V2_UP (V2_0 | V3_0)
#define V_ALL (V1_0 | V2_UP)

/*
 * Hexadecimal, in the order of the wire; blanks mean nothing. In the order in which they happen: what a command sets
 * is so in the vectors behind it, and a delayed response or notification is what the platform sends next.
 */
struct clock_vector {
	uint8_t kind; /* enum scmi_msg_type */
	uint8_t id;
	uint8_t versions;
	const char *params; /* of a command; else "" */
	const char *reply;  /* payload, the status first; of a notification all of it */
};

extern const struct clock_vector clock_vectors[];
extern const size_t clock_vectors_n;

/* The number behind one of the V's. */
uint32_t vector_version(uint8_t version);

/* Returns how many bytes it has put to out, which has room for VECTOR_BYTES; aborts on anything but hex and blanks. */
uint32_t vector_bytes(uint8_t *out, const char *hex);

#endif
