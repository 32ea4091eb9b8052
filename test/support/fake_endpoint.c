/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_endpoint.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define GUARD_BYTES 16u
#define GUARD       0xa5
#define TOKEN       0x155u

static void note(struct fake_endpoint *f, const char *fault)
{
	if (f->fault == NULL)
		f->fault = fault;
}

static int start(void *ctx, const struct scmi_platform_sink *sink, void *channel)
{
	struct fake_endpoint *f = ctx;

	if (f->start_result != SCMI_OK)
		return f->start_result;
	if (f->starts != f->stops)
		note(f, "started twice");
	f->starts++;
	f->sink = sink;
	f->channel = channel;
	return SCMI_OK;
}

static void stop(void *ctx)
{
	struct fake_endpoint *f = ctx;

	f->stops++;
	if (f->stops != f->starts)
		note(f, "stopped without a start");
}

static void reply(void *ctx, struct scmi_request *req, uint32_t len)
{
	struct fake_endpoint *f = ctx;
	struct fake_request *r = req->priv;

	r->reply_len = len;
	atomic_fetch_add(&f->replied, 1);
	atomic_fetch_add(&r->replies, 1);
}

/* Whether this one is refused. */
static bool refuse(struct fake_endpoint *f)
{
	unsigned n = atomic_load(&f->refusals);

	while (n != 0 && n != UINT_MAX && !atomic_compare_exchange_weak(&f->refusals, &n, n - 1u))
		;
	return n != 0;
}

static void keep(struct fake_endpoint *f, uint32_t hdr, const void *payload, uint32_t len)
{
	unsigned i = atomic_fetch_add(&f->taken, 1);

	if (i >= FAKE_LOG)
		return;
	f->log[i].hdr = hdr;
	f->log[i].len = len;
	if (len != 0)
		memcpy(f->log[i].bytes, payload, len < FAKE_LOG_BYTES ? len : FAKE_LOG_BYTES);
}

static int send(void *ctx, uint32_t hdr, const void *payload, uint32_t len)
{
	struct fake_endpoint *f = ctx;
	int result;

	if (f->on_send != NULL)
		f->on_send(f, f->arg);
	atomic_fetch_add(&f->sends, 1);
	if (refuse(f)) {
		if (f->ready_inside)
			f->sink->ready(f->channel);
		return SCMI_E_BUSY;
	}
	result = atomic_load(&f->send_result);
	if (result != SCMI_OK)
		return result;
	if (len > FAKE_PAYLOAD)
		return SCMI_E_TOOBIG;
	keep(f, hdr, payload, len);
	return SCMI_OK;
}

void fake_make_room(struct fake_endpoint *f)
{
	atomic_store(&f->refusals, 0);
	f->sink->ready(f->channel);
}

const struct fake_message *fake_last(const struct fake_endpoint *f)
{
	unsigned n = atomic_load(&f->taken);

	if (n == 0 || n > FAKE_LOG)
		abort();
	return &f->log[n - 1u];
}

uint32_t fake_message_u32(const struct fake_message *m, uint32_t index)
{
	uint32_t len = m->len < FAKE_LOG_BYTES ? m->len : FAKE_LOG_BYTES;

	if (index >= len / sizeof(uint32_t))
		return 0xdeadbeefu;
	return scmi_get_le32(m->bytes + index * sizeof(uint32_t));
}

void fake_endpoint_init(struct fake_endpoint *f)
{
	memset(f, 0, sizeof(*f));
	f->ops = (struct scmi_endpoint_ops){
		.version = SCMI_ENDPOINT_V1,
		.name = "fake",
		.start = start,
		.stop = stop,
		.reply = reply,
		.send = send,
	};
	f->endpoint = (struct scmi_endpoint){
		.size = sizeof(f->endpoint),
		.max_payload = FAKE_PAYLOAD,
		.ops = &f->ops,
		.ctx = f,
	};
}

