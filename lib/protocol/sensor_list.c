/* SPDX-License-Identifier: BSD-3-Clause */
/* The sensor protocol, agent side: lists of sensors, of axes, of update intervals. */
#include "list.h"
#include "sensor.h"

#define NAME_AT     12u /* in a descriptor */
#define POWER_AT    28u
#define LIMITS_AT   32u
#define AXIS_MORE   28u
#define RANGE_WORDS 3u

#define NAMES_AT_ONCE 4u

static int8_t five_bits(uint32_t word, uint32_t shift)
{
	uint32_t bits = word >> shift & 0x1fu;

	return (int8_t)(bits < 16u ? (int32_t)bits : (int32_t)bits - 32);
}

static const struct scmi_sensor_limits no_limits = {.min = SCMI_SENSOR_VALUE_MIN, .max = SCMI_SENSOR_VALUE_MAX};

static struct scmi_sensor_limits take_limits(const uint8_t *at)
{
	uint32_t word = scmi_get_le32(at);
	struct scmi_sensor_limits l = {
		.min = (int64_t)scmi_get_le64(at + WORD_BYTES),
		.max = (int64_t)scmi_get_le64(at + 3u * WORD_BYTES),
		.resolution = word & SCMI_SENSOR_RESOLUTION_MAX,
		.resolution_exponent = five_bits(word, SCMI_SENSOR_RESOLUTION_EXPONENT_SHIFT),
	};

	return l;
}

/* ---- sensors ---- */

void scmi_sensors_begin(const struct scmi_sensor_protocol *p, struct scmi_sensors *it)
{
	/* Of an empty list the platform would refuse the first place. */
	*it = (struct scmi_sensors){.protocol_ = p, .list_ = {.asked_ = p->sensors == 0}};
}

static struct list_source sensors_of(struct scmi_sensors *it)
{
	return (struct list_source){
		.agent = it->protocol_->agent,
		.protocol = SCMI_PROTOCOL_SENSOR,
		.message = SCMI_SENSOR_DESCRIPTION_GET,
		.remaining_shift = SCMI_SENSOR_REMAINING_SHIFT,
		.returned_mask = SCMI_SENSOR_RETURNED,
		.buf = it->buf_,
		.cap = sizeof(it->buf_),
	};
}

/* Bytes of the descriptor that begins there. */
static uint32_t desc_bytes(uint32_t spoken, const uint8_t *at)
{
	if (!since_2_0(spoken) || (scmi_get_le32(at + WORD_BYTES) & SCMI_SENSOR_HAS_LIMITS) == 0)
		return SCMI_SENSOR_DESC_BYTES;
	return (scmi_get_le32(at + 2u * WORD_BYTES) & SCMI_SENSOR_HAS_AXES) != 0 ? SCMI_SENSOR_DESC_POWER_BYTES
										 : SCMI_SENSOR_DESC_FULL_BYTES;
}

/*
 * Some firmware of version 2.0 sends the longest descriptor always, whatever it says about its length. A reply of
 * exactly that length gives it away.
 */
static uint32_t stride_of(const struct scmi_sensors *it, uint32_t room)
{
	const struct scmi_list *list = &it->list_;
	bool longest = room == list->got_ * SCMI_SENSOR_DESC_FULL_BYTES;

	return since_2_0(it->protocol_->spoken) && list->cut_ == 0 && longest ? SCMI_SENSOR_DESC_FULL_BYTES : 0u;
}

/*
 * A descriptor that the buffer cuts off is asked for anew, and then looked at anew; which ends, for it can only grow.
 */
static int find_desc(struct scmi_sensors *it, const uint8_t **at, uint32_t *bytes, int32_t *status)
{
	const struct list_source from = sensors_of(it);
	uint32_t room;
	int err;

	*bytes = SCMI_SENSOR_DESC_BYTES;
	do {
		err = scmi__list_next(&it->list_, &from, *bytes, at, &room, status);
		if (err != SCMI_OK)
			return err;
		if (it->list_.fresh_ != 0)
			it->stride_ = stride_of(it, room);
		*bytes = it->stride_ != 0 ? it->stride_ : desc_bytes(it->protocol_->spoken, *at);
	} while (*bytes > room);
	return SCMI_OK;
}

