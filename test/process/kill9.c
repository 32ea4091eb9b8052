/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kill9 [--way unix|shm|vhost] [--rounds N] [--seed S]
 *
 * A platform and its agents, a process each, under load. Each round kills one of them, in the middle of whatever it
 * does, and starts another. Then all that live must go on: each agent has more good calls, a delayed response and a
 * notification among them; no call has ended otherwise than well or with its peer; nobody holds more descriptors or
 * mappings than before. At the end, when all have ended by themselves, no name is left.
 */
#define _GNU_SOURCE

#include "roles.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hang.h"

#define PEERS      (1u + ROLE_AGENTS) /* the platform is the first */
#define MAPS_SLACK 8u                 /* heaps and stacks of a C library come and go */

extern char **environ;

struct peer {
	pid_t pid;
	int ask;
	int hear;
	bool measured;
	uint32_t fds; /* when all were there for the first time */
	uint32_t maps;
};

/* Between the processes: the start of the URI, what the platform adds to it, how many agents there can be. */
struct way {
	const char *key;
	const char *uri;
	const char *more;
	uint32_t agents;
	bool shm; /* the name is one of shared memory */
};

static const struct way ways[] = {
	{"unix", "mailbox:unix=", ",agents=2", ROLE_AGENTS, false},
	{"shm", "mailbox:shm=", ",size=256", 1, true},
	{"vhost", "vhost-user:", ",agents=2", ROLE_AGENTS, false},
};

struct show {
	const char *self;
	const struct way *way;
	uint32_t agents;
	uint64_t random;
	uint32_t seed;
	char folder[64];
	char name[64];
	char platform[200];
	char agent[100];
	struct peer peers[PEERS];
};

static _Noreturn void fail(const char *what, unsigned i)
{
	(void)fprintf(stderr, "kill9: peer %u: %s\n", i, what);
	exit(1);
}

static uint32_t rnd(struct show *s, uint32_t below)
{
	s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(s->random >> 33) % below;
}

static void start(struct show *s, unsigned i)
{
	struct peer *p = &s->peers[i];
	char *argv[] = {(char *)(uintptr_t)s->self, (char *)(uintptr_t)(i == 0 ? "--platform" : "--agent"),
			i == 0 ? s->platform : s->agent, NULL};
	posix_spawn_file_actions_t actions;
	int in[2];
	int out[2];

	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		fail("no pipe", i);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	if (posix_spawn(&p->pid, s->self, &actions, NULL, argv, environ) != 0)
		fail("cannot be started", i);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	p->ask = in[1];
	p->hear = out[0];
	p->measured = false;
}

static void put_away(struct peer *p)
{
	close(p->ask);
	close(p->hear);
	p->pid = 0;
}

static struct report ask(struct show *s, unsigned i)
{
	struct peer *p = &s->peers[i];
	struct pollfd look = {.fd = p->hear, .events = POLLIN};
	struct hang hang = hang_watch();
	struct report r;

	if (write(p->ask, &(char){ASK_REPORT}, 1) != 1)
		fail("does not hear", i);
	while (poll(&look, 1, 100) == 0) {
		if (hangs(&hang))
			fail("hangs", i);
	}
	if (read(p->hear, &r, sizeof(r)) != (ssize_t)sizeof(r))
		fail("has died by itself", i);
	if (r.bad != 0) {
		(void)fprintf(stderr, "%d: %s\n", r.bad_err,
			      r.bad_err < 0 ? scmi_error_name(r.bad_err) : "wrong bytes");
		fail("a call ended badly", i);
	}
	return r;
}

/* Each of the three kinds of message has come since. */
static void await_progress(struct show *s, unsigned i)
{
	const struct report first = ask(s, i);
	struct hang hang = hang_watch();
	struct report r = first;

	while (r.good < first.good + 20 || r.later <= first.later || r.events <= first.events) {
		if (hangs(&hang))
			fail("gets nowhere", i);
		nap_us(1000);
		r = ask(s, i);
	}
}

