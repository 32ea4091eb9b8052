/* SPDX-License-Identifier: BSD-3-Clause */
/* The front end of vhost-user, with back ends that offer much and little. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <scmi/transport/virtio.h>

#include "../support/hang.h"
#include "fds.h"
#include "no_aio.h"
#include "vhost_back.h"
#include "vhost_front_rig.h"

#define NOTE (UINT32_C(3) << 8 | 0x5u | UINT32_C(0x15) << 10)

#define RING(n) "SET_VRING_NUM SET_VRING_BASE SET_VRING_ADDR SET_VRING_CALL SET_VRING_KICK" n

static void all_that_is_offered_is_used(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g;

	(void)state;
	g = guest_new(NULL, false);
	assert_non_null(g);
	assert_string_equal(back_log(b),
			    "GET_FEATURES SET_OWNER GET_PROTOCOL_FEATURES SET_PROTOCOL_FEATURES GET_QUEUE_NUM");
	assert_true((g->transport.caps & SCMI_CAP_NOTIFY) != 0);
	assert_int_equal(g->transport.max_payload, 4096); /* room for lists that others pack */
	assert_int_equal(guest_start(g), SCMI_OK);
	assert_string_equal(back_log(b),
			    "SET_FEATURES SET_MEM_TABLE " RING(" ") RING(" ") "SET_VRING_ENABLE SET_VRING_ENABLE");
	assert_int_equal(back_features(b), SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_EVENT_IDX |
						   SCMI_VIRTIO_F_VERSION_1 | VU_F_PROTOCOL_FEATURES);
	for (int i = 0; i < 100; i++)
		assert_int_equal(guest_ask(g), SCMI_OK);
	assert_in_range(back_signals(b), 0, 100); /* one a reply at most */
	guest_close(g);
	assert_string_equal(back_log(b), "SET_VRING_ENABLE SET_VRING_ENABLE GET_VRING_BASE GET_VRING_BASE");
	assert_int_equal(back_connections(b), 1);
	back_close(b);
}

/* Nothing but a ring: on a host of the other byte order it is refused. */
static void a_back_end_may_offer_nothing(void **state)
{
	struct back *b = back_open(rig_path(), &(struct back_offer){0});
	struct guest *g = guest_open(NULL, false);

	(void)state;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	assert_non_null(g);
	assert_string_equal(back_log(b), "GET_FEATURES SET_OWNER SET_FEATURES SET_MEM_TABLE " RING(" ") "GET_FEATURES");
	assert_int_equal(back_features(b), 0);
	assert_int_equal(g->transport.caps & SCMI_CAP_NOTIFY, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(guest_ask(g), SCMI_OK);
	guest_close(g);
	assert_string_equal(back_log(b), "GET_VRING_BASE");
#else
	assert_null(g);
	assert_int_equal(rig_err, SCMI_E_NOTSUP);
	assert_non_null(strstr(rig_why, "VERSION_1"));
#endif
	back_close(b);
}

/* Each offer alone, and with VERSION_1, so that every machine knows it. */
static void offers_come_in_any_mixture(void **state)
{
	static const uint64_t bits[] = {SCMI_VIRTIO_F_P2A_CHANNELS, SCMI_VIRTIO_F_INDIRECT_DESC,
					SCMI_VIRTIO_F_EVENT_IDX, VU_F_PROTOCOL_FEATURES};

	(void)state;
	for (unsigned mix = 0; mix < 1u << 7; mix++) {
		struct back_offer offer = {.features = SCMI_VIRTIO_F_VERSION_1, .queues = 1 + (mix >> 6)};
		struct guest *g;
		struct back *b;
		bool events;

		for (unsigned i = 0; i < 4; i++)
			offer.features |= (mix >> i & 1u) != 0 ? bits[i] : 0;
		offer.protocol = ((mix >> 4 & 1u) != 0 ? VU_PF_MQ : 0) | ((mix >> 5 & 1u) != 0 ? VU_PF_REPLY_ACK : 0);
		events = (offer.features & SCMI_VIRTIO_F_P2A_CHANNELS) != 0 &&
			 ((offer.features & VU_F_PROTOCOL_FEATURES) == 0 || (offer.protocol & VU_PF_MQ) == 0 ||
			  offer.queues == 2);
		b = back_open(rig_path(), &offer);
		g = guest_open(NULL, false);
		assert_non_null(g);
		assert_int_equal((g->transport.caps & SCMI_CAP_NOTIFY) != 0, events);
		assert_int_equal(guest_ask(g), SCMI_OK);
		assert_int_equal(guest_ask(g), SCMI_OK);
		assert_int_equal(back_notify(b, NOTE), events);
		while (events && g->notices == 0)
			(void)scmi_agent_poll(g->agent, 1);
		assert_int_equal(scmi_agent_stop(g->agent), SCMI_OK);
		assert_int_equal(scmi_agent_start(g->agent), SCMI_OK);
		assert_int_equal(guest_ask(g), SCMI_OK);
		assert_int_equal(back_connections(b), 2);
		guest_close(g);
		back_close(b);
	}
}

/* The last buffer that was offered comes back first, and so do the last commands. */
static void order_does_not_matter(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);

	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		assert_true(back_notify(b, NOTE + (i << 18)));
		while (g->notices == i)
			(void)scmi_agent_poll(g->agent, 4);
		assert_int_equal(g->notice, NOTE + (i << 18));
	}
	guest_close(g);
	back_close(b);
}

