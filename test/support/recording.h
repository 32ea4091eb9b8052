/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recorded traffic, read from a text file (test/data/README.md tells the format). For tests, the demo and the seeds of
 * the fuzzers; a hosted C library is needed.
 */
#ifndef TEST_SUPPORT_RECORDING_H
#define TEST_SUPPORT_RECORDING_H

#include <stddef.h>
#include <stdint.h>

enum recording_kind {
	RECORDING_COMMAND, /* sent: header and parameters; reply: header, status, values; cap */
	RECORDING_EVENT,   /* sent: header and payload, platform to agent */
	RECORDING_VHOST    /* sent: the start of a vhost-user payload; request, flags, size, fds */
};

/* One line. Bytes belong to the recording. */
struct recording_entry {
	enum recording_kind kind;
	unsigned line; /* in the file, from 1 */
	const uint8_t *sent;
	const uint8_t *reply;
	uint32_t sent_len;
	uint32_t reply_len;
	uint32_t cap; /* bytes that the agent had room for, header included */
	uint32_t request;
	uint32_t flags;
	uint32_t size;
	uint32_t fds;
};

/* Zero is empty. */
struct recording {
	struct recording_entry *entries;
	size_t count;
	uint8_t *bytes_;
};

/*
 * Reads all of text, which came from what error messages call name. Returns 0, or -1 with nothing kept and a sentence
 * in error (error_cap bytes, terminated) that begins with name and line: "x.txt:7: ...". Free with recording_free().
 */
int recording_parse(struct recording *r, const char *name, const char *text, char *error, size_t error_cap);

/* The same for the file at path. */
int recording_load(struct recording *r, const char *path, char *error, size_t error_cap);

void recording_free(struct recording *r);

#endif
