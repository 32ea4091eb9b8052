/* SPDX-License-Identifier: BSD-3-Clause */
/* The real platform, behind every loopback, virtio and mailbox: each link is an agent of its own, each protocol a server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress.h"

/* Notifications: at once or not at all; the newest word. */
#define NOTIFY_NOW    0u
#define NOTIFY_NEWEST 1u

static struct lane *lane_of_agent(struct stress *s, uint16_t agent)
{
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		if (s->lanes[i].agent == agent)
			return &s->lanes[i];
	}
	return NULL;
}

bool platform_notify(struct lane *l)
{
	unsigned char payload[BYTES_MAX];
	const uint32_t len = peer_notification(l, payload);
	int err;

	if (payload[0] % 4u == 0)
		err = scmi_notice_post(&l->notice, payload, len);
	else
		err = scmi_platform_notify(l->s->platform, l->agent, l->protocol, NOTIFY_NOW, payload, len);
	if (err != SCMI_OK && err != SCMI_E_BUSY && err != SCMI_E_NOPEER && err != SCMI_E_CLOSED)
		fault(l->s, l, "a notification cannot go: %s", scmi_error_name(err));
	return err == SCMI_OK;
}

static void notify(struct lane *l, struct scmi_request *req)
{
	(void)scmi_request_notify(req, NOTIFY_NOW, SCMI_NOTIFY_ENABLE);
	(void)scmi_request_notify(req, NOTIFY_NEWEST, SCMI_NOTIFY_ENABLE);
	(void)platform_notify(l);
}

static int32_t put_answer(struct scmi_request *req, const struct asked *a)
{
	unsigned char values[BYTES_MAX];
	const uint32_t len = peer_values(a, values);

	scmi_request_put_bytes(req, values, len);
	return SCMI_SUCCESS;
}

static bool reply_later(struct task *t)
{
	struct scmi_request *req = t->ref;
	struct lane *l = t->asked.lane;
	int err;

	if (t->asked.act == ACT_HOLD && atomic_load(&l->holding))
		return false;
	err = scmi_request_reply(req, put_answer(req, &t->asked));
	if (err != SCMI_OK)
		fault(l->s, l, "scmi_request_reply() is %s", scmi_error_name(err));
	return true;
}

static int32_t answer(struct scmi_request *req, const struct asked *a)
{
	struct lane *l = a->lane;
	const struct task t = {.run = reply_later, .asked = *a, .ref = req};

	if (a->act == ACT_ERROR && a->delay == DELAY_NONE)
		return peer_status(a->nonce);
	if (a->act != ACT_LATER && a->act != ACT_HOLD)
		return put_answer(req, a);
	later_add(&l->s->later, &t, a->later_us);
	return SCMI_REQUEST_LATER;
}

/* ---- delayed responses ---- */

static bool keep_promise(struct task *t)
{
	struct promise *p = t->ref;
	struct lane *l = t->asked.lane;
	unsigned char values[BYTES_MAX];
	const uint32_t len = peer_values(&t->asked, values);
	const int32_t status = t->asked.act == ACT_ERROR ? peer_status(t->asked.nonce) : SCMI_SUCCESS;
	const int err = scmi_delayed_send(&p->delayed, status, values, len);

	/* A mailbox whose areas are fresh forgets what it has promised. */
	if (err != SCMI_OK && err != SCMI_E_CLOSED && (err != SCMI_E_NOPEER || l->kind != KIND_MAILBOX))
		fault(l->s, l, "scmi_delayed_send() is %s", scmi_error_name(err));
	return true;
}

static int32_t promise(struct scmi_request *req, struct lane *l, struct promise **out)
{
	int32_t status = SCMI_BUSY;

	for (uint32_t i = 0; i < PROMISES && status == SCMI_BUSY; i++) {
		*out = &l->promises[i];
		status = scmi_request_delay(req, &l->promises[i].delayed);
	}
	if (status != SCMI_SUCCESS && status != SCMI_BUSY)
		fault(l->s, l, "scmi_request_delay() is %d", (int)status);
	return status;
}

