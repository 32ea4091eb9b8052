/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_rig.h"

#define MEM_GUARD 64u
#define MEM_FILL  0x5cu
#define UNTOUCHED 77 /* a call's results before its end */

/* In the order of the equation in scmi/agent.h. */
static const char *const refusals[] = {"late",         "stray_token", "stray_protocol", "stray_message", "stray_type",
				       "stray_header", "duplicate",   "mismatched",     "unclaimed",     "dropped"};

#define REFUSALS (sizeof(refusals) / sizeof(refusals[0]))

static void on_log(void *arg, enum scmi_log_level level, const char *text)
{
	struct rig *r = arg;

	(void)level;
	snprintf(r->lines[r->line_count++ % RIG_LINES], sizeof(r->lines[0]), "%s", text);
}

static void on_refuse(struct rig *r, const char *why)
{
	for (unsigned i = 0; i < REFUSALS; i++) {
		if (strcmp(why, refusals[i]) == 0) {
			r->refused_[i]++;
			return;
		}
	}
	fail_msg("a message was refused as \"%s\", which is no counter", why);
}

static void on_trace(void *arg, const struct scmi_trace_event *event)
{
	struct rig *r = arg;

	if (event->kind == SCMI_TRACE_REFUSE)
		on_refuse(r, event->why);
	else if (event->kind == SCMI_TRACE_END)
		r->traced_ends_++;
	else if (event->kind == SCMI_TRACE_RECV)
		r->traced_received_++;
}

struct rig *rig_new(uint32_t caps, uint32_t slots)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	fake_port_init(&r->fake);
	script_init(&r->script, caps);
	r->script.clock_us = &r->fake.now_us;
	r->config = (struct scmi_agent_config){
		.size = sizeof(r->config),
		.transport = &r->script.transport,
		.port = &r->fake.port,
		.options.slots = slots,
		.log = on_log,
		.log_arg = r,
		.trace = on_trace,
		.trace_arg = r,
	};
	/*
	 * Without a trace calls go the short way through the core, and what the trace would have told is not checked.
	 */
	if (getenv("RIG_PLAIN") != NULL)
		r->config.trace = NULL;
	return r;
}

struct script *rig_link(struct rig *r, uint8_t protocol, uint32_t caps, uint32_t slots)
{
	uint32_t i = r->config.links_n++;
	struct script *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	assert_in_range(i, 0, RIG_LINKS - 1u);
	script_init(s, caps);
	s->clock_us = &r->fake.now_us;
	r->extra[i] = s;
	r->protocols_[i] = protocol;
	r->links[i] = (struct scmi_link){
		.size = sizeof(r->links[i]),
		.protocol = protocol,
		.transport = &s->transport,
		.options.slots = slots,
	};
	r->config.links = r->links;
	return s;
}

void rig_init(struct rig *r)
{
	size_t size = scmi_agent_size(&r->config);

	assert_int_not_equal(size, 0);
	r->mem_ = malloc(size + 2 * MEM_GUARD);
	assert_non_null(r->mem_);
	memset(r->mem_, MEM_FILL, size + 2 * MEM_GUARD);
	assert_int_equal(scmi_agent_init(&r->agent, r->mem_ + MEM_GUARD, size, &r->config), SCMI_OK);
	r->size_ = size;
}

void rig_start(struct rig *r)
{
	if (r->agent == NULL)
		rig_init(r);
	assert_int_equal(scmi_agent_start(r->agent), SCMI_OK);
}

struct rig *rig_up(uint32_t caps, uint32_t slots)
{
	struct rig *r = rig_new(caps, slots);

	rig_start(r);
	return r;
}

struct rig *rig_narrow(uint32_t caps, uint32_t slots, unsigned room)
{
	struct rig *r = rig_new(caps, slots);

	r->script.narrow = true;
	r->script.room = room;
	rig_start(r);
	return r;
}

struct scmi_agent_stats rig_link_stats(struct rig *r, uint32_t link)
{
	struct scmi_agent_stats stats = {.size = sizeof(stats)};

	assert_int_equal(scmi_agent_stats(r->agent, link, &stats), SCMI_OK);
	return stats;
}

struct scmi_agent_stats rig_stats(struct rig *r)
{
	return rig_link_stats(r, SCMI_ALL_LINKS);
}

void rig_pass(struct rig *r, uint64_t us)
{
	r->fake.now_us += us;
	(void)scmi_agent_poll(r->agent, 1);
}

static unsigned sum(const unsigned *figures, size_t n)
{
	unsigned total = 0;

	while (n-- != 0)
		total += figures[n];
	return total;
}

