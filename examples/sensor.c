/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent reads a sensor; the sensor itself, in the same program, needs little more. The README shows the first part.
 */
#include <scmi/protocol/sensor.h>

static int read_sensor(const struct scmi_transport *link, const struct scmi_port *port, uint32_t id, int64_t *milli)
{
	static max_align_t mem[SCMI_AGENT_WORDS(8)]; /* room for 8 commands in flight */
	struct scmi_agent_config config = {.size = sizeof(config), .transport = link, .port = port, .options.slots = 8};
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensor_protocol sensors;
	struct scmi_sensor_reading reading;
	struct scmi_agent *agent;
	int err;

	if ((err = scmi_agent_init(&agent, mem, sizeof(mem), &config)) || (err = scmi_agent_start(agent)) ||
	    (err = scmi_sensor_open(agent, 0, &sensors, NULL)) || (err = scmi_sensor_info(&sensors, id, &info, NULL)) ||
	    (err = scmi_sensor_read(&sensors, id, false, &reading, 1, NULL, NULL)))
		return err;
	return scmi_sensor_scale(reading.value, info.exponent, -3, milli);
}

#include <stdio.h>

#include <scmi/port/posix.h>
#include <scmi/server/base.h>
#include <scmi/server/sensor.h>
#include <scmi/transport/loopback.h>

static int32_t measure(void *arg, uint32_t sensor, struct scmi_sensor_readings *to)
{
	(void)arg;
	scmi_sensor_put(to, sensor == 0 ? 425 : 31250, 0);
	return SCMI_SUCCESS;
}

static const struct scmi_sensor_ops ops = {.size = sizeof(ops), .read = measure};
static const struct scmi_sensor_desc descs[] = {
	{.size = sizeof(descs[0]), .name = "cpu_temp", .type = SCMI_SENSOR_CELSIUS, .exponent = -1},
	{.size = sizeof(descs[0]), .name = "board_temp", .type = SCMI_SENSOR_CELSIUS, .exponent = -3},
};

int main(void)
{
	static max_align_t link_mem[1024];
	static max_align_t platform_mem[SCMI_PLATFORM_WORDS(1, 2)];
	struct scmi_loopback_config link_config = {.size = sizeof(link_config), .max_inflight = 8};
	struct scmi_base_model base_model = {.size = sizeof(base_model), .vendor = "example"};
	struct scmi_sensor_model sensor_model = {
		.size = sizeof(sensor_model), .sensors = descs, .count = 2, .ops = &ops};
	struct scmi_server base;
	struct scmi_server sensor;
	const struct scmi_server *servers[] = {&base, &sensor};
	struct scmi_endpoint endpoint;
	struct scmi_platform_agent who = {.size = sizeof(who), .name = "reader", .endpoint = &endpoint};
	struct scmi_platform_config platform_config = {
		.size = sizeof(platform_config), .servers = servers, .servers_n = 2, .agents = &who, .agents_n = 1};
	struct scmi_loopback *loopback;
	struct scmi_transport transport;
	struct scmi_platform *platform;
	struct scmi_posix posix;
	struct scmi_port port;
	int64_t milli = 0;
	int err;

	scmi_base_server(&base, &base_model);
	scmi_sensor_server(&sensor, &sensor_model);
	if (scmi_loopback_init(&loopback, link_mem, sizeof(link_mem), &link_config, &transport, &endpoint) ||
	    scmi_platform_init(&platform, platform_mem, sizeof(platform_mem), &platform_config) ||
	    scmi_platform_start(platform) || scmi_posix_init(&posix, &port))
		return 1;
	err = read_sensor(&transport, &port, 0, &milli);
	printf("%s: %lld m%s\n", scmi_strerror(err), (long long)milli, scmi_sensor_unit_text(descs[0].type));
	return err != SCMI_OK;
}
