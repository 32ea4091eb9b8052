/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../transports/vhost_user/front.h"
#include "../support/hang.h"
#include "fds.h"
#include "vhost_front_rig.h"

int rig_err;
char rig_why[200];

static char folder[sizeof("/tmp/scmi-vhost-XXXXXX")];
static char path[sizeof(folder) + 2];
static unsigned fds;
static unsigned maps;

const char *rig_path(void)
{
	if (folder[0] == '\0') {
		(void)snprintf(folder, sizeof(folder), "/tmp/scmi-vhost-XXXXXX");
		assert_non_null(mkdtemp(folder));
		(void)snprintf(path, sizeof(path), "%s/s", folder);
	}
	return path;
}

int rig_folder_end(void **state)
{
	(void)state;
	assert_int_equal(rmdir(folder), 0);
	folder[0] = '\0';
	return 0;
}

/* ---- what is left behind ---- */

static unsigned count_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[500];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, "scmi-vhost-user") != NULL;
	(void)fclose(f);
	return n;
}

void rig_mark(void)
{
	maps = count_maps();
	fds = open_fds();
}

/* What the back end has still it lets go of when it has seen the connection go. */
bool rig_is_clean(void)
{
	struct hang hang = hang_watch();

	while (open_fds() != fds || count_maps() != maps) {
		if (hangs(&hang))
			return false;
	}
	return true;
}

/* ---- agents ---- */

struct guest *guest_new(const char *rest, bool comes_back)
{
	const struct scmi_why why = {rig_why, sizeof(rig_why)};
	struct guest *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	assert_int_equal(scmi_posix_init(&g->posix, &g->port), SCMI_OK);
	g->comes_back = comes_back;
	rig_why[0] = '\0';
	rig_err = scmi__vu_front_open(&g->link, rest != NULL ? rest : rig_path(), &g->port, &g->transport, &why);
	if (rig_err == SCMI_OK)
		return g;
	scmi_posix_fini(&g->posix);
	free(g);
	return NULL;
}

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct guest *g = self->arg;

	(void)payload;
	(void)len;
	g->notices++;
	g->notice = hdr;
}

static void listen_to_all(struct guest *g)
{
	g->node = (struct scmi_subscriber){
		.size = sizeof(g->node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = on_notify, .arg = g};
	assert_int_equal(scmi_agent_subscribe(g->agent, &g->node), SCMI_OK);
}

int guest_start(struct guest *g)
{
	struct scmi_agent_config config = {.size = sizeof(config),
					   .transport = &g->transport,
					   .port = &g->port,
					   .options.slots = g->transport.max_inflight > 64u ? 256 : 0,
					   .options.reconnect_us = g->comes_back ? 2000 : 0};
	size_t size;

	if ((g->transport.caps & SCMI_CAP_NOTIFY) != 0)
		config.event_buffers = 4;
	size = scmi_agent_size(&config);
	g->memory = malloc(size);
	assert_non_null(g->memory);
	assert_int_equal(scmi_agent_init(&g->agent, g->memory, size, &config), SCMI_OK);
	if (config.event_buffers != 0)
		listen_to_all(g);
	rig_err = scmi_agent_start(g->agent);
	return rig_err;
}

void guest_close(struct guest *g)
{
	if (g->agent != NULL)
		assert_int_equal(scmi_agent_fini(g->agent), SCMI_OK);
	scmi__vu_front_close(g->link);
	scmi_posix_fini(&g->posix);
	free(g->memory);
	free(g);
}

struct guest *guest_open(const char *rest, bool comes_back)
{
	struct guest *g = guest_new(rest, comes_back);

	if (g == NULL || guest_start(g) == SCMI_OK)
		return g;
	guest_close(g);
	return NULL;
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

struct scmi_agent_stats guest_stats(struct guest *g)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_agent_stats(g->agent, 0, &s), SCMI_OK);
	return s;
}
