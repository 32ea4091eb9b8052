/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a mailbox between processes joins the suite: the agent is here, the platform's end in a process of its own, which
 * tells us of each request and does with it as the script says. Each time the peer appears it is a new process, but for
 * the first, which was there to open the link. It goes in order if it owes no answer, else it is killed.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <scmi/transport/mailbox_linux.h>

#include "../support/hang.h"
#include "kind_process.h"
#include "process_child.h"

#define LINKS    16u
#define NOTED_NS (110 * 1000 * 1000) /* when an agent of shm= that polls has seen that its platform is dead */

struct form {
	bool shm;
	const char *options; /* the platform's */
};

struct conf_link {
	const struct form *form;
	const struct conf_kind *kind;
	struct scmi_port port;
	struct conf_peer *peer;
	void *below; /* the scheme's link */
	struct scmi_transport transport;
	struct scmi_transport_ops ops;
	char folder[32];
	char name[64];
	char rest[80];     /* what the agent is told */
	char platform[96]; /* and the platform */
	struct process_child child;
	pthread_t ear;
	_Atomic bool up;
	bool hidden;          /* it is there, and has not yet appeared */
	_Atomic bool started; /* the agent's end */
	_Atomic bool met;     /* it has, once */
	bool lost;            /* since then, its platform */
	pthread_mutex_t counting;
	uint32_t open_life;              /* of this platform */
	uint32_t open;                   /* requests that it waits for an answer to */
	struct process_message *verdict; /* the ear's: on the request of which it tells just now */
	const char *fault;
};

/* A request, as the script knows it. */
struct ref {
	uint32_t life;
	uint32_t id;
	uint32_t cap;
};

/* ---- the clock ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct conf_link *links[LINKS];

/* Puts `as` where `link` stands; NULL stands where there is none. */
static void put(const struct conf_link *link, struct conf_link *as)
{
	uint32_t i = 0;

	pthread_mutex_lock(&lock);
	while (i < LINKS && links[i] != link)
		i++;
	if (i == LINKS)
		abort();
	links[i] = as;
	pthread_mutex_unlock(&lock);
}

static struct conf_link *link_of(const void *ctx)
{
	struct conf_link *link = NULL;

	pthread_mutex_lock(&lock);
	for (uint32_t i = 0; i < LINKS; i++) {
		if (links[i] != NULL && links[i]->transport.ctx == ctx)
			link = links[i];
	}
	pthread_mutex_unlock(&lock);
	if (link == NULL)
		abort();
	return link;
}

/* The scheme sleeps by the system's clock: who waits for the case's own sleeps a slice. */
static void wait(void *ctx, uint64_t deadline_us)
{
	const struct conf_link *link = link_of(ctx);
	const struct conf_clock *clock = link->port.ctx;
	const struct scmi_transport_ops *below = link->transport.ops;

	if (deadline_us == SCMI_NEVER && clock->step_us == 0) {
		conf_thread_pauses();
		below->wait(ctx, SCMI_NEVER);
	} else if (link->port.now_us(link->port.ctx) >= deadline_us) {
		below->wait(ctx, 0);
	} else {
		below->wait(ctx, clock->real.now_us(clock->real.ctx) + clock->slice_us);
		link->port.relax(link->port.ctx);
	}
}

static void land(struct conf_link *link);

/* An agent that starts before its platform has appeared finds nobody. */
static void hide(struct conf_link *link)
{
	if (link->hidden)
		land(link);
	link->hidden = false;
}

/* An agent waits 150 ms for a platform that comes again: on a busy machine that is too short. */
static bool too_early(struct conf_link *link, int err, struct hang *watch)
{
	return err == SCMI_E_NOPEER && atomic_load(&link->up) && !hangs(watch);
}

static int start(void *ctx, const struct scmi_sink *core_sink, void *core)
{
	struct conf_link *link = link_of(ctx);
	struct hang watch = hang_watch();
	int err;

	hide(link);
	do {
		err = link->transport.ops->start(ctx, core_sink, core);
	} while (too_early(link, err, &watch));
	link->lost = false;
	atomic_store(&link->started, err == SCMI_OK);
	if (err == SCMI_OK)
		atomic_store(&link->met, true);
	return err;
}

static int recover(void *ctx)
{
	struct conf_link *link = link_of(ctx);
	struct hang watch = hang_watch();
	int err;

	do {
		err = link->transport.ops->recover(ctx);
	} while (too_early(link, err, &watch));
	return err;
}

static void stop(void *ctx)
{
	struct conf_link *link = link_of(ctx);

	atomic_store(&link->started, false);
	link->transport.ops->stop(ctx);
}

