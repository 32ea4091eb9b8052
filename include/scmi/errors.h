/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors of this library. They never mix with the platform's own status word: see enum scmi_status in message.h. */
#ifndef SCMI_ERRORS_H
#define SCMI_ERRORS_H

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, value, sentence). Values are part of the ABI: append only, never renumber. */
#define SCMI_ERROR_MAP(X)                                                                                              \
	X(SCMI_OK, 0, "success")                                                                                       \
	X(SCMI_E_INVAL, -1, "an argument or a configuration value is not allowed")                                     \
	X(SCMI_E_NOMEM, -2, "the memory handed in is too small or misaligned")                                         \
	X(SCMI_E_BUSY, -3, "no transfer slot, or no room on the link, is free now")                                    \
	X(SCMI_E_TOOBIG, -4, "the message is larger than the transport can carry")                                     \
	X(SCMI_E_TIMEOUT, -5, "the deadline passed before the reply came")                                             \
	X(SCMI_E_CANCELLED, -6, "the call was cancelled")                                                              \
	X(SCMI_E_CLOSED, -7, "the agent or the platform is stopped")                                                   \
	X(SCMI_E_LINK, -8, "the link was lost while the call was in flight")                                           \
	X(SCMI_E_NOPEER, -9, "the peer is not there")                                                                  \
	X(SCMI_E_PROTO, -10, "the peer sent a malformed message")                                                      \
	X(SCMI_E_REMOTE, -11, "the platform answered with an error status")                                            \
	X(SCMI_E_TRUNCATED, -12, "the reply is longer than the buffer for it")                                         \
	X(SCMI_E_NOTSUP, -13, "not supported by this build, transport or peer")                                        \
	X(SCMI_E_CONTEXT, -14, "not allowed in this context (from a callback)")                                        \
	X(SCMI_E_GONE, -15, "the transfer has ended meanwhile")                                                        \
	X(SCMI_E_INPROGRESS, -16, "the call is being completed, or is still in flight")                                \
	X(SCMI_E_NOTFOUND, -17, "no such call, message or protocol")                                                   \
	X(SCMI_E_STRAY, -18, "the message answers nothing that is in flight")                                          \
	X(SCMI_E_IO, -19, "the operating system reported a failure")                                                   \
	X(SCMI_E_COMMS, -20, "the message was damaged on its way, or the platform could not take it")

#define SCMI_ERROR_ENUM_(name, value, sentence) name = (value),
enum scmi_error { SCMI_ERROR_MAP(SCMI_ERROR_ENUM_) };
#undef SCMI_ERROR_ENUM_

/*
 * The sentence that belongs to an error of this library.
 * Returns a constant string, never NULL ("unknown error" for a value that is not in the table). Context: any.
 */
const char *scmi_strerror(int err);

/* The symbol's name, "SCMI_E_TIMEOUT"; same rules as scmi_strerror(). */
const char *scmi_error_name(int err);

#ifdef __cplusplus
}
#endif

#endif
