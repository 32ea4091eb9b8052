/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the rows of the one table of messages are written. A protocol's rows stand in a file of their own, which defines
 * PROTOCOL before it uses the macros, and ascend by kind, then by id.
 */
#ifndef SCMI_WIRE_MESSAGE_ROWS_H
#define SCMI_WIRE_MESSAGE_ROWS_H

#include <scmi/config.h>
#include <scmi/message.h>

#define V1_0 SCMI_VERSION(1, 0)
#define V2_0 SCMI_VERSION(2, 0)
#define V3_0 SCMI_VERSION(3, 0)

/* A command: name, id, mandatory, since, parameters from..to, values from..to. */
#define COMMAND(label, number, must, version, p_min, p_max, v_min, v_max)                                              \
	{                                                                                                              \
		.name = SCMI_TEXT_(label), .since = (version), .params_min = (p_min), .params_max = (p_max),           \
		.values_min = (v_min), .values_max = (v_max), .notification = SCMI_NO_NOTIFICATION,                    \
		.protocol = PROTOCOL, .id = (number), .kind = SCMI_MSG_COMMAND, .mandatory = (must)                    \
	}

/* A delayed response: values from..to. */
#define DELAYED(label, number, version, v_min, v_max)                                                                  \
	{                                                                                                              \
		.name = SCMI_TEXT_(label), .since = (version), .values_min = (v_min), .values_max = (v_max),           \
		.notification = SCMI_NO_NOTIFICATION, .protocol = PROTOCOL, .id = (number), .kind = SCMI_MSG_DELAYED   \
	}

/* A *_NOTIFY command, which switches the notification with the id event: no values. */
#define SWITCH(label, number, must, version, params, event)                                                            \
	{                                                                                                              \
		.name = SCMI_TEXT_(label), .since = (version), .params_min = (params), .params_max = (params),         \
		.notification = (event), .protocol = PROTOCOL, .id = (number), .kind = SCMI_MSG_COMMAND,               \
		.mandatory = (must)                                                                                    \
	}

/* A notification: payload from..to. */
#define EVENT(label, number, version, v_min, v_max)                                                                    \
	{                                                                                                              \
		.name = SCMI_TEXT_(label), .since = (version), .values_min = (v_min), .values_max = (v_max),           \
		.notification = SCMI_NO_NOTIFICATION, .protocol = PROTOCOL, .id = (number),                            \
		.kind = SCMI_MSG_NOTIFICATION                                                                          \
	}

/* Values of a *_NAME_GET: a word of flags, a name. */
#define NAME_VALUES (4u + SCMI_LONG_NAME)

/* A list that comes in parts is as long as the link carries. */
#define ANY_LENGTH 0xfffcu

struct message_rows {
	const struct scmi_message_info *rows;
	size_t count;
};

#define MESSAGE_ROWS(rows_)                                                                                            \
	{                                                                                                              \
		(rows_), sizeof(rows_) / sizeof((rows_)[0])                                                            \
	}

extern const struct message_rows scmi__clock_rows;
extern const struct message_rows scmi__sensor_rows;

#endif
