/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A peer in a thread of its own, who rewrites the page while our end runs in two others. What comes of it cannot be
 * foretold; but nothing outside is touched, and when it is over all is as in the modes of one thread. All accesses are
 * atomic, the peer's too: so the thread sanitizer sees those that are not.
 */
#include <pthread.h>
#include <sched.h>

#include <scmi/endpoint.h>
#include <scmi/port/posix.h>

#include "agent_world.h"

#define STEPS 3000u
#define BURST 16u /* words at one go */

struct race {
	struct world w;
	struct scmi_posix posix;
	struct scmi_port port;
	atomic_bool over;
	pthread_t peer, other;
	uint64_t random; /* of our thread */
	uint64_t his;    /* of the peer's */
	atomic_bool calm;
	/* the platform's end */
	struct scmi_mailbox_end *end;
	struct scmi_endpoint endpoint;
	void *mem;
	_Atomic(struct scmi_request *) open;
	_Atomic uint32_t requests;
	_Atomic uint32_t answered;
};

static struct race race;

static void *peer(void *arg)
{
	struct race *r = arg;

	while (!atomic_load(&r->over)) {
		page_rewrite_some(&r->w.page, &r->his, BURST);
		if (once_in(&r->his, 3))
			(void)world_answer(&r->w);
		if (once_in(&r->his, 5))
			(void)world_notify(&r->w);
		if (once_in(&r->his, 10))
			sched_yield();
	}
	return NULL;
}

static void open_race(struct race *r, void *(*other)(void *arg))
{
	MUST(pthread_create(&r->peer, NULL, peer, r) == 0);
	MUST(pthread_create(&r->other, NULL, other, r) == 0);
}

static uint64_t close_race(struct race *r)
{
	atomic_store(&r->over, true);
	MUST(pthread_join(r->peer, NULL) == 0);
	MUST(pthread_join(r->other, NULL) == 0);
	return r->w.page.writes;
}

static void begin(struct race *r, uint64_t seed)
{
	memset(r, 0, sizeof(*r));
	r->random = seed;
	r->his = ~seed;
	MUST(scmi_posix_init(&r->posix, &r->port) == SCMI_OK);
	page_open(&r->w.page, &r->random, !once_in(&r->random, 3), true);
	r->w.port = &r->port;
}

static uint64_t finish(struct race *r)
{
	const uint64_t writes = r->w.page.writes;

	page_close(&r->w.page);
	scmi_posix_fini(&r->posix);
	return writes;
}

/* ---- a platform that races our agent ---- */

static int rung(void *ctx, enum scmi_mailbox_signal signal)
{
	struct race *r = ctx;

	(void)signal;
	if (atomic_load(&r->calm))
		(void)world_answer(&r->w);
	return SCMI_OK;
}

static void *interrupts(void *arg)
{
	struct race *r = arg;

	while (!atomic_load(&r->over)) {
		scmi_mailbox_interrupt(&r->w.mailbox);
		sched_yield();
	}
	return NULL;
}

uint64_t run_racing_platform(uint64_t seed)
{
	struct race *r = &race;
	uint64_t end_us;

	begin(r, seed);
	r->w.bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1, .name = "race", .caps = SCMI_CAP_IRQ, .ctx = r, .ring = rung};
	world_open(&r->w, &r->random);
	open_race(r, interrupts);
	for (page_where.step = 0; page_where.step < STEPS; page_where.step++) {
		struct world_call *c = &r->w.calls[pick(&r->random, WORLD_CALLS)];

		if (!atomic_load(&c->live))
			(void)world_submit(&r->w, c, &r->random);
		else if (once_in(&r->random, 4))
			(void)scmi_agent_cancel(r->w.agent, &c->call);
		if (once_in(&r->random, 3))
			(void)scmi_agent_poll(r->w.agent, 4);
		if (once_in(&r->random, 300))
			(void)scmi_agent_recover(r->w.agent, 0);
	}
	(void)close_race(r);
	end_us = r->port.now_us(r->port.ctx) + 10u * WORLD_TIME_US;
	while (r->port.now_us(r->port.ctx) < end_us)
		(void)scmi_agent_poll(r->w.agent, 4);
	atomic_store(&r->calm, true);
	world_close(&r->w);
	return finish(r);
}

/* ---- an agent that races our platform's end ---- */

static uint32_t request(void *channel, struct scmi_request *req)
{
	struct race *r = channel;
	const bool later = atomic_load(&r->requests) % 2u != 0 && !atomic_load(&r->calm);

	MUST(atomic_load(&r->open) == NULL && req->len <= r->endpoint.max_payload);
	memset(req->reply, (int)req->len & 0x7f, req->reply_cap);
	atomic_fetch_add(&r->requests, 1u);
	if (later) {
		atomic_store(&r->open, req);
		return SCMI_REPLY_LATER;
	}
	atomic_fetch_add(&r->answered, 1u);
	return req->reply_cap;
}

static void ignore(void *channel)
{
	(void)channel;
}

static const struct scmi_platform_sink sink = {
	.version = SCMI_PLATFORM_SINK_V1, .request = request, .ready = ignore, .reset = ignore};

static void *replies(void *arg)
{
	struct race *r = arg;

	while (!atomic_load(&r->over) || atomic_load(&r->open) != NULL) {
		struct scmi_request *req = atomic_exchange(&r->open, NULL);

		if (req != NULL) {
			atomic_fetch_add(&r->answered, 1u);
			r->endpoint.ops->reply(r->endpoint.ctx, req, req->reply_cap);
		}
		(void)r->endpoint.ops->send(r->endpoint.ctx, 0x40000u, "late", 4);
		(void)scmi_mailbox_end_serve(r->end, 1);
		sched_yield();
	}
	return NULL;
}

static void open_end(struct race *r)
{
	struct scmi_mailbox_end_config config = {.size = sizeof(config), .port = &r->port};
	size_t size;

	memcpy(config.areas, r->w.page.area, sizeof(config.areas));
	size = scmi_mailbox_end_size(&config);
	r->mem = malloc(size);
	MUST(size != 0 && r->mem != NULL);
	MUST(scmi_mailbox_end_init(&r->end, r->mem, size, &config, &r->endpoint) == SCMI_OK);
	MUST(r->endpoint.ops->start(r->endpoint.ctx, &sink, r) == SCMI_OK);
}

uint64_t run_racing_agent(uint64_t seed)
{
	struct race *r = &race;
	struct scmi_mailbox_end_stats s = {.size = sizeof(s)};

	begin(r, seed);
	open_end(r);
	open_race(r, replies);
	for (page_where.step = 0; page_where.step < STEPS; page_where.step++) {
		MUST(scmi_mailbox_end_serve(r->end, 4) >= 0);
		if (once_in(&r->random, 8))
			sched_yield();
	}
	(void)close_race(r);
	atomic_store(&r->calm, true);
	page_reset(&r->w.page);
	(void)scmi_mailbox_end_serve(r->end, 4);
	page_put(&r->w.page, SCMI_MAILBOX_A2P, 7, "work", 4, 0, 0);
	MUST(scmi_mailbox_end_serve(r->end, 1) == 1);
	MUST(page_status(&r->w.page, SCMI_MAILBOX_A2P) == SCMI_SHMEM_FREE);
	r->endpoint.ops->stop(r->endpoint.ctx);
	MUST(scmi_mailbox_end_stats(r->end, &s) == SCMI_OK);
	MUST(s.open == 0 && s.taken == atomic_load(&r->requests) && s.taken == atomic_load(&r->answered));
	free(r->mem);
	return finish(r);
}
