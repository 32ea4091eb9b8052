/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/errors.h>
#include <scmi/message.h>
#include <scmi/trace.h>

#include "text.h"

#define NO_SLOT 0xffffu

static const char *kind_word(uint8_t kind)
{
	switch (kind) {
	case SCMI_TRACE_SEND:
		return "send";
	case SCMI_TRACE_RECV:
		return "recv";
	case SCMI_TRACE_REFUSE:
		return "refuse";
	case SCMI_TRACE_END:
		return "end";
	default:
		return "event";
	}
}

/* A command and its response are told apart by send and recv; the other types need a word of their own. */
static const char *type_word(enum scmi_msg_type type)
{
	switch (type) {
	case SCMI_MSG_COMMAND:
		return " ";
	case SCMI_MSG_DELAYED:
		return " delayed ";
	case SCMI_MSG_NOTIFICATION:
		return " notification ";
	default:
		return " reserved-type ";
	}
}

/* A delayed response goes by its command's name: most have none of their own. */
static const char *message_name(uint32_t hdr)
{
	enum scmi_msg_type kind = scmi_hdr_type(hdr);

	if (kind != SCMI_MSG_NOTIFICATION)
		kind = SCMI_MSG_COMMAND;
	return scmi_message_name(scmi_hdr_protocol(hdr), kind, scmi_hdr_message(hdr));
}

static void put_message(struct scmi__text *t, uint32_t hdr)
{
	scmi__text_str(t, " ");
	scmi__text_hex(t, scmi_hdr_protocol(hdr), 2);
	scmi__text_str(t, ":");
	scmi__text_hex(t, scmi_hdr_message(hdr), 2);
	scmi__text_str(t, type_word(scmi_hdr_type(hdr)));
	scmi__text_str(t, message_name(hdr));
	scmi__text_str(t, " token ");
	scmi__text_u32(t, scmi_hdr_token(hdr));
}

static void put_where(struct scmi__text *t, const struct scmi_trace_event *event)
{
	scmi__text_str(t, kind_word(event->kind));
	scmi__text_str(t, " link ");
	scmi__text_u32(t, event->link);
	scmi__text_str(t, " slot ");
	if (event->slot == NO_SLOT)
		scmi__text_str(t, "-");
	else
		scmi__text_u32(t, event->slot);
}

size_t scmi_trace_format(char *buf, size_t cap, const struct scmi_trace_event *event)
{
	struct scmi__text t;

	scmi__text_init(&t, buf, cap);
	put_where(&t, event);
	put_message(&t, event->hdr);
	scmi__text_str(&t, " len ");
	scmi__text_u32(&t, event->len);
	scmi__text_str(&t, ": ");
	if (event->why != NULL) {
		scmi__text_str(&t, event->why);
		scmi__text_str(&t, ", ");
	}
	scmi__text_str(&t, scmi_strerror(event->err));
	return t.len;
}