void fake_request_free(struct fake_request *r)
{
	free(r->params_);
	free(r->guarded_);
	r->params_ = NULL;
	r->guarded_ = NULL;
	r->reply = NULL;
}

static void *allocate(size_t n)
{
	void *p = malloc(n);

	if (p == NULL)
		abort();
	return p;
}

void fake_deliver(struct fake_endpoint *f, struct fake_request *r, uint32_t hdr, const void *params, uint32_t len,
		  uint32_t cap)
{
	uint32_t answered;

	fake_request_free(r);
	if (len != 0) {
		r->params_ = allocate(len);
		memcpy(r->params_, params, len);
	}
	r->guarded_ = allocate(cap + 2u * GUARD_BYTES);
	memset(r->guarded_, GUARD, cap + 2u * GUARD_BYTES);
	r->reply = r->guarded_ + GUARD_BYTES;
	r->cap = cap;
	r->reply_len = 0;
	r->endpoint_ = f;
	atomic_store(&r->replies, 0);
	r->req.hdr = hdr;
	r->req.len = len;
	r->req.params = r->params_;
	r->req.reply = r->reply;
	r->req.reply_cap = cap;
	r->req.priv = r;
	r->in_place = 0;
	atomic_fetch_add(&f->delivered, 1);
	answered = f->sink->request(f->channel, &r->req);
	if (answered == SCMI_REPLY_LATER)
		return;
	r->in_place = 1;
	reply(f, &r->req, answered == SCMI_REPLY_NONE ? 0 : answered);
}

static int guards_hold(const struct fake_request *r)
{
	for (uint32_t i = 0; i < GUARD_BYTES; i++) {
		if (r->guarded_[i] != GUARD || r->reply[r->cap + i] != GUARD)
			return 0;
	}
	return 1;
}

int32_t fake_status(struct fake_request *r)
{
	const char *fault = NULL;
	int32_t status = INT32_MIN;

	if (!guards_hold(r))
		fault = "the reply's guard bytes are overwritten";
	else if (atomic_load(&r->replies) != 1)
		fault = "not exactly one reply";
	else if (r->reply_len < SCMI_STATUS_BYTES || r->reply_len > r->cap)
		fault = "a reply without room for its status, or longer than its room";
	else
		status = (int32_t)scmi_get_le32(r->reply);
	if (fault == NULL && status != SCMI_SUCCESS && r->reply_len != SCMI_STATUS_BYTES)
		fault = "an error reply with values";
	if (fault == NULL && status > 0)
		fault = "a status above 0";
	if (fault == NULL)
		return status;
	note(r->endpoint_, fault);
	return INT32_MIN;
}

int32_t fake_ask(struct fake_endpoint *f, struct fake_request *r, unsigned protocol, unsigned message, unsigned n, ...)
{
	uint8_t params[64];
	va_list words;

	if (n > sizeof(params) / sizeof(uint32_t))
		abort();
	va_start(words, n);
	for (unsigned i = 0; i < n; i++)
		scmi_put_le32(params + i * sizeof(uint32_t), va_arg(words, uint32_t));
	va_end(words);
	fake_deliver(f, r, scmi_hdr((uint8_t)protocol, (uint8_t)message, SCMI_MSG_COMMAND, TOKEN), params,
		     n * (uint32_t)sizeof(uint32_t), FAKE_PAYLOAD);
	return fake_status(r);
}

uint32_t fake_values_len(const struct fake_request *r)
{
	return r->reply_len < SCMI_STATUS_BYTES ? 0u : r->reply_len - SCMI_STATUS_BYTES;
}

uint32_t fake_value(const struct fake_request *r, uint32_t index)
{
	if (index >= fake_values_len(r) / sizeof(uint32_t))
		return 0xdeadbeefu;
	return scmi_get_le32(r->reply + (index + 1u) * sizeof(uint32_t));
}
