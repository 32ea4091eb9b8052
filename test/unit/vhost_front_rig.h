/* SPDX-License-Identifier: BSD-3-Clause */
/* Agents on front ends, whose back ends are in this process. For the main thread, but for guest_ask(). */
#ifndef VHOST_FRONT_RIG_H
#define VHOST_FRONT_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <scmi/agent.h>
#include <scmi/port/posix.h>

struct guest {
	void *link;
	struct scmi_agent *agent;
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_transport transport;
	bool comes_back; /* set before start: by itself, while it is polled */
	struct scmi_subscriber node;
	uint32_t notices; /* heard, and the header of the last */
	uint32_t notice;
	void *memory;
};

/* What follows the scheme's name; NULL: the path. A link and an agent that is started, or NULL: rig_err and rig_why. */
struct guest *guest_open(const char *rest, bool comes_back);

/* The same in steps. */
struct guest *guest_new(const char *rest, bool comes_back); /* with a link */
int guest_start(struct guest *g);
void guest_close(struct guest *g);

/* Asks for the base protocol's version. What the call ended with. */
int guest_ask(struct guest *g);

/* Polls until it is answered again; false: it hangs. */
bool guest_comes_back(struct guest *g);

struct scmi_agent_stats guest_stats(struct guest *g);

extern int rig_err;
extern char rig_why[200];

/* A path of the test's own, in a folder that has to be empty in the end. */
const char *rig_path(void);
int rig_folder_end(void **state);

/* Mappings of memory that front ends share, and descriptors: what they were at mark must be there again. */
void rig_mark(void);
bool rig_is_clean(void);

#endif
