/* SPDX-License-Identifier: BSD-3-Clause */
/* The scripted platform end: sees requests, answers by itself or as a case tells it. */
#define _POSIX_C_SOURCE 200809L

#include <assert.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "../support/hang.h"
#include "suite.h"

unsigned char conf_byte(uint32_t i)
{
	return (unsigned char)(i * 7u + 3u);
}

void conf_fill(void *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		((unsigned char *)bytes)[i] = conf_byte(i);
}

void conf_peer_init(struct conf_peer *peer, const struct conf_kind *kind)
{
	memset(peer, 0, sizeof(*peer));
	peer->kind = kind;
	pthread_mutex_init(&peer->lock, NULL);
}

void conf_peer_fini(struct conf_peer *peer)
{
	pthread_mutex_destroy(&peer->lock);
}

void conf_peer_hold(struct conf_peer *peer, bool hold)
{
	pthread_mutex_lock(&peer->lock);
	peer->hold = hold;
	pthread_mutex_unlock(&peer->lock);
}

uint32_t conf_peer_seen(struct conf_peer *peer)
{
	uint32_t seen;

	pthread_mutex_lock(&peer->lock);
	seen = peer->seen;
	pthread_mutex_unlock(&peer->lock);
	return seen;
}

uint32_t conf_peer_held(struct conf_peer *peer)
{
	uint32_t held;

	pthread_mutex_lock(&peer->lock);
	held = peer->held_n;
	pthread_mutex_unlock(&peer->lock);
	return held;
}

void conf_peer_wait(struct conf_peer *peer, uint32_t n)
{
	struct hang watch = hang_watch();

	while (conf_peer_held(peer) < n) {
		if (hangs(&watch))
			abort();
		sched_yield();
	}
}

struct conf_request conf_peer_take(struct conf_peer *peer, uint32_t i)
{
	struct conf_request req;

	pthread_mutex_lock(&peer->lock);
	assert(i < peer->held_n);
	req = peer->held[i];
	peer->held_n--;
	memmove(&peer->held[i], &peer->held[i + 1u], (peer->held_n - i) * sizeof(req));
	pthread_mutex_unlock(&peer->lock);
	return req;
}

static int answer(struct conf_peer *peer, const struct conf_request *req, uint32_t hdr, int32_t status,
		  const void *values, uint32_t len, bool in_place)
{
	unsigned char payload[SCMI_STATUS_BYTES + CONF_PAYLOAD];
	uint32_t payload_len;
	int err = scmi_msg_build_reply(payload, sizeof(payload), status, values, len, &payload_len);

	assert(err == SCMI_OK);
	(void)err;
	return peer->kind->answer(peer->link, req->ref, hdr, payload, payload_len, in_place);
}

int conf_peer_answer(struct conf_peer *peer, const struct conf_request *req, uint32_t hdr, int32_t status,
		     const void *values, uint32_t len)
{
	return answer(peer, req, hdr, status, values, len, false);
}

/* What a request of the test protocol gets: status and values. */
static int32_t script(const struct conf_peer *peer, const struct conf_request *req, unsigned char *values,
		      uint32_t *len)
{
	const uint32_t most = peer->kind->max_payload - SCMI_STATUS_BYTES;

	*len = 0;
	switch (scmi_hdr_message(req->hdr)) {
	case SCMI_PROTOCOL_VERSION:
		scmi_put_le32(values, CONF_VERSION);
		*len = 4;
		return SCMI_SUCCESS;
	case CONF_ECHO:
		*len = req->len < most ? req->len : most;
		memcpy(values, req->params, *len);
		return SCMI_SUCCESS;
	case CONF_SIZE:
		*len = scmi_get_le32(req->params);
		conf_fill(values, *len);
		return SCMI_SUCCESS;
	case CONF_STATUS:
		return (int32_t)scmi_get_le32(req->params);
	default:
		return SCMI_NOT_SUPPORTED;
	}
}

void conf_peer_play(struct conf_peer *peer, const struct conf_request *req, bool in_place)
{
	unsigned char values[CONF_PAYLOAD];
	uint32_t len;
	const int32_t status = script(peer, req, values, &len);

	(void)answer(peer, req, req->hdr, status, values, len, in_place);
}

void conf_peer_came(struct conf_peer *peer, void *ref, uint32_t hdr, const void *params, uint32_t len)
{
	struct conf_request req = {.ref = ref, .hdr = hdr, .len = len};
	bool hold;

	assert(len <= sizeof(req.params));
	if (len != 0)
		memcpy(req.params, params, len);
	if (peer->came != NULL) {
		peer->came(peer->arg, &req);
		return;
	}
	pthread_mutex_lock(&peer->lock);
	peer->seen++;
	hold = peer->hold;
	if (hold) {
		assert(peer->held_n < CONF_HELD);
		peer->held[peer->held_n++] = req;
	}
	pthread_mutex_unlock(&peer->lock);
	if (!hold)
		conf_peer_play(peer, &req, true);
}