static int32_t answer_delayed(struct scmi_request *req, const struct asked *a)
{
	struct lane *l = a->lane;
	struct promise *p;
	struct task t = {.run = keep_promise, .asked = *a};
	int32_t status;

	if (a->delay == DELAY_ERROR)
		return peer_status(a->nonce);
	status = promise(req, l, &p);
	if (status != SCMI_SUCCESS)
		return status;
	t.ref = p;
	if (a->delay == DELAY_BEFORE)
		(void)keep_promise(&t);
	else
		later_add(&l->s->later, &t, a->later_us);
	return answer(req, a);
}

static int32_t handle(void *model, struct scmi_request *req)
{
	struct lane *l = lane_of_agent(model, scmi_request_agent(req));
	struct asked a;

	if (!peer_understands(l, req->hdr, req->params, req->len, &a))
		return SCMI_INVALID_PARAMETERS;
	if (a.act == ACT_NOTIFY)
		notify(l, req);
	return a.delay != DELAY_NONE ? answer_delayed(req, &a) : answer(req, &a);
}

static const struct scmi_server_command commands[MESSAGES] = {
	{.handle = handle, .params_max = UINT16_MAX, .message = MESSAGE},
	{.handle = handle, .params_max = UINT16_MAX, .message = MESSAGE + 1u},
	{.handle = handle, .params_max = UINT16_MAX, .message = MESSAGE + 2u},
	{.handle = handle, .params_max = UINT16_MAX, .message = MESSAGE + 3u},
};

/* ---- life ---- */

bool is_platforms(const struct lane *l)
{
	return l->kind == KIND_SYNC || l->kind == KIND_THREADED || l->kind == KIND_VIRTIO || l->kind == KIND_MAILBOX;
}

static uint32_t fill_tables(struct stress *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->lanes_n; i++) {
		struct lane *l = &s->lanes[i];

		if (!is_platforms(l))
			continue;
		s->servers[n] = (struct scmi_server){
			.size = sizeof(struct scmi_server),
			.protocol = l->protocol,
			.commands_n = MESSAGES,
			.version = SCMI_VERSION(1, 0),
			.commands = commands,
			.model = s,
		};
		s->server_at[n] = &s->servers[n];
		s->agents[n] = (struct scmi_platform_agent){.size = sizeof(s->agents[n]), .endpoint = &l->endpoint};
		l->agent = (uint16_t)++n;
	}
	return n;
}

static bool make_notices(struct stress *s)
{
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		struct lane *l = &s->lanes[i];

		for (uint32_t k = 0; k < PROMISES; k++) {
			l->promises[k].delayed = (struct scmi_delayed){
				.size = sizeof(struct scmi_delayed),
				.cap = sizeof(l->promises[k].buf),
				.buf = l->promises[k].buf,
			};
		}
		l->notice = (struct scmi_notice){
			.size = sizeof(l->notice),
			.agent = l->agent,
			.protocol = l->protocol,
			.notification = NOTIFY_NEWEST,
			.cap = BYTES_MAX,
			.buf = l->notice_buf,
		};
		if (is_platforms(l) && scmi_notice_init(s->platform, &l->notice) != SCMI_OK)
			return false;
	}
	return true;
}

static void say(void *arg, enum scmi_log_level level, const char *text)
{
	(void)arg;
	(void)level;
	fprintf(stderr, "stress: platform: %s\n", text);
}

bool platform_make(struct stress *s)
{
	struct scmi_platform_config config = {.size = sizeof(config), .log = say};
	size_t size;

	s->servers = calloc(LANES_MAX, sizeof(*s->servers));
	s->server_at = calloc(LANES_MAX, sizeof(*s->server_at));
	s->agents = calloc(LANES_MAX, sizeof(*s->agents));
	if (s->servers == NULL || s->server_at == NULL || s->agents == NULL)
		return false;
	config.servers = s->server_at;
	config.agents = s->agents;
	config.servers_n = config.agents_n = fill_tables(s);
	if (config.agents_n == 0)
		return true;
	size = scmi_platform_size(&config);
	s->platform_mem = malloc(size);
	return s->platform_mem != NULL && scmi_platform_init(&s->platform, s->platform_mem, size, &config) == SCMI_OK &&
	       make_notices(s) && scmi_platform_start(s->platform) == SCMI_OK;
}

void platform_unmake(struct stress *s)
{
	if (s->platform != NULL && scmi_platform_fini(s->platform) != SCMI_OK)
		fault(s, NULL, "the platform has something open at its end");
	free(s->platform_mem);
	free(s->servers);
	free(s->server_at);
	free(s->agents);
}
