/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * conformance_platform REST: the platform's end of a mailbox between processes, "unix=..." or "shm=...", for one agent,
 * played by whoever has started this program. It ends by itself when that one has gone.
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/port/posix.h>
#include <scmi/transport/mailbox_linux.h>

#include "process_words.h"

#define OPEN_MAX_ 8u

struct open_request {
	uint32_t id; /* 0: none */
	struct scmi_request *req;
};

struct stage {
	void *listener;
	const struct scmi_endpoint *endpoint;
	pthread_t server;
	pthread_mutex_t lock;
	uint32_t last_id;
	struct open_request open[OPEN_MAX_];
};

/* ---- requests ---- */

static uint32_t note(struct stage *s, struct scmi_request *req)
{
	uint32_t i = 0;
	uint32_t id;

	pthread_mutex_lock(&s->lock);
	while (i < OPEN_MAX_ && s->open[i].id != 0)
		i++;
	if (i == OPEN_MAX_)
		abort();
	id = ++s->last_id;
	s->open[i] = (struct open_request){id, req};
	pthread_mutex_unlock(&s->lock);
	return id;
}

static struct scmi_request *take(struct stage *s, uint32_t id)
{
	struct scmi_request *req;
	uint32_t i = 0;

	pthread_mutex_lock(&s->lock);
	while (i < OPEN_MAX_ && s->open[i].id != id)
		i++;
	if (i == OPEN_MAX_)
		abort();
	s->open[i].id = 0;
	req = s->open[i].req;
	pthread_mutex_unlock(&s->lock);
	return req;
}

static int32_t count(struct stage *s)
{
	int32_t n = 0;

	pthread_mutex_lock(&s->lock);
	for (uint32_t i = 0; i < OPEN_MAX_; i++)
		n += s->open[i].id != 0;
	pthread_mutex_unlock(&s->lock);
	return n;
}

static uint32_t fill(struct scmi_request *req, const struct process_message *m)
{
	req->hdr = m->hdr;
	if (m->len != SCMI_REPLY_NONE)
		memcpy(req->reply, m->bytes, m->len);
	return m->len;
}

/* It may have had its answer before we hear that it is to come later: from then on it is not ours. */
static uint32_t request(void *channel, struct scmi_request *req)
{
	struct stage *s = channel;
	struct process_message m = {.word = PROCESS_CAME, .hdr = req->hdr, .len = req->len, .cap = req->reply_cap};

	if (req->len > sizeof(m.bytes))
		abort();
	if (req->len != 0)
		memcpy(m.bytes, req->params, req->len);
	m.id = note(s, req); /* last: others may have it from here on */
	if (!process_say(PROCESS_TELLS, &m) || !process_hear(PROCESS_TELLS, &m) || m.len == SCMI_REPLY_LATER)
		return SCMI_REPLY_LATER;
	return fill(take(s, m.id), &m);
}

static void room_again(void *channel)
{
	(void)channel;
}

static void reset(void *channel)
{
	(void)channel;
}

static const struct scmi_platform_sink sink = {
	.version = SCMI_PLATFORM_SINK_V1,
	.request = request,
	.ready = room_again,
	.reset = reset,
};

/* ---- life ---- */

static void *serve(void *arg)
{
	struct stage *s = arg;

	if (scmi_mailbox_scheme()->run(s->listener) != SCMI_OK)
		abort();
	return NULL;
}

static int begin(struct stage *s, const char *rest, const struct scmi_port *port)
{
	char text[200] = "no thread";
	const struct scmi_why why = {text, sizeof(text)};
	int err = scmi_mailbox_scheme()->listen(&s->listener, rest, port, &why);

	if (err == SCMI_OK) {
		s->endpoint = scmi_mailbox_scheme()->endpoint(s->listener, 0);
		err = s->endpoint->ops->start(s->endpoint->ctx, &sink, s);
	}
	if (err == SCMI_OK && pthread_create(&s->server, NULL, serve, s) != 0)
		err = SCMI_E_IO;
	if (err != SCMI_OK)
		(void)fprintf(stderr, "%s: %s\n", PROCESS_PROGRAM, text);
	return err;
}

static const struct scmi_endpoint *endpoint_of(const struct stage *s)
{
	if (s->endpoint == NULL)
		abort();
	return s->endpoint;
}

static int32_t end(struct stage *s)
{
	const struct scmi_endpoint *endpoint = endpoint_of(s);
	int32_t open;

	scmi_mailbox_scheme()->end(s->listener);
	pthread_join(s->server, NULL);
	endpoint->ops->stop(endpoint->ctx);
	open = count(s);
	if (open == 0)
		scmi_mailbox_scheme()->unlisten(s->listener);
	return open;
}

/* ---- questions ---- */

static void do_as_asked(struct stage *s, struct process_message *m)
{
	const struct scmi_endpoint *endpoint = endpoint_of(s);
	struct scmi_request *req;

	switch ((enum process_word)m->word) {
	case PROCESS_ANSWER:
		req = take(s, m->id);
		endpoint->ops->reply(endpoint->ctx, req, fill(req, m));
		break;
	case PROCESS_PUSH:
		m->err = endpoint->ops->send(endpoint->ctx, m->hdr, m->bytes, m->len);
		break;
	case PROCESS_AWAY:
		m->err = count(s);
		break;
	case PROCESS_END:
		m->err = end(s);
		break;
	case PROCESS_READY:
	case PROCESS_CAME:
	case PROCESS_VERDICT:
	default:
		abort();
	}
}

/* Whether it has ended in order. */
static bool play(struct stage *s)
{
	struct process_message m = {.word = PROCESS_READY};
	bool over = false;

	while (process_say(PROCESS_ASKS, &m) && !over) {
		if (!process_hear(PROCESS_ASKS, &m))
			return false;
		do_as_asked(s, &m);
		over = m.word == PROCESS_END && m.err == 0;
	}
	return over;
}

int main(int argc, char **argv)
{
	static struct stage stage = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct scmi_posix posix;
	struct scmi_port port;

	if (argc != 2 || scmi_posix_init(&posix, &port) != SCMI_OK || begin(&stage, argv[1], &port) != SCMI_OK)
		return 1;
	if (!play(&stage)) {
		(void)end(&stage); /* the name goes, too */
		return 1;
	}
	scmi_posix_fini(&posix);
	return 0;
}
