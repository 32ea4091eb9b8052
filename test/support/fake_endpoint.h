/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An endpoint that is a test's hand: delivers what it is told to, keeps what comes back, and notes every use that
 * breaks the contract. A request's reply has guard bytes around its room, its parameters lie in memory of exactly their
 * length, so that a sanitizer sees a read beyond them.
 */
#ifndef FAKE_ENDPOINT_H
#define FAKE_ENDPOINT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <scmi/platform.h>

#define FAKE_PAYLOAD 128u /* max_payload, and the room that fake_ask() gives */

#define FAKE_LOG       64u /* messages that are kept */
#define FAKE_LOG_BYTES 32u /* of each */

/* A message of the platform's own. */
struct fake_message {
	uint32_t hdr;
	uint32_t len;
	uint8_t bytes[FAKE_LOG_BYTES];
};

struct fake_endpoint {
	struct scmi_endpoint endpoint; /* for struct scmi_platform_agent */
	struct scmi_endpoint_ops ops;  /* the test may take a method away before scmi_platform_init() */

	/* what the methods return; SCMI_OK at first */
	int start_result;
	atomic_int send_result;
	atomic_uint refusals; /* that many sends more get SCMI_E_BUSY; UINT_MAX: all, until fake_make_room() */
	bool ready_inside;    /* a send that is refused so calls ready() before it returns */

	/* runs in each send(), before anything else; NULL: nothing */
	void (*on_send)(struct fake_endpoint *f, void *arg);
	void *arg;

	/* what has happened */
	const struct scmi_platform_sink *sink;
	void *channel;
	unsigned starts;
	unsigned stops;
	atomic_uint delivered; /* requests, by fake_deliver() */
	atomic_uint replied;
	atomic_uint sends; /* calls of send(), refused ones included */
	atomic_uint taken; /* messages of the platform's own; the first of them stand in log */
	struct fake_message log[FAKE_LOG];
	const char *fault; /* the first breach of the contract, as a sentence; NULL: none */
};

/* A request, to be used again after each reply. Zero is a good start; its buffers are freed by fake_request_free(). */
struct fake_request {
	struct scmi_request req;
	atomic_uint replies; /* of the present delivery */
	uint32_t reply_len;  /* as the platform gave it */
	uint8_t in_place;    /* 1: answered by request() itself */
	uint32_t cap;
	uint8_t *reply; /* cap bytes */
	uint8_t *params_;
	uint8_t *guarded_;
	struct fake_endpoint *endpoint_;
};

/* A fresh endpoint with all methods. */
void fake_endpoint_init(struct fake_endpoint *f);

/* Delivers a request of len bytes of parameters (may be NULL with 0) with room for a reply of cap bytes. */
void fake_deliver(struct fake_endpoint *f, struct fake_request *r, uint32_t hdr, const void *params, uint32_t len,
		  uint32_t cap);

/* Nothing is refused any more; then says ready(). */
void fake_make_room(struct fake_endpoint *f);

/* The platform's message that was taken last. Aborts if there is none, or it came after the log was full. */
const struct fake_message *fake_last(const struct fake_endpoint *f);

/* Word index of a message's payload, the first is 0; 0xdeadbeef for one that did not come. */
uint32_t fake_message_u32(const struct fake_message *m, uint32_t index);

/*
 * Delivers a command of n words of parameters (uint32_t each) with token 0x155, expects an answer at once and returns
 * its status. A reply that breaks a rule (length, guards, an error with values) is a fault of the endpoint and returns
 * INT32_MIN.
 */
int32_t fake_ask(struct fake_endpoint *f, struct fake_request *r, unsigned protocol, unsigned message, unsigned n, ...);

/* The reply's status; INT32_MIN as above. */
int32_t fake_status(struct fake_request *r);

/* Word index of the reply's values (0 the first after the status); 0xdeadbeef for a word that did not come. */
uint32_t fake_value(const struct fake_request *r, uint32_t index);

/* Bytes of values that came. */
uint32_t fake_values_len(const struct fake_request *r);

void fake_request_free(struct fake_request *r);

#endif
