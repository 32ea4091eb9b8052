/* SPDX-License-Identifier: BSD-3-Clause */
/* The platform's side: a scheme's listener and the thread that it runs on. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "internal.h"
#include "scheme.h"

struct scmi_listener {
	const struct scmi_scheme *scheme;
	void *listener; /* the scheme's */
	pthread_t thread;
	bool runs;
	atomic_bool ending;
};

int scmi_listen(struct scmi_listener **listener, const char *uri, const struct scmi_open_config *config,
		const struct scmi_port *port)
{
	const struct scmi_why *why = config != NULL ? &config->why : NULL;
	struct scmi_listener *l;
	struct scmi__reason reason;
	struct scmi__uri parts;
	int err;

	if (listener == NULL || uri == NULL || (config != NULL && config->size != sizeof(*config)) ||
	    scmi_port_check(port) != SCMI_OK)
		return SCMI_E_INVAL;
	scmi__reason_begin(&reason);
	err = scmi__uri_read(&parts, uri, config, false, why);
	if (err != SCMI_OK)
		return err;
	l = calloc(1, sizeof(*l));
	err = l != NULL ? parts.scheme->listen(&l->listener, parts.rest, port, &reason.why) : SCMI_E_NOMEM;
	scmi__uri_free(&parts);
	if (err != SCMI_OK) {
		free(l);
		return scmi__reason_end(&reason, err, why);
	}
	l->scheme = parts.scheme;
	*listener = l;
	return SCMI_OK;
}

uint32_t scmi_listener_agents(const struct scmi_listener *listener)
{
	return listener->scheme->agents(listener->listener);
}

const struct scmi_endpoint *scmi_listener_endpoint(const struct scmi_listener *listener, uint32_t i)
{
	return listener->scheme->endpoint(listener->listener, i);
}

/* An end() that met no run() may end the next one, so one that nobody has asked to end begins again. */
static void *run(void *arg)
{
	struct scmi_listener *l = arg;

	scmi__sleeper_ops.name_thread("scmi-listener");
	while (l->scheme->run(l->listener) == SCMI_OK && !atomic_load(&l->ending))
		;
	return NULL;
}

int scmi_listener_start(struct scmi_listener *listener)
{
	int err;

	if (listener == NULL || listener->runs)
		return SCMI_E_INVAL;
	atomic_store(&listener->ending, false);
	err = scmi__thread_start(&listener->thread, run, listener);
	listener->runs = err == SCMI_OK;
	return err;
}

void scmi_listener_stop(struct scmi_listener *listener)
{
	if (listener == NULL || !listener->runs || pthread_equal(listener->thread, pthread_self()))
		return;
	atomic_store(&listener->ending, true);
	listener->scheme->end(listener->listener);
	(void)pthread_join(listener->thread, NULL);
	listener->runs = false;
}

void scmi_listener_close(struct scmi_listener *listener)
{
	if (listener == NULL)
		return;
	scmi_listener_stop(listener);
	listener->scheme->unlisten(listener->listener);
	free(listener);
}
