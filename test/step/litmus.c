/* SPDX-License-Identifier: BSD-3-Clause */
#include "litmus.h"

#define LOAD(object, order)         atomic_load_explicit(&litmus->object, memory_order_##order)
#define STORE(object, value, order) atomic_store_explicit(&litmus->object, (value), memory_order_##order)

struct litmus *litmus;

/* --- message passing: y is the message, x the flag --- */

void mp_write_relaxed(void)
{
	STORE(y, 1, relaxed);
	STORE(x, 1, relaxed);
}

void mp_write_release(void)
{
	STORE(y, 1, relaxed);
	STORE(x, 1, release);
}

void mp_write_fence(void)
{
	STORE(y, 1, relaxed);
	atomic_thread_fence(memory_order_release);
	STORE(x, 1, relaxed);
}

void mp_read_relaxed(void)
{
	litmus->r[0] = LOAD(x, relaxed);
	litmus->r[1] = LOAD(y, relaxed);
}

void mp_read_acquire(void)
{
	litmus->r[0] = LOAD(x, acquire);
	litmus->r[1] = LOAD(y, relaxed);
}

void mp_read_fence(void)
{
	litmus->r[0] = LOAD(x, relaxed);
	atomic_thread_fence(memory_order_acquire);
	litmus->r[1] = LOAD(y, relaxed);
}

/* a third context between the two: a read-modify-write keeps the release sequence, a store breaks it */
void mp_add_relaxed(void)
{
	atomic_fetch_add_explicit(&litmus->x, 1, memory_order_relaxed);
}

void mp_store_relaxed(void)
{
	STORE(x, 2, relaxed);
}

void mp_read_two(void)
{
	litmus->r[0] = LOAD(x, acquire) == 2;
	litmus->r[1] = LOAD(y, relaxed);
}

void plain_write_release(void)
{
	litmus->plain = 1;
	STORE(x, 1, release);
}

void plain_write_relaxed(void)
{
	litmus->plain = 1;
	STORE(x, 1, relaxed);
}

void plain_read_acquire(void)
{
	if (LOAD(x, acquire))
		litmus->r[0] = litmus->plain;
}

void plain_write(void)
{
	litmus->plain = 2;
}

void plain_write_other(void)
{
	litmus->other = 2;
}

/* --- store buffering --- */

void sb_a_acq_rel(void)
{
	STORE(x, 1, release);
	litmus->r[0] = LOAD(y, acquire);
}

void sb_b_acq_rel(void)
{
	STORE(y, 1, release);
	litmus->r[1] = LOAD(x, acquire);
}

void sb_a_seq_cst(void)
{
	STORE(x, 1, seq_cst);
	litmus->r[0] = LOAD(y, seq_cst);
}

void sb_b_seq_cst(void)
{
	STORE(y, 1, seq_cst);
	litmus->r[1] = LOAD(x, seq_cst);
}

