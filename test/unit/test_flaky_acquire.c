/* SPDX-License-Identifier: BSD-3-Clause */
/* The flaky transport around one that delegates: acquire, complete later, release. */
#include "flaky_rig.h"

#include <scmi/errors.h>

#define LEN 30u

/* What the inner transport keeps for one message. */
struct parcel {
	struct scmi_xfer xfer;
	struct script_area area;
	unsigned char bytes[LEN];
};

static int acquire(struct rig *r, struct parcel *p, uint32_t hdr)
{
	for (uint32_t i = 0; i < LEN; i++)
		p->bytes[i] = rig_byte(i);
	p->area = (struct script_area){.bytes = p->bytes, .len = LEN};
	memset(&p->xfer, 0xee, sizeof(p->xfer));
	return script_acquire(&r->script, hdr, &p->xfer, &p->area);
}

/* The whole way of one message. */
static void bring(struct rig *r, uint32_t hdr)
{
	struct parcel p;

	assert_int_equal(acquire(r, &p, hdr), SCMI_OK);
	assert_int_equal(p.xfer.cap, 99);
	assert_int_equal(p.xfer.poll, 1);
	assert_int_equal(script_complete(&r->script, &p.xfer, LEN), SCMI_OK);
	script_release(&r->script, &p.xfer);
	memset(&p, 0xdd, sizeof(p)); /* the inner transport's again */
}

static void without_faults_the_reference_is_the_cores(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);
	struct parcel p;

	(void)state;
	rig_up(r);
	assert_int_equal(acquire(r, &p, rig_hdr(3)), SCMI_OK);
	assert_int_equal(p.xfer.state_, 7);
	assert_int_equal(p.xfer.hdr, rig_hdr(3));
	assert_int_equal(script_complete(&r->script, &p.xfer, LEN), SCMI_OK);
	script_release(&r->script, &p.xfer);
	assert_int_equal(r->acquired + r->completed + r->released, 3);
	assert_int_equal(rig_changed(r->seen[0].bytes, LEN), 0);
	r->refuse = SCMI_E_STRAY;
	assert_int_equal(acquire(r, &p, rig_hdr(3)), SCMI_E_STRAY);
	rig_down(r);
}

static void refusal_of_the_core_is_handed_down(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_TRUNCATE);
	struct parcel p;

	(void)state;
	r->refuse = SCMI_E_BUSY;
	assert_int_equal(acquire(r, &p, rig_hdr(3)), SCMI_E_BUSY);
	assert_int_equal(r->released, 0);
	rig_down(r);
}

static void dropped_is_not_acquired(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_DROP);
	struct parcel p;

	(void)state;
	assert_int_equal(acquire(r, &p, rig_hdr(3)), SCMI_E_STRAY);
	assert_int_equal(r->acquired, 0);
	rig_down(r);
}

/* It stays acquired while it is held, although the inner transport is through with it. */
static void delayed_stays_acquired(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_DELAY);

	(void)state;
	bring(r, rig_hdr(3));
	assert_int_equal(r->acquired, 1);
	assert_int_equal(r->completed + r->released, 0);
	assert_int_equal(rig_counts(r).held[FLAKY_P2A], 1);
	r->fake.now_us += 1000;
	assert_int_equal(rig_poll(r), 1);
	assert_int_equal(r->completed, 1);
	assert_int_equal(r->released, 1);
	assert_int_equal(r->seen[0].hdr, rig_hdr(3));
	assert_int_equal(rig_changed(r->seen[0].bytes, LEN), 0);
	rig_down(r);
}

static void changed_on_its_way(void **state)
{
	static const enum flaky_fault faults[] = {FLAKY_CORRUPT, FLAKY_TRUNCATE, FLAKY_LENGTHEN, FLAKY_HEADER};

	(void)state;
	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, faults[i]);
		const struct rig_seen *s = &r->seen[0];

		bring(r, rig_hdr(3));
		assert_int_equal(r->acquired + r->completed + r->released, 3);
		assert_int_equal(s->hdr != rig_hdr(3), faults[i] == FLAKY_HEADER);
		assert_int_equal(s->len < LEN, faults[i] == FLAKY_TRUNCATE);
		assert_int_equal(s->len > LEN, faults[i] == FLAKY_LENGTHEN);
		assert_int_equal(rig_changed(s->bytes, s->len < LEN ? s->len : LEN) != 0, faults[i] == FLAKY_CORRUPT);
		assert_int_equal(rig_faults(r, FLAKY_P2A, faults[i]), 1);
		rig_down(r);
	}
}

