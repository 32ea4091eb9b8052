/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both ends of a mailbox between threads. Every command carries a number, and so does its answer. Some answers come from
 * a thread of their own, and a further one sends messages unasked.
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <scmi/endpoint.h>
#include <scmi/port/posix.h>

#include "mailbox_rig.h"

#define CALLERS  3u
#define CALLS    300u
#define EVENTS   200u
#define PROTOCOL 0x80u
#define MINUTE   60000000u

/* What can be rung, and slept on. */
struct bell {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool rung;
};

struct bed {
	struct scmi_posix posix;
	struct scmi_port port;
	struct bell to_platform;
	struct bell to_agent;
	struct bell to_later;
	uint32_t memory[4][RIG_AREA / 4u];
	struct scmi_shmem areas[2];
	struct scmi_mailbox_doorbell agent_bell;
	struct scmi_mailbox_doorbell end_bell;
	struct scmi_mailbox mailbox;
	struct scmi_mailbox_end *end;
	struct scmi_endpoint endpoint;
	struct scmi_agent *agent;
	void *end_memory;
	void *agent_memory;
	struct scmi_subscriber ear;
	atomic_uint heard;
	atomic_uint room; /* ready() was called */
	_Atomic(struct scmi_request *) later;
	atomic_bool over;
	unsigned place;
	bool inline_bells;

	atomic_uint ok, lost, other; /* calls, by how they ended */
};

static struct bed bed;
/* ---- bells ---- */

static void make_bell(struct bell *b)
{
	assert_int_equal(pthread_mutex_init(&b->mutex, NULL), 0);
	assert_int_equal(pthread_cond_init(&b->cond, NULL), 0);
	b->rung = false;
}

static void ring_bell(struct bell *b)
{
	(void)pthread_mutex_lock(&b->mutex);
	b->rung = true;
	(void)pthread_cond_broadcast(&b->cond);
	(void)pthread_mutex_unlock(&b->mutex);
}

static void sleep_on(struct bell *b)
{
	(void)pthread_mutex_lock(&b->mutex);
	while (!b->rung) /* without limit: a doorbell that is lost hangs the test */
		(void)pthread_cond_wait(&b->cond, &b->mutex);
	b->rung = false;
	(void)pthread_mutex_unlock(&b->mutex);
}

static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	struct bed *b = ctx;
	const bool up = signal == SCMI_MAILBOX_TX || signal == SCMI_MAILBOX_RX_REPLY;

	if (b->inline_bells && up)
		(void)scmi_mailbox_end_serve(b->end, 4);
	else if (b->inline_bells)
		scmi_mailbox_interrupt(&b->mailbox);
	else
		ring_bell(up ? &b->to_platform : &b->to_agent);
	return SCMI_OK;
}

static void agent_wait(void *ctx, uint64_t deadline_us)
{
	struct bed *b = ctx;

	if (deadline_us > b->port.now_us(b->port.ctx))
		sleep_on(&b->to_agent);
}

static void agent_wake(void *ctx)
{
	struct bed *b = ctx;

	ring_bell(&b->to_agent);
}

static void end_wake(void *ctx)
{
	struct bed *b = ctx;

	ring_bell(&b->to_platform);
}

/* Every start finds the areas that are not those of before. */
static int start(void *ctx, struct scmi_mailbox *mailbox, struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	struct bed *b = ctx;

	(void)mailbox;
	for (uint32_t i = 0; i < 2u; i++) {
		b->areas[i].mem = b->memory[b->place + i];
		(void)scmi_shmem_reset(&b->areas[i]);
		areas[i] = b->areas[i];
	}
	b->place ^= 2u;
	assert_int_equal(scmi_mailbox_end_attach(b->end, b->areas), SCMI_OK);
	return SCMI_OK;
}

static void stop(void *ctx)
{
	struct bed *b = ctx;

	scmi_mailbox_end_detach(b->end);
}

/* ---- the platform ---- */

