/* SPDX-License-Identifier: BSD-3-Clause */
/* The platform's end of a mailbox against an area that the test writes: an agent that may do anything. */
#include <stdlib.h>
#include <string.h>

#include "mailbox_rig.h"

#define A2P SCMI_MAILBOX_A2P
#define P2A SCMI_MAILBOX_P2A

/* The test is the platform, too. */
struct platform {
	struct scmi_request *open; /* put off */
	uint32_t requests;
	uint32_t readies;
	uint32_t resets;
	uint32_t hdr;
	uint32_t len;
	unsigned char params[RIG_PAYLOAD];
	uint32_t reply;        /* what request() returns; SCMI_REPLY_LATER puts it off */
	uint32_t reset_before; /* requests, when the last reset came */
	bool answer_inside;
	void (*inside)(void);
};

static struct mailbox_rig rig;
static struct platform platform;

static const struct rig_form silent = {.hostile = 2, .to_platform = RIG_SILENT, .to_agent = RIG_SILENT};

static uint32_t request(void *channel, struct scmi_request *req)
{
	struct platform *p = channel;

	p->requests++;
	p->hdr = req->hdr;
	p->len = req->len;
	assert_int_equal(req->reply_cap, RIG_PAYLOAD);
	memcpy(p->params, req->params, req->len);
	memset(req->reply, 0x33, req->reply_cap);
	if (p->inside != NULL)
		p->inside();
	if (p->reply == SCMI_REPLY_LATER) {
		assert_null(p->open);
		p->open = req;
	}
	if (p->answer_inside) {
		rig.endpoint.ops->reply(rig.endpoint.ctx, req, 8);
		p->open = NULL;
		return SCMI_REPLY_LATER;
	}
	return p->reply;
}

static void ready(void *channel)
{
	struct platform *p = channel;

	p->readies++;
}

static void reset(void *channel)
{
	struct platform *p = channel;

	p->resets++;
	p->reset_before = p->requests;
}

static const struct scmi_platform_sink sink = {SCMI_PLATFORM_SINK_V1, request, ready, reset};

static void open_end(const struct rig_form *form)
{
	memset(&platform, 0, sizeof(platform));
	platform.reply = 8;
	mailbox_rig_make(&rig, form);
	assert_int_equal(rig.endpoint.ops->start(rig.endpoint.ctx, &sink, &platform), SCMI_OK);
}

static void close_end(void)
{
	rig.endpoint.ops->stop(rig.endpoint.ctx);
	mailbox_rig_close(&rig);
}

static int serve(void)
{
	return scmi_mailbox_end_serve(rig.end, 8);
}

static void answer_open(uint32_t len)
{
	struct scmi_request *req = platform.open;

	platform.open = NULL;
	assert_non_null(req);
	rig.endpoint.ops->reply(rig.endpoint.ctx, req, len);
}

static int send_event(uint32_t len)
{
	static const unsigned char payload[RIG_PAYLOAD + 8u] = {1, 2, 3};

	return rig.endpoint.ops->send(rig.endpoint.ctx, 0x1234, payload, len);
}

/* What an agent writes; 4 bytes of parameters. */
static void command(uint32_t hdr, uint32_t flags)
{
	rig_write(&rig, A2P, hdr, "abcd", 8, flags, 0);
}

/* ---- commands ---- */

static void areas_are_in_order_after_the_first_start(void **state)
{
	(void)state;
	open_end(&silent);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	assert_int_equal(rig.endpoint.ops->start(rig.endpoint.ctx, &sink, &platform), SCMI_E_INVAL);
	rig.endpoint.ops->stop(rig.endpoint.ctx);
	command(7, 0);
	assert_int_equal(serve(), SCMI_E_CLOSED);
	assert_int_equal(rig.endpoint.ops->start(rig.endpoint.ctx, &sink, &platform), SCMI_OK);
	assert_false(rig_is_free(&rig, A2P)); /* the second start leaves them alone: somebody may be there */
	assert_int_equal(serve(), 1);
	assert_int_equal(platform.hdr, 7);
	assert_int_equal(platform.resets, 0);
	close_end();
}

