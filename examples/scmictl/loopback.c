/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link "loopback:": a platform inside this program, to try scmictl on. Simulated clocks and sensors (../sim), two
 * agents, of which we are the first, two devices, and a protocol of the vendor's, 0x80, that shows what else may be:
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/message.h>
#include <scmi/platform.h>
#include <scmi/server/base.h>
#include <scmi/transport/loopback.h>

#include "../sim/sim.h"
#include "scmictl.h"

#define PROTOCOL_DEVICE 0x80u
#define DEVICE_NAME     3u
#define DEVICE_FAIL     4u
#define DEVICE_HANG     5u
#define DEVICE_NOTIFY   6u
#define DEVICE_ECHO     7u

#define DEVICE_READING 0u /* notification */
#define READING_BYTES  8u

#define SERVERS 4u
#define AGENTS  2u
#define DEVICES 2u
#define US      1u /* our agent's id */
#define HUB     1u /* the device that is read */

#define READING_US 50000u /* from one to the next */

static const char *const device_names[DEVICES] = {"uart", "sensor hub"};

struct host {
	struct scmi_base_model model;
	uint32_t permissions[DEVICES * AGENTS];
	struct scmi_server base;
	struct scmi_server device;
	struct sim *sim; /* clocks and sensors */
	char *file;      /* what one of them reads, or NULL */
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
static int32_t find_device(const struct host *host, const struct scmi_request *req, uint32_t *device)
{
	*device = scmi_request_u32(req, 0);
	if (*device >= DEVICES)
		return SCMI_NOT_FOUND;
	if (!scmi_base_allowed(&host->model, scmi_request_agent(req), PROTOCOL_DEVICE, *device))
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
	struct host *host = model;
	uint32_t device;
	int32_t status = find_device(host, req, &device);
	uint64_t report = (uint64_t)(uint32_t)SCMI_HARDWARE_ERROR << 32 | req->hdr;

	if (status != SCMI_SUCCESS)
		return status;
	/* Whether it arrives is not the command's affair. */
	(void)scmi_base_error_event(host->platform, SCMI_ALL_AGENTS, scmi_request_agent(req), false, &report, 1);
	return SCMI_HARDWARE_ERROR;
}

static int32_t device_hang(void *model, struct scmi_request *req)
{
	struct host *host = model;
	uint32_t device;
	int32_t status = find_device(host, req, &device);

	if (status != SCMI_SUCCESS)
		return status;
	if (host->hanging != NULL)
		return SCMI_BUSY;
	host->hanging = req;
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

static void fill_servers(struct host *host)
{
	host->model = (struct scmi_base_model){
		.size = sizeof(host->model),
		.vendor = "scmictl",
		.sub_vendor = "demo",
		.implementation_version = 0x00000100u,
		.devices = DEVICES,
		.permissions = host->permissions,
		.permission_words = DEVICES * AGENTS,
		.may_manage = may_manage,
	};
	scmi_base_server(&host->base, &host->model);
	host->device = (struct scmi_server){
		.size = sizeof(host->device),
		.protocol = PROTOCOL_DEVICE,
		.version = SCMI_VERSION(1, 0),
		.attributes = DEVICES,
		.commands = device_commands,
		.commands_n = sizeof(device_commands) / sizeof(device_commands[0]),
		.model = host,
	};
	host->servers[0] = &host->base;
	host->servers[1] = sim_clock_server(host->sim);
	host->servers[2] = sim_sensor_server(host->sim);
	host->servers[3] = &host->device;
}

static void fill_agents(struct host *host)
{
	static const char *const names[AGENTS] = {"scmictl", "somebody else"};

	host->endpoints[1] =
		(struct scmi_endpoint){.size = sizeof(host->endpoints[1]), .max_payload = 64, .ops = &nobody};
	for (uint32_t i = 0; i < AGENTS; i++) {
		host->agents[i] = (struct scmi_platform_agent){
			.size = sizeof(host->agents[i]), .name = names[i], .endpoint = &host->endpoints[i]};
	}
}

static int open_platform(struct host *host)
{
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = host->servers,
		.servers_n = SERVERS,
		.agents = host->agents,
		.agents_n = AGENTS,
		.log = show_log,
	};
	int err;

	fill_servers(host);
	fill_agents(host);
	err = scmi_platform_init(&host->platform, host->platform_memory, sizeof(host->platform_memory), &config);
	return err == SCMI_OK ? scmi_platform_start(host->platform) : err;
}

/* ---- the link ---- */

static int open_loopback(struct host *host, struct scmi_transport *transport)
{
	const struct scmi_loopback_config config = {
		.size = sizeof(config), .flags = host->threaded ? SCMI_LOOPBACK_THREADED : 0u, .port = host->port};
	size_t size = scmi_loopback_size(&config);

	host->loopback_memory = malloc(size);
	if (host->loopback_memory == NULL)
		return SCMI_E_NOMEM;
	return scmi_loopback_init(&host->loopback, host->loopback_memory, size, &config, transport,
				  &host->endpoints[0]);
}

/* ---- the platform's life ---- */

/* Goes to those who have asked; whether it arrives is their affair. */
static void read_hub(struct host *host, uint32_t reading)
{
	uint8_t event[READING_BYTES];

	if (reading % 4u == 3u) {
		(void)scmi_base_error_event(host->platform, SCMI_ALL_AGENTS, SCMI_BASE_PLATFORM_ID, false, NULL, 0);
		return;
	}
	scmi_put_le32(event, HUB);
	scmi_put_le32(event + 4, reading);
	(void)scmi_platform_notify(host->platform, SCMI_ALL_AGENTS, PROTOCOL_DEVICE, DEVICE_READING, event,
				   sizeof(event));
}

/* Serves, or only sleeps, until then or earlier. Returns whether life goes on. */
static bool attend(struct host *host, uint64_t until_us)
{
	const struct scmi_port *port = host->port;

	if (host->threaded)
		return scmi_loopback_serve(host->loopback, until_us) >= 0;
	(void)port->event_wait(port->ctx, host->ends, until_us);
	return !atomic_load(&host->closing);
}

static void *live(void *arg)
{
	struct host *host = arg;
	uint64_t tick = 0;
	uint64_t reading = 0;
	uint32_t readings = 0;

	while (attend(host, tick)) {
		uint64_t now = host->port->now_us(host->port->ctx);

		if (now < tick)
			continue;
		sim_tick(host->sim);
		tick = now + SIM_TICK_US;
		if (now < reading)
			continue;
		read_hub(host, readings++);
		reading = now + READING_US;
	}
	return NULL;
}

static int start_life(struct host *host)
{
	const struct scmi_port *port = host->port;
	int err = port->event_init(port->ctx, host->ends);

	if (err != SCMI_OK)
		return err;
	host->lives = pthread_create(&host->thread, NULL, live, host) == 0;
	if (host->lives)
		return SCMI_OK;
	port->event_fini(port->ctx, host->ends);
	return SCMI_E_IO;
}

static void end_life(struct host *host)
{
	const struct scmi_port *port = host->port;

	atomic_store(&host->closing, true);
	port->event_signal(port->ctx, host->ends);
	pthread_join(host->thread, NULL);
	port->event_fini(port->ctx, host->ends);
}

static void close_platform(struct host *host)
{
	(void)scmi_platform_stop(host->platform); /* ends scmi_loopback_serve(), too */
	if (host->lives)
		end_life(host);
	sim_end(host->sim);
	if (host->hanging != NULL)
		(void)scmi_request_reply(host->hanging, SCMI_HARDWARE_ERROR);
	(void)scmi_platform_fini(host->platform); /* no request is open */
}

/* Undoes what has been done so far, in reverse. */
static void close_host(struct host *host)
{
	if (host->platform != NULL)
		close_platform(host);
	if (host->loopback != NULL)
		scmi_loopback_fini(host->loopback);
	free(host->loopback_memory);
	if (host->sim != NULL)
		sim_close(host->sim);
	free(host->file);
	free(host);
}

/* ---- the URI ---- */

#define SET_BYTES 16u

/* What stands behind the colon: words with commas between them. */
struct choice {
	char set[SET_BYTES];
	bool threaded;
	const char *file; /* its first byte in the URI, or NULL; it ends with the URI */
};

/* A word of len bytes. Returns whether there is such a word. */
static bool choose(struct choice *choice, const char *word, size_t len)
{
	static const char threaded[] = "threaded";
	char set[SET_BYTES];

	if (len == sizeof(threaded) - 1u && memcmp(word, threaded, len) == 0) {
		choice->threaded = true;
		return true;
	}
	snprintf(set, sizeof(set), "%.*s", (int)len, word);
	if (len >= sizeof(set) || sim_find_set(set) == NULL)
		return false;
	memcpy(choice->set, set, sizeof(set));
	return true;
}

static bool read_choice(struct choice *choice, const char *rest)
{
	static const char file[] = "file=";

	*choice = (struct choice){.set = "demo"};
	while (rest[0] != '\0') {
		size_t len = strcspn(rest, ",");

		if (strncmp(rest, file, sizeof(file) - 1u) == 0) {
			choice->file = rest + sizeof(file) - 1u;
			return choice->file[0] != '\0';
		}
		if (!choose(choice, rest, len) || (rest[len] == ',' && rest[len + 1u] == '\0'))
			return false;
		rest += len + (rest[len] == ',');
	}
	return true;
}

static bool loopback_accepts(const char *rest)
{
	struct choice choice;

	return read_choice(&choice, rest);
}

static int open_sim(struct host *host, const struct choice *choice)
{
	host->threaded = choice->threaded;
	if (choice->file != NULL) {
		host->file = strdup(choice->file);
		if (host->file == NULL)
			return SCMI_E_NOMEM;
	}
	return sim_open(&host->sim, sim_find_set(choice->set), host->file, AGENTS, host->port);
}

static int loopback_open(struct link *link, const char *rest, const struct scmi_port *port)
{
	struct host *host = calloc(1, sizeof(*host));
	struct choice choice;
	int err;

	if (host == NULL)
		return SCMI_E_NOMEM;
	host->port = port;
	(void)read_choice(&choice, rest); /* accepted already */
	err = open_sim(host, &choice);
	if (err == SCMI_OK)
		err = open_loopback(host, &link->transport);
	if (err == SCMI_OK)
		err = open_platform(host);
	if (err == SCMI_OK)
		err = start_life(host);
	if (err != SCMI_OK)
		close_host(host);
	else
		link->state = host;
	return err;
}

static void loopback_close(struct link *link)
{
	close_host(link->state);
}

const struct link_kind link_loopback = {
	.scheme = "loopback",
	.form = "loopback:[demo|linux|many][,threaded][,file=PATH]",
	.help = "a demonstration platform inside this program",
	.accepts = loopback_accepts,
	.open = loopback_open,
	.close = loopback_close,
};
