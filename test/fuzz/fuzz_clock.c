/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The typed clock commands against any platform. The first byte of the input chooses the version that is spoken; the
 * rest is a script: which command, then the replies that the platform gives while it runs, as they are needed.
 *
 * What must hold whatever it says: every function ends, with a success or an error that is documented; a result is
 * whole or left alone; names are terminated; no list goes on for ever, and none asks again without having got
 * something.
 */
#include <string.h>

#include <scmi/protocol/clock.h>

#include "fake_port.h"
#include "fuzz.h"

#define PAYLOAD 320u /* more than any iterator's buffer */
#define UNTOLD  0x5aa5u

static struct {
	max_align_t mem[SCMI_AGENT_WORDS_FOR(2, 0, 0, 1, PAYLOAD)];
	struct fake_port port;
	struct scmi_agent *agent;
	const struct scmi_sink *sink;
	void *core;
	struct scmi_clock_protocol p;
	uint32_t asked;
	struct fuzz_input in;
} f;

static uint8_t byte(void)
{
	return fuzz_byte(&f.in);
}

/* ---- the platform ---- */

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	(void)ctx;
	f.sink = sink;
	f.core = core;
	return SCMI_OK;
}

static void stop(void *ctx)
{
	(void)ctx;
}

/* A success for the most part; then as many bytes as it likes, the first of them from the input. */
static void say(uint32_t hdr)
{
	uint8_t bytes[PAYLOAD] = {0};
	uint8_t how = byte();
	uint32_t given = byte() & 63u;
	struct scmi_rx rx = {.hdr = hdr, .data = bytes, .token = SCMI_TOKEN_ANY};

	if (how >= 0xf0u)
		scmi_put_le32(bytes, 0xfffffff0u | how);
	for (uint32_t i = 0; i < given; i++)
		bytes[4u + i] = byte();
	rx.len = how < 0x80u ? 4u + given : 4u * (how & 0x4fu);
	if (rx.len > PAYLOAD)
		rx.len = PAYLOAD;
	(void)f.sink->rx(f.core, &rx);
}

/* A transport that answers inside send() owes nothing: what was not answered has come back without a message. */
static int answer(void *ctx, const struct scmi_tx *tx)
{
	const struct scmi_message_info *row =
		scmi_message_find(scmi_hdr_protocol(tx->hdr), SCMI_MSG_COMMAND, scmi_hdr_message(tx->hdr));
	uint32_t flags = tx->len != 0 ? scmi_get_le32(tx->payload) : 0u;

	(void)ctx;
	f.asked++;
	MUST(row != NULL && row->since <= f.p.spoken && tx->len >= row->params_min && tx->len <= row->params_max);
	say(tx->hdr);
	if (scmi_hdr_message(tx->hdr) == SCMI_CLOCK_RATE_SET && (flags & 3u) == SCMI_CLOCK_SET_ASYNC)
		say(scmi_hdr_as(tx->hdr, SCMI_MSG_DELAYED));
	return SCMI_OK;
}

static const struct scmi_transport_ops ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "fuzz",
	.start = start,
	.stop = stop,
	.send = answer,
};

/* ---- the commands ---- */

static bool is_documented(int err)
{
	return err == SCMI_OK || err == SCMI_E_REMOTE || err == SCMI_E_PROTO || err == SCMI_E_NOTSUP;
}

static void check(int err, int32_t status)
{
	MUST(is_documented(err));
	MUST((err == SCMI_E_REMOTE) == (status != SCMI_SUCCESS));
}

static void check_name(const char *name)
{
	size_t i = 0;

	while (i < SCMI_LONG_NAME && name[i] != '\0')
		i++;
	MUST(i < SCMI_LONG_NAME);
	for (; i < SCMI_LONG_NAME; i++)
		MUST(name[i] == '\0');
}

static void info(uint32_t clock)
{
	struct scmi_clock_info got = {.size = sizeof(got), .enable_delay_us = UNTOLD};
	int32_t status = SCMI_SUCCESS;
	int err = scmi_clock_info(&f.p, clock, &got, &status);

	check(err, status);
	MUST(got.size == sizeof(got));
	if (err == SCMI_OK) {
		check_name(got.name);
		MUST(f.p.spoken >= SCMI_VERSION(2, 0) || (got.attributes & ~SCMI_CLOCK_ENABLED) == 0);
	} else {
		MUST(got.enable_delay_us == UNTOLD);
	}
}

static void name(uint32_t clock)
{
	char got[SCMI_LONG_NAME] = "untold";
	int32_t status = SCMI_SUCCESS;
	int err = scmi_clock_name(&f.p, clock, got, &status);

	check(err, status);
	if (err == SCMI_OK)
		check_name(got);
	else
		MUST(strcmp(got, "untold") == 0);
}

/* Goes on after errors as well, a few times: the place must stay. */
static void rates(uint32_t clock)
{
	struct scmi_clock_rates it;
	struct scmi_clock_rate rate;
	uint32_t n = 0;
	unsigned errors = 0;

	scmi_clock_rates_begin(&f.p, clock, &it);
	while (errors < 3u) {
		int32_t status = SCMI_SUCCESS;
		uint32_t before = f.asked;
		int err = scmi_clock_rates_next(&it, &rate, &status);

		MUST(f.asked - before <= 1u);
		if (err == SCMI_E_NOTFOUND)
			break;
		check(err, status);
		errors += err != SCMI_OK;
		if (err != SCMI_OK)
			continue;
		MUST(rate.min <= rate.max && ++n <= 0xffffu);
	}
}