static void measure(struct show *s, unsigned i)
{
	const struct report r = ask(s, i);
	struct peer *p = &s->peers[i];

	if (!p->measured) {
		p->measured = true;
		p->fds = r.fds;
		p->maps = r.maps;
	}
	if (r.fds != p->fds) {
		(void)fprintf(stderr, "descriptors: %u, were %u\n", r.fds, p->fds);
		fail("leaks descriptors", i);
	}
	if (r.maps > p->maps + MAPS_SLACK)
		fail("leaks mappings", i);
}

static void look_at_all(struct show *s)
{
	for (unsigned i = 1; i <= s->agents; i++)
		await_progress(s, i);
	for (unsigned i = 0; i <= s->agents; i++)
		measure(s, i);
}

static void kill_one(struct show *s)
{
	const unsigned i = rnd(s, s->agents + 1u);
	struct peer *p = &s->peers[i];

	nap_us(rnd(s, 20000));
	if (kill(p->pid, SIGKILL) != 0 || waitpid(p->pid, NULL, 0) != p->pid)
		fail("cannot be killed", i);
	put_away(p);
	if (rnd(s, 2) != 0)
		nap_us(rnd(s, 30000));
	start(s, i);
}

static void end_one(struct show *s, unsigned i)
{
	struct peer *p = &s->peers[i];
	struct hang hang = hang_watch();
	int status;

	if (write(p->ask, &(char){ASK_END}, 1) != 1)
		fail("does not hear", i);
	while (waitpid(p->pid, &status, WNOHANG) == 0) {
		if (hangs(&hang))
			fail("does not end", i);
		nap_us(1000);
	}
	put_away(p);
	if (status != 0)
		fail("did not end well", i);
}

static bool name_is_left(const struct show *s)
{
	struct stat st;
	const bool shm = s->way->shm;
	const int fd = shm ? shm_open(s->name, O_RDONLY | O_CLOEXEC, 0) : -1;

	if (fd >= 0)
		close(fd);
	return shm ? fd >= 0 : lstat(s->name, &st) == 0;
}

static void prepare(struct show *s)
{
	s->random = s->seed;
	s->agents = s->way->agents;
	(void)snprintf(s->folder, sizeof(s->folder), "/tmp/scmi-kill9-XXXXXX");
	if (mkdtemp(s->folder) == NULL)
		fail("no folder", 0);
	if (s->way->shm)
		(void)snprintf(s->name, sizeof(s->name), "/scmi-kill9-%d", (int)getpid());
	else
		(void)snprintf(s->name, sizeof(s->name), "%.40s/socket", s->folder);
	(void)snprintf(s->agent, sizeof(s->agent), "%s%s", s->way->uri, s->name);
	(void)snprintf(s->platform, sizeof(s->platform), "%s%s", s->agent, s->way->more);
}

static int play(struct show *s, uint32_t rounds)
{
	prepare(s);
	for (unsigned i = 0; i <= s->agents; i++)
		start(s, i);
	look_at_all(s);
	for (uint32_t n = 0; n < rounds; n++) {
		kill_one(s);
		look_at_all(s);
	}
	for (unsigned i = s->agents + 1u; i-- != 0;)
		end_one(s, i);
	if (name_is_left(s))
		fail("leaves its name behind", 0);
	(void)rmdir(s->folder);
	(void)printf("%u rounds over %s, seed %u: all went on\n", rounds, s->agent, s->seed);
	return 0;
}

static const struct way *way_of(const char *key)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(ways[i].key, key) == 0)
			return &ways[i];
	}
	(void)fprintf(stderr, "kill9: there is no way %s\n", key);
	exit(2);
}

int main(int argc, char **argv)
{
	struct show s = {.self = "/proc/self/exe", .seed = 1, .way = &ways[0]};
	uint32_t rounds = 20;

	(void)signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *value = argv[i + 1];

		if (strcmp(argv[i], "--platform") == 0)
			return platform_role(value);
		if (strcmp(argv[i], "--agent") == 0)
			return agent_role(value);
		if (strcmp(argv[i], "--way") == 0)
			s.way = way_of(value);
		else if (strcmp(argv[i], "--rounds") == 0)
			rounds = (uint32_t)strtoul(value, NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0)
			s.seed = (uint32_t)strtoul(value, NULL, 10);
	}
	return play(&s, rounds);
}
