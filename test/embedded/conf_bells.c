/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the two ends of a mailbox of the suite wake each other here: by interrupts, where on a hosted system whoever rings
 * runs the other end. A timer raises both now and then, at any moment. The kinds with threads are not made.
 */
#include <stdatomic.h>
#include <stddef.h>

#include "../conformance/mailbox_form.h"
#include "conf_bells.h"
#include "target.h"

#define LINKS 4u
#define MANY  8

static struct conf_link *volatile links[LINKS];

/* ---- handlers ---- */

/* A call without SCMI_SMC_INTERRUPT has no interrupts, neither way. */
static bool has_interrupts(const struct conf_link *link)
{
	return link != NULL && (!link->form->smc || link->form->smc_flags != 0);
}

static bool is_served(const struct conf_link *link)
{
	return has_interrupts(link) && link->form->serve == SERVE_RING && link->up;
}

static bool is_delivered(const struct conf_link *link)
{
	return has_interrupts(link) && link->form->deliver == DELIVER_RING;
}

static void serve_all(void)
{
	for (uint32_t i = 0; i < LINKS; i++) {
		if (is_served(links[i]))
			mailbox_serve(links[i]);
	}
}

static void deliver(struct conf_link *link)
{
	if (!mailbox_enter(link))
		return;
	if (link->form->smc)
		scmi_smc_interrupt(&link->smc);
	else
		scmi_mailbox_interrupt(&link->mailbox);
	mailbox_leave(link);
}

static void deliver_all(void)
{
	for (uint32_t i = 0; i < LINKS; i++) {
		if (is_delivered(links[i]))
			deliver(links[i]);
	}
}

static void on_timer(void)
{
	timer_served();
	if (target_random(2) != 0)
		board_irq_raise(IRQ_PLATFORM);
	if (target_random(2) != 0)
		board_irq_raise(IRQ_AGENT);
	timer_in(16u + target_random(6000));
}

void conf_bells_start(void)
{
	target_vectors(on_timer, on_timer);
	target_on_platform(serve_all);
	target_on_agent(deliver_all);
	timer_in(100);
}

void conf_bells_forget(void)
{
	for (uint32_t i = 0; i < LINKS; i++)
		links[i] = NULL;
}

/* ---- what the suite's mailbox asks for ---- */

void mailbox_serve(struct conf_link *link)
{
	while (scmi_mailbox_end_serve(link->end, MANY) > 0)
		;
}

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
	(void)areas;
	atomic_fetch_or(&link->callers, 1u);
	return SCMI_OK;
}

static void stop(void *ctx)
{
	struct conf_link *link = ctx;

	atomic_fetch_and(&link->callers, ~1u);
}

static int ring_platform(void *ctx, enum scmi_mailbox_signal signal)
{
	struct conf_link *link = ctx;

	(void)signal;
	if (!link->up)
		return SCMI_E_NOPEER; /* nobody serves: the command is taken back */
	board_irq_raise(IRQ_PLATFORM);
	return SCMI_OK;
}

static int ring_agent(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	board_irq_raise(IRQ_AGENT);
	return SCMI_OK;
}

static void wait_not(void *ctx, uint64_t deadline_us)
{
	(void)ctx;
	(void)deadline_us;
}

static void wake_platform(void *ctx)
{
	(void)ctx;
	board_irq_raise(IRQ_PLATFORM);
}

void mailbox_bells_make(struct conf_link *link)
{
	const struct mailbox_form *f = link->form;

	link->callers = f->smc ? 1u : 0;
	link->bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1, .name = "nvic", .ctx = link, .start = start, .stop = stop};
	if (f->serve == SERVE_RING) {
		link->bell.caps |= SCMI_CAP_SYNC_SEND | SCMI_CAP_ATOMIC;
		link->bell.ring = ring_platform;
	}
	if (f->deliver == DELIVER_RING)
		link->bell.caps |= SCMI_CAP_IRQ;
	link->end_bell =
		(struct scmi_mailbox_doorbell){.version = SCMI_MAILBOX_DOORBELL_V1, .name = "nvic", .ctx = link};
	link->end_bell.ring = f->deliver == DELIVER_RING ? ring_agent : NULL;
	if (f->serve == SERVE_RING) {
		link->end_bell.wait = wait_not;
		link->end_bell.wake = wake_platform;
	}
	for (uint32_t i = 0; i < LINKS; i++) {
		if (links[i] == NULL) {
			links[i] = link;
			return;
		}
	}
}

void mailbox_bells_free(struct conf_link *link)
{
	for (uint32_t i = 0; i < LINKS; i++) {
		if (links[i] == link)
			links[i] = NULL;
	}
}

void mailbox_server_start(struct conf_link *link)
{
	link->up = true;
	board_irq_raise(IRQ_PLATFORM); /* what stood there before */
}

void mailbox_server_stop(struct conf_link *link)
{
	(void)link;
}
