/* SPDX-License-Identifier: BSD-3-Clause */
/* The sensors: values, trip points, updates. */
#include <stdlib.h>

#include "internal.h"

static const struct sim_sensor *row_of(const struct sim *sim, uint32_t sensor)
{
	const struct sim_sensors *s = &sim->sensors;

	return s->with_file && sensor == s->n - 1u ? &s->file : &s->rows[sensor % s->rows_n];
}

static uint32_t values_of(const struct sim_sensor *row)
{
	return row->desc.axes_n != 0 ? row->desc.axes_n : 1u;
}

/* Returns how many values there are; 0 if the sensor cannot be read. */
static uint32_t measure(const struct sim *sim, uint32_t sensor, struct scmi_sensor_reading values[VALUES_MAX])
{
	const struct sim_sensor *row = row_of(sim, sensor);
	uint64_t now = sim_now_us(sim);

	for (uint32_t i = 0; i < values_of(row); i++) {
		if (!sim_signal_at(&row->signals[i], now, &values[i].value))
			return 0;
		values[i].timestamp = now;
	}
	return values_of(row);
}

static int32_t read_now(void *arg, uint32_t sensor, struct scmi_sensor_readings *to)
{
	struct scmi_sensor_reading values[VALUES_MAX];
	uint32_t n = measure(arg, sensor, values);

	for (uint32_t i = 0; i < n; i++)
		scmi_sensor_put(to, values[i].value, values[i].timestamp);
	return n != 0 ? SCMI_SUCCESS : SCMI_HARDWARE_ERROR;
}

static int32_t read_async(void *arg, uint32_t sensor, struct scmi_sensor_pending *pending)
{
	struct sim *sim = arg;

	(void)sensor; /* pending knows */
	pthread_mutex_lock(&sim->lock);
	sim->sensors.due[pending - sim->sensors.pending].us = sim_now_us(sim) + SIM_LATER_US;
	pthread_mutex_unlock(&sim->lock);
	return SCMI_SUCCESS;
}

static int32_t trip_config(void *arg, uint32_t sensor, uint8_t trip, enum scmi_sensor_trip when, int64_t value)
{
	struct sim *sim = arg;

	pthread_mutex_lock(&sim->lock);
	sim->sensors.states[sensor].trips[trip] = (struct sim_trip){.when = when, .value = value};
	pthread_mutex_unlock(&sim->lock);
	return SCMI_SUCCESS;
}

/* ---- configuration ---- */

static int32_t config_get(void *arg, uint32_t sensor, uint32_t *config)
{
	struct sim *sim = arg;

	pthread_mutex_lock(&sim->lock);
	*config = sim->sensors.states[sensor].config;
	pthread_mutex_unlock(&sim->lock);
	return SCMI_SUCCESS;
}

/* Of an interval as on the wire, whose exponent is a signed number of 5 bits. */
static uint64_t interval_ms(uint32_t interval)
{
	uint64_t ms = (uint64_t)(interval >> SCMI_SENSOR_INTERVAL_SECONDS_SHIFT) * MS_PER_S;
	int exponent = (int)(interval & 0xfu) - (int)(interval & 0x10u);

	for (; exponent > 0; exponent--)
		ms = ms < UINT64_MAX / 10u ? ms * 10u : ms;
	for (; exponent < 0; exponent++)
		ms /= 10u;
	return ms;
}

/* The sensor's own interval for the one that is wanted: the next above or below, or the last there is on that side. */
static uint32_t choose_interval(const struct scmi_sensor_desc *d, uint32_t wanted, bool up)
{
	uint64_t ms = interval_ms(wanted);
	uint32_t i = 0;

	if (d->intervals_n == 0 || d->intervals_range)
		return wanted;
	while (i + 1u < d->intervals_n && interval_ms(d->intervals[i]) < ms)
		i++;
	if (!up && i > 0 && interval_ms(d->intervals[i]) > ms)
		i--;
	return d->intervals[i];
}