static void parents(uint32_t clock)
{
	struct scmi_clock_parents it;
	uint32_t parent;
	uint32_t n = 0;
	int err;

	scmi_clock_parents_begin(&f.p, clock, &it);
	while ((err = scmi_clock_parents_next(&it, &parent, NULL)) == SCMI_OK)
		MUST(++n <= 0xffffu);
	MUST(err == SCMI_E_NOTFOUND || is_documented(err));
}

static void rate_set(uint32_t clock)
{
	uint32_t flags = byte() & SCMI_CLOCK_SET_FLAGS;
	int32_t status = SCMI_SUCCESS;
	uint64_t set = UNTOLD;
	int err = scmi_clock_rate_set(&f.p, clock, 1000, flags, &set, &status);

	check(err, status);
	if (err != SCMI_OK)
		MUST(set == UNTOLD);
	else
		MUST((flags & 3u) == SCMI_CLOCK_SET_ASYNC || set == 0);
}

static void words(uint32_t clock, uint8_t which)
{
	int32_t status = SCMI_SUCCESS;
	uint64_t rate = UNTOLD;
	uint32_t word = UNTOLD;
	bool on = false;
	int err;

	switch (which & 15u) {
	case 0:
		err = scmi_clock_rate_get(&f.p, clock, &rate, &status);
		break;
	case 1:
		err = scmi_clock_enabled(&f.p, clock, &on, &status);
		break;
	case 2:
		err = scmi_clock_config_get(&f.p, clock, byte(), &on, &word, &status);
		break;
	case 3:
		err = scmi_clock_parent_get(&f.p, clock, &word, &status);
		break;
	case 4:
		err = scmi_clock_permissions(&f.p, clock, &word, &status);
		break;
	case 5:
		err = scmi_clock_config_set(&f.p, clock, SCMI_CLOCK_STATE_ON, byte(), 1, &status);
		break;
	case 6:
		err = scmi_clock_rate_notify(&f.p, clock, true, &status);
		break;
	case 7:
		err = scmi_clock_parent_set(&f.p, clock, byte(), &status);
		break;
	case 8:
		err = scmi_clock_rate_change_requested_notify(&f.p, clock, true, &status);
		break;
	default:
		err = scmi_clock_enable(&f.p, clock, true, &status);
		break;
	}
	check(err, status);
	MUST(err == SCMI_OK || (rate == UNTOLD && word == UNTOLD && !on));
}

static void event(void)
{
	uint8_t bytes[24] = {0};
	struct scmi_clock_event e = {.clock = UNTOLD};
	uint32_t hdr = scmi_hdr(SCMI_PROTOCOL_CLOCK, byte() & 3u, SCMI_MSG_NOTIFICATION, 0);
	uint32_t len = byte() % (sizeof(bytes) + 1u);
	int err;

	if ((byte() & 7u) == 0)
		hdr = fuzz_word(&f.in);
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = byte();
	err = scmi_clock_event_parse(hdr, bytes, len, &e);
	MUST(err == SCMI_OK || err == SCMI_E_NOTFOUND || err == SCMI_E_PROTO);
	MUST(err == SCMI_OK ? len >= 16u && e.notification < 2u : e.clock == UNTOLD);
}

static void open_protocol(void)
{
	struct scmi_clock_protocol p = {.size = UNTOLD};
	int32_t status = SCMI_SUCCESS;
	uint32_t spoken = f.p.spoken;
	int err;

	f.p.spoken = SCMI_CLOCK_VERSION;
	err = scmi_clock_open(f.agent, SCMI_VERSION(2, 0), &p, &status);
	check(err, status);
	MUST(err == SCMI_OK ? p.clocks <= 0xffffu && p.async_max <= 0xffu : p.size == UNTOLD);
	f.p.spoken = spoken;
}

/* ---- the frame ---- */

static void step(void)
{
	uint8_t which = byte();
	uint32_t clock = which >> 4;

	switch (which & 15u) {
	case 0:
	case 1:
		info(clock);
		break;
	case 2:
		name(clock);
		break;
	case 3:
	case 4:
	case 5:
		rates(clock);
		break;
	case 6:
	case 7:
		parents(clock);
		break;
	case 8:
	case 9:
		rate_set(clock);
		break;
	case 10:
		event();
		break;
	case 11:
		open_protocol();
		break;
	default:
		words(clock, byte());
		break;
	}
}

static void open_agent(void)
{
	struct scmi_transport t = {
		.size = sizeof(t),
		.caps = SCMI_CAP_SYNC_SEND | SCMI_CAP_NOTIFY,
		.ops = &ops,
		.max_payload = PAYLOAD,
		.max_inflight = 1,
	};
	struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = &t,
		.port = &f.port.port,
		.options.slots = 2,
		.max_waiters = 1,
	};

	fake_port_init(&f.port);
	MUST(scmi_agent_init(&f.agent, f.mem, sizeof(f.mem), &config) == SCMI_OK);
	MUST(scmi_agent_start(f.agent) == SCMI_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t versions[] = {SCMI_VERSION(1, 0), SCMI_VERSION(2, 0), SCMI_VERSION(2, 1),
					    SCMI_VERSION(3, 0)};

	memset(&f, 0, sizeof(f));
	f.in = (struct fuzz_input){data, size};
	open_agent();
	f.p = (struct scmi_clock_protocol){
		.size = sizeof(f.p), .agent = f.agent, .spoken = versions[byte() & 3u], .clocks = 16};
	while (f.in.left != 0)
		step();
	MUST(scmi_agent_fini(f.agent) == SCMI_OK && f.port.fault == NULL);
	return 0;
}
