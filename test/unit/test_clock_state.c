/* SPDX-License-Identifier: BSD-3-Clause */
/* Typed commands of the clock protocol: state, parents, permissions, notifications; all of them by the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "clock_told.h"

/* ---- state ---- */

static void config_has_a_third_word_above_2_0(void **state)
{
	const struct row two[] = {
		SENT(SCMI_CLOCK_CONFIG_SET, (WORD(2), WORD(1)), OK),
		SENT(SCMI_CLOCK_CONFIG_SET, (WORD(2), WORD(0)), OK),
	};
	const struct row three[] = {
		SENT(SCMI_CLOCK_CONFIG_SET, (WORD(2), WORD(1), WORD(0)), OK),
		SENT(SCMI_CLOCK_CONFIG_SET, (WORD(2), WORD(0), WORD(0)), OK),
	};
	struct fixture *f = *state;

	for (unsigned v = 0; v < LENGTH(versions); v++) {
		struct scmi_clock_protocol p = spoken(f, versions[v]);

		serve(f, versions[v] > SCMI_VERSION(2, 0) ? three : two, 2);
		assert_int_equal(scmi_clock_enable(&p, 2, true, NULL), SCMI_OK);
		assert_int_equal(scmi_clock_enable(&p, 2, false, NULL), SCMI_OK);
	}
}

static void extended_config_came_with_3_0(void **state)
{
	struct fixture *f = *state;

	serve(f, NULL, 0);
	for (unsigned v = 0; versions[v] < SCMI_VERSION(3, 0); v++) {
		struct scmi_clock_protocol p = spoken(f, versions[v]);

		assert_int_equal(scmi_clock_config_set(&p, 2, SCMI_CLOCK_STATE_ON, 1, 0, NULL), SCMI_E_NOTSUP);
		assert_int_equal(scmi_clock_config_get(&p, 2, 1, NULL, NULL, NULL), SCMI_E_NOTSUP);
	}
	assert_int_equal(f->platform.asked, 0);
}

static void extended_config_is_set_and_read(void **state)
{
	const struct row rows[] = {
		SENT(SCMI_CLOCK_CONFIG_SET, (WORD(2), 3, 0, 0x81, 0, 4, 3, 2, 1), OK),
		SENT(SCMI_CLOCK_CONFIG_SET, (WORD(2), 1, 0, 0, 0, WORD(5)), OK),
		SENT(SCMI_CLOCK_CONFIG_GET, (WORD(2), WORD(0x81)), OK, WORD(9), 0xfe, 0xff, 0xff, 0xff, 4, 3, 2, 1),
		SENT(SCMI_CLOCK_CONFIG_GET, (WORD(2), WORD(0)), OK, WORD(0), WORD(1), WORD(0)),
	};
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(3, 0));
	uint32_t value = 0;
	bool enabled = true;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_clock_config_set(&p, 2, SCMI_CLOCK_STATE_UNCHANGED, 0x81, 0x01020304, NULL), SCMI_OK);
	assert_int_equal(scmi_clock_config_set(&p, 2, SCMI_CLOCK_STATE_ON, 0, 5, NULL), SCMI_OK);
	assert_int_equal(scmi_clock_config_get(&p, 2, 0x81, &enabled, &value, NULL), SCMI_OK);
	assert_false(enabled);
	assert_int_equal(value, 0x01020304);
	assert_int_equal(scmi_clock_config_get(&p, 2, 0, NULL, NULL, NULL), SCMI_OK);
	assert_int_equal(scmi_clock_enabled(&p, 2, &enabled, NULL), SCMI_OK);
	assert_true(enabled);
	assert_int_equal(scmi_clock_config_set(&p, 2, 2, 1, 0, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_config_set(&p, 2, 4, 1, 0, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_config_set(&p, 2, SCMI_CLOCK_STATE_UNCHANGED, 0, 0, NULL), SCMI_E_INVAL);
	assert_int_equal(f->platform.asked, 5);
}

static void config_of_any_length_is_whole_or_malformed(void **state)
{
	static const uint8_t bytes[] = {OK, WORD(0), WORD(1), WORD(7), 0xee};
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(3, 0));

	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		const struct row row = {SCMI_CLOCK_CONFIG_GET, BYTES(WORD(2), WORD(1)), 8, bytes, len};
		uint32_t value = 77;

		serve(f, &row, 1);
		assert_int_equal(scmi_clock_config_get(&p, 2, 1, NULL, &value, NULL),
				 len < 16 ? SCMI_E_PROTO : SCMI_OK);
		assert_int_equal(value, len < 16 ? 77 : 7);
	}
}

