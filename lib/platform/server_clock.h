/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the clock server share. */
#ifndef SCMI_PLATFORM_SERVER_CLOCK_H
#define SCMI_PLATFORM_SERVER_CLOCK_H

#include <scmi/server/clock.h>

#include "internal.h"

/* The model's version. */
uint32_t scmi__clock_version(const struct scmi_clock_model *m);

/* What is wrong with a model, as a sentence that names the member; NULL: nothing. *err is then how init ends. */
const char *scmi__clock_fault(const struct scmi_clock_model *m, uint32_t agents_n, int *err);

/* Whether the agent may use the clock, and what of it it may change. */
bool scmi__clock_usable(const struct scmi_clock_model *m, uint16_t agent, uint32_t clock);
uint32_t scmi__clock_permissions(const struct scmi_clock_model *m, uint16_t agent, uint32_t clock);
uint32_t scmi__clock_told_permissions(const struct scmi_clock_model *m, uint16_t agent, uint32_t clock);

/*
 * The clock with that id: NULL and *status if there is none, if it is denied, or if the agent may not change all that
 * may (SCMI_CLOCK_MAY_*) names.
 */
const struct scmi_clock_desc *scmi__clock_seen(const struct scmi_clock_model *m, uint32_t clock, int32_t *status);
const struct scmi_clock_desc *scmi__clock_used(const struct scmi_clock_model *m, const struct scmi_request *req,
					       uint32_t clock, uint32_t may, int32_t *status);

/* Whether it runs, as far as the model knows; a status. */
int32_t scmi__clock_enabled(const struct scmi_clock_model *m, uint32_t clock, bool *enabled);

/* Whether the agent that asks can be sent anything. */
bool scmi__clock_reaches(const struct scmi_request *req);

/* Handlers. */
int32_t scmi__clock_rate_set(void *model, struct scmi_request *req);
int32_t scmi__clock_rate_get(void *model, struct scmi_request *req);
int32_t scmi__clock_config_set(void *model, struct scmi_request *req);
int32_t scmi__clock_config_get(void *model, struct scmi_request *req);
int32_t scmi__clock_possible_parents_get(void *model, struct scmi_request *req);
int32_t scmi__clock_parent_set(void *model, struct scmi_request *req);
int32_t scmi__clock_parent_get(void *model, struct scmi_request *req);
int32_t scmi__clock_get_permissions(void *model, struct scmi_request *req);
int32_t scmi__clock_rate_notify(void *model, struct scmi_request *req);
int32_t scmi__clock_rate_change_requested_notify(void *model, struct scmi_request *req);

/* The agent wants no notification any more. */
void scmi__clock_forget(const struct scmi_clock_model *m, uint16_t agent);

#endif
