/* SPDX-License-Identifier: BSD-3-Clause */
/* What the platform's end makes of a command, whatever brought it. */
#include <string.h>

#include "stress.h"

/* What a command wants, in its third word: act, words of values, microseconds, how it is delayed. */
#define WHAT_ACT(w)   ((w)&0xffu)
#define WHAT_WORDS(w) ((w) >> 8 & 0xffu)
#define WHAT_LATER(w) ((w) >> 16 & 0xfffu)
#define WHAT_DELAY(w) ((w) >> 28)

#define PARAMS       'P'
#define VALUES       'V'
#define NOTIFICATION 'N'

static uint32_t words_salt(const struct lane *l, uint32_t what)
{
	return l->protocol * 0x01000193u ^ what * 0x9e3779b1u;
}

static uint32_t filler(uint64_t nonce, uint32_t i)
{
	return (uint32_t)(nonce ^ nonce >> 32) * 0x85ebca6bu ^ i * 0xc2b2ae35u;
}

static uint32_t sum_of(const unsigned char *bytes, uint32_t n, uint32_t salt)
{
	uint32_t sum = 0x811c9dc5u ^ salt ^ n;

	for (uint32_t i = 0; i < n; i++) {
		sum = (sum ^ scmi_get_le32(bytes + 4u * i)) * 0x01000193u;
		sum ^= sum >> 15;
	}
	return sum;
}

void words_fill(unsigned char *bytes, uint32_t n, uint64_t nonce, uint32_t what, uint32_t salt)
{
	scmi_put_le64(bytes, nonce);
	scmi_put_le32(bytes + 8, what);
	for (uint32_t i = 3; i < n - 1u; i++)
		scmi_put_le32(bytes + 4u * i, filler(nonce, i));
	scmi_put_le32(bytes + 4u * (n - 1u), sum_of(bytes, n - 1u, salt));
}

bool words_right(const unsigned char *bytes, uint32_t n, uint32_t salt)
{
	const uint64_t nonce = scmi_get_le64(bytes);

	if (scmi_get_le32(bytes + 4u * (n - 1u)) != sum_of(bytes, n - 1u, salt))
		return false;
	for (uint32_t i = 3; i < n - 1u; i++) {
		if (scmi_get_le32(bytes + 4u * i) != filler(nonce, i))
			return false;
	}
	return true;
}

uint32_t params_salt(const struct lane *l, uint8_t message)
{
	return words_salt(l, (uint32_t)PARAMS << 8 | message);
}

uint32_t values_salt(const struct lane *l, uint8_t message)
{
	return words_salt(l, (uint32_t)VALUES << 8 | message);
}

uint32_t notification_salt(const struct lane *l)
{
	return words_salt(l, (uint32_t)NOTIFICATION << 8);
}

uint32_t what_of(enum act act, uint32_t words, uint32_t later_us, enum delay delay)
{
	return (uint32_t)act | words << 8 | later_us << 16 | (uint32_t)delay << 28;
}

/* ---- a command has come ---- */

static bool is_whole(const struct lane *l, uint32_t hdr, const unsigned char *params, uint32_t len)
{
	const uint32_t n = len / 4u;

	return len % 4u == 0 && n >= WORDS_MIN && n <= l->words_max && scmi_hdr_protocol(hdr) == l->protocol &&
	       scmi_hdr_type(hdr) == SCMI_MSG_COMMAND && words_right(params, n, params_salt(l, scmi_hdr_message(hdr)));
}

/* No command is sent twice, none whose submit said that it is not sent. */
static void check_arrival(struct lane *l, uint64_t nonce)
{
	struct job *j = job_find(l->s, nonce);
	const uint32_t serial = (uint32_t)nonce;

	if (j == NULL)
		fault(l->s, l, "command %#llx is nobody's", (unsigned long long)nonce);
	else if (atomic_exchange_explicit(&j->arrived, serial, memory_order_relaxed) == serial)
		fault(l->s, l, "command %#llx has arrived twice", (unsigned long long)nonce);
	else if (atomic_load_explicit(&j->refused, memory_order_relaxed) == serial)
		fault(l->s, l, "command %#llx has arrived though its submit failed", (unsigned long long)nonce);
}

static uint32_t note_arrival(struct lane *l)
{
	const uint32_t arrival = atomic_fetch_add_explicit(&l->arrivals, 1u, memory_order_relaxed) + 1u;
	struct mark *m = &l->marks[arrival % MARKS];

	atomic_store_explicit(&m->begun, atomic_load_explicit(&l->begun, memory_order_relaxed), memory_order_relaxed);
	atomic_store_explicit(&m->answered, 0u, memory_order_relaxed);
	atomic_store_explicit(&m->arrival, arrival, memory_order_relaxed);
	return arrival;
}

bool peer_understands(struct lane *l, uint32_t hdr, const void *params, uint32_t len, struct asked *a)
{
	const unsigned char *bytes = params;
	uint32_t what;

	if (!is_whole(l, hdr, bytes, len)) {
		if (l->weather == CORRUPT)
			tally_add(&tally_here(l->s)->mangled, 1u);
		else
			fault(l->s, l, "command %#x of %u bytes has come other than it was sent", (unsigned)hdr,
			      (unsigned)len);
		return false;
	}
	what = scmi_get_le32(bytes + 8);
	*a = (struct asked){
		.lane = l,
		.hdr = hdr,
		.nonce = scmi_get_le64(bytes),
		.act = (enum act)WHAT_ACT(what),
		.delay = (enum delay)WHAT_DELAY(what),
		.words = WHAT_WORDS(what),
		.later_us = WHAT_LATER(what),
		.message = scmi_hdr_message(hdr),
	};
	check_arrival(l, a->nonce);
	a->arrival = note_arrival(l);
	dawdle(l->s); /* its sender may still be in send() */
	return true;
}

uint32_t peer_values(const struct asked *a, unsigned char *values)
{
	struct lane *l = a->lane;
	const uint32_t now = atomic_load_explicit(&l->arrivals, memory_order_relaxed);

	atomic_store_explicit(&l->marks[a->arrival % MARKS].answered, now, memory_order_relaxed);
	words_fill(values, a->words, a->nonce, a->arrival, values_salt(l, a->message));
	return a->words * 4u;
}

int32_t peer_status(uint64_t nonce)
{
	const uint32_t n = filler(nonce, 77u) % 16u;

	return n < 11u ? -(int32_t)n - 1 : SCMI_STATUS_VENDOR_MAX - (int32_t)n;
}

uint32_t peer_notification(struct lane *l, unsigned char *payload)
{
	const uint32_t number = atomic_fetch_add_explicit(&l->s->notified, 1u, memory_order_relaxed);
	const uint32_t words = WORDS_MIN + number % (l->words_max - WORDS_MIN + 1u);

	words_fill(payload, words, number, l->index, notification_salt(l));
	return words * 4u;
}
