/* SPDX-License-Identifier: BSD-3-Clause */
/* The platform around the simulated device. */
#include <pthread.h>
#include <stdlib.h>

#include <scmi/message.h>
#include <scmi/server/base.h>

#include "host.h"
#include "rest.h"

#define PROTOCOL_DEVICE 0x80u
#define DEVICE_NAME     3u
#define DEVICE_FAIL     4u
#define DEVICE_HANG     5u
#define DEVICE_NOTIFY   6u
#define DEVICE_ECHO     7u

#define DEVICE_READING 0u /* notification */
#define READING_BYTES  8u

#define SERVERS 4u
#define DEVICES 2u
#define MANAGER 1u /* the agent that may set permissions */
#define HUB     1u /* the device that is read */

#define READING_US 50000u /* from one to the next */

static const char *const device_names[DEVICES] = {"uart", "sensor hub"};

struct sim_host {
	struct sim_host_config config;
	struct scmi_base_model model;
	uint32_t *permissions;
	struct scmi_server base;
	struct scmi_server device;
	struct sim *sim; /* clocks and sensors */
	struct sim_rest rest;
	const struct scmi_server *servers[SERVERS];
	struct scmi_platform *platform;
	void *memory;
	pthread_mutex_t lock;          /* of hanging */
	struct scmi_request **hanging; /* of each agent, or NULL */
	uint64_t tick_us;              /* when the next one is due */
	uint64_t reading_us;
	uint32_t readings;
};

/* ---- the devices ---- */

/* The device that a request names, if there is one and the agent may use it. */
static int32_t find_device(const struct sim_host *host, const struct scmi_request *req, uint32_t *device)
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
	struct sim_host *host = model;
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
	struct sim_host *host = model;
	struct scmi_request **hanging = &host->hanging[scmi_request_agent(req) - 1u];
	uint32_t device;
	int32_t status = find_device(host, req, &device);

	if (status != SCMI_SUCCESS)
		return status;
	pthread_mutex_lock(&host->lock);
	status = *hanging != NULL ? SCMI_BUSY : SCMI_REQUEST_LATER;
	if (*hanging == NULL)
		*hanging = req;
	pthread_mutex_unlock(&host->lock);
	return status;
}

/* The agent has gone, or begins anew: what it has left behind is its endpoint's again. */
static void let_go(void *model, uint16_t agent)
{
	struct sim_host *host = model;
	struct scmi_request *req;

	pthread_mutex_lock(&host->lock);
	req = host->hanging[agent - 1u];
	host->hanging[agent - 1u] = NULL;
	pthread_mutex_unlock(&host->lock);
	if (req != NULL)
		(void)scmi_request_reply(req, SCMI_HARDWARE_ERROR);
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

/* ---- the platform ---- */

static bool may_manage(void *arg, uint16_t caller, uint16_t agent)
{
	(void)arg;
	(void)agent;
	return caller == MANAGER;
}

static void fill_servers(struct sim_host *host)
{
	host->model = (struct scmi_base_model){
		.size = sizeof(host->model),
		.vendor = host->config.vendor,
		.sub_vendor = "demo",
		.implementation_version = 0x00000100u,
		.devices = DEVICES,
		.permissions = host->permissions,
		.permission_words = DEVICES * host->config.agents_n,
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
		.reset = let_go,
	};
	host->servers[0] = &host->base;
	host->servers[1] = sim_clock_server(host->sim);
	host->servers[2] = sim_sensor_server(host->sim);
	host->servers[3] = &host->device;
}

static int open_platform(struct sim_host *host)
{
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = host->servers,
		.servers_n = SERVERS,
		.agents = host->config.agents,
		.agents_n = host->config.agents_n,
		.log = host->config.log,
		.log_arg = host->config.log_arg,
		.trace = host->config.wake != NULL ? sim_rest_trace : NULL,
		.trace_arg = &host->rest,
	};
	size_t size = scmi_platform_size(&config);
	int err;

	host->memory = malloc(size != 0 ? size : 1u); /* 0: init tells why */
	if (host->memory == NULL)
		return SCMI_E_NOMEM;
	err = scmi_platform_init(&host->platform, host->memory, size, &config);
	if (err != SCMI_OK)
		return err;
	err = scmi_platform_start(host->platform);
	if (err == SCMI_OK)
		return err;
	(void)scmi_platform_fini(host->platform);
	host->platform = NULL;
	return err;
}

static int open_parts(struct sim_host *host)
{
	uint32_t agents = host->config.agents_n;
	int err;

	host->permissions = calloc(DEVICES * (size_t)agents, sizeof(*host->permissions));
	host->hanging = calloc(agents, sizeof(struct scmi_request *));
	if (host->permissions == NULL || host->hanging == NULL)
		return SCMI_E_NOMEM;
	err = sim_open(&host->sim, host->config.set, host->config.file, agents, host->config.port);
	if (err == SCMI_OK)
		err = sim_rest_open(&host->rest, host->sim, agents, host->config.wake, host->config.wake_arg);
	if (err != SCMI_OK)
		return err;
	fill_servers(host);
	return open_platform(host);
}

int sim_host_open(struct sim_host **host, const struct sim_host_config *config)
{
	struct sim_host *new = calloc(1, sizeof(*new));
	int err;

	if (new == NULL)
		return SCMI_E_NOMEM;
	if (pthread_mutex_init(&new->lock, NULL) != 0) {
		free(new);
		return SCMI_E_IO;
	}
	new->config = *config;
	err = open_parts(new);
	if (err == SCMI_OK)
		*host = new;
	else
		sim_host_close(new);
	return err;
}

void sim_host_stop(struct sim_host *host)
{
	(void)scmi_platform_stop(host->platform);
}

static void close_platform(struct sim_host *host)
{
	sim_host_stop(host);
	sim_end(host->sim);
	for (uint32_t i = 1; i <= host->config.agents_n; i++)
		let_go(host, (uint16_t)i);
	(void)scmi_platform_fini(host->platform); /* no request is open */
}

/* Undoes what has been done so far, in reverse. */
void sim_host_close(struct sim_host *host)
{
	if (host->platform != NULL)
		close_platform(host);
	free(host->memory);
	if (host->sim != NULL)
		sim_close(host->sim);
	sim_rest_close(&host->rest);
	free(host->hanging);
	free(host->permissions);
	pthread_mutex_destroy(&host->lock);
	free(host);
}

/* ---- its life ---- */

/* Goes to those who have asked; whether it arrives is their affair. */
static void read_hub(struct sim_host *host, uint32_t reading)
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

uint64_t sim_host_turn(struct sim_host *host)
{
	uint64_t now = host->config.port->now_us(host->config.port->ctx);

	if (now < host->tick_us)
		return host->tick_us;
	sim_rest_begin(&host->rest);
	sim_tick(host->sim);
	host->tick_us = now + SIM_TICK_US;
	if (now >= host->reading_us) {
		read_hub(host, host->readings++);
		host->reading_us = now + READING_US;
	}
	return sim_rest_end(&host->rest, now) ? SCMI_NEVER : host->tick_us;
}
