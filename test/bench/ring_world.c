/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "measure.h"
#include "ring_world.h"

#define LINE 64u
#define BASE UINT64_C(0x80000000)

struct ring_world *ring_world;

/* Bytes of the shared memory given out so far, whole lines. */
static size_t given;

static unsigned char *give(struct ring_world *w, size_t bytes)
{
	unsigned char *at = w->shared + given;

	given += (bytes + LINE - 1) / LINE * LINE;
	if (given > sizeof(w->shared))
		fail(SCMI_E_NOMEM, "ring");
	return at;
}

static uint64_t addr_of(const struct ring_world *w, const unsigned char *at)
{
	return BASE + (uint64_t)(at - w->shared);
}

/* Places the parts; with a hot slot, its buffers are in the lines of the indices. */
static void lay_out(struct ring_world *w, struct ring_parts *at)
{
	const struct ring_form *f = &w->form;
	const size_t lead = f->hot ? 60 : 0;

	given = 0;
	at->size = f->size;
	at->desc = (void *)give(w, sizeof(struct ring_desc) * f->size);
	w->request[0] = give(w, lead + RING_AVAIL_BYTES(f->size));
	at->avail = (void *)(w->request[0] + lead);
	(void)give(w, LINE); /* lines are fetched in pairs */
	w->reply[0] = give(w, lead + RING_USED_BYTES(f->size));
	at->used = (void *)(w->reply[0] + lead);
	(void)give(w, LINE);
	for (uint16_t i = f->hot ? 1 : 0; i < f->slots; i++)
		w->request[i] = give(w, LINE);
	for (uint16_t i = f->hot ? 1 : 0; i < f->slots; i++)
		w->reply[i] = give(w, LINE);
}

static void open_driver(struct ring_world *w, const struct ring_parts *at)
{
	const struct ring_form *f = &w->form;
	const size_t bytes = 2 * sizeof(struct ring_desc) * f->slots;
	unsigned char *tables = f->indirect ? give(w, bytes) : NULL;

	scmi__ring_driver_init(&w->driver, at, w->limit, f->slots, true, (void *)tables,
			       tables != NULL ? addr_of(w, tables) : 0, !f->flags);
	scmi__ring_driver_reset(&w->driver);
	for (uint16_t i = 0; i < f->slots; i++) {
		const struct ring_buffers b = {
			.out = addr_of(w, w->request[i]), .in = addr_of(w, w->reply[i]), .in_len = 60};

		scmi__ring_driver_slot(&w->driver, i, &b);
	}
}

void ring_world_open(const struct ring_form *form)
{
	struct ring_world *w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct ring_parts at;

	if (w == MAP_FAILED)
		fail(SCMI_E_NOMEM, "ring");
	memset(w, 0, sizeof(*w)); /* pages now, not while time is taken */
	w->form = *form;
	lay_out(w, &at);
	open_driver(w, &at);
	w->map = (struct ring_map){.addr = BASE, .len = sizeof(w->shared), .mem = w->shared};
	w->maps = (struct ring_maps){.map = &w->map, .n = 1};
	if (scmi__ring_device_memory(form->size, true) > sizeof(w->known))
		fail(SCMI_E_NOMEM, "ring");
	scmi__ring_device_init(&w->device, &at, &w->maps, w->known, true, 0, 0, !form->flags, form->indirect);
	scmi__ring_device_disarm(&w->device);
	ring_world = w;
}

void ring_world_close(void)
{
	(void)munmap(ring_world, sizeof(*ring_world));
	ring_world = NULL;
}

/* ---- the driver ---- */

static void publish(struct ring_world *w)
{
	ring_driver_publish(&w->driver);
	w->kicks += ring_driver_must_kick(&w->driver);
}

static void guess_back(const struct ring_world *w)
{
	if (w->form.guess)
		__builtin_prefetch(w->reply[ring_driver_guess(&w->driver)]);
}

static uint16_t next_slot(struct ring_world *w)
{
	if (w->form.hot)
		return 0;
	w->next = (uint16_t)(w->next + 1u == w->form.slots ? 0 : w->next + 1u);
	return w->next;
}

long ring_round_step(void *arg, long n)
{
	struct ring_world *w = ring_world;

	(void)arg;
	for (long i = 0; i < n; i++) {
		ring_send(w, next_slot(w));
		publish(w);
		while (ring_reap(w) < 0)
			guess_back(w);
	}
	return n;
}

/* As many as are wanted in flight, the first time. */
static void fill(struct ring_world *w)
{
	while (ring_driver_away(&w->driver) < w->form.depth)
		ring_send(w, (uint16_t)ring_driver_away(&w->driver));
	publish(w);
}

long ring_flow_step(void *arg, long n)
{
	struct ring_world *w = ring_world;
	uint32_t pending = 0;
	long did = 0;

	(void)arg;
	if (w->driver.avail == 0 && ring_driver_away(&w->driver) == 0)
		fill(w);
	while (did < n) {
		const int slot = ring_reap(w);

		if (slot >= 0) {
			ring_send(w, (uint16_t)slot);
			pending++;
			did++;
		} else {
			guess_back(w);
		}
		if (pending >= w->form.batch || (pending > 0 && slot < 0)) {
			publish(w);
			pending = 0;
		}
	}
	publish(w);
	return did;
}

/* ---- the device ---- */

static void publish_back(struct ring_world *w)
{
	ring_device_publish(&w->device);
	if (scmi__ring_device_must_call(&w->device))
		atomic_store_explicit(&w->calls, atomic_load_explicit(&w->calls, memory_order_relaxed) + 1,
				      memory_order_relaxed);
}

long ring_serve_step(void *arg, long n)
{
	struct ring_world *w = ring_world;
	uint32_t pending = 0;
	long did = 0;

	(void)arg;
	for (long i = 0; i < n; i++) {
		const bool served = ring_serve(w);

		pending += served;
		did += served;
		if (!served && w->form.guess)
			ring_device_guess(&w->device);
		if (pending >= w->form.batch || (pending > 0 && !served)) {
			publish_back(w);
			pending = 0;
		}
	}
	if (pending > 0)
		publish_back(w);
	return did;
}

/* ---- one thread ---- */

long ring_alone_step(long n)
{
	struct ring_world *w = ring_world;

	if (w->driver.avail == 0)
		fill(w);
	for (long i = 0; i < n; i++) {
		int slot;

		(void)ring_serve(w);
		publish_back(w);
		slot = ring_reap(w);
		if (slot < 0)
			fail(SCMI_E_IO, "a ring that lost a message");
		ring_send(w, (uint16_t)slot);
		publish(w);
	}
	return n;
}
