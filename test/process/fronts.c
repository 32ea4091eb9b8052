/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Front ends that come and go. Some go in the middle: with calls in flight, with a command that is never answered, with
 * notifications on. Each completion is counted, and there must be one for each submit.
 */
#define _GNU_SOURCE

#include "fronts.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <scmi/open.h>

#include "roles.h"

#define IN_FLIGHT   8u
#define ECHO_WORDS  4u
#define DEVICE      0x80u /* protocol of the simulated device */
#define DEVICE_HANG 5u
#define DEVICE_TELL 6u
#define DEVICE_ECHO 7u
#define FAR_US      50000000u

struct front {
	struct scmi_agent *agent;
	struct scmi_call calls[IN_FLIGHT];
	uint32_t came[IN_FLIGHT][2];
	struct fronts *of;
};

struct fronts {
	const char *uri;
	uint64_t random;
	struct front front[FRONTS_EACH];
	_Atomic uint32_t open; /* calls that were submitted and have not ended */
	struct done done;
};

static uint32_t rnd(struct fronts *f, uint32_t below)
{
	f->random = f->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(f->random >> 33) % below;
}

static void bad(struct fronts *f, const char *what, int err)
{
	(void)fprintf(stderr, "front end: %s: %s\n", what, scmi_error_name(err));
	f->done.bad++;
}

/* ---- calls ---- */

static struct scmi_call device_call(uint8_t message, const void *params, uint32_t len)
{
	return (struct scmi_call){.size = sizeof(struct scmi_call),
				  .protocol = DEVICE,
				  .message = message,
				  .params = params,
				  .params_len = len,
				  .timeout_us = FAR_US};
}

static void echo(struct front *a)
{
	struct fronts *f = a->of;
	uint32_t sent[ECHO_WORDS] = {f->done.calls, ~f->done.calls, rnd(f, UINT32_MAX), 4};
	uint32_t came[ECHO_WORDS] = {0};
	struct scmi_call call = device_call(DEVICE_ECHO, sent, sizeof(sent));
	int err;

	call.reply = came;
	call.reply_cap = sizeof(came);
	err = scmi_agent_call(a->agent, &call);
	f->done.calls++;
	if (err != SCMI_OK || call.reply_len != sizeof(came) || memcmp(sent, came, sizeof(sent)) != 0)
		bad(f, "echo", err);
}

static void ended(struct scmi_call *call, int err)
{
	struct front *a = call->arg;

	atomic_fetch_sub(&a->of->open, 1u);
	if (err != SCMI_OK && err != SCMI_E_CLOSED)
		bad(a->of, "call in flight", err);
}

static void submit(struct front *a, uint32_t i, uint8_t message, const void *params, uint32_t len)
{
	int err;

	a->calls[i] = device_call(message, params, len);
	a->calls[i].reply = a->came[i];
	a->calls[i].reply_cap = sizeof(a->came[i]);
	a->calls[i].done = ended;
	a->calls[i].arg = a;
	atomic_fetch_add(&a->of->open, 1u);
	err = scmi_agent_submit(a->agent, &a->calls[i]);
	a->of->done.calls++;
	if (err == SCMI_OK)
		return;
	atomic_fetch_sub(&a->of->open, 1u);
	bad(a->of, "submit", err);
}

static void leave_something(struct front *a)
{
	static const uint32_t words[2] = {0, 0};
	static const uint32_t on = 1;

	switch (rnd(a->of, 4)) {
	case 0: /* a batch in flight */
		for (uint32_t i = 0; i < IN_FLIGHT; i++)
			submit(a, i, DEVICE_ECHO, words, sizeof(words));
		break;
	case 1: /* what the platform only answers when this one has gone */
		submit(a, 0, DEVICE_HANG, words, 4);
		break;
	case 2: /* notifications, which come or not */
		submit(a, 0, DEVICE_TELL, &on, 4);
		break;
	default:
		break;
	}
}

/* ---- places ---- */

