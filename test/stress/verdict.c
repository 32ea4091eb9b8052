/* SPDX-License-Identifier: BSD-3-Clause */
/* What the end of a call must look like. */
#include <string.h>

#include "stress.h"

#define FILL 0xa5

/*
 * Submits that may have been counted before another one and get their slot after it: one a context at most, and some.
 */
#define SLACK 40u

/* ---- what it may end with ---- */

/* The agent has been stopped, or quiesced, since the call was made. */
static bool was_closed(const struct job *j)
{
	return (j->stops & 1u) != 0 || atomic_load(&j->s->stops) != j->stops;
}

static bool was_lost(const struct job *j)
{
	return j->lane->weather != FAIR || (j->losses & 1u) != 0 || atomic_load(&j->lane->losses) != j->losses;
}

static void wrong(const struct job *j, const char *what, int err)
{
	fault(j->s, j->lane, "call %#llx, act %u, delay %u, flags %#x: %s (%s, status %d, %u bytes)",
	      (unsigned long long)j->nonce, (unsigned)j->act, (unsigned)j->delay, (unsigned)j->call.flags, what,
	      scmi_error_name(err), (int)j->call.status, (unsigned)j->call.reply_len);
}

/* Errors that tell of something that had to happen before. */
static void check_cause(const struct job *j, int err)
{
	if (err == SCMI_E_TIMEOUT && now_us(j->s) < j->earliest_us)
		wrong(j, "timed out before its time", err);
	if (err == SCMI_E_CLOSED && !was_closed(j))
		wrong(j, "closed by nobody", err);
	if ((err == SCMI_E_LINK || err == SCMI_E_NOPEER || err == SCMI_E_IO) && !was_lost(j))
		wrong(j, "the link was not lost", err);
}

/* ---- buffers ---- */

static bool is_untouched(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != FILL)
			return false;
	}
	return true;
}

/* Nothing but the first n bytes of the reply may have been written. */
static void check_buffers(const struct job *j, uint32_t n, int err)
{
	if (!is_untouched(j->reply, GUARD) || !is_untouched(j->reply + GUARD + n, BYTES_MAX - n + GUARD))
		wrong(j, "bytes were written that are not the reply's", err);
	if (!is_untouched(j->params, GUARD) || !is_untouched(j->params + GUARD + BYTES_MAX, GUARD))
		wrong(j, "the parameters' guards were written", err);
}

