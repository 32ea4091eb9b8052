/* SPDX-License-Identifier: BSD-3-Clause */
/* From the listeners to the platform behind them, and back. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <scmi/open.h>
#include <scmi/port/posix.h>

#include "../sim/host.h"
#include "scmid.h"

#define NAME_BYTES 16u
#define WHY_BYTES  512u
#define US_PER_S   1000000u

struct daemon {
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_listener *listeners[LISTENERS_MAX];
	uint32_t listeners_n;
	struct scmi_platform_agent *agents;
	char (*names)[NAME_BYTES];
	uint32_t agents_n;
	struct sim_host *host;
	pthread_t thread; /* that lives */
	atomic_bool failed;
};

static enum outcome fail(const char *what, const char *why)
{
	fprintf(stderr, "scmid: %s: %s\n", what, why);
	return FAILED;
}

static void show_log(void *arg, enum scmi_log_level level, const char *text)
{
	(void)arg;
	if (level <= SCMI_LOG_WARNING)
		fprintf(stderr, "scmid: %s\n", text);
}

/* For the one thread that sleeps until a signal comes; any other. */
static void wake(void *arg)
{
	struct daemon *d = arg;

	(void)pthread_kill(d->thread, WAKE);
}

/* Which one it was, and why, is told when it is stopped. */
static void take_failure(void *arg, int err)
{
	struct daemon *d = arg;

	(void)err;
	atomic_store(&d->failed, true);
	wake(d);
}

/* ---- names ---- */

static enum outcome open_listener(struct daemon *d, const char *uri)
{
	char why[WHY_BYTES] = "";
	const struct scmi_open_config config = {
		.size = sizeof(config),
		.why = {.text = why, .len = sizeof(why)},
		.failed = take_failure,
		.failed_arg = d,
	};
	int err = scmi_listen(&d->listeners[d->listeners_n], uri, &config, &d->port);

	if (err == SCMI_OK) {
		d->listeners_n++;
		return GOOD;
	}
	(void)fail(uri, why[0] != '\0' ? why : scmi_strerror(err));
	return err == SCMI_E_INVAL || err == SCMI_E_NOTFOUND || err == SCMI_E_NOTSUP ? MISUSED : FAILED;
}

/* The listeners' endpoints are the agents of one platform. */
static enum outcome count_agents(struct daemon *d)
{
	for (uint32_t i = 0; i < d->listeners_n; i++)
		d->agents_n += scmi_listener_agents(d->listeners[i]);
	if (d->agents_n > SCMI_PLATFORM_AGENTS_MAX) {
		fprintf(stderr, "scmid: %u agents, but a platform has %u at most: see agents=N of a link\n",
			d->agents_n, SCMI_PLATFORM_AGENTS_MAX);
		return MISUSED;
	}
	d->agents = calloc(d->agents_n, sizeof(*d->agents));
	d->names = calloc(d->agents_n, sizeof(*d->names));
	return d->agents != NULL && d->names != NULL ? GOOD : fail("agents", "no memory left");
}

static void fill_agents(struct daemon *d)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->listeners_n; i++) {
		for (uint32_t j = 0; j < scmi_listener_agents(d->listeners[i]); j++, n++) {
			snprintf(d->names[n], NAME_BYTES, "agent-%u", n + 1u);
			d->agents[n] = (struct scmi_platform_agent){
				.size = sizeof(d->agents[n]),
				.name = d->names[n],
				.endpoint = scmi_listener_endpoint(d->listeners[i], j),
			};
		}
	}
}

static enum outcome open_listeners(struct daemon *d, const struct options *options)
{
	enum outcome outcome = GOOD;

	for (uint32_t i = 0; i < options->uris_n && outcome == GOOD; i++)
		outcome = open_listener(d, options->uris[i]);
	if (outcome == GOOD)
		outcome = count_agents(d);
	if (outcome == GOOD)
		fill_agents(d);
	return outcome;
}

/* ---- the platform ---- */

static enum outcome open_host(struct daemon *d, const struct options *options)
{
	const struct sim_host_config config = {
		.set = sim_find_set(options->set),
		.vendor = "scmid",
		.agents = d->agents,
		.agents_n = d->agents_n,
		.port = &d->port,
		.log = show_log,
		.wake = wake,
		.wake_arg = d,
	};
	int err = sim_host_open(&d->host, &config);

	return err == SCMI_OK ? GOOD : fail("platform", scmi_strerror(err));
}

static enum outcome start(struct daemon *d)
{
	for (uint32_t i = 0; i < d->listeners_n; i++) {
		int err = scmi_listener_start(d->listeners[i]);

		if (err != SCMI_OK)
			return fail("thread", scmi_strerror(err));
	}
	return GOOD;
}

/* Sleeps until then, SCMI_NEVER: without limit, or a signal. Returns its number, or -1. */
static int sleep_until(const struct daemon *d, const sigset_t *signals, uint64_t until_us)
{
	uint64_t now = d->port.now_us(d->port.ctx);
	uint64_t left = until_us > now ? until_us - now : 0;
	const struct timespec nap = {.tv_sec = (time_t)(left / US_PER_S), .tv_nsec = (long)(left % US_PER_S * 1000u)};

	return until_us == SCMI_NEVER ? sigwaitinfo(signals, NULL) : sigtimedwait(signals, NULL, &nap);
}

/* The device's life, in between the looks for a signal. */
static void live(struct daemon *d, const sigset_t *signals)
{
	int sig;

	do
		sig = sleep_until(d, signals, sim_host_turn(d->host));
	while ((sig < 0 || sig == WAKE) && !atomic_load(&d->failed));
}

/* A thread that had ended by itself is told of. */
static enum outcome stop(const struct daemon *d, const struct options *options)
{
	enum outcome outcome = GOOD;

	for (uint32_t i = d->listeners_n; i-- > 0;) {
		int err = scmi_listener_stop(d->listeners[i]);

		if (err != SCMI_OK)
			outcome = fail(options->uris[i], scmi_strerror(err));
	}
	return outcome;
}

/* Undoes what has been done so far, in reverse; the names go last, when the platform is at rest. */
static void close_all(struct daemon *d)
{
	if (d->host != NULL)
		sim_host_close(d->host);
	for (uint32_t i = d->listeners_n; i-- > 0;)
		(void)scmi_listener_close(d->listeners[i]);
	free(d->names);
	free(d->agents);
	scmi_posix_fini(&d->posix);
}

enum outcome serve(const struct options *options, const sigset_t *signals)
{
	struct daemon d = {.thread = pthread_self()};
	int err = scmi_posix_init(&d.posix, &d.port);
	enum outcome outcome;
	enum outcome stopped;

	if (err != SCMI_OK)
		return fail("port", scmi_strerror(err));
	outcome = open_listeners(&d, options);
	if (outcome == GOOD)
		outcome = open_host(&d, options);
	if (outcome == GOOD)
		outcome = start(&d);
	if (outcome == GOOD) {
		notify_manager("READY=1");
		live(&d, signals);
		notify_manager("STOPPING=1");
	}
	stopped = stop(&d, options);
	close_all(&d);
	return outcome == GOOD ? stopped : outcome;
}