/* Status, and the number that came. */
static uint32_t request(void *channel, struct scmi_request *req)
{
	struct bed *b = channel;
	struct scmi_request *none = NULL;
	uint32_t number;

	assert_int_equal(req->len, 4);
	number = scmi_get_le32(req->params);
	scmi_put_le32(req->reply, 0);
	scmi_put_le32((unsigned char *)req->reply + 4, number);
	if (number % 3u == 0 && atomic_compare_exchange_strong(&b->later, &none, req)) {
		ring_bell(&b->to_later);
		return SCMI_REPLY_LATER;
	}
	return 8;
}

static void ready(void *channel)
{
	struct bed *b = channel;

	atomic_store(&b->room, 1u);
}

static void reset(void *channel)
{
	(void)channel;
}

static const struct scmi_platform_sink sink = {SCMI_PLATFORM_SINK_V1, request, ready, reset};

static void *answer_later(void *arg)
{
	struct bed *b = arg;

	while (!atomic_load(&b->over)) {
		struct scmi_request *req = atomic_exchange(&b->later, NULL);

		if (req == NULL)
			sleep_on(&b->to_later);
		else
			b->endpoint.ops->reply(b->endpoint.ctx, req, 8);
	}
	return NULL;
}

static void *serve(void *arg)
{
	struct bed *b = arg;

	while (!atomic_load(&b->over)) {
		while (scmi_mailbox_end_serve(b->end, 4) > 0)
			;
		sleep_on(&b->to_platform);
	}
	return NULL;
}

static void *serve_polled(void *arg)
{
	struct bed *b = arg;

	while (!atomic_load(&b->over)) {
		if (scmi_mailbox_end_serve(b->end, 1) <= 0)
			b->port.relax(b->port.ctx);
	}
	return NULL;
}

static void *interrupt(void *arg)
{
	struct bed *b = arg;

	while (!atomic_load(&b->over)) {
		scmi_mailbox_interrupt(&b->mailbox);
		sleep_on(&b->to_agent);
	}
	ring_bell(&b->to_agent); /* the other one's turn to see that it is over */
	return NULL;
}

static void *poll_agent(void *arg)
{
	struct bed *b = arg;

	while (!atomic_load(&b->over)) {
		(void)scmi_agent_poll(b->agent, 1);
		b->port.relax(b->port.ctx);
	}
	return NULL;
}

/* Each is kept until there is room: ready() says so. */
static void *send_events(void *arg)
{
	struct bed *b = arg;

	for (unsigned i = 0; i < EVENTS && !atomic_load(&b->over); i++) {
		const uint8_t number[4] = {(uint8_t)i}; /* little endian; EVENTS is below 256 */

		for (;;) {
			int err;

			atomic_store(&b->room, 0u);
			err = b->endpoint.ops->send(b->endpoint.ctx, 3u << 8 | PROTOCOL << 10, number, sizeof(number));
			if (err != SCMI_E_BUSY)
				break;
			while (atomic_load(&b->room) == 0 && !atomic_load(&b->over))
				b->port.relax(b->port.ctx);
		}
	}
	return NULL;
}

/* ---- the agent ---- */

static void hear(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct bed *b = self->arg;

	(void)hdr;
	assert_int_equal(len, 4);
	assert_int_equal(scmi_get_le32(payload), atomic_fetch_add(&b->heard, 1u)); /* none is lost, or comes twice */
}

static void note(struct bed *b, int err)
{
	const bool lost = err == SCMI_E_NOPEER || err == SCMI_E_LINK;

	atomic_fetch_add(err == SCMI_OK ? &b->ok : lost ? &b->lost : &b->other, 1u);
}

static void *call(void *arg)
{
	struct bed *b = arg;
	static atomic_uint numbers;

	for (unsigned i = 0; i < CALLS; i++) {
		const uint32_t number = atomic_fetch_add(&numbers, 1u);
		uint32_t answer = ~number;
		struct scmi_call c = {
			.size = sizeof(c),
			.protocol = PROTOCOL,
			.message = 1,
			.params = &number,
			.params_len = sizeof(number),
			.reply = &answer,
			.reply_cap = sizeof(answer),
			.flags = i % 5u == 0 ? SCMI_CALL_POLL : 0,
		};
		const int err = scmi_agent_call(b->agent, &c);

		if (err == SCMI_OK)
			assert_int_equal(answer, number);
		note(b, err);
	}
	return NULL;
}

