/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include <scmi/message.h>
#include <scmi/platform.h>
#include <scmi/server/base.h>

#include "stress.h"

#define LATER   4u
#define DELAYED 6u

static struct scmi_mailbox_end *end;
static struct scmi_platform *platform;

/* ---- what is answered later ---- */

static _Atomic(struct scmi_request *) later[LATER];

struct promise {
	struct scmi_delayed delayed;
	uint32_t buf[2];
	uint32_t number;
	_Atomic uint32_t state; /* 0: free, 1: being made, 2: to be sent, 3: sent */
};

static struct promise promises[DELAYED];

static void put_values(struct scmi_request *req, uint32_t number)
{
	scmi_request_put_u32(req, number ^ STRESS_KEY);
}

static int32_t echo(void *model, struct scmi_request *req)
{
	(void)model;
	put_values(req, scmi_request_u32(req, 0));
	return SCMI_SUCCESS;
}

static int32_t answer_later(void *model, struct scmi_request *req)
{
	put_values(req, scmi_request_u32(req, 0));
	(void)model;
	for (uint32_t i = 0; i < LATER; i++) {
		struct scmi_request *none = NULL;

		if (atomic_compare_exchange_strong(&later[i], &none, req))
			return SCMI_REQUEST_LATER;
	}
	return SCMI_SUCCESS;
}

static void on_sent(struct scmi_delayed *d, int err)
{
	struct promise *p = d->arg;

	(void)err;
	atomic_store(&p->state, 0);
}

static struct promise *take_promise(void)
{
	for (uint32_t i = 0; i < DELAYED; i++) {
		uint32_t none = 0;

		if (atomic_compare_exchange_strong(&promises[i].state, &none, 1))
			return &promises[i];
	}
	return NULL;
}

static int32_t promise(void *model, struct scmi_request *req)
{
	struct promise *p = target_random(8) != 0 ? take_promise() : NULL;
	int32_t status;

	(void)model;
	if (p == NULL)
		return SCMI_BUSY;
	p->delayed.size = sizeof(p->delayed);
	p->delayed.cap = sizeof(p->buf);
	p->delayed.buf = p->buf;
	p->delayed.sent = on_sent;
	p->delayed.arg = p;
	p->number = scmi_request_u32(req, 0);
	status = scmi_request_delay(req, &p->delayed);
	atomic_store(&p->state, status == SCMI_SUCCESS ? 2u : 0u);
	return status;
}

static int32_t refuse(void *model, struct scmi_request *req)
{
	(void)model;
	(void)req;
	return SCMI_HARDWARE_ERROR;
}

static bool answer_one(uint32_t i)
{
	struct scmi_request *req = atomic_exchange(&later[i], NULL);

	if (req == NULL)
		return false;
	stress_check(scmi_request_reply(req, SCMI_SUCCESS) == SCMI_OK);
	return true;
}

static bool keep_one(struct promise *p)
{
	uint32_t due = 2;
	uint32_t value;
	int err;

	if (!atomic_compare_exchange_strong(&p->state, &due, 3))
		return false;
	scmi_put_le32(&value, p->number ^ STRESS_KEY);
	err = scmi_delayed_send(&p->delayed, SCMI_SUCCESS, &value, sizeof(value));
	if (err != SCMI_OK)
		atomic_store(&p->state, 0);
	return true;
}

bool stress_platform_later(void)
{
	const uint32_t from = target_random(LATER + DELAYED);

	for (uint32_t k = 0; k < LATER + DELAYED; k++) {
		const uint32_t i = (from + k) % (LATER + DELAYED);

		if (i < LATER ? answer_one(i) : keep_one(&promises[i - LATER]))
			return true;
	}
	return false;
}

void stress_platform_notify(void)
{
	uint32_t value;

	scmi_put_le32(&value, STRESS_KEY);
	(void)scmi_platform_notify(platform, SCMI_ALL_AGENTS, STRESS_MAILBOX, 0, &value, sizeof(value));
	(void)scmi_platform_notify(platform, SCMI_ALL_AGENTS, STRESS_LOOPBACK, 0, &value, sizeof(value));
}

static int32_t notify(void *model, struct scmi_request *req)
{
	(void)model;
	return scmi_request_notify(req, 0, scmi_request_u32(req, 0));
}

