/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the tests' back end share. */
#ifndef VHOST_BACK_PARTS_H
#define VHOST_BACK_PARTS_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

#include <scmi/transport/virtio.h>

#include "../../transports/vhost_user/message.h"
#include "vhost_back.h"
#include "vhost_back_ring.h"

#define LOG_BYTES 4096u

/* On the back end's thread there is nobody to catch what cmocka throws. */
#define MUST(x)                                                                                                        \
	do {                                                                                                           \
		if (!(x)) {                                                                                            \
			fprintf(stderr, "%s:%d: the front end: %s\n", __FILE__, __LINE__, #x);                         \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* What the test tells the thread to do, one at a time. */
enum order {
	ORDER_NONE,
	ORDER_END,
	ORDER_DROP,
	ORDER_SPEAK,
	ORDER_NOTIFY,
	ORDER_RING,
	ORDER_LIE,
	ORDER_STOP_UP,
	ORDER_RELEASE,
	ORDER_SCRIBBLE
};

struct back {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	int listener;
	bool alone;
	bool deaf;
	int control;
	int spare; /* descriptor, for when there is none */
	enum order order;
	uint32_t argument;
	bool result;
	struct back_offer offer;
	uint32_t trouble_at;
	enum back_trouble trouble;
	char log[LOG_BYTES];
	char told[LOG_BYTES];
	uint32_t connections;
	int sock;
	struct back_offer offered; /* to this connection */
	uint64_t features;
	uint64_t protocol;
	bool owned;
	uid_t uid; /* who speaks */
	struct vu_message in;
	struct back_memory memory;
	struct back_memory kept;
	int kept_kick;
	int kept_call;
	bool keeps;
	struct back_ring ring[SCMI_VIRTIO_QUEUES];
};

/* The connection is gone, and what came with it. */
void back_forget(struct back *b);

/* Does what has been said; with the lock. */
void back_read(struct back *b);

/* A message with a payload of len bytes, of which 8 at most are said, sent bytes of it all. */
void back_put(struct back *b, uint32_t request, uint32_t flags, const void *payload, uint32_t len, uint32_t sent);

#endif
