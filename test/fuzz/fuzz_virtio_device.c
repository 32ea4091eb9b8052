/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole device, over hostile memory, with a real platform behind it. The first byte chooses features, sizes and how
 * many requests there are; the rest is a script of what a driver writes, and of what happens to the device (see
 * step()).
 *
 * What must hold whatever it says: nothing outside the maps is touched; whatever the platform is asked it answers, and
 * nothing is open at the end; a ring that lies is told once; serve() takes no more than it may; a well-formed command
 * on rings that nobody has spoiled gets a reply, to its header, within its room.
 */
#include "fuzz.h"

#include "../virtio/rig.h"

#include <scmi/message.h>
#include <scmi/transport/virtio_device.h>

#include "acme.h"
#include "fake_port.h"

#define RAM_ADDR   UINT64_C(0x180000000)
#define RAM_BYTES  0x2000u
#define RING_BYTES 0x400u /* from one queue to the next */
#define DATA       (2u * RING_BYTES)
#define SLOT_BYTES 0x100u
#define SLOTS      8u
#define PAYLOAD    96u

static struct {
	struct rig g; /* its areas only */
	struct scmi_virtio_map map[REF_AREAS_MAX];
	struct fake_port fake;
	struct acme acme;
	struct scmi_virtio_host host;
	struct scmi_virtio_device_config config;
	struct scmi_virtio_device *device;
	struct scmi_endpoint endpoint;
	struct scmi_virtio_setup setup;
	void *memory;
	bool attached;
	bool started;
	bool spoiled; /* something has been written that a driver in its right mind does not write */
	uint16_t idx[SCMI_VIRTIO_QUEUES];
	uint32_t broken;
	struct fuzz_input in;
} f;

static uint32_t byte(void)
{
	return fuzz_byte(&f.in);
}

static uint32_t half(void)
{
	const uint32_t low = byte();

	return low | byte() << 8;
}

/* ---- the carrier ---- */

static void call(void *ctx, uint32_t queue)
{
	(void)ctx;
	MUST(queue < SCMI_VIRTIO_QUEUES && f.attached);
}

static void work(void *ctx)
{
	(void)ctx;
}

static void event(void *ctx, enum scmi_virtio_event what)
{
	(void)ctx;
	if (what == SCMI_VIRTIO_BROKEN)
		f.broken++;
}

static struct scmi_virtio_device_stats stats(void)
{
	struct scmi_virtio_device_stats s = {.size = sizeof(s)};

	MUST(scmi_virtio_device_stats(f.device, &s) == SCMI_OK);
	MUST(s.open <= f.config.requests && s.refused <= s.taken);
	MUST(f.broken <= s.broken); /* told by serve() */
	return s;
}

/* ---- the driver ---- */

static unsigned char *ram(uint32_t at)
{
	return f.g.space.area[0].mem + at;
}

static unsigned char *avail(uint32_t queue)
{
	return ram((uint32_t)(f.setup.queue[queue].avail - RAM_ADDR));
}

static unsigned char *used(uint32_t queue)
{
	return ram((uint32_t)(f.setup.queue[queue].used - RAM_ADDR));
}

static unsigned char *desc(uint32_t queue, uint32_t i)
{
	return ram((uint32_t)(f.setup.queue[queue].desc - RAM_ADDR) + 16u * (i % f.setup.queue[queue].size));
}

static void write_desc(unsigned char *at, uint64_t addr, uint32_t len, uint32_t flags, uint32_t next)
{
	ref_put(at, 8, addr);
	ref_put(at + 8, 4, len);
	ref_put(at + 12, 2, flags);
	ref_put(at + 14, 2, next);
}

static void offer(uint32_t queue, uint32_t head)
{
	const uint32_t size = f.setup.queue[queue].size;

	ref_put(avail(queue) + 4 + 2u * (f.idx[queue] & (size - 1u)), 2, head);
	ref_put(avail(queue) + 2, 2, ++f.idx[queue]);
}

static int serve(uint32_t max)
{
	const int n = scmi_virtio_device_serve(f.device, (int)max);

	MUST((n >= 0 && n <= (int)max) || n == SCMI_E_CLOSED || n == SCMI_E_LINK);
	MUST(n != SCMI_E_CLOSED || !f.attached || !f.started);
	(void)stats();
	return n;
}

