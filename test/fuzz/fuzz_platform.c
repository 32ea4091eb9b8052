/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The platform's request path against any agents and any order of events. The first byte of the input chooses the
 * configuration, the rest is a script of steps (see step()).
 *
 * What must hold whatever it says: each request is answered once, within its room, an error by four bytes; header and
 * parameters stay what they were; the counters agree with counts of our own; refusals by type, protocol and permission
 * fall where they must; a notification goes to who asked for it and may have it. Each script runs twice, over reply
 * buffers that were filled differently: the answers must be the same, or the platform reads a reply that the peer can
 * write, or sends bytes that it has not written.
 */
#include "platform_rig.h"

#include <string.h>

#define FROM_INPUT 20u /* bytes of parameters that the input gives; the rest is a pattern */

static struct fuzz_input in;

static uint8_t byte(void)
{
	return fuzz_byte(&in);
}

static uint32_t word(void)
{
	return fuzz_word(&in);
}

/* ---- steps: requests ---- */

/* A header: of a command that somebody knows, or anything. */
static uint32_t header(void)
{
	static const uint8_t protocols[] = {
		SCMI_PROTOCOL_BASE,   SCMI_PROTOCOL_BASE,  SCMI_PROTOCOL_CLOCK, SCMI_PROTOCOL_SENSOR,
		SCMI_PROTOCOL_SYSTEM, SCMI_PROTOCOL_POWER, VENDOR_LOW,          VENDOR,
	};
	uint8_t how = byte();
	enum scmi_msg_type type = (how & 0x40u) != 0 ? (enum scmi_msg_type)(how >> 4 & 3u) : SCMI_MSG_COMMAND;

	if ((how & 0x80u) != 0)
		return word();
	return scmi_hdr(protocols[how & 7u], byte(), type, (uint16_t)rig.count.requests);
}

static void read_request(struct slot *s)
{
	s->cap = byte() % (PAYLOAD + 1u);
	s->hdr = header();
	s->len = byte() % (PAYLOAD + 1u);
	memset(s->sent, 0, sizeof(s->sent));
	for (uint32_t i = 0; i < s->len; i++)
		s->sent[i] = i < FROM_INPUT ? byte() : (uint8_t)i;
}

static void request(void)
{
	struct agent *a = &rig.agents[byte() % AGENTS];
	uint32_t i = 0;

	while (i < SLOTS && a->slots[i].open)
		i++;
	if (i == SLOTS || !a->running)
		return; /* no memory of the endpoint's is free, so it would leave the request with the peer */
	read_request(&a->slots[i]);
	rig_deliver(&a->slots[i]);
}

/* ---- steps: what happens beside requests ---- */

static struct slot *choose_slot(void)
{
	uint8_t which = byte();

	return &rig.agents[which % AGENTS].slots[which / AGENTS % SLOTS];
}

/* Answers an open request, perhaps with a value more; or one that was answered already, which must not go out. */
static void answer(void)
{
	struct slot *s = choose_slot();
	int32_t status = byte() < 128u ? SCMI_SUCCESS : (int32_t)word();

	if (!s->used)
		return;
	if (s->open) {
		for (uint32_t n = byte() % 8u; n != 0; n--)
			scmi_request_put_u32(&s->req, n);
		MUST(scmi_request_reply(&s->req, status) == SCMI_OK && !s->open);
	} else {
		MUST(scmi_request_reply(&s->req, status) == SCMI_E_GONE);
		rig.count.double_replies++;
	}
}

static uint16_t choose_agent(void)
{
	uint8_t which = byte();

	return which >= 0xf0u ? SCMI_ALL_AGENTS : (uint16_t)(which % (AGENTS + 2u));
}

static void choose_send_result(void)
{
	static const int results[] = {SCMI_OK, SCMI_OK, SCMI_E_BUSY, SCMI_E_TOOBIG, SCMI_E_NOPEER};

	rig.send_result = results[byte() % (sizeof(results) / sizeof(results[0]))];
}

