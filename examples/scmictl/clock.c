/* SPDX-License-Identifier: BSD-3-Clause */
/* clock: one clock; all about it, or its rate, its state, its parent, to be read and to be set. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "out.h"

enum kind { SHOW_RATE, SET_RATE, SET_STATE, SHOW_PARENT, SET_PARENT };

struct action {
	enum kind kind;
	uint64_t rate;
	bool enable;
	const char *parent;
};

/* Each thing at most once. */
#define ACTIONS_MAX 3u

struct job {
	const char *clock;
	uint32_t flags; /* SCMI_CLOCK_SET_* */
	struct action actions[ACTIONS_MAX];
	uint32_t n; /* 0: all about it */
};

/* ---- reading ---- */

/* Where the rate is; what comes behind it, too. Returns how many words it took, 0 after a mistake. */
static int read_rate_action(struct job *job, struct action *a, char **words, int n)
{
	static const struct {
		const char *word;
		uint32_t flags;
	} roundings[] = {{"down", 0}, {"up", SCMI_CLOCK_SET_ROUND_UP}, {"auto", SCMI_CLOCK_SET_ROUND_AUTO}};

	a->kind = SHOW_RATE;
	if (n < 2 || words[1][0] < '0' || words[1][0] > '9')
		return 1;
	if (!read_rate(words[1], &a->rate)) {
		(void)misuse("", words[1], " is not a rate: whole Hz, or a number with Hz, kHz or MHz behind it");
		return 0;
	}
	a->kind = SET_RATE;
	for (size_t i = 0; n > 2 && i < sizeof(roundings) / sizeof(roundings[0]); i++) {
		if (strcmp(words[2], roundings[i].word) != 0)
			continue;
		job->flags |= roundings[i].flags;
		return 3;
	}
	return 2;
}

static bool is_action(const char *word)
{
	return strcmp(word, "rate") == 0 || strcmp(word, "parent") == 0 || strcmp(word, "enable") == 0 ||
	       strcmp(word, "disable") == 0;
}

static int read_action(struct job *job, struct action *a, char **words, int n)
{
	if (strcmp(words[0], "rate") == 0)
		return read_rate_action(job, a, words, n);
	if (strcmp(words[0], "parent") == 0) {
		a->kind = n > 1 && !is_action(words[1]) ? SET_PARENT : SHOW_PARENT;
		a->parent = words[1];
		return a->kind == SET_PARENT ? 2 : 1;
	}
	a->kind = SET_STATE;
	a->enable = strcmp(words[0], "enable") == 0;
	return 1;
}

/* rate, state, parent. */
static uint32_t subject(const struct action *a)
{
	return a->kind == SET_STATE ? 1u : a->kind < SET_STATE ? 0u : 2u;
}

static enum outcome read_job(struct job *job, char **words, int n)
{
	uint32_t subjects = 0;

	for (int at = 0, took; at < n; at += took) {
		struct action a = {0};

		if (!is_action(words[at]))
			return misuse("clock: ", words[at], " is none of rate, enable, disable, parent");
		took = read_action(job, &a, words + at, n - at);
		if (took == 0)
			return MISUSED;
		if ((subjects & 1u << subject(&a)) != 0)
			return misuse("clock: ", words[at], " is said twice");
		subjects |= 1u << subject(&a);
		job->actions[job->n++] = a;
	}
	return GOOD;
}

/* ---- all about it ---- */

static void field_rate(uint64_t rate)
{
	char digits[24];
	char text[RATE_BYTES];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)rate);
	field_literal("rate", digits, rate_text(text, rate));
}

/* What the platform does not tell, and why. */
static void field_refused(const char *label, int32_t status)
{
	char text[64];

	snprintf(text, sizeof(text), "(%s)", scmi_status_text(status));
	field_literal(label, NULL, text);
}

static int show_rate(const struct scmi_clock_protocol *p, uint32_t id, int32_t *status)
{
	uint64_t rate;
	int err = scmi_clock_rate_get(p, id, &rate, status);

	if (err == SCMI_OK)
		field_rate(rate);
	else if (err == SCMI_E_REMOTE)
		field_refused("rate", *status);
	return err;
}

