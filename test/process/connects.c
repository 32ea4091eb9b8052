/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * connects --scmid PATH [--way unix|vhost] [--connects N] [--seed S]
 *
 * A real daemon and 64 front ends in four processes, as many as it has room for. They come and go at random, N times in
 * all, with calls in between and some in the middle of something. What the daemon and the front ends hold, empty and
 * full, is the same before and after: descriptors, mappings, memory.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fronts.h"
#include "hang.h"
#include "proc.h"
#include "roles.h"

#define PROCESSES 4u
#define WARM      256u /* connects before the first look: heaps have grown to what they need */
#define RSS_SLACK 256u /* KiB */
#define SETTLE_US 2000u

extern char **environ;

struct crowd {
	pid_t pid;
	int tell;
	int hear;
	struct done done;
	struct done empty; /* what it held before */
};

struct show {
	const char *scmid;
	bool vhost;
	uint32_t connects;
	uint32_t seed;
	char folder[64];
	char socket[80];
	char uri[120];
	char listen[140];
	struct crowd crowds[PROCESSES];
	struct held empty; /* of the daemon, before */
	struct held full;
};

static pid_t daemon_pid; /* 0: there is none, or it has been ended */

/* Crowds end by themselves: nobody tells them anything any more. */
static void end_daemon(void)
{
	if (daemon_pid != 0)
		(void)kill(daemon_pid, SIGKILL);
}

static _Noreturn void fail(const char *what, const char *more)
{
	(void)fprintf(stderr, "connects: %s%s\n", what, more);
	exit(1);
}

/* ---- processes ---- */

static void start_daemon(struct show *s)
{
	char *argv[] = {(char *)(uintptr_t)s->scmid, (char *)(uintptr_t) "--listen", s->listen, NULL};

	if (posix_spawn(&daemon_pid, s->scmid, NULL, NULL, argv, environ) != 0)
		fail("cannot be started: ", s->scmid);
}

static void start_crowd(struct show *s, struct crowd *c, uint32_t seed)
{
	char number[16];
	char *argv[] = {(char *)(uintptr_t) "/proc/self/exe",
			(char *)(uintptr_t) "--fronts",
			s->uri,
			(char *)(uintptr_t) "--seed",
			number,
			NULL};
	posix_spawn_file_actions_t actions;
	int in[2];
	int out[2];

	(void)snprintf(number, sizeof(number), "%u", seed);
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		fail("no pipe", "");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	if (posix_spawn(&c->pid, argv[0], &actions, NULL, argv, environ) != 0)
		fail("no process", "");
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	c->tell = in[1];
	c->hear = out[0];
}

/* As long as it gets somewhere: it tells nothing in between, but the daemon's processor time goes on. */
static void await_crowd(struct crowd *c)
{
	struct pollfd look = {.fd = c->hear, .events = POLLIN};
	struct hang hang = hang_watch();
	uint64_t before = proc_ticks(daemon_pid);

	while (poll(&look, 1, 200) == 0) {
		const uint64_t now = proc_ticks(daemon_pid);

		if (now != before)
			hang = hang_watch();
		before = now;
		if (hangs(&hang))
			fail("a process hangs", "");
	}
	if (read(c->hear, &c->done, sizeof(c->done)) != (ssize_t)sizeof(c->done))
		fail("a process of front ends has died", "");
	if (c->done.bad != 0)
		fail("a call or a connect ended badly", "");
}

static void order_all(struct show *s, uint32_t kind, uint32_t n)
{
	const struct order order = {kind, n / PROCESSES};

	for (uint32_t i = 0; i < PROCESSES; i++) {
		if (write(s->crowds[i].tell, &order, sizeof(order)) != (ssize_t)sizeof(order))
			fail("a process of front ends does not hear", "");
	}
	for (uint32_t i = 0; i < PROCESSES; i++)
		await_crowd(&s->crowds[i]);
}

static void end_all(struct show *s)
{
	struct hang hang = hang_watch();
	int status;

	order_all(s, ORDER_END, 0);
	for (uint32_t i = 0; i < PROCESSES; i++) {
		if (waitpid(s->crowds[i].pid, &status, 0) < 0 || status != 0)
			fail("a process of front ends did not end well", "");
	}
	(void)kill(daemon_pid, SIGTERM);
	while (waitpid(daemon_pid, &status, WNOHANG) == 0) {
		if (hangs(&hang))
			fail("the daemon does not end", "");
		nap_us(SETTLE_US);
	}
	daemon_pid = 0;
	if (status != 0)
		fail("the daemon did not end well", "");
}

/* ---- what is held ---- */

