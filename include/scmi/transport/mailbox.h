/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SCMI over shared memory and doorbells (the device tree's "arm,scmi"): both ends.
 *
 * A channel is an area for commands (A2P), perhaps one for what the platform sends unasked (P2A), and doorbells
 * between the two ends. An area holds one message: the agent's core queues what has to wait for it. Doorbells stand
 * behind a small table, one for each end; ready ones: transport/mailbox_linux.h (eventfd, futex, UIO). A function of
 * one's own is enough on bare metal, and none at all where the other end polls.
 *
 * Who is late harms nobody. A command that has timed out leaves the area to the platform until it says FREE; what comes
 * then is matched by its token, and dropped. A doorbell that finds the area still with the other end is ignored.
 */
#ifndef SCMI_TRANSPORT_MAILBOX_H
#define SCMI_TRANSPORT_MAILBOX_H

#include <stddef.h>
#include <stdint.h>

#include <scmi/endpoint.h>
#include <scmi/errors.h>
#include <scmi/port.h>
#include <scmi/transport.h>
#include <scmi/transport/shmem.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Areas of a channel. */
#define SCMI_MAILBOX_A2P   0u
#define SCMI_MAILBOX_P2A   1u
#define SCMI_MAILBOX_AREAS 2u

/* What a doorbell says. */
enum scmi_mailbox_signal {
	SCMI_MAILBOX_TX = 0,       /* agent to platform: a command stands in A2P */
	SCMI_MAILBOX_TX_REPLY = 1, /* platform to agent: its reply does */
	SCMI_MAILBOX_RX = 2,       /* platform to agent: a message stands in P2A */
	SCMI_MAILBOX_RX_REPLY = 3, /* agent to platform: P2A is free again */
};

/*
 * The channel of the device tree's "mboxes" that carries a signal: mboxes channels and shmems areas, 1/1, 2/1, 2/2, 3/2
 * or 4/2. Returns its index; SCMI_E_NOTSUP: that arrangement is none of these, or has no P2A. RX_REPLY of 3/2 goes back
 * on the channel of RX. Context: any.
 */
int scmi_mailbox_channel(uint32_t mboxes, uint32_t shmems, enum scmi_mailbox_signal signal);

/* ---- doorbells ---- */

#define SCMI_MAILBOX_DOORBELL_V1 1u

struct scmi_mailbox;
struct scmi_mailbox_end;

/*
 * A doorbell as one end sees it: how it rings the other one, and how it sleeps until it is rung. Kept, not copied: it
 * must outlive the end. All functions get ctx. Where everything is NULL both ends poll.
 */
struct scmi_mailbox_doorbell {
	uint32_t version; /* SCMI_MAILBOX_DOORBELL_V1; members are only ever appended */
	/*
	 * Agent end. SCMI_CAP_IRQ: scmi_mailbox_interrupt() is called by itself; SCMI_CAP_ATOMIC: ring() may be called
	 * from an interrupt; SCMI_CAP_SYNC_SEND: as a rule the reply has come when ring() returns.
	 */
	uint32_t caps;
	const char *name; /* for people: "eventfd" */
	void *ctx;

	/*
	 * Agent end, both or neither. start: from here on the end may be interrupted; what was pending before is
	 * drained. A carrier that finds its peer anew each time puts the areas where it found them: areas[] is what the
	 * configuration says, FRESH areas (see below) are whole and unused. SCMI_OK; SCMI_E_NOPEER, SCMI_E_IO, with
	 * everything undone. stop: when it returns no scmi_mailbox_interrupt() and no scmi_mailbox_lost() is under way
	 * or will come. It may be called by scmi_mailbox_found(), and while another context waits in there for its
	 * turn: so it must not wait for a thread that calls that. Context: thread.
	 */
	int (*start)(void *ctx, struct scmi_mailbox *mailbox, struct scmi_shmem areas[SCMI_MAILBOX_AREAS]);
	void (*stop)(void *ctx);

	/*
	 * Rings the other end. NULL: it polls. SCMI_OK; an error of TX means that the platform has not been told and
	 * will not look: the command is taken back. Elsewhere nobody looks at what is returned. Order: the area's
	 * status was written with a seq_cst store, all else before that. A function, a system call or a conduit needs
	 * no more. A device does: what writes a register orders the area before that, by the barrier which the system
	 * has between memory and devices (a fence; on Arm a DSB). Context: any, several at once, never with a lock
	 * held. It may run the other end's code, and be called while that is running.
	 */
	int (*ring)(void *ctx, enum scmi_mailbox_signal signal);

	/*
	 * wait: sleeps until the other end has rung since the last wait, wake() was called, or the port's clock has
	 * reached deadline_us (SCMI_NEVER: no limit). May return early. One context at a time. wake: makes the present
	 * or the next wait return; any context, any time. Both, or neither: then nobody sleeps here.
	 */
	void (*wait)(void *ctx, uint64_t deadline_us);
	void (*wake)(void *ctx);

	/*
	 * Agent end. fd: a descriptor that is readable once the other end has rung, until clear(); constant from start
	 * to stop. clear: by poll(), before it looks; it must not take away what wake() does. raise makes fd readable
	 * as the other end does: by a poll() that stops at its limit and leaves something. Several contexts at once.
	 * All three, or none; or clear alone, by which a doorbell without a descriptor learns of polls.
	 */
	int (*fd)(void *ctx);
	void (*clear)(void *ctx);
	void (*raise)(void *ctx);
};

/* ---- the agent's end ---- */

/*
 * scmi_mailbox_config.flags. FRESH: each start() of the doorbell finds areas, and a platform end, that know nothing of
 * what was before: so recovery is a stop and a start of the doorbell. Without it a platform cannot be reset, and
 * recovery waits for FREE.
 */
#define SCMI_MAILBOX_FRESH (1u << 0)

#define SCMI_MAILBOX_INFLIGHT_DEFAULT 32u
#define SCMI_MAILBOX_INFLIGHT_MAX     1024u

/* Zero is a good default for every member but size and areas. Not kept after init, but for what it points to. */
struct scmi_mailbox_config {
	uint32_t size;         /* sizeof(struct scmi_mailbox_config) */
	uint32_t flags;        /* SCMI_MAILBOX_* */
	uint32_t max_inflight; /* commands that are accepted at once; one is in the area; 0: the default */
	uint32_t max_payload;  /* FRESH only, if areas[] has no memory yet: what its A2P area will carry */
	struct scmi_shmem areas[SCMI_MAILBOX_AREAS];  /* P2A: mem NULL and len 0, there is none */
	const struct scmi_mailbox_doorbell *doorbell; /* NULL: the platform polls, and so do we */
	/* Must outlive the mailbox. For CACHED areas, and for a stop() that waits; NULL: that one spins. */
	const struct scmi_port *port;
};

/* The agent's end, in the caller's memory. Opaque. */
struct scmi_mailbox {
	void *private_[40];
};

/*
 * Checks a configuration. Returns SCMI_OK or SCMI_E_INVAL; *why, if why is not NULL, is then a constant sentence that
 * begins with the name of the member at fault, else NULL. Context: any.
 */
int scmi_mailbox_check(const struct scmi_mailbox_config *config, const char **why);

/*
 * Makes the agent's end and fills in *transport for scmi_agent_config. transport->max_payload is the A2P area's,
 * SCMI_CAP_NOTIFY is there with a P2A area (of FRESH: with a len), SCMI_CAP_WAIT with a doorbell that has wait.
 * Nothing is touched before the agent starts. Returns SCMI_OK; SCMI_E_INVAL, NULL or as scmi_mailbox_check(). Context:
 * thread.
 *
 * Recovery without FRESH is SCMI_E_BUSY until the platform has given the area back. A delayed response that the
 * platform owes from before cannot be called back: its slot stays owed until it comes (SCMI_CAP_LATE_DELAYED, declared
 * with a P2A area). An agent whose memory is new, after a boot loader that has used delayed commands, cannot know of
 * theirs.
 */
int scmi_mailbox_init(struct scmi_mailbox *mailbox, const struct scmi_mailbox_config *config,
		      struct scmi_transport *transport);

/*
 * The other end has rung, whatever for: takes what has come and delivers it, at most 32 messages; a platform that rings
 * for each of its messages loses none. Several contexts may call it at once, and beside a poll of the agent's; nothing
 * is delivered twice. Context: any, interrupts included; between start() and stop() of the doorbell.
 */
void scmi_mailbox_interrupt(struct scmi_mailbox *mailbox);

/*
 * The platform is gone: nothing is taken from it any more, and as soon as those are through that are being delivered,
 * every call ends with err (SCMI_E_LINK, SCMI_E_NOPEER or SCMI_E_IO; SCMI_OK is taken for SCMI_E_LINK). The link is
 * down until the agent recovers it, by its reconnect policy or by hand, or scmi_mailbox_found() does. For FRESH ends.
 * Never waits. Context: any, interrupts and upcalls included; between start() and stop() of the doorbell.
 */
void scmi_mailbox_lost(struct scmi_mailbox *mailbox, int err);

/*
 * The platform is there again after scmi_mailbox_lost(): stop() and start() of the doorbell, then new messages. Returns
 * SCMI_OK or the doorbell's error. Context: thread, not inside an upcall.
 */
int scmi_mailbox_found(struct scmi_mailbox *mailbox);

/* What has been seen, since init, modulo 2^32. */
struct scmi_mailbox_stats {
	uint32_t size;       /* sizeof(struct scmi_mailbox_stats), set by the caller */
	uint32_t commands;   /* sent; not those that were taken back because the doorbell has failed */
	uint32_t rung;       /* doorbells, those that have failed too */
	uint32_t errors;     /* FREE with ERROR: that call ended with SCMI_E_COMMS */
	uint32_t bad_length; /* a reply of 0 to 7 bytes or beyond the area, a P2A message of 0 to 3 or beyond it */
	uint32_t bad_check;  /* the integrity check failed: SCMI_E_COMMS */
	/*
	 * How often A2P came back with nothing that a call waits for: the answer to a command of before a stop or a
	 * recovery, or the platform has had the area at start, or has taken it by itself. What a FRESH link loses
	 * with its areas is counted nowhere.
	 */
	uint32_t left;
	uint32_t events; /* P2A messages that were taken */
};

/* Reads the counters. SCMI_OK, or SCMI_E_INVAL (NULL, a size this version does not know). Context: any. */
int scmi_mailbox_stats(struct scmi_mailbox *mailbox, struct scmi_mailbox_stats *stats);

/* ---- the platform's end ---- */

/* Zero is a good default for every member but size, and areas where they are known. As above. */
struct scmi_mailbox_end_config {
	uint32_t size;        /* sizeof(struct scmi_mailbox_end_config) */
	uint32_t max_payload; /* of the A2P area, that is len less SCMI_SHMEM_PAYLOAD; 0: as areas[] says */
	/*
	 * Attached from the beginning, and put in order (as scmi_shmem_reset() does) when the platform starts for the
	 * first time; TX_REPLY is rung then, for an agent that waits for FREE. A2P mem NULL: nobody is there before
	 * scmi_mailbox_end_attach().
	 */
	struct scmi_shmem areas[SCMI_MAILBOX_AREAS];
	/* ring, and wake where a thread serves; the rest is not used. NULL: the agent polls. */
	const struct scmi_mailbox_doorbell *doorbell;
	const struct scmi_port *port; /* as above */
};

/* Bytes of memory that the platform's end needs: two private payloads and its state. For static memory, in words. */
#define SCMI_MAILBOX_END_WORDS(payload)                                                                                \
	((SCMI_MAILBOX_END_BASE_BYTES + 2u * (((size_t)(payload) + 15u) / 16u * 16u) + sizeof(max_align_t) - 1u) /     \
	 sizeof(max_align_t))
#define SCMI_MAILBOX_END_BASE_BYTES (sizeof(void *) == 8u ? 224u : 160u)

/* As scmi_mailbox_check(). */
int scmi_mailbox_end_check(const struct scmi_mailbox_end_config *config, const char **why);

/* Bytes of memory that this configuration needs, exactly; 0 if it is not allowed. Context: any. */
size_t scmi_mailbox_end_size(const struct scmi_mailbox_end_config *config);

/*
 * Makes the platform's end in mem: len bytes, aligned as max_align_t, which stay its own until the platform is stopped
 * and no request is open; fills in *endpoint. Returns SCMI_OK; SCMI_E_INVAL; SCMI_E_NOMEM, misaligned or a byte too
 * short. Context: thread.
 */
int scmi_mailbox_end_init(struct scmi_mailbox_end **end, void *mem, size_t len,
			  const struct scmi_mailbox_end_config *config, struct scmi_endpoint *endpoint);

/*
 * Another agent is there, with these areas (put in order already, mapped until detach, of at least the max_payload of
 * init): the platform forgets what the last one has set up. Returns SCMI_OK; SCMI_E_INVAL, an area that is not allowed,
 * or attached already. An open request of the last agent's is still the platform's; the new one's commands wait until
 * it has been answered. A command that stands there already is served here, as it is when the platform starts, or, with
 * doorbell->wake(), by who is woken. Context: thread, as detach; one at a time.
 */
int scmi_mailbox_end_attach(struct scmi_mailbox_end *end, const struct scmi_shmem areas[SCMI_MAILBOX_AREAS]);

/*
 * The agent is gone: when it returns its areas are not touched any more. Answers to its commands go nowhere; delayed
 * responses end with SCMI_E_NOPEER. Not attached: nothing. Context: thread, not inside a request.
 */
void scmi_mailbox_end_detach(struct scmi_mailbox_end *end);

/*
 * The agent has rung, or it is time to look: takes a command, up to max of them one after another, serves it on the
 * caller's stack, and tells the platform where P2A is free again that was not. Of several contexts at once one serves
 * for all: without doorbell->wake() beyond its max, one command for each time that another has left it something; with
 * it never, it wakes instead. Returns how many it took; 0, none is there, the last one has not been answered yet, or
 * another context serves; SCMI_E_CLOSED, the platform has not started, or nobody is attached: a ring() that calls this
 * returns an error then, so that the command is taken back, else it stands there until the platform starts. When the
 * answer to a detached agent has come, for which the next one's command may wait, doorbell->wake() is called: serve
 * again. Without wake() who answers (scmi_request_reply()) serves that command, and one that has come meanwhile: the
 * next handler may run on the answerer's stack. Context: any from which the platform may be entered.
 */
int scmi_mailbox_end_serve(struct scmi_mailbox_end *end, int max);

/* What the agent has done, since init, modulo 2^32. */
struct scmi_mailbox_end_stats {
	uint32_t size;       /* sizeof(struct scmi_mailbox_end_stats), set by the caller */
	uint32_t taken;      /* commands that were handed to the platform */
	uint32_t rung;       /* doorbells, for answers and for P2A messages */
	uint32_t bad_status; /* taken with ERROR set: given back with ERROR and FREE */
	uint32_t bad_length; /* below 4 or beyond the area: likewise */
	uint32_t bad_check;  /* the integrity check failed: likewise */
	uint32_t stale;      /* answers to an agent that was detached */
	uint32_t events;     /* P2A messages that were sent */
	uint32_t open;       /* requests that the platform holds, now */
};

/* Reads the counters. SCMI_OK, or SCMI_E_INVAL (NULL, a size this version does not know). Context: any. */
int scmi_mailbox_end_stats(struct scmi_mailbox_end *end, struct scmi_mailbox_end_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
