/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Our platform's end, and an agent that rewrites its page before, between and after everything the end does; in the
 * program with hooks also right after each word that is read. What the platform is handed has to be what was read, once.
 */
#include <scmi/endpoint.h>
#include <scmi/message.h>

#include "page.h"

#define STEPS   600u
#define PAYLOAD (4u * PAGE_WORDS)

struct bad_agent {
	struct page page;
	struct scmi_mailbox_doorbell bell;
	struct scmi_mailbox_end *end;
	struct scmi_endpoint endpoint;
	void *mem;
	uint64_t random;
	struct scmi_request *open; /* to be answered later */
	unsigned char copy[PAYLOAD];
	uint32_t requests;
	uint32_t answered;
	uint32_t ready;
	uint32_t refused; /* by the end, when the reads were last forgotten */
	uint32_t deep;
	bool calm;
};

static uint32_t refused(const struct bad_agent *b)
{
	struct scmi_mailbox_end_stats s = {.size = sizeof(s)};

	MUST(scmi_mailbox_end_stats(b->end, &s) == SCMI_OK);
	return s.bad_status + s.bad_length + s.bad_check;
}

static void forget(struct bad_agent *b)
{
	page_forget(&b->page, SCMI_MAILBOX_A2P);
	b->refused = refused(b);
}

/* With hooks: the words that were read last, once each. */
static void check_read(const struct bad_agent *b, const struct scmi_request *req)
{
	const uint32_t *seen = b->page.seen[SCMI_MAILBOX_A2P];

	if (!page_hooked())
		return;
	page_check_reads(&b->page, SCMI_MAILBOX_A2P, 1u + refused(b) - b->refused);
	MUST(req->hdr == seen[SCMI_SHMEM_HEADER / 4u]);
	MUST(req->len == seen[SCMI_SHMEM_LENGTH / 4u] - SCMI_HDR_BYTES);
	for (uint32_t i = 0; i < req->len; i++)
		MUST(((const unsigned char *)req->params)[i] ==
		     (unsigned char)(seen[(SCMI_SHMEM_PAYLOAD + i) / 4u] >> 8u * (i % 4u)));
}

/* The reply: a status, and what was asked with. */
static uint32_t make_reply(struct bad_agent *b, struct scmi_request *req)
{
	uint32_t len = req->len;

	MUST(memcmp(b->copy, req->params, req->len) == 0); /* stable, whatever the agent has written meanwhile */
	if (len > req->reply_cap - SCMI_STATUS_BYTES)
		len = req->reply_cap - SCMI_STATUS_BYTES;
	memset(req->reply, 0, req->reply_cap);
	memcpy((unsigned char *)req->reply + SCMI_STATUS_BYTES, req->params, len);
	b->answered++;
	return SCMI_STATUS_BYTES + len;
}

static uint32_t request(void *channel, struct scmi_request *req)
{
	struct bad_agent *b = channel;

	MUST(b->open == NULL);
	MUST(req->len <= b->endpoint.max_payload && req->reply_cap == b->endpoint.max_payload);
	check_read(b, req);
	forget(b);
	b->requests++;
	memcpy(b->copy, req->params, req->len);
	if (!b->calm) {
		page_rewrite_some(&b->page, &b->random, 3);
		if (once_in(&b->random, 3)) {
			b->open = req;
			return SCMI_REPLY_LATER;
		}
		if (once_in(&b->random, 20)) {
			b->answered++;
			return SCMI_REPLY_NONE;
		}
	}
	return make_reply(b, req);
}

static void ready(void *channel)
{
	struct bad_agent *b = channel;

	b->ready++;
}

static void reset(void *channel)
{
	(void)channel;
}

static const struct scmi_platform_sink sink = {
	.version = SCMI_PLATFORM_SINK_V1, .request = request, .ready = ready, .reset = reset};

/* ---- the agent ---- */

static void command(struct bad_agent *b)
{
	const uint32_t cap = shmem_capacity(&b->page.area[SCMI_MAILBOX_A2P]);
	unsigned char bytes[PAYLOAD];
	const uint32_t len = pick(&b->random, cap + 1u);

	for (uint32_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)random_next(&b->random);
	page_put(&b->page, SCMI_MAILBOX_A2P, (uint32_t)random_next(&b->random), bytes, len, pick(&b->random, 2), 0);
}

static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	struct bad_agent *b = ctx;

	(void)signal;
	if (b->calm)
		return SCMI_OK;
	page_rewrite_some(&b->page, &b->random, 2);
	if (++b->deep < 3u && once_in(&b->random, 3)) {
		command(b);
		(void)scmi_mailbox_end_serve(b->end, 2);
	}
	b->deep--;
	return once_in(&b->random, 20) ? SCMI_E_IO : SCMI_OK;
}

static void reply(struct bad_agent *b)
{
	struct scmi_request *req = b->open;
	uint32_t len;

	if (req == NULL)
		return;
	b->open = NULL;
	len = make_reply(b, req);
	b->endpoint.ops->reply(b->endpoint.ctx, req, len);
}