/* ---- making it ---- */

static const struct scmi_server_command commands[] = {
	{.message = STRESS_ECHO, .handle = echo, .params_min = 4, .params_max = 4},
	{.message = STRESS_LATER, .handle = answer_later, .params_min = 4, .params_max = 4},
	{.message = STRESS_DELAYED, .handle = promise, .params_min = 4, .params_max = 4, .flags = SCMI_COMMAND_P2A},
	{.message = STRESS_REFUSED, .handle = refuse, .params_min = 4, .params_max = 4},
	{.message = STRESS_NOTIFY, .handle = notify, .params_min = 4, .params_max = 4, .flags = SCMI_COMMAND_P2A},
};

static int ring_agent(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	/* Now and then by itself; else the timer does, some time. */
	if (target_random(4) == 0)
		board_irq_raise(IRQ_AGENT);
	return SCMI_OK;
}

static const struct scmi_mailbox_doorbell doorbell = {
	.version = SCMI_MAILBOX_DOORBELL_V1,
	.name = "nvic",
	.ring = ring_agent,
};

static void make_mailbox(const struct scmi_port *port, const struct scmi_shmem areas[SCMI_MAILBOX_AREAS],
			 struct scmi_endpoint *endpoint)
{
	static max_align_t mem[SCMI_MAILBOX_END_WORDS(STRESS_AREA - SCMI_SHMEM_PAYLOAD)];
	const struct scmi_mailbox_end_config config = {
		.size = sizeof(config), .areas = {areas[0], areas[1]}, .doorbell = &doorbell, .port = port};

	stress_check(scmi_mailbox_end_init(&end, mem, sizeof(mem), &config, endpoint) == SCMI_OK);
}

void stress_platform(const struct scmi_port *port, const struct scmi_shmem areas[SCMI_MAILBOX_AREAS],
		     const struct scmi_endpoint *loopback)
{
	static struct scmi_base_model model;
	static struct scmi_server base, server[2];
	static const struct scmi_server *const servers[] = {&base, &server[0], &server[1]};
	static struct scmi_endpoint mailbox;
	static struct scmi_platform_agent agents[2];
	static struct scmi_platform_config config;
	static max_align_t mem[SCMI_PLATFORM_WORDS(2, 3)];

	model = (struct scmi_base_model){.size = sizeof(model), .vendor = "stress"};
	scmi_base_server(&base, &model);
	for (uint32_t i = 0; i < 2u; i++)
		server[i] = (struct scmi_server){
			.size = sizeof(server[i]),
			.protocol = (uint8_t)(STRESS_MAILBOX + i),
			.version = SCMI_VERSION(1, 0),
			.commands = commands,
			.commands_n = sizeof(commands) / sizeof(commands[0]),
		};
	make_mailbox(port, areas, &mailbox);
	agents[0] = (struct scmi_platform_agent){.size = sizeof(agents[0]), .name = "mailbox", .endpoint = &mailbox};
	agents[1] = (struct scmi_platform_agent){.size = sizeof(agents[1]), .name = "loopback", .endpoint = loopback};
	config = (struct scmi_platform_config){
		.size = sizeof(config), .servers = servers, .servers_n = 3, .agents = agents, .agents_n = 2};
	stress_check(scmi_platform_init(&platform, mem, sizeof(mem), &config) == SCMI_OK);
	stress_check(scmi_platform_start(platform) == SCMI_OK);
}

void stress_platform_serve(void)
{
	(void)scmi_mailbox_end_serve(end, 4);
}

void stress_platform_end(void)
{
	struct scmi_platform_stats s = {.size = sizeof(s)};

	while (stress_platform_later())
		;
	stress_check(scmi_platform_stop(platform) == SCMI_OK);
	stress_check(scmi_platform_stats(platform, &s) == SCMI_OK);
	stress_check(s.requests == s.ok + s.errors + s.no_room + s.open);
	stress_check(s.delayed == s.delayed_sent + s.delayed_failed + s.delayed_open);
	stress_check(s.notified == s.sent + s.dropped + s.failed + s.merged + s.withdrawn + s.waiting);
	stress_check(s.open == 0 && s.double_replies == 0);
	stress_check(scmi_platform_fini(platform) == SCMI_OK);
}
