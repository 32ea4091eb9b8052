/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The request path: find the server, find the command, check, run, answer.
 *
 * A command that succeeds at once takes no lock and no locked instruction, and writes nothing that another request writes:
 * only exceptions are counted, and the one thing that contexts can race for, the right to answer, is decided by an exchange
 * only where the answer comes later.
 */
#include "internal.h"

/* ---- finding ---- */

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

/*
 * The command's entry, or NULL if this server does not offer it to this agent. Entries ascend without repeating, so entry i
 * holds message first + i at least: the place where a table without gaps has it bounds the search from above.
 */
static const struct scmi_server_command *find_command(const struct scmi_server *server, const struct channel *ch,
						      uint32_t message)
{
	const struct scmi_server_command *c = server->commands;
	uint32_t i;

	if (server->commands_n == 0 || message < c->message)
		return NULL;
	i = message - c->message;
	if (i >= server->commands_n)
		i = server->commands_n - 1u;
	for (c += i; c->message > message; c--)
		;
	if (c->message != message || (c->flags & ch->missing) != 0)
		return NULL;
	return message < 32u && (server->absent >> message & 1u) != 0 ? NULL : c;
}

/* ---- answering ---- */

/* Writes the status; returns how long the reply is. */
static uint32_t seal(struct channel *ch, struct scmi_request *req, int32_t *status)
{
	uint32_t len = req->reply_len_;

	if (*status == SCMI_SUCCESS && len > req->reply_cap) {
		count(&ch->platform->counters[C_OVERFLOWED]);
		*status = SCMI_COMMS_ERROR;
	}
	if (*status > 0)
		*status = SCMI_GENERIC_ERROR;
	if (*status != SCMI_SUCCESS)
		len = SCMI_STATUS_BYTES;
	scmi_put_le32(req->reply, (uint32_t)*status);
	return len;
}

static void give_back(struct channel *ch, struct scmi_request *req, uint32_t len, int32_t status)
{
	if (ch->platform->trace != NULL)
		scmi__platform_trace(ch, SCMI_TRACE_SEND, req->hdr, len,
				     status == SCMI_SUCCESS ? SCMI_OK : SCMI_E_REMOTE, NULL);
	ch->ops->reply(ch->ctx, req, len);
}

/* A handler that answers by itself and then returns a status has answered twice. */
static void refuse_second(struct channel *ch)
{
	count(&ch->later);
	count(&ch->platform->counters[C_DOUBLE]);
}

/* The handler has returned a status: nobody else may answer, so a plain look at the state is enough. */
static void answer_now(struct channel *ch, struct scmi_request *req, int32_t status)
{
	_Atomic uint8_t *state = atomic_byte(&req->state_);
	uint32_t len;

	if (atomic_load_explicit(state, memory_order_relaxed) != REQUEST_OPEN) {
		refuse_second(ch);
		return;
	}
	atomic_store_explicit(state, REQUEST_CLOSED, memory_order_relaxed);
	len = seal(ch, req, &status);
	if (status != SCMI_SUCCESS)
		count(&ch->errors);
	req->in_place = 1;
	give_back(ch, req, len, status);
}

int scmi_request_reply(struct scmi_request *req, int32_t status)
{
	struct channel *ch = req->channel_;
	uint32_t len;

	/* Acquire: what another context has put into the reply before it lost this race, or handed on. */
	if (atomic_exchange_explicit(atomic_byte(&req->state_), REQUEST_CLOSED, memory_order_acq_rel) != REQUEST_OPEN) {
		if (ch != NULL)
			count(&ch->platform->counters[C_DOUBLE]);
		return SCMI_E_GONE;
	}
	len = seal(ch, req, &status);
	give_back(ch, req, len, status);
	/*
	 * Last, because fini takes a request that is counted as answered for one that needs the platform no more. Release:
	 * pairs with the acquire there; without it the memory could be used anew while the reply is still being given.
	 */
	atomic_fetch_add_explicit(status == SCMI_SUCCESS ? &ch->later_ok : &ch->later_errors, 1u, memory_order_release);
	return SCMI_OK;
}

/* ---- the commands that every protocol has ---- */