static void come(struct front *a)
{
	char text[200] = "";
	const struct scmi_open_config config = {.size = sizeof(config), .why = {text, sizeof(text)}};
	const int err = scmi_open(&a->agent, a->of->uri, &config);

	a->of->done.connects++;
	if (err == SCMI_OK)
		return;
	a->agent = NULL;
	bad(a->of, text, err);
}

static void go(struct front *a)
{
	const int err = scmi_close(a->agent);

	a->agent = NULL;
	if (err != SCMI_OK)
		bad(a->of, "close", err);
	if (atomic_load(&a->of->open) != 0)
		bad(a->of, "calls that have not ended", SCMI_E_INPROGRESS);
	atomic_store(&a->of->open, 0u);
}

static void fill(struct fronts *f)
{
	for (uint32_t i = 0; i < FRONTS_EACH; i++) {
		if (f->front[i].agent == NULL)
			come(&f->front[i]);
		if (f->front[i].agent != NULL)
			echo(&f->front[i]);
	}
}

static void empty(struct fronts *f)
{
	for (uint32_t i = 0; i < FRONTS_EACH; i++) {
		if (f->front[i].agent != NULL)
			go(&f->front[i]);
	}
}

/* Who knows nothing of the protocol, begins a message with a descriptor, and has gone. */
static void visit(struct fronts *f)
{
	static const unsigned char start[12] = {1, 0, 0, 0, 1, 0, 0, 0, 8};
	union {
		struct cmsghdr align;
		unsigned char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec some = {(void *)(uintptr_t)start, 1u + rnd(f, sizeof(start))};
	struct msghdr m = {
		.msg_iov = &some, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = strchr(f->uri, '/');
	const bool stream = strncmp(f->uri, "vhost-user:", 11) == 0;
	const int fd = STDERR_FILENO;
	const int sock = socket(AF_UNIX, (stream ? SOCK_STREAM : SOCK_SEQPACKET) | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strcspn(path, ","));
	CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(fd));
	if (connect(sock, (struct sockaddr *)&address, sizeof(address)) != 0)
		bad(f, "a visit", SCMI_E_IO);
	else if (stream || rnd(f, 2) != 0)
		(void)sendmsg(sock, &m, MSG_NOSIGNAL);
	(void)close(sock);
	f->done.connects++;
}

/* One that is there asks, and goes with something left; one that is not comes. */
static void mix(struct fronts *f, uint32_t connects)
{
	const uint32_t until = f->done.connects + connects;

	while (f->done.connects != until && f->done.bad == 0) {
		struct front *a = &f->front[rnd(f, FRONTS_EACH)];

		if (a->agent == NULL && rnd(f, 8) == 0) {
			visit(f);
			continue;
		}
		if (a->agent == NULL) {
			come(a);
			continue;
		}
		for (uint32_t n = rnd(f, 4); n != 0; n--)
			echo(a);
		if (rnd(f, 2) == 0)
			continue;
		leave_something(a);
		go(a);
	}
}

static void obey(struct fronts *f, const struct order *order)
{
	if (order->kind == ORDER_FILL)
		fill(f);
	else if (order->kind == ORDER_RANDOM)
		mix(f, order->n);
	else
		empty(f);
}

int fronts_role(const char *uri, uint32_t seed)
{
	static struct fronts f;
	struct order order = {.kind = ORDER_FILL};

	f.uri = uri;
	f.random = seed;
	for (uint32_t i = 0; i < FRONTS_EACH; i++)
		f.front[i].of = &f;
	while (order.kind != ORDER_END && read(STDIN_FILENO, &order, sizeof(order)) == (ssize_t)sizeof(order)) {
		obey(&f, &order);
		f.done.fds = count_fds();
		f.done.maps = count_maps();
		if (write(STDOUT_FILENO, &f.done, sizeof(f.done)) != (ssize_t)sizeof(f.done))
			return 1;
	}
	return 0;
}
