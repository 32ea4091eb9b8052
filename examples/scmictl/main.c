/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line. */
#include <argp.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/version.h>

#include "out.h"
#include "scmictl.h"

#define STRING_(x) #x
#define STRING(x)  STRING_(x)
#define VERSION    STRING(SCMI_LIB_VERSION_MAJOR) "." STRING(SCMI_LIB_VERSION_MINOR) "." STRING(SCMI_LIB_VERSION_PATCH)

const char *argp_program_version = "scmictl " VERSION; /* the name is argp's */

/* Keys of options that have no letter. */
enum { KEY_FOR = 0x100, KEY_DEPTH, KEY_PAYLOAD, KEY_JSON, KEY_ASYNC, KEY_WATCH };

static const struct argp_option known_options[] = {
	{"link", 'l', "[PROTOCOL=]URI", 0, "Way to the platform; of one protocol's commands only", 0},
	{"timeout", 't', "MS", 0, "Milliseconds to wait for each reply; without it, the link's own time-out", 0},
	{"trace", 'T', NULL, 0, "Tell each message in one line on stderr", 0},
	{"json", KEY_JSON, NULL, 0, "Print one JSON object instead of text", 0},
	{"count", 'n', "N", 0, "notify, sensor --watch: end after so many; stats, bench: so many times", 0},
	{"for", KEY_FOR, "SECONDS", 0, "notify, sensor --watch: end after this time", 0},
	{"async", KEY_ASYNC, NULL, 0, "sensor read, clock rate: by a delayed response", 0},
	{"watch", KEY_WATCH, "SECONDS", OPTION_ARG_OPTIONAL, "sensor read: again and again, each second or so often",
	 0},
	{"depth", KEY_DEPTH, "N", 0, "bench: calls in flight", 0},
	{"payload", KEY_PAYLOAD, "BYTES", 0, "bench: zeros to add to the parameters", 0},
	{0},
};

static const struct {
	const char *name;
	enum outcome (*run)(const struct options *options, char **args, int n);
	uint32_t takes; /* 1 << enum number, beside those that all take */
} commands[] = {
	{"info", run_info, 0},
	{"protocols", run_protocols, 0},
	{"agents", run_agents, 0},
	{"clocks", run_clocks, 0},
	{"clock", run_clock, 1u << ASYNC},
	{"sensors", run_sensors, 0},
	{"sensor", run_sensor, 1u << ASYNC | 1u << WATCH_MS | 1u << COUNT | 1u << FOR_S},
	{"raw", run_raw, 0},
	{"notify", run_notify, 1u << COUNT | 1u << FOR_S},
	{"stats", run_stats, 1u << COUNT},
	{"bench", run_bench, 1u << COUNT | 1u << DEPTH | 1u << PAYLOAD},
};

#define COMMANDS     "info, protocols, agents, clocks, clock, sensors, sensor, raw, notify, stats"
#define COMMAND_LAST "bench"

static const struct {
	const char *option;
	const char *what; /* for messages */
	const char *unit;
	uint32_t min;
	uint32_t max;
	int key;
} numbers[NUMBERS] = {
	[TIMEOUT_MS] = {"--timeout", "time-out", " of milliseconds", 1, 3600000, 't'},
	[COUNT] = {"--count", "count", "", 1, 1000000000, 'n'},
	[FOR_S] = {"--for", "time", " of seconds", 1, 86400, KEY_FOR},
	[DEPTH] = {"--depth", "depth", " of calls", 1, SCMI_SLOTS_MAX, KEY_DEPTH},
	[PAYLOAD] = {"--payload", "payload", " of bytes", 0, 65536, KEY_PAYLOAD},
	[WATCH_MS] = {"--watch", "time", " of seconds", 10, 86400000, KEY_WATCH}, /* in ms; see read_watch() */
};

enum outcome misuse(const char *before, const char *word, const char *after)
{
	if (word != NULL)
		fprintf(stderr, "scmictl: %s'%s'%s\n", before, word, after);
	else
		fprintf(stderr, "scmictl: %s%s\n", before, after);
	fputs("Try 'scmictl --help'.\n", stderr);
	return MISUSED;
}

