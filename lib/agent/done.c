/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who runs callbacks: done functions and handlers of notifications.
 *
 * Each context inside callbacks owns a frame. What ends, or comes, while its own context is already in a callback is
 * appended to that frame and run when the callback has returned, so chained submits never recurse. Where no frame is
 * free, and in a deferred agent, it goes to a stack that scmi_agent_poll(), or whoever leaves a frame, takes whole. A
 * frame is entered before the call's holds are dropped: stop waits for the holds, then for the frames.
 */
#include "internal.h"

struct frame *scmi__find_frame(struct scmi_agent *a, uint32_t used)
{
	uintptr_t self = a->port->self(a->port->ctx);

	for (uint32_t i = 0; i < used; i++) {
		if (atomic_load_explicit(&a->frames[i].self, memory_order_relaxed) == self)
			return &a->frames[i];
	}
	return NULL;
}

static void note_used(struct scmi_agent *a, uint32_t used)
{
	uint32_t seen = atomic_load_explicit(&a->frames_used, memory_order_relaxed);

	while (seen < used && !atomic_compare_exchange_weak_explicit(&a->frames_used, &seen, used, memory_order_relaxed,
								     memory_order_relaxed))
		;
}

/* A frame for this context, which must have none; NULL: all are taken. */
struct frame *scmi__frame_enter(struct scmi_agent *a)
{
	uintptr_t self = a->port->self(a->port->ctx);

	for (uint32_t i = 0; i < FRAMES; i++) {
		struct frame *f = &a->frames[i];
		uintptr_t none = 0;

		/* seq_cst: against put_off's push and look, and stop's drop of holds and look at the frames. */
		if (atomic_load_explicit(&f->self, memory_order_seq_cst) == 0 &&
		    atomic_compare_exchange_strong_explicit(&f->self, &none, self, memory_order_seq_cst,
							    memory_order_relaxed)) {
			f->head = SLOT_NONE;
			f->tail = SLOT_NONE;
			f->event_head = 0;
			f->event_tail = 0;
			note_used(a, i + 1u);
			return f;
		}
	}
	return NULL;
}

static void leave(struct frame *f)
{
	/* release: the callback's effects come before stop's return; seq_cst: before the look at what was put off. */
	atomic_store_explicit(&f->self, (uintptr_t)0, memory_order_seq_cst);
}

bool scmi__frames_empty(struct scmi_agent *a)
{
	for (uint32_t i = 0; i < FRAMES; i++) {
		if (atomic_load_explicit(&a->frames[i].self, memory_order_seq_cst) != 0)
			return false;
	}
	return true;
}

static void append(struct scmi_agent *a, struct frame *f, struct slot *s)
{
	uint16_t index = (uint16_t)slot_place(a, s);

	atomic_store_explicit(&s->room, (uint16_t)SLOT_NONE, memory_order_relaxed);
	if (f->head == SLOT_NONE)
		f->head = index;
	else
		atomic_store_explicit(&a->slots[f->tail].room, index, memory_order_relaxed);
	f->tail = index;
}

static struct slot *pop(struct scmi_agent *a, struct frame *f)
{
	struct slot *s;

	if (f->head == SLOT_NONE)
		return NULL;
	s = &a->slots[f->head];
	f->head = atomic_load_explicit(&s->room, memory_order_relaxed);
	return s;
}

void scmi__frame_event(struct scmi_agent *a, struct frame *f, uint32_t buffer)
{
	atomic_store_explicit(&scmi__buffer(a, buffer)->next, 0u, memory_order_relaxed);
	if (f->event_head == 0)
		f->event_head = buffer + 1u;
	else
		atomic_store_explicit(&scmi__buffer(a, f->event_tail - 1u)->next, buffer + 1u, memory_order_relaxed);
	f->event_tail = buffer + 1u;
}

static bool run_event(struct scmi_agent *a, struct frame *f)
{
	/* Read where the knob is on. NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores) */
	uint32_t buffer = f->event_head;

	if (!WITH_NOTIFICATIONS || buffer == 0)
		return false;
	f->event_head = atomic_load_explicit(&scmi__buffer(a, buffer - 1u)->next, memory_order_relaxed);
	scmi__notify_run(a, buffer - 1u);
	return true;
}

/* After the drop the call is the caller's, and may be submitted again by its own done function: touch nothing more. */
OWN_FRAME static void call_back(struct link *l, struct slot *s, uint32_t holds)
{
	struct scmi_call *call = s->call;
	scmi_done_fn done = call->done;
	int err = call->err_;

	scmi__drop(l, s, holds);
	done(call, err);
}

/*
 * This call's done function, if s is not NULL, then what has come to the frame meanwhile, by turns, until nothing is
 * left.
 */
OWN_FRAME static void run_callbacks(struct scmi_agent *a, struct frame *f, struct slot *s, uint32_t holds)
{
	bool more;

	if (s != NULL)
		call_back(link_of(a, s), s, holds);
	do {
		s = pop(a, f);
		if (s != NULL)
			call_back(link_of(a, s), s, W_CALL);
		more = run_event(a, f) || s != NULL;
	} while (more);
}

