/* SPDX-License-Identifier: BSD-3-Clause */
/* The base protocol's server: permissions, and the reset of an agent's configuration. */
#include <limits.h>

#include "base_fixture.h"

/* ---- permissions ---- */

static void protocol_denied_on_every_device_is_denied_as_a_whole(void **state)
{
	static const uint8_t left[] = {POWER, RESET, VENDOR};
	static const uint8_t before[] = {POWER, CLOCK, RESET, VENDOR};
	struct fixture *f = *state;

	assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 0), SCMI_SUCCESS);
	assert_false(scmi_base_allowed(&f->model, 2, CLOCK, 0));
	assert_true(scmi_base_allowed(&f->model, 2, CLOCK, 1));
	assert_true(scmi_base_allowed(&f->model, 1, CLOCK, 0));
	assert_int_equal(use(f, 2, CLOCK), SCMI_SUCCESS);
	expect_list(f, 2, 0, before, sizeof(before));
	assert_int_equal(set_protocol(f, 1, 2, 1, CLOCK, 0), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, CLOCK), SCMI_DENIED);
	assert_int_equal(use(f, 1, CLOCK), SCMI_SUCCESS);
	expect_list(f, 2, 0, left, sizeof(left));
	assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 1), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, CLOCK), SCMI_SUCCESS);
	assert_true(scmi_base_allowed(&f->model, 2, CLOCK, 0));
	assert_false(scmi_base_allowed(&f->model, 2, CLOCK, 1));
}

static void protocol_denied_to_begin_with_can_be_allowed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(use(f, 2, SENSOR), SCMI_DENIED);
	assert_false(scmi_base_allowed(&f->model, 2, SENSOR, 0));
	assert_int_equal(set_protocol(f, 1, 2, 1, SENSOR, 1), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, SENSOR), SCMI_SUCCESS);
	assert_false(scmi_base_allowed(&f->model, 2, SENSOR, 0));
	assert_true(scmi_base_allowed(&f->model, 2, SENSOR, 1));
}

static void device_denied_hides_all_but_base_on_it(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_device(f, 1, 2, 0, 0), SCMI_SUCCESS);
	assert_false(scmi_base_allowed(&f->model, 2, POWER, 0));
	assert_true(scmi_base_allowed(&f->model, 2, POWER, 1));
	assert_int_equal(use(f, 2, POWER), SCMI_SUCCESS);
	assert_int_equal(set_device(f, 1, 2, 1, 0), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, POWER), SCMI_DENIED);
	assert_int_equal(use(f, 2, VENDOR), SCMI_DENIED);
	assert_int_equal(use(f, 2, BASE), SCMI_SUCCESS);
	expect_list(f, 2, 0, NULL, 0);
	assert_int_equal(set_device(f, 1, 2, 1, 1), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, POWER), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, SENSOR), SCMI_DENIED); /* its own permission stays */
}

/* What waits when a protocol is denied is not sent when it is allowed again, though it is still switched on. */
static void notice_of_a_denied_protocol_does_not_wait_for_better_times(void **state)
{
	static uint8_t buf[2];
	static struct scmi_notice notice;
	struct scmi_platform_stats s = {.size = sizeof(s)};
	struct fixture *f = *state;

	notice = (struct scmi_notice){.size = sizeof(notice), .agent = 2, .protocol = CLOCK, .buf = buf, .cap = 1};
	assert_int_equal(scmi_notice_init(f->platform, &notice), SCMI_OK);
	assert_int_equal(fake_ask(&f->endpoints[1], &f->request, CLOCK, LISTEN, 0), SCMI_SUCCESS);
	atomic_store(&f->endpoints[1].refusals, UINT_MAX);
	assert_int_equal(scmi_notice_post(&notice, "a", 1), SCMI_OK);
	assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 0), SCMI_SUCCESS);
	assert_int_equal(scmi_platform_stats(f->platform, &s), SCMI_OK);
	assert_int_equal(s.waiting, 1); /* denied on one device only */
	assert_int_equal(set_protocol(f, 1, 2, 1, CLOCK, 0), SCMI_SUCCESS);
	assert_int_equal(scmi_notice_post(&notice, "b", 1), SCMI_OK);
	assert_int_equal(set_protocol(f, 1, 2, 1, CLOCK, 1), SCMI_SUCCESS);
	fake_make_room(&f->endpoints[1]);
	assert_int_equal(atomic_load(&f->endpoints[1].taken), 0);
	assert_int_equal(scmi_notice_post(&notice, "c", 1), SCMI_OK);
	assert_int_equal(fake_last(&f->endpoints[1])->bytes[0], 'c');
}

static void allowed_asks_for_what_exists(void **state)
{
	struct fixture *f = *state;

	assert_false(scmi_base_allowed(&f->model, 0, CLOCK, 0));
	assert_false(scmi_base_allowed(&f->model, AGENTS + 1u, CLOCK, 0));
	assert_false(scmi_base_allowed(&f->model, 1, 0x7f, 0));
	assert_false(scmi_base_allowed(&f->model, 1, CLOCK, DEVICES));
	assert_true(scmi_base_allowed(&f->model, 1, CLOCK, DEVICES - 1u));
}

