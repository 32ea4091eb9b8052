/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver's side of a ring: what it lays out and posts, what it believes of what comes back, when it signals. */
#include "ring_rig.h"

static const unsigned kinds[] = {0, RIG_EVENT, RIG_INDIRECT, RIG_SINGLES, RIG_EVENT | RIG_INDIRECT | RIG_SINGLES};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Of slot i, as it stands in the rings. */
static uint32_t head_of(const struct rig *r, uint32_t slot)
{
	return (r->flags & (RIG_INDIRECT | RIG_SINGLES)) != 0 ? slot : 2 * slot;
}

static uint16_t slots_of(const struct rig *r)
{
	return (uint16_t)((r->flags & (RIG_INDIRECT | RIG_SINGLES)) != 0 ? r->size : r->size / 2);
}

static void post(struct rig *r, uint16_t slot, uint32_t len)
{
	assert_false(ring_driver_has(&r->driver, slot));
	ring_driver_post(&r->driver, slot, len, 64);
	ring_driver_publish(&r->driver);
	assert_true(ring_driver_has(&r->driver, slot));
	assert_int_equal(rig_get16(r, r->avail + 4 + 2 * (r->offered & (r->size - 1))), head_of(r, slot));
	r->offered++;
	assert_int_equal(rig_get16(r, r->avail + 2), r->offered);
}

static void check_desc(struct rig *r, uint32_t at, uint64_t addr, uint32_t len, unsigned flags, unsigned next)
{
	assert_true(rig_get64(r, at) == addr);
	assert_int_equal(rig_get32(r, at + 8), len);
	assert_int_equal(rig_get16(r, at + 12), flags);
	assert_int_equal(rig_get16(r, at + 14), next);
}

/* ---- layout ---- */

static void ring_begins_empty_and_quiet(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct rig *r = rig_new(8, kinds[k]);

		rig_driver(r, 4);
		assert_int_equal(rig_get16(r, r->avail), (kinds[k] & RIG_EVENT) != 0 ? 0 : 1);
		assert_int_equal(rig_get16(r, r->avail + 2), 0);
		assert_int_equal(rig_get16(r, r->avail + 4 + 2 * 8), 0xffff);
		for (uint32_t i = 0; i < 6 + 8 * r->size; i++)
			assert_int_equal(r->mem[r->used + i], 0);
		for (uint16_t i = 0; i < 4; i++)
			assert_false(ring_driver_has(&r->driver, i));
		assert_int_equal(ring_driver_away(&r->driver), 0);
		assert_false(ring_driver_news(&r->driver));
		assert_int_equal(scmi__ring_driver_reap(&r->driver, &(struct ring_back){0}), 0);
		assert_false(ring_driver_must_kick(&r->driver));
		rig_free(r);
	}
}

static void slots_own_their_descriptors(void **state)
{
	struct rig *r = rig_new(8, 0);

	(void)state;
	rig_driver(r, 4);
	for (uint16_t i = 0; i < 4; i++) {
		post(r, i, 20u + i);
		check_desc(r, r->desc + 32u * i, rig_addr(r, 2u * i), 20u + i, NEXT, 2u * i + 1);
		check_desc(r, r->desc + 32u * i + 16, rig_addr(r, 2u * i + 1), 64, WRITE, 0);
	}
	rig_free(r);
}

static void slots_of_one_are_writable(void **state)
{
	struct rig *r = rig_new(8, RIG_SINGLES);

	(void)state;
	rig_driver(r, 8);
	for (uint16_t i = 0; i < 8; i++) {
		post(r, i, 77);
		check_desc(r, r->desc + 16u * i, rig_addr(r, 2u * i + 1), 64, WRITE, 0);
	}
	rig_free(r);
}

static void slots_have_tables_of_their_own(void **state)
{
	struct rig *r = rig_new(8, RIG_INDIRECT);

	(void)state;
	rig_driver(r, 8);
	for (uint16_t i = 0; i < 8; i++) {
		post(r, i, 20u + i);
		check_desc(r, r->desc + 16u * i, RIG_BASE + r->table + 32u * i, 32, INDIRECT, 0);
		check_desc(r, r->table + 32u * i, rig_addr(r, 2u * i), 20u + i, NEXT, 1);
		check_desc(r, r->table + 32u * i + 16, rig_addr(r, 2u * i + 1), 64, WRITE, 0);
	}
	rig_free(r);
}

