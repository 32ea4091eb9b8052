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
	void (*failed)(void *arg, int err);
	void *failed_arg;
	pthread_mutex_t mutex; /* of the two below: a handler may try to stop the listener that it runs on */
	pthread_t thread;
	bool runs;
	int err; /* with which the thread has ended; its own until it is joined */
	atomic_bool ending;
};

static struct scmi_listener *make(int *err)
{
	struct scmi_listener *l = calloc(1, sizeof(*l));

	*err = l == NULL ? SCMI_E_NOMEM : SCMI_OK;
	if (l == NULL || pthread_mutex_init(&l->mutex, NULL) == 0)
		return l;
	*err = SCMI_E_IO;
	free(l);
	return NULL;
}

static void forget(struct scmi_listener *l)
{
	if (l != NULL)
		pthread_mutex_destroy(&l->mutex);
	free(l);
}

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
	l = make(&err);
	if (l != NULL)
		err = parts.scheme->listen(&l->listener, parts.rest, port, &reason.why);
	scmi__uri_free(&parts);
	if (err != SCMI_OK) {
		forget(l);
		return scmi__reason_end(&reason, err, why);
	}
	l->scheme = parts.scheme;
	if (config != NULL) {
		l->failed = config->failed;
		l->failed_arg = config->failed_arg;
	}
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
	do
		l->err = l->scheme->run(l->listener);
	while (l->err == SCMI_OK && !atomic_load(&l->ending));
	if (l->err != SCMI_OK && l->failed != NULL)
		l->failed(l->failed_arg, l->err);
	return NULL;
}

int scmi_listener_start(struct scmi_listener *listener)
{
	int err = SCMI_E_INVAL;

	if (listener == NULL)
		return err;
	pthread_mutex_lock(&listener->mutex);
	if (!listener->runs) {
		atomic_store(&listener->ending, false);
		err = scmi__thread_start(&listener->thread, run, listener);
		listener->runs = err == SCMI_OK;
	}
	pthread_mutex_unlock(&listener->mutex);
	return err;
}

/*
 * Makes a thread that runs this caller's affair: SCMI_OK; SCMI_E_NOTFOUND, there is none; SCMI_E_CONTEXT, it is this
 * one.
 */
static int take_thread(struct scmi_listener *l)
{
	int err = SCMI_E_NOTFOUND;

	pthread_mutex_lock(&l->mutex);
	if (l->runs)
		err = pthread_equal(l->thread, pthread_self()) ? SCMI_E_CONTEXT : SCMI_OK;
	if (err == SCMI_OK)
		l->runs = false;
	pthread_mutex_unlock(&l->mutex);
	return err;
}

int scmi_listener_stop(struct scmi_listener *listener)
{
	int err = listener != NULL ? take_thread(listener) : SCMI_E_NOTFOUND;

	if (err != SCMI_OK)
		return err == SCMI_E_NOTFOUND ? SCMI_OK : err;
	atomic_store(&listener->ending, true);
	listener->scheme->end(listener->listener);
	(void)pthread_join(listener->thread, NULL);
	return listener->err;
}

int scmi_listener_close(struct scmi_listener *listener)
{
	if (listener == NULL)
		return SCMI_OK;
	if (scmi_listener_stop(listener) == SCMI_E_CONTEXT)
		return SCMI_E_CONTEXT;
	listener->scheme->unlisten(listener->listener);
	forget(listener);
	return SCMI_OK;
}
