/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent by URI: its port, its link, its memory. */
#include <stdint.h>
#include <stdlib.h>

#include <scmi/config.h>

#include "scheme.h"

#define EVENT_BUFFERS 8u
#define US_PER_MS     1000u
#define CHECK         ((uintptr_t)0x53434d49u) /* "SCMI" */

/* Stands in front of the agent's memory, so that the agent itself leads to it. */
union front {
	struct {
		struct scmi__sysport *system;
		struct scmi_hosted_link *link;
		struct scmi_agent *agent;
		uintptr_t check; /* of the agent's address: a safeguard against agents that are not ours */
	} is;
	max_align_t align[(4u * sizeof(void *) + sizeof(max_align_t) - 1u) / sizeof(max_align_t)];
};

/* What an agent is made of, before it is. */
struct making {
	struct scmi__uri uri;
	uint64_t until_us;
	const struct scmi_port *port;
	struct scmi_transport transport;
	union front is;
};

static uintptr_t check_of(const struct scmi_agent *agent)
{
	return (uintptr_t)agent ^ CHECK;
}

static int refuse(const struct scmi_why *why, const char *what, int err)
{
	scmi__tell_why(why, "%s: %s", what, scmi_strerror(err));
	return err;
}

static void configure(struct scmi_agent_config *agent, const struct scmi_open_config *config, const struct making *m)
{
	*agent = (struct scmi_agent_config){.size = sizeof(*agent)};
	if (config != NULL && config->agent != NULL)
		*agent = *config->agent;
	agent->transport = &m->transport;
	agent->port = m->port;
	if (SCMI_CONFIG_NOTIFICATIONS && agent->event_buffers == 0 && (m->transport.caps & SCMI_CAP_NOTIFY) != 0)
		agent->event_buffers = EVENT_BUFFERS;
	if ((m->uri.given & 1u << SCMI__RECONNECT) != 0)
		agent->options.reconnect_us = m->uri.value[SCMI__RECONNECT] * US_PER_MS;
}

static int start(const struct making *m, struct scmi_agent *agent)
{
	int err;

	do
		err = scmi_agent_start(agent);
	while (err == SCMI_E_NOPEER && scmi__try_again(m->port, m->until_us));
	return err;
}

static int init_agent(struct making *m, union front *front, size_t size, const struct scmi_agent_config *config,
		      const struct scmi_why *why)
{
	struct scmi_agent *agent;
	int err = scmi_agent_init(&agent, front + 1, size, config);

	if (err != SCMI_OK)
		return refuse(why, "agent", err);
	err = start(m, agent);
	if (err != SCMI_OK) {
		(void)scmi_agent_fini(agent);
		return scmi__link_refuse(m->is.is.link, err, why);
	}
	*front = m->is;
	front->is.agent = agent;
	front->is.check = check_of(agent);
	m->is.is.agent = agent;
	return SCMI_OK;
}

static int make_agent(struct making *m, const struct scmi_open_config *config, const struct scmi_why *why)
{
	struct scmi_agent_config agent;
	union front *front;
	size_t size;
	int err;

	configure(&agent, config, m);
	size = scmi_agent_size(&agent);
	front = malloc(sizeof(*front) + size);
	if (front == NULL)
		return refuse(why, "agent", SCMI_E_NOMEM);
	err = init_agent(m, front, size, &agent, why);
	if (err != SCMI_OK)
		free(front);
	return err;
}

static int open_uri(struct making *m, const struct scmi_open_config *config, const struct scmi_why *why)
{
	int err = scmi__sysport_open(&m->is.is.system, &m->port);

	if (err != SCMI_OK)
		return refuse(why, "port", err);
	m->until_us = scmi__uri_until_us(&m->uri, m->port);
	err = scmi__link_make(&m->is.is.link, &m->uri, m->port, m->until_us, &m->transport, why);
	if (err == SCMI_OK) {
		err = make_agent(m, config, why);
		if (err != SCMI_OK)
			scmi_link_close(m->is.is.link);
	}
	if (err != SCMI_OK)
		scmi__sysport_close(m->is.is.system);
	return err;
}

int scmi_open(struct scmi_agent **agent, const char *uri, const struct scmi_open_config *config)
{
	const struct scmi_why *why = config != NULL ? &config->why : NULL;
	struct making m = {0};
	int err;

	if (agent == NULL || uri == NULL || (config != NULL && config->size != sizeof(*config)))
		return SCMI_E_INVAL;
	if (config != NULL && config->agent != NULL && config->agent->size != sizeof(*config->agent))
		return refuse(why, "agent", SCMI_E_INVAL);
	err = scmi__uri_read(&m.uri, uri, config, true, why);
	if (err != SCMI_OK)
		return err;
	err = open_uri(&m, config, why);
	scmi__uri_free(&m.uri);
	if (err == SCMI_OK)
		*agent = m.is.is.agent;
	return err;
}

int scmi_close(struct scmi_agent *agent)
{
	union front *front;
	int err;

	if (agent == NULL)
		return SCMI_OK;
	front = (union front *)(void *)agent - 1;
	if (front->is.agent != agent || front->is.check != check_of(agent))
		return SCMI_E_INVAL;
	err = scmi_agent_fini(agent);
	if (err != SCMI_OK)
		return err;
	scmi_link_close(front->is.link);
	scmi__sysport_close(front->is.system);
	front->is.agent = NULL;
	free(front);
	return SCMI_OK;
}
