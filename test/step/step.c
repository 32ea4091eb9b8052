/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The search: coroutines, the schedule as a path of choices, replay, the states that have been explored, the trace.
 *
 * A run follows the choices of the path as far as it goes and takes the first alternative from there on; then the last
 * choice that has an alternative left takes it, and so on until none has. Two schedules that lead to the same
 * happens-before relation lead to the same state; it is named by the hash of what each context did and saw, and not
 * explored twice unless with more preemptions or stale reads left.
 */
#include "internal.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

#define CHOICES   4000u
#define STEPS_MAX 6000u /* a run that is longer does not end */

enum outcome { RUNS, ENDED, CUT, FAILED };

struct choice {
	uint32_t moment; /* of the run: counts what may be a choice */
	uint8_t n;
	uint8_t taken;
};

struct context step_contexts[STEP_CONTEXTS + 1];
struct context *step_now = &step_contexts[SETUP];
_Alignas(64) unsigned char step_memory[STEP_BYTES];
unsigned step_run = 1;
uint64_t step_writes;
unsigned step_stale_left;

const struct step_scenario *step_scenario;
static struct step_result *result;
static unsigned char arena_start[STEP_ARENA];
static size_t arena_used;
static struct choice path[CHOICES];
static unsigned path_length;
static unsigned path_at;
static const char *forced; /* the schedule to replay: moment:choice, ... */
static unsigned preemptions;
static unsigned preemptions_left;
static unsigned stale;
static unsigned steps;
static uint32_t moment;
static bool cutting;
#define WRITTEN 0x80u
static uint8_t touched[STEP_BYTES]; /* in any run: by which contexts, and WRITTEN */
static bool shown_shared;           /* the present run has shown an object to be shared */
static jmp_buf scheduler;
static ucontext_t scheduler_first;
static ucontext_t coroutine_first[STEP_CONTEXTS];

/* --- the end of a run --- */

static _Noreturn void leave(enum outcome outcome)
{
	step_now = &step_contexts[SETUP];
	_longjmp(scheduler, (int)outcome);
}

void step_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(result->failure, sizeof(result->failure), format, args);
	va_end(args);
	leave(FAILED);
}

static void crashed(int signal)
{
	step_fail(signal == SIGFPE ? "division by zero" : "invalid memory access");
}

/* --- choices --- */

/* The choice with the present number, one of n: by the path, or by the schedule that is replayed. */
static unsigned pick(unsigned n)
{
	if (forced != NULL) {
		char *rest;
		unsigned long number = strtoul(forced, &rest, 10);
		unsigned taken;

		if (*rest != ':' || number != moment)
			return 0;
		taken = (unsigned)strtoul(rest + 1, &rest, 10);
		forced = *rest == ',' ? rest + 1 : rest;
		return taken < n ? taken : 0;
	}
	if (n < 2)
		return 0;
	if (path_at == CHOICES)
		step_fail("too many choices in one run");
	if (path_at == path_length)
		path[path_length++] = (struct choice){.moment = moment, .n = (uint8_t)n};
	if (path[path_at].n != n || path[path_at].moment != moment)
		step_fail("the schedule does not replay: a run depends on more than its choices");
	return path[path_at++].taken;
}

unsigned step_pick(unsigned n)
{
	moment++;
	return pick(n);
}

unsigned step_choose(unsigned n)
{
	unsigned choice = step_running() ? step_pick(n) : 0;

	step_now->history = step_mix(step_now->history, choice + 11);
	return choice;
}

/* Takes the next alternative of the last choice that has one. */
static bool next_path(void)
{
	while (path_length && path[path_length - 1].taken + 1 == path[path_length - 1].n)
		path_length--;
	if (!path_length)
		return false;
	path[path_length - 1].taken++;
	return true;
}

/* `who` runs next. */
static bool explored(unsigned who)
{
	uint64_t name = who + 1;

	for (unsigned i = 0; i < STEP_CONTEXTS; i++)
		name = step_mix(name, step_contexts[i].history);
	return step_state_known(name, preemptions_left, step_stale_left);
}

static void cut_if_explored(unsigned who)
{
	if (cutting && path_at == path_length && explored(who))
		leave(CUT);
}

/* --- contexts --- */

static bool can_run(const struct context *c)
{
	if (c->ended || (c->relaxed && step_writes - c->writes == c->others))
		return false;
	return c->ready == NULL || c->ready(c->arg);
}

static void switch_to(struct context *c)
{
	struct context *from = step_now;

	if (c == from)
		return;
	if (!_setjmp(from->now)) {
		step_now = c;
		_longjmp(c->now, 1);
	}
}