/* ---- requests ---- */

/* Those of a life; who answers may be late for it. */
static uint32_t count_open(struct conf_link *link, uint32_t life, uint32_t change)
{
	uint32_t open;

	pthread_mutex_lock(&link->counting);
	if (life == link->open_life)
		link->open += change;
	open = link->open;
	pthread_mutex_unlock(&link->counting);
	return open;
}

static void begin_life(struct conf_link *link)
{
	pthread_mutex_lock(&link->counting);
	link->open_life = link->child.life;
	link->open = 0;
	pthread_mutex_unlock(&link->counting);
}

static void tell(struct conf_link *link, struct process_message *m)
{
	struct ref *ref = malloc(sizeof(*ref));

	if (ref == NULL)
		abort();
	*ref = (struct ref){.life = link->child.life, .id = m->id, .cap = m->cap};
	(void)count_open(link, ref->life, 1u);
	link->verdict = &(struct process_message){.word = PROCESS_VERDICT, .id = m->id, .len = SCMI_REPLY_LATER};
	conf_peer_came(link->peer, ref, m->hdr, m->bytes, m->len);
	(void)process_say(link->child.told, link->verdict);
}

static void *hear(void *arg)
{
	struct conf_link *link = arg;
	struct process_message m;

	while (process_hear(link->child.told, &m))
		tell(link, &m);
	return NULL;
}

static int answer(struct conf_link *link, void *opaque, uint32_t hdr, const void *payload, uint32_t len, bool in_place)
{
	const struct ref ref = *(struct ref *)opaque;
	struct process_message m = {
		.word = PROCESS_ANSWER, .id = ref.id, .hdr = hdr, .len = len != 0 ? len : SCMI_REPLY_NONE};

	if (len > ref.cap)
		return SCMI_E_TOOBIG;
	free(opaque);
	if (ref.life != link->child.life)
		return SCMI_OK; /* its platform has died with it */
	if (len != 0)
		memcpy(m.bytes, payload, len);
	if (in_place)
		*link->verdict = m;
	else
		(void)process_child_ask(&link->child, ref.life, &m);
	(void)count_open(link, ref.life, UINT32_MAX);
	return SCMI_OK;
}

/* What is pushed before the first start would stand in the areas that opened the link, and be delivered. */
static int push(struct conf_link *link, uint32_t hdr, const void *payload, uint32_t len)
{
	struct process_message m = {.word = PROCESS_PUSH, .hdr = hdr, .len = len};

	if (!atomic_load(&link->met))
		return SCMI_E_NOPEER;
	if (len > link->kind->max_payload)
		return SCMI_E_TOOBIG;
	if (len != 0)
		memcpy(m.bytes, payload, len);
	return process_child_ask(&link->child, link->child.life, &m) ? m.err : SCMI_E_NOPEER;
}

static uint32_t away(struct conf_link *link)
{
	struct process_message m = {.word = PROCESS_AWAY};

	return process_child_ask(&link->child, link->child.life, &m) ? (uint32_t)m.err : 0;
}

/* ---- the peer ---- */

static bool name_is_left(const struct conf_link *link)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s%s", link->form->shm ? "/dev/shm" : "", link->name);
	return access(path, F_OK) == 0;
}

static int launch(struct conf_link *link)
{
	if (!process_child_start(&link->child, link->platform))
		return SCMI_E_IO;
	if (pthread_create(&link->ear, NULL, hear, link) != 0)
		abort();
	return SCMI_OK;
}

/* Of a request that it has got since, END tells: so it is killed after all. */
static bool ends_in_order(struct conf_link *link)
{
	struct process_message m = {.word = PROCESS_END};

	if (!process_child_ask(&link->child, link->child.life, &m))
		link->fault = "the platform's process has died by itself";
	return m.err == 0;
}

/* Ends it. */
static void land(struct conf_link *link)
{
	const struct timespec noted = {.tv_nsec = NOTED_NS};
	const bool killed = count_open(link, link->open_life, 0) != 0 || !ends_in_order(link);

	if (killed)
		process_child_kill(&link->child);
	if (!process_child_wait(&link->child) && !killed)
		link->fault = "the platform's process has not ended well";
	if (!killed && name_is_left(link))
		link->fault = "the platform's process has left its name behind";
	if (killed && link->form->shm)
		(void)nanosleep(&noted, NULL);
	pthread_join(link->ear, NULL);
	process_child_close(&link->child);
	begin_life(link);
}

