/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/message/sensor.h>

const char *scmi_sensor_unit_text(uint8_t type)
{
	switch (type) {
#define UNIT(name, number, unit)                                                                                       \
	case name:                                                                                                     \
		return unit;
		SCMI_SENSOR_TYPE_MAP(UNIT)
#undef UNIT
	default:
		return "?";
	}
}
