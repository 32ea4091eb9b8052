/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress.h"

#define CALLS_DEFAULT   20000u
#define THREADS_DEFAULT 4u
#define HANG_DEFAULT_S  30u
#define LINKS_DEFAULT                                                                                                  \
	"sync,flaky:sync,corrupt:sync,threaded,flaky:threaded,virtio,flaky:virtio,mailbox,flaky:mailbox,"              \
	"rx,corrupt:rx,priv,corrupt:priv,one,flaky:one,flaky:queued"
#define LINKS_REACTOR "sync,threaded,virtio,priv,mailbox,virtio"

static const char usage[] =
	"usage: stress [--seed S] [--calls N] [--threads T] [--seconds X] [--links KIND,...] [--rates NAME=N,...]\n"
	"              [--exact] [--posix] [--reactor] [--hang X] [--report X] [--abort]\n"
	"  links   [flaky:|corrupt:]sync|threaded|virtio|mailbox|rx|priv|one|queued, 16 at most; the first one is\n"
	"          the default link\n"
	"  rates   of 65536 messages, over those of every link that is not fair: drop delay reorder double corrupt "
	"header\n"
	"          truncate lengthen misdirect stall link\n"
	"  exact   no link corrupts      posix   the POSIX port, not the one that the seed picks\n"
	"  reactor a reactor drives receive, over links that it can sleep on\n"
	"  hang    seconds without progress that are a hang (30)\n"
	"  report  seconds between lines of progress (0: none)      abort   at the first fault\n";

static bool read_number(const char *text, uint64_t max, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 0);
	return errno == 0 && end != text && *end == '\0' && *n <= max;
}

struct number {
	const char *name;
	uint64_t max;
	uint32_t *narrow;
	uint64_t *wide;
};

static bool read_numbers(struct options *o, const char *name, const char *value, bool *known)
{
	const struct number numbers[] = {
		{"--seed", UINT64_MAX, NULL, &o->seed},        {"--calls", UINT32_MAX / 2u, NULL, &o->calls},
		{"--threads", WORKERS_MAX, &o->threads, NULL}, {"--seconds", 1000000u, &o->seconds, NULL},
		{"--hang", 1000000u, &o->hang_s, NULL},        {"--report", 1000000u, &o->report_s, NULL},
	};
	uint64_t n;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(name, numbers[i].name) != 0)
			continue;
		*known = true;
		if (value == NULL || !read_number(value, numbers[i].max, &n))
			return false;
		if (numbers[i].wide != NULL)
			*numbers[i].wide = n;
		else
			*numbers[i].narrow = (uint32_t)n;
		return true;
	}
	return false;
}

static bool read_text(struct options *o, const char *name, const char *value, bool *known)
{
	const char **text = strcmp(name, "--links") == 0 ? &o->links : strcmp(name, "--rates") == 0 ? &o->rates : NULL;

	*known = text != NULL;
	if (text == NULL || value == NULL)
		return false;
	*text = value;
	return true;
}

static bool read_switch(struct options *o, const char *name)
{
	bool *at = NULL;

	if (strcmp(name, "--exact") == 0)
		at = &o->exact;
	else if (strcmp(name, "--posix") == 0)
		at = &o->posix;
	else if (strcmp(name, "--reactor") == 0)
		at = &o->reactor;
	else if (strcmp(name, "--abort") == 0)
		at = &o->abort;
	if (at != NULL)
		*at = true;
	return at != NULL;
}

static bool read_all(struct options *o)
{
	for (int i = 1; i < o->argc; i++) {
		const char *value = i + 1 < o->argc ? o->argv[i + 1] : NULL;
		bool known = false;

		if (read_switch(o, o->argv[i]))
			continue;
		if (!read_numbers(o, o->argv[i], value, &known) &&
		    (known || !read_text(o, o->argv[i], value, &known))) {
			fprintf(stderr, "stress: %s %s\n%s", known ? "what value is this for" : "what is", o->argv[i],
				usage);
			return false;
		}
		i++;
	}
	return true;
}

bool options_read(struct options *o, int argc, char **argv)
{
	struct flaky_config unused = {.size = sizeof(unused)};

	*o = (struct options){
		.seed = 1,
		.calls = CALLS_DEFAULT,
		.threads = THREADS_DEFAULT,
		.hang_s = HANG_DEFAULT_S,
		.argc = argc,
		.argv = argv,
	};
	if (!read_all(o))
		return false;
	if (o->links == NULL)
		o->links = o->reactor ? LINKS_REACTOR : LINKS_DEFAULT;
	if (o->threads == 0 || o->hang_s == 0 || !options_rates(o->rates, &unused)) {
		fprintf(stderr, "stress: that cannot be\n%s", usage);
		return false;
	}
	return true;
}

static bool set_rate(const char *name, size_t len, uint32_t rate, struct flaky_config *config)
{
	static const char *const names[FLAKY_FAULTS] = {
		"drop",     "delay",    "reorder",   "double", "corrupt", "header",
		"truncate", "lengthen", "misdirect", "stall",  "link",
	};

	for (unsigned i = 0; i < FLAKY_FAULTS; i++) {
		if (strlen(names[i]) != len || strncmp(names[i], name, len) != 0)
			continue;
		if (i != FLAKY_DOUBLE)
			config->rate[FLAKY_A2P][i] = rate;
		if (i != FLAKY_LINK)
			config->rate[FLAKY_P2A][i] = rate;
		return true;
	}
	return false;
}

bool options_rates(const char *text, struct flaky_config *config)
{
	while (text != NULL && *text != '\0') {
		const char *equals = strchr(text, '=');
		char *end;
		unsigned long rate;

		if (equals == NULL)
			return false;
		rate = strtoul(equals + 1, &end, 0);
		if (end == equals + 1 || (*end != ',' && *end != '\0') || rate > FLAKY_ALWAYS ||
		    !set_rate(text, (size_t)(equals - text), (uint32_t)rate, config))
			return false;
		text = *end == ',' ? end + 1 : end;
	}
	return true;
}
