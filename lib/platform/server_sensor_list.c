/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that describe sensors: lists, of which a reply holds as many whole elements as fit. */
#include "server_sensor.h"

static uint32_t five_bits(int32_t exponent, uint32_t shift)
{
	return ((uint32_t)exponent & 0x1fu) << shift;
}

static bool is_long(const char *name)
{
	for (uint32_t i = 0; i < SCMI_SHORT_NAME; i++) {
		if (name[i] == '\0')
			return false;
	}
	return true;
}

static void put_u64(struct scmi_request *req, uint64_t value)
{
	scmi_request_put_u32(req, (uint32_t)value);
	scmi_request_put_u32(req, (uint32_t)(value >> 32));
}

static void put_limits(struct scmi_request *req, const struct scmi_sensor_limits *l)
{
	scmi_request_put_u32(req,
			     l->resolution | five_bits(l->resolution_exponent, SCMI_SENSOR_RESOLUTION_EXPONENT_SHIFT));
	put_u64(req, (uint64_t)l->min);
	put_u64(req, (uint64_t)l->max);
}

/* In a field of 64 bytes. */
static void put_long_name(struct scmi_request *req, const char *name)
{
	char field[SCMI_LONG_NAME] = {0};

	for (uint32_t i = 0; i < SCMI_LONG_NAME - 1u && name[i] != '\0'; i++)
		field[i] = name[i];
	scmi_request_put_bytes(req, field, sizeof(field));
}

/* ---- sensors ---- */

/* Which of its attributes the agent can make use of: those of its version, and of its link. */
static uint32_t attributes_for(const struct scmi_request *req, const struct scmi_sensor_desc *d, uint32_t version)
{
	const struct channel *ch = req->channel_;
	uint32_t flags = d->flags;

	if (!has_p2a(ch))
		flags &= ~(SCMI_SENSOR_READS_ASYNC | SCMI_SENSOR_TELLS_UPDATES);
	if (!since_2_0(version))
		return flags & SCMI_SENSOR_ATTRIBUTES_SINCE_1_0;
	if (since_3_0(version) && is_long(d->name))
		flags |= SCMI_SENSOR_HAS_LONG_NAME;
	if ((flags & SCMI_SENSOR_HAS_TIMESTAMPS) != 0)
		flags |= five_bits(d->stamp_exponent, SCMI_SENSOR_STAMP_EXPONENT_SHIFT);
	return flags;
}

/* The second word. */
static uint32_t kind_of(const struct scmi_sensor_desc *d, uint32_t version)
{
	uint32_t word = d->type | five_bits(d->exponent, SCMI_SENSOR_EXPONENT_SHIFT);

	if (!since_2_0(version))
		return word | (d->old_interval & 0x1fu) << SCMI_SENSOR_OLD_EXPONENT_SHIFT |
		       (d->old_interval >> SCMI_SENSOR_INTERVAL_SECONDS_SHIFT) << SCMI_SENSOR_OLD_SECONDS_SHIFT;
	if (d->axes_n != 0)
		word |= SCMI_SENSOR_HAS_AXES | d->axes_n << SCMI_SENSOR_AXES_SHIFT;
	return word;
}

static uint32_t desc_bytes(const struct scmi_sensor_desc *d, uint32_t version)
{
	if (!since_2_0(version) || (d->flags & SCMI_SENSOR_HAS_LIMITS) == 0)
		return SCMI_SENSOR_DESC_BYTES;
	return d->axes_n != 0 ? SCMI_SENSOR_DESC_POWER_BYTES : SCMI_SENSOR_DESC_FULL_BYTES;
}

static void put_desc(struct scmi_request *req, const struct scmi_sensor_model *m, uint32_t sensor, uint32_t version)
{
	const struct scmi_sensor_desc *d = &m->sensors[sensor];
	uint32_t bytes = desc_bytes(d, version);

	scmi_request_put_u32(req, sensor);
	scmi_request_put_u32(req, attributes_for(req, d, version) | d->trip_points);
	scmi_request_put_u32(req, kind_of(d, version));
	scmi_request_put_name(req, d->name);
	if (bytes > SCMI_SENSOR_DESC_BYTES)
		scmi_request_put_u32(req, d->power);
	if (bytes > SCMI_SENSOR_DESC_POWER_BYTES)
		put_limits(req, d->limits);
}

/* How many descriptors fit, from the first one on. */
static uint32_t count_descs(const struct scmi_sensor_model *m, uint32_t first, uint32_t version, uint32_t room)
{
	uint32_t n = 0;

	while (first + n < m->count && n < SCMI_SENSOR_RETURNED) {
		uint32_t bytes = desc_bytes(&m->sensors[first + n], version);

		if (bytes > room)
			break;
		room -= bytes;
		n++;
	}
	return n;
}

/* Room for elements, behind the count word. */
static uint32_t room_behind_count(const struct scmi_request *req)
{
	uint32_t room = scmi_request_room(req);

	return room > WORD_BYTES ? room - WORD_BYTES : 0u;
}

