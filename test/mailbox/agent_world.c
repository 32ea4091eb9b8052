/* SPDX-License-Identifier: BSD-3-Clause */
#include "agent_world.h"

#define GUARD 0xa5u

/* ---- calls ---- */

static void check_end(const struct world_call *c, int err)
{
	const struct scmi_call *call = &c->call;
	const uint32_t used = err == SCMI_OK ? call->reply_len : err == SCMI_E_TRUNCATED ? call->reply_cap : 0;

	MUST(err == SCMI_OK || err == SCMI_E_REMOTE || err == SCMI_E_TRUNCATED || err == SCMI_E_PROTO ||
	     err == SCMI_E_COMMS || err == SCMI_E_TIMEOUT || err == SCMI_E_CANCELLED || err == SCMI_E_CLOSED ||
	     err == SCMI_E_LINK || err == SCMI_E_NOPEER || err == SCMI_E_IO);
	MUST(used <= call->reply_cap);
	MUST(err != SCMI_E_REMOTE || call->status != 0);
	for (uint32_t i = call->reply_cap; i < sizeof(c->reply); i++)
		MUST(c->reply[i] == GUARD);
}

static void done(struct scmi_call *call, int err)
{
	struct world_call *c = call->arg;

	check_end(c, err);
	c->err = err;
	atomic_fetch_add(&c->w->ends, 1u);
	MUST(atomic_exchange(&c->live, false)); /* last: it may be submitted anew */
}

int world_submit(struct world *w, struct world_call *c, uint64_t *random)
{
	const uint32_t most = w->transport.max_payload;
	int err;

	MUST(!atomic_load(&c->live));
	for (uint32_t i = 0; i < most; i++)
		c->params[i] = (unsigned char)random_next(random);
	memset(c->reply, GUARD, sizeof(c->reply));
	c->w = w;
	c->call = (struct scmi_call){
		.size = sizeof(c->call),
		.flags = once_in(random, 8) ? 0 : SCMI_CALL_NOWAIT,
		.protocol = WORLD_PROTOCOL,
		.message = WORLD_ECHO,
		.params = c->params,
		.params_len = pick(random, most - SCMI_STATUS_BYTES + 1u),
		.reply = c->reply,
		.reply_cap = pick(random, most + 1u),
		.done = done,
		.arg = c,
		.timeout_us = WORLD_TIME_US,
	};
	atomic_store(&c->live, true);
	err = scmi_agent_submit(w->agent, &c->call);
	if (err == SCMI_OK)
		w->submitted++;
	else
		MUST(atomic_exchange(&c->live, false));
	return err;
}

/* ---- what an honest platform does ---- */

bool world_answer(struct world *w)
{
	const struct scmi_shmem *a = &w->page.area[SCMI_MAILBOX_A2P];
	unsigned char payload[WORLD_PAYLOAD];
	uint32_t len;

	if ((page_status(&w->page, SCMI_MAILBOX_A2P) & SCMI_SHMEM_FREE) != 0)
		return false;
	len = shmem_le32(atomic_load(shmem_word(a, SCMI_SHMEM_LENGTH))) - SCMI_HDR_BYTES;
	if (len > shmem_capacity(a) - SCMI_STATUS_BYTES)
		len = 0;
	memset(payload, 0, SCMI_STATUS_BYTES);
	for (uint32_t i = 0; i < len; i += 4u) {
		const uint32_t word = atomic_load(shmem_word(a, SCMI_SHMEM_PAYLOAD + i));

		memcpy(payload + SCMI_STATUS_BYTES + i, &word, len - i < 4u ? len - i : 4u);
	}
	page_put(&w->page, SCMI_MAILBOX_A2P, shmem_le32(atomic_load(shmem_word(a, SCMI_SHMEM_HEADER))), payload,
		 SCMI_STATUS_BYTES + len, 0, SCMI_SHMEM_FREE);
	return true;
}

bool world_notify(struct world *w)
{
	static const unsigned char bytes[8] = "news";

	if (w->page.area[SCMI_MAILBOX_P2A].mem == NULL ||
	    (page_status(&w->page, SCMI_MAILBOX_P2A) & SCMI_SHMEM_FREE) == 0)
		return false;
	page_put(&w->page, SCMI_MAILBOX_P2A, scmi_hdr(WORLD_PROTOCOL, 0, SCMI_MSG_NOTIFICATION, 0), bytes,
		 sizeof(bytes), SCMI_SHMEM_INTR, 0);
	return true;
}

