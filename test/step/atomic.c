/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Atomic memory, behind the functions that -fsanitize=thread calls.
 *
 * Each atomic location keeps the history of its stores, in modification order, which here is the order in which they
 * were executed. A load may return any store that is not older than one it must know: coherence (a store that it, or
 * whatever happens before it, has made or read) and seq_cst (the last seq_cst store, for a seq_cst load; what is known
 * through seq_cst fences). README.md tells what this leaves out.
 */
#include "internal.h"

#include <string.h>

#define HISTORY   8u
#define LOCATIONS 256u
#define NEVER     INT16_MAX

enum { RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };

struct store {
	uint64_t value;
	uint64_t hash;        /* who stored it, after what */
	union clock released; /* what an acquire load of it learns */
	union clock known;    /* t[i]: when context i first read it or a later one, or stored it */
};

struct location {
	uintptr_t address;
	unsigned run;
	unsigned size;
	unsigned stores;  /* in all; the last HISTORY are kept */
	unsigned last_sc; /* index of the last seq_cst store */
	uint64_t chain;   /* for world objects: hash of the accesses so far */
	struct store store[HISTORY];
};

static struct location locations[LOCATIONS];
static union clock fence_clock; /* what is known to every later seq_cst fence */
static union clock store_clock; /* seq_cst stores so far */

void step_atomic_reset(void)
{
	fence_clock = store_clock = (union clock){0};
}

static bool acquires(int order)
{
	return order == CONSUME || order == ACQUIRE || order == ACQ_REL || order == SEQ_CST;
}

static bool releases(int order)
{
	return order == RELEASE || order == ACQ_REL || order == SEQ_CST;
}

static const char *order_name(int order)
{
	static const char *const names[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};

	return names[order];
}

static struct location *location_of(uintptr_t address)
{
	unsigned i = (unsigned)(step_mix(7, address) >> 20) % LOCATIONS;

	while (locations[i].run == step_run && locations[i].address != address)
		i = (i + 1) % LOCATIONS;
	return &locations[i];
}

static struct store *store_at(struct location *l, unsigned i)
{
	return &l->store[i % HISTORY];
}

static struct store *newest(struct location *l)
{
	return store_at(l, l->stores - 1);
}

/* Does the store happen before now (all: and every later read of it too)? */
static bool ordered(const struct store *s, bool all)
{
	bool any = false;

	for (unsigned i = 0; i < STEP_CONTEXTS; i++) {
		if (s->known.t[i] <= step_now->clock.t[i])
			any = true;
		else if (all && s->known.t[i] != NEVER)
			return false;
	}
	return any;
}

/* Plain access to what is an atomic object in this run: ordered after its last store (a write: after all) or a race. */
void step_plain_on_atomic(size_t offset, size_t n, bool write, const void *pc)
{
	for (size_t i = offset; i < offset + n; i++) {
		struct location *l = location_of((uintptr_t)&step_memory[i]);

		if (l->run != step_run || l->stores == 0)
			continue;
		if (!ordered(newest(l), write)) {
			step_trace(pc, "plain %s +%zx races", write ? "write" : "read", i);
			step_fail("data race: plain %s of the atomic object +%zx", write ? "write" : "read", i);
		}
		if (write)
			l->stores = 0; /* a new life of the memory */
	}
}

static uint64_t read_memory(const void *p, unsigned size)
{
	uint64_t v = 0;

	memcpy(&v, p, size);
	return v;
}

static void write_memory(void *p, unsigned size, uint64_t v)
{
	memcpy(p, &v, size);
}

/* The location at p; its first store in a run is what stands in memory, known to all. */
static struct location *find(const void *p, unsigned size)
{
	struct location *l = location_of((uintptr_t)p);

	if (l->run != step_run) {
		l->run = step_run;
		l->address = (uintptr_t)p;
		l->stores = 0;
		l->chain = (uintptr_t)p;
		step_mark_atomic(p);
	}
	if (l->stores == 0) {
		l->size = size;
		l->stores = 1;
		l->last_sc = 0;
		l->store[0] = (struct store){.value = read_memory(p, size)};
		l->store[0].hash = step_mix((uintptr_t)p, l->store[0].value);
	}
	return l;
}

