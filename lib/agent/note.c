/* SPDX-License-Identifier: BSD-3-Clause */
/* What a trace is told, and messages that are only to be counted. */
#include "internal.h"

static void tell_trace(struct link *l, struct scmi_trace_event *e, uint32_t hdr, uint32_t len, int err)
{
	e->link = (uint8_t)l->index;
	e->hdr = hdr;
	e->len = len;
	e->err = err;
	l->agent->trace(l->agent->trace_arg, e);
}

/* For who has seen that there is a trace. */
void scmi__trace(struct link *l, enum scmi_trace_kind kind, uint32_t slot, uint32_t hdr, uint32_t len, int err)
{
	struct scmi_trace_event e = {.kind = (uint8_t)kind, .slot = (uint16_t)slot};

	tell_trace(l, &e, hdr, len, err);
}

/* By the counters from C_LATE on. */
static const char *const refusals[] = {
	"late",         "stray_token", "stray_protocol", "stray_message", "stray_type",
	"stray_header", "duplicate",   "mismatched",     "unclaimed",     "dropped",
};

_Static_assert(C_DROPPED - C_LATE + 1 == sizeof(refusals) / sizeof(refusals[0]), "a reason for each");

/* Counts a message that is only to be dropped: which is C_LATE or one of those behind it, up to C_DROPPED. */
int scmi__refuse(struct link *l, uint32_t hdr, uint32_t len, enum counter which, int err)
{
	struct scmi_trace_event e = {.kind = SCMI_TRACE_REFUSE, .slot = SLOT_NONE, .why = refusals[which - C_LATE]};

	count(l, which);
	if (l->agent->trace != NULL)
		tell_trace(l, &e, hdr, len, err);
	return err;
}
