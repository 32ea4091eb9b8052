/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/message/sensor.h>

const char *scmi_sensor_unit_text(uint8_t type)
{
	static const char units[][8] = {
#define UNIT(name, number, unit) [name] = {unit},
		SCMI_SENSOR_TYPE_MAP(UNIT)
#undef UNIT
	};

	return type < sizeof(units) / sizeof(units[0]) ? units[type] : "?";
}
