/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A platform on a link with little room, for threads: a vendor's protocol with one asynchronous command and two
 * notifications, an endpoint that keeps the contract (a gate for its upcalls, no refusal without a ready), and notes in
 * `wrong` what the platform must not do.
 */
#ifndef P2A_RIG_H
#define P2A_RIG_H

#include <pthread.h>
#include <stdatomic.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_endpoint.h"

#define VENDOR  0x80u
#define DELAY   0x3u
#define TELL    0x4u
#define SENDERS 3u
#define NODES   4u /* of each sender */
#define NOTICES 2u
#define ROOM    3u
#define ROUNDS  3000u

/* What a delayed response carries after its status. */
enum word { WORD_SENDER, WORD_NUMBER, WORD_LIFE, WORDS };

struct job {
	struct scmi_delayed delayed;
	struct sender *sender;
	uint8_t payload[SCMI_STATUS_BYTES + WORDS * sizeof(uint32_t)];
	uint32_t life;
	atomic_uint told; /* ends, by sent() */
	unsigned expected;
};

struct sender {
	struct fixture *f;
	struct job jobs[NODES];
	uint32_t id;
	atomic_uint ok; /* ends that were sent */
	atomic_uint closed;
	unsigned refused; /* SCMI_E_CLOSED by scmi_delayed_send() itself */
	uint32_t next;    /* number that must come next from it; the wire's, under no lock: one send at a time */
};

struct fixture {
	struct fake_endpoint endpoint; /* comes first: its ctx is the fixture */
	struct scmi_server vendor;
	const struct scmi_server *servers[1];
	struct scmi_platform_agent agent;
	max_align_t memory[SCMI_PLATFORM_WORDS(1, 1)];
	struct scmi_platform *platform;
	struct sender senders[SENDERS];
	struct scmi_notice notices[NOTICES];
	uint8_t notice_payloads[NOTICES][2][4u * sizeof(uint32_t)];

	/*
	 * The link: `room` messages may be under way, and whoever is refused is owed a ready(). Both stand in one word:
	 * bit 31 says that somebody was refused, so neither can be missed.
	 */
	atomic_uint room;
	atomic_uint gate;   /* contexts inside an upcall; bit 31: stopped */
	atomic_uint life;   /* of the endpoint: grows with each start */
	atomic_uint inside; /* contexts inside send() */
	atomic_uint wrong;  /* anything that must not be */
	atomic_uint came[NOTICES];
	uint32_t newest[NOTICES];
	bool ordered;     /* numbers of one sender rise one by one, those of one notice rise */
	atomic_uint gone; /* the peer */
	atomic_uint stop; /* rig_drain() returns */
};

/* cmocka's set-up and tear-down: the platform of *state runs, and in the end is at rest with nothing wrong. */
int rig_set_up(void **state);
int rig_tear_down(void **state);

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

pthread_t rig_run(void *(*fn)(void *), void *arg);

/* Counts what does not hold. */
void rig_check(struct fixture *f, bool holds);

/* A request, in its turn with stop and start; the status that it was answered with. */
int32_t rig_ask(struct fixture *f, struct fake_request *r, uint32_t message, uint32_t first, uint32_t second);

/* One place more, as if the agent had taken a message; and a thread that does only this until `stop`. */
void rig_make_room(struct fixture *f);
void *rig_drain(void *fixture);

/* ready(), unless the endpoint is stopped. */
void rig_ready(struct fixture *f);

/* Threads that send ROUNDS delayed responses each, and their end, and rig_drain()'s. */
void rig_start_senders(struct fixture *f, pthread_t *threads);
void rig_join(struct fixture *f, const pthread_t *senders, pthread_t drainer);

/* The counters; their equations hold. */
struct scmi_platform_stats rig_stats(struct fixture *f);

#endif
