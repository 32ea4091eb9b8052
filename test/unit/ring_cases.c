/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring_cases.h"

/* ---- good ---- */

void chain_pair(struct rig *r)
{
	rig_pair(r, CHAIN_HEAD, 4, 20);
}

static void readable_alone(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, 0, 0);
}

static void writable_alone(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, WRITE, 0);
}

static void unknown_flags(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT | 0xfff8u, 6);
	rig_desc(r, 6, rig_addr(r, 5), 32, WRITE | 0x8000u, 0xffff);
}

static void pieces_that_overlap_but_for_one_readable(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT, 6);
	rig_desc(r, 6, rig_addr(r, 4), 32, WRITE, 0);
}

void chain_many_pieces(struct rig *r)
{
	rig_desc(r, 4, rig_addr(r, 4), 1, NEXT, 3);
	rig_desc(r, 3, rig_addr(r, 5), 2, NEXT, 0);
	rig_desc(r, 0, rig_addr(r, 4), 17, NEXT, 7);
	rig_desc(r, 7, rig_addr(r, 8), 3, NEXT | WRITE, 1);
	rig_desc(r, 1, rig_addr(r, 7), 4, NEXT | WRITE, 2);
	rig_desc(r, 2, rig_addr(r, 6), 25, NEXT | WRITE, 5);
	rig_desc(r, 5, rig_addr(r, 7) + 4, 5, NEXT | WRITE, 6);
	rig_desc(r, 6, rig_addr(r, 7) + 9, 5, WRITE, 0);
}

static void neighbours(struct rig *r)
{
	rig_desc(r, 4, rig_addr(r, 4), 20, NEXT, 5);
	rig_desc(r, 5, rig_addr(r, 5), 3, NEXT | WRITE, 6);
	rig_desc(r, 6, rig_addr(r, 5) + 3, 4, NEXT | WRITE, 7);
	rig_desc(r, 7, rig_addr(r, 5) + 7, 25, WRITE, 0);
}

static void neighbours_but_not_in_memory(struct rig *r)
{
	/* Two maps that follow one another in the driver's addresses, and not here. */
	r->map[0].len = r->data + 5 * 64;
	r->map[1] = (struct ring_map){
		.addr = RIG_BASE + r->map[0].len,
		.len = 64,
		.mem = rig_buffer(r, 9),
	};
	r->device.maps.n = 2;
	rig_desc(r, 4, rig_addr(r, 4), 20, NEXT, 5);
	rig_desc(r, 5, rig_addr(r, 5) - 4, 4, NEXT | WRITE, 6);
	rig_desc(r, 6, rig_addr(r, 5), 4, WRITE, 0);
}

void chain_table_of_two(struct rig *r)
{
	rig_head(r, CHAIN_HEAD, 2);
	rig_table(r, 0, rig_addr(r, 4), 20, NEXT, 1);
	rig_table(r, 1, rig_addr(r, 5), 32, WRITE, 0);
}

static void table_that_claims_to_be_writable(struct rig *r)
{
	chain_table_of_two(r);
	rig_desc(r, CHAIN_HEAD, RIG_BASE + r->table, 32, INDIRECT | WRITE, 0x1234);
}

static void table_of_eight_of_which_two_are_used(struct rig *r)
{
	rig_head(r, CHAIN_HEAD, CHAIN_SIZE);
	rig_table(r, 0, rig_addr(r, 4), 20, NEXT, 7);
	rig_table(r, 7, rig_addr(r, 5), 32, WRITE, 0);
}

static void three_of_which_the_last_is_next_to_the_first(struct rig *r)
{
	rig_desc(r, 4, rig_addr(r, 4), 20, NEXT, 6);
	rig_desc(r, 6, rig_addr(r, 6), 3, NEXT, 5);
	rig_desc(r, 5, rig_addr(r, 5), 32, WRITE, 0);
}

static void pair_that_is_apart(struct rig *r)
{
	rig_desc(r, 4, rig_addr(r, 4), 20, NEXT, 7);
	rig_desc(r, 7, rig_addr(r, 5), 31, WRITE, 0);
}

