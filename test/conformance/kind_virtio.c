/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How virtio joins the suite: our driver and our device in one address space, the endpoint played by the script.
 *
 * Five ways to run the two ends, EVENT_IDX and INDIRECT_DESC with and without, queues of 2 to 2048 entries, with and
 * without eventq: all of it would be 240 kinds. These eleven hold each way with each of the two features on and off,
 * the two in each of their four combinations, and each size once:
 *
 *	kind            device runs    driver runs        EVENT_IDX INDIRECT entries  beside that
 *	inline          in the kick    in the interrupt   yes       no       64       all that has a default has it
 *	inline_2        in the kick    in the interrupt   no        yes      2        one command, the smallest payload
 *	inline_2048     in the kick    in the interrupt   yes       yes      2048     1024 commands, the largest payload
 *	served          in the kick    who polls          no        no       16       no thread and no sleep at all
 *	polled_4        polls          sleeps, an event   yes       yes      4
 *	polled_1024     polls          sleeps, an event   no        no       1024
 *	eventfd_16      sleeps, an fd  sleeps, an fd      yes       no       16
 *	eventfd_64      sleeps, an fd  sleeps, an fd      no        yes      64
 *	interrupt       sleeps, an fd  in the interrupt   yes       no       16       delivered in the server's thread
 *	a2p             polls          who polls          yes       no       16       no eventq; a queue is reset
 *	a2p_device      in the kick    in the interrupt   no        no       16       no eventq; the device is reset
 */
#include <stdlib.h>
#include <string.h>

#include "virtio_form.h"

#define SHARED_MAX (2u << 20) /* rings and buffers of the largest kind */
#define ALIGN      64u
#define SPARE      8u /* requests of the device's, beyond those that the driver can have sent */

/* An answer inside request() is left where request() finds it; another request may come in between. */
static uint32_t request(void *channel, struct scmi_request *req)
{
	struct conf_link *link = channel;
	uint32_t *outer = link->answered;
	uint32_t answered = SCMI_REPLY_LATER;

	link->answered = &answered;
	conf_peer_came(link->peer, req, req->hdr, req->params, req->len);
	link->answered = outer;
	return answered;
}

static void room_again(void *channel)
{
	(void)channel; /* the script does not keep what found no room */
}

static const struct scmi_platform_sink sink = {
	.version = SCMI_PLATFORM_SINK_V1,
	.request = request,
	.ready = room_again,
};

/* ---- make ---- */

static bool make_device(struct conf_link *link, const struct conf_kind *kind)
{
	const bool many = kind->depth + SPARE > SCMI_VIRTIO_REQUESTS_MAX;
	const struct scmi_virtio_device_config config = {
		.size = sizeof(config),
		.max_payload = kind->max_payload,
		.requests = many ? SCMI_VIRTIO_REQUESTS_MAX : kind->depth + SPARE,
		.queue_max = link->form->entries,
		.features = link->form->offer,
		.port = link->port,
		.host = &link->host,
	};
	const size_t size = scmi_virtio_device_size(&config);

	link->device_mem = malloc(size);
	return size != 0 &&
	       scmi_virtio_device_init(&link->device, link->device_mem, size, &config, &link->endpoint) == SCMI_OK;
}

/* What the driver shares ends where the memory does: what is written behind it is seen by the sanitizer. */
static bool make_driver(struct conf_link *link, const struct conf_kind *kind, struct scmi_transport *out)
{
	struct scmi_virtio_config config = {
		.size = sizeof(config),
		.max_payload = link->form->defaults ? 0 : kind->max_payload,
		.max_inflight = link->form->defaults ? 0 : kind->depth,
		.features = link->form->features,
		.port = link->port,
		.bus = &link->bus,
	};
	const size_t size = scmi_virtio_size(&config);
	const size_t at = SHARED_MAX - (scmi_virtio_shared_size(&config) + ALIGN - 1u) / ALIGN * ALIGN;

	if (size == 0 || at > SHARED_MAX - ALIGN)
		return false;
	config.shared = link->shared + at;
	config.shared_len = SHARED_MAX - at;
	config.shared_addr = at;
	link->driver_mem = malloc(size);
	return scmi_virtio_init(&link->driver, link->driver_mem, size, &config, out) == SCMI_OK;
}

static void free_link(struct conf_link *link)
{
	virtio_bells_free(link);
	free(link->driver_mem);
	free(link->device_mem);
	free(link->shared);
	free(link);
}

