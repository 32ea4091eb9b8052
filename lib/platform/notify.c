/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications: sent at once or dropped (scmi_platform_notify), or kept until there is room, the newest word of each
 * (notices).
 *
 * A notice's buffer has two halves. One belongs to who posts, the other to the pump while it sends; the word says
 * which:
 *
 *   FULL     half SIDE has a payload that waits       WRITING  half SIDE is being written; never with FULL
 *   READING  the other half is being sent             STALE    with READING: not to be kept if there is no room
 */
#include "internal.h"

#define N_FULL    (1u << 0)
#define N_WRITING (1u << 1)
#define N_READING (1u << 2)
#define N_STALE   (1u << 3)
#define N_SIDE    (1u << 4)

/* ---- at once ---- */

/* Delayed responses that wait go first: otherwise notifications could take all the room that there ever is. */
static int send_notification(struct channel *ch, uint32_t hdr, const void *payload, uint32_t len)
{
	_Atomic uint32_t *counters = ch->platform->counters;
	int err = read_count(&ch->blocked) == 0 ? ch->ops->send(ch->ctx, hdr, payload, len) : SCMI_E_BUSY;

	count(&counters[err == SCMI_OK ? C_SENT : err == SCMI_E_BUSY ? C_DROPPED : C_FAILED]);
	scmi__platform_trace_send(ch, hdr, len, err);
	return err;
}

/* A notification by an agent that has been denied the protocol since is not wanted any more. */
static bool wants(const struct channel *ch, uint32_t server, uint8_t notification)
{
	uint32_t rights = atomic_load(&ch->rights[server]);

	return (rights & RIGHT_WANTS(notification)) != 0 && (rights & RIGHT_DENIED) == 0 && has_p2a(ch);
}

static int send_wanted(struct channel *ch, uint32_t hdr, const void *payload, uint32_t len)
{
	uint32_t server = scmi__platform_server(ch->platform, scmi_hdr_protocol(hdr));

	if (server == NO_SERVER)
		return SCMI_E_NOTFOUND;
	return wants(ch, server, scmi_hdr_message(hdr)) ? send_notification(ch, hdr, payload, len) : SCMI_OK;
}

/* In this order, both seq_cst, against stop and then fini: either they see the sender or it sees that they ran. */
static bool enter(struct scmi_platform *p)
{
	atomic_fetch_add(&p->senders, 1u);
	return (atomic_load(&p->running) & RUNNING_ON) != 0;
}

static void leave(struct scmi_platform *p)
{
	atomic_fetch_sub(&p->senders, 1u);
}

int scmi__platform_notify(struct channel *ch, uint32_t hdr, const void *payload, uint32_t len)
{
	int err = enter(ch->platform) ? send_wanted(ch, hdr, payload, len) : SCMI_E_CLOSED;

	leave(ch->platform);
	return err;
}

/* A sender from the first agent to the last: fini is not to return in between. */
static int notify_all(struct scmi_platform *p, uint32_t hdr, const void *payload, uint32_t len)
{
	int result = enter(p) ? SCMI_OK : SCMI_E_CLOSED;
	uint32_t n = result == SCMI_OK ? p->agents_n : 0u;

	for (uint32_t i = 0; i < n; i++) {
		int err = send_wanted(&p->channels[i], hdr, payload, len);

		if (err == SCMI_E_BUSY || result == SCMI_OK)
			result = err;
	}
	leave(p);
	return result;
}

int scmi_platform_notify(struct scmi_platform *platform, uint16_t agent, uint8_t protocol, uint8_t notification,
			 const void *payload, uint32_t len)
{
	const uint32_t hdr = scmi_hdr(protocol, notification, SCMI_MSG_NOTIFICATION, 0);
	struct channel *ch = scmi__platform_channel(platform, agent);

	if (notification >= SCMI_PLATFORM_NOTIFICATIONS_MAX || (payload == NULL && len != 0))
		return SCMI_E_INVAL;
	if (agent == SCMI_ALL_AGENTS)
		return notify_all(platform, hdr, payload, len);
	if (ch != NULL)
		return scmi__platform_notify(ch, hdr, payload, len);
	return (atomic_load(&platform->running) & RUNNING_ON) != 0 ? SCMI_E_NOTFOUND : SCMI_E_CLOSED;
}

