/* SPDX-License-Identifier: BSD-3-Clause */
/* Doorbells of Linux, each alone: what wakes whom, and what a peer that writes what it likes can do. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../transports/mailbox_linux/uio.h"
#include "../support/hang.h"
#include "fds.h"

#define PAST 1u

enum kind { EVENTFD, FUTEX, KINDS };

/* Both ends of a doorbell, in one process. */
struct bells {
	enum kind kind;
	int fds[2];
	uint32_t *words;
	struct scmi_mailbox_eventfd *eventfd[2];
	struct scmi_mailbox_futex *futex[2];
	struct scmi_mailbox_doorbell end[2];
};

static void open_bells(struct bells *b, enum kind kind)
{
	b->kind = kind;
	b->words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(b->words, MAP_FAILED);
	for (int i = 0; i < 2; i++) {
		b->fds[i] = eventfd(0, EFD_CLOEXEC);
		assert_true(b->fds[i] >= 0);
	}
	for (int i = 0; i < 2; i++) {
		int err = kind == EVENTFD
				  ? scmi_mailbox_eventfd_create(&b->eventfd[i], b->fds[i], b->fds[1 - i], &b->end[i])
				  : scmi_mailbox_futex_create(&b->futex[i], b->words + i * 16, b->words + (1 - i) * 16,
							      &b->end[i]);

		assert_int_equal(err, SCMI_OK);
	}
}

static void close_bells(struct bells *b)
{
	for (int i = 0; i < 2; i++) {
		if (b->kind == EVENTFD)
			scmi_mailbox_eventfd_destroy(b->eventfd[i]);
		else
			scmi_mailbox_futex_destroy(b->futex[i]);
		close(b->fds[i]);
	}
	munmap(b->words, 4096);
}

static void sleep_at(struct scmi_mailbox_doorbell *d, uint64_t deadline_us)
{
	d->wait(d->ctx, deadline_us);
}

/* Rung or woken before it sleeps: it returns, though its deadline never comes. */
static void a_ring_and_a_wake_are_kept(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct bells b;

		open_bells(&b, kind);
		for (int i = 0; i < 100; i++) {
			assert_int_equal(b.end[0].ring(b.end[0].ctx, SCMI_MAILBOX_TX), SCMI_OK);
			sleep_at(&b.end[1], SCMI_NEVER);
			b.end[1].wake(b.end[1].ctx);
			sleep_at(&b.end[1], SCMI_NEVER);
			assert_int_equal(b.end[1].ring(b.end[1].ctx, SCMI_MAILBOX_TX_REPLY), SCMI_OK);
			sleep_at(&b.end[0], SCMI_NEVER);
		}
		sleep_at(&b.end[0], PAST);
		close_bells(&b);
	}
}

struct sleeper {
	struct scmi_mailbox_doorbell *bell;
	atomic_uint turns;
	unsigned most;
};

static void *sleep_often(void *arg)
{
	struct sleeper *s = arg;

	while (atomic_fetch_add(&s->turns, 1u) < s->most)
		sleep_at(s->bell, SCMI_NEVER);
	return NULL;
}

/* Each is sent a wake-up for each turn that it has begun: none is lost, or it would sleep for ever. */
static void sleepers_are_woken(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct sleeper s = {.most = 2000};
		struct hang hang = hang_watch();
		struct bells b;
		pthread_t thread;

		open_bells(&b, kind);
		s.bell = &b.end[1];
		assert_int_equal(pthread_create(&thread, NULL, sleep_often, &s), 0);
		for (unsigned n = 1; n <= s.most; n++) {
			while (atomic_load(&s.turns) < n)
				assert_false(hangs(&hang));
			if (n % 3u == 0)
				b.end[1].wake(b.end[1].ctx);
			else
				assert_int_equal(b.end[0].ring(b.end[0].ctx, SCMI_MAILBOX_TX), SCMI_OK);
		}
		pthread_join(thread, NULL);
		close_bells(&b);
	}
}

static void deadlines_are_absolute(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct bells b;

		open_bells(&b, kind);
		for (int i = 0; i < 5; i++) {
			const uint64_t until_us = hang_now_us() + 3000u;

			/* It may return early: who waits asks again, and never beyond the deadline. */
			while (hang_now_us() < until_us)
				sleep_at(&b.end[0], until_us);
		}
		close_bells(&b);
	}
}

