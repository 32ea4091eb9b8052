/* SPDX-License-Identifier: BSD-3-Clause */
/* What the configurations of a mailbox allow, and which channel carries which signal. */
#include <string.h>

#include "mailbox_rig.h"

static void signals_have_their_channels(void **state)
{
	static const int8_t channels[5][6] = {
		{1, 1, 0, 0, -1, -1}, {2, 1, 0, 1, -1, -1}, {2, 2, 0, 0, 1, 1}, {3, 2, 0, 1, 2, 2}, {4, 2, 0, 1, 2, 3}};

	(void)state;
	for (uint32_t mboxes = 0; mboxes < 6; mboxes++) {
		for (uint32_t shmems = 0; shmems < 4; shmems++) {
			const int8_t *row = NULL;

			for (size_t i = 0; i < 5; i++) {
				if (channels[i][0] == (int)mboxes && channels[i][1] == (int)shmems)
					row = channels[i];
			}
			for (int s = 0; s < 5; s++) {
				const int expected =
					row == NULL || s > 3 || row[2 + s] < 0 ? SCMI_E_NOTSUP : row[2 + s];

				assert_int_equal(scmi_mailbox_channel(mboxes, shmems, (enum scmi_mailbox_signal)s),
						 expected);
			}
		}
	}
}

static int start(void *ctx, struct scmi_mailbox *mailbox, struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	(void)ctx;
	(void)mailbox;
	(void)areas;
	return SCMI_OK;
}

static void nothing(void *ctx)
{
	(void)ctx;
}

static int no_fd(void *ctx)
{
	(void)ctx;
	return -1;
}

struct bad {
	const char *member;
	struct scmi_mailbox_config config;
};

static uint32_t memory[2][RIG_AREA / 4u];

#define GOOD                                                                                                           \
	{                                                                                                              \
		.size = sizeof(struct scmi_mailbox_config), .areas = {                                                 \
			{.mem = memory[0], .len = RIG_AREA},                                                           \
			{.mem = memory[1], .len = RIG_AREA}                                                            \
		}                                                                                                      \
	}

static void doorbells_are_checked(void **state)
{
	static const struct scmi_mailbox_doorbell bells[] = {
		{.version = 2},
		{.version = 1, .caps = SCMI_CAP_POLL},
		{.version = 1, .start = start},
		{.version = 1, .wake = nothing},
		{.version = 1, .fd = no_fd, .clear = nothing},
		{.version = 1, .fd = no_fd, .raise = nothing},
		{.version = 1, .caps = SCMI_CAP_SYNC_SEND},
	};
	struct scmi_mailbox_config c = GOOD;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(bells) / sizeof(bells[0]); i++) {
		c.doorbell = &bells[i];
		assert_int_equal(scmi_mailbox_check(&c, &why), SCMI_E_INVAL);
		assert_memory_equal(why, "doorbell:", 9);
	}
}

