/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a real Linux kernel put on the ring of a virtio-scmi device is put on ours, descriptor by descriptor, without a
 * line of our own driver: what comes back in the kernel's buffers is what was recorded, and nothing beside it. Split as
 * the kernel does it, one byte a descriptor, and by an indirect table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/message.h>
#include <scmi/transport/virtio_device.h>

#include "acme.h"
#include "fake_port.h"
#include "recording.h"

#define BASE      0x40000000u /* where the device finds the first byte of the memory */
#define ENTRIES   64u
#define EVENTS    16u
#define EVENT_CAP 136u
#define GUARD     0xa5

/* Where things lie in the memory. */
#define CMD_DESC   0x0000u
#define CMD_AVAIL  0x0800u
#define CMD_USED   0x0a00u
#define EVT_DESC   0x1000u
#define EVT_AVAIL  0x1400u
#define EVT_USED   0x1600u
#define TABLE      0x2000u
#define REQUEST    0x3000u
#define REPLY      0x4000u
#define EVENT_BUFS 0x5000u
#define MEMORY     0x6000u

#define SENSOR_TRIP_POINT_NOTIFY 4u

#define NEXT     1u
#define WRITE    2u
#define INDIRECT 4u

/* bytes: of one descriptor; apart: from the first byte of one to the first of the next. */
struct split {
	uint32_t out_bytes;
	uint32_t in_bytes;
	uint32_t in_apart;
	bool indirect;
};

struct ring {
	struct acme acme;
	struct fake_port fake;
	struct scmi_virtio_host host;
	struct scmi_virtio_device *device;
	struct scmi_endpoint endpoint;
	void *device_mem;
	unsigned char *mem; /* the kernel's */
	struct split split;
	uint16_t commands;
	uint16_t events;
	uint32_t calls[SCMI_VIRTIO_QUEUES];
};

static void on_call(void *ctx, uint32_t queue)
{
	struct ring *r = ctx;

	r->calls[queue]++;
}

static void on_work(void *ctx)
{
	(void)ctx; /* it is served after each command */
}

static void put_desc(unsigned char *at, uint32_t where, uint32_t len, uint32_t flags, uint32_t next)
{
	scmi_put_le64(at, BASE + where);
	scmi_put_le32(at + 8, len);
	scmi_put_le16(at + 12, (uint16_t)flags);
	scmi_put_le16(at + 14, (uint16_t)next);
}

static void publish(unsigned char *avail, uint16_t entries, uint16_t head, uint16_t *idx)
{
	scmi_put_le16(avail + 4u + 2u * (*idx % entries), head);
	scmi_put_le16(avail + 2, ++*idx);
}

static void fill_eventq(struct ring *r)
{
	uint16_t idx = 0;

	for (uint16_t i = 0; i < EVENTS; i++) {
		put_desc(r->mem + EVT_DESC + 16u * i, EVENT_BUFS + EVENT_CAP * i, EVENT_CAP, WRITE, 0);
		publish(r->mem + EVT_AVAIL, EVENTS, i, &idx);
	}
}

static void attach(struct ring *r)
{
	const struct scmi_virtio_setup setup = {
		.features = SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_INDIRECT_DESC,
		.queue = {{ENTRIES, BASE + CMD_DESC, BASE + CMD_AVAIL, BASE + CMD_USED},
			  {EVENTS, BASE + EVT_DESC, BASE + EVT_AVAIL, BASE + EVT_USED}},
	};
	const struct scmi_virtio_map map = {.addr = BASE, .len = MEMORY, .mem = r->mem};
	const char *why;

	fill_eventq(r);
	if (scmi_virtio_device_attach(r->device, &setup, &map, 1, NULL, &why) != SCMI_OK)
		fail_msg("%s", why);
}

static struct ring *open_ring(const struct split *split)
{
	struct ring *r = calloc(1, sizeof(*r));
	struct scmi_virtio_device_config config = {.size = sizeof(config)};
	size_t size;

