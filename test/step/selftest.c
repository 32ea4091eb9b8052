/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scheduler's test of itself: small programs with known outcomes. Each must have exactly the outcomes that C11
 * allows (within the bounds given), and each planted fault must be found: a checker that finds nothing, or raises a
 * false alarm, fails here before it is believed about anything else.
 */
#include <stdio.h>
#include <string.h>

#include "litmus.h"
#include "step.h"

static uint32_t outcomes; /* bit o: outcome o was seen in some run */
static unsigned (*outcome_of)(void);
static unsigned region;
static unsigned failures;
static unsigned checks;

static void start(void)
{
	litmus = step_alloc(sizeof(*litmus));
	atomic_init(&litmus->head, 1);
	atomic_init(&litmus->next[1], 2);
	atomic_init(&litmus->next[2], 3);
}

static void record(void)
{
	outcomes |= 1u << outcome_of();
}

/* --- outcomes --- */

static unsigned two_bits(void)
{
	return litmus->r[0] * 2 + litmus->r[1];
}

static unsigned four_bits(void)
{
	return litmus->r[0] * 8 + litmus->r[1] * 4 + litmus->r[2] * 2 + litmus->r[3];
}

/* bit 0 of the outcome: some context saw x go back */
static unsigned backwards(void)
{
	return litmus->r[0] > litmus->r[1] || litmus->r[2] > litmus->r[3];
}

static unsigned value_of_x(void)
{
	return atomic_load(&litmus->x);
}

static unsigned first_read(void)
{
	return litmus->r[0];
}

/* a node that two contexts hold, or that is held and on the stack */
static unsigned shared_node(void)
{
	const uint32_t *r = litmus->r;
	unsigned held[4] = {0};
	uint32_t node = atomic_load(&litmus->head) & 0xff;

	held[r[0]]++;
	held[r[1]]++;
	held[r[3]]++;
	for (unsigned i = 0; node && i < 4; i++, node = atomic_load(&litmus->next[node]))
		held[node]++;
	return held[1] > 1 || held[2] > 1 || held[3] > 1;
}

/* --- parts that are not instrumented --- */

static void (*owner_body)(void);

static void owned_by_library(void)
{
	step_own(region, STEP_LIBRARY);
	owner_body();
	step_own(region, STEP_USER);
}

static void lent(void)
{
	step_own(region, STEP_LENT);
	owner_body();
}

static void start_region(void)
{
	start();
	region = step_region("call", &litmus->plain, 8);
}

static struct {
	bool asked;
	bool signalled;
	struct step_clock clock;
} * event;

static void start_event(void)
{
	start();
	event = step_alloc(sizeof(*event));
}

static bool signalled(const void *arg)
{
	(void)arg;
	return event->signalled;
}

/* waits for work: looks, then says that it sleeps, then sleeps; recheck: looks again before it sleeps */
static void sleep_for_work(bool recheck)
{
	step_look(&litmus->x);
	if (atomic_load(&litmus->x))
		return;
	step_point(&event->asked);
	event->asked = true;
	step_look(&litmus->x);
	if (recheck && atomic_load(&litmus->x))
		return;
	step_point(&event->signalled);
	step_block(signalled, NULL);
	step_acquire(&event->clock);
	step_user_read(&litmus->plain, 4);
}

static void sleep_careless(void)
{
	sleep_for_work(false);
}

static void sleep_careful(void)
{
	sleep_for_work(true);
}

static void give_work(void)
{
	step_user_write(&litmus->plain, 4);
	step_point(&litmus->x);
	atomic_store(&litmus->x, 1);
	step_look(&event->asked);
	if (!event->asked)
		return;
	step_point(&event->signalled);
	step_release(&event->clock);
	event->signalled = true;
}

/* --- the tables --- */

struct litmus_case {
	const char *name;
	void (*body[STEP_CONTEXTS])(void);
	unsigned p;
	unsigned s;
	unsigned (*outcome)(void);
	uint32_t expected; /* bit o: outcome o must be seen; all others must not */
};