static void the_uri_chooses_features(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	static const struct {
		const char *key;
		uint64_t features;
	} rows[] = {
		{"features=0x100000000", SCMI_VIRTIO_F_VERSION_1},
		{"features=0x100000001", SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_P2A_CHANNELS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char rest[200];
		struct guest *g;

		(void)snprintf(rest, sizeof(rest), "%s,%s", rig_path(), rows[i].key);
		g = guest_open(rest, false);
		assert_non_null(g);
		assert_int_equal(back_features(b), rows[i].features | VU_F_PROTOCOL_FEATURES);
		assert_int_equal(guest_ask(g), SCMI_OK);
		guest_close(g);
	}
	back_close(b);
}

/* An entry of the ring each, or two: how many there may be, in a ring that any back end takes. */
static void the_uri_chooses_how_many_are_in_flight(void **state)
{
	const uint64_t plain = back_offers_all.features & ~SCMI_VIRTIO_F_INDIRECT_DESC;
	static const struct {
		const char *keys;
		bool indirect; /* is offered */
		uint32_t depth;
		bool used;
	} rows[] = {
		{"", true, 31, false},
		{",depth=1", true, 1, false},
		{",depth=128", true, 128, false},
		{",depth=129", true, 129, true},
		{",depth=256", true, 256, true},
		{",depth=256", false, 128, false},
		{",depth=256,features=0x100000001", true, 128, false},
		{",depth=20,features=0x110000001", true, 20, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct back_offer offer = back_offers_all;
		char rest[200];
		struct back *b;
		struct guest *g;

		offer.features = rows[i].indirect ? offer.features : plain;
		b = back_open(rig_path(), &offer);
		(void)snprintf(rest, sizeof(rest), "%s%s", rig_path(), rows[i].keys);
		g = guest_open(rest, false);
		assert_non_null(g);
		assert_int_equal(g->transport.max_inflight, rows[i].depth);
		assert_int_equal((back_features(b) & SCMI_VIRTIO_F_INDIRECT_DESC) != 0, rows[i].used);
		assert_int_equal(guest_ask(g), SCMI_OK);
		guest_close(g);
		back_close(b);
	}
}

#define DEEP 256

static void done(struct scmi_call *call, int err)
{
	int *ok = call->arg;

	*ok += err == SCMI_OK;
}

/* All at once, answered the last first. */
static void as_many_are_in_flight_as_the_uri_says(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	static struct scmi_call calls[DEEP];
	static uint8_t came[DEEP][4];
	int ok = 0;
	char rest[200];
	struct guest *g;

	(void)state;
	(void)snprintf(rest, sizeof(rest), "%s,depth=%u", rig_path(), DEEP);
	g = guest_open(rest, false);
	assert_non_null(g);
	back_hold(b, true);
	for (int i = 0; i < DEEP; i++) {
		calls[i] = (struct scmi_call){.size = sizeof(calls[i]),
					      .protocol = SCMI_PROTOCOL_BASE,
					      .message = SCMI_PROTOCOL_VERSION,
					      .reply = came[i],
					      .reply_cap = sizeof(came[i]),
					      .done = done,
					      .arg = &ok};
		assert_int_equal(scmi_agent_submit(g->agent, &calls[i]), SCMI_OK);
	}
	back_await_held(b, DEEP);
	back_hold(b, false);
	while (ok < DEEP)
		(void)scmi_agent_poll(g->agent, 16);
	guest_close(g);
	back_close(b);
}

static void what_cannot_be_is_told(void **state)
{
	static const struct {
		const char *rest;
		int err;
		const char *why;
	} rows[] = {
		{"", SCMI_E_INVAL, "path"},
		{"fd=3", SCMI_E_INVAL, "fd=3"},
		{"/nowhere/at/all", SCMI_E_NOPEER, "/nowhere/at/all: nobody listens there"},
		{"/dev/null", SCMI_E_NOPEER, "/dev/null"},
		{"/nowhere,features=", SCMI_E_INVAL, "features"},
		{"/nowhere,features=0x8000000000000000", SCMI_E_INVAL, "features"},
		{"/nowhere,agents=3", SCMI_E_INVAL, "agents"},
		{"/nowhere,depth=0", SCMI_E_INVAL, "depth=0"},
		{"/nowhere,depth=257", SCMI_E_INVAL, "depth=257"},
		{"/nowhere,depth=2,depth=2", SCMI_E_INVAL, "depth"},
		{"/nowhere,features=0x100000000,features=0x100000000", SCMI_E_INVAL, "features"},
	};
	char longer[300];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_null(guest_open(rows[i].rest, false));
		assert_int_equal(rig_err, rows[i].err);
		assert_non_null(strstr(rig_why, rows[i].why));
	}
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_null(guest_open(longer, false));
	assert_int_equal(rig_err, SCMI_E_INVAL);
}

static void a_back_end_without_queues_is_none(void **state)
{
	struct back_offer offer = back_offers_all;
	struct back *b;

	(void)state;
	offer.queues = 0;
	b = back_open(rig_path(), &offer);
	assert_null(guest_open(NULL, false));
	assert_int_equal(rig_err, SCMI_E_NOTSUP);
	assert_non_null(strstr(rig_why, "no queue"));
	back_close(b);
}

/* A loop of the user's sleeps on one descriptor: for replies and notifications, and until they have been taken. */
static void a_descriptor_tells_what_has_come(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);
	const int fd = g->transport.ops->fd(g->transport.ctx);

	(void)state;
	while (scmi_agent_poll(g->agent, 8) != 0 || fd_is_readable(fd, 0))
		;
	for (uint32_t i = 0; i < 20; i++) {
		assert_false(fd_is_readable(fd, 0));
		assert_true(back_notify(b, NOTE));
		assert_true(back_notify(b, NOTE));
		assert_true(fd_is_readable(fd, HANG_US / 1000));
		while (g->notices != 2u * (i + 1u)) /* one at a time: what is left keeps it readable */
			assert_true(fd_is_readable(fd, 0) && scmi_agent_poll(g->agent, 1) == 1);
		assert_int_equal(scmi_agent_poll(g->agent, 1), 0);
	}
	guest_close(g);
	back_close(b);
}

