/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A transport between threads: what is sent goes to a thread that serves it, which answers each command with status 0
 * and the first bytes of its parameters. Polled, with wait() and wake(); or, made with SCMI_CAP_IRQ alone, the serving
 * thread delivers by itself. For tests of the agent with real threads on the POSIX port.
 */
#ifndef SERVED_TRANSPORT_H
#define SERVED_TRANSPORT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <scmi/message.h>
#include <scmi/transport.h>

#define SERVED_VALUES   8u
#define SERVED_QUEUE    1024u
#define SERVED_HELD_MSG 0x42u /* commands with this message id are answered only once `held` is false */

struct served_message {
	uint32_t hdr;
	uint32_t len; /* of values */
	unsigned char bytes[SCMI_STATUS_BYTES + SERVED_VALUES];
};

struct served_queue {
	struct served_message messages[SERVED_QUEUE];
	unsigned head;
	unsigned tail;
};

struct served {
	struct scmi_transport transport;

	/* Settings; may be changed while it runs. */
	atomic_bool silent;     /* nothing is answered; what comes meanwhile never is */
	atomic_bool held;       /* commands of SERVED_HELD_MSG wait */
	atomic_uint slow_every; /* each n-th answer is kept back for slow_us; 0: none */
	atomic_uint slow_us;

	/* Seen. */
	atomic_uint messages; /* handed to the agent */
	atomic_uint served;   /* commands that were taken from the queue */

	struct scmi_transport_ops ops_;
	const struct scmi_sink *sink_;
	void *core_;
	pthread_t thread_;
	pthread_mutex_t mutex_;
	pthread_cond_t to_serve_;
	pthread_cond_t to_poll_;
	struct served_queue commands_;
	struct served_queue replies_;
	bool running_;
	bool woken_;
	unsigned polling_;
};

/* A stopped transport. caps: SCMI_CAP_POLL | SCMI_CAP_WAIT, or SCMI_CAP_IRQ. fini: it is stopped. */
void served_init(struct served *s, uint32_t caps);
void served_fini(struct served *s);

/* Lets the commands that are held be looked at again. */
void served_let_go(struct served *s);

#endif
