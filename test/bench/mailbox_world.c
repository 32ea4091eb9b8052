/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <stdalign.h>
#include <stddef.h>
#include <sys/mman.h>

#include <scmi/server/base.h>

#include "mailbox_world.h"
#include "measure.h"
#include "rig.h"

#define PAYLOAD (SCMI_SHMEM_BYTES_DEFAULT - SCMI_SHMEM_PAYLOAD)

#define PATIENCE_US 5000000u /* a busy machine may not let the platform run for long */

struct mailbox_world mailbox_world;

static uint8_t version[4];
static struct scmi_call call;

static alignas(128) max_align_t end_mem[SCMI_MAILBOX_END_WORDS(PAYLOAD)];
static alignas(128) max_align_t platform_mem[SCMI_PLATFORM_WORDS(1, 1)];

static void *shared_page(void)
{
	void *mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		fail(SCMI_E_NOMEM, "area");
	return mem;
}

void mailbox_open_platform(const struct scmi_mailbox_doorbell *bell)
{
	static struct scmi_base_model model = {.size = sizeof(model), .vendor = "bench"};
	static struct scmi_server base;
	static const struct scmi_server *servers[] = {&base};
	static struct scmi_endpoint endpoint;
	static struct scmi_platform_agent who = {.size = sizeof(who), .name = "bench", .endpoint = &endpoint};
	struct mailbox_world *w = &mailbox_world;
	struct scmi_mailbox_end_config end = {.size = sizeof(end), .doorbell = bell};
	const struct scmi_platform_config config = {
		.size = sizeof(config), .servers = servers, .servers_n = 1, .agents = &who, .agents_n = 1};

	if (w->area.mem == NULL)
		w->area = (struct scmi_shmem){
			.mem = shared_page(), .len = SCMI_SHMEM_BYTES_DEFAULT, .flags = SCMI_SHMEM_WIDE};
	end.areas[SCMI_MAILBOX_A2P] = w->area;
	scmi_base_server(&base, &model);
	must(scmi_mailbox_end_init(&w->end, end_mem, sizeof(end_mem), &end, &endpoint), "end");
	must(scmi_platform_init(&w->platform, platform_mem, sizeof(platform_mem), &config), "platform");
	must(scmi_platform_start(w->platform), "platform");
}

void mailbox_open_agent(const struct scmi_mailbox_doorbell *bell)
{
	const struct scmi_mailbox_config config = {
		.size = sizeof(config), .areas = {mailbox_world.area}, .doorbell = bell, .port = &rig.port};
	struct scmi_transport transport;

	call = version_call(version);
	call.timeout_us = PATIENCE_US;
	call.flags = bell == NULL ? SCMI_CALL_POLL : 0u;
	must(scmi_mailbox_init(&mailbox_world.mailbox, &config, &transport), "mailbox");
	open_transport(&transport, 0);
}

void mailbox_close_platform(void)
{
	must(scmi_platform_fini(mailbox_world.platform), "platform");
}

void mailbox_call(void)
{
	must(scmi_agent_call(rig.agent, &call), "call");
}
