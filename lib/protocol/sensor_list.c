/* SPDX-License-Identifier: BSD-3-Clause */
/* The sensor protocol, agent side: lists of sensors, of axes, of update intervals. */
#include "list.h"
#include "sensor.h"

#define NAME_AT     12u /* in a descriptor */
#define POWER_AT    28u
#define LIMITS_AT   32u
#define AXIS_MORE   28u
#define RANGE_WORDS 3u
#define NAME_REPLY  (WORD_BYTES + SCMI_SENSOR_AXIS_NAME_BYTES) /* one name of an axis, with the count before it */

static int8_t five_bits(uint32_t word, uint32_t shift)
{
	uint32_t bits = word >> shift & 0x1fu;

	return (int8_t)(bits < 16u ? (int32_t)bits : (int32_t)bits - 32);
}

/* at NULL: there are none. */
static void take_limits(const uint8_t *at, struct scmi_sensor_limits *l)
{
	uint32_t word = at != NULL ? scmi_get_le32(at) : 0u;

	l->min = at != NULL ? (int64_t)scmi_get_le64(at + WORD_BYTES) : SCMI_SENSOR_VALUE_MIN;
	l->max = at != NULL ? (int64_t)scmi_get_le64(at + 3u * WORD_BYTES) : SCMI_SENSOR_VALUE_MAX;
	l->resolution = word & SCMI_SENSOR_RESOLUTION_MAX;
	/* A number of its own, not a character. NOLINTNEXTLINE(bugprone-signed-char-misuse) */
	l->resolution_exponent = five_bits(word, SCMI_SENSOR_RESOLUTION_EXPONENT_SHIFT);
}

/* ---- sensors ---- */

void scmi_sensors_begin(const struct scmi_sensor_protocol *p, struct scmi_sensors *it)
{
	/* Of an empty list the platform would refuse the first place. */
	*it = (struct scmi_sensors){.protocol_ = p, .list_ = {.asked_ = p->sensors == 0}};
}

static const struct list_kind sensor_list = {
	.command = SENSOR(SCMI_SENSOR_DESCRIPTION_GET, 1),
	.returned_mask = SCMI_SENSOR_RETURNED,
	.remaining_shift = SCMI_SENSOR_REMAINING_SHIFT,
};

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
 * Where the next descriptor stands, and how long it is; NULL and *err. One that the buffer cuts off is asked for anew,
 * and then looked at anew; which ends, for it can only grow.
 */