static void a_command_is_answered_in_its_area(void **state)
{
	(void)state;
	open_end(&silent);
	for (uint32_t intr = 0; intr < 2; intr++) {
		command(0xabcd, intr);
		assert_int_equal(serve(), 1);
		assert_int_equal(platform.hdr, 0xabcd);
		assert_int_equal(platform.len, 4);
		assert_memory_equal(platform.params, "abcd", 4);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), 0xabcd);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_LENGTH), 12);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_PAYLOAD + 4u), 0x33333333);
		assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], intr);
		assert_int_equal(serve(), 0); /* a spurious doorbell leaves what stands there */
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), 0xabcd);
	}
	assert_int_equal(rig_end_stats(&rig).rung, 1);
	assert_int_equal(rig_end_stats(&rig).taken, 2);
	close_end();
}

static void a_command_may_have_any_length(void **state)
{
	static const uint32_t far[] = {128, 0x7fffffffu, 0x80000000u, 0xfffffffcu, 0xffffffffu};
	uint32_t bad = 0;

	(void)state;
	open_end(&silent);
	for (uint32_t i = 0; i < RIG_AREA + 8u + sizeof(far) / sizeof(far[0]); i++) {
		const uint32_t length = i < RIG_AREA + 8u ? i : far[i - RIG_AREA - 8u];
		const bool good = length >= 4u && length <= 4u + RIG_PAYLOAD;

		rig_write(&rig, A2P, i, NULL, length, SCMI_SHMEM_INTR, 0);
		assert_int_equal(serve(), 1);
		bad += !good;
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS),
				 SCMI_SHMEM_FREE | (good ? 0u : SCMI_SHMEM_ERROR));
		assert_int_equal(rig_end_stats(&rig).bad_length, bad);
		assert_int_equal(platform.requests, i + 1u - bad);
		assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], i + 1u);
		if (good)
			assert_int_equal(platform.len, length - 4u);
	}
	close_end();
}

static void a_command_with_error_is_given_back(void **state)
{
	(void)state;
	open_end(&silent);
	rig_write(&rig, A2P, 1, "abcd", 8, 0, SCMI_SHMEM_ERROR | 0xfff0u);
	assert_int_equal(serve(), 1);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE | SCMI_SHMEM_ERROR);
	assert_int_equal(rig_end_stats(&rig).bad_status, 1);
	assert_int_equal(platform.requests, 0);
	command(2, 0);
	assert_int_equal(serve(), 1);
	assert_int_equal(platform.requests, 1);
	close_end();
}

static void a_damaged_command_is_given_back(void **state)
{
	struct rig_form form = silent;

	(void)state;
	form.check = SCMI_SHMEM_CHECK_XOR;
	open_end(&form);
	command(1, 0);
	rig_put(&rig, A2P, SCMI_SHMEM_CHECK_KIND, SCMI_SHMEM_CHECK_XOR);
	rig_put(&rig, A2P, SCMI_SHMEM_CHECK_VALUE, 1u ^ 0x64636261u);
	assert_int_equal(serve(), 1);
	assert_int_equal(platform.requests, 1);
	command(1, 0);
	rig_put(&rig, A2P, SCMI_SHMEM_CHECK_VALUE, 0u ^ 0x64636261u);
	assert_int_equal(serve(), 1);
	assert_int_equal(platform.requests, 1);
	assert_int_equal(rig_end_stats(&rig).bad_check, 1);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE | SCMI_SHMEM_ERROR);
	close_end();
}

