/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The setting of rates, which may end at once or later.
 *
 * How the agent is answered in the end stands in the pending one's state, from before rate_set() is called until
 * whoever ends it has taken it: that is one of two, the handler or scmi_clock_rate_set_done().
 */
#include "server_clock.h"

/* scmi_clock_pending.state_ */
#define P_FREE    0u
#define P_TAKEN   1u /* is being set up, or ended */
#define P_REPLY   2u /* the request itself is answered in the end */
#define P_DELAYED 3u /* it has been or is being answered, a delayed response follows */
#define P_SILENT  4u /* it has been or is being answered, and that was all */

static _Atomic uint32_t *state_of(struct scmi_clock_pending *p)
{
	return atomic_word(&p->state_);
}

static void release(struct scmi_clock_pending *p)
{
	atomic_store(state_of(p), P_FREE);
}

static uint32_t way_of(uint32_t flags)
{
	if ((flags & SCMI_CLOCK_SET_ASYNC) == 0)
		return P_REPLY;
	return (flags & SCMI_CLOCK_SET_NO_DELAYED) != 0 ? P_SILENT : P_DELAYED;
}

/* ---- rounding ---- */

/* Of lower and upper, the rates next to one that is not allowed itself. */
static uint64_t round_to(uint64_t rate, uint64_t lower, uint64_t upper, uint32_t flags)
{
	if ((flags & SCMI_CLOCK_SET_ROUND_AUTO) != 0)
		return rate - lower <= upper - rate ? lower : upper;
	return (flags & SCMI_CLOCK_SET_ROUND_UP) != 0 ? upper : lower;
}

/* The highest rate may not be a whole number of steps above the lowest, and is allowed all the same. */
static uint64_t round_in_range(const uint64_t *range, uint64_t rate, uint32_t flags)
{
	uint64_t step = range[2];
	uint64_t lower;

	if (step == 0 || rate == range[1])
		return rate;
	lower = rate - (rate - range[0]) % step;
	if (lower == rate)
		return rate;
	return round_to(rate, lower, range[1] - lower < step ? range[1] : lower + step, flags);
}

static uint64_t round_in_list(const struct scmi_clock_desc *d, uint64_t rate, uint32_t flags)
{
	uint32_t i = 0;

	while (d->rates[i] < rate)
		i++;
	return d->rates[i] == rate ? rate : round_to(rate, d->rates[i - 1u], d->rates[i], flags);
}

/* Rounds as the flags say; false for a rate that the clock cannot have, above or below all that it has. */
static bool round_rate(const struct scmi_clock_desc *d, uint32_t flags, uint64_t *rate)
{
	uint64_t highest = d->range ? d->rates[1] : d->rates[d->rates_n - 1u];

	if (*rate < d->rates[0] || *rate > highest)
		return false;
	*rate = d->range ? round_in_range(d->rates, *rate, flags) : round_in_list(d, *rate, flags);
	return true;
}

/* ---- the pending ones ---- */

/* One that is free, and whose last delayed response has left. NULL and a status: there is none. */
static struct scmi_clock_pending *take(const struct scmi_clock_model *m, struct scmi_request *req, uint32_t way,
				       int32_t *status)
{
	*status = SCMI_BUSY;
	for (uint32_t i = 0; i < m->pending_n && *status == SCMI_BUSY; i++) {
		struct scmi_clock_pending *p = &m->pending[i];
		uint32_t state = P_FREE;

		if (!atomic_compare_exchange_strong(state_of(p), &state, P_TAKEN))
			continue;
		/* A silent one too: what is open is known by its delayed response, here one that is never sent. */
		*status = way != P_REPLY ? scmi_request_delay(req, &p->delayed_) : SCMI_SUCCESS;
		if (*status == SCMI_SUCCESS)
			return p;
		release(p);
	}
	return NULL;
}

/* A link that cannot carry the values still carries a status. */
static int send_delayed(struct scmi_clock_pending *p, int32_t status, uint64_t rate)
{
	uint8_t values[3u * WORD_BYTES];
	int err;

	scmi_put_le32(values, p->clock);
	scmi_put_le64(values + WORD_BYTES, rate);
	err = scmi_delayed_send(&p->delayed_, status, values, status == SCMI_SUCCESS ? sizeof(values) : 0u);
	return err == SCMI_E_TOOBIG ? scmi_delayed_send(&p->delayed_, SCMI_GENERIC_ERROR, NULL, 0) : err;
}

/* ---- the command ---- */

struct setting {
	uint64_t asked;
	uint64_t rate; /* to which that comes */
	uint32_t clock;
	uint16_t agent;
	uint16_t way;
	struct scmi_clock_pending *pending; /* NULL: the model has none, and sets all rates at once */
};

