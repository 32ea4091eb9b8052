/* SPDX-License-Identifier: BSD-3-Clause */
/* The base protocol's server: three versions, discovery, error events. */
#include <string.h>

#include "base_fixture.h"

/* ---- discovery ---- */

static void attributes_count_what_the_agent_may_see(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask0(f, 1, SCMI_PROTOCOL_ATTRIBUTES), SCMI_SUCCESS);
	assert_int_equal(fake_values_len(&f->request), 4);
	assert_int_equal(fake_value(&f->request, 0), 5u | 3u << 8);
	assert_int_equal(ask0(f, 2, SCMI_PROTOCOL_ATTRIBUTES), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 4u | 3u << 8);
}

static void identity_is_told(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask0(f, 1, SCMI_BASE_DISCOVER_VENDOR), SCMI_SUCCESS);
	assert_memory_equal(f->request.reply + 4, "a vendor of 15c", 16);
	assert_int_equal(ask0(f, 1, SCMI_BASE_DISCOVER_SUB_VENDOR), SCMI_SUCCESS);
	assert_memory_equal(f->request.reply + 4, "sub\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(fake_values_len(&f->request), 16);
	assert_int_equal(ask0(f, 1, SCMI_BASE_DISCOVER_IMPLEMENTATION_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 0xfedcba98u);
}

static void absent_sub_vendor_is_not_offered(void **state)
{
	struct fixture *f = *state;

	f->model.sub_vendor = NULL;
	reopen(f, 0);
	assert_int_equal(ask0(f, 1, SCMI_BASE_DISCOVER_SUB_VENDOR), SCMI_NOT_SUPPORTED);
	assert_int_equal(ask1(f, 1, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, SCMI_BASE_DISCOVER_SUB_VENDOR), SCMI_NOT_FOUND);
	assert_int_equal(ask0(f, 1, SCMI_BASE_DISCOVER_VENDOR), SCMI_SUCCESS);
}

static void list_holds_what_the_agent_may_use_in_ascending_order(void **state)
{
	static const uint8_t all[] = {POWER, CLOCK, SENSOR, RESET, VENDOR};
	static const uint8_t guest[] = {POWER, CLOCK, RESET, VENDOR};
	struct fixture *f = *state;

	for (uint32_t skip = 0; skip <= sizeof(all); skip++)
		expect_list(f, 1, skip, all + skip, (uint32_t)sizeof(all) - skip);
	for (uint32_t skip = 0; skip <= sizeof(guest); skip++)
		expect_list(f, 2, skip, guest + skip, (uint32_t)sizeof(guest) - skip);
	assert_int_equal(ask1(f, 1, SCMI_BASE_DISCOVER_LIST_PROTOCOLS, sizeof(all) + 1u), SCMI_INVALID_PARAMETERS);
	assert_int_equal(ask1(f, 1, SCMI_BASE_DISCOVER_LIST_PROTOCOLS, UINT32_MAX), SCMI_INVALID_PARAMETERS);
}

static void list_holds_as_many_as_fit(void **state)
{
	static const uint32_t fit[] = {0, 0, 0, 4, 5, 5}; /* by words of values */
	struct fixture *f = *state;
	uint8_t skip[4] = {0};

	for (uint32_t cap = 4; cap < 24u; cap++) {
		uint32_t n = fit[(cap - 4u) / 4u + 1u];

		fake_deliver(&f->endpoints[0], &f->request,
			     scmi_hdr(BASE, SCMI_BASE_DISCOVER_LIST_PROTOCOLS, SCMI_MSG_COMMAND, 0), skip, 4, cap);
		assert_int_equal(fake_status(&f->request), n == 0 ? SCMI_COMMS_ERROR : SCMI_SUCCESS);
		if (n != 0)
			assert_int_equal(fake_value(&f->request, 0), n);
	}
}

static void agents_are_told_by_id_and_by_self(void **state)
{
	static const struct {
		unsigned asker;
		uint32_t id;
		int32_t status;
		uint32_t told;
		const char *name;
	} cases[] = {
		{1, 0, SCMI_SUCCESS, 0, "platform\0\0\0\0\0\0\0"},
		{2, 1, SCMI_SUCCESS, 1, "manager\0\0\0\0\0\0\0\0"},
		{1, 2, SCMI_SUCCESS, 2, "guest-of-15-cha"},
		{1, SELF, SCMI_SUCCESS, 1, "manager\0\0\0\0\0\0\0\0"},
		{2, SELF, SCMI_SUCCESS, 2, "guest-of-15-cha"},
		{3, SELF, SCMI_SUCCESS, 3, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{3, 3, SCMI_NOT_FOUND, 0, NULL}, /* it has no name */
		{1, 4, SCMI_NOT_FOUND, 0, NULL},
		{1, SELF - 1u, SCMI_NOT_FOUND, 0, NULL},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ask1(f, cases[i].asker, SCMI_BASE_DISCOVER_AGENT, cases[i].id), cases[i].status);
		if (cases[i].status != SCMI_SUCCESS)
			continue;
		assert_int_equal(fake_values_len(&f->request), 20);
		assert_int_equal(fake_value(&f->request, 0), cases[i].told);
		assert_memory_equal(f->request.reply + 8, cases[i].name, 16);
	}
}

/* ---- versions ---- */

static void version_1_0_has_neither_ids_nor_permissions(void **state)
{
	struct fixture *f = *state;

	reopen(f, SCMI_VERSION(1, 0));
	assert_int_equal(ask0(f, 1, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 0x10000);
	assert_int_equal(ask1(f, 1, SCMI_BASE_DISCOVER_AGENT, 1), SCMI_SUCCESS);
	assert_int_equal(fake_values_len(&f->request), 16);
	assert_memory_equal(f->request.reply + 4, "manager\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(ask1(f, 1, SCMI_BASE_DISCOVER_AGENT, SELF), SCMI_NOT_FOUND);
	assert_int_equal(set_device(f, 1, 2, 0, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(reset(f, 1, 2, 0), SCMI_NOT_SUPPORTED);
	for (uint32_t id = SCMI_BASE_SET_DEVICE_PERMISSIONS; id <= SCMI_NEGOTIATE_PROTOCOL_VERSION; id++)
		assert_int_equal(ask1(f, 1, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, id), SCMI_NOT_FOUND);
	assert_int_equal(ask1(f, 1, SCMI_NEGOTIATE_PROTOCOL_VERSION, SCMI_VERSION(1, 0)), SCMI_NOT_SUPPORTED);
}

static void version_2_0_does_not_negotiate(void **state)
{
	struct fixture *f = *state;

	reopen(f, SCMI_VERSION(2, 0));
	assert_int_equal(ask0(f, 1, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 0x20000);
	assert_int_equal(ask1(f, 1, SCMI_NEGOTIATE_PROTOCOL_VERSION, SCMI_VERSION(2, 0)), SCMI_NOT_SUPPORTED);
	assert_int_equal(reset(f, 1, 2, 0), SCMI_SUCCESS);
}

static void version_2_1_is_the_default_and_negotiates(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask0(f, 1, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 0x20001);
	assert_int_equal(ask1(f, 1, SCMI_NEGOTIATE_PROTOCOL_VERSION, SCMI_VERSION(2, 0)), SCMI_SUCCESS);
	assert_int_equal(ask1(f, 1, SCMI_NEGOTIATE_PROTOCOL_VERSION, SCMI_VERSION(1, 0)), SCMI_NOT_SUPPORTED);
}

/* What the library's table of messages says of a command is what the server does with it. */
static void every_command_of_the_message_table_has_its_size(void **state)
{
	const struct scmi_message_info *info = NULL;
	struct fixture *f = *state;
	uint8_t params[32];
	unsigned commands = 0;

	memset(params, 0xff, sizeof(params));
	while ((info = scmi_message_next(BASE, info)) != NULL) {
		uint32_t hdr = scmi_hdr(BASE, info->id, SCMI_MSG_COMMAND, 0);

		if (info->kind != SCMI_MSG_COMMAND)
			continue;
		commands++;
		assert_int_equal(ask1(f, 1, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, info->id), SCMI_SUCCESS);
		assert_int_equal(info->params_min, info->params_max);
		for (uint32_t len = 0; len <= sizeof(params); len++) {
			fake_deliver(&f->endpoints[0], &f->request, hdr, params, len, FAKE_PAYLOAD);
			assert_int_equal(fake_status(&f->request) != SCMI_PROTOCOL_ERROR, len == info->params_min);
		}
	}
	assert_int_equal(commands, 13);
}

/* ---- error events ---- */

static void error_event_reaches_who_asked_with_its_reports(void **state)
{
	static const uint64_t reports[] = {0xfffffff600015003u, 0x0123456789abcdefu};
	static const uint8_t expected[] = {2,    0,    0,    0,    2,    0,    0,    0x80, 0x03, 0x50, 0x01, 0x00,
					   0xf6, 0xff, 0xff, 0xff, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01};
	struct fixture *f = *state;

	assert_int_equal(ask1(f, 1, SCMI_BASE_NOTIFY_ERRORS, 1), SCMI_SUCCESS);
	assert_int_equal(scmi_base_error_event(f->platform, SCMI_ALL_AGENTS, 2, true, reports, 2), SCMI_OK);
	assert_int_equal(fake_last(&f->endpoints[0])->hdr,
			 scmi_hdr(BASE, SCMI_BASE_ERROR_EVENT, SCMI_MSG_NOTIFICATION, 0));
	assert_int_equal(fake_last(&f->endpoints[0])->len, sizeof(expected));
	assert_memory_equal(fake_last(&f->endpoints[0])->bytes, expected, sizeof(expected));
	assert_int_equal(atomic_load(&f->endpoints[1].sends), 0);
	assert_int_equal(ask1(f, 1, SCMI_BASE_NOTIFY_ERRORS, 0), SCMI_SUCCESS);
	assert_int_equal(scmi_base_error_event(f->platform, 1, 2, true, reports, 2), SCMI_OK);
	assert_int_equal(atomic_load(&f->endpoints[0].sends), 1);
	assert_int_equal(ask1(f, 1, SCMI_BASE_NOTIFY_ERRORS, 2), SCMI_INVALID_PARAMETERS);
}

static void error_event_has_a_bound(void **state)
{
	uint64_t reports[SCMI_BASE_REPORTS_MAX + 1u] = {0};
	struct fixture *f = *state;

	assert_int_equal(ask1(f, 1, SCMI_BASE_NOTIFY_ERRORS, 1), SCMI_SUCCESS);
	assert_int_equal(scmi_base_error_event(f->platform, 1, 0, false, reports, SCMI_BASE_REPORTS_MAX), SCMI_OK);
	assert_int_equal(fake_last(&f->endpoints[0])->len, 8u + 8u * SCMI_BASE_REPORTS_MAX);
	assert_int_equal(scmi_get_le32(fake_last(&f->endpoints[0])->bytes + 4), SCMI_BASE_REPORTS_MAX);
	assert_int_equal(scmi_base_error_event(f->platform, 1, 0, false, reports, SCMI_BASE_REPORTS_MAX + 1u),
			 SCMI_E_INVAL);
	assert_int_equal(scmi_base_error_event(f->platform, 1, 0, false, NULL, 1), SCMI_E_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attributes_count_what_the_agent_may_see),
		TEST(identity_is_told),
		TEST(absent_sub_vendor_is_not_offered),
		TEST(list_holds_what_the_agent_may_use_in_ascending_order),
		TEST(list_holds_as_many_as_fit),
		TEST(agents_are_told_by_id_and_by_self),
		TEST(version_1_0_has_neither_ids_nor_permissions),
		TEST(version_2_0_does_not_negotiate),
		TEST(version_2_1_is_the_default_and_negotiates),
		TEST(every_command_of_the_message_table_has_its_size),
		TEST(error_event_reaches_who_asked_with_its_reports),
		TEST(error_event_has_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
