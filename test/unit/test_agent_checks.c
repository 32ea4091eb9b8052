/* SPDX-License-Identifier: BSD-3-Clause */
/* The checks on what comes back: each strict and tolerant, by configuration and while the agent runs. */
#include "agent_rig.h"

#include <scmi/message.h>

#define RESERVED (1u << 28)
#define CAPS     (RIG_IRQ | SCMI_CAP_NOTIFY)

/* How the checks are set: by the configuration, or later. */
enum how { CONFIGURED, SET, HOWS };

static struct rig *checks_rig(enum how how, uint32_t strict, uint32_t tolerate)
{
	struct rig *r = rig_new(CAPS, 4);

	r->config.event_buffers = 2;
	if (how == CONFIGURED) {
		r->config.strict = strict;
		r->config.tolerate = tolerate;
	}
	rig_start(r);
	if (how == SET)
		assert_int_equal(scmi_agent_checks(r->agent, strict, tolerate), SCMI_OK);
	return r;
}

static const struct script_sent *submit(struct rig *r, struct rig_call *c)
{
	rig_call_init(r, c);
	assert_int_equal(rig_submit(c), SCMI_OK);
	return script_last(&r->script);
}

static const unsigned char success[4];

/* ---- reserved bits ---- */

static void reserved_bits_are_ignored_unless_the_check_is_strict(void **state)
{
	(void)state;
	for (enum how how = 0; how < HOWS; how++) {
		for (uint32_t bit = RESERVED; bit != 0; bit <<= 1) {
			for (int strict = 0; strict < 2; strict++) {
				struct rig *r = checks_rig(how, strict ? SCMI_CHECK_RESERVED : 0, 0);
				struct rig_call c;
				const struct script_sent *sent = submit(r, &c);

				assert_int_equal(script_rx(&r->script, sent->hdr | bit, success, 4),
						 strict ? SCMI_E_STRAY : SCMI_OK);
				assert_int_equal(c.ends, !strict);
				assert_int_equal(rig_stats(r).stray_header, strict);
				if (strict)
					assert_int_equal(script_rx(&r->script, sent->hdr, success, 4), SCMI_OK);
				assert_ended(&c, SCMI_OK);
				rig_end(r);
			}
		}
	}
}

/* Where the command is known the reply will not come again. */
static void reserved_bits_on_a_known_place_end_the_call(void **state)
{
	(void)state;
	for (int strict = 0; strict < 2; strict++) {
		struct rig *r = checks_rig(CONFIGURED, strict ? SCMI_CHECK_RESERVED : 0, 0);
		struct rig_call c;
		const struct script_sent *sent = submit(r, &c);

		assert_int_equal(script_rx_on(&r->script, sent->token, sent->hdr | RESERVED, success, 4),
				 strict ? SCMI_E_PROTO : SCMI_OK);
		assert_ended(&c, strict ? SCMI_E_PROTO : SCMI_OK);
		assert_int_equal(rig_stats(r).stray_header, strict);
		assert_int_equal(rig_stats(r).quarantined, 0);
		rig_end(r);
	}
}

static void reserved_bits_of_an_acquired_reply(void **state)
{
	(void)state;
	for (int strict = 0; strict < 2; strict++) {
		struct rig *r = checks_rig(CONFIGURED, strict ? SCMI_CHECK_RESERVED : 0, 0);
		struct script_area area = {.bytes = success, .len = 4};
		struct scmi_xfer x;
		struct rig_call c;
		const struct script_sent *sent = submit(r, &c);

		assert_int_equal(script_acquire(&r->script, sent->hdr | RESERVED, &x, &area),
				 strict ? SCMI_E_STRAY : SCMI_OK);
		if (strict)
			assert_int_equal(script_acquire(&r->script, sent->hdr, &x, &area), SCMI_OK);
		assert_int_equal(script_complete(&r->script, &x, 4), SCMI_OK);
		script_release(&r->script, &x);
		assert_ended(&c, SCMI_OK);
		assert_int_equal(rig_stats(r).stray_header, strict);
		rig_end(r);
	}
}

/* A late reply that is refused settles nothing. */
static void reserved_bits_of_a_late_reply(void **state)
{
	(void)state;
	for (int strict = 0; strict < 2; strict++) {
		struct rig *r = checks_rig(CONFIGURED, strict ? SCMI_CHECK_RESERVED : 0, 0);
		struct rig_call c;
		const struct script_sent *sent = submit(r, &c);

		assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
		assert_int_equal(script_rx(&r->script, sent->hdr | RESERVED, success, 4), SCMI_E_STRAY);
		assert_int_equal(rig_stats(r).late, !strict);
		assert_int_equal(rig_stats(r).stray_header, strict);
		assert_int_equal(rig_stats(r).quarantined, strict);
		rig_end(r);
	}
}

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	unsigned *n = self->arg;

	(void)hdr;
	(void)payload;
	(void)len;
	(*n)++;
}

