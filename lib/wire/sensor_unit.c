/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/message/sensor.h>

const char *scmi_sensor_unit_text(uint8_t type)
{
#define UNIT_CASE(name, number, unit)                                                                                  \
	case (number):                                                                                                 \
		return unit;
	switch (type) {
		SCMI_SENSOR_TYPE_MAP(UNIT_CASE)
	default:
		return "?";
	}
#undef UNIT_CASE
}
