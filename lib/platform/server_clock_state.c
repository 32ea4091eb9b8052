/* SPDX-License-Identifier: BSD-3-Clause */
/* State, extended configuration, parents and permissions of clocks. */
#include "server_clock.h"

int32_t scmi__clock_enabled(const struct scmi_clock_model *m, uint32_t clock, bool *enabled)
{
	*enabled = true;
	return m->ops->enabled != NULL ? m->ops->enabled(m->arg, clock, enabled) : SCMI_SUCCESS;
}

static int32_t set_state(const struct scmi_clock_model *m, const struct scmi_request *req, uint32_t state)
{
	if (m->ops->enable == NULL)
		return SCMI_NOT_SUPPORTED;
	return m->ops->enable(m->arg, scmi_request_agent(req), scmi_request_u32(req, 0), state == SCMI_CLOCK_STATE_ON);
}

/* Before 3.0 one bit, and no third word. */
static int32_t set_config_1_0(const struct scmi_clock_model *m, const struct scmi_request *req)
{
	uint32_t state = scmi_request_u32(req, 1);

	if (req->len != 2u * WORD_BYTES)
		return SCMI_PROTOCOL_ERROR;
	if (state > SCMI_CLOCK_STATE_ON)
		return SCMI_INVALID_PARAMETERS;
	return set_state(m, req, state);
}

static bool config_allowed(uint32_t attributes, uint32_t state, uint32_t type)
{
	if ((attributes & ~(SCMI_CLOCK_STATE | SCMI_CLOCK_CONFIG_TYPE << SCMI_CLOCK_CONFIG_TYPE_SHIFT)) != 0)
		return false;
	return state <= SCMI_CLOCK_STATE_ON || (state == SCMI_CLOCK_STATE_UNCHANGED && type != 0);
}

static int32_t set_config_3_0(const struct scmi_clock_model *m, const struct scmi_request *req,
			      const struct scmi_clock_desc *d)
{
	uint32_t attributes = scmi_request_u32(req, 1);
	uint32_t state = attributes & SCMI_CLOCK_STATE;
	uint32_t type = attributes >> SCMI_CLOCK_CONFIG_TYPE_SHIFT & SCMI_CLOCK_CONFIG_TYPE;
	int32_t status = SCMI_SUCCESS;

	if (req->len != 3u * WORD_BYTES)
		return SCMI_PROTOCOL_ERROR;
	if (!config_allowed(attributes, state, type))
		return SCMI_INVALID_PARAMETERS;
	if (type != 0 && ((d->flags & SCMI_CLOCK_EXTENDED_CONFIG) == 0 || m->ops->config_set == NULL))
		return SCMI_NOT_SUPPORTED;
	if (state != SCMI_CLOCK_STATE_UNCHANGED && m->ops->enable == NULL)
		return SCMI_NOT_SUPPORTED; /* before anything is done */
	if (type != 0)
		status = m->ops->config_set(m->arg, scmi_request_agent(req), scmi_request_u32(req, 0), (uint8_t)type,
					    scmi_request_u32(req, 2));
	if (status == SCMI_SUCCESS && state != SCMI_CLOCK_STATE_UNCHANGED)
		status = set_state(m, req, state);
	return status;
}

int32_t scmi__clock_config_set(void *model, struct scmi_request *req)
{
	const struct scmi_clock_model *m = model;
	int32_t status;
	const struct scmi_clock_desc *d =
		scmi__clock_used(m, req, scmi_request_u32(req, 0), SCMI_CLOCK_MAY_STATE, &status);

	if (d == NULL)
		return status;
	return since_3_0(scmi_request_version(req)) ? set_config_3_0(m, req, d) : set_config_1_0(m, req);
}

