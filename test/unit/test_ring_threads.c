/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Driver and device on a ring, in two threads that sleep whenever they find nothing: each message is numbered, arrives
 * once and whole, and no wake-up is lost. A lost one is a test that does not end.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "ring_rig.h"

#define MESSAGES 30000u

struct bell {
	pthread_mutex_t mutex;
	pthread_cond_t rung_now;
	bool rung;
	unsigned rings;
};

struct world {
	struct rig *r;
	struct bell to_device;
	struct bell to_driver;
	uint32_t number[RIG_SIZE_MAX]; /* of the message in this slot */
	uint16_t slots;
	atomic_uint faults;
};

static void ring(struct bell *b)
{
	pthread_mutex_lock(&b->mutex);
	b->rung = true;
	b->rings++;
	pthread_cond_signal(&b->rung_now);
	pthread_mutex_unlock(&b->mutex);
}

static void sleep_on(struct bell *b)
{
	pthread_mutex_lock(&b->mutex);
	while (!b->rung)
		pthread_cond_wait(&b->rung_now, &b->mutex);
	b->rung = false;
	pthread_mutex_unlock(&b->mutex);
}

/* Answers a message with its own bytes, the other way round. */
static void answer(struct rig *r, const struct ring_chain *c)
{
	for (uint32_t i = 0; i < c->out_len; i++)
		c->in[0].mem[i] = c->out[c->out_len - 1 - i];
	ring_device_put(&r->device, c->head, c->out_len);
}

static void *device_thread(void *arg)
{
	struct world *w = arg;
	struct rig *r = w->r;
	uint32_t served = 0;

	while (served < MESSAGES) {
		unsigned char out[64];
		struct ring_piece in;
		struct ring_chain c = {.out = out, .out_cap = 64, .in = &in, .in_cap = 1, .in_want = 64};
		const enum ring_take taken = scmi__ring_device_take(&r->device, &c);

		if (taken == RING_TAKEN) {
			answer(r, &c);
			/* Some are published alone, some together. */
			if (++served % 3 != 0 && served != MESSAGES && ring_device_news(&r->device))
				continue;
		} else if (taken != RING_NONE) {
			w->faults++;
			ring(&w->to_driver);
			return NULL;
		}
		ring_device_publish(&r->device);
		if (scmi__ring_device_must_call(&r->device))
			ring(&w->to_driver);
		scmi__ring_device_disarm(&r->device);
		if (taken == RING_NONE && !scmi__ring_device_arm(&r->device))
			sleep_on(&w->to_device);
	}
	return NULL;
}

/* Lengths from 4 to 64; the number is in both ends of the message. */
static uint32_t length_of(uint32_t number)
{
	return 8 + number * 7u % 57u;
}

static void post_some(struct world *w, uint32_t *sent)
{
	struct rig *r = w->r;

	for (uint16_t i = 0; i < w->slots && *sent < MESSAGES; i++) {
		const uint32_t len = length_of(*sent);

		if (ring_driver_has(&r->driver, i))
			continue;
		w->number[i] = *sent;
		memset(rig_buffer(r, 2u * i), 0x11, len);
		memcpy(rig_buffer(r, 2u * i) + len - 4, sent, 4);
		ring_driver_post(&r->driver, i, len, 64);
		ring_driver_publish(&r->driver);
		(*sent)++;
	}
	if (ring_driver_must_kick(&r->driver))
		ring(&w->to_device);
}

static void check_one(struct world *w, const struct ring_back *back)
{
	unsigned char expected[4];

	memcpy(expected, &w->number[back->slot], 4);
	for (int i = 0; i < 4; i++)
		w->faults += rig_buffer(w->r, 2u * back->slot + 1)[i] != expected[3 - i];
	w->faults += back->too_long || back->len != length_of(w->number[back->slot]);
}

static void drive(struct world *w)
{
	struct rig *r = w->r;
	uint32_t sent = 0;
	uint32_t got = 0;

	while (got < MESSAGES && w->faults == 0) {
		struct ring_back back;
		int taken;

		post_some(w, &sent);
		taken = scmi__ring_driver_reap(&r->driver, &back);
		assert_true(taken >= 0);
		if (taken == 1) {
			check_one(w, &back);
			got++;
		} else if (!scmi__ring_driver_arm(&r->driver)) {
			sleep_on(&w->to_driver);
			scmi__ring_driver_disarm(&r->driver);
		}
	}
}

static void run(uint32_t size, unsigned flags)
{
	static struct world w;
	pthread_t device;

	memset(&w, 0, sizeof(w));
	w.r = rig_new(size, flags | RIG_REMEMBER);
	w.slots = (uint16_t)(size / 2);
	pthread_mutex_init(&w.to_device.mutex, NULL);
	pthread_cond_init(&w.to_device.rung_now, NULL);
	pthread_mutex_init(&w.to_driver.mutex, NULL);
	pthread_cond_init(&w.to_driver.rung_now, NULL);
	rig_device(w.r, 0, 0); /* lays out an empty ring */
	rig_driver(w.r, w.slots);
	assert_int_equal(pthread_create(&device, NULL, device_thread, &w), 0);
	drive(&w);
	pthread_join(device, NULL);
	assert_int_equal(w.faults, 0);
	assert_int_equal(scmi__ring_driver_reap(&w.r->driver, &(struct ring_back){0}), 0);
	assert_true(w.to_device.rings > 0 && w.to_driver.rings > 0);
	rig_free(w.r);
}

static void no_message_and_no_wake_up_is_lost_with_flags(void **state)
{
	(void)state;
	run(2, 0);
	run(64, 0);
}

static void no_message_and_no_wake_up_is_lost_with_event_idx(void **state)
{
	(void)state;
	run(2, RIG_EVENT);
	run(64, RIG_EVENT);
}

static void no_message_and_no_wake_up_is_lost_with_indirect_tables(void **state)
{
	(void)state;
	run(16, RIG_EVENT | RIG_INDIRECT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_message_and_no_wake_up_is_lost_with_flags),
		cmocka_unit_test(no_message_and_no_wake_up_is_lost_with_event_idx),
		cmocka_unit_test(no_message_and_no_wake_up_is_lost_with_indirect_tables),
	};

	return cmocka_run_group_tests_name("ring_threads", tests, NULL, NULL);
}
