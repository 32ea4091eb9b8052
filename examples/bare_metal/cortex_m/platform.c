/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The platform: three clocks and a thermometer. It runs in its doorbell's interrupt and in the tick; nothing of it is
 * called by the agent's code.
 */
#include <stdbool.h>
#include <stddef.h>

#include <scmi/platform.h>
#include <scmi/server/base.h>
#include <scmi/server/clock.h>
#include <scmi/server/sensor.h>

#include "board.h"
#include "link.h"

#define CLOCKS       3u
#define PLL_TICKS    5u /* how long the first clock takes to settle */
#define MEASURE_MS   1u
#define TEMPERATURE  41250 /* milli-degrees, at first */
#define DEGREES_TICK 250   /* it gets warmer */

static struct {
	uint64_t rates[CLOCKS];
	struct scmi_clock_pending *settling;
	uint32_t ticks_left;
	int64_t temperature;
	int64_t trip;
	bool trips;
} hardware;

static struct scmi_mailbox_end *end;
static const struct scmi_port *the_port;
static struct scmi_clock_pending pending;
static struct scmi_clock_model clock_model;
static struct scmi_sensor_model sensor_model;
static uint32_t sensor_wants[SCMI_SENSOR_WANT_WORDS(1, 1)];

/* ---- clocks ---- */

static const uint64_t cpu_rates[] = {12000000, 24000000, 48000000};
static const uint64_t bus_rates[] = {8000000, 16000000};
static const uint64_t uart_rates[] = {1000000, 8000000, 1000}; /* from, to, step */

static const struct scmi_clock_desc clocks[CLOCKS] = {
	{.size = sizeof(clocks[0]), .name = "cpu", .rates = cpu_rates, .rates_n = 3},
	{.size = sizeof(clocks[0]), .name = "bus", .rates = bus_rates, .rates_n = 2},
	{.size = sizeof(clocks[0]), .name = "uart", .rates = uart_rates, .rates_n = 3, .range = true},
};

static int32_t rate_get(void *arg, uint32_t clock, uint64_t *rate)
{
	(void)arg;
	*rate = hardware.rates[clock];
	return SCMI_SUCCESS;
}

/* The first clock is a PLL: it settles, and the tick tells when. */
static int32_t rate_set(void *arg, uint16_t agent, uint32_t clock, uint64_t rate, struct scmi_clock_pending *p)
{
	(void)arg;
	(void)agent;
	hardware.rates[clock] = rate;
	if (clock != 0 || p == NULL)
		return SCMI_SUCCESS;
	hardware.ticks_left = PLL_TICKS;
	hardware.settling = p;
	return SCMI_CLOCK_LATER;
}

static const struct scmi_clock_ops clock_ops = {.size = sizeof(clock_ops), .rate_get = rate_get, .rate_set = rate_set};

/* ---- a sensor ---- */

static const struct scmi_sensor_desc sensors[] = {
	{.size = sizeof(sensors[0]), .name = "die", .type = SCMI_SENSOR_CELSIUS, .exponent = -3, .trip_points = 1},
};

static int32_t read_sensor(void *arg, uint32_t sensor, struct scmi_sensor_readings *to)
{
	(void)arg;
	(void)sensor;
	scmi_sensor_put(to, hardware.temperature, 0);
	return SCMI_SUCCESS;
}

static int32_t trip_config(void *arg, uint32_t sensor, uint8_t trip, enum scmi_sensor_trip when, int64_t value)
{
	(void)arg;
	(void)sensor;
	(void)trip;
	hardware.trip = value;
	hardware.trips = when == SCMI_SENSOR_TRIP_UP || when == SCMI_SENSOR_TRIP_BOTH;
	return SCMI_SUCCESS;
}

static const struct scmi_sensor_ops sensor_ops = {
	.size = sizeof(sensor_ops),
	.read = read_sensor,
	.trip_config = trip_config,
};

/* ---- contexts ---- */

void platform_handler(void)
{
	(void)scmi_mailbox_end_serve(end, 4);
}

/* What has come about since the last tick. Under the lock, which masks the doorbell: a command would find it half done. */
static struct scmi_clock_pending *step(bool *tripped)
{
	struct scmi_clock_pending *settled = NULL;
	const int64_t before = hardware.temperature;

