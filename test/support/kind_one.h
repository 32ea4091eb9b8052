/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A transport of the third kind: depth one, with state of its own, and no delegation. One area of foreign memory
 * carries the command there and the reply back; the transport knows whose reply it is because there is only one. Its
 * peer cannot be reset: recover() is SCMI_E_BUSY while that has the area.
 */
#ifndef SUPPORT_KIND_ONE_H
#define SUPPORT_KIND_ONE_H

#include <stdbool.h>

#include <scmi/transport.h>

#define KIND_ONE_PAYLOAD 100u

struct kind_one;

/* A command stands in the area; to be answered by kind_one_answer(), in here or later from any thread. */
typedef void (*kind_one_command_fn)(void *arg, uint32_t hdr, const void *payload, uint32_t len);

/* NULL: out of memory. */
struct kind_one *kind_one_create(kind_one_command_fn fn, void *arg, struct scmi_transport *out);
/*
 * The same, but commands are accepted while one is out: send() says SCMI_E_BUSY, and the core keeps them in its queue.
 */
struct kind_one *kind_one_create_queued(kind_one_command_fn fn, void *arg, uint32_t accepted,
					struct scmi_transport *out);
void kind_one_destroy(struct kind_one *t);

/*
 * Writes the answer into the area and gives it back; len 0: gives it back with an error flag. SCMI_OK, SCMI_E_TOOBIG.
 */
int kind_one_answer(struct kind_one *t, uint32_t hdr, const void *payload, uint32_t len);

/* 1 while the area is the platform's, or an answer in it has not been looked at. */
uint32_t kind_one_away(struct kind_one *t);

#endif