/* Bits that are reserved in the version that is spoken mean nothing, whatever the platform sends. */
static uint32_t known_attributes(uint32_t spoken, uint32_t word)
{
	uint32_t known = SCMI_SENSOR_ATTRIBUTES_SINCE_1_0;

	if (since_2_0(spoken))
		known |= SCMI_SENSOR_ATTRIBUTES_SINCE_2_0;
	if (since_3_0(spoken))
		known |= SCMI_SENSOR_ATTRIBUTES_SINCE_3_0;
	return word & known;
}

/* What version 1.0 has in these bits, and 2.0. */
static void take_kind(uint32_t spoken, uint32_t low, uint32_t high, struct scmi_sensor_info *info)
{
	info->attributes = known_attributes(spoken, low);
	info->trip_points = (uint8_t)(low & SCMI_SENSOR_TRIP_POINTS);
	info->type = (uint8_t)(high & SCMI_SENSOR_TYPE);
	info->exponent = five_bits(high, SCMI_SENSOR_EXPONENT_SHIFT);
	if (!since_2_0(spoken)) {
		info->old_interval = SCMI_SENSOR_INTERVAL(high >> SCMI_SENSOR_OLD_SECONDS_SHIFT,
							  high >> SCMI_SENSOR_OLD_EXPONENT_SHIFT);
		return;
	}
	if ((low & SCMI_SENSOR_HAS_TIMESTAMPS) != 0)
		info->stamp_exponent = five_bits(low, SCMI_SENSOR_STAMP_EXPONENT_SHIFT);
	if ((high & SCMI_SENSOR_HAS_AXES) != 0)
		info->axes = high >> SCMI_SENSOR_AXES_SHIFT & SCMI_SENSOR_AXES_MAX;
}

static struct scmi_sensor_info take_desc(uint32_t spoken, const uint8_t *at)
{
	struct scmi_sensor_info info = {
		.size = sizeof(info),
		.id = scmi_get_le32(at),
		.limits = no_limits,
	};
	uint32_t told = desc_bytes(spoken, at);

	take_kind(spoken, scmi_get_le32(at + WORD_BYTES), scmi_get_le32(at + 2u * WORD_BYTES), &info);
	scmi__take_name(info.name, sizeof(info.name), at + NAME_AT, SCMI_SHORT_NAME - 1u);
	if (told >= SCMI_SENSOR_DESC_POWER_BYTES)
		info.power = scmi_get_le32(at + POWER_AT);
	if (told >= SCMI_SENSOR_DESC_FULL_BYTES)
		info.limits = take_limits(at + LIMITS_AT);
	return info;
}

int scmi_sensors_next(struct scmi_sensors *it, struct scmi_sensor_info *info, int32_t *status)
{
	struct scmi_sensor_info found;
	const uint8_t *at;
	uint32_t bytes;
	int err;

	if (info == NULL || info->size != sizeof(*info))
		return SCMI_E_INVAL;
	err = find_desc(it, &at, &bytes, status);
	if (err != SCMI_OK)
		return err;
	found = take_desc(it->protocol_->spoken, at);
	if ((found.attributes & SCMI_SENSOR_HAS_LONG_NAME) != 0)
		err = scmi__unnamed_is_ok(scmi_sensor_name(it->protocol_, found.id, found.name, status), status);
	if (err != SCMI_OK)
		return err;
	scmi__list_took(&it->list_, bytes);
	*info = found;
	return SCMI_OK;
}

int scmi_sensor_info(const struct scmi_sensor_protocol *p, uint32_t place, struct scmi_sensor_info *info,
		     int32_t *status)
{
	struct scmi_sensors it;

	scmi_sensors_begin(p, &it);
	it.list_.asked_ = 0;
	it.list_.index_ = place;
	return scmi_sensors_next(&it, info, status);
}