/* Index of the oldest store that the present context may still read. */
static unsigned floor_of(struct location *l, int order)
{
	unsigned oldest = l->stores > HISTORY ? l->stores - HISTORY : 0;
	unsigned i = l->stores - 1;
	union clock view = clock_join(step_now->clock, step_now->view);

	if (order == SEQ_CST) {
		view = clock_join(view, fence_clock);
		if (l->last_sc > oldest)
			oldest = l->last_sc;
	}
	for (; i > oldest; i--) {
		union clock later = {.v = store_at(l, i)->known.v > view.v};

		if (later.w[0] != UINT64_MAX)
			break; /* somebody whom we know has known it */
	}
	return i;
}

static void look_back(void)
{
	step_stale_left--;
	step_now->looked_back = true;
}

static void read_from(struct store *s, int order)
{
	struct context *c = step_now;
	unsigned me = step_self();

	if (s->known.t[me] == NEVER)
		s->known.t[me] = s->known.t[me + 4] = c->clock.t[me];
	c->history = step_mix(c->history, s->hash);
	if (acquires(order))
		c->clock = clock_join(c->clock, s->released);
	else
		c->seen = clock_join(c->seen, s->released);
}

static void write_to(struct location *l, uint64_t value, int order, bool rmw)
{
	struct context *c = step_now;
	unsigned me = step_self();
	struct store *last = newest(l);
	struct store s = {.value = value, .released = releases(order) ? c->clock : c->released};

	if (rmw)
		s.released = clock_join(s.released, last->released); /* the release sequence goes on */
	for (unsigned i = 0; i < 8; i++)
		s.known.t[i] = NEVER;
	s.known.t[me] = s.known.t[me + 4] = c->clock.t[me];
	c->history = s.hash = step_mix(step_mix(c->history, last->hash), step_mix(value, l->address));
	if (order == SEQ_CST) {
		l->last_sc = l->stores;
		store_clock.t[me] = store_clock.t[me + 4] = c->clock.t[me];
	}
	*store_at(l, l->stores++) = s;
	write_memory((void *)l->address, l->size, value);
	step_wrote();
}

uint64_t step_load(const void *p, unsigned size, int order, const void *pc)
{
	struct location *l;
	unsigned age;
	struct store *s;

	if (!step_running())
		return read_memory(p, size);
	step_yield(p, false);
	step_check_plain(p, size, false, pc);
	l = find(p, size);
	clock_tick(step_now);
	age = step_pick(step_stale_left ? l->stores - floor_of(l, order) : 1);
	if (age)
		look_back();
	s = store_at(l, l->stores - 1 - age);
	step_trace(pc, "load %s +%zx = %#llx%s", order_name(order), offset_of(p), (unsigned long long)s->value,
		   age ? " (stale)" : "");
	read_from(s, order);
	clock_tick(step_now);
	return s->value;
}

void step_store(void *p, unsigned size, uint64_t value, int order, const void *pc)
{
	if (!step_running()) {
		write_memory(p, size, value);
		return;
	}
	step_yield(p, true);
	step_check_plain(p, size, true, pc);
	clock_tick(step_now);
	step_trace(pc, "store %s +%zx = %#llx", order_name(order), offset_of(p), (unsigned long long)value);
	write_to(find(p, size), value, order, false);
	clock_tick(step_now);
}

static uint64_t combine(enum step_rmw op, uint64_t old, uint64_t v)
{
	switch (op) {
	case STEP_ADD:
		return old + v;
	case STEP_SUB:
		return old - v;
	case STEP_AND:
		return old & v;
	case STEP_OR:
		return old | v;
	case STEP_XOR:
		return old ^ v;
	case STEP_NAND:
		return ~(old & v);
	default:
		return v;
	}
}

static uint64_t mask(unsigned size)
{
	return size == 8 ? UINT64_MAX : (UINT64_C(1) << size * 8) - 1;
}

uint64_t step_rmw(void *p, unsigned size, enum step_rmw op, uint64_t v, int order, const void *pc)
{
	static const char *const names[] = {"exchange", "add", "sub", "and", "or", "xor", "nand"};
	struct location *l;
	uint64_t old = read_memory(p, size);
	uint64_t value = combine(op, old, v) & mask(size);

	if (!step_running()) {
		write_memory(p, size, value);
		return old;
	}
	step_yield(p, true);
	step_check_plain(p, size, true, pc);
	l = find(p, size);
	old = newest(l)->value;
	value = combine(op, old, v) & mask(size);
	clock_tick(step_now);
	step_trace(pc, "%s %s +%zx: %#llx -> %#llx", names[op], order_name(order), offset_of(p),
		   (unsigned long long)old, (unsigned long long)value);
	read_from(newest(l), order);
	write_to(l, value, order, true);
	clock_tick(step_now);
	return old;
}