/* A command, which is known or not; on rings in order it is answered as soon as it is served. */
static void command(void)
{
	static const uint8_t protocols[] = {SCMI_PROTOCOL_BASE, SCMI_PROTOCOL_CLOCK, SCMI_PROTOCOL_SENSOR, 0x7f};
	const uint32_t slots = f.setup.queue[SCMI_VIRTIO_CMDQ].size / 2u;
	const uint32_t slot = byte() % (slots < SLOTS ? slots : SLOTS);
	const uint32_t at = DATA + slot * SLOT_BYTES;
	const uint32_t how = byte();
	const uint32_t hdr = scmi_hdr(protocols[how & 3u], byte() & 0x3fu, SCMI_MSG_COMMAND, (uint16_t)(how >> 2));
	const uint32_t len = byte() % (PAYLOAD + 1u);
	const uint32_t room = byte() % (SLOT_BYTES / 2u);
	const uint16_t back = (uint16_t)ref_get(used(SCMI_VIRTIO_CMDQ) + 2, 2);
	const unsigned char *elem =
		used(SCMI_VIRTIO_CMDQ) + 4 + 8u * (back & (f.setup.queue[SCMI_VIRTIO_CMDQ].size - 1u));
	uint32_t n;

	ref_put(ram(at), 4, hdr);
	for (uint32_t i = 0; i < len; i++)
		ram(at)[4u + i] = (unsigned char)(i < 24u ? byte() : i);
	write_desc(desc(SCMI_VIRTIO_CMDQ, 2u * slot), RAM_ADDR + at, 4u + len, REF_F_NEXT, 2u * slot + 1u);
	write_desc(desc(SCMI_VIRTIO_CMDQ, 2u * slot + 1u), RAM_ADDR + at + SLOT_BYTES / 2u, room, REF_F_WRITE, 0);
	offer(SCMI_VIRTIO_CMDQ, 2u * slot);
	if (f.spoiled || !f.attached || !f.started || stats().open != 0 || room < 8u)
		return;
	if (f.idx[SCMI_VIRTIO_CMDQ] != (uint16_t)(back + 1u))
		return; /* others wait before it */
	MUST(serve(SLOTS) >= 1 && stats().open == 0);
	MUST((uint16_t)ref_get(used(SCMI_VIRTIO_CMDQ) + 2, 2) == (uint16_t)(back + 1u));
	n = (uint32_t)ref_get(elem + 4, 4);
	MUST(ref_get(elem, 4) == 2u * slot && n >= 8u && n <= room);
	MUST(ref_get(ram(at + SLOT_BYTES / 2u), 4) == hdr);
}

static void give_event_buffer(void)
{
	const uint32_t i = byte() % SLOTS;
	const uint32_t len = byte() % 64u;

	f.spoiled = f.spoiled || len == 0;
	if (f.setup.queue[SCMI_VIRTIO_EVENTQ].size == 0 || f.idx[SCMI_VIRTIO_EVENTQ] != 0)
		f.spoiled = true; /* it may be there already */
	if (f.setup.queue[SCMI_VIRTIO_EVENTQ].size == 0)
		return;
	write_desc(desc(SCMI_VIRTIO_EVENTQ, i), RAM_ADDR + DATA + SLOTS * SLOT_BYTES + 64u * i, len, REF_F_WRITE, 0);
	offer(SCMI_VIRTIO_EVENTQ, i % f.setup.queue[SCMI_VIRTIO_EVENTQ].size);
}

static uint64_t any_addr(void)
{
	const uint32_t how = byte();
	const struct ref_area *a = &f.g.space.area[how % f.g.space.n];

	switch (how >> 6) {
	case 0:
	case 1:
		return RAM_ADDR + DATA + half() % (RAM_BYTES - DATA);
	case 2:
		return a->addr + a->len - byte();
	default:
		return (uint64_t)fuzz_word(&f.in) << 32 | fuzz_word(&f.in);
	}
}

static void spoil_desc(unsigned char *at)
{
	const uint64_t addr = any_addr();
	const uint32_t len = byte();
	const uint32_t flags = byte();

	f.spoiled = true;
	write_desc(at, addr, len < 0xf0u ? len : fuzz_word(&f.in), flags & 7u, flags < 0xc0u ? flags >> 3 : half());
}

static void poke(void)
{
	struct ref_area *a = &f.g.space.area[byte() % f.g.space.n];

	f.spoiled = true;
	a->mem[half() % a->len] = (unsigned char)byte();
}

/* ---- the device's life ---- */

static void clean(uint32_t queue)
{
	memset(ram(queue * RING_BYTES), 0, RING_BYTES);
	f.idx[queue] = 0;
}

static void attach(bool anew)
{
	uint16_t next[SCMI_VIRTIO_QUEUES] = {0};

	if (f.attached)
		scmi_virtio_device_detach(f.device, next);
	else
		anew = true;
	f.attached = false;
	if (anew) {
		clean(SCMI_VIRTIO_CMDQ);
		clean(SCMI_VIRTIO_EVENTQ);
		f.spoiled = false;
	} else {
		f.spoiled = true; /* what it had taken is not given back */
	}
	f.attached = true;
	MUST(scmi_virtio_device_attach(f.device, &f.setup, f.map, f.g.space.n, anew ? NULL : next, NULL) == SCMI_OK);
}

static void reset_queue(void)
{
	const uint32_t queue = byte() & 1u;
	const bool may = f.attached && f.setup.queue[queue].size != 0;

	if (!may)
		return;
	MUST(scmi_virtio_device_reset_queue(f.device, queue) == SCMI_OK);
	if ((byte() & 1u) != 0)
		(void)serve(4);
	clean(queue);
	MUST(scmi_virtio_device_enable_queue(f.device, queue, &f.setup.queue[queue]) == SCMI_OK);
}