static void reserved_bits_of_a_notification(void **state)
{
	(void)state;
	for (int strict = 0; strict < 2; strict++) {
		struct rig *r = checks_rig(CONFIGURED, strict ? SCMI_CHECK_RESERVED : 0, 0);
		uint32_t hdr = scmi_hdr(SCMI_PROTOCOL_SENSOR, 0, SCMI_MSG_NOTIFICATION, 0) | RESERVED;
		unsigned heard = 0;
		struct scmi_subscriber node = {.size = sizeof(node),
					       .protocol = SCMI_PROTOCOL_SENSOR,
					       .message = SCMI_ANY,
					       .notify = on_notify,
					       .arg = &heard};
		struct scmi_xfer x;

		assert_int_equal(scmi_agent_subscribe(r->agent, &node), SCMI_OK);
		assert_int_equal(script_rx(&r->script, hdr, NULL, 0), strict ? SCMI_E_STRAY : SCMI_OK);
		assert_int_equal(script_acquire(&r->script, hdr, &x, NULL), strict ? SCMI_E_STRAY : SCMI_OK);
		if (!strict) {
			assert_int_equal(script_complete(&r->script, &x, 0), SCMI_OK);
			script_release(&r->script, &x);
		}
		assert_int_equal(heard, strict ? 0 : 2);
		assert_int_equal(rig_stats(r).stray_header, strict ? 2 : 0);
		rig_end(r);
	}
}

/* ---- the header, where the command is known ---- */

static const struct {
	uint32_t flip;   /* bits of the header that are wrong */
	uint32_t needed; /* the checks that have to be tolerant */
} headers[] = {
	{1u << 18, SCMI_CHECK_TOKEN},   {1u << 27, SCMI_CHECK_TOKEN},
	{1u << 10, SCMI_CHECK_MESSAGE}, {1u << 17, SCMI_CHECK_MESSAGE},
	{1u << 0, SCMI_CHECK_MESSAGE},  {1u << 7, SCMI_CHECK_MESSAGE},
	{1u << 8, SCMI_CHECK_MESSAGE},  {2u << 8, SCMI_CHECK_MESSAGE},
	{3u << 8, SCMI_CHECK_MESSAGE},  {0x0fffffff, SCMI_CHECK_TOKEN | SCMI_CHECK_MESSAGE},
};
#define HEADERS (sizeof(headers) / sizeof(headers[0]))

static uint32_t refusals(struct rig *r)
{
	struct scmi_agent_stats s = rig_stats(r);

	return s.mismatched + s.stray_protocol + s.stray_message + s.stray_type + s.stray_token + s.stray_header;
}

static void wrong_header_on_a_known_place_is_taken_where_that_is_tolerated(void **state)
{
	static const uint32_t both = SCMI_CHECK_TOKEN | SCMI_CHECK_MESSAGE;

	(void)state;
	for (enum how how = 0; how < HOWS; how++) {
		for (uint32_t tolerate = 0; tolerate <= both; tolerate += SCMI_CHECK_TOKEN) {
			for (size_t i = 0; i < HEADERS; i++) {
				struct rig *r = checks_rig(how, both & ~tolerate, tolerate);
				bool taken = (headers[i].needed & ~tolerate) == 0;
				struct rig_call c;
				const struct script_sent *sent = submit(r, &c);

				assert_int_equal(
					script_rx_on(&r->script, sent->token, sent->hdr ^ headers[i].flip, success, 4),
					taken ? SCMI_OK : SCMI_E_PROTO);
				assert_ended(&c, taken ? SCMI_OK : SCMI_E_PROTO);
				assert_int_equal(refusals(r), !taken);
				assert_int_equal(rig_stats(r).quarantined, 0);
				rig_end(r);
			}
		}
	}
}

/* Who does not know the place gets no tolerance: the header is all there is. */
static void wrong_header_without_a_place_is_a_stray_ever(void **state)
{
	(void)state;
	for (size_t i = 0; i < HEADERS; i++) {
		struct rig *r = checks_rig(CONFIGURED, 0, SCMI_CHECK_TOKEN | SCMI_CHECK_MESSAGE);
		struct rig_call c;
		const struct script_sent *sent = submit(r, &c);

		assert_int_equal(script_rx(&r->script, sent->hdr ^ headers[i].flip, success, 4), SCMI_E_STRAY);
		assert_int_equal(c.ends, 0);
		assert_int_equal(script_rx(&r->script, sent->hdr, success, 4), SCMI_OK);
		assert_ended(&c, SCMI_OK);
		rig_end(r);
	}
}

