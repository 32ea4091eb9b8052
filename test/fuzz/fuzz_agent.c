/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's receive path against any peer and any order of events. The input is a script of steps (see step()); what
 * must hold whatever it says: each call that was submitted ends once and not before its time, nothing is written
 * outside its buffer nor after its end, both equations of the counters hold with counts of our own, and when the link
 * is lost at the end the whole pool is free.
 */
#include <string.h>

#include <scmi/agent.h>

#include "fake_port.h"
#include "fuzz.h"

#define CALLS      8u
#define SLOTS      4u
#define HELD       4u
#define PAYLOAD    132u /* the longest reply that was recorded */
#define PARAMS_MAX 16u
#define ROOM_MAX   128u
#define GUARD      0xa5u

/* The first byte of the input. */
#define SETUP_LATENESS (1u << 0)
#define SETUP_DEFERRED (1u << 1)

/* submit(): the low bits of its last byte; the others choose what send() returns. */
#define SUBMIT_WAITED   (1u << 0) /* no done: ended by a look of scmi_agent_wait_until() */
#define SUBMIT_AGAIN    (1u << 1) /* once more, inside done */
#define SUBMIT_ANSWERED (1u << 2) /* the reply comes before send() returns */
#define SUBMIT_BITS     3u

struct user {
	struct scmi_call call;
	uint8_t params[PARAMS_MAX];
	uint8_t reply[ROOM_MAX + 8u];
	int live;
	uint8_t how; /* SUBMIT_* */
};

static struct {
	max_align_t mem[SCMI_AGENT_WORDS_FOR(SLOTS, 2, SCMI_EVENT_BYTES_MAX, 2, PAYLOAD)];
	struct fake_port port;
	struct scmi_agent *agent;
	const struct scmi_sink *sink;
	void *core;
	struct scmi_subscriber subscriber;
	struct user users[CALLS];
	struct user *sender; /* whose command is being sent */
	struct scmi_xfer held[HELD];
	uint8_t held_state[HELD]; /* 0 free, 1 acquired, 2 completed */
	uint32_t headers[256];    /* as sent, the newest at sent % 256 */
	uint32_t sent;
	uint8_t payload[PAYLOAD];
	int send_result;
	uint32_t submitted;
	uint32_t completed;
	uint32_t messages;
	struct fuzz_input in;
} f;

static uint8_t byte(void)
{
	return fuzz_byte(&f.in);
}

static uint32_t word(void)
{
	return fuzz_word(&f.in);
}

/* ---- the transport ---- */

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	(void)ctx;
	f.sink = sink;
	f.core = core;
	return SCMI_OK;
}

static void release(unsigned i)
{
	if (f.held_state[i] != 0)
		f.sink->release(f.core, &f.held[i]);
	f.held_state[i] = 0;
}

static void release_all(void)
{
	for (unsigned i = 0; i < HELD; i++)
		release(i);
}

/* The core has ended every call; what we still hold goes back, as the contract says. */
static void stop(void *ctx)
{
	(void)ctx;
	release_all();
}

/* And stop waits for what is held of calls: another context gives it back meanwhile. */
static void on_relax(struct fake_port *port, void *arg)
{
	(void)port;
	(void)arg;
	release_all();
}

