/* SPDX-License-Identifier: BSD-3-Clause */
#include "rings.h"

#define BASE  UINT64_C(0x40000) /* where the device finds the shared memory */
#define EVENT 0x10000u
#define REPLY 0xa5a50000u /* what the device makes of a request */

struct ring_world *rings;

/* Lengths change from message to message, so that what a descriptor says must be that of now. */
static uint32_t request_bytes(uint32_t number)
{
	return 4u + 4u * (number & 1u);
}

static uint32_t reply_bytes(uint32_t number)
{
	return 4u + 4u * (number >> 1 & 1u);
}

/* --- bells, locks, words --- */

void rings_ring(struct bell *b)
{
	step_point(b);
	step_note("rings");
	step_release(&b->clock);
	b->rung = true;
	b->rings++;
}

static bool has_rung(const void *bell)
{
	return ((const struct bell *)bell)->rung;
}

void rings_hear(struct bell *b)
{
	step_note("sleeps");
	step_block(has_rung, b);
	step_point(b);
	step_acquire(&b->clock);
}

void rings_sleep(struct bell *b)
{
	rings_hear(b);
	b->rung = false;
}

void rings_hush(struct bell *b)
{
	step_point(b);
	step_acquire(&b->clock);
	b->rung = false;
}

static bool unlocked(const void *arg)
{
	(void)arg;
	return !rings->locked;
}

static void lock(void)
{
	step_point(&rings->locked);
	step_block(unlocked, NULL);
	rings->locked = true;
	step_acquire(&rings->lock_clock);
}

static void unlock(void)
{
	step_point(&rings->locked);
	step_release(&rings->lock_clock);
	rings->locked = false;
}

void rings_tell(unsigned flag)
{
	step_point(&rings->flag[flag]);
	step_release(&rings->clock);
	rings->flag[flag] = true;
}

static bool told(const void *flag)
{
	return *(const bool *)flag;
}

void rings_await_told(unsigned flag)
{
	step_block(told, &rings->flag[flag]);
	step_point(&rings->flag[flag]);
	step_acquire(&rings->clock);
}

/* --- the driver --- */

static bool one_is_free(const void *arg)
{
	(void)arg;
	return rings->free != 0 && !rings->locked;
}

/* A slot that nobody uses, for a new message. */
static unsigned take_slot(void)
{
	unsigned slot = 0;

	lock();
	while (rings->free == 0) {
		unlock();
		step_block(one_is_free, NULL);
		lock();
	}
	while ((rings->free >> slot & 1u) == 0)
		slot++;
	rings->free &= ~(1u << slot);
	rings->number[slot] = ++rings->sent;
	unlock();
	return slot;
}

void rings_post(unsigned n)
{
	for (; n > 0; n--) {
		const unsigned slot = take_slot();
		const uint32_t number = rings->number[slot];
		uint32_t *request = rings->shared->request[slot];

		if (!rings->config.single) {
			step_user_write(request, request_bytes(number));
			request[0] = number;
			if (request_bytes(number) > 4)
				request[1] = ~number;
		}
		lock();
		step_note("posts %u in slot %u", number, slot);
		if (driver_has(&rings->driver, (uint16_t)slot))
			step_fail("the device has slot %u already", slot);
		driver_post(&rings->driver, (uint16_t)slot, request_bytes(number), 8);
		unlock();
	}
}

void rings_publish(void)
{
	lock();
	driver_publish(&rings->driver);
	unlock();
}

void rings_kick(void)
{
	bool due;

	lock();
	due = driver_must_kick(&rings->driver);
	unlock();
	if (due)
		rings_ring(&rings->kick);
}

void rings_send(unsigned n)
{
	bool due;

	rings_post(n);
	lock();
	driver_publish(&rings->driver);
	due = driver_must_kick(&rings->driver);
	unlock();
	if (due)
		rings_ring(&rings->kick);
}

static void check_reply(const struct ring_back *back, uint32_t number)
{
	const uint32_t *reply = rings->shared->reply[back->slot];

	if (back->len != reply_bytes(number))
		step_fail("%u bytes came back for message %u", back->len, number);
	step_user_read(reply, back->len);
	if (reply[0] != (number | REPLY) || (back->len > 4 && reply[1] != ~number))
		step_fail("what came back is not the reply to message %u", number);
}

