/* SPDX-License-Identifier: BSD-3-Clause */
/* notify: shows what the platform sends of its own accord. */
#include <stdio.h>

#include <scmi/message.h>

#include "out.h"
#include "scmictl.h"

/* What to listen for, and how long. */
struct watch {
	uint16_t protocol; /* or SCMI_ANY */
	uint16_t message;  /* or SCMI_ANY */
	struct line line;  /* to be sent first */
	uint32_t shown;
	uint32_t count; /* to show; UINT32_MAX: no limit */
	bool lost;      /* nobody takes what we show; main() tells */
	bool away;      /* the platform, and it may come again */
};

#define LOOK_US 1000000u /* between two looks whether the platform is still there */

/* ---- asking ---- */

static bool wants(const struct watch *w, const struct scmi_message_info *info)
{
	return info->notification != SCMI_NO_NOTIFICATION &&
	       (w->message == SCMI_ANY || w->message == (uint16_t)info->notification);
}

static enum outcome switch_on(struct session *s, const struct scmi_message_info *info)
{
	uint8_t enable[WORD_BYTES];
	struct scmi_call call = {
		.size = sizeof(call),
		.protocol = info->protocol,
		.message = info->id,
		.params = enable,
		.params_len = sizeof(enable),
	};
	int err;

	scmi_put_le32(enable, SCMI_NOTIFY_ENABLE);
	err = scmi_agent_call(s->agent, &call);
	if (err == SCMI_OK || (err == SCMI_E_REMOTE && call.status == SCMI_NOT_SUPPORTED))
		return GOOD; /* a platform may well do without */
	return session_error(s, info->name, err, call.status);
}

/* Asks for what one word asks for. For domains and the like the user has to say which. */
static enum outcome switch_on_protocol(struct session *s, const struct watch *w, uint8_t protocol)
{
	const struct scmi_message_info *info = NULL;
	enum outcome outcome = GOOD;

	while ((info = scmi_message_next(protocol, info)) != NULL) {
		if (wants(w, info) && info->params_max == WORD_BYTES && switch_on(s, info) != GOOD)
			outcome = FAILED;
	}
	return outcome;
}

static enum outcome ask(struct session *s, const struct watch *w)
{
	enum outcome outcome = GOOD;

	for (uint32_t id = SCMI_PROTOCOL_BASE; id <= UINT8_MAX; id++) {
		if ((w->protocol == SCMI_ANY || w->protocol == id) && switch_on_protocol(s, w, (uint8_t)id) != GOOD)
			outcome = FAILED;
	}
	if (line_send(s, &w->line, false) != GOOD)
		outcome = FAILED;
	return outcome;
}

/* ---- listening ---- */

static void show_one(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct watch *w = self->arg;

	if (w->shown == w->count)
		return; /* it came beside the last one */
	w->shown++;
	show_event(self, hdr, payload, len);
	if (!output_flush()) /* somebody may be reading along */
		w->lost = true;
}

static int subscribe(struct session *s, struct watch *w)
{
	int err;

	if (!session_has_events(s))
		return SCMI_E_NOTSUP;
	err = scmi_agent_unsubscribe(s->agent, &s->events);
	if (err != SCMI_OK)
		return err;
	s->events.protocol = w->protocol;
	s->events.message = w->message;
	s->events.notify = show_one;
	s->events.arg = w;
	return scmi_agent_subscribe(s->agent, &s->events);
}

/* A platform that has gone tells nothing, so it is asked. */
static int look(struct session *s, const struct watch *w)
{
	uint8_t reply[WORD_BYTES];
	struct scmi_call call = {
		.size = sizeof(call),
		.protocol = w->protocol == SCMI_ANY ? SCMI_PROTOCOL_BASE : (uint8_t)w->protocol,
		.message = SCMI_PROTOCOL_VERSION,
		.reply = reply,
		.reply_cap = sizeof(reply),
	};

	return scmi_agent_call(s->agent, &call);
}

