/* SPDX-License-Identifier: BSD-3-Clause */
/* What agents want to be told of clocks, and the telling. */
#include "server_clock.h"

/* Two bits for each clock and agent, in the order of enum scmi_clock_notification; sixteen clocks a word. */
#define CLOCKS_A_WORD 16u
#define EVENT_BYTES   (4u * WORD_BYTES) /* the agent that caused it, the clock, the rate */

_Static_assert(SCMI_CLOCK_RATE_CHANGED == 0 && SCMI_CLOCK_RATE_CHANGE_REQUESTED == 1, "the order of the bits");
_Static_assert(SCMI_CLOCK_WANT_WORDS(CLOCKS_A_WORD + 1u, 1u) == 2u, "sixteen clocks a word");

static _Atomic uint32_t *word_of(const struct scmi_clock_model *m, uint16_t agent, uint32_t clock)
{
	return atomic_word(&m->wants[(size_t)(agent - 1u) * m->row_ + clock / CLOCKS_A_WORD]);
}

static uint32_t bit_of(uint32_t clock, uint8_t notification)
{
	return 1u << (2u * (clock % CLOCKS_A_WORD) + notification);
}

void scmi__clock_forget(const struct scmi_clock_model *m, uint16_t agent)
{
	for (uint32_t i = 0; m->wants != NULL && i < m->row_; i++)
		atomic_store(word_of(m, agent, i * CLOCKS_A_WORD), 0u);
}

/*
 * The core knows one switch for each notification and agent. It is switched on with the first clock and stays so: the
 * bits here decide.
 */
static int32_t switch_events(const struct scmi_clock_model *m, struct scmi_request *req, uint8_t notification)
{
	uint32_t clock = scmi_request_u32(req, 0);
	uint32_t enable = scmi_request_u32(req, 1);
	int32_t status;

	if (scmi__clock_used(m, req, clock, 0, &status) == NULL)
		return status;
	if ((enable & ~SCMI_NOTIFY_ENABLE) != 0)
		return SCMI_INVALID_PARAMETERS;
	if (enable == 0) {
		atomic_fetch_and(word_of(m, scmi_request_agent(req), clock), ~bit_of(clock, notification));
		return SCMI_SUCCESS;
	}
	atomic_fetch_or(word_of(m, scmi_request_agent(req), clock), bit_of(clock, notification));
	return scmi_request_notify(req, notification, enable);
}

int32_t scmi__clock_rate_notify(void *model, struct scmi_request *req)
{
	return switch_events(model, req, SCMI_CLOCK_RATE_CHANGED);
}

int32_t scmi__clock_rate_change_requested_notify(void *model, struct scmi_request *req)
{
	return switch_events(model, req, SCMI_CLOCK_RATE_CHANGE_REQUESTED);
}

/* An agent that has gone back to a version without notifications is not told. */
static bool is_to_be_told(const struct scmi_clock_model *m, const struct channel *ch, uint32_t clock,
			  uint8_t notification)
{
	uint32_t server = scmi__platform_server(m->platform_, SCMI_PROTOCOL_CLOCK);

	return (atomic_load(word_of(m, ch->id, clock)) & bit_of(clock, notification)) != 0 &&
	       since_2_0(scmi__platform_spoken(ch, server)) && scmi__clock_usable(m, ch->id, clock);
}

/*
 * To all who want it. The first error is told, but a drop only where there is no other. who: the agent that caused it,
 * and from bit 16 on which notification it is.
 */
static int tell(const struct scmi_clock_model *m, uint32_t clock, uint64_t rate, uint32_t who)
{
	const uint8_t notification = (uint8_t)(who >> 16);
	uint8_t event[EVENT_BYTES];
	int result = SCMI_OK;

	if (clock >= m->count)
		return SCMI_E_NOTFOUND;
	if (m->wants == NULL)
		return SCMI_E_INVAL;
	scmi_put_le32(event, who & 0xffffu);
	scmi_put_le32(event + WORD_BYTES, clock);
	scmi_put_le64(event + 2u * WORD_BYTES, rate);
	for (uint32_t i = 0; i < m->platform_->agents_n; i++) {
		struct channel *ch = &m->platform_->channels[i];
		int err = SCMI_OK;

		if (is_to_be_told(m, ch, clock, notification))
			err = scmi__platform_notify(
				ch, scmi_hdr(SCMI_PROTOCOL_CLOCK, notification, SCMI_MSG_NOTIFICATION, 0), event,
				EVENT_BYTES);
		if (err != SCMI_OK && (result == SCMI_OK || result == SCMI_E_BUSY))
			result = err;
	}
	return result;
}

int scmi_clock_rate_changed(const struct scmi_clock_model *m, uint32_t clock, uint64_t rate, uint16_t cause)
{
	return tell(m, clock, rate, cause | (uint32_t)SCMI_CLOCK_RATE_CHANGED << 16);
}

int scmi_clock_rate_change_requested(const struct scmi_clock_model *m, uint32_t clock, uint64_t rate, uint16_t cause)
{
	return tell(m, clock, rate, cause | (uint32_t)SCMI_CLOCK_RATE_CHANGE_REQUESTED << 16);
}
