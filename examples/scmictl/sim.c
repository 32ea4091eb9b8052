/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link "loopback:": a platform inside this program, to try scmictl on. Two devices, two agents, of which we are the
 * first, and a protocol of the vendor's, 0x80, that shows what else can happen:
 *
 *   0x80 3 DEVICE   DEVICE_NAME: name of 16 bytes; SCMI_DENIED if permissions say so
 *   0x80 4 DEVICE   DEVICE_FAIL: SCMI_HARDWARE_ERROR, and a BASE_ERROR_EVENT to the agents that have asked for it
 *   0x80 5 DEVICE   DEVICE_HANG: no answer until the link is closed
 *   0x80 6 ENABLE   DEVICE_NOTIFY: switches notification 0x80:0x00, a reading of the sensor hub: device, value
 *   0x80 7 WORD..   DEVICE_ECHO: the same words
 *
 * The sensor hub is read by a thread that is the platform's life. Each fourth reading fails, and is a BASE_ERROR_EVENT.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/message.h>
#include <scmi/platform.h>
#include <scmi/server/base.h>
#include <scmi/transport/loopback.h>

#include "scmictl.h"

#define PROTOCOL_DEVICE 0x80u
#define DEVICE_NAME     3u
#define DEVICE_FAIL     4u
#define DEVICE_HANG     5u
#define DEVICE_NOTIFY   6u
#define DEVICE_ECHO     7u

#define DEVICE_READING 0u /* notification */
#define READING_BYTES  8u

#define SERVERS 2u
#define AGENTS  2u
#define DEVICES 2u
#define US      1u /* our agent's id */
#define HUB     1u /* the device that is read */

#define READING_US 50000u /* from one to the next */

static const char *const device_names[DEVICES] = {"uart", "sensor hub"};

struct sim {
	struct scmi_base_model model;
	uint32_t permissions[DEVICES * AGENTS];
	struct scmi_server base;
	struct scmi_server device;
	const struct scmi_server *servers[SERVERS];
	struct scmi_endpoint endpoints[AGENTS];
	struct scmi_platform_agent agents[AGENTS];
	struct scmi_platform *platform;
	max_align_t platform_memory[SCMI_PLATFORM_WORDS(AGENTS, SERVERS)];
	struct scmi_loopback *loopback;
	void *loopback_memory;
	struct scmi_request *hanging; /* of who runs the handlers: the sender, or the thread until it has been joined */
	const struct scmi_port *port;
	pthread_t thread;
	bool lives;                                                   /* and the thread runs */
	bool threaded;                                                /* it serves requests, too */
	max_align_t ends[SCMI_EVENT_BYTES_MAX / sizeof(max_align_t)]; /* signalled when closing is set */
	atomic_bool closing;
};

/* ---- the devices ---- */

/* The device that a request names, if there is one and the agent may use it. */
static int32_t find_device(const struct sim *sim, const struct scmi_request *req, uint32_t *device)
{
	*device = scmi_request_u32(req, 0);
	if (*device >= DEVICES)
		return SCMI_NOT_FOUND;
	if (!scmi_base_allowed(&sim->model, scmi_request_agent(req), PROTOCOL_DEVICE, *device))
		return SCMI_DENIED;
	return SCMI_SUCCESS;
}

static int32_t device_name(void *model, struct scmi_request *req)
{
	uint32_t device;
	int32_t status = find_device(model, req, &device);

	if (status == SCMI_SUCCESS)
		scmi_request_put_name(req, device_names[device]);
	return status;
}

static int32_t device_fail(void *model, struct scmi_request *req)
{
	struct sim *sim = model;
	uint32_t device;
	int32_t status = find_device(sim, req, &device);
	uint64_t report = (uint64_t)(uint32_t)SCMI_HARDWARE_ERROR << 32 | req->hdr;

	if (status != SCMI_SUCCESS)
		return status;
	/* Whether it arrives is not the command's affair. */
	(void)scmi_base_error_event(sim->platform, SCMI_ALL_AGENTS, scmi_request_agent(req), false, &report, 1);
	return SCMI_HARDWARE_ERROR;
}

