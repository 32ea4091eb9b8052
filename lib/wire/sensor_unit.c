/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/config.h>
#include <scmi/message/sensor.h>

/*
 * The texts stand one after the other, in the order of their types, which have no gap: a table of pointers would be larger. Last
 * what stands for all further types.
 */
const char *scmi_sensor_unit_text(uint8_t type)
{
#define TEXT(name, number, unit) unit "\0"
	static const char units[] = SCMI_SENSOR_TYPE_MAP(TEXT) "?";
#undef TEXT
	const char *const last = units + sizeof(units) - sizeof("?");
	const char *unit = units;

	if (SCMI_CONFIG_TEXTS == 0)
		return "";
	for (uint8_t i = 0; i < type && unit != last; i++) {
		while (*unit != '\0')
			unit++;
		unit++;
	}
	return unit;
}
