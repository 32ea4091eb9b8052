/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio driver against a device that the test plays by hand: what goes out, what comes back, what is refused. */
#include "virtio_rig.h"

#include <string.h>

static struct rig r;

static void take_command(struct rig_buffer *b)
{
	assert_true(rig_take(&r, SCMI_VIRTIO_CMDQ, b));
}

static void expect_message(unsigned i, uint16_t token, const void *payload, uint32_t len)
{
	assert_true(i < r.notes_n);
	assert_int_equal(r.notes[i].settled, SCMI_OK);
	assert_int_equal(r.notes[i].token, token);
	assert_int_equal(r.notes[i].len, len);
	assert_memory_equal(r.notes[i].payload, payload, len);
}

static void expect_settled(unsigned i, uint16_t token, int err)
{
	assert_true(i < r.notes_n);
	assert_int_equal(r.notes[i].settled, err);
	assert_int_equal(r.notes[i].token, token);
}

/* ---- the straight way ---- */

static void send_and_answer(uint16_t slot, uint16_t token)
{
	const unsigned before = r.notes_n;
	struct rig_buffer b;

	assert_int_equal(rig_send(&r, slot, token, "params", 6, false), SCMI_OK);
	take_command(&b);
	assert_int_equal(b.out_len, SCMI_HDR_BYTES + 6u);
	assert_int_equal(scmi_get_le32(b.out), scmi_hdr(SCMI_PROTOCOL_CLOCK, 7, SCMI_MSG_COMMAND, token));
	assert_memory_equal(b.out + SCMI_HDR_BYTES, "params", 6);
	assert_int_equal(b.in_len, SCMI_HDR_BYTES + RIG_PAYLOAD);
	rig_reply(&r, &b, scmi_get_le32(b.out), "\0\0\0\0value", 9);
	rig_interrupt(&r);
	assert_int_equal(r.notes_n, before + 1u);
	expect_message(before, token, "\0\0\0\0value", 9);
	assert_int_equal(r.notes[before].hdr, scmi_hdr(SCMI_PROTOCOL_CLOCK, 7, SCMI_MSG_COMMAND, token));
}

static void run_straight(uint64_t features)
{
	rig_plan(&r);
	r.offer = RIG_ALL;
	r.config.features = features;
	rig_up(&r);
	for (uint16_t i = 0; i < 200; i++) { /* the ring goes round, each slot many times */
		r.notes_n = 0;
		send_and_answer(i % 8u, i);
	}
	assert_int_equal(rig_stats(&r).reaped, 200);
	rig_down(&r);
}

static void commands_go_and_replies_come(void **state)
{
	const uint64_t least = SCMI_VIRTIO_F_VERSION_1;

	(void)state;
	run_straight(0);
	run_straight(least);
	run_straight(least | SCMI_VIRTIO_F_EVENT_IDX);
	run_straight(least | SCMI_VIRTIO_F_INDIRECT_DESC);
	run_straight(RIG_ALL);
}

static void replies_come_in_any_order(void **state)
{
	struct rig_buffer b[8];

	(void)state;
	rig_plan(&r);
	rig_up(&r);
	for (uint16_t i = 0; i < 8; i++)
		assert_int_equal(rig_send(&r, i, (uint16_t)(100u + i), NULL, 0, false), SCMI_OK);
	for (unsigned i = 0; i < 8; i++)
		take_command(&b[i]);
	for (unsigned i = 8; i-- > 0;)
		rig_reply(&r, &b[i], scmi_get_le32(b[i].out), "\0\0\0\0", 4);
	rig_interrupt(&r);
	assert_int_equal(r.notes_n, 8);
	for (unsigned i = 0; i < 8; i++)
		expect_message(i, (uint16_t)(107u - i), "\0\0\0\0", 4);
	rig_down(&r);
}

static void the_largest_goes_and_more_is_refused(void **state)
{
	unsigned char most[RIG_PAYLOAD + 1u] = {0};
	struct rig_buffer b;

	(void)state;
	rig_plan(&r);
	rig_up(&r);
	assert_int_equal(rig_send(&r, 0, 1, most, RIG_PAYLOAD + 1u, false), SCMI_E_TOOBIG);
	assert_int_equal(rig_offered(&r, SCMI_VIRTIO_CMDQ), 0);
	assert_int_equal(rig_send(&r, 0, 1, most, RIG_PAYLOAD, false), SCMI_OK);
	take_command(&b);
	rig_reply(&r, &b, scmi_get_le32(b.out), most, RIG_PAYLOAD);
	rig_interrupt(&r);
	expect_message(0, 1, most, RIG_PAYLOAD);
	rig_down(&r);
}