/* ---- the bed ---- */

enum how { SLEEPING, INTERRUPTS, INLINE, POLLED, HOWS };

static void make_bells(struct bed *b, enum how how)
{
	b->inline_bells = how == INLINE;
	b->agent_bell = (struct scmi_mailbox_doorbell){.version = 1, .ctx = b, .start = start, .stop = stop};
	b->end_bell = (struct scmi_mailbox_doorbell){.version = 1, .ctx = b};
	if (how != POLLED) {
		b->agent_bell.ring = ring;
		b->end_bell.ring = ring;
	}
	if (how == SLEEPING || how == INTERRUPTS) {
		b->end_bell.wait = agent_wait; /* it is not called there */
		b->end_bell.wake = end_wake;
	}
	if (how == SLEEPING) {
		b->agent_bell.wait = agent_wait;
		b->agent_bell.wake = agent_wake;
	} else if (how != POLLED) {
		b->agent_bell.caps = SCMI_CAP_IRQ;
	}
}

static void make_end(struct bed *b)
{
	const struct scmi_mailbox_end_config config = {
		.size = sizeof(config), .max_payload = RIG_PAYLOAD, .doorbell = &b->end_bell, .port = &b->port};

	b->end_memory = malloc(scmi_mailbox_end_size(&config));
	assert_int_equal(
		scmi_mailbox_end_init(&b->end, b->end_memory, scmi_mailbox_end_size(&config), &config, &b->endpoint),
		SCMI_OK);
	assert_int_equal(b->endpoint.ops->start(b->endpoint.ctx, &sink, b), SCMI_OK);
}

static void make_agent(struct bed *b)
{
	const struct scmi_mailbox_config config = {
		.size = sizeof(config),
		.flags = SCMI_MAILBOX_FRESH,
		.max_payload = RIG_PAYLOAD,
		.areas = {{.len = RIG_AREA}, {.len = RIG_AREA}},
		.doorbell = &b->agent_bell,
		.port = &b->port,
	};
	struct scmi_transport transport;
	struct scmi_agent_config agent = {
		.size = sizeof(agent), .transport = &transport, .port = &b->port, .event_buffers = 2};

	assert_int_equal(scmi_mailbox_init(&b->mailbox, &config, &transport), SCMI_OK);
	transport.timeout_us = MINUTE;
	agent.options.slots = 4;
	agent.options.queue_timeout_us = MINUTE;
	b->agent_memory = malloc(scmi_agent_size(&agent));
	assert_int_equal(scmi_agent_init(&b->agent, b->agent_memory, scmi_agent_size(&agent), &agent), SCMI_OK);
	b->ear = (struct scmi_subscriber){
		.size = sizeof(b->ear), .protocol = PROTOCOL, .message = 0, .notify = hear, .arg = b};
	assert_int_equal(scmi_agent_subscribe(b->agent, &b->ear), SCMI_OK);
}

static void open_bed(struct bed *b, enum how how)
{
	memset(b, 0, sizeof(*b));
	assert_int_equal(scmi_posix_init(&b->posix, &b->port), SCMI_OK);
	make_bell(&b->to_platform);
	make_bell(&b->to_agent);
	make_bell(&b->to_later);
	for (uint32_t i = 0; i < 2u; i++)
		b->areas[i] = (struct scmi_shmem){.len = RIG_AREA};
	make_bells(b, how);
	make_end(b);
	make_agent(b);
	assert_int_equal(scmi_agent_start(b->agent), SCMI_OK);
}

