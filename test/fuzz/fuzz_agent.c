/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's receive path against any peer and any order of events. The input is a script of steps (see step()); what
 * must hold whatever it says: each call that was submitted ends once and not before its time, nothing is written outside
 * its buffer nor after its end, both equations of the counters hold with counts of our own, and when the link is lost
 * at the end the whole pool is free.
 */
#include <stdlib.h>
#include <string.h>

#include <scmi/agent.h>

#include "fake_port.h"

#define CALLS    8u
#define SLOTS    4u
#define HELD     4u
#define PAYLOAD  68u
#define ROOM_MAX 24u
#define GUARD    0xa5u

#define MUST(x)                                                                                                        \
	do {                                                                                                           \
		if (!(x))                                                                                              \
			abort();                                                                                       \
	} while (0)

struct input {
	const uint8_t *at;
	size_t left;
};

struct user {
	struct scmi_call call;
	uint8_t params[8];
	uint8_t reply[ROOM_MAX + 8u];
	int live;
};

static struct {
	max_align_t mem[SCMI_AGENT_WORDS_FOR(SLOTS, 2, SCMI_EVENT_BYTES_MAX, 2, PAYLOAD)];
	struct fake_port port;
	struct scmi_agent *agent;
	const struct scmi_sink *sink;
	void *core;
	struct scmi_subscriber subscriber;
	struct user users[CALLS];
	struct scmi_xfer held[HELD];
	uint8_t held_state[HELD]; /* 0 free, 1 acquired, 2 completed */
	uint32_t held_len[HELD];
	uint32_t headers[256]; /* as sent, the newest at sent % 256 */
	uint32_t sent;
	uint8_t payload[PAYLOAD];
	int send_result;
	uint32_t submitted;
	uint32_t completed;
	uint32_t messages;
	struct input in;
} f;

static uint8_t byte(void)
{
	if (f.in.left == 0)
		return 0;
	f.in.left--;
	return *f.in.at++;
}

static uint32_t word(void)
{
	uint32_t w = byte();

	w |= (uint32_t)byte() << 8;
	w |= (uint32_t)byte() << 16;
	return w | (uint32_t)byte() << 24;
}

/* ---- the transport ---- */

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	(void)ctx;
	f.sink = sink;
	f.core = core;
	return SCMI_OK;
}

/* The core has ended every call; what we still hold goes back, as the contract says. */
static void stop(void *ctx)
{
	(void)ctx;
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	(void)ctx;
	MUST(tx->slot < SLOTS);
	if (f.send_result == SCMI_OK)
		f.headers[f.sent++ % 256u] = tx->hdr;
	return f.send_result;
}

static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	(void)ctx;
	MUST(offset <= rx->len && len <= rx->len - offset && rx->len <= PAYLOAD);
	memcpy(dst, f.payload + offset, len);
	return f.payload[0] == 0xeeu ? SCMI_E_IO : SCMI_OK; /* foreign memory that cannot be read */
}

static const struct scmi_transport_ops ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "fuzz",
	.start = start,
	.stop = stop,
	.send = send,
	.fetch = fetch,
};

/* ---- the user ---- */

static void check_guard(const struct user *u)
{
	for (size_t i = u->call.reply_cap; i < sizeof(u->reply); i++)
		MUST(u->reply[i] == GUARD);
}

static void done(struct scmi_call *call, int err)
{
	struct user *u = call->arg;

	MUST(u->live && err <= SCMI_OK && err != SCMI_E_BUSY);
	MUST((err == SCMI_E_REMOTE) == (call->status != SCMI_SUCCESS));
	MUST(err != SCMI_OK || call->reply_len <= call->reply_cap);
	MUST(err != SCMI_E_TRUNCATED || call->reply_len > call->reply_cap);
	check_guard(u);
	u->live = 0;
	f.completed++;
}

static void notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	uint8_t copy[PAYLOAD];

	(void)self;
	MUST(scmi_hdr_type(hdr) == SCMI_MSG_NOTIFICATION && len <= PAYLOAD);
	if (len != 0)
		memcpy(copy, payload, len);
}

static void submit(void)
{
	struct user *u = &f.users[byte() % CALLS];
	uint32_t cap = byte() % (ROOM_MAX + 1u);

	if (u->live)
		return;
	memset(u->reply, GUARD, sizeof(u->reply));
	u->call = (struct scmi_call){
		.size = sizeof(u->call),
		.protocol = byte(),
		.message = byte(),
		.params = u->params,
		.params_len = byte() % (sizeof(u->params) + 1u),
		.reply = u->reply,
		.reply_cap = cap,
		.done = done,
		.arg = u,
		.timeout_us = 1u + byte() * 100u,
	};
	f.send_result = byte() < 240u ? SCMI_OK : SCMI_E_BUSY;
	u->live = 1;
	if (scmi_agent_submit(f.agent, &u->call) == SCMI_OK)
		f.submitted++;
	else
		u->live = 0;
	f.send_result = SCMI_OK;
}

/* ---- the peer ---- */

