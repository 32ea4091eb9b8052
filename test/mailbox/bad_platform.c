/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Our agent, and a platform that rewrites its page before, between and after everything the agent does; in the program
 * with hooks also right after each word that is read, so between every check and its use. One thread, from a seed.
 */
#include <fake_port.h>

#include "agent_world.h"

#define STEPS 600u
#define DEEP  3u /* doorbells inside doorbells */

struct bad_platform {
	struct world w;
	struct fake_port fake;
	uint64_t random;
	uint32_t deep;
	bool calm; /* the attack is over */
};

/* What may be there when the agent has rung. */
static void act(struct bad_platform *b)
{
	struct world *w = &b->w;

	if (once_in(&b->random, 3))
		page_rewrite_some(&w->page, &b->random, 2);
	if (!once_in(&b->random, 3))
		(void)world_answer(w);
	if (once_in(&b->random, 3))
		(void)world_notify(w);
	if (once_in(&b->random, 3))
		page_rewrite_some(&w->page, &b->random, 4);
}

static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	struct bad_platform *b = ctx;

	/* Of a command each word is read once; the check of an area that has one reads them before that. */
	if (signal == SCMI_MAILBOX_TX)
		page_forget(&b->w.page, SCMI_MAILBOX_A2P);
	if (b->calm) {
		(void)world_answer(&b->w);
		return SCMI_OK;
	}
	if (++b->deep < DEEP && !once_in(&b->random, 4)) {
		act(b);
		if (once_in(&b->random, 2))
			scmi_mailbox_interrupt(&b->w.mailbox);
	}
	b->deep--;
	return once_in(&b->random, 50) ? -(int)pick(&b->random, 21) : SCMI_OK;
}

static void check_reads(struct bad_platform *b, uint32_t events)
{
	const struct page *p = &b->w.page;
	const uint32_t twice = 2u; /* the check, and the use */

	page_check_reads(p, SCMI_MAILBOX_A2P, p->area[SCMI_MAILBOX_A2P].check != 0 ? twice : 1u);
	page_check_reads(p, SCMI_MAILBOX_P2A, p->area[SCMI_MAILBOX_P2A].check != 0 ? twice * events : events);
}

static uint32_t events_of(struct bad_platform *b)
{
	struct scmi_mailbox_stats s = {.size = sizeof(s)};

	MUST(scmi_mailbox_stats(&b->w.mailbox, &s) == SCMI_OK);
	return s.events;
}

static void call(struct bad_platform *b)
{
	struct world_call *c = &b->w.calls[pick(&b->random, WORLD_CALLS)];

	if (atomic_load(&c->live)) {
		if (once_in(&b->random, 4))
			(void)scmi_agent_cancel(b->w.agent, &c->call);
	} else {
		(void)world_submit(&b->w, c, &b->random);
	}
}

static void restart(struct bad_platform *b)
{
	MUST(scmi_agent_stop(b->w.agent) == SCMI_OK);
	page_rewrite_some(&b->w.page, &b->random, 3);
	MUST(scmi_agent_start(b->w.agent) == SCMI_OK);
}

static void step(struct bad_platform *b)
{
	struct world *w = &b->w;
	const uint32_t events = events_of(b);
	int err;

	page_forget(&w->page, SCMI_MAILBOX_P2A);
	switch (pick(&b->random, 12)) {
	case 0:
	case 1:
	case 2:
		call(b);
		break;
	case 3:
	case 4:
		(void)scmi_agent_poll(w->agent, (int)between(&b->random, 1, 4));
		break;
	case 5:
	case 6:
		scmi_mailbox_interrupt(&w->mailbox);
		break;
	case 7:
		b->fake.now_us += pick(&b->random, WORLD_TIME_US);
		break;
	case 8:
		err = once_in(&b->random, 4) ? scmi_agent_recover(w->agent, 0) : SCMI_OK;
		MUST(err == SCMI_OK || err == SCMI_E_BUSY);
		break;
	case 9:
		if (once_in(&b->random, 8))
			restart(b);
		break;
	default:
		act(b);
		break;
	}
	check_reads(b, events_of(b) - events);
}

uint64_t run_bad_platform(uint64_t seed)
{
	static struct bad_platform all;
	struct bad_platform *b = &all;
	uint64_t writes;

	memset(b, 0, sizeof(*b));
	b->random = seed;
	fake_port_init(&b->fake);
	b->fake.step_us = 1; /* who waits for a slot is not there for ever */
	page_open(&b->w.page, &b->random, !once_in(&b->random, 3), page_hooked());
	b->w.port = &b->fake.port;
	b->w.bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1, .name = "bad", .ctx = b, .ring = ring};
	if (once_in(&b->random, 2))
		b->w.bell.caps |= SCMI_CAP_IRQ | SCMI_CAP_ATOMIC;
	if (once_in(&b->random, 2))
		b->w.bell.caps |= SCMI_CAP_SYNC_SEND;
	world_open(&b->w, &b->random);
	b->w.page.rate = once_in(&b->random, 4) ? 0 : between(&b->random, 2, 20);
	page_watch(&b->w.page);
	for (page_where.step = 0; page_where.step < STEPS; page_where.step++)
		step(b);
	b->calm = true;
	b->w.page.rate = 0;
	b->fake.now_us += 10u * WORLD_TIME_US;
	world_close(&b->w);
	page_watch(NULL);
	MUST(b->fake.fault == NULL);
	writes = b->w.page.writes;
	page_close(&b->w.page);
	return writes;
}
