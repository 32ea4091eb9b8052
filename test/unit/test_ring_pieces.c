/* SPDX-License-Identifier: BSD-3-Clause */
/* What is made of a good chain: bytes gathered, pieces noted; and pieces without number looked at for overlaps. */
#include "ring_cases.h"

static void readable_bytes_are_gathered_in_order(void **state)
{
	struct rig *r = rig_new(CHAIN_SIZE, 0);

	(void)state;
	rig_device(r, 0, 0);
	chain_many_pieces(r);
	for (uint32_t i = 0; i < 64; i++) {
		rig_buffer(r, 4)[i] = (unsigned char)(100 + i);
		rig_buffer(r, 5)[i] = (unsigned char)(200 + i);
	}
	rig_offer(r, CHAIN_HEAD);
	assert_int_equal(rig_take(r), RING_TAKEN);
	assert_int_equal(r->out[0], 100);
	assert_int_equal(r->out[1], 200);
	assert_int_equal(r->out[2], 201);
	assert_memory_equal(r->out + 3, rig_buffer(r, 4), 17);
	assert_ptr_equal(r->piece[0].mem, rig_buffer(r, 8));
	assert_int_equal(r->piece[0].len, 3);
	assert_ptr_equal(r->piece[1].mem, rig_buffer(r, 7));
	assert_int_equal(r->piece[1].len, 4);
	assert_ptr_equal(r->piece[2].mem, rig_buffer(r, 6));
	assert_int_equal(r->piece[2].len, 25);
	assert_ptr_equal(r->piece[3].mem, rig_buffer(r, 7) + 4);
	assert_int_equal(r->piece[3].len, 10);
	rig_return(r, 0);
	rig_free(r);
}

static void no_more_is_gathered_than_there_is_room_for(void **state)
{
	(void)state;
	for (unsigned remember = 0; remember <= RIG_REMEMBER; remember += RIG_REMEMBER) {
		struct rig *r = rig_new(CHAIN_SIZE, remember);

		rig_device(r, 0, 0);
		for (uint32_t cap = 0; cap <= 64; cap++) {
			unsigned char out[66];
			struct ring_chain c = {.out = out, .out_cap = cap, .in = r->piece, .in_cap = 1, .in_want = 100};

			memset(out, 0xee, sizeof(out));
			rig_pair(r, CHAIN_HEAD, 4, 61);
			rig_offer(r, CHAIN_HEAD);
			assert_int_equal(scmi__ring_device_take(&r->device, &c), RING_TAKEN);
			assert_int_equal(c.out_len, 61);
			assert_memory_equal(out, rig_buffer(r, 4), cap < 61 ? cap : 61);
			assert_int_equal(out[cap < 61 ? cap : 61], 0xee);
			r->chain.head = c.head;
			rig_return(r, 0);
		}
		rig_free(r);
	}
}

static void messages_of_every_length_are_gathered_whole(void **state)
{
	struct rig *r = rig_new(CHAIN_SIZE, RIG_REMEMBER);

	(void)state;
	rig_device(r, 0, 0);
	for (uint32_t i = 0; i < 256; i++)
		rig_buffer(r, 4)[i] = (unsigned char)i;
	for (uint32_t len = 1; len <= 160; len++) {
		rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), len, NEXT, 5);
		rig_desc(r, 5, rig_addr(r, 8), 32, WRITE, 0);
		rig_offer(r, CHAIN_HEAD);
		assert_int_equal(rig_take(r), RING_TAKEN);
		assert_int_equal(r->chain.out_len, len);
		assert_memory_equal(r->out, rig_buffer(r, 4), len);
		assert_int_equal(r->out[len], 0xa5);
		rig_return(r, 0);
	}
	rig_free(r);
}

static void gathered_in_pieces_it_stops_at_the_room_too(void **state)
{
	struct rig *r = rig_new(CHAIN_SIZE, 0);

	(void)state;
	rig_device(r, 0, 0);
	for (uint32_t cap = 0; cap < 22; cap++) {
		unsigned char out[24];
		struct ring_chain c = {.out = out, .out_cap = cap, .in = r->piece, .in_cap = 8, .in_want = 100};

		memset(out, 0xee, sizeof(out));
		chain_many_pieces(r);
		rig_offer(r, CHAIN_HEAD);
		assert_int_equal(scmi__ring_device_take(&r->device, &c), RING_TAKEN);
		assert_int_equal(c.out_len, 20);
		assert_int_equal(out[cap < 20 ? cap : 20], 0xee);
		r->chain.head = c.head;
		rig_return(r, 0);
	}
	rig_free(r);
}

static void total_of_readable_bytes_does_not_wrap(void **state)
{
	struct rig *r = rig_new(CHAIN_SIZE, 0);
	unsigned char out[4];
	struct ring_chain c = {.out = out, .out_cap = 4, .in = r->piece, .in_cap = 8, .in_want = 100};

	(void)state;
	rig_device(r, 0, 0);
	chain_wide_map(r);
	rig_desc(r, CHAIN_HEAD, rig_addr(r, 4), UINT32_MAX, NEXT, 5);
	rig_desc(r, 5, rig_addr(r, 5), 1, 0, 0);
	rig_offer(r, CHAIN_HEAD);
	assert_int_equal(scmi__ring_device_take(&r->device, &c), RING_TAKEN);
	assert_int_equal(c.out_len, UINT32_MAX);
	rig_free(r);
}

