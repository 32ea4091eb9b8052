/* SPDX-License-Identifier: BSD-3-Clause */
/* What a real Linux agent asked is answered byte for byte as it was when it was recorded. */
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

/* SENSOR_READING_GET with the asynchronous flag: its end is a delayed response, which this version does not send. */
static bool wants_delayed_response(const struct recording_entry *e)
{
	static const uint8_t reading[] = {0x06, 0x54, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00};

	return e->sent_len == sizeof(reading) && memcmp(e->sent, reading, sizeof(reading)) == 0;
}

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

/* Returns how many commands were answered as recorded. */
static unsigned replay(const char *path, unsigned *left_out)
{
	struct fake_endpoint endpoint;
	struct recording recording = {0};
	static struct acme acme;
	unsigned answered = 0;
	char error[128];

	if (recording_load(&recording, path, error, sizeof(error)) != 0)
		fail_msg("%s", error);
	fake_endpoint_init(&endpoint);
	assert_int_equal(acme_open(&acme, &endpoint.endpoint, NULL, NULL), SCMI_OK);
	for (size_t i = 0; i < recording.count; i++) {
		const struct recording_entry *e = &recording.entries[i];

		if (e->kind != RECORDING_COMMAND)
			continue;
		if (wants_delayed_response(e)) {
			(*left_out)++;
			continue;
		}
		if (!is_answered_as_recorded(&endpoint, e))
			fail_msg("%s:%u is answered otherwise", path, e->line);
		answered++;
	}
	assert_int_equal(acme_close(&acme), SCMI_OK);
	assert_null(endpoint.fault);
	recording_free(&recording);
	return answered;
}

static void linux_6_12_is_answered_as_recorded(void **state)
{
	unsigned left_out = 0;

	(void)state;
	assert_int_equal(replay(RECORDINGS "/linux-6.12-virtio.txt", &left_out), 31);
	assert_int_equal(left_out, 1);
}

static void linux_6_1_is_answered_as_recorded(void **state)
{
	unsigned left_out = 0;

	(void)state;
	assert_int_equal(replay(RECORDINGS "/linux-6.1-virtio.txt", &left_out), 20);
	assert_int_equal(left_out, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_6_12_is_answered_as_recorded),
		cmocka_unit_test(linux_6_1_is_answered_as_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
