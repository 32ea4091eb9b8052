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

/* Each is one context's part of a program. */
void mp_write_relaxed(void);
void mp_write_release(void);
void mp_read_relaxed(void);
void mp_read_acquire(void);
void mp_write_fence(void);
void mp_read_fence(void);
void mp_add_relaxed(void);
void mp_store_relaxed(void);
void mp_read_two(void);
void plain_write_release(void);
void plain_write_relaxed(void);
void plain_read_acquire(void);
void plain_write(void);
void plain_write_other(void);
void sb_a_acq_rel(void);
void sb_b_acq_rel(void);
void sb_a_seq_cst(void);
void sb_b_seq_cst(void);
void sb_a_fence(void);
void sb_b_fence(void);
void sb_a_mixed(void);
void write_twice(void);
void read_twice_a(void);
void read_twice_b(void);
void iriw_x_acq(void);
void iriw_y_acq(void);
void iriw_xy_acq(void);
void iriw_yx_acq(void);
void iriw_x_sc(void);
void iriw_y_sc(void);
void iriw_xy_sc(void);
void iriw_yx_sc(void);
void cas_once_a(void);
void cas_once_b(void);
void add_rmw(void);
void add_split(void);
void pop_blind_a(void);
void pop_push_blind_b(void);
void pop_tagged_a(void);
void pop_push_tagged_b(void);
void weak_once(void);
void spin_for_y(void);
void set_y(void);
void spin_for_ever(void);
void reinit_x(void);
void poke_call(void);
void peek_call(void);
void cas_stale(void);

#endif
