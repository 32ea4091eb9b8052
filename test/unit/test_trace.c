/* SPDX-License-Identifier: BSD-3-Clause */
/* Trace events as lines of text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/errors.h>
#include <scmi/message.h>
#include <scmi/trace.h>

static const struct {
	struct scmi_trace_event event;
	const char *line;
} cases[] = {
	{{.kind = SCMI_TRACE_RECV, .slot = 5, .hdr = 0x00184006, .len = 12},
	 "recv link 0 slot 5 0x10:0x06 BASE_DISCOVER_LIST_PROTOCOLS token 6 len 12: success"},
	{{.kind = SCMI_TRACE_SEND, .link = 2, .slot = 1023, .hdr = 0x0ffc5000, .err = SCMI_E_BUSY},
	 "send link 2 slot 1023 0x14:0x00 PROTOCOL_VERSION token 1023 len 0: "
	 "no transfer slot, or no room on the link, is free now"},
	{{.kind = SCMI_TRACE_REFUSE,
	  .slot = 0xffff,
	  .hdr = 0x00005f00,
	  .len = 4294967295u,
	  .err = SCMI_E_STRAY,
	  .why = "stray_token"},
	 "refuse link 0 slot - 0x17:0x00 notification unknown message token 0 len 4294967295: stray_token, "
	 "the message answers nothing that is in flight"},
	{{.kind = SCMI_TRACE_RECV, .slot = 0xffff, .hdr = 0x00004300, .len = 8},
	 "recv link 0 slot - 0x10:0x00 notification BASE_ERROR_EVENT token 0 len 8: success"},
	/* A delayed response goes by its command's name, whether or not the protocol has such a one. */
	{{.kind = SCMI_TRACE_RECV, .slot = 7, .hdr = 0x00004203, .len = 4, .err = SCMI_E_REMOTE},
	 "recv link 0 slot 7 0x10:0x03 delayed BASE_DISCOVER_VENDOR token 0 len 4: "
	 "the platform answered with an error status"},
	{{.kind = SCMI_TRACE_REFUSE, .slot = 0xffff, .hdr = 0xf003fdff, .err = SCMI_E_STRAY},
	 "refuse link 0 slot - 0xff:0xff reserved-type unknown message token 0 len 0: "
	 "the message answers nothing that is in flight"},
	{{.kind = SCMI_TRACE_END, .slot = 0, .hdr = 0x00044000, .err = SCMI_E_TIMEOUT},
	 "end link 0 slot 0 0x10:0x00 PROTOCOL_VERSION token 1 len 0: the deadline passed before the reply came"},
	{{.kind = 9, .link = 255, .slot = 10, .hdr = 0x00004000, .err = 77},
	 "event link 255 slot 10 0x10:0x00 PROTOCOL_VERSION token 0 len 0: unknown error"},
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

static void trace_line_names_what_is_known(void **state)
{
	char buf[256];

	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		assert_int_equal(scmi_trace_format(buf, sizeof(buf), &cases[i].event), strlen(cases[i].line));
		assert_string_equal(buf, cases[i].line);
	}
}

/* Any room: the longest beginning that fits, terminated, nothing behind it, and always the full length. */
static void trace_line_in_any_room_is_cut_and_terminated(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		const char *line = cases[i].line;
		size_t len = strlen(line);

		for (size_t cap = 0; cap <= len + 2; cap++) {
			char buf[256];
			size_t kept = cap == 0 ? 0 : (cap <= len ? cap - 1 : len);

			memset(buf, 0x7f, sizeof(buf));
			assert_int_equal(scmi_trace_format(buf, cap, &cases[i].event), len);
			assert_memory_equal(buf, line, kept);
			assert_int_equal(buf[kept], cap == 0 ? 0x7f : '\0');
			assert_int_equal(buf[cap], 0x7f);
		}
	}
}

static void trace_line_without_a_buffer_is_only_measured(void **state)
{
	(void)state;
	assert_int_equal(scmi_trace_format(NULL, 0, &cases[0].event), strlen(cases[0].line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trace_line_names_what_is_known),
		cmocka_unit_test(trace_line_in_any_room_is_cut_and_terminated),
		cmocka_unit_test(trace_line_without_a_buffer_is_only_measured),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
