/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a command costs over a mailbox: the whole agent, the area, the whole platform, which answers at once.
 *
 *   bench_mailbox count N            N calls on one thread, the platform in the doorbell (for an instruction counter);
 *                                    its side alone is what bench_platform() does
 *   bench_mailbox threads [SAMPLES]  agent and platform polling on two processors, against the ping-pong of a line
 */
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/server/base.h>
#include <scmi/transport/mailbox.h>

#include "arrange.h"
#include "rig.h"

#define PAYLOAD      (SCMI_SHMEM_BYTES_DEFAULT - SCMI_SHMEM_PAYLOAD)
#define SECONDS_MOST 20

static struct {
	alignas(128) unsigned char area[SCMI_SHMEM_BYTES_DEFAULT];
	alignas(128) struct scmi_mailbox mailbox;
	alignas(128) max_align_t end_mem[SCMI_MAILBOX_END_WORDS(PAYLOAD)];
	alignas(128) max_align_t platform_mem[SCMI_PLATFORM_WORDS(1, 1)];
	struct scmi_mailbox_end *end;
	struct scmi_platform *platform;
} world;

int bench_platform(void *ctx, enum scmi_mailbox_signal signal);

/* Counted: all that the platform's side does for a command. */
__attribute__((noinline)) int bench_platform(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	return scmi_mailbox_end_serve(world.end, 1) >= 0 ? SCMI_OK : SCMI_E_NOPEER;
}

static const struct scmi_mailbox_doorbell in_the_ring = {
	.version = SCMI_MAILBOX_DOORBELL_V1, .caps = SCMI_CAP_SYNC_SEND, .name = "bench", .ring = bench_platform};

static void open_platform(const struct scmi_shmem *area)
{
	static struct scmi_base_model model = {.size = sizeof(model), .vendor = "bench"};
	static struct scmi_server base;
	static const struct scmi_server *servers[] = {&base};
	static struct scmi_endpoint endpoint;
	static struct scmi_platform_agent who = {.size = sizeof(who), .name = "bench", .endpoint = &endpoint};
	const struct scmi_mailbox_end_config end = {.size = sizeof(end), .areas = {*area}};
	const struct scmi_platform_config config = {
		.size = sizeof(config), .servers = servers, .servers_n = 1, .agents = &who, .agents_n = 1};

	scmi_base_server(&base, &model);
	must(scmi_mailbox_end_init(&world.end, world.end_mem, sizeof(world.end_mem), &end, &endpoint), "end");
	must(scmi_platform_init(&world.platform, world.platform_mem, sizeof(world.platform_mem), &config), "platform");
	must(scmi_platform_start(world.platform), "platform");
}

/* bell: const struct scmi_mailbox_doorbell *; NULL: both poll. */
static void open_world(const void *bell)
{
	struct scmi_mailbox_config config = {
		.size = sizeof(config),
		.areas = {{.mem = world.area, .len = sizeof(world.area), .flags = SCMI_SHMEM_WIDE}},
		.doorbell = bell,
	};
	struct scmi_transport transport;

	open_platform(&config.areas[0]);
	must(scmi_mailbox_init(&world.mailbox, &config, &transport), "mailbox");
	open_transport(&transport, 0);
}

static void close_world(void)
{
	close_rig();
	must(scmi_platform_fini(world.platform), "platform");
}

/* ---- one thread ---- */

static int count(long n)
{
	static uint8_t version[4];
	struct scmi_call call = version_call(version);

	open_world(&in_the_ring);
	for (long i = 0; i < n; i++)
		must(scmi_agent_call(rig.agent, &call), "call");
	close_world();
	return 0;
}

/* ---- two processors ---- */

static long call_step(void *arg, long n)
{
	static uint8_t version[4];
	struct scmi_call call = version_call(version);

	(void)arg;
	for (long i = 0; i < n; i++)
		must(scmi_agent_call(rig.agent, &call), "call");
	return n;
}

static long serve_step(void *arg, long n)
{
	long did = 0;

	(void)arg;
	for (long i = 0; i < n; i++)
		did += scmi_mailbox_end_serve(world.end, 1);
	return did;
}

static struct arrangement all[] = {
	{"mailbox, a call there and back, agent and platform", .open = open_world, .close = close_world,
	 .mine = {call_step, NULL}, .other = {serve_step, NULL}, .n = 200, .limits = {2.0, 1.3}},
};

static void time_threads(int samples)
{
	if (!pair_open()) {
		printf("agent and platform over a mailbox: not measured, there are no two processors for us\n");
		return;
	}
	arrange_and_show(all, sizeof(all) / sizeof(all[0]), samples, SECONDS_MOST);
	pair_close();
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	const int samples = argc == 3 ? atoi(argv[2]) : SAMPLES_MAX;

	setvbuf(stdout, NULL, _IOLBF, 0);
	open_port();
	if (argc == 3 && strcmp(mode, "count") == 0)
		return count(atol(argv[2]));
	if ((argc == 2 || argc == 3) && strcmp(mode, "threads") == 0) {
		time_threads(samples < 1 ? 1 : samples > SAMPLES_MAX ? SAMPLES_MAX : samples);
		return 0;
	}
	fprintf(stderr, "usage: bench_mailbox count N | threads [SAMPLES]\n");
	return 2;
}