static void check_calls(const struct rig *r, const struct scmi_agent_stats *s)
{
	unsigned malformed = r->ends[-SCMI_E_PROTO] + r->ends[-SCMI_E_COMMS];
	unsigned known = r->ends[0] + r->ends[-SCMI_E_REMOTE] + r->ends[-SCMI_E_TRUNCATED] + malformed +
			 r->ends[-SCMI_E_TIMEOUT] + r->ends[-SCMI_E_CANCELLED] + r->ends[-SCMI_E_CLOSED];
	unsigned all = sum(r->ends, sizeof(r->ends) / sizeof(r->ends[0]));

	assert_int_equal(s->submitted, r->submitted);
	assert_int_equal(s->ok, r->ends[0]);
	assert_int_equal(s->remote, r->ends[-SCMI_E_REMOTE]);
	assert_int_equal(s->truncated, r->ends[-SCMI_E_TRUNCATED]);
	assert_int_equal(s->malformed, malformed);
	assert_int_equal(s->timed_out, r->ends[-SCMI_E_TIMEOUT]);
	assert_int_equal(s->cancelled, r->ends[-SCMI_E_CANCELLED]);
	assert_int_equal(s->closed, r->ends[-SCMI_E_CLOSED]);
	assert_int_equal(s->link_lost, all - known);
	assert_int_equal(s->in_flight, r->submitted - all);
	assert_int_equal(s->submitted, s->ok + s->remote + s->truncated + s->malformed + s->timed_out + s->cancelled +
					       s->closed + s->link_lost + s->in_flight);
}

static void check_messages(const struct rig *r, const struct scmi_agent_stats *s)
{
	const uint32_t refused[REFUSALS] = {s->late,       s->stray_token,  s->stray_protocol, s->stray_message,
					    s->stray_type, s->stray_header, s->duplicate,      s->mismatched,
					    s->unclaimed,  s->dropped};
	uint32_t delivered = r->script.messages;
	uint32_t total = 0;

	for (uint32_t i = 0; i < r->config.links_n; i++)
		delivered += r->extra[i]->messages;
	for (size_t i = 0; i < REFUSALS; i++) {
		if (r->config.trace != NULL)
			assert_int_equal(refused[i], r->refused_[i]);
		total += refused[i];
	}
	assert_int_equal(s->received, delivered);
	assert_int_equal(s->received, s->accepted + total);
}

void rig_check(struct rig *r)
{
	struct scmi_agent_stats stats = rig_stats(r);

	check_calls(r, &stats);
	check_messages(r, &stats);
}

static void check_guard(const unsigned char *bytes, size_t len, unsigned char fill)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(bytes[i], fill);
}

static void let_alone(struct script *s)
{
	s->on_send = NULL;
	s->on_start = NULL;
	s->on_stop = NULL;
	s->on_poll = NULL;
	s->on_ring = NULL;
	s->start_err = SCMI_OK;
	s->narrow = false;
}

static void ignore_end(struct scmi_call *call, int err)
{
	(void)call;
	(void)err;
}

/* As many calls go out on this link as there are slots: none has been lost on the way. */
static void fill_link(struct rig *r, uint32_t link)
{
	const struct scmi_link_options *o = link == 0 ? &r->config.options : &r->config.links[link - 1].options;
	uint32_t n = rig_link_stats(r, link).max_inflight;
	struct scmi_call *calls = calloc(n, sizeof(*calls));

	assert_non_null(calls);
	for (uint32_t i = 0; i < n; i++) {
		calls[i] = (struct scmi_call){
			.size = sizeof(calls[i]),
			.protocol = link == 0 ? RIG_PROTOCOL : r->protocols_[link - 1],
			.flags = SCMI_CALL_NOWAIT | (o->reserved != 0 ? SCMI_CALL_URGENT : 0u),
			.done = ignore_end,
		};
		assert_int_equal(scmi_agent_submit(r->agent, &calls[i]), SCMI_OK);
	}
	(void)scmi_agent_cancel_all(r->agent);
	while (scmi_agent_poll(r->agent, 1) != 0)
		; /* what was deferred */
	free(calls);
}

static void check_slots(struct rig *r)
{
	r->fake.on_wait = NULL;
	r->fake.on_relax = NULL;
	r->fake.port.in_interrupt = NULL;
	let_alone(&r->script);
	for (uint32_t i = 0; i < r->config.links_n; i++)
		let_alone(r->extra[i]);
	assert_int_equal(scmi_agent_start(r->agent), SCMI_OK);
	for (uint32_t i = 0; i <= r->config.links_n; i++)
		fill_link(r, i);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
}

static void check_script(const struct script *s)
{
	if (s->fault != NULL)
		fail_msg("transport: %s", s->fault);
	assert_false(s->running);
}