/* ---- what a device gets wrong ---- */

static void a_short_reply_ends_its_call_and_no_other(void **state)
{
	struct rig_buffer mine;
	struct rig_buffer other;

	(void)state;
	rig_plan(&r);
	rig_up(&r);
	for (uint32_t len = 0; len < 8; len++) {
		r.notes_n = 0;
		assert_int_equal(rig_send(&r, 0, 5, NULL, 0, false), SCMI_OK);
		assert_int_equal(rig_send(&r, 1, 6, NULL, 0, false), SCMI_OK);
		take_command(&mine);
		take_command(&other);
		scmi_put_le32(mine.in, scmi_get_le32(other.out)); /* what stands there names the other */
		rig_give(&r, SCMI_VIRTIO_CMDQ, mine.head, len);
		rig_interrupt(&r);
		assert_int_equal(r.notes_n, 1);
		expect_settled(0, 5, SCMI_E_PROTO);
		rig_reply(&r, &other, scmi_get_le32(other.out), "\0\0\0\0", 4);
		rig_interrupt(&r);
		expect_message(1, 6, "\0\0\0\0", 4);
	}
	assert_int_equal(rig_stats(&r).short_replies, 8);
	rig_down(&r);
}

static void a_length_beyond_the_buffer_ends_its_call(void **state)
{
	const uint32_t lens[] = {SCMI_HDR_BYTES + RIG_PAYLOAD + 1u, 0x80000000u, UINT32_MAX};
	struct rig_buffer b;

	(void)state;
	rig_plan(&r);
	rig_up(&r);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(rig_send(&r, 0, 5, NULL, 0, false), SCMI_OK);
		take_command(&b);
		rig_give(&r, SCMI_VIRTIO_CMDQ, b.head, lens[i]);
		rig_interrupt(&r);
		assert_int_equal(r.notes_n, i + 1u);
		expect_settled(i, 5, SCMI_E_PROTO);
	}
	assert_int_equal(rig_stats(&r).long_replies, 3);
	assert_int_equal(r.downs, 0);
	rig_down(&r);
}

/* The link goes down, once; nothing more is taken; a recovery brings it back. */
static void expect_broken(void)
{
	const unsigned before = r.notes_n;
	const unsigned starts = r.starts;

	rig_interrupt(&r);
	assert_int_equal(r.downs, 1);
	assert_int_equal(r.down_err, SCMI_E_LINK);
	assert_int_equal(rig_stats(&r).broken, 1);
	assert_int_equal(r.losses, 1);
	rig_interrupt(&r);
	assert_int_equal(r.transport.ops->poll(r.transport.ctx, 100), 0);
	assert_int_equal(r.notes_n, before);
	assert_int_equal(r.downs, 1);
	assert_int_equal(r.losses, 1);
	assert_int_equal(rig_send(&r, 3, 9, NULL, 0, false), SCMI_E_NOPEER);
	assert_int_equal(r.transport.ops->recover(r.transport.ctx), SCMI_OK);
	assert_int_equal(r.starts, starts + 1u);
	assert_int_equal(r.readies, 1);
	assert_int_equal(r.sent_in_ready, SCMI_E_NOPEER);
	r.notes_n = 0;
	send_and_answer(3, 11);
	rig_down(&r);
}

static void begin_breaking(struct rig_buffer *b)
{
	rig_plan(&r);
	rig_up(&r);
	assert_int_equal(rig_send(&r, 1, 5, NULL, 0, false), SCMI_OK);
	take_command(b);
}