/*
 * Which store a compare-exchange looks at: its age. An old one only if that makes it fail, since a store must follow
 * the newest. *spurious: a weak one may also fail for nothing.
 */
static unsigned cas_age(struct location *l, uint64_t expected, int fail_order, bool weak, bool *spurious)
{
	unsigned ages[HISTORY + 1];
	unsigned n = 1;
	unsigned choice;
	bool matches = newest(l)->value == expected;

	for (unsigned age = 1; step_stale_left && age < l->stores - floor_of(l, fail_order); age++)
		if (store_at(l, l->stores - 1 - age)->value != expected)
			ages[n++] = age;
	choice = step_pick(n + (step_stale_left && weak && matches));
	if (choice)
		look_back();
	*spurious = choice == n;
	return choice == 0 || choice == n ? 0 : ages[choice];
}

bool step_cas(void *p, unsigned size, uint64_t *expected, uint64_t desired, int order, int fail_order, bool weak,
	      const void *pc)
{
	struct location *l;
	bool spurious;
	struct store *s;
	bool won;

	if (!step_running()) {
		uint64_t now = read_memory(p, size);

		won = now == *expected;
		if (won)
			write_memory(p, size, desired);
		*expected = now;
		return won;
	}
	step_yield(p, true);
	l = find(p, size);
	clock_tick(step_now);
	s = store_at(l, l->stores - 1 - cas_age(l, *expected, fail_order, weak, &spurious));
	won = s->value == *expected && !spurious;
	step_check_plain(p, size, won, pc);
	step_trace(pc, "cas %s +%zx: %#llx, %s%#llx -> %#llx", order_name(won ? order : fail_order), offset_of(p),
		   (unsigned long long)s->value, won ? "" : "fails for ", (unsigned long long)*expected,
		   (unsigned long long)desired);
	*expected = s->value;
	read_from(s, won ? order : fail_order);
	if (won)
		write_to(l, desired, order, true);
	else
		step_now->history = step_mix(step_now->history, 3 + spurious);
	clock_tick(step_now);
	return won;
}

void step_fence(int order, const void *pc)
{
	struct context *c = step_now;

	if (!step_running())
		return;
	step_yield(NULL, true);
	clock_tick(c);
	step_trace(pc, "fence %s", order_name(order));
	if (acquires(order))
		c->clock = clock_join(c->clock, c->seen);
	if (order == SEQ_CST) {
		c->view = clock_join(clock_join(c->view, fence_clock), store_clock);
		fence_clock = clock_join(fence_clock, c->clock);
		c->history = step_mix(step_mix(c->history, c->view.w[0]), fence_clock.w[0]);
	}
	if (releases(order))
		c->released = c->clock;
	c->history = step_mix(c->history, (uint64_t)order);
	clock_tick(c);
}

/* --- what the world shares --- */

void step_touch(const void *object)
{
	struct location *l;

	if (!step_running())
		return;
	step_conflict(object, true);
	l = find(object, 0);
	l->chain = step_now->history = step_mix(step_now->history, l->chain);
	step_wrote();
}

void step_point(const void *object)
{
	if (!step_running())
		return;
	step_yield(object, true);
	clock_tick(step_now);
	step_touch(object);
}

void step_look(const void *object)
{
	if (!step_running())
		return;
	step_yield(object, false);
	clock_tick(step_now);
	step_now->history = step_mix(step_now->history, find(object, 0)->chain);
}

void step_release(struct step_clock *clock)
{
	union clock c;

	if (!step_running())
		return;
	memcpy(&c, clock, sizeof(c));
	c = clock_join(c, step_now->clock);
	memcpy(clock, &c, sizeof(c));
	clock_tick(step_now);
}

void step_acquire(const struct step_clock *clock)
{
	union clock c;

	if (!step_running())
		return;
	memcpy(&c, clock, sizeof(c));
	step_now->clock = clock_join(step_now->clock, c);
}