/* One that has come again does not know what the one before was asked for. */
static enum outcome attend(struct session *s, struct watch *w)
{
	int err = look(s, w);

	if (!session_lost(err)) {
		bool again = w->away && err == SCMI_OK;

		w->away = w->away && !again;
		return again ? ask(s, w) : GOOD;
	}
	if (!w->away)
		(void)session_error(s, "notifications", err, 0);
	w->away = true;
	return session_reconnects(s, w->protocol == SCMI_ANY ? SCMI_PROTOCOL_BASE : (uint8_t)w->protocol) ? GOOD
													  : FAILED;
}

static enum outcome listen(struct session *s, struct watch *w)
{
	uint32_t seconds = s->options->number[FOR_S];
	uint64_t end = seconds == 0 ? SCMI_NEVER : session_now_us(s) + seconds * UINT64_C(1000000);
	uint64_t next = session_now_us(s) + LOOK_US;
	enum outcome outcome = GOOD;

	while (outcome == GOOD && w->shown < w->count && !w->lost && !session_interrupted(s) &&
	       session_now_us(s) < end) {
		if (session_now_us(s) >= next) {
			outcome = attend(s, w);
			next = session_now_us(s) + LOOK_US;
		}
		if (scmi_agent_poll(s->agent, INT32_MAX) == 0 && outcome == GOOD)
			session_sleep(s, next < end ? next : end);
	}
	return outcome;
}

/* What came, and what did not. */
static enum outcome judge(struct session *s, const struct watch *w)
{
	struct scmi_agent_stats stats = {.size = sizeof(stats)};
	int err = scmi_agent_stats(s->agent, SCMI_ALL_LINKS, &stats);

	if (err != SCMI_OK)
		return session_error(s, "stats", err, 0);
	if (stats.dropped != 0)
		fprintf(stderr, "scmictl: %u notifications were dropped: they came faster than they were shown\n",
			stats.dropped);
	if (w->count == UINT32_MAX || w->shown == w->count || w->lost || session_interrupted(s))
		return GOOD;
	fprintf(stderr, "scmictl: %u of %u notifications came in %u s", w->shown, w->count, s->options->number[FOR_S]);
	session_end_line(s);
	return FAILED;
}

static enum outcome notify_body(struct session *s, void *arg)
{
	struct watch *w = arg;
	int err = subscribe(s, w);
	enum outcome outcome;

	if (err != SCMI_OK)
		return session_error(s, "notifications", err, 0);
	if (json_used())
		json_open("messages", '[');
	outcome = ask(s, w);
	if (listen(s, w) != GOOD)
		return FAILED;
	return judge(s, w) == GOOD ? outcome : FAILED;
}

/* ---- reading ---- */

static enum outcome read_filter(struct watch *w, char **words, int n)
{
	enum outcome outcome = GOOD;
	uint8_t id;

	if (n > 2)
		return misuse("notify takes a protocol and a notification, then a comma, but there is ", words[2], "");
	if (n > 0) {
		outcome = read_protocol(words[0], &id);
		w->protocol = id;
	}
	if (n > 1 && outcome == GOOD) {
		outcome = read_message(words[1], id, SCMI_MSG_NOTIFICATION, &id);
		w->message = id;
	}
	return outcome;
}

enum outcome run_notify(const struct options *options, char **args, int n)
{
	struct watch w = {.protocol = SCMI_ANY, .message = SCMI_ANY, .count = options->number[COUNT]};
	int comma = words_to_comma(args, n);
	enum outcome outcome = read_filter(&w, args, comma);

	if (w.count == 0)
		w.count = UINT32_MAX;
	if (outcome == GOOD && comma < n)
		outcome = line_read(&w.line, "notify", args + comma + 1, n - comma - 1);
	if (outcome == GOOD)
		outcome = session_run(options, notify_body, &w);
	line_free(&w.line);
	return outcome;
}