static NOINLINE const uint8_t *find_desc(struct scmi_sensors *it, uint32_t *bytes, int *err, int32_t *status)
{
	struct list_source from = {
		.kind = &sensor_list, .agent = it->protocol_->agent, .buf = it->buf_, .cap = sizeof(it->buf_)};

	*bytes = SCMI_SENSOR_DESC_BYTES;
	do {
		from.room = *bytes;
		*err = scmi__list_next(&it->list_, &from, status);
		if (*err != SCMI_OK)
			return NULL;
		if (it->list_.fresh_ != 0)
			it->stride_ = stride_of(it, from.room);
		*bytes = it->stride_ != 0 ? it->stride_ : desc_bytes(it->protocol_->spoken, from.at);
	} while (*bytes > from.room);
	return from.at;
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
	info->stamp_exponent = 0;
	info->old_interval = 0;
	info->axes = 0;
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

/* All but the name. */
static void take_desc(uint32_t spoken, const uint8_t *at, struct scmi_sensor_info *info)
{
	uint32_t told = desc_bytes(spoken, at);

	info->id = scmi_get_le32(at);
	take_kind(spoken, scmi_get_le32(at + WORD_BYTES), scmi_get_le32(at + 2u * WORD_BYTES), info);
	info->power = told >= SCMI_SENSOR_DESC_POWER_BYTES ? scmi_get_le32(at + POWER_AT) : 0u;
	take_limits(told >= SCMI_SENSOR_DESC_FULL_BYTES ? at + LIMITS_AT : NULL, &info->limits);
}

/* The long name first, for that may fail: then *info is left alone. */
static int take_named(const struct scmi_sensor_protocol *p, const uint8_t *at, struct scmi_sensor_info *info,
		      int32_t *status)
{
	uint32_t attributes = known_attributes(p->spoken, scmi_get_le32(at + WORD_BYTES));
	uint32_t words[] = {SENSOR(SCMI_SENSOR_NAME_GET, 1), scmi_get_le32(at)};
	int named = SCMI_E_REMOTE;
	int err;

	if ((attributes & SCMI_SENSOR_HAS_LONG_NAME) != 0) {
		named = scmi__long_name(p->agent, words, info->name, status);
		err = scmi__unnamed_is_ok(named, status);
		if (err != SCMI_OK)
			return err;
	}
	if (named != SCMI_OK)
		scmi__take_name(info->name, sizeof(info->name), at + NAME_AT, SCMI_SHORT_NAME - 1u);
	take_desc(p->spoken, at, info);
	return SCMI_OK;
}

int scmi_sensors_next(struct scmi_sensors *it, struct scmi_sensor_info *info, int32_t *status)
{
	const uint8_t *at;
	uint32_t bytes;
	int err;

	if (info == NULL || info->size != sizeof(*info))
		return SCMI_E_INVAL;
	at = find_desc(it, &bytes, &err, status);
	if (at == NULL)
		return err;
	err = take_named(it->protocol_, at, info, status);
	if (err == SCMI_OK)
		scmi__list_took(&it->list_, bytes);
	return err;
}

#define DESC_REPLY (WORD_BYTES + SCMI_SENSOR_DESC_FULL_BYTES) /* one descriptor of any kind, with the count before it */

/* The descriptor at that place, behind its count. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the reply goes there */
static NOINLINE int fetch_desc(const struct scmi_sensor_protocol *p, uint32_t place, uint8_t buf[DESC_REPLY],
			       int32_t *status)
{
	struct list_source from = {
		.kind = &sensor_list, .agent = p->agent, .buf = buf, .cap = DESC_REPLY, .room = SCMI_SENSOR_DESC_BYTES};
	struct scmi_list list = {.index_ = place};
	int err = scmi__list_next(&list, &from, status);

	return err == SCMI_OK && desc_bytes(p->spoken, from.at) > from.room ? SCMI_E_PROTO : err;
}

int scmi_sensor_info(const struct scmi_sensor_protocol *p, uint32_t place, struct scmi_sensor_info *info,
		     int32_t *status)
{
	uint8_t buf[DESC_REPLY];
	int err;

	if (info == NULL || info->size != sizeof(*info))
		return SCMI_E_INVAL;
	err = fetch_desc(p, place, buf, status);
	return err == SCMI_OK ? take_named(p, buf + WORD_BYTES, info, status) : err;
}

/* ---- axes ---- */

static const struct list_kind name_list = {
	.command = SENSOR(SCMI_SENSOR_AXIS_NAME_GET, 2),
	.returned_mask = SCMI_SENSOR_AXES_RETURNED,
	.remaining_shift = SCMI_SENSOR_AXES_REMAINING_SHIFT,
};

/* Only some of the axes may stand in that list, so it is searched from its start. from has a buffer. */
static int find_name(struct list_source *from, uint32_t axis, char name[SCMI_LONG_NAME], int32_t *status)
{
	struct scmi_list list = {.index_ = 0};
	int err;

	from->kind = &name_list;
	for (;;) {
		from->room = SCMI_SENSOR_AXIS_NAME_BYTES;
		err = scmi__list_next(&list, from, status);
		if (err != SCMI_OK)
			return err;
		if (scmi_get_le32(from->at) == axis)
			break;
		scmi__list_took(&list, SCMI_SENSOR_AXIS_NAME_BYTES);
	}
	scmi__take_name(name, SCMI_LONG_NAME, from->at + WORD_BYTES, SCMI_LONG_NAME);
	return SCMI_OK;
}

int scmi_sensor_axis_name(const struct scmi_sensor_protocol *p, uint32_t sensor, uint32_t axis,
			  char name[SCMI_LONG_NAME], int32_t *status)
{
	uint8_t buf[NAME_REPLY];
	struct list_source from = {.agent = p->agent, .owner = sensor, .buf = buf, .cap = sizeof(buf)};

	if (name == NULL)
		return SCMI_E_INVAL;
	if (!since_3_0(p->spoken))
		return SCMI_E_NOTSUP;
	return find_name(&from, axis, name, status);
}

void scmi_sensor_axes_begin(const struct scmi_sensor_protocol *p, uint32_t sensor, struct scmi_sensor_axes *it)
{
	*it = (struct scmi_sensor_axes){.protocol_ = p, .sensor_ = sensor};
}

static uint32_t known_axis_attributes(uint32_t spoken, uint32_t word)
{
	uint32_t known = SCMI_SENSOR_AXIS_HAS_LIMITS;

	if (since_3_0(spoken))
		known |= SCMI_SENSOR_AXIS_HAS_LONG_NAME;
	return word & known;
}

static uint32_t axis_bytes(const uint8_t *at)
{
	return (scmi_get_le32(at + WORD_BYTES) & SCMI_SENSOR_AXIS_HAS_LIMITS) != 0 ? SCMI_SENSOR_AXIS_FULL_BYTES
										   : SCMI_SENSOR_AXIS_BYTES;
}

static const struct list_kind axis_list = {
	.command = SENSOR(SCMI_SENSOR_AXIS_DESCRIPTION_GET, 2),
	.returned_mask = SCMI_SENSOR_AXES_RETURNED,
	.remaining_shift = SCMI_SENSOR_AXES_REMAINING_SHIFT,
};

/* As find_desc(). */
static NOINLINE const uint8_t *find_axis(struct scmi_sensor_axes *it, uint32_t *bytes, int *err, int32_t *status)
{
	struct list_source from = {
		.kind = &axis_list,
		.agent = it->protocol_->agent,
		.owner = it->sensor_,
		.buf = it->buf_,
		.cap = sizeof(it->buf_) - NAME_REPLY,
	};

	*bytes = SCMI_SENSOR_AXIS_BYTES;
	do {
		from.room = *bytes;
		*err = scmi__list_next(&it->list_, &from, status);
		if (*err != SCMI_OK)
			return NULL;
		*bytes = axis_bytes(from.at);
	} while (*bytes > from.room);
	return from.at;
}

/* All but the name. */
static void take_axis(uint32_t attributes, const uint8_t *at, struct scmi_sensor_axis *axis)
{
	uint32_t high = scmi_get_le32(at + 2u * WORD_BYTES);

	axis->id = scmi_get_le32(at);
	axis->attributes = attributes;
	axis->type = (uint8_t)(high & SCMI_SENSOR_TYPE);
	axis->exponent = five_bits(high, SCMI_SENSOR_EXPONENT_SHIFT);
	take_limits((attributes & SCMI_SENSOR_AXIS_HAS_LIMITS) != 0 ? at + AXIS_MORE : NULL, &axis->limits);
}

/* Behind what the iterator's buffer holds of the axes there is always room for one name at least. */
static int axis_name(struct scmi_sensor_axes *it, uint32_t axis, char name[SCMI_LONG_NAME], int32_t *status)
{
	struct list_source from = {
		.agent = it->protocol_->agent,
		.owner = it->sensor_,
		.buf = it->buf_ + it->list_.end_,
		.cap = (uint32_t)sizeof(it->buf_) - it->list_.end_,
	};

	return find_name(&from, axis, name, status);
}

int scmi_sensor_axes_next(struct scmi_sensor_axes *it, struct scmi_sensor_axis *axis, int32_t *status)
{
	uint32_t spoken = it->protocol_->spoken;
	int named = SCMI_E_REMOTE;
	uint32_t attributes;
	const uint8_t *at;
	uint32_t bytes;
	int err;

	if (axis == NULL || axis->size != sizeof(*axis))
		return SCMI_E_INVAL;
	if (!since_2_0(spoken))
		return SCMI_E_NOTSUP;
	at = find_axis(it, &bytes, &err, status);
	if (at == NULL)
		return err;
	attributes = known_axis_attributes(spoken, scmi_get_le32(at + WORD_BYTES));
	if ((attributes & SCMI_SENSOR_AXIS_HAS_LONG_NAME) != 0) {
		named = axis_name(it, scmi_get_le32(at), axis->name, status);
		err = scmi__unnamed_is_ok(named == SCMI_E_NOTFOUND ? SCMI_OK : named, status);
		if (err != SCMI_OK)
			return err;
	}
	if (named != SCMI_OK)
		scmi__take_name(axis->name, sizeof(axis->name), at + NAME_AT, SCMI_SHORT_NAME - 1u);
	take_axis(attributes, at, axis);
	scmi__list_took(&it->list_, bytes);
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

static const struct list_kind interval_list = {
	.command = SENSOR(SCMI_SENSOR_LIST_UPDATE_INTERVALS, 2),
	.returned_mask = SCMI_SENSOR_RETURNED,
	.remaining_shift = SCMI_SENSOR_REMAINING_SHIFT,
};

int scmi_sensor_intervals_next(struct scmi_sensor_intervals *it, struct scmi_sensor_interval *interval, int32_t *status)
{
	struct list_source from = {
		.kind = &interval_list,
		.agent = it->protocol_->agent,
		.owner = it->sensor_,
		.buf = it->buf_,
		.cap = sizeof(it->buf_),
		.room = WORD_BYTES,
	};
	int err;

	if (interval == NULL)
		return SCMI_E_INVAL;
	if (!since_2_0(it->protocol_->spoken))
		return SCMI_E_NOTSUP;
	err = scmi__list_next(&it->list_, &from, status);
	if (err != SCMI_OK)
		return err;
	if ((it->list_.word_ & SCMI_SENSOR_INTERVALS_RANGE) != 0)
		return take_range(&it->list_, from.at, from.room, interval);
	interval->min = take_interval(from.at);
	interval->max = interval->min;
	interval->step = 0;
	scmi__list_took(&it->list_, WORD_BYTES);
	return SCMI_OK;
}