static void doubled_comes_again_when_it_is_released(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_DOUBLE);

	(void)state;
	bring(r, rig_hdr(3));
	assert_int_equal(r->acquired + r->completed + r->released, 3);
	assert_int_equal(r->seen_n, 2);
	assert_int_equal(r->seen[1].hdr, rig_hdr(3));
	assert_int_equal(r->seen[1].len, LEN);
	assert_int_equal(r->seen[1].token, SCMI_TOKEN_ANY);
	assert_int_equal(rig_changed(r->seen[1].bytes, LEN), 0);
	rig_down(r);
}

static void released_without_complete_is_just_released(void **state)
{
	static const enum flaky_fault faults[] = {FLAKY_CORRUPT, FLAKY_DELAY, FLAKY_DOUBLE};

	(void)state;
	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, faults[i]);
		struct parcel p;

		assert_int_equal(acquire(r, &p, rig_hdr(3)), SCMI_OK);
		script_release(&r->script, &p.xfer);
		assert_int_equal(r->released, 1);
		assert_int_equal(r->completed + r->seen_n, 0);
		assert_int_equal(rig_faults(r, FLAKY_P2A, faults[i]), 0);
		rig_down(r);
	}
}

static void several_are_kept_apart(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_TRUNCATE);
	struct parcel p[5];

	(void)state;
	for (uint16_t i = 0; i < 5; i++)
		assert_int_equal(acquire(r, &p[i], rig_hdr(i)), SCMI_OK);
	for (uint16_t i = 5; i-- > 0;) {
		assert_int_equal(script_complete(&r->script, &p[i].xfer, LEN), SCMI_OK);
		assert_int_equal(r->seen[r->seen_n - 1u].hdr, rig_hdr(i));
		script_release(&r->script, &p[i].xfer);
	}
	assert_int_equal(r->released, 5);
	rig_down(r);
}

/* A fetch() that fails has to fail for the core as well. */
static void message_that_cannot_be_fetched_is_delivered_so(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_CORRUPT);
	struct parcel p;

	(void)state;
	assert_int_equal(acquire(r, &p, rig_hdr(3)), SCMI_OK);
	r->script.fetch_err = SCMI_E_IO;
	assert_int_equal(script_complete(&r->script, &p.xfer, LEN), SCMI_OK);
	assert_int_equal(r->fetch_err, SCMI_E_IO);
	assert_int_equal(r->seen[0].len, LEN);
	script_release(&r->script, &p.xfer);
	rig_down(r);
}

static void stop_releases_what_is_held(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_DELAY);

	(void)state;
	bring(r, rig_hdr(3));
	r->transport.ops->stop(r->transport.ctx);
	assert_int_equal(r->released, 1);
	assert_int_equal(r->completed, 0);
	r->script.stops--; /* rig_down() stops again */
	r->script.running = true;
	rig_down(r);
}

static void note_release(struct rig *r)
{
	assert_int_equal(r->released, 0);
}

static void link_down_comes_before_the_release(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_DELAY);

	(void)state;
	r->on_down = note_release;
	bring(r, rig_hdr(3));
	r->script.sink->link_down(r->script.core, SCMI_E_LINK);
	assert_int_equal(r->downs, 1);
	assert_int_equal(r->released, 1);
	assert_int_equal(r->completed, 0);
	rig_down(r);
}

static void cut_link_comes_before_the_release(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);

	(void)state;
	r->config.rate[FLAKY_P2A][FLAKY_DELAY] = FLAKY_ALWAYS;
	r->config.cuts = 1;
	rig_up(r);
	r->on_down = note_release;
	bring(r, rig_hdr(3));
	flaky_cut(r->flaky);
	assert_int_equal(r->downs, 1);
	assert_int_equal(r->released, 1);
	assert_int_equal(r->completed, 0);
	rig_down(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_faults_the_reference_is_the_cores),
		cmocka_unit_test(refusal_of_the_core_is_handed_down),
		cmocka_unit_test(dropped_is_not_acquired),
		cmocka_unit_test(delayed_stays_acquired),
		cmocka_unit_test(changed_on_its_way),
		cmocka_unit_test(doubled_comes_again_when_it_is_released),
		cmocka_unit_test(released_without_complete_is_just_released),
		cmocka_unit_test(several_are_kept_apart),
		cmocka_unit_test(message_that_cannot_be_fetched_is_delivered_so),
		cmocka_unit_test(stop_releases_what_is_held),
		cmocka_unit_test(link_down_comes_before_the_release),
		cmocka_unit_test(cut_link_comes_before_the_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