static int32_t device_hang(void *model, struct scmi_request *req)
{
	struct sim *sim = model;
	uint32_t device;
	int32_t status = find_device(sim, req, &device);

	if (status != SCMI_SUCCESS)
		return status;
	if (sim->hanging != NULL)
		return SCMI_BUSY;
	sim->hanging = req;
	return SCMI_REQUEST_LATER;
}

static int32_t device_notify(void *model, struct scmi_request *req)
{
	(void)model;
	return scmi_request_notify(req, DEVICE_READING, scmi_request_u32(req, 0));
}

static int32_t device_echo(void *model, struct scmi_request *req)
{
	(void)model;
	scmi_request_put_bytes(req, req->params, req->len);
	return SCMI_SUCCESS;
}

static const struct scmi_server_command device_commands[] = {
	{.message = DEVICE_NAME, .handle = device_name, .params_min = 4, .params_max = 4},
	{.message = DEVICE_FAIL, .handle = device_fail, .params_min = 4, .params_max = 4},
	{.message = DEVICE_HANG, .handle = device_hang, .params_min = 4, .params_max = 4},
	{.message = DEVICE_NOTIFY,
	 .handle = device_notify,
	 .params_min = 4,
	 .params_max = 4,
	 .flags = SCMI_COMMAND_P2A},
	{.message = DEVICE_ECHO, .handle = device_echo, .params_max = UINT16_MAX},
};

/* ---- the other agent: known to the platform, but never there ---- */

static int nobody_start(void *ctx, const struct scmi_platform_sink *sink, void *channel)
{
	(void)ctx;
	(void)sink;
	(void)channel;
	return SCMI_OK;
}

static void nobody_stop(void *ctx)
{
	(void)ctx;
}

static void nobody_reply(void *ctx, struct scmi_request *req, uint32_t len)
{
	(void)ctx;
	(void)req;
	(void)len; /* nobody asks, so this is never called */
}

static const struct scmi_endpoint_ops nobody = {
	.version = SCMI_ENDPOINT_V1,
	.name = "nobody",
	.start = nobody_start,
	.stop = nobody_stop,
	.reply = nobody_reply,
};

/* ---- the platform ---- */

/* We may set everybody's permissions, our own included. */
static bool may_manage(void *arg, uint16_t caller, uint16_t agent)
{
	(void)arg;
	(void)agent;
	return caller == US;
}

static void fill_servers(struct sim *sim)
{
	sim->model = (struct scmi_base_model){
		.size = sizeof(sim->model),
		.vendor = "scmictl",
		.sub_vendor = "demo",
		.implementation_version = 0x00000100u,
		.devices = DEVICES,
		.permissions = sim->permissions,
		.permission_words = DEVICES * AGENTS,
		.may_manage = may_manage,
	};
	scmi_base_server(&sim->base, &sim->model);
	sim->device = (struct scmi_server){
		.size = sizeof(sim->device),
		.protocol = PROTOCOL_DEVICE,
		.version = SCMI_VERSION(1, 0),
		.attributes = DEVICES,
		.commands = device_commands,
		.commands_n = sizeof(device_commands) / sizeof(device_commands[0]),
		.model = sim,
	};
	sim->servers[0] = &sim->base;
	sim->servers[1] = &sim->device;
}

static void fill_agents(struct sim *sim)
{
	static const char *const names[AGENTS] = {"scmictl", "somebody else"};

	sim->endpoints[1] =
		(struct scmi_endpoint){.size = sizeof(sim->endpoints[1]), .max_payload = 64, .ops = &nobody};
	for (uint32_t i = 0; i < AGENTS; i++) {
		sim->agents[i] = (struct scmi_platform_agent){
			.size = sizeof(sim->agents[i]), .name = names[i], .endpoint = &sim->endpoints[i]};
	}
}

static int open_platform(struct sim *sim)
{
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = sim->servers,
		.servers_n = SERVERS,
		.agents = sim->agents,
		.agents_n = AGENTS,
		.log = show_log,
	};
	int err;

	fill_servers(sim);
	fill_agents(sim);
	err = scmi_platform_init(&sim->platform, sim->platform_memory, sizeof(sim->platform_memory), &config);
	return err == SCMI_OK ? scmi_platform_start(sim->platform) : err;
}

/* ---- the link ---- */

