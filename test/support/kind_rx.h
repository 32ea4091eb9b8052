/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A transport of the first kind: it hands every message over by rx() and keeps nothing. Polled, many in flight,
 * messages known by their header alone, payloads fetched. The platform end is a function that sees each command in
 * send().
 */
#ifndef SUPPORT_KIND_RX_H
#define SUPPORT_KIND_RX_H

#include <stdbool.h>

#include <scmi/transport.h>

#define KIND_RX_DEPTH    8u
#define KIND_RX_PAYLOAD  64u
#define KIND_RX_MESSAGES 32u /* on their way to the agent at once */

struct kind_rx;

/* A command has come; ref goes to kind_rx_answer(), in here or later from any thread. */
typedef void (*kind_rx_command_fn)(void *arg, void *ref, uint32_t hdr, const void *payload, uint32_t len);

/* NULL: out of memory. */
struct kind_rx *kind_rx_create(kind_rx_command_fn fn, void *arg, struct scmi_transport *out);
void kind_rx_destroy(struct kind_rx *t);

/* SCMI_OK, SCMI_E_TOOBIG; SCMI_E_BUSY: no buffer (of the command's answer there is always one). */
int kind_rx_answer(struct kind_rx *t, void *ref, uint32_t hdr, const void *payload, uint32_t len);
int kind_rx_push(struct kind_rx *t, uint32_t hdr, const void *payload, uint32_t len);

/* Commands unanswered and messages undelivered. */
uint32_t kind_rx_away(struct kind_rx *t);

#endif
