/* SPDX-License-Identifier: BSD-3-Clause */
/* What the headers in shim/ promise: a little of cmocka, a little of a C library. */
#include <cmocka.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shim_port.h"
#include "target.h"

/* ---- text ---- */

static char *put_number(char *to, const char *end, uint32_t value, uint32_t base)
{
	char digits[12];
	uint32_t n = 0;

	do {
		const uint32_t digit = value % base;

		digits[n++] = (char)(digit < 10u ? '0' + digit : 'a' + digit - 10u);
		value /= base;
	} while (value != 0);
	while (n != 0 && to < end)
		*to++ = digits[--n];
	return to;
}

static char *put_text(char *to, const char *end, const char *text)
{
	while (*text != '\0' && to < end)
		*to++ = *text++;
	return to;
}

static char *put_one(char *to, const char *end, char kind, va_list *args)
{
	int number;

	switch (kind) {
	case 's':
		return put_text(to, end, va_arg(*args, const char *));
	case 'd':
		number = va_arg(*args, int);
		if (number < 0)
			to = put_text(to, end, "-");
		return put_number(to, end, number < 0 ? 0u - (uint32_t)number : (uint32_t)number, 10);
	case 'u':
		return put_number(to, end, va_arg(*args, unsigned), 10);
	case 'x':
		return put_number(to, end, va_arg(*args, unsigned), 16);
	default:
		return to;
	}
}

static void format_into(char *to, size_t size, const char *format, va_list *args)
{
	const char *end = to + size - 1u;

	for (; *format != '\0'; format++) {
		if (*format == '%')
			to = put_one(to, end, *++format, args);
		else if (to < end)
			*to++ = *format;
	}
	*to = '\0';
}

int snprintf(char *to, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_into(to, size, format, &args);
	va_end(args);
	return (int)strlen(to);
}

void shim_print(const char *format, ...)
{
	char line[200];
	va_list args;

	va_start(args, format);
	format_into(line, sizeof(line), format, &args);
	va_end(args);
	put(line);
}

/* ---- tests ---- */

struct shim_count shim_count;
void (*shim_before)(void);
bool shim_verbose;

static const char *running;
static void *left[5]; /* where a skipped test is left to */

_Noreturn void shim_skip(bool wants_threads)
{
	if (wants_threads)
		shim_count.want_threads++;
	else
		shim_count.skipped++;
	__builtin_longjmp(left, 1);
}

_Noreturn void shim_fail(const char *what, const char *file, int line)
{
	shim_print("FAILED: %s: %s, %s:%d\n", running != NULL ? running : "", what, file, line);
	board_exit(1);
}

void shim_equal(long long a, long long b, const char *what, const char *file, int line)
{
	if (a == b)
		return;
	shim_print("%d is not %d\n", (int)a, (int)b);
	shim_fail(what, file, line);
}

_Noreturn void abort(void)
{
	shim_fail("abort", __FILE__, __LINE__);
}

/* A function of its own: what a long jump comes back to must not have kept anything in a register. */
__attribute__((noinline)) static bool run_or_leave(const struct CMUnitTest *t, void **state)
{
	if (__builtin_setjmp(left) != 0)
		return false;
	t->test_func(state);
	return true;
}

static void run_one(const struct CMUnitTest *t)
{
	void *state = t->initial_state;

	running = t->name;
	if (shim_verbose)
		shim_print("%s\n", running);
	if (shim_before != NULL)
		shim_before();
	if (t->setup_func != NULL && t->setup_func(&state) != 0)
		shim_fail("setup", __FILE__, __LINE__);
	if (!run_or_leave(t, &state))
		return;
	if (t->teardown_func != NULL && t->teardown_func(&state) != 0)
		shim_fail("teardown", __FILE__, __LINE__);
	shim_count.ran++;
}

int _cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t n, int (*setup)(void **state),
			    int (*teardown)(void **state))
{
	const struct shim_count before = shim_count;

	(void)setup;
	(void)teardown;
	for (size_t i = 0; i < n; i++) {
		if (tests[i].test_func != NULL)
			run_one(&tests[i]);
	}
	shim_print("%s: %u ran, %u skipped, %u want threads\n", name, shim_count.ran - before.ran,
		   shim_count.skipped - before.skipped, shim_count.want_threads - before.want_threads);
	return 0;
}

/* ---- memory, as much as a test takes ---- */

#ifndef SHIM_BYTES
#define SHIM_BYTES 64u
#endif

static _Alignas(64) unsigned char pool[SHIM_BYTES];
static size_t taken;

void shim_give_all_back(void)
{
	taken = 0;
}

void *shim_take(size_t len)
{
	void *mem = &pool[taken];

	if (len > sizeof(pool) - taken)
		shim_fail("no memory left for a test", __FILE__, __LINE__);
	taken += (len + 63u) / 64u * 64u;
	return mem;
}

void *shim_take_zeroed(size_t len)
{
	return memset(shim_take(len), 0, len);
}

size_t strlen(const char *text)
{
	const char *end = text;

	while (*(const volatile char *)end != '\0')
		end++;
	return (size_t)(end - text);
}

int strcmp(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return (int)(unsigned char)*a - (int)(unsigned char)*b;
}

void *memmove(void *dst, const void *src, size_t len)
{
	volatile unsigned char *to = dst;
	const volatile unsigned char *from = src;

	if ((uintptr_t)dst <= (uintptr_t)src)
		for (size_t i = 0; i < len; i++)
			to[i] = from[i];
	else
		while (len-- != 0)
			to[len] = from[len];
	return dst;
}

/* ---- other contexts, and time ---- */

#ifdef __aarch64__
#define MASK_READ_AND_SET "mrs %0, daif\n\tmsr daifset, #3"
#define MASK_SET          "msr daif, %0"
#define MASK_CLEAR        "msr daifclr, #3"
#else
#define MASK_READ_AND_SET "mrs %0, primask\n\tcpsid i"
#define MASK_SET          "msr primask, %0\n\tisb"
#define MASK_CLEAR        "cpsie i\n\tisb"
#endif

static uint32_t masks;
static uintptr_t mask_before;

void shim_mask(void)
{
	uintptr_t state;

	__asm__ volatile(MASK_READ_AND_SET : "=r"(state) : : "memory");
	if (masks++ == 0)
		mask_before = state;
}

void shim_unmask(void)
{
	if (--masks == 0)
		__asm__ volatile(MASK_SET : : "r"(mask_before) : "memory");
}

void shim_unmask_all(void)
{
	masks = 0;
	__asm__ volatile(MASK_CLEAR : : : "memory");
}

int clock_gettime(int clock, struct timespec *now)
{
	struct scmi_port *port = shim_port();
	const uint64_t us = port->now_us(port->ctx);

	(void)clock;
	now->tv_sec = (int64_t)(us / 1000000u);
	now->tv_nsec = (long)(us % 1000000u) * 1000;
	return 0;
}

int nanosleep(const struct timespec *time, struct timespec *rest)
{
	(void)time;
	(void)rest;
	return 0;
}
