/* SPDX-License-Identifier: BSD-3-Clause */
/* What an agent is made of: slots, waiters, event buffers, frames, links. */
#ifndef SCMI_AGENT_TYPES_H
#define SCMI_AGENT_TYPES_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <scmi/agent.h>

#define SLOT_NONE   0xffffu
#define WAITER_NONE UINT32_MAX
#define GROUP       8u  /* slots that one caller rotates in */
#define FRAMES      16u /* contexts that can be inside callbacks at once without being put off */
#define POLL_BATCH  16  /* messages that a waiter takes before it looks at its own call */

/* Deadlines in the slots are ticks of 4 us in 32 bits, compared wrap-safe; 0 is none. */
#define TICK_NONE 0u

/* scmi_call.ticket_: the word's epoch, one up from where it stands in the word; bit 12 valid; the slot among all. */
#define TICKET_VALID (1u << 12)
#define TICKET_SLOT  (SCMI_LINKS_SLOTS_MAX - 1u)

/* What a send returns besides an error of the transport's: the call stands in the link's queue, SENDING is not ours. */
#define SEND_QUEUED 1

/* A submit's bits beside those of the word: another call follows at once. */
#define SEND_MORE (1u << 31)

/* Fields of a header word, where they stand. */
#define HDR_MESSAGE    0x000000ffu
#define HDR_TYPE       0x00000300u
#define HDR_TYPE_SHIFT 8u
#define HDR_PROTOCOL   0x0003fc00u
#define HDR_TOKEN      0x0ffc0000u

/* slot.flags: SCMI_CALL_POLL, what the pump has to know when the call may be gone, which link the slot belongs to. */
#define SLOT_URGENT     (1u << 1)
#define SLOT_FENCE      (1u << 2)
#define SLOT_DELAYED    (1u << 3)
#define SLOT_LINK_SHIFT 4u

/*
 * A slot. word is the lock of it all; the other atomics are atomic only because a receiver or a scan may read them
 * while a later life writes them: the compare-and-swap on the word then fails.
 */
struct slot {
	_Atomic uint32_t word;
	_Atomic uint32_t hdr;      /* the command's header, as sent; while QUEUED alone: the next in the queue */
	_Atomic uint32_t deadline; /* tick; in quarantine its end */
	_Atomic uint16_t room;     /* bytes of values the caller can take; once the call has ended: next in a list */
	_Atomic uint8_t flags;     /* SCMI_CALL_POLL of the call, and the link */
	_Atomic uint8_t cursor;    /* in the first slot of a group: where its next take starts, a hint */
	struct scmi_call *call;    /* for whoever holds CALL's claim, or SENDING */
};

/* waiter.wants: its call is urgent, and may have a reserved slot. */
#define WANTS_URGENT 0x100u

/* A waiter's entry: its event follows. Outlives its waiter, so that a signal may come after the waiter has left. */
struct waiter {
	alignas(max_align_t) _Atomic uint32_t asleep; /* the link that it would lead, + 1 */
	_Atomic uint32_t wants;                       /* the link on which it waits for a slot, + 1; and if urgent */
	_Atomic uint32_t since;                       /* when it began to, to wake the oldest first */
};

/* A notification being received, or waiting for its handlers to run: its payload follows. */
struct buffer {
	alignas(max_align_t) _Atomic uint32_t busy; /* BUFFER_BUSY | protocol, or 0 */
	uint32_t hdr;
	uint32_t len;
	_Atomic uint32_t next; /* in a list: index + 1 */
	struct link *link;
};

#define BUFFER_BUSY 0x100u

/* A context that is inside callbacks, and what it has yet to run: done functions of ended calls, handlers. */
struct frame {
	_Atomic uintptr_t self; /* 0: not in use */
	uint16_t head;
	uint16_t tail;
	uint32_t event_head; /* buffers, index + 1 */
	uint32_t event_tail;
};

/* Exceptions only: what goes well is counted by what it leaves behind (see stats.c). */
enum counter {
	C_REMOTE,
	C_TRUNCATED,
	C_MALFORMED,
	C_TIMED_OUT,
	C_CANCELLED,
	C_CLOSED,
	C_LINK_LOST,
	C_NOTIFIED,
	C_LATE,
	C_STRAY_TOKEN,
	C_STRAY_PROTOCOL,
	C_STRAY_MESSAGE,
	C_STRAY_TYPE,
	C_STRAY_HEADER,
	C_DUPLICATE,
	C_MISMATCHED,
	C_UNCLAIMED,
	C_DROPPED,
	C_REFUSED,
	C_NO_SLOT,
	C_SETTLED,
	C_EXPIRED,
	C_RECOVERED,
	C_DELAYED,    /* debts of a delayed response: one more than each take makes */
	C_UNANSWERED, /* debts that ended without a message */
	C_WRAPPED,    /* times that a slot's epoch went round */
	C_COUNT
};

/* The link's queue: whoever is in the pump owns it. */
struct queue {
	uint16_t head; /* index, or SLOT_NONE */
	uint16_t tail;
};

