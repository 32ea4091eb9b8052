/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A doorbell of two words in shared memory, and the word itself.
 *
 * Bit 0 says that somebody may sleep, the rest counts rings. Ring: count, then look at the bit; sleeper: set the bit in
 * the very value whose count it knows, and let the kernel compare that value again. So a ring finds the bit, or the
 * sleeper a new count. Whatever else the peer writes there, the sleeper returns at its deadline, or after NAP_US: then
 * it looks whether it has been woken by its own side.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* 32-bit systems have two futex calls; the older one counts seconds in 32 bits. */
#ifdef SYS_futex_time64
#define FUTEX_CALL SYS_futex_time64
#else
#define FUTEX_CALL SYS_futex
#endif

#define ASLEEP 1u
#define ONE    2u
#define NAP_US 1000000u

/* Not private: the other end is another process, and finds the word by its page. */
static void futex_wake(_Atomic uint32_t *word)
{
	const int saved = errno;

	syscall(FUTEX_CALL, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	errno = saved;
}

/* BITSET: its deadline is absolute, by CLOCK_MONOTONIC. */
static void futex_sleep(_Atomic uint32_t *word, uint32_t value, uint64_t deadline_us)
{
	const struct {
		int64_t sec;
		int64_t nsec;
	} deadline = {
		.sec = (int64_t)(deadline_us / 1000000u),
		.nsec = (int64_t)(deadline_us % 1000000u) * 1000,
	};

	syscall(FUTEX_CALL, word, FUTEX_WAIT_BITSET, value, &deadline, NULL, FUTEX_BITSET_MATCH_ANY);
}

void scmi__futex_ring(_Atomic uint32_t *word)
{
	/* seq_cst, after what it stands for, before the bit is looked at: pairs with the exchange of the sleeper. */
	if ((atomic_fetch_add(word, ONE) & ASLEEP) == 0)
		return;
	atomic_fetch_and(word, ~ASLEEP); /* one wake-up a sleep */
	futex_wake(word);
}

uint32_t scmi__futex_count(_Atomic uint32_t *word)
{
	return atomic_load(word) & ~ASLEEP;
}

bool scmi__futex_wait(_Atomic uint32_t *word, uint32_t *seen, _Atomic uint32_t *woken, uint64_t deadline_us)
{
	const uint64_t nap_us = scmi__now_us() + NAP_US;
	uint32_t value = atomic_load(word);
	bool rung;

	if ((value & ~ASLEEP) == *seen && atomic_load(woken) == 0 &&
	    (value == (*seen | ASLEEP) || atomic_compare_exchange_strong(word, &value, *seen | ASLEEP)) &&
	    atomic_load(woken) == 0)
		futex_sleep(word, *seen | ASLEEP, deadline_us < nap_us ? deadline_us : nap_us);
	value = atomic_load(word) & ~ASLEEP;
	rung = value != *seen;
	*seen = value;
	return rung;
}

/* ---- the doorbell ---- */

struct scmi_mailbox_futex {
	_Atomic uint32_t *ring_word;
	_Atomic uint32_t *rung_word;
	uint32_t seen;          /* the sleeper's */
	_Atomic uint32_t woken; /* by our own side */
};

static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	const struct scmi_mailbox_futex *b = ctx;

	(void)signal;
	scmi__futex_ring(b->ring_word);
	return SCMI_OK;
}

static void bell_wait(void *ctx, uint64_t deadline_us)
{
	struct scmi_mailbox_futex *b = ctx;

	do {
		if (scmi__futex_wait(b->rung_word, &b->seen, &b->woken, deadline_us))
			break;
	} while (atomic_load(&b->woken) == 0 && scmi__now_us() < deadline_us);
	atomic_store(&b->woken, 0u);
}

static void bell_wake(void *ctx)
{
	struct scmi_mailbox_futex *b = ctx;

	atomic_store(&b->woken, 1u);
	scmi__futex_ring(b->rung_word);
}

/* Whether the kernel knows the one call that a sleeper cannot do without: a system call filter may not. */
static bool futex_works(void)
{
	_Atomic uint32_t word = 0;
	const struct {
		int64_t sec;
		int64_t nsec;
	} past = {0, 0};

	return syscall(FUTEX_CALL, &word, FUTEX_WAIT_BITSET, ONE, &past, NULL, FUTEX_BITSET_MATCH_ANY) != 0 &&
	       errno == EAGAIN;
}

int scmi_mailbox_futex_create(struct scmi_mailbox_futex **bell, uint32_t *ring_word, uint32_t *rung_word,
			      struct scmi_mailbox_doorbell *doorbell)
{
	struct scmi_mailbox_futex *b;

	if (bell == NULL || doorbell == NULL || ring_word == NULL || rung_word == NULL || ring_word == rung_word ||
	    (uintptr_t)ring_word % 4u != 0 || (uintptr_t)rung_word % 4u != 0)
		return SCMI_E_INVAL;
	if (!futex_works())
		return SCMI_E_IO;
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return SCMI_E_IO;
	b->ring_word = scmi__shared_word(ring_word);
	b->rung_word = scmi__shared_word(rung_word);
	b->seen = scmi__futex_count(b->rung_word);
	*doorbell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1,
		.name = "futex",
		.ctx = b,
		.ring = ring,
		.wait = bell_wait,
		.wake = bell_wake,
	};
	*bell = b;
	return SCMI_OK;
}

void scmi_mailbox_futex_destroy(struct scmi_mailbox_futex *bell)
{
	free(bell);
}
