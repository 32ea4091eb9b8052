/* SPDX-License-Identifier: BSD-3-Clause */
/* sensor: one sensor; its value, once or again and again, all about it, or on and off. */
#include <stdio.h>
#include <string.h>

#include "sensor.h"

struct job {
	const char *sensor;
	bool info;
	bool enable; /* and then as without a word */
	bool disable;
};

/* ---- all about it ---- */

static void field_decimal(const char *label, int64_t value, const struct kind *kind)
{
	char number[DECIMAL_BYTES];
	char text[VALUE_BYTES];

	field_literal(label, decimal_text(number, value, kind->exponent), value_text(text, kind, value));
}

static void show_limits(const struct kind *kind)
{
	char number[DECIMAL_BYTES];
	char text[VALUE_BYTES];

	if (kind->limits.min != SCMI_SENSOR_VALUE_MIN)
		field_decimal("least", kind->limits.min, kind);
	if (kind->limits.max != SCMI_SENSOR_VALUE_MAX)
		field_decimal("greatest", kind->limits.max, kind);
	if (kind->limits.resolution == 0)
		return;
	decimal_text(number, kind->limits.resolution, kind->limits.resolution_exponent);
	snprintf(text, sizeof(text), "%s %s", number, scmi_sensor_unit_text(kind->type));
	field_literal("resolution", number, text);
}

static void show_axes(const struct sensor *sensor)
{
	char text[VALUE_BYTES + SCMI_LONG_NAME];

	if (json_used())
		json_open("axes", '[');
	for (uint32_t i = 0; i < sensor->n; i++) {
		const struct kind *kind = &sensor->kinds[i];

		if (json_used()) {
			json_open(NULL, '{');
			field_text("name", kind->name);
			field_text("unit", scmi_sensor_unit_text(kind->type));
			show_limits(kind);
			json_close();
			continue;
		}
		snprintf(text, sizeof(text), "%s, in %s", kind->name, scmi_sensor_unit_text(kind->type));
		field_text("axis", text);
	}
	if (json_used())
		json_close();
}

/* Seconds as a decimal; of an interval on the wire, whose exponent is a signed number of 5 bits. */
static const char *interval_text(char text[DECIMAL_BYTES], uint32_t interval)
{
	int32_t exponent = (int32_t)(interval & 0xfu) - (int32_t)(interval & 0x10u);

	return decimal_text(text, interval >> SCMI_SENSOR_INTERVAL_SECONDS_SHIFT & 0xffffu, exponent);
}

static void show_interval(const struct scmi_sensor_interval *interval)
{
	char number[3][DECIMAL_BYTES];
	char text[3u * DECIMAL_BYTES + 32u];
	bool range = interval->min != interval->max;

	interval_text(number[0], interval->min);
	interval_text(number[1], interval->max);
	interval_text(number[2], interval->step);
	if (json_used()) {
		json_open(NULL, '{');
		json_literal("min", number[0]);
		json_literal("max", number[1]);
		json_literal("step", number[2]);
		json_close();
		return;
	}
	if (range)
		snprintf(text, sizeof(text), "%s to %s s, step %s s", number[0], number[1], number[2]);
	else
		snprintf(text, sizeof(text), "%s s", number[0]);
	field_text("update interval", text);
}

static int show_intervals(const struct scmi_sensor_protocol *p, uint32_t id, int32_t *status)
{
	struct scmi_sensor_interval interval;
	struct scmi_sensor_intervals it;
	int err;

	if (json_used())
		json_open("intervals", '[');
	scmi_sensor_intervals_begin(p, id, &it);
	while ((err = scmi_sensor_intervals_next(&it, &interval, status)) == SCMI_OK)
		show_interval(&interval);
	if (json_used())
		json_close();
	return err == SCMI_E_NOTFOUND ? SCMI_OK : err;
}

static int show_config(const struct scmi_sensor_protocol *p, uint32_t id, int32_t *status)
{
	uint32_t config;
	int err = scmi_sensor_config_get(p, id, &config, status);

	if (err == SCMI_OK)
		field_bool("enabled", (config & SCMI_SENSOR_ENABLED) != 0);
	return err;
}

static void show_description(const struct sensor *sensor)
{
	const struct scmi_sensor_info *info = &sensor->info;
	char number[8];

	field_number("id", info->id);
	field_text("name", info->name);
	if (info->axes != 0) {
		show_axes(sensor);
	} else {
		field_text("unit", scmi_sensor_unit_text(info->type));
		snprintf(number, sizeof(number), "%d", info->exponent);
		field_literal("exponent", number, number);
		show_limits(&sensor->kinds[0]);
	}
	field_number("trip points", info->trip_points);
	field_bool("async", (info->attributes & SCMI_SENSOR_READS_ASYNC) != 0);
	field_bool("updates", (info->attributes & SCMI_SENSOR_TELLS_UPDATES) != 0);
	field_bool("timestamps", (info->attributes & SCMI_SENSOR_HAS_TIMESTAMPS) != 0);
}