static void table_behind_two(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT, 1);
	rig_desc(r, 1, rig_addr(r, 5), 5, NEXT, 2);
	rig_head(r, 2, 2);
	rig_table(r, 0, rig_addr(r, 6), 6, NEXT, 1);
	rig_table(r, 1, rig_addr(r, 7), 32, WRITE, 0);
}

static void table_behind_a_writable_one(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT | WRITE, 1);
	rig_head(r, 1, 1);
	rig_table(r, 0, rig_addr(r, 5), 12, WRITE, 0);
}

static void as_many_as_there_may_be(struct rig *r)
{
	for (uint32_t i = 0; i < 4; i++)
		rig_desc(r, 4 + i, rig_addr(r, i), 1, NEXT, i == 3 ? 0 : 5 + i);
	rig_head(r, 0, 4);
	for (uint32_t i = 0; i < 4; i++)
		rig_table(r, i, rig_addr(r, 4), 1, i == 3 ? 0 : NEXT, i + 1);
}

static void last_byte_of_the_map(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT, 5);
	rig_desc(r, 5, RIG_BASE + RIG_BYTES - 32, 32, WRITE, 0);
}

/* Such lengths are not there to be read: 64 bits of addresses stand for a little memory. */
void chain_wide_map(struct rig *r)
{
	r->map[0].len = UINT64_C(0x300000000);
}

static void two_to_the_thirty_second_in_all(struct rig *r)
{
	chain_wide_map(r);
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT, 5);
	rig_desc(r, 5, rig_addr(r, 5), UINT32_MAX - 19u, WRITE, 0);
}

static void top_of_the_address_space(struct rig *r)
{
	r->map[1] = (struct ring_map){.addr = UINT64_MAX - 63, .len = 64, .mem = rig_buffer(r, 9)};
	r->device.maps.n = 2;
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT, 5);
	rig_desc(r, 5, UINT64_MAX - 31, 32, WRITE, 0);
}

const struct chain_case chain_good[CHAIN_GOOD] = {
	{"pair", chain_pair, 20, 1, 32},
	{"reply over request", pieces_that_overlap_but_for_one_readable, 20, 1, 32},
	{"table of two", chain_table_of_two, 20, 1, 32},
	{"table, writable", table_that_claims_to_be_writable, 20, 1, 32},
	{"readable alone", readable_alone, 20, 0, 0},
	{"writable alone", writable_alone, 0, 1, 20},
	{"unknown flags", unknown_flags, 20, 1, 32},
	{"many pieces", chain_many_pieces, 20, 4, 42},
	{"neighbours", neighbours, 20, 1, 32},
	{"neighbours there, not here", neighbours_but_not_in_memory, 20, 2, 8},
	{"last byte of the map", last_byte_of_the_map, 20, 1, 32},
	{"2^32 in all", two_to_the_thirty_second_in_all, 20, 1, UINT32_MAX - 19u},
	{"top of the address space", top_of_the_address_space, 20, 1, 32},
	{"table of eight", table_of_eight_of_which_two_are_used, 20, 1, 32},
	{"three", three_of_which_the_last_is_next_to_the_first, 23, 1, 32},
	{"pair apart", pair_that_is_apart, 20, 1, 31},
	{"table behind two", table_behind_two, 31, 1, 32},
	{"table behind a writable one", table_behind_a_writable_one, 0, 2, 32},
	{"as many as there may be", as_many_as_there_may_be, 8, 0, 0},
};

/* ---- refused ---- */

static void next_outside(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT, CHAIN_SIZE);
}

static void next_far_outside(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT, 0xffff);
}

static void itself(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT, CHAIN_HEAD);
}

static void loop_of_writable_ones(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT | WRITE, 5);
	rig_desc(r, 5, rig_addr(r, 5), 20, NEXT | WRITE, CHAIN_HEAD);
}

static void readable_behind_writable(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT, 5);
	rig_desc(r, 5, rig_addr(r, 5), 20, NEXT | WRITE, 6);
	rig_desc(r, 6, rig_addr(r, 6), 20, 0, 0);
}

