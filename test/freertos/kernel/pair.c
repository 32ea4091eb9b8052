/* SPDX-License-Identifier: BSD-3-Clause */
/* Two tasks and two areas of memory: an agent's task, whose calls sleep or poll, and a platform's, which its doorbell wakes. */
#include <stdbool.h>
#include <stddef.h>

#include <FreeRTOS.h>
#include <task.h>

#include <scmi/agent.h>
#include <scmi/platform.h>
#include <scmi/protocol/base.h>
#include <scmi/server/base.h>
#include <scmi/transport/mailbox.h>

#include "rtos.h"

#define SLOTS 4u
#define CALLS 500u
#define WORDS 4096u

static uint32_t areas[SCMI_MAILBOX_AREAS][SCMI_SHMEM_BYTES_DEFAULT / 4u];
static max_align_t agent_mem[SCMI_AGENT_WORDS(SLOTS)];
static max_align_t end_mem[SCMI_MAILBOX_END_WORDS(SCMI_SHMEM_BYTES_DEFAULT - SCMI_SHMEM_PAYLOAD)];
static max_align_t platform_mem[SCMI_PLATFORM_WORDS(1, 1)];
static max_align_t bell[(SCMI_EVENT_BYTES_MAX + sizeof(max_align_t) - 1u) / sizeof(max_align_t)];

static const struct scmi_port *port;
static struct scmi_mailbox mailbox;
static struct scmi_mailbox_end *end;
static struct scmi_endpoint endpoint;
static struct scmi_platform *platform;
static struct scmi_agent *agent;
static struct scmi_transport transport;

static StaticTask_t task;
static StackType_t stack[WORDS];
static volatile bool leave, left;

/* ---- doorbells ---- */

static int ring_platform(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	port->event_signal(port->ctx, bell);
	return SCMI_OK;
}

static int ring_agent(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	rtos_raise();
	return SCMI_OK;
}

static int start(void *ctx, struct scmi_mailbox *m, struct scmi_shmem a[SCMI_MAILBOX_AREAS])
{
	(void)ctx;
	(void)m;
	(void)a;
	return SCMI_OK;
}

static void stop(void *ctx)
{
	(void)ctx;
}

static const struct scmi_mailbox_doorbell to_platform = {
	.version = SCMI_MAILBOX_DOORBELL_V1,
	.caps = SCMI_CAP_IRQ | SCMI_CAP_ATOMIC,
	.name = "task",
	.start = start,
	.stop = stop,
	.ring = ring_platform,
};
static const struct scmi_mailbox_doorbell to_agent = {
	.version = SCMI_MAILBOX_DOORBELL_V1,
	.name = "interrupt",
	.ring = ring_agent,
};

static void on_interrupt(void)
{
	scmi_mailbox_interrupt(&mailbox);
}

/* ---- the platform ---- */

static void run_platform(void *arg)
{
	(void)arg;
	while (!leave) {
		(void)port->event_wait(port->ctx, bell, SCMI_NEVER);
		(void)scmi_mailbox_end_serve(end, 4);
	}
	left = true;
	vTaskSuspend(NULL);
}

static int make_platform(void)
{
	static struct scmi_base_model model;
	static struct scmi_server base;
	static const struct scmi_server *const servers[] = {&base};
	static struct scmi_platform_agent who;
	const struct scmi_mailbox_end_config end_config = {
		.size = sizeof(end_config),
		.areas = {{.mem = areas[0], .len = sizeof(areas[0])}, {.mem = areas[1], .len = sizeof(areas[1])}},
		.doorbell = &to_agent,
		.port = port,
	};
	struct scmi_platform_config config = {
		.size = sizeof(config), .servers = servers, .servers_n = 1, .agents = &who, .agents_n = 1};
	int err = port->event_init(port->ctx, bell);

	model = (struct scmi_base_model){.size = sizeof(model), .vendor = "freertos"};
	scmi_base_server(&base, &model);
	who = (struct scmi_platform_agent){.size = sizeof(who), .name = "task", .endpoint = &endpoint};
	if (err == SCMI_OK)
		err = scmi_mailbox_end_init(&end, end_mem, sizeof(end_mem), &end_config, &endpoint);
	if (err == SCMI_OK)
		err = scmi_platform_init(&platform, platform_mem, sizeof(platform_mem), &config);
	return err == SCMI_OK ? scmi_platform_start(platform) : err;
}

/* ---- the agent ---- */

static int make_agent(void)
{
	const struct scmi_mailbox_config mailbox_config = {
		.size = sizeof(mailbox_config),
		.max_inflight = SLOTS,
		.areas = {{.mem = areas[0], .len = sizeof(areas[0])}, {.mem = areas[1], .len = sizeof(areas[1])}},
		.doorbell = &to_platform,
		.port = port,
	};
	const struct scmi_agent_config config = {
		.size = sizeof(config), .transport = &transport, .port = port, .options.slots = SLOTS};
	int err = scmi_mailbox_init(&mailbox, &mailbox_config, &transport);

	if (err == SCMI_OK)
		err = scmi_agent_init(&agent, agent_mem, sizeof(agent_mem), &config);
	return err == SCMI_OK ? scmi_agent_start(agent) : err;
}

static const char *call(uint16_t flags)
{
	uint32_t version = 0;
	struct scmi_call c = {
		.size = sizeof(c),
		.protocol = SCMI_PROTOCOL_BASE,
		.flags = flags,
		.reply = &version,
		.reply_cap = sizeof(version),
	};

	if (scmi_agent_call(agent, &c) != SCMI_OK)
		return flags != 0 ? "a call that polls fails" : "a call that sleeps fails";
	return c.reply_len == sizeof(version) && version != 0 ? NULL : "a call has another answer";
}

static const char *talk(void)
{
	struct scmi_base_info info = {.size = sizeof(info)};
	struct scmi_agent_stats stats = {.size = sizeof(stats)};
	const char *wrong = scmi_base_discover(agent, &info) == SCMI_OK ? NULL : "discovery fails";
	unsigned i;

	for (i = 0; i < CALLS && wrong == NULL; i++)
		wrong = call(i % 2u != 0 ? SCMI_CALL_POLL : 0);
	if (wrong == NULL && scmi_agent_stats(agent, SCMI_ALL_LINKS, &stats) != SCMI_OK)
		wrong = "no statistics";
	if (wrong == NULL && (stats.ok + stats.remote != stats.submitted || stats.submitted < CALLS))
		wrong = "a call is lost";
	return wrong;
}

/* The platform's task looks once more before it goes. */
static void end_platform(void)
{
	leave = true;
	while (!left) {
		port->event_signal(port->ctx, bell);
		port->relax(port->ctx);
	}
	port->event_fini(port->ctx, bell);
}

const char *pair_run(const struct scmi_port *which, unsigned priority)
{
	const char *wrong = NULL;

	port = which;
	leave = left = false;
	rtos_on_interrupt(on_interrupt);
	if (make_platform() != SCMI_OK || make_agent() != SCMI_OK)
		return "an end cannot be made";
	xTaskCreateStatic(run_platform, "platform", WORDS, NULL, priority, stack, &task);
	wrong = talk();
	end_platform();
	if (wrong == NULL && (scmi_agent_fini(agent) != SCMI_OK || scmi_platform_fini(platform) != SCMI_OK))
		wrong = "an end does not end";
	vTaskDelete((TaskHandle_t)&task);
	return wrong;
}
