/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands whose parameters and values are words, nearly all of them; and names. */
#ifndef SCMI_PROTOCOL_WORDS_H
#define SCMI_PROTOCOL_WORDS_H

#include <scmi/agent.h>

#define WORD_BYTES 4u

/* Most parameters that a command of words has. */
#define WORDS_MAX 4u

/*
 * Sends one command with n_params words, WORDS_MAX at most, and waits. On SCMI_OK *value, unless NULL, takes the first
 * word of the values. Otherwise as a typed command.
 */
int scmi__command(struct scmi_agent *agent, uint8_t protocol, uint8_t message, const uint32_t *params,
		  uint32_t n_params, uint32_t *value, int32_t *status);

/*
 * A name out of a field of len bytes, into size bytes. The platform's NUL is not relied on, and what it sends behind it
 * goes no further: NULs to the end.
 */
void scmi__take_name(char *name, uint32_t size, const uint8_t *field, uint32_t len);

/* For what a platform need not tell: SCMI_E_REMOTE becomes SCMI_OK, and *status (may be NULL) a success. */
int scmi__refused_is_ok(int err, int32_t *status);

/* The same for a long name, for which there is a short one: a malformed one is as good as none. */
int scmi__unnamed_is_ok(int err, int32_t *status);

#endif