static void slots_of_one_have_tables_too(void **state)
{
	struct rig *r = rig_new(8, RIG_INDIRECT | RIG_SINGLES);

	(void)state;
	rig_driver(r, 8);
	for (uint16_t i = 0; i < 8; i++) {
		check_desc(r, r->desc + 16u * i, RIG_BASE + r->table + 16u * i, 16, INDIRECT, 0);
		check_desc(r, r->table + 16u * i, rig_addr(r, 2u * i + 1), 64, WRITE, 0);
	}
	rig_free(r);
}

/* ---- there and back ---- */

static void what_is_posted_is_not_seen_before_it_is_published(void **state)
{
	struct rig *r = rig_new(8, 0);

	(void)state;
	rig_driver(r, 4);
	ring_driver_post(&r->driver, 3, 20, 64);
	ring_driver_post(&r->driver, 1, 20, 64);
	assert_int_equal(rig_get16(r, r->avail + 2), 0);
	assert_int_equal(ring_driver_away(&r->driver), 2);
	ring_driver_publish(&r->driver);
	assert_int_equal(rig_get16(r, r->avail + 2), 2);
	assert_int_equal(rig_get16(r, r->avail + 4), 6);
	assert_int_equal(rig_get16(r, r->avail + 6), 2);
	rig_free(r);
}

static void ring_of_every_size_goes_round(void **state)
{
	(void)state;
	for (uint32_t size = 2; size <= RIG_SIZE_MAX; size *= 2) {
		for (size_t k = 0; k < KINDS; k++) {
			struct rig *r = rig_new(size, kinds[k]);
			const uint16_t slots = slots_of(r);

			rig_driver(r, slots);
			for (uint32_t i = 0; i < 3u * size; i++) {
				const uint16_t slot = (uint16_t)(i * 7 % slots);
				struct ring_back back;

				post(r, slot, 4 + i % 61);
				assert_int_equal(scmi__ring_driver_reap(&r->driver, &back), 0);
				rig_use(r, head_of(r, slot), i % 65);
				assert_true(ring_driver_news(&r->driver));
				back = rig_reap(r);
				assert_int_equal(back.slot, slot);
				assert_int_equal(back.len, i % 65);
				assert_false(back.too_long);
				assert_false(ring_driver_has(&r->driver, slot));
				assert_false(ring_driver_news(&r->driver));
			}
			rig_free(r);
		}
	}
}

static void indices_wrap_at_two_to_the_sixteenth(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct rig *r = rig_new(4, kinds[k]);

		rig_driver(r, 2);
		for (uint32_t i = 0; i < 70000; i++) {
			post(r, (uint16_t)(i % 2), 20);
			if (i == 0)
				continue;
			rig_use(r, head_of(r, (i + 1) % 2), 8);
			assert_int_equal(rig_reap(r).slot, (i + 1) % 2);
			assert_int_equal(ring_driver_away(&r->driver), 1);
		}
		rig_free(r);
	}
}

static void buffers_come_back_in_any_order_and_many_at_once(void **state)
{
	static const uint16_t order[] = {3, 0, 2, 1};
	struct rig *r = rig_new(8, 0);

	(void)state;
	rig_driver(r, 4);
	for (int round = 0; round < 5; round++) {
		for (uint16_t i = 0; i < 4; i++)
			post(r, i, 20);
		assert_int_equal(ring_driver_away(&r->driver), 4);
		for (size_t i = 0; i < 4; i++)
			rig_use(r, head_of(r, order[i]), order[i] + 8u);
		for (size_t i = 0; i < 4; i++) {
			const struct ring_back back = rig_reap(r);

			assert_int_equal(back.slot, order[i]);
			assert_int_equal(back.len, order[i] + 8u);
			assert_int_equal(ring_driver_away(&r->driver), 3 - i);
		}
		assert_int_equal(scmi__ring_driver_reap(&r->driver, &(struct ring_back){0}), 0);
	}
	rig_free(r);
}

