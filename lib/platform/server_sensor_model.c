/* SPDX-License-Identifier: BSD-3-Clause */
/* Looks at a model of sensors once, so that nothing has to be checked later. */
#include <scmi/config.h>

#include "server_sensor.h"

#define DESC_FLAGS                                                                                                     \
	(SCMI_SENSOR_READS_ASYNC | SCMI_SENSOR_TELLS_UPDATES | SCMI_SENSOR_HAS_TIMESTAMPS | SCMI_SENSOR_HAS_LIMITS)

static bool exponent_allowed(int32_t exponent)
{
	return exponent >= SCMI_SENSOR_EXPONENT_MIN && exponent <= SCMI_SENSOR_EXPONENT_MAX;
}

static bool limits_allowed(const struct scmi_sensor_limits *l)
{
	return l->min <= l->max && l->resolution <= SCMI_SENSOR_RESOLUTION_MAX &&
	       exponent_allowed(l->resolution_exponent);
}

static const char *axis_fault(const struct scmi_sensor_axis_desc *a)
{
	if (a->size != sizeof(*a))
		return SCMI_TEXT_("scmi_sensor_axis_desc.size is wrong");
	if (!scmi__long_name_allowed(a->name))
		return SCMI_TEXT_("scmi_sensor_axis_desc.name is NULL, empty or longer than 63 characters");
	if (!exponent_allowed(a->exponent))
		return SCMI_TEXT_("scmi_sensor_axis_desc.exponent is not -16 to 15");
	if (a->limits != NULL && !limits_allowed(a->limits))
		return SCMI_TEXT_("scmi_sensor_axis_desc.limits is not allowed");
	return NULL;
}

static const char *axes_fault(const struct scmi_sensor_desc *d)
{
	const char *why = NULL;

	if (d->axes_n > SCMI_SENSOR_AXES_MAX)
		return SCMI_TEXT_("scmi_sensor_desc.axes_n is above 63");
	if ((d->axes == NULL) != (d->axes_n == 0))
		return SCMI_TEXT_("scmi_sensor_desc.axes does not go with axes_n");
	for (uint32_t i = 0; i < d->axes_n && why == NULL; i++)
		why = axis_fault(&d->axes[i]);
	return why;
}

static const char *intervals_fault(const struct scmi_sensor_desc *d)
{
	if ((d->intervals == NULL) != (d->intervals_n == 0) || d->intervals_n > 0xffffu)
		return SCMI_TEXT_("scmi_sensor_desc.intervals does not go with intervals_n");
	if (d->intervals_range && d->intervals_n != 3u)
		return SCMI_TEXT_("scmi_sensor_desc.intervals_n of a range is not 3");
	for (uint32_t i = 0; i < d->intervals_n; i++) {
		if ((d->intervals[i] & ~SCMI_SENSOR_INTERVAL_BITS) != 0)
			return SCMI_TEXT_("scmi_sensor_desc.intervals has bits above 20");
	}
	if (d->old_interval >> SCMI_SENSOR_INTERVAL_SECONDS_SHIFT > SCMI_SENSOR_OLD_SECONDS_MAX)
		return SCMI_TEXT_("scmi_sensor_desc.old_interval has more than 31 seconds");
	return NULL;
}

static const char *desc_fault(const struct scmi_sensor_desc *d)
{
	const char *why;

	if (d->size != sizeof(*d))
		return SCMI_TEXT_("scmi_sensor_desc.size is wrong");
	if ((d->flags & ~DESC_FLAGS) != 0)
		return SCMI_TEXT_("scmi_sensor_desc.flags has an unknown bit");
	if (!scmi__long_name_allowed(d->name))
		return SCMI_TEXT_("scmi_sensor_desc.name is NULL, empty or longer than 63 characters");
	if (!exponent_allowed(d->exponent) || !exponent_allowed(d->stamp_exponent))
		return SCMI_TEXT_("scmi_sensor_desc.exponent or stamp_exponent is not -16 to 15");
	if ((d->flags & SCMI_SENSOR_HAS_LIMITS) != 0 && d->axes_n == 0 && d->limits == NULL)
		return SCMI_TEXT_("scmi_sensor_desc.limits is NULL");
	if (d->limits != NULL && !limits_allowed(d->limits))
		return SCMI_TEXT_("scmi_sensor_desc.limits is not allowed");
	why = axes_fault(d);
	return why != NULL ? why : intervals_fault(d);
}

