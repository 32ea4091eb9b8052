/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the sensor server share. */
#ifndef SCMI_PLATFORM_SERVER_SENSOR_H
#define SCMI_PLATFORM_SERVER_SENSOR_H

#include <scmi/server/sensor.h>

#include "internal.h"

/* The model's version. */
uint32_t scmi__sensor_version(const struct scmi_sensor_model *m);

/* What is wrong with a model, as a sentence that names the member; NULL: nothing. *err is then how init ends. */
const char *scmi__sensor_fault(const struct scmi_sensor_model *m, uint32_t agents_n, int *err);

/* The sensor that the first parameter names: NULL and *status if there is none, or (to use it) it is denied. */
const struct scmi_sensor_desc *scmi__sensor_seen(const struct scmi_sensor_model *m, const struct scmi_request *req,
						 int32_t *status);
const struct scmi_sensor_desc *scmi__sensor_used(const struct scmi_sensor_model *m, const struct scmi_request *req,
						 int32_t *status);

/* Values that one reading has. */
static inline uint32_t values_of(const struct scmi_sensor_desc *d, uint32_t version)
{
	return since_2_0(version) && d->axes_n != 0 ? d->axes_n : 1u;
}

/* Bytes of a reading on the wire; what stands there. */
uint32_t scmi__sensor_fill(uint8_t *to, const struct scmi_sensor_desc *d, uint32_t version,
			   const struct scmi_sensor_reading *readings);

/* Handlers. */
int32_t scmi__sensor_description_get(void *model, struct scmi_request *req);
int32_t scmi__sensor_axis_description_get(void *model, struct scmi_request *req);
int32_t scmi__sensor_list_update_intervals(void *model, struct scmi_request *req);
int32_t scmi__sensor_name_get(void *model, struct scmi_request *req);
int32_t scmi__sensor_axis_name_get(void *model, struct scmi_request *req);
int32_t scmi__sensor_reading_get(void *model, struct scmi_request *req);
int32_t scmi__sensor_trip_point_notify(void *model, struct scmi_request *req);
int32_t scmi__sensor_trip_point_config(void *model, struct scmi_request *req);
int32_t scmi__sensor_continuous_update_notify(void *model, struct scmi_request *req);

/* The agent wants no notification any more. */
void scmi__sensor_forget(const struct scmi_sensor_model *m, uint16_t agent);

#endif
