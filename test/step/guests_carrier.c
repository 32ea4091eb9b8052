/* SPDX-License-Identifier: BSD-3-Clause */
/* The carrier of the guests' device: whom it belongs to, where its memory lies, what it stands on. */
#include "guests.h"

#include <string.h>

/* --- the guest's memory --- */

/* Nobody but the guest touches it from now on. */
static void take(unsigned region, void *mem, size_t bytes)
{
	step_own(guests->region[region], STEP_USER);
	step_take_away(mem, (unsigned)bytes);
}

static void take_memory(void)
{
	guests_lock_away();
	step_point(&guests->away);
	guests->away = true;
	take(REGION_RINGS, guests->rings, sizeof(*guests->rings));
	take(REGION_DATA + guests->place, guests_data(), sizeof(struct guest_data));
	step_note("the guest's memory is away");
	guests_unlock();
}

static void return_memory(bool fresh)
{
	guests_lock_away();
	step_point(&guests->away);
	guests->away = false;
	step_own(guests->region[REGION_RINGS], STEP_LIBRARY);
	step_own(guests->region[REGION_DATA + guests->place], STEP_LIBRARY);
	if (fresh) {
		guests->before = guests->sent;
		guests->drivers++;
		memset(guests->rings->avail, 0, sizeof(guests->rings->avail));
		memset(guests->rings->used, 0, sizeof(guests->rings->used));
		guests_init_commands();
		guests_init_events();
	}
	guests_unlock();
}

/* --- the carrier --- */

static uint64_t place_of(const void *p)
{
	return GUEST_RINGS + (uint64_t)((uintptr_t)p - (uintptr_t)guests->rings);
}

static void make_setup(struct scmi_virtio_setup *setup)
{
	struct guest_rings *m = guests->rings;

	*setup = (struct scmi_virtio_setup){.features = guests->features};
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++)
		setup->queue[queue] = (struct scmi_virtio_queue){.size = GUEST_ENTRIES,
								 .desc = place_of(m->desc[queue]),
								 .avail = place_of(m->avail[queue]),
								 .used = place_of(m->used[queue])};
	if (guests->deaf)
		setup->queue[SCMI_VIRTIO_EVENTQ].size = 0;
}

static void make_maps(struct scmi_virtio_map maps[2], struct guest_rings *at, struct guest_data *at_data)
{
	maps[0] = (struct scmi_virtio_map){GUEST_RINGS, sizeof(*at), at};
	maps[1] = (struct scmi_virtio_map){GUEST_DATA, sizeof(*at_data), at_data};
}

/* cuts: what has been sent until it is done may be given back. */
static void begin(bool cuts)
{
	step_point(&guests->moves);
	guests->moves++;
	guests->cuts = cuts;
}

static void end_cut(void)
{
	guests->cut_off = guests->sent;
	guests->cuts = false;
}

void guests_attach(struct scmi_virtio_device *device, struct guest_rings *at, struct guest_data *at_data,
		   const uint16_t *first)
{
	struct scmi_virtio_setup setup;
	struct scmi_virtio_map maps[2];

	make_setup(&setup);
	make_maps(maps, at, at_data);
	if (scmi_virtio_device_attach(device, &setup, maps, 2, first, NULL) != SCMI_OK)
		step_fail("the device is not attached");
}

static void attach(const uint16_t *first)
{
	guests_attach(guests->device, guests->rings, guests_data(), first);
}

static uint16_t used_of(uint32_t queue)
{
	return *(const uint16_t *)(const void *)(guests->rings->used[queue] + 2);
}

void guests_pause(void)
{
	begin(true);
	scmi_virtio_device_detach(guests->device, guests->next);
	take_memory();
	end_cut();
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++)
		if (!(queue == SCMI_VIRTIO_EVENTQ && guests->deaf) && guests->next[queue] != used_of(queue))
			step_fail("paused: of queue %u %u were taken, %u are back", queue, guests->next[queue],
				  used_of(queue));
}

