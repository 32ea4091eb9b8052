/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clock protocol, agent side: which clocks there are, their rates, states and parents.
 *
 *	struct scmi_clock_protocol clocks;
 *	struct scmi_clock_info info = {.size = sizeof(info)};
 *
 *	err = scmi_clock_open(agent, 0, &clocks, NULL);
 *	for (uint32_t i = 0; err == SCMI_OK && i < clocks.clocks; i++)
 *		err = scmi_clock_info(&clocks, i, &info, NULL);
 *
 * Results, errors, status and context of all functions: as common.h says. SCMI_E_NOTSUP at once, and nothing is sent:
 * the version that is spoken has no such command. A clock that there is not is for the platform to refuse
 * (SCMI_NOT_FOUND).
 */
#ifndef SCMI_PROTOCOL_CLOCK_H
#define SCMI_PROTOCOL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <scmi/agent.h>
#include <scmi/message/clock.h>
#include <scmi/protocol/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What scmi_clock_open() has learned. Caller's memory; plain data, to be copied and dropped as one likes. */
struct scmi_clock_protocol {
	uint32_t size;      /* sizeof(struct scmi_clock_protocol), set by scmi_clock_open() */
	uint32_t version;   /* the platform's newest */
	uint32_t spoken;    /* the one that layouts follow, see scmi_protocol_agree() */
	uint32_t clocks;    /* ids are 0 to clocks - 1 */
	uint32_t async_max; /* rate settings that may be pending at once; 0: SCMI_CLOCK_SET_ASYNC is not offered */
	struct scmi_agent *agent;
};

/*
 * Agrees on a version, newest at most, and asks for the attributes. newest 0: SCMI_CLOCK_VERSION. SCMI_E_INVAL: p
 * NULL, or a newest that this library does not know. On an error *p is left alone.
 */
int scmi_clock_open(struct scmi_agent *agent, uint32_t newest, struct scmi_clock_protocol *p, int32_t *status);

/* A clock. */
struct scmi_clock_info {
	uint32_t size;       /* sizeof(struct scmi_clock_info), set by the caller */
	uint32_t attributes; /* SCMI_CLOCK_ENABLED and its like; bits that the spoken version does not have are 0 */
	uint32_t enable_delay_us; /* 0: not told */
	char name[SCMI_LONG_NAME];
};

/*
 * CLOCK_ATTRIBUTES, and CLOCK_NAME_GET for a name that is longer than its field. A platform that then refuses to tell
 * it, or tells less than a name, leaves the first 15 characters. SCMI_E_INVAL: info NULL, or a size this version does not know.
 */
int scmi_clock_info(const struct scmi_clock_protocol *p, uint32_t clock, struct scmi_clock_info *info, int32_t *status);

/* CLOCK_NAME_GET (2.0) alone. */
int scmi_clock_name(const struct scmi_clock_protocol *p, uint32_t clock, char name[SCMI_LONG_NAME], int32_t *status);

/* ---- rates, in Hz ---- */

/* One rate (step 0, min and max the same), or all from min to max, step apart; step 0 then: any. */
struct scmi_clock_rate {
	uint64_t min;
	uint64_t max;
	uint64_t step;
};

/* Rates that one reply brings at most into the iterator. */
#define SCMI_CLOCK_RATES_AT_ONCE 32u

/* CLOCK_DESCRIBE_RATES: reads the rates of one clock, see struct scmi_list. */
struct scmi_clock_rates {
	const struct scmi_clock_protocol *protocol_;
	uint32_t clock_;
	struct scmi_list list_;
	uint8_t buf_[4u + SCMI_CLOCK_RATES_AT_ONCE * SCMI_CLOCK_RATE_BYTES];
};

/* Begins; sends nothing. p is lent as long as it is used. */
void scmi_clock_rates_begin(const struct scmi_clock_protocol *p, uint32_t clock, struct scmi_clock_rates *it);

/*
 * The next rate of a list, in the platform's order, which is to ascend; or a range, which is all there is.
 * SCMI_E_NOTFOUND: no more. SCMI_E_PROTO also: a range that is not one of three values, or whose min is above its max.
 */
int scmi_clock_rates_next(struct scmi_clock_rates *it, struct scmi_clock_rate *rate, int32_t *status);

/* CLOCK_RATE_GET. */
int scmi_clock_rate_get(const struct scmi_clock_protocol *p, uint32_t clock, uint64_t *rate, int32_t *status);

/*
 * CLOCK_RATE_SET, and waits. flags: SCMI_CLOCK_SET_*. With ASYNC, but not with NO_DELAYED, until the delayed response
 * has come: *set (may be NULL) is the rate that it tells, and 0 in all other cases. SCMI_E_INVAL: unknown flags.
 */
int scmi_clock_rate_set(const struct scmi_clock_protocol *p, uint32_t clock, uint64_t rate, uint32_t flags,
			uint64_t *set, int32_t *status);