/* ---- notices ---- */

int scmi_notice_init(struct scmi_platform *platform, struct scmi_notice *n)
{
	struct channel *ch = scmi__platform_channel(platform, n->agent);
	uint32_t server = scmi__platform_server(platform, n->protocol);

	if (n->size != sizeof(*n) || n->channel_ != NULL || n->notification >= SCMI_PLATFORM_NOTIFICATIONS_MAX ||
	    (n->buf == NULL && n->cap != 0))
		return SCMI_E_INVAL;
	if (ch == NULL || server == NO_SERVER)
		return SCMI_E_NOTFOUND;
	if (n->cap > ch->max_payload)
		return SCMI_E_TOOBIG;
	n->channel_ = ch;
	n->hdr_ = scmi_hdr(n->protocol, n->notification, SCMI_MSG_NOTIFICATION, 0);
	n->server_ = (uint8_t)server;
	n->next_ = atomic_load_explicit(&ch->notices, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&ch->notices, &n->next_, n, memory_order_release,
						      memory_order_relaxed))
		;
	return SCMI_OK;
}

static _Atomic uint32_t *word_of(struct scmi_notice *n)
{
	return atomic_word(&n->state_);
}

static uint32_t half_of(uint32_t word)
{
	return (word & N_SIDE) != 0 ? 1u : 0u;
}

static uint8_t *payload_of(const struct scmi_notice *n, uint32_t half)
{
	return n->cap != 0 ? (uint8_t *)n->buf + half * (size_t)n->cap : NULL;
}

/* Takes back what waits. What is just being sent may arrive, but is not kept. */
static void withdraw(struct scmi_notice *n)
{
	const struct channel *ch = n->channel_;
	uint32_t word = atomic_load(word_of(n));

	do {
		if ((word & (N_FULL | N_READING)) == 0)
			return;
	} while (!atomic_compare_exchange_weak(word_of(n), &word,
					       (word & ~N_FULL) | ((word & N_READING) != 0 ? N_STALE : 0u)));
	if ((word & N_FULL) != 0)
		count(&ch->platform->counters[C_WITHDRAWN]);
}

void scmi__notices_withdraw(const struct channel *ch, uint32_t server, uint32_t mask)
{
	struct scmi_notice *n = atomic_load_explicit(&ch->notices, memory_order_acquire);

	for (; n != NULL; n = n->next_) {
		if (n->server_ == server && (RIGHT_WANTS(scmi_hdr_message(n->hdr_)) & mask) != 0)
			withdraw(n);
	}
}

uint32_t scmi__notices_waiting(const struct channel *ch)
{
	struct scmi_notice *n = atomic_load_explicit(&ch->notices, memory_order_acquire);
	uint32_t waiting = 0;

	for (; n != NULL; n = n->next_)
		waiting += atomic_load_explicit(word_of(n), memory_order_relaxed) & N_FULL;
	return waiting;
}

/* ---- posting ---- */

/* The half that is ours to write; an older payload that waits there has been merged. False: another context posts. */
static bool begin(struct scmi_notice *n, uint32_t *half)
{
	const struct channel *ch = n->channel_;
	uint32_t word = atomic_load_explicit(word_of(n), memory_order_relaxed);

	do {
		if ((word & N_WRITING) != 0)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(word_of(n), &word, (word & ~N_FULL) | N_WRITING,
							memory_order_acquire, memory_order_relaxed));
	if ((word & N_FULL) != 0)
		count(&ch->platform->counters[C_MERGED]);
	*half = half_of(word);
	return true;
}