void guests_go_on(void)
{
	return_memory(false);
	attach(guests->next);
}

void guests_leave(void)
{
	begin(false);
	scmi_virtio_device_detach(guests->device, NULL);
	take_memory();
}

void guests_come(void)
{
	return_memory(true);
	attach(NULL);
}

void guests_renew_only(void)
{
	begin(false);
	scmi_virtio_device_renew(guests->device);
	guests->renewed++;
	take_memory();
}

/* As after another front end has come: it says 0 of each. */
void guests_renew(void)
{
	static const uint16_t zeros[SCMI_VIRTIO_QUEUES];

	guests_renew_only();
	return_memory(true);
	attach(zeros);
}

static void reset_queue(uint32_t queue, void (*init)(void))
{
	struct scmi_virtio_setup setup;

	begin(false);
	if (scmi_virtio_device_reset_queue(guests->device, queue) != SCMI_OK)
		step_fail("a queue is not reset");
	guests_lock_away();
	if (queue == SCMI_VIRTIO_CMDQ)
		guests->before = guests->sent;
	step_user_write(guests->rings->avail[queue], 64);
	step_user_write(guests->rings->used[queue], 64);
	memset(guests->rings->avail[queue], 0, 64);
	memset(guests->rings->used[queue], 0, 64);
	init();
	guests_unlock();
	make_setup(&setup);
	if (scmi_virtio_device_enable_queue(guests->device, queue, &setup.queue[queue]) != SCMI_OK)
		step_fail("a queue is not enabled");
}

void guests_reset_commands(void)
{
	reset_queue(SCMI_VIRTIO_CMDQ, guests_init_commands);
}

void guests_reset_events(void)
{
	reset_queue(SCMI_VIRTIO_EVENTQ, guests_init_events);
}

/* The guest stands still meanwhile. */
static void change(unsigned place)
{
	struct scmi_virtio_setup setup;
	struct scmi_virtio_map maps[2];

	make_setup(&setup);
	make_maps(maps, guests->rings, guests->data[place]);
	if (scmi_virtio_device_change(guests->device, &setup, maps, 2, guests->next, NULL) != SCMI_OK)
		step_fail("nothing is changed");
}

void guests_change_features(void)
{
	begin(true);
	guests->features ^= SCMI_VIRTIO_F_INDIRECT_DESC;
	guests_lock();
	change(guests->place);
	end_cut();
	guests_unlock();
}

/* What has not been taken yet is taken there, what is open comes back here. */
void guests_move(void)
{
	begin(true);
	guests_lock();
	for (unsigned slot = 0; slot < GUEST_SLOTS; slot++) {
		step_user_write(guests->data[1]->request[slot], 8);
		memcpy(guests->data[1]->request[slot], guests->data[0]->request[slot], 8);
	}
	step_own(guests->region[REGION_OTHER], STEP_LIBRARY);
	change(1);
	take(REGION_DATA, guests->data[0], sizeof(struct guest_data));
	guests->place = 1;
	end_cut();
	guests_unlock();
}

void guests_listen(bool listen)
{
	begin(false);
	guests->deaf = !listen;
	guests_lock();
	change(guests->place);
	guests_unlock();
}

/* The line of the last back end breaks; to the guest that is nothing. */
void guests_restart(void)
{
	uint16_t first[SCMI_VIRTIO_QUEUES];

	begin(true);
	scmi_virtio_device_detach(guests->device, NULL);
	(void)scmi_virtio_device_journal(guests->device, NULL, 0);
	take_memory();
	take(REGION_JOURNAL, guests->journal, guests->journal_bytes);
	scmi_virtio_device_renew(guests->device);
	guests->renewed++;
	end_cut();
	return_memory(false);
	step_own(guests->region[REGION_JOURNAL], STEP_LIBRARY);
	if (scmi_virtio_device_journal(guests->device, guests->journal, guests->journal_bytes) != SCMI_OK)
		step_fail("the journal is refused");
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++)
		first[queue] = used_of(queue);
	attach(first);
}
