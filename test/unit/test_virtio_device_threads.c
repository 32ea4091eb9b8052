/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtio device with a thread that serves, one that answers, one that sends, and a driver that comes and goes:
 * whoever lets go of the driver's memory waits for all of them, and each buffer comes back once.
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <scmi/port/posix.h>

#include "hang.h"
#include "virtio_device_rig.h"

#define V1     SCMI_VIRTIO_F_VERSION_1
#define P2A    SCMI_VIRTIO_F_P2A_CHANNELS
#define SLOTS  8u
#define LIVES  20u
#define ROUNDS 40u

static struct rig rig;
static struct scmi_posix posix;
static struct scmi_port port;

/* Two cores are few, and others want them too. */
static void nap(void)
{
	const struct timespec t = {.tv_nsec = 20000};

	(void)nanosleep(&t, NULL);
}

static void make(struct rig *r)
{
	rig_fill(r);
	assert_int_equal(scmi_posix_init(&posix, &port), SCMI_OK);
	r->config.port = &port;
	rig_init(r);
}

/* ---- who waits for whom ---- */

static atomic_int inside;
static atomic_int leaving; /* the other has begun to shut us out, or is about to */
static atomic_int left;

static void linger(void)
{
	atomic_store(&inside, 1);
	while (atomic_load(&leaving) == 0)
		nap();
	for (unsigned i = 0; i < 100; i++)
		nap();
	atomic_store(&left, 1);
}

static void linger_in_call(struct rig *r, uint32_t queue)
{
	(void)queue;
	r->on_call = NULL;
	linger();
}

static void linger_in_request(struct rig *r)
{
	r->on_request = NULL;
	linger();
}

static void linger_in_ready(struct rig *r)
{
	r->on_ready = NULL;
	linger();
}

static void *answer(void *arg)
{
	rig_answer(arg, 0, 0);
	return NULL;
}

static void *send_one(void *arg)
{
	(void)rig_send(arg, 4);
	return NULL;
}

static void *serve(void *arg)
{
	struct rig *r = arg;

	(void)scmi_virtio_device_serve(r->device, 16);
	return NULL;
}

static void detach(struct rig *r)
{
	scmi_virtio_device_detach(r->device, NULL);
}

static void reset_cmdq(struct rig *r)
{
	assert_int_equal(scmi_virtio_device_reset_queue(r->device, CMDQ), SCMI_OK);
}

static void reset_eventq(struct rig *r)
{
	assert_int_equal(scmi_virtio_device_reset_queue(r->device, EVENTQ), SCMI_OK);
}

static const struct {
	void *(*run)(void *arg); /* in a thread, where it lingers */
	void (*shut)(struct rig *r);
	char where;
} waits[] = {
	{answer, detach, 'c'},         {answer, reset_cmdq, 'c'},  {send_one, detach, 'c'},
	{send_one, reset_eventq, 'c'}, {serve, detach, 'c'},       {serve, reset_cmdq, 'c'},
	{serve, rig_stop, 'c'},        {serve, detach, 'q'},       {serve, reset_cmdq, 'q'},
	{serve, rig_stop, 'q'},        {serve, reset_eventq, 'q'}, {serve, detach, 'y'},
	{serve, reset_eventq, 'y'},    {serve, rig_stop, 'y'},
};

#define WAITS (sizeof(waits) / sizeof(waits[0]))

static void prepare(struct rig *r, size_t i)
{
	r->works = 0;
	rig_command(r, 0, 0, 40);
	if (waits[i].run == answer) {
		r->hold = true;
		assert_int_equal(scmi_virtio_device_serve(r->device, 1), 1);
		r->hold = false;
	}
	if (waits[i].where == 'y')
		assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	rig_command(r, 1, 0, 40); /* which nobody gets to */
	rig_event(r, 0, 40);
	r->asked = 0;
	r->on_call = waits[i].where == 'c' ? linger_in_call : NULL;
	r->on_request = waits[i].where == 'q' ? linger_in_request : NULL;
	r->on_ready = waits[i].where == 'y' ? linger_in_ready : NULL;
}