static void good_configuration_is_taken(void **state)
{
	const struct scmi_mailbox_config good = GOOD;
	struct scmi_transport transport;
	struct scmi_mailbox mailbox;
	const char *why;

	(void)state;
	assert_int_equal(scmi_mailbox_check(NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_init(NULL, &good, &transport), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_init(&mailbox, &good, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_check(&good, &why), SCMI_OK);
	assert_null(why);
	assert_int_equal(scmi_mailbox_init(&mailbox, &good, &transport), SCMI_OK);
	assert_int_equal(transport.caps, SCMI_CAP_POLL | SCMI_CAP_CONCURRENT | SCMI_CAP_NOTIFY | SCMI_CAP_LATE_DELAYED);
	assert_int_equal(transport.max_inflight, SCMI_MAILBOX_INFLIGHT_DEFAULT);
	assert_int_equal(scmi_transport_check(&transport, &why), SCMI_OK);
	assert_int_equal(scmi_mailbox_stats(&mailbox, &(struct scmi_mailbox_stats){.size = 4}), SCMI_E_INVAL);
	assert_int_equal(
		scmi_mailbox_stats(NULL, &(struct scmi_mailbox_stats){.size = sizeof(struct scmi_mailbox_stats)}),
		SCMI_E_INVAL);
}

static void agent_configurations_are_checked(void **state)
{
	static const struct scmi_mailbox_doorbell starts = {.version = 1, .start = start, .stop = nothing};
	static const struct scmi_port no_port = {.version = 1};
	const struct scmi_mailbox_config good = GOOD;
	struct bad bads[16];
	struct scmi_transport transport;
	struct scmi_mailbox mailbox;
	const char *why;

	(void)state;
	for (size_t i = 0; i < 16; i++)
		bads[i].config = good;
	bads[0].member = "size:";
	bads[0].config.size--;
	bads[1].member = "flags:";
	bads[1].config.flags = 2;
	bads[2].member = "max_inflight:";
	bads[2].config.max_inflight = SCMI_MAILBOX_INFLIGHT_MAX + 1u;
	bads[3].member = "port:";
	bads[3].config.port = &no_port;
	bads[4].member = "mem:";
	bads[4].config.areas[0].mem = NULL;
	bads[5].member = "len:";
	bads[5].config.areas[1].len = 32;
	bads[6].member = "mem:";
	bads[6].config.areas[1].mem = NULL;
	bads[7].member = "areas:";
	bads[7].config.areas[1].mem = memory[0];
	bads[8].member = "doorbell:";
	bads[8].config.flags = SCMI_MAILBOX_FRESH;
	bads[9].member = "max_payload:";
	bads[9].config.flags = SCMI_MAILBOX_FRESH;
	bads[9].config.doorbell = &starts;
	bads[9].config.areas[0].mem = NULL;
	bads[9].config.max_payload = 7;
	bads[10] = bads[9];
	bads[10].config.max_payload = SCMI_SHMEM_BYTES_MAX;
	bads[11].member = "flags:";
	bads[11].config.areas[0].flags = 4;
	bads[12].member = "reserved_:";
	bads[12].config.areas[0].reserved_ = 1;
	bads[13].member = "check:";
	bads[13].config.areas[1].check = 4;
	bads[14].member = "areas:"; /* P2A begins in A2P, or the other way round */
	bads[14].config.areas[1].mem = (unsigned char *)good.areas[0].mem + good.areas[0].len - 4u;
	bads[15] = bads[14];
	bads[15].config.areas[1].mem = good.areas[0].mem;
	bads[15].config.areas[0].mem = (unsigned char *)good.areas[0].mem + good.areas[1].len - 4u;
	for (size_t i = 0; i < 16; i++) {
		assert_int_equal(scmi_mailbox_check(&bads[i].config, &why), SCMI_E_INVAL);
		assert_memory_equal(why, bads[i].member, strlen(bads[i].member));
		assert_int_equal(scmi_mailbox_init(&mailbox, &bads[i].config, &transport), SCMI_E_INVAL);
	}
}

static void end_configurations_are_checked(void **state)
{
	static max_align_t mem[SCMI_MAILBOX_END_WORDS(SCMI_SHMEM_BYTES_MAX)];
	struct scmi_mailbox_end_config c = {.size = sizeof(c)};
	struct scmi_endpoint endpoint;
	struct scmi_mailbox_end *end;
	const char *why;

	(void)state;
	assert_int_equal(scmi_mailbox_end_check(&c, &why), SCMI_E_INVAL);
	assert_memory_equal(why, "max_payload:", 12);
	for (uint32_t payload = 0; payload < SCMI_SHMEM_BYTES_MAX + 3u; payload += payload < 64u ? 1u : 1009u) {
		size_t size;

		c.max_payload = payload;
		size = scmi_mailbox_end_size(&c);
		if (payload < 8u || payload > SCMI_SHMEM_BYTES_MAX - SCMI_SHMEM_PAYLOAD) {
			assert_int_equal(size, 0);
			continue;
		}
		assert_true(size <= SCMI_MAILBOX_END_WORDS(payload) * sizeof(max_align_t));
		assert_int_equal(scmi_mailbox_end_init(&end, mem, size - 1u, &c, &endpoint), SCMI_E_NOMEM);
		assert_int_equal(scmi_mailbox_end_init(&end, (char *)mem + 4, size, &c, &endpoint), SCMI_E_NOMEM);
		assert_int_equal(scmi_mailbox_end_init(&end, mem, size, &c, &endpoint), SCMI_OK);
		assert_int_equal(endpoint.max_payload, payload);
	}
	c.max_payload = RIG_PAYLOAD + 1u;
	c.areas[0] = (struct scmi_shmem){.mem = memory[0], .len = RIG_AREA};
	assert_int_equal(scmi_mailbox_end_check(&c, &why), SCMI_E_INVAL);
	assert_memory_equal(why, "max_payload:", 12);
	c.max_payload = 0;
	c.areas[0].len--;
	assert_int_equal(scmi_mailbox_end_check(&c, &why), SCMI_E_INVAL);
	assert_memory_equal(why, "len:", 4);
	c.areas[0].len++;
	c.size = 0;
	assert_int_equal(scmi_mailbox_end_check(&c, &why), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_end_check(NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_end_stats(NULL, NULL), SCMI_E_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signals_have_their_channels),    cmocka_unit_test(doorbells_are_checked),
		cmocka_unit_test(good_configuration_is_taken),    cmocka_unit_test(agent_configurations_are_checked),
		cmocka_unit_test(end_configurations_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
