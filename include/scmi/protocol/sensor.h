/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sensor protocol, agent side: which sensors there are, what they measure, their values.
 *
 *	struct scmi_sensor_protocol sensors;
 *	struct scmi_sensor_info info = {.size = sizeof(info)};
 *	struct scmi_sensors it;
 *
 *	err = scmi_sensor_open(agent, 0, &sensors, NULL);
 *	if (err == SCMI_OK)
 *		for (scmi_sensors_begin(&sensors, &it); scmi_sensors_next(&it, &info, NULL) == SCMI_OK;)
 *			show(info.name, scmi_sensor_unit_text(info.type));
 *
 * Results, errors, status and context of all functions: as common.h says. SCMI_E_NOTSUP at once, and nothing is sent:
 * the version that is spoken has no such command. A sensor that there is not is for the platform to refuse
 * (SCMI_NOT_FOUND). p is never NULL.
 */
#ifndef SCMI_PROTOCOL_SENSOR_H
#define SCMI_PROTOCOL_SENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include <scmi/agent.h>
#include <scmi/message/sensor.h>
#include <scmi/protocol/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What scmi_sensor_open() has learned. Caller's memory; plain data, to be copied and dropped as one likes. */
struct scmi_sensor_protocol {
	uint32_t size;       /* sizeof(struct scmi_sensor_protocol), set by scmi_sensor_open() */
	uint32_t version;    /* the platform's newest */
	uint32_t spoken;     /* the one that layouts follow, see scmi_protocol_agree() */
	uint32_t sensors;    /* how many there are */
	uint32_t async_max;  /* asynchronous readings that may be pending at once */
	uint32_t region_len; /* bytes of a region of memory with readings, in the vendor's layout; 0: there is none */
	uint64_t region;     /* its physical address */
	struct scmi_agent *agent;
};

/*
 * Agrees on a version, newest at most, and asks for the attributes. newest 0: SCMI_SENSOR_VERSION. SCMI_E_INVAL: p
 * NULL, or a newest that this library does not know. On an error *p is left alone.
 */
int scmi_sensor_open(struct scmi_agent *agent, uint32_t newest, struct scmi_sensor_protocol *p, int32_t *status);

/* ---- descriptions ---- */

/* A sensor. What the platform's version does not tell is 0, and limits are SCMI_SENSOR_VALUE_MIN and _MAX. */
struct scmi_sensor_info {
	uint32_t size;         /* sizeof(struct scmi_sensor_info), set by the caller */
	uint32_t id;           /* for the commands below */
	uint32_t attributes;   /* SCMI_SENSOR_HAS_LIMITS and its like; others are 0 */
	uint32_t axes;         /* it measures along so many; 0: it has one value */
	uint8_t type;          /* enum scmi_sensor_type; of a sensor with axes each has its own */
	int8_t exponent;       /* a value is reading x 10^exponent in the unit of its type, see scmi_sensor_scale() */
	int8_t stamp_exponent; /* a time stamp is so many x 10^exponent seconds */
	uint8_t trip_points;
	uint32_t power;        /* that it takes; the specification's unit is not settled: mW, it seems */
	uint32_t old_interval; /* before 2.0: its update interval, as SCMI_SENSOR_INTERVAL() */
	struct scmi_sensor_limits limits;
	char name[SCMI_LONG_NAME];
};

/* Bytes of a reply that an iterator takes at once; longer ones are asked for in parts. */
#define SCMI_SENSOR_LIST_BYTES 512u

/* SENSOR_DESCRIPTION_GET: reads all descriptions, see struct scmi_list. */
struct scmi_sensors {
	const struct scmi_sensor_protocol *protocol_;
	struct scmi_list list_;
	uint32_t stride_;
	uint8_t buf_[SCMI_SENSOR_LIST_BYTES];
};

/* Begins; sends nothing. p is lent as long as it is used. */
void scmi_sensors_begin(const struct scmi_sensor_protocol *p, struct scmi_sensors *it);

/*
 * The next sensor; a name that is longer than its field is fetched by SENSOR_NAME_GET, and if the platform refuses
 * that, or tells less than a name, the first 15 characters stay. SCMI_E_NOTFOUND: no more. SCMI_E_INVAL: info NULL, or a size this version does not
 * know.
 */
