/* SPDX-License-Identifier: BSD-3-Clause */
/* What contexts do in more than one file of scenarios. */
#ifndef STEP_BODIES_H
#define STEP_BODIES_H

#include "scenarios.h"
#include "world.h"

#define INTERRUPT (SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT)
#define POLLED    (SCMI_CAP_POLL | SCMI_CAP_CONCURRENT)
#define LED       (SCMI_CAP_POLL | SCMI_CAP_WAIT | SCMI_CAP_CONCURRENT)
#define SERIAL    SCMI_CAP_IRQ /* one send at a time */

/* The end of every line of a table. */
#define WORLD world_idle, world_check

void submit_0(void);
void submit_1(void);
void submit_2(void);
void submit_0_and_1(void);
void call_0(void);
void call_1(void);
void submit_wait_0(void);
void submit_wait_1(void);
void cancel_0(void); /* once it has been submitted */
void cancel_1(void);
void receive_two(void);
void hold_and_complete(void);
void hold_and_release(void);
void poll_once(void);
void poll_twice(void);
void time_out(void);
void time_out_0(void); /* time passes only once the command is out */
void link_down_and_up(void);
void recover(void);

/* For world->send. */
int send_doubled(struct message *m);
int send_fails(struct message *m);
int send_answered(struct message *m); /* the reply comes inside */

/* For a user's `again`. */
void then_submit_1(struct user *u);

#endif
