/* SPDX-License-Identifier: BSD-3-Clause */
/* A platform at a URI of "mailbox:", with a thread that serves; and agents that know it. For the main thread. */
#ifndef MAILBOX_LINUX_RIG_H
#define MAILBOX_LINUX_RIG_H

#include <pthread.h>
#include <stdbool.h>

#include <scmi/agent.h>
#include <scmi/platform.h>
#include <scmi/port/posix.h>
#include <scmi/server/base.h>
#include <scmi/transport/mailbox_linux.h>

#define RIG_AGENTS 16u

/* A platform: open, or listen, run and stop one by one. */
struct place {
	void *listener;
	pthread_t thread;
	bool runs;
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_base_model model;
	struct scmi_server base;
	const struct scmi_server *servers[1];
	struct scmi_platform_agent agents[RIG_AGENTS];
	struct scmi_platform *platform;
	max_align_t memory[SCMI_PLATFORM_WORDS(RIG_AGENTS, 1)];
};

/* NULL with the error and its sentence in rig_err and rig_why. */
struct place *place_open(const char *rest);
void place_run(struct place *p);
void place_halt(struct place *p);
void place_close(struct place *p);

/* An agent; an error as above. It comes back by itself while it is polled. */
struct guest {
	void *link;
	struct scmi_agent *agent;
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_transport transport;
	bool stays_lost; /* set before start: it does not come back by itself */
	max_align_t memory[SCMI_AGENT_WORDS(64)];
};

struct guest *guest_open(const char *rest);

/* The same in steps; the caller closes what has been started. */
struct guest *guest_new(void);
int guest_link(struct guest *g, const char *rest);
int guest_start(struct guest *g);

void guest_close(struct guest *g);

/* Asks for the base protocol's version. What the call ended with. */
int guest_ask(struct guest *g);

/* Polls until it is answered again; false: it hangs. */
bool guest_comes_back(struct guest *g);

/* Mappings of this process that are areas. */
unsigned rig_maps(void);

extern int rig_err;
extern char rig_why[200];

/* A folder of the test's own, and a path in it: "unix=.../s". Gone at the end. */
const char *rig_folder(void);
const char *rig_uri(const char *more);
void rig_folder_end(void);

/* An object of this process's; and either. */
const char *rig_shm_uri(const char *more);
const char *rig_uri_of(bool is_shm, const char *more);

#endif