/* A place where nothing is expected (any more) takes nothing, however tolerant. */
static void tolerance_needs_a_command(void **state)
{
	struct rig *r = checks_rig(CONFIGURED, 0, SCMI_CHECK_TOKEN | SCMI_CHECK_MESSAGE);
	struct rig_call c;
	const struct script_sent *sent = submit(r, &c);

	(void)state;
	assert_int_equal(script_rx_on(&r->script, sent->token ^ 1u, sent->hdr, success, 4), SCMI_E_STRAY);
	assert_int_equal(script_rx_on(&r->script, (uint16_t)(sent->token + 4u), 0, success, 4), SCMI_E_STRAY);
	assert_int_equal(c.ends, 0);
	assert_int_equal(script_rx_on(&r->script, sent->token, 0, success, 4), SCMI_OK);
	assert_int_equal(script_rx_on(&r->script, sent->token, 0, success, 4), SCMI_E_STRAY);
	assert_ended(&c, SCMI_OK);
	/* A late one settles, with whatever header. */
	sent = submit(r, &c);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	assert_int_equal(script_rx_on(&r->script, sent->token, ~sent->hdr & 0x0fffffff, success, 4), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).late, 1);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

/* ---- what is in a reply ---- */

/* A reply of `len` bytes that begins with this status, by all ways; it has to end the call so. */
static void take(uint32_t strict, int32_t status, uint32_t len, int expected)
{
	for (unsigned way = 0; way < 3 * HOWS; way++) {
		struct rig *r = checks_rig((enum how)(way / 3), strict, SCMI_CHECKS_ALL & ~strict);
		unsigned char bytes[16] = {0};
		struct script_area area = {.bytes = bytes, .len = len};
		struct scmi_xfer x;
		struct rig_call c;
		const struct script_sent *sent = submit(r, &c);

		scmi_put_le32(bytes, (uint32_t)status);
		r->script.by_fetch = way % 3 == 1;
		if (way % 3 < 2) {
			assert_int_equal(script_rx(&r->script, sent->hdr, bytes, len), SCMI_OK);
		} else {
			assert_int_equal(script_acquire(&r->script, sent->hdr, &x, &area), SCMI_OK);
			assert_int_equal(script_complete(&r->script, &x, len), SCMI_OK);
			script_release(&r->script, &x);
		}
		assert_ended(&c, expected);
		assert_int_equal(c.call.status, expected == SCMI_E_REMOTE ? status : 0);
		assert_int_equal(c.call.reply_len, expected == SCMI_OK ? len - 4 : 0);
		rig_end(r);
	}
}

static void status_that_is_in_no_table(void **state)
{
	static const int32_t unknown[] = {1, INT32_MAX, -12, -127};
	static const int32_t known[] = {-1, -11, -128, -129, INT32_MIN};

	(void)state;
	for (int i = 0; i < 4; i++) {
		take(0, unknown[i], 4, SCMI_E_REMOTE);
		take(SCMI_CHECKS_ALL & ~SCMI_CHECK_STATUS, unknown[i], 4, SCMI_E_REMOTE);
		take(SCMI_CHECK_STATUS, unknown[i], 4, SCMI_E_PROTO);
		take(SCMI_CHECKS_ALL, unknown[i], 4, SCMI_E_PROTO);
	}
	for (int i = 0; i < 5; i++)
		take(SCMI_CHECK_STATUS, known[i], 4, SCMI_E_REMOTE);
	take(SCMI_CHECK_STATUS, SCMI_SUCCESS, 4, SCMI_OK);
}

static void values_behind_an_error(void **state)
{
	(void)state;
	for (uint32_t len = 8; len <= 12; len += 4) {
		take(0, SCMI_DENIED, len, SCMI_E_REMOTE);
		take(SCMI_CHECKS_ALL & ~SCMI_CHECK_VALUES, SCMI_DENIED, len, SCMI_E_REMOTE);
		take(SCMI_CHECK_VALUES, SCMI_DENIED, len, SCMI_E_PROTO);
		take(SCMI_CHECK_VALUES, SCMI_SUCCESS, len, SCMI_OK);
	}
	take(SCMI_CHECK_VALUES, SCMI_DENIED, 4, SCMI_E_REMOTE);
}

static void reply_that_is_no_whole_words(void **state)
{
	(void)state;
	for (uint32_t len = 4; len <= 12; len++) {
		take(0, SCMI_SUCCESS, len, SCMI_OK);
		take(SCMI_CHECKS_ALL & ~SCMI_CHECK_ALIGNED, SCMI_SUCCESS, len, SCMI_OK);
		take(SCMI_CHECK_ALIGNED, SCMI_SUCCESS, len, len % 4 == 0 ? SCMI_OK : SCMI_E_PROTO);
	}
	take(SCMI_CHECK_ALIGNED, SCMI_DENIED, 5, SCMI_E_PROTO);
	take(0, SCMI_DENIED, 5, SCMI_E_REMOTE);
}