static void readable_of_no_length(struct rig *r)
{
	rig_pair(r, CHAIN_HEAD, 4, 0);
}

static void writable_of_no_length(struct rig *r)
{
	chain_pair(r);
	rig_desc(r, 5, rig_addr(r, 5), 0, WRITE, 0);
}

static void below_the_map(struct rig *r)
{
	chain_pair(r);
	rig_desc(r, 5, RIG_BASE - 1, 32, WRITE, 0);
}

static void past_the_map(struct rig *r)
{
	chain_pair(r);
	rig_desc(r, 5, RIG_BASE + RIG_BYTES - 31, 32, WRITE, 0);
}

static void readable_past_the_map(struct rig *r)
{
	chain_pair(r);
	rig_desc(r, CHAIN_HEAD, RIG_BASE + RIG_BYTES - 19, 20, NEXT, 5);
}

static void address_that_wraps(struct rig *r)
{
	chain_pair(r);
	rig_desc(r, 5, UINT64_MAX - 15, 32, WRITE, 0);
}

static void address_that_wraps_into_the_map(struct rig *r)
{
	r->map[1] = (struct ring_map){.addr = 0, .len = 64, .mem = rig_buffer(r, 9)};
	r->device.maps.n = 2;
	address_that_wraps(r);
}

static void across_two_maps(struct rig *r)
{
	neighbours_but_not_in_memory(r);
	rig_desc(r, 5, rig_addr(r, 5) - 4, 8, WRITE, 0);
}

static void a_byte_more_than_two_to_the_thirty_second(struct rig *r)
{
	chain_wide_map(r);
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), 20, NEXT, 5);
	rig_desc(r, 5, rig_addr(r, 5), UINT32_MAX - 18u, WRITE, 0);
}

static void lengths_that_wrap(struct rig *r)
{
	chain_wide_map(r);
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), UINT32_MAX, NEXT, 5);
	rig_desc(r, 5, rig_addr(r, 4), 21, NEXT, 6);
	rig_desc(r, 6, rig_addr(r, 5), 32, WRITE, 0);
}

static void writable_ones_that_overlap(struct rig *r)
{
	chain_pair(r);
	rig_desc(r, 5, rig_addr(r, 5), 20, NEXT | WRITE, 6);
	rig_desc(r, 6, rig_addr(r, 5) + 19, 20, WRITE, 0);
}

static void writable_ones_that_overlap_from_below(struct rig *r)
{
	chain_pair(r);
	rig_desc(r, 5, rig_addr(r, 5) + 19, 20, NEXT | WRITE, 6);
	rig_desc(r, 6, rig_addr(r, 5), 20, WRITE, 0);
}

static void writable_ones_that_overlap_the_last_but_one(struct rig *r)
{
	chain_pair(r);
	rig_desc(r, 5, rig_addr(r, 5), 20, NEXT | WRITE, 6);
	rig_desc(r, 6, rig_addr(r, 8), 20, NEXT | WRITE, 7);
	rig_desc(r, 7, rig_addr(r, 5) + 3, 1, WRITE, 0);
}

static void writable_one_twice(struct rig *r)
{
	chain_pair(r);
	rig_desc(r, 5, rig_addr(r, 5), 20, NEXT | WRITE, 6);
	rig_desc(r, 6, rig_addr(r, 5), 20, WRITE, 0);
}

static void writable_ones_that_overlap_around_the_top(struct rig *r)
{
	r->map[1] = (struct ring_map){.addr = UINT64_MAX - 63, .len = 64, .mem = rig_buffer(r, 9)};
	r->map[0] = (struct ring_map){.addr = 0, .len = 64, .mem = rig_buffer(r, 10)};
	r->device.maps.n = 2;
	rig_desc(r, CHAIN_HEAD, UINT64_MAX - 31, 32, NEXT | WRITE, 5);
	rig_desc(r, 5, 0, 32, NEXT | WRITE, 6);
	rig_desc(r, 6, UINT64_MAX - 31, 4, WRITE, 0);
}