static void close_bed(struct bed *b)
{
	struct scmi_mailbox_end_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_agent_fini(b->agent), SCMI_OK);
	b->endpoint.ops->stop(b->endpoint.ctx);
	assert_int_equal(scmi_mailbox_end_stats(b->end, &s), SCMI_OK);
	assert_int_equal(s.bad_length + s.bad_status + s.bad_check + s.open, 0);
	free(b->agent_memory);
	free(b->end_memory);
	scmi_posix_fini(&b->posix);
}

static void call_from_all(struct bed *b, enum how how, bool events, void (*meanwhile)(struct bed *b))
{
	pthread_t callers[CALLERS];
	pthread_t helpers[6];
	unsigned n = 0;

	assert_int_equal(pthread_create(&helpers[n++], NULL, answer_later, b), 0);
	if (how != INLINE)
		assert_int_equal(pthread_create(&helpers[n++], NULL, how == POLLED ? serve_polled : serve, b), 0);
	if (how == INTERRUPTS) {
		assert_int_equal(pthread_create(&helpers[n++], NULL, interrupt, b), 0);
		assert_int_equal(pthread_create(&helpers[n++], NULL, interrupt, b), 0);
	}
	assert_int_equal(pthread_create(&helpers[n++], NULL, poll_agent, b), 0);
	if (events)
		assert_int_equal(pthread_create(&helpers[n++], NULL, send_events, b), 0);
	for (unsigned i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&callers[i], NULL, call, b), 0);
	if (meanwhile != NULL)
		meanwhile(b);
	for (unsigned i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_join(callers[i], NULL), 0);
	if (events)
		assert_int_equal(pthread_join(helpers[--n], NULL), 0);
	while (events && meanwhile == NULL && atomic_load(&b->heard) != EVENTS)
		b->port.relax(b->port.ctx);
	atomic_store(&b->over, true);
	ring_bell(&b->to_platform);
	ring_bell(&b->to_agent);
	ring_bell(&b->to_later);
	while (n > 0)
		assert_int_equal(pthread_join(helpers[--n], NULL), 0);
	assert_int_equal(b->other, 0);
	assert_int_equal(b->ok + b->lost, CALLERS * CALLS);
}

static void calls_and_events_go_beside_each_other(void **state)
{
	(void)state;
	for (enum how how = SLEEPING; how < HOWS; how++) {
		open_bed(&bed, how);
		call_from_all(&bed, how, true, NULL);
		assert_int_equal(bed.lost, 0);
		assert_int_equal(bed.heard, EVENTS);
		close_bed(&bed);
	}
}

static void pause_1ms(void)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void lose_and_find(struct bed *b)
{
	for (unsigned i = 0; i < 30; i++) {
		pause_1ms();
		if (i % 3u == 0) {
			(void)scmi_agent_recover(b->agent, 0);
			continue;
		}
		scmi_mailbox_lost(&b->mailbox, SCMI_E_LINK);
		assert_int_equal(scmi_mailbox_found(&b->mailbox), SCMI_OK);
	}
}

static void platforms_go_and_come_beside_calls(void **state)
{
	(void)state;
	for (enum how how = SLEEPING; how < HOWS; how++) {
		open_bed(&bed, how);
		call_from_all(&bed, how, false, lose_and_find);
		close_bed(&bed);
	}
}

static void restart(struct bed *b)
{
	for (unsigned i = 0; i < 20; i++) {
		pause_1ms();
		b->endpoint.ops->stop(b->endpoint.ctx);
		assert_int_equal(b->endpoint.ops->start(b->endpoint.ctx, &sink, b), SCMI_OK);
	}
}

/* What stands in the area while it is stopped is served afterwards: no call fails. */
static void the_platform_restarts_beside_calls(void **state)
{
	(void)state;
	open_bed(&bed, SLEEPING);
	call_from_all(&bed, SLEEPING, false, restart);
	assert_int_equal(bed.lost, 0);
	close_bed(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_and_events_go_beside_each_other),
		cmocka_unit_test(platforms_go_and_come_beside_calls),
		cmocka_unit_test(the_platform_restarts_beside_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
