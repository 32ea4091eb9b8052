/* SPDX-License-Identifier: BSD-3-Clause */
/* Words for people: errors, statuses, protocols. */
#include <scmi/config.h>
#include <scmi/errors.h>
#include <scmi/message.h>

const char *scmi_strerror(int err)
{
	switch (err) {
#define SENTENCE(name, value, sentence)                                                                                \
	case name:                                                                                                     \
		return SCMI_TEXT_(sentence);
		SCMI_ERROR_MAP(SENTENCE)
#undef SENTENCE
	default:
		return SCMI_TEXT_("unknown error");
	}
}

const char *scmi_error_name(int err)
{
	switch (err) {
#define SYMBOL(name, value, sentence)                                                                                  \
	case name:                                                                                                     \
		return SCMI_TEXT_(#name);
		SCMI_ERROR_MAP(SYMBOL)
#undef SYMBOL
	default:
		return SCMI_TEXT_("unknown error");
	}
}

const char *scmi_status_text(int32_t status)
{
	switch (status) {
#define TEXT(name, value, text)                                                                                        \
	case name:                                                                                                     \
		return SCMI_TEXT_(text);
		SCMI_STATUS_MAP(TEXT)
#undef TEXT
	default:
		return status <= SCMI_STATUS_VENDOR_MAX ? SCMI_TEXT_("vendor status") : SCMI_TEXT_("reserved status");
	}
}

const char *scmi_protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case SCMI_PROTOCOL_BASE:
		return SCMI_TEXT_("base");
	case SCMI_PROTOCOL_POWER:
		return SCMI_TEXT_("power");
	case SCMI_PROTOCOL_SYSTEM:
		return SCMI_TEXT_("system");
	case SCMI_PROTOCOL_PERF:
		return SCMI_TEXT_("perf");
	case SCMI_PROTOCOL_CLOCK:
		return SCMI_TEXT_("clock");
	case SCMI_PROTOCOL_SENSOR:
		return SCMI_TEXT_("sensor");
	case SCMI_PROTOCOL_RESET:
		return SCMI_TEXT_("reset");
	case SCMI_PROTOCOL_VOLTAGE:
		return SCMI_TEXT_("voltage");
	case SCMI_PROTOCOL_POWERCAP:
		return SCMI_TEXT_("powercap");
	case SCMI_PROTOCOL_PINCTRL:
		return SCMI_TEXT_("pinctrl");
	case SCMI_PROTOCOL_TELEMETRY:
		return SCMI_TEXT_("telemetry");
	default:
		return protocol >= SCMI_PROTOCOL_VENDOR_MIN ? SCMI_TEXT_("vendor protocol")
							    : SCMI_TEXT_("unknown protocol");
	}
}
