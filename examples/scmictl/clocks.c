/* SPDX-License-Identifier: BSD-3-Clause */
/* clocks: all clocks in a table; and how their rates are read and shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "out.h"

#define RATES_SHOWN 4u

enum outcome clock_open(struct session *s, struct scmi_clock_protocol *p)
{
	int32_t status = SCMI_SUCCESS;
	int err = scmi_clock_open(s->agent, 0, p, &status);

	return err == SCMI_OK ? GOOD : session_error(s, "clock protocol", err, status);
}

static enum outcome search(struct session *s, const struct scmi_clock_protocol *p, const char *word, uint32_t *id)
{
	struct scmi_clock_info info = {.size = sizeof(info)};
	int32_t status = SCMI_SUCCESS;
	int err = SCMI_OK;

	for (*id = 0; *id < p->clocks; (*id)++) {
		terminal_progress("clocks", *id, p->clocks);
		err = scmi_clock_info(p, *id, &info, &status);
		if (is_fatal(err) || (err == SCMI_OK && strcmp(info.name, word) == 0))
			break;
	}
	terminal_progress("clocks", p->clocks, p->clocks);
	if (*id == p->clocks) {
		fprintf(stderr, "scmictl: none of the %u clocks is named '%s'", p->clocks, word);
		session_end_line(s);
		return FAILED;
	}
	return err == SCMI_OK ? GOOD : session_error(s, "CLOCK_ATTRIBUTES", err, status);
}

enum outcome clock_find(struct session *s, const struct scmi_clock_protocol *p, const char *word, uint32_t *id)
{
	return read_number(word, UINT32_MAX, id) ? GOOD : search(s, p, word, id);
}

/* ---- rates ---- */

static int add_rate(struct rates *rates, const struct scmi_clock_rate *rate)
{
	struct scmi_clock_rate *items = realloc(rates->items, (rates->n + 1u) * sizeof(*items));

	if (items == NULL)
		return SCMI_E_NOMEM;
	rates->items = items;
	items[rates->n++] = *rate;
	return SCMI_OK;
}

int rates_read(const struct scmi_clock_protocol *p, uint32_t id, struct rates *rates, int32_t *status)
{
	struct scmi_clock_rates it;
	struct scmi_clock_rate rate;
	int err;

	*rates = (struct rates){0};
	scmi_clock_rates_begin(p, id, &it);
	while ((err = scmi_clock_rates_next(&it, &rate, status)) == SCMI_OK) {
		err = add_rate(rates, &rate);
		if (err != SCMI_OK)
			return err;
	}
	return err == SCMI_E_NOTFOUND ? SCMI_OK : err;
}

void rates_free(struct rates *rates)
{
	free(rates->items);
}

static bool is_range(const struct rates *rates)
{
	return rates->n == 1 && rates->items[0].min != rates->items[0].max;
}

static void append(char *text, size_t size, const char *more)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s", more);
}

const char *rates_text(char text[RATES_TEXT], const struct rates *rates)
{
	char first[RATE_BYTES];
	char last[RATE_BYTES];
	char step[RATE_BYTES];

	text[0] = '\0';
	if (rates->n == 0)
		return text;
	rate_text(first, rates->items[0].min);
	rate_text(last, rates->items[rates->n - 1u].max);
	if (is_range(rates)) {
		snprintf(text, RATES_TEXT, "%s to %s, step %s", first, last,
			 rates->items[0].step != 0 ? rate_text(step, rates->items[0].step) : "any");
	} else if (rates->n > RATES_SHOWN) {
		snprintf(text, RATES_TEXT, "%zu from %s to %s", rates->n, first, last);
	} else {
		for (size_t i = 0; i < rates->n; i++) {
			append(text, RATES_TEXT, i != 0 ? ", " : "");
			append(text, RATES_TEXT, rate_text(step, rates->items[i].min));
		}
	}
	return text;
}

void json_rates(const char *key, const struct rates *rates)
{
	bool range = is_range(rates);

	json_open(key, range ? '{' : '[');
	if (range) {
		json_number("min", rates->items[0].min);
		json_number("max", rates->items[0].max);
		json_number("step", rates->items[0].step);
	}
	for (size_t i = 0; i < rates->n && !range; i++)
		json_number(NULL, rates->items[i].min);
	json_close();
}

