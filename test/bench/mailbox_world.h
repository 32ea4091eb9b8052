/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent and a platform that answers at once, with a mailbox between them; one at a time. */
#ifndef BENCH_MAILBOX_WORLD_H
#define BENCH_MAILBOX_WORLD_H

#include <scmi/transport/mailbox.h>

struct mailbox_world {
	struct scmi_mailbox mailbox;
	struct scmi_mailbox_end *end;
	struct scmi_platform *platform;
	struct scmi_shmem area; /* shared with child processes */
};

extern struct mailbox_world mailbox_world;

/* The platform, and its end; then the agent, which may be in another process. bell: NULL: that end polls. */
void mailbox_open_platform(const struct scmi_mailbox_doorbell *bell);
void mailbox_open_agent(const struct scmi_mailbox_doorbell *bell);
void mailbox_close_platform(void);

/* A call of the agent's. */
void mailbox_call(void);

/* mailbox_sleep.c: in two processes, each sleeps on an eventfd when there is nothing to do */
void time_mailbox_sleep(int samples);

#endif