#define BIT(o) (1u << (o))
#define ALL    (BIT(0) | BIT(1) | BIT(2) | BIT(3))

/* clang tells its sanitizer nothing about weak ones: there they do not fail for nothing. */
#ifdef __clang__
#define WEAK BIT(1)
#else
#define WEAK (BIT(0) | BIT(1))
#endif

static const struct litmus_case cases[] = {
	{"message passing, relaxed", {mp_write_relaxed, mp_read_relaxed}, 2, 1, two_bits, ALL},
	{"message passing, relaxed, no stale read", {mp_write_relaxed, mp_read_relaxed}, 2, 0, two_bits, ALL & ~BIT(2)},
	{"message passing, release only", {mp_write_release, mp_read_relaxed}, 2, 1, two_bits, ALL},
	{"message passing, acquire only", {mp_write_relaxed, mp_read_acquire}, 2, 1, two_bits, ALL},
	{"message passing, release and acquire", {mp_write_release, mp_read_acquire}, 3, 2, two_bits, ALL & ~BIT(2)},
	{"message passing, fences", {mp_write_fence, mp_read_fence}, 3, 2, two_bits, ALL & ~BIT(2)},
	{"message passing, release fence only", {mp_write_fence, mp_read_relaxed}, 2, 1, two_bits, ALL},
	{"message passing, fence and acquire", {mp_write_fence, mp_read_acquire}, 3, 2, two_bits, ALL & ~BIT(2)},
	{"release sequence, kept by an add",
	 {mp_write_release, mp_add_relaxed, mp_read_two},
	 2,
	 2,
	 two_bits,
	 ALL & ~BIT(2)},
	{"release sequence, broken by a store", {mp_write_release, mp_store_relaxed, mp_read_two}, 2, 2, two_bits, ALL},
	{"store buffering, acq_rel", {sb_a_acq_rel, sb_b_acq_rel}, 2, 1, two_bits, ALL},
	{"store buffering, acq_rel, no stale read", {sb_a_acq_rel, sb_b_acq_rel}, 2, 0, two_bits, ALL & ~BIT(0)},
	{"store buffering, seq_cst", {sb_a_seq_cst, sb_b_seq_cst}, 3, 2, two_bits, ALL & ~BIT(0)},
	{"store buffering, seq_cst fences", {sb_a_fence, sb_b_fence}, 3, 2, two_bits, ALL & ~BIT(0)},
	{"store buffering, one load acquire", {sb_a_mixed, sb_b_seq_cst}, 3, 1, two_bits, ALL},
	{"store buffering, fence and seq_cst", {sb_a_fence, sb_b_seq_cst}, 3, 2, two_bits, ALL & ~BIT(0)},
	{"coherence", {write_twice, read_twice_a, read_twice_b}, 2, 2, backwards, BIT(0)},
	{"independent reads, acquire", {iriw_x_acq, iriw_y_acq, iriw_xy_acq, iriw_yx_acq}, 2, 2, four_bits, 0xffff},
	{"independent reads, seq_cst",
	 {iriw_x_sc, iriw_y_sc, iriw_xy_sc, iriw_yx_sc},
	 3,
	 2,
	 four_bits,
	 0xffff & ~BIT(10)},
	{"compare-exchange, one wins", {cas_once_a, cas_once_b}, 2, 2, two_bits, BIT(1) | BIT(2)},
	{"compare-exchange, fails for an old value", {iriw_x_acq, cas_stale}, 1, 1, first_read, BIT(0) | BIT(1)},
	{"compare-exchange, weak", {weak_once}, 0, 1, first_read, WEAK},
	{"compare-exchange, weak, may not fail", {weak_once}, 0, 0, first_read, BIT(1)},
	{"two adds", {add_rmw, add_rmw}, 2, 2, value_of_x, BIT(2)},
	{"two loads and stores", {add_split, add_split}, 1, 0, value_of_x, BIT(1) | BIT(2)},
	{"ABA, one preemption", {pop_blind_a, pop_push_blind_b}, 1, 0, shared_node, BIT(0) | BIT(1)},
	{"ABA, none", {pop_blind_a, pop_push_blind_b}, 0, 0, shared_node, BIT(0)},
	{"ABA, tagged", {pop_tagged_a, pop_push_tagged_b}, 3, 1, shared_node, BIT(0)},
	{"release and acquire order a plain write",
	 {plain_write_release, plain_read_acquire},
	 3,
	 2,
	 first_read,
	 BIT(0) | BIT(1)},
	{"neighbours do not race", {plain_write, plain_write_other}, 2, 1, first_read, BIT(0)},
	{"a waiting loop", {spin_for_y, set_y}, 2, 1, first_read, BIT(1)},
	{"a sleep that looks again", {sleep_careful, give_work}, 3, 0, first_read, BIT(0)},
	{"the library's turn", {owned_by_library}, 0, 0, first_read, BIT(0)},
};

