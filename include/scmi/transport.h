/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transport contract, agent side: what carries messages between an agent and a platform.
 *
 * A transport is a table of functions, a context and some declared data. It calls back into the core only through the
 * struct scmi_sink that start() hands it, links no symbol of the core, and never reads a field of a message header:
 * the header word is passed on, whole, both ways. Whole words may be compared. docs/writing-a-transport.md is the
 * guide; transports/loopback is the reference to copy.
 *
 * Contexts. The core calls send() and poll() from any thread, several at once where the transport says CONCURRENT;
 * from an interrupt it calls send() and flush() only where the transport says ATOMIC. The sink may be called from any
 * context, interrupts included, never with a lock of the transport held.
 */
#ifndef SCMI_TRANSPORT_H
#define SCMI_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCMI_TRANSPORT_V1 1u
#define SCMI_SINK_V1      1u

/* Capabilities, declared in struct scmi_transport. */
#define SCMI_CAP_POLL         (1u << 0) /* poll() delivers what has come */
#define SCMI_CAP_IRQ          (1u << 1) /* delivers by itself, from an interrupt or a thread of its own */
#define SCMI_CAP_SYNC_SEND    (1u << 2) /* as a rule the reply has been delivered when send() returns */
#define SCMI_CAP_NOTIFY       (1u << 3) /* can carry platform-to-agent messages */
#define SCMI_CAP_ATOMIC       (1u << 4) /* send() may be called from an interrupt */
#define SCMI_CAP_CONCURRENT   (1u << 5) /* send() may run in several contexts at once; BUSY costs a second try */
#define SCMI_CAP_WAIT         (1u << 6) /* wait() and wake() are there: a waiting caller can drive receive */
#define SCMI_CAP_PEER_BUFS    (1u << 7) /* until it answers, the peer may write memory that was posted for a command */
/*
 * The peer cannot be reset: the delayed response of a command of before may still come after recover() or stop(). Its
 * slot stays owed until then; what follows of these two promises the rest.
 */
#define SCMI_CAP_LATE_DELAYED (1u << 8)

/* Defaults that a transport may leave 0 take these values. */
#define SCMI_TIMEOUT_DEFAULT_US         30000u
#define SCMI_DELAYED_TIMEOUT_DEFAULT_US 2000000u

/* A time-out that never fires. */
#define SCMI_FOREVER UINT32_MAX

/* struct scmi_rx.token: the transport does not know which command a message answers but by its header. */
#define SCMI_TOKEN_ANY 0xffffu

/* struct scmi_tx.flags */
#define SCMI_TX_POLL (1u << 0) /* the sender polls: no interrupt is needed, but where it tells of room, too */

/* A message to send. Valid, and its payload lent, until send() returns. */
struct scmi_tx {
	uint32_t hdr;        /* header word, host order; written to the wire little endian, otherwise untouched */
	uint16_t token;      /* what settle() and struct scmi_rx.token want back */
	uint16_t slot;       /* 0 <= slot < max_inflight; no two messages that are owed a reply share one */
	const void *payload; /* in wire order; may be NULL if len is 0 */
	uint32_t len;        /* bytes of payload after the header; at most max_payload */
	uint32_t reply_cap;  /* bytes of values that the caller has room for; may be more than max_payload carries */
	uint8_t flags;       /* SCMI_TX_*; other bits mean nothing */
	uint8_t more;        /* not 0: another send() follows at once; the doorbell may wait for it, or for flush() */
};

/* A message that has come. */
struct scmi_rx {
	uint32_t hdr; /* header word, host order, read once */
	uint32_t len; /* bytes after the header, as bounded by the transport to what it really has */
	/* these bytes, if private and stable (the core copies before a reply's slot is free); NULL: fetch() */
	const void *data;
	void *cookie;   /* the transport's own, for fetch() */
	uint16_t token; /* scmi_tx.token of the command on whose descriptor or area it came, or SCMI_TOKEN_ANY */
};

/*
 * A reference to the live transfer that a message was matched to. Caller's memory: the transport keeps one beside
 * each message that it completes later; hdr, cap and poll are filled in by acquire().
 */
struct scmi_xfer {
	uint32_t hdr;   /* the header that was matched, type included; read only */
	uint32_t cap;   /* room: bytes of values (65535 is that or more), of a notification's payload; read only */
	void *priv;     /* the transport's own; NULL after acquire(); handed to fetch() as rx->cookie */
	uint8_t poll;   /* 1: the taker polls, nobody waits for an interrupt; read only */
	uint8_t state_; /* the core's */
	uint16_t slot_; /* the core's */
};

