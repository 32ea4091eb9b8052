/* SPDX-License-Identifier: BSD-3-Clause */
/* scmi_open() and scmi_link_open(), over a scheme of the test's own, which fails where the test wants it. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <scmi/open.h>
#include <scmi/protocol/base.h>

#include "fake_port.h"
#include "open_rig.h"

/* ---- URIs ---- */

struct uri_case {
	const char *uri;
	int err;
	const char *text; /* the rest for the scheme, or a part of the sentence */
	uint32_t reconnect_us;
	uint32_t timeout_us;
};

static const struct uri_case uris[] = {
	{"fake:", SCMI_OK, "", 0, 7000},
	{"fake:unix=/run/a b,size=3", SCMI_OK, "unix=/run/a b,size=3", 0, 7000},
	{"fake:a,,b,", SCMI_OK, "a,,b,", 0, 7000},
	{"fake:,", SCMI_OK, ",", 0, 7000},
	{"fake:wait=0", SCMI_OK, "", 0, 7000},
	{"fake:a,reconnect=250,b", SCMI_OK, "a,b", 250000, 7000},
	{"fake:timeout=3600000,a", SCMI_OK, "a", 0, 3600000000u},
	{"fake:reconnect=1,timeout=1", SCMI_OK, "", 1000, 1000},
	{"fake:timeout=00000000000005", SCMI_OK, "", 0, 5000},
	{"fake:timeouts=3,xwait=x,waiter", SCMI_OK, "timeouts=3,xwait=x,waiter", 0, 7000},
	{"fake:x=wait=3", SCMI_OK, "x=wait=3", 0, 7000},
	{"fake:wait", SCMI_OK, "wait", 0, 7000},
	{"fake:b:c", SCMI_OK, "b:c", 0, 7000},

	{"", SCMI_E_INVAL, "'' begins with no scheme and colon", 0, 0},
	{"fake", SCMI_E_INVAL, "'fake' begins with no scheme", 0, 0},
	{":fake", SCMI_E_INVAL, "begins with no scheme", 0, 0},
	{"fak:", SCMI_E_NOTFOUND, "no scheme is named 'fak'; there are: fake:, shut:", 0, 0},
	{"fake2:", SCMI_E_NOTFOUND, "no scheme is named 'fake2'", 0, 0},
	{"shut:", SCMI_E_NOTSUP, "shut: is for platforms only", 0, 0},
	{"fake:wait=", SCMI_E_INVAL, "wait=: not a number of seconds from 0 to 86400", 0, 0},
	{"fake:wait=86401", SCMI_E_INVAL, "wait=86401: not a number", 0, 0},
	{"fake:wait=4294967296", SCMI_E_INVAL, "wait=4294967296: not a number", 0, 0},
	{"fake:wait=18446744073709551616", SCMI_E_INVAL, "not a number", 0, 0},
	{"fake:wait=-1", SCMI_E_INVAL, "wait=-1: not a number", 0, 0},
	{"fake:wait=+1", SCMI_E_INVAL, "wait=+1: not a number", 0, 0},
	{"fake:wait= 1", SCMI_E_INVAL, "wait= 1: not a number", 0, 0},
	{"fake:wait=0x1", SCMI_E_INVAL, "wait=0x1: not a number", 0, 0},
	{"fake:wait=1.5", SCMI_E_INVAL, "wait=1.5: not a number", 0, 0},
	{"fake:wait=1,wait=1", SCMI_E_INVAL, "wait=1: the key is there twice", 0, 0},
	{"fake:reconnect=0", SCMI_E_INVAL, "reconnect=0: not a number of milliseconds from 1 to 3600000", 0, 0},
	{"fake:a,timeout=3600001", SCMI_E_INVAL, "timeout=3600001: not a number of milliseconds", 0, 0},
	{"fake:wait=1,", SCMI_E_INVAL, "nothing stands on one side of a comma", 0, 0},
	{"fake:,a,wait=1", SCMI_E_INVAL, "nothing stands on one side of a comma", 0, 0},
};

