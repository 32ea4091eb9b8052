/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/message.h>

#include "open_rig.h"

/* ---- the scheme: a transport that answers each command at once with one word ---- */

struct open_fake fake;

static int fake_start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct end *end = ctx;

	fake.looks++;
	if (fake.start_tries != 0) {
		fake.start_tries -= fake.start_tries > 0;
		if (!fake.goes_down)
			return fake.start_err;
		sink->link_down(core, SCMI_E_NOPEER);
	}
	*end = (struct end){.sink = sink, .core = core};
	fake.starts++;
	return SCMI_OK;
}

static void fake_stop(void *ctx)
{
	(void)ctx;
	fake.stops++;
}

static int fake_send(void *ctx, const struct scmi_tx *tx)
{
	const struct end *end = ctx;
	unsigned char bytes[8] = {0};
	struct scmi_rx rx = {.hdr = tx->hdr, .len = sizeof(bytes), .data = bytes, .token = tx->token};

	scmi_put_le32(bytes + 4, ANSWER);
	(void)end->sink->rx(end->core, &rx);
	return SCMI_OK;
}

static const struct scmi_transport_ops ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "fake",
	.start = fake_start,
	.stop = fake_stop,
	.send = fake_send,
};
static const struct scmi_transport_ops broken_ops = {.version = SCMI_TRANSPORT_V1, .name = "fake"};

static int fake_open(void **link, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
		     const struct scmi_why *why)
{
	assert_int_equal(scmi_port_check(port), SCMI_OK);
	fake.looks++;
	assert_true(strlen(rest) < sizeof(fake.rest));
	strcpy(fake.rest, rest);
	if (fake.open_tries != 0) {
		fake.open_tries -= fake.open_tries > 0;
		if (!fake.mute)
			snprintf(why->text, why->len, "%s: nobody", rest);
		return fake.open_err;
	}
	*transport = (struct scmi_transport){
		.size = sizeof(*transport),
		.caps = SCMI_CAP_SYNC_SEND | SCMI_CAP_NOTIFY,
		.ops = fake.broken ? &broken_ops : &ops,
		.ctx = &fake.ends[fake.opened],
		.max_payload = 64,
		.max_inflight = 4,
		.timeout_us = 7000,
	};
	*link = &fake;
	fake.opened++;
	return SCMI_OK;
}

static void fake_close(void *link)
{
	assert_ptr_equal(link, &fake);
	fake.closed++;
}

static const char *fake_reason(const void *link)
{
	assert_ptr_equal(link, &fake);
	return fake.reason;
}

static const struct scmi_scheme scheme = {
	.version = SCMI_SCHEME_V1,
	.name = "fake",
	.help = "anything",
	.open = fake_open,
	.close = fake_close,
	.reason = fake_reason,
};
static const struct scmi_scheme closed_scheme = {.version = SCMI_SCHEME_V1, .name = "shut", .help = "nothing"};
static const struct scmi_scheme *const schemes[] = {&scheme, &closed_scheme};

char sentence[160];

struct scmi_open_config config_of(void)
{
	return (struct scmi_open_config){.size = sizeof(struct scmi_open_config),
					 .schemes = schemes,
					 .schemes_n = 2,
					 .why = {.text = sentence, .len = sizeof(sentence)}};
}

int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	strcpy(sentence, "as it was");
	return 0;
}
