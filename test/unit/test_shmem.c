/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The area, against bytes laid out by hand after DEN0056's table of the shared memory layout: where each word lies,
 * what each length means, that nothing beside a message is read or written. check.c: test_shmem_check.c.
 */
#include "shmem_rig.h"

_Static_assert(SCMI_SHMEM_RESERVED == 0x00, "DEN0056");
_Static_assert(SCMI_SHMEM_STATUS == 0x04, "DEN0056");
_Static_assert(SCMI_SHMEM_CHECK_KIND == 0x08 && SCMI_SHMEM_CHECK_VALUE == 0x0c, "DEN0056: implementation defined");
_Static_assert(SCMI_SHMEM_FLAGS == 0x10, "DEN0056");
_Static_assert(SCMI_SHMEM_LENGTH == 0x14, "DEN0056");
_Static_assert(SCMI_SHMEM_HEADER == 0x18, "DEN0056");
_Static_assert(SCMI_SHMEM_PAYLOAD == 0x1c, "DEN0056");
_Static_assert(SCMI_SHMEM_FREE == 1 && SCMI_SHMEM_ERROR == 2 && SCMI_SHMEM_INTR == 1, "DEN0056");
_Static_assert(SCMI_SHMEM_BYTES_MIN == SCMI_SHMEM_PAYLOAD + 8, "a status and one word");

#define LONG 132u /* long enough for what a WIDE area does otherwise */

static const uint8_t both[] = {0, SCMI_SHMEM_WIDE};

/* ---- golden bytes ---- */

/* BASE_DISCOVER_LIST_PROTOCOLS, message 6 of protocol 0x10, token 5, skip 0x01020304; the sender wants an interrupt. */
static const unsigned char command[36] = {
	0xa5, 0xa5, 0xa5, 0xa5,                                                 /* reserved: untouched */
	0xa5, 0xa5, 0xa5, 0xa5,                                                 /* channel status: not yet */
	0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0x01, 0x00, 0x00, 0x00, /* flags */
	0x08, 0x00, 0x00, 0x00,                                                 /* header and one word */
	0x06, 0x40, 0x14, 0x00,                                                 /* header */
	0x04, 0x03, 0x02, 0x01,                                                 /* payload */
	0xa5, 0xa5, 0xa5, 0xa5,
};

/* Its header as a number: token << 18 | protocol << 10 | message. */
#define COMMAND_HDR 0x00144006u

static void command_is_written_as_the_table_says(void **state)
{
	static const unsigned char skip[4] = {0x04, 0x03, 0x02, 0x01};
	struct scmi_shmem a = area_new(sizeof(command), 0);

	(void)state;
	scmi__shmem_write(&a, COMMAND_HDR, skip, sizeof(skip), SCMI_SHMEM_INTR);
	assert_memory_equal(a.mem, command, sizeof(command));
	free(a.mem);
}

static void command_is_read_as_the_table_says(void **state)
{
	struct scmi_shmem a = area_new(sizeof(command), 0);
	unsigned char skip[4];
	struct shmem_message m;

	(void)state;
	memcpy(a.mem, command, sizeof(command));
	assert_int_equal(scmi__shmem_take(&a, &m), SHMEM_GOOD);
	assert_int_equal(m.hdr, COMMAND_HDR);
	assert_int_equal(m.len, 4);
	assert_int_equal(m.flags, SCMI_SHMEM_INTR);
	scmi__shmem_read(&a, 0, skip, 4);
	assert_memory_equal(skip, command + 0x1c, 4);
	assert_memory_equal(a.mem, command, sizeof(command));
	free(a.mem);
}

