/* SPDX-License-Identifier: BSD-3-Clause */
/* Word that a link is up again. */
#include "agent_rig.h"

static void link_down(struct rig *r, int err)
{
	r->script.sink->link_down(r->script.core, err);
}

static void ready(struct rig *r)
{
	r->script.sink->ready(r->script.core);
}

/* The agent works: one command there and back. */
static void assert_works(struct rig *r)
{
	struct rig_call c;

	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&c, SCMI_OK);
}

static void down_at_once(struct script *s, void *arg)
{
	(void)arg;
	s->sink->link_down(s->core, 0);
}

#define NO_LINK 99u

struct ups {
	unsigned n;
	uint32_t link;
};

static void up(void *arg, uint32_t link)
{
	struct ups *u = arg;

	u->n++;
	u->link = link;
}

static void assert_told(struct ups *u, unsigned n)
{
	assert_int_equal(u->n, n);
	assert_int_equal(u->link, n != 0 ? 0 : NO_LINK);
	*u = (struct ups){.link = NO_LINK};
}

static struct rig *told_rig(struct ups *u)
{
	struct rig *r = rig_new(RIG_IRQ, 8);

	r->config.up = up;
	r->config.up_arg = u;
	return r;
}

/* Once for each return, not for room alone, nor for the start. */
static void who_wants_to_know_is_told_that_the_peer_is_back(void **state)
{
	struct ups u = {.link = NO_LINK};
	struct rig *r = told_rig(&u);

	(void)state;
	rig_start(r);
	ready(r);
	assert_told(&u, 0);
	link_down(r, SCMI_E_LINK);
	link_down(r, SCMI_E_LINK);
	assert_told(&u, 0);
	ready(r);
	ready(r);
	assert_told(&u, 1);
	rig_end(r);
}

static void who_wants_to_know_is_told_of_a_peer_that_comes_late(void **state)
{
	struct ups u = {.link = NO_LINK};
	struct rig *r = told_rig(&u);

	(void)state;
	r->script.on_start = down_at_once;
	rig_start(r);
	assert_told(&u, 0);
	ready(r);
	assert_told(&u, 1);
	rig_end(r);
}

/* A recovery that goes well, by hand or by a poll; not one that does not. */
static void who_wants_to_know_is_told_of_a_recovery(void **state)
{
	struct ups u = {.link = NO_LINK};
	struct rig *r = told_rig(&u);

	(void)state;
	script_recovers(&r->script);
	rig_start(r);
	r->script.recover_err = SCMI_E_BUSY;
	assert_int_equal(scmi_agent_recover(r->agent, 0), SCMI_E_BUSY);
	r->script.recover_err = SCMI_E_IO;
	assert_int_equal(scmi_agent_recover(r->agent, 0), SCMI_E_IO);
	assert_told(&u, 0);
	r->script.recover_err = SCMI_OK;
	assert_int_equal(scmi_agent_recover(r->agent, 0), SCMI_OK);
	assert_told(&u, 1);
	assert_works(r);
	rig_end(r);
}

static void ready_inside(struct script *s, void *arg)
{
	(void)arg;
	s->sink->ready(s->core);
}

/* The recovery has done nothing, but the peer has come meanwhile. */
static void who_wants_to_know_is_told_of_a_peer_that_comes_inside_a_recovery(void **state)
{
	struct ups u = {.link = NO_LINK};
	struct rig *r = told_rig(&u);

	(void)state;
	script_recovers(&r->script);
	rig_start(r);
	link_down(r, SCMI_E_LINK);
	r->script.on_recover = ready_inside;
	r->script.recover_err = SCMI_E_BUSY;
	assert_int_equal(scmi_agent_recover(r->agent, 0), SCMI_E_BUSY);
	assert_told(&u, 1);
	assert_works(r);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_wants_to_know_is_told_that_the_peer_is_back),
		cmocka_unit_test(who_wants_to_know_is_told_of_a_peer_that_comes_late),
		cmocka_unit_test(who_wants_to_know_is_told_of_a_recovery),
		cmocka_unit_test(who_wants_to_know_is_told_of_a_peer_that_comes_inside_a_recovery),
	};

	return cmocka_run_group_tests_name("agent_up", tests, NULL, NULL);
}
