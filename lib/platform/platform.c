/* SPDX-License-Identifier: BSD-3-Clause */
/* A platform's life: size, init, start, stop, fini; and what is counted and told about it. */
#include "internal.h"

_Static_assert(sizeof(struct scmi_platform) <= SCMI_PLATFORM_BASE_BYTES, "raise SCMI_PLATFORM_BASE_BYTES");
_Static_assert(sizeof(struct channel) <= SCMI_PLATFORM_AGENT_BYTES, "raise SCMI_PLATFORM_AGENT_BYTES");
_Static_assert(sizeof(struct scmi_platform) % alignof(struct channel) == 0, "channels follow the platform");
_Static_assert(sizeof(struct channel) % alignof(_Atomic uint32_t) == 0, "rights follow the channels");

void scmi__platform_log(const struct scmi_platform *platform, enum scmi_log_level level, const char *text)
{
	if (platform->log != NULL)
		platform->log(platform->log_arg, level, text);
}

void scmi__platform_trace(const struct channel *channel, enum scmi_trace_kind kind, uint32_t hdr, uint32_t len, int err,
			  const char *why)
{
	const struct scmi_trace_event event = {
		.kind = (uint8_t)kind,
		.link = (uint8_t)channel->id,
		.slot = UINT16_MAX,
		.hdr = hdr,
		.len = len,
		.err = err,
		.why = why,
	};

	channel->platform->trace(channel->platform->trace_arg, &event);
}

void scmi__platform_trace_send(const struct channel *channel, uint32_t hdr, uint32_t len, int err)
{
	if (channel->platform->trace != NULL)
		scmi__platform_trace(channel, SCMI_TRACE_SEND, hdr, len, err, NULL);
}

uint32_t scmi__platform_server(const struct scmi_platform *platform, uint32_t protocol)
{
	uint32_t i = protocol - PROTOCOL_FIRST;

	if (i < INDEXED)
		return platform->index[i];
	for (i = 0; i < platform->servers_n; i++) {
		if (platform->servers[i]->protocol == protocol)
			return i;
	}
	return NO_SERVER;
}

struct channel *scmi__platform_channel(const struct scmi_platform *platform, uint32_t agent)
{
	return agent >= 1u && agent <= platform->agents_n ? &platform->channels[agent - 1u] : NULL;
}

/* ---- init ---- */

static size_t size_of(const struct scmi_platform_config *config)
{
	size_t agent = sizeof(struct channel) + config->servers_n * sizeof(_Atomic uint32_t);

	return sizeof(struct scmi_platform) + config->agents_n * agent;
}

size_t scmi_platform_size(const struct scmi_platform_config *config)
{
	if (config == NULL || scmi__platform_config_fault(config) != NULL)
		return 0;
	return size_of(config);
}

static void fill_platform(struct scmi_platform *p, const struct scmi_platform_config *config)
{
	memset(p, 0, size_of(config));
	p->servers = config->servers;
	p->servers_n = (uint16_t)config->servers_n;
	p->agents_n = (uint16_t)config->agents_n;
	p->channels = (struct channel *)(p + 1);
	p->log = config->log;
	p->log_arg = config->log_arg;
	p->trace = config->trace;
	p->trace_arg = config->trace_arg;
	memset(p->index, NO_SERVER, sizeof(p->index));
	for (uint32_t i = 0; i < p->servers_n; i++) {
		uint32_t place = p->servers[i]->protocol - PROTOCOL_FIRST;

		if (place < INDEXED)
			p->index[place] = (uint8_t)i;
	}
}

/* What the agent may use to begin with; all the rest of its rights is set by a reset. */
static void fill_rights(const struct channel *ch)
{
	const struct scmi_platform *p = ch->platform;

	for (uint32_t i = 0; i < ch->agent->denied_n; i++) {
		uint32_t server = scmi__platform_server(p, ch->agent->denied[i]);

		atomic_store_explicit(&ch->rights[server], RIGHT_DENIED, memory_order_relaxed);
	}
}

static void reset_rights(const struct channel *ch)
{
	const struct scmi_platform *p = ch->platform;

	for (uint32_t i = 0; i < p->servers_n; i++) {
		uint32_t old = read_count(&ch->rights[i]);

		while (!atomic_compare_exchange_weak(&ch->rights[i], &old,
						     (old & RIGHT_DENIED) | scmi__platform_newest(p->servers[i])))
			;
		scmi__notices_withdraw(ch, i, RIGHT_WANTS_ALL);
	}
}

