/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * As much of cmocka as the tests take that run on the target too. The first failure ends the run: it is reported, and
 * the image exits. A test that skips itself is left by a long jump, as cmocka does.
 */
#ifndef SHIM_CMOCKA_H
#define SHIM_CMOCKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct CMUnitTest {
	const char *name;
	void (*test_func)(void **state);
	int (*setup_func)(void **state);
	int (*teardown_func)(void **state);
	void *initial_state;
};

#define cmocka_unit_test(f)                                                                                            \
	{                                                                                                              \
#f, f, NULL, NULL, NULL                                                                                \
	}
#define cmocka_unit_test_setup_teardown(f, setup, down)                                                                \
	{                                                                                                              \
#f, f, setup, down, NULL                                                                               \
	}

#define cmocka_run_group_tests_name(name, tests, setup, down)                                                          \
	_cmocka_run_group_tests(name, tests, sizeof(tests) / sizeof((tests)[0]), setup, down)
/* Returns how many failed: 0, for the first failure does not return. */
int _cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t n, int (*setup)(void **state),
			    int (*teardown)(void **state));

/* Called before each test. */
extern void (*shim_before)(void);
/* Each test's name is printed before it runs, and why it was skipped. */
extern bool shim_verbose;

/* How many tests have run, and were skipped: by themselves, and because they want threads. */
struct shim_count {
	uint32_t ran, skipped, want_threads;
};
extern struct shim_count shim_count;

/* Does not return. */
_Noreturn void shim_skip(bool wants_threads);
_Noreturn void shim_fail(const char *what, const char *file, int line);
void shim_equal(long long a, long long b, const char *what, const char *file, int line);
void shim_print(const char *format, ...);

#define SHIM_TRUE(x, what) ((x) ? (void)0 : shim_fail(what, __FILE__, __LINE__))

#define assert_true(x)         SHIM_TRUE(x, #x)
#define assert_false(x)        SHIM_TRUE(!(x), "not " #x)
#define assert_null(x)         SHIM_TRUE((x) == NULL, #x " is NULL")
#define assert_non_null(x)     SHIM_TRUE((x) != NULL, #x)
#define assert_int_equal(a, b) shim_equal((long long)(a), (long long)(b), #a " == " #b, __FILE__, __LINE__)
#define assert_in_range(x, a, b)                                                                                       \
	SHIM_TRUE((unsigned long long)(x) >= (a) && (unsigned long long)(x) <= (b), #x " in range")
#define assert_memory_equal(a, b, n) SHIM_TRUE(memcmp(a, b, n) == 0, #a " and " #b " are the same bytes")
#define fail_msg(...)                (shim_print(__VA_ARGS__), shim_fail("failed", __FILE__, __LINE__))
#define skip()                       shim_skip(false)
#define print_message(...)           (shim_verbose ? shim_print(__VA_ARGS__) : (void)0)
#define print_error(...)             shim_print(__VA_ARGS__)

#endif
