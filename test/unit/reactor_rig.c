/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "reactor_rig.h"

#define WINDOW      8u
#define THREADS_MAX 16u

/* ---- the far end ---- */

static uint32_t on_request(void *channel, struct scmi_request *req)
{
	struct far_end *f = channel;

	if (scmi_hdr_message(req->hdr) == HELD_MSG) {
		pthread_mutex_lock(&f->mutex);
		if (f->held_n == FAR_SLOTS)
			abort();
		f->held[f->held_n++] = req;
		pthread_mutex_unlock(&f->mutex);
		return SCMI_REPLY_LATER;
	}
	memset(req->reply, 0, SCMI_STATUS_BYTES);
	if (req->len != 0)
		memcpy((unsigned char *)req->reply + SCMI_STATUS_BYTES, req->params, req->len);
	return SCMI_STATUS_BYTES + req->len;
}

static void on_room(void *channel)
{
	(void)channel;
}

static const struct scmi_platform_sink sink = {
	.version = SCMI_PLATFORM_SINK_V1,
	.request = on_request,
	.ready = on_room,
};

static void *serve(void *arg)
{
	struct far_end *f = arg;

	while (scmi_loopback_serve(f->lb, SCMI_NEVER) >= 0)
		;
	return NULL;
}

void far_end_open(struct far_end *f, const struct scmi_port *port)
{
	struct scmi_loopback_doorbell doorbell = {.ring = scmi_doorbell_ring, .clear = scmi_doorbell_clear};
	const struct scmi_loopback_config config = {
		.size = sizeof(config),
		.flags = SCMI_LOOPBACK_THREADED,
		.max_inflight = FAR_SLOTS,
		.events = 4,
		.port = port,
		.doorbell = &doorbell,
	};
	const size_t size = scmi_loopback_size(&config);

	assert_int_equal(scmi_doorbell_create(&f->bell), SCMI_OK);
	doorbell.ctx = f->bell;
	doorbell.fd = scmi_doorbell_fd(f->bell);
	f->mem = malloc(size);
	assert_non_null(f->mem);
	assert_int_equal(scmi_loopback_init(&f->lb, f->mem, size, &config, &f->transport, &f->endpoint), SCMI_OK);
	f->held_n = 0;
	pthread_mutex_init(&f->mutex, NULL);
	assert_int_equal(f->endpoint.ops->start(f->endpoint.ctx, &sink, f), SCMI_OK);
	assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

void far_end_let_go(struct far_end *f)
{
	for (;;) {
		struct scmi_request *req = NULL;

		pthread_mutex_lock(&f->mutex);
		if (f->held_n != 0)
			req = f->held[--f->held_n];
		pthread_mutex_unlock(&f->mutex);
		if (req == NULL)
			return;
		memset(req->reply, 0, SCMI_STATUS_BYTES);
		f->endpoint.ops->reply(f->endpoint.ctx, req, SCMI_STATUS_BYTES);
	}
}

unsigned far_end_held(struct far_end *f)
{
	unsigned n;

	pthread_mutex_lock(&f->mutex);
	n = f->held_n;
	pthread_mutex_unlock(&f->mutex);
	return n;
}

void far_end_notify(struct far_end *f, uint32_t value)
{
	unsigned char bytes[4];

	scmi_put_le32(bytes, value);
	while (f->endpoint.ops->send(f->endpoint.ctx, scmi_hdr(0x14, 0, SCMI_MSG_NOTIFICATION, 0), bytes, 4) ==
	       SCMI_E_BUSY)
		sched_yield();
}

void far_end_close(struct far_end *f)
{
	f->endpoint.ops->stop(f->endpoint.ctx);
	pthread_join(f->thread, NULL);
	far_end_let_go(f);
	assert_int_equal(scmi_loopback_open(f->lb), 0);
	scmi_loopback_fini(f->lb);
	pthread_mutex_destroy(&f->mutex);
	scmi_doorbell_destroy(f->bell);
	free(f->mem);
}

/* ---- the agent ---- */

void rig_open(struct rig *r, uint32_t flags, unsigned links, void (*wake)(void *arg), void *wake_arg)
{
	memset(r, 0, sizeof(*r));
	assert_int_equal(scmi_posix_init(&r->posix, &r->port), SCMI_OK);
	r->links = links;
	for (unsigned i = 0; i < links; i++)
		far_end_open(&r->far[i], &r->port);
	r->link = (struct scmi_link){
		.size = sizeof(r->link),
		.protocol = 0x15,
		.transport = &r->far[1].transport,
		.options = {.slots = FAR_SLOTS},
	};
	r->config = (struct scmi_agent_config){
		.size = sizeof(r->config),
		.flags = flags,
		.transport = &r->far[0].transport,
		.port = &r->port,
		.options = {.slots = FAR_SLOTS},
		.links = links == 2 ? &r->link : NULL,
		.links_n = links - 1,
		.event_buffers = 4,
		.wake = wake,
		.wake_arg = wake_arg,
	};
	r->rounds = 1000;
	r->mem = malloc(scmi_agent_size(&r->config));
	assert_non_null(r->mem);
	assert_int_equal(scmi_agent_init(&r->agent, r->mem, scmi_agent_size(&r->config), &r->config), SCMI_OK);
	assert_int_equal(scmi_agent_start(r->agent), SCMI_OK);
}

struct scmi_agent_stats rig_stats(struct rig *r)
{
	struct scmi_agent_stats stats = {.size = sizeof(stats)};

	assert_int_equal(scmi_agent_stats(r->agent, SCMI_ALL_LINKS, &stats), SCMI_OK);
	return stats;
}

void rig_close(struct rig *r)
{
	struct scmi_agent_stats s;

	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	s = rig_stats(r);
	assert_int_equal(s.in_flight, 0);
	assert_int_equal(s.submitted, s.ok + s.timed_out + s.closed);
	assert_int_equal(atomic_load(&r->faults), 0);
	assert_int_equal(scmi_agent_fini(r->agent), SCMI_OK);
	free(r->mem);
	for (unsigned i = 0; i < r->links; i++)
		far_end_close(&r->far[i]);
	scmi_posix_fini(&r->posix);
}

void rig_fault_unless(struct rig *r, bool good)
{
	if (!good)
		atomic_fetch_add(&r->faults, 1u);
}

struct scmi_reactor *reactor_new(void)
{
	struct scmi_reactor *reactor = NULL;

	assert_int_equal(scmi_reactor_create(&reactor), SCMI_OK);
	assert_non_null(reactor);
	return reactor;
}

void rig_open_on(struct rig *r, struct scmi_reactor *reactor, uint32_t flags, unsigned links)
{
	rig_open(r, flags, links, scmi_reactor_wake, reactor);
	assert_int_equal(scmi_reactor_add(reactor, r->agent, &r->config), SCMI_OK);
}

void rig_close_on(struct rig *r, struct scmi_reactor *reactor)
{
	assert_int_equal(scmi_reactor_remove(reactor, r->agent), SCMI_OK);
	rig_close(r);
}

/* ---- traffic ---- */

void echo_fill(struct echo *e, struct rig *r, uint8_t protocol, uint64_t value, void *owner)
{
	scmi_put_le64(e->params, value);
	e->rig = r;
	e->owner = owner;
	e->call = (struct scmi_call){
		.size = sizeof(e->call),
		.protocol = protocol,
		.message = ECHO_MSG,
		.params = e->params,
		.params_len = sizeof(e->params),
		.reply = e->reply,
		.reply_cap = sizeof(e->reply),
		.timeout_us = SCMI_FOREVER,
		.arg = e,
	};
}

static void count(struct echo *e, int err)
{
	struct rig *r = e->rig;

	e->err = err;
	if (err == SCMI_OK && e->call.message == ECHO_MSG)
		rig_fault_unless(r, e->call.reply_len == 8 && memcmp(e->reply, e->params, 8) == 0);
	atomic_fetch_add(err == SCMI_OK ? &r->ok : &r->ended, 1u);
}

void echo_done(struct scmi_call *call, int err)
{
	struct echo *e = call->arg;

	count(e, err);
	sem_post(e->owner); /* e may be gone now */
}

static uint8_t protocol_of(const struct rig *r, unsigned round)
{
	return (uint8_t)(r->links == 2 && round % 2u != 0 ? 0x15 : 0x14);
}

void *rig_call_many(void *arg)
{
	struct rig *r = arg;
	struct echo e;

	for (unsigned i = 0; i < r->rounds && !atomic_load(&r->over); i++) {
		echo_fill(&e, r, protocol_of(r, i), (uint64_t)(uintptr_t)&e + i, NULL);
		count(&e, scmi_agent_call(r->agent, &e.call));
	}
	return NULL;
}

void sem_take(sem_t *sem)
{
	while (sem_wait(sem) != 0)
		;
}

/* Calls that are in flight together; they end in any order. */
struct window {
	struct echo echoes[WINDOW];
	atomic_bool busy[WINDOW];
	pthread_t thread;
	sem_t room;
};

static void window_done(struct scmi_call *call, int err)
{
	struct echo *e = call->arg;
	struct window *w = e->owner;
	const size_t i = (size_t)(e - w->echoes);

	count(e, err);
	if (!pthread_equal(pthread_self(), w->thread))
		atomic_fetch_add(&e->rig->dones, 1u);
	atomic_store(&w->busy[i], false);
	sem_post(&w->room); /* w may be gone now */
}

static bool submit_one(struct rig *r, struct window *w, unsigned round)
{
	unsigned i = 0;

	sem_take(&w->room);
	while (atomic_load(&w->busy[i]))
		i++;
	echo_fill(&w->echoes[i], r, protocol_of(r, round), (uint64_t)(uintptr_t)w + round, w);
	w->echoes[i].call.done = window_done;
	atomic_store(&w->busy[i], true);
	if (scmi_agent_submit(r->agent, &w->echoes[i].call) == SCMI_OK)
		return true;
	atomic_store(&w->busy[i], false);
	sem_post(&w->room);
	return false;
}

void *rig_submit_many(void *arg)
{
	struct rig *r = arg;
	struct window w;

	memset(&w, 0, sizeof(w));
	sem_init(&w.room, 0, WINDOW);
	w.thread = pthread_self();
	for (unsigned i = 0; i < r->rounds && !atomic_load(&r->over); i++) {
		if (!submit_one(r, &w, i)) {
			rig_fault_unless(r, atomic_load(&r->over));
			break;
		}
	}
	for (unsigned i = 0; i < WINDOW; i++)
		sem_take(&w.room);
	sem_destroy(&w.room);
	return NULL;
}

void rig_traffic(struct rig *const *rigs, unsigned n_rigs, unsigned n_threads)
{
	pthread_t threads[THREADS_MAX];
	unsigned n = 0;

	assert_true(2u * n_rigs * n_threads <= THREADS_MAX);
	for (unsigned i = 0; i < n_rigs * n_threads; i++) {
		struct rig *r = rigs[i % n_rigs];

		assert_int_equal(pthread_create(&threads[n++], NULL, rig_call_many, r), 0);
		assert_int_equal(pthread_create(&threads[n++], NULL, rig_submit_many, r), 0);
	}
	while (n != 0)
		pthread_join(threads[--n], NULL);
}