void sb_a_fence(void)
{
	STORE(x, 1, relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	litmus->r[0] = LOAD(y, relaxed);
}

void sb_b_fence(void)
{
	STORE(y, 1, relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	litmus->r[1] = LOAD(x, relaxed);
}

void sb_a_mixed(void)
{
	STORE(x, 1, seq_cst);
	litmus->r[0] = LOAD(y, acquire);
}

/* --- coherence --- */

void write_twice(void)
{
	STORE(x, 1, relaxed);
	STORE(x, 2, relaxed);
}

void read_twice_a(void)
{
	litmus->r[0] = LOAD(x, relaxed);
	litmus->r[1] = LOAD(x, relaxed);
}

void read_twice_b(void)
{
	litmus->r[2] = LOAD(x, relaxed);
	litmus->r[3] = LOAD(x, relaxed);
}

/* --- independent reads of independent writes --- */

void iriw_x_acq(void)
{
	STORE(x, 1, release);
}

void iriw_y_acq(void)
{
	STORE(y, 1, release);
}

void iriw_xy_acq(void)
{
	litmus->r[0] = LOAD(x, acquire);
	litmus->r[1] = LOAD(y, acquire);
}

void iriw_yx_acq(void)
{
	litmus->r[2] = LOAD(y, acquire);
	litmus->r[3] = LOAD(x, acquire);
}

void iriw_x_sc(void)
{
	STORE(x, 1, seq_cst);
}

void iriw_y_sc(void)
{
	STORE(y, 1, seq_cst);
}

void iriw_xy_sc(void)
{
	litmus->r[0] = LOAD(x, seq_cst);
	litmus->r[1] = LOAD(y, seq_cst);
}

void iriw_yx_sc(void)
{
	litmus->r[2] = LOAD(y, seq_cst);
	litmus->r[3] = LOAD(x, seq_cst);
}

/* --- read-modify-write --- */

void cas_once_a(void)
{
	uint32_t zero = 0;

	litmus->r[0] = atomic_compare_exchange_strong_explicit(&litmus->x, &zero, 1, memory_order_acq_rel,
							       memory_order_relaxed);
}

void cas_once_b(void)
{
	uint32_t zero = 0;

	litmus->r[1] = atomic_compare_exchange_strong_explicit(&litmus->x, &zero, 2, memory_order_acq_rel,
							       memory_order_relaxed);
}

/* x is 1 from another context: fails for the value that was there before, if that may still be seen */
void cas_stale(void)
{
	uint32_t one = 1;

	litmus->r[0] = atomic_compare_exchange_strong_explicit(&litmus->x, &one, 2, memory_order_relaxed,
							       memory_order_relaxed);
	litmus->r[1] = LOAD(y, relaxed);
}

void weak_once(void)
{
	uint32_t zero = 0;

	litmus->r[0] =
		atomic_compare_exchange_weak_explicit(&litmus->x, &zero, 1, memory_order_relaxed, memory_order_relaxed);
}

void add_rmw(void)
{
	atomic_fetch_add_explicit(&litmus->x, 1, memory_order_relaxed);
}

void add_split(void)
{
	STORE(x, LOAD(x, relaxed) + 1, relaxed);
}

/* --- ABA: a stack of three nodes, with and without a tag --- */

static uint32_t pop(uint32_t tag)
{
	uint32_t old = LOAD(head, acquire);
	uint32_t next;

	do {
		if ((old & 0xff) == 0)
			return 0;
		next = LOAD(next[old & 0xff], relaxed);
	} while (!atomic_compare_exchange_strong_explicit(&litmus->head, &old, ((old & ~0xffu) + tag) | next,
							  memory_order_acq_rel, memory_order_acquire));
	return old & 0xff;
}

static void push(uint32_t node, uint32_t tag)
{
	uint32_t old = LOAD(head, relaxed);

	do {
		STORE(next[node], old & 0xff, relaxed);
	} while (!atomic_compare_exchange_strong_explicit(&litmus->head, &old, ((old & ~0xffu) + tag) | node,
							  memory_order_release, memory_order_relaxed));
}

static void pop_two(uint32_t tag)
{
	litmus->r[0] = pop(tag);
	litmus->r[1] = pop(tag);
}

static void pop_two_push_one(uint32_t tag)
{
	litmus->r[2] = pop(tag);
	litmus->r[3] = pop(tag);
	push(litmus->r[2], tag);
}

void pop_blind_a(void)
{
	pop_two(0);
}

void pop_push_blind_b(void)
{
	pop_two_push_one(0);
}

void pop_tagged_a(void)
{
	pop_two(0x100);
}

void pop_push_tagged_b(void)
{
	pop_two_push_one(0x100);
}

/* --- loops, lives, owners --- */

void step_relax(void);

void spin_for_y(void)
{
	while (!LOAD(y, acquire))
		step_relax();
	litmus->r[0] = litmus->plain;
}

void set_y(void)
{
	litmus->plain = 1;
	STORE(y, 1, release);
}

void spin_for_ever(void)
{
	while (!LOAD(y, acquire))
		;
}

/* a plain write to an atomic object */
void reinit_x(void)
{
	*(uint32_t *)(uintptr_t)&litmus->x = 5;
}

void poke_call(void)
{
	litmus->other = 1;
}

void peek_call(void)
{
	litmus->r[0] = litmus->other;
}
