/* SPDX-License-Identifier: BSD-3-Clause */
/* A platform's end whose agent, and whose platform, are the test's own hands: for one file of tests. */
#ifndef MAILBOX_END_HAND_H
#define MAILBOX_END_HAND_H

#include <string.h>

#include "mailbox_rig.h"

#define A2P SCMI_MAILBOX_A2P
#define P2A SCMI_MAILBOX_P2A

/* The test is the platform, too. */
struct platform {
	struct scmi_request *open; /* put off */
	uint32_t requests;
	uint32_t readies;
	uint32_t resets;
	uint32_t hdr;
	uint32_t len;
	unsigned char params[RIG_PAYLOAD];
	uint32_t reply;        /* what request() returns; SCMI_REPLY_LATER puts it off */
	uint32_t reset_before; /* requests, when the last reset came */
	bool answer_inside;
	void (*inside)(void);
};

static struct mailbox_rig rig;
static struct platform platform;

static const struct rig_form silent = {.hostile = 2, .to_platform = RIG_SILENT, .to_agent = RIG_SILENT};

static uint32_t request(void *channel, struct scmi_request *req)
{
	struct platform *p = channel;

	p->requests++;
	p->hdr = req->hdr;
	p->len = req->len;
	assert_int_equal(req->reply_cap, RIG_PAYLOAD);
	memcpy(p->params, req->params, req->len);
	memset(req->reply, 0x33, req->reply_cap);
	if (p->inside != NULL)
		p->inside();
	if (p->reply == SCMI_REPLY_LATER) {
		assert_null(p->open);
		p->open = req;
	}
	if (p->answer_inside) {
		rig.endpoint.ops->reply(rig.endpoint.ctx, req, 8);
		p->open = NULL;
		return SCMI_REPLY_LATER;
	}
	return p->reply;
}

static inline void ready(void *channel)
{
	struct platform *p = channel;

	p->readies++;
}

static inline void reset(void *channel)
{
	struct platform *p = channel;

	p->resets++;
	p->reset_before = p->requests;
}

static const struct scmi_platform_sink sink = {SCMI_PLATFORM_SINK_V1, request, ready, reset};

static inline void open_end(const struct rig_form *form)
{
	memset(&platform, 0, sizeof(platform));
	platform.reply = 8;
	mailbox_rig_make(&rig, form);
	assert_int_equal(rig.endpoint.ops->start(rig.endpoint.ctx, &sink, &platform), SCMI_OK);
	rig.rung[SCMI_MAILBOX_TX_REPLY] = 0; /* the one for areas that have been put in order */
}

static inline void close_end(void)
{
	rig.endpoint.ops->stop(rig.endpoint.ctx);
	mailbox_rig_close(&rig);
}

static inline int serve(void)
{
	return scmi_mailbox_end_serve(rig.end, 8);
}

static inline void answer_open(uint32_t len)
{
	struct scmi_request *req = platform.open;

	platform.open = NULL;
	assert_non_null(req);
	rig.endpoint.ops->reply(rig.endpoint.ctx, req, len);
}

static inline int send_event(uint32_t len)
{
	static const unsigned char payload[RIG_PAYLOAD + 8u] = {1, 2, 3};

	return rig.endpoint.ops->send(rig.endpoint.ctx, 0x1234, payload, len);
}

/* What an agent writes; 4 bytes of parameters. */
static inline void command(uint32_t hdr, uint32_t flags)
{
	rig_write(&rig, A2P, hdr, "abcd", 8, flags, 0);
}

#endif