static void an_answer_that_cannot_be_is_an_error(void **state)
{
	static const uint32_t lengths[] = {SCMI_REPLY_NONE, RIG_PAYLOAD + 1u};

	(void)state;
	open_end(&silent);
	for (size_t i = 0; i < 2; i++) {
		platform.reply = lengths[i];
		command(1, 0);
		assert_int_equal(serve(), 1);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE | SCMI_SHMEM_ERROR);
	}
	platform.reply = RIG_PAYLOAD;
	command(1, 0);
	assert_int_equal(serve(), 1);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_LENGTH), 4u + RIG_PAYLOAD);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	close_end();
}

/* The agent rewrites the area while its command is being served: what was copied counts. */
static void rewrite(void)
{
	rig_write(&rig, A2P, 0xffffffffu, NULL, 0xffffffffu, 1, 0);
}

static void nothing_is_read_twice(void **state)
{
	(void)state;
	open_end(&silent);
	platform.inside = rewrite;
	command(5, 0);
	assert_int_equal(serve(), 1);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), 5);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], 0);
	close_end();
}

/* ---- answers that come later ---- */

static void a_later_answer_goes_to_its_area(void **state)
{
	(void)state;
	open_end(&silent);
	platform.reply = SCMI_REPLY_LATER;
	for (uint32_t i = 1; i < 4; i++) {
		command(i, 1);
		assert_int_equal(serve(), 1);
		assert_int_equal(rig_end_stats(&rig).open, 1);
		assert_int_equal(serve(), 0); /* it is not taken twice */
		assert_false(rig_is_free(&rig, A2P));
		answer_open(8);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), i);
		assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], i);
		assert_int_equal(rig_end_stats(&rig).open, 0);
	}
	assert_int_equal(platform.requests, 3);
	close_end();
}

static void an_answer_may_come_inside_the_request(void **state)
{
	(void)state;
	open_end(&silent);
	platform.answer_inside = true;
	command(4, 1);
	assert_int_equal(serve(), 1);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], 1);
	assert_int_equal(rig_end_stats(&rig).open, 0);
	close_end();
}

/* An agent that takes back its area and writes the next command, while the platform has the last one. */
static void a_command_over_an_open_one_waits(void **state)
{
	(void)state;
	open_end(&silent);
	platform.reply = SCMI_REPLY_LATER;
	command(1, 0);
	assert_int_equal(serve(), 1);
	rig_put(&rig, A2P, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	assert_int_equal(serve(), 0);
	command(2, 0);
	assert_int_equal(serve(), 0);
	assert_int_equal(platform.requests, 1);
	answer_open(8);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), 1);
	close_end();
}

static void an_answer_after_a_stop_still_frees_the_area(void **state)
{
	(void)state;
	open_end(&silent);
	platform.reply = SCMI_REPLY_LATER;
	command(1, 1);
	assert_int_equal(serve(), 1);
	rig.endpoint.ops->stop(rig.endpoint.ctx);
	answer_open(8);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	command(2, 1);
	assert_int_equal(serve(), SCMI_E_CLOSED);
	assert_int_equal(platform.requests, 1);
	mailbox_rig_close(&rig);
}

/* A doorbell that comes while another context serves is not lost. */
static void write_next(void)
{
	platform.inside = NULL;
	assert_int_equal(serve(), 0); /* we serve already */
}

static void next_at_reply(struct mailbox_rig *r, enum scmi_mailbox_signal signal)
{
	(void)r;
	if (signal == SCMI_MAILBOX_TX_REPLY && platform.requests < 5) {
		command(platform.requests, 1);
		assert_int_equal(serve(), 0);
	}
}

static void who_serves_serves_for_all(void **state)
{
	(void)state;
	open_end(&silent);
	rig.on_ring = next_at_reply;
	platform.inside = write_next;
	command(0, 1);
	assert_int_equal(scmi_mailbox_end_serve(rig.end, 1), 5);
	assert_int_equal(platform.requests, 5);
	assert_true(rig_is_free(&rig, A2P));
	assert_int_equal(scmi_mailbox_end_serve(rig.end, 0), 0);
	close_end();
}

/* ---- what the platform sends ---- */

