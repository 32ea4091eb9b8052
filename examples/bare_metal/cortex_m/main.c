/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent without an operating system, and a platform at another priority of the same core: two areas of memory between
 * them, and an interrupt each way. The agent's calls sleep in thread mode until its interrupt has brought the answer.
 */
#include <stdbool.h>

#include <scmi/agent.h>
#include <scmi/port/cortex_m.h>
#include <scmi/protocol/base.h>
#include <scmi/protocol/clock.h>
#include <scmi/protocol/sensor.h>

#include "board.h"
#include "link.h"

#define SLOTS       4u
#define WAITERS     1u
#define EVENTS      2u
#define EVENT_BYTES (SCMI_SHMEM_BYTES_DEFAULT - SCMI_SHMEM_PAYLOAD)
#define TRIP        45000 /* milli-degrees */
#define PATIENCE_US 1000000u
#define CPU_HZ      48000000u

static uint32_t areas_mem[SCMI_MAILBOX_AREAS][SCMI_SHMEM_BYTES_DEFAULT / 4u];
static max_align_t agent_mem[SCMI_AGENT_WORDS_FOR(SLOTS, WAITERS, 1, EVENTS, EVENT_BYTES)];
static struct scmi_cortex_m cortex;
static struct scmi_port port;
static struct scmi_mailbox mailbox;
static struct scmi_agent *agent;

/* ---- contexts ---- */

void systick_handler(void)
{
	scmi_cortex_m_tick(&cortex);
	platform_tick();
}

void agent_handler(void)
{
	scmi_mailbox_interrupt(&mailbox);
}

static int start(void *ctx, struct scmi_mailbox *m, struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	(void)ctx;
	(void)m;
	(void)areas;
	board_irq_enable(IRQ_AGENT, PRIORITY_AGENT);
	return SCMI_OK;
}

static void stop(void *ctx)
{
	(void)ctx;
	board_irq_disable(IRQ_AGENT);
}

static int ring_platform(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	board_irq_raise(IRQ_PLATFORM);
	return SCMI_OK;
}

static const struct scmi_mailbox_doorbell doorbell = {
	.version = SCMI_MAILBOX_DOORBELL_V1,
	.caps = SCMI_CAP_IRQ | SCMI_CAP_ATOMIC,
	.name = "nvic",
	.start = start,
	.stop = stop,
	.ring = ring_platform,
};

/* ---- making both ends ---- */

static int make_agent(const struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	const struct scmi_mailbox_config mailbox_config = {
		.size = sizeof(mailbox_config),
		.max_inflight = SLOTS,
		.areas = {areas[0], areas[1]},
		.doorbell = &doorbell,
		.port = &port,
	};
	struct scmi_transport transport;
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = &transport,
		.port = &port,
		.options.slots = SLOTS,
		.max_waiters = WAITERS,
		.event_buffers = EVENTS,
	};
	int err = scmi_mailbox_init(&mailbox, &mailbox_config, &transport);

	if (err == SCMI_OK)
		err = scmi_agent_init(&agent, agent_mem, sizeof(agent_mem), &config);
	return err == SCMI_OK ? scmi_agent_start(agent) : err;
}

static int make_all(void)
{
	const struct scmi_cortex_m_config config = {
		.size = sizeof(config),
		.systick_hz = BOARD_HZ,
#ifndef __ARM_ARCH_6M__
		.mask_level = PRIORITY_PLATFORM,
#endif
	};
	const struct scmi_shmem areas[SCMI_MAILBOX_AREAS] = {
		{.mem = areas_mem[0], .len = sizeof(areas_mem[0])},
		{.mem = areas_mem[1], .len = sizeof(areas_mem[1])},
	};
	int err;

	board_systick_priority(PRIORITY_SYSTICK);
	err = scmi_cortex_m_init(&cortex, &config, &port);
	if (err == SCMI_OK)
		err = platform_start(&port, areas);
	return err == SCMI_OK ? make_agent(areas) : err;
}

/* ---- what it talks about ---- */

static int show_base(void)
{
	struct scmi_base_info info = {.size = sizeof(info)};
	const int err = scmi_base_discover(agent, &info);

	put("base ");
	put_u32(info.version >> 16);
	put(".");
	put_u32(info.version & 0xffffu);
	put(": platform '");
	put(info.vendor);
	put("', ");
	put_u32(info.protocol_count);
	put(" protocols, I am '");
	put(info.self.name);
	put("'\n");
	return err;
}

