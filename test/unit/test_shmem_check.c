/* SPDX-License-Identifier: BSD-3-Clause */
/* Integrity checks: their published check values, each damaged bit, and an area against a copy of it. */
#include "shmem_rig.h"

#define MOST 68u

static const uint8_t kinds[] = {SCMI_SHMEM_CHECK_XOR, SCMI_SHMEM_CHECK_J1850, SCMI_SHMEM_CHECK_CRC32};

/* An area with a message of the digits "123456789" and so on from the header on, sealed by the code under test. */
static struct scmi_shmem sealed(uint8_t kind, uint32_t len)
{
	struct scmi_shmem a = area_new(SCMI_SHMEM_PAYLOAD + MOST, 0);
	unsigned char payload[MOST];

	for (uint32_t i = 0; i < len; i++)
		payload[i] = (unsigned char)('1' + (i + 4) % 9);
	a.check = kind;
	scmi__shmem_write(&a, 0x34333231, payload, len, 0);
	return a;
}

/*
 * The nine digits are what check values of CRCs are given for. CRC-32: 0xcbf43926. CRC-8 with polynomial 0x1d and 0xff
 * to begin with: 0x4b inverted at the end, so 0xb4 without that. XOR: of 0x34333231 and 0x38373635, the 9 is left out.
 */
static void nine_digits_have_the_known_values(void **state)
{
	static const unsigned char value[3][8] = {
		{1, 0, 0, 0, 0x04, 0x04, 0x04, 0x0c},
		{2, 0, 0, 0, 0xb4, 0, 0, 0},
		{3, 0, 0, 0, 0x26, 0x39, 0xf4, 0xcb},
	};

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct scmi_shmem a = sealed(kinds[k], 5);

		assert_memory_equal(area_at(&a, SCMI_SHMEM_HEADER), "123456789", 9);
		assert_memory_equal(area_at(&a, SCMI_SHMEM_CHECK_KIND), value[k], 8);
		free(a.mem);
	}
}

/* Both ways to look. */
static bool is_whole(const struct scmi_shmem *a, uint32_t len)
{
	unsigned char copy[MOST];
	struct shmem_message m;
	enum shmem_verdict v = scmi__shmem_take(a, &m);

	assert_true(v == SHMEM_GOOD || v == SHMEM_DAMAGED);
	assert_int_equal(m.len, len);
	assert_int_equal(scmi__shmem_peek(a, &m), SHMEM_GOOD);
	scmi__shmem_read(a, 0, copy, m.len);
	assert_int_equal(scmi__shmem_intact(a, &m, copy), v == SHMEM_GOOD);
	return v == SHMEM_GOOD;
}

static void whole_messages_of_each_length_pass(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++)
		for (uint32_t len = 0; len <= MOST; len++) {
			struct scmi_shmem a = sealed(kinds[k], len);

			assert_true(is_whole(&a, len));
			free(a.mem);
		}
}

/* XOR leaves out the bytes after the last whole word. */
static void each_damaged_bit_is_found(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++)
		for (uint32_t len = 0; len <= 12; len++) {
			struct scmi_shmem a = sealed(kinds[k], len);
			uint32_t covered = kinds[k] == SCMI_SHMEM_CHECK_XOR ? len / 4 * 4 : len;

			for (uint32_t bit = 0; bit < 8 * (4 + len + 4); bit++) {
				unsigned char *at = area_at(&a, SCMI_SHMEM_HEADER + bit / 8);

				*at ^= (unsigned char)(1u << bit % 8);
				assert_int_equal(is_whole(&a, len), bit >= 8 * (4 + covered));
				*at ^= (unsigned char)(1u << bit % 8);
			}
			free(a.mem);
		}
}

static void kind_and_value_are_compared_whole(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct scmi_shmem a = sealed(kinds[k], 8);

		for (uint32_t bit = 0; bit < 64; bit++) {
			unsigned char *at = area_at(&a, SCMI_SHMEM_CHECK_KIND + bit / 8);

			*at ^= (unsigned char)(1u << bit % 8);
			assert_false(is_whole(&a, 8));
			*at ^= (unsigned char)(1u << bit % 8);
		}
		assert_true(is_whole(&a, 8));
		free(a.mem);
	}
}

static void lengths_are_looked_at_before_the_check(void **state)
{
	struct shmem_message m;

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct scmi_shmem a = sealed(kinds[k], 8);

		area_put(&a, SCMI_SHMEM_LENGTH, 3);
		assert_int_equal(scmi__shmem_take(&a, &m), SHMEM_SHORT);
		area_put(&a, SCMI_SHMEM_LENGTH, 4 + MOST + 1);
		assert_int_equal(scmi__shmem_take(&a, &m), SHMEM_LONG);
		area_put(&a, SCMI_SHMEM_LENGTH, UINT32_MAX);
		assert_int_equal(scmi__shmem_take(&a, &m), SHMEM_LONG);
		free(a.mem);
	}
}

/* Without a check the two words are the implementation's: neither written nor looked at. */
static void area_without_check_takes_anything(void **state)
{
	struct scmi_shmem a = sealed(SCMI_SHMEM_CHECK_NONE, 8);

	(void)state;
	assert_int_equal(area_get(&a, SCMI_SHMEM_CHECK_KIND), 0xa5a5a5a5);
	assert_int_equal(area_get(&a, SCMI_SHMEM_CHECK_VALUE), 0xa5a5a5a5);
	assert_true(is_whole(&a, 8));
	free(a.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nine_digits_have_the_known_values),
		cmocka_unit_test(whole_messages_of_each_length_pass),
		cmocka_unit_test(each_damaged_bit_is_found),
		cmocka_unit_test(kind_and_value_are_compared_whole),
		cmocka_unit_test(lengths_are_looked_at_before_the_check),
		cmocka_unit_test(area_without_check_takes_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
