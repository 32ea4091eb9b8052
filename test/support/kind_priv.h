/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A transport of the second kind: it delegates. One thread matches what comes by acquire() and hangs its own message on
 * the transfer; another completes and releases it later. Delivers by itself, many in flight.
 */
#ifndef SUPPORT_KIND_PRIV_H
#define SUPPORT_KIND_PRIV_H

#include <stdbool.h>

#include <scmi/transport.h>

#define KIND_PRIV_DEPTH    16u
#define KIND_PRIV_PAYLOAD  128u
#define KIND_PRIV_MESSAGES 64u /* on their way to the agent at once */

struct kind_priv;

/* A command has come; ref goes to kind_priv_answer(), in here or later from any thread. */
typedef void (*kind_priv_command_fn)(void *arg, void *ref, uint32_t hdr, const void *payload, uint32_t len);

/* NULL: out of memory or threads. */
struct kind_priv *kind_priv_create(kind_priv_command_fn fn, void *arg, struct scmi_transport *out);
void kind_priv_destroy(struct kind_priv *t);

/* SCMI_OK, SCMI_E_TOOBIG; SCMI_E_BUSY: no buffer (of the command's answer there is always one). */
int kind_priv_answer(struct kind_priv *t, void *ref, uint32_t hdr, const void *payload, uint32_t len);
int kind_priv_push(struct kind_priv *t, uint32_t hdr, const void *payload, uint32_t len);

/* Stays between acquire() and complete() while paused. */
void kind_priv_pause(struct kind_priv *t, bool paused);

/* Messages that are acquired and not completed. */
uint32_t kind_priv_acquired(struct kind_priv *t);

/* Commands unanswered and messages not released. */
uint32_t kind_priv_away(struct kind_priv *t);

#endif