/* ---- what the device says is bounded ---- */

static void length_above_the_slots_is_too_long(void **state)
{
	static const struct {
		uint32_t len;
		bool too_long;
	} cases[] = {{0, false}, {1, false}, {39, false}, {40, false}, {41, true}, {64, true}, {UINT32_MAX, true}};
	struct rig *r = rig_new(8, 0);

	(void)state;
	rig_driver(r, 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ring_back back;

		ring_driver_post(&r->driver, 2, 20, 40);
		ring_driver_publish(&r->driver);
		rig_use(r, 4, cases[i].len);
		back = rig_reap(r);
		assert_int_equal(back.slot, 2);
		assert_int_equal(back.len, cases[i].len);
		assert_int_equal(back.too_long, cases[i].too_long);
		assert_false(ring_driver_has(&r->driver, 2));
	}
	rig_free(r);
}

/* From here on nothing is reaped, whatever the device makes of it. */
static void check_broken(struct rig *r)
{
	struct ring_back back;

	assert_int_equal(scmi__ring_driver_reap(&r->driver, &back), -1);
	assert_true(r->driver.broken);
	for (uint32_t i = 0; i < r->size; i++)
		rig_put32(r, r->used + 4 + 8 * i, 0);
	assert_int_equal(scmi__ring_driver_reap(&r->driver, &back), -1);
	rig_put16(r, r->used + 2, ring_driver_used(&r->driver));
	assert_int_equal(scmi__ring_driver_reap(&r->driver, &back), -1);
	assert_true(ring_driver_has(&r->driver, 0)); /* for ever: the device may still write to it */
	rig_free(r);
}

static void id_that_cannot_be_is_broken(void **state)
{
	static const uint32_t ids[] = {8,       9,          7,          0x7fff,     0x8000,     0xffff,     0x10000,
				       0x10001, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff, 0x40000000, 0x20000};

	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
			struct rig *r = rig_new(8, kinds[k]);

			rig_driver(r, slots_of(r) == 8 ? 7 : 4); /* one less than there might be */
			post(r, 0, 20);
			rig_use(r, ids[i], 8);
			check_broken(r);
		}
	}
}

static void second_descriptor_of_a_pair_is_no_id(void **state)
{
	(void)state;
	for (uint32_t slot = 0; slot < 4; slot++) {
		struct rig *r = rig_new(8, 0);

		rig_driver(r, 4);
		for (uint16_t i = 0; i < 4; i++)
			post(r, i, 20);
		rig_use(r, 2 * slot + 1, 8);
		check_broken(r);
	}
}

static void slot_that_the_device_has_not_got_is_broken(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		for (uint32_t len = 0; len < 9; len += 8) {
			struct rig *r = rig_new(8, kinds[k]);

			rig_driver(r, 4);
			post(r, 0, 20);
			post(r, 1, 20);
			rig_use(r, head_of(r, 1), 8);
			assert_int_equal(rig_reap(r).slot, 1);
			rig_use(r, head_of(r, 1), len); /* once more */
			check_broken(r);
		}
	}
}

static void more_back_than_away_is_broken(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		for (unsigned more = 4; more <= 65535; more += more < 10 ? 1 : 4091) {
			struct rig *r = rig_new(8, kinds[k]);

			rig_driver(r, 4);
			for (uint16_t i = 0; i < 3; i++)
				post(r, i, 20);
			ring_driver_post(&r->driver, 3, 20, 64); /* not published: not the device's yet */
			rig_put16(r, r->used + 2, (uint16_t)more);
			check_broken(r);
		}
	}
}

/* ---- signals ---- */