static void send(struct bad_agent *b)
{
	unsigned char bytes[PAYLOAD] = {0};
	const uint32_t len = pick(&b->random, 40);
	const int err = b->endpoint.ops->send(b->endpoint.ctx, 0x40000u, bytes, len);

	MUST(err == SCMI_OK || err == SCMI_E_BUSY || err == SCMI_E_TOOBIG || err == SCMI_E_NOTSUP);
}

static void attach_anew(struct bad_agent *b)
{
	scmi_mailbox_end_detach(b->end);
	page_rewrite_some(&b->page, &b->random, 3);
	page_reset(&b->page);
	MUST(scmi_mailbox_end_attach(b->end, b->page.area) == SCMI_OK);
}

static void step(struct bad_agent *b)
{
	forget(b);
	switch (pick(&b->random, 8)) {
	case 0:
	case 1:
		command(b);
		break;
	case 2:
		page_rewrite_some(&b->page, &b->random, 6);
		break;
	case 3:
		reply(b);
		break;
	case 4:
		send(b);
		break;
	case 5:
		if (once_in(&b->random, 16))
			attach_anew(b);
		break;
	default:
		MUST(scmi_mailbox_end_serve(b->end, (int)between(&b->random, 1, 4)) >= 0);
		break;
	}
	page_check_reads(&b->page, SCMI_MAILBOX_A2P, refused(b) - b->refused); /* what was refused was read once, too */
}

/* ---- when it is over ---- */

static void works(struct bad_agent *b)
{
	static const unsigned char bytes[4] = {1, 2, 3, 4};
	const uint32_t requests = b->requests;
	const struct scmi_shmem *a = &b->page.area[SCMI_MAILBOX_A2P];

	page_put(&b->page, SCMI_MAILBOX_A2P, 0x12345678u, bytes, sizeof(bytes), SCMI_SHMEM_INTR, 0);
	MUST(scmi_mailbox_end_serve(b->end, 1) == 1);
	MUST(b->requests == requests + 1u);
	MUST(page_status(&b->page, SCMI_MAILBOX_A2P) == SCMI_SHMEM_FREE);
	MUST(shmem_le32(*(const uint32_t *)(const void *)((const unsigned char *)a->mem + SCMI_SHMEM_HEADER)) ==
	     0x12345678u);
	MUST(memcmp((const unsigned char *)a->mem + SCMI_SHMEM_PAYLOAD + SCMI_STATUS_BYTES, bytes, sizeof(bytes)) == 0);
}

static void finish(struct bad_agent *b)
{
	struct scmi_mailbox_end_stats s = {.size = sizeof(s)};

	b->calm = true;
	b->page.rate = 0;
	page_reset(&b->page);
	reply(b);
	(void)scmi_mailbox_end_serve(b->end, 4);
	page_reset(&b->page);
	for (uint32_t i = 0; i < 3u; i++)
		works(b);
	if (b->page.area[SCMI_MAILBOX_P2A].mem != NULL)
		MUST(b->endpoint.ops->send(b->endpoint.ctx, 0x40000u, "news", 4) == SCMI_OK);
	b->endpoint.ops->stop(b->endpoint.ctx);
	MUST(scmi_mailbox_end_stats(b->end, &s) == SCMI_OK);
	MUST(s.open == 0 && s.taken == b->requests && b->answered == b->requests);
}

static void open_end(struct bad_agent *b)
{
	struct scmi_mailbox_end_config config = {.size = sizeof(config), .doorbell = &b->bell};
	size_t size;

	memcpy(config.areas, b->page.area, sizeof(config.areas));
	size = scmi_mailbox_end_size(&config);
	b->mem = malloc(size);
	MUST(size != 0 && b->mem != NULL);
	MUST(scmi_mailbox_end_init(&b->end, b->mem, size, &config, &b->endpoint) == SCMI_OK);
	MUST(b->endpoint.ops->start(b->endpoint.ctx, &sink, b) == SCMI_OK);
}

uint64_t run_bad_agent(uint64_t seed)
{
	static struct bad_agent all;
	struct bad_agent *b = &all;
	uint64_t writes;

	memset(b, 0, sizeof(*b));
	b->random = seed;
	page_open(&b->page, &b->random, !once_in(&b->random, 3), page_hooked());
	b->bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1, .name = "bad", .ctx = b, .ring = ring};
	b->calm = true; /* its start rings */
	open_end(b);
	b->calm = false;
	b->page.rate = once_in(&b->random, 4) ? 0 : between(&b->random, 2, 20);
	page_watch(&b->page);
	for (page_where.step = 0; page_where.step < STEPS; page_where.step++)
		step(b);
	finish(b);
	page_watch(NULL);
	writes = b->page.writes;
	free(b->mem);
	page_close(&b->page);
	return writes;
}