static void device_lets_go_when_nobody_is_inside(void **state)
{
	struct rig *r = &rig;
	pthread_t thread;

	(void)state;
	for (size_t i = 0; i < WAITS; i++) {
		make(r);
		assert_int_equal(rig_start(r), SCMI_OK);
		assert_int_equal(rig_attach(r, V1 | P2A | SCMI_VIRTIO_F_RING_RESET, NULL), SCMI_OK);
		prepare(r, i);
		atomic_store(&inside, 0);
		atomic_store(&leaving, 0);
		atomic_store(&left, 0);
		assert_int_equal(pthread_create(&thread, NULL, waits[i].run, r), 0);
		while (atomic_load(&inside) == 0)
			nap();
		atomic_store(&leaving, 1);
		waits[i].shut(r);
		assert_int_equal(atomic_load(&left), 1);
		assert_int_equal(pthread_join(thread, NULL), 0);
		if (waits[i].where == 'q' && waits[i].shut != reset_eventq)
			assert_int_equal(r->asked, 1);
		rig_end(r);
		scmi_posix_fini(&posix);
	}
}

/* ---- all at once ---- */

struct world {
	struct rig *r;
	atomic_bool over;
	atomic_uint bell; /* of the server: rung but not heard */
	pthread_mutex_t lock;
	struct scmi_request *open[REQUESTS];
	unsigned open_n;
	atomic_uint readied;
	atomic_uint sent;
	uint32_t away; /* slots of the cmdq, a bit each; the driver's */
};

static struct world world;

static uint32_t put_off(void *channel, struct scmi_request *req)
{
	struct world *w = channel;

	if (scmi_hdr_token(req->hdr) % 3u == 0) {
		memcpy(req->reply, "\0\0\0\0now!", 8);
		return 8;
	}
	pthread_mutex_lock(&w->lock);
	w->open[w->open_n++] = req;
	pthread_mutex_unlock(&w->lock);
	return SCMI_REPLY_LATER;
}

static void ready(void *channel)
{
	atomic_fetch_add(&((struct world *)channel)->readied, 1u);
}

static const struct scmi_platform_sink sink = {
	.version = SCMI_PLATFORM_SINK_V1,
	.request = put_off,
	.ready = ready,
};

static void ring_server(void *ctx)
{
	(void)ctx;
	atomic_fetch_add(&world.bell, 1u);
}

static void call(void *ctx, uint32_t queue)
{
	(void)ctx;
	(void)queue;
}

/* Sleeps as rest() allows: a doorbell that is lost would be a hang. */
static void *serve_all(void *arg)
{
	struct world *w = arg;

	while (!atomic_load(&w->over)) {
		unsigned heard = atomic_load(&w->bell);

		while (scmi_virtio_device_serve(w->r->device, 4) > 0)
			;
		if (!scmi_virtio_device_rest(w->r->device))
			continue;
		while (atomic_load(&w->bell) == heard && !atomic_load(&w->over))
			nap();
	}
	return NULL;
}

static struct scmi_request *pop(struct world *w)
{
	struct scmi_request *req = NULL;

	pthread_mutex_lock(&w->lock);
	if (w->open_n != 0)
		req = w->open[--w->open_n];
	pthread_mutex_unlock(&w->lock);
	return req;
}

static void *answer_all(void *arg)
{
	struct world *w = arg;
	struct scmi_request *req;

	while (!atomic_load(&w->over)) {
		req = pop(w);
		if (req != NULL) {
			memcpy(req->reply, "\0\0\0\0late", 8);
			w->r->endpoint.ops->reply(w->r->endpoint.ctx, req, 8);
		} else {
			nap();
		}
	}
	return NULL;
}

/* Waits for ready() when it was refused; what a driver does that goes is to be heard too. */
static void *send_all(void *arg)
{
	struct world *w = arg;

	while (!atomic_load(&w->over)) {
		const unsigned before = atomic_load(&w->readied);
		const int err = rig_send(w->r, 4);

		if (err == SCMI_OK)
			atomic_fetch_add(&w->sent, 1u);
		else if (err == SCMI_E_BUSY)
			while (atomic_load(&w->readied) == before && !atomic_load(&w->over))
				nap();
		else
			assert_int_equal(err, SCMI_E_NOPEER);
	}
	return NULL;
}

