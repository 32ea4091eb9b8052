/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers other than a success at once: errors, replies that do not fit, what comes later, what comes twice. */
#include "internal.h"

/* Writes the status; returns it, for it may have to be another one. */
static int32_t seal(struct channel *ch, const struct scmi_request *req, int32_t status)
{
	if (status == SCMI_SUCCESS && (req->slow_ & SLOW_OVERFLOW) != 0) {
		count(&ch->platform->counters[C_OVERFLOWED]);
		status = SCMI_COMMS_ERROR;
	}
	if (status > 0)
		status = SCMI_GENERIC_ERROR;
	scmi_put_le32(req->reply, (uint32_t)status);
	return status;
}

static uint32_t length_of(const struct scmi_request *req, int32_t status)
{
	return status == SCMI_SUCCESS ? req->reply_cap - req->room_ : SCMI_STATUS_BYTES;
}

static void trace_answer(const struct channel *ch, const struct scmi_request *req, uint32_t len, int32_t status)
{
	scmi__platform_trace_send(ch, req->hdr, len, status == SCMI_SUCCESS ? SCMI_OK : SCMI_E_REMOTE);
}

uint32_t scmi__platform_return(struct channel *ch, const struct scmi_request *req)
{
	count(&ch->no_room);
	trace_answer(ch, req, 0, SCMI_COMMS_ERROR);
	return SCMI_REPLY_NONE;
}

uint32_t scmi__platform_finish(struct channel *ch, struct scmi_request *req, int32_t status)
{
	_Atomic uint8_t *state = atomic_byte(&req->state_);
	uint32_t len;

	if (status == SCMI_REQUEST_LATER) { /* req may be the endpoint's again */
		count(&ch->later);
		return SCMI_REPLY_LATER;
	}
	if (atomic_load_explicit(state, memory_order_relaxed) != REQUEST_OPEN) {
		/*
		 * The handler has answered by itself, which is counted as an answer that came later, and does so again.
		 */
		count(&ch->later);
		count(&ch->platform->counters[C_DOUBLE]);
		return SCMI_REPLY_LATER;
	}
	/* Nobody else may answer a request whose handler returns a status: no exchange. */
	atomic_store_explicit(state, REQUEST_CLOSED, memory_order_relaxed);
	status = seal(ch, req, status);
	len = length_of(req, status);
	if (status != SCMI_SUCCESS)
		count(&ch->errors);
	trace_answer(ch, req, len, status);
	return len;
}

int scmi_request_reply(struct scmi_request *req, int32_t status)
{
	struct channel *ch = req->channel_;

	/* Acquire: what another context has put into the reply before it lost this race, or handed on. */
	if (atomic_exchange_explicit(atomic_byte(&req->state_), REQUEST_CLOSED, memory_order_acq_rel) != REQUEST_OPEN) {
		if (ch != NULL)
			count(&ch->platform->counters[C_DOUBLE]);
		return SCMI_E_GONE;
	}
	status = seal(ch, req, status);
	trace_answer(ch, req, length_of(req, status), status);
	ch->ops->reply(ch->ctx, req, length_of(req, status));
	/*
	 * Last, because fini takes a request that is counted as answered for one that needs the platform no more.
	 * Release: pairs with the acquire there; without it the memory could be used anew while the reply is still
	 * being given.
	 */
	atomic_fetch_add_explicit(status == SCMI_SUCCESS ? &ch->later_ok : &ch->later_errors, 1u, memory_order_release);
	return SCMI_OK;
}