/* The same, and leaves the frame. All but the first handlers of a notification run from here. */
OWN_FRAME static void run_out(struct scmi_agent *a, struct frame *f, struct slot *s, uint32_t holds)
{
	run_callbacks(a, f, s, holds);
	leave(f);
}

/*
 * What waits for a poll: pushed one by one, taken whole, so that no element comes back under a push. seq_cst: whoever
 * pushes then looks for a frame, whoever leaves a frame then looks here.
 */
static void push(struct scmi_agent *a, struct slot *s)
{
	uint32_t old = atomic_load_explicit(&a->put_off, memory_order_relaxed);

	do
		atomic_store_explicit(&s->room, (uint16_t)(old - 1u), memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&a->put_off, &old, slot_place(a, s) + 1u, memory_order_seq_cst,
						      memory_order_relaxed));
}

static void push_event(struct scmi_agent *a, uint32_t buffer)
{
	uint32_t old = atomic_load_explicit(&a->put_off_events, memory_order_relaxed);

	do
		atomic_store_explicit(&scmi__buffer(a, buffer)->next, old, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&a->put_off_events, &old, buffer + 1u, memory_order_seq_cst,
						      memory_order_relaxed));
}

/* Takes the stack whole and turns it into the list of a frame that has none, the oldest first. */
static int take_calls(struct scmi_agent *a, struct frame *f)
{
	uint16_t next = (uint16_t)(atomic_exchange_explicit(&a->put_off, 0u, memory_order_acq_rel) - 1u);
	int n = 0;

	f->tail = next;
	while (next != SLOT_NONE) {
		struct slot *s = &a->slots[next];
		uint16_t after = atomic_load_explicit(&s->room, memory_order_relaxed);

		atomic_store_explicit(&s->room, f->head, memory_order_relaxed);
		f->head = next;
		next = after;
		n++;
	}
	return n;
}

static int take_events(struct scmi_agent *a, struct frame *f)
{
	uint32_t next = atomic_exchange_explicit(&a->put_off_events, 0u, memory_order_acq_rel);
	int n = 0;

	f->event_tail = next;
	while (next != 0) {
		struct buffer *b = scmi__buffer(a, next - 1u);
		uint32_t after = atomic_load_explicit(&b->next, memory_order_relaxed);

		atomic_store_explicit(&b->next, f->event_head, memory_order_relaxed);
		f->event_head = next;
		next = after;
		n++;
	}
	return n;
}

/*
 * Runs what was put off up to now. Returns how many functions that were, or -1 if all frames are taken: whoever leaves
 * one looks again.
 */
int scmi__run_put_off(struct scmi_agent *a)
{
	struct frame *f = scmi__frame_enter(a);
	int n;

	if (f == NULL)
		return -1;
	n = take_calls(a, f);
	if (WITH_NOTIFICATIONS)
		n += take_events(a, f);
	run_out(a, f, NULL, 0);
	return n;
}

bool scmi__any_put_off(struct scmi_agent *a)
{
	return atomic_load_explicit(&a->put_off, memory_order_seq_cst) != 0 ||
	       atomic_load_explicit(&a->put_off_events, memory_order_seq_cst) != 0;
}

/* What is put off in a deferred agent waits for a poll. Else whoever finds a frame runs it. */
static void run_all_put_off(struct scmi_agent *a)
{
	while (!a->deferred && scmi__any_put_off(a) && scmi__run_put_off(a) >= 0)
		;
}

/* Somebody polls: tell him. */
static void hand_over(struct scmi_agent *a)
{
	if (a->deferred && a->wake != NULL)
		a->wake(a->wake_arg);
	run_all_put_off(a);
}

/* The same as run_out(), and what others have put off meanwhile. */
OWN_FRAME static void run_in(struct scmi_agent *a, struct frame *f, struct slot *s, uint32_t holds)
{
	run_out(a, f, s, holds);
	run_all_put_off(a);
}

/* For who entered a frame but runs no done function of its own in it: what ended meanwhile is run first. */
void scmi__frame_leave(struct scmi_agent *a, struct frame *f)
{
	run_in(a, f, NULL, 0);
}

void scmi__put_off_event(struct scmi_agent *a, uint32_t buffer)
{
	push_event(a, buffer);
	hand_over(a);
}

/*
 * The call has ended and this context is the one to run its done function. holds are this context's own, CALL among
 * them; they are dropped before done runs.
 */
void scmi__run_done(struct link *l, struct slot *s, uint32_t holds)
{
	struct scmi_agent *a = l->agent;
	struct frame *f = a->deferred ? NULL : scmi__frame_here(a);
	uint32_t others = holds & ~W_CALL;

	if (f == NULL && !a->deferred) {
		f = scmi__frame_enter(a);
		if (f != NULL) {
			run_in(a, f, s, holds);
			return;
		}
	}
	if (others != 0)
		scmi__drop(l, s, others);
	if (f != NULL)
		append(a, f, s);
	else
		push(a, s);
	/*
	 * Its claim is an end for who waits for ends, though the slot is not free yet. Not before it stands in line: what a
	 * fence lets go then may end at once, and comes behind it.
	 */
	scmi__tell(l);
	if (f == NULL)
		hand_over(a);
}
