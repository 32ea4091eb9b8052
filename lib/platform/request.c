/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The request path: find the server, find the command, check, run, answer.
 *
 * Most requests have everything in its place: a standard protocol, a table of commands without gaps, the right length,
 * an answer at once. They are taken here, on one short way that takes no lock and no locked instruction and writes
 * nothing that another request writes. Whatever is not in its place leads to dispatch.c and answer.c, which start anew
 * and look closely.
 */
#include "internal.h"

/* The command of a request that has everything in its place, and its server's model; NULL: it has not. */
static const struct scmi_server_command *find(const struct channel *ch, struct scmi_request *req, void **model)
{
	const struct scmi_platform *p = ch->platform;
	const struct scmi_server_command *command;
	const struct scmi_server *server;
	uint32_t hdr = req->hdr;
	uint32_t place = scmi_hdr_protocol(hdr) - PROTOCOL_FIRST;
	uint32_t i;

	if (place >= INDEXED || scmi_hdr_type(hdr) != SCMI_MSG_COMMAND)
		return NULL;
	i = p->index[place];
	if (i == NO_SERVER || (read_count(&ch->rights[i]) & RIGHT_DENIED) != 0)
		return NULL;
	server = p->servers[i];
	command = server->commands;
	place = (uint32_t)scmi_hdr_message(hdr) - command->message;
	if (place >= server->commands_n)
		return NULL;
	command += place;
	if (command->message != scmi_hdr_message(hdr) || command->flags != 0 || req->len < command->params_min ||
	    req->len > command->params_max)
		return NULL;
	req->server_ = (uint8_t)i;
	*model = server->model;
	return command;
}

static int32_t run(struct channel *ch, struct scmi_request *req)
{
	void *model;
	const struct scmi_server_command *command = find(ch, req, &model);

	if (command == NULL) {
		int32_t refusal;

		command = scmi__platform_dispatch(ch, req, &refusal);
		if (command == NULL)
			return refusal;
		model = ch->platform->servers[req->server_]->model;
	}
	return command->handle(model, req);
}

/*
 * The good case at once. The status is looked at first: a request that is answered later may be the endpoint's again.
 */
static uint32_t take_request(void *channel, struct scmi_request *req)
{
	_Atomic uint8_t *state = atomic_byte(&req->state_);
	struct channel *ch = channel;
	int32_t status;

	req->channel_ = ch;
	if (req->reply_cap < SCMI_STATUS_BYTES)
		return scmi__platform_return(ch, req);
	req->room_ = req->reply_cap - SCMI_STATUS_BYTES;
	req->state_ = REQUEST_OPEN; /* nobody else knows of it yet */
	req->slow_ = ch->slow;
	status = run(ch, req);
	if (status != SCMI_SUCCESS || atomic_load_explicit(state, memory_order_relaxed) != REQUEST_OPEN ||
	    req->slow_ != 0)
		return scmi__platform_finish(ch, req, status);
	atomic_store_explicit(state, REQUEST_CLOSED, memory_order_relaxed);
	scmi_put_le32(req->reply, SCMI_SUCCESS);
	return req->reply_cap - req->room_;
}

/* For an endpoint that does not count. */
static uint32_t count_request(void *channel, struct scmi_request *req)
{
	count_own(&((struct channel *)channel)->requests);
	return take_request(channel, req);
}

static NOINLINE void trace(struct channel *ch, const struct scmi_request *req)
{
	if (ch->ops->delivered == NULL)
		count_own(&ch->requests);
	scmi__platform_trace(ch, SCMI_TRACE_RECV, req->hdr, req->len, SCMI_OK, NULL);
}

/* For a platform with a trace. */
static uint32_t trace_request(void *channel, struct scmi_request *req)
{
	trace(channel, req);
	return take_request(channel, req);
}

static void take_ready(void *channel)
{
	scmi__platform_pump(channel);
}

static void take_reset(void *channel)
{
	scmi__platform_forget(channel);
}

const struct scmi_platform_sink *scmi__platform_sink(const struct channel *ch)
{
	static const struct scmi_platform_sink plain = {SCMI_PLATFORM_SINK_V1, take_request, take_ready, take_reset};
	static const struct scmi_platform_sink counting = {SCMI_PLATFORM_SINK_V1, count_request, take_ready,
							   take_reset};
	static const struct scmi_platform_sink tracing = {SCMI_PLATFORM_SINK_V1, trace_request, take_ready, take_reset};

	if (ch->platform->trace != NULL)
		return &tracing;
	return ch->ops->delivered == NULL ? &counting : &plain;
}
