/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Enumeration over loopback, one thread: an agent opens the protocol and learns all of 1000 sensors, or of 200 clocks
 * with their rates. Names fit their fields; a reply carries what fits 132 bytes of payload.
 */
#include <stdio.h>

#include <scmi/protocol/clock.h>
#include <scmi/protocol/sensor.h>
#include <scmi/server/base.h>
#include <scmi/server/clock.h>
#include <scmi/server/sensor.h>

#include "measure.h"
#include "modes.h"
#include "rig.h"

#define SENSORS 1000u
#define CLOCKS  200u

static struct scmi_sensor_desc sensors[SENSORS];
static struct scmi_clock_desc clocks[CLOCKS];

static int32_t read_sensor(void *arg, uint32_t sensor, struct scmi_sensor_readings *to)
{
	(void)arg;
	scmi_sensor_put(to, sensor, 0);
	return SCMI_SUCCESS;
}

static int32_t get_rate(void *arg, uint32_t clock, uint64_t *rate)
{
	(void)arg;
	*rate = clocks[clock].rates[0];
	return SCMI_SUCCESS;
}

static void open_with(const struct scmi_server *server)
{
	static struct scmi_base_model model = {.size = sizeof(model), .vendor = "bench"};
	static struct scmi_server base;
	static const struct scmi_server *servers[2];

	scmi_base_server(&base, &model);
	servers[0] = &base;
	servers[1] = server;
	open_servers(0, &rig.port, servers, 2);
}

static void open_sensors(void)
{
	static const struct scmi_sensor_ops ops = {.size = sizeof(ops), .read = read_sensor};
	static struct scmi_sensor_model model = {
		.size = sizeof(model), .sensors = sensors, .count = SENSORS, .ops = &ops};
	static struct scmi_server server;

	for (uint32_t i = 0; i < SENSORS; i++)
		sensors[i] = (struct scmi_sensor_desc){
			.size = sizeof(sensors[i]), .name = "temperature", .type = SCMI_SENSOR_CELSIUS, .exponent = -3};
	scmi_sensor_server(&server, &model);
	open_with(&server);
}

static void open_clocks(void)
{
	static const uint64_t rates[] = {24000000, 48000000};
	static const struct scmi_clock_ops ops = {.size = sizeof(ops), .rate_get = get_rate};
	static struct scmi_clock_model model = {.size = sizeof(model), .clocks = clocks, .count = CLOCKS, .ops = &ops};
	static struct scmi_server server;

	for (uint32_t i = 0; i < CLOCKS; i++)
		clocks[i] = (struct scmi_clock_desc){
			.size = sizeof(clocks[i]), .name = "peripheral", .rates = rates, .rates_n = 2};
	scmi_clock_server(&server, &model);
	open_with(&server);
}

static void list_sensors(long n)
{
	for (long i = 0; i < n; i++) {
		struct scmi_sensor_info info = {.size = sizeof(info)};
		struct scmi_sensor_protocol p;
		struct scmi_sensors it;
		uint32_t found = 0;
		int err;

		must(scmi_sensor_open(rig.agent, 0, &p, NULL), "sensors");
		scmi_sensors_begin(&p, &it);
		while ((err = scmi_sensors_next(&it, &info, NULL)) == SCMI_OK)
			found++;
		must(err == SCMI_E_NOTFOUND && found == SENSORS ? SCMI_OK : SCMI_E_PROTO, "sensors");
	}
}

static void list_rates(const struct scmi_clock_protocol *p, uint32_t clock)
{
	struct scmi_clock_rates it;
	struct scmi_clock_rate rate;
	int err;

	scmi_clock_rates_begin(p, clock, &it);
	while ((err = scmi_clock_rates_next(&it, &rate, NULL)) == SCMI_OK)
		;
	must(err == SCMI_E_NOTFOUND ? SCMI_OK : err, "rates");
}

static void list_clocks(long n)
{
	for (long i = 0; i < n; i++) {
		struct scmi_clock_info info = {.size = sizeof(info)};
		struct scmi_clock_protocol p;

		must(scmi_clock_open(rig.agent, 0, &p, NULL), "clocks");
		must(p.clocks == CLOCKS ? SCMI_OK : SCMI_E_PROTO, "clocks");
		for (uint32_t clock = 0; clock < p.clocks; clock++) {
			must(scmi_clock_info(&p, clock, &info, NULL), "clock");
			list_rates(&p, clock);
		}
	}
}

void run_sensors(long n)
{
	open_sensors();
	list_sensors(n);
	close_rig();
}

void run_clocks(long n)
{
	open_clocks();
	list_clocks(n);
	close_rig();
}

static void time_list(const char *what, void (*list)(long), int pairs)
{
	static struct samples ns;
	struct scmi_agent_stats stats = {.size = sizeof(stats)};

	ns = (struct samples){0};
	list(1);
	must(scmi_agent_stats(rig.agent, SCMI_ALL_LINKS, &stats), "stats");
	for (int i = 0; i < pairs; i++)
		add_sample(&ns, bracketed(list, 1, NULL));
	printf("%-58s %u messages there and back; min %.3f ms, median %.3f ms (%.3f .. %.3f, %d of %d)\n", what,
	       stats.submitted, quantile(&ns, 0) / 1e6, quantile(&ns, 0.5) / 1e6, quantile(&ns, 0.25) / 1e6,
	       quantile(&ns, 0.75) / 1e6, ns.n, ns.tried);
	close_rig();
}

void time_lists(int pairs)
{
	open_sensors();
	time_list("enumeration of 1000 sensors, over loopback", list_sensors, pairs);
	open_clocks();
	time_list("enumeration of 200 clocks with 2 rates each, over loopback", list_clocks, pairs);
}