static int32_t config_set(void *arg, uint16_t agent, uint32_t sensor, uint32_t config)
{
	const uint32_t flags = SCMI_SENSOR_ENABLED | SCMI_SENSOR_TIMESTAMPED;
	struct sim *sim = arg;
	struct sim_sensor_state *state = &sim->sensors.states[sensor];
	uint32_t wanted = config >> SCMI_SENSOR_CONFIG_INTERVAL_SHIFT;
	uint32_t interval;

	(void)agent;
	pthread_mutex_lock(&sim->lock);
	interval = state->config >> SCMI_SENSOR_CONFIG_INTERVAL_SHIFT;
	if (wanted != 0)
		interval = choose_interval(&sim->sensors.descs[sensor], wanted, (config & SCMI_SENSOR_ROUND_UP) != 0);
	state->config = (config & flags) | interval << SCMI_SENSOR_CONFIG_INTERVAL_SHIFT;
	pthread_mutex_unlock(&sim->lock);
	return SCMI_SUCCESS;
}

static const struct scmi_sensor_ops ops = {
	.size = sizeof(ops),
	.read = read_now,
	.read_async = read_async,
	.trip_config = trip_config,
	.config_get = config_get,
	.config_set = config_set,
};

/* ---- what happens by itself ---- */

void sim_sensors_end(struct sim *sim, uint64_t until_us)
{
	struct sim_sensors *s = &sim->sensors;
	struct scmi_sensor_reading values[VALUES_MAX];
	uint32_t n;
	uint32_t i;

	for (;;) {
		pthread_mutex_lock(&sim->lock);
		i = sim_take_due(s->due, until_us);
		pthread_mutex_unlock(&sim->lock);
		if (i == PENDING)
			return;
		n = measure(sim, s->pending[i].sensor, values);
		(void)scmi_sensor_read_done(&s->pending[i], n != 0 ? SCMI_SUCCESS : SCMI_HARDWARE_ERROR, values, n);
	}
}

/* Whether a step from the last value to this one passes the trip point, in a direction that it watches. */
static bool passes(const struct sim_trip *trip, int64_t last, int64_t value, bool *up)
{
	*up = last < trip->value && value >= trip->value;
	if (*up)
		return trip->when == SCMI_SENSOR_TRIP_UP || trip->when == SCMI_SENSOR_TRIP_BOTH;
	return last > trip->value && value <= trip->value &&
	       (trip->when == SCMI_SENSOR_TRIP_DOWN || trip->when == SCMI_SENSOR_TRIP_BOTH);
}

/* Whether it arrives is not the sensor's affair, here and below. */
static void tell_trips(struct sim *sim, uint32_t sensor, const struct sim_sensor_state *state, int64_t value)
{
	bool up;

	for (uint8_t i = 0; i < sim->sensors.descs[sensor].trip_points; i++) {
		if (state->watched && passes(&state->trips[i], state->last, value, &up))
			(void)scmi_sensor_tripped(&sim->sensors.model, sensor, i, up);
	}
}

static uint64_t update_us(const struct sim_sensor_state *state)
{
	uint64_t ms = interval_ms(state->config >> SCMI_SENSOR_CONFIG_INTERVAL_SHIFT);

	return (ms != 0 ? ms : DEFAULT_MS) * 1000u;
}

static bool wanted(const struct sim *sim, uint32_t sensor, enum scmi_sensor_notification notification)
{
	return scmi_sensor_wanted(&sim->sensors.model, sensor, notification);
}

