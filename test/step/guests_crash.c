/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A back end that ends between two of its steps, anywhere: what stands in memory then is copied, and a second device
 * goes on with the copy, by its journal. A command that the first has run is not run again, and each comes back, once.
 */
#include "guests.h"
#include "internal.h"

#include <string.h>

#define LAST        12u /* where things stand in a journal */
#define USED        14u
#define NEXT        6u
#define ENTRY(head) (16u + 16u * (head))

struct guest_copy {
	struct guest_rings rings;
	struct guest_data data;
	_Alignas(8) unsigned char journal[128];
	uint32_t seen;

	struct scmi_virtio_device *device;
	struct scmi_endpoint endpoint;
	struct scmi_virtio_host host;
	struct scmi_port port;
};

/* --- the second device: alone in its world --- */

static void nothing(void *ctx)
{
	(void)ctx;
}

static void no_call(void *ctx, uint32_t queue)
{
	(void)ctx;
	(void)queue;
}

static uint32_t run_again(void *channel, struct scmi_request *req)
{
	struct guest_copy *copy = channel;
	const uint32_t number = *(const uint32_t *)req->params;
	uint32_t *reply = req->reply;

	if ((copy->seen >> number & 1u) != 0)
		step_fail("after the end: command %u runs again", number);
	copy->seen |= 1u << number;
	reply[0] = 0;
	reply[1] = number | GUEST_ANSWER;
	return 8;
}

static const struct scmi_platform_sink platform = {
	.version = SCMI_PLATFORM_SINK_V1, .request = run_again, .ready = nothing, .reset = nothing};

void guests_make_copy(void)
{
	struct guest_copy *copy = step_alloc(sizeof(*copy));

	guests->copy = copy;
	copy->port = guests->port;
	copy->port.lock = copy->port.unlock = nothing;
	copy->host = (struct scmi_virtio_host){.call = no_call, .work = nothing};
	guests_make_device(&copy->device, &copy->endpoint, &copy->port, &copy->host);
	if (guests->journal_bytes > sizeof(copy->journal) ||
	    copy->endpoint.ops->start(copy->endpoint.ctx, &platform, copy) != SCMI_OK)
		step_fail("no second device");
}

/* --- the end --- */

static uint32_t sum_of(const void *p, size_t n, uint32_t sum)
{
	const unsigned char *bytes = p;

	while (n-- > 0)
		sum = sum * 31u + *bytes++;
	return sum;
}

static uint32_t sum_up(void)
{
	uint32_t sum = sum_of(guests->rings, sizeof(*guests->rings), guests->seen);

	sum = sum_of(guests->data[0], sizeof(struct guest_data), sum);
	return sum_of(guests->journal, guests->journal_bytes, sum);
}

struct word {
	const void *at;
	unsigned size;
};

/* All that the devices write and read of each other. size 0: no more. */
static struct word word(unsigned i)
{
	const unsigned char *journal = guests->journal;
	const struct word all[] = {
		{guests->rings->used[SCMI_VIRTIO_CMDQ] + 2, 2},
		{journal + LAST, 2},
		{journal + USED, 2},
		{journal + ENTRY(0), 1},
		{journal + ENTRY(0) + NEXT, 2},
		{journal + ENTRY(2), 1},
		{journal + ENTRY(2) + NEXT, 2},
	};

	return i < sizeof(all) / sizeof(all[0]) ? all[i] : (struct word){NULL, 0};
}

/* Reads it, which makes each write of another a place to end at. Whether that is what stands there. */
static bool is_newest(struct word w)
{
	const uint64_t read = step_load(w.at, w.size, __ATOMIC_SEQ_CST, NULL);

	return read == (w.size == 1 ? *(const uint8_t *)w.at : *(const uint16_t *)w.at);
}

/* Nothing has changed since the first look: what is there is what was looked at. */
static bool look_at_once(void)
{
	uint32_t sum;
	bool newest = true;

	step_look(&guests->seen);
	sum = sum_up();
	for (unsigned i = 0; word(i).size != 0; i++)
		newest = is_newest(word(i)) && newest;
	return newest && sum == sum_up();
}

static void take_copy(struct guest_copy *copy)
{
	memcpy(&copy->rings, guests->rings, sizeof(copy->rings));
	memcpy(&copy->data, guests->data[0], sizeof(copy->data));
	memcpy(copy->journal, guests->journal, guests->journal_bytes);
	copy->seen = guests->seen;
}

static void check_returned(const struct guest_copy *copy)
{
	const struct ring_used *used = (const struct ring_used *)(const void *)copy->rings.used[SCMI_VIRTIO_CMDQ];
	uint32_t back = 0;

	if (ring_load16((_Atomic uint16_t *)(uintptr_t)&used->idx) != guests->sent)
		step_fail("after the end: of %u commands %u are back", guests->sent,
			  ring_load16((_Atomic uint16_t *)(uintptr_t)&used->idx));
	for (uint32_t i = 0; i < guests->sent; i++)
		back |= 1u << ring_load32((_Atomic uint32_t *)(uintptr_t)&used->ring[i].id);
	if (back != 5u) /* heads 0 and 2 */
		step_fail("after the end: heads %#x are back", back);
}

void guests_crash(void)
{
	struct guest_copy *copy = guests->copy;
	uint16_t first[SCMI_VIRTIO_QUEUES] = {0};

	if (!look_at_once())
		return;
	take_copy(copy);
	step_note("the back end ends here");
	if (scmi_virtio_device_journal(copy->device, copy->journal, guests->journal_bytes) != SCMI_OK)
		step_fail("after the end: the journal is refused");
	guests_attach(copy->device, &copy->rings, &copy->data, first);
	while (scmi_virtio_device_serve(copy->device, 4) > 0)
		;
	check_returned(copy);
}