static unsigned runnable(struct context **list, const struct context *but)
{
	unsigned n = 0;

	for (unsigned i = 0; i < STEP_CONTEXTS; i++)
		if (&step_contexts[i] != but && can_run(&step_contexts[i]))
			list[n++] = &step_contexts[i];
	return n;
}

/* Nobody can go on. Makes time pass, if the scenario has a way to; else the run is over. */
static void wait_for_time(void)
{
	struct context *me = step_now;
	bool moved;

	if (++steps > STEPS_MAX)
		step_fail("time passes for ever");
	step_note("nobody can go on");
	step_now = &step_contexts[SETUP];
	moved = step_scenario->idle != NULL && step_scenario->idle();
	step_now = me;
	for (unsigned i = 0; i < STEP_CONTEXTS; i++) {
		if (!moved && !step_contexts[i].ended && !(step_scenario->daemons >> i & 1))
			step_fail("%c waits for ever", step_scenario->letters[i]);
		step_contexts[i].history = step_mix(step_contexts[i].history, 19);
	}
	if (!moved)
		leave(ENDED);
	step_writes++;
}

/* The present context cannot go on: somebody else does, which costs nothing. */
static void give_way(void)
{
	struct context *others[STEP_CONTEXTS];
	unsigned n;

	while ((n = runnable(others, NULL)) == 0)
		wait_for_time();
	cut_if_explored(STEP_CONTEXTS);
	switch_to(others[step_pick(n)]);
}

static bool is_shared(unsigned by)
{
	unsigned contexts = by & ~WRITTEN;

	return (by & WRITTEN) && (contexts & (contexts - 1));
}

/*
 * Do others touch this object, one of all writing? What has been touched by one context only, or never written, in all
 * runs so far needs no yield: to be preempted there is the same as later. The first run that shows otherwise makes the
 * search begin anew, so in the end every object that is shared in any run has its yields in all.
 */
bool step_conflict(const void *object, bool write)
{
	size_t at = (size_t)((uintptr_t)object - (uintptr_t)step_memory);
	uint8_t old;
	uint8_t now;

	if (at >= STEP_BYTES)
		return true;
	old = touched[at];
	now = (uint8_t)(old | 1u << step_self() | (write ? WRITTEN : 0));
	touched[at] = now;
	if (is_shared(now) && !is_shared(old))
		shown_shared = true;
	return is_shared(now);
}

void step_take_away(const void *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		(void)step_conflict((const char *)p + i, true);
}

void step_yield(const void *object, bool write)
{
	struct context *others[STEP_CONTEXTS];
	unsigned choice;

	moment++;
	if (++steps > STEPS_MAX)
		step_fail("the run does not end: %u steps", steps);
	if (object != NULL && !step_conflict(object, write) && forced == NULL)
		return;
	result->steps++;
	cut_if_explored(step_self());
	if (!preemptions_left)
		return;
	choice = pick(1 + runnable(others, step_now));
	if (choice) {
		preemptions_left--;
		step_note("- preempted");
		switch_to(others[choice - 1]);
	}
}

void step_block(bool (*ready)(const void *arg), const void *arg)
{
	if (!step_running()) {
		if (!ready(arg))
			step_fail("a wait outside of the contexts would never end");
		return;
	}
	step_now->ready = ready;
	step_now->arg = arg;
	if (!ready(arg))
		give_way();
	step_now->ready = NULL;
}

void step_relax(void)
{
	if (!step_running())
		return;
	/* What was old a moment ago will be seen at the next turn. */
	step_now->relaxed = !step_now->looked_back;
	step_now->looked_back = false;
	step_now->history = step_mix(step_now->history, step_writes - step_now->writes);
	give_way();
	step_now->relaxed = false;
	step_now->others = step_writes - step_now->writes;
	step_now->history = step_mix(step_now->history, step_now->others);
}

static void coroutine(void)
{
	struct context *me = step_now;

	if (!_setjmp(me->top))
		swapcontext(&coroutine_first[me - step_contexts], &scheduler_first);
	/* each run starts here, by a jump; me is the same in all */
	step_note("starts");
	step_scenario->body[step_self()]();
	step_note("ends");
	step_now->ended = true;
	step_now->history = step_mix(step_now->history, 13);
	step_writes++;
	give_way();
	abort(); /* who has ended is never switched to */
}

