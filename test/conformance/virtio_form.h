/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kinds of virtio differ in, and what their links consist of. */
#ifndef CONFORMANCE_VIRTIO_FORM_H
#define CONFORMANCE_VIRTIO_FORM_H

#include <scmi/hosted.h>
#include <scmi/transport/virtio_device.h>

#include "suite.h"

/* Who runs the device: the sender, inside kick(); a thread that polls; a thread that a descriptor wakes. */
enum virtio_serve { SERVE_INLINE, SERVE_POLL, SERVE_FD };

/* Who runs the driver: the replier, inside call(); who polls, without sleep; who sleeps on an event, on a descriptor. */
enum virtio_deliver { DELIVER_INLINE, DELIVER_POLL, DELIVER_EVENT, DELIVER_FD };

struct virtio_form {
	enum virtio_serve serve;
	enum virtio_deliver deliver;
	uint64_t offer;    /* of the device; 0: the default */
	uint64_t features; /* that the driver may negotiate; 0: the default */
	uint32_t entries;  /* of each queue, at most */
	bool defaults;     /* the configuration leaves to the driver what it can */
};

struct conf_link {
	const struct virtio_form *form;
	const struct scmi_port *port;
	struct conf_peer *peer;
	struct scmi_virtio *driver;
	struct scmi_virtio_device *device;
	struct scmi_virtio_bus bus;
	struct scmi_virtio_host host;
	struct scmi_virtio_pair pair;
	struct scmi_endpoint endpoint;
	void *driver_mem;
	void *device_mem;
	unsigned char *shared;       /* of driver and device */
	void *event;                 /* of the port's: what the driver sleeps on, */
	struct scmi_doorbell *fd;    /* or these: the device's, */
	struct scmi_doorbell *woken; /* and wake()'s */
	struct scmi_doorbell *due;   /* what the server sleeps on */
	pthread_t server;
	bool serving; /* it is there */
	_Atomic bool over;
	bool up;            /* the peer */
	uint32_t *answered; /* where request() looks for an answer in place */
};

/* Doorbells of the pair, as the form wants them. */
void virtio_bells_make(struct conf_link *link, struct scmi_virtio_pair_config *config);
void virtio_bells_free(struct conf_link *link);

/* The thread that serves the device, where there is one. */
void virtio_server_start(struct conf_link *link);
void virtio_server_stop(struct conf_link *link);

extern const struct conf_kind conf_virtio_inline;
extern const struct conf_kind conf_virtio_inline_2;
extern const struct conf_kind conf_virtio_inline_2048;
extern const struct conf_kind conf_virtio_served;
extern const struct conf_kind conf_virtio_polled_4;
extern const struct conf_kind conf_virtio_polled_1024;
extern const struct conf_kind conf_virtio_eventfd_16;
extern const struct conf_kind conf_virtio_eventfd_64;
extern const struct conf_kind conf_virtio_interrupt;
extern const struct conf_kind conf_virtio_a2p;
extern const struct conf_kind conf_virtio_a2p_device;

#endif