static int32_t message_attributes(const struct channel *ch, const struct scmi_server *server, struct scmi_request *req)
{
	uint32_t message = scmi_request_u32(req, 0);
	const struct scmi_server_command *command = NULL;
	uint32_t attributes = 0;

	if (message <= UINT8_MAX)
		command = find_command(server, ch, message);
	if (command != NULL)
		attributes = command->attributes;
	else if (message > SCMI_PROTOCOL_MESSAGE_ATTRIBUTES &&
		 (message != SCMI_NEGOTIATE_PROTOCOL_VERSION || (server->flags & SCMI_SERVER_NEGOTIATES) == 0))
		return SCMI_NOT_FOUND;
	scmi_request_put_u32(req, attributes);
	return SCMI_SUCCESS;
}

/* Any version of the same major that is not newer than the server's own. */
static int32_t negotiate(const struct channel *ch, const struct scmi_server *server, struct scmi_request *req)
{
	_Atomic uint32_t *rights = &ch->rights[req->server_];
	uint32_t version = scmi_request_u32(req, 0);
	uint32_t old = read_count(rights);

	if (version >> 16 != server->version >> 16 || version > server->version)
		return SCMI_NOT_SUPPORTED;
	while (!atomic_compare_exchange_weak_explicit(rights, &old, (old & ~RIGHT_MINOR) | (version & RIGHT_MINOR),
						      memory_order_relaxed, memory_order_relaxed))
		;
	return SCMI_SUCCESS;
}

static int32_t put_word(struct scmi_request *req, uint32_t value)
{
	scmi_request_put_u32(req, value);
	return SCMI_SUCCESS;
}

/* ---- the path ---- */

static int32_t refuse(struct channel *ch, const struct scmi_request *req, enum counter why, int32_t status)
{
	static const char *const names[] = {
		[C_BAD_TYPE] = "bad_type",       [C_BAD_PROTOCOL] = "bad_protocol", [C_DENIED] = "denied",
		[C_BAD_MESSAGE] = "bad_message", [C_BAD_LENGTH] = "bad_length",
	};

	count(&ch->platform->counters[why]);
	if (ch->platform->trace != NULL)
		scmi__platform_trace(ch, SCMI_TRACE_REFUSE, req->hdr, req->len, SCMI_E_PROTO, names[why]);
	return status;
}

static int32_t run_common(struct channel *ch, const struct scmi_server *server, struct scmi_request *req)
{
	uint32_t message = scmi_hdr_message(req->hdr);
	bool offered = message <= SCMI_PROTOCOL_MESSAGE_ATTRIBUTES ||
		       (message == SCMI_NEGOTIATE_PROTOCOL_VERSION && (server->flags & SCMI_SERVER_NEGOTIATES) != 0);

	if (!offered)
		return refuse(ch, req, C_BAD_MESSAGE, SCMI_NOT_SUPPORTED);
	if (req->len != (message >= SCMI_PROTOCOL_MESSAGE_ATTRIBUTES ? sizeof(uint32_t) : 0u))
		return refuse(ch, req, C_BAD_LENGTH, SCMI_PROTOCOL_ERROR);
	if (message == SCMI_PROTOCOL_VERSION)
		return put_word(req, server->version);
	if (message == SCMI_PROTOCOL_ATTRIBUTES)
		return put_word(req, server->attributes);
	if (message == SCMI_PROTOCOL_MESSAGE_ATTRIBUTES)
		return message_attributes(ch, server, req);
	return negotiate(ch, server, req);
}

static int32_t run(struct channel *ch, struct scmi_request *req)
{
	const struct scmi_platform *p = ch->platform;
	const struct scmi_server_command *command;
	const struct scmi_server *server;
	uint32_t i;

	if (scmi_hdr_type(req->hdr) != SCMI_MSG_COMMAND)
		return refuse(ch, req, C_BAD_TYPE, SCMI_PROTOCOL_ERROR);
	i = scmi__platform_server(p, scmi_hdr_protocol(req->hdr));
	if (i == NO_SERVER)
		return refuse(ch, req, C_BAD_PROTOCOL, SCMI_NOT_SUPPORTED);
	if ((read_count(&ch->rights[i]) & RIGHT_DENIED) != 0)
		return refuse(ch, req, C_DENIED, SCMI_DENIED);
	req->server_ = (uint8_t)i;
	server = p->servers[i];
	command = find_command(server, ch, scmi_hdr_message(req->hdr));
	if (command == NULL)
		return run_common(ch, server, req);
	if (req->len < command->params_min || (req->len > command->params_max && command->params_max != UINT16_MAX))
		return refuse(ch, req, C_BAD_LENGTH, SCMI_PROTOCOL_ERROR);
	return command->handle(server->model, req);
}

