/* SPDX-License-Identifier: BSD-3-Clause */
#include "acme.h"

/* Sensor protocol, version 1.0 */
#define SENSOR_DESCRIPTION_GET   0x3u
#define SENSOR_TRIP_POINT_NOTIFY 0x4u
#define SENSOR_READING_GET       0x6u
#define SENSOR_TRIP_POINT_EVENT  0x0u
#define TRIP_POINTS              1u          /* in the first word of a description */
#define CELSIUS_MILLI            0x0000e802u /* in the second: type 2, a scale of 10^-3 */
#define READING_ASYNC            1u
#define TRIP_UPWARDS             (1u << 16)

static const struct {
	const char *name;
	uint32_t reading;
} sensors[ACME_SENSORS] = {
	{.name = "cpu_temp", .reading = 42500u},
	{.name = "board_temp", .reading = 31250u},
};

/* ---- clocks ---- */

static const uint64_t uart_rates[] = {24000000u, 48000000u};
static const uint64_t spi_rates[] = {50000000u, 100000000u};

static const struct scmi_clock_desc clocks[ACME_CLOCKS] = {
	{.size = sizeof(clocks[0]), .name = "uart_clk", .rates = uart_rates, .rates_n = 2},
	{.size = sizeof(clocks[0]), .name = "spi_clk", .rates = spi_rates, .rates_n = 2},
};

static int32_t clock_rate(void *arg, uint32_t clock, uint64_t *rate)
{
	(void)arg;
	*rate = clock == 0 ? uart_rates[0] : spi_rates[1];
	return SCMI_SUCCESS;
}

static int32_t clock_enabled(void *arg, uint32_t clock, bool *enabled)
{
	*enabled = atomic_load(&((struct acme *)arg)->running[clock]) != 0;
	return SCMI_SUCCESS;
}

static int32_t clock_enable(void *arg, uint16_t agent, uint32_t clock, bool enable)
{
	(void)agent;
	atomic_store(&((struct acme *)arg)->running[clock], enable);
	return SCMI_SUCCESS;
}

static const struct scmi_clock_ops clock_ops = {
	.size = sizeof(clock_ops),
	.rate_get = clock_rate,
	.enabled = clock_enabled,
	.enable = clock_enable,
};

/* ---- sensors ---- */

static void put_u64(struct scmi_request *req, uint32_t low)
{
	scmi_request_put_u32(req, low);
	scmi_request_put_u32(req, 0);
}

/* How many there are, and a region of shared memory that there is not. */
static int32_t sensor_protocol_attributes(void *model, struct scmi_request *req)
{
	(void)model;
	scmi_request_put_u32(req, ACME_SENSORS);
	for (uint32_t i = 0; i < 3u; i++)
		scmi_request_put_u32(req, 0);
	return SCMI_SUCCESS;
}

static int32_t sensor_description_get(void *model, struct scmi_request *req)
{
	uint32_t first = scmi_request_u32(req, 0);

	(void)model;
	if (first >= ACME_SENSORS)
		return SCMI_INVALID_PARAMETERS;
	scmi_request_put_u32(req, ACME_SENSORS - first);
	for (uint32_t i = first; i < ACME_SENSORS; i++) {
		scmi_request_put_u32(req, i);
		scmi_request_put_u32(req, TRIP_POINTS);
		scmi_request_put_u32(req, CELSIUS_MILLI);
		scmi_request_put_name(req, sensors[i].name);
	}
	return SCMI_SUCCESS;
}

static int32_t sensor_trip_point_notify(void *model, struct scmi_request *req)
{
	(void)model;
	if (scmi_request_u32(req, 0) >= ACME_SENSORS)
		return SCMI_NOT_FOUND;
	return scmi_request_notify(req, SENSOR_TRIP_POINT_EVENT, scmi_request_u32(req, 1));
}

static int complete(struct acme_reading *reading)
{
	uint8_t values[ACME_READING_BYTES - SCMI_STATUS_BYTES];

	scmi_put_le32(values, reading->sensor);
	scmi_put_le64(values + 4, sensors[reading->sensor].reading);
	return scmi_delayed_send(&reading->delayed, SCMI_SUCCESS, values, sizeof(values));
}

/* The node tells whether it is in use. */
static int32_t start_reading(struct acme *acme, struct scmi_request *req, uint32_t sensor)
{
	int32_t status = SCMI_BUSY;

	for (uint32_t i = 0; i < ACME_READINGS && status == SCMI_BUSY; i++) {
		struct acme_reading *reading = &acme->readings[i];

		status = scmi_request_delay(req, &reading->delayed);
		if (status != SCMI_SUCCESS)
			continue;
		reading->sensor = sensor;
		if (atomic_load(&acme->at_once) != 0)
			(void)complete(reading);
		else
			atomic_store(&reading->open, 1u);
	}
	return status;
}

unsigned acme_complete(struct acme *acme)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < ACME_READINGS; i++) {
		struct acme_reading *reading = &acme->readings[i];

		if (atomic_exchange(&reading->open, 0u) != 0 && complete(reading) == SCMI_OK)
			n++;
	}
	return n;
}

