/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One area between two threads, an agent and a platform, each of which copies what it is sent. A WIDE area is copied by
 * memcpy(), so that the thread sanitizer sees an order that is missing; in the others a wrong byte would show.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "shmem_rig.h"

#define BYTES  (SCMI_SHMEM_PAYLOAD + 100u)
#define ROUNDS 3000u

struct bed {
	struct scmi_shmem area;
	atomic_uint wrong;
};

static uint32_t length_of(uint32_t round)
{
	return round * 7 % 101;
}

static unsigned char byte_of(uint32_t round, uint32_t i)
{
	return (unsigned char)(round * 3 + i * 5);
}

static void write_round(const struct scmi_shmem *a, uint32_t round)
{
	unsigned char payload[100];
	uint32_t len = length_of(round);

	for (uint32_t i = 0; i < len; i++)
		payload[i] = byte_of(round, i);
	scmi__shmem_write(a, round, payload, len, round % 2);
}

static bool read_round(const struct scmi_shmem *a, uint32_t round)
{
	unsigned char payload[100];
	struct shmem_message m;

	if (scmi__shmem_take(a, &m) != SHMEM_GOOD || m.hdr != round || m.flags != round % 2)
		return false;
	if (m.len != length_of(round))
		return false;
	scmi__shmem_read(a, 0, payload, m.len);
	for (uint32_t i = 0; i < m.len; i++)
		if (payload[i] != byte_of(round, i))
			return false;
	return true;
}

static void await_status(const struct scmi_shmem *a, uint32_t status)
{
	while (scmi__shmem_status(a, NULL) != status)
		(void)sched_yield();
}

/* Takes the even rounds and sends the odd ones. */
static void *platform(void *arg)
{
	struct bed *b = arg;

	for (uint32_t round = 0; round < ROUNDS; round += 2) {
		await_status(&b->area, 0);
		if (!read_round(&b->area, round))
			atomic_fetch_add(&b->wrong, 1u);
		write_round(&b->area, round + 1);
		scmi__shmem_give(&b->area, NULL, SCMI_SHMEM_FREE);
	}
	return NULL;
}

static void agent(struct bed *b)
{
	for (uint32_t round = 0; round < ROUNDS; round += 2) {
		write_round(&b->area, round);
		scmi__shmem_give(&b->area, NULL, 0);
		await_status(&b->area, SCMI_SHMEM_FREE);
		if (!read_round(&b->area, round + 1))
			atomic_fetch_add(&b->wrong, 1u);
	}
}

static void messages_are_whole_whoever_reads_them(void **state)
{
	static const uint8_t flags[] = {0, SCMI_SHMEM_WIDE};

	(void)state;
	for (uint8_t kind = 0; kind < 4; kind++) {
		struct bed b = {.area = area_new(BYTES, flags[kind % 2])};
		pthread_t thread;

		b.area.check = kind < 2 ? SCMI_SHMEM_CHECK_NONE : SCMI_SHMEM_CHECK_CRC32;
		assert_int_equal(scmi_shmem_reset(&b.area), SCMI_OK);
		assert_int_equal(pthread_create(&thread, NULL, platform, &b), 0);
		agent(&b);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(b.wrong, 0);
		free(b.area.mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_whole_whoever_reads_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