/*
 * What the core offers a transport. `core` is the word that start() got beside the table. All may be called from any
 * context, receive takes no lock and never waits. All return SCMI_OK or what is said here; a refused message has been
 * counted and is only to be dropped: its buffer goes back where it came from in every case.
 */
struct scmi_sink {
	uint32_t version; /* SCMI_SINK_V1; members are only ever appended */

	/*
	 * rx: a message has come; acquire, complete and release in one. Calls back fetch() (not where rx->data is
	 * set), and may run the user's callback, before it returns. SCMI_E_STRAY: unknown or stale token, wrong
	 * protocol, message, link or type, a duplicate, a late reply (its slot's debt is settled). SCMI_E_PROTO:
	 * matched by rx->token but not by its header: that slot's debt and call are ended with SCMI_E_PROTO. Of a
	 * notification: SCMI_E_BUSY, no event buffer is free; SCMI_E_PROTO, longer than one, or fetch() failed. A
	 * malformed reply is SCMI_OK here: it ends its call.
	 */
	int (*rx)(void *core, const struct scmi_rx *rx);

	/*
	 * acquire: takes a reference to the live transfer that hdr answers; for a notification, to a fresh event
	 * buffer. From SCMI_OK until release() the transfer stays valid and matched to this message, whatever times
	 * out, is cancelled or answered meanwhile: its slot is not used again, and no other message of that kind can
	 * match it. A second message with the same header gets SCMI_E_STRAY, and so does a late reply, whose slot's
	 * debt is settled; but the response of a delayed command may be taken although its call has ended: complete()
	 * is SCMI_E_GONE then. SCMI_E_BUSY: no event buffer is free. On an error nothing is held and x is not to be
	 * released.
	 */
	int (*acquire)(void *core, uint32_t hdr, struct scmi_xfer *x);

	/*
	 * complete: delivers a message of len payload bytes. Claims the call, calls back fetch() with cookie = x->priv
	 * for one bounded copy straight into the caller's buffer, and ends it; the user's callback may run inside,
	 * while the reference still holds the slot. SCMI_E_GONE: a time-out or a cancel has won meanwhile, nothing was
	 * written (of a delayed command's response the status may be fetched all the same). Of a notification also
	 * SCMI_E_BUSY and SCMI_E_PROTO, as rx. At most once between acquire and release; the reference stays held.
	 */
	int (*complete)(void *core, struct scmi_xfer *x, uint32_t len);

	/* release: gives the reference back. A reply released without complete() ends its call with SCMI_E_PROTO. */
	void (*release)(void *core, struct scmi_xfer *x);

	/*
	 * settle: what was sent with this token came back without a usable message (a used descriptor of length 0,
	 * an area FREE with ERROR). Ends the call with err (SCMI_E_PROTO, SCMI_E_COMMS, SCMI_E_LINK,
	 * SCMI_E_NOPEER or SCMI_E_IO; another is taken for SCMI_E_PROTO) and the debt of a response. SCMI_E_STRAY:
	 * nothing is owed.
	 */
	int (*settle)(void *core, uint16_t token, int err);

	/*
	 * ready: there is room again after SCMI_E_BUSY, or the peer is there (again) after link_down(), which has
	 * returned by then: then no send() succeeds before this has returned.
	 */
	void (*ready)(void *core);

	/*
	 * link_down: the peer is gone, and the transport promises that nothing that was sent before this call will be
	 * delivered any more. Every call of the link ends with err (one of the five of settle(); SCMI_E_LINK if it is
	 * none), every debt is forgiven; submits are refused with SCMI_E_NOPEER until ready(), and every send() fails
	 * until that has returned: one that succeeded beside link_down() is known to be lost. Where the link has come
	 * back before its submit looks, it may have gone to the next peer: that slot keeps its debt until its reply,
	 * the next link_down(), recovery or stop. A send() that fails owes nothing: better let it.
	 */
	void (*link_down)(void *core, int err);
};

struct scmi_transport_ops {
	uint32_t version; /* SCMI_TRANSPORT_V1; members are only ever appended */
	const char *name; /* for log lines and errors; the core never compares it */