/* Who has asked for a descriptor sees with each poll that his peer has gone. */
static void let_it_look(struct conf_link *link)
{
	const struct scmi_transport_ops *below = link->transport.ops;

	if ((link->kind->traits & CONF_FD) != 0)
		(void)below->fd(link->transport.ctx);
	(void)below->poll(link->transport.ctx, 1);
}

static void peer_stop(struct conf_link *link)
{
	if (!atomic_exchange(&link->up, false))
		return;
	land(link);
	link->lost = atomic_load(&link->started);
	if (link->lost)
		let_it_look(link);
}

static int peer_start(struct conf_link *link)
{
	const int err = link->hidden ? SCMI_OK : launch(link);

	if (err != SCMI_OK)
		return err;
	link->hidden = false;
	begin_life(link); /* what its ear needs has been set by now: the lock tells */
	atomic_store(&link->up, true);
	if (!link->lost || !atomic_load(&link->started))
		return SCMI_OK;
	link->lost = false;
	return recover(link->transport.ctx); /* as a reconnect by the agent's policy does */
}

/* ---- make ---- */

static void name_it(struct conf_link *link)
{
	static _Atomic uint32_t number;
	const struct form *f = link->form;

	if (f->shm) {
		(void)snprintf(link->name, sizeof(link->name), "/scmi-conformance-%d-%u", (int)getpid(), ++number);
	} else {
		(void)snprintf(link->folder, sizeof(link->folder), "/tmp/scmi-conf-XXXXXX");
		if (mkdtemp(link->folder) == NULL)
			abort();
		(void)snprintf(link->name, sizeof(link->name), "%s/socket", link->folder);
	}
	(void)snprintf(link->rest, sizeof(link->rest), "%s=%s", f->shm ? "shm" : "unix", link->name);
	(void)snprintf(link->platform, sizeof(link->platform), "%s%s", link->rest, f->options);
}

static void destroy(struct conf_link *link)
{
	peer_stop(link);
	hide(link);
	if (link->below != NULL) {
		scmi_mailbox_scheme()->close(link->below);
		put(link, NULL);
	}
	if (link->form->shm) {
		(void)shm_unlink(link->name);
	} else {
		(void)unlink(link->name);
		(void)rmdir(link->folder);
	}
	process_child_fini(&link->child);
	pthread_mutex_destroy(&link->counting);
	free(link);
}

/* A link is opened where its platform is. */
static bool open_link(struct conf_link *link)
{
	char text[200];
	const struct scmi_why why = {text, sizeof(text)};

	link->hidden = launch(link) == SCMI_OK;
	if (!link->hidden ||
	    scmi_mailbox_scheme()->open(&link->below, link->rest, &link->port, &link->transport, &why) != SCMI_OK)
		return false;
	put(NULL, link);
	return true;
}

static struct conf_link *make(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
			      struct scmi_transport *out)
{
	struct conf_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		abort();
	link->form = kind->own;
	link->kind = kind;
	link->port = *port;
	link->peer = peer;
	pthread_mutex_init(&link->counting, NULL);
	process_child_init(&link->child);
	name_it(link);
	if (!open_link(link)) {
		destroy(link);
		return NULL;
	}
	link->ops = *link->transport.ops;
	link->ops.start = start;
	link->ops.stop = stop;
	link->ops.wait = wait;
	link->ops.recover = recover;
	*out = link->transport;
	out->ops = &link->ops;
	return link;
}

static const char *fault(struct conf_link *link)
{
	return link->fault;
}

/* ---- kinds ---- */

#define METHODS                                                                                                        \
	.make = make, .destroy = destroy, .peer_start = peer_start, .peer_stop = peer_stop, .answer = answer,          \
	.push = push, .away = away, .fault = fault, .empty = SCMI_E_COMMS, .depth = SCMI_MAILBOX_INFLIGHT_DEFAULT
#define TRAITS                                                                                                         \
	(CONF_KNOWS_TOKEN | CONF_EMPTY | CONF_PEER_GOES | CONF_LOST_LATER | CONF_UNASKED | CONF_THREADED | CONF_SLOW)

static const struct form by_unix = {.options = ",agents=1,size=284"};
static const struct form by_shm = {.shm = true, .options = ""};

const struct conf_kind conf_process_unix = {
	.name = "process_unix",
	.own = &by_unix,
	.traits = TRAITS | CONF_FD,
	.max_payload = CONF_PAYLOAD,
	METHODS,
};

const struct conf_kind conf_process_shm = {
	.name = "process_shm",
	.own = &by_shm,
	.traits = TRAITS,
	.max_payload = SCMI_SHMEM_BYTES_DEFAULT - SCMI_SHMEM_PAYLOAD,
	METHODS,
};
