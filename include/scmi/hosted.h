/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an operating system with threads and descriptors adds: a thread that drives receive, and a doorbell that a loop
 * can sleep on. Who drives receive, and what each way needs: docs/concurrency.md.
 *
 * Descriptors are close-on-exec. After fork() the child may only exec or exit. A signal handler is no context of this
 * library: nothing here may be called from one.
 */
#ifndef SCMI_HOSTED_H
#define SCMI_HOSTED_H

#include <scmi/agent.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A reactor: one thread that sleeps until something has come for one of its agents, or a time-out of theirs is due, and
 * then polls that agent. Done functions and handlers of notifications run on it; while one runs, the other agents of
 * this reactor wait. Signals are blocked in it.
 *
 * In this order: create the reactor; initialise the agent with wake = scmi_reactor_wake and wake_arg = the reactor,
 * best with SCMI_AGENT_PASSIVE; start it; add it. Then remove it, stop it and give it back, and destroy the reactor
 * last.
 *
 * What the reactor sleeps on must stay open. So remove an agent before others stop or recover it, unless its transports
 * keep their descriptors over a stop, as the loopback does. Recovery by options.reconnect_us happens on the reactor
 * itself and may change them. If an agent was stopped and started while it was added, call scmi_reactor_wake() then.
 * One whose descriptor stays readable although nothing comes of it (it is stopped, say) is looked at ever less often,
 * down to once in 64 ms.
 */
struct scmi_reactor;

/*
 * Makes a reactor and starts its thread. Returns SCMI_OK and *reactor, to be given to scmi_reactor_destroy();
 * SCMI_E_INVAL, NULL; SCMI_E_IO, no memory, descriptor or thread left. On an error nothing is kept. Context: thread.
 */
int scmi_reactor_create(struct scmi_reactor **reactor);

/*
 * Lets the reactor drive a started agent. config is what the agent was initialised with; it is lent until this returns,
 * its port must outlive the agent anyway. Returns SCMI_OK; SCMI_E_NOTSUP: a link has to be polled, and its transport
 * has no descriptor to sleep on (one that delivers by itself, SCMI_CAP_IRQ, needs none: time-outs are left to the
 * reactor then); SCMI_E_INVAL: NULL, another size, wake is not scmi_reactor_wake() of this reactor, or the agent is
 * added already; SCMI_E_IO: no memory, or the system cannot watch the descriptor; SCMI_E_CONTEXT: on the reactor's own
 * thread. On an error nothing is kept. Waits for what runs on the reactor. Context: thread, not a callback.
 */
int scmi_reactor_add(struct scmi_reactor *reactor, struct scmi_agent *agent, const struct scmi_agent_config *config);

/*
 * Takes an agent off: when it returns SCMI_OK the reactor does not touch the agent, nor sleep on its descriptors, any
 * more, and runs no callback of it. Calls that are in flight are left as they are. Returns SCMI_E_NOTFOUND: was not
 * added; SCMI_E_INVAL: NULL; SCMI_E_CONTEXT: on the reactor's own thread, from a callback, where nothing is done. Waits
 * for what runs on the reactor. Context: thread, not a callback.
 */
int scmi_reactor_remove(struct scmi_reactor *reactor, struct scmi_agent *agent);

/*
 * Ends the thread and frees the reactor, which must not be woken any more: stop the agents that name it in wake_arg
 * first. Returns SCMI_OK; SCMI_E_INVAL: NULL; SCMI_E_BUSY: an agent is still added; SCMI_E_CONTEXT: on the reactor's
 * own thread. On an error it lives on. No other call may be under way or follow. Context: thread, not a callback.
 */
int scmi_reactor_destroy(struct scmi_reactor *reactor);

/*
 * For scmi_agent_config.wake, with the reactor in wake_arg: it looks at all its agents again. Any number of calls count
 * as one until it has begun to; only the first of them costs a system call. Context: any.
 */
void scmi_reactor_wake(void *reactor);

/*
 * A doorbell: a descriptor that is readable from a ring until the next clear. For struct scmi_loopback_doorbell, and
 * for scmi_agent_config.wake of a loop of one's own. A ring that is not lost is one that comes after the clear: so
 * clear first, and look for what it may have stood for then.
 */
struct scmi_doorbell;

/* Makes one. Returns SCMI_OK and *doorbell; SCMI_E_INVAL, NULL; SCMI_E_IO, no memory or descriptor. Context: thread. */
int scmi_doorbell_create(struct scmi_doorbell **doorbell);

/* Closes and frees it; nobody uses it any more. NULL: nothing. Context: thread. */
void scmi_doorbell_destroy(struct scmi_doorbell *doorbell);

/* Makes the descriptor readable; a system call only if it was not. doorbell: a struct scmi_doorbell. Context: any. */
void scmi_doorbell_ring(void *doorbell);

/* Makes it unreadable; costs one load if it was not rung. Several contexts may do so at once. Context: any. */
void scmi_doorbell_clear(void *doorbell);

/* The descriptor, for select(), poll(), epoll; never to be read, written or closed. Context: any. */
int scmi_doorbell_fd(const struct scmi_doorbell *doorbell);

#ifdef __cplusplus
}
#endif

#endif