static bool make_pair(struct conf_link *link)
{
	struct scmi_virtio_pair_config config = {.size = sizeof(config), .base = link->shared, .len = SHARED_MAX};

	virtio_bells_make(link, &config);
	return scmi_virtio_pair_init(&link->pair, &config, &link->bus, &link->host) == SCMI_OK;
}

static struct conf_link *make(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
			      struct scmi_transport *out)
{
	struct conf_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		abort();
	link->form = kind->own;
	link->port = port;
	link->peer = peer;
	link->shared = aligned_alloc(ALIGN, SHARED_MAX);
	if (link->shared != NULL && make_pair(link) && make_device(link, kind)) {
		scmi_virtio_pair_join(&link->pair, link->device);
		if (make_driver(link, kind, out))
			return link;
		scmi_virtio_device_fini(link->device);
	}
	free_link(link);
	return NULL;
}

static void destroy(struct conf_link *link)
{
	scmi_virtio_fini(link->driver);
	scmi_virtio_device_fini(link->device);
	free_link(link);
}

/* ---- the peer ---- */

static int peer_start(struct conf_link *link)
{
	int err = link->endpoint.ops->start(link->endpoint.ctx, &sink, link);

	if (err == SCMI_OK)
		virtio_server_start(link);
	link->up = err == SCMI_OK;
	return err;
}

static void peer_stop(struct conf_link *link)
{
	if (!link->up)
		return;
	link->endpoint.ops->stop(link->endpoint.ctx);
	virtio_server_stop(link);
	link->up = false;
}

static int answer(struct conf_link *link, void *ref, uint32_t hdr, const void *payload, uint32_t len, bool in_place)
{
	struct scmi_request *req = ref;
	const uint32_t n = len != 0 ? len : SCMI_REPLY_NONE;

	if (len > req->reply_cap)
		return SCMI_E_TOOBIG;
	req->hdr = hdr;
	if (len != 0)
		memcpy(req->reply, payload, len);
	if (in_place)
		*link->answered = n;
	else
		link->endpoint.ops->reply(link->endpoint.ctx, req, n);
	return SCMI_OK;
}

static int push(struct conf_link *link, uint32_t hdr, const void *payload, uint32_t len)
{
	return link->endpoint.ops->send(link->endpoint.ctx, hdr, payload, len);
}

/* ---- figures ---- */

static struct scmi_virtio_device_stats device_stats(struct conf_link *link)
{
	struct scmi_virtio_device_stats s = {.size = sizeof(s)};

	(void)scmi_virtio_device_stats(link->device, &s);
	return s;
}

static struct scmi_virtio_stats driver_stats(struct conf_link *link)
{
	struct scmi_virtio_stats s = {.size = sizeof(s)};

	(void)scmi_virtio_stats(link->driver, &s);
	return s;
}

static uint32_t away(struct conf_link *link)
{
	return device_stats(link).open;
}

static uint32_t kicks(struct conf_link *link)
{
	return driver_stats(link).kicks;
}

/* Whatever the messages are, the rings are in order. */
static const char *fault(struct conf_link *link)
{
	const struct scmi_virtio_device_stats device = device_stats(link);
	const struct scmi_virtio_stats driver = driver_stats(link);

	if (device.refused != 0)
		return "the device has refused a chain of the driver's";
	if (device.broken != 0 || driver.broken != 0)
		return "a ring broke";
	if (driver.long_replies != 0 || driver.bad_events != 0)
		return "the device has said more than it has room for";
	return NULL;
}

/* ---- kinds ---- */

#define A2P   (SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_RING_RESET)
#define PLAIN (A2P | SCMI_VIRTIO_F_P2A_CHANNELS)
#define IDX   SCMI_VIRTIO_F_EVENT_IDX
#define IND   SCMI_VIRTIO_F_INDIRECT_DESC
#define ALL   (PLAIN | IDX | IND)

#define METHODS                                                                                                        \
	.make = make, .destroy = destroy, .peer_start = peer_start, .peer_stop = peer_stop, .answer = answer,          \
	.push = push, .away = away, .kicks = kicks, .fault = fault

/* Not CONF_EMPTY: where no answer is given though there is room, the device says so with a status. */
#define TRAITS (CONF_KNOWS_TOKEN | CONF_PEER_GOES | CONF_WIDE | CONF_KICKS | CONF_LOST_LATER)