/* Not even a status fits: the request is not run, because the agent could not be told. */
static void return_unanswered(struct channel *ch, struct scmi_request *req)
{
	count(&ch->no_room);
	atomic_store_explicit(atomic_byte(&req->state_), REQUEST_CLOSED, memory_order_relaxed);
	req->in_place = 1;
	give_back(ch, req, 0, SCMI_COMMS_ERROR);
}

static void take_request(void *channel, struct scmi_request *req)
{
	struct channel *ch = channel;
	int32_t status;

	if (ch->counts != 0)
		count_own(&ch->requests);
	req->channel_ = ch;
	req->reply_len_ = SCMI_STATUS_BYTES;
	if (ch->platform->trace != NULL)
		scmi__platform_trace(ch, SCMI_TRACE_RECV, req->hdr, req->len, SCMI_OK, NULL);
	if (req->reply_cap < SCMI_STATUS_BYTES) {
		return_unanswered(ch, req);
		return;
	}
	atomic_store_explicit(atomic_byte(&req->state_), REQUEST_OPEN, memory_order_relaxed);
	status = run(ch, req);
	if (status != SCMI_REQUEST_LATER)
		answer_now(ch, req, status);
	else
		count(&ch->later); /* req may be the endpoint's again */
}

/* Nothing waits for room: notifications are dropped. Delayed responses, which must not be, will. */
static void take_ready(void *channel)
{
	(void)channel;
}

const struct scmi_platform_sink scmi__platform_sink = {
	.version = SCMI_PLATFORM_SINK_V1,
	.request = take_request,
	.ready = take_ready,
};

/* ---- what a handler does with its request ---- */

uint16_t scmi_request_agent(const struct scmi_request *req)
{
	return ((const struct channel *)req->channel_)->id;
}

struct scmi_platform *scmi_request_platform(const struct scmi_request *req)
{
	return ((const struct channel *)req->channel_)->platform;
}

uint32_t scmi_request_version(const struct scmi_request *req)
{
	const struct channel *ch = req->channel_;
	uint32_t major = ch->platform->servers[req->server_]->version & ~RIGHT_MINOR;

	return major | (read_count(&ch->rights[req->server_]) & RIGHT_MINOR);
}

uint32_t scmi_request_u32(const struct scmi_request *req, uint32_t index)
{
	if (index >= req->len / sizeof(uint32_t))
		return 0;
	return scmi_get_le32((const uint8_t *)req->params + index * sizeof(uint32_t));
}

uint32_t scmi_request_room(const struct scmi_request *req)
{
	return req->reply_len_ <= req->reply_cap ? req->reply_cap - req->reply_len_ : 0u;
}

/* The place of the next len bytes of the reply, or NULL and the mark of an overflow. */
static void *extend_reply(struct scmi_request *req, uint32_t len)
{
	uint32_t at = req->reply_len_;

	if (at > req->reply_cap || req->reply_cap - at < len) {
		req->reply_len_ = REPLY_OVERFLOW;
		return NULL;
	}
	req->reply_len_ = at + len;
	return (uint8_t *)req->reply + at;
}

void scmi_request_put_u32(struct scmi_request *req, uint32_t value)
{
	void *place = extend_reply(req, sizeof(value));

	if (place != NULL)
		scmi_put_le32(place, value);
}

void scmi_request_put_bytes(struct scmi_request *req, const void *bytes, uint32_t len)
{
	void *place = extend_reply(req, len);

	if (place != NULL && len != 0)
		memcpy(place, bytes, len);
}

void scmi_request_put_name(struct scmi_request *req, const char *name)
{
	char field[SCMI_SHORT_NAME] = {0};

	for (uint32_t i = 0; i < SCMI_SHORT_NAME - 1u && name[i] != '\0'; i++)
		field[i] = name[i];
	scmi_request_put_bytes(req, field, sizeof(field));
}

int32_t scmi_request_notify(struct scmi_request *req, uint32_t notification, uint32_t notify_enable)
{
	struct channel *ch = req->channel_;

	if (notify_enable > 1u || notification >= SCMI_PLATFORM_NOTIFICATIONS_MAX)
		return SCMI_INVALID_PARAMETERS;
	if (notify_enable != 0)
		atomic_fetch_or_explicit(&ch->rights[req->server_], RIGHT_WANTS(notification), memory_order_relaxed);
	else
		atomic_fetch_and_explicit(&ch->rights[req->server_], ~RIGHT_WANTS(notification), memory_order_relaxed);
	return SCMI_SUCCESS;
}
