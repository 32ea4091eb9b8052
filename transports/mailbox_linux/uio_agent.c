/* SPDX-License-Identifier: BSD-3-Clause */
/* "uio=DEVICE": the keys, and a mailbox over the device. */
#include <stdlib.h>

#include "internal.h"

struct link {
	const struct scmi__way *way;
	struct scmi_mailbox_uio *uio;
	struct scmi_mailbox_doorbell bell;
	struct scmi_mailbox mailbox;
};

static int parse_place(const struct scmi__key *key, struct scmi_uio_place *place, bool has_len,
		       const struct scmi_why *why)
{
	uint32_t n[3] = {0, 0, 4};
	int err = scmi__key_numbers(key, n, has_len ? 3 : 2, why);

	if (err == SCMI_OK)
		*place = (struct scmi_uio_place){.map = n[0], .offset = n[1], .len = n[2]};
	return err;
}

static int parse_key(struct scmi_mailbox_uio_config *c, const struct scmi__key *key, uint32_t *had,
		     const struct scmi_why *why)
{
	static const char *const names[] = {"a2p", "p2a", "bell", "value"};

	switch (scmi__key_of(key, names, sizeof(names) / sizeof(names[0]), had)) {
	case 0:
		return parse_place(key, &c->areas[SCMI_MAILBOX_A2P], true, why);
	case 1:
		return parse_place(key, &c->areas[SCMI_MAILBOX_P2A], true, why);
	case 2:
		return parse_place(key, &c->bell, false, why);
	case 3:
		return scmi__key_number(key, 0, UINT32_MAX, &c->value, why);
	default:
		return scmi__key_unknown(key, why);
	}
}

static int parse(const char *rest, char *path, size_t room, struct scmi_mailbox_uio_config *c,
		 const struct scmi_why *why)
{
	struct scmi__key key;
	uint32_t had = 0;
	int err = scmi__key_next(&rest, &key, why); /* uio=, as the scheme has seen */

	if (err == SCMI_OK)
		err = scmi__key_text(&key, path, room, why);
	while (err == SCMI_OK && (err = scmi__key_next(&rest, &key, why)) == SCMI_OK)
		err = parse_key(c, &key, &had, why);
	if (err != SCMI_E_NOTFOUND)
		return err;
	return c->areas[SCMI_MAILBOX_A2P].len != 0 ? SCMI_OK
						   : scmi__why(why, SCMI_E_INVAL, "a2p=MAP:OFFSET:LEN is wanted");
}

static int make(struct link *l, const struct scmi_mailbox_uio_config *c, const struct scmi_port *port,
		struct scmi_transport *transport, const struct scmi_why *why)
{
	struct scmi_mailbox_config config = {.size = sizeof(config), .doorbell = &l->bell, .port = port};
	const char *fault;
	int err = scmi_mailbox_uio_open(&l->uio, c, &l->bell, config.areas, why);

	if (err != SCMI_OK)
		return err;
	if (scmi_mailbox_check(&config, &fault) != SCMI_OK)
		err = scmi__why(why, SCMI_E_INVAL, "%s: %s", c->path, fault != NULL ? fault : "cannot be");
	else
		err = scmi_mailbox_init(&l->mailbox, &config, transport);
	if (err != SCMI_OK)
		scmi_mailbox_uio_close(l->uio);
	return err;
}

static int uio_open(void **link, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
		    const struct scmi_why *why)
{
	struct scmi_mailbox_uio_config config = {.size = sizeof(config)};
	char path[4096];
	struct link *l;
	int err = parse(rest, path, sizeof(path), &config, why);

	if (err != SCMI_OK)
		return err;
	config.path = path;
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return scmi__why(why, SCMI_E_IO, "no memory left");
	l->way = &scmi__way_uio;
	err = make(l, &config, port, transport, why);
	if (err == SCMI_OK)
		*link = l;
	else
		free(l);
	return err;
}

static void uio_close(void *link)
{
	struct link *l = link;

	scmi_mailbox_uio_close(l->uio);
	free(l);
}

const struct scmi__way scmi__way_uio = {.key = "uio", .open = uio_open, .close = uio_close};