static void neighbours_and_one_over_them(struct rig *r)
{
	neighbours(r);
	rig_desc(r, 7, rig_addr(r, 5) + 6, 1, WRITE, 0);
}

static void table_without_length(struct rig *r)
{
	chain_table_of_two(r);
	rig_head(r, CHAIN_HEAD, 0);
}

static void table_of_one_and_a_half(struct rig *r)
{
	chain_table_of_two(r);
	rig_desc(r, CHAIN_HEAD, RIG_BASE + r->table, 24, INDIRECT, 0);
}

/* All of its descriptors are there, and half of another. */
static void table_of_two_and_a_half(struct rig *r)
{
	chain_table_of_two(r);
	rig_desc(r, CHAIN_HEAD, RIG_BASE + r->table, 40, INDIRECT, 0);
}

static void table_of_more_than_there_may_be(struct rig *r)
{
	chain_table_of_two(r);
	rig_head(r, CHAIN_HEAD, CHAIN_SIZE + 1);
}

static void table_of_all_lengths(struct rig *r)
{
	chain_table_of_two(r);
	rig_desc(r, CHAIN_HEAD, RIG_BASE + r->table, UINT32_MAX - 15, INDIRECT, 0);
}

static void table_with_next(struct rig *r)
{
	chain_table_of_two(r);
	rig_desc(r, CHAIN_HEAD, RIG_BASE + r->table, 32, INDIRECT | NEXT, 5);
}

static void table_past_the_map(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, RIG_BASE + RIG_BYTES - 16, 32, INDIRECT, 0);
}

static void table_out_of_line(struct rig *r)
{
	chain_table_of_two(r);
	memmove(r->mem + r->table + 2, r->mem + r->table, 32);
	rig_desc(r, CHAIN_HEAD, RIG_BASE + r->table + 2, 32, INDIRECT, 0);
}

static void table_in_a_table(struct rig *r)
{
	rig_head(r, CHAIN_HEAD, 2);
	rig_table(r, 0, rig_addr(r, 4), 20, NEXT, 1);
	rig_table(r, 1, RIG_BASE + r->table, 32, INDIRECT, 0);
}

/* As if it were what is remembered of a head of which nothing is. */
static void table_at_nought(struct rig *r)
{
	rig_desc(r, CHAIN_HEAD, 0, 32, INDIRECT, 0);
}

/* The ring's own table as an indirect one: each time round it would be entered again. */
static void table_is_the_rings_own(struct rig *r)
{
	rig_desc(r, 0, RIG_BASE + r->desc, 16 * CHAIN_SIZE, INDIRECT, 0);
	rig_desc(r, CHAIN_HEAD, RIG_BASE + r->desc, 16 * CHAIN_SIZE, INDIRECT, 0);
}

static void table_in_itself(struct rig *r)
{
	rig_head(r, CHAIN_HEAD, 2);
	rig_table(r, 0, RIG_BASE + r->table, 32, INDIRECT, 0);
}

static void next_outside_the_indirect_table(struct rig *r)
{
	chain_table_of_two(r);
	rig_table(r, 0, rig_addr(r, 4), 20, NEXT, 2); /* inside the ring's own, and inside memory */
	rig_table(r, 2, rig_addr(r, 5), 32, WRITE, 0);
}

static void loop_in_a_table(struct rig *r)
{
	chain_table_of_two(r);
	rig_table(r, 1, rig_addr(r, 5), 20, NEXT, 0);
	rig_table(r, 0, rig_addr(r, 5), 20, NEXT, 1);
}

static void more_than_there_may_be_in_both_together(struct rig *r)
{
	as_many_as_there_may_be(r);
	rig_head(r, 0, 5);
	rig_table(r, 3, rig_addr(r, 4), 1, NEXT, 4);
	rig_table(r, 4, rig_addr(r, 5), 32, WRITE, 0);
}

static void readable_in_a_table_behind_a_writable_one(struct rig *r)
{
	table_behind_a_writable_one(r);
	rig_table(r, 0, rig_addr(r, 5), 12, 0, 0);
}

