/* SPDX-License-Identifier: BSD-3-Clause */
#include "sensor_told.h"

#define VECTORS_MAX 128u

static struct {
	struct row rows[VECTORS_MAX];
	uint8_t params[VECTORS_MAX][VECTOR_BYTES];
	uint8_t replies[VECTORS_MAX][VECTOR_BYTES];
} told;

static size_t fill_rows(uint8_t version)
{
	size_t n = 0;

	for (size_t i = 0; i < sensor_vectors_n; i++) {
		const struct sensor_vector *v = &sensor_vectors[i];

		if (v->kind != SCMI_MSG_COMMAND || (v->versions & version) == 0)
			continue;
		assert_true(n < VECTORS_MAX);
		told.rows[n].message = v->id;
		told.rows[n].params = told.params[n];
		told.rows[n].params_len = vector_bytes(told.params[n], v->params);
		told.rows[n].reply = told.replies[n];
		told.rows[n].reply_len = vector_bytes(told.replies[n], v->reply);
		n++;
	}
	return n;
}

void serve_vectors(struct fixture *f, uint8_t version, struct scmi_sensor_protocol *p)
{
	serve(f, told.rows, fill_rows(version));
	memset(p, 0xff, sizeof(*p));
	assert_int_equal(scmi_sensor_open(f->agent, 0, p, NULL), SCMI_OK);
	assert_int_equal(f->platform.protocol, SCMI_PROTOCOL_SENSOR);
	f->platform.asked = 0;
}

struct scmi_sensor_protocol as_opened(struct fixture *f, uint32_t version)
{
	return (struct scmi_sensor_protocol){.size = sizeof(struct scmi_sensor_protocol),
					     .version = version,
					     .spoken = version,
					     .sensors = 16,
					     .agent = f->agent};
}

uint32_t reply_of(uint8_t *out, uint8_t version, uint8_t kind, uint8_t id, const char *params)
{
	for (size_t i = 0; i < sensor_vectors_n; i++) {
		const struct sensor_vector *v = &sensor_vectors[i];

		if (v->kind == kind && v->id == id && (v->versions & version) != 0 &&
		    (params == NULL || strcmp(v->params, params) == 0))
			return vector_bytes(out, v->reply);
	}
	fail_msg("no vector of message 0x%x", id);
	return 0;
}