static void an_id_that_cannot_be_breaks_the_link(void **state)
{
	struct rig_buffer b;

	(void)state;
	begin_breaking(&b);
	rig_give(&r, SCMI_VIRTIO_CMDQ, 16, 12); /* outside */
	expect_broken();
	begin_breaking(&b);
	rig_give(&r, SCMI_VIRTIO_CMDQ, 3, 12); /* the middle of the chain */
	expect_broken();
	begin_breaking(&b);
	rig_give(&r, SCMI_VIRTIO_CMDQ, 4, 12); /* not the device's */
	expect_broken();
	begin_breaking(&b);
	assert_int_equal(rig_send(&r, 2, 6, NULL, 0, false), SCMI_OK);
	rig_reply(&r, &b, scmi_get_le32(b.out), "\0\0\0\0", 4);
	rig_give(&r, SCMI_VIRTIO_CMDQ, b.head, 12); /* twice; the first counts */
	rig_interrupt(&r);
	expect_message(0, 5, "\0\0\0\0", 4);
	expect_broken();
}

static void an_index_that_jumps_breaks_the_link(void **state)
{
	struct rig_buffer b;

	(void)state;
	for (uint16_t jump = 2; jump != 0; jump = (uint16_t)(jump * 2u)) {
		begin_breaking(&b);
		r.returned[SCMI_VIRTIO_CMDQ] = (uint16_t)(jump - 1u);
		rig_give(&r, SCMI_VIRTIO_CMDQ, b.head, 12);
		expect_broken();
	}
}

/* ---- events ---- */

static void send_event(uint32_t hdr, const void *payload, uint32_t len)
{
	struct rig_buffer b;

	assert_true(rig_take(&r, SCMI_VIRTIO_EVENTQ, &b));
	assert_null(b.out);
	assert_int_equal(b.in_len, SCMI_HDR_BYTES + RIG_PAYLOAD);
	rig_reply(&r, &b, hdr, payload, len);
}

static void queue_is_full_again(struct rig *rig)
{
	assert_int_equal(rig_offered(rig, SCMI_VIRTIO_EVENTQ), 8);
}

static void an_events_buffer_is_back_before_its_handler_runs(void **state)
{
	(void)state;
	rig_plan(&r);
	rig_up(&r);
	assert_int_equal(rig_offered(&r, SCMI_VIRTIO_EVENTQ), 8);
	assert_true(r.kicks[SCMI_VIRTIO_EVENTQ] != 0);
	r.in_rx = queue_is_full_again;
	for (unsigned i = 0; i < 30; i++) {
		r.notes_n = 0;
		send_event(0x1234u + i, "event", 5);
		rig_interrupt(&r);
		assert_int_equal(r.notes_n, 1);
		expect_message(0, SCMI_TOKEN_ANY, "event", 5);
		assert_int_equal(r.notes[0].hdr, 0x1234u + i);
	}
	rig_down(&r);
}

static void a_bad_event_and_one_that_nobody_reads_go_back(void **state)
{
	const uint32_t lens[] = {0, 3, SCMI_HDR_BYTES + RIG_PAYLOAD + 1u, UINT32_MAX};
	struct rig_buffer b;

	(void)state;
	rig_plan(&r);
	rig_up(&r);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(rig_take(&r, SCMI_VIRTIO_EVENTQ, &b));
		rig_give(&r, SCMI_VIRTIO_EVENTQ, b.head, lens[i]);
		rig_interrupt(&r);
		assert_int_equal(rig_offered(&r, SCMI_VIRTIO_EVENTQ), 8);
	}
	assert_int_equal(r.notes_n, 0);
	assert_int_equal(rig_stats(&r).bad_events, 4);
	r.fetch_most = 0;
	send_event(1, "unread", 6);
	rig_interrupt(&r);
	assert_int_equal(rig_offered(&r, SCMI_VIRTIO_EVENTQ), 8);
	r.fetch_most = UINT32_MAX;
	send_event(2, "", 0); /* a header alone */
	rig_interrupt(&r);
	assert_int_equal(rig_offered(&r, SCMI_VIRTIO_EVENTQ), 8);
	assert_int_equal(r.notes_n, 2);
	rig_down(&r);
}

/* ---- what is agreed on ---- */

static void without_p2a_there_is_no_eventq(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		rig_plan(&r);
		if (i == 0)
			r.offer &= ~SCMI_VIRTIO_F_P2A_CHANNELS;
		else if (i == 1)
			r.config.features = SCMI_VIRTIO_F_VERSION_1;
		else
			r.queue_max[SCMI_VIRTIO_EVENTQ] = 0;
		rig_up(&r);
		assert_int_equal(r.transport.caps & SCMI_CAP_NOTIFY, 0);
		assert_int_equal(r.setup.queue[SCMI_VIRTIO_EVENTQ].size, 0);
		assert_int_equal(r.setup.features & SCMI_VIRTIO_F_P2A_CHANNELS, 0);
		send_and_answer(0, 1);
		rig_down(&r);
	}
}

