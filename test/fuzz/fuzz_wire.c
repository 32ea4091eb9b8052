/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything that reads bytes and keeps no state: messages taken apart and put together again, the message table, the
 * trace's text, and the reader of recordings. The first byte of the input chooses which, the second is a length.
 */
#include <string.h>

#include <scmi/message.h>
#include <scmi/trace.h>

#include "fuzz.h"
#include "recording.h"

#define MESSAGE_MAX 300u
#define TEXT_MAX    4096u
#define GUARD       0xa5u

/* The rest of the input in memory of exactly its length, so that a sanitizer sees a read beyond it. */
static uint8_t *take_rest(struct fuzz_input *in, uint32_t max, uint32_t *len)
{
	uint8_t *bytes;

	*len = in->left < max ? (uint32_t)in->left : max;
	bytes = malloc(*len != 0 ? *len : 1u);
	MUST(bytes != NULL);
	if (*len != 0)
		memcpy(bytes, in->at, *len);
	return bytes;
}

/* ---- messages ---- */

/* Guard bytes from at to the end of a buffer of MESSAGE_MAX bytes. */
static void check_rest(const uint8_t *buffer, uint32_t at)
{
	for (; at < MESSAGE_MAX; at++)
		MUST(buffer[at] == GUARD);
}

/* What was built of len bytes into cap: the message itself, or nothing at all. */
static void check_built(int err, const uint8_t *built, uint32_t out, uint32_t cap, const uint8_t *bytes, uint32_t len)
{
	if (len > cap) {
		MUST(err == SCMI_E_TOOBIG);
		check_rest(built, 0);
		return;
	}
	MUST(err == SCMI_OK && out == len && memcmp(built, bytes, len) == 0);
	check_rest(built, len);
}

static void rebuild(const uint8_t *bytes, uint32_t len, uint32_t cap)
{
	uint8_t built[MESSAGE_MAX];
	const void *payload;
	uint32_t payload_len;
	uint32_t out = 0;
	uint32_t hdr;
	int err = scmi_msg_part(bytes, len, &hdr, &payload, &payload_len);

	MUST(err == (len < SCMI_HDR_BYTES ? SCMI_E_PROTO : SCMI_OK));
	if (err != SCMI_OK)
		return;
	MUST(payload_len == len - SCMI_HDR_BYTES && (payload != NULL) == (payload_len != 0));
	memset(built, GUARD, sizeof(built));
	err = scmi_msg_build(built, cap, hdr, payload, payload_len, &out);
	check_built(err, built, out, cap, bytes, len);
}

/* A reply that was split gives the same bytes when it is built again; what followed an error was left out. */
static void rebuild_reply(const struct scmi_msg *m, const uint8_t *bytes, uint32_t cap)
{
	uint32_t len = SCMI_HDR_BYTES + SCMI_STATUS_BYTES + m->len;
	uint8_t built[MESSAGE_MAX];
	uint32_t out = 0;
	int err;

	memset(built, GUARD, sizeof(built));
	if (scmi_hdr_type(m->hdr) == SCMI_MSG_DELAYED)
		err = scmi_msg_build_delayed(built, cap, m->hdr, m->status, m->values, m->len, &out);
	else
		err = scmi_msg_build_response(built, cap, m->hdr, m->status, m->values, m->len, &out);
	check_built(err, built, out, cap, bytes, len);
	memset(built, GUARD, sizeof(built));
	err = scmi_msg_build_reply(built, cap, m->status, m->values, m->len, &out);
	check_built(err, built, out, cap, bytes + SCMI_HDR_BYTES, len - SCMI_HDR_BYTES);
}

static void split_for_platform(const uint8_t *bytes, uint32_t len)
{
	struct scmi_msg m;
	int err = scmi_msg_from_agent(bytes, len, &m);

	MUST(err == SCMI_OK || err == SCMI_E_PROTO);
	MUST((err == SCMI_OK) == (len >= SCMI_HDR_BYTES && (bytes[1] & 3u) == SCMI_MSG_COMMAND));
	if (err != SCMI_OK)
		return;
	MUST(m.hdr == scmi_get_le32(bytes) && m.status == SCMI_SUCCESS && m.len == len - SCMI_HDR_BYTES);
	MUST(m.values == (m.len != 0 ? bytes + SCMI_HDR_BYTES : NULL));
}

static void split_for_agent(const uint8_t *bytes, uint32_t len, uint32_t cap)
{
	struct scmi_msg m;
	int err = scmi_msg_from_platform(bytes, len, &m);
	enum scmi_msg_type type;

	MUST(err == SCMI_OK || err == SCMI_E_REMOTE || err == SCMI_E_PROTO);
	if (err == SCMI_E_PROTO)
		return;
	type = scmi_hdr_type(m.hdr);
	MUST(m.hdr == scmi_get_le32(bytes) && type != SCMI_MSG_RESERVED);
	MUST((m.values != NULL) == (m.len != 0));
	if (type == SCMI_MSG_NOTIFICATION) {
		MUST(err == SCMI_OK && m.status == SCMI_SUCCESS && m.len == len - SCMI_HDR_BYTES);
		return;
	}
	MUST(len >= SCMI_HDR_BYTES + SCMI_STATUS_BYTES);
	MUST(m.status == (int32_t)scmi_get_le32(bytes + SCMI_HDR_BYTES));
	MUST((err == SCMI_OK) == (m.status == SCMI_SUCCESS));
	MUST(m.len == (err == SCMI_OK ? len - SCMI_HDR_BYTES - SCMI_STATUS_BYTES : 0u));
	rebuild_reply(&m, bytes, cap);
}

