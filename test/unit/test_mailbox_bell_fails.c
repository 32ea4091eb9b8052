/* SPDX-License-Identifier: BSD-3-Clause */
/* A doorbell that fails after the platform has found the command by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <scmi/message.h>
#include <scmi/transport/mailbox.h>

static struct {
	uint32_t area[32];
	struct scmi_mailbox mailbox;
	struct scmi_transport transport;
	unsigned rings;
	unsigned received;
	uint16_t token; /* of the last answer */
} t;

static int rx(void *core, const struct scmi_rx *r)
{
	(void)core;
	t.received++;
	t.token = r->token;
	return SCMI_OK;
}

static int settle(void *core, uint16_t token, int err)
{
	(void)core;
	(void)token;
	(void)err;
	fail_msg("nothing is settled without an answer");
	return SCMI_OK;
}

static void ready(void *core)
{
	(void)core;
}

static void link_down(void *core, int err)
{
	(void)core;
	(void)err;
}

static int send(uint16_t token)
{
	const struct scmi_tx tx = {
		.hdr = scmi_hdr(SCMI_PROTOCOL_BASE, 0, SCMI_MSG_COMMAND, token), .token = token, .slot = token};

	return t.transport.ops->send(t.transport.ctx, &tx);
}

static void answer(void)
{
	scmi_put_le32(&t.area[SCMI_SHMEM_LENGTH / 4], 8);
	scmi_put_le32(&t.area[SCMI_SHMEM_PAYLOAD / 4], SCMI_SUCCESS);
	scmi_put_le32(&t.area[SCMI_SHMEM_STATUS / 4], SCMI_SHMEM_FREE);
	(void)t.transport.ops->poll(t.transport.ctx, 1);
}

/* The first one fails, when its command has been answered and another one's stands in the area. */
static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	if (t.rings++ != 0)
		return SCMI_OK;
	answer();
	assert_int_equal(t.token, 0);
	assert_int_equal(send(1), SCMI_OK);
	return SCMI_E_NOPEER;
}

static void the_command_of_another_is_not_taken_back(void **state)
{
	static const struct scmi_sink sink = {
		.version = SCMI_SINK_V1, .rx = rx, .settle = settle, .ready = ready, .link_down = link_down};
	const struct scmi_mailbox_doorbell bell = {
		.version = SCMI_MAILBOX_DOORBELL_V1, .caps = SCMI_CAP_SYNC_SEND, .name = "fails", .ring = ring};
	const struct scmi_mailbox_config config = {
		.size = sizeof(config), .areas = {{.mem = t.area, .len = sizeof(t.area)}}, .doorbell = &bell};

	(void)state;
	scmi_put_le32(&t.area[SCMI_SHMEM_STATUS / 4], SCMI_SHMEM_FREE);
	assert_int_equal(scmi_mailbox_init(&t.mailbox, &config, &t.transport), SCMI_OK);
	assert_int_equal(t.transport.ops->start(t.transport.ctx, &sink, NULL), SCMI_OK);
	assert_int_equal(send(0), SCMI_OK);
	assert_int_equal(t.received, 1);
	assert_int_equal(t.area[SCMI_SHMEM_STATUS / 4], 0); /* the platform's, with the second command */
	answer();
	assert_int_equal(t.received, 2);
	assert_int_equal(t.token, 1);
	t.transport.ops->stop(t.transport.ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_command_of_another_is_not_taken_back),
	};

	return cmocka_run_group_tests_name("mailbox_bell_fails", tests, NULL, NULL);
}