/* What a model with such sensors needs. */
static const char *needs_fault(const struct scmi_sensor_model *m, const struct scmi_sensor_desc *d, int *err)
{
	if ((d->flags & SCMI_SENSOR_TELLS_UPDATES) != 0 && m->wants == NULL)
		return SCMI_TEXT_("scmi_sensor_model.wants is NULL, and a sensor tells updates");
	if ((d->flags & SCMI_SENSOR_READS_ASYNC) == 0)
		return NULL;
	if (m->ops->read_async == NULL || m->pending_n == 0)
		return SCMI_TEXT_(
			"scmi_sensor_ops.read_async is NULL or there is no pending, and a sensor reads asynchronously");
	*err = SCMI_E_NOMEM;
	for (uint32_t i = 0; i < m->pending_n; i++) {
		uint32_t version = scmi__sensor_version(m);

		if (m->pending[i].cap < SCMI_SENSOR_PENDING_BYTES(values_of(d, version)))
			return SCMI_TEXT_("scmi_sensor_pending.cap is too small for a sensor");
	}
	*err = SCMI_E_INVAL;
	return NULL;
}

static const char *pending_fault(const struct scmi_sensor_model *m)
{
	if (m->pending_n > SCMI_SENSOR_ASYNC_MAX || (m->pending == NULL && m->pending_n != 0))
		return SCMI_TEXT_("scmi_sensor_model.pending is NULL or pending_n is above 255");
	for (uint32_t i = 0; i < m->pending_n; i++) {
		if (m->pending[i].size != sizeof(m->pending[i]))
			return SCMI_TEXT_("scmi_sensor_pending.size is wrong");
		if (m->pending[i].buf == NULL)
			return SCMI_TEXT_("scmi_sensor_pending.buf is NULL");
	}
	return NULL;
}

static bool version_allowed(uint32_t version)
{
	return version == SCMI_VERSION(1, 0) || version == SCMI_VERSION(2, 0) || version == SCMI_VERSION(3, 0) ||
	       version == SCMI_VERSION(3, 1);
}

const char *scmi__sensor_fault(const struct scmi_sensor_model *m, uint32_t agents_n, int *err)
{
	const char *why;

	if (!version_allowed(scmi__sensor_version(m)))
		return SCMI_TEXT_("scmi_sensor_model.version is not 1.0, 2.0, 3.0 or 3.1");
	if (m->ops->size != sizeof(*m->ops))
		return SCMI_TEXT_("scmi_sensor_ops.size is wrong");
	if (m->ops->read == NULL)
		return SCMI_TEXT_("scmi_sensor_ops.read is NULL");
	if (m->count > SCMI_SENSOR_COUNT_MAX || (m->sensors == NULL && m->count != 0))
		return SCMI_TEXT_("scmi_sensor_model.sensors is NULL or count is above 65535");
	why = pending_fault(m);
	for (uint32_t i = 0; i < m->count && why == NULL; i++) {
		why = desc_fault(&m->sensors[i]);
		if (why == NULL)
			why = needs_fault(m, &m->sensors[i], err);
	}
	if (why != NULL || m->wants == NULL || m->want_words >= SCMI_SENSOR_WANT_WORDS(m->count, agents_n))
		return why;
	*err = SCMI_E_NOMEM;
	return SCMI_TEXT_("scmi_sensor_model.wants has not SCMI_SENSOR_WANT_WORDS() words");
}
