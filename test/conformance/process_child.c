/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts a platform in a process of its own, asks it, and ends it. */
#define _GNU_SOURCE

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process_child.h"

#define ABOVE 16 /* descriptors that no other one is put on */

extern char **environ;

void process_child_init(struct process_child *c)
{
	pthread_mutex_init(&c->lock, NULL);
	c->life = 0;
	c->pid = 0;
	c->ask = c->told = -1;
}

void process_child_fini(struct process_child *c)
{
	pthread_mutex_destroy(&c->lock);
}

/* Our end of a socket; *theirs has to be closed. */
static int make_pair(int *theirs)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		abort();
	*theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, ABOVE);
	if (*theirs < 0)
		abort();
	close(ends[1]);
	return ends[0];
}

/* Beside our own. */
static void find_program(char *path, size_t cap)
{
	const ssize_t n = readlink("/proc/self/exe", path, cap - sizeof(PROCESS_PROGRAM));
	char *slash;

	if (n <= 0)
		abort();
	path[n] = '\0';
	slash = strrchr(path, '/');
	memcpy(slash + 1, PROCESS_PROGRAM, sizeof(PROCESS_PROGRAM));
}

static bool spawn(struct process_child *c, const char *rest, int asks, int tells)
{
	char path[4096];
	char what[128];
	char *argv[] = {path, what, NULL};
	posix_spawn_file_actions_t actions;
	int err;

	(void)snprintf(what, sizeof(what), "%s", rest);
	find_program(path, sizeof(path));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, asks, PROCESS_ASKS);
	posix_spawn_file_actions_adddup2(&actions, tells, PROCESS_TELLS);
	err = posix_spawn(&c->pid, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return err == 0;
}

bool process_child_start(struct process_child *c, const char *rest)
{
	struct process_message m;
	int asks;
	int tells;
	bool good;

	pthread_mutex_lock(&c->lock);
	c->ask = make_pair(&asks);
	c->told = make_pair(&tells);
	good = spawn(c, rest, asks, tells);
	close(asks);
	close(tells);
	good = good && process_hear(c->ask, &m) && m.word == PROCESS_READY;
	pthread_mutex_unlock(&c->lock);
	return good;
}

bool process_child_ask(struct process_child *c, uint32_t life, struct process_message *m)
{
	bool good;

	pthread_mutex_lock(&c->lock);
	good = c->pid != 0 && c->life == life && process_say(c->ask, m) && process_hear(c->ask, m);
	pthread_mutex_unlock(&c->lock);
	return good;
}

void process_child_kill(struct process_child *c)
{
	(void)kill(c->pid, SIGKILL);
}

bool process_child_wait(struct process_child *c)
{
	int status = -1;

	pthread_mutex_lock(&c->lock);
	if (waitpid(c->pid, &status, 0) != c->pid)
		abort();
	c->pid = 0;
	c->life++;
	pthread_mutex_unlock(&c->lock);
	return status == 0;
}

void process_child_close(struct process_child *c)
{
	close(c->ask);
	close(c->told);
	c->ask = c->told = -1;
}