/* One attached transport: its pool, its queue, its state. Atomics that are used most stand near the start. */
struct link {
	/* read on every path, seldom written */
	_Atomic uint32_t gate;      /* state, and who is in the pump: gate.h */
	_Atomic uint32_t attention; /* who waits for slots or for calls to end: ATTEND_* */
	_Atomic uint32_t salt;      /* of the hash that gives callers their groups; changed where two of them meet */
	_Atomic uint32_t crowded;   /* not 0: a take has found its group full of late; releasers leave a hint */
	_Atomic uint32_t unrung;    /* a send has said that another follows */
	_Atomic uint32_t careful;   /* replies are looked at closely: trace, histograms, checks beyond the default */
	_Atomic uint32_t hdr_mask;  /* bits of a reply's header that have to agree */

	/* read only once initialised */
	struct scmi_agent *agent;
	struct slot *slots;
	struct scmi_transport transport;
	uint32_t index;
	uint32_t protocol;    /* the only one that goes this way, or SCMI_ANY */
	uint32_t limit;       /* slots in use; at most count */
	uint32_t ordinary;    /* of these, slots that not only urgent calls take */
	uint32_t count;       /* slots of the pool, a power of two */
	uint32_t first;       /* the first one's place among all slots of the agent */
	uint32_t group_mask;  /* homes are the first groups, a power of two of them, all whole */
	uint32_t cursor_mask; /* a caller rotates in the first slots of its home, a power of two: GROUP or fewer */
	uint32_t token_shift; /* from an epoch in the word to the token: 12 - log2(count) */
	uint32_t queue_timeout_us;
	uint32_t lateness_us;
	uint32_t reconnect_us;
	bool serial;  /* one send at a time, through the pump */
	bool running; /* the transport has been started; start, stop and recovery are one at a time */

	/* written by exceptions only: they keep the lines above and below apart */
	_Atomic uint32_t counts[C_COUNT];

	/* written now and then */
	_Atomic uint32_t next_deadline; /* tick: none of the deadlines lies before it */
	_Atomic uint32_t lead;          /* who drives receive: index of its waiter entry + 1, or 0; LEAD_AWAKE */
	_Atomic uint32_t freed;         /* hint: the slot that was freed last */
	_Atomic uint32_t visitors;      /* contexts that use the transport without a slot: stop waits for them */
	_Atomic uint32_t retry;         /* tick at which a poll recovers the link */
	_Atomic uint32_t refused; /* the transport had no room for a call that may not wait; until ready() or retry */
	_Atomic int lost;         /* what the link's calls end with while it is down */

	/* the pump's; the first four are left to it by others */
	_Atomic uint32_t stack;   /* new entries: index + 1 of the newest */
	_Atomic uint32_t room;    /* ready() has been called */
	_Atomic uint32_t dead;    /* a call that stood in the queue has been ended */
	_Atomic uint32_t due;     /* somebody who may not send has left the pump's work to a poll */
	_Atomic uint32_t blocked; /* the transport has said BUSY and not yet ready */
	struct queue urgent;
	struct queue queue;
	bool fenced; /* attention says so */
};

/* In link.lead: the leader is at work and will look for what it waits for before it sleeps. */
#define LEAD_AWAKE (1u << 8)

/* link.attention: a fence waits for calls to end; in the rest of the word, how many contexts wait for a slot. */
#define ATTEND_FENCE  1u
#define ATTEND_HUNGRY 2u

struct scmi_agent {
	/* read only once initialised */
	const struct scmi_port *port;
	struct link *links;
	uint32_t links_n;
	uint32_t spin_turns;
	struct slot *slots; /* of all links */
	uint32_t slots_n;
	scmi_trace_fn trace;
	void *trace_arg;
	scmi_log_fn log;
	void *log_arg;
	void (*wake)(void *arg);
	void *wake_arg;
	void (*up)(void *arg, uint32_t link);
	void *up_arg;
	struct scmi_latency *latency;
	uint32_t latency_n;
	uint32_t waiter_count;
	uint32_t waiter_stride;
	uint32_t buffer_count;
	uint32_t buffer_bytes;
	uint32_t buffer_stride;
	unsigned char *waiters;
	unsigned char *buffers;
	bool deferred;
	bool passive;

	/* read on every path, seldom written */
	_Atomic uint32_t checks; /* SCMI_CHECK_* that are strict */
	_Atomic uint32_t frames_used;

	/* written now and then */
	_Atomic uint32_t visitors;       /* contexts inside poll: stop waits for them */
	_Atomic uint32_t waiters_used;   /* bitmap of the waiter entries */
	_Atomic uint32_t put_off;        /* ended calls whose callbacks wait for a poll: place + 1 of the newest */
	_Atomic uint32_t put_off_events; /* the same of notifications: buffer + 1 */
	_Atomic uint32_t arrivals;       /* counts who waits for a slot */
	_Atomic uint32_t walks[2];       /* contexts that walk the list of subscribers, by the parity they began in */
	_Atomic uint32_t parity;
	_Atomic uint32_t removing; /* somebody waits for walks to end */
	_Atomic(struct scmi_subscriber *) subscribers;
	struct frame frames[FRAMES];
};

#endif
