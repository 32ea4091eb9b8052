/* SPDX-License-Identifier: BSD-3-Clause */
/* sensors: all sensors in a table; and how sensors are found, read and shown. */
#include <stdio.h>
#include <string.h>

#include "sensor.h"

enum outcome sensor_open(struct session *s, struct scmi_sensor_protocol *p)
{
	int32_t status = SCMI_SUCCESS;
	int err = scmi_sensor_open(s->agent, 0, p, &status);

	return err == SCMI_OK ? GOOD : session_error(s, "sensor protocol", err, status);
}

/* ---- finding ---- */

int sensor_kinds(const struct scmi_sensor_protocol *p, struct sensor *sensor, int32_t *status)
{
	const struct scmi_sensor_info *info = &sensor->info;
	struct scmi_sensor_axis axis = {.size = sizeof(axis)};
	struct scmi_sensor_axes it;
	int err;

	sensor->n = 1;
	sensor->kinds[0] = (struct kind){.type = info->type, .exponent = info->exponent, .limits = info->limits};
	if (info->axes == 0)
		return SCMI_OK;
	scmi_sensor_axes_begin(p, info->id, &it);
	for (sensor->n = 0; sensor->n < SCMI_SENSOR_AXES_MAX; sensor->n++) {
		struct kind *kind = &sensor->kinds[sensor->n];

		err = scmi_sensor_axes_next(&it, &axis, status);
		if (err != SCMI_OK)
			return err == SCMI_E_NOTFOUND ? SCMI_OK : err;
		*kind = (struct kind){.type = axis.type, .exponent = axis.exponent, .limits = axis.limits};
		memcpy(kind->name, axis.name, sizeof(kind->name));
	}
	return SCMI_OK;
}

/* By name or, where ids are not places, by id. */
static enum outcome search(struct session *s, const struct scmi_sensor_protocol *p, const char *word,
			   struct scmi_sensor_info *info)
{
	struct scmi_sensors it;
	int32_t status = SCMI_SUCCESS;
	uint32_t i = 0;
	uint32_t id = 0;
	bool numbered = read_number(word, UINT32_MAX, &id);
	int err;

	scmi_sensors_begin(p, &it);
	while ((err = scmi_sensors_next(&it, info, &status)) == SCMI_OK) {
		terminal_progress("sensors", i++, p->sensors);
		if (numbered ? info->id == id : strcmp(info->name, word) == 0)
			break;
	}
	terminal_progress("sensors", p->sensors, p->sensors);
	if (err == SCMI_E_NOTFOUND) {
		fprintf(stderr, "scmictl: none of the %u sensors is named '%s'", p->sensors, word);
		session_end_line(s);
		return FAILED;
	}
	return err == SCMI_OK ? GOOD : session_error(s, "SENSOR_DESCRIPTION_GET", err, status);
}

enum outcome sensor_find(struct session *s, const struct scmi_sensor_protocol *p, const char *word,
			 struct sensor *sensor)
{
	struct scmi_sensor_info *info = &sensor->info;
	int32_t status = SCMI_SUCCESS;
	enum outcome outcome = GOOD;
	uint32_t id = 0;
	bool numbered = read_number(word, UINT32_MAX, &id);
	int err;

	*info = (struct scmi_sensor_info){.size = sizeof(*info)};
	if (numbered) {
		err = scmi_sensor_info(p, id, info, &status); /* at its place, as with most platforms? */
		if (err != SCMI_OK)
			return session_error(s, "SENSOR_DESCRIPTION_GET", err, status);
	}
	if (!numbered || info->id != id)
		outcome = search(s, p, word, info);
	if (outcome != GOOD)
		return outcome;
	err = sensor_kinds(p, sensor, &status);
	return err == SCMI_OK ? GOOD : session_error(s, "SENSOR_AXIS_DESCRIPTION_GET", err, status);
}

/* ---- reading ---- */

/* A sensor of many axes brings more than the typed command has room for. */
static int read_async(const struct scmi_sensor_protocol *p, uint32_t id, struct values *values, int32_t *status)
{
	uint8_t reply[WORD_BYTES + SCMI_SENSOR_AXES_MAX * SCMI_SENSOR_READING_BYTES];
	struct scmi_sensor_read op;
	int err = scmi_sensor_read_prepare(p, id, true, &op);

	if (err != SCMI_OK)
		return err;
	op.call.reply = reply;
	op.call.reply_cap = sizeof(reply);
	err = scmi_protocol_call(p->agent, &op.call);
	*status = op.call.status;
	return scmi_sensor_read_result(&op, err, values->readings, SCMI_SENSOR_AXES_MAX, &values->n);
}

int sensor_values(const struct scmi_sensor_protocol *p, const struct sensor *sensor, bool async, struct values *values,
		  int32_t *status)
{
	int err;

	if (async)
		err = read_async(p, sensor->info.id, values, status);
	else
		err = scmi_sensor_read(p, sensor->info.id, false, values->readings, SCMI_SENSOR_AXES_MAX, &values->n,
				       status);
	if (err == SCMI_OK && values->n > sensor->n)
		values->n = sensor->n;
	return err;
}

/* ---- showing ---- */