void rig_end(struct rig *r)
{
	if (r->agent != NULL) {
		rig_check(r);
		assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
		rig_check(r);
		assert_int_equal(rig_stats(r).quarantined, 0);
		check_slots(r);
		assert_int_equal(scmi_agent_fini(r->agent), SCMI_OK);
		check_guard(r->mem_, MEM_GUARD, MEM_FILL);
		check_guard(r->mem_ + MEM_GUARD + r->size_, MEM_GUARD, MEM_FILL);
	}
	if (r->fake.fault != NULL)
		fail_msg("port: %s", r->fake.fault);
	assert_int_equal(r->fake.events, 0);
	assert_int_equal(r->fake.calls.lock, r->fake.calls.unlock);
	check_script(&r->script);
	for (uint32_t i = 0; i < RIG_LINKS; i++) {
		if (r->extra[i] != NULL)
			check_script(r->extra[i]);
		free(r->extra[i]);
	}
	free(r->mem_);
	free(r);
}

bool rig_logged(const struct rig *r, const char *text)
{
	for (unsigned i = 0; i < r->line_count && i < RIG_LINES; i++) {
		if (strstr(r->lines[i], text) != NULL)
			return true;
	}
	return false;
}

void rig_call_init(struct rig *r, struct rig_call *c)
{
	memset(c, 0, sizeof(*c));
	c->rig = r;
	c->call.size = sizeof(c->call);
	c->call.flags = SCMI_CALL_NOWAIT; /* a test has one thread: who waits for a slot says so */
	c->call.protocol = RIG_PROTOCOL;
	c->call.message = RIG_MESSAGE;
	c->call.reply = rig_reply(c);
	c->call.reply_cap = 64;
}

void rig_named(struct rig *r, struct rig_call *c, char name, uint16_t flags)
{
	rig_call_init(r, c);
	c->call.message = (uint8_t)name;
	c->call.flags = flags;
}

unsigned char *rig_reply(struct rig_call *c)
{
	return c->room_ + RIG_GUARD;
}

/* Nothing is written but the values that came, and these only as far as there was room. */
static void check_reply(const struct rig_call *c)
{
	uint32_t cap = c->call.reply_cap;
	uint32_t written = c->call.reply_len < cap ? c->call.reply_len : cap;

	/* A reply that breaks off may have left something in the room, never beyond. */
	if (c->err == SCMI_E_PROTO)
		written = cap;
	check_guard(c->room_, RIG_GUARD, RIG_FILL);
	check_guard(c->room_ + RIG_GUARD + written, sizeof(c->room_) - RIG_GUARD - written, RIG_FILL);
	if (c->err != SCMI_OK && c->err != SCMI_E_TRUNCATED)
		assert_int_equal(c->call.reply_len, 0);
	if (c->err != SCMI_E_REMOTE)
		assert_int_equal(c->call.status, 0);
}

static void note_end(struct rig_call *c, int err)
{
	c->ends++;
	c->err = err;
	c->rig->ends[-err]++;
	check_reply(c);
}

static void on_done(struct scmi_call *call, int err)
{
	struct rig_call *c = call->arg;

	assert_ptr_equal(call, &c->call);
	note_end(c, err);
	if (c->then != NULL)
		c->then(c);
}

static void prepare(struct rig_call *c, scmi_done_fn done)
{
	memset(c->room_, RIG_FILL, sizeof(c->room_));
	c->call.done = done;
	c->call.arg = c;
	c->call.status = UNTOUCHED;
	c->call.reply_len = UNTOUCHED;
}

int rig_submit(struct rig_call *c)
{
	int err;

	prepare(c, on_done);
	/* Counted before: done may run inside. */
	c->rig->submitted++;
	err = scmi_agent_submit(c->rig->agent, &c->call);
	if (err != SCMI_OK)
		c->rig->submitted--;
	return err;
}

int rig_submit_loose(struct rig_call *c)
{
	int err;

	prepare(c, NULL);
	err = scmi_agent_submit(c->rig->agent, &c->call);
	if (err == SCMI_OK)
		c->rig->submitted++;
	return err;
}

int rig_do(struct rig_call *c)
{
	int err;

	prepare(c, NULL);
	err = scmi_agent_call(c->rig->agent, &c->call);
	/* The results are left alone where nothing was sent. */
	if (c->call.status != UNTOUCHED || c->call.reply_len != UNTOUCHED) {
		c->rig->submitted++;
		note_end(c, err);
	}
	return err;
}

int rig_wait(struct rig_call *c)
{
	return rig_wait_until(c, SCMI_NEVER);
}

int rig_wait_until(struct rig_call *c, uint64_t until_us)
{
	int err = until_us == SCMI_NEVER ? scmi_agent_wait(c->rig->agent, &c->call)
					 : scmi_agent_wait_until(c->rig->agent, &c->call, until_us);

	if (err != SCMI_E_INPROGRESS && err != SCMI_E_INVAL && err != SCMI_E_CONTEXT)
		note_end(c, err);
	return err;
}