static void uris_are_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		const struct uri_case *c = &uris[i];
		struct scmi_open_config config = config_of();
		struct scmi_hosted_link *link = NULL;
		struct scmi_transport transport = {0};
		struct fake_port port;
		uint32_t reconnect_us = 1;

		(void)setup(NULL);
		fake_port_init(&port);
		assert_int_equal(scmi_link_open(&link, c->uri, &config, &port.port, &transport, &reconnect_us), c->err);
		if (c->err != SCMI_OK) {
			if (strstr(sentence, c->text) == NULL)
				fail_msg("%s: '%s' lacks '%s'", c->uri, sentence, c->text);
			assert_null(link);
			assert_int_equal(transport.size, 0);
			assert_int_equal(reconnect_us, 1);
			assert_int_equal(fake.looks, 0);
			continue;
		}
		assert_string_equal(fake.rest, c->text);
		assert_string_equal(sentence, "as it was");
		assert_int_equal(reconnect_us, c->reconnect_us);
		assert_int_equal(transport.timeout_us, c->timeout_us);
		scmi_link_close(link);
		assert_int_equal(fake.closed, 1);
	}
}

static void arguments_are_checked(void **state)
{
	struct scmi_open_config config = config_of();
	const struct scmi_scheme half = {.version = SCMI_SCHEME_V1, .name = "half", .open = config.schemes[0]->open};
	const struct scmi_scheme *wrong[] = {config.schemes[0], NULL};
	struct scmi_agent_config agent_config = {.size = 1};
	struct scmi_hosted_link *link;
	struct scmi_transport transport;
	struct scmi_agent *agent;
	struct fake_port port;

	(void)state;
	fake_port_init(&port);
	assert_int_equal(scmi_link_open(NULL, "fake:", &config, &port.port, &transport, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_link_open(&link, NULL, &config, &port.port, &transport, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_link_open(&link, "fake:", &config, NULL, &transport, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_link_open(&link, "fake:", &config, &port.port, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_link_open(&link, "fake:", NULL, &port.port, &transport, NULL), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_open(NULL, "fake:", &config), SCMI_E_INVAL);
	assert_int_equal(scmi_open(&agent, NULL, &config), SCMI_E_INVAL);
	assert_int_equal(scmi_open(&agent, "fake:", NULL), SCMI_E_NOTFOUND);
	config.agent = &agent_config;
	assert_int_equal(scmi_open(&agent, "fake:", &config), SCMI_E_INVAL);
	config.agent = NULL;
	config.schemes = wrong;
	assert_int_equal(scmi_open(&agent, "fake:", &config), SCMI_E_INVAL);
	wrong[1] = &half;
	assert_int_equal(scmi_open(&agent, "fake:", &config), SCMI_E_INVAL);
	assert_string_equal(sentence, "schemes: number 1 is none, or not whole");
	config.schemes = NULL;
	assert_int_equal(scmi_open(&agent, "fake:", &config), SCMI_E_INVAL);
	config.size--;
	assert_int_equal(scmi_open(&agent, "fake:", &config), SCMI_E_INVAL);
	assert_int_equal(scmi_link_open(&link, "fake:", &config, &port.port, &transport, NULL), SCMI_E_INVAL);
	scmi_link_close(NULL);
	assert_int_equal(fake.looks, 0);
}

/* A sentence is cut where its room ends, and none is needed. */
static void a_sentence_fits(void **state)
{
	struct scmi_open_config config = config_of();
	struct scmi_agent *agent;

	(void)state;
	config.why.len = 9;
	assert_int_equal(scmi_open(&agent, "none:", &config), SCMI_E_NOTFOUND);
	assert_string_equal(sentence, "no schem");
	config.why.len = 0;
	assert_int_equal(scmi_open(&agent, "", &config), SCMI_E_INVAL);
	config.why.text = NULL;
	config.why.len = 9;
	assert_int_equal(scmi_open(&agent, "", &config), SCMI_E_INVAL);
	assert_string_equal(sentence, "no schem");
}

/* ---- a peer that is not there ---- */

static int open_link(const char *uri, struct fake_port *port, struct scmi_hosted_link **link)
{
	struct scmi_open_config config = config_of();
	struct scmi_transport transport;

	return scmi_link_open(link, uri, &config, &port->port, &transport, NULL);
}

static void wait_tries_again_until_its_time_is_over(void **state)
{
	struct scmi_hosted_link *link = NULL;
	struct fake_port port;

	(void)state;
	fake_port_init(&port);
	fake.open_err = SCMI_E_NOPEER;
	fake.open_tries = -1;
	assert_int_equal(open_link("fake:x", &port, &link), SCMI_E_NOPEER);
	assert_int_equal(fake.looks, 1);
	assert_string_equal(sentence, "x: nobody");
	assert_int_equal(open_link("fake:wait=0", &port, &link), SCMI_E_NOPEER);
	assert_int_equal(fake.looks, 2);
	assert_int_equal(open_link("fake:wait=2", &port, &link), SCMI_E_NOPEER);
	assert_int_equal(fake.looks, 2 + 1 + 2000 / 50);
	assert_int_equal(port.now_us % 1000000, 0);
	fake.mute = true;
	assert_int_equal(open_link("fake:wait=1", &port, &link), SCMI_E_NOPEER);
	assert_string_equal(sentence, "the peer is not there");

	/* Another error ends it at once. */
	fake.looks = 0;
	fake.open_err = SCMI_E_IO;
	assert_int_equal(open_link("fake:wait=2", &port, &link), SCMI_E_IO);
	assert_int_equal(fake.looks, 1);
	assert_null(link);
	assert_int_equal(fake.opened, 0);
	assert_int_equal(port.events, 0);
	assert_null(port.fault);
}

static void wait_ends_when_the_peer_comes(void **state)
{
	struct scmi_hosted_link *link = NULL;
	struct fake_port port;

	(void)state;
	fake_port_init(&port);
	fake.open_err = SCMI_E_NOPEER;
	fake.open_tries = 3;
	assert_int_equal(open_link("fake:wait=86400", &port, &link), SCMI_OK);
	assert_int_equal(fake.looks, 5); /* and one look by a start */
	assert_int_equal(fake.starts, 1);
	assert_int_equal(fake.stops, 1);
	assert_string_equal(sentence, "as it was");
	scmi_link_close(link);
	assert_int_equal(fake.closed, 1);
}

/* With wait= a peer that shows when traffic begins is looked for too; without, that is left to the agent. */
static void wait_looks_by_a_start(void **state)
{
	struct scmi_hosted_link *link = NULL;
	struct fake_port port;

	(void)state;
	for (int down = 0; down < 2; down++) {
		(void)setup(NULL);
		fake_port_init(&port);
		fake.goes_down = down == 1;
		fake.start_err = SCMI_E_NOPEER;
		fake.start_tries = -1;
		assert_int_equal(open_link("fake:", &port, &link), SCMI_OK);
		scmi_link_close(link);
		assert_int_equal(fake.looks, 1);
		link = NULL;
		assert_int_equal(open_link("fake:wait=1", &port, &link), SCMI_E_NOPEER);
		assert_int_equal(fake.looks, 1 + 1 + 1 + 20);
		assert_string_equal(sentence, "the peer is not there");
		assert_null(link);
		fake.start_tries = 4;
		assert_int_equal(open_link("fake:wait=1", &port, &link), SCMI_OK);
		scmi_link_close(link);
		assert_int_equal(fake.starts, fake.stops);
		assert_int_equal(fake.closed, 3);
	}
	fake.start_tries = -1;
	fake.goes_down = false;
	fake.start_err = SCMI_E_IO;
	assert_int_equal(open_link("fake:wait=1", &port, &link), SCMI_E_IO);
	fake.broken = true;
	assert_int_equal(open_link("fake:wait=1", &port, &link), SCMI_E_INVAL);
	assert_non_null(strstr(sentence, "transport is not whole: "));
	assert_int_equal(fake.closed, fake.opened);
}

/* ---- agents ---- */

static void check_agent(struct scmi_agent *agent)
{
	uint32_t version = 0;
	int32_t status = 0;

	assert_int_equal(scmi_protocol_version(agent, SCMI_PROTOCOL_BASE, &version, &status), SCMI_OK);
	assert_int_equal(version, ANSWER);
}

static void an_agent_is_opened_and_closed(void **state)
{
	struct scmi_open_config config = config_of();
	struct scmi_agent_stats stats = {.size = sizeof(stats)};
	const struct scmi_agent_config wish = {.size = sizeof(wish), .options.slots = 2};
	struct scmi_subscriber node = {.size = sizeof(node), .protocol = SCMI_ANY, .message = SCMI_ANY};
	struct scmi_agent *agent;
	struct scmi_agent *other;

	(void)state;
	assert_int_equal(scmi_open(&agent, "fake:a", &config), SCMI_OK);
	assert_string_equal(sentence, "as it was");
	config.agent = &wish;
	assert_int_equal(scmi_open(&other, "fake:b,wait=9", &config), SCMI_OK);
	check_agent(agent);
	assert_int_equal(scmi_agent_stats(other, 0, &stats), SCMI_OK);
	assert_int_equal(stats.slots, 2);
	assert_int_equal(scmi_agent_subscribe(other, &node), SCMI_E_INVAL); /* no notify; but buffers are there */
	assert_int_equal(scmi_close(agent), SCMI_OK);
	assert_int_equal(fake.closed, 1);
	assert_int_equal(scmi_close(other), SCMI_OK);
	assert_int_equal(fake.closed, 2);
	assert_int_equal(fake.starts, fake.stops);
	assert_int_equal(scmi_close(NULL), SCMI_OK);
}

static void no_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	(void)self;
	(void)hdr;
	(void)payload;
	(void)len;
}

static void an_agent_takes_notifications_unless_told(void **state)
{
	struct scmi_open_config config = config_of();
	struct scmi_subscriber node = {
		.size = sizeof(node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = no_notify};
	struct scmi_agent *agent;

	(void)state;
	assert_int_equal(scmi_open(&agent, "fake:", &config), SCMI_OK);
	assert_int_equal(scmi_agent_subscribe(agent, &node), SCMI_OK);
	assert_int_equal(scmi_agent_unsubscribe(agent, &node), SCMI_OK);
	assert_int_equal(scmi_close(agent), SCMI_OK);
}

static void what_fails_is_undone(void **state)
{
	struct scmi_open_config config = config_of();
	const struct scmi_agent_config bad = {.size = sizeof(bad), .options.slots = 3};
	struct scmi_agent *agent = NULL;

	(void)state;
	fake.open_err = SCMI_E_BUSY;
	fake.open_tries = 1;
	assert_int_equal(scmi_open(&agent, "fake:x", &config), SCMI_E_BUSY);
	assert_string_equal(sentence, "x: nobody");
	assert_int_equal(fake.opened, 0);

	config.agent = &bad;
	assert_int_equal(scmi_open(&agent, "fake:x", &config), SCMI_E_INVAL);
	assert_int_equal(fake.closed, 1);
	config.agent = NULL;

	fake.start_tries = 1;
	fake.start_err = SCMI_E_IO;
	assert_int_equal(scmi_open(&agent, "fake:wait=9", &config), SCMI_E_IO);
	assert_int_equal(fake.closed, 2);
	fake.start_tries = 1;
	fake.start_err = SCMI_E_NOPEER;
	assert_int_equal(scmi_open(&agent, "fake:x", &config), SCMI_E_NOPEER);
	assert_string_equal(sentence, "the peer is not there");
	assert_int_equal(fake.closed, 3);
	assert_int_equal(fake.starts, 0);
	assert_null(agent);

	/* The third look finds it, whatever time that takes. */
	fake.start_tries = 2;
	assert_int_equal(scmi_open(&agent, "fake:x,wait=600", &config), SCMI_OK);
	assert_int_equal(fake.starts, 1);
	assert_int_equal(scmi_close(agent), SCMI_OK);
}

/* Where the scheme knows why a start has failed that is told, by whoever has started it. */
static void a_start_that_fails_has_a_reason(void **state)
{
	struct scmi_open_config config = config_of();
	struct scmi_hosted_link *link = NULL;
	struct scmi_agent *agent;
	struct fake_port port;

	(void)state;
	fake_port_init(&port);
	fake.start_err = SCMI_E_IO;
	fake.start_tries = 2;
	fake.reason = "x: refused";
	assert_int_equal(scmi_open(&agent, "fake:x", &config), SCMI_E_IO);
	assert_string_equal(sentence, "x: refused");
	sentence[0] = '\0';
	assert_int_equal(open_link("fake:x,wait=1", &port, &link), SCMI_E_IO);
	assert_string_equal(sentence, "x: refused");
	assert_int_equal(open_link("fake:x", &port, &link), SCMI_OK);
	assert_string_equal(scmi_link_reason(link), "x: refused");
	fake.reason = NULL;
	assert_null(scmi_link_reason(link));
	scmi_link_close(link);
}

/* reconnect= goes before what the configuration says: without it there would be nothing in a day. */
static void an_agent_looks_for_a_peer_that_has_gone(void **state)
{
	struct scmi_open_config config = config_of();
	const struct scmi_agent_config wish = {.size = sizeof(wish), .options.reconnect_us = 3600000000u};
	struct scmi_agent *agent;

	(void)state;
	config.agent = &wish;
	assert_int_equal(scmi_open(&agent, "fake:reconnect=1", &config), SCMI_OK);
	fake.ends[0].sink->link_down(fake.ends[0].core, SCMI_E_LINK);
	for (unsigned i = 0; fake.starts < 2 && i < 10000; i++) {
		(void)scmi_agent_poll(agent, 1);
		(void)nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
	}
	assert_int_equal(fake.starts, 2);
	check_agent(agent);
	assert_int_equal(scmi_close(agent), SCMI_OK);
}

static void close_inside(struct scmi_call *call, int err)
{
	int *result = call->arg;

	assert_int_equal(err, SCMI_OK);
	*result = scmi_close(fake.close_inside);
}

static void an_agent_is_not_closed_in_a_callback(void **state)
{
	struct scmi_open_config config = config_of();
	struct scmi_call call = {.size = sizeof(call), .protocol = SCMI_PROTOCOL_BASE, .done = close_inside};
	struct scmi_agent *agent;
	unsigned char reply[4];
	int result = 1;

	(void)state;
	call.arg = &result;
	call.reply = reply;
	call.reply_cap = sizeof(reply);
	assert_int_equal(scmi_open(&agent, "fake:", &config), SCMI_OK);
	fake.close_inside = agent;
	assert_int_equal(scmi_agent_submit(agent, &call), SCMI_OK);
	assert_int_equal(result, SCMI_E_CONTEXT);
	check_agent(agent);
	assert_int_equal(fake.closed, 0);
	assert_int_equal(scmi_close(agent), SCMI_OK);
	assert_int_equal(fake.closed, 1);
}

static void an_agent_of_somebody_elses_is_refused(void **state)
{
	static max_align_t memory[64];

	(void)state;
	assert_int_equal(scmi_close((struct scmi_agent *)(void *)&memory[32]), SCMI_E_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(uris_are_taken_apart, setup),
		cmocka_unit_test_setup(arguments_are_checked, setup),
		cmocka_unit_test_setup(a_sentence_fits, setup),
		cmocka_unit_test_setup(wait_tries_again_until_its_time_is_over, setup),
		cmocka_unit_test_setup(wait_ends_when_the_peer_comes, setup),
		cmocka_unit_test_setup(wait_looks_by_a_start, setup),
		cmocka_unit_test_setup(an_agent_is_opened_and_closed, setup),
		cmocka_unit_test_setup(an_agent_takes_notifications_unless_told, setup),
		cmocka_unit_test_setup(what_fails_is_undone, setup),
		cmocka_unit_test_setup(a_start_that_fails_has_a_reason, setup),
		cmocka_unit_test_setup(an_agent_looks_for_a_peer_that_has_gone, setup),
		cmocka_unit_test_setup(an_agent_is_not_closed_in_a_callback, setup),
		cmocka_unit_test_setup(an_agent_of_somebody_elses_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