static void error_event(void)
{
	static const uint64_t reports[SCMI_BASE_REPORTS_MAX] = {1, 2, 3};
	uint16_t to = choose_agent();
	uint32_t count = byte() % (SCMI_BASE_REPORTS_MAX + 2u);
	uint32_t before = rig.count.notified;
	uint32_t wanted = 0;
	bool blocked = false;
	int err;

	choose_send_result();
	for (uint32_t i = 0; i < AGENTS; i++) {
		wanted += (to == SCMI_ALL_AGENTS || to == i + 1u) && rig.agents[i].wants_errors;
		blocked = blocked || rig.agents[i].blocked;
	}
	err = scmi_base_error_event(rig.platform, to, 1, true, reports, count);
	if (count > SCMI_BASE_REPORTS_MAX)
		MUST(err == SCMI_E_INVAL);
	else if (!rig.agents[0].running)
		MUST(err == SCMI_E_CLOSED);
	else if (to != SCMI_ALL_AGENTS && (to < 1u || to > AGENTS))
		MUST(err == SCMI_E_NOTFOUND);
	else if (!blocked)
		MUST(err == (wanted != 0 ? rig.send_result : SCMI_OK) && rig.count.notified - before == wanted);
	MUST(err == SCMI_OK || err == rig.send_result || rig.count.notified == before || blocked);
}

static void notify(void)
{
	uint8_t payload[16] = {0};
	uint16_t to = choose_agent();
	uint8_t protocol = byte();
	uint8_t notification = byte() & 0xfu;
	uint32_t len = byte() % (sizeof(payload) + 1u);
	int err;

	choose_send_result();
	if (protocol < 0x80u)
		protocol = rig.servers[1u + protocol % (SERVERS - 1u)]->protocol; /* base: error_event() */
	err = scmi_platform_notify(rig.platform, to, protocol, notification, payload, len);
	MUST(err != SCMI_OK || notification < SCMI_PLATFORM_NOTIFICATIONS_MAX);
}

/* Delayed responses, and perhaps room for those that have waited. */
static void complete(void)
{
	uint8_t how = byte();

	choose_send_result();
	atomic_store(&rig.acme.at_once, how & 1u);
	MUST(acme_complete(&rig.acme) <= ACME_READINGS);
	if ((how & 2u) == 0 || !rig.agents[0].running)
		return;
	rig.send_result = SCMI_OK;
	for (uint32_t i = 0; i < AGENTS; i++) {
		rig.agents[i].sink->ready(rig.agents[i].channel);
		MUST(!rig.agents[i].blocked);
	}
}

static void reset_agent(void)
{
	uint16_t agent = choose_agent();
	bool known = agent >= 1u && agent <= AGENTS;

	MUST(scmi_platform_reset_agent(rig.platform, agent) == (known ? SCMI_OK : SCMI_E_NOTFOUND));
	if (known)
		rig.agents[agent - 1u].wants_errors = false;
}

static void restart(void)
{
	if (rig.agents[0].running) {
		MUST(scmi_platform_stop(rig.platform) == SCMI_OK);
		MUST(!rig.agents[0].running && !rig.agents[1].running);
	} else {
		MUST(scmi_platform_start(rig.platform) == SCMI_OK);
		MUST(rig.agents[0].running && rig.agents[1].running);
	}
}

static void ask_permission(void)
{
	uint16_t agent = (uint16_t)word();
	uint8_t protocol = byte();
	bool allowed = scmi_base_allowed(&rig.model, agent, protocol, word());

	MUST(!allowed || (agent >= 1u && agent <= AGENTS && rig_serves(protocol)));
}

/* ---- the frame ---- */

static void step(void)
{
	switch (byte() & 15u) {
	case 7:
		complete();
		break;
	case 8:
	case 9:
		answer();
		break;
	case 10:
		error_event();
		break;
	case 11:
		notify();
		break;
	case 12:
		reset_agent();
		break;
	case 13:
		restart();
		break;
	case 14:
		ask_permission();
		break;
	case 15:
		rig_check_counters();
		rig.agents[0].sink->ready(rig.agents[0].channel);
		break;
	default:
		request();
		break;
	}
}

static uint64_t run(const uint8_t *data, size_t size, uint8_t fill)
{
	in = (struct fuzz_input){data, size};
	rig_open(byte(), fill);
	while (in.left != 0)
		step();
	return rig_close();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	MUST(run(data, size, 0xa5) == run(data, size, 0x5a));
	return 0;
}
