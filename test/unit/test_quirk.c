/* SPDX-License-Identifier: BSD-3-Clause */
/* Quirks: which entries match, what is left of a check when several do, and what is received after that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/protocol/base.h>
#include <scmi/protocol/quirk.h>

#include "fake_port.h"
#include "script_transport.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define SLOTS         4u
#define ODD_STATUS    (-50) /* in no table, and not the vendor's */
#define ODD_BITS      0x50000000u

/* A platform that knows the base protocol's three questions about itself, and answers badly in the ways of `faults`. */
struct fixture {
	struct script script;
	struct fake_port fake;
	struct scmi_agent *agent;
	const char *vendor; /* NULL: refused */
	const char *sub_vendor;
	uint32_t version;
	uint32_t faults; /* SCMI_CHECK_*: the checks that its replies fail */
	uint8_t dead;    /* message that is never answered; 0: none */
	unsigned asked;  /* commands that came */
	max_align_t mem[SCMI_AGENT_WORDS(SLOTS)];
};

/* ---- the platform ---- */

static uint32_t put_name(unsigned char *values, const char *name)
{
	memset(values, 0, SCMI_SHORT_NAME);
	for (uint32_t i = 0; i < SCMI_SHORT_NAME && name[i] != '\0'; i++)
		values[i] = (unsigned char)name[i];
	return SCMI_SHORT_NAME;
}

/* The values of a reply; their length, 0 for a refusal. */
static uint32_t put_values(const struct fixture *f, uint8_t message, unsigned char *values)
{
	if (message == SCMI_BASE_DISCOVER_VENDOR && f->vendor != NULL)
		return put_name(values, f->vendor);
	if (message == SCMI_BASE_DISCOVER_SUB_VENDOR && f->sub_vendor != NULL)
		return put_name(values, f->sub_vendor);
	if (message != SCMI_BASE_DISCOVER_IMPLEMENTATION_VERSION)
		return 0;
	scmi_put_le32(values, f->version);
	return SCMI_STATUS_BYTES;
}

static uint32_t bent_header(uint32_t hdr, uint32_t faults)
{
	if ((faults & SCMI_CHECK_TOKEN) != 0)
		hdr ^= 1u << 20;
	if ((faults & SCMI_CHECK_MESSAGE) != 0)
		hdr ^= 1u << 11;
	if ((faults & SCMI_CHECK_RESERVED) != 0)
		hdr |= ODD_BITS;
	return hdr;
}

static int answer(struct script *s, const struct script_sent *sent, void *arg)
{
	struct fixture *f = arg;
	unsigned char payload[SCMI_STATUS_BYTES + SCMI_SHORT_NAME + 4u] = {0};
	uint32_t len = put_values(f, scmi_hdr_message(sent->hdr), payload + SCMI_STATUS_BYTES);

	f->asked++;
	if (f->dead != 0 && f->dead == scmi_hdr_message(sent->hdr))
		return SCMI_OK;
	if (len == 0) {
		int32_t status = (f->faults & SCMI_CHECK_STATUS) != 0 ? ODD_STATUS : SCMI_NOT_SUPPORTED;

		scmi_put_le32(payload, (uint32_t)status);
		len = (f->faults & SCMI_CHECK_VALUES) != 0 ? 4u : 0;
	}
	if ((f->faults & SCMI_CHECK_ALIGNED) != 0)
		len++;
	script_rx_on(s, sent->token, bent_header(sent->hdr, f->faults), payload, SCMI_STATUS_BYTES + len);
	return SCMI_OK;
}

static struct fixture fixture;

static int set_up(void **state)
{
	struct fixture *f = &fixture;
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = &f->script.transport,
		.port = &f->fake.port,
		.options = {.slots = SLOTS},
	};

	memset(f, 0, sizeof(*f));
	fake_port_init(&f->fake);
	script_init(&f->script, SCMI_CAP_SYNC_SEND);
	f->script.on_send = answer;
	f->script.arg = f;
	f->script.clock_us = &f->fake.now_us;
	f->vendor = "acme";
	f->version = 0x10203;
	assert_int_equal(scmi_agent_init(&f->agent, f->mem, sizeof(f->mem), &config), SCMI_OK);
	assert_int_equal(scmi_agent_start(f->agent), SCMI_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(scmi_agent_fini(f->agent), SCMI_OK);
	assert_null(f->fake.fault);
	assert_null(f->script.fault);
	return 0;
}

