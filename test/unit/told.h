/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent on a transport that is its own platform and answers what it was told to: a table of questions and answers.
 * What is not in the table is not supported.
 */
#ifndef TOLD_H
#define TOLD_H

#include <stddef.h>
#include <stdint.h>

#include <scmi/agent.h>

#include "fake_port.h"

/* One question and its answer: payloads, in wire order. */
struct row {
	uint8_t message;
	const void *params;
	uint32_t params_len;
	const void *reply;
	uint32_t reply_len;
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(...)    ((const uint8_t[]){__VA_ARGS__})
#define OK            0, 0, 0, 0
#define WORD(b)       (b), 0, 0, 0

/* A row whose command has no parameters; the rest are the bytes of the answer. */
#define PLAIN(id, ...)                                                                                                 \
	{                                                                                                              \
		(id), NULL, 0, BYTES(__VA_ARGS__), sizeof(BYTES(__VA_ARGS__))                                          \
	}

/* A row whose command has the one small word given. */
#define ASKED(id, param, ...)                                                                                          \
	{                                                                                                              \
		(id), BYTES(WORD(param)), 4, BYTES(__VA_ARGS__), sizeof(BYTES(__VA_ARGS__))                            \
	}

struct platform {
	const struct row *rows;
	size_t count;
	unsigned asked;   /* commands since serve() */
	uint8_t protocol; /* of the last command, and so on */
	uint8_t message;
	uint8_t params[32];
	uint32_t params_len;
	const void *delayed; /* payload of the delayed response that follows each success; NULL: none */
	uint32_t delayed_len;
	const struct scmi_sink *sink;
	void *core;
};

struct fixture {
	struct platform platform;
	struct fake_port fake;
	struct scmi_agent *agent;
	_Alignas(max_align_t) uint8_t mem[4096];
};

/* cmocka's set-up and tear-down: *state is a started agent's fixture. */
int told_set_up(void **state);
int told_tear_down(void **state);

/* From now on the platform answers by these rows, of which the first that fits counts; without delayed responses. */
void serve(struct fixture *f, const struct row *rows, size_t count);

#endif