/* The daemon sees that somebody has gone a little later: until it holds as much as it did, or for good. */
static struct held look(const struct held *before)
{
	struct hang hang = hang_watch();
	struct held now = proc_held(daemon_pid);

	while (before != NULL && !proc_same(before, &now)) {
		if (hangs(&hang))
			return now;
		nap_us(SETTLE_US);
		now = proc_held(daemon_pid);
	}
	return now;
}

static void settle(void)
{
	struct held a = proc_held(daemon_pid);

	for (unsigned same = 0; same < 50u; same++) {
		const struct held b = proc_held(daemon_pid);

		if (!proc_same(&a, &b))
			same = 0;
		a = b;
		nap_us(SETTLE_US);
	}
}

static void compare(const char *when, const struct held *before, const struct held *now)
{
	(void)printf("the daemon, %s: %u descriptors, %u mappings, %u KiB; were %u, %u, %u\n", when, now->fds,
		     now->maps, now->rss_kib, before->fds, before->maps, before->rss_kib);
	if (now->fds != before->fds)
		fail("the daemon leaks descriptors", "");
	if (!proc_same(before, now))
		fail("the daemon leaks mappings", "");
	if (PROC_EXACT && now->rss_kib > before->rss_kib + RSS_SLACK)
		fail("the daemon leaks memory", "");
}

static void compare_crowds(const struct show *s)
{
	for (uint32_t i = 0; i < PROCESSES; i++) {
		const struct crowd *c = &s->crowds[i];

		if (c->done.fds != c->empty.fds)
			fail("front ends leak descriptors", "");
		if (PROC_EXACT && c->done.maps != c->empty.maps)
			fail("front ends leak mappings", "");
	}
}

/* ---- the whole ---- */

static void prepare(struct show *s)
{
	(void)snprintf(s->folder, sizeof(s->folder), "/tmp/scmi-connects-XXXXXX");
	if (mkdtemp(s->folder) == NULL)
		fail("no folder", "");
	(void)snprintf(s->socket, sizeof(s->socket), "%s/s", s->folder);
	(void)snprintf(s->listen, sizeof(s->listen), "%s%s,agents=%u",
		       s->vhost ? "vhost-user:" : "mailbox:unix=", s->socket, PROCESSES * FRONTS_EACH);
	(void)snprintf(s->uri, sizeof(s->uri), "%s%s,wait=60", s->vhost ? "vhost-user:" : "mailbox:unix=", s->socket);
}

static void warm_up(struct show *s)
{
	order_all(s, ORDER_FILL, 0);
	order_all(s, ORDER_RANDOM, WARM);
	order_all(s, ORDER_FILL, 0);
	settle();
	s->full = look(NULL);
	order_all(s, ORDER_EMPTY, 0);
	settle();
	s->empty = look(NULL);
	for (uint32_t i = 0; i < PROCESSES; i++)
		s->crowds[i].empty = s->crowds[i].done;
}

static int play(struct show *s)
{
	struct held now;

	prepare(s);
	(void)atexit(end_daemon);
	start_daemon(s);
	for (uint32_t i = 0; i < PROCESSES; i++)
		start_crowd(s, &s->crowds[i], s->seed * 1000u + i);
	warm_up(s);
	order_all(s, ORDER_RANDOM, s->connects);
	order_all(s, ORDER_FILL, 0);
	now = look(&s->full);
	compare("full", &s->full, &now);
	order_all(s, ORDER_EMPTY, 0);
	now = look(&s->empty);
	compare("empty", &s->empty, &now);
	compare_crowds(s);
	end_all(s);
	if (access(s->socket, F_OK) == 0)
		fail("the daemon leaves its name behind", "");
	(void)rmdir(s->folder);
	(void)printf("%u connects, seed %u: nothing is left\n", s->connects, s->seed);
	return 0;
}

int main(int argc, char **argv)
{
	struct show s = {.connects = 500, .seed = 1};
	const char *fronts = NULL;

	(void)signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *value = argv[i + 1];

		if (strcmp(argv[i], "--fronts") == 0)
			fronts = value;
		else if (strcmp(argv[i], "--scmid") == 0)
			s.scmid = value;
		else if (strcmp(argv[i], "--way") == 0)
			s.vhost = strcmp(value, "vhost") == 0;
		else if (strcmp(argv[i], "--connects") == 0)
			s.connects = (uint32_t)strtoul(value, NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0)
			s.seed = (uint32_t)strtoul(value, NULL, 10);
	}
	if (fronts != NULL)
		return fronts_role(fronts, s.seed);
	if (s.scmid == NULL)
		fail("--scmid is needed", "");
	return play(&s);
}
