/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Atomics for ARMv6-M, which has no instruction that reads and writes in one step: the functions that the compiler calls
 * in their place, each with interrupts masked for about five instructions. One core, and memory that nobody else
 * writes. Masking orders all that goes before and after, so whatever order is asked for is had. Loads and stores are
 * plain: gcc makes no call for them, clang does.
 *
 * The names are the compiler's own: by these labels, for a compiler does not let a program declare them as it likes.
 * Weak, for vendors' kits bring some of their own. Not to be compiled with -flto: calls that the compiler makes up while
 * it links come too late for it to take a function out of what it has put aside.
 *
 * compare_exchange has five arguments for the sizes that are in its name: the one that says weak is only in the general
 * form and in the builtin.
 */
#include "core.h"

#ifdef __ARM_ARCH_6M__

#define WEAK __attribute__((weak))

#define FETCH(name, type, label, expression)                                                                           \
	WEAK type name(volatile void *at, type value, int order) __asm__(label);                                       \
	type name(volatile void *at, type value, int order)                                                            \
	{                                                                                                              \
		volatile type *word = at;                                                                              \
		const uint32_t state = mask_all();                                                                     \
		const type old = *word;                                                                                \
                                                                                                                       \
		(void)order;                                                                                           \
		*word = (type)(expression);                                                                            \
		restore_all(state);                                                                                    \
		return old;                                                                                            \
	}

#define COMPARE(name, type, label)                                                                                     \
	WEAK _Bool name(volatile void *at, void *expected, type desired, int success, int failure) __asm__(label);     \
	_Bool name(volatile void *at, void *expected, type desired, int success, int failure)                          \
	{                                                                                                              \
		volatile type *word = at;                                                                              \
		type *wanted = expected;                                                                               \
		const uint32_t state = mask_all();                                                                     \
		const type old = *word;                                                                                \
		const _Bool equal = old == *wanted;                                                                    \
                                                                                                                       \
		(void)success;                                                                                         \
		(void)failure;                                                                                         \
		if (equal)                                                                                             \
			*word = desired;                                                                               \
		restore_all(state);                                                                                    \
		if (!equal)                                                                                            \
			*wanted = old;                                                                                 \
		return equal;                                                                                          \
	}

#define PLAIN(load, store, type, load_label, store_label)                                                              \
	WEAK type load(const volatile void *at, int order) __asm__(load_label);                                        \
	WEAK void store(volatile void *at, type value, int order) __asm__(store_label);                                \
	type load(const volatile void *at, int order)                                                                  \
	{                                                                                                              \
		const type value = *(const volatile type *)at;                                                         \
                                                                                                                       \
		(void)order;                                                                                           \
		barrier();                                                                                             \
		return value;                                                                                          \
	}                                                                                                              \
	void store(volatile void *at, type value, int order)                                                           \
	{                                                                                                              \
		(void)order;                                                                                           \
		barrier();                                                                                             \
		*(volatile type *)at = value;                                                                          \
		barrier();                                                                                             \
	}

#define WIDTH(bits, bytes)                                                                                             \
	PLAIN(scmi__load_##bits, scmi__store_##bits, uint##bits##_t, "__atomic_load_" #bytes,                          \
	      "__atomic_store_" #bytes)                                                                                \
	FETCH(scmi__exchange_##bits, uint##bits##_t, "__atomic_exchange_" #bytes, value)                               \
	FETCH(scmi__add_##bits, uint##bits##_t, "__atomic_fetch_add_" #bytes, old + value)                             \
	FETCH(scmi__sub_##bits, uint##bits##_t, "__atomic_fetch_sub_" #bytes, old - value)                             \
	FETCH(scmi__and_##bits, uint##bits##_t, "__atomic_fetch_and_" #bytes, old &value)                              \
	FETCH(scmi__or_##bits, uint##bits##_t, "__atomic_fetch_or_" #bytes, old | value)                               \
	FETCH(scmi__xor_##bits, uint##bits##_t, "__atomic_fetch_xor_" #bytes, old ^ value)                             \
	COMPARE(scmi__compare_##bits, uint##bits##_t, "__atomic_compare_exchange_" #bytes)

WIDTH(8, 1)
WIDTH(16, 2)
WIDTH(32, 4)

#else

typedef int scmi_this_core_has_them; /* a file without a declaration is not C */

#endif
