/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How wide the accesses to an area are. The library's files are compiled for the thread sanitizer, but in place of its
 * library the test has the functions that such code calls before, or instead of, each access: an access to the area
 * that is not one aligned atomic one of 32 bits is a fault, and each of those is counted.
 */
#include "shmem_rig.h"

#include "shmem_watched.h"

#define BYTES 160u

static _Alignas(8) unsigned char memory[BYTES];
static unsigned loads[BYTES / 4], stores[BYTES / 4]; /* of each word */
static unsigned others;                              /* accesses of another kind */

static bool inside(const volatile void *at, size_t len)
{
	const unsigned char *p = (const unsigned char *)(uintptr_t)at;

	return p < memory + BYTES && p + len > memory;
}

static void plain(const volatile void *at, size_t len)
{
	others += inside(at, len) ? 1u : 0u;
}

void *watched_memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	plain(dst, n);
	plain(src, n);
	return memcpy(dst, src, n);
}

/* ---- what instrumented code calls ---- */

#define PLAIN(bytes)                                                                                                   \
	void __tsan_read##bytes(void *at);                                                                             \
	void __tsan_read##bytes(void *at)                                                                              \
	{                                                                                                              \
		plain(at, bytes);                                                                                      \
	}                                                                                                              \
	void __tsan_write##bytes(void *at);                                                                            \
	void __tsan_write##bytes(void *at)                                                                             \
	{                                                                                                              \
		plain(at, bytes);                                                                                      \
	}                                                                                                              \
	void __tsan_unaligned_read##bytes(void *at);                                                                   \
	void __tsan_unaligned_read##bytes(void *at)                                                                    \
	{                                                                                                              \
		plain(at, bytes);                                                                                      \
	}                                                                                                              \
	void __tsan_unaligned_write##bytes(void *at);                                                                  \
	void __tsan_unaligned_write##bytes(void *at)                                                                   \
	{                                                                                                              \
		plain(at, bytes);                                                                                      \
	}                                                                                                              \
	void __tsan_read_write##bytes(void *at);                                                                       \
	void __tsan_read_write##bytes(void *at)                                                                        \
	{                                                                                                              \
		plain(at, bytes);                                                                                      \
	}                                                                                                              \
	void __tsan_unaligned_read_write##bytes(void *at);                                                             \
	void __tsan_unaligned_read_write##bytes(void *at)                                                              \
	{                                                                                                              \
		plain(at, bytes);                                                                                      \
	}

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(void *at, size_t len);
void __tsan_write_range(void *at, size_t len);
void *__tsan_memcpy(void *dst, const void *src, size_t n);
void *__tsan_memset(void *dst, int value, size_t n);
uint32_t __tsan_atomic32_load(const volatile uint32_t *at, int order);
void __tsan_atomic32_store(volatile uint32_t *at, uint32_t value, int order);

void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller)
{
	(void)caller;
}

void __tsan_func_exit(void)
{
}

void __tsan_read_range(void *at, size_t len)
{
	plain(at, len);
}

void __tsan_write_range(void *at, size_t len)
{
	plain(at, len);
}

void *__tsan_memcpy(void *dst, const void *src, size_t n)
{
	return watched_memcpy(dst, src, n);
}

void *__tsan_memset(void *dst, int value, size_t n)
{
	plain(dst, n);
	return memset(dst, value, n);
}

static void count(const volatile uint32_t *at, unsigned *words)
{
	size_t offset = (uintptr_t)at - (uintptr_t)memory;

	if (!inside(at, 4))
		return;
	assert_int_equal(offset % 4, 0);
	words[offset / 4]++;
}

uint32_t __tsan_atomic32_load(const volatile uint32_t *at, int order)
{
	(void)order;
	count(at, loads);
	return *at;
}

void __tsan_atomic32_store(volatile uint32_t *at, uint32_t value, int order)
{
	(void)order;
	count(at, stores);
	*at = value;
}

/* ---- cases ---- */

static void forget(void)
{
	memset(loads, 0, sizeof(loads));
	memset(stores, 0, sizeof(stores));
	others = 0;
}

/* Exactly once each of the words of [from, to), in bytes. */
static void expect_once(const unsigned *words, uint32_t from, uint32_t to)
{
	for (uint32_t i = from / 4; i < (to + 3) / 4; i++)
		assert_int_equal(words[i], 1);
}

static unsigned sum(const unsigned *words)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < BYTES / 4; i++)
		n += words[i];
	return n;
}

