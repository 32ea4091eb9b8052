/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The typed base commands against any platform. The input is a script: which command, then the replies that the
 * platform gives while it runs, as they are needed.
 *
 * What must hold whatever it says: every function ends, with a success or an error that is documented, after a bounded
 * number of commands; a result is whole or left alone; names are terminated; no list is longer than its room.
 */
#include <string.h>

#include <scmi/protocol/base.h>

#include "fake_port.h"
#include "fuzz.h"

#define PAYLOAD 320u /* more than any reply that is read */
#define UNTOLD  0x5aa5u

/* Stands where nothing may be written. */
#define UNWRITTEN 0xa5u

/* Most commands of one function: one for every protocol, and the few that go before and after the list. */
#define ASKED_MAX (SCMI_BASE_PROTOCOLS_MAX + 8u)

static struct {
	max_align_t mem[SCMI_AGENT_WORDS_FOR(2, 0, 0, 1, PAYLOAD)];
	struct fake_port port;
	struct scmi_agent *agent;
	const struct scmi_sink *sink;
	void *core;
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
	uint32_t given = byte() & 127u;
	struct scmi_rx rx = {.hdr = hdr, .data = bytes, .token = SCMI_TOKEN_ANY};

	if (how >= 0xf0u)
		scmi_put_le32(bytes, 0xfffffff0u | how);
	for (uint32_t i = 0; i < given; i++)
		bytes[4u + i] = byte();
	rx.len = how < 0x80u ? 4u + given : 4u * (how & 0x4fu);
	(void)f.sink->rx(f.core, &rx);
}