static void check_event(const struct ring_back *back)
{
	const uint32_t *event = rings->shared->reply[back->slot];
	uint32_t number;

	if (back->len != 4)
		step_fail("%u bytes came back for an event", back->len);
	step_user_read(event, 4);
	number = event[0] - EVENT;
	if (number == 0 || number > 31 || (rings->heard >> number & 1u) != 0)
		step_fail("what came back is no event, or one for the second time: %#x", event[0]);
	rings->heard |= 1u << number;
}

bool rings_reap(void)
{
	struct ring_back back = {0};
	int n;

	lock();
	n = driver_reap(&rings->driver, &back);
	if (n < 0 || (n > 0 && (back.slot >= rings->slots || back.too_long || (rings->free >> back.slot & 1u))))
		step_fail("the driver finds the ring broken, or gets what it has not sent");
	if (n > 0 && driver_has(&rings->driver, back.slot))
		step_fail("a slot that came back is still the device's");
	unlock();
	if (n == 0)
		return false;
	step_note("reaps slot %u", back.slot);
	if (!rings->config.single)
		check_reply(&back, rings->number[back.slot]);
	lock();
	if (rings->config.single)
		check_event(&back);
	rings->free |= 1u << back.slot;
	rings->reaped++;
	unlock();
	return true;
}

bool rings_driver_arm(void)
{
	bool news;

	lock();
	rings->call.asked++;
	news = driver_arm(&rings->driver);
	unlock();
	return news;
}

void rings_driver_disarm(void)
{
	lock();
	driver_disarm(&rings->driver);
	unlock();
}

void rings_await(unsigned n)
{
	while (n > 0) {
		if (rings_reap())
			n--;
		else if (!rings_driver_arm())
			rings_sleep(&rings->call);
	}
}

void rings_poll(unsigned n)
{
	while (n > 0) {
		bool news;

		lock();
		news = driver_news(&rings->driver);
		unlock();
		if (news && rings_reap())
			n--;
		else
			step_relax();
	}
}

/* --- the device --- */

/* The slot that a head belongs to. */
static unsigned slot_of(uint16_t head)
{
	return rings->config.single || rings->config.indirect ? head : head / 2u;
}

static void check_request(const struct ring_held *h)
{
	const uint32_t number = h->out[0];

	if (h->chain.out_len != request_bytes(number))
		step_fail("message %u has %u bytes", number, h->chain.out_len);
	if (number == 0 || (h->chain.out_len > 4 && h->out[1] != ~number))
		step_fail("what was taken is not message %u", number);
}

bool rings_take(struct ring_held *h)
{
	const unsigned char *reply;
	enum ring_take what;

	*h = (struct ring_held){
		.chain = {.out = (unsigned char *)h->out, .out_cap = 8, .in = h->in, .in_cap = 2, .in_want = 8}};
	what = device_take(&rings->device, &h->chain);
	if (what == RING_NONE)
		return false;
	if (what != RING_TAKEN)
		step_fail("the device finds the ring broken, or the chain");
	step_note("takes head %u", h->chain.head);
	if (slot_of(h->chain.head) >= rings->slots)
		step_fail("the device takes what was not sent");
	reply = (const unsigned char *)rings->shared->reply[slot_of(h->chain.head)];
	if (h->chain.in_n != 1 || h->in[0].mem != reply || h->in[0].len != 8)
		step_fail("the room for the reply is not the slot's");
	if (!rings->config.single)
		check_request(h);
	rings->taken++;
	return true;
}

void rings_untake(const struct ring_held *h)
{
	step_note("puts back head %u", h->chain.head);
	device_untake(&rings->device, h->chain.head);
	rings->taken--;
}

/* Makes the answer in the driver's memory. Returns its length. */
static uint32_t write_answer(const struct ring_held *h)
{
	uint32_t *at = (uint32_t *)(void *)h->in[0].mem;
	const uint32_t number = h->out[0];
	const uint32_t bytes = rings->config.single ? 4 : reply_bytes(number);

	step_user_write(at, bytes);
	at[0] = rings->config.single ? EVENT + ++rings->events : number | REPLY;
	if (bytes > 4)
		at[1] = ~number;
	step_note("returns head %u with %#x", h->chain.head, at[0]);
	return bytes;
}

