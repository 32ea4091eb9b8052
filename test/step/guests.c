/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest that drives its rings: its lock, its commands, what comes back; its memory at the start, and all at rest. */
#include "guests.h"

struct guest_world *guests;

/* --- the guest's lock --- */

static bool may_lock(const void *arg)
{
	(void)arg;
	return !guests->locked && !guests->away;
}

static bool may_lock_away(const void *arg)
{
	(void)arg;
	return !guests->locked;
}

static void take_lock(bool (*ready)(const void *))
{
	step_point(&guests->locked);
	step_block(ready, NULL);
	guests->locked = true;
	step_acquire(&guests->lock_clock);
}

/* A guest whose memory is away does not run. */
void guests_lock(void)
{
	take_lock(may_lock);
}

/* The carrier's, too: its memory may be away. */
void guests_lock_away(void)
{
	take_lock(may_lock_away);
}

void guests_unlock(void)
{
	step_point(&guests->locked);
	step_release(&guests->lock_clock);
	guests->locked = false;
}

/* --- the guest --- */

struct guest_data *guests_data(void)
{
	return guests->data[guests->place];
}

static bool post_locked(unsigned slot)
{
	const uint32_t number = ++guests->sent;
	uint32_t *request = guests_data()->request[slot];
	struct ring_driver *r = &guests->driver[SCMI_VIRTIO_CMDQ];

	if (guests->number[slot] != 0)
		step_fail("the scenario posts a slot that the device has");
	guests->number[slot] = number;
	step_note("the guest sends command %u in slot %u", number, slot);
	step_user_write(request, 8);
	request[0] = GUEST_MARK | number;
	request[1] = number;
	driver_post(r, (uint16_t)slot, 8, 12);
	driver_publish(r);
	return driver_must_kick(r);
}

void guests_post(unsigned slot)
{
	bool due;

	guests_lock();
	due = post_locked(slot);
	guests_unlock();
	if (due)
		rings_ring(&guests->to_device);
}

/* It is where it was written: before or after what the descriptors point to has moved. */
static const uint32_t *reply_of(unsigned slot)
{
	const uint32_t *here = guests_data()->reply[slot];
	const uint32_t *before = guests->data[0]->reply[slot];

	return here[0] != (GUEST_MARK | guests->number[slot]) && before[0] == (GUEST_MARK | guests->number[slot])
		       ? before
		       : here;
}

static void check_reply(unsigned slot, uint32_t len)
{
	const uint32_t number = guests->number[slot];
	const uint32_t *reply = reply_of(slot);
	const uint32_t bit = 1u << number;

	if (number == 0)
		step_fail("slot %u comes back, which the device does not have", slot);
	if (len != 8 && len != 12)
		step_fail("command %u comes back with %u bytes", number, len);
	step_user_read(reply, len);
	if (reply[0] != (GUEST_MARK | number))
		step_fail("what comes back is not the header of command %u", number);
	if (len == 12 && reply[1] == 0 && reply[2] == (number | GUEST_ANSWER) && (guests->replied & bit) != 0) {
		guests->answered |= bit;
	} else if (len == 8 && (int32_t)reply[1] == SCMI_GENERIC_ERROR && (guests->cuts || number <= guests->cut_off)) {
		guests->given_back |= bit;
		if ((guests->sure & bit) != 0)
			step_fail("the answer to command %u is lost", number);
	} else {
		step_fail("what comes back is not the answer to command %u", number);
	}
	step_note("command %u is back", number);
	guests->number[slot] = 0;
}

static void check_event(unsigned slot, uint32_t len)
{
	const uint32_t *words = guests_data()->event[slot];
	uint32_t number;

	if (len != 8)
		step_fail("an event of %u bytes", len);
	step_user_read(words, 8);
	number = words[1];
	if (words[0] != GUEST_MARK || number == 0 || number > guests->events || (guests->heard >> number & 1u) != 0)
		step_fail("event %u comes, or for the second time", number);
	if (number == guests->promise && guests->promised != guests->drivers)
		step_fail("event %u comes to driver %u, and was promised to driver %u", number, guests->drivers,
			  guests->promised);
	guests->heard |= 1u << number;
	step_note("event %u is heard", number);
}

static bool reap_locked(uint32_t queue)
{
	struct ring_back back = {0};
	const int n = driver_reap(&guests->driver[queue], &back);

	if (n < 0)
		step_fail("the guest finds its ring broken");
	if (n == 0)
		return false;
	if (queue == SCMI_VIRTIO_CMDQ)
		check_reply(back.slot, back.len);
	else
		check_event(back.slot, back.len);
	return true;
}

static bool look_locked(void)
{
	while (reap_locked(SCMI_VIRTIO_CMDQ))
		;
	return driver_arm(&guests->driver[SCMI_VIRTIO_CMDQ]);
}

void guests_await(unsigned slot)
{
	for (;;) {
		bool news;
		bool back;

		guests_lock();
		news = look_locked();
		back = guests->number[slot] == 0;
		guests_unlock();
		if (back)
			return;
		if (!news)
			rings_sleep(&guests->to_guest);
	}
}

/* --- the guest's memory --- */

static struct ring_parts parts_of(uint32_t queue)
{
	struct guest_rings *m = guests->rings;

