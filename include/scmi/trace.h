/* SPDX-License-Identifier: BSD-3-Clause */
/* What the library can tell while it runs: log lines for people, trace events for tools. Both are off by default. */
#ifndef SCMI_TRACE_H
#define SCMI_TRACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum scmi_log_level { SCMI_LOG_ERROR = 0, SCMI_LOG_WARNING = 1, SCMI_LOG_INFO = 2 };

/*
 * Takes one log line: text without a line end, valid until it returns. At most a few lines an event of configuration,
 * none per message. Runs in the context that logs; must not call the library.
 */
typedef void (*scmi_log_fn)(void *arg, enum scmi_log_level level, const char *text);

enum scmi_trace_kind {
	SCMI_TRACE_SEND = 0,   /* agent: a message is handed to the transport; if that fails an END follows */
	SCMI_TRACE_RECV = 1,   /* a message was matched; err: how its call ends */
	SCMI_TRACE_REFUSE = 2, /* a message was refused; err: what the transport is told */
	SCMI_TRACE_END = 3     /* a call ended without a message, or was not sent; err: SCMI_E_TIMEOUT, ... */
};

/* One event. Everything is copied; nothing points into the library. */
struct scmi_trace_event {
	uint8_t kind;    /* enum scmi_trace_kind */
	uint8_t link;    /* which link ("queue") of the agent; of a platform: the agent's id */
	uint16_t slot;   /* which transfer; 0xffff: none */
	uint32_t hdr;    /* header word: type, protocol, message and token are in it, see scmi_hdr_type() ... */
	uint32_t len;    /* bytes after the header */
	int32_t err;     /* SCMI_E_* */
	const char *why; /* for REFUSE: the counter's name, a constant; else NULL */
};

/*
 * Takes one event, in the context where it happens: interrupt, thread or callback. Must not sleep nor call the
 * library. Costs one compare a message when it is off.
 */
typedef void (*scmi_trace_fn)(void *arg, const struct scmi_trace_event *event);

/*
 * Writes the event into buf, cap bytes that are the caller's (NULL if cap is 0), as one line of text with names for
 * what it knows: "recv link 0 slot 5 0x10:0x06
 * BASE_DISCOVER_LIST_PROTOCOLS token 6 len 12: success". Returns the length as snprintf does; always terminated if
 * cap > 0. Context: any.
 */
size_t scmi_trace_format(char *buf, size_t cap, const struct scmi_trace_event *event);

#ifdef __cplusplus
}
#endif

#endif
