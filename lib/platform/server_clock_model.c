/* SPDX-License-Identifier: BSD-3-Clause */
/* Looks at a model of clocks once, so that nothing has to be checked later. */
#include <scmi/config.h>

#include "server_clock.h"

#define RANGE_RATES 3u

static const char *rates_fault(const struct scmi_clock_desc *d)
{
	if (d->rates == NULL || d->rates_n == 0 || d->rates_n > SCMI_CLOCK_RATES_MAX)
		return SCMI_TEXT_("scmi_clock_desc.rates is NULL or rates_n is not 1 to 65535");
	if (d->range) {
		if (d->rates_n != RANGE_RATES)
			return SCMI_TEXT_("scmi_clock_desc.rates_n of a range is not 3");
		return d->rates[0] <= d->rates[1] ? NULL
						  : SCMI_TEXT_("scmi_clock_desc.rates of a range does not ascend");
	}
	for (uint32_t i = 1; i < d->rates_n; i++) {
		if (d->rates[i] <= d->rates[i - 1u])
			return SCMI_TEXT_("scmi_clock_desc.rates does not ascend");
	}
	return NULL;
}

static const char *parents_fault(const struct scmi_clock_model *m, const struct scmi_clock_desc *d)
{
	if ((d->parents == NULL) != (d->parents_n == 0) || d->parents_n > SCMI_CLOCK_PARENTS_MAX)
		return SCMI_TEXT_("scmi_clock_desc.parents does not go with parents_n, or that is above 255");
	if (d->parents_n != 0 && m->ops->parent_get == NULL)
		return SCMI_TEXT_("scmi_clock_ops.parent_get is NULL, and a clock has parents");
	for (uint32_t i = 0; i < d->parents_n; i++) {
		if (d->parents[i] >= m->count)
			return SCMI_TEXT_("scmi_clock_desc.parents names a clock that there is not");
	}
	return NULL;
}

static const char *desc_fault(const struct scmi_clock_model *m, const struct scmi_clock_desc *d)
{
	const char *why;

	if (d->size != sizeof(*d))
		return SCMI_TEXT_("scmi_clock_desc.size is wrong");
	if ((d->flags & ~SCMI_CLOCK_EXTENDED_CONFIG) != 0)
		return SCMI_TEXT_("scmi_clock_desc.flags has an unknown bit");
	if ((d->flags & SCMI_CLOCK_EXTENDED_CONFIG) != 0 && m->ops->config_get == NULL)
		return SCMI_TEXT_("scmi_clock_ops.config_get is NULL, and a clock has an extended configuration");
	if (!scmi__long_name_allowed(d->name))
		return SCMI_TEXT_("scmi_clock_desc.name is NULL, empty or longer than 63 characters");
	why = rates_fault(d);
	return why != NULL ? why : parents_fault(m, d);
}

static const char *pending_fault(const struct scmi_clock_model *m)
{
	if (m->pending_n > SCMI_CLOCK_ASYNC_MAX || (m->pending == NULL && m->pending_n != 0))
		return SCMI_TEXT_("scmi_clock_model.pending is NULL or pending_n is above 255");
	for (uint32_t i = 0; i < m->pending_n; i++) {
		if (m->pending[i].size != sizeof(m->pending[i]))
			return SCMI_TEXT_("scmi_clock_pending.size is wrong");
	}
	return NULL;
}

const char *scmi__clock_fault(const struct scmi_clock_model *m, uint32_t agents_n, int *err)
{
	uint32_t version = scmi__clock_version(m);
	const char *why;

	if (version != SCMI_VERSION(1, 0) && version != SCMI_VERSION(2, 0) && version != SCMI_VERSION(3, 0))
		return SCMI_TEXT_("scmi_clock_model.version is not 1.0, 2.0 or 3.0");
	if (m->ops->size != sizeof(*m->ops))
		return SCMI_TEXT_("scmi_clock_ops.size is wrong");
	if (m->ops->rate_get == NULL)
		return SCMI_TEXT_("scmi_clock_ops.rate_get is NULL");
	if (m->count > SCMI_CLOCK_COUNT_MAX || (m->clocks == NULL && m->count != 0))
		return SCMI_TEXT_("scmi_clock_model.clocks is NULL or count is above 65535");
	why = pending_fault(m);
	for (uint32_t i = 0; i < m->count && why == NULL; i++)
		why = desc_fault(m, &m->clocks[i]);
	if (why != NULL || m->wants == NULL || m->want_words >= SCMI_CLOCK_WANT_WORDS(m->count, agents_n))
		return why;
	*err = SCMI_E_NOMEM;
	return SCMI_TEXT_("scmi_clock_model.want_words is less than SCMI_CLOCK_WANT_WORDS()");
}
