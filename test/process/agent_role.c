/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent under load, that comes back by its reconnect policy. Time-outs are far off: a call that runs into one has
 * not been told that its platform died.
 */
#define _POSIX_C_SOURCE 200809L

#include "roles.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/agent.h>
#include <scmi/port/posix.h>

#define WORKERS      3u
#define FAR_US       50000000u
#define RECONNECT_US 5000u

struct load {
	struct scmi_agent *agent;
	struct scmi_subscriber ear;
	pthread_t threads[WORKERS];
	atomic_uint number;
	atomic_bool over;
	_Atomic uint64_t good;
	_Atomic uint64_t later;
	_Atomic uint64_t events;
	_Atomic uint64_t lost;
	_Atomic uint64_t bad;
	_Atomic int32_t bad_err;
};

static void hear(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct load *l = self->arg;

	(void)hdr;
	(void)payload;
	if (len == 4)
		atomic_fetch_add(&l->events, 1u);
}

static void note_bad(struct load *l, int err)
{
	int32_t none = 0;

	atomic_compare_exchange_strong(&l->bad_err, &none, err == SCMI_OK ? 1 : err);
	atomic_fetch_add(&l->bad, 1u);
}

static void judge(struct load *l, const struct scmi_call *call, int err, const uint8_t *sent, const uint8_t *came)
{
	const bool later = (call->flags & SCMI_CALL_DELAYED) != 0;

	if (err == SCMI_OK && call->reply_len == TRY_BYTES && memcmp(sent, came, TRY_BYTES) == 0) {
		atomic_fetch_add(&l->good, 1u);
		atomic_fetch_add(&l->later, later ? 1u : 0u);
	} else if (err == SCMI_E_LINK || err == SCMI_E_NOPEER) {
		atomic_fetch_add(&l->lost, 1u);
		nap_us(500);
	} else if (later && err == SCMI_E_REMOTE && call->status == SCMI_BUSY) {
		nap_us(500); /* the platform has still to send the one before */
	} else if (err != SCMI_E_CLOSED) {
		note_bad(l, err);
	}
}

static void *work(void *arg)
{
	struct load *l = arg;
	const uint32_t me = atomic_fetch_add(&l->number, 1u);
	uint32_t turn = 0;

	for (; !atomic_load(&l->over); turn++) {
		uint32_t sent[TRY_BYTES / 4u] = {me, turn, ~turn, me * 77u + turn};
		uint8_t came[TRY_BYTES] = {0};
		struct scmi_call call = {.size = sizeof(call),
					 .protocol = TRY_PROTOCOL,
					 .message = TRY_ECHO,
					 .params = sent,
					 .params_len = TRY_BYTES,
					 .reply = came,
					 .reply_cap = TRY_BYTES,
					 .timeout_us = FAR_US,
					 .delayed_timeout_us = FAR_US};
		int err;

		if (me == 0) {
			call.message = TRY_LATER;
			call.flags = SCMI_CALL_DELAYED;
		}
		err = scmi_agent_call(l->agent, &call);
		judge(l, &call, err, (const uint8_t *)sent, came);
		if (me == 1 && turn % 64u == 0)
			nap_us(300);
	}
	return NULL;
}

/* A new platform knows nothing of it: asked for again and again. */
static void ask_to_be_told(struct scmi_agent *agent)
{
	static const uint8_t on[4] = {1};
	struct scmi_call call = {.size = sizeof(call),
				 .protocol = TRY_PROTOCOL,
				 .message = TRY_NOTIFY,
				 .params = on,
				 .params_len = sizeof(on),
				 .timeout_us = FAR_US};

	(void)scmi_agent_call(agent, &call);
}

static void tell(struct load *l)
{
	struct report r = {.good = atomic_load(&l->good),
			   .later = atomic_load(&l->later),
			   .events = atomic_load(&l->events),
			   .lost = atomic_load(&l->lost),
			   .bad = atomic_load(&l->bad),
			   .bad_err = atomic_load(&l->bad_err)};

	answer(&r);
}

/* Who is to answer is the main thread, which also polls: that is what brings a link back. */
static void live(struct load *l)
{
	uint32_t turns = 0;
	int question = 0;

	while (question != ASK_END && question != -1) {
		question = next_question(1);
		if (question == ASK_REPORT)
			tell(l);
		(void)scmi_agent_poll(l->agent, 4);
		if (turns++ % 16u == 0)
			ask_to_be_told(l->agent);
	}
}

static void run(struct load *l, const struct scmi_transport *transport, const struct scmi_port *port)
{
	struct scmi_agent_config config = {.size = sizeof(config),
					   .transport = transport,
					   .port = port,
					   .event_buffers = 4,
					   .options.reconnect_us = RECONNECT_US,
					   .options.queue_timeout_us = FAR_US};
	const size_t len = scmi_agent_size(&config);
	void *mem = malloc(len);

	if (mem == NULL || scmi_agent_init(&l->agent, mem, len, &config) != SCMI_OK)
		abort();
	l->ear = (struct scmi_subscriber){
		.size = sizeof(l->ear), .protocol = TRY_PROTOCOL, .message = SCMI_ANY, .notify = hear, .arg = l};
	if (scmi_agent_subscribe(l->agent, &l->ear) != SCMI_OK)
		abort();
	while (scmi_agent_start(l->agent) != SCMI_OK)
		nap_us(2000);
	for (uint32_t i = 0; i < WORKERS; i++) {
		if (pthread_create(&l->threads[i], NULL, work, l) != 0)
			abort();
	}
	live(l);
	atomic_store(&l->over, true);
	(void)scmi_agent_stop(l->agent);
	for (uint32_t i = 0; i < WORKERS; i++)
		pthread_join(l->threads[i], NULL);
	if (scmi_agent_fini(l->agent) != SCMI_OK)
		abort();
	free(mem);
}

int agent_role(const char *uri)
{
	const struct scmi_scheme *scheme = scheme_of(&uri);
	char text[200];
	const struct scmi_why why = {text, sizeof(text)};
	struct load l = {.agent = NULL};
	struct scmi_transport transport;
	struct scmi_posix posix;
	struct scmi_port port;
	void *link;
	int err;

	if (scheme == NULL || scmi_posix_init(&posix, &port) != SCMI_OK)
		return 1;
	while ((err = scheme->open(&link, uri, &port, &transport, &why)) == SCMI_E_NOPEER)
		nap_us(2000);
	if (err != SCMI_OK) {
		(void)fprintf(stderr, "agent: %s\n", text);
		return 1;
	}
	run(&l, &transport, &port);
	scheme->close(link);
	scmi_posix_fini(&posix);
	return 0;
}
