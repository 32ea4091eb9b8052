/* SPDX-License-Identifier: BSD-3-Clause */
/* sensor read --watch: a line that is written anew on a terminal, with a sparkline; a line a reading elsewhere. */
#include <stdio.h>

#include "sensor.h"

#define US_PER_MS 1000u

struct watch {
	const struct sensor *sensor;
	struct spark spark; /* of the first value */
	uint32_t shown;
	bool away; /* the platform, and it may come again */
};

static void show_live(struct watch *w, const struct values *values)
{
	uint32_t room = terminal_columns();
	uint32_t used;

	fputs("\r\033[K", stdout);
	used = values_show(w->sensor, values) + 3u; /* two blanks, and the cursor */
	fputs("  ", stdout);
	if (used < room)
		spark_show(&w->spark, room - used);
}

static void show_sample(struct watch *w, const struct values *values)
{
	if (values->n != 0)
		spark_add(&w->spark, values->readings[0].value);
	w->shown++;
	if (json_used()) {
		json_open(NULL, '{');
		json_readings(w->sensor, values);
		json_close();
	} else if (terminal_out()) {
		show_live(w, values);
	} else {
		(void)values_show(w->sensor, values);
		putchar('\n');
	}
}

/* Notifications that have come are shown meanwhile, as everywhere. */
static void sleep_until(struct session *s, uint64_t until_us)
{
	while (!session_interrupted(s) && session_now_us(s) < until_us) {
		if (scmi_agent_poll(s->agent, INT32_MAX) == 0)
			session_sleep(s, until_us);
	}
}

/* Returns whether to go on without that value; that the platform has gone is told once. */
static bool goes_on(const struct session *s, struct watch *w, int err)
{
	if (!session_lost(err) || !session_reconnects(s, SCMI_PROTOCOL_SENSOR))
		return false;
	if (!w->away)
		(void)session_error(s, "SENSOR_READING_GET", err, 0);
	w->away = true;
	return true;
}

static enum outcome watch(struct session *s, const struct scmi_sensor_protocol *p, struct watch *w)
{
	const uint32_t *number = s->options->number;
	uint64_t period = (uint64_t)number[WATCH_MS] * US_PER_MS;
	uint64_t next = session_now_us(s);
	uint64_t end = number[FOR_S] == 0 ? SCMI_NEVER : next + number[FOR_S] * UINT64_C(1000000);
	int32_t status = SCMI_SUCCESS;
	struct values values;

	while (!session_interrupted(s) && session_now_us(s) < end) {
		int err = sensor_values(p, w->sensor, s->options->async, &values, &status);

		if (err == SCMI_OK) {
			w->away = false;
			show_sample(w, &values);
		} else if (!goes_on(s, w, err)) {
			return session_error(s, "SENSOR_READING_GET", err, status);
		}
		if (!output_flush() || w->shown == number[COUNT])
			break; /* main() tells why nobody takes it any more */
		next += period;
		sleep_until(s, next < end ? next : end);
	}
	return GOOD;
}

enum outcome sensor_watch(struct session *s, const struct scmi_sensor_protocol *p, const struct sensor *sensor)
{
	struct watch w = {.sensor = sensor};
	enum outcome outcome;

	if (json_used()) {
		field_number("id", sensor->info.id);
		field_text("name", sensor->info.name);
		json_open("samples", '[');
	}
	outcome = watch(s, p, &w);
	if (terminal_out())
		putchar('\n');
	return outcome;
}