static void without_event_idx_flags_say_who_wants_signals(void **state)
{
	struct rig *r = rig_new(4, 0);

	(void)state;
	rig_driver(r, 2);
	post(r, 0, 20);
	assert_true(ring_driver_must_kick(&r->driver));
	assert_false(ring_driver_must_kick(&r->driver)); /* once is enough */
	rig_put16(r, r->used, 1);
	post(r, 1, 20);
	assert_false(ring_driver_must_kick(&r->driver));
	rig_put16(r, r->used, 0xfffe);
	rig_use(r, 0, 8);
	(void)rig_reap(r);
	assert_false(ring_driver_must_kick(&r->driver));
	post(r, 0, 20);
	assert_true(ring_driver_must_kick(&r->driver));

	assert_false(scmi__ring_driver_arm(&r->driver));
	assert_int_equal(rig_get16(r, r->avail), 0);
	scmi__ring_driver_disarm(&r->driver);
	assert_int_equal(rig_get16(r, r->avail), 1);
	rig_use(r, 0, 8);
	assert_true(scmi__ring_driver_arm(&r->driver));
	assert_int_equal(rig_get16(r, r->avail + 4 + 2 * 4), 0xffff); /* no used_event */
	rig_free(r);
}

static void with_event_idx_an_index_says_from_where_on_signals_are_wanted(void **state)
{
	struct rig *r = rig_new(8, RIG_EVENT);
	const uint32_t avail_event = r->used + 4 + 8 * 8;
	const uint32_t used_event = r->avail + 4 + 2 * 8;

	(void)state;
	rig_driver(r, 4);
	rig_put16(r, r->used, 1); /* means nothing here */
	post(r, 0, 20);
	assert_true(ring_driver_must_kick(&r->driver)); /* 0, as in fresh memory, is the first */
	post(r, 1, 20);
	assert_false(ring_driver_must_kick(&r->driver));
	rig_put16(r, avail_event, 3);
	post(r, 2, 20);
	assert_false(ring_driver_must_kick(&r->driver));
	post(r, 3, 20);
	assert_true(ring_driver_must_kick(&r->driver));
	assert_false(ring_driver_must_kick(&r->driver));

	scmi__ring_driver_disarm(&r->driver);
	assert_int_equal(rig_get16(r, r->avail), 0);
	assert_int_equal(rig_get16(r, used_event), 0xffff);
	assert_false(scmi__ring_driver_arm(&r->driver));
	assert_int_equal(rig_get16(r, used_event), 0);
	for (uint32_t i = 0; i < 4; i++)
		rig_use(r, 2 * i, 8);
	(void)rig_reap(r);
	assert_true(scmi__ring_driver_arm(&r->driver));
	assert_int_equal(rig_get16(r, used_event), 1);
	rig_put16(r, avail_event, 5);
	ring_driver_post(&r->driver, 0, 20, 64);
	ring_driver_publish(&r->driver); /* index 4 */
	for (int i = 0; i < 3; i++)
		(void)rig_reap(r);
	ring_driver_post(&r->driver, 1, 20, 64);
	ring_driver_post(&r->driver, 2, 20, 64);
	assert_false(ring_driver_must_kick(&r->driver)); /* nobody can see these */
	ring_driver_publish(&r->driver);
	assert_true(ring_driver_must_kick(&r->driver)); /* in the middle of the batch */
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring_begins_empty_and_quiet),
		cmocka_unit_test(slots_own_their_descriptors),
		cmocka_unit_test(slots_of_one_are_writable),
		cmocka_unit_test(slots_have_tables_of_their_own),
		cmocka_unit_test(slots_of_one_have_tables_too),
		cmocka_unit_test(what_is_posted_is_not_seen_before_it_is_published),
		cmocka_unit_test(ring_of_every_size_goes_round),
		cmocka_unit_test(indices_wrap_at_two_to_the_sixteenth),
		cmocka_unit_test(buffers_come_back_in_any_order_and_many_at_once),
		cmocka_unit_test(length_above_the_slots_is_too_long),
		cmocka_unit_test(id_that_cannot_be_is_broken),
		cmocka_unit_test(second_descriptor_of_a_pair_is_no_id),
		cmocka_unit_test(slot_that_the_device_has_not_got_is_broken),
		cmocka_unit_test(more_back_than_away_is_broken),
		cmocka_unit_test(without_event_idx_flags_say_who_wants_signals),
		cmocka_unit_test(with_event_idx_an_index_says_from_where_on_signals_are_wanted),
	};

	return cmocka_run_group_tests_name("ring_driver", tests, NULL, NULL);
}
