/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/hang.h"
#include "mailbox_linux_rig.h"

int rig_err;
char rig_why[200];

static char folder[sizeof("/tmp/scmi-unit-XXXXXX")];
static char uri[200];
static char shm[100];

const char *rig_folder(void)
{
	if (folder[0] == '\0') {
		(void)snprintf(folder, sizeof(folder), "/tmp/scmi-unit-XXXXXX");
		assert_non_null(mkdtemp(folder));
	}
	return folder;
}

const char *rig_uri(const char *more)
{
	(void)snprintf(uri, sizeof(uri), "unix=%s/s%s", rig_folder(), more);
	return uri;
}

const char *rig_shm_uri(const char *more)
{
	(void)snprintf(shm, sizeof(shm), "shm=/scmi-unit-%d%s", (int)getpid(), more);
	return shm;
}

const char *rig_uri_of(bool is_shm, const char *more)
{
	return is_shm ? rig_shm_uri(more) : rig_uri(more);
}

void rig_folder_end(void)
{
	assert_int_equal(rmdir(folder), 0); /* nothing is left in it */
	folder[0] = '\0';
}

static struct scmi_why why_here(void)
{
	rig_why[0] = '\0';
	return (struct scmi_why){rig_why, sizeof(rig_why)};
}

unsigned rig_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[500];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, "scmi-mailbox") != NULL || strstr(line, "/dev/shm/") != NULL;
	(void)fclose(f);
	return n;
}

/* ---- the platform ---- */

static void start_platform(struct place *p)
{
	struct scmi_platform_config config = {.size = sizeof(config),
					      .servers = p->servers,
					      .servers_n = 1,
					      .agents = p->agents,
					      .agents_n = scmi_mailbox_scheme()->agents(p->listener)};

	p->model = (struct scmi_base_model){.size = sizeof(p->model), .vendor = "unit"};
	scmi_base_server(&p->base, &p->model);
	p->servers[0] = &p->base;
	assert_in_range(config.agents_n, 1, RIG_AGENTS);
	for (uint32_t i = 0; i < config.agents_n; i++)
		p->agents[i] = (struct scmi_platform_agent){
			.size = sizeof(p->agents[i]), .endpoint = scmi_mailbox_scheme()->endpoint(p->listener, i)};
	assert_int_equal(scmi_platform_init(&p->platform, p->memory, sizeof(p->memory), &config), SCMI_OK);
	assert_int_equal(scmi_platform_start(p->platform), SCMI_OK);
}

static void *serve(void *arg)
{
	struct place *p = arg;

	return scmi_mailbox_scheme()->run(p->listener) == SCMI_OK ? p : NULL;
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
	scmi_mailbox_scheme()->end(p->listener);
	assert_int_equal(pthread_join(p->thread, &ended), 0);
	assert_ptr_equal(ended, p);
	p->runs = false;
}

struct place *place_open(const char *rest)
{
	struct place *p = calloc(1, sizeof(*p));
	const struct scmi_why why = why_here();

	assert_non_null(p);
	assert_int_equal(scmi_posix_init(&p->posix, &p->port), SCMI_OK);
	rig_err = scmi_mailbox_scheme()->listen(&p->listener, rest, &p->port, &why);
	if (rig_err != SCMI_OK) {
		scmi_posix_fini(&p->posix);
		free(p);
		return NULL;
	}
	start_platform(p);
	return p;
}

void place_close(struct place *p)
{
	place_halt(p);
	assert_int_equal(scmi_platform_fini(p->platform), SCMI_OK);
	scmi_mailbox_scheme()->unlisten(p->listener);
	scmi_posix_fini(&p->posix);
	free(p);
}

/* ---- agents ---- */

int guest_start(struct guest *g)
{
	struct scmi_agent_config config = {.size = sizeof(config),
					   .transport = &g->transport,
					   .port = &g->port,
					   .options.reconnect_us = g->stays_lost ? 0 : 2000};

	assert_int_equal(scmi_agent_init(&g->agent, g->memory, sizeof(g->memory), &config), SCMI_OK);
	return scmi_agent_start(g->agent);
}

struct guest *guest_new(void)
{
	struct guest *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	assert_int_equal(scmi_posix_init(&g->posix, &g->port), SCMI_OK);
	return g;
}

int guest_link(struct guest *g, const char *rest)
{
	const struct scmi_why why = why_here();

	return scmi_mailbox_scheme()->open(&g->link, rest, &g->port, &g->transport, &why);
}

struct guest *guest_open(const char *rest)
{
	struct guest *g = guest_new();

	rig_err = guest_link(g, rest);
	if (rig_err == SCMI_OK) {
		rig_err = guest_start(g);
		if (rig_err == SCMI_OK)
			return g;
		assert_int_equal(scmi_agent_fini(g->agent), SCMI_OK);
		scmi_mailbox_scheme()->close(g->link);
	}
	scmi_posix_fini(&g->posix);
	free(g);
	return NULL;
}

void guest_close(struct guest *g)
{
	assert_int_equal(scmi_agent_fini(g->agent), SCMI_OK);
	scmi_mailbox_scheme()->close(g->link);
	scmi_posix_fini(&g->posix);
	free(g);
}

int guest_ask(struct guest *g)
{
	uint8_t version[4];
	struct scmi_call call = {.size = sizeof(call),
				 .protocol = SCMI_PROTOCOL_BASE,
				 .message = SCMI_PROTOCOL_VERSION,
				 .reply = version,
				 .reply_cap = sizeof(version),
				 .timeout_us = HANG_US};

	return scmi_agent_call(g->agent, &call);
}

bool guest_comes_back(struct guest *g)
{
	struct hang hang = hang_watch();

	while (guest_ask(g) != SCMI_OK) {
		if (hangs(&hang))
			return false;
		(void)scmi_agent_poll(g->agent, 1);
		g->port.relax(g->port.ctx);
	}
	return true;
}