/* A header: that of a command that was sent, changed a little or not, or anything. */
static uint32_t header(void)
{
	uint8_t how = byte();
	uint32_t hdr = f.headers[(f.sent - 1u - (how & 7u)) % 256u];

	if (f.sent == 0 || how >= 0xf0u)
		return word();
	if (how & 0x80u)
		hdr ^= 1u << (byte() & 31u);
	return hdr;
}

static uint32_t payload(void)
{
	uint32_t len = byte() % (PAYLOAD + 1u);

	memset(f.payload, 0, sizeof(f.payload));
	for (uint32_t i = 0; i < len; i++)
		f.payload[i] = i < 12u ? byte() : (uint8_t)i;
	return len;
}

static void receive(int by_fetch, int by_token)
{
	struct scmi_rx rx = {.hdr = header(), .token = SCMI_TOKEN_ANY};

	rx.len = payload();
	if (!by_fetch)
		rx.data = f.payload;
	if (by_token)
		rx.token = scmi_hdr_token(f.headers[byte()]);
	f.messages++;
	(void)f.sink->rx(f.core, &rx);
}

static void acquire(void)
{
	unsigned i = byte() % HELD;

	if (f.held_state[i] != 0)
		return;
	f.messages++;
	if (f.sink->acquire(f.core, header(), &f.held[i]) == SCMI_OK)
		f.held_state[i] = 1;
}

static void complete(void)
{
	unsigned i = byte() % HELD;
	uint32_t len = payload();

	if (f.held_state[i] == 1) {
		(void)f.sink->complete(f.core, &f.held[i], len);
		f.held_state[i] = 2;
	}
}

static void release(unsigned i)
{
	if (f.held_state[i] != 0)
		f.sink->release(f.core, &f.held[i]);
	f.held_state[i] = 0;
}

static void pass_time(void)
{
	f.port.now_us += byte() * 1000u;
	(void)scmi_agent_poll(f.agent, 4);
}

static void step(void)
{
	switch (byte() & 15u) {
	case 0:
	case 1:
	case 2:
		submit();
		break;
	case 3:
		receive(0, 0);
		break;
	case 4:
		receive(1, 0);
		break;
	case 5:
		receive(0, 1);
		break;
	case 6:
		acquire();
		break;
	case 7:
		complete();
		break;
	case 8:
		release(byte() % HELD);
		break;
	case 9:
		(void)f.sink->settle(f.core, (uint16_t)word(), byte() & 1u ? SCMI_E_IO : 0);
		break;
	case 10:
		(void)scmi_agent_cancel(f.agent, &f.users[byte() % CALLS].call);
		break;
	case 11:
		pass_time();
		break;
	case 12:
		f.sink->link_down(f.core, 0);
		break;
	case 13:
	case 14:
		f.sink->ready(f.core);
		break;
	default:
		(void)f.sink->settle(f.core, scmi_hdr_token(f.headers[byte()]), SCMI_E_PROTO);
		break;
	}
}

/* ---- the frame ---- */

static void check_counters(void)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};

	MUST(scmi_agent_stats(f.agent, &s) == SCMI_OK);
	MUST(s.submitted == f.submitted && s.in_flight == f.submitted - f.completed);
	MUST(s.submitted == s.ok + s.remote + s.truncated + s.malformed + s.timed_out + s.cancelled + s.closed +
				    s.link_lost + s.in_flight);
	MUST(s.ok <= f.completed && s.received == f.messages);
}

static void open_agent(uint32_t lateness_us)
{
	struct scmi_transport t = {
		.size = sizeof(t),
		.caps = SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT | SCMI_CAP_NOTIFY,
		.ops = &ops,
		.max_payload = PAYLOAD,
		.max_inflight = SLOTS,
	};
	struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = &t,
		.port = &f.port.port,
		.slots = SLOTS,
		.max_waiters = 2,
		.event_buffers = 2,
		.lateness_us = lateness_us,
	};

	fake_port_init(&f.port);
	MUST(scmi_agent_init(&f.agent, f.mem, sizeof(f.mem), &config) == SCMI_OK);
	f.subscriber = (struct scmi_subscriber){
		.size = sizeof(f.subscriber), .protocol = 0x10, .message = SCMI_ANY, .notify = notify};
	MUST(scmi_agent_subscribe(f.agent, &f.subscriber) == SCMI_OK);
	MUST(scmi_agent_start(f.agent) == SCMI_OK);
	for (unsigned i = 0; i < CALLS; i++)
		f.users[i].call.size = sizeof(f.users[i].call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};

	memset(&f, 0, sizeof(f));
	f.in = (struct input){data, size};
	open_agent(byte() & 1u ? 5000u : 0u);
	while (f.in.left != 0)
		step();
	for (unsigned i = 0; i < HELD; i++)
		release(i);
	check_counters();
	f.sink->link_down(f.core, 0);
	MUST(f.completed == f.submitted);
	check_counters();
	MUST(scmi_agent_stats(f.agent, &s) == SCMI_OK && s.quarantined == 0 && s.in_flight == 0);
	MUST(scmi_agent_fini(f.agent) == SCMI_OK && f.port.fault == NULL && f.port.events == 0);
	return 0;
}