	hardware.temperature = before + DEGREES_TICK;
	*tripped = hardware.trips && before < hardware.trip && hardware.temperature >= hardware.trip;
	if (hardware.settling != NULL && hardware.ticks_left-- == 0) {
		settled = hardware.settling;
		hardware.settling = NULL;
	}
	return settled;
}

/*
 * The tick is below the doorbell. A command may come after the lock is given up: then the answer tells the rate that there
 * was when the clock had settled, and the trip point is the one that was passed.
 */
void platform_tick(void)
{
	struct scmi_clock_pending *settled;
	uint64_t rate;
	bool tripped;

	if (end == NULL)
		return;
	the_port->lock(the_port->ctx);
	settled = step(&tripped);
	rate = hardware.rates[0];
	the_port->unlock(the_port->ctx);
	if (tripped)
		(void)scmi_sensor_tripped(&sensor_model, 0, 0, true);
	if (settled != NULL)
		(void)scmi_clock_rate_set_done(settled, SCMI_SUCCESS, rate);
}

static int ring_agent(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal; /* one interrupt for all: the agent looks at both areas */
	board_irq_raise(IRQ_AGENT);
	return SCMI_OK;
}

static const struct scmi_mailbox_doorbell doorbell = {
	.version = SCMI_MAILBOX_DOORBELL_V1,
	.name = "nvic",
	.ring = ring_agent,
};

/* ---- making it ---- */

static void make_models(struct scmi_server *clock, struct scmi_server *sensor)
{
	hardware.rates[0] = cpu_rates[1];
	hardware.rates[1] = bus_rates[0];
	hardware.rates[2] = uart_rates[0];
	hardware.temperature = TEMPERATURE;
	pending.size = sizeof(pending);
	clock_model = (struct scmi_clock_model){
		.size = sizeof(clock_model),
		.clocks = clocks,
		.count = CLOCKS,
		.ops = &clock_ops,
		.pending = &pending,
		.pending_n = 1,
	};
	sensor_model = (struct scmi_sensor_model){
		.size = sizeof(sensor_model),
		.sensors = sensors,
		.count = 1,
		.ops = &sensor_ops,
		.wants = sensor_wants,
		.want_words = SCMI_SENSOR_WANT_WORDS(1, 1),
	};
	scmi_clock_server(clock, &clock_model);
	scmi_sensor_server(sensor, &sensor_model);
}

static int make_platform(const struct scmi_endpoint *endpoint)
{
	static struct scmi_base_model base_model;
	static struct scmi_server base, clock, sensor;
	static const struct scmi_server *const servers[] = {&base, &clock, &sensor};
	static struct scmi_platform_agent agent;
	static struct scmi_platform_config config;
	static max_align_t mem[SCMI_PLATFORM_WORDS(1, 3)];
	struct scmi_platform *platform;
	int err;

	base_model = (struct scmi_base_model){.size = sizeof(base_model), .vendor = "example"};
	scmi_base_server(&base, &base_model);
	make_models(&clock, &sensor);
	agent = (struct scmi_platform_agent){.size = sizeof(agent), .name = "main", .endpoint = endpoint};
	config = (struct scmi_platform_config){
		.size = sizeof(config), .servers = servers, .servers_n = 3, .agents = &agent, .agents_n = 1};
	err = scmi_platform_init(&platform, mem, sizeof(mem), &config);
	return err == SCMI_OK ? scmi_platform_start(platform) : err;
}

int platform_start(const struct scmi_port *port, const struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	static max_align_t mem[SCMI_MAILBOX_END_WORDS(SCMI_SHMEM_BYTES_DEFAULT - SCMI_SHMEM_PAYLOAD)];
	static struct scmi_endpoint endpoint;
	const struct scmi_mailbox_end_config config = {
		.size = sizeof(config),
		.areas = {areas[0], areas[1]},
		.doorbell = &doorbell,
		.port = port,
	};
	int err;

	the_port = port; /* before there is an end, for which the tick looks */
	err = scmi_mailbox_end_init(&end, mem, sizeof(mem), &config, &endpoint);
	if (err == SCMI_OK)
		err = make_platform(&endpoint);
	if (err == SCMI_OK)
		board_irq_enable(IRQ_PLATFORM, PRIORITY_PLATFORM);
	return err;
}
