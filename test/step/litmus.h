/* SPDX-License-Identifier: BSD-3-Clause */
/* Small programs whose outcomes are known (litmus.c, instrumented), for the scheduler's test of itself (selftest.c). */
#ifndef STEP_LITMUS_H
#define STEP_LITMUS_H

#include <stdatomic.h>
#include <stdint.h>

struct litmus {
	_Atomic uint32_t x;
	_Atomic uint32_t y;
	uint32_t plain;
	uint32_t other;
	_Atomic uint32_t head; /* a stack of indices, 1 to 3; the tag above bit 8 */
	_Atomic uint32_t next[4];
	uint32_t taken[4]; /* who took node i: bit 0 first context, bit 1 second */
	uint32_t r[8];     /* what was read */
};

extern struct litmus *litmus;

/* X(name): each is a void function, one context's part of a program. */
#define LITMUS_PARTS(X)                                                                                                \
	X(mp_write_relaxed)                                                                                            \
	X(mp_write_release)                                                                                            \
	X(mp_read_relaxed)                                                                                             \
	X(mp_read_acquire)                                                                                             \
	X(mp_write_fence)                                                                                              \
	X(mp_read_fence)                                                                                               \
	X(mp_add_relaxed) X(mp_store_relaxed) X(mp_read_two) X(plain_write_release) X(plain_write_relaxed)             \
		X(plain_read_acquire) X(plain_write) X(plain_write_other) X(sb_a_acq_rel) X(sb_b_acq_rel)              \
			X(sb_a_seq_cst) X(sb_b_seq_cst) X(sb_a_fence) X(sb_b_fence) X(sb_a_mixed) X(write_twice)       \
				X(read_twice_a) X(read_twice_b) X(iriw_x_acq) X(iriw_y_acq) X(iriw_xy_acq)             \
					X(iriw_yx_acq) X(iriw_x_sc) X(iriw_y_sc) X(iriw_xy_sc) X(iriw_yx_sc)           \
						X(cas_once_a) X(cas_once_b) X(add_rmw) X(add_split) X(pop_blind_a)     \
							X(pop_push_blind_b) X(pop_tagged_a) X(pop_push_tagged_b)       \
								X(weak_once) X(spin_for_y) X(set_y) X(spin_for_ever)   \
									X(reinit_x) X(poke_call) X(peek_call)          \
										X(cas_stale)

#define LITMUS_DECLARE(name) void name(void);
LITMUS_PARTS(LITMUS_DECLARE)
#undef LITMUS_DECLARE

#endif