static void split_payload(const uint8_t *bytes, uint32_t len)
{
	uint32_t values = UINT32_MAX;
	int32_t status = 1;
	int err = scmi_msg_split_reply(bytes, len, &status, &values);

	if (len < SCMI_STATUS_BYTES) {
		MUST(err == SCMI_E_PROTO && values == UINT32_MAX && status == 1);
		return;
	}
	MUST(status == (int32_t)scmi_get_le32(bytes) && err == (status == SCMI_SUCCESS ? SCMI_OK : SCMI_E_REMOTE));
	MUST(values == (err == SCMI_OK ? len - SCMI_STATUS_BYTES : 0u));
	MUST(scmi_status_text(status) != NULL);
}

static void fuzz_messages(struct fuzz_input *in)
{
	uint32_t cap = fuzz_byte(in);
	uint32_t len;
	uint8_t *bytes = take_rest(in, MESSAGE_MAX, &len);

	rebuild(bytes, len, cap);
	split_for_platform(bytes, len);
	split_for_agent(bytes, len, cap);
	split_payload(bytes, len);
	free(bytes);
}

/* ---- the table ---- */

static int order(const struct scmi_message_info *row)
{
	return row->kind << 8 | row->id;
}

/* Every row of a walk comes once, in order, and is the one that is found. */
static void walk(uint8_t protocol, const struct scmi_message_info *wanted)
{
	const struct scmi_message_info *row = NULL;
	int last = -1;
	int seen = 0;

	while ((row = scmi_message_next(protocol, row)) != NULL) {
		MUST(order(row) > last && (row->protocol == protocol || row->protocol == SCMI_PROTOCOL_COMMON));
		MUST(row->params_min <= row->params_max && row->values_min <= row->values_max && row->name != NULL);
		MUST(scmi_message_find(protocol, (enum scmi_msg_type)row->kind, row->id) == row);
		last = order(row);
		seen += row == wanted;
	}
	MUST(last >= SCMI_PROTOCOL_MESSAGE_ATTRIBUTES && seen == (wanted != NULL));
}

static void fuzz_table(struct fuzz_input *in)
{
	uint8_t protocol = fuzz_byte(in);
	enum scmi_msg_type kind = (enum scmi_msg_type)(fuzz_byte(in) & 3u);
	uint8_t id = fuzz_byte(in);
	const struct scmi_message_info *row = scmi_message_find(protocol, kind, id);
	const char *name = scmi_message_name(protocol, kind, id);

	MUST(row == NULL || (row->kind == kind && row->id == id && row->name == name));
	MUST(name != NULL && scmi_protocol_name(protocol) != NULL);
	walk(protocol, row);
}

/* ---- text ---- */

static void fuzz_trace(struct fuzz_input *in)
{
	static const char *const reasons[] = {NULL, "stray_token", "", "a reason that is longer than any there is"};
	size_t cap = fuzz_byte(in);
	struct scmi_trace_event event = {.kind = fuzz_byte(in)};
	char whole[512];
	char *part;
	size_t len;

	event.why = reasons[fuzz_byte(in) & 3u];
	event.link = fuzz_byte(in);
	event.slot = (uint16_t)fuzz_word(in);
	event.hdr = fuzz_word(in);
	event.len = fuzz_word(in);
	event.err = (int32_t)fuzz_word(in);
	part = malloc(cap != 0 ? cap : 1u);
	MUST(part != NULL);
	len = scmi_trace_format(whole, sizeof(whole), &event);
	MUST(len < sizeof(whole) && strlen(whole) == len && strchr(whole, '\n') == NULL);
	MUST(scmi_trace_format(part, cap, &event) == len);
	if (cap != 0)
		MUST(strlen(part) == (len < cap ? len : cap - 1u) && strncmp(part, whole, strlen(part)) == 0);
	free(part);
}

static void check_entry(const struct recording_entry *e)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < e->sent_len; i++)
		sum += e->sent[i];
	for (uint32_t i = 0; i < e->reply_len; i++)
		sum += e->reply[i];
	MUST(e->kind != RECORDING_COMMAND || (e->sent_len >= 4 && e->reply_len >= 8 && e->reply_len <= e->cap));
	MUST(e->kind != RECORDING_EVENT || (e->sent_len >= 4 && e->reply_len == 0));
	MUST(e->kind != RECORDING_VHOST || (e->sent_len <= e->size && e->reply_len == 0));
	MUST(e->line >= 1 && sum <= 255u * (e->sent_len + e->reply_len));
}

static void fuzz_recording(struct fuzz_input *in)
{
	size_t cap = fuzz_byte(in) + 1u;
	char *error = malloc(cap);
	struct recording r = {0};
	uint32_t len;
	uint8_t *bytes = take_rest(in, TEXT_MAX, &len);
	char *text = malloc(len + 1u);
	int err;

	MUST(error != NULL && text != NULL);
	memcpy(text, bytes, len);
	text[len] = '\0';
	memset(error, 0, cap);
	err = recording_parse(&r, "x", text, error, cap);
	MUST(err == 0 || (err == -1 && r.entries == NULL && r.count == 0 && strlen(error) < cap));
	MUST((err == 0) == (error[0] == '\0') || cap == 1u);
	MUST(err == 0 || cap < 3u || strncmp(error, "x:", 2) == 0);
	for (size_t i = 0; i < r.count; i++)
		check_entry(&r.entries[i]);
	recording_free(&r);
	free(text);
	free(bytes);
	free(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[])(struct fuzz_input *) = {fuzz_messages, fuzz_table, fuzz_trace, fuzz_recording};
	struct fuzz_input in = {data, size};

	parts[fuzz_byte(&in) & 3u](&in);
	return 0;
}