int32_t scmi__sensor_description_get(void *model, struct scmi_request *req)
{
	const struct scmi_sensor_model *m = model;
	uint32_t version = scmi_request_version(req);
	uint32_t first = scmi_request_u32(req, 0);
	uint32_t n;

	if (first >= m->count)
		return SCMI_INVALID_PARAMETERS;
	n = count_descs(m, first, version, room_behind_count(req));
	if (n == 0)
		return SCMI_COMMS_ERROR; /* not even one fits, and 0 would say that there are no more */
	scmi_request_put_u32(req, n | (m->count - first - n) << SCMI_SENSOR_REMAINING_SHIFT);
	for (uint32_t i = first; i < first + n; i++)
		put_desc(req, m, i, version);
	return SCMI_SUCCESS;
}

int32_t scmi__sensor_name_get(void *model, struct scmi_request *req)
{
	int32_t status;
	const struct scmi_sensor_desc *d = scmi__sensor_seen(model, req, &status);

	if (d == NULL)
		return status;
	scmi_request_put_u32(req, 0); /* flags, of which there are none */
	put_long_name(req, d->name);
	return SCMI_SUCCESS;
}

/* ---- axes ---- */

static uint32_t axis_bytes(const struct scmi_sensor_axis_desc *a)
{
	return a->limits != NULL ? SCMI_SENSOR_AXIS_FULL_BYTES : SCMI_SENSOR_AXIS_BYTES;
}

static uint32_t name_bytes(const struct scmi_sensor_axis_desc *a)
{
	(void)a;
	return SCMI_SENSOR_AXIS_NAME_BYTES;
}

static void put_axis(struct scmi_request *req, const struct scmi_sensor_axis_desc *a, uint32_t axis)
{
	uint32_t word = a->limits != NULL ? SCMI_SENSOR_AXIS_HAS_LIMITS : 0u;

	if (since_3_0(scmi_request_version(req)) && is_long(a->name))
		word |= SCMI_SENSOR_AXIS_HAS_LONG_NAME;
	scmi_request_put_u32(req, axis);
	scmi_request_put_u32(req, word);
	scmi_request_put_u32(req, a->type | five_bits(a->exponent, SCMI_SENSOR_EXPONENT_SHIFT));
	scmi_request_put_name(req, a->name);
	if (a->limits != NULL)
		put_limits(req, a->limits);
}

static void put_axis_name(struct scmi_request *req, const struct scmi_sensor_axis_desc *a, uint32_t axis)
{
	scmi_request_put_u32(req, axis);
	put_long_name(req, a->name);
}

static int32_t list_axes(const struct scmi_sensor_model *m, struct scmi_request *req,
			 uint32_t (*bytes_of)(const struct scmi_sensor_axis_desc *a),
			 void (*put)(struct scmi_request *req, const struct scmi_sensor_axis_desc *a, uint32_t axis))
{
	uint32_t first = scmi_request_u32(req, 1);
	uint32_t room = room_behind_count(req);
	const struct scmi_sensor_desc *d;
	uint32_t n = 0;
	int32_t status;

	d = scmi__sensor_seen(m, req, &status);
	if (d == NULL)
		return status;
	if (d->axes_n == 0)
		return SCMI_NOT_SUPPORTED;
	if (first >= d->axes_n)
		return SCMI_INVALID_PARAMETERS;
	for (; first + n < d->axes_n && bytes_of(&d->axes[first + n]) <= room; n++)
		room -= bytes_of(&d->axes[first + n]);
	if (n == 0)
		return SCMI_COMMS_ERROR;
	scmi_request_put_u32(req, n | (d->axes_n - first - n) << SCMI_SENSOR_AXES_REMAINING_SHIFT);
	for (uint32_t i = first; i < first + n; i++)
		put(req, &d->axes[i], i);
	return SCMI_SUCCESS;
}

int32_t scmi__sensor_axis_description_get(void *model, struct scmi_request *req)
{
	return list_axes(model, req, axis_bytes, put_axis);
}

int32_t scmi__sensor_axis_name_get(void *model, struct scmi_request *req)
{
	return list_axes(model, req, name_bytes, put_axis_name);
}

/* ---- update intervals ---- */

/* How many fit, from the first one on; a range goes whole, or not at all. */
static uint32_t count_intervals(const struct scmi_sensor_desc *d, uint32_t first, uint32_t room)
{
	uint32_t left = d->intervals_n - first;
	uint32_t fit = room / WORD_BYTES;

	if (d->intervals_range && (fit < left || first != 0))
		return 0;
	if (fit > SCMI_SENSOR_RETURNED)
		fit = SCMI_SENSOR_RETURNED;
	return left < fit ? left : fit;
}

int32_t scmi__sensor_list_update_intervals(void *model, struct scmi_request *req)
{
	uint32_t first = scmi_request_u32(req, 1);
	const struct scmi_sensor_desc *d;
	int32_t status;
	uint32_t word;
	uint32_t n;

	d = scmi__sensor_seen(model, req, &status);
	if (d == NULL)
		return status;
	if (d->intervals_n == 0)
		return SCMI_NOT_SUPPORTED;
	if (first >= d->intervals_n || (d->intervals_range && first != 0))
		return SCMI_INVALID_PARAMETERS;
	n = count_intervals(d, first, room_behind_count(req));
	if (n == 0)
		return SCMI_COMMS_ERROR;
	word = n | (d->intervals_n - first - n) << SCMI_SENSOR_REMAINING_SHIFT;
	scmi_request_put_u32(req, d->intervals_range ? word | SCMI_SENSOR_INTERVALS_RANGE : word);
	for (uint32_t i = first; i < first + n; i++)
		scmi_request_put_u32(req, d->intervals[i]);
	return SCMI_SUCCESS;
}
