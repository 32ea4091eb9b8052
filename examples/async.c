/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands in flight side by side, and one loop that serves them all. The platform has its turn in that loop, too. */
#include <stdio.h>

#include <scmi/agent.h>
#include <scmi/platform.h>
#include <scmi/port/posix.h>
#include <scmi/transport/loopback.h>

#define VENDOR      0x80u /* a protocol of the vendor's */
#define READING_GET 3u    /* a sensor in, its reading out */
#define CALLS       5u

static struct scmi_request *unanswered;
static uint8_t delayed_buf[8];
static struct scmi_delayed delayed = {.size = sizeof(delayed), .cap = sizeof(delayed_buf), .buf = delayed_buf};

/* The platform: sensor 4 takes its time, sensor 5 does not answer. */
static int32_t reading_get(void *model, struct scmi_request *req)
{
	uint32_t sensor = scmi_request_u32(req, 0);

	(void)model;
	if (sensor == 4)
		return scmi_request_delay(req, &delayed);
	if (sensor == 5) {
		unanswered = req;
		return SCMI_REQUEST_LATER;
	}
	scmi_request_put_u32(req, 20u + sensor);
	return SCMI_SUCCESS;
}

/* Answers what has come; when that is nothing sensor 4 is ready, if it was asked. Returns whether it did anything. */
static int platform_turn(struct scmi_loopback *loopback)
{
	static const uint8_t reading[4] = {24};

	return scmi_loopback_serve(loopback, 0) > 0 ||
	       scmi_delayed_send(&delayed, SCMI_SUCCESS, reading, sizeof(reading)) == SCMI_OK;
}

static struct scmi_agent *agent;
static struct scmi_call calls[CALLS];
static uint32_t in_flight = 4; /* the last one follows the fourth */

/* The call is ours again, and may be submitted anew; here the next one is. */
static void on_done(struct scmi_call *call, int err)
{
	printf("sensor %u: %s", scmi_get_le32(call->params), scmi_strerror(err));
	if (err == SCMI_OK)
		printf(", %u", scmi_get_le32(call->reply));
	putchar('\n');
	in_flight--;
	if (call == &calls[3])
		in_flight += scmi_agent_submit(agent, &calls[4]) == SCMI_OK;
}

static int run(const struct scmi_port *port, struct scmi_loopback *loopback)
{
	static const uint8_t params[CALLS][4] = {{1}, {2}, {3}, {4}, {5}};
	static uint8_t reply[CALLS][4];
	struct scmi_call *const batch[] = {&calls[0], &calls[1], &calls[2], &calls[3]};
	max_align_t event[SCMI_EVENT_BYTES_MAX / sizeof(max_align_t)];

	for (uint32_t i = 0; i < CALLS; i++) {
		calls[i] = (struct scmi_call){.size = sizeof(calls[i]), .protocol = VENDOR, .message = READING_GET};
		calls[i].done = on_done;
		calls[i].params = params[i];
		calls[i].params_len = sizeof(params[i]);
		calls[i].reply = reply[i];
		calls[i].reply_cap = sizeof(reply[i]);
	}
	calls[3].flags = SCMI_CALL_DELAYED;
	if (port->event_init(port->ctx, event) || scmi_agent_submit_many(agent, batch, 4, NULL) ||
	    scmi_agent_cancel(agent, &calls[2]))
		return 1;
	while (in_flight != 0) /* a poll that took nothing may have ended calls by time-out */
		if (platform_turn(loopback) == 0 && scmi_agent_poll(agent, 16) == 0 && in_flight != 0)
			(void)port->event_wait(port->ctx, event, scmi_agent_next_deadline(agent));
	port->event_fini(port->ctx, event);
	return 0;
}

int main(void)
{
	static max_align_t link_mem[4096];
	static max_align_t platform_mem[SCMI_PLATFORM_WORDS(1, 1)];
	static max_align_t agent_mem[SCMI_AGENT_WORDS(SCMI_SLOTS_DEFAULT)];
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_loopback_config wire = {.size = sizeof(wire), .flags = SCMI_LOOPBACK_THREADED, .port = &port};
	struct scmi_loopback *loopback;
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;
	const struct scmi_server_command command = {.message = READING_GET, .handle = reading_get, .params_max = 4};
	struct scmi_server sensors = {.size = sizeof(sensors), .commands = &command, .commands_n = 1};
	const struct scmi_server *servers[] = {&sensors};
	struct scmi_platform_agent who = {.size = sizeof(who), .endpoint = &endpoint};
	struct scmi_platform_config platform_config = {
		.size = sizeof(platform_config), .servers = servers, .servers_n = 1, .agents = &who, .agents_n = 1};
	struct scmi_platform *platform;
	struct scmi_agent_config config = {.size = sizeof(config), .transport = &transport, .port = &port};
	struct scmi_agent_stats stats = {.size = sizeof(stats)};

	sensors.protocol = VENDOR;
	sensors.version = SCMI_VERSION(1, 0);
	if (scmi_posix_init(&posix, &port) ||
	    scmi_loopback_init(&loopback, link_mem, sizeof(link_mem), &wire, &transport, &endpoint) ||
	    scmi_platform_init(&platform, platform_mem, sizeof(platform_mem), &platform_config) ||
	    scmi_platform_start(platform) || scmi_agent_init(&agent, agent_mem, sizeof(agent_mem), &config) ||
	    scmi_agent_start(agent) || run(&port, loopback))
		return 1;
	/* The answer to the call that timed out is late, as the one to the call that was cancelled. */
	if (scmi_request_reply(unanswered, SCMI_SUCCESS) || scmi_agent_poll(agent, 16) != 1 ||
	    scmi_agent_stats(agent, 0, &stats) || stats.ok != 3 || stats.late != 2)
		return 1;
	return scmi_agent_fini(agent) || scmi_platform_fini(platform);
}
