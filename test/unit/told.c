/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include "told.h"

#include <cmocka.h>

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct platform *p = ctx;

	p->sink = sink;
	p->core = core;
	return SCMI_OK;
}

static void stop(void *ctx)
{
	(void)ctx;
}

static const struct row *look_up(const struct platform *p, uint8_t message, const void *params, uint32_t len)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct row *row = &p->rows[i];

		if (row->message == message && row->params_len == len &&
		    (len == 0 || memcmp(row->params, params, len) == 0))
			return row;
	}
	return NULL;
}

static int follow(const struct platform *p, uint32_t hdr)
{
	const struct scmi_rx rx = {
		.hdr = scmi_hdr_as(hdr, SCMI_MSG_DELAYED),
		.len = p->delayed_len,
		.data = p->delayed,
		.token = SCMI_TOKEN_ANY,
	};

	return p->sink->rx(p->core, &rx);
}

static int answer(void *ctx, const struct scmi_tx *tx)
{
	static const uint8_t not_supported[] = {0xff, 0xff, 0xff, 0xff};
	struct platform *p = ctx;
	const struct row *row = look_up(p, scmi_hdr_message(tx->hdr), tx->payload, tx->len);
	const struct scmi_rx rx = {
		.hdr = tx->hdr,
		.len = row != NULL ? row->reply_len : sizeof(not_supported),
		.data = row != NULL ? row->reply : not_supported,
		.token = SCMI_TOKEN_ANY,
	};

	p->asked++;
	p->protocol = scmi_hdr_protocol(tx->hdr);
	p->message = scmi_hdr_message(tx->hdr);
	p->params_len = tx->len;
	assert_true(tx->len <= sizeof(p->params));
	if (tx->len != 0)
		memcpy(p->params, tx->payload, tx->len);
	if (p->sink->rx(p->core, &rx) == SCMI_E_STRAY)
		return SCMI_E_IO;
	if (row != NULL && p->delayed != NULL)
		(void)follow(p, tx->hdr);
	return SCMI_OK;
}

static const struct scmi_transport_ops ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "written down",
	.start = start,
	.stop = stop,
	.send = answer,
};

static struct fixture fixture;

int told_set_up(void **state)
{
	struct fixture *f = &fixture;
	const struct scmi_transport transport = {
		.size = sizeof(transport),
		.caps = SCMI_CAP_SYNC_SEND | SCMI_CAP_NOTIFY,
		.ops = &ops,
		.ctx = &f->platform,
		.max_payload = 512,
		.max_inflight = 4,
	};
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = &transport,
		.port = &f->fake.port,
		.options.slots = 4,
	};

	memset(f, 0, sizeof(*f));
	fake_port_init(&f->fake);
	assert_int_equal(scmi_agent_init(&f->agent, f->mem, sizeof(f->mem), &config), SCMI_OK);
	assert_int_equal(scmi_agent_start(f->agent), SCMI_OK);
	*state = f;
	return 0;
}

int told_tear_down(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(scmi_agent_fini(f->agent), SCMI_OK);
	assert_null(f->fake.fault);
	return 0;
}

void serve(struct fixture *f, const struct row *rows, size_t count)
{
	f->platform.rows = rows;
	f->platform.count = count;
	f->platform.asked = 0;
	f->platform.delayed = NULL;
}
