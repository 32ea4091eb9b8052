/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/version.h>

#include "scmictl.h"

#define TIMEOUT_MAX_MS 3600000

#define STRING_(x) #x
#define STRING(x)  STRING_(x)
#define VERSION    STRING(SCMI_LIB_VERSION_MAJOR) "." STRING(SCMI_LIB_VERSION_MINOR) "." STRING(SCMI_LIB_VERSION_PATCH)

const char *argp_program_version = "scmictl " VERSION; /* the name is argp's */

static const char about[] = "Looks at an SCMI platform, and sends it commands.\v"
			    "Commands:\n"
			    "  info        who the platform is, its agents, and which of them we are\n"
			    "  protocols   what it speaks: id, name, version, attributes\n"
			    "  raw PROTOCOL MESSAGE [WORD..] [, PROTOCOL MESSAGE [WORD..]]..\n"
			    "              send any command; protocol and message by number or by name,\n"
			    "              parameters as 32-bit words. Several commands, with a comma for a\n"
			    "              word between them, share one link: permissions and notifications\n"
			    "              that one sets hold for the next\n"
			    "  stats       the agent's counters after a short discovery\n"
			    "\n"
			    "Numbers are decimal or 0x hexadecimal.\n"
			    "\n"
			    "Links:\n"
			    "  loopback:           a demonstration platform inside this program (default)\n"
			    "  loopback:threaded   the same, served by a thread of its own\n"
			    "\n"
			    "Exit status: 0 all went well; 1 the platform or the link refused; 2 the\n"
			    "command line is wrong, nothing was sent.\n"
			    "\n"
			    "  scmictl protocols\n"
			    "  scmictl raw base BASE_DISCOVER_AGENT 0xffffffff\n"
			    "  scmictl raw base BASE_NOTIFY_ERRORS 1 , 0x80 4 0";

static const struct argp_option known_options[] = {
	{"link", 'l', "URI", 0, "Way to the platform", 0},
	{"timeout", 't', "MS", 0, "Milliseconds to wait for each reply; without it, the link's own time-out", 0},
	{"trace", 'T', NULL, 0, "Tell each message in one line on stderr", 0},
	{0},
};

static const struct {
	const char *name;
	enum outcome (*run)(const struct options *options, char **args, int n);
} commands[] = {
	{"info", run_info},
	{"protocols", run_protocols},
	{"raw", run_raw},
	{"stats", run_stats},
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

static void read_timeout(struct options *o, const char *text)
{
	uint32_t ms;

	if (!read_number(text, TIMEOUT_MAX_MS, &ms) || ms == 0)
		exit((int)misuse("time-out ", text,
				 ": not a number of milliseconds from 1 to " STRING(TIMEOUT_MAX_MS)));
	o->timeout_us = ms * 1000u;
}

static error_t read_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'l':
		o->link = arg;
		return 0;
	case 't':
		read_timeout(o, arg);
		return 0;
	case 'T':
		o->trace = true;
		return 0;
	case ARGP_KEY_ARGS:
		o->args = state->argv + state->next;
		o->args_n = state->argc - state->next;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static enum outcome run(const struct options *o)
{
	if (o->args_n == 0)
		return misuse("a command is needed: info, protocols, raw or stats", NULL, "");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, o->args[0]) == 0)
			return commands[i].run(o, o->args + 1, o->args_n - 1);
	}
	return misuse("unknown command ", o->args[0], "; there are info, protocols, raw and stats");
}

int main(int argc, char **argv)
{
	const struct argp argp = {known_options, read_option, "COMMAND [WORD..]", about, NULL, NULL, NULL};
	struct options options = {.link = "loopback:"};
	enum outcome outcome;

	argp_err_exit_status = MISUSED;
	if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
		return MISUSED;
	outcome = run(&options);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("scmictl: standard output");
		return FAILED;
	}
	return (int)outcome;
}