static int post(struct channel *ch, struct scmi_notice *n, const void *payload, uint32_t len)
{
	uint32_t half;

	if (!wants(ch, n->server_, scmi_hdr_message(n->hdr_)))
		return SCMI_OK;
	if (!begin(n, &half)) {
		count(&ch->platform->counters[C_DROPPED]);
		return SCMI_E_BUSY;
	}
	if (len != 0)
		memcpy(payload_of(n, half), payload, len);
	n->len_[half] = len;
	atomic_fetch_xor(word_of(n), N_WRITING | N_FULL);
	/* seq_cst, as the right's end and the look at FULL after it: one of the two sees the other. */
	if (!wants(ch, n->server_, scmi_hdr_message(n->hdr_)))
		withdraw(n);
	atomic_store_explicit(&ch->waiting, 1u, memory_order_relaxed);
	scmi__platform_pump(ch);
	return SCMI_OK;
}

int scmi_notice_post(struct scmi_notice *n, const void *payload, uint32_t len)
{
	struct channel *ch = n->channel_;
	int err = SCMI_E_CLOSED;

	if (payload == NULL && len != 0)
		return SCMI_E_INVAL;
	if (len > n->cap)
		return SCMI_E_TOOBIG;
	if (enter(ch->platform))
		err = post(ch, n, payload, len);
	leave(ch->platform);
	return err;
}

/* ---- sending, by whoever pumps ---- */

/* The half with the payload that waits, which is now ours to read, and the other one the poster's. */
static bool begin_read(struct scmi_notice *n, uint32_t *half)
{
	uint32_t word = atomic_load_explicit(word_of(n), memory_order_relaxed);

	do {
		if ((word & N_FULL) == 0)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(word_of(n), &word, (word & ~N_FULL) ^ (N_READING | N_SIDE),
							memory_order_acquire, memory_order_relaxed));
	*half = half_of(word);
	return true;
}

/* There was no room: it waits again, unless a newer one has come or the agent does not want it any more. */
static void put_back(struct scmi_notice *n)
{
	const struct channel *ch = n->channel_;
	uint32_t word = atomic_load(word_of(n));
	uint32_t next;

	do {
		next = word & ~(N_READING | N_STALE);
		if ((word & (N_FULL | N_WRITING | N_STALE)) == 0)
			next = (next | N_FULL) ^ N_SIDE;
	} while (!atomic_compare_exchange_weak(word_of(n), &word, next));
	if ((word & N_STALE) != 0)
		count(&ch->platform->counters[C_WITHDRAWN]);
	else if ((word & (N_FULL | N_WRITING)) != 0)
		count(&ch->platform->counters[C_MERGED]);
}

static void end_read(struct channel *ch, struct scmi_notice *n, enum counter how)
{
	count(&ch->platform->counters[how]);
	atomic_fetch_and_explicit(word_of(n), ~(N_READING | N_STALE), memory_order_release);
}

static int send_notice(struct channel *ch, struct scmi_notice *n)
{
	const struct scmi_platform *p = ch->platform;
	uint32_t half;
	int err;

	if (!begin_read(n, &half))
		return SCMI_OK;
	if ((atomic_load(&p->running) & RUNNING_ON) == 0) {
		end_read(ch, n, C_WITHDRAWN);
		return SCMI_OK;
	}
	err = ch->ops->send(ch->ctx, n->hdr_, payload_of(n, half), n->len_[half]);
	if (err == SCMI_E_BUSY) {
		put_back(n);
		return err;
	}
	scmi__platform_trace_send(ch, n->hdr_, n->len_[half], err);
	end_read(ch, n, err == SCMI_OK ? C_SENT : C_FAILED);
	return SCMI_OK;
}

static struct scmi_notice *first_of(struct channel *ch)
{
	return atomic_load_explicit(&ch->notices, memory_order_acquire);
}

/* Once round the list, from the one whose turn it is. */
int scmi__notices_try(struct channel *ch)
{
	struct scmi_notice *n = ch->turn != NULL ? ch->turn : first_of(ch);
	const struct scmi_notice *begun = n;

	while (n != NULL) {
		if (send_notice(ch, n) == SCMI_E_BUSY) {
			ch->turn = n; /* the first to go when there is room */
			return SCMI_E_BUSY;
		}
		n = n->next_ != NULL ? n->next_ : first_of(ch);
		if (n == begun)
			break;
	}
	ch->turn = NULL;
	return SCMI_OK;
}
