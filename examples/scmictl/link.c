/* SPDX-License-Identifier: BSD-3-Clause */
/* Ways to a platform: those that the library knows, and our own. */
#include <stdio.h>
#include <string.h>

#include "scmictl.h"

static const struct {
	const char *form; /* the whole URI, for messages */
	const char *help;
} known[] = {
	{LOOPBACK_FORM, "a demonstration platform inside this program"},
#ifdef SCMICTL_MAILBOX
	{"mailbox:unix=PATH", "shared memory with a platform that listens at a socket, as scmid does"},
	{"mailbox:shm=/NAME", "the same by name, for one agent"},
	{"mailbox:uio=DEVICE,a2p=MAP:OFFSET:LEN[,p2a=..][,bell=MAP:OFFSET][,value=N]",
	 "a mailbox unit of the hardware's"},
#endif
#ifdef SCMICTL_VHOST_USER
	{"vhost-user:PATH", "virtio, with any vhost-user back end for it, as guests have them"},
#endif
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

static const struct scmi_scheme *const schemes[] = {&loopback_scheme};

static enum outcome unknown(const char *uri)
{
	fprintf(stderr, "scmictl: unknown link '%s'; known are\n", uri);
	for (size_t i = 0; i < KNOWN; i++)
		fprintf(stderr, "  %s\n      %s\n", known[i].form, known[i].help);
	return MISUSED;
}

/* A sentence about a form goes on from the URI; others begin with what is wrong in it. */
static enum outcome refuse(const char *uri, const char *sentence)
{
	fprintf(stderr, "scmictl: link '%s'%s %s\n", uri, strncmp(sentence, "is not", 6) == 0 ? "" : ":", sentence);
	return MISUSED;
}

static enum outcome fail(const struct session *s, int err, const char *sentence)
{
	char what[LINK_WHY_BYTES + 32u];

	snprintf(what, sizeof(what), "cannot open the link%s%s", sentence[0] != '\0' ? ": " : "", sentence);
	return session_error(s, strcmp(sentence, scmi_strerror(err)) != 0 ? what : "cannot open the link", err, 0);
}

enum outcome link_open(struct session *s, struct link *link, const char *uri)
{
	char sentence[LINK_WHY_BYTES] = "";
	const struct scmi_open_config config = {
		.size = sizeof(config),
		.schemes = schemes,
		.schemes_n = sizeof(schemes) / sizeof(schemes[0]),
		.why = {.text = sentence, .len = sizeof(sentence)},
	};
	size_t scheme = strcspn(uri, ":");
	int err = scmi_link_open(&link->link, uri, &config, &s->port, &link->transport, &link->reconnect_us);

	if (err == SCMI_E_NOTFOUND || scheme == 0 || uri[scheme] == '\0')
		return unknown(uri);
	if (err == SCMI_E_INVAL)
		return refuse(uri, sentence);
	return err == SCMI_OK ? GOOD : fail(s, err, sentence);
}

enum outcome link_not_started(const struct session *s, int err)
{
	const char *sentence = NULL;

	for (uint32_t i = 0; i < s->links_n && sentence == NULL; i++)
		sentence = scmi_link_reason(s->links[i].link);
	return fail(s, err, sentence != NULL ? sentence : scmi_strerror(err));
}
