/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent whose platform answers the sensor protocol by the vectors of one version. */
#ifndef SENSOR_TOLD_H
#define SENSOR_TOLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/protocol/sensor.h>

#include "sensor_vectors.h"
#include "told.h"

#define CPU     0u
#define BOARD   1u
#define VOLTAGE 2u
#define ACCEL   3u

#define TEST(f) cmocka_unit_test_setup_teardown(f, told_set_up, told_tear_down)

/* Answers by these vectors from now on, and opens the protocol: *p, of the newest version. */
void serve_vectors(struct fixture *f, uint8_t version, struct scmi_sensor_protocol *p);

/* A protocol as if it had been opened; nothing is asked. */
struct scmi_sensor_protocol as_opened(struct fixture *f, uint32_t version);

/* The first vector of that kind and id whose parameters are these (NULL: any); its reply in bytes, and their number. */
uint32_t reply_of(uint8_t *out, uint8_t version, uint8_t kind, uint8_t id, const char *params);

#endif