	return (struct ring_parts){.desc = m->desc[queue],
				   .avail = (struct ring_avail *)(void *)m->avail[queue],
				   .used = (struct ring_used *)(void *)m->used[queue],
				   .size = GUEST_ENTRIES};
}

void guests_init_commands(void)
{
	const struct ring_parts at = parts_of(SCMI_VIRTIO_CMDQ);
	struct ring_driver *r = &guests->driver[SCMI_VIRTIO_CMDQ];

	driver_init(r, &at, guests->limit[SCMI_VIRTIO_CMDQ], GUEST_SLOTS, true, NULL, 0, true);
	for (unsigned i = 0; i < GUEST_SLOTS; i++) {
		const struct ring_buffers b = {.out = GUEST_DATA + offsetof(struct guest_data, request[0]) + 8u * i,
					       .in = GUEST_DATA + offsetof(struct guest_data, reply[0]) + 16u * i,
					       .in_len = 12};

		driver_slot(r, (uint16_t)i, &b);
		guests->number[i] = 0;
	}
}

void guests_init_events(void)
{
	const struct ring_parts at = parts_of(SCMI_VIRTIO_EVENTQ);
	struct ring_driver *r = &guests->driver[SCMI_VIRTIO_EVENTQ];

	driver_init(r, &at, guests->limit[SCMI_VIRTIO_EVENTQ], GUEST_ENTRIES, false, NULL, 0, true);
	for (unsigned i = 0; i < GUEST_ENTRIES; i++) {
		const struct ring_buffers b = {.in = GUEST_DATA + offsetof(struct guest_data, event[0]) + 8u * i,
					       .in_len = 8};

		driver_slot(r, (uint16_t)i, &b);
	}
	for (unsigned i = 0; i < guests->config.events; i++)
		driver_post(r, (uint16_t)i, 0, 8);
	driver_publish(r);
	(void)driver_must_kick(r);
	step_point(&guests->lives);
	guests->lives++;
	guests->heard = 0;
}

/* --- before and after --- */

static void make_memory(void)
{
	guests->rings = step_alloc(sizeof(*guests->rings));
	guests->data[0] = step_alloc(sizeof(struct guest_data));
	guests->data[1] = step_alloc(sizeof(struct guest_data));
	guests->journal_bytes = scmi_virtio_journal_size(GUEST_ENTRIES);
	guests->journal = step_alloc(guests->journal_bytes);
	guests->region[REGION_RINGS] = step_region("the guest's rings", guests->rings, sizeof(*guests->rings));
	for (unsigned i = 0; i < 2; i++)
		guests->region[REGION_DATA + i] =
			step_region("the guest's memory", guests->data[i], sizeof(struct guest_data));
	guests->region[REGION_JOURNAL] = step_region("the journal", guests->journal, guests->journal_bytes);
	step_own(guests->region[REGION_RINGS], STEP_LIBRARY);
	step_own(guests->region[REGION_DATA], STEP_LIBRARY);
	step_own(guests->region[REGION_JOURNAL], STEP_LIBRARY);
}

void guests_start(const struct guest_config *config)
{
	guests = step_alloc(sizeof(*guests));
	guests->config = *config;
	guests->deaf = config->deaf || config->events == 0;
	guests->features = SCMI_VIRTIO_OFFER_DEFAULT;
	if (config->events == 0)
		guests->features &= ~SCMI_VIRTIO_F_P2A_CHANNELS;
	make_memory();
	guests_init_commands();
	guests_init_events();
	guests->drivers = 1;
	guests_make_port();
	guests_make_device(&guests->device, &guests->endpoint, &guests->port, &guests->host);
	if (config->crash)
		guests_make_copy();
	if (config->journal)
		(void)scmi_virtio_device_journal(guests->device, guests->journal, guests->journal_bytes);
	guests->stopped = true;
	if (!config->stopped)
		guests_platform_start();
	guests_attach(guests->device, guests->rings, guests_data(), NULL);
	for (unsigned i = 0; i < config->taken; i++) {
		guests_post(i);
		(void)scmi_virtio_device_serve(guests->device, 1);
	}
	for (unsigned i = config->taken; i < config->sent; i++)
		guests_post(i);
	if (config->armed)
		(void)driver_arm(&guests->driver[SCMI_VIRTIO_CMDQ]);
}

static void check_commands(void)
{
	for (uint32_t number = guests->before + 1; number <= guests->sent; number++) {
		const uint32_t bit = 1u << number;

		if (((guests->answered | guests->given_back) & bit) == 0 &&
		    (!guests->away || (guests->seen & bit) != 0))
			step_fail("at rest: command %u is not back", number);
		if (((guests->answered | guests->given_back) & bit) != 0 && (guests->seen & bit) == 0)
			step_fail("at rest: command %u is back, and has not been run", number);
	}
}

void guests_check(void)
{
	const bool away = guests->away;

	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		if (away)
			step_own(guests->region[REGION_RINGS], STEP_LIBRARY);
		while (reap_locked(queue))
			;
	}
	check_commands();
	for (uint32_t number = 1; number <= guests->events; number++)
		if (guests->event_life[number] == guests->lives && (guests->heard >> number & 1u) == 0)
			step_fail("at rest: event %u was sent, and has not come", number);
}