int scmi_sensors_next(struct scmi_sensors *it, struct scmi_sensor_info *info, int32_t *status);

/* The same for one sensor, by its place in the list, which with most platforms is its id. */
int scmi_sensor_info(const struct scmi_sensor_protocol *p, uint32_t place, struct scmi_sensor_info *info,
		     int32_t *status);

/* SENSOR_NAME_GET (3.0) alone. */
int scmi_sensor_name(const struct scmi_sensor_protocol *p, uint32_t sensor, char name[SCMI_LONG_NAME], int32_t *status);

/* An axis of a sensor. */
struct scmi_sensor_axis {
	uint32_t size; /* sizeof(struct scmi_sensor_axis), set by the caller */
	uint32_t id;
	uint32_t attributes; /* SCMI_SENSOR_AXIS_HAS_LIMITS, SCMI_SENSOR_AXIS_HAS_LONG_NAME */
	uint8_t type;        /* as of a sensor */
	int8_t exponent;
	struct scmi_sensor_limits limits;
	char name[SCMI_LONG_NAME];
};

/* SENSOR_AXIS_DESCRIPTION_GET (2.0): reads the axes of one sensor, in the order of its values. */
struct scmi_sensor_axes {
	const struct scmi_sensor_protocol *protocol_;
	uint32_t sensor_;
	struct scmi_list list_;
	uint8_t buf_[SCMI_SENSOR_LIST_BYTES];
};

/* As those of sensors; names by SENSOR_AXIS_NAME_GET. */
void scmi_sensor_axes_begin(const struct scmi_sensor_protocol *p, uint32_t sensor, struct scmi_sensor_axes *it);
int scmi_sensor_axes_next(struct scmi_sensor_axes *it, struct scmi_sensor_axis *axis, int32_t *status);

/* SENSOR_AXIS_NAME_GET (3.0), for the axis with that id. SCMI_E_NOTFOUND: the platform's list does not have it. */
int scmi_sensor_axis_name(const struct scmi_sensor_protocol *p, uint32_t sensor, uint32_t axis,
			  char name[SCMI_LONG_NAME], int32_t *status);

/*
 * One update interval (step 0, min and max the same), or all from min to max, step apart; each SCMI_SENSOR_INTERVAL().
 */
struct scmi_sensor_interval {
	uint32_t min;
	uint32_t max;
	uint32_t step;
};

#define SCMI_SENSOR_INTERVALS_AT_ONCE 32u

/* SENSOR_LIST_UPDATE_INTERVALS (2.0): reads the update intervals of one sensor. */
struct scmi_sensor_intervals {
	const struct scmi_sensor_protocol *protocol_;
	uint32_t sensor_;
	struct scmi_list list_;
	uint8_t buf_[4u + SCMI_SENSOR_INTERVALS_AT_ONCE * 4u];
};

/* The next interval; or a range, which is all there is: SCMI_E_PROTO if it is not one of three. */
void scmi_sensor_intervals_begin(const struct scmi_sensor_protocol *p, uint32_t sensor,
				 struct scmi_sensor_intervals *it);
int scmi_sensor_intervals_next(struct scmi_sensor_intervals *it, struct scmi_sensor_interval *interval,
			       int32_t *status);

/* ---- readings ---- */

/* Values that struct scmi_sensor_read has room for. */
#define SCMI_SENSOR_READ_VALUES 8u

/*
 * SENSOR_READING_GET, and waits; with async for its delayed response (SCMI_SENSOR_READS_ASYNC), which may bring
 * SCMI_SENSOR_READ_VALUES. The values of all axes, in order; of which the first cap stand in readings then. *n, which
 * may be NULL, is how many there are, which may be more. SCMI_E_INVAL: readings NULL with a cap.
 */
int scmi_sensor_read(const struct scmi_sensor_protocol *p, uint32_t sensor, bool async,
		     struct scmi_sensor_reading *readings, uint32_t cap, uint32_t *n, int32_t *status);

/*
 * The same in parts, for who does not wait: prepare fills in op.call, which may then be given a callback, times and
 * flags, for a sensor of many axes another buffer (reply, reply_cap: 4 + 16 bytes a value), and goes to
 * scmi_agent_submit() or scmi_agent_call(); result takes what became of it. op is the caller's, in use as a call is,
 * and must not be copied in between.
 */
