/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Included before everything else in the program ring_rewritten: each atomic load of the ring's own sources comes by
 * here. So an attacker can rewrite a word right after it was read, without threads and from a seed, and what was read
 * last of each word is known.
 */
#ifndef TEST_VIRTIO_HOOK_H
#define TEST_VIRTIO_HOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

bool hook_load_bool(const volatile void *at);
uint8_t hook_load8(const volatile void *at);
uint16_t hook_load16(const volatile void *at);
uint32_t hook_load32(const volatile void *at);
uint64_t hook_load64(const volatile void *at);

#undef atomic_load_explicit
#define atomic_load_explicit(at, order)                                                                                \
	((void)(order), _Generic(*(at), bool                                                                           \
				 : hook_load_bool, uint8_t                                                             \
				 : hook_load8, uint16_t                                                                \
				 : hook_load16, uint32_t                                                               \
				 : hook_load32, uint64_t                                                               \
				 : hook_load64)(at))

#endif