static void p2a_is_one_message_at_a_time(void **state)
{
	(void)state;
	open_end(&silent);
	assert_int_equal(send_event(RIG_PAYLOAD + 1u), SCMI_E_TOOBIG);
	assert_int_equal(send_event(RIG_PAYLOAD), SCMI_OK);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_STATUS), 0);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_FLAGS), SCMI_SHMEM_INTR);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_LENGTH), 4u + RIG_PAYLOAD);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_HEADER), 0x1234);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_PAYLOAD), 0x00030201);
	assert_int_equal(rig.rung[SCMI_MAILBOX_RX], 1);
	assert_int_equal(send_event(4), SCMI_E_BUSY);
	assert_int_equal(send_event(4), SCMI_E_BUSY);
	assert_int_equal(serve(), 0);
	assert_int_equal(platform.readies, 0); /* it is not free yet */
	rig_put(&rig, P2A, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	assert_int_equal(serve(), 0);
	assert_int_equal(platform.readies, 1);
	assert_int_equal(serve(), 0);
	assert_int_equal(platform.readies, 1);
	assert_int_equal(send_event(0), SCMI_OK);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_LENGTH), 4);
	assert_int_equal(rig_end_stats(&rig).events, 2);
	close_end();
}

static void without_p2a_nothing_is_sent(void **state)
{
	struct rig_form form = silent;

	(void)state;
	form.p2a = 1;
	open_end(&form);
	assert_int_equal(rig.endpoint.ops->p2a(rig.endpoint.ctx), 0);
	assert_int_equal(send_event(4), SCMI_E_NOTSUP);
	close_end();
	open_end(&silent);
	assert_true(rig.endpoint.ops->p2a(rig.endpoint.ctx) > 0);
	close_end();
}

/* ---- agents come and go ---- */

static void the_next_agents_command_waits_for_the_last_ones_answer(void **state)
{
	(void)state;
	open_end(&silent);
	platform.reply = SCMI_REPLY_LATER;
	command(1, 1);
	assert_int_equal(serve(), 1);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_E_INVAL);
	scmi_mailbox_end_detach(rig.end);
	scmi_mailbox_end_detach(rig.end);
	assert_int_equal(serve(), SCMI_E_CLOSED);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
	assert_int_equal(platform.resets, 1);
	command(2, 1);
	assert_int_equal(serve(), 0);
	platform.reply = 8;
	answer_open(8);
	assert_int_equal(rig_end_stats(&rig).stale, 1);
	assert_int_equal(platform.requests, 2); /* nobody to wake: served at once */
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), 2);
	assert_true(rig_is_free(&rig, A2P));
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], 1);
	close_end();
}

static void who_waits_to_serve_is_woken(void **state)
{
	struct rig_form form = silent;

	(void)state;
	form.end_wakes = true;
	open_end(&form);
	platform.reply = SCMI_REPLY_LATER;
	command(1, 1);
	assert_int_equal(serve(), 1);
	scmi_mailbox_end_detach(rig.end);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
	command(2, 1);
	rig.wakes = 0;
	answer_open(8);
	assert_int_equal(rig.wakes, 1);
	assert_int_equal(platform.requests, 1);
	assert_int_equal(serve(), 1);
	answer_open(8);
	close_end();
}

static void an_answer_without_an_agent_is_dropped(void **state)
{
	(void)state;
	open_end(&silent);
	platform.reply = SCMI_REPLY_LATER;
	command(1, 1);
	assert_int_equal(serve(), 1);
	scmi_mailbox_end_detach(rig.end);
	rig_put(&rig, A2P, SCMI_SHMEM_HEADER, 0x77);
	answer_open(8);
	assert_false(rig_is_free(&rig, A2P)); /* nobody has touched it */
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), 0x77);
	assert_int_equal(rig_end_stats(&rig).stale, 1);
	assert_int_equal(rig_end_stats(&rig).open, 0);
	close_end();
}

