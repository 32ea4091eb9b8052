/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A transport whose peer is the test: it keeps what was sent and delivers what the test says, when the test says it, in
 * whatever shape. It notes every use that breaks the contract of scmi/transport.h, and counts the messages that it has
 * delivered, so that the agent's counters can be held against figures that are not the agent's own. For one thread
 * only.
 *
 * 	script_init(&s, SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT);
 * 	config.transport = &s.transport;
 * 	... submit ...
 * 	script_reply(&s, script_last(&s), SCMI_SUCCESS, values, sizeof(values));
 * 	assert_null(s.fault);
 */
#ifndef SCRIPT_TRANSPORT_H
#define SCRIPT_TRANSPORT_H

#include <stdbool.h>
#include <scmi/message.h>
#include <scmi/transport.h>

#define SCRIPT_PAYLOAD  128u  /* max_payload, unless the test sets another before the agent is initialised */
#define SCRIPT_INFLIGHT 1024u /* max_inflight, likewise */
#define SCRIPT_SENT     1024u /* messages of which a copy is kept: the newest ones */
#define SCRIPT_POSTED   64u

struct script;

/* What was sent. Bytes of params beyond its array are not kept. */
struct script_sent {
	uint32_t hdr;
	uint32_t len;
	uint32_t reply_cap;
	uint16_t token;
	uint16_t slot;
	uint8_t flags;
	uint8_t more;
	int err; /* what send() returned */
	unsigned char params[32];
};

/* What a message is fetched from: the cookie of rx, the priv of an acquired transfer. */
struct script_area {
	const void *bytes;
	uint32_t len;
	uint32_t fetched; /* bytes below this have been asked for */
};

typedef void (*script_fn)(struct script *s, void *arg);
typedef int (*script_send_fn)(struct script *s, const struct script_sent *sent, void *arg);

struct script_posted {
	uint32_t hdr;
	uint32_t len;
	unsigned char bytes[SCRIPT_PAYLOAD];
};

struct script {
	struct scmi_transport transport;
	struct scmi_transport_ops ops; /* transport.ops; a test may take a method away */

	/* Settings, which a test changes whenever it likes; all may be left 0. */
	script_send_fn on_send; /* runs inside send() and gives its result; NULL: SCMI_OK */
	script_fn on_start;     /* runs inside start(), when the sink is known */
	script_fn on_stop;      /* runs inside stop(), while upcalls are still allowed */
	script_fn on_poll;      /* runs inside poll(), before it looks for posted messages */
	script_fn on_wait;      /* runs inside wait() */
	script_fn on_ring;      /* runs when the doorbell rings: in a send() that nothing follows, in flush() */
	script_fn on_recover;   /* runs inside recover(), see script_recovers() */
	void *arg;
	uint64_t *clock_us; /* wait() moves it to its deadline, as sleeping does; NULL: it returns early */
	int start_err;      /* what start() returns */
	int fetch_err;      /* what fetch() returns */
	int recover_err;    /* what recover() returns */
	bool narrow;        /* send() says SCMI_E_BUSY when `room` messages have gone out, see script_make_room() */
	unsigned room;
	bool raw;      /* what is sent may be no command, and have any token */
	bool by_fetch; /* messages are given by fetch(), not as data */

	/* What was seen. */
	const struct scmi_sink *sink;
	void *core;
	bool running;
	unsigned starts;
	unsigned stops;
	unsigned sends;    /* calls of send() */
	unsigned went_out; /* of these, the ones that returned SCMI_OK */
	unsigned flushes;
	unsigned rings;  /* of the doorbell, where something had been sent */
	unsigned unrung; /* messages that wait for it */
	unsigned recovers;
	unsigned fetches;
	unsigned polls;
	unsigned waits;
	unsigned wakes;
	unsigned used_stopped; /* calls of poll() and flush() while it was stopped */
	unsigned messages;     /* delivered: each rx and each acquire */
	const char *fault;     /* the first use that breaks the contract, as a sentence; NULL: none */

	struct script_sent sent_[SCRIPT_SENT];
	struct script_posted posted_[SCRIPT_POSTED];
	unsigned posted_head_;
	unsigned posted_tail_;
	bool woken_;
	bool sending_;
	bool recovering_;
};

/* A stopped transport with these capabilities and the limits above. There is nothing to end. */
void script_init(struct script *s, uint32_t caps);

/* Gives it a recover(): what was posted is gone then. */
void script_recovers(struct script *s);

/*
 * The n-th message that was sent, counted from 0; the last one. The test fails if there is none, or no copy any more.
 */
const struct script_sent *script_sent(const struct script *s, unsigned n);
const struct script_sent *script_last(const struct script *s);

/* What went out so far, in order, is these messages: a letter each, the message id. One of them, by its name. */
void script_assert_sent(const struct script *s, const char *names);
const struct script_sent *script_named(const struct script *s, char name);

/* Success without values for the newest one of that name; the test fails if it is refused. */
void script_answer(struct script *s, char name);

/*
 * Deliver a message at once; return what the sink does. reply puts status and values together for a command that was
 * sent. rx takes any header and payload; rx_on says on whose descriptor it came, as a token.
 */
int script_reply(struct script *s, const struct script_sent *to, int32_t status, const void *values, uint32_t len);
int script_rx(struct script *s, uint32_t hdr, const void *payload, uint32_t len);
int script_rx_on(struct script *s, uint16_t token, uint32_t hdr, const void *payload, uint32_t len);

/* Keeps a message for the next poll(). At most SCRIPT_POSTED. */
void script_post(struct script *s, uint32_t hdr, const void *payload, uint32_t len);
void script_post_reply(struct script *s, const struct script_sent *to, int32_t status);

/* Acquires a transfer, to be completed from area (may be NULL) and released by the two others. */
int script_acquire(struct script *s, uint32_t hdr, struct scmi_xfer *x, struct script_area *area);
int script_complete(struct script *s, struct scmi_xfer *x, uint32_t len);
void script_release(struct script *s, struct scmi_xfer *x);

/* A narrow one takes n messages more, and says so with ready(). */
void script_make_room(struct script *s, unsigned n);

int script_settle(struct script *s, uint16_t token, int err);

/* For on_send: the reply is there when send() returns; its values are the first 4 bytes of the parameters, if any. */
int script_answer_at_once(struct script *s, const struct script_sent *sent, void *arg);

#endif
