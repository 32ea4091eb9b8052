/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sensor protocol's server: it does all that has to do with messages, the user's model has the sensors.
 *
 *   static const struct scmi_sensor_desc sensors[] = {
 *       {.size = sizeof(sensors[0]), .name = "cpu_temp", .type = SCMI_SENSOR_CELSIUS, .exponent = -3},
 *   };
 *   static const struct scmi_sensor_ops ops = {.size = sizeof(ops), .read = read_sensor};
 *   static struct scmi_sensor_model model = {
 *       .size = sizeof(model), .sensors = sensors, .count = 1, .ops = &ops,
 *   };
 *   struct scmi_server server;
 *   scmi_sensor_server(&server, &model);       then into scmi_platform_config.servers
 *
 * Handlers of the platform run at once when several agents ask at once, so ops do too.
 */
#ifndef SCMI_SERVER_SENSOR_H
#define SCMI_SERVER_SENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include <scmi/message/sensor.h>
#include <scmi/platform.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One axis of a sensor that measures along several. Zero is a good default for every member but size and name. */
struct scmi_sensor_axis_desc {
	uint32_t size;                           /* sizeof(struct scmi_sensor_axis_desc) */
	uint8_t type;                            /* enum scmi_sensor_type */
	int8_t exponent;                         /* of its values: -16 to 15 */
	const char *name;                        /* 1 to 63 characters */
	const struct scmi_sensor_limits *limits; /* NULL: not told */
};

/*
 * A sensor. Versions before the one that is named are not told of it. Zero is a good default for all but size and name.
 */
struct scmi_sensor_desc {
	uint32_t size;         /* sizeof(struct scmi_sensor_desc) */
	uint32_t flags;        /* SCMI_SENSOR_READS_ASYNC; 2.0: _TELLS_UPDATES, _HAS_TIMESTAMPS, _HAS_LIMITS */
	const char *name;      /* 1 to 63 characters; before 3.0 the first 15 */
	uint8_t type;          /* enum scmi_sensor_type */
	int8_t exponent;       /* of its values: -16 to 15 */
	int8_t stamp_exponent; /* 2.0: of its time stamps */
	uint8_t trip_points;
	uint32_t power; /* 2.0: what it takes, with HAS_LIMITS; the specification's unit is not settled: mW, it seems */
	uint32_t old_interval; /* before 2.0: SCMI_SENSOR_INTERVAL(0 to 31 seconds, exponent) */
	uint32_t axes_n;       /* 2.0: to SCMI_SENSOR_AXES_MAX; 0: one value. Before, it has the first axis alone */
	const struct scmi_sensor_limits *limits;  /* 2.0: with HAS_LIMITS, if there are no axes */
	const struct scmi_sensor_axis_desc *axes; /* axes_n of them */
	const uint32_t *intervals; /* 2.0: update intervals to choose from, SCMI_SENSOR_INTERVAL(), ascending */
	uint32_t intervals_n;
	bool intervals_range; /* these are three: shortest, longest, step */
};

/* Takes what a sensor reads: see scmi_sensor_put(). */
struct scmi_sensor_readings;

/*
 * An asynchronous reading. Caller's memory, zeroed but for the first three members; more in struct scmi_sensor_model.
 */
struct scmi_sensor_pending {
	uint32_t size;   /* sizeof(struct scmi_sensor_pending) */
	uint32_t cap;    /* SCMI_SENSOR_PENDING_BYTES(axes of the sensor with most) at least */
	void *buf;       /* cap bytes */
	uint32_t sensor; /* which is read: for the user, from the library */

	/* the library's own */
	uint32_t version_;
	struct scmi_sensor_model *model_;
	struct scmi_delayed delayed_;
};

/* Bytes of a pending reading of so many values, 1 for a sensor without axes. */
#define SCMI_SENSOR_PENDING_BYTES(values) (8u + (values)*SCMI_SENSOR_READING_BYTES)

/*
 * What the sensors do. All return a status for the agent, SCMI_SUCCESS, an error of enum scmi_status or of the vendor.
 * sensor is below the count, trip and values are as the sensor's description allows. Context: the endpoint's, see
 * struct scmi_server_command; so they do not sleep.
 */
struct scmi_sensor_ops {
	uint32_t size; /* sizeof(struct scmi_sensor_ops) */

	/* Reads the sensor: one scmi_sensor_put() for each axis, in order, one for a sensor without. Required. */
	int32_t (*read)(void *arg, uint32_t sensor, struct scmi_sensor_readings *to);

	/*
	 * Begins to read. After SCMI_SUCCESS scmi_sensor_read_done() is called once (better not inside: some agents
	 * are not at ease with a delayed response before its response), from any context, or has been
	 * already; after an error it is not. Required where a sensor has SCMI_SENSOR_READS_ASYNC.
	 */
	int32_t (*read_async)(void *arg, uint32_t sensor, struct scmi_sensor_pending *pending);

	/*
	 * When a trip point is to tell, and at which value. There is one setting for all agents. NULL:
	 * SENSOR_TRIP_POINT_CONFIG is not offered.
	 */
	int32_t (*trip_config)(void *arg, uint32_t sensor, uint8_t trip, enum scmi_sensor_trip when, int64_t value);