static void inflight_is_the_least_of_what_allows_it(void **state)
{
	const struct {
		uint32_t asked, queue, left, entries;
		bool indirect;
	} rows[] = {
		{8, 16, 8, 16, false},
		{9, 16, 8, 16, false},
		{1024, 16, 8, 16, false},
		{0, 1024, SCMI_VIRTIO_INFLIGHT_DEFAULT, 64, false},
		{3, 1024, 3, 8, false},
		{5, 2, 1, 2, false},
		{1024, 32768, 1024, 2048, false},
		{5000, 32768, 1024, 2048, false},
		{100, 48, 16, 32, false},
		{7, 16, 7, 16, true},
		{8, 16, 8, 16, true},
		{9, 16, 9, 16, true},
		{16, 16, 16, 16, true},
		{17, 16, 16, 16, true},
		{7, 1024, 7, 16, true},
		{5, 2, 2, 2, true},
		{5000, 32768, 1024, 2048, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig_plan(&r);
		r.config.max_inflight = rows[i].asked;
		r.offer = RIG_ALL;
		if (rows[i].indirect)
			r.config.features = SCMI_VIRTIO_FEATURES_DEFAULT | SCMI_VIRTIO_F_INDIRECT_DESC;
		r.queue_max[SCMI_VIRTIO_CMDQ] = rows[i].queue;
		rig_up(&r);
		assert_int_equal(r.transport.max_inflight, rows[i].left);
		assert_int_equal(r.setup.queue[SCMI_VIRTIO_CMDQ].size, rows[i].entries);
		assert_int_equal(rig_stats(&r).queue[SCMI_VIRTIO_CMDQ], rows[i].entries);
		assert_int_equal(strstr(r.line, "clamped") != NULL, rows[i].left < rows[i].asked);
		send_and_answer((uint16_t)(rows[i].left - 1u), 1);
		rig_down(&r);
	}
}

static void expect_fault(int err, const char *member)
{
	struct scmi_virtio_config c = r.config;
	const char *why = NULL;

	assert_int_equal(scmi_virtio_check(&c, &why), err);
	assert_non_null(why);
	assert_memory_equal(why, member, strlen(member));
	assert_int_equal(scmi_virtio_size(&c), 0);
	assert_int_equal(scmi_virtio_shared_size(&c), 0);
	r.line[0] = '\0';
	assert_int_equal(scmi_virtio_init(&r.driver, &r, sizeof(r), &c, &r.transport), err);
	if (c.size == sizeof(c))
		assert_string_equal(r.line, why);
	rig_plan(&r);
}

static void a_bad_configuration_names_its_member(void **state)
{
	(void)state;
	rig_plan(&r);
	r.config.size--, expect_fault(SCMI_E_INVAL, "size:");
	r.config.port = NULL, expect_fault(SCMI_E_INVAL, "port:");
	r.config.max_payload = 7, expect_fault(SCMI_E_INVAL, "max_payload:");
	r.config.max_payload = SCMI_VIRTIO_PAYLOAD_MAX + 1u, expect_fault(SCMI_E_INVAL, "max_payload:");
	r.config.events = SCMI_VIRTIO_EVENTS_MAX + 1u, expect_fault(SCMI_E_INVAL, "events:");
	r.config.features = SCMI_VIRTIO_F_VERSION_1 | 1ull << 34, expect_fault(SCMI_E_INVAL, "features:");
	r.config.features = SCMI_VIRTIO_F_EVENT_IDX, expect_fault(SCMI_E_INVAL, "features:");
	r.config.bus = NULL, expect_fault(SCMI_E_INVAL, "bus:");
	r.bus.version++, expect_fault(SCMI_E_INVAL, "bus:");
	r.bus.kick = NULL, expect_fault(SCMI_E_INVAL, "bus:");
	r.bus.caps = SCMI_CAP_POLL, expect_fault(SCMI_E_INVAL, "bus:");
	r.bus.wake = NULL, expect_fault(SCMI_E_INVAL, "bus:");
	r.bus.clear = r.bus.wake, expect_fault(SCMI_E_INVAL, "bus:");
	r.bus.raise = r.bus.wake, expect_fault(SCMI_E_INVAL, "bus:");
	r.bus.enable_queue = NULL, expect_fault(SCMI_E_INVAL, "bus:");
	r.offer = RIG_ALL & ~SCMI_VIRTIO_F_VERSION_1, expect_fault(SCMI_E_NOTSUP, "bus:");
	r.queue_max[SCMI_VIRTIO_CMDQ] = 1, expect_fault(SCMI_E_NOTSUP, "bus:");
	assert_int_equal(scmi_virtio_check(NULL, NULL), SCMI_E_INVAL);
}

static void memory_is_checked_to_the_byte(void **state)
{
	struct scmi_virtio_config c;
	size_t size;

	(void)state;
	rig_plan(&r);
	rig_make(&r);
	c = r.config;
	size = scmi_virtio_size(&c);
	assert_int_equal(scmi_virtio_init(&r.driver, r.mem, size - 1u, &c, &r.transport), SCMI_E_NOMEM);
	assert_int_equal(scmi_virtio_init(&r.driver, r.mem + 1, size, &c, &r.transport), SCMI_E_NOMEM);
	assert_int_equal(scmi_virtio_init(NULL, r.mem, size, &c, &r.transport), SCMI_E_INVAL);
	c.shared_len--;
	assert_int_equal(scmi_virtio_init(&r.driver, r.mem, size, &c, &r.transport), SCMI_E_NOMEM);
	c.shared_len++;
	c.shared_addr++;
	assert_int_equal(scmi_virtio_init(&r.driver, r.mem, size, &c, &r.transport), SCMI_E_NOMEM);
	c.shared_addr--;
	c.shared = NULL;
	assert_int_equal(scmi_virtio_init(&r.driver, r.mem, size, &c, &r.transport), SCMI_E_INVAL);
	rig_down(&r);
}

static void a_region_is_found_by_its_id(void **state)
{
	struct scmi_virtio_region region;

	(void)state;
	rig_plan(&r);
	rig_make(&r);
	assert_int_equal(scmi_virtio_region(r.driver, SCMI_VIRTIO_REGION_SENSOR, &region), SCMI_E_NOPEER);
	rig_down(&r);
	rig_plan(&r);
	rig_up(&r);
	assert_int_equal(scmi_virtio_region(r.driver, SCMI_VIRTIO_REGION_SENSOR, &region), SCMI_OK);
	assert_ptr_equal(region.mem, r.line);
	assert_int_equal(scmi_virtio_region(r.driver, SCMI_VIRTIO_REGION_POWER, &region), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_virtio_region(r.driver, 0, &region), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_virtio_region(r.driver, 4, &region), SCMI_E_NOTFOUND);
	rig_down(&r);
	rig_plan(&r);
	r.offer &= ~SCMI_VIRTIO_F_SHARED_MEMORY;
	rig_up(&r);
	assert_int_equal(scmi_virtio_region(r.driver, SCMI_VIRTIO_REGION_SENSOR, &region), SCMI_E_NOTSUP);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_go_and_replies_come),
		cmocka_unit_test(replies_come_in_any_order),
		cmocka_unit_test(the_largest_goes_and_more_is_refused),
		cmocka_unit_test(a_short_reply_ends_its_call_and_no_other),
		cmocka_unit_test(a_length_beyond_the_buffer_ends_its_call),
		cmocka_unit_test(an_id_that_cannot_be_breaks_the_link),
		cmocka_unit_test(an_index_that_jumps_breaks_the_link),
		cmocka_unit_test(an_events_buffer_is_back_before_its_handler_runs),
		cmocka_unit_test(a_bad_event_and_one_that_nobody_reads_go_back),
		cmocka_unit_test(without_p2a_there_is_no_eventq),
		cmocka_unit_test(inflight_is_the_least_of_what_allows_it),
		cmocka_unit_test(a_bad_configuration_names_its_member),
		cmocka_unit_test(memory_is_checked_to_the_byte),
		cmocka_unit_test(a_region_is_found_by_its_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
