/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Included before everything else in the program mailbox_rewritten: each atomic load of the transport's own sources
 * comes by here. So the page can be rewritten right after a word of it was read, without threads and from a seed, and
 * how often each was read is known.
 */
#ifndef TEST_MAILBOX_HOOK_H
#define TEST_MAILBOX_HOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

bool hook_load_bool(const volatile void *at);
int32_t hook_load_int(const volatile void *at);
uint32_t hook_load_word(const volatile void *at);

#undef atomic_load_explicit
#define atomic_load_explicit(at, order)                                                                                \
	((void)(order), _Generic(*(at), bool : hook_load_bool, int32_t : hook_load_int, uint32_t : hook_load_word)(at))

#endif