static int32_t sensor_reading_get(void *model, struct scmi_request *req)
{
	uint32_t id = scmi_request_u32(req, 0);
	uint32_t flags = scmi_request_u32(req, 1);

	if (id >= ACME_SENSORS)
		return SCMI_NOT_FOUND;
	if (flags == READING_ASYNC)
		return start_reading(model, req, id);
	if (flags != 0)
		return SCMI_INVALID_PARAMETERS;
	put_u64(req, sensors[id].reading);
	return SCMI_SUCCESS;
}

static const struct scmi_server_command sensor_commands[] = {
	{.message = SCMI_PROTOCOL_ATTRIBUTES, .handle = sensor_protocol_attributes},
	{.message = SENSOR_DESCRIPTION_GET, .handle = sensor_description_get, .params_min = 4, .params_max = 4},
	{.message = SENSOR_TRIP_POINT_NOTIFY,
	 .handle = sensor_trip_point_notify,
	 .params_min = 8,
	 .params_max = 8,
	 .flags = SCMI_COMMAND_P2A},
	{.message = SENSOR_READING_GET, .handle = sensor_reading_get, .params_min = 8, .params_max = 8},
};

/* Agent id as recorded, trip point 0. */
static void fill_trip(uint8_t *payload, uint32_t sensor, unsigned high)
{
	scmi_put_le32(payload, 1u);
	scmi_put_le32(payload + 4, sensor);
	scmi_put_le32(payload + 8, high != 0 ? TRIP_UPWARDS : 0u);
}

int acme_trip(struct acme *acme, uint32_t sensor, unsigned high)
{
	uint8_t payload[ACME_TRIP_BYTES];

	fill_trip(payload, sensor, high);
	return scmi_platform_notify(acme->platform, 1, SCMI_PROTOCOL_SENSOR, SENSOR_TRIP_POINT_EVENT, payload,
				    sizeof(payload));
}

int acme_trip_newest(struct acme *acme, uint32_t sensor, unsigned high)
{
	uint8_t payload[ACME_TRIP_BYTES];

	fill_trip(payload, sensor, high);
	return scmi_notice_post(&acme->trips[sensor], payload, sizeof(payload));
}

/* ---- the platform ---- */

static void fill_readings(struct acme *acme)
{
	for (uint32_t i = 0; i < ACME_READINGS; i++) {
		struct acme_reading *reading = &acme->readings[i];

		atomic_init(&reading->open, 0u);
		reading->delayed = (struct scmi_delayed){
			.size = sizeof(reading->delayed), .buf = reading->payload, .cap = sizeof(reading->payload)};
	}
}

static int init_trips(struct acme *acme)
{
	int err = SCMI_OK;

	for (uint32_t i = 0; i < ACME_SENSORS && err == SCMI_OK; i++) {
		acme->trips[i] = (struct scmi_notice){.size = sizeof(acme->trips[i]),
						      .agent = 1,
						      .protocol = SCMI_PROTOCOL_SENSOR,
						      .notification = SENSOR_TRIP_POINT_EVENT,
						      .buf = acme->trip_payloads[i],
						      .cap = ACME_TRIP_BYTES};
		err = scmi_notice_init(acme->platform, &acme->trips[i]);
	}
	return err;
}

static void fill_servers(struct acme *acme)
{
	acme->model = (struct scmi_base_model){
		.size = sizeof(acme->model),
		.version = SCMI_VERSION(2, 0),
		.vendor = "acme",
		.sub_vendor = "interop",
		.implementation_version = 0x00010203u,
	};
	scmi_base_server(&acme->base, &acme->model);
	acme->clocks = (struct scmi_clock_model){
		.size = sizeof(acme->clocks),
		.version = SCMI_VERSION(1, 0),
		.clocks = clocks,
		.count = ACME_CLOCKS,
		.ops = &clock_ops,
		.arg = acme,
	};
	scmi_clock_server(&acme->clock, &acme->clocks);
	acme->sensor = (struct scmi_server){
		.size = sizeof(acme->sensor),
		.protocol = SCMI_PROTOCOL_SENSOR,
		.version = SCMI_VERSION(1, 0),
		.commands = sensor_commands,
		.commands_n = sizeof(sensor_commands) / sizeof(sensor_commands[0]),
		.model = acme,
	};
	acme->servers[0] = &acme->base;
	acme->servers[1] = &acme->clock;
	acme->servers[2] = &acme->sensor;
}

int acme_open(struct acme *acme, const struct scmi_endpoint *endpoint, scmi_log_fn log, void *log_arg)
{
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = acme->servers,
		.servers_n = ACME_SERVERS,
		.agents = &acme->agent,
		.agents_n = 1,
		.log = log,
		.log_arg = log_arg,
	};
	int err;

	fill_servers(acme);
	acme->agent = (struct scmi_platform_agent){.size = sizeof(acme->agent), .endpoint = endpoint};
	for (uint32_t i = 0; i < ACME_CLOCKS; i++)
		atomic_init(&acme->running[i], 1u);
	atomic_init(&acme->at_once, 0u);
	fill_readings(acme);
	err = scmi_platform_init(&acme->platform, acme->memory, sizeof(acme->memory), &config);
	if (err == SCMI_OK)
		err = init_trips(acme);
	return err == SCMI_OK ? scmi_platform_start(acme->platform) : err;
}

int acme_close(struct acme *acme)
{
	(void)scmi_platform_stop(acme->platform);
	(void)acme_complete(acme);
	return scmi_platform_fini(acme->platform);
}