static void the_descriptor_tells_a_loop(void **state)
{
	struct bells b;
	struct scmi_mailbox_doorbell *d = &b.end[1];
	int fd;

	(void)state;
	open_bells(&b, EVENTFD);
	fd = d->fd(d->ctx);
	assert_false(fd_is_readable(fd, 0));
	d->wake(d->ctx);
	assert_false(fd_is_readable(fd, 0)); /* that is not for the loop */
	assert_int_equal(b.end[0].ring(b.end[0].ctx, SCMI_MAILBOX_TX), SCMI_OK);
	assert_true(fd_is_readable(fd, -1));
	d->clear(d->ctx);
	assert_false(fd_is_readable(fd, 0));
	d->raise(d->ctx);
	assert_true(fd_is_readable(fd, -1));
	d->clear(d->ctx);
	sleep_at(d, SCMI_NEVER); /* clear has left the wake-up alone */
	close_bells(&b);
}

/* A count that cannot be raised any more does not block who rings. */
static void a_full_eventfd_does_not_block(void **state)
{
	const uint64_t full = UINT64_MAX - 1u;
	struct bells b;

	(void)state;
	open_bells(&b, EVENTFD);
	assert_int_equal(write(b.fds[0], &full, sizeof(full)), sizeof(full));
	assert_int_equal(b.end[0].ring(b.end[0].ctx, SCMI_MAILBOX_TX), SCMI_OK);
	sleep_at(&b.end[1], SCMI_NEVER);
	close_bells(&b);
}

static void *scribble(void *arg)
{
	struct bells *b = arg;

	for (uint32_t n = 1; n < 200000; n++) {
		atomic_store_explicit(scmi__shared_word(b->words), n * 2654435761u >> (n & 31u), memory_order_relaxed);
		atomic_store_explicit(scmi__shared_word(b->words + 16), n & 3u, memory_order_relaxed);
	}
	return NULL;
}

/* Whatever the peer writes into the words: a sleeper returns at its deadline, and for a wake of its own side. */
static void hostile_words_harm_nobody(void **state)
{
	struct bells b;
	pthread_t thread;

	(void)state;
	open_bells(&b, FUTEX);
	assert_int_equal(pthread_create(&thread, NULL, scribble, &b), 0);
	for (int i = 0; i < 300; i++) {
		const uint64_t until_us = hang_now_us() + 100u;

		sleep_at(&b.end[i & 1], until_us);
		assert_int_equal(b.end[0].ring(b.end[0].ctx, SCMI_MAILBOX_TX), SCMI_OK);
		b.end[1].wake(b.end[1].ctx);
		sleep_at(&b.end[1], SCMI_NEVER);
	}
	pthread_join(thread, NULL);
	close_bells(&b);
}

/* Even if the peer takes back what a wake has counted. */
static void a_wake_that_the_peer_hides_is_kept(void **state)
{
	struct bells b;

	(void)state;
	open_bells(&b, FUTEX);
	for (int i = 0; i < 3; i++) {
		_Atomic uint32_t *rung = scmi__shared_word(b.words);
		const uint32_t before = atomic_load(rung);

		b.end[1].wake(b.end[1].ctx);
		assert_int_not_equal(atomic_load(rung), before);
		atomic_store(rung, before);
		sleep_at(&b.end[1], SCMI_NEVER);
	}
	close_bells(&b);
}

static void bad_arguments_are_refused(void **state)
{
	struct scmi_mailbox_doorbell d;
	struct scmi_mailbox_eventfd *e;
	struct scmi_mailbox_futex *f;
	uint32_t words[2] = {0, 0};
	const unsigned before = open_fds();

	(void)state;
	assert_int_equal(scmi_mailbox_eventfd_create(&e, -1, -1, &d), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_eventfd_create(NULL, 0, 0, &d), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_futex_create(&f, words, words, &d), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_futex_create(&f, words, NULL, &d), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_futex_create(&f, words, (uint32_t *)((uintptr_t)&words[1] + 1u), &d),
			 SCMI_E_INVAL);
	scmi_mailbox_eventfd_destroy(NULL);
	scmi_mailbox_futex_destroy(NULL);
	assert_int_equal(open_fds(), before);
}

