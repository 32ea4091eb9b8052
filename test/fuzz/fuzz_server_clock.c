/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clock server against any agents: every handler, in every version, with rates that are set at once, later or
 * before the handler has returned. The first byte of the input chooses version and model, the rest is a script (see
 * step()).
 *
 * What must hold whatever it says: each request is answered once, within its room, an error by its status alone; a
 * success has the lengths of the table and is of a message that the version has; every pending rate ends once; delayed
 * responses and notifications have the bytes that they must; nothing is open at the end.
 */
#include <limits.h>
#include <string.h>

#include "../unit/clock_device.h"
#include "fake_endpoint.h"
#include "fuzz.h"

#define REQUESTS 4u
#define ROOM     128u
#define CLOCK    SCMI_PROTOCOL_CLOCK

/* The first byte: 1:0 version. */
#define SETUP_NO_SEND    (1u << 2)
#define SETUP_NO_PENDING (1u << 3)
#define SETUP_NO_WANTS   (1u << 4)
#define SETUP_READ_ONLY  (1u << 5)

static struct {
	struct fake_endpoint endpoints[AGENTS];
	struct fake_request requests[REQUESTS];
	struct clock_device device;
	struct scmi_server server;
	const struct scmi_server *servers[1];
	struct scmi_platform_agent agents[AGENTS];
	max_align_t memory[SCMI_PLATFORM_WORDS(AGENTS, 1)];
	struct scmi_platform *platform;
	uint32_t spoken[AGENTS];
	unsigned checked[AGENTS]; /* messages of the endpoint's log */
	struct fuzz_input in;
} f;

static uint8_t byte(void)
{
	return fuzz_byte(&f.in);
}

/* ---- what comes back ---- */

/* The log is bounded; what it holds is looked at once. */
static void check_messages(unsigned agent)
{
	struct fake_endpoint *e = &f.endpoints[agent];
	unsigned n = atomic_load(&e->taken);

	for (unsigned i = f.checked[agent]; i < n && i < FAKE_LOG; i++) {
		const struct fake_message *m = &e->log[i];
		const struct scmi_message_info *row =
			scmi_message_find(CLOCK, scmi_hdr_type(m->hdr), scmi_hdr_message(m->hdr));
		bool delayed = scmi_hdr_type(m->hdr) == SCMI_MSG_DELAYED;

		MUST(row != NULL && scmi_hdr_protocol(m->hdr) == CLOCK);
		MUST(m->len == 16u || (delayed && m->len == 4u && (int32_t)scmi_get_le32(m->bytes) < 0));
		MUST(m->len != 16u || scmi_get_le32(m->bytes + 4) < CLOCKS);
		MUST(delayed || scmi_get_le32(m->bytes) <= AGENTS);
	}
	f.checked[agent] = n;
	if (n >= FAKE_LOG) {
		atomic_store(&e->taken, 0);
		f.checked[agent] = 0;
	}
}

static void check_reply(struct fake_request *r)
{
	unsigned agent = (unsigned)(r->endpoint_ - f.endpoints);
	uint8_t id = scmi_hdr_message(r->req.hdr);
	const struct scmi_message_info *row = scmi_message_find(CLOCK, SCMI_MSG_COMMAND, id);
	int32_t status;

	if (r->cap < SCMI_STATUS_BYTES)
		return;
	status = fake_status(r);
	MUST(status != INT32_MIN);
	if (status != SCMI_SUCCESS)
		return;
	MUST(row != NULL && row->since <= f.spoken[agent]);
	MUST(r->req.len >= row->params_min && r->req.len <= row->params_max);
	MUST(fake_values_len(r) >= row->values_min && fake_values_len(r) <= row->values_max);
	if (id == SCMI_NEGOTIATE_PROTOCOL_VERSION)
		f.spoken[agent] = scmi_get_le32(r->req.params);
}

/* ---- steps ---- */

static void request(void)
{
	unsigned agent = byte() % AGENTS;
	uint8_t params[24] = {0};
	uint32_t len = byte() % (sizeof(params) + 1u);
	uint32_t given = byte() & 31u;
	uint32_t cap = byte() % (ROOM + 1u);
	uint32_t hdr = scmi_hdr(CLOCK, byte() % 0x12u, SCMI_MSG_COMMAND, 3);
	struct fake_request *r = f.requests;
	uint8_t how = byte();

	while (r < f.requests + REQUESTS && r->reply != NULL && r->cap >= 4u && atomic_load(&r->replies) == 0)
		r++;
	if (r == f.requests + REQUESTS)
		return;
	for (uint32_t i = 0; i < len && i < given; i++)
		params[i] = byte();
	/* No more are kept than may be pending. */
	f.device.later = f.device.model.pending_n != 0 && f.device.kept_n < PENDINGS && (how & 1u) != 0;
	f.device.early = (how & 2u) != 0;
	f.device.result = (how & 12u) == 12u ? SCMI_HARDWARE_ERROR : SCMI_SUCCESS;
	fake_deliver(&f.endpoints[agent], r, hdr, params, len, cap);
	if (atomic_load(&r->replies) != 0)
		check_reply(r);
}