const char *value_text(char text[VALUE_BYTES], const struct kind *kind, int64_t value)
{
	char number[DECIMAL_BYTES];
	const char *unit = scmi_sensor_unit_text(kind->type);

	snprintf(text, VALUE_BYTES, "%s%s%s", decimal_text(number, value, kind->exponent), unit[0] != '\0' ? " " : "",
		 unit);
	return text;
}

uint32_t values_show(const struct sensor *sensor, const struct values *values)
{
	char text[VALUE_BYTES];
	size_t columns = 0;

	for (uint32_t i = 0; i < values->n; i++) {
		const struct kind *kind = &sensor->kinds[i];

		if (i != 0)
			columns += (size_t)printf(", ");
		show_plain(kind->name);
		if (kind->name[0] != '\0')
			putchar(' ');
		fputs(value_text(text, kind, values->readings[i].value), stdout);
		columns += strlen(kind->name) + (kind->name[0] != '\0') + strlen(text);
	}
	return (uint32_t)columns;
}

void json_readings(const struct sensor *sensor, const struct values *values)
{
	char number[DECIMAL_BYTES];

	json_open("readings", '[');
	for (uint32_t i = 0; i < values->n; i++) {
		const struct kind *kind = &sensor->kinds[i];
		uint64_t stamp = values->readings[i].timestamp;

		json_open(NULL, '{');
		if (sensor->info.axes != 0)
			json_text("axis", kind->name);
		json_literal("value", decimal_text(number, values->readings[i].value, kind->exponent));
		json_text("unit", scmi_sensor_unit_text(kind->type));
		if ((sensor->info.attributes & SCMI_SENSOR_HAS_TIMESTAMPS) != 0 && stamp <= INT64_MAX)
			json_literal("timestamp", decimal_text(number, (int64_t)stamp, sensor->info.stamp_exponent));
		json_close();
	}
	json_close();
}

/* ---- the table ---- */

static const struct column columns[] = {{"id", true},          {"name", false},  {"values", true},  {"unit", false},
					{"trip points", true}, {"async", false}, {"updates", false}};

static void cell_values(struct table *t, const struct sensor *sensor, const struct values *values)
{
	char member[MEMBER_BYTES];
	char number[DECIMAL_BYTES];
	char text[256] = "";
	size_t len = 0;

	if (json_used())
		json_open(cell_key(t, member), '[');
	for (uint32_t i = 0; i < values->n; i++) {
		(void)decimal_text(number, values->readings[i].value, sensor->kinds[i].exponent);
		if (json_used())
			json_literal(NULL, number);
		else if (len < sizeof(text) - DECIMAL_BYTES - 1u)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i != 0 ? " " : "", number);
	}
	if (json_used())
		json_close();
	cell_shown(t, text);
}

/* A row has all its cells, whatever happens, which is what it returns. */
static int show_sensor(struct table *t, const struct scmi_sensor_protocol *p, struct sensor *sensor, int32_t *status)
{
	const struct scmi_sensor_info *info = &sensor->info;
	struct values values;
	int err = sensor_kinds(p, sensor, status);

	if (err == SCMI_OK)
		err = sensor_values(p, sensor, false, &values, status);
	cell_number(t, info->id);
	cell_text(t, info->name);
	if (err == SCMI_OK)
		cell_values(t, sensor, &values);
	else
		cell_error(t, err, *status);
	cell_text(t, scmi_sensor_unit_text(sensor->kinds[0].type));
	cell_number(t, info->trip_points);
	cell_bool(t, (info->attributes & SCMI_SENSOR_READS_ASYNC) != 0, "yes", "no");
	cell_bool(t, (info->attributes & SCMI_SENSOR_TELLS_UPDATES) != 0, "yes", "no");
	return err;
}

static enum outcome show_sensors(struct session *s, const struct scmi_sensor_protocol *p, struct table *t)
{
	struct sensor sensor = {.info.size = sizeof(sensor.info)};
	enum outcome outcome = GOOD;
	struct scmi_sensors it;
	int32_t status = SCMI_SUCCESS;
	uint32_t i = 0;
	int err;

	scmi_sensors_begin(p, &it);
	while ((err = scmi_sensors_next(&it, &sensor.info, &status)) == SCMI_OK) {
		terminal_progress("sensors", i++, p->sensors);
		err = show_sensor(t, p, &sensor, &status);
		row_error(s, "sensor", sensor.info.id, err, status);
		if (err != SCMI_OK)
			outcome = FAILED;
		if (is_fatal(err))
			break;
	}
	terminal_progress("sensors", p->sensors, p->sensors);
	return err == SCMI_E_NOTFOUND ? outcome : session_error(s, "sensors", err, status);
}

static enum outcome sensors_body(struct session *s, void *arg)
{
	struct scmi_sensor_protocol p;
	enum outcome outcome = sensor_open(s, &p);
	struct table t;

	(void)arg;
	if (outcome != GOOD)
		return outcome;
	table_begin(&t, "sensors", columns, sizeof(columns) / sizeof(columns[0]));
	outcome = show_sensors(s, &p, &t);
	table_end(&t);
	return outcome;
}

enum outcome run_sensors(const struct options *options, char **args, int n)
{
	if (n != 0)
		return misuse("sensors takes no word, but there is ", args[0], "");
	return session_run(options, sensors_body, NULL);
}
