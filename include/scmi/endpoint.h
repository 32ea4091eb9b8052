/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The endpoint contract, platform side: what carries messages between a platform and one of its agents.
 *
 * The mirror of transport.h: an endpoint is a table of functions, a context and some declared data. It calls back into
 * the platform only through the struct scmi_platform_sink that start() hands it, links no symbol of the platform, and
 * never reads a field of a message header. docs/writing-a-transport.md is the guide.
 */
#ifndef SCMI_ENDPOINT_H
#define SCMI_ENDPOINT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCMI_ENDPOINT_V1      1u
#define SCMI_ENDPOINT_V2      2u /* send_to */
#define SCMI_PLATFORM_SINK_V1 1u

/*
 * A request, from the time when the endpoint delivers it until it has its answer. Memory of the endpoint's, one for
 * each request that can be open at once.
 */
struct scmi_request {
	/* filled in by the endpoint */
	uint32_t hdr;       /* header word as it came */
	uint32_t len;       /* bytes of parameters */
	const void *params; /* private and stable: the peer cannot write there; 4-byte aligned not required */
	void *reply;        /* room for the reply: status, then values. May be the peer's memory: never read */
	uint32_t reply_cap; /* bytes there, at most max_payload; less than 4: no reply can be given */
	void *priv;         /* the endpoint's own */

	/* the platform's; zeroed once by the endpoint, when it sets up its requests */
	uint32_t room_;
	uint8_t state_;
	uint8_t server_;
	uint8_t slow_;
	void *channel_;
};

/* What request() returns when the answer comes later, and when there is none. */
#define SCMI_REPLY_LATER 0u
#define SCMI_REPLY_NONE  UINT32_MAX

/* What the platform offers an endpoint. */
struct scmi_platform_sink {
	uint32_t version; /* SCMI_PLATFORM_SINK_V1; members are only ever appended */

	/*
	 * A request has come. Most are answered at once: returns how many bytes of reply stand in req->reply, status
	 * first, and the request is the endpoint's again; its header is that of the reply. SCMI_REPLY_LATER: the
	 * endpoint's reply() is called for it exactly once, from any context, and may have been already: req must not
	 * be touched. SCMI_REPLY_NONE: no reply can be given (no room for a status); the buffer goes back all the
	 * same. Never waits. Context: any, but one context at a time for one channel; a transport whose requests are
	 * handed over by the sender itself (loopback, synchronous) calls it in as many contexts as there are senders.
	 */
	uint32_t (*request)(void *channel, struct scmi_request *req);

	/*
	 * There is room again after send() returned SCMI_E_BUSY, or the peer has gone and send() will say so. May call
	 * send() before it returns. Context: any, send() included.
	 */
	void (*ready)(void *channel);

	/*
	 * Another peer is there, or the same one has booted anew: forgets what it has set up, as
	 * scmi_platform_reset_agent() does. Before its first request. Context: any, not inside request().
	 */
	void (*reset)(void *channel);
};

/* All but send, delivered, p2a and send_to are required. */
struct scmi_endpoint_ops {
	uint32_t version; /* SCMI_ENDPOINT_V1 or _V2: which members there are; they are only ever appended */
	const char *name; /* for people; the platform never compares it */

	/* Begins traffic for one agent. SCMI_OK, or SCMI_E_IO, SCMI_E_INVAL with everything undone. Context: thread. */
	int (*start)(void *ctx, const struct scmi_platform_sink *sink, void *channel);

	/*
	 * Ends it: when it returns no request is delivered any more, and ready() neither runs nor will; open requests
	 * may still be replied to. Context: thread.
	 */
	void (*stop)(void *ctx);

	/*
	 * The answer that was to come later stands in req->reply: len bytes, status first; its header is req->hdr.
	 * Takes the request back. A peer that has gone is the endpoint's affair. Context: any.
	 */
	void (*reply)(void *ctx, struct scmi_request *req, uint32_t len);

	/*
	 * Sends a message of the platform's own: a delayed response or a notification. Lent until it returns.
	 * SCMI_E_BUSY: no room now, and ready() will be called, once for any number of refusals; the platform may ask
	 * again before that. SCMI_E_TOOBIG, SCMI_E_NOPEER, SCMI_E_NOTSUP: it cannot go. Optional: NULL for a link
	 * without platform-to-agent channel. Context: any, several at once; may run beside stop(), and then returns any
	 * of them.
	 */
	int (*send)(void *ctx, uint32_t hdr, const void *payload, uint32_t len);

	/*
	 * How many requests it has delivered since it was made, modulo 2^32; exact at rest. Required of an endpoint
	 * that may call request() in several contexts at once: the platform's own count, which takes no locked
	 * instruction, would lose some. Optional for the rest. Context: any.
	 */
	uint32_t (*delivered)(void *ctx);

	/*
	 * For a link where each peer decides whether there is a platform-to-agent channel. 0: none now, the agent is
	 * answered as if send was NULL; else a number above 0, another for each peer, which may stay that of the last
	 * one while nobody is there: a delayed response promised to an earlier one ends with SCMI_E_NOPEER. Optional:
	 * without it there is one if there is a send. Context: any.
	 */
	int (*p2a)(void *ctx);

	/*
	 * Since SCMI_ENDPOINT_V2. As send(), for one peer alone, by the number above 0 that p2a() gave: SCMI_E_NOPEER,
	 * and nothing is sent, if that one is not there any more. Compared while no peer can come or go, up to the end
	 * of the send; after p2a() and before send() another may come. Delayed responses go this way. Optional: without
	 * it they go by send(), which will do where peers do not change. Means nothing without p2a. Context: as send().
	 */
	int (*send_to)(void *ctx, int peer, uint32_t hdr, const void *payload, uint32_t len);
};

/* An endpoint, ready to be given to an agent of the platform: what its constructor fills in. One agent each. */
struct scmi_endpoint {
	uint32_t size;        /* sizeof(struct scmi_endpoint) */
	uint32_t max_payload; /* bytes after the header, status included; 8 to 0x7fffffff */
	const struct scmi_endpoint_ops *ops;
	void *ctx;
};

#ifdef __cplusplus
}
#endif

#endif
