/* SPDX-License-Identifier: BSD-3-Clause */
/* The device as a whole. */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

uint64_t sim_now_us(const struct sim *sim)
{
	return sim->port->now_us(sim->port->ctx) - sim->start_us;
}

uint32_t sim_take_due(struct sim_due due[PENDING], uint64_t until_us)
{
	uint32_t i = 0;

	while (i < PENDING && (due[i].us == 0 || due[i].us > until_us))
		i++;
	if (i < PENDING)
		due[i].us = 0;
	return i;
}

const char *sim_name(char name[NAME_BYTES], const char *row, uint32_t i, uint32_t rows)
{
	if (i < rows)
		return row;
	snprintf(name, NAME_BYTES, "%.40s_%u", row, i);
	return name;
}

const struct scmi_server *sim_clock_server(const struct sim *sim)
{
	return &sim->clocks.server;
}

const struct scmi_server *sim_sensor_server(const struct sim *sim)
{
	return &sim->sensors.server;
}

void sim_tick(struct sim *sim)
{
	uint64_t now = sim_now_us(sim);

	sim_clocks_end(sim, now);
	sim_sensors_end(sim, now);
	sim_sensors_tell(sim);
}

void sim_end(struct sim *sim)
{
	sim_clocks_end(sim, UINT64_MAX);
	sim_sensors_end(sim, UINT64_MAX);
}

int sim_open(struct sim **sim, const struct sim_set *set, const char *file, uint32_t agents,
	     const struct scmi_port *port)
{
	struct sim *new = calloc(1, sizeof(*new));
	int err;

	if (new == NULL)
		return SCMI_E_NOMEM;
	if (pthread_mutex_init(&new->lock, NULL) != 0) {
		free(new);
		return SCMI_E_IO;
	}
	new->port = port;
	new->start_us = port->now_us(port->ctx) - 1u; /* no time is 0, which means none */
	err = sim_clocks_open(new, set, agents);
	if (err == SCMI_OK)
		err = sim_sensors_open(new, set, file, agents);
	if (err == SCMI_OK)
		*sim = new;
	else
		sim_close(new);
	return err;
}

void sim_close(struct sim *sim)
{
	free(sim->clocks.descs);
	free(sim->clocks.states);
	free(sim->clocks.names);
	free(sim->clocks.model.wants);
	free(sim->sensors.descs);
	free(sim->sensors.states);
	free(sim->sensors.names);
	free(sim->sensors.model.wants);
	pthread_mutex_destroy(&sim->lock);
	free(sim);
}
