/* SPDX-License-Identifier: BSD-3-Clause */
/* What a real Linux agent asked is answered byte for byte as it was when it was recorded. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "acme.h"
#include "fake_endpoint.h"
#include "recording.h"

#define SENSOR_TRIP_POINT_NOTIFY 0x4u
#define SENSOR_READING_GET       0x6u

static bool is_answered_as_recorded(struct fake_endpoint *endpoint, const struct recording_entry *e)
{
	struct fake_request r = {0};
	bool same;

	fake_deliver(endpoint, &r, scmi_get_le32(e->sent), e->sent + SCMI_HDR_BYTES, e->sent_len - SCMI_HDR_BYTES,
		     e->cap - SCMI_HDR_BYTES);
	same = fake_status(&r) != INT32_MIN && r.req.hdr == scmi_get_le32(e->reply) &&
	       r.reply_len == e->reply_len - SCMI_HDR_BYTES &&
	       memcmp(r.reply, e->reply + SCMI_HDR_BYTES, r.reply_len) == 0;
	fake_request_free(&r);
	return same;
}

/*
 * What the platform says by itself: the end of a reading that was asked for, or a notification. The recorded agent got
 * that without having switched it on.
 */
static bool is_sent_as_recorded(struct fake_endpoint *endpoint, struct acme *acme, const struct recording_entry *e)
{
	uint32_t hdr = scmi_get_le32(e->sent);
	struct fake_request r = {0};
	const struct fake_message *m;

	if (scmi_hdr_type(hdr) == SCMI_MSG_DELAYED) {
		if (acme_complete(acme) != 1)
			return false;
	} else {
		if (fake_ask(endpoint, &r, SCMI_PROTOCOL_SENSOR, SENSOR_TRIP_POINT_NOTIFY, 2, 0u, 1u) != SCMI_SUCCESS)
			return false;
		fake_request_free(&r);
		if (acme_trip(acme, 0, 1) != SCMI_OK)
			return false;
	}
	m = fake_last(endpoint);
	return m->hdr == hdr && m->len == e->sent_len - SCMI_HDR_BYTES &&
	       memcmp(m->bytes, e->sent + SCMI_HDR_BYTES, m->len) == 0;
}

/* Returns how many messages were as recorded. */
static unsigned replay(const char *path)
{
	struct fake_endpoint endpoint;
	struct recording recording = {0};
	static struct acme acme;
	unsigned same = 0;
	char error[128];

	if (recording_load(&recording, path, error, sizeof(error)) != 0)
		fail_msg("%s", error);
	fake_endpoint_init(&endpoint);
	assert_int_equal(acme_open(&acme, &endpoint.endpoint, NULL, NULL), SCMI_OK);
	for (size_t i = 0; i < recording.count; i++) {
		const struct recording_entry *e = &recording.entries[i];

		if (e->kind == RECORDING_VHOST)
			continue;
		if (!(e->kind == RECORDING_COMMAND ? is_answered_as_recorded(&endpoint, e)
						   : is_sent_as_recorded(&endpoint, &acme, e)))
			fail_msg("%s:%u is not as recorded", path, e->line);
		same++;
	}
	assert_int_equal(acme_close(&acme), SCMI_OK);
	assert_null(endpoint.fault);
	recording_free(&recording);
	return same;
}

static void linux_6_12_is_answered_as_recorded(void **state)
{
	(void)state;
	assert_int_equal(replay(RECORDINGS "/linux-6.12-virtio.txt"), 34);
}

static void linux_6_1_is_answered_as_recorded(void **state)
{
	(void)state;
	assert_int_equal(replay(RECORDINGS "/linux-6.1-virtio.txt"), 21);
}

/* ---- what was not recorded ---- */

static int32_t read_async(struct fake_endpoint *endpoint, uint32_t sensor)
{
	struct fake_request r = {0};
	int32_t status = fake_ask(endpoint, &r, SCMI_PROTOCOL_SENSOR, SENSOR_READING_GET, 2, sensor, 1u);

	fake_request_free(&r);
	return status;
}

static void acme_has_so_many_readings_open_at_once(void **state)
{
	struct fake_endpoint endpoint;
	static struct acme acme;

	(void)state;
	fake_endpoint_init(&endpoint);
	assert_int_equal(acme_open(&acme, &endpoint.endpoint, NULL, NULL), SCMI_OK);
	for (uint32_t i = 0; i < ACME_READINGS; i++)
		assert_int_equal(read_async(&endpoint, i % ACME_SENSORS), SCMI_SUCCESS);
	assert_int_equal(read_async(&endpoint, 0), SCMI_BUSY);
	assert_int_equal(acme_complete(&acme), ACME_READINGS);
	assert_int_equal(acme_complete(&acme), 0);
	assert_int_equal(atomic_load(&endpoint.taken), ACME_READINGS);
	atomic_store(&acme.at_once, 1);
	assert_int_equal(read_async(&endpoint, 1), SCMI_SUCCESS);
	assert_int_equal(fake_message_u32(fake_last(&endpoint), 1), 1);
	atomic_store(&acme.at_once, 0);
	assert_int_equal(read_async(&endpoint, 1), SCMI_SUCCESS);
	assert_int_equal(acme_close(&acme), SCMI_OK); /* with one open */
	assert_int_equal(atomic_load(&endpoint.taken), ACME_READINGS + 1u);
}

static void acme_without_p2a_channel_reads_at_once_only(void **state)
{
	struct fake_endpoint endpoint;
	static struct acme acme;

	(void)state;
	fake_endpoint_init(&endpoint);
	endpoint.ops.send = NULL;
	assert_int_equal(acme_open(&acme, &endpoint.endpoint, NULL, NULL), SCMI_OK);
	assert_int_equal(read_async(&endpoint, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(acme_close(&acme), SCMI_OK);
}

static void acme_keeps_the_newest_trip_of_each_sensor(void **state)
{
	struct fake_endpoint endpoint;
	struct fake_request r = {0};
	static struct acme acme;

	(void)state;
	fake_endpoint_init(&endpoint);
	assert_int_equal(acme_open(&acme, &endpoint.endpoint, NULL, NULL), SCMI_OK);
	assert_int_equal(fake_ask(&endpoint, &r, SCMI_PROTOCOL_SENSOR, SENSOR_TRIP_POINT_NOTIFY, 2, 0u, 1u),
			 SCMI_SUCCESS);
	fake_request_free(&r);
	atomic_store(&endpoint.refusals, UINT_MAX);
	for (unsigned i = 0; i < 3u; i++) {
		assert_int_equal(acme_trip_newest(&acme, 0, ~i & 1u), SCMI_OK);
		assert_int_equal(acme_trip_newest(&acme, 1, i & 1u), SCMI_OK);
	}
	assert_int_equal(acme_trip(&acme, 0, 1), SCMI_E_BUSY);
	fake_make_room(&endpoint);
	assert_int_equal(atomic_load(&endpoint.taken), ACME_SENSORS);
	for (unsigned i = 0; i < ACME_SENSORS; i++)
		assert_int_equal(fake_message_u32(&endpoint.log[i], 2),
				 fake_message_u32(&endpoint.log[i], 1) == 0 ? 1u << 16 : 0u);
	assert_int_equal(acme_close(&acme), SCMI_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_6_12_is_answered_as_recorded),
		cmocka_unit_test(linux_6_1_is_answered_as_recorded),
		cmocka_unit_test(acme_has_so_many_readings_open_at_once),
		cmocka_unit_test(acme_without_p2a_channel_reads_at_once_only),
		cmocka_unit_test(acme_keeps_the_newest_trip_of_each_sensor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