static void status_is_little_endian_and_whole(void **state)
{
	static const unsigned char busy[8] = {0xa5, 0xa5, 0xa5, 0xa5, 0, 0, 0, 0};
	static const unsigned char failed[8] = {0xa5, 0xa5, 0xa5, 0xa5, 3, 0, 0, 0};
	struct scmi_shmem a = area_new(36, 0);

	(void)state;
	scmi__shmem_give(&a, NULL, 0);
	assert_memory_equal(a.mem, busy, sizeof(busy));
	assert_int_equal(scmi__shmem_status(&a, NULL), 0);
	scmi__shmem_give(&a, NULL, SCMI_SHMEM_FREE | SCMI_SHMEM_ERROR);
	assert_memory_equal(a.mem, failed, sizeof(failed));
	area_put(&a, SCMI_SHMEM_STATUS, 0x80000001u);
	assert_int_equal(scmi__shmem_status(&a, NULL), 0x80000001u);
	for (uint32_t i = 8; i < 36; i++)
		assert_int_equal(*area_at(&a, i), OLD);
	free(a.mem);
}

static void flags_beyond_the_first_mean_nothing(void **state)
{
	struct scmi_shmem a = area_new(36, 0);
	struct shmem_message m;

	(void)state;
	area_put(&a, SCMI_SHMEM_LENGTH, 4);
	area_put(&a, SCMI_SHMEM_FLAGS, 0xfffffffeu);
	assert_int_equal(scmi__shmem_take(&a, &m), SHMEM_GOOD);
	assert_int_equal(m.flags, 0);
	area_put(&a, SCMI_SHMEM_FLAGS, 0xffffffffu);
	assert_int_equal(scmi__shmem_take(&a, &m), SHMEM_GOOD);
	assert_int_equal(m.flags, SCMI_SHMEM_INTR);
	free(a.mem);
}

static void reset_frees_and_clears_and_leaves_the_payload(void **state)
{
	static const unsigned char fresh[28] = {0, 0, 0, 0, 1};
	struct scmi_shmem a = area_new(40, 0);

	(void)state;
	assert_int_equal(scmi_shmem_reset(&a), SCMI_OK);
	assert_memory_equal(a.mem, fresh, sizeof(fresh));
	for (uint32_t i = sizeof(fresh); i < 40; i++)
		assert_int_equal(*area_at(&a, i), OLD);
	a.check = SCMI_SHMEM_CHECK_CRC32;
	assert_int_equal(scmi_shmem_reset(&a), SCMI_OK);
	assert_int_equal(area_get(&a, SCMI_SHMEM_CHECK_KIND), 3);
	free(a.mem);
}

/* ---- lengths ---- */

static void expect_length(const struct scmi_shmem *a, uint32_t length)
{
	enum shmem_verdict want = length < 4 ? SHMEM_SHORT : length - 4 > a->len - 28 ? SHMEM_LONG : SHMEM_GOOD;
	struct shmem_message m = {.len = 77};

	area_put(a, SCMI_SHMEM_LENGTH, length);
	assert_int_equal(scmi__shmem_take(a, &m), want);
	assert_int_equal(m.len, want == SHMEM_GOOD ? length - 4 : 0);
	assert_int_equal(scmi__shmem_peek(a, &m), want);
}

static void each_length_is_bounded_by_the_area(void **state)
{
	static const uint32_t areas[] = {SCMI_SHMEM_BYTES_MIN, 40, 128, 4096, SCMI_SHMEM_BYTES_MAX};
	static const uint32_t extremes[] = {0x7fffffff, 0x80000000, 0x80000003, 0xfffffff0, 0xfffffffb,
					    0xfffffffc, 0xfffffffd, 0xfffffffe, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		struct scmi_shmem a = area_new(areas[i], 0);

		for (uint32_t length = 0; length <= a.len + 8; length++)
			expect_length(&a, length);
		for (size_t k = 0; k < sizeof(extremes) / sizeof(extremes[0]); k++)
			expect_length(&a, extremes[k]);
		free(a.mem);
	}
}

/* ---- payload ---- */

/* No two words of it are alike, nor two bytes of a word. */
static unsigned char pattern(uint32_t i)
{
	return (unsigned char)(i * 7 + i / 4 + 1);
}

