/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <scmi/message.h>

#include "wire_transport.h"

static void drop_other(struct wire *w)
{
	if (w->other >= 0)
		close(w->other);
	w->other = -1;
}

static int wire_start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct wire *w = ctx;
	const int before = atomic_load(&w->fd);

	w->sink = sink;
	w->core = core;
	if (w->bell == NULL && scmi_doorbell_create(&w->bell) != SCMI_OK)
		return SCMI_E_IO;
	atomic_store(&w->fd, scmi_doorbell_fd(w->bell));
	w->moved = atomic_load(&w->fd) != before;
	atomic_fetch_add(&w->starts, 1u);
	return SCMI_OK;
}

static void wire_close(struct wire *w)
{
	const int fd = atomic_load(&w->fd);

	drop_other(w);
	if ((w->traits & WIRE_OUTLIVES) != 0)
		w->other = dup(fd);
	scmi_doorbell_destroy(w->bell);
	w->bell = NULL;
	if ((w->traits & WIRE_MOVES) != 0) {
		const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

		w->other = null == fd ? null : dup2(null, fd);
		if (null != fd)
			close(null);
	}
}

static void wire_stop(void *ctx)
{
	struct wire *w = ctx;

	w->head = w->tail;
	if ((w->traits & WIRE_KEEPS) == 0)
		wire_close(w);
}

static int wire_send(void *ctx, const struct scmi_tx *tx)
{
	struct wire *w = ctx;

	pthread_mutex_lock(&w->mutex);
	w->replies[w->tail++ % WIRE_QUEUE] = tx->hdr;
	pthread_mutex_unlock(&w->mutex);
	if (!w->quiet)
		scmi_doorbell_ring(w->bell);
	return SCMI_OK;
}

static bool wire_pop(struct wire *w, uint32_t *hdr)
{
	bool some;

	pthread_mutex_lock(&w->mutex);
	some = w->head != w->tail;
	if (some)
		*hdr = w->replies[w->head++ % WIRE_QUEUE];
	pthread_mutex_unlock(&w->mutex);
	return some;
}

static int wire_poll(void *ctx, int max)
{
	static const unsigned char success[SCMI_STATUS_BYTES];
	struct wire *w = ctx;
	struct scmi_rx rx = {.len = sizeof(success), .data = success, .token = SCMI_TOKEN_ANY};
	int n = 0;

	if (atomic_load(&w->polls) == 0)
		w->poller = pthread_self();
	atomic_fetch_add(&w->polls, 1u);
	if (atomic_load(&w->stuck))
		return 0;
	scmi_doorbell_clear(w->bell);
	while (n < max && wire_pop(w, &rx.hdr)) {
		(void)w->sink->rx(w->core, &rx);
		n++;
	}
	if (n == max)
		scmi_doorbell_ring(w->bell);
	return n;
}

static int wire_fd(void *ctx)
{
	struct wire *w = ctx;

	atomic_fetch_add(&w->looks, 1u);
	return atomic_load(&w->fd);
}

void wire_init(struct wire *w, uint32_t caps, unsigned traits)
{
	memset(w, 0, sizeof(*w));
	w->traits = traits;
	w->other = -1;
	atomic_init(&w->fd, -1);
	pthread_mutex_init(&w->mutex, NULL);
	w->ops = (struct scmi_transport_ops){
		.version = SCMI_TRANSPORT_V1,
		.name = "wire",
		.start = wire_start,
		.stop = wire_stop,
		.send = wire_send,
		.poll = wire_poll,
		.fd = wire_fd,
	};
	w->transport = (struct scmi_transport){
		.size = sizeof(w->transport),
		.caps = caps | SCMI_CAP_CONCURRENT,
		.ops = &w->ops,
		.ctx = w,
		.max_payload = 64,
		.max_inflight = WIRE_QUEUE,
	};
}

bool wire_touch_other(struct wire *w)
{
	static const uint64_t one = 1;

	return write(w->other, &one, sizeof(one)) == (ssize_t)sizeof(one) || errno == EBADF;
}

void wire_end(struct wire *w)
{
	if (w->bell != NULL)
		scmi_doorbell_destroy(w->bell);
	drop_other(w);
	pthread_mutex_destroy(&w->mutex);
}