	/*
	 * start: begins traffic; upcalls may come before it has returned. SCMI_E_NOPEER: the peer is not there;
	 * SCMI_E_IO, SCMI_E_INVAL; on an error everything is undone. A transport whose peer may come later returns
	 * SCMI_OK after link_down(), and calls ready() then. Context: thread.
	 */
	int (*start)(void *ctx, const struct scmi_sink *sink, void *core);

	/*
	 * stop: ends traffic. When it returns no upcall runs or will run; every acquired transfer has been released,
	 * and nothing that was sent is delivered any more, after another start either. No send(), poll(), wait() or
	 * flush() is under way or comes before the next start. Context: thread, never inside an upcall.
	 */
	void (*stop)(void *ctx);

	/*
	 * send: puts one message on the wire; must not keep tx or its payload. May call the sink, and the reply may
	 * come, before it returns. SCMI_E_BUSY: no room now, ready() will be called when there is; SCMI_E_TOOBIG,
	 * SCMI_E_NOPEER, SCMI_E_LINK, SCMI_E_IO: nothing was sent and nothing is owed. Context: see above.
	 */
	int (*send)(void *ctx, const struct scmi_tx *tx);

	/*
	 * flush: rings the doorbell for sends that said `more`. Also called where none did. Optional: without it
	 * send() ignores `more`. Context: as send(), several at once.
	 */
	void (*flush)(void *ctx);

	/*
	 * fetch: copies len bytes of the message's payload, from offset on, to dst. The core asks for each byte at
	 * most once and stays within rx->len. May be called only inside the upcall that delivers the message.
	 * Returns SCMI_OK; an error ends the call with SCMI_E_PROTO. Optional where every rx carries data.
	 */
	int (*fetch)(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len);

	/*
	 * poll: delivers up to max messages that have come, and returns how many it took. Never sleeps. Several
	 * contexts may call it at once: it must not deliver a message twice, nor hold a lock over an upcall.
	 * Required with SCMI_CAP_POLL.
	 */
	int (*poll)(void *ctx, int max);

	/*
	 * wait: sleeps until something has come, wake() was called, or the port's clock reached deadline_us
	 * (SCMI_NEVER: no limit). Delivers nothing: poll() follows. May return early. One context at a time. wake:
	 * makes the present or the next wait return; from any context, and at any time: beside and after stop() it
	 * does nothing. Both required with SCMI_CAP_WAIT.
	 */
	void (*wait)(void *ctx, uint64_t deadline_us);
	void (*wake)(void *ctx);

	/*
	 * recover: resets the link so that nothing that was sent before is delivered any more: SCMI_OK promises that,
	 * and that send() works; who has called link_down() since the last ready(), or inside, calls ready() before it
	 * returns that. SCMI_E_BUSY: not now, everything stays as it was. Another error: nothing of before is delivered
	 * either, but the link is down until ready() or the next recover(). What was acquired has been released when it
	 * returns. No send(), poll(), wait() or flush() is under way or comes before; upcalls of its own may run.
	 * Optional: without it the core calls stop() and start(). Context: thread.
	 */
	int (*recover)(void *ctx);

	/*
	 * fd: a descriptor that is readable while poll() would find something, for a loop of the user's; -1: none.
	 * poll() makes it unreadable again when it has taken all. Constant from start() to stop(). Optional.
	 */
	int (*fd)(void *ctx);
};

/* A transport, ready to be attached to an agent: what its constructor fills in. Copied by the core when attached. */
struct scmi_transport {
	uint32_t size; /* sizeof(struct scmi_transport) */
	uint32_t caps; /* SCMI_CAP_* */
	const struct scmi_transport_ops *ops;
	void *ctx;
	uint32_t max_payload;  /* bytes after the header, status included: parameters, or values + 4; 4 to 16 MiB */
	uint32_t max_inflight; /* commands that may be owed a reply at once; at least 1 */
	uint32_t timeout_us;   /* default for a response, from the wire; 0: SCMI_TIMEOUT_DEFAULT_US */
	uint32_t delayed_timeout_us; /* of a delayed response, from the response; 0: SCMI_DELAYED_TIMEOUT_DEFAULT_US */
};

/*
 * Checks a transport: table, version, the methods that its capabilities need, its limits. Returns SCMI_OK or
 * SCMI_E_INVAL; *why, if why is not NULL, is then a sentence that names the fault. Context: any.
 */
int scmi_transport_check(const struct scmi_transport *transport, const char **why);

#ifdef __cplusplus
}
#endif

#endif