/* ---- UIO, over a socket that counts and a file that maps ---- */

struct unit {
	char folder[40];
	int pair[2]; /* [0] is the device's count, [1] the hardware */
	int file;
	struct scmi_mailbox_uio_config config;
	struct scmi_mailbox_uio *uio;
	struct scmi_mailbox_doorbell bell;
	struct scmi_shmem areas[SCMI_MAILBOX_AREAS];
	char text[200];
	int err;
};

static void put(const char *folder, const char *name, const char *text)
{
	char path[200];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (text == NULL) {
		assert_int_equal(mkdir(path, 0700), 0);
		return;
	}
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void make_unit(struct unit *u)
{
	*u = (struct unit){.folder = "/tmp/scmi-uio-XXXXXX"};
	assert_non_null(mkdtemp(u->folder));
	put(u->folder, "maps", NULL);
	put(u->folder, "maps/map0", NULL);
	put(u->folder, "maps/map1", NULL);
	put(u->folder, "maps/map0/size", "0x0000000000001000\n");
	put(u->folder, "maps/map1/size", "0x100\n");
	put(u->folder, "maps/map1/offset", "0x80\n");
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, u->pair), 0);
	u->file = memfd_create("uio", MFD_CLOEXEC);
	assert_int_equal(ftruncate(u->file, 2 * sysconf(_SC_PAGESIZE)), 0);
	u->config = (struct scmi_mailbox_uio_config){
		.size = sizeof(u->config),
		.value = 0x11223344,
		.areas = {{.map = 0, .offset = 0, .len = 128}, {.map = 0, .offset = 128, .len = 128}},
		.bell = {.map = 1, .offset = 8, .len = 4},
	};
}

static void take_unit(struct unit *u)
{
	const struct scmi_why why = {u->text, sizeof(u->text)};

	u->err = scmi__uio_take(&u->uio, &u->config, u->pair[0], u->file, u->folder, &u->bell, u->areas, &why);
}

static void end_unit(struct unit *u)
{
	static const char *const names[] = {"map0/size", "map1/size", "map1/offset", "map0", "map1", ""};
	char path[200];

	if (u->err == SCMI_OK)
		scmi_mailbox_uio_close(u->uio);
	else
		close(u->pair[0]);
	close(u->pair[1]);
	close(u->file);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/maps/%s", u->folder, names[i]);
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(rmdir(u->folder), 0);
}

static void interrupt(struct unit *u)
{
	assert_int_equal(write(u->pair[1], &(int32_t){1}, 4), 4);
}

/* That the interrupt has been switched on again, once. */
static void assert_switched_on(struct unit *u)
{
	int32_t on = 0;

	assert_int_equal(recv(u->pair[1], &on, 4, MSG_DONTWAIT), 4);
	assert_int_equal(on, 1);
	assert_int_equal(recv(u->pair[1], &on, 4, MSG_DONTWAIT), -1);
}

static void uio_rings_a_register_and_counts_interrupts(void **state)
{
	const unsigned before = open_fds();
	struct unit u;
	uint8_t page[256];
	int fd;

	(void)state;
	make_unit(&u);
	interrupt(&u); /* pending from before */
	take_unit(&u);
	assert_int_equal(u.err, SCMI_OK);
	assert_switched_on(&u);
	assert_int_equal(u.areas[1].len, 128);
	assert_ptr_not_equal(u.areas[1].mem, u.areas[0].mem);
	memset(u.areas[1].mem, 0x5a, 128);
	assert_int_equal(u.bell.ring(u.bell.ctx, SCMI_MAILBOX_TX), SCMI_OK);
	assert_int_equal(pread(u.file, page, 256, 0), 256);
	assert_int_equal(page[127], 0);
	assert_int_equal(page[128], 0x5a);
	assert_int_equal(pread(u.file, page, 4, sysconf(_SC_PAGESIZE) + 0x88), 4);
	assert_memory_equal(page, "\x44\x33\x22\x11", 4);
	interrupt(&u);
	u.bell.wait(u.bell.ctx, SCMI_NEVER);
	assert_switched_on(&u);
	u.bell.wake(u.bell.ctx);
	u.bell.wait(u.bell.ctx, SCMI_NEVER);
	fd = u.bell.fd(u.bell.ctx);
	assert_false(fd_is_readable(fd, 0));
	interrupt(&u);
	assert_true(fd_is_readable(fd, -1));
	u.bell.clear(u.bell.ctx);
	assert_switched_on(&u);
	assert_false(fd_is_readable(fd, 0));
	u.bell.raise(u.bell.ctx);
	assert_true(fd_is_readable(fd, -1));
	u.bell.clear(u.bell.ctx);
	assert_false(fd_is_readable(fd, 0));
	end_unit(&u);
	assert_int_equal(open_fds(), before);
}