static void state_before_3_0_is_an_attribute(void **state)
{
	const struct row rows[] = {
		ASKED(SCMI_CLOCK_ATTRIBUTES, 2, OK, WORD(1), UART),
		ASKED(SCMI_CLOCK_ATTRIBUTES, 1, OK, 0xfe, 0xff, 0xff, 0xff, UART),
	};
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(2, 0));
	bool enabled = false;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_clock_enabled(&p, 2, &enabled, NULL), SCMI_OK);
	assert_true(enabled);
	assert_int_equal(scmi_clock_enabled(&p, 1, &enabled, NULL), SCMI_OK);
	assert_false(enabled);
	assert_int_equal(f->platform.asked, 2); /* the name is not asked for */
}

/* ---- parents, permissions, notifications ---- */

static void words_of_the_rest_are_those_of_the_specification(void **state)
{
	const struct row rows[] = {
		ASKED(SCMI_CLOCK_PARENT_GET, 2, OK, 4, 3, 2, 1),
		SENT(SCMI_CLOCK_PARENT_SET, (WORD(2), WORD(1)), OK),
		ASKED(SCMI_CLOCK_GET_PERMISSIONS, 2, OK, 0, 0, 0, 0xa0),
		SENT(SCMI_CLOCK_RATE_NOTIFY, (WORD(2), WORD(1)), OK),
		SENT(SCMI_CLOCK_RATE_NOTIFY, (WORD(2), WORD(0)), OK),
		SENT(SCMI_CLOCK_RATE_CHANGE_REQUESTED_NOTIFY, (WORD(2), WORD(1)), OK),
		SENT(SCMI_CLOCK_RATE_CHANGE_REQUESTED_NOTIFY, (WORD(2), WORD(0)), OK),
	};
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(3, 0));
	uint32_t word = 0;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_clock_parent_get(&p, 2, &word, NULL), SCMI_OK);
	assert_int_equal(word, 0x01020304);
	assert_int_equal(scmi_clock_parent_set(&p, 2, 1, NULL), SCMI_OK);
	assert_int_equal(scmi_clock_permissions(&p, 2, &word, NULL), SCMI_OK);
	assert_int_equal(word, SCMI_CLOCK_MAY_STATE | SCMI_CLOCK_MAY_RATE);
	assert_int_equal(scmi_clock_rate_notify(&p, 2, true, NULL), SCMI_OK);
	assert_int_equal(scmi_clock_rate_notify(&p, 2, false, NULL), SCMI_OK);
	assert_int_equal(scmi_clock_rate_change_requested_notify(&p, 2, true, NULL), SCMI_OK);
	assert_int_equal(scmi_clock_rate_change_requested_notify(&p, 2, false, NULL), SCMI_OK);
	assert_int_equal(f->platform.asked, LENGTH(rows));
}