/* Both messages of a delayed command are looked at. */
static void delayed_command_is_checked_twice(void **state)
{
	(void)state;
	for (int second = 0; second < 2; second++) {
		for (int strict = 0; strict < 2; strict++) {
			struct rig *r = checks_rig(CONFIGURED, strict ? SCMI_CHECK_STATUS : 0, 0);
			unsigned char bytes[4];
			struct rig_call c;
			uint32_t hdr;

			rig_call_init(r, &c);
			c.call.flags |= SCMI_CALL_DELAYED;
			assert_int_equal(rig_submit(&c), SCMI_OK);
			hdr = script_last(&r->script)->hdr;
			scmi_put_le32(bytes, 5);
			if (second)
				assert_int_equal(script_rx(&r->script, hdr, success, 4), SCMI_OK);
			assert_int_equal(
				script_rx(&r->script, second ? scmi_hdr_as(hdr, SCMI_MSG_DELAYED) : hdr, bytes, 4),
				SCMI_OK);
			assert_ended(&c, strict ? SCMI_E_PROTO : SCMI_E_REMOTE);
			rig_end(r);
		}
	}
}

/* ---- setting them ---- */

static void checks_are_set_as_a_whole_and_wrong_ones_refused(void **state)
{
	struct rig *r = checks_rig(CONFIGURED, SCMI_CHECK_STATUS, SCMI_CHECK_MESSAGE);
	struct rig_call c;
	const struct script_sent *sent;
	unsigned char bytes[4];

	(void)state;
	scmi_put_le32(bytes, 5);
	assert_int_equal(scmi_agent_checks(NULL, 0, 0), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_checks(r->agent, SCMI_CHECKS_ALL + 1, 0), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_checks(r->agent, 0, UINT32_MAX), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_checks(r->agent, SCMI_CHECK_TOKEN, SCMI_CHECK_TOKEN), SCMI_E_INVAL);
	sent = submit(r, &c);
	assert_int_equal(script_rx_on(&r->script, sent->token, sent->hdr ^ 1u, bytes, 4), SCMI_OK);
	assert_ended(&c, SCMI_E_PROTO); /* taken in spite of its message, refused for its status: as it was */
	/* What is named in neither is at its default now, and for the call that is in flight. */
	sent = submit(r, &c);
	assert_int_equal(scmi_agent_checks(r->agent, 0, 0), SCMI_OK);
	assert_int_equal(script_rx(&r->script, sent->hdr, bytes, 4), SCMI_OK);
	assert_ended(&c, SCMI_E_REMOTE);
	sent = submit(r, &c);
	assert_int_equal(script_rx_on(&r->script, sent->token, sent->hdr ^ 1u, success, 4), SCMI_E_PROTO);
	assert_ended(&c, SCMI_E_PROTO);
	rig_end(r);
}

static void configuration_with_wrong_checks_is_refused(void **state)
{
	static const uint32_t wrong[][2] = {{SCMI_CHECKS_ALL + 1, 0},
					    {0, SCMI_CHECKS_ALL + 1},
					    {SCMI_CHECK_ALIGNED, SCMI_CHECK_ALIGNED},
					    {SCMI_CHECKS_ALL, SCMI_CHECKS_ALL}};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct rig *r = rig_new(CAPS, 4);
		struct scmi_agent *agent = NULL;
		unsigned char mem[8];

		r->config.strict = wrong[i][0];
		r->config.tolerate = wrong[i][1];
		assert_int_equal(scmi_agent_size(&r->config), 0);
		assert_int_equal(scmi_agent_init(&agent, mem, sizeof(mem), &r->config), SCMI_E_INVAL);
		assert_true(rig_logged(r, "strict, tolerate"));
		rig_end(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reserved_bits_are_ignored_unless_the_check_is_strict),
		cmocka_unit_test(reserved_bits_on_a_known_place_end_the_call),
		cmocka_unit_test(reserved_bits_of_an_acquired_reply),
		cmocka_unit_test(reserved_bits_of_a_late_reply),
		cmocka_unit_test(reserved_bits_of_a_notification),
		cmocka_unit_test(wrong_header_on_a_known_place_is_taken_where_that_is_tolerated),
		cmocka_unit_test(wrong_header_without_a_place_is_a_stray_ever),
		cmocka_unit_test(tolerance_needs_a_command),
		cmocka_unit_test(status_that_is_in_no_table),
		cmocka_unit_test(values_behind_an_error),
		cmocka_unit_test(reply_that_is_no_whole_words),
		cmocka_unit_test(delayed_command_is_checked_twice),
		cmocka_unit_test(checks_are_set_as_a_whole_and_wrong_ones_refused),
		cmocka_unit_test(configuration_with_wrong_checks_is_refused),
	};

	return cmocka_run_group_tests_name("agent_checks", tests, NULL, NULL);
}
