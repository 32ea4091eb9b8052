/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clock protocol's server: it does all that has to do with messages, the user's model has the clocks.
 *
 *   static const uint64_t rates[] = {24000000, 48000000};
 *   static const struct scmi_clock_desc clocks[] = {
 *       {.size = sizeof(clocks[0]), .name = "uart_clk", .rates = rates, .rates_n = 2},
 *   };
 *   static const struct scmi_clock_ops ops = {.size = sizeof(ops), .rate_get = get_rate, .rate_set = set_rate};
 *   static struct scmi_clock_model model = {
 *       .size = sizeof(model), .clocks = clocks, .count = 1, .ops = &ops,
 *   };
 *   struct scmi_server server;
 *   scmi_clock_server(&server, &model);       then into scmi_platform_config.servers
 *
 * Handlers of the platform run at once when several agents ask at once, so ops do too.
 */
#ifndef SCMI_SERVER_CLOCK_H
#define SCMI_SERVER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <scmi/message/clock.h>
#include <scmi/platform.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A clock. Versions before the one that is named are not told of it. Zero is a good default but for size, name, rates.
 */
struct scmi_clock_desc {
	uint32_t size;            /* sizeof(struct scmi_clock_desc) */
	uint32_t flags;           /* 0, or SCMI_CLOCK_EXTENDED_CONFIG (3.0) */
	const char *name;         /* 1 to 63 characters; before 2.0 the first 15 */
	uint32_t enable_delay_us; /* 2.0 */
	uint32_t rates_n;         /* 1 to 65535; 3 for a range */
	const uint64_t *rates;    /* in Hz, ascending; of a range lowest, highest, step (0: any rate between) */
	bool range;
	uint32_t parents_n;      /* to 255 */
	const uint32_t *parents; /* 3.0: clocks that may be its parent, by id; NULL: it has none */
};

/*
 * A rate that is being set and is not done yet. Caller's memory, zeroed but for size: more in struct scmi_clock_model.
 */
struct scmi_clock_pending {
	uint32_t size;  /* sizeof(struct scmi_clock_pending) */
	uint32_t clock; /* which is set, and to what: for the user, from the library */
	uint64_t rate;

	/* the library's own */
	struct scmi_clock_model *model_;
	struct scmi_request *request_;
	struct scmi_delayed delayed_;
	uint32_t state_;
	uint16_t agent_;
	uint8_t payload_[16];
};

/* What rate_set() returns when scmi_clock_rate_set_done() will tell. No status word has this value. */
#define SCMI_CLOCK_LATER SCMI_REQUEST_LATER

/*
 * What the clocks do. But for may_use and permissions all return a status for the agent: SCMI_SUCCESS, an error of
 * enum scmi_status or of the vendor. clock is below the count, and the other values are such as the clock's
 * description allows. Context: the endpoint's, see struct scmi_server_command; so they do not sleep.
 */
struct scmi_clock_ops {
	uint32_t size; /* sizeof(struct scmi_clock_ops) */

	/* The rate at present. Required. */
	int32_t (*rate_get)(void *arg, uint32_t clock, uint64_t *rate);

	/*
	 * Sets one of the clock's rates: what the agent asked for has been rounded as it wished. SCMI_CLOCK_LATER,
	 * where pending is not NULL: scmi_clock_rate_set_done() is called once, from any context, or has been already.
	 * After anything else it must not be. pending is NULL where the model has none. NULL: rates are what they are,
	 * CLOCK_RATE_SET gets SCMI_NOT_SUPPORTED.
	 */
	int32_t (*rate_set)(void *arg, uint16_t agent, uint32_t clock, uint64_t rate,
			    struct scmi_clock_pending *pending);

	/* Whether it runs. NULL: all do. */
	int32_t (*enabled)(void *arg, uint32_t clock, bool *enabled);

	/* Starts or stops it. NULL: it runs or not, CLOCK_CONFIG_SET of a state gets SCMI_NOT_SUPPORTED. */
	int32_t (*enable)(void *arg, uint16_t agent, uint32_t clock, bool enable);

	/*
	 * 3.0: an extended type, 1 to 255, for clocks with SCMI_CLOCK_EXTENDED_CONFIG; SCMI_NOT_SUPPORTED for a type
	 * that the clock does not have. config_set comes before enable where a command says both. NULL: no clock has
	 * any.
	 */
	int32_t (*config_get)(void *arg, uint32_t clock, uint8_t type, uint32_t *value);
	int32_t (*config_set)(void *arg, uint16_t agent, uint32_t clock, uint8_t type, uint32_t value);