static void fill_channel(struct scmi_platform *p, const struct scmi_platform_agent *agent, uint32_t i)
{
	_Atomic uint32_t *rights = (_Atomic uint32_t *)(void *)(p->channels + p->agents_n);
	struct channel *ch = &p->channels[i];

	ch->platform = p;
	ch->agent = agent;
	ch->ops = agent->endpoint->ops;
	ch->ctx = agent->endpoint->ctx;
	ch->max_payload = agent->endpoint->max_payload;
	ch->rights = rights + (size_t)i * p->servers_n;
	ch->id = (uint16_t)(i + 1u);
	ch->slow = p->trace != NULL ? SLOW_TRACED : 0u;
	if (ch->ops->delivered != NULL) /* an endpoint may have served another platform before */
		atomic_store_explicit(&ch->requests, 0u - ch->ops->delivered(ch->ctx), memory_order_relaxed);
	fill_rights(ch);
	reset_rights(ch);
}

static int init_servers(struct scmi_platform *p)
{
	for (uint32_t i = 0; i < p->servers_n; i++) {
		const struct scmi_server *server = p->servers[i];
		const char *why = "a server's init has failed";
		int err = server->init != NULL ? server->init(server->model, p, &why) : SCMI_OK;

		if (err != SCMI_OK) {
			scmi__platform_log(p, SCMI_LOG_ERROR, why);
			return err;
		}
	}
	return SCMI_OK;
}

static void log_fault(const struct scmi_platform_config *config, const char *why)
{
	/* With a wrong size the members are not where they seem to be. */
	if (config->size == sizeof(*config) && config->log != NULL)
		config->log(config->log_arg, SCMI_LOG_ERROR, why);
}

int scmi_platform_init(struct scmi_platform **platform, void *mem, size_t len,
		       const struct scmi_platform_config *config)
{
	struct scmi_platform *p = mem;
	const char *why;
	int err;

	if (platform == NULL || config == NULL)
		return SCMI_E_INVAL;
	*platform = NULL;
	why = scmi__platform_config_fault(config);
	if (why != NULL) {
		log_fault(config, why);
		return SCMI_E_INVAL;
	}
	if (mem == NULL || (uintptr_t)mem % alignof(max_align_t) != 0 || len < size_of(config)) {
		log_fault(config, "the platform's memory is misaligned or shorter than scmi_platform_size()");
		return SCMI_E_NOMEM;
	}
	fill_platform(p, config);
	for (uint32_t i = 0; i < p->agents_n; i++)
		fill_channel(p, &config->agents[i], i);
	err = init_servers(p);
	if (err == SCMI_OK)
		*platform = p;
	return err;
}

/* ---- traffic ---- */

void scmi__platform_forget(const struct channel *ch)
{
	const struct scmi_platform *platform = ch->platform;

	reset_rights(ch);
	for (uint32_t i = 0; i < platform->servers_n; i++) {
		const struct scmi_server *server = platform->servers[i];

		if (server->reset != NULL)
			server->reset(server->model, ch->id);
	}
}

int scmi_platform_reset_agent(struct scmi_platform *platform, uint16_t agent)
{
	const struct channel *ch = scmi__platform_channel(platform, agent);

	if (ch == NULL)
		return SCMI_E_NOTFOUND;
	scmi__platform_forget(ch);
	return SCMI_OK;
}

static void stop_channels(struct scmi_platform *p, uint32_t n)
{
	while (n-- > 0)
		p->channels[n].ops->stop(p->channels[n].ctx);
}

/* What waits for room ends, now that the platform does not run. */
static void close_queues(struct scmi_platform *p)
{
	for (uint32_t i = 0; i < p->agents_n; i++)
		scmi__platform_pump(&p->channels[i]);
}

/* The endpoint of channel i could not be started: that is the end of all. */
static NOINLINE int undo_start(struct scmi_platform *p, uint32_t i, int err)
{
	scmi__platform_log(p, SCMI_LOG_ERROR, "an agent's endpoint could not be started");
	atomic_fetch_and(&p->running, ~RUNNING_ON);
	stop_channels(p, i);
	close_queues(p);
	return err;
}

static int start_channel(struct channel *ch)
{
	return ch->ops->start(ch->ctx, scmi__platform_sink(ch), ch);
}

static NOINLINE int start_channels(struct scmi_platform *p)
{
	for (uint32_t i = 0; i < p->agents_n; i++) {
		int err = start_channel(&p->channels[i]);

		if (err != SCMI_OK)
			return undo_start(p, i, err);
	}
	return SCMI_OK;
}

/* A context that has looked at running in the life before may send only now, so nobody starts beside it. */
static bool is_pumping(struct scmi_platform *p)
{
	for (uint32_t i = 0; i < p->agents_n; i++) {
		if (atomic_load(&p->channels[i].pump) != 0)
			return true;
	}
	return false;
}

