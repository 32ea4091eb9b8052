/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands whose parameters are words, which all are; values that are words, as nearly all are; and names. */
#ifndef SCMI_PROTOCOL_WORDS_H
#define SCMI_PROTOCOL_WORDS_H

#include <scmi/agent.h>

#define WORD_BYTES 4u

/*
 * The words of a command: the first, COMMAND(), says which it is and how many parameters follow. A buffer that is given
 * to a function below is the call's as long as it lasts: parameters are turned into wire order where they stand, and a
 * value may be put where COMMAND() was.
 */
#define COMMAND(protocol, message, params) ((uint32_t)(protocol) << 16 | (uint32_t)(message) << 8 | (uint32_t)(params))

/* A function whose frame is not to be part of its caller's: what the caller does next is deep. */
#ifdef __GNUC__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE
#endif

/* Sends a command and waits. On SCMI_OK *value, unless NULL, takes the first word of the values. As a typed command. */
int scmi__command(struct scmi_agent *agent, uint32_t *words, uint32_t *value, int32_t *status);

/*
 * The same for values that are more than a word: those that *len bytes at reply hold. *len is then how many came, which
 * may be more. What stands at reply on an error means nothing.
 */
int scmi__ask(struct scmi_agent *agent, uint32_t *words, void *reply, uint32_t *len, int32_t *status);

/* For who makes the call by himself: fills it in. Then scmi_agent_call(), and what that returned by the typed rules. */
void scmi__prepare(struct scmi_call *call, uint32_t *words, void *reply, uint32_t reply_cap);
int scmi__checked(const struct scmi_call *call, int err);

/* scmi_protocol_long_name() for a command with one parameter. */
int scmi__long_name(struct scmi_agent *agent, uint32_t *words, char name[SCMI_LONG_NAME], int32_t *status);

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
