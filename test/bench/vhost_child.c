/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "vhost_child.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <scmi/platform.h>
#include <scmi/server/base.h>
#include <scmi/transport/vhost_user.h>

#include "measure.h"
#include "pair.h"
#include "rig.h"

struct vhost_child vhost_child;

static max_align_t platform_mem[SCMI_PLATFORM_WORDS(1, 1)];

/* ---- the platform ---- */

static void open_platform(const struct scmi_endpoint *endpoint)
{
	static struct scmi_base_model model = {.size = sizeof(model), .vendor = "bench"};
	static struct scmi_server base;
	static const struct scmi_server *servers[] = {&base};
	static struct scmi_platform_agent who = {.size = sizeof(who), .name = "bench"};
	const struct scmi_platform_config config = {
		.size = sizeof(config), .servers = servers, .servers_n = 1, .agents = &who, .agents_n = 1};
	struct scmi_platform *platform;

	who.endpoint = endpoint;
	scmi_base_server(&base, &model);
	must(scmi_platform_init(&platform, platform_mem, sizeof(platform_mem), &config), "platform");
	must(scmi_platform_start(platform), "platform");
}

static void *serve(void *listener)
{
	atomic_store(&vhost_child.board->thread, (int)gettid());
	must(scmi_vhost_user_scheme()->run(listener), "listener");
	return NULL;
}

static void begin_listening(uint32_t poll_us)
{
	char rest[120];
	pthread_t thread;
	void *listener;

	(void)snprintf(rest, sizeof(rest), "%s,agents=1,poll=%u", vhost_child.path, poll_us);
	must(scmi_vhost_user_scheme()->listen(&listener, rest, &rig.port, NULL), "listener");
	open_platform(scmi_vhost_user_scheme()->endpoint(listener, 0));
	if (pthread_create(&thread, NULL, serve, listener) != 0)
		fail(SCMI_E_IO, "thread");
}

/* ---- the process ---- */

static void answer_ping(void)
{
	struct vhost_board *b = vhost_child.board;
	const uint32_t ping = atomic_load_explicit(&b->ping, memory_order_acquire);

	if (ping != atomic_load_explicit(&b->pong, memory_order_relaxed))
		atomic_store_explicit(&b->pong, ping, memory_order_release);
}

static void ring_bell(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		fail(SCMI_E_IO, "eventfd");
}

static void sleep_on(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		fail(SCMI_E_IO, "eventfd");
}

static void turn(int mode)
{
	if (mode == VHOST_PING) {
		answer_ping();
	} else {
		sleep_on(vhost_child.bare[0]);
		if (atomic_load(&vhost_child.board->mode) == VHOST_REST)
			ring_bell(vhost_child.bare[1]);
	}
}

static _Noreturn void child_process(int processor, uint32_t poll_us)
{
	struct vhost_board *b = vhost_child.board;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	run_on(processor);
	begin_listening(poll_us);
	for (;;) {
		const int mode = atomic_load_explicit(&b->mode, memory_order_acquire);

		if (atomic_load_explicit(&b->seen, memory_order_relaxed) != mode)
			atomic_store(&b->seen, mode);
		if (mode == VHOST_OVER)
			_exit(0);
		turn(mode);
	}
}

static void make_child(void)
{
	struct vhost_child *c = &vhost_child;

	c->board = mmap(NULL, sizeof(*c->board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->board == MAP_FAILED)
		fail(SCMI_E_NOMEM, "board");
	for (int i = 0; i < 2; i++) {
		c->bare[i] = eventfd(0, EFD_CLOEXEC);
		if (c->bare[i] < 0)
			fail(SCMI_E_IO, "eventfd");
	}
	(void)snprintf(c->folder, sizeof(c->folder), "/tmp/scmi-bench-XXXXXX");
	if (mkdtemp(c->folder) == NULL)
		fail(SCMI_E_IO, "folder");
	(void)snprintf(c->path, sizeof(c->path), "%.30s/s", c->folder);
}

void vhost_child_start(int processor, uint32_t poll_us)
{
	struct vhost_child *c = &vhost_child;

	make_child();
	atomic_store(&c->board->mode, VHOST_REST);
	atomic_store(&c->board->seen, -1);
	c->pid = fork();
	if (c->pid < 0)
		fail(SCMI_E_IO, "fork");
	if (c->pid == 0)
		child_process(processor, poll_us);
	while (atomic_load(&c->board->seen) < 0 || atomic_load(&c->board->thread) == 0) {
		if (waitpid(c->pid, NULL, WNOHANG) != 0)
			fail(SCMI_E_IO, "the platform's process");
		(void)usleep(50);
	}
}

void vhost_child_end(void)
{
	struct vhost_child *c = &vhost_child;

	vhost_child_mode(VHOST_OVER);
	(void)waitpid(c->pid, NULL, 0);
	(void)close(c->bare[0]);
	(void)close(c->bare[1]);
	(void)munmap(c->board, sizeof(*c->board));
	(void)unlink(c->path);
	(void)rmdir(c->folder);
}

void vhost_child_mode(enum vhost_mode mode)
{
	struct vhost_board *b = vhost_child.board;

	atomic_store(&b->mode, mode);
	ring_bell(vhost_child.bare[0]);
	while (atomic_load(&b->seen) != (int)mode)
		(void)usleep(50);
	if (mode != VHOST_REST)
		return;
	(void)usleep(200); /* to fall asleep; what woke it may have been answered */
	vhost_bare();
	(void)usleep(200);
}

long vhost_child_sleeps(void)
{
	char line[128];
	char path[64];
	long n = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)vhost_child.pid,
		       atomic_load(&vhost_child.board->thread));
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
			n = strtol(line + 24, NULL, 10);
	}
	if (f != NULL)
		(void)fclose(f);
	return n;
}

void vhost_bare(void)
{
	ring_bell(vhost_child.bare[0]);
	sleep_on(vhost_child.bare[1]);
}

void vhost_ping(long n)
{
	struct vhost_board *b = vhost_child.board;
	uint32_t sent = atomic_load_explicit(&b->ping, memory_order_relaxed);

	for (long i = 0; i < n; i++) {
		sent++;
		atomic_store_explicit(&b->ping, sent, memory_order_release);
		while (atomic_load_explicit(&b->pong, memory_order_acquire) != sent)
			;
	}
}
