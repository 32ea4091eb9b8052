/* SPDX-License-Identifier: BSD-3-Clause */
/* How the two ends of a mailbox wake each other, and the thread that serves the platform's. */
#define _POSIX_C_SOURCE 200809L

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "mailbox_form.h"

#define MANY     8         /* commands at one go */
#define TURNS    32u       /* looks in vain before a pause */
#define PAUSE_NS 50 * 1000 /* that long */

void mailbox_serve(struct conf_link *link)
{
	while (scmi_mailbox_end_serve(link->end, MANY) > 0)
		;
}

/* ---- between start and stop of the agent's doorbell ---- */

bool mailbox_enter(struct conf_link *link)
{
	if ((atomic_fetch_add(&link->callers, 2u) & 1u) != 0)
		return true;
	mailbox_leave(link);
	return false;
}

void mailbox_leave(struct conf_link *link)
{
	atomic_fetch_sub(&link->callers, 2u);
}

static int start(void *ctx, struct scmi_mailbox *mailbox, struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	struct conf_link *link = ctx;

	(void)mailbox;
	if (link->form->fresh) {
		if (!atomic_load(&link->up))
			return SCMI_E_NOPEER;
		scmi_mailbox_end_detach(link->end);
		for (uint32_t i = 0; i < SCMI_MAILBOX_AREAS; i++) {
			areas[i] = link->areas[i];
			if (areas[i].mem != NULL && scmi_shmem_reset(&areas[i]) != SCMI_OK)
				abort();
		}
		if (scmi_mailbox_end_attach(link->end, link->end_areas) != SCMI_OK)
			return SCMI_E_IO;
	}
	atomic_fetch_or(&link->callers, 1u);
	return SCMI_OK;
}

static void stop(void *ctx)
{
	struct conf_link *link = ctx;

	atomic_fetch_and(&link->callers, ~1u);
	while (atomic_load(&link->callers) != 0)
		sched_yield();
}

/* ---- the agent's side ---- */

static int ring_serves(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)signal;
	mailbox_serve(ctx);
	return SCMI_OK;
}

static int ring_low(void *ctx, enum scmi_mailbox_signal signal)
{
	struct conf_link *link = ctx;

	return link->low.ring(link->low.ctx, signal);
}

/*
 * The clock moves when a test wants it to: who waits for it sleeps a slice. Who does not has to be woken: if he is not,
 * the case hangs.
 */
static void wait_low(void *ctx, uint64_t deadline_us)
{
	struct conf_link *link = ctx;
	const struct conf_clock *clock = link->port.ctx;

	if (deadline_us == SCMI_NEVER && clock->step_us == 0) {
		conf_thread_pauses();
		link->low.wait(link->low.ctx, SCMI_NEVER);
	} else if (link->port.now_us(link->port.ctx) >= deadline_us) {
		link->low.wait(link->low.ctx, 0);
	} else {
		link->low.wait(link->low.ctx, clock->real.now_us(clock->real.ctx) + clock->slice_us);
		link->port.relax(link->port.ctx);
	}
}

static void wake_low(void *ctx)
{
	struct conf_link *link = ctx;

	link->low.wake(link->low.ctx);
}

static int fd_low(void *ctx)
{
	struct conf_link *link = ctx;

	return link->low.fd(link->low.ctx);
}

static void clear_low(void *ctx)
{
	struct conf_link *link = ctx;

	link->low.clear(link->low.ctx);
}

static void raise_low(void *ctx)
{
	struct conf_link *link = ctx;

	link->low.raise(link->low.ctx);
}

/* ---- the platform's side ---- */

static int ring_interrupts(void *ctx, enum scmi_mailbox_signal signal)
{
	struct conf_link *link = ctx;

	(void)signal;
	if (!mailbox_enter(link))
		return SCMI_OK;
	if (link->form->smc)
		scmi_smc_interrupt(&link->smc);
	else
		scmi_mailbox_interrupt(&link->mailbox);
	mailbox_leave(link);
	return SCMI_OK;
}

static int end_ring_low(void *ctx, enum scmi_mailbox_signal signal)
{
	struct conf_link *link = ctx;

	return link->end_low.ring(link->end_low.ctx, signal);
}

static void end_wait_not(void *ctx, uint64_t deadline_us)
{
	(void)ctx;
	(void)deadline_us;
}

static void end_wake_serves(void *ctx)
{
	mailbox_serve(ctx);
}

static void end_wake_low(void *ctx)
{
	struct conf_link *link = ctx;

	link->end_low.wake(link->end_low.ctx);
}

/* ---- make ---- */