static void read_one(const struct scmi_shmem *a, uint32_t offset, uint32_t len, uint32_t skew)
{
	unsigned char to[LONG + 12];

	memset(to, 0x5a, sizeof(to));
	scmi__shmem_read(a, offset, to + 4 + skew, len);
	for (uint32_t i = 0; i < sizeof(to); i++) {
		bool inside = i >= 4 + skew && i < 4 + skew + len;

		assert_int_equal(to[i], inside ? pattern(offset + i - 4 - skew) : 0x5a);
	}
}

static void read_takes_any_piece_to_any_place(void **state)
{
	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct scmi_shmem a = area_new(SCMI_SHMEM_PAYLOAD + LONG, both[k]);

		for (uint32_t i = 0; i < LONG; i++)
			*area_at(&a, SCMI_SHMEM_PAYLOAD + i) = pattern(i);
		for (uint32_t offset = 0; offset <= LONG; offset++)
			for (uint32_t len = 0; len <= LONG - offset; len++)
				read_one(&a, offset, len, (offset + len / 4) % 4);
		free(a.mem);
	}
}

/* The message alone is written: its last word filled up with zeros, what lies behind that untouched. */
static void write_one(const struct scmi_shmem *a, const unsigned char *from, uint32_t len)
{
	uint32_t words = (len + 3) / 4 * 4;

	memset(a->mem, OLD, a->len);
	scmi__shmem_write(a, 0x12345678, len != 0 ? from : NULL, len, 0);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(*area_at(a, i), OLD);
	assert_int_equal(area_get(a, SCMI_SHMEM_FLAGS), 0);
	assert_int_equal(area_get(a, SCMI_SHMEM_LENGTH), len + 4);
	assert_int_equal(area_get(a, SCMI_SHMEM_HEADER), 0x12345678);
	for (uint32_t i = 0; i < shmem_capacity(a); i++)
		assert_int_equal(*area_at(a, SCMI_SHMEM_PAYLOAD + i), i < len ? from[i] : i < words ? 0 : OLD);
}

static void write_puts_any_message_from_any_place(void **state)
{
	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct scmi_shmem a = area_new(SCMI_SHMEM_PAYLOAD + LONG, both[k]);

		for (uint32_t len = 0; len <= LONG; len++)
			for (uint32_t skew = 0; skew < 4; skew++) {
				unsigned char *from = malloc(skew + len != 0 ? skew + len : 1);

				assert_non_null(from);
				for (uint32_t i = 0; i < len; i++)
					from[skew + i] = pattern(i);
				write_one(&a, from + skew, len);
				free(from);
			}
		free(a.mem);
	}
}

/* ---- what an area may be ---- */

static void clean(void *ctx, void *mem, size_t len)
{
	(void)ctx;
	(void)mem;
	(void)len;
}

static _Alignas(64) unsigned char lines[192];

static const char *fault_of(void *mem, uint32_t len, uint8_t flags, uint8_t check, uint16_t reserved)
{
	static const struct scmi_port cached = {.cache_clean = clean, .cache_invalidate = clean};
	struct scmi_shmem a = {.mem = mem, .len = len, .flags = flags, .check = check, .reserved_ = reserved};

	return scmi__shmem_fault(&a, &cached);
}

/* The member at fault comes first. */
static void expect_fault(const char *why, const char *member)
{
	assert_non_null(why);
	assert_memory_equal(why, member, strlen(member));
}

