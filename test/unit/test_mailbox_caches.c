/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent's end whose areas lie in memory that is not coherent: what the processor sees and what the platform sees are
 * two things here, and only the port's two functions carry lines from one to the other. Two contexts share the cache.
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox_hand.h"

#define LINE  64u
#define BYTES SCMI_SHMEM_BYTES_DEFAULT

struct memory {
	alignas(64) unsigned char ram[2][BYTES]; /* as the platform sees it; the rig's is the cache */
	unsigned char fetched[2][BYTES];         /* what was the same in both: a line that differs is dirty */
	struct scmi_port port;
	unsigned cleans; /* of P2A; at interrupt_at another context comes, as an interrupt does */
	unsigned interrupt_at;
	bool held_up; /* the other context stops before its next invalidate, once */
	sem_t reached;
	sem_t go_on;
};

static struct memory memory;

static uint32_t area_of(const void *mem)
{
	return mem == rig.areas[A2P].mem ? A2P : P2A;
}

static void put(uint32_t area, uint32_t offset, uint32_t value)
{
	scmi_put_le32(memory.ram[area] + offset, value);
}

static uint32_t get(uint32_t area, uint32_t offset)
{
	return scmi_get_le32(memory.ram[area] + offset);
}

static void write_back(uint32_t area, unsigned char *mem)
{
	for (uint32_t at = 0; at < BYTES; at += LINE) {
		if (memcmp(mem + at, memory.fetched[area] + at, LINE) == 0)
			continue;
		memcpy(memory.ram[area] + at, mem + at, LINE);
		memcpy(memory.fetched[area] + at, mem + at, LINE);
	}
}

static void clean(void *ctx, void *mem, size_t len)
{
	const uint32_t area = area_of(mem);

	(void)ctx;
	assert_int_equal(len, BYTES);
	if (area == P2A && ++memory.cleans == memory.interrupt_at)
		interrupt();
	write_back(area, mem);
}

/* Cleans what is dirty first, as the port promises. */
static void invalidate(void *ctx, void *mem, size_t len)
{
	const uint32_t area = area_of(mem);

	(void)ctx;
	if (memory.held_up) {
		memory.held_up = false;
		(void)sem_post(&memory.reached);
		(void)sem_wait(&memory.go_on);
	}
	write_back(area, mem);
	memcpy(mem, memory.ram[area], len);
	memcpy(memory.fetched[area], memory.ram[area], len);
}

static void open_cached(void)
{
	struct scmi_mailbox_config config = {.size = sizeof(config), .max_inflight = RIG_SLOTS};
	size_t size;

	memset(&memory, 0, sizeof(memory));
	assert_int_equal(sem_init(&memory.reached, 0, 0), 0);
	assert_int_equal(sem_init(&memory.go_on, 0, 0), 0);
	mailbox_rig_make(&rig, &silent);
	free(rig.agent_memory);
	memory.port = rig.fake.port;
	memory.port.cache_clean = clean;
	memory.port.cache_invalidate = invalidate;
	for (uint32_t i = 0; i < 2u; i++) {
		rig.areas[i].len = BYTES;
		rig.areas[i].flags = SCMI_SHMEM_CACHED;
		config.areas[i] = rig.areas[i];
		put(i, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	}
	config.doorbell = &rig.agent_bell;
	config.port = &memory.port;
	assert_int_equal(scmi_mailbox_init(&rig.mailbox, &config, &rig.transport), SCMI_OK);
	rig.config.port = &memory.port;
	size = scmi_agent_size(&rig.config);
	rig.agent_memory = malloc(size);
	assert_non_null(rig.agent_memory);
	assert_int_equal(scmi_agent_init(&rig.agent, rig.agent_memory, size, &rig.config), SCMI_OK);
	rig.ear = (struct scmi_subscriber){
		.size = sizeof(rig.ear), .protocol = SCMI_PROTOCOL_SENSOR, .notify = rig.ear.notify, .arg = &rig};
	assert_int_equal(scmi_agent_subscribe(rig.agent, &rig.ear), SCMI_OK);
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
}

/* An interrupt on top of who gives the area back: with FREE in the cache only, memory still has the message. */
static void an_event_is_taken_once(void **state)
{
	(void)state;
	for (unsigned at = 1; at < 3; at++) {
		open_cached();
		put(P2A, SCMI_SHMEM_LENGTH, 8);
		put(P2A, SCMI_SHMEM_HEADER, 3u << 8 | SCMI_PROTOCOL_SENSOR << 10);
		put(P2A, SCMI_SHMEM_STATUS, 0);
		memory.interrupt_at = at;
		assert_int_equal(scmi_agent_poll(rig.agent, 8), 1);
		assert_true(memory.cleans >= at);
		assert_int_equal(rig.heard, 1);
		assert_int_equal(rig_stats(&rig).events, 1);
		assert_int_equal(get(P2A, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
		mailbox_rig_close(&rig);
	}
}

static void *look(void *arg)
{
	(void)arg;
	interrupt();
	return NULL;
}

/* One has seen that a command is out, and invalidates when another has long sent the next. */
static void a_look_takes_nothing_from_a_command(void **state)
{
	static const unsigned char params[4] = {2, 2, 2, 2};
	struct scmi_call first = submitted(0);
	struct scmi_call next = submitted(0);
	pthread_t looker;

	(void)state;
	open_cached();
	next.params = params;
	next.params_len = sizeof(params);
	assert_int_equal(scmi_agent_submit(rig.agent, &first), SCMI_OK);
	assert_int_equal(get(A2P, SCMI_SHMEM_STATUS), 0);
	put(A2P, SCMI_SHMEM_LENGTH, 8);
	put(A2P, SCMI_SHMEM_PAYLOAD, 0);
	put(A2P, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	memory.held_up = true;
	assert_int_equal(pthread_create(&looker, NULL, look, NULL), 0);
	(void)sem_wait(&memory.reached);
	interrupt();
	assert_int_equal(scmi_agent_submit(rig.agent, &next), SCMI_OK);
	(void)sem_post(&memory.go_on);
	assert_int_equal(pthread_join(looker, NULL), 0);
	assert_int_equal(result(&first), SCMI_OK);
	assert_true(is_live(&next));
	assert_int_equal(get(A2P, SCMI_SHMEM_LENGTH), 8);
	assert_int_equal(get(A2P, SCMI_SHMEM_PAYLOAD), 0x02020202);
	put(A2P, SCMI_SHMEM_PAYLOAD, 0);
	put(A2P, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	interrupt();
	assert_int_equal(result(&next), SCMI_OK);
	mailbox_rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_taken_once),
		cmocka_unit_test(a_look_takes_nothing_from_a_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