static void uio_places_are_checked(void **state)
{
	static const struct {
		struct scmi_uio_place place;
		const char *says;
	} bad[] = {
		{{.map = 2, .offset = 0, .len = 128}, "a2p: the device has no map 2"},
		{{.map = 0, .offset = 4000, .len = 128},
		 "a2p: bytes 4000 to 4128 are not inside map 0, which has 4096"},
		{{.map = 1, .offset = UINT32_MAX, .len = 128}, "a2p: bytes 4294967295 to 4294967423 are not inside"},
		{{.map = 0, .offset = 2, .len = 128}, "a2p: not at a multiple of 4 bytes"},
	};
	const unsigned before = open_fds();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct unit u;

		make_unit(&u);
		u.config.areas[0] = bad[i].place;
		take_unit(&u);
		assert_int_equal(u.err, SCMI_E_INVAL);
		assert_memory_equal(u.text, bad[i].says, strlen(bad[i].says));
		end_unit(&u);
	}
	assert_int_equal(open_fds(), before);
}

static void uio_devices_that_are_none_are_told_apart(void **state)
{
	struct scmi_mailbox_uio_config c = {.size = sizeof(c), .areas = {{.len = 128}}};
	char text[200];
	const struct scmi_why why = {text, sizeof(text)};
	struct scmi_mailbox_doorbell bell;
	struct scmi_shmem areas[SCMI_MAILBOX_AREAS];
	struct scmi_mailbox_uio *uio;
	const unsigned before = open_fds();

	(void)state;
	c.path = "/dev/no-such-device";
	assert_int_equal(scmi_mailbox_uio_open(&uio, &c, &bell, areas, &why), SCMI_E_NOPEER);
	assert_memory_equal(text, c.path, strlen(c.path));
	c.path = "/dev/null";
	assert_int_equal(scmi_mailbox_uio_open(&uio, &c, &bell, areas, &why), SCMI_E_INVAL);
	assert_string_equal(text, "/dev/null: not a UIO device, or one without maps");
	c.path = "/dev/null";
	c.areas[0].len = 34;
	assert_int_equal(scmi_mailbox_uio_open(&uio, &c, &bell, areas, &why), SCMI_E_INVAL);
	assert_memory_equal(text, "a2p: ", 5);
	c.areas[0].len = 128;
	c.bell.len = 8;
	assert_int_equal(scmi_mailbox_uio_open(&uio, &c, &bell, areas, NULL), SCMI_E_INVAL);
	c.size = 1;
	assert_int_equal(scmi_mailbox_uio_open(&uio, &c, &bell, areas, &why), SCMI_E_INVAL);
	scmi_mailbox_uio_close(NULL);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_and_a_wake_are_kept),
		cmocka_unit_test(sleepers_are_woken),
		cmocka_unit_test(deadlines_are_absolute),
		cmocka_unit_test(the_descriptor_tells_a_loop),
		cmocka_unit_test(a_full_eventfd_does_not_block),
		cmocka_unit_test(hostile_words_harm_nobody),
		cmocka_unit_test(a_wake_that_the_peer_hides_is_kept),
		cmocka_unit_test(bad_arguments_are_refused),
		cmocka_unit_test(uio_rings_a_register_and_counts_interrupts),
		cmocka_unit_test(uio_places_are_checked),
		cmocka_unit_test(uio_devices_that_are_none_are_told_apart),
	};

	return cmocka_run_group_tests_name("mailbox_linux_bells", tests, NULL, NULL);
}
