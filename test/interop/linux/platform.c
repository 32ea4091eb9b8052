/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The platform that a real kernel talks to: the simulated clocks and sensors, and a vendor's protocol, 0x80, whose
 * command 3 is answered a little after there is a file DIRECTORY/answer, which is then removed.
 *
 *   linux_mailbox_platform DIRECTORY MBOXES SHMEMS
 *
 * makes DIRECTORY/page and DIRECTORY/socket, serves one kernel, and ends when that has gone. The last line of its
 * output tells what it has seen.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <scmi/message.h>
#include <scmi/platform.h>
#include <scmi/port/posix.h>
#include <scmi/server/base.h>

#include "link.h"
#include "sim.h"

#define PROTOCOL_LATE 0x80u
#define LATE_ANSWER   3u
#define SERVERS       4u
#define TAKE_MAX      16
#define LITTLE_US     300000u

struct host {
	struct scmi_posix posix;
	struct scmi_port port;
	struct link link;
	struct scmi_mailbox_end *end;
	struct sim *sim;
	struct scmi_base_model model;
	struct scmi_server base;
	struct scmi_server late;
	struct scmi_request *late_request; /* that waits for its answer */
	uint64_t late_us;                  /* when it gets it */
	char told[100];                    /* the file */
	const struct scmi_server *servers[SERVERS];
	struct scmi_endpoint endpoint;
	struct scmi_platform_agent agent;
	struct scmi_platform *platform;
};

static struct host host;
static max_align_t platform_memory[SCMI_PLATFORM_WORDS(1, SERVERS)];
static max_align_t end_memory[SCMI_MAILBOX_END_WORDS(LINK_AREA_BYTES)];

static uint64_t now_us(void)
{
	return host.port.now_us(host.port.ctx);
}

static int32_t late_answer(void *model, struct scmi_request *req)
{
	(void)model;
	if (host.late_request != NULL)
		return SCMI_BUSY;
	host.late_request = req;
	host.late_us = SCMI_NEVER;
	return SCMI_REQUEST_LATER;
}

static const struct scmi_server_command late_commands[] = {
	{.message = LATE_ANSWER, .handle = late_answer},
};

static void end_late(uint64_t until_us)
{
	struct scmi_request *req = host.late_request;

	if (req != NULL && unlink(host.told) == 0)
		host.late_us = now_us() + LITTLE_US;
	if (req == NULL || host.late_us > until_us)
		return;
	host.late_request = NULL;
	(void)scmi_request_reply(req, SCMI_SUCCESS); /* whether it is in time is what the test is about */
}

static void fill_servers(void)
{
	host.model = (struct scmi_base_model){
		.size = sizeof(host.model),
		.vendor = "acme",
		.sub_vendor = "mailbox",
		.implementation_version = 0x00012345u,
	};
	scmi_base_server(&host.base, &host.model);
	host.late = (struct scmi_server){
		.size = sizeof(host.late),
		.protocol = PROTOCOL_LATE,
		.version = SCMI_VERSION(1, 0),
		.commands = late_commands,
		.commands_n = sizeof(late_commands) / sizeof(late_commands[0]),
	};
	host.servers[0] = &host.base;
	host.servers[1] = sim_clock_server(host.sim);
	host.servers[2] = sim_sensor_server(host.sim);
	host.servers[3] = &host.late;
}

static void show_log(void *arg, enum scmi_log_level level, const char *text)
{
	(void)arg;
	(void)level;
	fprintf(stderr, "platform: %s\n", text);
}

static int open_end(void)
{
	struct scmi_mailbox_end_config config = {
		.size = sizeof(config), .doorbell = &host.link.doorbell, .port = &host.port};
	const char *why = NULL;
	int err;

	memcpy(config.areas, host.link.areas, sizeof(config.areas));
	err = scmi_mailbox_end_check(&config, &why);
	if (err != SCMI_OK)
		fprintf(stderr, "platform: mailbox: %s\n", why);
	else
		err = scmi_mailbox_end_init(&host.end, end_memory, sizeof(end_memory), &config, &host.endpoint);
	return err;
}