/* ---- axes ---- */

static struct list_source axes_of(const struct scmi_sensor_protocol *p, uint8_t message, uint32_t sensor)
{
	return (struct list_source){
		.agent = p->agent,
		.protocol = SCMI_PROTOCOL_SENSOR,
		.message = message,
		.remaining_shift = SCMI_SENSOR_AXES_REMAINING_SHIFT,
		.returned_mask = SCMI_SENSOR_AXES_RETURNED,
		.has_owner = 1,
		.owner = sensor,
	};
}

/* Only some of the axes may stand in that list, so it is searched from its start. */
int scmi_sensor_axis_name(const struct scmi_sensor_protocol *p, uint32_t sensor, uint32_t axis,
			  char name[SCMI_LONG_NAME], int32_t *status)
{
	struct list_source from = axes_of(p, SCMI_SENSOR_AXIS_NAME_GET, sensor);
	uint8_t buf[WORD_BYTES + NAMES_AT_ONCE * SCMI_SENSOR_AXIS_NAME_BYTES];
	struct scmi_list list = {.index_ = 0};
	const uint8_t *at;
	uint32_t room;
	int err;

	if (name == NULL)
		return SCMI_E_INVAL;
	if (!since_3_0(p->spoken))
		return SCMI_E_NOTSUP;
	from.buf = buf;
	from.cap = sizeof(buf);
	for (;;) {
		err = scmi__list_next(&list, &from, SCMI_SENSOR_AXIS_NAME_BYTES, &at, &room, status);
		if (err != SCMI_OK)
			return err;
		if (scmi_get_le32(at) == axis)
			break;
		scmi__list_took(&list, SCMI_SENSOR_AXIS_NAME_BYTES);
	}
	scmi__take_name(name, SCMI_LONG_NAME, at + WORD_BYTES, SCMI_LONG_NAME);
	return SCMI_OK;
}

void scmi_sensor_axes_begin(const struct scmi_sensor_protocol *p, uint32_t sensor, struct scmi_sensor_axes *it)
{
	*it = (struct scmi_sensor_axes){.protocol_ = p, .sensor_ = sensor};
}

static uint32_t axis_bytes(const uint8_t *at)
{
	return (scmi_get_le32(at + WORD_BYTES) & SCMI_SENSOR_AXIS_HAS_LIMITS) != 0 ? SCMI_SENSOR_AXIS_FULL_BYTES
										   : SCMI_SENSOR_AXIS_BYTES;
}

/* As find_desc(). */
static int find_axis(struct scmi_sensor_axes *it, const uint8_t **at, uint32_t *bytes, int32_t *status)
{
	struct list_source from = axes_of(it->protocol_, SCMI_SENSOR_AXIS_DESCRIPTION_GET, it->sensor_);
	uint32_t room;
	int err;

	from.buf = it->buf_;
	from.cap = sizeof(it->buf_);
	*bytes = SCMI_SENSOR_AXIS_BYTES;
	do {
		err = scmi__list_next(&it->list_, &from, *bytes, at, &room, status);
		if (err != SCMI_OK)
			return err;
		*bytes = axis_bytes(*at);
	} while (*bytes > room);
	return SCMI_OK;
}

static struct scmi_sensor_axis take_axis(uint32_t spoken, const uint8_t *at)
{
	uint32_t low = scmi_get_le32(at + WORD_BYTES);
	uint32_t high = scmi_get_le32(at + 2u * WORD_BYTES);
	struct scmi_sensor_axis axis = {
		.size = sizeof(axis),
		.id = scmi_get_le32(at),
		.attributes = low & SCMI_SENSOR_AXIS_HAS_LIMITS,
		.type = (uint8_t)(high & SCMI_SENSOR_TYPE),
		.exponent = five_bits(high, SCMI_SENSOR_EXPONENT_SHIFT),
		.limits = no_limits,
	};