/* What a refused command of another kind comes to: by it each of the checks shows. */
static int probe(struct fixture *f)
{
	uint32_t version;

	return scmi_base_version(f->agent, &version, NULL);
}

/* ---- matching ---- */

static void names_match_whole_with_case_and_null_matches_any(void **state)
{
	static const struct {
		const char *vendor;
		const char *sub_vendor;
		bool matches; /* vendor "acme", sub-vendor "" */
	} rows[] = {
		{NULL, NULL, true},     {"acme", NULL, true},  {"acme", "", true},     {NULL, "", true},
		{"Acme", NULL, false},  {"acm", NULL, false},  {"acmes", NULL, false}, {"", NULL, false},
		{"acme", "lab", false}, {NULL, "acme", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct scmi_quirk quirk = {.vendor = rows[i].vendor, .sub_vendor = rows[i].sub_vendor};

		assert_int_equal(scmi_quirk_matches(&quirk, "acme", "", 7), rows[i].matches);
		assert_int_equal(scmi_quirk_matches(&quirk, "acme", NULL, 7), rows[i].matches);
	}
}

static void name_that_is_not_told_is_empty(void **state)
{
	const struct scmi_quirk any = {.version_to = 9};
	const struct scmi_quirk none = {.vendor = "", .sub_vendor = ""};
	const struct scmi_quirk acme = {.vendor = "acme"};

	(void)state;
	assert_true(scmi_quirk_matches(&any, NULL, NULL, 0));
	assert_true(scmi_quirk_matches(&none, NULL, "", 0));
	assert_false(scmi_quirk_matches(&acme, NULL, NULL, 0));
}

/* Fifteen characters are compared, neither string is read behind them. */
static void long_names_match_as_far_as_the_protocol_carries_them(void **state)
{
	const char name[15] = {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o'};
	const struct scmi_quirk longer = {.vendor = "abcdefghijklmnopqrst"};
	const struct scmi_quirk other = {.vendor = "abcdefghijklmn-"};
	const struct scmi_quirk shorter = {.vendor = "abcdefghijklmn"};

	(void)state;
	assert_true(scmi_quirk_matches(&longer, name, NULL, 0));
	assert_true(scmi_quirk_matches(&longer, "abcdefghijklmno", NULL, 0));
	assert_false(scmi_quirk_matches(&other, name, NULL, 0));
	assert_false(scmi_quirk_matches(&shorter, name, NULL, 0));
}

static void versions_match_with_both_ends_and_0_is_no_end(void **state)
{
	static const struct {
		uint32_t from;
		uint32_t to;
		uint32_t version;
		bool matches;
	} rows[] = {
		{0, 0, 0, true},  {0, 0, UINT32_MAX, true}, {5, 0, 4, false},
		{5, 0, 5, true},  {5, 0, UINT32_MAX, true}, {5, 9, 4, false},
		{5, 9, 5, true},  {5, 9, 9, true},          {5, 9, 10, false},
		{0, 9, 0, true},  {0, 9, 10, false},        {7, 7, 7, true},
		{7, 7, 8, false}, {9, 5, 7, false},         {0x80000000u, 0, 1, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct scmi_quirk quirk = {.version_from = rows[i].from, .version_to = rows[i].to};

		assert_int_equal(scmi_quirk_matches(&quirk, "acme", "", rows[i].version), rows[i].matches);
	}
}

/* ---- the sum ---- */

static void entries_go_before_the_configuration_and_later_ones_before_earlier_ones(void **state)
{
	const struct scmi_quirk table[] = {
		{.tolerate = SCMI_CHECK_TOKEN | SCMI_CHECK_MESSAGE},
		{.vendor = "other", .strict = SCMI_CHECKS_ALL},
		{.vendor = "acme", .strict = SCMI_CHECK_TOKEN | SCMI_CHECK_VALUES},
		{.vendor = "acme", .version_from = 9, .tolerate = SCMI_CHECKS_ALL},
		{.vendor = "acme", .tolerate = SCMI_CHECK_STATUS},
	};
	uint32_t strict = SCMI_CHECK_MESSAGE | SCMI_CHECK_STATUS | SCMI_CHECK_RESERVED;
	uint32_t tolerate = SCMI_CHECK_VALUES | SCMI_CHECK_ALIGNED;
	uint32_t matched = 77;

	(void)state;
	assert_int_equal(scmi_quirks_sum(table, LENGTH(table), "acme", "", 8, &strict, &tolerate, &matched), SCMI_OK);
	assert_int_equal(matched, 3);
	assert_int_equal(strict, SCMI_CHECK_RESERVED | SCMI_CHECK_TOKEN | SCMI_CHECK_VALUES);
	assert_int_equal(tolerate, SCMI_CHECK_MESSAGE | SCMI_CHECK_STATUS | SCMI_CHECK_ALIGNED);
}

static void empty_table_leaves_the_configuration(void **state)
{
	const struct scmi_quirk other = {.vendor = "other", .strict = SCMI_CHECKS_ALL};
	uint32_t strict = SCMI_CHECK_STATUS;
	uint32_t tolerate = SCMI_CHECK_TOKEN;
	uint32_t matched = 77;

	(void)state;
	assert_int_equal(scmi_quirks_sum(NULL, 0, "acme", "", 8, &strict, &tolerate, &matched), SCMI_OK);
	assert_int_equal(matched, 0);
	assert_int_equal(scmi_quirks_sum(&other, 1, "acme", "", 8, &strict, &tolerate, NULL), SCMI_OK);
	assert_int_equal(strict, SCMI_CHECK_STATUS);
	assert_int_equal(tolerate, SCMI_CHECK_TOKEN);
}

/* Entries that do not match are looked at too: a fault in a table shows on every platform. */
static void table_that_is_not_allowed_changes_nothing_and_sends_nothing(void **state)
{
	const struct scmi_quirk tables[][2] = {
		{{.strict = 1u << 6}, {.vendor = NULL}},
		{{.vendor = NULL}, {.vendor = "other", .tolerate = 1u << 31}},
		{{.vendor = NULL}, {.vendor = "other", .strict = 3, .tolerate = SCMI_CHECK_TOKEN}},
	};
	struct fixture *f = *state;
	uint32_t strict = SCMI_CHECK_STATUS;
	uint32_t tolerate = SCMI_CHECK_TOKEN;
	uint32_t matched = 77;
	uint32_t both = SCMI_CHECK_TOKEN;
	uint32_t unknown = 1u << 6;

	for (size_t i = 0; i < LENGTH(tables); i++) {
		assert_int_equal(scmi_quirks_sum(tables[i], 2, "acme", "", 8, &strict, &tolerate, &matched),
				 SCMI_E_INVAL);
		assert_int_equal(scmi_quirks_apply(f->agent, tables[i], 2, 0, 0, &matched), SCMI_E_INVAL);
	}
	assert_int_equal(scmi_quirks_sum(NULL, 1, "acme", "", 8, &strict, &tolerate, &matched), SCMI_E_INVAL);
	assert_int_equal(scmi_quirks_sum(NULL, 0, "acme", "", 8, NULL, &tolerate, &matched), SCMI_E_INVAL);
	assert_int_equal(scmi_quirks_sum(NULL, 0, "acme", "", 8, &strict, NULL, &matched), SCMI_E_INVAL);
	assert_int_equal(scmi_quirks_sum(NULL, 0, "acme", "", 8, &both, &tolerate, &matched), SCMI_E_INVAL);
	assert_int_equal(scmi_quirks_sum(NULL, 0, "acme", "", 8, &strict, &unknown, &matched), SCMI_E_INVAL);
	assert_int_equal(scmi_quirks_apply(NULL, NULL, 0, 0, 0, &matched), SCMI_E_INVAL);
	assert_int_equal(scmi_quirks_apply(f->agent, NULL, 1, 0, 0, &matched), SCMI_E_INVAL);
	assert_int_equal(scmi_quirks_apply(f->agent, NULL, 0, 3, SCMI_CHECK_TOKEN, &matched), SCMI_E_INVAL);
	assert_int_equal(strict, SCMI_CHECK_STATUS);
	assert_int_equal(tolerate, SCMI_CHECK_TOKEN);
	assert_int_equal(matched, 77);
	assert_int_equal(f->asked, 0);
}

/* ---- applied ---- */

/* Each check in turn: strict it keeps the platform's every answer out, and so the platform would never be known. */
static void tolerance_of_a_quirk_lets_the_platform_say_who_it_is(void **state)
{
	struct fixture *f = *state;

	for (uint32_t check = 1; check < SCMI_CHECKS_ALL; check *= 2u) {
		const struct scmi_quirk quirk = {.vendor = "acme", .tolerate = check};
		uint32_t matched = 77;

		f->faults = check;
		assert_int_not_equal(scmi_quirks_apply(f->agent, NULL, 0, check, 0, &matched), SCMI_OK);
		assert_int_equal(matched, 77);
		assert_int_not_equal(probe(f), SCMI_E_REMOTE);
		assert_int_equal(scmi_quirks_apply(f->agent, &quirk, 1, check, 0, &matched), SCMI_OK);
		assert_int_equal(matched, 1);
		assert_int_equal(probe(f), SCMI_E_REMOTE);
	}
}

/* Each entry tolerates one check, and it takes all of them to let an answer through. */
static void tolerances_of_all_entries_are_in_force_together_while_the_platform_is_asked(void **state)
{
	struct scmi_quirk table[6];
	struct fixture *f = *state;
	uint32_t matched = 77;
	uint32_t n = 0;

	for (uint32_t check = 1; check < SCMI_CHECKS_ALL; check *= 2u)
		table[n++] = (struct scmi_quirk){.vendor = "acme", .tolerate = check};
	assert_int_equal(n, LENGTH(table));
	f->faults = SCMI_CHECKS_ALL;
	assert_int_equal(scmi_quirks_apply(f->agent, table, n, SCMI_CHECKS_ALL, 0, &matched), SCMI_OK);
	assert_int_equal(matched, n);
	assert_int_equal(probe(f), SCMI_E_REMOTE);
}

static void tolerance_of_another_platform_ends_when_the_platform_is_known(void **state)
{
	const struct scmi_quirk quirk = {.vendor = "other", .tolerate = SCMI_CHECKS_ALL};
	struct fixture *f = *state;

	for (uint32_t check = 1; check < SCMI_CHECKS_ALL; check *= 2u) {
		uint32_t matched = 77;

		f->faults = check;
		assert_int_equal(scmi_quirks_apply(f->agent, &quirk, 1, check, 0, &matched), SCMI_OK);
		assert_int_equal(matched, 0);
		assert_int_not_equal(probe(f), SCMI_E_REMOTE);
	}
}

static void strictness_of_a_quirk_refuses_what_the_configuration_takes(void **state)
{
	struct fixture *f = *state;

	for (uint32_t check = 1; check < SCMI_CHECKS_ALL; check *= 2u) {
		const struct scmi_quirk quirk = {.vendor = "acme", .strict = check};

		f->faults = check;
		assert_int_equal(scmi_quirks_apply(f->agent, NULL, 0, 0, check, NULL), SCMI_OK);
		assert_int_equal(probe(f), SCMI_E_REMOTE);
		assert_int_equal(scmi_quirks_apply(f->agent, &quirk, 1, 0, check, NULL), SCMI_OK);
		assert_int_not_equal(probe(f), SCMI_E_REMOTE);
	}
}

/* A table that is applied for the next platform leaves nothing of the last one's. */
static void checks_that_nobody_names_are_at_their_defaults(void **state)
{
	const struct scmi_quirk quirk = {
		.vendor = "acme",
		.tolerate = SCMI_CHECK_TOKEN,
		.strict = SCMI_CHECK_STATUS,
	};
	struct fixture *f = *state;

	assert_int_equal(scmi_quirks_apply(f->agent, &quirk, 1, 0, 0, NULL), SCMI_OK);
	f->vendor = "other";
	assert_int_equal(scmi_quirks_apply(f->agent, &quirk, 1, 0, 0, NULL), SCMI_OK);
	f->faults = SCMI_CHECK_STATUS;
	assert_int_equal(probe(f), SCMI_E_REMOTE);
	f->faults = SCMI_CHECK_TOKEN;
	assert_int_equal(probe(f), SCMI_E_PROTO);
}

static void platform_is_asked_for_all_three_and_refusals_are_not_told(void **state)
{
	const struct scmi_quirk table[] = {
		{.vendor = "acme", .sub_vendor = "lab", .version_from = 0x10203, .version_to = 0x10203},
		{.vendor = "acme", .sub_vendor = "", .version_from = 0x10203, .version_to = 0x10203},
		{.vendor = "", .sub_vendor = "", .version_to = 0x10203},
	};
	struct fixture *f = *state;
	uint32_t matched = 77;

	f->sub_vendor = "lab";
	assert_int_equal(scmi_quirks_apply(f->agent, table, 1, 0, 0, &matched), SCMI_OK);
	assert_int_equal(matched, 1);
	assert_int_equal(f->asked, 3);
	f->sub_vendor = NULL;
	assert_int_equal(scmi_quirks_apply(f->agent, table, 2, 0, 0, &matched), SCMI_OK);
	assert_int_equal(matched, 1);
	f->vendor = NULL;
	assert_int_equal(scmi_quirks_apply(f->agent, table, 3, 0, 0, &matched), SCMI_OK);
	assert_int_equal(matched, 1);
}

static void name_without_nul_matches(void **state)
{
	const struct scmi_quirk quirk = {.vendor = "abcdefghijklmnop"};
	struct fixture *f = *state;
	uint32_t matched = 77;

	f->vendor = "abcdefghijklmnop"; /* 16 characters: none is left for the NUL */
	assert_int_equal(scmi_quirks_apply(f->agent, &quirk, 1, 0, 0, &matched), SCMI_OK);
	assert_int_equal(matched, 1);
}

/* Whichever of the three commands fails: its error comes back, and the checks are the configuration's. */
static void platform_that_does_not_answer_leaves_the_configuration(void **state)
{
	static const uint8_t asked[] = {
		SCMI_BASE_DISCOVER_VENDOR,
		SCMI_BASE_DISCOVER_SUB_VENDOR,
		SCMI_BASE_DISCOVER_IMPLEMENTATION_VERSION,
	};
	const struct scmi_quirk quirk = {.tolerate = SCMI_CHECK_STATUS};
	struct fixture *f = *state;

	for (size_t i = 0; i < LENGTH(asked); i++) {
		uint32_t matched = 77;

		f->dead = asked[i];
		f->faults = 0;
		assert_int_equal(scmi_quirks_apply(f->agent, &quirk, 1, SCMI_CHECK_STATUS, 0, &matched),
				 SCMI_E_TIMEOUT);
		assert_int_equal(matched, 77);
		f->faults = SCMI_CHECK_STATUS;
		assert_int_equal(probe(f), SCMI_E_PROTO);
		assert_int_equal(
			script_settle(&f->script, script_sent(&f->script, f->script.sends - 2u)->token, SCMI_E_IO),
			SCMI_OK);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_match_whole_with_case_and_null_matches_any),
		TEST(name_that_is_not_told_is_empty),
		TEST(long_names_match_as_far_as_the_protocol_carries_them),
		TEST(versions_match_with_both_ends_and_0_is_no_end),
		TEST(entries_go_before_the_configuration_and_later_ones_before_earlier_ones),
		TEST(empty_table_leaves_the_configuration),
		TEST(table_that_is_not_allowed_changes_nothing_and_sends_nothing),
		TEST(tolerance_of_a_quirk_lets_the_platform_say_who_it_is),
		TEST(tolerances_of_all_entries_are_in_force_together_while_the_platform_is_asked),
		TEST(tolerance_of_another_platform_ends_when_the_platform_is_known),
		TEST(strictness_of_a_quirk_refuses_what_the_configuration_takes),
		TEST(checks_that_nobody_names_are_at_their_defaults),
		TEST(platform_is_asked_for_all_three_and_refusals_are_not_told),
		TEST(name_without_nul_matches),
		TEST(platform_that_does_not_answer_leaves_the_configuration),
	};

	return cmocka_run_group_tests_name("quirk", tests, NULL, NULL);
}
