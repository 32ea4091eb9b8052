/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line. */
#include <argp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <scmi/version.h>

#include "../sim/sim.h"
#include "scmid.h"

#define STRING_(x) #x
#define STRING(x)  STRING_(x)
#define VERSION    STRING(SCMI_LIB_VERSION_MAJOR) "." STRING(SCMI_LIB_VERSION_MINOR) "." STRING(SCMI_LIB_VERSION_PATCH)

const char *argp_program_version = "scmid " VERSION; /* the name is argp's */

#ifdef SCMID_MAILBOX
#define EXAMPLE "mailbox:unix="
#else
#define EXAMPLE "vhost-user:"
#endif

static const char help_text[] = "Serves an SCMI platform with simulated clocks and sensors.\v"
				"Links, where agents find the platform; --listen may be given again:\n"
#ifdef SCMID_MAILBOX
				"  mailbox:unix=PATH[,agents=N][,size=BYTES][,mode=OCTAL][,uid=ID]\n"
				"              a socket; so many agents at once (16), areas of that size (128)\n"
				"  mailbox:shm=/NAME[,size=BYTES]\n"
				"              POSIX shared memory, for one agent\n"
#endif
#ifdef SCMID_VHOST_USER
				"  vhost-user:PATH[,agents=N][,mode=OCTAL][,uid=ID][,poll=US]\n"
				"              a socket for virtual machines, and for scmictl; a virtio-scmi\n"
				"              device for each of so many guests (16); poll: microseconds\n"
				"              without sleep after a guest's last command (0)\n"
				"  vhost-user:fd=N[,agents=N][,uid=ID]\n"
				"              the same with a socket that this program was started with\n"
#endif
				"\n"
				"It runs in the foreground until SIGTERM or SIGINT (Ctrl-C), and tells systemd\n"
				"when it is ready. Each agent that the links have room for has a name: agent-1\n"
				"and so on, 254 at most. The first of them may set permissions.\n"
				"\n"
				"Exit status: 0 it was ended by a signal; 1 the system said no: a name is\n"
				"taken, a folder cannot be written, a link cannot go on; 2 the command line is\n"
				"wrong.\n"
				"\n"
				"  scmid --listen " EXAMPLE "/run/user/1000/scmi.sock &\n"
				"  scmictl --link " EXAMPLE "/run/user/1000/scmi.sock,wait=5 clocks";

#define CAPABILITIES 0x100 /* no letter */

static const struct argp_option known_options[] = {
	{"listen", 'l', "URI", 0, "Serve agents there", 0},
	{"set", 's', "NAME", 0,
	 "Clocks and sensors: demo, one of each kind (default); linux, those that a Linux kernel "
	 "was recorded with; many, 200 and 1000",
	 0},
#ifdef SCMID_VHOST_USER
	{"print-capabilities", CAPABILITIES, NULL, 0, "Tell managers of virtual machines what this is, in JSON", 0},
#endif
	{0},
};

static enum outcome misuse(const char *before, const char *word, const char *after)
{
	if (word != NULL)
		fprintf(stderr, "scmid: %s'%s'%s\n", before, word, after);
	else
		fprintf(stderr, "scmid: %s%s\n", before, after);
	fputs("Try 'scmid --help'.\n", stderr);
	return MISUSED;
}

static error_t read_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'l':
		if (o->uris_n == LISTENERS_MAX)
			exit((int)misuse("too many links: no room for ", arg, ""));
		o->uris[o->uris_n++] = arg;
		return 0;
	case 's':
		if (sim_find_set(arg) == NULL)
			exit((int)misuse("unknown set ", arg, "; there are demo, linux and many"));
		o->set = arg;
		return 0;
	case CAPABILITIES: /* and do nothing else, whatever else stands there */
		exit(puts("{\"type\": \"scmi\", \"features\": []}") == EOF || fflush(stdout) != 0 ? FAILED : GOOD);
	case ARGP_KEY_ARG:
		exit((int)misuse("it takes options only, but there is ", arg, ""));
	case ARGP_KEY_END:
		if (o->uris_n == 0)
			exit((int)misuse("a link is needed: --listen URI", NULL, ""));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Held back here, before there is a thread; who starts us with SIGINT ignored, as scripts do, means it. */
static void hold_signals(sigset_t *signals)
{
	struct sigaction old;

	sigemptyset(signals);
	sigaddset(signals, WAKE);
	sigaddset(signals, SIGTERM);
	if (sigaction(SIGINT, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaddset(signals, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, signals, NULL); /* fails for another `how` only */
	(void)signal(SIGPIPE, SIG_IGN);
}

/* Who has closed these three: what is opened next must not become the place where errors are told. */
static void fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

/* Each agent takes some descriptors, and select(), which could not do with so many, is not used. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	const struct argp argp = {known_options, read_option, NULL, help_text, NULL, NULL, NULL};
	struct options options = {.set = "demo"};
	sigset_t signals;

	fill_standard();
	argp_err_exit_status = MISUSED;
	if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
		return MISUSED;
	hold_signals(&signals);
	raise_limit();
	return (int)serve(&options, &signals);
}