/* ---- the table ---- */

static const struct column columns[] = {{"id", true},       {"name", false},  {"rate", true},
					{"enabled", false}, {"parent", true}, {"rates", false}};

static int show_rate(struct table *t, const struct scmi_clock_protocol *p, uint32_t id, int32_t *status)
{
	char digits[24];
	char text[RATE_BYTES];
	uint64_t rate;
	int err = scmi_clock_rate_get(p, id, &rate, status);

	if (err != SCMI_OK) {
		cell_error(t, err, *status);
		return err;
	}
	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)rate);
	cell_literal(t, digits, rate_text(text, rate));
	return err;
}

static int show_parent(struct table *t, const struct scmi_clock_protocol *p, const struct scmi_clock_info *info,
		       uint32_t id, int32_t *status)
{
	uint32_t parent;
	int err = SCMI_E_NOTSUP;

	if ((info->attributes & SCMI_CLOCK_HAS_PARENTS) != 0)
		err = scmi_clock_parent_get(p, id, &parent, status);
	if (err == SCMI_OK)
		cell_number(t, parent);
	else
		cell_error(t, err, *status);
	return err;
}

static int show_rates(struct table *t, const struct scmi_clock_protocol *p, uint32_t id, int32_t *status)
{
	char member[MEMBER_BYTES];
	char text[RATES_TEXT];
	struct rates rates;
	int err = rates_read(p, id, &rates, status);

	if (err != SCMI_OK) {
		cell_error(t, err, *status);
	} else {
		if (json_used())
			json_rates(cell_key(t, member), &rates);
		cell_shown(t, rates_text(text, &rates));
	}
	rates_free(&rates);
	return err;
}

/* A row has all its cells, whatever happens. Returns the worst of it: what makes it useless to go on, or a refusal. */
static int show_clock(struct table *t, const struct scmi_clock_protocol *p, uint32_t id, int32_t *status)
{
	struct scmi_clock_info info = {.size = sizeof(info)};
	int err = scmi_clock_info(p, id, &info, status);
	int32_t statuses[3] = {SCMI_SUCCESS, SCMI_SUCCESS, SCMI_SUCCESS};
	int errs[3];

	if (is_fatal(err))
		return err;
	cell_number(t, id);
	if (err != SCMI_OK) {
		cell_error(t, err, *status);
		for (uint32_t c = 2; c < sizeof(columns) / sizeof(columns[0]); c++)
			cell_literal(t, NULL, "-");
		return err;
	}
	cell_text(t, info.name);
	errs[0] = show_rate(t, p, id, &statuses[0]);
	cell_bool(t, (info.attributes & SCMI_CLOCK_ENABLED) != 0, "yes", "no");
	errs[1] = show_parent(t, p, &info, id, &statuses[1]);
	errs[2] = show_rates(t, p, id, &statuses[2]);
	for (uint32_t i = 0; i < 3 && !is_fatal(err); i++) {
		if (!is_fatal(errs[i]) && errs[i] != SCMI_E_REMOTE)
			continue;
		err = errs[i];
		*status = statuses[i];
	}
	return err;
}

static enum outcome clocks_body(struct session *s, void *arg)
{
	struct scmi_clock_protocol p;
	enum outcome outcome = clock_open(s, &p);
	int32_t status = SCMI_SUCCESS;
	int err = SCMI_OK;
	struct table t;

	(void)arg;
	if (outcome != GOOD)
		return outcome;
	table_begin(&t, "clocks", columns, sizeof(columns) / sizeof(columns[0]));
	for (uint32_t id = 0; id < p.clocks && !is_fatal(err) && !session_interrupted(s); id++) {
		terminal_progress("clocks", id, p.clocks);
		err = show_clock(&t, &p, id, &status);
		row_error(s, "clock", id, err, status);
		if (err != SCMI_OK)
			outcome = FAILED;
	}
	terminal_progress("clocks", p.clocks, p.clocks);
	table_end(&t);
	return is_fatal(err) ? session_error(s, "clocks", err, status) : outcome;
}

enum outcome run_clocks(const struct options *options, char **args, int n)
{
	if (n != 0)
		return misuse("clocks takes no word, but there is ", args[0], "");
	return session_run(options, clocks_body, NULL);
}
