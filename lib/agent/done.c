/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who runs done functions.
 *
 * Each context inside callbacks owns a frame. What ends while its own context is already in a callback is appended to
 * that frame and run when the callback has returned, so chained submits never recurse. Where no frame is free, and in a
 * deferred agent, the ended call goes to a stack that scmi_agent_poll(), or whoever leaves a frame, takes whole. A frame
 * is entered before the call's holds are dropped: stop waits for the holds, then for the frames.
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
	uint16_t index = (uint16_t)slot_index(a, s);

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

/* After the drop the call is the caller's, and may be submitted again by its own done function: touch nothing more. */
static void call_back(struct scmi_agent *a, struct slot *s, uint32_t holds)
{
	struct scmi_call *call = s->call;
	scmi_done_fn done = call->done;
	int err = call->err_;

	scmi__drop(a, s, holds);
	done(call, err);
}

static void run_frame(struct scmi_agent *a, struct frame *f, struct slot *s, uint32_t holds)
{
	call_back(a, s, holds);
	while ((s = pop(a, f)) != NULL)
		call_back(a, s, W_CALL);
	leave(f);
}

/* Ended calls that wait for a poll: pushed one by one, taken whole, so that no element comes back under a push. */
static void push(struct scmi_agent *a, struct slot *s)
{
	uint32_t old = atomic_load_explicit(&a->put_off, memory_order_relaxed);

	do
		atomic_store_explicit(&s->room, (uint16_t)(old - 1u), memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&a->put_off, &old, slot_index(a, s) + 1u, memory_order_seq_cst,
						      memory_order_relaxed));
}

/* Takes the stack whole and appends it to the frame, the oldest first. */
static int take_put_off(struct scmi_agent *a, struct frame *f)
{
	uint32_t next = atomic_exchange_explicit(&a->put_off, 0u, memory_order_acq_rel);
	uint32_t turned = 0;
	int n = 0;

	while (next != 0) {
		struct slot *s = &a->slots[next - 1u];
		uint32_t after = (atomic_load_explicit(&s->room, memory_order_relaxed) + 1u) & 0xffffu;

		atomic_store_explicit(&s->room, (uint16_t)(turned - 1u), memory_order_relaxed);
		turned = next;
		next = after;
	}
	while (turned != 0) {
		struct slot *s = &a->slots[turned - 1u];

		turned = (atomic_load_explicit(&s->room, memory_order_relaxed) + 1u) & 0xffffu;
		append(a, f, s);
		n++;
	}
	return n;
}

/*
 * Runs what was put off up to now. Returns how many done functions that were, or -1 if all frames are taken: whoever
 * leaves one looks again.
 */
int scmi__run_put_off(struct scmi_agent *a)
{
	struct frame *f = scmi__frame_enter(a);
	struct slot *s;
	int n;

	if (f == NULL)
		return -1;
	n = take_put_off(a, f);
	s = pop(a, f);
	if (s != NULL)
		run_frame(a, f, s, W_CALL);
	else
		leave(f);
	return n;
}

static bool any_put_off(struct scmi_agent *a)
{
	/* seq_cst: whoever leaves a frame stores it and looks here; whoever pushes here then looks for a frame. */
	return atomic_load_explicit(&a->put_off, memory_order_seq_cst) != 0;
}

static void run_all_put_off(struct scmi_agent *a)
{
	while (any_put_off(a) && scmi__run_put_off(a) >= 0)
		;
}

/* For who entered a frame but runs no done function of its own in it: what ended meanwhile is run first. */
void scmi__frame_leave(struct scmi_agent *a, struct frame *f)
{
	struct slot *s;

	while ((s = pop(a, f)) != NULL)
		call_back(a, s, W_CALL);
	leave(f);
	if (!a->deferred)
		run_all_put_off(a);
}

/*
 * The call has ended and this context is the one to run its done function. holds are this context's own, CALL among
 * them; they are dropped before done runs.
 */
void scmi__run_done(struct scmi_agent *a, struct slot *s, uint32_t holds)
{
	struct frame *f = a->deferred ? NULL : scmi__frame_here(a);
	uint32_t others = holds & ~W_CALL;

	if (f == NULL && !a->deferred) {
		f = scmi__frame_enter(a);
		if (f != NULL) {
			run_frame(a, f, s, holds);
			run_all_put_off(a);
			return;
		}
	}
	if (others != 0)
		scmi__drop(a, s, others);
	if (f != NULL) {
		append(a, f, s);
		return;
	}
	push(a, s);
	if (!a->deferred)
		run_all_put_off(a);
}
