/* SPDX-License-Identifier: BSD-3-Clause */
/* bench: one command again and again, some of them in flight at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/message.h>

#include "out.h"
#include "scmictl.h"

#define COUNT_DEFAULT 10000u

/* What is sent, and what has become of it. */
struct bench {
	struct raw raw; /* with the payload that was asked for */
	uint32_t count;
	uint32_t depth;
	struct scmi_call *calls; /* depth of them, used in turn */
	uint8_t *replies;
	uint32_t begun;
	uint32_t ended;
	uint32_t refused; /* by the platform */
	int err;          /* the first one that was not the platform's */
	uint64_t us;
};

/* ---- running ---- */

static void begin_call(struct session *s, struct bench *b)
{
	uint32_t cap = session_max_values(s);
	struct scmi_call *call = &b->calls[b->begun % b->depth];

	*call = (struct scmi_call){
		.size = sizeof(*call),
		.protocol = b->raw.protocol,
		.message = b->raw.message,
		.params = b->raw.params,
		.params_len = b->raw.params_len,
		.reply = b->replies + (size_t)(b->begun % b->depth) * cap,
		.reply_cap = cap,
	};
	b->err = scmi_agent_submit(s->agent, call);
	if (b->err == SCMI_OK)
		b->begun++;
}

static void end_call(struct session *s, struct bench *b)
{
	int err = scmi_agent_wait(s->agent, &b->calls[b->ended % b->depth]);

	b->ended++;
	if (err == SCMI_E_REMOTE)
		b->refused++;
	else if (b->err == SCMI_OK)
		b->err = err;
}

/* Keeps depth calls in flight; after an error only waits for those that are. */
static void run_calls(struct session *s, struct bench *b)
{
	uint64_t start = session_now_us(s);

	while (b->ended < b->begun || (b->begun < b->count && b->err == SCMI_OK)) {
		if (b->begun < b->count && b->begun - b->ended < b->depth && b->err == SCMI_OK)
			begin_call(s, b);
		else
			end_call(s, b);
	}
	b->us = session_now_us(s) - start;
}

/* ---- telling ---- */

static void json_bench(const struct session *s, const struct bench *b, uint64_t us)
{
	json_number("protocol", b->raw.protocol);
	json_number("message", b->raw.message);
	json_number("params_bytes", b->raw.params_len);
	json_number("calls", b->ended);
	json_number("depth", b->depth);
	json_number("refused", b->refused);
	json_number("time_us", b->us);
	json_number("calls_per_second", b->ended * UINT64_C(1000000) / us);
	show_latencies(&s->latency);
}

static void show_bench(const struct session *s, const struct bench *b)
{
	uint64_t us = b->us != 0 ? b->us : 1u;

	if (json_used()) {
		json_bench(s, b, us);
		return;
	}
	show_message("command    ", b->raw.protocol, SCMI_MSG_COMMAND, b->raw.message);
	printf(", %u bytes of parameters\n", b->raw.params_len);
	printf("calls       %u, %u in flight, %u refused\n", b->ended, b->depth, b->refused);
	printf("time        %llu us\n", (unsigned long long)b->us);
	printf("calls/s     %llu\n", (unsigned long long)(b->ended * UINT64_C(1000000) / us));
	fputs("latency     ", stdout);
	show_latency(&s->latency);
}

/* A slot is free again when its call has been waited for: who wants more than there are would wait for himself. */
static enum outcome check_depth(struct session *s, const struct bench *b)
{
	struct scmi_agent_stats stats = {.size = sizeof(stats)};
	int err = scmi_agent_stats(s->agent, scmi_agent_link(s->agent, b->raw.protocol), &stats);

	if (err != SCMI_OK)
		return session_error(s, "stats", err, 0);
	if (b->depth <= stats.max_inflight)
		return GOOD;
	fprintf(stderr, "scmictl: depth %u: the link takes %u calls at once", b->depth, stats.max_inflight);
	session_end_line(s);
	return FAILED;
}

static enum outcome bench_body(struct session *s, void *arg)
{
	struct bench *b = arg;
	char what[16];

	if (check_depth(s, b) != GOOD)
		return FAILED;
	b->calls = calloc(b->depth, sizeof(*b->calls));
	b->replies = calloc(b->depth, session_max_values(s));
	b->err = b->calls != NULL && b->replies != NULL ? SCMI_OK : SCMI_E_NOMEM;
	run_calls(s, b);
	free(b->calls);
	free(b->replies);
	if (b->ended != 0)
		show_bench(s, b);
	if (b->err == SCMI_OK)
		return b->refused == 0 ? GOOD : FAILED;
	snprintf(what, sizeof(what), "0x%02x:0x%02x", b->raw.protocol, b->raw.message);
	return session_error(s, what, b->err, 0);
}

/* ---- reading ---- */

/* The command's own words, then zeros. */
static enum outcome run_padded(const struct options *options, struct bench *b)
{
	uint32_t len = b->raw.params_len + options->number[PAYLOAD];
	uint8_t *params = calloc((size_t)len + 1u, 1);
	enum outcome outcome;

	if (params == NULL) {
		perror("scmictl");
		return FAILED;
	}
	if (b->raw.params_len != 0)
		memcpy(params, b->raw.params, b->raw.params_len);
	b->raw.params = params;
	b->raw.params_len = len;
	outcome = session_run(options, bench_body, b);
	free(params);
	return outcome;
}

enum outcome run_bench(const struct options *options, char **args, int n)
{
	struct bench b = {
		.raw = {.protocol = SCMI_PROTOCOL_BASE, .message = SCMI_PROTOCOL_VERSION},
		.count = options->number[COUNT] != 0 ? options->number[COUNT] : COUNT_DEFAULT,
		.depth = options->number[DEPTH] != 0 ? options->number[DEPTH] : 1u,
	};
	struct line line;
	enum outcome outcome;

	if (n == 0)
		return run_padded(options, &b);
	if (words_to_comma(args, n) < n)
		return misuse("bench takes one command, but there is ", ",", "");
	outcome = line_read(&line, "bench", args, n);
	if (outcome == GOOD) {
		b.raw = line.raws[0];
		outcome = run_padded(options, &b);
	}
	line_free(&line);
	return outcome;
}