/* A transport that answers inside send() owes nothing: what was not answered has come back without a message. */
static int answer(void *ctx, const struct scmi_tx *tx)
{
	const struct scmi_message_info *row =
		scmi_message_find(scmi_hdr_protocol(tx->hdr), SCMI_MSG_COMMAND, scmi_hdr_message(tx->hdr));

	(void)ctx;
	f.asked++;
	MUST(scmi_hdr_protocol(tx->hdr) == SCMI_PROTOCOL_BASE);
	MUST(row != NULL && tx->len >= row->params_min && tx->len <= row->params_max);
	say(tx->hdr);
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

static void check(int err, int32_t status)
{
	MUST(err == SCMI_OK || err == SCMI_E_REMOTE || err == SCMI_E_PROTO);
	MUST((err == SCMI_E_REMOTE) == (status != SCMI_SUCCESS));
}

static void check_name(const char *name)
{
	size_t i = 0;

	while (i < SCMI_SHORT_NAME && name[i] != '\0')
		i++;
	MUST(i < SCMI_SHORT_NAME);
	for (; i < SCMI_SHORT_NAME; i++)
		MUST(name[i] == '\0');
}

static void names(bool sub)
{
	char got[SCMI_SHORT_NAME] = "untold";
	int32_t status = SCMI_SUCCESS;
	int err = sub ? scmi_base_sub_vendor(f.agent, got, &status) : scmi_base_vendor(f.agent, got, &status);

	check(err, status);
	if (err == SCMI_OK)
		check_name(got);
	else
		MUST(strcmp(got, "untold") == 0);
}

static void list(void)
{
	uint8_t ids[SCMI_BASE_PROTOCOLS_MAX + 1u];
	uint32_t cap = byte() % (SCMI_BASE_PROTOCOLS_MAX + 1u);
	int32_t status = SCMI_SUCCESS;
	uint32_t count = UNTOLD;
	int err;

	memset(ids, UNWRITTEN, sizeof(ids));
	err = scmi_base_list_protocols(f.agent, ids, cap, &count, &status);
	if (err == SCMI_E_TRUNCATED) {
		MUST(count > cap && count <= SCMI_BASE_PROTOCOLS_MAX && status == SCMI_SUCCESS && ids[0] == UNWRITTEN);
		return;
	}
	check(err, status);
	MUST(err == SCMI_OK ? count <= cap : count == UNTOLD);
	for (uint32_t i = err == SCMI_OK ? count : cap; i < sizeof(ids); i++)
		MUST(ids[i] == UNWRITTEN);
}

static void discover_agent(void)
{
	struct scmi_base_agent who = {.id = UNTOLD, .name = "untold"};
	uint32_t id = byte() & 1u ? SCMI_BASE_AGENT_SELF : byte();
	int32_t status = SCMI_SUCCESS;
	int err = scmi_base_discover_agent(f.agent, id, &who, &status);

	check(err, status);
	if (err == SCMI_OK)
		check_name(who.name);
	else
		MUST(who.id == UNTOLD && strcmp(who.name, "untold") == 0);
}

static void discover(void)
{
	struct scmi_base_info got = {.size = sizeof(got)};
	int err = scmi_base_discover(f.agent, &got);

	check(err, got.status);
	MUST(got.size == sizeof(got) && got.protocol_count <= SCMI_BASE_PROTOCOLS_MAX && got.agent_count <= 0xffu);
	MUST(got.spoken == got.version || (got.spoken == SCMI_BASE_VERSION && got.version > got.spoken));
	check_name(got.vendor);
	check_name(got.sub_vendor);
	check_name(got.self.name);
	for (uint32_t i = got.protocol_count; err == SCMI_OK && i < SCMI_BASE_PROTOCOLS_MAX; i++)
		MUST(got.protocols[i] == 0);
}

static void words(uint8_t which)
{
	int32_t status = SCMI_SUCCESS;
	uint32_t first = UNTOLD;
	uint32_t second = UNTOLD;
	int err;

	switch (which & 3u) {
	case 0:
		err = scmi_base_version(f.agent, &first, &status);
		break;
	case 1:
		err = scmi_base_message_attributes(f.agent, byte(), &first, &status);
		break;
	case 2:
		err = scmi_base_attributes(f.agent, &first, &second, &status);
		MUST(err != SCMI_OK || (first <= SCMI_BASE_PROTOCOLS_MAX && second <= 0xffu));
		break;
	default:
		err = scmi_base_implementation_version(f.agent, &first, &status);
		break;
	}
	check(err, status);
	MUST(err == SCMI_OK || (first == UNTOLD && second == UNTOLD));
}

static void tell(uint8_t which)
{
	int32_t status = SCMI_SUCCESS;
	bool on = (which & 8u) != 0;
	uint8_t id = byte();
	int err;

	switch (which & 7u) {
	case 0:
		err = scmi_base_negotiate(f.agent, fuzz_word(&f.in), &status);
		break;
	case 1:
		err = scmi_base_notify_errors(f.agent, on, &status);
		break;
	case 2:
		err = scmi_base_set_device_permissions(f.agent, id, 1, on, &status);
		break;
	case 3:
		err = scmi_base_set_protocol_permissions(f.agent, id, 1, id, on, &status);
		break;
	default:
		err = scmi_base_reset_agent_configuration(f.agent, id, on, &status);
		break;
	}
	check(err, status);
}

/* ---- the frame ---- */

static void step(void)
{
	uint8_t which = byte();

	f.asked = 0;
	switch (which & 7u) {
	case 0:
	case 1:
		list();
		break;
	case 2:
		discover_agent();
		break;
	case 3:
	case 4:
		discover();
		break;
	case 5:
		names((which & 8u) != 0);
		break;
	case 6:
		words(which >> 4);
		break;
	default:
		tell(which >> 4);
		break;
	}
	MUST(f.asked <= ASKED_MAX);
}

static void open_agent(void)
{
	struct scmi_transport t = {
		.size = sizeof(t),
		.caps = SCMI_CAP_SYNC_SEND,
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
	memset(&f, 0, sizeof(f));
	f.in = (struct fuzz_input){data, size};
	open_agent();
	while (f.in.left != 0)
		step();
	MUST(scmi_agent_fini(f.agent) == SCMI_OK && f.port.fault == NULL);
	return 0;
}