static void no_more_is_noted_than_is_wanted(void **state)
{
	static const struct {
		uint32_t want;
		uint32_t pieces;
		uint32_t last;
	} cases[] = {{1, 1, 1},   {2, 1, 2},  {3, 1, 3},  {4, 2, 1},  {7, 2, 4},   {8, 3, 1},
		     {32, 3, 25}, {33, 4, 1}, {37, 4, 5}, {38, 4, 6}, {42, 4, 10}, {43, 4, 10}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = rig_new(CHAIN_SIZE, RIG_REMEMBER);

		rig_device(r, 0, 0);
		chain_many_pieces(r);
		rig_offer(r, CHAIN_HEAD);
		assert_int_equal(rig_take_with(r, cases[i].pieces, cases[i].want), RING_TAKEN);
		assert_int_equal(r->chain.in_n, cases[i].pieces);
		assert_int_equal(r->chain.in_len, cases[i].want < 42 ? cases[i].want : 42);
		assert_int_equal(r->piece[cases[i].pieces - 1].len, cases[i].last);
		rig_return(r, 0);
		/* and of a pair, the first time and known */
		for (int again = 0; again < 2; again++) {
			chain_pair(r);
			rig_offer(r, CHAIN_HEAD);
			assert_int_equal(rig_take_with(r, 1, cases[i].want), RING_TAKEN);
			assert_int_equal(r->chain.in_len, cases[i].want < 32 ? cases[i].want : 32);
			assert_int_equal(r->piece[0].len, cases[i].want < 32 ? cases[i].want : 32);
			rig_return(r, 0);
		}
		rig_free(r);
	}
}

static void pieces_that_do_not_fit_wait_for_room(void **state)
{
	struct rig *r = rig_new(CHAIN_SIZE, RIG_REMEMBER);

	(void)state;
	rig_device(r, 0, 0);
	chain_many_pieces(r);
	rig_offer(r, CHAIN_HEAD);
	for (uint32_t room = 1; room < 4; room++) {
		assert_int_equal(rig_take_with(r, room, 42), RING_FULL);
		assert_true(ring_device_news(&r->device));
	}
	assert_int_equal(rig_take_with(r, 4, 42), RING_TAKEN);
	assert_int_equal(r->chain.in_n, 4);
	rig_return(r, 0);
	rig_works(r);
	/* A wrong one does not wait. */
	chain_many_pieces(r);
	rig_desc(r, 6, rig_addr(r, 8), 1, WRITE, 0);
	rig_offer(r, CHAIN_HEAD);
	assert_int_equal(rig_take_with(r, 1, 42), RING_REFUSED);
	rig_return(r, 0);
	rig_free(r);
}

/* ---- as many pieces as there may be ---- */

/* n writable descriptors of 2 bytes, 3 bytes apart, in an order without order. */
static void scatter(struct rig *r, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t where = i * 389u % n; /* 389 is prime: each place once */

		rig_desc(r, i, rig_addr(r, 0) + 3 * where, 2, i == n - 1 ? WRITE : NEXT | WRITE, i + 1);
	}
}

static void thousand_pieces_are_looked_at_for_overlaps(void **state)
{
	static const uint32_t changed[] = {1, 2, 300, 511, 512, 1022, 1023};
	struct rig *r = rig_new(1024, 0);

	(void)state;
	rig_device(r, 0, 0);
	scatter(r, 1024);
	rig_offer(r, 0);
	assert_int_equal(rig_take_with(r, 8, 16), RING_TAKEN);
	assert_int_equal(r->chain.in_n, 8);
	rig_return(r, 0);
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
		scatter(r, 1024);
		/* its second byte is the first of the next in memory, or its first the last of the one before */
		rig_put32(r, r->desc + 16 * changed[i] + 8, changed[i] * 389u % 1024 == 1023 ? 2 : 4);
		if (changed[i] * 389u % 1024 == 1023)
			rig_put64(r, r->desc + 16 * changed[i], rig_addr(r, 0) + 3 * 1022 + 1);
		rig_offer(r, 0);
		assert_int_equal(rig_take_with(r, 8, 16), RING_REFUSED);
		rig_return(r, 0);
	}
	rig_free(r);
}

static void spans_of_any_number_are_told_apart(void **state)
{
	struct ring_span spans[40];

	(void)state;
	for (uint32_t n = 0; n <= 40; n++) {
		for (uint32_t bad_one = 0; bad_one <= n; bad_one++) {
			for (uint32_t i = 0; i < n; i++) {
				const uint32_t where = i * 41u % (n == 0 ? 1 : n);

				spans[i].first = UINT64_MAX - 10u * where - 9;
				spans[i].last = spans[i].first + 9;
			}
			if (bad_one < n && n > 1) {
				const bool lowest = spans[bad_one].first == UINT64_MAX - 10u * (n - 1) - 9;

				if (lowest)
					spans[bad_one].last++;
				else
					spans[bad_one].first--;
			}
			assert_int_equal(scmi__ring_spans_apart(spans, n), bad_one >= n || n <= 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readable_bytes_are_gathered_in_order),
		cmocka_unit_test(no_more_is_gathered_than_there_is_room_for),
		cmocka_unit_test(messages_of_every_length_are_gathered_whole),
		cmocka_unit_test(gathered_in_pieces_it_stops_at_the_room_too),
		cmocka_unit_test(total_of_readable_bytes_does_not_wrap),
		cmocka_unit_test(no_more_is_noted_than_is_wanted),
		cmocka_unit_test(pieces_that_do_not_fit_wait_for_room),
		cmocka_unit_test(thousand_pieces_are_looked_at_for_overlaps),
		cmocka_unit_test(spans_of_any_number_are_told_apart),
	};

	return cmocka_run_group_tests_name("ring_pieces", tests, NULL, NULL);
}