/* Once a process: leads each context to the top of its stack. */
static void make_coroutines(void)
{
	static unsigned char signal_stack[65536];
	struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_ONSTACK | SA_NODEFER};
	stack_t alternate = {.ss_sp = signal_stack, .ss_size = sizeof(signal_stack)};

	for (unsigned i = 0; i < STEP_CONTEXTS; i++) {
		getcontext(&coroutine_first[i]);
		coroutine_first[i].uc_stack.ss_sp = step_memory + STEP_ARENA + i * STEP_STACK;
		coroutine_first[i].uc_stack.ss_size = STEP_STACK;
		makecontext(&coroutine_first[i], coroutine, 0);
		step_now = &step_contexts[i];
		swapcontext(&scheduler_first, &coroutine_first[i]);
	}
	step_now = &step_contexts[SETUP];
	sigaltstack(&alternate, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
}

/* --- runs --- */

static void reset(void)
{
	memcpy(step_memory, arena_start, arena_used);
	step_run++;
	step_atomic_reset();
	step_plain_reset();
	for (unsigned i = 0; i < STEP_CONTEXTS; i++) {
		struct context *c = &step_contexts[i];

		memset((unsigned char *)c + offsetof(struct context, ended), 0,
		       sizeof(*c) - offsetof(struct context, ended));
		memcpy(c->now, c->top, sizeof(c->now));
		c->ended = step_scenario->body[i] == NULL;
		c->clock.t[i] = c->clock.t[i + 4] = 1;
		c->history = i + 1;
	}
	path_at = 0;
	steps = 0;
	moment = 0;
	step_writes = 0;
	preemptions_left = preemptions;
	step_stale_left = stale;
}

static enum outcome run_once(void)
{
	volatile bool resting = false;
	int outcome;

	reset();
	outcome = _setjmp(scheduler);
	if (outcome == RUNS)
		give_way();
	if (outcome == ENDED && !resting && step_scenario->check != NULL) {
		resting = true;
		step_note("at rest");
		step_scenario->check();
	}
	return (enum outcome)outcome;
}

static void restart(void)
{
	shown_shared = false;
	path_length = 0;
	step_states_forget();
}

static void begin(const struct step_scenario *s, unsigned p, unsigned stale_reads, struct step_result *r)
{
	static bool made;

	if (!made)
		make_coroutines();
	made = true;
	memset(r, 0, sizeof(*r));
	step_now = &step_contexts[SETUP];
	result = r;
	step_scenario = s;
	preemptions = p;
	stale = stale_reads;
	restart();
	memset(step_memory, 0, STEP_ARENA);
	memset(touched, 0, sizeof(touched));
	arena_used = 0;
	step_regions_forget();
	if (!_setjmp(scheduler) && s->setup != NULL)
		s->setup();
	step_regions_keep();
	memcpy(arena_start, step_memory, STEP_ARENA);
}

static void describe_failure(void)
{
	size_t at = 0;

	for (unsigned i = 0; i < path_at && at + 32 < sizeof(result->replay); i++)
		if (path[i].taken)
			at += (size_t)snprintf(result->replay + at, 32, "%s%u:%u", at ? "," : "", path[i].moment,
					       path[i].taken);
	result->preemptions = preemptions - preemptions_left;
	result->stale = stale - step_stale_left;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

void step_explore(const struct step_scenario *s, const struct step_bounds *b, struct step_result *r)
{
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	begin(s, b->p, b->s, r);
	cutting = !b->whole;
	while (!r->failure[0]) {
		enum outcome outcome = run_once();

		r->schedules++;
		r->cut += outcome == CUT;
		if (outcome == FAILED) {
			describe_failure();
			break;
		}
		if (shown_shared)
			restart();
		else if (!next_path()) {
			r->complete = true;
			break;
		}
		if (b->schedules != 0 && r->schedules >= b->schedules)
			break;
		if (b->seconds > 0 && r->schedules % 256 == 0 && seconds_since(&start) > b->seconds)
			break;
	}
	r->seconds = seconds_since(&start);
}

void step_replay(const struct step_scenario *s, const char *schedule)
{
	struct step_result r;

	begin(s, 15, 15, &r);
	cutting = false;
	forced = schedule;
	step_tracing = true;
	if (!r.failure[0])
		run_once();
	step_tracing = false;
	forced = NULL;
	printf("%s: %s\n", s->name, r.failure[0] ? r.failure : "no failure");
}

void *step_alloc(size_t n)
{
	void *p = step_memory + arena_used;

	arena_used += (n + 63) / 64 * 64;
	if (arena_used > STEP_ARENA)
		step_fail("the arena is too small");
	return p;
}
