/* SPDX-License-Identifier: BSD-3-Clause */
/* A platform with one protocol of its own, and a listener of the scheme. */
#define _POSIX_C_SOURCE 200809L

#include "roles.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/platform.h>
#include <scmi/port/posix.h>
#include <scmi/server/base.h>

/* One delayed response for each agent. */
struct later {
	struct scmi_delayed delayed;
	uint8_t buf[4 + TRY_BYTES];
	uint8_t values[TRY_BYTES];
	atomic_uint due;
};

struct world {
	const struct scmi_scheme *scheme;
	void *listener;
	struct later later[ROLE_AGENTS];
	struct scmi_base_model model;
	struct scmi_server base;
	struct scmi_server own;
	const struct scmi_server *servers[2];
	struct scmi_platform_agent agents[ROLE_AGENTS];
	struct scmi_platform *platform;
	max_align_t memory[SCMI_PLATFORM_WORDS(ROLE_AGENTS, 2)];
};

static void echo_params(struct scmi_request *req, void *out)
{
	uint32_t words[TRY_BYTES / 4u];

	for (uint32_t i = 0; i < TRY_BYTES / 4u; i++)
		words[i] = scmi_request_u32(req, i);
	for (uint32_t i = 0; i < TRY_BYTES; i++)
		((uint8_t *)out)[i] = (uint8_t)(words[i / 4u] >> 8u * (i % 4u));
}

static int32_t echo(void *model, struct scmi_request *req)
{
	uint8_t values[TRY_BYTES];

	(void)model;
	echo_params(req, values);
	scmi_request_put_bytes(req, values, sizeof(values));
	return SCMI_SUCCESS;
}

static int32_t echo_later(void *model, struct scmi_request *req)
{
	struct world *w = model;
	struct later *l = &w->later[scmi_request_agent(req) - 1u];
	int32_t status = scmi_request_delay(req, &l->delayed);

	if (status != SCMI_SUCCESS)
		return status;
	echo_params(req, l->values);
	atomic_store(&l->due, 1u);
	return SCMI_SUCCESS;
}

static int32_t notify_me(void *model, struct scmi_request *req)
{
	(void)model;
	return scmi_request_notify(req, TRY_TOLD, scmi_request_u32(req, 0));
}

static const struct scmi_server_command commands[] = {
	{.handle = echo, .params_min = TRY_BYTES, .params_max = TRY_BYTES, .message = TRY_ECHO},
	{.handle = echo_later,
	 .params_min = TRY_BYTES,
	 .params_max = TRY_BYTES,
	 .message = TRY_LATER,
	 .flags = SCMI_COMMAND_P2A},
	{.handle = notify_me, .params_min = 4, .params_max = 4, .message = TRY_NOTIFY, .flags = SCMI_COMMAND_P2A},
};

static int start_platform(struct world *w)
{
	struct scmi_platform_config config = {.size = sizeof(config),
					      .servers = w->servers,
					      .servers_n = 2,
					      .agents = w->agents,
					      .agents_n = w->scheme->agents(w->listener)};
	int err;

	w->model = (struct scmi_base_model){.size = sizeof(w->model), .vendor = "process"};
	scmi_base_server(&w->base, &w->model);
	w->own = (struct scmi_server){.size = sizeof(w->own),
				      .protocol = TRY_PROTOCOL,
				      .commands = commands,
				      .commands_n = sizeof(commands) / sizeof(commands[0]),
				      .version = SCMI_VERSION(1, 0),
				      .model = w};
	w->servers[0] = &w->base;
	w->servers[1] = &w->own;
	for (uint32_t i = 0; i < config.agents_n; i++) {
		w->agents[i] = (struct scmi_platform_agent){.size = sizeof(w->agents[i]),
							    .endpoint = w->scheme->endpoint(w->listener, i)};
		w->later[i].delayed = (struct scmi_delayed){
			.size = sizeof(w->later[i].delayed), .cap = sizeof(w->later[i].buf), .buf = w->later[i].buf};
	}
	err = scmi_platform_init(&w->platform, w->memory, sizeof(w->memory), &config);
	return err == SCMI_OK ? scmi_platform_start(w->platform) : err;
}

/* What is due is sent from another thread than the one that serves. */
static void tick(struct world *w)
{
	static uint32_t n;
	const uint32_t word = n++;

	for (uint32_t i = 0; i < ROLE_AGENTS; i++) {
		if (atomic_exchange(&w->later[i].due, 0u) != 0)
			(void)scmi_delayed_send(&w->later[i].delayed, SCMI_SUCCESS, w->later[i].values, TRY_BYTES);
	}
	if (n % 4u == 0)
		(void)scmi_platform_notify(w->platform, SCMI_ALL_AGENTS, TRY_PROTOCOL, TRY_TOLD, &word, sizeof(word));
}

static void *serve(void *arg)
{
	const struct world *w = arg;

	if (w->scheme->run(w->listener) != SCMI_OK)
		abort();
	return NULL;
}

static void close_platform(struct world *w)
{
	(void)scmi_platform_stop(w->platform);
	tick(w);
	if (scmi_platform_fini(w->platform) != SCMI_OK)
		abort();
}

int platform_role(const char *uri)
{
	char text[200] = "";
	const struct scmi_why why = {text, sizeof(text)};
	struct report r = {.good = 0};
	struct world *w = calloc(1, sizeof(*w));
	struct scmi_posix posix;
	struct scmi_port port;
	pthread_t thread;
	int question = 0;

	if (w == NULL || scmi_posix_init(&posix, &port) != SCMI_OK || (w->scheme = scheme_of(&uri)) == NULL)
		return 1;
	if (w->scheme->listen(&w->listener, uri, &port, &why) != SCMI_OK) {
		(void)fprintf(stderr, "platform: %s\n", text);
		return 1;
	}
	if (start_platform(w) != SCMI_OK || pthread_create(&thread, NULL, serve, w) != 0)
		return 1;
	while (question != ASK_END && question != -1) {
		question = next_question(1);
		if (question == ASK_REPORT)
			answer(&r);
		tick(w);
	}
	w->scheme->end(w->listener);
	pthread_join(thread, NULL);
	close_platform(w);
	w->scheme->unlisten(w->listener);
	scmi_posix_fini(&posix);
	free(w);
	return 0;
}
