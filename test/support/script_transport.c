/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/port.h>

#include "script_transport.h"

static void note(struct script *s, const char *fault)
{
	if (s->fault == NULL)
		s->fault = fault;
}

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct script *s = ctx;

	s->starts++;
	if (s->running)
		note(s, "start was called twice");
	if (sink->version != SCMI_SINK_V1)
		note(s, "the sink is of an unknown version");
	s->sink = sink;
	s->core = core;
	s->running = true;
	if (s->on_start != NULL)
		s->on_start(s, s->arg);
	if (s->start_err != SCMI_OK)
		s->running = false;
	return s->start_err;
}

static void stop(void *ctx)
{
	struct script *s = ctx;

	s->stops++;
	if (!s->running)
		note(s, "stop was called for what does not run");
	if (s->unrung != 0)
		note(s, "what was sent was never rung for");
	s->unrung = 0;
	if (s->on_stop != NULL)
		s->on_stop(s, s->arg);
	s->posted_head_ = s->posted_tail_;
	s->running = false;
}

static void check_tx(struct script *s, const struct scmi_tx *tx)
{
	if (!s->running)
		note(s, "send was called for what does not run");
	if (s->recovering_)
		note(s, "send was called beside recover");
	if (s->sending_ && (s->transport.caps & SCMI_CAP_CONCURRENT) == 0)
		note(s, "send was called beside another one");
	if (tx->len > s->transport.max_payload)
		note(s, "send of more than max_payload");
	if (tx->len != 0 && tx->payload == NULL)
		note(s, "send without a payload");
	if (tx->slot >= s->transport.max_inflight)
		note(s, "send with a slot beyond max_inflight");
	if (s->raw)
		return;
	if (scmi_hdr_token(tx->hdr) != tx->token)
		note(s, "send with two different tokens");
	if (scmi_hdr_type(tx->hdr) != SCMI_MSG_COMMAND || (tx->hdr & SCMI_HDR_RESERVED) != 0)
		note(s, "send of what is no command");
}

/* The doorbell: only where something waits for it. */
static void ring(struct script *s)
{
	if (s->unrung == 0)
		return;
	s->unrung = 0;
	s->rings++;
	if (s->on_ring != NULL)
		s->on_ring(s, s->arg);
}

static int send_message(void *ctx, const struct scmi_tx *tx)
{
	struct script *s = ctx;
	struct script_sent *sent = &s->sent_[s->sends++ % SCRIPT_SENT];
	uint32_t kept = tx->len < sizeof(sent->params) ? tx->len : (uint32_t)sizeof(sent->params);
	int err = SCMI_OK;

	check_tx(s, tx);
	*sent = (struct script_sent){
		.hdr = tx->hdr,
		.len = tx->len,
		.reply_cap = tx->reply_cap,
		.token = tx->token,
		.slot = tx->slot,
		.flags = tx->flags,
		.more = tx->more,
	};
	if (kept != 0)
		memcpy(sent->params, tx->payload, kept);
	s->sending_ = true;
	if (s->narrow && s->room == 0)
		err = SCMI_E_BUSY;
	else if (s->on_send != NULL)
		err = s->on_send(s, sent, s->arg);
	s->sending_ = false;
	sent->err = err;
	if (err == SCMI_OK) {
		s->went_out++;
		s->unrung++;
		s->room -= s->narrow;
	}
	if (err == SCMI_OK && tx->more == 0)
		ring(s);
	return err;
}

static void flush(void *ctx)
{
	struct script *s = ctx;

	s->flushes++;
	if (!s->running)
		s->used_stopped++;
	ring(s);
}

static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	struct script *s = ctx;
	struct script_area *area = rx->cookie;

	s->fetches++;
	if (area == NULL || rx->data != NULL) {
		note(s, "fetch of what is not to be fetched");
		return SCMI_E_IO;
	}
	if (offset < area->fetched)
		note(s, "fetch of a byte for a second time");
	if (len == 0 || offset > rx->len || len > rx->len - offset || offset + len > area->len) {
		note(s, "fetch of bytes that have not come");
		return SCMI_E_IO;
	}
	area->fetched = offset + len;
	memcpy(dst, (const unsigned char *)area->bytes + offset, len);
	return s->fetch_err;
}

static int poll(void *ctx, int max)
{
	struct script *s = ctx;
	int n = 0;

	s->polls++;
	if (!s->running)
		s->used_stopped++;
	if (max <= 0)
		note(s, "poll for nothing");
	if (s->on_poll != NULL)
		s->on_poll(s, s->arg);
	while (n < max && s->posted_head_ != s->posted_tail_) {
		struct script_posted message = s->posted_[s->posted_head_++ % SCRIPT_POSTED];

		n++;
		(void)script_rx(s, message.hdr, message.bytes, message.len);
	}
	return n;
}

static int recover(void *ctx)
{
	struct script *s = ctx;

	s->recovers++;
	if (!s->running)
		note(s, "recover was called for what does not run");
	s->recovering_ = true;
	if (s->on_recover != NULL)
		s->on_recover(s, s->arg);
	s->recovering_ = false;
	if (s->recover_err == SCMI_OK)
		s->posted_head_ = s->posted_tail_;
	return s->recover_err;
}

void script_recovers(struct script *s)
{
	s->ops.recover = recover;
}

static void wait_for_any(void *ctx, uint64_t deadline_us)
{
	struct script *s = ctx;

	s->waits++;
	if (!s->running)
		note(s, "wait was called for what does not run");
	if (s->on_wait != NULL)
		s->on_wait(s, s->arg);
	else if (deadline_us == SCMI_NEVER && !s->woken_)
		fail_msg("deadlock: the agent waits without limit, and the script has nothing to say");
	if (!s->woken_ && s->posted_head_ == s->posted_tail_ && s->clock_us != NULL && deadline_us != SCMI_NEVER &&
	    *s->clock_us < deadline_us)
		*s->clock_us = deadline_us;
	s->woken_ = false;
}

