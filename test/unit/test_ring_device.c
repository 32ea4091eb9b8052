/* SPDX-License-Identifier: BSD-3-Clause */
/* The device's side of a ring: what is taken and returned, how indices wrap, when it signals, when it is broken. */
#include "ring_rig.h"

static const unsigned kinds[] = {0, RIG_EVENT, RIG_REMEMBER, RIG_EVENT | RIG_INDIRECT | RIG_REMEMBER};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void nothing_is_there_until_it_is_offered(void **state)
{
	struct rig *r = rig_new(8, 0);

	(void)state;
	rig_device(r, 0, 0);
	rig_pair(r, 0, 0, 20);
	assert_false(ring_device_news(&r->device));
	assert_int_equal(rig_take(r), RING_NONE);
	assert_int_equal(rig_take(r), RING_NONE);
	rig_offer(r, 0);
	assert_true(ring_device_news(&r->device));
	assert_int_equal(rig_take(r), RING_TAKEN);
	assert_false(ring_device_news(&r->device));
	assert_int_equal(rig_get16(r, r->used + 2), 0);
	rig_return(r, 8);
	rig_free(r);
}

static void ring_of_every_size_goes_round(void **state)
{
	(void)state;
	for (uint32_t size = 2; size <= RIG_SIZE_MAX; size *= 2) {
		for (size_t k = 0; k < KINDS; k++) {
			struct rig *r = rig_new(size, kinds[k]);

			rig_device(r, 0, 0);
			for (uint32_t i = 0; i < 3 * size; i++) {
				const uint16_t head = (uint16_t)(i * 2 % size);

				rig_pair(r, head, head, 4 + i % 60);
				rig_offer(r, head);
				assert_int_equal(rig_take(r), RING_TAKEN);
				assert_int_equal(r->chain.head, head);
				assert_int_equal(r->chain.out_len, 4 + i % 60);
				assert_memory_equal(r->out, rig_buffer(r, head), 4 + i % 60);
				assert_ptr_equal(r->piece[0].mem, rig_buffer(r, head + 1u));
				rig_return(r, i % 33);
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

		rig_device(r, 65533, 65533);
		for (uint32_t i = 0; i < 70000; i++)
			rig_works(r);
		assert_int_equal(r->device.avail, (uint16_t)(65533 + 70000));
		rig_free(r);
	}
}

static void ring_goes_on_from_where_it_is_told(void **state)
{
	struct rig *r = rig_new(8, 0);

	(void)state;
	rig_device(r, 65535, 13); /* the indices have nothing to do with one another */
	for (uint32_t i = 0; i < 20; i++)
		rig_works(r);
	rig_free(r);
}

static void full_ring_is_taken_and_returned_in_any_order(void **state)
{
	static const uint16_t order[] = {3, 0, 7, 5, 1, 2, 6, 4};
	struct rig *r = rig_new(8, RIG_REMEMBER);

	(void)state;
	rig_device(r, 65530, 65530);
	for (uint32_t round = 0; round < 3; round++) {
		for (uint16_t i = 0; i < 8; i++) {
			rig_desc(r, i, rig_addr(r, i), 16u + i, WRITE, 0);
			rig_offer(r, i);
		}
		for (uint16_t i = 0; i < 8; i++) {
			assert_int_equal(rig_take(r), RING_TAKEN);
			assert_int_equal(r->chain.head, i);
			assert_int_equal(r->chain.out_len, 0);
			assert_int_equal(r->chain.in_len, 16 + i);
		}
		assert_int_equal(rig_take(r), RING_NONE);
		for (size_t i = 0; i < 8; i++) {
			r->chain.head = order[i];
			rig_return(r, 4);
		}
	}
	rig_free(r);
}

static void what_is_put_back_is_not_seen_before_it_is_published(void **state)
{
	struct rig *r = rig_new(8, 0);

	(void)state;
	rig_device(r, 0, 0);
	rig_pair(r, 0, 0, 20);
	rig_pair(r, 2, 2, 20);
	rig_offer(r, 2);
	rig_offer(r, 0);
	assert_int_equal(rig_take(r), RING_TAKEN);
	assert_int_equal(rig_take(r), RING_TAKEN);
	ring_device_put(&r->device, 2, 9);
	ring_device_put(&r->device, 0, UINT32_MAX);
	assert_int_equal(rig_get16(r, r->used + 2), 0);
	assert_int_equal(rig_get32(r, r->used + 4), 2);
	assert_int_equal(rig_get32(r, r->used + 8), 9);
	ring_device_publish(&r->device);
	assert_int_equal(rig_get16(r, r->used + 2), 2);
	assert_int_equal(rig_get32(r, r->used + 12), 0);
	assert_int_equal(rig_get32(r, r->used + 16), UINT32_MAX);
	rig_free(r);
}

static void chain_that_is_put_back_comes_again(void **state)
{
	struct rig *r = rig_new(8, RIG_REMEMBER);

	(void)state;
	rig_device(r, 65535, 65535);
	rig_pair(r, 4, 4, 20);
	rig_pair(r, 6, 6, 24);
	rig_offer(r, 4);
	rig_offer(r, 6);
	assert_int_equal(rig_take(r), RING_TAKEN);
	assert_int_equal(rig_take(r), RING_TAKEN);
	assert_int_equal(r->chain.head, 6);
	for (int i = 0; i < 3; i++) {
		scmi__ring_device_untake(&r->device, 6);
		assert_true(ring_device_news(&r->device));
		assert_int_equal(rig_take(r), RING_TAKEN);
		assert_int_equal(r->chain.head, 6);
		assert_int_equal(r->chain.out_len, 24);
	}
	rig_return(r, 8);
	assert_int_equal(rig_take(r), RING_NONE);
	rig_free(r);
}

/* ---- signals ---- */

static void without_event_idx_flags_say_who_wants_signals(void **state)
{
	struct rig *r = rig_new(4, 0);

	(void)state;
	rig_device(r, 0, 0);
	assert_false(scmi__ring_device_must_call(&r->device)); /* nothing was returned */
	rig_works(r);
	assert_true(scmi__ring_device_must_call(&r->device));
	assert_false(scmi__ring_device_must_call(&r->device)); /* once is enough */
	rig_put16(r, r->avail, 1);
	rig_works(r);
	assert_false(scmi__ring_device_must_call(&r->device));
	rig_put16(r, r->avail, 0xfffe); /* only the first bit means something */
	rig_works(r);
	assert_true(scmi__ring_device_must_call(&r->device));

	scmi__ring_device_disarm(&r->device);
	assert_int_equal(rig_get16(r, r->used), 1);
	assert_false(scmi__ring_device_arm(&r->device));
	assert_int_equal(rig_get16(r, r->used), 0);
	scmi__ring_device_disarm(&r->device);
	rig_offer(r, 0);
	assert_true(scmi__ring_device_arm(&r->device));
	assert_int_equal(rig_get16(r, r->used + 4 + 8 * 4), 0); /* no avail_event */
	rig_free(r);
}

static void with_event_idx_an_index_says_from_where_on_signals_are_wanted(void **state)
{
	struct rig *r = rig_new(4, RIG_EVENT);
	const uint32_t used_event = r->avail + 4 + 2 * 4;
	const uint32_t avail_event = r->used + 4 + 8 * 4;

	(void)state;
	rig_device(r, 65534, 65534);
	rig_put16(r, r->avail, 1); /* means nothing here */
	rig_put16(r, used_event, 65534);
	rig_works(r);
	assert_true(scmi__ring_device_must_call(&r->device));
	assert_false(scmi__ring_device_must_call(&r->device));
	rig_works(r); /* 65535 is not what it waits for */
	assert_false(scmi__ring_device_must_call(&r->device));
	rig_put16(r, used_event, 2);
	for (int i = 0; i < 2; i++) {
		rig_works(r);
		assert_false(scmi__ring_device_must_call(&r->device));
	}
	rig_works(r);
	assert_true(scmi__ring_device_must_call(&r->device));
	rig_put16(r, used_event, 4);
	rig_works(r);
	rig_works(r);
	rig_works(r); /* in the middle of those that were returned since */
	assert_true(scmi__ring_device_must_call(&r->device));

	scmi__ring_device_disarm(&r->device);
	assert_int_equal(rig_get16(r, r->used), 0);
	assert_false(scmi__ring_device_arm(&r->device));
	assert_int_equal(rig_get16(r, avail_event), r->offered);
	rig_offer(r, 0);
	assert_true(scmi__ring_device_arm(&r->device));
	assert_int_equal(rig_get16(r, avail_event), (uint16_t)(r->offered - 1u));
	rig_free(r);
}

/* ---- rings that lie ---- */

/* From here on nothing is taken, and nothing more is written. */
static void check_broken(struct rig *r)
{
	unsigned char before[sizeof(r->out)];

	assert_int_equal(rig_take(r), RING_BROKEN);
	assert_true(r->device.broken);
	memcpy(before, r->mem + r->used, 6 + 8 * r->size);
	rig_pair(r, 0, 0, 20);
	rig_put16(r, r->avail + 2, r->device.avail); /* nothing is there */
	assert_int_equal(rig_take(r), RING_BROKEN);
	rig_put16(r, r->avail + 2, (uint16_t)(r->device.avail + 1u)); /* honest from now on: too late */
	for (uint32_t i = 0; i < r->size; i++)
		rig_put16(r, r->avail + 4 + 2 * i, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rig_take(r), RING_BROKEN);
	assert_memory_equal(before, r->mem + r->used, 6 + 8 * r->size);
	rig_free(r);
}

static void more_available_than_there_are_entries_is_broken(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		for (unsigned more = 9; more <= 65535; more += more < 12 ? 1 : 4091) {
			struct rig *r = rig_new(8, kinds[k]);

			rig_device(r, 65530, 65530);
			rig_put16(r, r->avail + 2, (uint16_t)(65530 + more));
			check_broken(r);
		}
	}
}

static void exactly_as_many_available_as_there_are_entries_is_right(void **state)
{
	struct rig *r = rig_new(8, 0);

	(void)state;
	rig_device(r, 65530, 65530);
	for (uint16_t i = 0; i < 8; i++) {
		rig_desc(r, i, rig_addr(r, i), 16, WRITE, 0);
		rig_offer(r, i);
	}
	for (uint16_t i = 0; i < 8; i++)
		assert_int_equal(rig_take(r), RING_TAKEN);
	assert_int_equal(rig_take(r), RING_NONE);
	rig_free(r);
}

static void head_outside_the_table_is_broken(void **state)
{
	static const uint16_t heads[] = {8, 9, 255, 0x7fff, 0x8000, 0xffff};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct rig *r = rig_new(8, kinds[i % KINDS]);

		r->dirt = 0; /* so that nothing outside looks as if it were to be given back */
		rig_device(r, 0, 0);
		rig_works(r);
		rig_offer(r, heads[i]);
		check_broken(r);
	}
}