struct fault_case {
	const char *name;
	void (*body[STEP_CONTEXTS])(void);
	void (*library)(void);
	unsigned p;
	unsigned s;
	const char *failure; /* begins so */
};

static const struct fault_case faults[] = {
	{"relaxed does not order a plain write", {plain_write_relaxed, plain_read_acquire}, NULL, 0, 0, "data race"},
	{"two plain writes", {plain_write, plain_write_release}, NULL, 0, 0, "data race"},
	{"a plain write to an atomic object", {cas_once_a, reinit_x}, NULL, 0, 0, "data race"},
	{"an atomic access to what was written plainly", {reinit_x, cas_once_a}, NULL, 0, 0, "data race"},
	{"a lost wake-up", {sleep_careless, give_work}, NULL, 1, 0, "A waits for ever"},
	{"a loop that only reads", {spin_for_ever}, NULL, 0, 0, "the run does not end"},
	{"a waiting loop that nobody ends", {spin_for_y}, NULL, 0, 0, "A waits for ever"},
	{"a write to the user's memory", {poke_call}, NULL, 0, 0, "the library writes call"},
	{"a read of the user's memory", {peek_call}, NULL, 0, 0, "the library reads call"},
	{"a write to what is lent", {lent}, poke_call, 0, 0, "the library writes call"},
};

static void expect(bool ok, const char *name, const struct step_result *r)
{
	checks++;
	if (ok)
		return;
	failures++;
	printf("selftest: %s: outcomes %#x, \"%s\"\n", name, outcomes, r->failure);
}

static void run_case(const struct litmus_case *c, bool cut)
{
	struct step_scenario s = {.name = c->name, .letters = "ABCD", .check = record};
	struct step_result r;

	s.setup = c->body[0] == owned_by_library ? start_region : c->body[0] == sleep_careful ? start_event : start;
	memcpy(s.body, c->body, sizeof(s.body));
	owner_body = poke_call;
	outcome_of = c->outcome;
	outcomes = 0;
	step_explore(&s, &(struct step_bounds){.p = c->p, .s = c->s, .whole = !cut}, &r);
	expect(r.complete && !r.failure[0] && outcomes == c->expected, c->name, &r);
}

static void run_fault(const struct fault_case *f, bool cut)
{
	struct step_scenario s = {.name = f->name, .letters = "ABCD"};
	struct step_result r;

	s.setup = f->body[0] == sleep_careless ? start_event : strstr(f->failure, "library") ? start_region : start;
	memcpy(s.body, f->body, sizeof(s.body));
	owner_body = f->library;
	outcomes = 0;
	step_explore(&s, &(struct step_bounds){.p = f->p, .s = f->s, .whole = !cut}, &r);
	expect(strncmp(r.failure, f->failure, strlen(f->failure)) == 0, f->name, &r);
}

/* Cutting at states that were explored must not change what is found: everything runs with and without. */
int main(void)
{
	for (unsigned cut = 0; cut < 2; cut++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			run_case(&cases[i], cut);
		for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
			run_fault(&faults[i], cut);
	}
	printf("selftest: %u checks, %u failures\n", checks, failures);
	return failures != 0;
}