static void wake(void *ctx)
{
	struct script *s = ctx;

	s->wakes++;
	s->woken_ = true;
}

void script_init(struct script *s, uint32_t caps)
{
	memset(s, 0, sizeof(*s));
	s->ops = (struct scmi_transport_ops){
		.version = SCMI_TRANSPORT_V1,
		.name = "script",
		.start = start,
		.stop = stop,
		.send = send_message,
		.flush = flush,
		.fetch = fetch,
		.poll = poll,
		.wait = wait_for_any,
		.wake = wake,
	};
	s->transport = (struct scmi_transport){
		.size = sizeof(s->transport),
		.caps = caps,
		.ops = &s->ops,
		.ctx = s,
		.max_payload = SCRIPT_PAYLOAD,
		.max_inflight = SCRIPT_INFLIGHT,
	};
}

const struct script_sent *script_sent(const struct script *s, unsigned n)
{
	assert_in_range(n + 1u, s->sends >= SCRIPT_SENT ? s->sends - SCRIPT_SENT + 1u : 1u, s->sends);
	return &s->sent_[n % SCRIPT_SENT];
}

const struct script_sent *script_last(const struct script *s)
{
	return script_sent(s, s->sends - 1u);
}

void script_assert_sent(const struct script *s, const char *names)
{
	char seen[SCRIPT_SENT + 1];
	unsigned n = 0;

	assert_in_range(s->sends, 0, SCRIPT_SENT);
	for (unsigned i = 0; i < s->sends; i++) {
		if (s->sent_[i].err == SCMI_OK)
			seen[n++] = (char)scmi_hdr_message(s->sent_[i].hdr);
	}
	seen[n] = '\0';
	assert_string_equal(seen, names);
}

const struct script_sent *script_named(const struct script *s, char name)
{
	for (unsigned i = s->sends; i-- != 0 && s->sends - i <= SCRIPT_SENT;) {
		const struct script_sent *sent = &s->sent_[i % SCRIPT_SENT];

		if (sent->err == SCMI_OK && scmi_hdr_message(sent->hdr) == (uint8_t)name)
			return sent;
	}
	fail_msg("nothing named %c was sent", name);
	return NULL;
}

int script_rx_on(struct script *s, uint16_t token, uint32_t hdr, const void *payload, uint32_t len)
{
	struct script_area area = {.bytes = payload, .len = len};
	const struct scmi_rx rx = {
		.hdr = hdr,
		.len = len,
		.data = s->by_fetch || len == 0 ? NULL : payload,
		.cookie = s->by_fetch || len == 0 ? &area : NULL,
		.token = token,
	};

	s->messages++;
	return s->sink->rx(s->core, &rx);
}

int script_rx(struct script *s, uint32_t hdr, const void *payload, uint32_t len)
{
	return script_rx_on(s, SCMI_TOKEN_ANY, hdr, payload, len);
}

int script_reply(struct script *s, const struct script_sent *to, int32_t status, const void *values, uint32_t len)
{
	unsigned char payload[4096];

	assert_in_range(len, 0, sizeof(payload) - SCMI_STATUS_BYTES);
	scmi_put_le32(payload, (uint32_t)status);
	if (len != 0)
		memcpy(payload + SCMI_STATUS_BYTES, values, len);
	return script_rx(s, to->hdr, payload, SCMI_STATUS_BYTES + len);
}

void script_answer(struct script *s, char name)
{
	assert_int_equal(script_reply(s, script_named(s, name), SCMI_SUCCESS, NULL, 0), SCMI_OK);
}

void script_post(struct script *s, uint32_t hdr, const void *payload, uint32_t len)
{
	struct script_posted *message = &s->posted_[s->posted_tail_ % SCRIPT_POSTED];

	assert_in_range(s->posted_tail_ - s->posted_head_, 0, SCRIPT_POSTED - 1u);
	assert_in_range(len, 0, sizeof(message->bytes));
	message->hdr = hdr;
	message->len = len;
	if (len != 0)
		memcpy(message->bytes, payload, len);
	s->posted_tail_++;
}

void script_post_reply(struct script *s, const struct script_sent *to, int32_t status)
{
	unsigned char payload[SCMI_STATUS_BYTES];

	scmi_put_le32(payload, (uint32_t)status);
	script_post(s, to->hdr, payload, sizeof(payload));
}

int script_acquire(struct script *s, uint32_t hdr, struct scmi_xfer *x, struct script_area *area)
{
	int err;

	s->messages++;
	err = s->sink->acquire(s->core, hdr, x);
	if (err == SCMI_OK) {
		if (x->priv != NULL)
			note(s, "acquire gave a priv that is not NULL");
		x->priv = area;
	}
	return err;
}

int script_complete(struct script *s, struct scmi_xfer *x, uint32_t len)
{
	return s->sink->complete(s->core, x, len);
}

void script_release(struct script *s, struct scmi_xfer *x)
{
	s->sink->release(s->core, x);
}

void script_make_room(struct script *s, unsigned n)
{
	s->room += n;
	s->sink->ready(s->core);
}

int script_settle(struct script *s, uint16_t token, int err)
{
	return s->sink->settle(s->core, token, err);
}

int script_answer_at_once(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)arg;
	(void)script_reply(s, sent, SCMI_SUCCESS, sent->params, sent->len < 4u ? sent->len : 4u);
	return SCMI_OK;
}
