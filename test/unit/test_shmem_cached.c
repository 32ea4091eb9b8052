/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that is not coherent: each end sees the area through a cache of its own. The model is as unkind as a processor
 * may be. Cleaning goes from the first line to the last, invalidating the other way round, each invalidated line is
 * fetched again at once, and between two lines the other end acts. A clean or an invalidate can be left out, to see
 * that it was needed.
 */
#include "shmem_rig.h"

#define LINE   64u
#define LINES  3u
#define BYTES  (LINE * LINES)
#define AMOUNT (BYTES - SCMI_SHMEM_PAYLOAD) /* so that the message's end lies in the last line */

static _Alignas(64) unsigned char memory[BYTES];

struct end {
	struct scmi_port port;
	_Alignas(64) unsigned char seen[BYTES]; /* what this processor reads and writes */
	unsigned char fetched[BYTES];           /* lines as they came: what differs is dirty */
	struct scmi_shmem area;
	unsigned cleans, invalidates;
	unsigned no_clean, no_invalidate; /* n: the n-th does nothing */
	void (*between)(unsigned line);   /* the other end's turn; NULL: none */
};

static struct end sender, receiver;

static void clean(void *ctx, void *mem, size_t len)
{
	struct end *e = ctx;

	assert_ptr_equal(mem, e->seen);
	assert_int_equal(len, BYTES);
	if (++e->cleans == e->no_clean)
		return;
	for (unsigned line = 0; line < LINES; line++) {
		size_t at = (size_t)line * LINE;

		if (memcmp(e->seen + at, e->fetched + at, LINE) != 0) {
			memcpy(memory + at, e->seen + at, LINE);
			memcpy(e->fetched + at, e->seen + at, LINE);
		}
		if (e->between != NULL)
			e->between(line);
	}
}

static void invalidate(void *ctx, void *mem, size_t len)
{
	struct end *e = ctx;

	assert_ptr_equal(mem, e->seen);
	assert_int_equal(len, BYTES);
	if (++e->invalidates == e->no_invalidate)
		return;
	for (unsigned line = LINES; line-- > 0;) {
		size_t at = (size_t)line * LINE;

		memcpy(e->seen + at, memory + at, LINE);
		memcpy(e->fetched + at, memory + at, LINE);
		if (e->between != NULL)
			e->between(line);
	}
}

static void end_init(struct end *e)
{
	memset(e, 0, sizeof(*e));
	e->port = (struct scmi_port){.ctx = e, .cache_clean = clean, .cache_invalidate = invalidate};
	e->area = (struct scmi_shmem){.mem = e->seen, .len = BYTES, .flags = SCMI_SHMEM_CACHED};
	memcpy(e->seen, memory, BYTES);
	memcpy(e->fetched, memory, BYTES);
	assert_null(scmi__shmem_fault(&e->area, &e->port));
}

/* Both ends know the area as it is after a reset. */
static void begin(void)
{
	struct scmi_shmem plain = {.mem = memory, .len = BYTES};

	memset(memory, OLD, BYTES);
	assert_int_equal(scmi_shmem_reset(&plain), SCMI_OK);
	end_init(&sender);
	end_init(&receiver);
}

static void write_message(void)
{
	unsigned char payload[AMOUNT];

	for (uint32_t i = 0; i < AMOUNT; i++)
		payload[i] = (unsigned char)(i + 1);
	scmi__shmem_write(&sender.area, 0x11223344, payload, AMOUNT, SCMI_SHMEM_INTR);
}

enum sight { NOTHING, WHOLE, BROKEN };

/* What the receiver finds if it looks now. */
static enum sight look(void)
{
	unsigned char payload[AMOUNT];
	struct shmem_message m;

