/* SPDX-License-Identifier: BSD-3-Clause */
/* The functions that -fsanitize=thread calls, for gcc and clang, and those that memcpy and its like are renamed to. */
#include <string.h>

#include "internal.h"

/* The compilers declare these themselves, where they do at all. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define PC __builtin_return_address(0)

#define RMW(bits, type, name, op)                                                                                      \
	type __tsan_atomic##bits##_##name(volatile void *p, type v, int order)                                         \
	{                                                                                                              \
		return (type)step_rmw((void *)(uintptr_t)p, bits / 8, op, v, order, PC);                               \
	}

#define CAS(bits, type, name, weak)                                                                                    \
	bool __tsan_atomic##bits##_compare_exchange_##name(volatile void *p, void *old, type v, int order, int fail)   \
	{                                                                                                              \
		uint64_t expected = *(type *)old;                                                                      \
		bool won = step_cas((void *)(uintptr_t)p, bits / 8, &expected, v, order, fail, weak, PC);              \
                                                                                                                       \
		*(type *)old = (type)expected;                                                                         \
		return won;                                                                                            \
	}

#define ATOMIC(bits, type)                                                                                             \
	type __tsan_atomic##bits##_load(const volatile void *p, int order)                                             \
	{                                                                                                              \
		return (type)step_load((const void *)(uintptr_t)p, bits / 8, order, PC);                               \
	}                                                                                                              \
	void __tsan_atomic##bits##_store(volatile void *p, type v, int order)                                          \
	{                                                                                                              \
		step_store((void *)(uintptr_t)p, bits / 8, v, order, PC);                                              \
	}                                                                                                              \
	RMW(bits, type, exchange, STEP_EXCHANGE)                                                                       \
	RMW(bits, type, fetch_add, STEP_ADD)                                                                           \
	RMW(bits, type, fetch_sub, STEP_SUB)                                                                           \
	RMW(bits, type, fetch_and, STEP_AND)                                                                           \
	RMW(bits, type, fetch_or, STEP_OR)                                                                             \
	RMW(bits, type, fetch_xor, STEP_XOR)                                                                           \
	RMW(bits, type, fetch_nand, STEP_NAND)                                                                         \
	CAS(bits, type, strong, false)                                                                                 \
	CAS(bits, type, weak, true)                                                                                    \
	type __tsan_atomic##bits##_compare_exchange_val(volatile void *p, type old, type v, int order, int fail)       \
	{                                                                                                              \
		uint64_t expected = old;                                                                               \
                                                                                                                       \
		step_cas((void *)(uintptr_t)p, bits / 8, &expected, v, order, fail, false, PC);                        \
		return (type)expected;                                                                                 \
	}

#define READ(name, n)                                                                                                  \
	void __tsan_##name(const void *p)                                                                              \
	{                                                                                                              \
		step_library_read(p, n, PC);                                                                           \
	}

#define WRITE(name, n)                                                                                                 \
	void __tsan_##name(void *p)                                                                                    \
	{                                                                                                              \
		step_library_write(p, n, PC);                                                                          \
	}

ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)
READ(read1, 1)
READ(read2, 2)
READ(read4, 4)
READ(read8, 8)
READ(read16, 16)
READ(unaligned_read2, 2)
READ(unaligned_read4, 4)
READ(unaligned_read8, 8)
READ(unaligned_read16, 16)
WRITE(write1, 1)
WRITE(write2, 2)
WRITE(write4, 4)
WRITE(write8, 8)
WRITE(write16, 16)
WRITE(unaligned_write2, 2)
WRITE(unaligned_write4, 4)
WRITE(unaligned_write8, 8)
WRITE(unaligned_write16, 16)

void __tsan_read_range(const void *p, size_t n)
{
	step_library_read(p, n, PC);
}

void __tsan_write_range(void *p, size_t n)
{
	step_library_write(p, n, PC);
}

void __tsan_atomic_thread_fence(int order)
{
	step_fence(order, PC);
}

void __tsan_atomic_signal_fence(int order)
{
	(void)order; /* orders nothing between contexts */
}

void __tsan_init(void)
{
}

void __tsan_func_entry(const void *caller)
{
	(void)caller;
}

void __tsan_func_exit(void)
{
}

/* The instrumented objects' memcpy and so on are renamed to these when they have been compiled. */

void *step_memcpy(void *dst, const void *src, size_t n)
{
	step_library_read(src, n, PC);
	step_library_write(dst, n, PC);
	return memcpy(dst, src, n);
}

void *step_memmove(void *dst, const void *src, size_t n)
{
	step_library_read(src, n, PC);
	step_library_write(dst, n, PC);
	return memmove(dst, src, n);
}

void *step_memset(void *dst, int c, size_t n)
{
	step_library_write(dst, n, PC);
	return memset(dst, c, n);
}

int step_memcmp(const void *a, const void *b, size_t n)
{
	step_library_read(a, n, PC);
	step_library_read(b, n, PC);
	return memcmp(a, b, n);
}