	/*
	 * 2.0: the configuration word: SCMI_SENSOR_ENABLED, _TIMESTAMPED, interval. A sensor that is not enabled is not
	 * read, the agent gets SCMI_PROTOCOL_ERROR. NULL: SENSOR_CONFIG_GET is not offered, and all are enabled.
	 */
	int32_t (*config_get)(void *arg, uint32_t sensor, uint32_t *config);

	/*
	 * 2.0: sets it; reserved bits are 0, TIMESTAMPED only where the sensor HAS_TIMESTAMPS; an interval of 0 leaves
	 * the interval as it is. NULL: SENSOR_CONFIG_SET is not offered.
	 */
	int32_t (*config_set)(void *arg, uint16_t agent, uint32_t sensor, uint32_t config);

	/*
	 * Whether the agent may read and configure the sensor, and be told of it: else it gets SCMI_DENIED. It may see
	 * its description all the same. NULL: every agent may. See scmi_base_allowed().
	 */
	bool (*may_use)(void *arg, uint16_t agent, uint32_t sensor);

	/* The agent's configuration is reset, see scmi_server.reset; its notifications are off already. Optional. */
	void (*reset)(void *arg, uint16_t agent);
};

/* Words that a model needs for notifications, with so many sensors and agents. */
#define SCMI_SENSOR_WANT_WORDS(sensors, agents) (((sensors) + 15u) / 16u * (agents))

/*
 * What the server serves; the user's memory, which stays in use until scmi_platform_fini(), as all that it points to.
 * One model belongs to one platform. Zero is a good default for every member but size, ops and what has the sensors.
 */
struct scmi_sensor_model {
	uint32_t size;    /* sizeof(struct scmi_sensor_model) */
	uint32_t version; /* SCMI_VERSION(1, 0), (2, 0), (3, 0) or (3, 1), which lets agents negotiate; 0: 3.1 */
	const struct scmi_sensor_desc *sensors; /* their ids are their places */
	const struct scmi_sensor_ops *ops;
	void *arg;          /* for ops */
	uint32_t count;     /* of sensors, to 65535 */
	uint32_t pending_n; /* asynchronous readings at once, of all agents; one more gets SCMI_BUSY. To 255 */
	struct scmi_sensor_pending *pending; /* pending_n of them */
	uint32_t *wants;                     /* the library's own, any content; NULL: no notifications are offered */
	uint32_t want_words; /* SCMI_SENSOR_WANT_WORDS(); too few: scmi_platform_init() returns SCMI_E_NOMEM */
	uint32_t region_len; /* a region of memory with readings, in the vendor's layout; 0: there is none */
	uint64_t region;     /* its physical address */

	/* the library's own */
	struct scmi_platform *platform_;
	uint32_t row_; /* words of wants an agent */
};

/*
 * Fills in the server for a model. The model is looked at by scmi_platform_init(), but for version, wants and the
 * members of ops, which decide the commands that are offered and are read now. Neither may be NULL, nor may ops.
 * Context: thread.
 */
void scmi_sensor_server(struct scmi_server *server, struct scmi_sensor_model *model);

/* Inside read(): the next value. More than the sensor has, or fewer, are the agent's SCMI_GENERIC_ERROR. */
void scmi_sensor_put(struct scmi_sensor_readings *to, int64_t value, uint64_t timestamp);

/*
 * An asynchronous reading has come to its end: status, and with SCMI_SUCCESS n readings, as many as the sensor has
 * values; copied. The pending reading is free again. Returns as scmi_delayed_send(): SCMI_OK; SCMI_E_CLOSED, the
 * platform has been stopped since; SCMI_E_GONE, it was not pending; SCMI_E_TOOBIG, the link cannot carry so much, then
 * SCMI_GENERIC_ERROR has been sent instead; SCMI_E_INVAL, n is wrong: it is still pending. Context: any that the
 * endpoint allows.
 */
int scmi_sensor_read_done(struct scmi_sensor_pending *pending, int32_t status,
			  const struct scmi_sensor_reading *readings, uint32_t n);

/*
 * Tells the agents that have asked for it, and may use the sensor: it has passed a trip point; it has a new value (2.0;
 * n readings, as many as it has values). Not kept: where an endpoint has no room it is dropped, and counted, see
 * scmi_platform_notify(). Returns as that does: SCMI_OK also when nobody has asked; SCMI_E_INVAL also for what the
 * sensor does not have, SCMI_E_NOTFOUND for one that there is not. Context: any that the endpoints allow, from
 * scmi_platform_init() on; scmi_sensor_updated() takes 1 KiB of stack.
 */
int scmi_sensor_tripped(const struct scmi_sensor_model *model, uint32_t sensor, uint8_t trip, bool upwards);
int scmi_sensor_updated(const struct scmi_sensor_model *model, uint32_t sensor,
			const struct scmi_sensor_reading *readings, uint32_t n);

/* Whether any agent wants to be told of a sensor's trip points, or new values. Context: any. */
bool scmi_sensor_wanted(const struct scmi_sensor_model *model, uint32_t sensor,
			enum scmi_sensor_notification notification);

#ifdef __cplusplus
}
#endif

#endif
