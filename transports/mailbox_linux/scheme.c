/* SPDX-License-Identifier: BSD-3-Clause */
/* "mailbox:", which leads to one of three ways by its first key. */
#include <string.h>

#include "internal.h"

/* What a link and a listener of any way begin with: the way itself. */
struct common {
	const struct scmi__way *way;
};

static const struct scmi__way *const ways[] = {&scmi__way_unix, &scmi__way_shm, &scmi__way_uio};

static const struct scmi__way *way_of(const char *rest)
{
	for (size_t i = 0; rest != NULL && i < sizeof(ways) / sizeof(ways[0]); i++) {
		const size_t len = strlen(ways[i]->key);

		if (strncmp(rest, ways[i]->key, len) == 0 && rest[len] == '=')
			return ways[i];
	}
	return NULL;
}

static const struct scmi__way *way_in(const void *thing)
{
	return ((const struct common *)thing)->way;
}

static int no_way(const struct scmi_why *why)
{
	return scmi__why(why, SCMI_E_INVAL, "mailbox: unix=PATH, shm=/NAME or uio=DEVICE has to stand first");
}

static int mailbox_open(void **link, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
			const struct scmi_why *why)
{
	const struct scmi__way *way = way_of(rest);

	return way != NULL ? way->open(link, rest, port, transport, why) : no_way(why);
}

static void mailbox_close(void *link)
{
	way_in(link)->close(link);
}

static int mailbox_listen(void **listener, const char *rest, const struct scmi_port *port, const struct scmi_why *why)
{
	const struct scmi__way *way = way_of(rest);

	if (way == NULL)
		return no_way(why);
	if (way->listen == NULL)
		return scmi__why(why, SCMI_E_NOTSUP, "%s: for agents only", way->key);
	return way->listen(listener, rest, port, why);
}

static uint32_t mailbox_agents(const void *listener)
{
	return way_in(listener)->agents(listener);
}

static const struct scmi_endpoint *mailbox_endpoint(const void *listener, uint32_t i)
{
	return way_in(listener)->endpoint(listener, i);
}

static int mailbox_run(void *listener)
{
	return way_in(listener)->run(listener);
}

static void mailbox_end(void *listener)
{
	way_in(listener)->end(listener);
}

static void mailbox_unlisten(void *listener)
{
	way_in(listener)->unlisten(listener);
}

static const struct scmi_scheme scheme = {
	.version = SCMI_SCHEME_V1,
	.name = "mailbox",
	.help = "unix=PATH         a socket that a platform listens at\n"
		"shm=/NAME         POSIX shared memory\n"
		"uio=DEVICE,a2p=MAP:OFFSET:LEN,p2a=MAP:OFFSET:LEN,bell=MAP:OFFSET,value=N\n"
		"                  a mailbox unit of the hardware's, for agents",
	.open = mailbox_open,
	.close = mailbox_close,
	.listen = mailbox_listen,
	.agents = mailbox_agents,
	.endpoint = mailbox_endpoint,
	.run = mailbox_run,
	.end = mailbox_end,
	.unlisten = mailbox_unlisten,
};

const struct scmi_scheme *scmi_mailbox_scheme(void)
{
	return &scheme;
}

int scmi__key_area(const struct scmi__key *key, uint32_t *out, const struct scmi_why *why)
{
	uint32_t value = 0;
	int err = scmi__key_number(key, SCMI_SHMEM_BYTES_MIN, SCMI_SHMEM_BYTES_MAX, &value, why);

	if (err != SCMI_OK)
		return err;
	if (value % 4u != 0)
		return scmi__key_bad(key, why, "a multiple of 4 is wanted");
	*out = value;
	return SCMI_OK;
}
