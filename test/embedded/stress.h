/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls without end on the target, interrupted anywhere: what its files do for each other. README.md tells the idea. */
#ifndef EMBEDDED_STRESS_H
#define EMBEDDED_STRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <scmi/agent.h>
#include <scmi/transport/mailbox.h>

#include "target.h"

/* Commands of two protocols that are alike: one over the mailbox, one over loopback, bent. */
#define STRESS_MAILBOX  0x80u
#define STRESS_LOOPBACK 0x81u
#define STRESS_ECHO     0x3u        /* answers at once */
#define STRESS_LATER    0x4u        /* some time later */
#define STRESS_DELAYED  0x5u        /* by a delayed response */
#define STRESS_REFUSED  0x6u        /* with an error */
#define STRESS_NOTIFY   0x7u        /* switches notifications on */
#define STRESS_KEY      0x5eed1e55u /* a number comes back combined with this */

#define STRESS_AREA 64u

#define STRESS_SLOTS 8u

/* What all of it shares. */
extern struct stress {
	struct scmi_port port;
	struct scmi_agent *agent;
	_Atomic uint32_t numbers; /* that were given to calls */
	_Atomic uint32_t begun, ended, answered, notified;
	bool measuring;
	volatile bool resting; /* in quiesce, or before resume */
	volatile bool over;    /* no mischief any more */
} stress;

/* In thread mode: makes a call, or a few. In an interrupt: cancels, submits, answers, notifies. */
void stress_step(void);
void stress_chaos(void);
/* No call is under way. */
void stress_check_idle(void);

_Noreturn void stress_fail(const char *what, uint32_t number);
#define stress_check(x) ((x) ? (void)0 : stress_fail(#x, __LINE__))

/* ---- the platform ---- */

/* Makes it and starts it; loopback is the endpoint of its second agent. */
void stress_platform(const struct scmi_port *port, const struct scmi_shmem areas[SCMI_MAILBOX_AREAS],
		     const struct scmi_endpoint *loopback);
/* Its doorbell's handler. */
void stress_platform_serve(void);
/* Answers or sends one of what is due, by chance; false: nothing is. */
bool stress_platform_later(void);
void stress_platform_notify(void);
/* Stops it; nothing is open. */
void stress_platform_end(void);

/* ---- loopback, bent ---- */

/*
 * Fills in a transport that is not concurrent, delivers by acquire, complete and release or not at all, fails to send or
 * has no room, each now and then; and the endpoint on its other side.
 */
void stress_bend(const struct scmi_port *port, struct scmi_transport *out, struct scmi_endpoint *endpoint);
/* There is room again, if it said that there was none. Context: any. */
void stress_bend_ready(void);

/* ---- interrupts ---- */

/* From here on the timer interrupts by chance; what it interrupts is marked. */
void stress_hits_start(void);
void stress_hits_stop(void);
/* Which addresses were: for the script. */
void stress_hits_print(void);
void stress_put_hex(uint32_t value);
/* Raises the doorbells, and the handler that does mischief, by chance. Context: any. */
void stress_raise_some(void);

/* Interrupts that are aimed: each instruction of the script's table, the next time that it runs. */
void stress_aim_start(void);
void stress_aim(void);
void stress_aim_stop(void);
void stress_aim_print(void);

/* ---- figures, in a run without the timer ---- */

/* A port that measures what is masked, in place of this one. */
void stress_measure(struct scmi_port *port);
/* Around the handler that receives. */
void stress_measure_begin(void);
void stress_measure_end(void);
void stress_measure_print(void);

#endif
