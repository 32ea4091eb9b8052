/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The platform end: takes requests from agents, knows the agents apart, answers now or later.
 *
 * A platform owns a table of servers, one a protocol, each a table of commands over a model of the user's; and a table of
 * agents, each with the endpoint that it talks through. Like the agent it lives in the caller's memory, allocates
 * nothing and keeps no global state.
 */
#ifndef SCMI_PLATFORM_H
#define SCMI_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

#include <scmi/errors.h>
#include <scmi/message.h>
#include <scmi/port.h>
#include <scmi/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

struct scmi_platform;

/* ---- the endpoint contract: a transport's platform end ---- */

#define SCMI_ENDPOINT_V1      1u
#define SCMI_PLATFORM_SINK_V1 1u

/*
 * A request, from the time when the endpoint delivers it until its reply() is called. Memory of the endpoint's, one for
 * each request that can be open at once.
 */
struct scmi_request {
	/* filled in by the endpoint */
	uint32_t hdr;       /* header word as it came */
	uint32_t len;       /* bytes of parameters */
	const void *params; /* private and stable: the peer cannot write there; 4-byte aligned not required */
	void *reply;        /* room for the reply's payload: status, then values. May be the peer's memory: never read */
	uint32_t reply_cap; /* bytes there; less than 4: no reply can be given */
	void *priv;         /* the endpoint's own */

	/*
	 * Set to 1 by the platform just before a reply() that it calls inside request(), in the same context; 0 is
	 * always right. With it an endpoint saves what a reply from another context costs: a lock, a doorbell for each.
	 */
	uint8_t in_place;

	/* the platform's */
	uint32_t reply_len_;
	uint16_t agent_;
	uint8_t state_;
	uint8_t server_;
	void *channel_;
};

/* What the platform offers an endpoint. */
struct scmi_platform_sink {
	uint32_t version;

	/*
	 * A request has come. reply() is called exactly once for it: inside this call, or later from any context.
	 * Never waits. Context: any, but one context at a time for one channel; a transport whose requests are handed
	 * over by the sender itself (loopback, synchronous) calls it in as many contexts as there are senders.
	 */
	void (*request)(void *channel, struct scmi_request *req);

	/* There is room again after send() returned SCMI_E_BUSY. */
	void (*ready)(void *channel);
};

struct scmi_endpoint_ops {
	uint32_t version; /* SCMI_ENDPOINT_V1; members are only ever appended */
	const char *name;

	/* Begins traffic for one agent. SCMI_OK, or SCMI_E_IO, SCMI_E_INVAL with everything undone. Context: thread. */
	int (*start)(void *ctx, const struct scmi_platform_sink *sink, void *channel);

	/* Ends it: when it returns no request is delivered any more; open requests may still be replied to. */
	void (*stop)(void *ctx);

	/*
	 * The reply to req stands in req->reply: len bytes, status first; its header is req->hdr. Takes the request
	 * back. A peer that has gone is the endpoint's affair. len 0: no reply can be given (no room for a status);
	 * the buffer goes back all the same. Context: any.
	 */
	void (*reply)(void *ctx, struct scmi_request *req, uint32_t len);

	/*
	 * Sends a message of the platform's own: a delayed response or a notification. Lent until it returns.
	 * SCMI_E_BUSY: no room now; SCMI_E_TOOBIG, SCMI_E_NOPEER, SCMI_E_NOTSUP. Optional: NULL for a link without
	 * platform-to-agent channel. Context: any.
	 */
	int (*send)(void *ctx, uint32_t hdr, const void *payload, uint32_t len);
};

struct scmi_endpoint {
	uint32_t size; /* sizeof(struct scmi_endpoint) */
	uint32_t max_payload; /* bytes after the header, status included */
	const struct scmi_endpoint_ops *ops;
	void *ctx;
};

#ifdef __cplusplus
}
#endif

#endif