/*
 * The same in parts, for who does not wait: prepare fills in op.call, which may then be given a callback, times and
 * flags, and goes to scmi_agent_submit() or scmi_agent_call(); result takes what became of it. op is the caller's, in
 * use as a call is, and must not be copied in between.
 */
struct scmi_clock_rate_set {
	struct scmi_call call;
	uint8_t params_[16];
	uint8_t reply_[12];
};

int scmi_clock_rate_set_prepare(const struct scmi_clock_protocol *p, uint32_t clock, uint64_t rate, uint32_t flags,
				struct scmi_clock_rate_set *op);

/*
 * err is what the call ended with. Returns as scmi_clock_rate_set(); SCMI_E_PROTO also for a delayed response about
 * another clock. The platform's word stands in op->call.status. Context: any, from the call's end on.
 */
int scmi_clock_rate_set_result(const struct scmi_clock_rate_set *op, int err, uint64_t *set);

/* ---- state ---- */

/* CLOCK_CONFIG_SET with a state alone. */
int scmi_clock_enable(const struct scmi_clock_protocol *p, uint32_t clock, bool enable, int32_t *status);

/* Whether it runs: CLOCK_CONFIG_GET, before 3.0 CLOCK_ATTRIBUTES. */
int scmi_clock_enabled(const struct scmi_clock_protocol *p, uint32_t clock, bool *enabled, int32_t *status);

/*
 * CLOCK_CONFIG_SET (3.0): state, one of SCMI_CLOCK_STATE_*; type, SCMI_CLOCK_CONFIG_DUTY and its like, 0: none; and its
 * value. SCMI_E_INVAL: another state, or UNCHANGED without a type.
 */
int scmi_clock_config_set(const struct scmi_clock_protocol *p, uint32_t clock, uint32_t state, uint8_t type,
			  uint32_t value, int32_t *status);

/* CLOCK_CONFIG_GET (3.0). type 0: *value, which may be NULL, means nothing. enabled may be NULL. */
int scmi_clock_config_get(const struct scmi_clock_protocol *p, uint32_t clock, uint8_t type, bool *enabled,
			  uint32_t *value, int32_t *status);

/* ---- parents and permissions (3.0) ---- */

#define SCMI_CLOCK_PARENTS_AT_ONCE 32u

/* CLOCK_POSSIBLE_PARENTS_GET: reads the clocks that may be a clock's parent, see struct scmi_list. */
struct scmi_clock_parents {
	const struct scmi_clock_protocol *protocol_;
	uint32_t clock_;
	struct scmi_list list_;
	uint8_t buf_[4u + SCMI_CLOCK_PARENTS_AT_ONCE * 4u];
};

/* As for rates. SCMI_E_NOTFOUND: no more, or a clock without parents. */
void scmi_clock_parents_begin(const struct scmi_clock_protocol *p, uint32_t clock, struct scmi_clock_parents *it);
int scmi_clock_parents_next(struct scmi_clock_parents *it, uint32_t *parent, int32_t *status);

/* CLOCK_PARENT_GET, CLOCK_PARENT_SET. */
int scmi_clock_parent_get(const struct scmi_clock_protocol *p, uint32_t clock, uint32_t *parent, int32_t *status);
int scmi_clock_parent_set(const struct scmi_clock_protocol *p, uint32_t clock, uint32_t parent, int32_t *status);

/* CLOCK_GET_PERMISSIONS: SCMI_CLOCK_MAY_*. */
int scmi_clock_permissions(const struct scmi_clock_protocol *p, uint32_t clock, uint32_t *permissions, int32_t *status);

/* ---- notifications (2.0) ---- */

/* CLOCK_RATE_NOTIFY, CLOCK_RATE_CHANGE_REQUESTED_NOTIFY: on or off, for one clock. */
int scmi_clock_rate_notify(const struct scmi_clock_protocol *p, uint32_t clock, bool enable, int32_t *status);
int scmi_clock_rate_change_requested_notify(const struct scmi_clock_protocol *p, uint32_t clock, bool enable,
					    int32_t *status);

/* What a notification says. */
struct scmi_clock_event {
	uint8_t notification; /* enum scmi_clock_notification */
	uint32_t agent_id;    /* who caused it; 0: the platform */
	uint32_t clock;
	uint64_t rate; /* it has now, or that was asked for */
};

/*
 * Takes apart what a subscriber's notify was given. SCMI_OK; SCMI_E_NOTFOUND, by its header no notification of this
 * protocol that this library knows; SCMI_E_PROTO, too short; SCMI_E_INVAL, NULL. Context: any, interrupts included.
 */
int scmi_clock_event_parse(uint32_t hdr, const void *payload, uint32_t len, struct scmi_clock_event *event);

#ifdef __cplusplus
}
#endif

#endif