static void tell(struct sim *sim, uint32_t sensor)
{
	struct sim_sensor_state *state = &sim->sensors.states[sensor];
	struct scmi_sensor_reading values[VALUES_MAX] = {0};
	struct sim_sensor_state copy;
	uint64_t now = sim_now_us(sim);
	uint32_t n = measure(sim, sensor, values);

	pthread_mutex_lock(&sim->lock);
	copy = *state;
	state->last = values[0].value;
	state->watched = n != 0;
	pthread_mutex_unlock(&sim->lock);
	if (n == 0 || (copy.config & SCMI_SENSOR_ENABLED) == 0)
		return;
	if (wanted(sim, sensor, SCMI_SENSOR_TRIP_POINT_EVENT))
		tell_trips(sim, sensor, &copy, values[0].value);
	if (!wanted(sim, sensor, SCMI_SENSOR_UPDATE) || now < copy.told_us + update_us(&copy))
		return;
	pthread_mutex_lock(&sim->lock);
	state->told_us = now;
	pthread_mutex_unlock(&sim->lock);
	(void)scmi_sensor_updated(&sim->sensors.model, sensor, values, n);
}

static bool watched(const struct sim *sim, uint32_t sensor)
{
	return wanted(sim, sensor, SCMI_SENSOR_TRIP_POINT_EVENT) || wanted(sim, sensor, SCMI_SENSOR_UPDATE);
}

void sim_sensors_tell(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->sensors.n; i++) {
		if (watched(sim, i))
			tell(sim, i);
	}
}

bool sim_is_watched(const struct sim *sim)
{
	uint32_t i = 0;

	while (i < sim->sensors.n && !watched(sim, i))
		i++;
	return i < sim->sensors.n;
}

/* ---- opening ---- */

static void fill(struct sim *sim)
{
	struct sim_sensors *s = &sim->sensors;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct sim_sensor *row = row_of(sim, i);
		uint32_t first = row->desc.intervals_n != 0 ? row->desc.intervals[0] : 0u;

		s->descs[i] = row->desc;
		s->descs[i].name = sim_name(s->names[i], row->desc.name, row == &s->file ? 0u : i, s->rows_n);
		s->states[i].config = SCMI_SENSOR_ENABLED | first << SCMI_SENSOR_CONFIG_INTERVAL_SHIFT;
	}
	for (uint32_t i = 0; i < PENDING; i++) {
		s->pending[i] = (struct scmi_sensor_pending){
			.size = sizeof(s->pending[i]), .cap = sizeof(s->buffers[i]), .buf = s->buffers[i]};
	}
}

static void add_file(struct sim_sensors *s, const char *path)
{
	s->with_file = true;
	s->file_signal = (struct sim_signal){.source = SIM_FILE, .path = path};
	s->file = (struct sim_sensor){
		.desc = {.size = sizeof(s->file.desc), .name = "file", .type = SCMI_SENSOR_CELSIUS, .exponent = -3},
		.signals = &s->file_signal,
	};
	s->n++;
}

int sim_sensors_open(struct sim *sim, const struct sim_set *set, const char *file, uint32_t agents)
{
	struct sim_sensors *s = &sim->sensors;
	uint32_t words;

	s->rows = set->sensors;
	s->rows_n = set->sensor_rows;
	s->n = set->sensors_n;
	if (file != NULL)
		add_file(s, file);
	words = SCMI_SENSOR_WANT_WORDS(s->n, agents);
	s->descs = calloc(s->n, sizeof(*s->descs));
	s->states = calloc(s->n, sizeof(*s->states));
	s->names = calloc(s->n, sizeof(*s->names));
	s->model = (struct scmi_sensor_model){
		.size = sizeof(s->model),
		.version = set->sensor_version,
		.sensors = s->descs,
		.ops = &ops,
		.arg = sim,
		.count = s->n,
		.pending_n = set->sensor_version == SCMI_VERSION(1, 0) ? 0u : PENDING,
		.pending = s->pending,
		.wants = calloc(words, sizeof(uint32_t)),
		.want_words = words,
	};
	if (s->descs == NULL || s->states == NULL || s->names == NULL || s->model.wants == NULL)
		return SCMI_E_NOMEM;
	fill(sim);
	scmi_sensor_server(&s->server, &s->model);
	return SCMI_OK;
}