static void head_that_has_not_been_given_back_is_broken(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct rig *r = rig_new(8, kinds[k]);

		rig_device(r, 0, 0);
		rig_works(r);
		rig_pair(r, 4, 4, 20);
		rig_offer(r, 4);
		rig_offer(r, 4);
		assert_int_equal(rig_take(r), RING_TAKEN);
		check_broken(r);
	}
}

static void refused_head_has_to_be_given_back_too(void **state)
{
	struct rig *r = rig_new(8, RIG_REMEMBER);

	(void)state;
	rig_device(r, 0, 0);
	rig_desc(r, 4, rig_addr(r, 4), 0, WRITE, 0);
	rig_offer(r, 4);
	assert_int_equal(rig_take(r), RING_REFUSED);
	assert_int_equal(r->chain.head, 4);
	rig_return(r, 0);
	rig_offer(r, 4);
	assert_int_equal(rig_take(r), RING_REFUSED);
	rig_offer(r, 4);
	check_broken(r);
}

static void guess_at_a_wrong_entry_does_no_harm(void **state)
{
	struct rig *r = rig_new(8, RIG_REMEMBER);

	(void)state;
	rig_device(r, 0, 0);
	ring_device_guess(&r->device);
	rig_works(r);
	for (uint32_t i = 0; i < 8; i++)
		rig_put16(r, r->avail + 4 + 2 * i, (uint16_t)(0xffff - i));
	ring_device_guess(&r->device);
	rig_works(r);
	rig_free(r);
}