	assert_non_null(r);
	r->split = *split;
	fake_port_init(&r->fake);
	r->host = (struct scmi_virtio_host){.ctx = r, .call = on_call, .work = on_work};
	config.port = &r->fake.port;
	config.host = &r->host;
	size = scmi_virtio_device_size(&config);
	r->device_mem = malloc(size);
	r->mem = aligned_alloc(64, MEMORY);
	assert_non_null(r->mem);
	memset(r->mem, 0, MEMORY);
	memset(r->mem + REQUEST, GUARD, MEMORY - REQUEST);
	assert_int_equal(scmi_virtio_device_init(&r->device, r->device_mem, size, &config, &r->endpoint), SCMI_OK);
	assert_int_equal(acme_open(&r->acme, &r->endpoint, NULL, NULL), SCMI_OK);
	attach(r);
	return r;
}

static void close_ring(struct ring *r)
{
	struct scmi_virtio_device_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_virtio_device_stats(r->device, &s), SCMI_OK);
	assert_int_equal(s.taken, r->commands + r->events);
	assert_int_equal(s.refused, 0);
	assert_int_equal(s.no_room, 0);
	assert_int_equal(s.open, 0);
	scmi_virtio_device_detach(r->device, NULL);
	assert_int_equal(acme_close(&r->acme), SCMI_OK);
	scmi_virtio_device_fini(r->device);
	assert_null(r->fake.fault);
	free(r->device_mem);
	free(r->mem);
	free(r);
}

/* ---- one command ---- */

/* Returns how many descriptors it took. */
static uint32_t put_pieces(unsigned char *table, uint32_t n, uint32_t where, uint32_t len, uint32_t bytes,
			   uint32_t apart, uint32_t flags)
{
	for (uint32_t done = 0; done < len; done += bytes, where += apart, n++)
		put_desc(table + 16u * n, where, len - done < bytes ? len - done : bytes, flags | NEXT, n + 1u);
	return n;
}

static void post(struct ring *r, const struct recording_entry *e)
{
	unsigned char *table = r->mem + (r->split.indirect ? TABLE : CMD_DESC);
	uint32_t n;

	memcpy(r->mem + REQUEST, e->sent, e->sent_len);
	memset(r->mem + REPLY, GUARD, EVENT_BUFS - REPLY);
	n = put_pieces(table, 0, REQUEST, e->sent_len, r->split.out_bytes, r->split.out_bytes, 0);
	n = put_pieces(table, n, REPLY, e->cap, r->split.in_bytes, r->split.in_apart, WRITE);
	assert_in_range(n, 2, ENTRIES);
	scmi_put_le16(table + 16u * (n - 1u) + 12, WRITE); /* nothing follows the last */
	if (r->split.indirect)
		put_desc(r->mem + CMD_DESC, TABLE, 16u * n, INDIRECT, 0);
	publish(r->mem + CMD_AVAIL, ENTRIES, 0, &r->commands);
}

/* The bytes of the reply, wherever their descriptors have put them; every other byte is as it was. */
static bool is_reply(struct ring *r, const struct recording_entry *e)
{
	const unsigned char *at = r->mem + REPLY;

	for (uint32_t i = 0; i < EVENT_BUFS - REPLY; i++) {
		const uint32_t in_piece = i % r->split.in_apart;
		const uint32_t n = i / r->split.in_apart * r->split.in_bytes + in_piece;
		const bool written = in_piece < r->split.in_bytes && n < e->reply_len;

		if (at[i] != (written ? e->reply[n] : GUARD))
			return false;
	}
	return true;
}

static bool is_answered_as_recorded(struct ring *r, const struct recording_entry *e)
{
	const unsigned char *used = r->mem + CMD_USED;
	const unsigned char *elem;

	post(r, e);
	if (scmi_virtio_device_serve(r->device, 8) != 1 || scmi_get_le16(used + 2) != r->commands)
		return false;
	elem = used + 4u + 8u * ((r->commands - 1u) % ENTRIES);
	return scmi_get_le32(elem) == 0 && scmi_get_le32(elem + 4) == e->reply_len && is_reply(r, e);
}

