/* SPDX-License-Identifier: BSD-3-Clause */
/* Which chains are good, which are refused, and that what is remembered of a good one does not outlive it. */
#include "ring_cases.h"

static void good_chains_are_taken(void **state)
{
	(void)state;
	for (unsigned remember = 0; remember <= RIG_REMEMBER; remember += RIG_REMEMBER) {
		struct rig *r = rig_new(CHAIN_SIZE, RIG_INDIRECT | remember);

		rig_device(r, 0, 0);
		for (size_t i = 0; i < CHAIN_GOOD; i++) {
			chain_try(r, &chain_good[i], RING_TAKEN);
			chain_try(r, &chain_good[i], RING_TAKEN);
			rig_works(r);
		}
		rig_free(r);
	}
}

static void bad_chains_are_refused_and_the_next_is_served(void **state)
{
	(void)state;
	for (unsigned remember = 0; remember <= RIG_REMEMBER; remember += RIG_REMEMBER) {
		struct rig *r = rig_new(CHAIN_SIZE, RIG_INDIRECT | remember);

		rig_device(r, 0, 0);
		for (size_t i = 0; i < CHAIN_BAD; i++) {
			chain_try(r, &chain_bad[i], RING_REFUSED);
			rig_works(r);
		}
		rig_free(r);
	}
}

/* Whatever a head was before: what it is now counts. */
static void what_is_remembered_does_not_outlive_its_descriptors(void **state)
{
	static const struct chain_case *const before[] = {CHAIN_PAIR, CHAIN_TABLE, CHAIN_OVER, CHAIN_NAMED};

	(void)state;
	for (size_t b = 0; b < sizeof(before) / sizeof(before[0]); b++) {
		struct rig *r = rig_new(CHAIN_SIZE, RIG_INDIRECT | RIG_REMEMBER);

		rig_device(r, 0, 0);
		for (size_t i = 0; i < CHAIN_GOOD + CHAIN_BAD; i++) {
			const struct chain_case *c = i < CHAIN_GOOD ? &chain_good[i] : &chain_bad[i - CHAIN_GOOD];

			/* What is remembered of maps goes with them: the same maps, then. */
			if (chain_has_maps(c))
				continue;
			chain_try(r, before[b], RING_TAKEN);
			chain_try(r, before[b], RING_TAKEN);
			chain_try(r, c, i < CHAIN_GOOD ? RING_TAKEN : RING_REFUSED);
		}
		rig_free(r);
	}
}

/* A pair in descriptors 4 and 5, or in the table; with each word of it changed by a little. */
static void rewritten_descriptors_are_looked_at_anew(void **state)
{
	(void)state;
	for (unsigned indirect = 0; indirect < 2; indirect++) {
		struct rig *r = rig_new(CHAIN_SIZE, RIG_INDIRECT | RIG_REMEMBER);
		const uint32_t at = indirect ? r->table : r->desc + 16 * CHAIN_HEAD;
		void (*const lay)(struct rig *) = indirect ? chain_table_of_two : chain_pair;

		rig_device(r, 0, 0);
		for (int second = 0; second < 2; second++) {
			for (uint32_t len = 1; len <= 64; len += 9) {
				chain_try(r,
					  &(struct chain_case){.name = "as before",
							       .lay = lay,
							       .out_len = 20,
							       .in_n = 1,
							       .in_len = 32},
					  RING_TAKEN);
				rig_put32(r, at + (second ? 16 : 0) + 8, len);
				rig_put64(r, at + (second ? 16 : 0), rig_addr(r, 6) + len);
				memset(rig_buffer(r, 6), (int)len, 128);
				rig_offer(r, CHAIN_HEAD);
				assert_int_equal(rig_take(r), RING_TAKEN);
				assert_int_equal(r->chain.out_len, second ? 20 : len);
				assert_int_equal(r->chain.in_len, second ? len : 32);
				assert_ptr_equal(r->piece[0].mem, second ? rig_buffer(r, 6) + len : rig_buffer(r, 5));
				if (!second)
					assert_int_equal(r->out[0], len);
				rig_return(r, 0);
			}
		}
		rig_free(r);
	}
}