static enum outcome show_info(struct session *s, const struct scmi_sensor_protocol *p, const struct sensor *sensor)
{
	int32_t status = SCMI_SUCCESS;
	int err;

	show_description(sensor);
	err = show_config(p, sensor->info.id, &status);
	if (!is_fatal(err))
		err = show_intervals(p, sensor->info.id, &status);
	return is_fatal(err) ? session_error(s, "sensor", err, status) : GOOD;
}

/* ---- on and off ---- */

/* The rest of its configuration stays: an interval of 0 says so. */
static int set_enabled(const struct scmi_sensor_protocol *p, uint32_t id, bool enabled, int32_t *status)
{
	uint32_t config;
	int err = scmi_sensor_config_get(p, id, &config, status);

	if (err != SCMI_OK)
		return err;
	config &= SCMI_SENSOR_TIMESTAMPED;
	return scmi_sensor_config_set(p, id, enabled ? config | SCMI_SENSOR_ENABLED : config, status);
}

static enum outcome switch_it(struct session *s, const struct scmi_sensor_protocol *p, uint32_t id, bool enabled)
{
	int32_t status = SCMI_SUCCESS;
	int err = set_enabled(p, id, enabled, &status);

	return err == SCMI_OK ? GOOD : session_error(s, "SENSOR_CONFIG_SET", err, status);
}

/* ---- its value ---- */

static enum outcome read_once(struct session *s, const struct scmi_sensor_protocol *p, const struct sensor *sensor)
{
	int32_t status = SCMI_SUCCESS;
	struct values values;
	int err = sensor_values(p, sensor, s->options->async, &values, &status);

	if (err != SCMI_OK)
		return session_error(s, "SENSOR_READING_GET", err, status);
	if (json_used()) {
		field_number("id", sensor->info.id);
		field_text("name", sensor->info.name);
		json_readings(sensor, &values);
		return GOOD;
	}
	(void)values_show(sensor, &values);
	putchar('\n');
	return GOOD;
}

static enum outcome sensor_body(struct session *s, void *arg)
{
	const struct job *job = arg;
	struct scmi_sensor_protocol p;
	struct sensor sensor;
	enum outcome outcome = sensor_open(s, &p);

	if (outcome == GOOD)
		outcome = sensor_find(s, &p, job->sensor, &sensor);
	if (outcome != GOOD)
		return outcome;
	if (job->info)
		return show_info(s, &p, &sensor);
	if (job->enable || job->disable)
		outcome = switch_it(s, &p, sensor.info.id, job->enable);
	if (outcome == GOOD && job->disable)
		field_bool("enabled", false);
	if (outcome != GOOD || job->disable)
		return outcome;
	return s->options->number[WATCH_MS] != 0 ? sensor_watch(s, &p, &sensor) : read_once(s, &p, &sensor);
}

/* ---- reading the command ---- */

static enum outcome check_job(const struct options *o, const struct job *job)
{
	bool watch = o->number[WATCH_MS] != 0;

	if ((job->info || job->disable) && (watch || o->async))
		return misuse("sensor ", job->info ? "info" : "disable",
			      " reads no value: --watch and --async have no meaning");
	if (!watch && (o->number[COUNT] != 0 || o->number[FOR_S] != 0))
		return misuse("sensor takes --count and --for with --watch only", NULL, "");
	return GOOD;
}

enum outcome run_sensor(const struct options *options, char **args, int n)
{
	struct job job = {0};
	enum outcome outcome;

	if (n == 0)
		return misuse("sensor needs a sensor, by name or by id", NULL, "");
	job.sensor = args[0];
	job.info = n > 1 && strcmp(args[1], "info") == 0;
	job.enable = n > 1 && strcmp(args[1], "enable") == 0;
	job.disable = n > 1 && strcmp(args[1], "disable") == 0;
	if (n > 1 && !job.info && !job.enable && !job.disable && strcmp(args[1], "read") != 0)
		return misuse("sensor: ", args[1], " is none of read, info, enable, disable");
	if (n > 2)
		return misuse("sensor takes two words, but there is ", args[2], "");
	outcome = check_job(options, &job);
	return outcome == GOOD ? session_run(options, sensor_body, &job) : outcome;
}