/* The kernel's driver got it without having switched it on; our platform wants to be asked. */
static bool switch_trips_on(struct ring *r)
{
	uint8_t sent[12] = {0};
	uint8_t reply[8] = {0};
	const struct recording_entry e = {.sent = sent, .sent_len = 12, .reply = reply, .reply_len = 8, .cap = 8};
	const uint32_t hdr = scmi_hdr(SCMI_PROTOCOL_SENSOR, SENSOR_TRIP_POINT_NOTIFY, SCMI_MSG_COMMAND, 0);

	scmi_put_le32(sent, hdr);
	scmi_put_le32(sent + 8, 1);
	scmi_put_le32(reply, hdr);
	return is_answered_as_recorded(r, &e);
}

static bool is_told_as_recorded(struct ring *r, const struct recording_entry *e)
{
	const unsigned char *used = r->mem + EVT_USED;
	const unsigned char *elem = used + 4u + 8u * r->events;
	const unsigned char *buf;

	if (scmi_hdr_type(scmi_get_le32(e->sent)) == SCMI_MSG_DELAYED) {
		if (acme_complete(&r->acme) != 1)
			return false;
	} else {
		if (!switch_trips_on(r) || acme_trip(&r->acme, 0, 1) != SCMI_OK)
			return false;
	}
	r->events++;
	buf = r->mem + EVENT_BUFS + EVENT_CAP * scmi_get_le32(elem);
	return scmi_get_le16(used + 2) == r->events && scmi_get_le32(elem) < EVENTS &&
	       scmi_get_le32(elem + 4) == e->sent_len && memcmp(buf, e->sent, e->sent_len) == 0 &&
	       buf[e->sent_len] == GUARD;
}

/* ---- all of them ---- */

static unsigned replay(const char *path, const struct split *split)
{
	struct ring *r = open_ring(split);
	struct recording recording = {0};
	unsigned same = 0;
	char error[128];

	if (recording_load(&recording, path, error, sizeof(error)) != 0)
		fail_msg("%s", error);
	for (size_t i = 0; i < recording.count; i++) {
		const struct recording_entry *e = &recording.entries[i];

		if (e->kind == RECORDING_VHOST)
			continue;
		if (!(e->kind == RECORDING_COMMAND ? is_answered_as_recorded(r, e) : is_told_as_recorded(r, e)))
			fail_msg("%s:%u is not as recorded", path, e->line);
		same++;
	}
	assert_true(r->calls[SCMI_VIRTIO_CMDQ] >= r->commands);
	recording_free(&recording);
	close_ring(r);
	return same;
}

static void replay_both(const struct split *split)
{
	assert_int_equal(replay(RECORDINGS "/linux-6.12-virtio.txt", split), 34);
	assert_int_equal(replay(RECORDINGS "/linux-6.1-virtio.txt", split), 21);
}

static void linux_is_answered_as_recorded(void **state)
{
	const struct split pair = {.out_bytes = 64, .in_bytes = 256, .in_apart = 256};

	(void)state;
	replay_both(&pair);
}

static void linux_split_anywhere_is_answered_as_recorded(void **state)
{
	const struct split bytes = {.out_bytes = 1, .in_bytes = 3, .in_apart = 5};

	(void)state;
	replay_both(&bytes);
}

static void linux_by_an_indirect_table_is_answered_as_recorded(void **state)
{
	const struct split table = {.out_bytes = 7, .in_bytes = 5, .in_apart = 9, .indirect = true};

	(void)state;
	replay_both(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_is_answered_as_recorded),
		cmocka_unit_test(linux_split_anywhere_is_answered_as_recorded),
		cmocka_unit_test(linux_by_an_indirect_table_is_answered_as_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
