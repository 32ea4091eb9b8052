/* SPDX-License-Identifier: BSD-3-Clause */
/* The reader of recorded traffic, which other tests lean on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recording.h"

static void recording_of_each_kind_of_line_is_read_whole(void **state)
{
	static const char text[] = "# a comment\n"
				   "\n"
				   "cmd 0040080A cap 12 reply 0040080a00000000\r\n"
				   "  p2a 00570000 # no\n";
	static const char good[] = "# a comment\n"
				   "\n"
				   "cmd 0040080A cap 12 reply 0040080a00000000\r\n"
				   "  p2a 00570000ff\n"
				   "vhost request 15 flags 0x9 size 8 fds 1 payload 2801\n"
				   "vhost request 4294967295 flags 0 size 0 fds 0 payload -";
	struct recording r;
	char error[100];

	(void)state;
	assert_int_equal(recording_parse(&r, "x", text, error, sizeof(error)), -1);
	assert_string_equal(error, "x:4: more on the line than belongs there");

	assert_int_equal(recording_parse(&r, "x", good, error, sizeof(error)), 0);
	assert_int_equal(r.count, 4);
	assert_int_equal(r.entries[0].kind, RECORDING_COMMAND);
	assert_int_equal(r.entries[0].line, 3);
	assert_int_equal(r.entries[0].sent_len, 4);
	assert_memory_equal(r.entries[0].sent, "\x00\x40\x08\x0a", 4);
	assert_int_equal(r.entries[0].cap, 12);
	assert_int_equal(r.entries[0].reply_len, 8);
	assert_memory_equal(r.entries[0].reply, "\x00\x40\x08\x0a\x00\x00\x00\x00", 8);
	assert_int_equal(r.entries[1].kind, RECORDING_EVENT);
	assert_int_equal(r.entries[1].sent_len, 5);
	assert_int_equal(r.entries[1].sent[4], 0xff);
	assert_int_equal(r.entries[2].kind, RECORDING_VHOST);
	assert_int_equal(r.entries[2].request, 15);
	assert_int_equal(r.entries[2].flags, 9);
	assert_int_equal(r.entries[2].size, 8);
	assert_int_equal(r.entries[2].fds, 1);
	assert_int_equal(r.entries[2].sent_len, 2);
	assert_int_equal(r.entries[3].request, UINT32_MAX);
	assert_int_equal(r.entries[3].sent_len, 0);
	recording_free(&r);
	assert_int_equal(r.count, 0);
}

static void recording_with_a_fault_names_file_and_line(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
		{"reply 00", "f.txt:1: a line begins with cmd, p2a, vhost or #"},
		{"\n\ncmd", "f.txt:3: bytes in hex expected here"},
		{"cmd 004", "f.txt:1: half a byte at the end of the hex digits"},
		{"cmd 0040080g", "f.txt:1: not a hex digit"},
		{"cmd 004008", "f.txt:1: fewer bytes than such a message has"},
		{"cmd -", "f.txt:1: half a byte at the end of the hex digits"},
		{"cmd 00400800 reply", "f.txt:1: \"cap\" expected here"},
		{"cmd 00400800 cap", "f.txt:1: a number expected here"},
		{"cmd 00400800 cap -1", "f.txt:1: a number expected here"},
		{"cmd 00400800 cap 1x", "f.txt:1: not a number of 32 bits"},
		{"cmd 00400800 cap 4294967296", "f.txt:1: not a number of 32 bits"},
		{"cmd 00400800 cap 99999999999999999999", "f.txt:1: a number expected here"},
		{"cmd 00400800 cap 12", "f.txt:1: \"reply\" expected here"},
		{"cmd 00400800 cap 12 reply 00400800", "f.txt:1: fewer bytes than such a message has"},
		{"cmd 00400800 cap 7 reply 0040080000000000", "f.txt:1: the reply is longer than cap"},
		{"p2a 00", "f.txt:1: fewer bytes than such a message has"},
		{"vhost request 1 flags 1 size 1 fds 0 payload 0000", "f.txt:1: the payload is longer than size"},
		{"vhost request 1 flags 1 size 1 fds 0", "f.txt:1: \"payload\" expected here"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct recording r;
		char error[100] = "";

		assert_int_equal(recording_parse(&r, "f.txt", cases[i].text, error, sizeof(error)), -1);
		assert_string_equal(error, cases[i].error);
		assert_null(r.entries);
	}
}

static void recording_of_a_missing_file_names_it(void **state)
{
	struct recording r;
	char error[200] = "";

	(void)state;
	assert_int_equal(recording_load(&r, RECORDINGS "/no-such-file", error, sizeof(error)), -1);
	assert_non_null(strstr(error, "no-such-file: "));
	assert_null(r.entries);
}

static void recording_files_of_the_project_are_read_whole(void **state)
{
	static const struct {
		const char *path;
		size_t count;
	} files[] = {
		{RECORDINGS "/linux-6.12-virtio.txt", 34},
		{RECORDINGS "/linux-6.1-virtio.txt", 21},
		{RECORDINGS "/linux-6.12-vhost-user.txt", 22},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct recording r;
		char error[200] = "";

		if (recording_load(&r, files[i].path, error, sizeof(error)) != 0)
			fail_msg("%s", error);
		assert_int_equal(r.count, files[i].count);
		recording_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recording_of_each_kind_of_line_is_read_whole),
		cmocka_unit_test(recording_with_a_fault_names_file_and_line),
		cmocka_unit_test(recording_of_a_missing_file_names_it),
		cmocka_unit_test(recording_files_of_the_project_are_read_whole),
	};

	return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