struct scmi_sensor_read {
	struct scmi_call call;
	uint32_t spoken_;
	uint8_t params_[8];
	uint8_t reply_[4u + SCMI_SENSOR_READ_VALUES * SCMI_SENSOR_READING_BYTES];
};

/* SCMI_OK; SCMI_E_INVAL, op NULL. Context: any. */
int scmi_sensor_read_prepare(const struct scmi_sensor_protocol *p, uint32_t sensor, bool async,
			     struct scmi_sensor_read *op);

/*
 * err is what the call ended with. Returns as scmi_sensor_read(); SCMI_E_PROTO also for a delayed response about
 * another sensor. The first cap values that there was room for stand in readings. The platform's word stands in
 * op->call.status. Context: any, from the call's end on.
 */
int scmi_sensor_read_result(const struct scmi_sensor_read *op, int err, struct scmi_sensor_reading *readings,
			    uint32_t cap, uint32_t *n);

/* ---- configuration (2.0) ---- */

/*
 * SENSOR_CONFIG_GET, SENSOR_CONFIG_SET: SCMI_SENSOR_ENABLED, _TIMESTAMPED, and from bit
 * SCMI_SENSOR_CONFIG_INTERVAL_SHIFT on an update interval; when setting, SCMI_SENSOR_ROUND_UP or _AUTO as well, and an
 * interval of 0 leaves it as it is.
 */
int scmi_sensor_config_get(const struct scmi_sensor_protocol *p, uint32_t sensor, uint32_t *config, int32_t *status);
int scmi_sensor_config_set(const struct scmi_sensor_protocol *p, uint32_t sensor, uint32_t config, int32_t *status);

/* ---- trip points and notifications ---- */

/* SENSOR_TRIP_POINT_CONFIG: when a trip point is to tell, and at which value, as it is read. */
int scmi_sensor_trip_config(const struct scmi_sensor_protocol *p, uint32_t sensor, uint8_t trip,
			    enum scmi_sensor_trip when, int64_t value, int32_t *status);

/* SENSOR_TRIP_POINT_NOTIFY, SENSOR_CONTINUOUS_UPDATE_NOTIFY (2.0): on or off, for one sensor. */
int scmi_sensor_trip_notify(const struct scmi_sensor_protocol *p, uint32_t sensor, bool enable, int32_t *status);
int scmi_sensor_update_notify(const struct scmi_sensor_protocol *p, uint32_t sensor, bool enable, int32_t *status);

/* What a notification says. */
struct scmi_sensor_event {
	uint8_t notification; /* enum scmi_sensor_notification */
	uint8_t trip;         /* TRIP_POINT_EVENT: which, */
	bool upwards;         /* and how it was passed */
	uint32_t agent_id;    /* who caused it: 0, the platform */
	uint32_t sensor;
	uint32_t values; /* UPDATE: how many scmi_sensor_event_reading() has */
	const uint8_t *readings_;
};

/*
 * Takes apart what a subscriber's notify was given, of which an update's event borrows the payload. SCMI_OK;
 * SCMI_E_NOTFOUND, by its header no notification of this protocol that this library knows; SCMI_E_PROTO, too short;
 * SCMI_E_INVAL, NULL. Context: any, interrupts included.
 */
int scmi_sensor_event_parse(uint32_t hdr, const void *payload, uint32_t len, struct scmi_sensor_event *event);

/* A reading of an update, i below its values: else 0, at 0. Context: any, as long as the payload is there. */
struct scmi_sensor_reading scmi_sensor_event_reading(const struct scmi_sensor_event *event, uint32_t i);

/* ---- numbers ---- */

/*
 * A value in units of 10^to: value x 10^(exponent - to), rounded towards 0. So with to -3 a reading of a temperature is
 * in milli-degrees. SCMI_OK; SCMI_E_TOOBIG, it does not fit; SCMI_E_INVAL, scaled NULL. Context: any.
 */
int scmi_sensor_scale(int64_t value, int32_t exponent, int32_t to, int64_t *scaled);

/* An update interval in nanoseconds, rounded down; UINT64_MAX: longer than that can tell. Context: any. */
uint64_t scmi_sensor_interval_ns(uint32_t interval);

#ifdef __cplusplus
}
#endif

#endif
