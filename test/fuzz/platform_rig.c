/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform_rig.h"

#include <string.h>

#define ANY_STATUS INT32_MAX

struct rig rig;

static void digest(const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		rig.digest = (rig.digest ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
}

bool rig_serves(uint8_t protocol)
{
	for (uint32_t i = 0; i < SERVERS; i++) {
		if (rig.servers[i]->protocol == protocol)
			return true;
	}
	return false;
}

/* Whether the agent may use the protocol on one device at least; the base protocol goes with no device. */
static bool may_use(const struct agent *a, uint8_t protocol)
{
	uint32_t devices = rig.model.devices;

	if (protocol == SCMI_PROTOCOL_BASE)
		return true;
	for (uint32_t i = 0; i < (devices != 0 ? devices : 1u); i++) {
		if (scmi_base_allowed(&rig.model, a->id, protocol, i))
			return true;
	}
	return false;
}

/* ---- replies ---- */

/* What a successful base command has done to who wants to be told. */
static void follow_base(const struct slot *s)
{
	uint32_t first = scmi_get_le32(s->sent);

	if ((s->hdr & 0x3ffffu) == scmi_hdr(SCMI_PROTOCOL_BASE, SCMI_BASE_NOTIFY_ERRORS, SCMI_MSG_COMMAND, 0))
		s->agent->wants_errors = first != 0;
	if ((s->hdr & 0x3ffffu) ==
	    scmi_hdr(SCMI_PROTOCOL_BASE, SCMI_BASE_RESET_AGENT_CONFIGURATION, SCMI_MSG_COMMAND, 0)) {
		MUST(first >= 1 && first <= AGENTS);
		rig.agents[first - 1u].wants_errors = false;
	}
}

/* A message of the library's table succeeds with the lengths that stand there only. */
static void check_lengths(const struct slot *s, uint32_t values)
{
	const struct scmi_message_info *row =
		scmi_message_find(scmi_hdr_protocol(s->hdr), SCMI_MSG_COMMAND, scmi_hdr_message(s->hdr));

	if (row == NULL)
		return;
	MUST(s->len >= row->params_min && s->len <= row->params_max);
	MUST(values >= row->values_min && values <= row->values_max);
}

static void count_reply(const struct slot *s, int32_t status, uint32_t len)
{
	if (status == SCMI_SUCCESS) {
		rig.count.ok++;
		follow_base(s);
		check_lengths(s, len - SCMI_STATUS_BYTES);
	} else {
		rig.count.errors++;
	}
	MUST(s->expected == ANY_STATUS || s->expected == status);
}

static void check_untouched(const struct slot *s)
{
	MUST(s->req.hdr == s->hdr && s->req.len == s->len && s->req.reply_cap == s->cap);
	MUST(s->req.params == s->params && s->req.reply == s->room + GUARD && s->req.priv == s);
	MUST(s->len == 0 || memcmp(s->params, s->sent, s->len) == 0);
	for (uint32_t i = 0; i < GUARD; i++)
		MUST(s->room[i] == rig.fill && s->room[GUARD + s->cap + i] == rig.fill);
}

/* The platform gives a request back. */
static void give_back(struct slot *s)
{
	MUST(s->open);
	s->open = false;
	rig.count.open--;
	check_untouched(s);
}

/* And it is answered by len bytes. */
static void take_reply(struct slot *s, uint32_t len)
{
	const uint8_t *reply = s->room + GUARD;
	int32_t status;

	MUST(len <= s->cap);
	give_back(s);
	digest(&s->hdr, sizeof(s->hdr));
	digest(reply, len);
	MUST(len >= SCMI_STATUS_BYTES);
	status = (int32_t)scmi_get_le32(reply);
	MUST(status <= 0 && (status == SCMI_SUCCESS || len == SCMI_STATUS_BYTES));
	count_reply(s, status, len);
}

/* ---- the endpoint ---- */

static int start(void *ctx, const struct scmi_platform_sink *sink, void *channel)
{
	struct agent *a = ctx;

	MUST(!a->running);
	a->running = true;
	a->wants_errors = false;
	a->sink = sink;
	a->channel = channel;
	return SCMI_OK;
}

static void stop(void *ctx)
{
	struct agent *a = ctx;

	MUST(a->running);
	a->running = false;
	a->blocked = false;
}

static void reply(void *ctx, struct scmi_request *req, uint32_t len)
{
	struct slot *s = req->priv;

	MUST(s->agent == ctx);
	take_reply(s, len);
}

/* Of the readings of acme, whoever has asked for them. */
static int send_delayed(struct agent *a, uint32_t hdr, const void *payload, uint32_t len)
{
	const bool shrunk = len == SCMI_STATUS_BYTES; /* the reading was too big for this peer */

	MUST(scmi_hdr_protocol(hdr) == SCMI_PROTOCOL_SENSOR && (hdr & SCMI_HDR_RESERVED) == 0 && a->running);
	MUST(shrunk || len == ACME_READING_BYTES);
	MUST(scmi_get_le32(payload) == (uint32_t)(shrunk ? SCMI_COMMS_ERROR : SCMI_SUCCESS));
	MUST(!shrunk || rig.too_big);
	rig.too_big = !shrunk && rig.send_result == SCMI_E_TOOBIG;
	digest(&hdr, sizeof(hdr));
	digest(payload, len);
	a->blocked = rig.send_result == SCMI_E_BUSY;
	rig.was_blocked = rig.was_blocked || a->blocked;
	if (rig.send_result == SCMI_OK)
		rig.count.delayed_sent++;
	return rig.send_result;
}

static int send(void *ctx, uint32_t hdr, const void *payload, uint32_t len)
{
	struct agent *a = ctx;
	uint8_t protocol = scmi_hdr_protocol(hdr);

	if (scmi_hdr_type(hdr) == SCMI_MSG_DELAYED)
		return send_delayed(a, hdr, payload, len);
	MUST(!a->blocked);
	MUST(scmi_hdr_type(hdr) == SCMI_MSG_NOTIFICATION && scmi_hdr_token(hdr) == 0 && a->running);
	MUST(may_use(a, protocol));
	MUST(protocol != SCMI_PROTOCOL_BASE || a->wants_errors);
	digest(&hdr, sizeof(hdr));
	digest(payload, len);
	rig.count.notified++;
	if (rig.send_result == SCMI_OK)
		rig.count.sent++;
	else if (rig.send_result == SCMI_E_BUSY)
		rig.count.dropped++;
	else
		rig.count.failed++;
	return rig.send_result;
}

static uint32_t delivered(void *ctx)
{
	return ((struct agent *)ctx)->delivered;
}

/* ---- delivering ---- */

/* What the answer must be, as far as we know it without the handler; counts refusals. */
static int32_t foresee(const struct slot *s)
{
	uint8_t protocol = scmi_hdr_protocol(s->hdr);

	if (s->cap < SCMI_STATUS_BYTES)
		return ANY_STATUS;
	if (scmi_hdr_type(s->hdr) != SCMI_MSG_COMMAND) {
		rig.count.bad_type++;
		return SCMI_PROTOCOL_ERROR;
	}
	if (!rig_serves(protocol)) {
		rig.count.bad_protocol++;
		return SCMI_NOT_SUPPORTED;
	}
	if (!may_use(s->agent, protocol)) {
		rig.count.denied++;
		return SCMI_DENIED;
	}
	return ANY_STATUS;
}

static void fill_request(struct slot *s)
{
	free(s->params);
	s->params = NULL;
	if (s->len != 0) {
		s->params = malloc(s->len);
		MUST(s->params != NULL);
		memcpy(s->params, s->sent, s->len);
	}
	memset(s->room, rig.fill, sizeof(s->room));
	s->used = true;
	s->req.hdr = s->hdr;
	s->req.len = s->len;
	s->req.params = s->params;
	s->req.reply = s->room + GUARD;
	s->req.reply_cap = s->cap;
	s->req.priv = s;
}

/* Hands a request over; the one place that knows how an answer at once comes back. */
static void hand_over(struct slot *s)
{
	uint32_t put_off = rig.vendor.put_off;
	uint32_t len;

	s->agent->delivered++;
	len = s->agent->sink->request(s->agent->channel, &s->req);
	MUST((len == SCMI_REPLY_NONE) == (s->cap < SCMI_STATUS_BYTES));
	MUST((len == SCMI_REPLY_LATER) == (rig.vendor.put_off != put_off));
	if (len == SCMI_REPLY_NONE) {
		give_back(s);
		rig.count.no_room++;
	} else if (len != SCMI_REPLY_LATER) {
		take_reply(s, len);
	}
}

void rig_deliver(struct slot *s)
{
	MUST(s->agent->running && !s->open);
	fill_request(s);
	s->expected = foresee(s);
	s->open = true;
	rig.count.open++;
	rig.count.requests++;
	hand_over(s);
}

/* ---- the frame ---- */

void rig_check_counters(void)
{
	struct scmi_platform_stats s = {.size = sizeof(s)};
	uint32_t refused;

	MUST(scmi_platform_stats(rig.platform, &s) == SCMI_OK);
	refused = s.bad_type + s.bad_protocol + s.denied + s.bad_message + s.bad_length;
	MUST(s.requests == s.ok + s.errors + s.no_room + s.open);
	MUST(s.requests == rig.count.requests && s.ok == rig.count.ok && s.errors == rig.count.errors);
	MUST(s.no_room == rig.count.no_room && s.open == rig.count.open);
	MUST(s.bad_type == rig.count.bad_type && s.bad_protocol == rig.count.bad_protocol &&
	     s.denied == rig.count.denied);
	MUST(s.errors >= refused + s.overflowed && s.overflowed >= rig.vendor.overflowed);
	MUST(rig.traced_requests == 0 || (rig.traced_requests == s.requests && rig.traced_refusals == refused));
	MUST(s.notified == s.sent + s.dropped + s.failed + s.merged + s.withdrawn + s.waiting);
	MUST(s.sent == rig.count.sent && s.failed == rig.count.failed);
	MUST(s.dropped == rig.count.dropped || (rig.was_blocked && s.dropped > rig.count.dropped));
	MUST(s.delayed == s.delayed_sent + s.delayed_failed + s.delayed_open);
	MUST(s.delayed_sent == rig.count.delayed_sent && s.delayed_queued <= s.delayed_open);
	MUST(s.double_replies == rig.count.double_replies + rig.vendor.answered_twice);
}

static void trace(void *arg, const struct scmi_trace_event *event)
{
	(void)arg;
	MUST(event->link >= 1u && event->link <= AGENTS && event->slot == UINT16_MAX);
	MUST((event->kind == SCMI_TRACE_REFUSE) == (event->why != NULL));
	rig.traced_requests += event->kind == SCMI_TRACE_RECV;
	rig.traced_refusals += event->kind == SCMI_TRACE_REFUSE;
}

/* The first agent manages both, the second only itself. */
static bool may_manage(void *arg, uint16_t caller, uint16_t agent)
{
	(void)arg;
	MUST(caller >= 1u && caller <= AGENTS && agent >= 1u && agent <= AGENTS);
	return caller == 1u || caller == agent;
}

static int32_t never(void *model, struct scmi_request *req)
{
	(void)model;
	MUST(req == NULL);
	return SCMI_SUCCESS;
}

static void set_up_servers(uint8_t setup)
{
	static const struct scmi_server_command absent = {
		.message = 0x5, .handle = never, .params_max = UINT16_MAX, .flags = 0x80};
	static const uint32_t versions[] = {0, SCMI_VERSION(2, 1), SCMI_VERSION(2, 0), SCMI_VERSION(1, 0)};
	uint32_t devices = (setup & SETUP_DEVICES) != 0 ? DEVICES : 0u;

	rig.model = (struct scmi_base_model){
		.size = sizeof(rig.model),
		.version = versions[setup & SETUP_VERSION],
		.vendor = "acme",
		.sub_vendor = (setup & SETUP_VERSION) != 0 ? "interop" : NULL,
		.implementation_version = 0x00010203u,
		.devices = devices,
		.permissions = devices != 0 ? malloc(AGENTS * DEVICES * sizeof(uint32_t)) : NULL,
		.permission_words = AGENTS * devices,
		.may_manage = may_manage,
	};
	scmi_base_server(&rig.base_server, &rig.model);
	vendor_server(&rig.vendor_server[0], &rig.vendor, VENDOR_LOW);
	vendor_server(&rig.vendor_server[1], &rig.vendor, VENDOR);
	rig.bare_server = (struct scmi_server){
		.size = sizeof(rig.bare_server),
		.protocol = SCMI_PROTOCOL_SYSTEM,
		.version = SCMI_VERSION(1, 0),
		.absent = absent.flags,
		.commands = &absent,
		.commands_n = 1,
	};
	fake_endpoint_init(&rig.acme_endpoint);
	MUST(acme_open(&rig.acme, &rig.acme_endpoint.endpoint, NULL, NULL) == SCMI_OK);
	rig.servers[0] = &rig.base_server;
	rig.servers[1] = &rig.bare_server;
	rig.servers[2] = &rig.acme.clock;
	rig.servers[3] = &rig.acme.sensor;
	rig.servers[4] = &rig.vendor_server[0];
	rig.servers[5] = &rig.vendor_server[1];
}

static void set_up_agent(uint32_t i, uint8_t setup)
{
	static const uint8_t denied[] = {SCMI_PROTOCOL_CLOCK, VENDOR};
	struct agent *a = &rig.agents[i];

	a->id = (uint16_t)(i + 1u);
	for (uint32_t k = 0; k < SLOTS; k++)
		a->slots[k].agent = a;
	a->delivered = UINT32_MAX - 1u; /* as if it had served another platform before; about to wrap */
	a->ops = (struct scmi_endpoint_ops){
		.version = SCMI_ENDPOINT_V1,
		.name = "fuzz",
		.start = start,
		.stop = stop,
		.reply = reply,
		.send = (setup & SETUP_NO_SEND) != 0 ? NULL : send,
		.delivered = (setup & SETUP_DELIVERED) != 0 ? delivered : NULL,
	};
	a->endpoint =
		(struct scmi_endpoint){.size = sizeof(a->endpoint), .max_payload = PAYLOAD, .ops = &a->ops, .ctx = a};
	rig.table[i] = (struct scmi_platform_agent){.size = sizeof(rig.table[i]),
						    .name = (setup & SETUP_NAMELESS) != 0 ? NULL : "agent",
						    .endpoint = &a->endpoint};
	if (i != 0 && (setup & SETUP_DENIALS) != 0) {
		rig.table[i].denied = denied;
		rig.table[i].denied_n = sizeof(denied);
	}
}

/* All memory is as long as it must be and no longer. */
static void set_up_platform(uint8_t setup)
{
	struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers_n = SERVERS,
		.servers = rig.servers,
		.agents = rig.table,
		.agents_n = AGENTS,
		.trace = (setup & SETUP_TRACE) != 0 ? trace : NULL,
	};
	size_t size = scmi_platform_size(&config);

	rig.memory = malloc(size);
	MUST(size != 0 && rig.memory != NULL);
	MUST(scmi_platform_init(&rig.platform, rig.memory, size, &config) == SCMI_OK);
	MUST(scmi_platform_start(rig.platform) == SCMI_OK);
}

