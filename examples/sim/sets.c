/* SPDX-License-Identifier: BSD-3-Clause */
/* The devices that can be simulated. */
#include <string.h>

#include "sim.h"

#define COUNT_OF(table) ((uint32_t)(sizeof(table) / sizeof((table)[0])))

#define CLOCK(name_, rates_)                                                                                           \
	.size = sizeof(struct scmi_clock_desc), .name = (name_), .rates_n = COUNT_OF(rates_), .rates = (rates_)
#define SENSOR(name_, type_, exponent_)                                                                                \
	.size = sizeof(struct scmi_sensor_desc), .name = (name_), .type = (type_), .exponent = (exponent_)

/* ---- linux: the platform that Linux kernels were recorded with ---- */

static const uint64_t uart_rates[] = {24000000, 48000000};
static const uint64_t spi_rates[] = {50000000, 100000000};

static const struct sim_clock linux_clocks[] = {
	{.desc = {CLOCK("uart_clk", uart_rates)}, .rate = 24000000},
	{.desc = {CLOCK("spi_clk", spi_rates)}, .rate = 100000000},
};

static const struct sim_signal linux_cpu = {.source = SIM_CONSTANT, .base = 42500};
static const struct sim_signal linux_board = {.source = SIM_CONSTANT, .base = 31250};

static const struct sim_sensor linux_sensors[] = {
	{.desc = {SENSOR("cpu_temp", SCMI_SENSOR_CELSIUS, -3), .trip_points = 1}, .signals = &linux_cpu},
	{.desc = {SENSOR("board_temp", SCMI_SENSOR_CELSIUS, -3), .trip_points = 1}, .signals = &linux_board},
};

/* ---- demo: one of each kind ---- */

enum { OSC, PLL, UART, SPI, PIXEL, RTC };

static const uint64_t osc_rates[] = {24000000};
static const uint64_t pll_range[] = {400000000, 1200000000, 25000000};
static const uint64_t pixel_rates[] = {25175000, 27000000, 40000000, 65000000, 74250000, 148500000};
static const uint64_t rtc_rates[] = {32768};

static const uint32_t from_osc[] = {OSC};
static const uint32_t from_pll[] = {PLL};
static const uint32_t from_both[] = {OSC, PLL};

static const struct sim_clock demo_clocks[] = {
	[OSC] = {.desc = {CLOCK("osc", osc_rates)}, .rate = 24000000, .denied = SCMI_CLOCK_MAY_ALL},
	[PLL] = {.desc = {CLOCK("pll", pll_range), .range = true, .parents = from_osc, .parents_n = 1,
			  .enable_delay_us = 200},
		 .rate = 800000000,
		 .parent = OSC,
		 .slow = true},
	[UART] = {.desc = {CLOCK("uart_clk", uart_rates), .parents = from_both, .parents_n = 2},
		  .rate = 24000000,
		  .parent = OSC},
	[SPI] = {.desc = {CLOCK("spi_clk", spi_rates), .parents = from_pll, .parents_n = 1},
		 .rate = 100000000,
		 .parent = PLL},
	[PIXEL] = {.desc = {CLOCK("display_left_pixel_clock", pixel_rates), .parents = from_pll, .parents_n = 1},
		   .rate = 74250000,
		   .off = true,
		   .parent = PLL},
	[RTC] = {.desc = {CLOCK("rtc", rtc_rates)}, .rate = 32768, .denied = SCMI_CLOCK_MAY_STATE},
};

static const struct sim_signal cpu = {.source = SIM_SINE, .base = 55000, .span = 12000, .period_ms = 10000};
static const struct sim_signal board = {.source = SIM_CONSTANT, .base = 31250};
static const struct sim_signal battery = {.source = SIM_NOISE, .base = 3700, .span = 40, .period_ms = 100, .seed = 1};
static const struct sim_signal fan = {.source = SIM_RAMP, .base = 600, .span = 2400, .period_ms = 6000};
static const struct sim_signal power = {
	.source = SIM_NOISE, .base = 1850000, .span = 250000, .period_ms = 50, .seed = 2};