static void who_waits_for_p2a_hears_of_a_detach(void **state)
{
	int peer;

	(void)state;
	open_end(&silent);
	peer = rig.endpoint.ops->p2a(rig.endpoint.ctx);
	assert_int_equal(send_event(4), SCMI_OK);
	assert_int_equal(send_event(4), SCMI_E_BUSY);
	scmi_mailbox_end_detach(rig.end);
	assert_int_equal(platform.readies, 1);
	assert_int_equal(send_event(4), SCMI_E_NOPEER);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
	assert_true(rig.endpoint.ops->p2a(rig.endpoint.ctx) != peer);
	rig_put(&rig, P2A, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	assert_int_equal(serve(), 0);
	assert_int_equal(platform.readies, 1); /* that was the last agent's */
	assert_int_equal(send_event(4), SCMI_OK);
	close_end();
}

/* One that comes while the platform is stopped is met when that starts: before its first request. */
static void a_new_agent_is_met_before_its_first_request(void **state)
{
	(void)state;
	open_end(&silent);
	command(1, 0);
	assert_int_equal(serve(), 1);
	rig.endpoint.ops->stop(rig.endpoint.ctx);
	scmi_mailbox_end_detach(rig.end);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
	assert_int_equal(platform.resets, 0);
	command(2, 0);
	assert_int_equal(rig.endpoint.ops->start(rig.endpoint.ctx, &sink, &platform), SCMI_OK);
	assert_int_equal(serve(), 1);
	assert_int_equal(platform.resets, 1);
	assert_int_equal(platform.reset_before, 1);
	close_end();
}

static void attach_refuses_areas_that_do_not_do(void **state)
{
	struct scmi_shmem areas[2];

	(void)state;
	open_end(&silent);
	scmi_mailbox_end_detach(rig.end);
	memcpy(areas, rig.areas, sizeof(areas));
	areas[0].len -= 4u; /* carries less than was promised to the platform */
	assert_int_equal(scmi_mailbox_end_attach(rig.end, areas), SCMI_E_INVAL);
	memcpy(areas, rig.areas, sizeof(areas));
	areas[1].mem = areas[0].mem;
	assert_int_equal(scmi_mailbox_end_attach(rig.end, areas), SCMI_E_INVAL);
	areas[1] = (struct scmi_shmem){0};
	assert_int_equal(scmi_mailbox_end_attach(NULL, areas), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, areas), SCMI_OK);
	assert_int_equal(rig.endpoint.ops->p2a(rig.endpoint.ctx), 0);
	assert_int_equal(send_event(4), SCMI_E_NOTSUP);
	close_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(areas_are_in_order_after_the_first_start),
		cmocka_unit_test(a_command_is_answered_in_its_area),
		cmocka_unit_test(a_command_may_have_any_length),
		cmocka_unit_test(a_command_with_error_is_given_back),
		cmocka_unit_test(a_damaged_command_is_given_back),
		cmocka_unit_test(an_answer_that_cannot_be_is_an_error),
		cmocka_unit_test(nothing_is_read_twice),
		cmocka_unit_test(a_later_answer_goes_to_its_area),
		cmocka_unit_test(an_answer_may_come_inside_the_request),
		cmocka_unit_test(a_command_over_an_open_one_waits),
		cmocka_unit_test(an_answer_after_a_stop_still_frees_the_area),
		cmocka_unit_test(who_serves_serves_for_all),
		cmocka_unit_test(p2a_is_one_message_at_a_time),
		cmocka_unit_test(without_p2a_nothing_is_sent),
		cmocka_unit_test(the_next_agents_command_waits_for_the_last_ones_answer),
		cmocka_unit_test(who_waits_to_serve_is_woken),
		cmocka_unit_test(an_answer_without_an_agent_is_dropped),
		cmocka_unit_test(who_waits_for_p2a_hears_of_a_detach),
		cmocka_unit_test(a_new_agent_is_met_before_its_first_request),
		cmocka_unit_test(attach_refuses_areas_that_do_not_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
