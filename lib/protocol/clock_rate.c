/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock protocol, agent side: lists of rates and of parents, and the setting of rates. */
#include "clock.h"
#include "list.h"

#define RANGE_RATES 3u
#define RANGE_BYTES (RANGE_RATES * SCMI_CLOCK_RATE_BYTES)

void scmi_clock_rates_begin(const struct scmi_clock_protocol *p, uint32_t clock, struct scmi_clock_rates *it)
{
	*it = (struct scmi_clock_rates){.protocol_ = p, .clock_ = clock};
}

/*
 * Some platforms count a range wrongly; where the reply has exactly the three values, there is no doubt what they are.
 */
static bool is_range(const struct scmi_list *list, uint32_t room)
{
	return list->index_ == 0 && list->remaining_ == 0 && room >= RANGE_BYTES &&
	       (list->got_ == RANGE_RATES || room == RANGE_BYTES);
}

static int take_range(struct scmi_list *list, const uint8_t *at, uint32_t room, struct scmi_clock_rate *rate)
{
	struct scmi_clock_rate range;

	if (!is_range(list, room))
		return SCMI_E_PROTO;
	range.min = scmi_get_le64(at);
	range.max = scmi_get_le64(at + SCMI_CLOCK_RATE_BYTES);
	range.step = scmi_get_le64(at + 2u * SCMI_CLOCK_RATE_BYTES);
	if (range.min > range.max)
		return SCMI_E_PROTO;
	*rate = range;
	scmi__list_finish(list);
	return SCMI_OK;
}

static const struct list_kind rates_list = {
	.command = CLOCK(SCMI_CLOCK_DESCRIBE_RATES, 2),
	.returned_mask = SCMI_CLOCK_RATES_RETURNED,
	.remaining_shift = SCMI_CLOCK_RATES_SHIFT,
};

int scmi_clock_rates_next(struct scmi_clock_rates *it, struct scmi_clock_rate *rate, int32_t *status)
{
	struct list_source from = {
		.kind = &rates_list,
		.agent = it->protocol_->agent,
		.owner = it->clock_,
		.buf = it->buf_,
		.cap = sizeof(it->buf_),
		.room = SCMI_CLOCK_RATE_BYTES,
	};
	int err;

	if (rate == NULL)
		return SCMI_E_INVAL;
	err = scmi__list_next(&it->list_, &from, status);
	if (err != SCMI_OK)
		return err;
	if ((it->list_.word_ & SCMI_CLOCK_RATES_RANGE) != 0)
		return take_range(&it->list_, from.at, from.room, rate);
	rate->min = scmi_get_le64(from.at);
	rate->max = rate->min;
	rate->step = 0;
	scmi__list_took(&it->list_, SCMI_CLOCK_RATE_BYTES);
	return SCMI_OK;
}

/* ---- parents ---- */

void scmi_clock_parents_begin(const struct scmi_clock_protocol *p, uint32_t clock, struct scmi_clock_parents *it)
{
	*it = (struct scmi_clock_parents){.protocol_ = p, .clock_ = clock};
}

static const struct list_kind parents_list = {
	.command = CLOCK(SCMI_CLOCK_POSSIBLE_PARENTS_GET, 2),
	.returned_mask = SCMI_CLOCK_PARENTS_RETURNED,
	.remaining_shift = SCMI_CLOCK_PARENTS_SHIFT,
};

int scmi_clock_parents_next(struct scmi_clock_parents *it, uint32_t *parent, int32_t *status)
{
	struct list_source from = {
		.kind = &parents_list,
		.agent = it->protocol_->agent,
		.owner = it->clock_,
		.buf = it->buf_,
		.cap = sizeof(it->buf_),
		.room = WORD_BYTES,
	};
	int err;

	if (parent == NULL)
		return SCMI_E_INVAL;
	if (it->protocol_->spoken < SCMI_VERSION(3, 0))
		return SCMI_E_NOTSUP;
	err = scmi__list_next(&it->list_, &from, status);
	if (err != SCMI_OK)
		return err;
	*parent = scmi_get_le32(from.at);
	scmi__list_took(&it->list_, WORD_BYTES);
	return SCMI_OK;
}

/* ---- setting a rate ---- */

static bool is_delayed(const struct scmi_clock_rate_set *op)
{
	return (op->call.flags & SCMI_CALL_DELAYED) != 0;
}

/* Flags go before the clock, unlike in every other command. */
int scmi_clock_rate_set_prepare(const struct scmi_clock_protocol *p, uint32_t clock, uint64_t rate, uint32_t flags,
				struct scmi_clock_rate_set *op)
{
	bool delayed = (flags & (SCMI_CLOCK_SET_ASYNC | SCMI_CLOCK_SET_NO_DELAYED)) == SCMI_CLOCK_SET_ASYNC;

	(void)p;
	if (op == NULL || (flags & ~SCMI_CLOCK_SET_FLAGS) != 0)
		return SCMI_E_INVAL;
	*op = (struct scmi_clock_rate_set){
		.call = {.size = sizeof(op->call),
			 .protocol = SCMI_PROTOCOL_CLOCK,
			 .message = SCMI_CLOCK_RATE_SET,
			 .flags = delayed ? SCMI_CALL_DELAYED : 0u,
			 .params = op->params_,
			 .params_len = sizeof(op->params_),
			 .reply = op->reply_,
			 .reply_cap = sizeof(op->reply_)},
	};
	scmi_put_le32(op->params_, flags);
	scmi_put_le32(op->params_ + WORD_BYTES, clock);
	scmi_put_le64(op->params_ + 2u * WORD_BYTES, rate);
	return SCMI_OK;
}

int scmi_clock_rate_set_result(const struct scmi_clock_rate_set *op, int err, uint64_t *set)
{
	if (err != SCMI_OK && err != SCMI_E_TRUNCATED)
		return err;
	if (is_delayed(op)) {
		if (op->call.reply_len < sizeof(op->reply_) ||
		    scmi_get_le32(op->reply_) != scmi_get_le32(op->params_ + WORD_BYTES))
			return SCMI_E_PROTO;
	}
	if (set != NULL)
		*set = is_delayed(op) ? scmi_get_le64(op->reply_ + WORD_BYTES) : 0u;
	return SCMI_OK;
}

int scmi_clock_rate_set(const struct scmi_clock_protocol *p, uint32_t clock, uint64_t rate, uint32_t flags,
			uint64_t *set, int32_t *status)
{
	struct scmi_clock_rate_set op;
	int err = scmi_clock_rate_set_prepare(p, clock, rate, flags, &op);

	if (err != SCMI_OK)
		return err;
	err = scmi_agent_call(p->agent, &op.call);
	if (status != NULL)
		*status = op.call.status;
	return scmi_clock_rate_set_result(&op, err, set);
}