static const struct sim_signal tilt[] = {
	{.source = SIM_SINE, .base = 0, .span = 1000, .period_ms = 4000},
	{.source = SIM_SINE, .base = 0, .span = 1000, .period_ms = 4000, .seed = 90},
	{.source = SIM_CONSTANT, .base = -5},
};

static const uint32_t intervals[] = {SCMI_SENSOR_INTERVAL(1, -1), SCMI_SENSOR_INTERVAL(1, 0),
				     SCMI_SENSOR_INTERVAL(1, 1)};

static const struct scmi_sensor_limits temperatures = {
	.min = -40000, .max = 125000, .resolution = 125, .resolution_exponent = -3};

#define AXIS(name_)                                                                                                    \
	{                                                                                                              \
		.size = sizeof(struct scmi_sensor_axis_desc), .name = (name_), .type = SCMI_SENSOR_GRAVITIES,          \
		.exponent = -3                                                                                         \
	}
static const struct scmi_sensor_axis_desc tilt_axes[] = {AXIS("x"), AXIS("y"), AXIS("z up from the board")};

static const struct sim_sensor demo_sensors[] = {
	{.desc = {SENSOR("cpu_temp", SCMI_SENSOR_CELSIUS, -3),
		  .flags = SCMI_SENSOR_TELLS_UPDATES | SCMI_SENSOR_HAS_TIMESTAMPS | SCMI_SENSOR_HAS_LIMITS,
		  .stamp_exponent = -6, .trip_points = 2, .limits = &temperatures, .intervals = intervals,
		  .intervals_n = COUNT_OF(intervals)},
	 .signals = &cpu},
	{.desc = {SENSOR("board_temp", SCMI_SENSOR_CELSIUS, -3), .trip_points = 1}, .signals = &board},
	{.desc = {SENSOR("battery_voltage_at_connector", SCMI_SENSOR_VOLTS, -3), .flags = SCMI_SENSOR_READS_ASYNC},
	 .signals = &battery},
	{.desc = {SENSOR("fan \"front\"", SCMI_SENSOR_RPM, 0)}, .signals = &fan},
	{.desc = {SENSOR("soc_power", SCMI_SENSOR_WATTS, -6), .flags = SCMI_SENSOR_TELLS_UPDATES}, .signals = &power},
	{.desc = {SENSOR("tilt", SCMI_SENSOR_GRAVITIES, -3), .flags = SCMI_SENSOR_READS_ASYNC, .axes = tilt_axes,
		  .axes_n = COUNT_OF(tilt_axes)},
	 .signals = tilt},
};

/* ---- all of them ---- */

static const struct sim_set sets[] = {
	{
		.name = "demo",
		.clocks = demo_clocks,
		.clock_rows = COUNT_OF(demo_clocks),
		.clocks_n = COUNT_OF(demo_clocks),
		.sensors = demo_sensors,
		.sensor_rows = COUNT_OF(demo_sensors),
		.sensors_n = COUNT_OF(demo_sensors),
	},
	{
		.name = "linux",
		.clock_version = SCMI_VERSION(1, 0),
		.sensor_version = SCMI_VERSION(1, 0),
		.clocks = linux_clocks,
		.clock_rows = COUNT_OF(linux_clocks),
		.clocks_n = COUNT_OF(linux_clocks),
		.sensors = linux_sensors,
		.sensor_rows = COUNT_OF(linux_sensors),
		.sensors_n = COUNT_OF(linux_sensors),
	},
	{
		.name = "many",
		.clocks = demo_clocks,
		.clock_rows = COUNT_OF(demo_clocks),
		.clocks_n = 200,
		.sensors = demo_sensors,
		.sensor_rows = COUNT_OF(demo_sensors),
		.sensors_n = 1000,
	},
};

const struct sim_set *sim_find_set(const char *name)
{
	for (uint32_t i = 0; i < COUNT_OF(sets); i++) {
		if (strcmp(sets[i].name, name) == 0)
			return &sets[i];
	}
	return NULL;
}
