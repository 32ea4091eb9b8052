/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent on a fake port over a scripted transport, and the bookkeeping that every test of it wants: guard bytes
 * around the agent's memory and around each reply, each call's completions, and the test's own count of everything that
 * struct scmi_agent_stats tells, held against it by rig_check() and rig_end().
 *
 * 	struct rig *r = rig_up(SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT, 8);
 * 	struct rig_call c;
 *
 * 	rig_call_init(r, &c);
 * 	assert_int_equal(rig_submit(&c), SCMI_OK);
 * 	script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0);
 * 	assert_ended(&c, SCMI_OK);
 * 	rig_end(r);
 */
#ifndef AGENT_RIG_H
#define AGENT_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <scmi/agent.h>

#include "fake_port.h"
#include "script_transport.h"

/* A transport that delivers by itself, from what the test does; one that is polled; one that answers in send(). */
#define RIG_IRQ  (SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT)
#define RIG_POLL (SCMI_CAP_POLL | SCMI_CAP_CONCURRENT)
#define RIG_WAIT (SCMI_CAP_POLL | SCMI_CAP_WAIT | SCMI_CAP_CONCURRENT)
#define RIG_SYNC (SCMI_CAP_SYNC_SEND | SCMI_CAP_CONCURRENT)

/* One send at a time, through the queue. */
#define RIG_SERIAL SCMI_CAP_IRQ

#define RIG_PROTOCOL SCMI_PROTOCOL_CLOCK
#define RIG_MESSAGE  0x7u
#define RIG_ROOM     256u /* bytes for a reply, between guards */
#define RIG_GUARD    16u
#define RIG_FILL     0xa5u
#define RIG_LINES    8u
#define RIG_LINKS    (SCMI_LINKS_MAX - 1u)

struct rig {
	struct fake_port fake;
	struct script script; /* the default link's transport */
	struct script *extra[RIG_LINKS];
	struct scmi_link links[RIG_LINKS];
	struct scmi_agent_config config;
	struct scmi_agent *agent;
	char lines[RIG_LINES][160]; /* what was logged; the newest RIG_LINES */
	unsigned line_count;

	/* The test's own figures. */
	unsigned submitted; /* calls that went out */
	unsigned ends[32];  /* completions by -err */
	unsigned notified;  /* messages that the test knows were given to subscribers; set by the test */

	/* What the trace told: refusals by the name of their counter, ends and messages taken. */
	unsigned refused_[16];
	unsigned traced_ends_;
	unsigned traced_received_;
	uint8_t protocols_[RIG_LINKS];
	unsigned char *mem_;
	size_t size_;
};

/* A call with its reply's buffer, a guard at both ends. */
struct rig_call {
	struct scmi_call call;
	struct rig *rig;
	unsigned ends;                    /* completions so far */
	int err;                          /* of the last one */
	void (*then)(struct rig_call *c); /* runs inside done */
	void *arg;                        /* the test's */
	unsigned char room_[RIG_ROOM + 2 * RIG_GUARD];
};

/* A rig with its configuration filled in, nothing initialised; the same, started. Ends with rig_end(). */
struct rig *rig_new(uint32_t caps, uint32_t slots);
struct rig *rig_up(uint32_t caps, uint32_t slots);

/* The same, started, over a transport that takes `room` messages and then says SCMI_E_BUSY: see script_make_room(). */
struct rig *rig_narrow(uint32_t caps, uint32_t slots, unsigned room);

/*
 * One more link, that carries this protocol, before the agent is initialised. Returns its transport; link 1 is the
 * first.
 */
struct script *rig_link(struct rig *r, uint8_t protocol, uint32_t caps, uint32_t slots);

/* Initialises the agent in memory of the exact size between guards; starts it. Both fail the test on an error. */
void rig_init(struct rig *r);
void rig_start(struct rig *r);

/* Holds the agent's counters against the test's, both equations included. All calls that have ended must be reaped. */
void rig_check(struct rig *r);
struct scmi_agent_stats rig_stats(struct rig *r);
struct scmi_agent_stats rig_link_stats(struct rig *r, uint32_t link);

/* Time goes by, then somebody polls. */
void rig_pass(struct rig *r, uint64_t us);

/*
 * Checks, stops, checks again, starts once more to see that every slot is there, ends the agent, looks at the guards,
 * at the port's and the transports' faults; frees. A call that has ended and was not waited for keeps its slot: reap
 * it.
 */
void rig_end(struct rig *r);

/* True if one of the lines that were logged holds this text. */
bool rig_logged(const struct rig *r, const char *text);

/* A call of RIG_PROTOCOL and RIG_MESSAGE without parameters and with 64 bytes for the reply. */
void rig_call_init(struct rig *r, struct rig_call *c);
unsigned char *rig_reply(struct rig_call *c);

/* The same with these flags, not even NOWAIT beside them, and with a name for script_assert_sent(): its message id. */
void rig_named(struct rig *r, struct rig_call *c, char name, uint16_t flags);

/*
 * scmi_agent_submit() with a done function that keeps the books; without one; scmi_agent_call(). Return what these do.
 */
int rig_submit(struct rig_call *c);
int rig_submit_loose(struct rig_call *c);
int rig_do(struct rig_call *c);

/* scmi_agent_wait() and scmi_agent_wait_until() for a loose one; an error other than its end leaves it alone. */
int rig_wait(struct rig_call *c);
int rig_wait_until(struct rig_call *c, uint64_t until_us);

/* Ended once, so. */
#define assert_ended(c, expected)                                                                                      \
	do {                                                                                                           \
		assert_int_equal((c)->ends, 1);                                                                        \
		assert_int_equal((c)->err, (expected));                                                                \
	} while (0)

#endif