/* Signals for nothing cost turns, no more; and none is needed for what is polled. */
static void signals_for_nothing_do_no_harm(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);

	(void)state;
	for (int i = 0; i < 20; i++) {
		back_ring(b, 1000);
		assert_int_equal(guest_ask(g), SCMI_OK);
	}
	guest_close(g);
	back_close(b);
}

/* One that is another user's may do with the doorbell what it likes: who sends does not wait for it. */
static void a_doorbell_that_waits_keeps_nobody(void **state)
{
	uint8_t version[4];
	struct scmi_call call = {.size = sizeof(call),
				 .protocol = SCMI_PROTOCOL_BASE,
				 .message = SCMI_PROTOCOL_VERSION,
				 .reply = version,
				 .reply_cap = sizeof(version),
				 .timeout_us = HANG_US};
	struct back *b;
	struct guest *g;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can be somebody else */
	b = back_open(rig_path(), &back_offers_all);
	back_become(b, 1);
	g = guest_open(NULL, false);
	for (int i = 0; i < 50; i++) { /* more than ends of which the kernel keeps count */
		back_stop_up(b, true);
		assert_int_equal(scmi_agent_submit(g->agent, &call), SCMI_OK);
		back_stop_up(b, false);
		assert_int_equal(scmi_agent_wait(g->agent, &call), SCMI_OK);
		assert_int_equal(guest_ask(g), SCMI_OK);
	}
	guest_close(g);
	back_close(b);
}

