/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How others talk to a reactor.
 *
 * Agents, descriptors and times belong to its thread alone. add, remove and destroy hand it a request and wait until it
 * has carried that out between two turns: so no agent is ever taken off in the middle of a poll.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>

#include "reactor.h"

void scmi_reactor_wake(void *reactor)
{
	struct scmi_reactor *r = reactor;

	/* acq_rel on both sides: what was published before this is seen by whoever takes the flag. */
	if (!atomic_exchange_explicit(&r->woken, true, memory_order_acq_rel))
		scmi__signal_raise(&r->signal);
}

static bool is_own_thread(const struct scmi_reactor *r)
{
	return pthread_equal(pthread_self(), r->thread) != 0;
}

/* Hands the request over, after those of others, and waits for its end. */
static int ask(struct scmi_reactor *r, struct scmi__request *request)
{
	pthread_mutex_lock(&r->mutex);
	while (r->request != NULL)
		pthread_cond_wait(&r->changed, &r->mutex);
	r->request = request;
	scmi_reactor_wake(r);
	while (!request->done)
		pthread_cond_wait(&r->changed, &r->mutex);
	pthread_mutex_unlock(&r->mutex);
	return request->err;
}

static int open_sleeper(struct scmi_reactor *r)
{
	int err = scmi__signal_open(&r->signal);

	if (err != SCMI_OK)
		return err;
	r->sleeper = scmi__sleeper_ops.open();
	err = r->sleeper != NULL ? scmi__sleeper_ops.watch(r->sleeper, r->signal.out, &r->signalled) : SCMI_E_IO;
	if (err == SCMI_OK)
		return SCMI_OK;
	if (r->sleeper != NULL)
		scmi__sleeper_ops.close(r->sleeper);
	scmi__signal_close(&r->signal);
	return err;
}

static void close_sleeper(struct scmi_reactor *r)
{
	scmi__sleeper_ops.close(r->sleeper);
	scmi__signal_close(&r->signal);
}

static int init_mutex(struct scmi_reactor *r)
{
	if (pthread_mutex_init(&r->mutex, NULL) != 0)
		return SCMI_E_IO;
	if (pthread_cond_init(&r->changed, NULL) == 0)
		return SCMI_OK;
	pthread_mutex_destroy(&r->mutex);
	return SCMI_E_IO;
}

static void fini_mutex(struct scmi_reactor *r)
{
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->mutex);
}

static int init(struct scmi_reactor *r)
{
	int err = init_mutex(r);

	if (err != SCMI_OK)
		return err;
	err = open_sleeper(r);
	if (err == SCMI_OK) {
		err = scmi__thread_start(&r->thread, scmi__reactor_run, r);
		if (err != SCMI_OK)
			close_sleeper(r);
	}
	if (err != SCMI_OK)
		fini_mutex(r);
	return err;
}

int scmi_reactor_create(struct scmi_reactor **reactor)
{
	struct scmi_reactor *r;
	int err;

	if (reactor == NULL)
		return SCMI_E_INVAL;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return SCMI_E_IO;
	err = init(r);
	if (err == SCMI_OK)
		*reactor = r;
	else
		free(r);
	return err;
}

int scmi_reactor_destroy(struct scmi_reactor *reactor)
{
	struct scmi__request request = {.wish = WISH_QUIT};
	int err;

	if (reactor == NULL)
		return SCMI_E_INVAL;
	if (is_own_thread(reactor))
		return SCMI_E_CONTEXT;
	err = ask(reactor, &request);
	if (err != SCMI_OK)
		return err;
	pthread_join(reactor->thread, NULL);
	close_sleeper(reactor);
	fini_mutex(reactor);
	free(reactor);
	return SCMI_OK;
}

/* Can be left alone until its descriptor is readable, or for ever. */
static bool needs_no_poll(struct scmi_agent *agent, const struct scmi_transport *transport, uint32_t link)
{
	return (transport->caps & (SCMI_CAP_POLL | SCMI_CAP_IRQ)) != SCMI_CAP_POLL || scmi_agent_fd(agent, link) >= 0;
}

static int check(const struct scmi_reactor *r, struct scmi_agent *agent, const struct scmi_agent_config *config)
{
	if (r == NULL || agent == NULL || config == NULL || config->size != sizeof(*config) ||
	    config->links_n >= SCMI_LINKS_MAX || config->wake != scmi_reactor_wake || config->wake_arg != r)
		return SCMI_E_INVAL;
	if (!needs_no_poll(agent, config->transport, 0))
		return SCMI_E_NOTSUP;
	for (uint32_t i = 0; i < config->links_n; i++) {
		if (!needs_no_poll(agent, config->links[i].transport, i + 1u))
			return SCMI_E_NOTSUP;
	}
	return SCMI_OK;
}

int scmi_reactor_add(struct scmi_reactor *reactor, struct scmi_agent *agent, const struct scmi_agent_config *config)
{
	struct scmi__request request = {.wish = WISH_ADD};
	int err = check(reactor, agent, config);

	if (err != SCMI_OK)
		return err;
	if (is_own_thread(reactor))
		return SCMI_E_CONTEXT;
	request.entry = calloc(1, sizeof(*request.entry));
	if (request.entry == NULL)
		return SCMI_E_IO;
	request.entry->agent = agent;
	request.entry->port = config->port;
	request.entry->links = config->links_n + 1u;
	for (uint32_t i = 0; i < SCMI_LINKS_MAX; i++)
		request.entry->fds[i] = -1;
	err = ask(reactor, &request);
	if (err != SCMI_OK)
		free(request.entry);
	return err;
}

int scmi_reactor_remove(struct scmi_reactor *reactor, struct scmi_agent *agent)
{
	struct scmi__request request = {.wish = WISH_REMOVE, .agent = agent};

	if (reactor == NULL || agent == NULL)
		return SCMI_E_INVAL;
	if (is_own_thread(reactor))
		return SCMI_E_CONTEXT;
	return ask(reactor, &request);
}