static void field_rates(const struct rates *rates)
{
	char text[RATES_TEXT];

	if (json_used()) {
		json_rates("rates", rates);
		return;
	}
	for (size_t i = 0; i < rates->n; i++) {
		const struct rates one = {.items = &rates->items[i], .n = 1};

		field_text("possible rate", rates_text(text, &one));
	}
}

static int show_rates(const struct scmi_clock_protocol *p, uint32_t id, int32_t *status)
{
	struct rates rates;
	int err = rates_read(p, id, &rates, status);

	if (err == SCMI_E_REMOTE)
		field_refused("rates", *status);
	else if (err == SCMI_OK)
		field_rates(&rates);
	rates_free(&rates);
	return err;
}

static int show_parent(const struct scmi_clock_protocol *p, uint32_t id, int32_t *status)
{
	uint32_t parent;
	int err = scmi_clock_parent_get(p, id, &parent, status);

	if (err == SCMI_OK)
		field_number("parent", parent);
	else if (err == SCMI_E_REMOTE)
		field_refused("parent", *status);
	return err;
}

static int show_possible(const struct scmi_clock_protocol *p, uint32_t id, int32_t *status)
{
	struct scmi_clock_parents it;
	char text[200] = "";
	size_t len = 0;
	uint32_t parent;
	int err;

	if (json_used())
		json_open("possible_parents", '[');
	scmi_clock_parents_begin(p, id, &it);
	while ((err = scmi_clock_parents_next(&it, &parent, status)) == SCMI_OK) {
		if (json_used())
			json_number(NULL, parent);
		else if (len < sizeof(text) - 16u)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", len != 0 ? ", " : "", parent);
	}
	if (json_used())
		json_close();
	else
		field_text("possible parents", text);
	return err == SCMI_E_NOTFOUND ? SCMI_OK : err;
}

static int show_permissions(const struct scmi_clock_protocol *p, uint32_t id, int32_t *status)
{
	uint32_t may;
	int err = scmi_clock_permissions(p, id, &may, status);

	if (err == SCMI_OK) {
		field_bool("may set rate", (may & SCMI_CLOCK_MAY_RATE) != 0);
		field_bool("may set state", (may & SCMI_CLOCK_MAY_STATE) != 0);
		field_bool("may set parent", (may & SCMI_CLOCK_MAY_PARENT) != 0);
	}
	return err;
}

static int show_info(const struct scmi_clock_protocol *p, uint32_t id, const struct scmi_clock_info *info,
		     int32_t *status)
{
	bool parents = (info->attributes & SCMI_CLOCK_HAS_PARENTS) != 0;
	int err;

	field_number("id", id);
	field_text("name", info->name);
	field_bool("enabled", (info->attributes & SCMI_CLOCK_ENABLED) != 0);
	err = show_rate(p, id, status);
	if (!is_fatal(err))
		err = show_rates(p, id, status);
	if (!is_fatal(err) && parents)
		err = show_parent(p, id, status);
	if (!is_fatal(err) && parents)
		err = show_possible(p, id, status);
	if (!is_fatal(err))
		err = show_permissions(p, id, status);
	if (info->enable_delay_us != 0)
		field_number("enable delay us", info->enable_delay_us);
	field_bool("tells new rates", (info->attributes & SCMI_CLOCK_TELLS_CHANGED) != 0);
	return is_fatal(err) ? err : SCMI_OK;
}

static enum outcome show_all(struct session *s, const struct scmi_clock_protocol *p, uint32_t id)
{
	struct scmi_clock_info info = {.size = sizeof(info)};
	int32_t status = SCMI_SUCCESS;
	int err = scmi_clock_info(p, id, &info, &status);

	if (err != SCMI_OK)
		return session_error(s, "CLOCK_ATTRIBUTES", err, status);
	err = show_info(p, id, &info, &status);
	return err == SCMI_OK ? GOOD : session_error(s, "clock", err, status);
}

/* ---- acting ---- */

static enum outcome refused(const struct session *s, const struct job *job, const char *command, int err,
			    int32_t status)
{
	char what[160];

	snprintf(what, sizeof(what), "%s of clock '%s'", command, job->clock);
	return session_error(s, what, err, status);
}

