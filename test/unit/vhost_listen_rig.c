/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <scmi/message.h>

#include "../support/hang.h"
#include "vhost_listen_rig.h"

int rig_err;
char rig_why[200];

static char folder[sizeof("/tmp/scmi-unit-XXXXXX")];
static char path[100];
static char uri[200];

const char *rig_folder(void)
{
	if (folder[0] == '\0') {
		(void)snprintf(folder, sizeof(folder), "/tmp/scmi-unit-XXXXXX");
		assert_non_null(mkdtemp(folder));
	}
	return folder;
}

const char *rig_path(void)
{
	(void)snprintf(path, sizeof(path), "%s/s", rig_folder());
	return path;
}

const char *rig_uri(const char *keys)
{
	(void)snprintf(uri, sizeof(uri), "%s%s", rig_path(), keys);
	return uri;
}

void rig_folder_end(void)
{
	assert_int_equal(rmdir(rig_folder()), 0); /* nothing is left in it */
	folder[0] = '\0';
}

/* ---- the platform ---- */

static int32_t hold(void *model, struct scmi_request *req)
{
	struct place *p = model;

	atomic_store(&p->held, req);
	return SCMI_REQUEST_LATER;
}

static const struct scmi_server_command own_commands[] = {{.handle = hold, .message = RIG_HOLD}};

static void start_platform(struct place *p)
{
	struct scmi_platform_config config = {.size = sizeof(config),
					      .servers = p->servers,
					      .servers_n = 2,
					      .agents = p->agents,
					      .agents_n = scmi_vhost_user_scheme()->agents(p->listener)};

	p->model = (struct scmi_base_model){.size = sizeof(p->model), .vendor = "unit"};
	scmi_base_server(&p->base, &p->model);
	p->own = (struct scmi_server){.size = sizeof(p->own),
				      .protocol = RIG_PROTOCOL,
				      .commands = own_commands,
				      .commands_n = 1,
				      .version = SCMI_VERSION(1, 0),
				      .model = p};
	p->servers[0] = &p->base;
	p->servers[1] = &p->own;
	assert_in_range(config.agents_n, 1, RIG_AGENTS);
	for (uint32_t i = 0; i < config.agents_n; i++)
		p->agents[i] = (struct scmi_platform_agent){
			.size = sizeof(p->agents[i]), .endpoint = scmi_vhost_user_scheme()->endpoint(p->listener, i)};
	assert_int_equal(scmi_platform_init(&p->platform, p->memory, sizeof(p->memory), &config), SCMI_OK);
	assert_int_equal(scmi_platform_start(p->platform), SCMI_OK);
}

static void *serve(void *arg)
{
	struct place *p = arg;

	return scmi_vhost_user_scheme()->run(p->listener) == SCMI_OK ? p : NULL;
}

void place_run(struct place *p)
{
	assert_int_equal(pthread_create(&p->thread, NULL, serve, p), 0);
	p->runs = true;
}

void place_halt(struct place *p)
{
	void *ended;

	if (!p->runs)
		return;
	scmi_vhost_user_scheme()->end(p->listener);
	assert_int_equal(pthread_join(p->thread, &ended), 0);
	assert_ptr_equal(ended, p);
	p->runs = false;
}

struct place *place_open(const char *rest)
{
	struct place *p = calloc(1, sizeof(*p));
	const struct scmi_why why = {rig_why, sizeof(rig_why)};

	assert_non_null(p);
	rig_why[0] = '\0';
	assert_int_equal(scmi_posix_init(&p->posix, &p->port), SCMI_OK);
	rig_err = scmi_vhost_user_scheme()->listen(&p->listener, rest, &p->port, &why);
	if (rig_err != SCMI_OK) {
		scmi_posix_fini(&p->posix);
		free(p);
		return NULL;
	}
	start_platform(p);
	return p;
}

struct place *place_running(const char *rest)
{
	struct place *p = place_open(rest);

	assert_non_null(p);
	place_run(p);
	return p;
}

void place_close(struct place *p)
{
	place_halt(p);
	assert_int_equal(scmi_platform_fini(p->platform), SCMI_OK);
	scmi_vhost_user_scheme()->unlisten(p->listener);
	scmi_posix_fini(&p->posix);
	free(p);
}

void place_await_held(struct place *p)
{
	struct hang hang = hang_watch();

	while (atomic_load(&p->held) == NULL) {
		assert_false(hangs(&hang));
		usleep(500);
	}
}

void place_release(struct place *p)
{
	place_await_held(p);
	assert_int_equal(scmi_request_reply(atomic_exchange(&p->held, NULL), SCMI_SUCCESS), SCMI_OK);
}

/* ---- standard error ---- */

static int shown = -1; /* where it went before */
static int caught = -1;

void lines_begin(void)
{
	(void)fflush(stderr);
	caught = memfd_create("lines", MFD_CLOEXEC);
	shown = dup(STDERR_FILENO);
	assert_true(caught >= 0 && shown >= 0);
	assert_true(dup2(caught, STDERR_FILENO) >= 0);
}

static size_t all_lines(char *text, size_t room)
{
	const ssize_t n = pread(caught, text, room - 1u, 0);

	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

void lines_end(void)
{
	static char text[65536];

	if (shown < 0)
		return;
	(void)fflush(stderr);
	(void)dup2(shown, STDERR_FILENO);
	(void)all_lines(text, sizeof(text));
	(void)fputs(text, stderr);
	close(shown);
	close(caught);
	shown = caught = -1;
}

unsigned lines_with(const char *wanted)
{
	static char text[65536];
	char *rest = text;
	char *line;
	unsigned n = 0;

	(void)all_lines(text, sizeof(text));
	while ((line = strtok_r(rest, "\n", &rest)) != NULL)
		n += strstr(line, wanted) != NULL;
	return n;
}
