/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clock protocol, 0x14: messages, bit fields, sizes. What both ends share; docs/wire.md has the layouts.
 */
#ifndef SCMI_MESSAGE_CLOCK_H
#define SCMI_MESSAGE_CLOCK_H

#include <scmi/message.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCMI_CLOCK_VERSION SCMI_VERSION(3, 0) /* the newest that this library speaks */

/* Behind each the version that brought it, if not 1.0. */
enum scmi_clock_message {
	SCMI_CLOCK_ATTRIBUTES = 0x3,
	SCMI_CLOCK_DESCRIBE_RATES = 0x4,
	SCMI_CLOCK_RATE_SET = 0x5,
	SCMI_CLOCK_RATE_GET = 0x6,
	SCMI_CLOCK_CONFIG_SET = 0x7,
	SCMI_CLOCK_NAME_GET = 0x8,                     /* 2.0 */
	SCMI_CLOCK_RATE_NOTIFY = 0x9,                  /* 2.0 */
	SCMI_CLOCK_RATE_CHANGE_REQUESTED_NOTIFY = 0xa, /* 2.0 */
	SCMI_CLOCK_CONFIG_GET = 0xb,                   /* 3.0 */
	SCMI_CLOCK_POSSIBLE_PARENTS_GET = 0xc,         /* 3.0 */
	SCMI_CLOCK_PARENT_SET = 0xd,                   /* 3.0 */
	SCMI_CLOCK_PARENT_GET = 0xe,                   /* 3.0 */
	SCMI_CLOCK_GET_PERMISSIONS = 0xf               /* 3.0 */
};

/* Since 2.0. */
enum scmi_clock_notification { SCMI_CLOCK_RATE_CHANGED = 0x0, SCMI_CLOCK_RATE_CHANGE_REQUESTED = 0x1 };

/* PROTOCOL_ATTRIBUTES: 15:0 clocks, 23:16 asynchronous rate settings that may be pending. */
#define SCMI_CLOCK_COUNT_MAX   0xffffu
#define SCMI_CLOCK_ASYNC_SHIFT 16
#define SCMI_CLOCK_ASYNC_MAX   0xffu

/* CLOCK_ATTRIBUTES: the word. */
#define SCMI_CLOCK_ENABLED              (1u << 0)
#define SCMI_CLOCK_RESTRICTED           (1u << 1)  /* 3.0: the agent may not do all; see CLOCK_GET_PERMISSIONS */
#define SCMI_CLOCK_EXTENDED_CONFIG      (1u << 27) /* 3.0: CONFIG_SET and CONFIG_GET take extended types */
#define SCMI_CLOCK_HAS_PARENTS          (1u << 28) /* 3.0 */
#define SCMI_CLOCK_HAS_LONG_NAME        (1u << 29) /* 2.0: CLOCK_NAME_GET has more than the 15 characters here */
#define SCMI_CLOCK_TELLS_REQUESTED      (1u << 30) /* 2.0: notifies when a change of the rate is requested */
#define SCMI_CLOCK_TELLS_CHANGED        (1u << 31) /* 2.0: notifies when the rate has changed */
#define SCMI_CLOCK_ATTRIBUTES_SINCE_1_0 SCMI_CLOCK_ENABLED
#define SCMI_CLOCK_ATTRIBUTES_SINCE_2_0                                                                                \
	(SCMI_CLOCK_HAS_LONG_NAME | SCMI_CLOCK_TELLS_REQUESTED | SCMI_CLOCK_TELLS_CHANGED)
#define SCMI_CLOCK_ATTRIBUTES_SINCE_3_0 (SCMI_CLOCK_RESTRICTED | SCMI_CLOCK_EXTENDED_CONFIG | SCMI_CLOCK_HAS_PARENTS)

/* CLOCK_DESCRIBE_RATES: the count word is 11:0 returned, 12 range, 31:16 remaining. */
#define SCMI_CLOCK_RATES_RETURNED 0xfffu
#define SCMI_CLOCK_RATES_RANGE    (1u << 12) /* three values: lowest, highest, step */
#define SCMI_CLOCK_RATES_SHIFT    16
#define SCMI_CLOCK_RATES_MAX      0xffffu
#define SCMI_CLOCK_RATE_BYTES     8u

/* CLOCK_RATE_SET: flags. */
#define SCMI_CLOCK_SET_ASYNC      (1u << 0)
#define SCMI_CLOCK_SET_NO_DELAYED (1u << 1) /* with ASYNC: without its delayed response */
#define SCMI_CLOCK_SET_ROUND_UP   (1u << 2) /* else down */
#define SCMI_CLOCK_SET_ROUND_AUTO (1u << 3) /* as the platform likes; ROUND_UP does not count then */
#define SCMI_CLOCK_SET_FLAGS      0xfu

/* CLOCK_CONFIG_SET: attributes. Before 3.0 bit 0 alone. Extended types: 0 none, from 0x80 on the vendor's. */
#define SCMI_CLOCK_STATE             0x3u
#define SCMI_CLOCK_STATE_OFF         0u
#define SCMI_CLOCK_STATE_ON          1u
#define SCMI_CLOCK_STATE_UNCHANGED   3u /* with an extended type only */
#define SCMI_CLOCK_CONFIG_TYPE_SHIFT 16
#define SCMI_CLOCK_CONFIG_TYPE       0xffu
#define SCMI_CLOCK_CONFIG_DUTY       1u /* duty cycle, percent */
#define SCMI_CLOCK_CONFIG_PHASE      2u
#define SCMI_CLOCK_CONFIG_VENDOR_MIN 0x80u

/* CLOCK_CONFIG_GET: the config word. */
#define SCMI_CLOCK_CONFIG_ENABLED (1u << 0)

/* CLOCK_POSSIBLE_PARENTS_GET: the count word is 7:0 returned, 31:24 remaining. */
#define SCMI_CLOCK_PARENTS_RETURNED 0xffu
#define SCMI_CLOCK_PARENTS_SHIFT    24
#define SCMI_CLOCK_PARENTS_MAX      0xffu

/* CLOCK_GET_PERMISSIONS: what the agent may change. */
#define SCMI_CLOCK_MAY_STATE  (1u << 31)
#define SCMI_CLOCK_MAY_PARENT (1u << 30)
#define SCMI_CLOCK_MAY_RATE   (1u << 29)
#define SCMI_CLOCK_MAY_ALL    (SCMI_CLOCK_MAY_STATE | SCMI_CLOCK_MAY_PARENT | SCMI_CLOCK_MAY_RATE)

#ifdef __cplusplus
}
#endif

#endif