static void detach(void)
{
	scmi_virtio_device_detach(f.device, NULL);
	f.attached = false;
	(void)serve(1);
}

static void start_or_stop(void)
{
	if (f.started)
		MUST(scmi_platform_stop(f.acme.platform) == SCMI_OK);
	f.started = !f.started;
	if (f.started)
		MUST(scmi_platform_start(f.acme.platform) == SCMI_OK);
}

static void step_life(uint32_t what)
{
	switch (what) {
	case 0:
		attach((byte() & 3u) != 0);
		break;
	case 1:
		reset_queue();
		break;
	case 2:
		detach();
		break;
	case 3:
		start_or_stop();
		break;
	case 4:
		(void)acme_complete(&f.acme);
		break;
	case 5:
		(void)acme_trip(&f.acme, byte() % ACME_SENSORS, byte() & 1u);
		break;
	case 6:
		(void)acme_trip_newest(&f.acme, byte() % ACME_SENSORS, byte() & 1u);
		break;
	default:
		(void)scmi_virtio_device_rest(f.device);
		break;
	}
}

static void step(void)
{
	const uint32_t what = byte() & 31u;

	if (what < 8u) {
		step_life(what);
	} else if (what < 16u) {
		command();
	} else if (what < 20u) {
		give_event_buffer();
	} else if (what < 23u) {
		spoil_desc(desc(SCMI_VIRTIO_CMDQ, byte()));
	} else if (what == 23u) {
		spoil_desc(ram(RAM_BYTES - 256u + 16u * (byte() & 15u))); /* a table is there, if one is named */
	} else if (what == 24u) {
		f.spoiled = true;
		offer(SCMI_VIRTIO_CMDQ, byte());
	} else if (what == 25u) {
		f.spoiled = true;
		ref_put(avail(byte() & 1u) + 2, 2, half());
	} else if (what < 28u) {
		poke();
	} else {
		(void)serve(byte() & 3u);
	}
}

/* ---- the frame ---- */

static void place(uint32_t queue, uint32_t size)
{
	const uint64_t base = RAM_ADDR + queue * RING_BYTES;

	f.setup.queue[queue] = (struct scmi_virtio_queue){size, base, base + 0x200, base + 0x280};
}

static void open_device(void)
{
	const uint32_t how = byte();
	size_t len;

	rig_area(&f.g, RAM_ADDR, RAM_BYTES, 0);
	rig_area(&f.g, RAM_ADDR + RAM_BYTES, 100, 0);
	rig_area(&f.g, 0u - UINT64_C(64), 64, 0);
	for (uint32_t i = 0; i < f.g.space.n; i++)
		f.map[i] = (struct scmi_virtio_map){f.g.map[i].addr, f.g.map[i].len, f.g.map[i].mem};
	fake_port_init(&f.fake);
	f.host = (struct scmi_virtio_host){.call = call, .work = work, .event = event};
	f.config = (struct scmi_virtio_device_config){
		.size = sizeof(f.config),
		.max_payload = PAYLOAD,
		.requests = 1u + (how & 3u),
		.queue_max = 16,
		.port = &f.fake.port,
		.host = &f.host,
	};
	len = scmi_virtio_device_size(&f.config);
	f.memory = malloc(len);
	MUST(len != 0 && f.memory != NULL);
	MUST(scmi_virtio_device_init(&f.device, f.memory, len, &f.config, &f.endpoint) == SCMI_OK);
	MUST(acme_open(&f.acme, &f.endpoint, NULL, NULL) == SCMI_OK);
	f.started = true;
	place(SCMI_VIRTIO_CMDQ, 2u << (how >> 2 & 3u));
	place(SCMI_VIRTIO_EVENTQ, (how & 0x10u) != 0 ? 8 : 0);
	f.setup.features = SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_RING_RESET;
	f.setup.features |= (how & 0x10u) != 0 ? SCMI_VIRTIO_F_P2A_CHANNELS : 0;
	f.setup.features |= (how & 0x20u) != 0 ? SCMI_VIRTIO_F_EVENT_IDX : 0;
	f.setup.features |= (how & 0x40u) != 0 ? SCMI_VIRTIO_F_INDIRECT_DESC : 0;
	attach(true);
}

static void close_device(void)
{
	scmi_virtio_device_detach(f.device, NULL);
	f.attached = false;
	MUST(acme_close(&f.acme) == SCMI_OK);
	MUST(stats().open == 0);
	scmi_virtio_device_fini(f.device);
	MUST(f.fake.fault == NULL);
	free(f.memory);
	rig_close(&f.g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&f, 0, sizeof(f));
	f.in = (struct fuzz_input){data, size};
	open_device();
	while (f.in.left != 0)
		step();
	close_device();
	return 0;
}
