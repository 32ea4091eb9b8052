/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands as words. All of the line is read before the first command is sent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <scmi/message.h>

#include "out.h"
#include "scmictl.h"

/* ---- reading ---- */

static enum outcome no_protocol(const char *word)
{
	fprintf(stderr, "scmictl: '%s' is no protocol: not a number to 255, nor one of", word);
	for (uint8_t id = SCMI_PROTOCOL_BASE; id < SCMI_PROTOCOL_VENDOR_MIN; id++) {
		if (strchr(scmi_protocol_name(id), ' ') == NULL) /* "unknown protocol" */
			fprintf(stderr, " %s", scmi_protocol_name(id));
	}
	fputc('\n', stderr);
	return MISUSED;
}

enum outcome read_protocol(const char *word, uint8_t *protocol)
{
	uint32_t n;

	if (read_number(word, UINT8_MAX, &n)) {
		*protocol = (uint8_t)n;
		return GOOD;
	}
	for (uint8_t id = SCMI_PROTOCOL_BASE; id < SCMI_PROTOCOL_VENDOR_MIN; id++) {
		if (strchr(word, ' ') == NULL && strcasecmp(word, scmi_protocol_name(id)) == 0) {
			*protocol = id;
			return GOOD;
		}
	}
	return no_protocol(word);
}

static enum outcome no_message(const char *word, uint8_t protocol, enum scmi_msg_type kind)
{
	const struct scmi_message_info *info = NULL;

	fprintf(stderr, "scmictl: '%s' is no %s of protocol 0x%02x: not a number to 255, nor one of\n", word,
		kind == SCMI_MSG_NOTIFICATION ? "notification" : "message", protocol);
	while ((info = scmi_message_next(protocol, info)) != NULL) {
		if (info->kind == kind)
			fprintf(stderr, "  0x%02x  %s\n", info->id, info->name);
	}
	return MISUSED;
}

enum outcome read_message(const char *word, uint8_t protocol, enum scmi_msg_type kind, uint8_t *message)
{
	const struct scmi_message_info *info = NULL;
	uint32_t n;

	if (read_number(word, UINT8_MAX, &n)) {
		*message = (uint8_t)n;
		return GOOD;
	}
	while ((info = scmi_message_next(protocol, info)) != NULL) {
		if (info->kind == kind && strcasecmp(word, info->name) == 0) {
			*message = info->id;
			return GOOD;
		}
	}
	return no_message(word, protocol, kind);
}

/* "READER before", for misuse(). */
static enum outcome misread(const char *reader, const char *before, const char *word, const char *after)
{
	char text[80];

	snprintf(text, sizeof(text), "%s %s", reader, before);
	return misuse(text, word, after);
}

/* One command of the line, from n > 0 words without a comma. */
static enum outcome read_raw(struct line *line, const char *reader, char **words, int n)
{
	struct raw *raw = &line->raws[line->raws_n++];
	enum outcome outcome = read_protocol(words[0], &raw->protocol);
	uint32_t value;

	if (outcome == GOOD && n < 2)
		return misread(reader, "", words[0], ": the message is missing");
	if (outcome == GOOD)
		outcome = read_message(words[1], raw->protocol, SCMI_MSG_COMMAND, &raw->message);
	raw->params = line->bytes + line->bytes_n;
	for (int i = 2; i < n && outcome == GOOD; i++) {
		if (!read_number(words[i], UINT32_MAX, &value))
			return misuse("", words[i], " is not a word of 32 bits, decimal or 0x hexadecimal");
		scmi_put_le32(line->bytes + line->bytes_n, value);
		line->bytes_n += WORD_BYTES;
		raw->params_len += WORD_BYTES;
	}
	return outcome;
}

int words_to_comma(char **words, int n)
{
	int i = 0;

	while (i < n && strcmp(words[i], ",") != 0)
		i++;
	return i;
}

static enum outcome read_raws(struct line *line, const char *reader, char **words, int n)
{
	enum outcome outcome = GOOD;
	int end = -1;

	/* Once more after each comma, so that nothing behind the last one is missed. */
	for (int at = 0; outcome == GOOD && end < n; at = end + 1) {
		end = at + words_to_comma(words + at, n - at);
		if (end == at)
			return misread(reader, "needs a protocol and a message", NULL,
				       n > 0 ? " at each side of a comma" : "");
		outcome = read_raw(line, reader, words + at, end - at);
	}
	return outcome;
}

enum outcome line_read(struct line *line, const char *reader, char **words, int n)
{
	size_t room = (size_t)n + 1u; /* each command takes a word at least */

	*line = (struct line){.raws = calloc(room, sizeof(*line->raws)), .bytes = calloc(room, WORD_BYTES)};
	if (line->raws == NULL || line->bytes == NULL) {
		perror("scmictl");
		return FAILED;
	}
	return read_raws(line, reader, words, n);
}

void line_free(struct line *line)
{
	free(line->raws);
	free(line->bytes);
}

/* ---- sending ---- */

static void show_reply(const struct scmi_call *call)
{
	char status[16];

	if (json_used()) {
		snprintf(status, sizeof(status), "%d", (int)call->status);
		open_message("reply", call->protocol, SCMI_MSG_COMMAND, call->message);
		json_literal("status", status);
		json_text("meaning", scmi_status_text(call->status));
		json_values(call->reply, call->reply_len);
		json_close();
		return;
	}
	show_message("reply", call->protocol, SCMI_MSG_COMMAND, call->message);
	printf(": %s (%d), %u bytes\n", scmi_status_text(call->status), (int)call->status, call->reply_len);
	show_values(call->reply, call->reply_len);
}

static enum outcome show_end(const struct session *s, const struct scmi_call *call, int err)
{
	char what[16];

	if (err == SCMI_OK || err == SCMI_E_REMOTE) {
		show_reply(call);
		return err == SCMI_OK ? GOOD : FAILED;
	}
	snprintf(what, sizeof(what), "0x%02x:0x%02x", call->protocol, call->message);
	return session_error(s, what, err, call->status);
}

static enum outcome send_raw(struct session *s, const struct raw *raw, void *reply, uint32_t cap, bool quiet)
{
	struct scmi_call call = {
		.size = sizeof(call),
		.protocol = raw->protocol,
		.message = raw->message,
		.params = raw->params,
		.params_len = raw->params_len,
		.reply = reply,
		.reply_cap = cap,
	};
	int err = scmi_agent_call(s->agent, &call);

	(void)scmi_agent_poll(s->agent, INT32_MAX); /* shows the events that came meanwhile */
	if (quiet)
		return err == SCMI_OK ? GOOD : FAILED;
	return show_end(s, &call, err);
}

enum outcome line_send(struct session *s, const struct line *line, bool quiet)
{
	uint32_t cap = session_max_values(s);
	void *reply = malloc(cap);
	enum outcome outcome = GOOD;

	if (reply == NULL)
		return session_error(s, "reply buffer", SCMI_E_NOMEM, 0);
	/* One that fails does not end the line: what a refusal leaves behind is worth a look, too. */
	for (size_t i = 0; i < line->raws_n && !session_interrupted(s); i++) {
		if (send_raw(s, &line->raws[i], reply, cap, quiet) != GOOD)
			outcome = FAILED;
	}
	free(reply);
	return outcome;
}