/* A success of two words, as quick as the peer can be. */
static void answer_inside(const struct scmi_tx *tx)
{
	static const uint8_t reply[12] = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
	struct scmi_rx rx = {.hdr = tx->hdr, .len = sizeof(reply), .data = reply, .token = SCMI_TOKEN_ANY};

	f.messages++;
	MUST(f.sink->rx(f.core, &rx) == SCMI_OK);
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	const struct user *u = f.sender;

	(void)ctx;
	MUST(tx->slot < SLOTS && tx->token == scmi_hdr_token(tx->hdr) && scmi_hdr_type(tx->hdr) == SCMI_MSG_COMMAND);
	MUST(scmi_hdr_protocol(tx->hdr) == u->call.protocol && scmi_hdr_message(tx->hdr) == u->call.message);
	MUST(tx->len == u->call.params_len && (tx->len == 0 || memcmp(tx->payload, u->params, tx->len) == 0));
	if (f.send_result != SCMI_OK)
		return f.send_result;
	f.headers[f.sent++ % 256u] = tx->hdr;
	if ((u->how & SUBMIT_ANSWERED) != 0)
		answer_inside(tx);
	return SCMI_OK;
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

static void end(struct user *u, int err)
{
	const struct scmi_call *call = &u->call;

	MUST(u->live && err <= SCMI_OK && err != SCMI_E_BUSY && err != SCMI_E_INPROGRESS);
	MUST((err == SCMI_E_REMOTE) == (call->status != SCMI_SUCCESS));
	MUST(err != SCMI_OK || call->reply_len <= call->reply_cap);
	MUST(err != SCMI_E_TRUNCATED || call->reply_len > call->reply_cap);
	check_guard(u);
	u->live = 0;
	f.completed++;
}

static void submit_user(struct user *u)
{
	memset(u->reply, GUARD, sizeof(u->reply));
	u->live = 1;
	f.sender = u;
	f.submitted++;
	if (scmi_agent_submit(f.agent, &u->call) == SCMI_OK)
		return;
	MUST(u->live);
	f.submitted--;
	u->live = 0;
}

static void done(struct scmi_call *call, int err)
{
	struct user *u = call->arg;
	uint8_t how = u->how;

	MUST((how & SUBMIT_WAITED) == 0);
	end(u, err);
	u->how &= (uint8_t)~SUBMIT_AGAIN;
	if ((how & SUBMIT_AGAIN) != 0)
		submit_user(u);
}

/* Looks whether it has ended; a call that nobody may wait for says so. */
static void look(struct user *u)
{
	int waited = u->live && (u->how & SUBMIT_WAITED) != 0;
	int err = scmi_agent_wait_until(f.agent, &u->call, 0);

	if (!waited)
		MUST(err == SCMI_E_INVAL);
	else if (err != SCMI_E_INPROGRESS)
		end(u, err);
}

static void notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	uint8_t copy[PAYLOAD];

	(void)self;
	MUST(scmi_hdr_type(hdr) == SCMI_MSG_NOTIFICATION && len <= PAYLOAD);
	if (len != 0)
		memcpy(copy, payload, len);
}

static int choose_result(uint8_t how)
{
	static const int results[] = {SCMI_E_BUSY, SCMI_E_TOOBIG, SCMI_E_NOPEER, SCMI_E_LINK, SCMI_E_IO};

	return how < sizeof(results) / sizeof(results[0]) ? results[how] : SCMI_OK;
}