static void done(unsigned i, int32_t status)
{
	struct scmi_clock_pending *p = f.device.kept[i];

	f.device.kept[i] = f.device.kept[--f.device.kept_n];
	MUST(p >= f.device.pending && p < f.device.pending + PENDINGS && p->clock < CLOCKS);
	MUST(scmi_clock_rate_set_done(p, status, 5) == SCMI_OK);
	MUST(scmi_clock_rate_set_done(p, status, 5) == SCMI_E_GONE);
	for (unsigned k = 0; k < REQUESTS; k++) {
		struct fake_request *r = &f.requests[k];

		if (r->reply != NULL && r->cap >= SCMI_STATUS_BYTES && atomic_load(&r->replies) == 1)
			MUST(fake_status(r) != INT32_MIN);
	}
}

static void tell(void)
{
	uint32_t clock = byte() % (CLOCKS + 1u);
	uint8_t how = byte();
	int err = (how & 1u) != 0 ? scmi_clock_rate_changed(&f.device.model, clock, 7, 0)
				  : scmi_clock_rate_change_requested(&f.device.model, clock, 7, 2);

	if (clock == CLOCKS)
		MUST(err == SCMI_E_NOTFOUND);
	else if (f.device.model.wants == NULL)
		MUST(err == SCMI_E_INVAL);
	else
		MUST(err == SCMI_OK || err == SCMI_E_BUSY);
}

static void change_room(void)
{
	uint8_t how = byte();
	struct fake_endpoint *e = &f.endpoints[how % AGENTS];

	if ((how & 0x80u) != 0)
		atomic_store(&e->refusals, UINT_MAX);
	else
		fake_make_room(e);
}

static void reset(void)
{
	uint16_t agent = (uint16_t)(1u + byte() % AGENTS);

	MUST(scmi_platform_reset_agent(f.platform, agent) == SCMI_OK);
	f.spoken[agent - 1u] = f.server.version;
}

static void step(void)
{
	uint8_t which = byte();

	switch (which & 7u) {
	case 0:
		if (f.device.kept_n != 0)
			done(which >> 3 & 1u & (f.device.kept_n - 1u), (which & 0x80u) != 0 ? SCMI_BUSY : SCMI_SUCCESS);
		break;
	case 1:
		tell();
		break;
	case 2:
		change_room();
		break;
	case 3:
		if ((which & 0x18u) == 0)
			reset();
		f.device.denied = (uint16_t)(which >> 5 & 3u);
		break;
	default:
		request();
		break;
	}
	for (unsigned i = 0; i < AGENTS; i++)
		check_messages(i);
}

/* ---- the frame ---- */

static void open_platform(uint8_t setup)
{
	static const uint32_t versions[] = {0, SCMI_VERSION(3, 0), SCMI_VERSION(2, 0), SCMI_VERSION(1, 0)};
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = f.servers,
		.servers_n = 1,
		.agents = f.agents,
		.agents_n = AGENTS,
	};
	struct clock_device *d = &f.device;

	clock_device_init(d, versions[setup & 3u]);
	if ((setup & SETUP_NO_PENDING) != 0)
		d->model.pending_n = 0;
	if ((setup & SETUP_NO_WANTS) != 0)
		d->model.wants = NULL;
	if ((setup & SETUP_READ_ONLY) != 0) {
		d->ops.rate_set = NULL;
		d->ops.config_set = NULL;
		d->ops.parent_set = NULL;
		d->ops.permissions = NULL;
	}
	scmi_clock_server(&f.server, &d->model);
	f.servers[0] = &f.server;
	for (unsigned i = 0; i < AGENTS; i++) {
		fake_endpoint_init(&f.endpoints[i]);
		if ((setup & SETUP_NO_SEND) != 0 && i == 0)
			f.endpoints[i].ops.send = NULL;
		f.agents[i] =
			(struct scmi_platform_agent){.size = sizeof(f.agents[i]), .endpoint = &f.endpoints[i].endpoint};
		f.spoken[i] = f.server.version;
	}
	MUST(scmi_platform_init(&f.platform, f.memory, sizeof(f.memory), &config) == SCMI_OK);
	MUST(scmi_platform_start(f.platform) == SCMI_OK);
}

static void close_platform(void)
{
	struct scmi_platform_stats s = {.size = sizeof(s)};

	while (f.device.kept_n != 0)
		done(0, SCMI_SUCCESS);
	MUST(scmi_platform_stop(f.platform) == SCMI_OK);
	MUST(scmi_platform_stats(f.platform, &s) == SCMI_OK);
	MUST(s.open == 0 && s.delayed_open == 0 && s.double_replies == 0);
	MUST(scmi_platform_fini(f.platform) == SCMI_OK);
	for (unsigned i = 0; i < AGENTS; i++)
		MUST(f.endpoints[i].fault == NULL);
	for (unsigned i = 0; i < REQUESTS; i++)
		fake_request_free(&f.requests[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&f, 0, sizeof(f));
	f.in = (struct fuzz_input){data, size};
	open_platform(byte());
	while (f.in.left != 0)
		step();
	close_platform();
	return 0;
}