/* With a delayed response: that tells the rate; else the clock does, for it may have been rounded. */
static enum outcome set_rate(struct session *s, const struct scmi_clock_protocol *p, uint32_t id, const struct job *job,
			     uint64_t rate)
{
	int32_t status = SCMI_SUCCESS;
	int err = scmi_clock_rate_set(p, id, rate, job->flags, &rate, &status);

	if (err != SCMI_OK)
		return refused(s, job, "CLOCK_RATE_SET", err, status);
	if ((job->flags & SCMI_CLOCK_SET_ASYNC) == 0)
		err = scmi_clock_rate_get(p, id, &rate, &status);
	if (err != SCMI_OK)
		return refused(s, job, "CLOCK_RATE_GET", err, status);
	field_rate(rate);
	return GOOD;
}

static enum outcome set_state(struct session *s, const struct scmi_clock_protocol *p, uint32_t id,
			      const struct job *job, bool enable)
{
	int32_t status = SCMI_SUCCESS;
	int err = scmi_clock_enable(p, id, enable, &status);

	if (err != SCMI_OK)
		return refused(s, job, "CLOCK_CONFIG_SET", err, status);
	field_bool("enabled", enable);
	return GOOD;
}

static enum outcome set_parent(struct session *s, const struct scmi_clock_protocol *p, uint32_t id,
			       const struct job *job, const char *word)
{
	int32_t status = SCMI_SUCCESS;
	uint32_t parent;
	enum outcome outcome = clock_find(s, p, word, &parent);
	int err;

	if (outcome != GOOD)
		return outcome;
	err = scmi_clock_parent_set(p, id, parent, &status);
	if (err != SCMI_OK)
		return refused(s, job, "CLOCK_PARENT_SET", err, status);
	field_number("parent", parent);
	return GOOD;
}

static enum outcome show(struct session *s, const struct scmi_clock_protocol *p, uint32_t id, const struct job *job,
			 const struct action *a)
{
	int32_t status = SCMI_SUCCESS;
	uint64_t rate;
	uint32_t parent;
	int err = a->kind == SHOW_RATE ? scmi_clock_rate_get(p, id, &rate, &status)
				       : scmi_clock_parent_get(p, id, &parent, &status);

	if (err != SCMI_OK)
		return refused(s, job, a->kind == SHOW_RATE ? "CLOCK_RATE_GET" : "CLOCK_PARENT_GET", err, status);
	if (a->kind == SHOW_RATE)
		field_rate(rate);
	else
		field_number("parent", parent);
	return GOOD;
}

static enum outcome act(struct session *s, const struct scmi_clock_protocol *p, uint32_t id, const struct job *job,
			const struct action *a)
{
	switch (a->kind) {
	case SET_RATE:
		return set_rate(s, p, id, job, a->rate);
	case SET_STATE:
		return set_state(s, p, id, job, a->enable);
	case SET_PARENT:
		return set_parent(s, p, id, job, a->parent);
	default:
		return show(s, p, id, job, a);
	}
}

static enum outcome clock_body(struct session *s, void *arg)
{
	const struct job *job = arg;
	struct scmi_clock_protocol p;
	uint32_t id;
	enum outcome outcome = clock_open(s, &p);

	if (outcome == GOOD)
		outcome = clock_find(s, &p, job->clock, &id);
	if (outcome == GOOD && job->n == 0)
		outcome = show_all(s, &p, id);
	for (uint32_t i = 0; i < job->n && outcome == GOOD; i++)
		outcome = act(s, &p, id, job, &job->actions[i]);
	return outcome;
}

static bool sets_rate(const struct job *job)
{
	for (uint32_t i = 0; i < job->n; i++) {
		if (job->actions[i].kind == SET_RATE)
			return true;
	}
	return false;
}

enum outcome run_clock(const struct options *options, char **args, int n)
{
	struct job job = {.flags = options->async ? SCMI_CLOCK_SET_ASYNC : 0u};
	enum outcome outcome;

	if (n == 0)
		return misuse("clock needs a clock, by name or by id", NULL, "");
	job.clock = args[0];
	outcome = read_job(&job, args + 1, n - 1);
	if (outcome == GOOD && options->async && !sets_rate(&job))
		outcome = misuse("clock takes --async with a new rate only", NULL, "");
	return outcome == GOOD ? session_run(options, clock_body, &job) : outcome;
}
