/* SPDX-License-Identifier: BSD-3-Clause */
/* How the two ends of a virtio link wake each other, and the thread that serves the device. */
#define _POSIX_C_SOURCE 200809L

#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "virtio_form.h"

#define SLICE_MS 1         /* of real time, while the fake clock stands still */
#define MANY     8         /* commands at one go */
#define TURNS    32u       /* looks in vain before a pause */
#define PAUSE_NS 50 * 1000 /* that long */

/* ---- an event of the port's ---- */

static void signal_event(void *ctx)
{
	struct conf_link *link = ctx;

	link->port->event_signal(link->port->ctx, link->event);
}

static void wait_event(void *ctx, uint64_t deadline_us)
{
	struct conf_link *link = ctx;

	(void)link->port->event_wait(link->port->ctx, link->event, deadline_us);
}

static void make_event(struct conf_link *link, struct scmi_virtio_pair_config *config)
{
	link->event = malloc(link->port->event_size);
	if (link->event == NULL || link->port->event_init(link->port->ctx, link->event) != SCMI_OK)
		abort();
	config->to_driver = (struct scmi_virtio_bell){.ring = signal_event, .ctx = link};
	config->sleeper = (struct scmi_virtio_sleeper){.wait = wait_event, .wake = signal_event, .ctx = link};
}

/* ---- descriptors ---- */

static void ring_fd(void *ctx)
{
	struct conf_link *link = ctx;

	scmi_doorbell_ring(link->fd);
}

/* A doorbell of its own: the device's may be cleared by whoever polls, and who is to be woken would sleep on. */
static void wake_fd(void *ctx)
{
	struct conf_link *link = ctx;

	scmi_doorbell_ring(link->woken);
}

static bool sleep_on_fds(struct conf_link *link, int timeout_ms)
{
	struct pollfd fds[2] = {
		{.fd = scmi_doorbell_fd(link->fd), .events = POLLIN},
		{.fd = scmi_doorbell_fd(link->woken), .events = POLLIN},
	};

	return poll(fds, 2, timeout_ms) > 0;
}

/* The port's clock moves when a test wants it to: so it sleeps in slices, and lets others run between them. */
static void wait_fd(void *ctx, uint64_t deadline_us)
{
	struct conf_link *link = ctx;
	const struct scmi_port *port = link->port;

	while (!sleep_on_fds(link, port->now_us(port->ctx) < deadline_us ? SLICE_MS : 0)) {
		if (port->now_us(port->ctx) >= deadline_us)
			return;
		port->relax(port->ctx);
	}
	scmi_doorbell_clear(link->woken);
}

static int fd(void *ctx)
{
	const struct conf_link *link = ctx;

	return scmi_doorbell_fd(link->fd);
}

static void clear_fd(void *ctx)
{
	struct conf_link *link = ctx;

	scmi_doorbell_clear(link->fd);
}

static void make_fd(struct conf_link *link, struct scmi_virtio_pair_config *config)
{
	if (scmi_doorbell_create(&link->fd) != SCMI_OK || scmi_doorbell_create(&link->woken) != SCMI_OK)
		abort();
	config->to_driver = (struct scmi_virtio_bell){.ring = ring_fd, .ctx = link};
	config->sleeper = (struct scmi_virtio_sleeper){
		.wait = wait_fd, .wake = wake_fd, .fd = fd, .clear = clear_fd, .raise = ring_fd, .ctx = link};
}

/* ---- both ---- */

void virtio_bells_make(struct conf_link *link, struct scmi_virtio_pair_config *config)
{
	if (link->form->serve == SERVE_INLINE)
		config->flags |= SCMI_VIRTIO_PAIR_SERVES;
	if (link->form->deliver == DELIVER_INLINE)
		config->flags |= SCMI_VIRTIO_PAIR_DELIVERS;
	if (link->form->deliver == DELIVER_EVENT)
		make_event(link, config);
	if (link->form->deliver == DELIVER_FD)
		make_fd(link, config);
	if (link->form->serve != SERVE_FD)
		return;
	if (scmi_doorbell_create(&link->due) != SCMI_OK)
		abort();
	config->to_device = (struct scmi_virtio_bell){.ring = scmi_doorbell_ring, .ctx = link->due};
}

void virtio_bells_free(struct conf_link *link)
{
	if (link->event != NULL)
		link->port->event_fini(link->port->ctx, link->event);
	free(link->event);
	scmi_doorbell_destroy(link->fd);
	scmi_doorbell_destroy(link->woken);
	scmi_doorbell_destroy(link->due);
}

/* ---- the server ---- */

static void *serve_polling(void *arg)
{
	struct conf_link *link = arg;
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	for (uint32_t vain = 0; !atomic_load(&link->over); vain++) {
		if (scmi_virtio_device_serve(link->device, MANY) > 0)
			vain = 0;
		else if (vain < TURNS)
			sched_yield();
		else
			(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

static void sleep_on_due(const struct conf_link *link)
{
	struct pollfd fd = {.fd = scmi_doorbell_fd(link->due), .events = POLLIN};

	(void)poll(&fd, 1, -1);
}

/* A doorbell that is not rung though a command is there leaves it asleep for good, and the case hangs. */
static void *serve_woken(void *arg)
{
	struct conf_link *link = arg;

	for (;;) {
		scmi_doorbell_clear(link->due); /* first: what is rung after this is seen below, its end too */
		if (atomic_load(&link->over))
			return NULL;
		while (scmi_virtio_device_serve(link->device, MANY) > 0)
			;
		if (scmi_virtio_device_rest(link->device))
			sleep_on_due(link);
	}
}

void virtio_server_start(struct conf_link *link)
{
	if (link->form->serve == SERVE_INLINE)
		return;
	link->over = false;
	if (pthread_create(&link->server, NULL, link->form->serve == SERVE_FD ? serve_woken : serve_polling, link) != 0)
		abort();
	link->serving = true;
}

void virtio_server_stop(struct conf_link *link)
{
	if (!link->serving)
		return;
	link->over = true;
	if (link->due != NULL)
		scmi_doorbell_ring(link->due);
	pthread_join(link->server, NULL);
	link->serving = false;
}
