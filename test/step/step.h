/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An exhaustive step scheduler for real C source.
 *
 * Source compiled with -fsanitize=thread is linked with this runtime in place of libtsan. Up to four contexts run as
 * coroutines on one thread; each C11 atomic access of theirs is a yield point. step_explore() runs a scenario under
 * every schedule with at most p preemptions and s stale reads, depth first, by replay. README.md says what is found and
 * what is not.
 *
 * Who is who: the source under test is instrumented; scenarios are not, and announce what they touch with the
 * functions below. Every plain access of an instrumented function to the arena or to a coroutine's stack is checked for
 * races; one to a region (step_region()) also for its owner.
 */
#ifndef STEP_H
#define STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEP_CONTEXTS 4
#define STEP_ARENA    32768u /* bytes of memory that is put back before each run and checked during it */

struct step_scenario {
	const char *name;
	/* Fills the arena, once; every run starts from what it left. NULL: the arena starts as zeros. */
	void (*setup)(void);
	/* The contexts, to the first NULL, and their one-letter names. */
	void (*body[STEP_CONTEXTS])(void);
	const char *letters;
	unsigned daemons; /* bit i: context i need not end */
	/* No context can go on: makes time pass or messages come, returns whether anything has changed. May be NULL. */
	bool (*idle)(void);
	/* All contexts but daemons have ended: checks the rest, alone. May be NULL. */
	void (*check)(void);
};

struct step_result {
	uint64_t schedules; /* runs, those cut short included */
	uint64_t cut;       /* of these: at a state that had been explored before */
	uint64_t steps;     /* yield points passed */
	double seconds;
	bool complete;        /* false: stopped by the time limit or by a failure */
	char failure[256];    /* what went wrong, or "" */
	char replay[4096];    /* the failing schedule, for step_replay() */
	unsigned preemptions; /* used by the failing schedule */
	unsigned stale;
};

/* How far to go. Limits may be 0: none. */
struct step_bounds {
	unsigned p; /* preemptions */
	unsigned s; /* stale reads */
	uint64_t schedules;
	double seconds;
	bool whole; /* no state is cut, which is slower and finds the same */
};

/* Explores. Stops at the first failure, or at a limit. */
void step_explore(const struct step_scenario *scenario, const struct step_bounds *bounds, struct step_result *result);

/* Runs one schedule and prints what happens. */
void step_replay(const struct step_scenario *scenario, const char *schedule);

/* The arena: n bytes, aligned, zeroed; only in setup(). */
void *step_alloc(size_t n);

/* Context that runs: 0.. or STEP_CONTEXTS in setup(), idle() and check(). */
unsigned step_self(void);

/* Ends the run as a failure. */
_Noreturn void step_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of the trace, printed only by step_replay(). */
void step_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * World objects: shared state of the harness. point: a yield, then a write-like access; look: a yield, then a read-like
 * one (looks commute). touch: what a look found is changed, in the same step. The harness may then read or change the
 * object until its next call into this file or into instrumented source: nobody else runs meanwhile. All that a harness
 * shares must be reached through one of these, or states that differ would be taken for equal.
 */
void step_point(const void *object);
void step_look(const void *object);
void step_touch(const void *object);

/* Causality that the world carries, a message or a wake-up: the releaser's past comes before the acquirer's future. */
struct step_clock {
	uint64_t words[2];
};
void step_release(struct step_clock *clock);
void step_acquire(const struct step_clock *clock);

/* Does not run until ready(arg). ready must not change anything. */
void step_block(bool (*ready)(const void *arg), const void *arg);

/* The turn of a waiting loop: goes on once somebody else has written something since the last turn. */
void step_relax(void);

/* One of n, all are tried. */
unsigned step_choose(unsigned n);

/* Plain accesses of the harness, on the user's or on the library's behalf. */
void step_user_read(const void *p, size_t n);
void step_user_write(const void *p, size_t n);
void step_library_read(const void *p, size_t n, const void *pc);
void step_library_write(const void *p, size_t n, const void *pc);

/*
 * Memory of the user's. Setup declares it; the world says who owns it. The library may touch what it owns, read what is
 * lent, and nothing else. grant lets the present context's library code read a region that the user owns (0: ends it).
 * p and n are multiples of 8.
 */
enum step_owner { STEP_USER, STEP_LENT, STEP_LIBRARY };
unsigned step_region(const char *name, const void *p, size_t n);
void step_own(unsigned region, enum step_owner owner);
void step_grant(unsigned region);

/* This memory goes away: to every other context that is as a write of it all, so each access to it is worth a yield. */
void step_take_away(const void *p, unsigned n);

/* True while an instrumented function may be preempted: between start and end of a run. */
bool step_running(void);

#endif