static int open_loopback(struct sim *sim, struct scmi_transport *transport)
{
	const struct scmi_loopback_config config = {
		.size = sizeof(config), .flags = sim->threaded ? SCMI_LOOPBACK_THREADED : 0u, .port = sim->port};
	size_t size = scmi_loopback_size(&config);

	sim->loopback_memory = malloc(size);
	if (sim->loopback_memory == NULL)
		return SCMI_E_NOMEM;
	return scmi_loopback_init(&sim->loopback, sim->loopback_memory, size, &config, transport, &sim->endpoints[0]);
}

/* ---- the platform's life ---- */

/* Goes to those who have asked; whether it arrives is their affair. */
static void read_hub(struct sim *sim, uint32_t reading)
{
	uint8_t event[READING_BYTES];

	if (reading % 4u == 3u) {
		(void)scmi_base_error_event(sim->platform, SCMI_ALL_AGENTS, SCMI_BASE_PLATFORM_ID, false, NULL, 0);
		return;
	}
	scmi_put_le32(event, HUB);
	scmi_put_le32(event + 4, reading);
	(void)scmi_platform_notify(sim->platform, SCMI_ALL_AGENTS, PROTOCOL_DEVICE, DEVICE_READING, event,
				   sizeof(event));
}

/* Serves, or only sleeps, until then or earlier. Returns whether life goes on. */
static bool attend(struct sim *sim, uint64_t until_us)
{
	const struct scmi_port *port = sim->port;

	if (sim->threaded)
		return scmi_loopback_serve(sim->loopback, until_us) >= 0;
	(void)port->event_wait(port->ctx, sim->ends, until_us);
	return !atomic_load(&sim->closing);
}

static void *live(void *arg)
{
	struct sim *sim = arg;
	uint64_t next = 0;
	uint32_t reading = 0;

	while (attend(sim, next)) {
		uint64_t now = sim->port->now_us(sim->port->ctx);

		if (now < next)
			continue;
		read_hub(sim, reading++);
		next = now + READING_US;
	}
	return NULL;
}

static int start_life(struct sim *sim)
{
	const struct scmi_port *port = sim->port;
	int err = port->event_init(port->ctx, sim->ends);

	if (err != SCMI_OK)
		return err;
	sim->lives = pthread_create(&sim->thread, NULL, live, sim) == 0;
	if (sim->lives)
		return SCMI_OK;
	port->event_fini(port->ctx, sim->ends);
	return SCMI_E_IO;
}

static void end_life(struct sim *sim)
{
	const struct scmi_port *port = sim->port;

	atomic_store(&sim->closing, true);
	port->event_signal(port->ctx, sim->ends);
	pthread_join(sim->thread, NULL);
	port->event_fini(port->ctx, sim->ends);
}

static void close_platform(struct sim *sim)
{
	(void)scmi_platform_stop(sim->platform); /* ends scmi_loopback_serve(), too */
	if (sim->lives)
		end_life(sim);
	if (sim->hanging != NULL)
		(void)scmi_request_reply(sim->hanging, SCMI_HARDWARE_ERROR);
	(void)scmi_platform_fini(sim->platform); /* no request is open */
}

/* Undoes what has been done so far, in reverse. */
static void close_sim(struct sim *sim)
{
	if (sim->platform != NULL)
		close_platform(sim);
	if (sim->loopback != NULL)
		scmi_loopback_fini(sim->loopback);
	free(sim->loopback_memory);
	free(sim);
}

static bool loopback_accepts(const char *rest)
{
	return rest[0] == '\0' || strcmp(rest, "threaded") == 0;
}

static int loopback_open(struct link *link, const char *rest, const struct scmi_port *port)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	int err;

	if (sim == NULL)
		return SCMI_E_NOMEM;
	sim->port = port;
	sim->threaded = rest[0] != '\0';
	err = open_loopback(sim, &link->transport);
	if (err == SCMI_OK)
		err = open_platform(sim);
	if (err == SCMI_OK)
		err = start_life(sim);
	if (err != SCMI_OK)
		close_sim(sim);
	else
		link->state = sim;
	return err;
}

static void loopback_close(struct link *link)
{
	close_sim(link->state);
}

const struct link_kind link_loopback = {
	.scheme = "loopback",
	.form = "loopback:[threaded]",
	.help = "a demonstration platform inside this program",
	.accepts = loopback_accepts,
	.open = loopback_open,
	.close = loopback_close,
};
