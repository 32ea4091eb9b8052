/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The platform 'acme'/'interop' of the recordings in test/data: what a real Linux kernel was answered. Base 2.0, two
 * clocks and two temperature sensors, both protocols in version 1.0. One agent, without a name: only the platform
 * itself is to be discovered, as recorded. Freestanding, but for the libraries that it shows.
 */
#ifndef ACME_H
#define ACME_H

#include <stdatomic.h>
#include <stddef.h>

#include <scmi/platform.h>
#include <scmi/server/base.h>
#include <scmi/server/clock.h>

#define ACME_CLOCKS  2u
#define ACME_SENSORS 2u
#define ACME_SERVERS 3u

#define ACME_READINGS      4u  /* asynchronous readings that may be open at once; one more is SCMI_BUSY */
#define ACME_READING_BYTES 16u /* status, sensor, value */
#define ACME_TRIP_BYTES    12u

/* An asynchronous reading, from its command to its delayed response. */
struct acme_reading {
	struct scmi_delayed delayed;
	uint8_t payload[ACME_READING_BYTES];
	uint32_t sensor;
	atomic_uint open; /* 1: acme_complete() may take it */
};

struct acme {
	struct scmi_platform *platform;
	atomic_uint running[ACME_CLOCKS]; /* which clocks do */
	atomic_uint at_once;              /* 1: a delayed response is sent before its response */

	/* its own */
	struct scmi_base_model model;
	struct scmi_clock_model clocks;
	struct scmi_server base;
	struct scmi_server clock;
	struct scmi_server sensor;
	const struct scmi_server *servers[ACME_SERVERS];
	struct acme_reading readings[ACME_READINGS];
	struct scmi_notice trips[ACME_SENSORS];
	uint8_t trip_payloads[ACME_SENSORS][2u * ACME_TRIP_BYTES];
	struct scmi_platform_agent agent;
	max_align_t memory[SCMI_PLATFORM_WORDS(1, ACME_SERVERS)];
};

/*
 * Makes the platform for one agent, reached through endpoint, and starts it. log may be NULL. Returns SCMI_OK, or what
 * scmi_platform_init() or scmi_platform_start() returned.
 */
int acme_open(struct acme *acme, const struct scmi_endpoint *endpoint, scmi_log_fn log, void *log_arg);

/*
 * Sends the delayed responses of the readings that are open now: SENSOR_READING_GET with the asynchronous flag. Returns
 * how many it has handed over. From any context, several at once.
 */
unsigned acme_complete(struct acme *acme);

/*
 * Says that a sensor has passed its trip point (high: upwards), if the agent has asked for it. acme_trip() drops it
 * where there is no room, acme_trip_newest() keeps the newest of each sensor (one context at a time for one sensor).
 * Both return what scmi_platform_notify() and scmi_notice_post() do.
 */
int acme_trip(struct acme *acme, uint32_t sensor, unsigned high);
int acme_trip_newest(struct acme *acme, uint32_t sensor, unsigned high);

/* Stops it, and ends the readings that are open. Returns what scmi_platform_fini() returned. */
int acme_close(struct acme *acme);

#endif