int32_t scmi__clock_config_get(void *model, struct scmi_request *req)
{
	const struct scmi_clock_model *m = model;
	uint32_t clock = scmi_request_u32(req, 0);
	uint32_t type = scmi_request_u32(req, 1);
	uint32_t value = 0;
	bool enabled;
	int32_t status;
	const struct scmi_clock_desc *d = scmi__clock_used(m, req, clock, 0, &status);

	if (d == NULL)
		return status;
	if ((type & ~SCMI_CLOCK_CONFIG_TYPE) != 0)
		return SCMI_INVALID_PARAMETERS;
	if (type != 0 && (d->flags & SCMI_CLOCK_EXTENDED_CONFIG) == 0)
		return SCMI_NOT_SUPPORTED;
	status = scmi__clock_enabled(m, clock, &enabled);
	if (status == SCMI_SUCCESS && type != 0)
		status = m->ops->config_get(m->arg, clock, (uint8_t)type, &value);
	if (status != SCMI_SUCCESS)
		return status;
	scmi_request_put_u32(req, 0); /* attributes, all reserved */
	scmi_request_put_u32(req, enabled ? SCMI_CLOCK_CONFIG_ENABLED : 0u);
	scmi_request_put_u32(req, value);
	return SCMI_SUCCESS;
}

/* ---- parents ---- */

/* A clock without parents has an empty list; else the index must be inside it. */
int32_t scmi__clock_possible_parents_get(void *model, struct scmi_request *req)
{
	uint32_t skip = scmi_request_u32(req, 1);
	uint32_t room = scmi_request_room(req);
	int32_t status;
	const struct scmi_clock_desc *d = scmi__clock_seen(model, scmi_request_u32(req, 0), &status);
	uint32_t fit;
	uint32_t n;

	if (d == NULL)
		return status;
	if (skip != 0 && skip >= d->parents_n)
		return SCMI_OUT_OF_RANGE;
	fit = room > WORD_BYTES ? room / WORD_BYTES - 1u : 0u;
	n = d->parents_n - skip < fit ? d->parents_n - skip : fit;
	if (n == 0 && d->parents_n != 0)
		return SCMI_COMMS_ERROR;
	scmi_request_put_u32(req, n | (d->parents_n - skip - n) << SCMI_CLOCK_PARENTS_SHIFT);
	for (uint32_t i = skip; i < skip + n; i++)
		scmi_request_put_u32(req, d->parents[i]);
	return SCMI_SUCCESS;
}

static bool may_be_parent(const struct scmi_clock_desc *d, uint32_t parent)
{
	for (uint32_t i = 0; i < d->parents_n; i++) {
		if (d->parents[i] == parent)
			return true;
	}
	return false;
}

int32_t scmi__clock_parent_set(void *model, struct scmi_request *req)
{
	const struct scmi_clock_model *m = model;
	uint32_t clock = scmi_request_u32(req, 0);
	uint32_t parent = scmi_request_u32(req, 1);
	int32_t status;
	const struct scmi_clock_desc *d = scmi__clock_used(m, req, clock, SCMI_CLOCK_MAY_PARENT, &status);

	if (d == NULL || scmi__clock_seen(m, parent, &status) == NULL)
		return status;
	if (d->parents_n == 0)
		return SCMI_NOT_SUPPORTED;
	if (!may_be_parent(d, parent))
		return SCMI_INVALID_PARAMETERS;
	return m->ops->parent_set(m->arg, scmi_request_agent(req), clock, parent);
}

int32_t scmi__clock_parent_get(void *model, struct scmi_request *req)
{
	const struct scmi_clock_model *m = model;
	uint32_t clock = scmi_request_u32(req, 0);
	uint32_t parent = 0;
	int32_t status;
	const struct scmi_clock_desc *d = scmi__clock_used(m, req, clock, 0, &status);

	if (d == NULL)
		return status;
	if (d->parents_n == 0)
		return SCMI_NOT_SUPPORTED;
	status = m->ops->parent_get(m->arg, clock, &parent);
	if (status == SCMI_SUCCESS)
		scmi_request_put_u32(req, parent);
	return status;
}

int32_t scmi__clock_get_permissions(void *model, struct scmi_request *req)
{
	const struct scmi_clock_model *m = model;
	uint32_t clock = scmi_request_u32(req, 0);
	int32_t status;

	if (scmi__clock_seen(m, clock, &status) == NULL)
		return status;
	scmi_request_put_u32(req, scmi__clock_told_permissions(m, scmi_request_agent(req), clock));
	return SCMI_SUCCESS;
}
