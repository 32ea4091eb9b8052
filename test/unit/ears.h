/* SPDX-License-Identifier: BSD-3-Clause */
/* Handlers of notifications that have a name, and a record of who heard what, in order. */
#ifndef EARS_H
#define EARS_H

#include "agent_rig.h"

#include <scmi/message.h>

#define EARS_CAPS    (RIG_IRQ | SCMI_CAP_NOTIFY)
#define EARS_BUFFERS 16u
#define EARS_HEARD   128u

struct ear {
	struct scmi_subscriber node; /* for all messages, unless the test says otherwise before it is added */
	struct rig *r;
	char name;
	unsigned heard;              /* messages */
	void (*then)(struct ear *e); /* runs inside the handler */
	struct ear *other;           /* the test's */
	void *arg;                   /* the test's */
};

/* What was heard, a pair of letters each: the handler's name, the message's id. */
extern char ears_heard[EARS_HEARD + 1];

/* A started rig with n handlers called A, B, ..., added in that order; flags of the agent. */
struct rig *ears_up(struct ear *e, unsigned n, uint32_t flags);
void ear_init(struct rig *r, struct ear *e, char name);

/* scmi_agent_subscribe() and scmi_agent_unsubscribe(). */
int ear_add(struct ear *e);
int ear_take_off(struct ear *e);

/* A notification of this protocol comes; of the sensor protocol. Return what the sink says. */
int ears_notify_of(struct script *s, uint8_t protocol, char message);
int ears_notify(struct rig *r, char message);

/* Puts a letter of the test's own in the record. */
void ears_note(char c);

/* That was heard since the last time, in this order. */
void assert_heard(const char *expected);

#endif