static void make_fds(struct conf_link *link)
{
	link->to_end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	link->to_agent = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (link->to_end < 0 || link->to_agent < 0 ||
	    scmi_mailbox_eventfd_create(&link->fd, link->to_end, link->to_agent, &link->low) != SCMI_OK ||
	    scmi_mailbox_eventfd_create(&link->end_fd, link->to_agent, link->to_end, &link->end_low) != SCMI_OK)
		abort();
}

static void make_futexes(struct conf_link *link)
{
	struct mailbox_words *w = aligned_alloc(64, sizeof(*w));

	if (w == NULL)
		abort();
	w->to_end = 0;
	w->to_agent = 0;
	link->words = w;
	if (scmi_mailbox_futex_create(&link->futex, &w->to_end, &w->to_agent, &link->low) != SCMI_OK ||
	    scmi_mailbox_futex_create(&link->end_futex, &w->to_agent, &w->to_end, &link->end_low) != SCMI_OK)
		abort();
}

static void make_agents(struct conf_link *link)
{
	const struct mailbox_form *f = link->form;
	struct scmi_mailbox_doorbell *b = &link->bell;

	*b = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1, .name = "suite", .ctx = link, .start = start, .stop = stop};
	if (f->serve == SERVE_RING)
		b->caps |= SCMI_CAP_SYNC_SEND | SCMI_CAP_ATOMIC;
	if (f->deliver == DELIVER_RING)
		b->caps |= SCMI_CAP_IRQ;
	b->ring = f->serve == SERVE_RING ? ring_serves : f->serve == SERVE_POLL ? NULL : ring_low;
	if (f->deliver != DELIVER_FD && f->deliver != DELIVER_FUTEX)
		return;
	b->wait = wait_low;
	b->wake = wake_low;
	if (link->low.fd == NULL)
		return;
	b->fd = fd_low;
	b->clear = clear_low;
	b->raise = raise_low;
}

static void make_platforms(struct conf_link *link)
{
	const struct mailbox_form *f = link->form;
	struct scmi_mailbox_doorbell *b = &link->end_bell;

	*b = (struct scmi_mailbox_doorbell){.version = SCMI_MAILBOX_DOORBELL_V1, .name = "suite", .ctx = link};
	b->ring = f->deliver == DELIVER_RING ? ring_interrupts : f->deliver == DELIVER_POLL ? NULL : end_ring_low;
	if (f->serve != SERVE_POLL) {
		b->wait = end_wait_not;
		b->wake = f->serve == SERVE_RING ? end_wake_serves : end_wake_low;
	}
}

void mailbox_bells_make(struct conf_link *link)
{
	const struct mailbox_form *f = link->form;

	link->to_end = link->to_agent = -1;
	link->callers = f->smc ? 1u : 0; /* smc hides when it starts: its end is shut by itself */
	if (f->serve == SERVE_FD || f->deliver == DELIVER_FD)
		make_fds(link);
	else if (f->serve == SERVE_FUTEX || f->deliver == DELIVER_FUTEX)
		make_futexes(link);
	make_agents(link);
	make_platforms(link);
}

void mailbox_bells_free(struct conf_link *link)
{
	scmi_mailbox_eventfd_destroy(link->fd);
	scmi_mailbox_eventfd_destroy(link->end_fd);
	scmi_mailbox_futex_destroy(link->futex);
	scmi_mailbox_futex_destroy(link->end_futex);
	if (link->to_end >= 0)
		close(link->to_end);
	if (link->to_agent >= 0)
		close(link->to_agent);
	free(link->words);
}

/* ---- the server ---- */

static void *serve_polling(void *arg)
{
	struct conf_link *link = arg;
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	for (uint32_t vain = 0; !atomic_load(&link->over); vain++) {
		if (scmi_mailbox_end_serve(link->end, MANY) > 0)
			vain = 0;
		else if (vain < TURNS)
			sched_yield();
		else
			(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

/* A doorbell that is not rung though a command is there leaves it asleep for good, and the case hangs. */
static void *serve_woken(void *arg)
{
	struct conf_link *link = arg;

	while (!atomic_load(&link->over)) {
		mailbox_serve(link);
		link->end_low.wait(link->end_low.ctx, SCMI_NEVER);
	}
	return NULL;
}

void mailbox_server_start(struct conf_link *link)
{
	if (link->form->serve == SERVE_RING) {
		mailbox_serve(link); /* what stood there before */
		return;
	}
	link->over = false;
	if (pthread_create(&link->server, NULL, link->form->serve == SERVE_POLL ? serve_polling : serve_woken, link) !=
	    0)
		abort();
	link->serving = true;
}

void mailbox_server_stop(struct conf_link *link)
{
	if (!link->serving)
		return;
	link->over = true;
	if (link->form->serve != SERVE_POLL)
		link->end_low.wake(link->end_low.ctx);
	pthread_join(link->server, NULL);
	link->serving = false;
}
