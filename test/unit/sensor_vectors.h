/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of the sensor protocol, written by hand: what is sent, what is answered. */
#ifndef SENSOR_VECTORS_H
#define SENSOR_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#define VECTOR_BYTES 256u

/* Versions that a vector holds for. */
#define V1_0  1u
#define V2_0  2u
#define V3_0  4u
#define V3_1  8u
#define V2_UP (V2_0 | V3_0 | V3_1)
#define V3_UP (V3_0 | V3_1)
#define V_ALL (V1_0 | V2_UP)

/* Hexadecimal, in the order of the wire; blanks mean nothing. */
struct sensor_vector {
	uint8_t kind; /* enum scmi_msg_type */
	uint8_t id;
	uint8_t versions;
	const char *params; /* of a command */
	const char *reply;  /* payload, the status first; of a notification all of it */
};

extern const struct sensor_vector sensor_vectors[];
extern const size_t sensor_vectors_n;

/* The number behind one of the V's. */
uint32_t vector_version(uint8_t version);

/* Returns how many bytes it has put to out, which has room for VECTOR_BYTES; aborts on anything but hex and blanks. */
uint32_t vector_bytes(uint8_t *out, const char *hex);

#endif
