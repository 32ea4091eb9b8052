/* SPDX-License-Identifier: BSD-3-Clause */
#include "clock_device.h"

#include <string.h>

#define DUTY_CYCLE 1u

static const uint64_t uart_rates[] = {24000000, 48000000};
static const uint64_t pixel_rates[] = {10000000, 100000000, 1000000};
static const uint64_t fixed_rates[] = {19200000};
static const uint32_t pixel_parents[] = {UART, FIXED};

static int32_t rate_get(void *arg, uint32_t clock, uint64_t *rate)
{
	const struct clock_device *d = arg;

	*rate = d->rates[clock];
	return d->get_result;
}

static int32_t rate_set(void *arg, uint16_t agent, uint32_t clock, uint64_t rate, struct scmi_clock_pending *pending)
{
	struct clock_device *d = arg;

	d->sets++;
	d->set_by = agent;
	if (d->later) {
		d->kept[d->kept_n++] = pending;
		if (d->early && scmi_clock_rate_set_done(d->kept[--d->kept_n], d->result, rate) != SCMI_OK)
			return SCMI_GENERIC_ERROR;
		return SCMI_CLOCK_LATER;
	}
	if (d->result == SCMI_SUCCESS)
		d->rates[clock] = rate + d->drift;
	return d->result;
}

static int32_t enabled(void *arg, uint32_t clock, bool *on)
{
	*on = ((struct clock_device *)arg)->enabled[clock];
	return SCMI_SUCCESS;
}

static int32_t enable(void *arg, uint16_t agent, uint32_t clock, bool on)
{
	struct clock_device *d = arg;

	d->set_by = agent;
	d->enabled[clock] = on;
	return SCMI_SUCCESS;
}

static int32_t config_get(void *arg, uint32_t clock, uint8_t type, uint32_t *value)
{
	if (clock != PIXEL)
		return SCMI_HARDWARE_ERROR; /* the server should not have asked */
	if (type != DUTY_CYCLE)
		return SCMI_NOT_SUPPORTED;
	*value = ((struct clock_device *)arg)->duty;
	return SCMI_SUCCESS;
}

static int32_t config_set(void *arg, uint16_t agent, uint32_t clock, uint8_t type, uint32_t value)
{
	struct clock_device *d = arg;

	if (clock != PIXEL)
		return SCMI_HARDWARE_ERROR; /* the server should not have asked */
	if (type != DUTY_CYCLE)
		return SCMI_NOT_SUPPORTED;
	d->set_by = agent;
	d->duty = value;
	return SCMI_SUCCESS;
}

static int32_t parent_get(void *arg, uint32_t clock, uint32_t *parent)
{
	if (clock != PIXEL)
		return SCMI_HARDWARE_ERROR;
	*parent = ((struct clock_device *)arg)->parent;
	return SCMI_SUCCESS;
}

static int32_t parent_set(void *arg, uint16_t agent, uint32_t clock, uint32_t parent)
{
	(void)agent;
	if (clock != PIXEL)
		return SCMI_HARDWARE_ERROR;
	((struct clock_device *)arg)->parent = parent;
	return SCMI_SUCCESS;
}

static uint32_t permissions(void *arg, uint16_t agent, uint32_t clock)
{
	(void)arg;
	(void)agent;
	return clock == FIXED ? 1u : UINT32_MAX; /* bits that mean nothing go no further */
}

static bool may_use(void *arg, uint16_t agent, uint32_t clock)
{
	(void)clock;
	return agent != ((struct clock_device *)arg)->denied;
}

static void reset(void *arg, uint16_t agent)
{
	((struct clock_device *)arg)->was_reset = agent;
}

static void describe(struct clock_device *d)
{
	const uint32_t size = sizeof(d->clocks[0]);

	d->clocks[UART] = (struct scmi_clock_desc){.size = size, .name = "uart_clk", .rates = uart_rates, .rates_n = 2};
	d->clocks[PIXEL] = (struct scmi_clock_desc){.size = size,
						    .flags = SCMI_CLOCK_EXTENDED_CONFIG,
						    .name = "display_pixel_clock",
						    .enable_delay_us = 100,
						    .rates = pixel_rates,
						    .rates_n = 3,
						    .range = true,
						    .parents = pixel_parents,
						    .parents_n = 2};
	d->clocks[FIXED] =
		(struct scmi_clock_desc){.size = size, .name = "fixed_ref", .rates = fixed_rates, .rates_n = 1};
}

void clock_device_init(struct clock_device *d, uint32_t version)
{
	memset(d, 0, sizeof(*d));
	describe(d);
	d->ops = (struct scmi_clock_ops){.size = sizeof(d->ops),
					 .rate_get = rate_get,
					 .rate_set = rate_set,
					 .enabled = enabled,
					 .enable = enable,
					 .config_get = config_get,
					 .config_set = config_set,
					 .parent_get = parent_get,
					 .parent_set = parent_set,
					 .permissions = permissions,
					 .may_use = may_use,
					 .reset = reset};
	d->model = (struct scmi_clock_model){.size = sizeof(d->model),
					     .version = version,
					     .clocks = d->clocks,
					     .count = CLOCKS,
					     .ops = &d->ops,
					     .arg = d,
					     .pending = d->pending,
					     .pending_n = PENDINGS,
					     .wants = d->wants,
					     .want_words = sizeof(d->wants) / sizeof(d->wants[0])};
	for (unsigned i = 0; i <= PENDINGS; i++)
		d->pending[i].size = sizeof(d->pending[i]);
	d->rates[UART] = 24000000;
	d->rates[PIXEL] = 25000000;
	d->rates[FIXED] = 19200000;
	d->enabled[UART] = true;
	d->enabled[FIXED] = true;
}