static int open_platform(void)
{
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = host.servers,
		.servers_n = SERVERS,
		.agents = &host.agent,
		.agents_n = 1,
		.log = show_log,
	};
	int err = sim_open(&host.sim, sim_find_set("demo"), NULL, 1, &host.port);

	if (err == SCMI_OK)
		err = open_end();
	if (err != SCMI_OK)
		return err;
	fill_servers();
	host.agent =
		(struct scmi_platform_agent){.size = sizeof(host.agent), .name = "linux", .endpoint = &host.endpoint};
	err = scmi_platform_init(&host.platform, platform_memory, sizeof(platform_memory), &config);
	return err == SCMI_OK ? scmi_platform_start(host.platform) : err;
}

/* What the kernel asks, what time brings, until the kernel has gone. */
static void live(void)
{
	uint64_t tick = 0;

	for (;;) {
		const enum link_event event = link_sleep(&host.link, (int)(SIM_TICK_US / 1000u));
		const uint64_t now = now_us();

		if (event == LINK_GONE)
			return;
		/* One took as many as it may: there may be more, and no new doorbell for them. */
		while (event == LINK_RUNG && scmi_mailbox_end_serve(host.end, TAKE_MAX) >= TAKE_MAX)
			;
		if (now < tick)
			continue;
		end_late(now);
		sim_tick(host.sim);
		tick = now + SIM_TICK_US;
	}
}

/* The kernel's doorbells of one kind; where they share a channel with others, those too. */
static uint32_t heard(enum scmi_mailbox_signal signal)
{
	const int channel = scmi_mailbox_channel(host.link.mboxes, host.link.shmems, signal);

	return channel >= 0 ? host.link.heard[channel] : 0u;
}

static void show_stats(void)
{
	struct scmi_mailbox_end_stats s = {.size = sizeof(s)};

	if (scmi_mailbox_end_stats(host.end, &s) != SCMI_OK)
		return;
	printf("platform: taken=%" PRIu32 " rung=%" PRIu32 " bad_status=%" PRIu32 " bad_length=%" PRIu32
	       " bad_check=%" PRIu32 " stale=%" PRIu32 " events=%" PRIu32 " open=%" PRIu32 " tx=%" PRIu32
	       " rx_reply=%" PRIu32 "\n",
	       s.taken, s.rung, s.bad_status, s.bad_length, s.bad_check, s.stale, s.events, s.open,
	       heard(SCMI_MAILBOX_TX), heard(SCMI_MAILBOX_RX_REPLY));
}

static int close_platform(void)
{
	int err;

	(void)scmi_platform_stop(host.platform);
	end_late(SCMI_NEVER);
	sim_end(host.sim);
	show_stats();
	err = scmi_platform_fini(host.platform);
	sim_close(host.sim);
	return err;
}

int main(int argc, char **argv)
{
	int err;

	if (argc != 4) {
		fprintf(stderr, "usage: %s DIRECTORY MBOXES SHMEMS\n", argv[0]);
		return 2;
	}
	snprintf(host.told, sizeof(host.told), "%s/answer", argv[1]);
	err = scmi_posix_init(&host.posix, &host.port);
	if (err == SCMI_OK)
		err = link_open(&host.link, argv[1], (uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]));
	if (err == SCMI_OK)
		err = open_platform();
	if (err == SCMI_OK && link_accept(&host.link) != 0)
		err = SCMI_E_IO;
	if (err != SCMI_OK) {
		fprintf(stderr, "platform: %s\n", scmi_strerror(err));
		return 1;
	}
	live();
	err = close_platform();
	link_close(&host.link);
	scmi_posix_fini(&host.posix);
	return err != SCMI_OK;
}