/* The second descriptor of a known pair, with other flags. */
static void pair_whose_second_has_changed_its_kind_is_looked_at_anew(void **state)
{
	struct rig *r = rig_new(CHAIN_SIZE, RIG_INDIRECT | RIG_REMEMBER);

	(void)state;
	rig_device(r, 0, 0);
	chain_try(r, CHAIN_PAIR, RING_TAKEN);
	rig_put16(r, r->desc + 16 * 5 + 12, 0); /* readable */
	rig_offer(r, CHAIN_HEAD);
	assert_int_equal(rig_take(r), RING_TAKEN);
	assert_int_equal(r->chain.out_len, 52);
	assert_int_equal(r->chain.in_n, 0);
	rig_return(r, 0);
	chain_try(r, CHAIN_PAIR, RING_TAKEN);
	memset(rig_buffer(r, 5), 0, 64);
	rig_put16(r, r->desc + 16 * 5 + 12, INDIRECT | WRITE); /* a table, of which nothing is right */
	rig_offer(r, CHAIN_HEAD);
	assert_int_equal(rig_take(r), RING_REFUSED);
	rig_return(r, 0);
	rig_free(r);
}

static void init_forgets(void **state)
{
	struct rig *r = rig_new(CHAIN_SIZE, RIG_REMEMBER);
	unsigned char out[64];
	struct ring_chain c = {.out = out, .out_cap = 64, .in = r->piece, .in_cap = 1, .in_want = 64};

	(void)state;
	rig_device(r, 0, 0);
	chain_try(r, CHAIN_PAIR, RING_TAKEN);
	r->map[0].mem += 64; /* the same addresses stand for other memory */
	scmi__ring_device_init(&r->device, &r->parts, &r->maps, r->memory, true, 1, 1, false, false);
	memset(rig_buffer(r, 5), 0x5a, 64);
	rig_offer(r, CHAIN_HEAD);
	assert_int_equal(scmi__ring_device_take(&r->device, &c), RING_TAKEN);
	assert_int_equal(out[0], 0x5a);
	assert_ptr_equal(r->piece[0].mem, rig_buffer(r, 6));
	rig_free(r);
}

static void table_elsewhere_is_another_table(void **state)
{
	struct rig *r = rig_new(CHAIN_SIZE, RIG_INDIRECT | RIG_REMEMBER);

	(void)state;
	rig_device(r, 0, 0);
	chain_try(r, CHAIN_TABLE, RING_TAKEN);
	rig_table(r, 2, rig_addr(r, 6), 7, NEXT, 1);
	rig_table(r, 3, rig_addr(r, 7), 8, WRITE, 0);
	rig_desc(r, CHAIN_HEAD, RIG_BASE + r->table + 32, 32, INDIRECT, 0);
	rig_offer(r, CHAIN_HEAD);
	assert_int_equal(rig_take(r), RING_TAKEN);
	assert_int_equal(r->chain.out_len, 7);
	assert_int_equal(r->chain.in_len, 8);
	assert_ptr_equal(r->piece[0].mem, rig_buffer(r, 7));
	rig_return(r, 0);
	rig_free(r);
}

static void table_shorter_than_before_is_looked_at_anew(void **state)
{
	struct rig *r = rig_new(CHAIN_SIZE, RIG_INDIRECT | RIG_REMEMBER);

	(void)state;
	rig_device(r, 0, 0);
	chain_try(r, CHAIN_TABLE, RING_TAKEN);
	chain_table_of_two(r);
	rig_head(r, CHAIN_HEAD, 1);
	rig_offer(r, CHAIN_HEAD);
	assert_int_equal(rig_take(r), RING_REFUSED);
	rig_return(r, 0);
	rig_free(r);
}

static void length_past_the_map_is_refused_though_the_address_is_known(void **state)
{
	(void)state;
	for (int second = 0; second < 2; second++) {
		struct rig *r = rig_new(CHAIN_SIZE, RIG_REMEMBER);
		const uint32_t len = (uint32_t)(RIG_BASE + RIG_BYTES - rig_addr(r, second ? 5 : 4));

		rig_device(r, 0, 0);
		chain_try(r, CHAIN_PAIR, RING_TAKEN);
		for (uint32_t more = 0; more < 2; more++) {
			rig_put32(r, r->desc + 16 * (second ? 5u : 4u) + 8, len + more);
			rig_offer(r, CHAIN_HEAD);
			assert_int_equal(rig_take(r), more != 0 ? RING_REFUSED : RING_TAKEN);
			rig_return(r, 0);
		}
		rig_put32(r, r->desc + 16 * (second ? 5u : 4u) + 8, 0);
		rig_offer(r, CHAIN_HEAD);
		assert_int_equal(rig_take(r), RING_REFUSED);
		rig_return(r, 0);
		rig_free(r);
	}
}