	/* 3.0: for clocks with parents. parent_set NULL: a clock's parent is what it is. */
	int32_t (*parent_get)(void *arg, uint32_t clock, uint32_t *parent);
	int32_t (*parent_set)(void *arg, uint16_t agent, uint32_t clock, uint32_t parent);

	/*
	 * What the agent may change: SCMI_CLOCK_MAY_*; else it gets SCMI_DENIED. Told to agents from 3.0 on, kept for
	 * all. NULL: every agent may change all.
	 */
	uint32_t (*permissions)(void *arg, uint16_t agent, uint32_t clock);

	/*
	 * Whether the agent may use the clock at all: read and change its rate, state and parent, and be told of it;
	 * else it gets SCMI_DENIED. It may see the description all the same. NULL: every agent may. See
	 * scmi_base_allowed().
	 */
	bool (*may_use)(void *arg, uint16_t agent, uint32_t clock);

	/* The agent's configuration is reset, see scmi_server.reset; its notifications are off already. Optional. */
	void (*reset)(void *arg, uint16_t agent);
};

/* Words that a model needs for notifications, with so many clocks and agents. */
#define SCMI_CLOCK_WANT_WORDS(clocks, agents) (((clocks) + 15u) / 16u * (agents))

/*
 * What the server serves; the user's memory, which stays in use until scmi_platform_fini(), as all that it points to.
 * One model belongs to one platform. Zero is a good default for every member but size, ops and what has the clocks.
 */
struct scmi_clock_model {
	uint32_t size; /* sizeof(struct scmi_clock_model) */
	uint32_t
		version; /* SCMI_VERSION(1, 0), (2, 0) or (3, 0); 0: 3.0. With 3.0 an agent may negotiate a lower one */
	const struct scmi_clock_desc *clocks; /* their ids are their places */
	const struct scmi_clock_ops *ops;
	void *arg;      /* for ops */
	uint32_t count; /* of clocks, to 65535 */
	/*
	 * Rates that are being set at once, of all agents; one more gets SCMI_BUSY. To 255. With 0 every rate is set at
	 * once, and agents cannot ask for it asynchronously (SCMI_NOT_SUPPORTED).
	 */
	uint32_t pending_n;
	struct scmi_clock_pending *pending; /* pending_n of them */
	uint32_t *wants;                    /* the library's own, any content; NULL: no notifications are offered */
	uint32_t want_words; /* SCMI_CLOCK_WANT_WORDS(); too few: scmi_platform_init() returns SCMI_E_NOMEM */

	/* the library's own */
	uint32_t row_; /* words of wants an agent */
	struct scmi_platform *platform_;
};

/*
 * Fills in the server for a model. The model is looked at by scmi_platform_init(), but for version, wants and the
 * members of ops, which decide the commands that are offered and are read now. Neither may be NULL, nor may ops.
 * Context: thread.
 */
void scmi_clock_server(struct scmi_server *server, struct scmi_clock_model *model);

/*
 * A rate has been set, or has not: status, and with SCMI_SUCCESS the rate that the clock has now. Answers the agent in
 * the way it asked for, and notifies as scmi_clock_rate_changed(). The pending one is free again. Returns SCMI_OK;
 * SCMI_E_GONE, it was not pending; else as scmi_delayed_send(): SCMI_E_CLOSED, the platform has been stopped since.
 * Until it is called scmi_platform_fini() says SCMI_E_BUSY. Context: any that the endpoint allows.
 */
int scmi_clock_rate_set_done(struct scmi_clock_pending *pending, int32_t status, uint64_t rate);

/*
 * Tells the agents that have asked for it and may use the clock (2.0): its rate has changed, and is now rate; a change
 * has been requested. cause is the agent that did it, 0 the platform. The server does so by itself for what agents
 * set: the request when it is about to be passed to rate_set(), the change when it has been set. Not kept: where an
 * endpoint has no room it is dropped, and counted, see scmi_platform_notify(). Returns as that does; SCMI_E_NOTFOUND
 * for a clock that there is not; SCMI_E_INVAL, a model without wants. Context: any that the endpoints allow, from
 * scmi_platform_init() on.
 */
int scmi_clock_rate_changed(const struct scmi_clock_model *model, uint32_t clock, uint64_t rate, uint16_t cause);
int scmi_clock_rate_change_requested(const struct scmi_clock_model *model, uint32_t clock, uint64_t rate,
				     uint16_t cause);

#ifdef __cplusplus
}
#endif

#endif