static void submit(void)
{
	struct user *u = &f.users[byte() % CALLS];
	uint32_t cap = byte() % (ROOM_MAX + 1u);
	uint8_t protocol = byte();
	uint8_t message = byte();
	uint32_t timeout_us = 1u + byte() * 100u;
	uint8_t how = byte();
	uint32_t len = byte() % (PARAMS_MAX + 1u);

	if (u->live)
		return;
	for (uint32_t i = 0; i < len; i++)
		u->params[i] = byte();
	u->how = how & ((1u << SUBMIT_BITS) - 1u);
	u->call = (struct scmi_call){
		.size = sizeof(u->call),
		.flags = SCMI_CALL_NOWAIT,
		.protocol = protocol,
		.message = message,
		.params = u->params,
		.params_len = len,
		.reply = u->reply,
		.reply_cap = cap,
		.done = (how & SUBMIT_WAITED) != 0 ? NULL : done,
		.arg = u,
		.timeout_us = timeout_us,
	};
	f.send_result = choose_result((uint8_t)(0x1fu - (how >> SUBMIT_BITS)));
	submit_user(u);
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
		f.payload[i] = byte();
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

static void pass_time(void)
{
	f.port.now_us += byte() * 1000u;
	(void)scmi_agent_poll(f.agent, 4);
}

static void restart(void)
{
	MUST(scmi_agent_stop(f.agent) == SCMI_OK);
	for (unsigned i = 0; i < HELD; i++)
		MUST(f.held_state[i] == 0);
	MUST(scmi_agent_start(f.agent) == SCMI_OK);
}

static void settle(uint16_t token, int err)
{
	int result = f.sink->settle(f.core, token, err);

	MUST(result == SCMI_OK || result == SCMI_E_STRAY);
}

static void step(void)
{
	switch (byte() & 15u) {
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
		settle((uint16_t)word(), SCMI_E_IO);
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
		f.sink->ready(f.core);
		break;
	case 14:
		look(&f.users[byte() % CALLS]);
		break;
	case 15:
		if ((byte() & 1u) != 0)
			restart();
		else
			settle(scmi_hdr_token(f.headers[byte()]), SCMI_E_PROTO);
		break;
	default:
		submit();
		break;
	}
}

/* ---- the frame ---- */

static void collect(void)
{
	for (unsigned i = 0; i < CALLS; i++) {
		if ((f.users[i].how & SUBMIT_WAITED) != 0)
			look(&f.users[i]);
	}
	while (scmi_agent_poll(f.agent, 100) != 0)
		; /* what was put off; its done functions may submit */
}

static void check_counters(void)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};

	collect();
	MUST(scmi_agent_stats(f.agent, SCMI_ALL_LINKS, &s) == SCMI_OK);
	MUST(s.submitted == f.submitted && s.in_flight == f.submitted - f.completed);
	MUST(s.submitted == s.ok + s.remote + s.truncated + s.malformed + s.timed_out + s.cancelled + s.closed +
				    s.link_lost + s.in_flight);
	MUST(s.received == s.accepted + s.late + s.stray_token + s.stray_protocol + s.stray_message + s.stray_type +
				   s.duplicate + s.mismatched + s.unclaimed + s.dropped);
	MUST(s.ok <= f.completed && s.received == f.messages);
}

static void open_agent(uint8_t setup)
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
		.flags = (setup & SETUP_DEFERRED) != 0 ? SCMI_AGENT_DEFERRED : 0u,
		.transport = &t,
		.port = &f.port.port,
		.options.slots = SLOTS,
		.max_waiters = 2,
		.event_buffers = 2,
		.options.lateness_us = (setup & SETUP_LATENESS) != 0 ? 5000u : 0u,
	};

	fake_port_init(&f.port);
	f.port.on_relax = on_relax;
	MUST(scmi_agent_init(&f.agent, f.mem, sizeof(f.mem), &config) == SCMI_OK);
	f.subscriber = (struct scmi_subscriber){
		.size = sizeof(f.subscriber), .protocol = SCMI_PROTOCOL_SENSOR, .message = SCMI_ANY, .notify = notify};
	MUST(scmi_agent_subscribe(f.agent, &f.subscriber) == SCMI_OK);
	MUST(scmi_agent_start(f.agent) == SCMI_OK);
	for (unsigned i = 0; i < CALLS; i++)
		f.users[i].call.size = sizeof(f.users[i].call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};

	memset(&f, 0, sizeof(f));
	f.in = (struct fuzz_input){data, size};
	open_agent(byte());
	while (f.in.left != 0)
		step();
	release_all();
	check_counters();
	f.sink->link_down(f.core, 0);
	check_counters();
	MUST(f.completed == f.submitted);
	MUST(scmi_agent_stats(f.agent, SCMI_ALL_LINKS, &s) == SCMI_OK && s.quarantined == 0 && s.in_flight == 0);
	MUST(scmi_agent_fini(f.agent) == SCMI_OK && f.port.fault == NULL && f.port.events == 0);
	return 0;
}