static void event_of_any_length_is_whole_or_malformed(void **state)
{
	static const uint8_t bytes[] = {WORD(5), WORD(2), 8, 7, 6, 5, 4, 3, 2, 1, 0xee};
	const uint32_t hdr = scmi_hdr(SCMI_PROTOCOL_CLOCK, SCMI_CLOCK_RATE_CHANGE_REQUESTED, SCMI_MSG_NOTIFICATION, 9);

	(void)state;
	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		struct scmi_clock_event e = {.clock = 77};

		if (len < 16) {
			assert_int_equal(scmi_clock_event_parse(hdr, bytes, len, &e), SCMI_E_PROTO);
			assert_int_equal(e.clock, 77);
			continue;
		}
		assert_int_equal(scmi_clock_event_parse(hdr, bytes, len, &e), SCMI_OK);
		assert_int_equal(e.notification, SCMI_CLOCK_RATE_CHANGE_REQUESTED);
		assert_int_equal(e.agent_id, 5);
		assert_int_equal(e.clock, 2);
		assert_true(e.rate == 0x0102030405060708u);
	}
}

static void event_of_another_kind_is_not_taken(void **state)
{
	static const uint8_t bytes[16];
	struct scmi_clock_event e;

	(void)state;
	assert_int_equal(
		scmi_clock_event_parse(scmi_hdr(SCMI_PROTOCOL_CLOCK, 2, SCMI_MSG_NOTIFICATION, 0), bytes, 16, &e),
		SCMI_E_NOTFOUND);
	assert_int_equal(
		scmi_clock_event_parse(scmi_hdr(SCMI_PROTOCOL_SENSOR, 0, SCMI_MSG_NOTIFICATION, 0), bytes, 16, &e),
		SCMI_E_NOTFOUND);
	assert_int_equal(scmi_clock_event_parse(scmi_hdr(SCMI_PROTOCOL_CLOCK, 0, SCMI_MSG_DELAYED, 0), bytes, 16, &e),
			 SCMI_E_NOTFOUND);
	assert_int_equal(scmi_clock_event_parse(0, bytes, 16, NULL), SCMI_E_INVAL);
	assert_int_equal(
		scmi_clock_event_parse(scmi_hdr(SCMI_PROTOCOL_CLOCK, 0, SCMI_MSG_NOTIFICATION, 0), NULL, 16, &e),
		SCMI_E_INVAL);
	assert_int_equal(
		scmi_clock_event_parse(scmi_hdr(SCMI_PROTOCOL_CLOCK, 0, SCMI_MSG_NOTIFICATION, 0), NULL, 0, &e),
		SCMI_E_PROTO);
}

/* ---- all of them ---- */

struct results {
	struct scmi_clock_info info;
	struct scmi_clock_rates rates;
	struct scmi_clock_rate rate;
	struct scmi_clock_parents parents;
	char name[SCMI_LONG_NAME];
	uint64_t hz;
	uint32_t word;
	bool on;
};

/* Each command once, by its id; SCMI_E_GONE for an id that is no command. */
static int call(const struct scmi_clock_protocol *p, uint8_t id, struct results *r, int32_t *status)
{
	r->info.size = sizeof(r->info);
	scmi_clock_rates_begin(p, 1, &r->rates);
	scmi_clock_parents_begin(p, 1, &r->parents);
	switch (id) {
	case SCMI_CLOCK_ATTRIBUTES:
		return scmi_clock_info(p, 1, &r->info, status);
	case SCMI_CLOCK_DESCRIBE_RATES:
		return scmi_clock_rates_next(&r->rates, &r->rate, status);
	case SCMI_CLOCK_RATE_SET:
		return scmi_clock_rate_set(p, 1, 1, SCMI_CLOCK_SET_ASYNC, &r->hz, status);
	case SCMI_CLOCK_RATE_GET:
		return scmi_clock_rate_get(p, 1, &r->hz, status);
	case SCMI_CLOCK_CONFIG_SET:
		return scmi_clock_enable(p, 1, true, status);
	case SCMI_CLOCK_NAME_GET:
		return scmi_clock_name(p, 1, r->name, status);
	case SCMI_CLOCK_RATE_NOTIFY:
		return scmi_clock_rate_notify(p, 1, true, status);
	case SCMI_CLOCK_RATE_CHANGE_REQUESTED_NOTIFY:
		return scmi_clock_rate_change_requested_notify(p, 1, true, status);
	case SCMI_CLOCK_CONFIG_GET:
		return scmi_clock_config_get(p, 1, 1, &r->on, &r->word, status);
	case SCMI_CLOCK_POSSIBLE_PARENTS_GET:
		return scmi_clock_parents_next(&r->parents, &r->word, status);
	case SCMI_CLOCK_PARENT_SET:
		return scmi_clock_parent_set(p, 1, 1, status);
	case SCMI_CLOCK_PARENT_GET:
		return scmi_clock_parent_get(p, 1, &r->word, status);
	case SCMI_CLOCK_GET_PERMISSIONS:
		return scmi_clock_permissions(p, 1, &r->word, status);
	default:
		return SCMI_E_GONE;
	}
}