static const struct virtio_form inline_64 = {SERVE_INLINE, DELIVER_INLINE, 0, 0, 64, true};
static const struct virtio_form inline_2 = {SERVE_INLINE, DELIVER_INLINE, ALL, PLAIN | IND, 2, false};
static const struct virtio_form inline_2048 = {SERVE_INLINE, DELIVER_INLINE, ALL, ALL, 2048, false};
static const struct virtio_form served_16 = {SERVE_INLINE, DELIVER_POLL, PLAIN, 0, 16, false};
static const struct virtio_form polled_4 = {SERVE_POLL, DELIVER_EVENT, ALL, ALL, 4, false};
static const struct virtio_form polled_1024 = {SERVE_POLL, DELIVER_EVENT, ALL, PLAIN, 1024, false};
static const struct virtio_form eventfd_16 = {SERVE_FD, DELIVER_FD, ALL, PLAIN | IDX, 16, false};
static const struct virtio_form eventfd_64 = {SERVE_FD, DELIVER_FD, ALL, PLAIN | IND, 64, false};
static const struct virtio_form interrupt_16 = {SERVE_FD, DELIVER_INLINE, PLAIN | IDX, 0, 16, false};
static const struct virtio_form a2p_16 = {SERVE_POLL, DELIVER_POLL, A2P | IDX, 0, 16, false};
static const struct virtio_form a2p_device_16 = {SERVE_INLINE, DELIVER_INLINE, ALL, SCMI_VIRTIO_F_VERSION_1, 16, false};

const struct conf_kind conf_virtio_inline = {
	.name = "virtio_inline",
	.own = &inline_64,
	.traits = TRAITS | CONF_UNASKED | CONF_EIGHT,
	.depth = SCMI_VIRTIO_INFLIGHT_DEFAULT,
	.max_payload = SCMI_VIRTIO_PAYLOAD_DEFAULT,
	METHODS,
};

const struct conf_kind conf_virtio_inline_2 = {
	.name = "virtio_inline_2",
	.own = &inline_2,
	.traits = TRAITS | CONF_UNASKED,
	.depth = 1,
	.max_payload = 68,
	METHODS,
};

const struct conf_kind conf_virtio_inline_2048 = {
	.name = "virtio_inline_2048",
	.own = &inline_2048,
	.traits = TRAITS | CONF_UNASKED | CONF_EIGHT,
	.depth = 1024,
	.max_payload = CONF_PAYLOAD,
	METHODS,
};

const struct conf_kind conf_virtio_served = {
	.name = "virtio_served",
	.own = &served_16,
	.traits = TRAITS | CONF_UNASKED | CONF_EIGHT,
	.depth = 8,
	.max_payload = 72,
	METHODS,
};

const struct conf_kind conf_virtio_polled_4 = {
	.name = "virtio_polled_4",
	.own = &polled_4,
	.traits = TRAITS | CONF_UNASKED | CONF_UNKICKED | CONF_THREADED,
	.depth = 2,
	.max_payload = 72,
	METHODS,
};

const struct conf_kind conf_virtio_polled_1024 = {
	.name = "virtio_polled_1024",
	.own = &polled_1024,
	.traits = TRAITS | CONF_UNASKED | CONF_EIGHT | CONF_UNKICKED | CONF_THREADED,
	.depth = 512,
	.max_payload = 100,
	METHODS,
};

const struct conf_kind conf_virtio_eventfd_16 = {
	.name = "virtio_eventfd_16",
	.own = &eventfd_16,
	.traits = TRAITS | CONF_UNASKED | CONF_EIGHT | CONF_FD | CONF_THREADED,
	.depth = 8,
	.max_payload = 72,
	METHODS,
};

const struct conf_kind conf_virtio_eventfd_64 = {
	.name = "virtio_eventfd_64",
	.own = &eventfd_64,
	.traits = TRAITS | CONF_UNASKED | CONF_EIGHT | CONF_FD | CONF_THREADED,
	.depth = 32,
	.max_payload = 132,
	METHODS,
};

const struct conf_kind conf_virtio_interrupt = {
	.name = "virtio_interrupt",
	.own = &interrupt_16,
	.traits = TRAITS | CONF_UNASKED | CONF_EIGHT | CONF_THREADED,
	.depth = 7, /* fewer than the queue holds */
	.max_payload = 72,
	METHODS,
};

const struct conf_kind conf_virtio_a2p = {
	.name = "virtio_a2p",
	.own = &a2p_16,
	.traits = TRAITS | CONF_UNKICKED | CONF_THREADED,
	.depth = 8,
	.max_payload = 72,
	METHODS,
};

const struct conf_kind conf_virtio_a2p_device = {
	.name = "virtio_a2p_device",
	.own = &a2p_device_16,
	.traits = TRAITS,
	.depth = 8,
	.max_payload = 72,
	METHODS,
};