	if (since_3_0(spoken))
		axis.attributes |= low & SCMI_SENSOR_AXIS_HAS_LONG_NAME;
	scmi__take_name(axis.name, sizeof(axis.name), at + NAME_AT, SCMI_SHORT_NAME - 1u);
	if ((axis.attributes & SCMI_SENSOR_AXIS_HAS_LIMITS) != 0)
		axis.limits = take_limits(at + AXIS_MORE);
	return axis;
}

int scmi_sensor_axes_next(struct scmi_sensor_axes *it, struct scmi_sensor_axis *axis, int32_t *status)
{
	const struct scmi_sensor_protocol *p = it->protocol_;
	struct scmi_sensor_axis found;
	const uint8_t *at;
	uint32_t bytes;
	int err;

	if (axis == NULL || axis->size != sizeof(*axis))
		return SCMI_E_INVAL;
	if (!since_2_0(p->spoken))
		return SCMI_E_NOTSUP;
	err = find_axis(it, &at, &bytes, status);
	if (err != SCMI_OK)
		return err;
	found = take_axis(p->spoken, at);
	if ((found.attributes & SCMI_SENSOR_AXIS_HAS_LONG_NAME) != 0) {
		err = scmi_sensor_axis_name(p, it->sensor_, found.id, found.name, status);
		err = scmi__unnamed_is_ok(err == SCMI_E_NOTFOUND ? SCMI_OK : err, status);
	}
	if (err != SCMI_OK)
		return err;
	scmi__list_took(&it->list_, bytes);
	*axis = found;
	return SCMI_OK;
}

/* ---- update intervals ---- */

void scmi_sensor_intervals_begin(const struct scmi_sensor_protocol *p, uint32_t sensor,
				 struct scmi_sensor_intervals *it)
{
	*it = (struct scmi_sensor_intervals){.protocol_ = p, .sensor_ = sensor};
}

static uint32_t take_interval(const uint8_t *at)
{
	return scmi_get_le32(at) & SCMI_SENSOR_INTERVAL_BITS;
}

static int take_range(struct scmi_list *list, const uint8_t *at, uint32_t room, struct scmi_sensor_interval *interval)
{
	if (list->index_ != 0 || list->got_ != RANGE_WORDS || list->remaining_ != 0 || room < RANGE_WORDS * WORD_BYTES)
		return SCMI_E_PROTO;
	interval->min = take_interval(at);
	interval->max = take_interval(at + WORD_BYTES);
	interval->step = take_interval(at + 2u * WORD_BYTES);
	scmi__list_finish(list);
	return SCMI_OK;
}

int scmi_sensor_intervals_next(struct scmi_sensor_intervals *it, struct scmi_sensor_interval *interval, int32_t *status)
{
	const struct list_source from = {
		.agent = it->protocol_->agent,
		.protocol = SCMI_PROTOCOL_SENSOR,
		.message = SCMI_SENSOR_LIST_UPDATE_INTERVALS,
		.remaining_shift = SCMI_SENSOR_REMAINING_SHIFT,
		.returned_mask = SCMI_SENSOR_RETURNED,
		.has_owner = 1,
		.owner = it->sensor_,
		.buf = it->buf_,
		.cap = sizeof(it->buf_),
	};
	const uint8_t *at;
	uint32_t room;
	int err;

	if (interval == NULL)
		return SCMI_E_INVAL;
	if (!since_2_0(it->protocol_->spoken))
		return SCMI_E_NOTSUP;
	err = scmi__list_next(&it->list_, &from, WORD_BYTES, &at, &room, status);
	if (err != SCMI_OK)
		return err;
	if ((it->list_.word_ & SCMI_SENSOR_INTERVALS_RANGE) != 0)
		return take_range(&it->list_, at, room, interval);
	interval->min = take_interval(at);
	interval->max = interval->min;
	interval->step = 0;
	scmi__list_took(&it->list_, WORD_BYTES);
	return SCMI_OK;
}