const struct chain_case chain_bad[CHAIN_BAD] = {
	{.name = "table at 0", .lay = table_at_nought}, /* first: nothing is known of it then */
	{.name = "next outside", .lay = next_outside},
	{.name = "next far outside", .lay = next_far_outside},
	{.name = "itself", .lay = itself},
	{.name = "loop of writable ones", .lay = loop_of_writable_ones},
	{.name = "readable behind writable", .lay = readable_behind_writable},
	{.name = "readable of no length", .lay = readable_of_no_length},
	{.name = "writable of no length", .lay = writable_of_no_length},
	{.name = "below the map", .lay = below_the_map},
	{.name = "past the map", .lay = past_the_map},
	{.name = "readable past the map", .lay = readable_past_the_map},
	{.name = "address that wraps", .lay = address_that_wraps},
	{.name = "address that wraps into the map", .lay = address_that_wraps_into_the_map},
	{.name = "across two maps", .lay = across_two_maps},
	{.name = "2^32 + 1", .lay = a_byte_more_than_two_to_the_thirty_second},
	{.name = "lengths that wrap", .lay = lengths_that_wrap},
	{.name = "overlap", .lay = writable_ones_that_overlap},
	{.name = "overlap from below", .lay = writable_ones_that_overlap_from_below},
	{.name = "overlap of the last but one", .lay = writable_ones_that_overlap_the_last_but_one},
	{.name = "writable one twice", .lay = writable_one_twice},
	{.name = "overlap around the top", .lay = writable_ones_that_overlap_around_the_top},
	{.name = "over neighbours", .lay = neighbours_and_one_over_them},
	{.name = "table without length", .lay = table_without_length},
	{.name = "table of one and a half", .lay = table_of_one_and_a_half},
	{.name = "table of two and a half", .lay = table_of_two_and_a_half},
	{.name = "table too long", .lay = table_of_more_than_there_may_be},
	{.name = "table of all lengths", .lay = table_of_all_lengths},
	{.name = "table with next", .lay = table_with_next},
	{.name = "table past the map", .lay = table_past_the_map},
	{.name = "table out of line", .lay = table_out_of_line},
	{.name = "table in a table", .lay = table_in_a_table},
	{.name = "table is the ring's own", .lay = table_is_the_rings_own},
	{.name = "table in itself", .lay = table_in_itself},
	{.name = "next outside the table", .lay = next_outside_the_indirect_table},
	{.name = "loop in a table", .lay = loop_in_a_table},
	{.name = "too many in both", .lay = more_than_there_may_be_in_both_together},
	{.name = "readable in the table behind writable", .lay = readable_in_a_table_behind_a_writable_one},
};

bool chain_has_maps(const struct chain_case *c)
{
	return c->lay == neighbours_but_not_in_memory || c->lay == across_two_maps ||
	       c->lay == top_of_the_address_space || c->lay == two_to_the_thirty_second_in_all ||
	       c->lay == address_that_wraps_into_the_map || c->lay == a_byte_more_than_two_to_the_thirty_second ||
	       c->lay == lengths_that_wrap || c->lay == writable_ones_that_overlap_around_the_top;
}

static void only_map(struct rig *r)
{
	r->map[0] = (struct ring_map){.addr = RIG_BASE, .len = RIG_BYTES, .mem = r->mem};
	r->device.maps.n = 1;
}

void chain_try(struct rig *r, const struct chain_case *c, enum ring_take outcome)
{
	only_map(r);
	c->lay(r);
	rig_offer(r, CHAIN_HEAD);
	if (rig_take(r) != outcome)
		fail_msg("%s: not %d", c->name, (int)outcome);
	assert_int_equal(r->chain.head, CHAIN_HEAD);
	if (outcome == RING_TAKEN &&
	    (r->chain.out_len != c->out_len || r->chain.in_n != c->in_n || r->chain.in_len != c->in_len))
		fail_msg("%s: %u, %u in %u", c->name, r->chain.out_len, r->chain.in_len, r->chain.in_n);
	rig_return(r, 0);
	only_map(r);
}