static void message_is_written_word_by_word(void **state)
{
	const struct scmi_shmem a = {.mem = memory, .len = BYTES};
	unsigned char payload[BYTES] = {1, 2, 3};

	(void)state;
	for (uint32_t len = 0; len <= shmem_capacity(&a); len++) {
		forget();
		scmi__shmem_write(&a, 1, payload + len % 4, len, 0);
		expect_once(stores, SCMI_SHMEM_FLAGS, SCMI_SHMEM_PAYLOAD + len);
		assert_int_equal(sum(stores), 3 + (len + 3) / 4);
		assert_int_equal(sum(loads) + others, 0);
	}
}

static void message_is_taken_word_by_word(void **state)
{
	const struct scmi_shmem a = {.mem = memory, .len = BYTES};
	struct shmem_message m;

	(void)state;
	area_put(&a, SCMI_SHMEM_LENGTH, 12);
	forget();
	assert_int_equal(watched_take(&a, &m), SHMEM_GOOD);
	expect_once(loads, SCMI_SHMEM_FLAGS, SCMI_SHMEM_PAYLOAD);
	assert_int_equal(sum(loads), 3);
	assert_int_equal(sum(stores) + others, 0);
}

static void any_piece_is_read_word_by_word(void **state)
{
	const struct scmi_shmem a = {.mem = memory, .len = BYTES};
	unsigned char to[BYTES];

	(void)state;
	for (uint32_t offset = 0; offset <= shmem_capacity(&a); offset++)
		for (uint32_t len = 1; len <= shmem_capacity(&a) - offset; len++) {
			uint32_t at = SCMI_SHMEM_PAYLOAD + offset;

			forget();
			scmi__shmem_read(&a, offset, to + len % 4, len);
			expect_once(loads, at, at + len);
			assert_int_equal(sum(stores) + others, 0);
		}
}

static void status_is_one_access(void **state)
{
	const struct scmi_shmem a = {.mem = memory, .len = BYTES};

	(void)state;
	forget();
	watched_give(&a, SCMI_SHMEM_FREE);
	expect_once(stores, SCMI_SHMEM_STATUS, SCMI_SHMEM_STATUS + 4);
	assert_int_equal(sum(stores), 1);
	assert_int_equal(sum(loads) + others, 0);
	assert_int_equal(watched_status(&a), SCMI_SHMEM_FREE);
	expect_once(loads, SCMI_SHMEM_STATUS, SCMI_SHMEM_STATUS + 4);
	assert_int_equal(sum(loads), 1);
	assert_int_equal(others, 0);
}

static void checks_are_words_too(void **state)
{
	struct scmi_shmem a = {.mem = memory, .len = BYTES};
	struct shmem_message m;

	(void)state;
	for (a.check = SCMI_SHMEM_CHECK_XOR; a.check <= SCMI_SHMEM_CHECK_CRC32; a.check++)
		for (uint32_t len = 0; len < 20; len++) {
			forget();
			scmi__shmem_write(&a, 7, "twenty bytes of text", len, 0);
			expect_once(stores, SCMI_SHMEM_CHECK_KIND, SCMI_SHMEM_PAYLOAD + len);
			assert_int_equal(watched_take(&a, &m), SHMEM_GOOD);
			expect_once(loads, SCMI_SHMEM_CHECK_KIND, SCMI_SHMEM_PAYLOAD + len);
			assert_int_equal(others, 0);
		}
}

static void reset_is_words_too(void **state)
{
	const struct scmi_shmem a = {.mem = memory, .len = BYTES};

	(void)state;
	forget();
	assert_int_equal(scmi_shmem_reset(&a), SCMI_OK);
	expect_once(stores, 0, SCMI_SHMEM_PAYLOAD);
	assert_int_equal(sum(loads) + others, 0);
}

/* And the test can tell: a WIDE area is read otherwise. */
static void wide_area_is_read_as_it_pleases(void **state)
{
	const struct scmi_shmem a = {.mem = memory, .len = BYTES, .flags = SCMI_SHMEM_WIDE};
	unsigned char bytes[BYTES] = {0};

	(void)state;
	forget();
	scmi__shmem_write(&a, 1, bytes, 128, 0);
	assert_int_equal(others, 0);
	assert_int_equal(sum(stores), 3 + 128 / 4);
	scmi__shmem_read(&a, 0, bytes, 128);
	assert_int_equal(others, 1);
	assert_int_equal(sum(loads), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_is_written_word_by_word),
		cmocka_unit_test(message_is_taken_word_by_word),
		cmocka_unit_test(any_piece_is_read_word_by_word),
		cmocka_unit_test(status_is_one_access),
		cmocka_unit_test(checks_are_words_too),
		cmocka_unit_test(reset_is_words_too),
		cmocka_unit_test(wide_area_is_read_as_it_pleases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