/* ---- life ---- */

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct world *w = self->arg;
	unsigned char sum = 0;

	MUST(len <= w->page.area[SCMI_MAILBOX_P2A].len - SCMI_SHMEM_PAYLOAD);
	MUST(scmi_hdr_protocol(hdr) == WORLD_PROTOCOL);
	for (uint32_t i = 0; i < len; i++) /* all of it can be read */
		sum ^= ((const unsigned char *)payload)[i];
	(void)sum;
	atomic_fetch_add(&w->heard, 1u);
}

static void make_agent(struct world *w)
{
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = &w->transport,
		.port = w->port,
		.options = {.slots = 4, .queue_timeout_us = WORLD_TIME_US},
		.event_buffers = w->page.area[SCMI_MAILBOX_P2A].mem != NULL ? 2u : 0,
	};
	const size_t size = scmi_agent_size(&config);

	w->mem = malloc(size);
	MUST(size != 0 && w->mem != NULL);
	MUST(scmi_agent_init(&w->agent, w->mem, size, &config) == SCMI_OK);
}

void world_open(struct world *w, uint64_t *random)
{
	struct scmi_mailbox_config config = {
		.size = sizeof(config),
		.max_inflight = once_in(random, 4) ? 1u : 4u,
		.doorbell = &w->bell,
		.port = w->port,
	};

	memcpy(config.areas, w->page.area, sizeof(config.areas));
	MUST(scmi_mailbox_init(&w->mailbox, &config, &w->transport) == SCMI_OK);
	make_agent(w);
	w->listener = (struct scmi_subscriber){
		.size = sizeof(w->listener), .protocol = WORLD_PROTOCOL, .message = 0, .notify = on_notify, .arg = w};
	if (config.areas[SCMI_MAILBOX_P2A].mem != NULL)
		MUST(scmi_agent_subscribe(w->agent, &w->listener) == SCMI_OK);
	MUST(scmi_agent_start(w->agent) == SCMI_OK);
}

static void check_counters(struct world *w)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};

	MUST(scmi_agent_stats(w->agent, SCMI_ALL_LINKS, &s) == SCMI_OK);
	MUST(s.submitted == s.ok + s.remote + s.truncated + s.malformed + s.timed_out + s.cancelled + s.closed +
				    s.link_lost + s.in_flight);
	MUST(s.received == s.accepted + s.late + s.stray_token + s.stray_protocol + s.stray_message + s.stray_type +
				   s.stray_header + s.duplicate + s.mismatched + s.unclaimed + s.dropped);
	MUST(s.in_flight == 0 && s.queued == 0 && s.quarantined == 0);
	MUST(w->submitted == atomic_load(&w->ends));
}

static void echo(struct world *w, uint64_t *random)
{
	struct world_call *c = &w->calls[0];

	MUST(world_submit(w, c, random) == SCMI_OK);
	(void)world_answer(w);
	while (scmi_agent_poll(w->agent, 4) > 0)
		;
	MUST(!atomic_load(&c->live));
	MUST(c->err == (c->call.params_len > c->call.reply_cap ? SCMI_E_TRUNCATED : SCMI_OK));
	MUST(c->call.reply_len == c->call.params_len);
	MUST(memcmp(c->reply, c->params,
		    c->call.reply_cap < c->call.params_len ? c->call.reply_cap : c->call.params_len) == 0);
}

void world_close(struct world *w)
{
	uint64_t random = w->submitted;
	uint32_t heard;

	page_reset(&w->page);
	for (uint32_t i = 0; i < 8u * WORLD_CALLS; i++) /* what is queued goes out, and is answered */
		(void)scmi_agent_poll(w->agent, 4);
	for (uint32_t i = 0; i < WORLD_CALLS; i++)
		MUST(!atomic_load(&w->calls[i].live));
	MUST(scmi_agent_recover(w->agent, 0) == SCMI_OK);
	for (uint32_t i = 0; i < 4u; i++)
		echo(w, &random);
	heard = atomic_load(&w->heard);
	if (world_notify(w)) {
		(void)scmi_agent_poll(w->agent, 4);
		MUST(atomic_load(&w->heard) == heard + 1u);
		MUST(page_status(&w->page, SCMI_MAILBOX_P2A) == SCMI_SHMEM_FREE);
	} else {
		MUST(w->page.area[SCMI_MAILBOX_P2A].mem == NULL);
	}
	MUST(scmi_agent_stop(w->agent) == SCMI_OK);
	check_counters(w);
	MUST(scmi_agent_fini(w->agent) == SCMI_OK);
	free(w->mem);
}