enum { REFUSES = 10, CONNECTS, OTHERWISE };

static int connect_to_a_stranger(void)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g;
	int outcome;

	back_become(b, 1);
	g = guest_new(NULL, false);
	outcome = g != NULL                                                          ? CONNECTS
		  : rig_err == SCMI_E_IO && strstr(rig_why, "fs.aio-max-nr") != NULL ? REFUSES
										     : OTHERWISE;
	if (g != NULL)
		guest_close(g);
	back_close(b);
	return outcome;
}

/* There is nothing left to ring it with so that it cannot make anybody wait; or there never was, here. */
static void a_stranger_that_cannot_be_rung_is_refused(void **state)
{
	const int is = geteuid() == 0 ? without_aio(SYS_io_setup, EAGAIN, connect_to_a_stranger) : NO_AIO_SKIP;

	(void)state;
	if (is == NO_AIO_SKIP)
		skip();
	assert_int_equal(is, REFUSES);
	assert_int_equal(without_aio(SYS_io_setup, ENOSYS, connect_to_a_stranger), CONNECTS);
}

/* It may have kept a doorbell that waits, and the next back end be one that is rung without care: by another one. */
static void the_next_is_rung_by_another_doorbell(void **state)
{
	struct back *b;
	struct guest *g;

	(void)state;
	if (geteuid() != 0)
		skip();
	b = back_open(rig_path(), &back_offers_all);
	back_become(b, 1);
	g = guest_open(NULL, false);
	assert_int_equal(guest_ask(g), SCMI_OK);
	back_keep_memory(b);
	assert_int_equal(scmi_agent_stop(g->agent), SCMI_OK);
	back_become(b, 0);
	assert_int_equal(scmi_agent_start(g->agent), SCMI_OK);
	assert_int_equal(guest_ask(g), SCMI_OK);
	assert_false(back_scribble(b));
	guest_close(g);
	back_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_offered_is_used),
		cmocka_unit_test(a_back_end_may_offer_nothing),
		cmocka_unit_test(offers_come_in_any_mixture),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(the_uri_chooses_features),
		cmocka_unit_test(the_uri_chooses_how_many_are_in_flight),
		cmocka_unit_test(as_many_are_in_flight_as_the_uri_says),
		cmocka_unit_test(what_cannot_be_is_told),
		cmocka_unit_test(a_back_end_without_queues_is_none),
		cmocka_unit_test(a_descriptor_tells_what_has_come),
		cmocka_unit_test(signals_for_nothing_do_no_harm),
		cmocka_unit_test(a_doorbell_that_waits_keeps_nobody),
		cmocka_unit_test(a_stranger_that_cannot_be_rung_is_refused),
		cmocka_unit_test(the_next_is_rung_by_another_doorbell),
	};

	return cmocka_run_group_tests(tests, NULL, rig_folder_end);
}