void rings_put(const struct ring_held *h)
{
	device_put(&rings->device, h->chain.head, write_answer(h));
}

void rings_return(const struct ring_held *h)
{
	device_return(&rings->device, h->chain.head, write_answer(h));
}

void rings_call(void)
{
	if (device_must_call(&rings->device))
		rings_ring(&rings->call);
}

bool rings_device_arm(void)
{
	rings->kick.asked++;
	return device_arm(&rings->device);
}

void rings_serve(void)
{
	for (;;) {
		struct ring_held h;

		if (rings_take(&h)) {
			rings_return(&h);
			rings_call();
		} else if (!rings_device_arm()) {
			rings_sleep(&rings->kick);
		}
	}
}

/* --- before and after --- */

static uint64_t address_of(const void *p)
{
	return BASE + (uint64_t)((uintptr_t)p - (uintptr_t)rings->shared);
}

void rings_reset(void)
{
	const struct ring_world_config *c = &rings->config;
	struct ring_memory *m = rings->shared;
	const struct ring_parts at = {.desc = m->desc,
				      .avail = (struct ring_avail *)(void *)m->avail,
				      .used = (struct ring_used *)(void *)m->used,
				      .size = c->size};
	const struct ring_maps maps = {.map = &rings->map, .n = 1};

	driver_init(&rings->driver, &at, rings->limit, (uint16_t)rings->slots, !c->single,
		    c->indirect ? m->table : NULL, address_of(m->table), !c->flags);
	for (unsigned i = 0; i < rings->slots; i++) {
		const struct ring_buffers b = {
			.out = address_of(m->request[i]), .in = address_of(m->reply[i]), .in_len = 8};

		driver_slot(&rings->driver, (uint16_t)i, &b);
	}
	device_init(&rings->device, &at, &maps, rings->device_memory, c->remember, 0, 0, !c->flags, c->indirect);
}

/* The indices go on by so much, by messages or events. */
static void go_round(unsigned n)
{
	while (n-- > 0) {
		struct ring_held h;

		rings_post(1);
		rings_publish();
		driver_must_kick(&rings->driver);
		if (!rings_take(&h))
			step_fail("nothing to take");
		rings_return(&h);
		device_must_call(&rings->device);
		if (!rings_reap())
			step_fail("nothing to reap");
		rings->heard = rings->events = 0;
	}
	rings->sent = rings->reaped = rings->taken = 0;
}

void rings_start(const struct ring_world_config *config)
{
	rings = step_alloc(sizeof(*rings));
	rings->config = *config;
	if (config->size == 0)
		rings->config.size = 4;
	rings->slots = rings->config.single || config->indirect ? rings->config.size : rings->config.size / 2;
	rings->free = (1u << rings->slots) - 1u;
	rings->shared = step_alloc(sizeof(*rings->shared));
	rings->map =
		(struct ring_map){.addr = BASE, .len = sizeof(*rings->shared), .mem = (unsigned char *)rings->shared};
	rings->device_memory = step_alloc(scmi__ring_device_memory(rings->config.size, config->remember));
	rings_reset();
	if (config->wraps)
		go_round(0xfffe);
}

/* Signals cost: with EVENT_IDX one each time that one was asked for, and one more after init and when indices wrap. */
static void check_bell(const char *what, const struct bell *b)
{
	if (!rings->config.flags && b->rings > b->asked + 1u + rings->config.wraps)
		step_fail("at rest: %u %s, which were asked for %u times", b->rings, what, b->asked);
}

void rings_check(void)
{
	const unsigned away = rings->config.single ? rings->sent - rings->events : 0;

	if (rings->sent != rings->reaped + away)
		step_fail("at rest: %u of %u have come back", rings->reaped, rings->sent);
	if (driver_away(&rings->driver) != away)
		step_fail("at rest: the device has %u buffers, should have %u", driver_away(&rings->driver), away);
	check_bell("kicks", &rings->kick);
	check_bell("calls", &rings->call);
}

void rings_check_uncalled(void)
{
	rings_check();
	if (rings->call.rings != 0)
		step_fail("at rest: the driver was called, which it had not asked for");
}

void rings_check_quiet(void)
{
	rings_check_uncalled();
	if (rings->kick.rings != 0)
		step_fail("at rest: the device was kicked, which it had not asked for");
}
