/* SPDX-License-Identifier: BSD-3-Clause */
/* A transport of one's own: a mailbox in memory that two processors share. Here the second one is a function. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <scmi/agent.h>
#include <scmi/port/posix.h>
#include <scmi/protocol/common.h>

#define PAYLOAD 16u
#define VENDOR  0x80u /* the peer's protocol */

enum owner { NOBODY, PEER, AGENT };

struct mailbox { /* shared: the agent reads a word of it once, and believes no length */
	_Atomic uint32_t owner;
	uint32_t hdr;
	uint32_t len;
	uint8_t payload[PAYLOAD];
};

struct wire { /* the agent's own */
	struct mailbox *box;
	uint16_t token; /* of the command that is out */
	const struct scmi_sink *sink;
	void *core;
};

/* The second processor: finds a command, leaves a reply. This one takes each for PROTOCOL_MESSAGE_ATTRIBUTES. */
static void peer(struct mailbox *box)
{
	uint8_t value[4];

	scmi_put_le32(value, 0x100u + scmi_get_le32(box->payload));
	(void)scmi_msg_build_reply(box->payload, PAYLOAD, SCMI_SUCCESS, value, sizeof(value), &box->len);
	atomic_store(&box->owner, AGENT);
}

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct wire *wire = ctx;

	wire->sink = sink;
	wire->core = core;
	return SCMI_OK;
}

static void stop(void *ctx) /* nobody sends or polls any more; a real peer has to be waited for, or reset */
{
	atomic_store(&((struct wire *)ctx)->box->owner, NOBODY);
}

/* max_inflight is 1: the next one comes when this one's reply has been delivered, and the mailbox is free. */
static int send(void *ctx, const struct scmi_tx *tx)
{
	struct wire *wire = ctx;

	wire->token = tx->token;
	wire->box->hdr = tx->hdr;
	wire->box->len = tx->len;
	if (tx->len != 0)
		memcpy(wire->box->payload, tx->payload, tx->len);
	atomic_store(&wire->box->owner, PEER);
	peer(wire->box); /* a real one runs by itself, when it hears the doorbell */
	return SCMI_OK;
}

static int poll(void *ctx, int max)
{
	struct wire *wire = ctx;
	uint32_t owner = AGENT;
	uint8_t bytes[PAYLOAD]; /* out of the peer's reach; with fetch() the core would copy for itself */
	struct scmi_rx rx;

	if (max < 1 || !atomic_compare_exchange_strong(&wire->box->owner, &owner, NOBODY))
		return 0; /* nothing has come, or another context that polls has taken it */
	rx = (struct scmi_rx){.hdr = wire->box->hdr, .len = wire->box->len, .data = bytes, .token = wire->token};
	rx.len = rx.len < PAYLOAD ? rx.len : PAYLOAD;
	memcpy(bytes, wire->box->payload, rx.len);
	(void)wire->sink->rx(wire->core, &rx); /* may send the next one before it returns */
	return 1;
}

static const struct scmi_transport_ops ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "mailbox",
	.start = start,
	.stop = stop,
	.send = send,
	.poll = poll,
};

int main(void)
{
	static max_align_t mem[SCMI_AGENT_WORDS(SCMI_SLOTS_DEFAULT)];
	static struct mailbox box;
	static struct wire wire = {.box = &box};
	const struct scmi_transport transport = {
		.size = sizeof(transport),
		.caps = SCMI_CAP_POLL | SCMI_CAP_PEER_BUFS,
		.ops = &ops,
		.ctx = &wire,
		.max_payload = PAYLOAD,
		.max_inflight = 1,
	};
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_agent_config config = {.size = sizeof(config), .transport = &transport, .port = &port};
	struct scmi_agent *agent;
	uint32_t attributes;

	if (scmi_posix_init(&posix, &port) || scmi_agent_init(&agent, mem, sizeof(mem), &config) ||
	    scmi_agent_start(agent) || scmi_protocol_message_attributes(agent, VENDOR, 7, &attributes, NULL))
		return 1;
	printf("message 7 has the attributes 0x%x\n", attributes);
	return scmi_agent_fini(agent) || attributes != 0x107u;
}