static void answer_all(void)
{
	for (uint32_t i = 0; i < AGENTS * SLOTS; i++) {
		struct slot *s = &rig.agents[i % AGENTS].slots[i / AGENTS];

		if (s->open)
			MUST(scmi_request_reply(&s->req, SCMI_SUCCESS) == SCMI_OK && !s->open);
		free(s->params);
	}
}

void rig_open(uint8_t setup, uint8_t fill)
{
	memset(&rig, 0, sizeof(rig));
	rig.fill = fill;
	rig.digest = 0xcbf29ce484222325u;
	set_up_servers(setup);
	for (uint32_t i = 0; i < AGENTS; i++)
		set_up_agent(i, setup);
	set_up_platform(setup);
}

/* Those that wait for room end with the stop. */
static uint32_t open_readings(void)
{
	struct scmi_platform_stats s = {.size = sizeof(s)};

	MUST(scmi_platform_stats(rig.platform, &s) == SCMI_OK);
	return s.delayed_open - s.delayed_queued;
}

uint64_t rig_close(void)
{
	if (rig.count.open != 0 || open_readings() != 0)
		MUST(scmi_platform_fini(rig.platform) == SCMI_E_BUSY && !rig.agents[0].running);
	answer_all();
	(void)scmi_platform_stop(rig.platform);
	MUST(acme_complete(&rig.acme) == 0);
	rig_check_counters();
	MUST(scmi_platform_fini(rig.platform) == SCMI_OK && !rig.agents[0].running && !rig.agents[1].running);
	MUST(acme_close(&rig.acme) == SCMI_OK && rig.acme_endpoint.fault == NULL);
	free(rig.memory);
	free(rig.model.permissions);
	return rig.digest;
}
