/* SPDX-License-Identifier: BSD-3-Clause */
/* What the scheduler (step.c) and the memory model (memory.c) share. */
#ifndef STEP_INTERNAL_H
#define STEP_INTERNAL_H

#include <setjmp.h>

#include "step.h"

#define STEP_STACK 65536u
#define STEP_BYTES (STEP_ARENA + STEP_CONTEXTS * STEP_STACK)
#define SETUP      STEP_CONTEXTS

/*
 * A vector clock: t[i] for i < STEP_CONTEXTS is how far context i is known. Lanes 4 to 7 repeat lanes 0 to 3, so that
 * one comparison tests a byte's last writes (0 to 3) and last reads (4 to 7).
 */
typedef int16_t step_lanes __attribute__((vector_size(16)));
union clock {
	step_lanes v;
	int16_t t[8];
	uint64_t w[2];
};

struct context {
	jmp_buf top; /* where body() is called */
	jmp_buf now;
	bool ended;
	bool (*ready)(const void *arg);
	const void *arg;
	bool relaxed;     /* in step_relax() until others have written more than: */
	uint64_t others;  /* writes by others when its last step_relax() returned */
	uint64_t writes;  /* its own */
	bool looked_back; /* has read something stale since its last step_relax() */
	uint64_t history; /* hash of all it did and saw: the state of the run is these, together */
	union clock clock;
	union clock view;     /* floor of what it may read, by its seq_cst fences */
	union clock released; /* at its last release fence */
	union clock seen;     /* by relaxed loads, for its next acquire fence */
	unsigned grant;
};

extern struct context step_contexts[STEP_CONTEXTS + 1];
extern struct context *step_now;              /* the context that runs; &step_contexts[SETUP] outside a run */
extern unsigned char step_memory[STEP_BYTES]; /* arena, then stacks */
extern unsigned step_run;                     /* number of the run: what carries another is stale */
extern uint64_t step_writes;
extern bool step_tracing;
extern const struct step_scenario *step_scenario;
extern unsigned step_stale_left;

static inline size_t offset_of(const void *p)
{
	return (size_t)((uintptr_t)p - (uintptr_t)step_memory);
}

static inline uint64_t step_mix(uint64_t h, uint64_t v)
{
	/* not by xor alone: a context that reads its own store mixes its history with itself */
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15) + v * UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 29;
}

static inline union clock clock_join(union clock a, union clock b)
{
	step_lanes more = b.v > a.v;

	a.v = (b.v & more) | (a.v & ~more);
	return a;
}

static inline void clock_tick(struct context *c)
{
	unsigned me = (unsigned)(c - step_contexts);

	c->clock.t[me]++;
	c->clock.t[me + 4]++;
}

static inline void step_wrote(void)
{
	step_writes++;
	step_now->writes++;
}

/* A yield before an access; none where no other context has anything to do with the object (NULL: always). */
void step_yield(const void *object, bool write);
bool step_conflict(const void *object, bool write);
unsigned step_pick(unsigned n); /* a branching point of the search */
/* Has this state been explored with at least so much left? If not, it is from now on. */
bool step_state_known(uint64_t name, unsigned preemptions, unsigned stale);
void step_states_forget(void);
void step_atomic_reset(void); /* before each run */
void step_plain_reset(void);
void step_regions_forget(void); /* before setup() */
void step_regions_keep(void);   /* after it */
void step_trace(const void *pc, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Between plain.c and atomic.c: an access of one kind to what the other knows. */
void step_mark_atomic(const void *p);
void step_check_plain(const void *p, unsigned size, bool write, const void *pc);
void step_plain_on_atomic(size_t offset, size_t n, bool write, const void *pc);

/* What the compilers' calls come down to; sizes in bytes, orders as the compilers number them. */
enum step_rmw { STEP_EXCHANGE, STEP_ADD, STEP_SUB, STEP_AND, STEP_OR, STEP_XOR, STEP_NAND };
uint64_t step_load(const void *p, unsigned size, int order, const void *pc);
void step_store(void *p, unsigned size, uint64_t value, int order, const void *pc);
uint64_t step_rmw(void *p, unsigned size, enum step_rmw op, uint64_t v, int order, const void *pc);
bool step_cas(void *p, unsigned size, uint64_t *expected, uint64_t desired, int order, int fail_order, bool weak,
	      const void *pc);
void step_fence(int order, const void *pc);

#endif
