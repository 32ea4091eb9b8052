/* SPDX-License-Identifier: BSD-3-Clause */
/* What a notification of clocks or sensors means. */
#include <stdio.h>

#include <scmi/message.h>
#include <scmi/protocol/clock.h>
#include <scmi/protocol/sensor.h>

#include "out.h"
#include "scmictl.h"

static void show_clock(const struct scmi_clock_event *event)
{
	bool changed = event->notification == SCMI_CLOCK_RATE_CHANGED;
	char rate[RATE_BYTES];

	if (json_used()) {
		json_number("clock", event->clock);
		json_number("agent", event->agent_id);
		json_number("rate", event->rate);
		return;
	}
	printf("  clock %u %s %s, by agent %u\n", event->clock, changed ? "now has" : "is asked for",
	       rate_text(rate, event->rate), event->agent_id);
}

static void show_trip(const struct scmi_sensor_event *event)
{
	if (json_used()) {
		json_number("sensor", event->sensor);
		json_number("trip_point", event->trip);
		json_bool("upwards", event->upwards);
		return;
	}
	printf("  sensor %u passed its trip point %u %s\n", event->sensor, event->trip,
	       event->upwards ? "upwards" : "downwards");
}

/* Values as they came: their exponents stand in the sensor's description. */
static void show_update(const struct scmi_sensor_event *event)
{
	char value[DECIMAL_BYTES];

	if (json_used()) {
		json_number("sensor", event->sensor);
		json_open("raw_values", '[');
	} else {
		printf("  sensor %u reads", event->sensor);
	}
	for (uint32_t i = 0; i < event->values; i++) {
		decimal_text(value, scmi_sensor_event_reading(event, i).value, 0);
		if (json_used())
			json_literal(NULL, value);
		else
			printf(" %s", value);
	}
	if (json_used())
		json_close();
	else
		putchar('\n');
}

void explain_event(uint32_t hdr, const void *payload, uint32_t len)
{
	struct scmi_clock_event clock;
	struct scmi_sensor_event sensor;

	if (scmi_clock_event_parse(hdr, payload, len, &clock) == SCMI_OK)
		show_clock(&clock);
	else if (scmi_sensor_event_parse(hdr, payload, len, &sensor) != SCMI_OK)
		return; /* of no protocol that we know, or broken: the bytes have to speak for themselves */
	else if (sensor.notification == SCMI_SENSOR_UPDATE)
		show_update(&sensor);
	else
		show_trip(&sensor);
}