/* Links of one protocol are numbered as they stand; the default one is 0 wherever it stands. */
static void read_link(struct options *o, char *arg)
{
	size_t len = strcspn(arg, "=:");
	struct link_option *link = &o->links[o->links_n];
	uint8_t protocol;

	if (arg[len] != '=') {
		o->links[0].uri = arg;
		return;
	}
	arg[len] = '\0';
	if (read_protocol(arg, &protocol) != GOOD)
		exit(MISUSED);
	if (protocol < SCMI_PROTOCOL_BASE)
		exit((int)misuse("protocol ", arg, " has no commands: they begin with 0x10"));
	for (uint32_t i = 1; i < o->links_n; i++) {
		if (o->links[i].protocol == protocol)
			exit((int)misuse("protocol ", arg, " has two links"));
	}
	if (o->links_n == SCMI_LINKS_MAX)
		exit((int)misuse("too many links: no room for that of ", arg, ""));
	*link = (struct link_option){.uri = arg + len + 1, .protocol = protocol};
	o->links_n++;
}

/* Returns whether key is an option with a number; a bad one ends the program. */
static bool read_number_option(struct options *o, int key, const char *text)
{
	char before[32];
	char after[80];
	uint32_t i = 0;

	while (i < NUMBERS && numbers[i].key != key)
		i++;
	if (i == NUMBERS)
		return false;
	if (!read_number(text, numbers[i].max, &o->number[i]) || o->number[i] < numbers[i].min) {
		snprintf(before, sizeof(before), "%s ", numbers[i].what);
		snprintf(after, sizeof(after), ": not a number%s from %u to %u", numbers[i].unit, numbers[i].min,
			 numbers[i].max);
		exit((int)misuse(before, text, after));
	}
	o->given |= 1u << i;
	return true;
}

/* Seconds, with a point perhaps; 1 if there are none. A bad number ends the program. */
static void read_watch(struct options *o, const char *text)
{
	uint64_t ms = 1000;

	if (text != NULL &&
	    (!read_scaled(text, strlen(text), 3, &ms) || ms < numbers[WATCH_MS].min || ms > numbers[WATCH_MS].max))
		exit((int)misuse("time ", text, ": not a number of seconds from 0.01 to 86400"));
	o->number[WATCH_MS] = (uint32_t)ms;
	o->given |= 1u << WATCH_MS;
}

static error_t read_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'l':
		read_link(o, arg);
		return 0;
	case 'T':
		o->trace = true;
		return 0;
	case KEY_ASYNC:
		o->async = true;
		o->given |= 1u << ASYNC;
		return 0;
	case KEY_WATCH:
		read_watch(o, arg);
		return 0;
	case KEY_JSON:
		json_use(true);
		return 0;
	case ARGP_KEY_ARGS:
		o->args = state->argv + state->next;
		o->args_n = state->argc - state->next;
		return 0;
	default:
		return read_number_option(o, key, arg) ? 0 : ARGP_ERR_UNKNOWN;
	}
}

/* An option that a command does not look at is a mistake. */
static enum outcome check_options(const struct options *o, const char *command, uint32_t takes)
{
	char before[48];

	for (uint32_t i = 0; i <= ASYNC; i++) {
		if ((o->given & ~takes & 1u << i) == 0 || i == TIMEOUT_MS)
			continue;
		snprintf(before, sizeof(before), "%s does not take the option ", command);
		return misuse(before, i == ASYNC ? "--async" : numbers[i].option, "");
	}
	return GOOD;
}

static enum outcome run(const struct options *o)
{
	enum outcome outcome;

	if (o->args_n == 0)
		return misuse("a command is needed: " COMMANDS " or " COMMAND_LAST, NULL, "");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, o->args[0]) != 0)
			continue;
		outcome = check_options(o, commands[i].name, commands[i].takes);
		return outcome == GOOD ? commands[i].run(o, o->args + 1, o->args_n - 1) : outcome;
	}
	return misuse("unknown command ", o->args[0], "; there are " COMMANDS " and " COMMAND_LAST);
}

static bool ended;

/* What was printed has to arrive. A reader that has had enough, as head(1), is told nothing. */
static enum outcome end_output(enum outcome outcome)
{
	ended = true;
	json_end();
	if (output_flush())
		return outcome;
	if (!output_abandoned())
		perror("scmictl: standard output");
	return outcome < SIGNALLED ? FAILED : outcome;
}

/* argp prints help and version and exits with 0 by itself, whatever became of them. */
static void at_exit(void)
{
	if (!ended && end_output(GOOD) != GOOD)
		_Exit(FAILED);
}

int main(int argc, char **argv)
{
	const struct argp argp = {known_options, read_option, "COMMAND [WORD..]", help_text, NULL, NULL, NULL};
	struct options options = {.links[0].uri = "loopback:", .links_n = 1};

	(void)setlocale(LC_CTYPE, ""); /* for what a terminal can show */
	(void)signal(SIGPIPE, SIG_IGN);
	argp_err_exit_status = MISUSED;
	if (atexit(at_exit) != 0)
		return FAILED;
	if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
		return MISUSED;
	return (int)end_output(run(&options));
}