/* The call's memory as a number: what has ended is not touched any more. */
uint32_t job_sum(const struct job *j)
{
	uint64_t sum = (uint32_t)j->call.status ^ (uint64_t)j->call.reply_len << 32;
	uint64_t word;

	for (size_t i = 0; i < sizeof(j->reply); i += sizeof(word)) {
		memcpy(&word, j->reply + i, sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
		sum ^= sum >> 29;
	}
	return (uint32_t)(sum >> 32);
}

void job_seal(struct job *j)
{
	j->seen_sum = job_sum(j);
}

void job_check_idle(struct job *j)
{
	if (job_sum(j) != j->seen_sum)
		fault(j->s, j->lane, "call %#llx was written after its end", (unsigned long long)j->nonce);
	if (!is_untouched(j->params, GUARD) || !is_untouched(j->params + GUARD + BYTES_MAX, GUARD))
		fault(j->s, j->lane, "call %#llx: the parameters' guards", (unsigned long long)j->nonce);
}

/* ---- replies ---- */

/*
 * A reply to another call of this link. It can only be one that came twice, or a delayed response that nobody waits for
 * any more; and only when its token has come round since: so many lives of a slot lie between.
 */
static bool may_be_stale(const struct job *j, uint32_t arrival)
{
	struct lane *l = j->lane;
	const struct mark *m = lane_mark(l, arrival);
	const uint32_t begun = atomic_load_explicit(&l->begun, memory_order_relaxed);

	if (l->weather == FAIR && (j->call.flags & SCMI_CALL_DELAYED) == 0)
		return false;
	return m == NULL || begun - atomic_load_explicit(&m->begun, memory_order_relaxed) + SLACK >= l->lives;
}

/* As much as there is of it must be a reply of this link. */
static bool is_stale(const struct job *j, uint32_t n, int err)
{
	const unsigned char *bytes = j->reply + GUARD;

	if (err == SCMI_OK &&
	    (n < WORDS_MIN * 4u || n % 4u != 0 || !words_right(bytes, n / 4u, values_salt(j->lane, j->call.message))))
		return false;
	return n < 12u ? j->lane->weather != FAIR : may_be_stale(j, scmi_get_le32(bytes + 8));
}

static void check_other(const struct job *j, uint32_t n, int err)
{
	struct tally *t = tally_here(j->s);

	if (j->lane->weather == CORRUPT)
		tally_add(&t->mangled, 1u);
	else if (is_stale(j, n, err))
		tally_add(&t->stale, 1u);
	else
		wrong(j, "another call's reply, or none at all", err);
}

/* The reply as it must be, by the arrival that it tells. */
static bool is_own(const struct job *j, uint32_t n, uint32_t arrival)
{
	unsigned char expected[BYTES_MAX];

	words_fill(expected, j->words, j->nonce, arrival, values_salt(j->lane, j->call.message));
	return j->call.reply_len == j->words * 4u && memcmp(expected, j->reply + GUARD, n) == 0;
}

static void check_reply(struct job *j, int err)
{
	const uint32_t len = j->call.reply_len;
	const uint32_t n = len < j->call.reply_cap ? len : j->call.reply_cap;
	const uint32_t arrival = n >= 12u ? scmi_get_le32(j->reply + GUARD + 8) : 0;

	if ((err == SCMI_OK) != (len <= j->call.reply_cap) || j->call.status != SCMI_SUCCESS)
		wrong(j, "length or status do not fit", err);
	check_buffers(j, n, err);
	if (j->act == ACT_SETTLE || j->delay == DELAY_ERROR || j->act == ACT_ERROR ||
	    (n < 12u ? len != j->words * 4u || memcmp(j->reply + GUARD, j->params + GUARD, n < 8u ? n : 8u) != 0
		     : !is_own(j, n, arrival))) {
		check_other(j, n, err);
		return;
	}
	j->arrival = arrival;
	j->right = n >= 12u;
}

/* SCMI_BUSY: all promises of a delayed response are taken. */
static bool is_own_status(const struct job *j)
{
	if ((j->act == ACT_ERROR || j->delay == DELAY_ERROR) && j->call.status == peer_status(j->nonce))
		return true;
	return j->delay != DELAY_NONE && j->call.status == SCMI_BUSY;
}

static void check_status(const struct job *j, int err)
{
	check_buffers(j, 0, err);
	if (j->call.reply_len != 0 || j->call.status == SCMI_SUCCESS)
		wrong(j, "no error, or one with values", err);
	if (j->lane->weather == CORRUPT || is_own_status(j))
		return;
	if (j->lane->weather == FLAKY || (j->call.flags & SCMI_CALL_DELAYED) != 0)
		tally_add(&tally_here(j->s)->stale, 1u);
	else
		wrong(j, "another call's status", err);
}

void verdict_ended(struct job *j, int err)
{
	switch (err) {
	case SCMI_OK:
	case SCMI_E_TRUNCATED:
		check_reply(j, err);
		return;
	case SCMI_E_REMOTE:
		check_status(j, err);
		return;
	case SCMI_E_PROTO:
		if (j->act != ACT_SETTLE && j->lane->weather != CORRUPT)
			wrong(j, "nothing was malformed", err);
		return;
	case SCMI_E_TIMEOUT:
	case SCMI_E_CANCELLED:
	case SCMI_E_CLOSED:
	case SCMI_E_LINK:
	case SCMI_E_NOPEER:
	case SCMI_E_IO:
		check_cause(j, err);
		check_buffers(j, 0, err);
		if (j->call.status != 0 || j->call.reply_len != 0)
			wrong(j, "results without a reply", err);
		return;
	default:
		wrong(j, "no call ends so", err);
	}
}

/* Nothing was sent. */
void verdict_refused(struct job *j, int err)
{
	const bool nowait = (j->call.flags & SCMI_CALL_NOWAIT) != 0 || callback_here();

	check_cause(j, err);
	check_buffers(j, 0, err);
	if (j->call.status != STATUS_UNTOUCHED || j->call.reply_len != LEN_UNTOUCHED)
		wrong(j, "results of a call that was refused", err);
	switch (err) {
	case SCMI_E_BUSY:
		if (!nowait)
			wrong(j, "it had all the time to wait", err);
		return;
	case SCMI_E_TIMEOUT:
	case SCMI_E_CLOSED:
	case SCMI_E_LINK:
	case SCMI_E_NOPEER:
	case SCMI_E_IO:
		return;
	default:
		wrong(j, "no submit is refused so", err);
	}
}