/* ---- memory ---- */

static void memory_is_what_the_ring_needs(void **state)
{
	(void)state;
	/* The sanitizers see whether it is enough: rings of every size were full above. */
	assert_int_equal(scmi__ring_device_memory(2, false), 64);
	assert_int_equal(scmi__ring_device_memory(64, false), 64 * 17);
	assert_int_equal(scmi__ring_device_memory(64, true), 64 * 81);
}

static void address_is_translated_inside_one_map_only(void **state)
{
	unsigned char mem[256];
	struct ring_map map[] = {
		{.addr = 1000, .len = 100, .mem = mem},
		{.addr = 1100, .len = 100, .mem = mem + 150}, /* next to it there, but not here */
		{.addr = UINT64_MAX - 9, .len = 10, .mem = mem},
		{.addr = 5000, .len = 0, .mem = mem},
	};
	const struct ring_maps maps = {.map = map, .n = 4};

	(void)state;
	assert_ptr_equal(scmi__ring_translate(&maps, 1000, 1), mem);
	assert_ptr_equal(scmi__ring_translate(&maps, 1000, 100), mem);
	assert_ptr_equal(scmi__ring_translate(&maps, 1099, 1), mem + 99);
	assert_ptr_equal(scmi__ring_translate(&maps, 1100, 100), mem + 150);
	assert_null(scmi__ring_translate(&maps, 999, 1));
	assert_null(scmi__ring_translate(&maps, 999, 2));
	assert_null(scmi__ring_translate(&maps, 1000, 101));
	assert_null(scmi__ring_translate(&maps, 1099, 2));
	assert_null(scmi__ring_translate(&maps, 1200, 1));
	assert_null(scmi__ring_translate(&maps, 1001, UINT64_MAX));
	assert_null(scmi__ring_translate(&maps, 1001, UINT64_MAX - 1000));
	assert_null(scmi__ring_translate(&maps, 1001, 0));
	assert_ptr_equal(scmi__ring_translate(&maps, UINT64_MAX, 1), mem + 9);
	assert_ptr_equal(scmi__ring_translate(&maps, UINT64_MAX - 9, 10), mem);
	assert_null(scmi__ring_translate(&maps, UINT64_MAX, 2));
	assert_null(scmi__ring_translate(&maps, UINT64_MAX - 9, 11));
	assert_null(scmi__ring_translate(&maps, 5000, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_there_until_it_is_offered),
		cmocka_unit_test(ring_of_every_size_goes_round),
		cmocka_unit_test(indices_wrap_at_two_to_the_sixteenth),
		cmocka_unit_test(ring_goes_on_from_where_it_is_told),
		cmocka_unit_test(full_ring_is_taken_and_returned_in_any_order),
		cmocka_unit_test(what_is_put_back_is_not_seen_before_it_is_published),
		cmocka_unit_test(chain_that_is_put_back_comes_again),
		cmocka_unit_test(without_event_idx_flags_say_who_wants_signals),
		cmocka_unit_test(with_event_idx_an_index_says_from_where_on_signals_are_wanted),
		cmocka_unit_test(more_available_than_there_are_entries_is_broken),
		cmocka_unit_test(exactly_as_many_available_as_there_are_entries_is_right),
		cmocka_unit_test(head_outside_the_table_is_broken),
		cmocka_unit_test(head_that_has_not_been_given_back_is_broken),
		cmocka_unit_test(refused_head_has_to_be_given_back_too),
		cmocka_unit_test(guess_at_a_wrong_entry_does_no_harm),
		cmocka_unit_test(memory_is_what_the_ring_needs),
		cmocka_unit_test(address_is_translated_inside_one_map_only),
	};

	return cmocka_run_group_tests_name("ring_device", tests, NULL, NULL);
}