/*
 * By the table: what the version does not have is not sent, what it has is sent in the table's size, an error comes
 * back.
 */
static void every_command_follows_the_table(void **state)
{
	struct fixture *f = *state;
	unsigned commands = 0;

	serve(f, NULL, 0); /* refuses all */
	for (unsigned v = 0; v < LENGTH(versions); v++) {
		struct scmi_clock_protocol p = spoken(f, versions[v]);
		const struct scmi_message_info *row = NULL;

		while ((row = scmi_message_next(SCMI_PROTOCOL_CLOCK, row)) != NULL) {
			unsigned before = f->platform.asked;
			struct results r = {.word = 77};
			int32_t status = 77;
			int err;

			if (row->kind != SCMI_MSG_COMMAND)
				continue;
			err = call(&p, row->id, &r, &status);
			if (err == SCMI_E_GONE) {
				assert_true(row->id < SCMI_CLOCK_ATTRIBUTES || row->id == 0x10);
				continue;
			}
			commands++;
			if (row->since > versions[v]) {
				assert_int_equal(err, SCMI_E_NOTSUP);
				assert_int_equal(f->platform.asked, before);
				assert_int_equal(status, 77);
				continue;
			}
			assert_int_equal(err, SCMI_E_REMOTE);
			assert_int_equal(status, SCMI_NOT_SUPPORTED);
			assert_int_equal(r.word, 77);
			assert_int_equal(f->platform.asked, before + 1u);
			assert_int_equal(f->platform.message, row->id);
			assert_in_range(f->platform.params_len, row->params_min, row->params_max);
		}
	}
	assert_int_equal(commands, 13 * LENGTH(versions));
}

static void null_results_are_invalid_and_nothing_is_sent(void **state)
{
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(3, 0));
	struct scmi_clock_info info = {.size = sizeof(info) - 1u};
	struct scmi_clock_parents parents;
	struct scmi_clock_rates rates;

	serve(f, NULL, 0);
	scmi_clock_rates_begin(&p, 1, &rates);
	scmi_clock_parents_begin(&p, 1, &parents);
	assert_int_equal(scmi_clock_info(&p, 1, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_info(&p, 1, &info, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_name(&p, 1, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_rates_next(&rates, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_parents_next(&parents, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_rate_get(&p, 1, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_enabled(&p, 1, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_parent_get(&p, 1, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_permissions(&p, 1, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(f->platform.asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(config_has_a_third_word_above_2_0),         TEST(extended_config_came_with_3_0),
		TEST(extended_config_is_set_and_read),           TEST(config_of_any_length_is_whole_or_malformed),
		TEST(state_before_3_0_is_an_attribute),          TEST(words_of_the_rest_are_those_of_the_specification),
		TEST(event_of_any_length_is_whole_or_malformed), TEST(event_of_another_kind_is_not_taken),
		TEST(every_command_follows_the_table),           TEST(null_results_are_invalid_and_nothing_is_sent),
	};

	return cmocka_run_group_tests_name("clock_state", tests, NULL, NULL);
}
