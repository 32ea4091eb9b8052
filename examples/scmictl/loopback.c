/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scheme "loopback:": a platform inside this program, to try scmictl on. The simulated device of ../sim and two
 * agents, of which we are the first. A thread is the platform's life.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/transport/loopback.h>

#include "../sim/host.h"
#include "scmictl.h"

#define AGENTS 2u

struct loopback {
	struct sim_host *host;
	char *file; /* what a sensor reads, or NULL */
	struct scmi_endpoint endpoints[AGENTS];
	struct scmi_platform_agent agents[AGENTS];
	struct scmi_loopback *loopback;
	void *memory;
	const struct scmi_port *port;
	pthread_t thread;
	bool lives;                                                   /* and the thread runs */
	bool threaded;                                                /* it serves requests, too */
	max_align_t ends[SCMI_EVENT_BYTES_MAX / sizeof(max_align_t)]; /* signalled when closing is set */
	atomic_bool closing;
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

/* ---- the link ---- */

static int open_loopback(struct loopback *l, struct scmi_transport *transport)
{
	const struct scmi_loopback_config config = {
		.size = sizeof(config), .flags = l->threaded ? SCMI_LOOPBACK_THREADED : 0u, .port = l->port};
	size_t size = scmi_loopback_size(&config);

	l->memory = malloc(size);
	if (l->memory == NULL)
		return SCMI_E_NOMEM;
	return scmi_loopback_init(&l->loopback, l->memory, size, &config, transport, &l->endpoints[0]);
}

static int open_host(struct loopback *l, const char *set)
{
	static const char *const names[AGENTS] = {"scmictl", "somebody else"};
	const struct sim_host_config config = {
		.set = sim_find_set(set),
		.file = l->file,
		.vendor = "scmictl",
		.agents = l->agents,
		.agents_n = AGENTS,
		.port = l->port,
		.log = show_log,
	};

	l->endpoints[1] = (struct scmi_endpoint){.size = sizeof(l->endpoints[1]), .max_payload = 64, .ops = &nobody};
	for (uint32_t i = 0; i < AGENTS; i++) {
		l->agents[i] = (struct scmi_platform_agent){
			.size = sizeof(l->agents[i]), .name = names[i], .endpoint = &l->endpoints[i]};
	}
	return sim_host_open(&l->host, &config);
}

/* ---- the platform's life ---- */

/* Serves, or only sleeps, until then or earlier. Returns whether life goes on. */
static bool attend(struct loopback *l, uint64_t until_us)
{
	const struct scmi_port *port = l->port;

	if (l->threaded)
		return scmi_loopback_serve(l->loopback, until_us) >= 0;
	(void)port->event_wait(port->ctx, l->ends, until_us);
	return !atomic_load(&l->closing);
}

static void *live(void *arg)
{
	struct loopback *l = arg;
	uint64_t due = 0;

	while (attend(l, due))
		due = sim_host_turn(l->host);
	return NULL;
}

static int start_life(struct loopback *l)
{
	const struct scmi_port *port = l->port;
	int err = port->event_init(port->ctx, l->ends);

	if (err != SCMI_OK)
		return err;
	l->lives = pthread_create(&l->thread, NULL, live, l) == 0;
	if (l->lives)
		return SCMI_OK;
	port->event_fini(port->ctx, l->ends);
	return SCMI_E_IO;
}

static void end_life(struct loopback *l)
{
	const struct scmi_port *port = l->port;

	atomic_store(&l->closing, true);
	port->event_signal(port->ctx, l->ends);
	pthread_join(l->thread, NULL);
	port->event_fini(port->ctx, l->ends);
}

/* Undoes what has been done so far, in reverse. */
static void close_all(struct loopback *l)
{
	if (l->host != NULL) {
		sim_host_stop(l->host); /* ends scmi_loopback_serve(), too */
		if (l->lives)
			end_life(l);
		sim_host_close(l->host);
	}
	if (l->loopback != NULL)
		scmi_loopback_fini(l->loopback);
	free(l->memory);
	free(l->file);
	free(l);
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

static int open_choice(struct loopback *l, const struct choice *choice, struct scmi_transport *transport)
{
	int err;

	l->threaded = choice->threaded;
	if (choice->file != NULL) {
		l->file = strdup(choice->file);
		if (l->file == NULL)
			return SCMI_E_NOMEM;
	}
	err = open_loopback(l, transport);
	if (err == SCMI_OK)
		err = open_host(l, choice->set);
	if (err == SCMI_OK)
		err = start_life(l);
	return err;
}

static int loopback_open(void **link, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
			 const struct scmi_why *why)
{
	struct choice choice;
	struct loopback *l;
	int err;

	if (!read_choice(&choice, rest)) {
		snprintf(why->text, why->len, "is not of the form " LOOPBACK_FORM);
		return SCMI_E_INVAL;
	}
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return SCMI_E_NOMEM;
	l->port = port;
	err = open_choice(l, &choice, transport);
	if (err != SCMI_OK)
		close_all(l);
	else
		*link = l;
	return err;
}

static void loopback_close(void *link)
{
	close_all(link);
}

const struct scmi_scheme loopback_scheme = {
	.version = SCMI_SCHEME_V1,
	.name = "loopback",
	.help = "a demonstration platform inside this program",
	.open = loopback_open,
	.close = loopback_close,
};