static void each_fault_alone_is_named(void **state)
{
	(void)state;
	assert_null(fault_of(lines, 36, 0, 0, 0));
	assert_null(fault_of(lines + 4, 65564, SCMI_SHMEM_WIDE, SCMI_SHMEM_CHECK_CRC32, 0));
	expect_fault(fault_of(NULL, 36, 0, 0, 0), "mem:");
	for (uint32_t i = 1; i < 4; i++)
		expect_fault(fault_of(lines + i, 36, 0, 0, 0), "mem:");
	expect_fault(fault_of(lines, 0, 0, 0, 0), "len:");
	expect_fault(fault_of(lines, 32, 0, 0, 0), "len:");
	for (uint32_t i = 1; i < 4; i++)
		expect_fault(fault_of(lines, 36 + i, 0, 0, 0), "len:");
	expect_fault(fault_of(lines, 65568, 0, 0, 0), "len:");
	expect_fault(fault_of(lines, UINT32_MAX - 3, 0, 0, 0), "len:");
	expect_fault(fault_of(lines, 36, 4, 0, 0), "flags:");
	expect_fault(fault_of(lines, 36, 128, 0, 0), "flags:");
	expect_fault(fault_of(lines, 36, 0, 4, 0), "check:");
	expect_fault(fault_of(lines, 36, 0, 0, 1), "reserved_:");
}

static void cached_area_is_whole_lines_and_has_a_port(void **state)
{
	static const struct scmi_port plain = {.cache_clean = NULL};
	static const struct scmi_port half = {.cache_clean = clean};
	static const struct scmi_port other = {.cache_invalidate = clean};
	struct scmi_shmem a = {.mem = lines, .len = 128, .flags = SCMI_SHMEM_CACHED};

	(void)state;
	assert_null(fault_of(lines, 128, SCMI_SHMEM_CACHED | SCMI_SHMEM_WIDE, 0, 0));
	expect_fault(fault_of(lines + 32, 128, SCMI_SHMEM_CACHED, 0, 0), "mem:");
	expect_fault(fault_of(lines, 96, SCMI_SHMEM_CACHED, 0, 0), "len:");
	expect_fault(scmi__shmem_fault(&a, NULL), "flags:");
	expect_fault(scmi__shmem_fault(&a, &plain), "flags:");
	expect_fault(scmi__shmem_fault(&a, &half), "flags:");
	expect_fault(scmi__shmem_fault(&a, &other), "flags:");
}

static void reset_refuses_what_is_no_area(void **state)
{
	struct scmi_shmem a = {.mem = lines, .len = 36};

	(void)state;
	memset(lines, OLD, sizeof(lines));
	assert_int_equal(scmi_shmem_reset(NULL), SCMI_E_INVAL);
	a.mem = NULL;
	assert_int_equal(scmi_shmem_reset(&a), SCMI_E_INVAL);
	a.mem = lines + 2;
	assert_int_equal(scmi_shmem_reset(&a), SCMI_E_INVAL);
	a.mem = lines;
	for (a.len = 0; a.len < 36; a.len++)
		assert_int_equal(scmi_shmem_reset(&a), SCMI_E_INVAL);
	a.len = 38;
	assert_int_equal(scmi_shmem_reset(&a), SCMI_E_INVAL);
	a.len = SCMI_SHMEM_BYTES_MAX + 4;
	assert_int_equal(scmi_shmem_reset(&a), SCMI_E_INVAL);
	for (size_t i = 0; i < sizeof(lines); i++)
		assert_int_equal(lines[i], OLD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_is_written_as_the_table_says),
		cmocka_unit_test(command_is_read_as_the_table_says),
		cmocka_unit_test(status_is_little_endian_and_whole),
		cmocka_unit_test(flags_beyond_the_first_mean_nothing),
		cmocka_unit_test(reset_frees_and_clears_and_leaves_the_payload),
		cmocka_unit_test(each_length_is_bounded_by_the_area),
		cmocka_unit_test(read_takes_any_piece_to_any_place),
		cmocka_unit_test(write_puts_any_message_from_any_place),
		cmocka_unit_test(each_fault_alone_is_named),
		cmocka_unit_test(cached_area_is_whole_lines_and_has_a_port),
		cmocka_unit_test(reset_refuses_what_is_no_area),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
