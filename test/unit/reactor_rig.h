/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent over a threaded loopback with a doorbell, on the POSIX port, and the platform end played by a thread. Nobody
 * drives receive but whom the test lets do so. No test asserts in a thread: what is wrong there is counted as a fault.
 */
#ifndef REACTOR_RIG_H
#define REACTOR_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <semaphore.h>

#include <cmocka.h>

#include <scmi/hosted.h>
#include <scmi/port/posix.h>
#include <scmi/transport/loopback.h>

#define ECHO_MSG  7u /* its parameters come back as values */
#define HELD_MSG  9u /* answered by far_end_let_go() only */
#define FAR_SLOTS 16u

/* A loopback, and the thread behind it. */
struct far_end {
	struct scmi_doorbell *bell;
	struct scmi_loopback *lb;
	void *mem;
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;
	pthread_t thread;
	pthread_mutex_t mutex;
	struct scmi_request *held[FAR_SLOTS];
	unsigned held_n;
};

void far_end_open(struct far_end *f, const struct scmi_port *port);
void far_end_close(struct far_end *f); /* the agent is stopped */
void far_end_let_go(struct far_end *f);
unsigned far_end_held(struct far_end *f);

/* A notification of protocol 0x14 with these 4 bytes; sent again while there is no room. */
void far_end_notify(struct far_end *f, uint32_t value);

struct rig {
	struct scmi_posix posix;
	struct scmi_port port;
	struct far_end far[2];
	unsigned links;
	struct scmi_link link;
	struct scmi_agent_config config;
	struct scmi_agent *agent;
	void *mem;

	atomic_uint ok;
	atomic_uint ended; /* with an error, that is */
	atomic_uint dones; /* of rig_submit_many(), run by another thread than submitted */
	atomic_uint faults;
	atomic_bool over;
	unsigned rounds;
};

/*
 * Opened and started with these flags and this wake. Two links: protocol 0x15 has a far end of its own. close: nothing
 * drives any more; stops it, checks the counters and that nothing was at fault, and frees it.
 */
void rig_open(struct rig *r, uint32_t flags, unsigned links, void (*wake)(void *arg), void *wake_arg);
void rig_close(struct rig *r);

/* The same on a reactor, added to it; removed from it. */
struct scmi_reactor *reactor_new(void);
void rig_open_on(struct rig *r, struct scmi_reactor *reactor, uint32_t flags, unsigned links);
void rig_close_on(struct rig *r, struct scmi_reactor *reactor);

void rig_fault_unless(struct rig *r, bool good);
struct scmi_agent_stats rig_stats(struct rig *r);

/* A call that fits struct echo below. */
struct echo {
	struct scmi_call call;
	unsigned char params[8];
	unsigned char reply[8];
	struct rig *rig;
	void *owner; /* of echo_done(): a sem_t that is posted */
	int err;
};

void echo_fill(struct echo *e, struct rig *r, uint8_t protocol, uint64_t value, void *owner);

/* Its done function: counts, checks the reply, posts. */
void echo_done(struct scmi_call *call, int err);

/* Waits until it is posted. */
void sem_take(sem_t *sem);

/* Threads of traffic; arg: the rig. Each makes `rounds` calls: one after the other, or a window of them with done. */
void *rig_call_many(void *arg);
void *rig_submit_many(void *arg);

/* Runs n of each, on all of these rigs at once, and waits for them. */
void rig_traffic(struct rig *const *rigs, unsigned n_rigs, unsigned n_threads);

#endif
