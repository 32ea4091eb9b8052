/* SPDX-License-Identifier: BSD-3-Clause */
/* Words for people: errors, statuses, protocols. */
#include <scmi/errors.h>
#include <scmi/message.h>

const char *scmi_strerror(int err)
{
	switch (err) {
#define SENTENCE(name, value, sentence)                                                                                \
	case name:                                                                                                     \
		return sentence;
		SCMI_ERROR_MAP(SENTENCE)
#undef SENTENCE
	default:
		return "unknown error";
	}
}

const char *scmi_error_name(int err)
{
	switch (err) {
#define SYMBOL(name, value, sentence)                                                                                  \
	case name:                                                                                                     \
		return #name;
		SCMI_ERROR_MAP(SYMBOL)
#undef SYMBOL
	default:
		return "unknown error";
	}
}

const char *scmi_status_text(int32_t status)
{
	switch (status) {
#define TEXT(name, value, text)                                                                                        \
	case name:                                                                                                     \
		return text;
		SCMI_STATUS_MAP(TEXT)
#undef TEXT
	default:
		return status <= SCMI_STATUS_VENDOR_MAX ? "vendor status" : "reserved status";
	}
}

const char *scmi_protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case SCMI_PROTOCOL_BASE:
		return "base";
	case SCMI_PROTOCOL_POWER:
		return "power";
	case SCMI_PROTOCOL_SYSTEM:
		return "system";
	case SCMI_PROTOCOL_PERF:
		return "perf";
	case SCMI_PROTOCOL_CLOCK:
		return "clock";
	case SCMI_PROTOCOL_SENSOR:
		return "sensor";
	case SCMI_PROTOCOL_RESET:
		return "reset";
	case SCMI_PROTOCOL_VOLTAGE:
		return "voltage";
	case SCMI_PROTOCOL_POWERCAP:
		return "powercap";
	case SCMI_PROTOCOL_PINCTRL:
		return "pinctrl";
	case SCMI_PROTOCOL_TELEMETRY:
		return "telemetry";
	default:
		return protocol >= SCMI_PROTOCOL_VENDOR_MIN ? "vendor protocol" : "unknown protocol";
	}
}