/* What makes a table of two, of which the first goes on to one that is not there. */
static void try_table_that_goes_on_outside(struct rig *r, unsigned next)
{
	rig_head(r, CHAIN_HEAD, 2);
	rig_table(r, 0, rig_addr(r, 4), 20, NEXT, next);
	rig_table(r, 1, rig_addr(r, 5), 32, WRITE, 0);
	rig_offer(r, CHAIN_HEAD);
	assert_int_equal(rig_take(r), RING_REFUSED);
	rig_return(r, 0);
}

static void descriptors_that_were_good_elsewhere_are_not_good_in_a_table(void **state)
{
	struct rig *r = rig_new(CHAIN_SIZE, RIG_INDIRECT | RIG_REMEMBER);

	(void)state;
	rig_device(r, 0, 0);
	/* The first was outside the table. */
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT, 3);
	rig_head(r, 3, 2);
	rig_table(r, 0, rig_addr(r, 5), 32, WRITE, 0);
	rig_offer(r, CHAIN_HEAD);
	assert_int_equal(rig_take(r), RING_TAKEN);
	rig_return(r, 0);
	try_table_that_goes_on_outside(r, 3);
	/* The table was longer. */
	rig_head(r, CHAIN_HEAD, CHAIN_SIZE);
	rig_table(r, 0, rig_addr(r, 4), 20, NEXT, 7);
	rig_table(r, 7, rig_addr(r, 5), 32, WRITE, 0);
	rig_offer(r, CHAIN_HEAD);
	assert_int_equal(rig_take(r), RING_TAKEN);
	rig_return(r, 0);
	try_table_that_goes_on_outside(r, 7);
	rig_free(r);
}

static void lengths_of_what_is_known_are_no_more_than_there_may_be_in_all(void **state)
{
	struct rig *r = rig_new(CHAIN_SIZE, RIG_REMEMBER);
	unsigned char out[4];
	struct ring_chain c = {.out = out, .out_cap = 4, .in = r->piece, .in_cap = 1, .in_want = 4};

	(void)state;
	rig_device(r, 0, 0);
	chain_wide_map(r);
	chain_pair(r);
	for (uint32_t more = 0; more < 3; more++) {
		rig_offer(r, CHAIN_HEAD);
		assert_int_equal(scmi__ring_device_take(&r->device, &c), more == 2 ? RING_REFUSED : RING_TAKEN);
		r->chain.head = c.head;
		rig_return(r, 0);
		rig_put32(r, r->desc + 16 * 4 + 8, 0x80000000u + more);
		rig_put32(r, r->desc + 16 * 5 + 8, 0x80000000u);
	}
	rig_free(r);
}

static void without_the_feature_a_table_is_refused(void **state)
{
	struct rig *r = rig_new(CHAIN_SIZE, RIG_REMEMBER);

	(void)state;
	rig_device(r, 0, 0);
	chain_try(r, CHAIN_TABLE, RING_REFUSED);
	rig_works(r);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_chains_are_taken),
		cmocka_unit_test(bad_chains_are_refused_and_the_next_is_served),
		cmocka_unit_test(what_is_remembered_does_not_outlive_its_descriptors),
		cmocka_unit_test(rewritten_descriptors_are_looked_at_anew),
		cmocka_unit_test(pair_whose_second_has_changed_its_kind_is_looked_at_anew),
		cmocka_unit_test(init_forgets),
		cmocka_unit_test(table_elsewhere_is_another_table),
		cmocka_unit_test(table_shorter_than_before_is_looked_at_anew),
		cmocka_unit_test(length_past_the_map_is_refused_though_the_address_is_known),
		cmocka_unit_test(descriptors_that_were_good_elsewhere_are_not_good_in_a_table),
		cmocka_unit_test(lengths_of_what_is_known_are_no_more_than_there_may_be_in_all),
		cmocka_unit_test(without_the_feature_a_table_is_refused),
	};

	return cmocka_run_group_tests_name("ring_chain", tests, NULL, NULL);
}
