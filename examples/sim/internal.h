/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the simulated device share. */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#include <pthread.h>

#include "sim.h"

#define PENDING    8u
#define TRIPS_MAX  4u
#define NAME_BYTES 64u
#define VALUES_MAX 4u /* of one sensor */
#define MS_PER_S   1000u
#define DEFAULT_MS 1000u /* from one update to the next */

/* When something is to end; 0: nothing is under way. */
struct sim_due {
	uint64_t us;
};

struct sim_clock_state {
	uint64_t rate;
	bool on;
	uint32_t parent;
};

struct sim_trip {
	enum scmi_sensor_trip when;
	int64_t value;
};

struct sim_sensor_state {
	uint32_t config; /* as on the wire */
	struct sim_trip trips[TRIPS_MAX];
	int64_t last; /* value that was held against the trip points; in sim_tick() only */
	bool watched; /* and there is one */
	uint64_t told_us;
};

struct sim_clocks {
	const struct sim_clock *rows;
	uint32_t rows_n;
	uint32_t n;
	struct scmi_clock_desc *descs;
	struct sim_clock_state *states;
	char (*names)[NAME_BYTES];
	struct scmi_clock_pending pending[PENDING];
	struct sim_due due[PENDING];
	struct scmi_clock_model model;
	struct scmi_server server;
};

struct sim_sensors {
	const struct sim_sensor *rows;
	uint32_t rows_n;
	uint32_t n;
	struct sim_sensor file; /* the last one, if there is a file */
	struct sim_signal file_signal;
	bool with_file;
	struct scmi_sensor_desc *descs;
	struct sim_sensor_state *states;
	char (*names)[NAME_BYTES];
	struct scmi_sensor_pending pending[PENDING];
	uint8_t buffers[PENDING][SCMI_SENSOR_PENDING_BYTES(VALUES_MAX)];
	struct sim_due due[PENDING];
	struct scmi_sensor_model model;
	struct scmi_server server;
};

struct sim {
	const struct scmi_port *port;
	uint64_t start_us;
	pthread_mutex_t lock; /* of states and dues */
	struct sim_clocks clocks;
	struct sim_sensors sensors;
};

uint64_t sim_now_us(const struct sim *sim);

/* Fill in the model and the server; SCMI_OK or SCMI_E_NOMEM. What they took sim_close() gives back. */
int sim_clocks_open(struct sim *sim, const struct sim_set *set, uint32_t agents);
int sim_sensors_open(struct sim *sim, const struct sim_set *set, const char *file, uint32_t agents);

/* End what is due until then. */
void sim_clocks_end(struct sim *sim, uint64_t until_us);
void sim_sensors_end(struct sim *sim, uint64_t until_us);

/* Trip points and updates. */
void sim_sensors_tell(struct sim *sim);

/* Of a list of dues: one that is over, which is then none; PENDING if there is none. With the lock held. */
uint32_t sim_take_due(struct sim_due due[PENDING], uint64_t until_us);

/* The name of element i of a set: that of its row, with a number if the row has come before. */
const char *sim_name(char name[NAME_BYTES], const char *row, uint32_t i, uint32_t rows);

#endif