int scmi_platform_start(struct scmi_platform *platform)
{
	uint32_t running = atomic_load(&platform->running);

	if ((running & RUNNING_ON) != 0)
		return SCMI_E_INVAL;
	if (is_pumping(platform))
		return SCMI_E_BUSY;
	for (uint16_t agent = 1; agent <= platform->agents_n; agent++)
		(void)scmi_platform_reset_agent(platform, agent);
	/* A handler may notify before start has returned. */
	atomic_store(&platform->running, (running + RUNNING_LIFE) | RUNNING_ON);
	return start_channels(platform);
}

int scmi_platform_stop(struct scmi_platform *platform)
{
	if ((atomic_fetch_and(&platform->running, ~RUNNING_ON) & RUNNING_ON) != 0) {
		stop_channels(platform, platform->agents_n);
		close_queues(platform);
	}
	return SCMI_OK;
}

static uint32_t count_open(const struct channel *ch)
{
	/* Acquire: pairs with the release at the end of scmi_request_reply(). */
	uint32_t answered = atomic_load_explicit(&ch->later_ok, memory_order_acquire) +
			    atomic_load_explicit(&ch->later_errors, memory_order_acquire);

	return read_count(&ch->later) - answered;
}

static uint32_t count_delayed(const struct scmi_platform *p)
{
	/* Acquire: pairs with the release at the end of a delayed response. */
	uint32_t ended = atomic_load_explicit(&p->counters[C_DELAYED_SENT], memory_order_acquire) +
			 atomic_load_explicit(&p->counters[C_DELAYED_FAILED], memory_order_acquire);

	return read_count(&p->counters[C_DELAYED]) - ended;
}

/*
 * In this order: whoever has ended a delayed response or left the pump came in as a sender, and is still counted as one
 * when its end has been seen here, if it has not gone.
 */
int scmi_platform_fini(struct scmi_platform *platform)
{
	(void)scmi_platform_stop(platform);
	for (uint32_t i = 0; i < platform->agents_n; i++) {
		if (count_open(&platform->channels[i]) != 0)
			return SCMI_E_BUSY;
	}
	if (count_delayed(platform) != 0 || is_pumping(platform) || atomic_load(&platform->senders) != 0)
		return SCMI_E_BUSY;
	return SCMI_OK;
}

/* ---- statistics ---- */

static void add_channel(struct scmi_platform_stats *s, const struct channel *ch)
{
	s->requests += read_count(&ch->requests);
	if (ch->ops->delivered != NULL)
		s->requests += ch->ops->delivered(ch->ctx);
	s->errors += read_count(&ch->errors) + read_count(&ch->later_errors);
	s->no_room += read_count(&ch->no_room);
	s->open += count_open(ch);
	s->waiting += scmi__notices_waiting(ch);
	s->delayed_queued += read_count(&ch->queued);
}

static void add_own_messages(struct scmi_platform_stats *s, const struct scmi_platform *p)
{
	const _Atomic uint32_t *c = p->counters;

	s->sent = read_count(&c[C_SENT]);
	s->dropped = read_count(&c[C_DROPPED]);
	s->failed = read_count(&c[C_FAILED]);
	s->merged = read_count(&c[C_MERGED]);
	s->withdrawn = read_count(&c[C_WITHDRAWN]);
	s->notified = s->sent + s->dropped + s->failed + s->merged + s->withdrawn + s->waiting;
	s->delayed_sent = read_count(&c[C_DELAYED_SENT]);
	s->delayed_failed = read_count(&c[C_DELAYED_FAILED]);
	s->delayed_open = count_delayed(p);
	s->delayed = read_count(&c[C_DELAYED]);
}

int scmi_platform_stats(struct scmi_platform *platform, struct scmi_platform_stats *stats)
{
	const _Atomic uint32_t *c = platform->counters;
	struct scmi_platform_stats s = {.size = sizeof(s)};

	if (stats == NULL || stats->size != sizeof(*stats))
		return SCMI_E_INVAL;
	for (uint32_t i = 0; i < platform->agents_n; i++)
		add_channel(&s, &platform->channels[i]);
	s.ok = s.requests - s.errors - s.no_room - s.open; /* what goes well is not counted a second time */
	s.bad_type = read_count(&c[C_BAD_TYPE]);
	s.bad_protocol = read_count(&c[C_BAD_PROTOCOL]);
	s.denied = read_count(&c[C_DENIED]);
	s.bad_message = read_count(&c[C_BAD_MESSAGE]);
	s.bad_length = read_count(&c[C_BAD_LENGTH]);
	s.overflowed = read_count(&c[C_OVERFLOWED]);
	add_own_messages(&s, platform);
	s.double_replies = read_count(&c[C_DOUBLE]);
	*stats = s;
	return SCMI_OK;
}