static int show_clocks(const struct scmi_clock_protocol *p)
{
	int err = SCMI_OK;

	for (uint32_t i = 0; err == SCMI_OK && i < p->clocks; i++) {
		struct scmi_clock_info info = {.size = sizeof(info)};
		uint64_t rate = 0;

		err = scmi_clock_info(p, i, &info, NULL);
		if (err == SCMI_OK)
			err = scmi_clock_rate_get(p, i, &rate, NULL);
		put("clock '");
		put(info.name);
		put("': ");
		put_u32((uint32_t)rate);
		put(" Hz\n");
	}
	return err;
}

/* A rate that takes its time: the platform tells by a delayed response when it stands. */
static int set_clock(const struct scmi_clock_protocol *p)
{
	const uint64_t before = port.now_us(port.ctx);
	uint64_t rate = 0;
	const int err = scmi_clock_rate_set(p, 0, CPU_HZ, SCMI_CLOCK_SET_ASYNC, &rate, NULL);

	put("a delayed response: ");
	put_u32((uint32_t)rate);
	put(" Hz after ");
	put_u32((uint32_t)(port.now_us(port.ctx) - before) / 1000u);
	put(" ms\n");
	return err != SCMI_OK || rate == CPU_HZ ? err : SCMI_E_PROTO;
}

static int show_clock(void)
{
	struct scmi_clock_protocol p;
	int err = scmi_clock_open(agent, 0, &p, NULL);

	if (err == SCMI_OK)
		err = show_clocks(&p);
	return err == SCMI_OK ? set_clock(&p) : err;
}

static struct scmi_sensor_event event; /* that has come, when the port's event tells so */
static max_align_t heard;

/* In the agent's interrupt. */
static void on_event(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	(void)self;
	if (scmi_sensor_event_parse(hdr, payload, len, &event) == SCMI_OK)
		port.event_signal(port.ctx, &heard);
}

static int wait_for_trip(const struct scmi_sensor_protocol *p)
{
	static struct scmi_subscriber node;
	int err;

	node = (struct scmi_subscriber){
		.size = sizeof(node), .protocol = SCMI_PROTOCOL_SENSOR, .message = SCMI_ANY, .notify = on_event};
	err = port.event_init(port.ctx, &heard);
	if (err == SCMI_OK)
		err = scmi_agent_subscribe(agent, &node);
	if (err == SCMI_OK)
		err = scmi_sensor_trip_notify(p, 0, true, NULL);
	if (err == SCMI_OK)
		err = scmi_sensor_trip_config(p, 0, 0, SCMI_SENSOR_TRIP_UP, TRIP, NULL);
	if (err == SCMI_OK)
		err = port.event_wait(port.ctx, &heard, port.now_us(port.ctx) + PATIENCE_US);
	if (err == SCMI_OK) {
		put("a notification: sensor ");
		put_u32(event.sensor);
		put(event.upwards ? " has risen above trip point " : " has fallen below trip point ");
		put_u32(event.trip);
		put("\n");
		err = scmi_agent_unsubscribe(agent, &node);
	}
	return err;
}

static int show_sensor(void)
{
	struct scmi_sensor_protocol p;
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensor_reading reading = {0};
	int err = scmi_sensor_open(agent, 0, &p, NULL);

	if (err == SCMI_OK)
		err = scmi_sensor_info(&p, 0, &info, NULL);
	if (err == SCMI_OK)
		err = scmi_sensor_read(&p, 0, false, &reading, 1, NULL, NULL);
	put("sensor '");
	put(info.name);
	put("': ");
	put_u32((uint32_t)reading.value);
	put(" milli-degrees\n");
	return err == SCMI_OK ? wait_for_trip(&p) : err;
}

int main(void)
{
	struct scmi_agent_stats stats = {.size = sizeof(stats)};
	int err = make_all();

	put(BOARD_NAME ": the agent in thread mode, the platform in an interrupt\n");
	if (err == SCMI_OK)
		err = show_base();
	if (err == SCMI_OK)
		err = show_clock();
	if (err == SCMI_OK)
		err = show_sensor();
	if (err == SCMI_OK)
		err = scmi_agent_stats(agent, SCMI_ALL_LINKS, &stats);
	if (err == SCMI_OK)
		err = scmi_agent_stop(agent);
	if (err != SCMI_OK) {
		put("it failed: ");
		put(scmi_strerror(err));
		put("\n");
		return 1;
	}
	if (stats.ok + stats.remote != stats.submitted) /* what the platform does not have, it refuses */
		return 1;
	put_u32(stats.submitted);
	put(" calls, all is well\n");
	return 0;
}