/* ---- the driver ---- */

/* As a driver does: publish, then look whether a doorbell is wanted. */
static void kick(struct world *w, uint32_t queue)
{
	ring_fence();
	if ((ring_load16(&w->r->queue[queue].at.used->flags) & RING_QUIET) == 0)
		ring_server(w);
}

static void post_all(struct world *w)
{
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		if ((w->away & 1u << slot) != 0)
			continue;
		w->away |= 1u << slot;
		rig_command(w->r, slot, 4, 40);
	}
	kick(w, CMDQ);
}

static bool reap_command(struct world *w)
{
	struct rig_queue *q = &w->r->queue[CMDQ];
	uint32_t slot;

	if (ring_load16_acquire(&q->at.used->idx) == q->reaped)
		return false;
	slot = ring_load32(&q->at.used->ring[q->reaped % ENTRIES].id) / 2u;
	assert_int_not_equal(w->away & 1u << slot, 0);
	w->away &= ~(1u << slot);
	rig_expect_used(w->r, CMDQ, 2u * slot, 12);
	assert_memory_equal(rig_reply_of(w->r, slot) + 8, slot % 3u == 0 ? "now!" : "late", 4);
	assert_true(rig_is_untouched(rig_reply_of(w->r, slot) + 12, SLOT_BYTES - REPLY - 12u));
	return true;
}

static bool reap_event(struct world *w)
{
	struct rig_queue *q = &w->r->queue[EVENTQ];
	uint32_t id;

	if (ring_load16_acquire(&q->at.used->idx) == q->reaped)
		return false;
	id = ring_load32(&q->at.used->ring[q->reaped % ENTRIES].id);
	rig_expect_used(w->r, EVENTQ, id, 8);
	rig_event(w->r, id, 40);
	kick(w, EVENTQ);
	return true;
}

static void live(struct world *w)
{
	struct hang hang = hang_watch();
	unsigned back = 0;

	rig_clean(w->r);
	w->away = 0;
	rig_event(w->r, 0, 40);
	rig_event(w->r, 1, 40);
	assert_int_equal(rig_attach(w->r, V1 | P2A, NULL), SCMI_OK);
	while (back < ROUNDS) {
		post_all(w);
		while (reap_command(w))
			back++;
		while (reap_event(w))
			;
		nap();
		assert_false(hangs(&hang));
	}
	scmi_virtio_device_detach(w->r->device, NULL);
	memset(w->r->guest, UNTOUCHED, sizeof(w->r->guest));
	for (unsigned i = 0; i < 20; i++)
		nap();
	assert_true(rig_is_untouched(w->r->guest, sizeof(w->r->guest)));
}

static void device_serves_drivers_that_come_and_go(void **state)
{
	static const struct scmi_virtio_host host = {.call = call, .work = ring_server};
	void *(*const runs[])(void *arg) = {serve_all, answer_all, send_all, send_all};
	struct world *w = &world;
	pthread_t threads[4];
	struct scmi_request *req;

	(void)state;
	*w = (struct world){.r = &rig, .lock = PTHREAD_MUTEX_INITIALIZER};
	make(w->r);
	free(w->r->memory);
	w->r->config.host = &host;
	rig_init(w->r);
	assert_int_equal(w->r->endpoint.ops->start(w->r->endpoint.ctx, &sink, w), SCMI_OK);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, runs[i], w), 0);
	for (unsigned i = 0; i < LIVES; i++)
		live(w);
	atomic_store(&w->over, true);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	rig_stop(w->r);
	while ((req = pop(w)) != NULL)
		w->r->endpoint.ops->reply(w->r->endpoint.ctx, req, 8);
	assert_true(atomic_load(&w->sent) > LIVES);
	assert_int_equal(rig_stats(w->r).open, 0);
	assert_int_equal(rig_stats(w->r).broken, 0);
	assert_int_equal(rig_stats(w->r).refused, 0);
	rig_end(w->r);
	scmi_posix_fini(&posix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_lets_go_when_nobody_is_inside),
		cmocka_unit_test(device_serves_drivers_that_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