/* Everything before the model is asked: a status. */
static NOINLINE int32_t prepare(const struct scmi_clock_model *m, struct scmi_request *req, struct setting *s)
{
	uint32_t flags = scmi_request_u32(req, 0);
	uint32_t clock = scmi_request_u32(req, 1);
	int32_t status;
	const struct scmi_clock_desc *d = scmi__clock_used(m, req, clock, SCMI_CLOCK_MAY_RATE, &status);

	if (d == NULL)
		return status;
	s->asked = (uint64_t)scmi_request_u32(req, 3) << 32 | scmi_request_u32(req, 2);
	s->rate = s->asked;
	s->clock = clock;
	s->agent = scmi_request_agent(req);
	s->way = (uint16_t)way_of(flags);
	s->pending = NULL;
	if ((flags & ~SCMI_CLOCK_SET_FLAGS) != 0 || !round_rate(d, flags, &s->rate))
		return SCMI_INVALID_PARAMETERS;
	if (m->ops->rate_set == NULL ||
	    ((flags & SCMI_CLOCK_SET_ASYNC) != 0 && (m->pending_n == 0 || !scmi__clock_reaches(req))))
		return SCMI_NOT_SUPPORTED;
	if (m->pending_n == 0)
		return SCMI_SUCCESS;
	s->pending = take(m, req, s->way, &status);
	if (s->pending == NULL)
		return status;
	s->pending->clock = clock;
	s->pending->rate = s->rate;
	s->pending->request_ = req;
	s->pending->agent_ = s->agent;
	atomic_store(state_of(s->pending), s->way);
	return SCMI_SUCCESS;
}

/*
 * It was set at once, or refused. The response goes before the delayed one: agents are not at ease with the other
 * order.
 */
static NOINLINE int32_t end_at_once(const struct setting *s, struct scmi_request *req, int32_t status)
{
	struct scmi_clock_pending *p = s->pending;

	if (s->way == P_DELAYED && status == SCMI_SUCCESS) {
		(void)scmi_request_reply(req, SCMI_SUCCESS);
		(void)send_delayed(p, SCMI_SUCCESS, s->rate);
		status = SCMI_REQUEST_LATER;
	} else if (s->way != P_REPLY) {
		(void)scmi_delayed_cancel(&p->delayed_);
	}
	release(p);
	return status;
}

static int32_t later(const struct setting *s)
{
	if (s->pending == NULL)
		return SCMI_GENERIC_ERROR; /* there is nothing by which it could be told */
	return s->way == P_REPLY ? SCMI_REQUEST_LATER : SCMI_SUCCESS;
}

/* By the model; when it has been set at once, the rate is then what it really is. */
static NOINLINE int32_t set(const struct scmi_clock_model *m, struct setting *s)
{
	int32_t status = m->ops->rate_set(m->arg, s->agent, s->clock, s->rate, s->pending);
	uint64_t now = s->rate;

	if (status == SCMI_SUCCESS && m->ops->rate_get(m->arg, s->clock, &now) == SCMI_SUCCESS)
		s->rate = now;
	return status;
}

int32_t scmi__clock_rate_set(void *model, struct scmi_request *req)
{
	const struct scmi_clock_model *m = model;
	struct setting s;
	int32_t status = prepare(m, req, &s);

	if (status != SCMI_SUCCESS)
		return status;
	/* It is all there on success. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
	(void)scmi_clock_rate_change_requested(m, s.clock, s.asked, s.agent);
	status = set(m, &s);
	if (status == SCMI_CLOCK_LATER)
		return later(&s);
	if (status == SCMI_SUCCESS)
		(void)scmi_clock_rate_changed(m, s.clock, s.rate, s.agent);
	return s.pending != NULL ? end_at_once(&s, req, status) : status;
}

/* ---- the end that comes later ---- */

int scmi_clock_rate_set_done(struct scmi_clock_pending *p, int32_t status, uint64_t rate)
{
	uint32_t way = atomic_load(state_of(p));
	struct scmi_request *req;
	int err = SCMI_OK;

	do {
		if (way == P_FREE || way == P_TAKEN)
			return SCMI_E_GONE;
	} while (!atomic_compare_exchange_weak(state_of(p), &way, P_TAKEN));
	if (status == SCMI_SUCCESS)
		(void)scmi_clock_rate_changed(p->model_, p->clock, rate, p->agent_);
	req = p->request_;
	if (way == P_DELAYED)
		err = send_delayed(p, status, rate);
	else if (way != P_REPLY)
		(void)scmi_delayed_cancel(&p->delayed_);
	release(p);
	return way == P_REPLY ? scmi_request_reply(req, status) : err;
}