	if ((scmi__shmem_status(&receiver.area, &receiver.port) & SCMI_SHMEM_FREE) != 0)
		return NOTHING;
	if (scmi__shmem_take(&receiver.area, &m) != SHMEM_GOOD || m.hdr != 0x11223344 || m.len != AMOUNT)
		return BROKEN;
	scmi__shmem_read(&receiver.area, 0, payload, AMOUNT);
	for (uint32_t i = 0; i < AMOUNT; i++)
		if (payload[i] != (unsigned char)(i + 1))
			return BROKEN;
	return m.flags == SCMI_SHMEM_INTR ? WHOLE : BROKEN;
}

/* ---- the sender's side: the receiver looks after each line that has reached memory ---- */

static enum sight first;

static void receiver_looks(unsigned line)
{
	(void)line;
	if (first == NOTHING)
		first = look();
}

static enum sight send_without(unsigned no_clean)
{
	begin();
	first = NOTHING;
	sender.between = receiver_looks;
	sender.no_clean = no_clean;
	write_message();
	scmi__shmem_give(&sender.area, &sender.port, 0);
	receiver_looks(0);
	return first;
}

static void message_reaches_memory_before_its_status(void **state)
{
	(void)state;
	assert_int_equal(send_without(0), WHOLE);
	assert_int_equal(sender.cleans, 2);
	assert_int_equal(sender.invalidates, 0);
	assert_int_equal(send_without(1), BROKEN);
	assert_int_equal(send_without(2), NOTHING);
}

/* ---- the receiver's side: the sender gives the area away while the receiver fetches it ---- */

static void sender_gives(unsigned line)
{
	if (line != 1)
		return;
	receiver.between = NULL;
	write_message();
	scmi__shmem_give(&sender.area, &sender.port, 0);
}

static enum sight receive_without(unsigned no_invalidate)
{
	begin();
	receiver.between = sender_gives;
	receiver.no_invalidate = no_invalidate;
	return look();
}

static void nothing_is_read_that_was_fetched_before_the_status(void **state)
{
	(void)state;
	assert_int_equal(receive_without(0), WHOLE);
	assert_int_equal(receiver.invalidates, 2);
	assert_int_equal(receiver.cleans, 0);
	assert_int_equal(receive_without(2), BROKEN);
}

/* The message has long been there; the receiver's lines are older. */
static void status_is_not_the_one_of_last_time(void **state)
{
	(void)state;
	for (unsigned without = 0; without <= 1; without++) {
		begin();
		write_message();
		scmi__shmem_give(&sender.area, &sender.port, 0);
		receiver.no_invalidate = without;
		assert_int_equal(look(), without == 0 ? WHOLE : NOTHING);
	}
}

/* ---- there and back ---- */

static void reply_comes_back_through_both_caches(void **state)
{
	static const unsigned char answer[8] = {0, 0, 0, 0, 0x0d, 0x0c, 0x0b, 0x0a};
	unsigned char got[8] = {0};
	struct shmem_message m;

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		if (round == 0)
			begin();
		write_message();
		scmi__shmem_give(&sender.area, &sender.port, 0);
		assert_int_equal(look(), WHOLE);
		assert_int_equal(scmi__shmem_status(&sender.area, &sender.port), 0);
		scmi__shmem_write(&receiver.area, 0x11223344, answer, sizeof(answer), 0);
		scmi__shmem_give(&receiver.area, &receiver.port, SCMI_SHMEM_FREE);
		assert_int_equal(scmi__shmem_status(&sender.area, &sender.port), SCMI_SHMEM_FREE);
		assert_int_equal(scmi__shmem_take(&sender.area, &m), SHMEM_GOOD);
		assert_int_equal(m.len, sizeof(answer));
		scmi__shmem_read(&sender.area, 0, got, m.len);
		assert_memory_equal(got, answer, sizeof(answer));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_reaches_memory_before_its_status),
		cmocka_unit_test(nothing_is_read_that_was_fetched_before_the_status),
		cmocka_unit_test(status_is_not_the_one_of_last_time),
		cmocka_unit_test(reply_comes_back_through_both_caches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
