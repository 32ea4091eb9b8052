/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated device behind the clock and the sensor protocol, for platforms that have no hardware: clocks with rates,
 * parents and permissions, sensors whose values follow the clock on the wall.
 *
 *	err = sim_open(&sim, sim_find_set("demo"), agents, &port);
 *	servers[n++] = sim_clock_server(sim);
 *	servers[n++] = sim_sensor_server(sim);
 *	... init and start the platform, call sim_tick() every SIM_TICK_US from a thread, stop the platform ...
 *	sim_end(sim);
 *	... scmi_platform_fini() ...
 *	sim_close(sim);
 *
 * It takes memory from the heap, and a lock of its own for a few instructions; it calls the library without that lock.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stdint.h>

#include <scmi/server/clock.h>
#include <scmi/server/sensor.h>

/* ---- what it simulates ---- */

enum sim_source {
	SIM_CONSTANT, /* base */
	SIM_RAMP,     /* from base up by span, then again */
	SIM_SINE,     /* base, and span above and below; exact to a quarter of a percent of span */
	SIM_NOISE,    /* base, and up to span above or below; the same in each run: it follows from seed and time */
	SIM_FILE      /* the number that a file begins with: thousandths, as in the files of Linux hwmon */
};

/* A value over time, in steps of the sensor's exponent. */
struct sim_signal {
	enum sim_source source;
	int64_t base;
	int64_t span;
	uint32_t period_ms; /* of ramp and sine; of noise: a new value that often. Not 0 for these */
	uint32_t seed;      /* of noise; of a sine: how many degrees it is ahead */
	const char *path;   /* of the file */
};

struct sim_clock {
	struct scmi_clock_desc desc;
	uint64_t rate; /* at the start */
	bool off;      /* at the start */
	bool slow;     /* a new rate takes SIM_LATER_US */
	uint32_t parent;
	uint32_t denied; /* SCMI_CLOCK_MAY_* that no agent may */
};

struct sim_sensor {
	struct scmi_sensor_desc desc;
	const struct sim_signal *signals; /* one for each axis */
};

/*
 * Clocks and sensors that belong together. Where there are to be more than rows, the rows come again, and each name
 * gets a number.
 */
struct sim_set {
	const char *name;
	uint32_t clock_version; /* as in struct scmi_clock_model */
	uint32_t sensor_version;
	const struct sim_clock *clocks;
	uint32_t clock_rows;
	uint32_t clocks_n;
	const struct sim_sensor *sensors;
	uint32_t sensor_rows;
	uint32_t sensors_n;
};

/*
 * The sets that there are: "demo", one of each kind; "linux", what a Linux kernel was recorded with, of version 1.0;
 * "many", 200 clocks and 1000 sensors. NULL: no such set.
 */
const struct sim_set *sim_find_set(const char *name);

/* ---- the device ---- */

struct sim;

/* Between two calls of sim_tick(); and what takes time is done after this. */
#define SIM_TICK_US  10000u
#define SIM_LATER_US 20000u

/*
 * Makes a device of a set, which must outlive it, as must port and file; for so many agents. file: a path to read one
 * more sensor from, or NULL. Returns SCMI_OK and *sim; SCMI_E_NOMEM; SCMI_E_IO.
 */
int sim_open(struct sim **sim, const struct sim_set *set, const char *file, uint32_t agents,
	     const struct scmi_port *port);
void sim_close(struct sim *sim);

/* The two servers, for scmi_platform_config.servers. */
const struct scmi_server *sim_clock_server(const struct sim *sim);
const struct scmi_server *sim_sensor_server(const struct sim *sim);

/* Ends what is due, tells of trip points and updates. One at a time, while the platform lives. */
void sim_tick(struct sim *sim);

/* Whether an agent wants to be told of a sensor. */
bool sim_is_watched(const struct sim *sim);

/* Ends all that is under way; after the platform was stopped, when nobody calls sim_tick() any more. */
void sim_end(struct sim *sim);

/* The value at a time; false if the file has none. */
bool sim_signal_at(const struct sim_signal *signal, uint64_t us, int64_t *value);

#endif
