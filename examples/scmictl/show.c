/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers in, messages out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <scmi/message.h>

#include "out.h"
#include "scmictl.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool read_number(const char *text, uint32_t max, uint32_t *value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long n;
	char *end;

	if (!is_digit(text[0]))
		return false; /* strtoull would take blanks and signs */
	errno = 0;
	n = strtoull(text, &end, hex ? 16 : 10);
	if (errno != 0 || *end != '\0' || n > max)
		return false;
	*value = (uint32_t)n;
	return true;
}

/* Not isprint(): what a terminal makes of bytes beyond ASCII is not ours to guess. */
static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f;
}

void show_plain(const char *text)
{
	for (; *text != '\0'; text++)
		putchar(is_plain((uint8_t)*text) ? *text : '?');
}

const char *version_text(char text[VERSION_BYTES], uint32_t version)
{
	snprintf(text, VERSION_BYTES, "%u.%u", version >> 16, version & 0xffffu);
	return text;
}

void cell_error(struct table *t, int err, int32_t status)
{
	char text[64];

	snprintf(text, sizeof(text), "(%s)", scmi_status_text(status));
	cell_literal(t, NULL, err == SCMI_E_REMOTE ? text : "-");
}

void show_message(const char *word, uint8_t protocol, enum scmi_msg_type kind, uint8_t message)
{
	const struct scmi_message_info *info = scmi_message_find(protocol, kind, message);

	printf("%s 0x%02x:0x%02x%s%s", word, protocol, message, info != NULL ? " " : "",
	       info != NULL ? info->name : "");
}

static void show_row(const uint8_t *bytes, uint32_t at, uint32_t n)
{
	if (n == WORD_BYTES)
		printf("  %-6u  0x%08x  %10u  ", at, scmi_get_le32(bytes), scmi_get_le32(bytes));
	else
		printf("  %-6u  %-10s  %10s  ", at, "", ""); /* no whole word */
	for (uint32_t i = 0; i < WORD_BYTES; i++)
		printf(i < n ? "%02x " : "   ", i < n ? bytes[i] : 0u);
	putchar(' ');
	for (uint32_t i = 0; i < n; i++)
		putchar(is_plain(bytes[i]) ? bytes[i] : '.');
	putchar('\n');
}

void show_values(const uint8_t *bytes, uint32_t len)
{
	if (len == 0)
		return;
	printf("  %-6s  %-10s  %10s  %-12s %s\n", "offset", "word", "decimal", "bytes", "text");
	for (uint32_t at = 0; at < len; at += WORD_BYTES)
		show_row(bytes + at, at, len - at < WORD_BYTES ? len - at : WORD_BYTES);
}

/* As an element of the array of messages; what is left open the caller closes. */
void open_message(const char *kind, uint8_t protocol, enum scmi_msg_type type, uint8_t message)
{
	const struct scmi_message_info *info = scmi_message_find(protocol, type, message);

	json_open(NULL, '{');
	json_text("kind", kind);
	json_number("protocol", protocol);
	json_number("message", message);
	if (info != NULL)
		json_text("name", info->name);
}

void json_values(const uint8_t *bytes, uint32_t len)
{
	json_open("bytes", '[');
	for (uint32_t i = 0; i < len; i++)
		json_number(NULL, bytes[i]);
	json_close();
}

void show_event(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	uint8_t protocol = scmi_hdr_protocol(hdr);
	uint8_t message = scmi_hdr_message(hdr);

	(void)self;
	if (json_used()) {
		open_message("event", protocol, SCMI_MSG_NOTIFICATION, message);
		explain_event(hdr, payload, len);
		json_values(payload, len);
		json_close();
		return;
	}
	show_message("event", protocol, SCMI_MSG_NOTIFICATION, message);
	printf(": %u bytes\n", len);
	explain_event(hdr, payload, len);
	show_values(payload, len);
}

void show_log(void *arg, enum scmi_log_level level, const char *text)
{
	if (level != SCMI_LOG_INFO || arg != NULL)
		fprintf(stderr, "scmictl: %s\n", text);
}

void show_trace(void *arg, const struct scmi_trace_event *event)
{
	char line[160];

	(void)arg;
	scmi_trace_format(line, sizeof(line), event);
	fprintf(stderr, "%s\n", line);
}