static void permission_commands_name_what_is_wrong(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_device(f, 1, 4, 0, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_device(f, 1, 0x10002u, 0, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_device(f, 1, 2, DEVICES, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_device(f, 1, 2, UINT32_MAX, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_protocol(f, 1, 4, 0, CLOCK, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_protocol(f, 1, 2, DEVICES, CLOCK, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_protocol(f, 1, 2, 0, 0x7f, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_protocol(f, 1, 2, 0, 0x100u | CLOCK, 0), SCMI_INVALID_PARAMETERS);
	assert_int_equal(set_protocol(f, 1, 2, 0, BASE, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(reset(f, 1, 4, 0), SCMI_NOT_FOUND);
	assert_int_equal(reset(f, 1, SELF, 0), SCMI_NOT_FOUND);
	for (unsigned bit = 1; bit < 32u; bit++) {
		assert_int_equal(set_device(f, 1, 2, 0, 1u << bit), SCMI_INVALID_PARAMETERS);
		assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 1u << bit), SCMI_INVALID_PARAMETERS);
		assert_int_equal(reset(f, 1, 2, 1u << bit), SCMI_INVALID_PARAMETERS);
		assert_int_equal(reset(f, 2, 2, 1u << bit), SCMI_INVALID_PARAMETERS);
	}
	assert_true(scmi_base_allowed(&f->model, 2, CLOCK, 0));
}

static void agent_that_may_not_manage_is_denied(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_device(f, 2, 1, 0, 0), SCMI_DENIED);
	assert_int_equal(set_device(f, 2, 2, 0, 1), SCMI_DENIED); /* not even itself */
	assert_int_equal(set_device(f, 1, 3, 0, 0), SCMI_DENIED);
	assert_int_equal(set_device(f, 1, 0, 0, 0), SCMI_DENIED); /* nobody manages the platform */
	assert_int_equal(set_protocol(f, 3, 2, 0, CLOCK, 0), SCMI_DENIED);
	assert_int_equal(reset(f, 2, 1, 0), SCMI_DENIED);
	assert_int_equal(reset(f, 2, 2, 1), SCMI_DENIED); /* it would give itself sensors */
	assert_int_equal(reset(f, 1, 0, 0), SCMI_DENIED);
	assert_true(scmi_base_allowed(&f->model, 1, CLOCK, 0));
	f->model.may_manage = NULL;
	assert_int_equal(set_device(f, 1, 2, 0, 0), SCMI_DENIED);
}

static void platform_without_devices_offers_no_permission_commands(void **state)
{
	struct fixture *f = *state;

	f->model.devices = 0;
	f->model.permissions = NULL;
	reopen(f, 0);
	assert_int_equal(set_device(f, 1, 2, 0, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(reset(f, 1, 2, 1), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, SENSOR), SCMI_DENIED);
	assert_int_equal(use(f, 2, CLOCK), SCMI_SUCCESS);
	assert_false(scmi_base_allowed(&f->model, 2, SENSOR, 0));
	assert_true(scmi_base_allowed(&f->model, 2, CLOCK, 77));
}

/* ---- reset of an agent's configuration ---- */

static void reset_forgets_notifications_and_negotiation_but_not_permissions(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask1(f, 2, SCMI_BASE_NOTIFY_ERRORS, 1), SCMI_SUCCESS);
	assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 0), SCMI_SUCCESS);
	assert_int_equal(set_protocol(f, 1, 2, 1, CLOCK, 0), SCMI_SUCCESS);
	assert_int_equal(reset(f, 1, 2, 0), SCMI_SUCCESS);
	assert_int_equal(f->resets, 1);
	assert_int_equal(f->reset_agent, 2);
	assert_int_equal(scmi_base_error_event(f->platform, 2, 0, false, NULL, 0), SCMI_OK);
	assert_int_equal(atomic_load(&f->endpoints[1].sends), 0);
	assert_int_equal(use(f, 2, CLOCK), SCMI_DENIED);
	assert_int_equal(reset(f, 2, 2, 0), SCMI_SUCCESS); /* its own it may always */
	assert_int_equal(f->resets, 2);
}

static void reset_with_the_flag_gives_the_first_permissions_back(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_device(f, 1, 2, 0, 0), SCMI_SUCCESS);
	assert_int_equal(set_device(f, 1, 2, 1, 0), SCMI_SUCCESS);
	assert_int_equal(set_protocol(f, 1, 2, 1, SENSOR, 1), SCMI_SUCCESS);
	assert_int_equal(reset(f, 1, 2, 1), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, CLOCK), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, SENSOR), SCMI_DENIED);
	assert_true(scmi_base_allowed(&f->model, 2, CLOCK, 0));
	assert_false(scmi_base_allowed(&f->model, 2, SENSOR, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(protocol_denied_on_every_device_is_denied_as_a_whole),
		TEST(protocol_denied_to_begin_with_can_be_allowed),
		TEST(device_denied_hides_all_but_base_on_it),
		TEST(notice_of_a_denied_protocol_does_not_wait_for_better_times),
		TEST(allowed_asks_for_what_exists),
		TEST(permission_commands_name_what_is_wrong),
		TEST(agent_that_may_not_manage_is_denied),
		TEST(platform_without_devices_offers_no_permission_commands),
		TEST(reset_forgets_notifications_and_negotiation_but_not_permissions),
		TEST(reset_with_the_flag_gives_the_first_permissions_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
