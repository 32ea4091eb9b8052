/* SPDX-License-Identifier: BSD-3-Clause */
/* A front end's memory: what is refused, where it lies, and faults in it, which are no end of the process. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../transports/carrier/carrier.h"
#include "../../transports/vhost_user/memory.h"
#include "fds.h"

#define GUEST UINT64_C(0x40000000)
#define USER  UINT64_C(0x700000000000)
#define BYTES 0x10000u

struct memory {
	struct vu_memory_map m;
	_Atomic uint32_t torn;
	int fd;
	const char *why;
};

static struct memory memory;

static void open_memory(struct memory *m, uint32_t room)
{
	memset(m, 0, sizeof(*m));
	m->fd = memfd_create("guest", MFD_CLOEXEC);
	assert_true(m->fd >= 0);
	assert_int_equal(ftruncate(m->fd, BYTES), 0);
	assert_int_equal(scmi__vu_memory_open(&m->m, room, &m->torn), SCMI_OK);
}

static void close_memory(struct memory *m)
{
	scmi__vu_memory_close(&m->m);
	close(m->fd);
}

static int add(struct memory *m, uint64_t guest, uint64_t user, uint64_t size, uint64_t offset)
{
	const struct vu_region region = {.guest = guest, .user = user, .size = size, .offset = offset};

	m->why = NULL;
	return scmi__vu_memory_add(&m->m, &region, m->fd, &m->why);
}

static void expect_refused(struct memory *m, int err, const char *words)
{
	assert_int_equal(err, SCMI_E_INVAL);
	assert_non_null(m->why);
	assert_non_null(strstr(m->why, words));
}

/* ---- what is refused ---- */

static void memory_refuses_absurd_regions(void **state)
{
	struct memory *m = &memory;
	unsigned before;

	(void)state;
	open_memory(m, 8);
	before = open_fds();
	expect_refused(m, add(m, GUEST, USER, 0, 0), "no size");
	expect_refused(m, add(m, UINT64_MAX - 0xffeu, USER, 0x1000, 0), "wraps");
	expect_refused(m, add(m, GUEST, UINT64_MAX - 0xffeu, 0x1000, 0), "wraps");
	expect_refused(m, add(m, GUEST, USER, 0x1000, UINT64_MAX - 0xffeu), "wraps");
	expect_refused(m, add(m, GUEST, USER, BYTES + 1u, 0), "larger than its file");
	expect_refused(m, add(m, GUEST, USER, BYTES, 1), "larger than its file");
	expect_refused(m, add(m, GUEST, USER, 1, BYTES), "larger than its file");
	expect_refused(m, add(m, GUEST, USER, 1, BYTES + 1u), "larger than its file");
	expect_refused(m, add(m, 0, 0, UINT64_MAX, 0), "larger than its file");
	assert_int_equal(m->m.n, 0);
	assert_int_equal(add(m, UINT64_MAX - 0xfffu, UINT64_MAX - 0xfffu, 0x1000, 0), SCMI_OK); /* up to the very end */
	assert_int_equal(open_fds(), before);
	close_memory(m);
}

static void memory_refuses_what_overlaps(void **state)
{
	struct memory *m = &memory;

	(void)state;
	open_memory(m, 8);
	assert_int_equal(add(m, GUEST, USER, 0x2000, 0), SCMI_OK);
	expect_refused(m, add(m, GUEST, USER + 0x2000, 0x1000, 0), "overlap");
	expect_refused(m, add(m, GUEST + 0x1fff, USER + 0x2000, 0x1000, 0), "overlap");
	expect_refused(m, add(m, GUEST - 0xfff, USER + 0x2000, 0x1000, 0), "overlap");
	expect_refused(m, add(m, GUEST - 0x1000, USER + 0x2000, 0x4000, 0), "overlap");
	expect_refused(m, add(m, GUEST + 0x2000, USER + 0x1fff, 0x1000, 0), "overlap");
	expect_refused(m, add(m, GUEST + 0x2000, USER - 0xfff, 0x1000, 0), "overlap");
	assert_int_equal(add(m, GUEST + 0x2000, USER - 0x1000, 0x1000, 0), SCMI_OK); /* next to it */
	assert_int_equal(add(m, GUEST - 0x1000, USER + 0x2000, 0x1000, 0), SCMI_OK); /* the same bytes of the file */
	close_memory(m);
}

static void memory_refuses_more_than_its_room(void **state)
{
	struct memory *m = &memory;

	(void)state;
	open_memory(m, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(add(m, GUEST + 16u * i, USER + 16u * i, 16, 0), SCMI_OK);
	expect_refused(m, add(m, 0, 0, 16, 0), "more memory regions");
	close_memory(m);
}

static void memory_refuses_more_than_it_may_take_up(void **state)
{
	struct memory *m = &memory;

	(void)state;
	open_memory(m, 8);
	m->m.most = 0x5000;
	expect_refused(m, add(m, GUEST, USER, 0x5001, 0), "see memory=");
	assert_int_equal(add(m, GUEST, USER, 0x2000, 0), SCMI_OK);
	assert_int_equal(add(m, GUEST + 0x2000, USER + 0x2000, 0x10, 0xff8), SCMI_OK); /* in two pages */
	expect_refused(m, add(m, GUEST + 0x4000, USER + 0x4000, 0x1001, 0), "see memory=");
	assert_int_equal(add(m, GUEST + 0x4000, USER + 0x4000, 0x1000, 0), SCMI_OK);
	expect_refused(m, add(m, GUEST + 0x8000, USER + 0x8000, 1, 0), "see memory=");
	scmi__vu_memory_remove_last(&m->m);
	assert_int_equal(add(m, GUEST + 0x8000, USER + 0x8000, 1, 0), SCMI_OK);
	scmi__vu_memory_clear(&m->m);
	assert_int_equal(add(m, GUEST, USER, 0x5000, 0), SCMI_OK);
	close_memory(m);
}

static void memory_refuses_what_is_no_file(void **state)
{
	struct memory *m = &memory;
	const int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	int was;

	(void)state;
	open_memory(m, 8);
	was = m->fd;
	m->fd = fd;
	expect_refused(m, add(m, GUEST, USER, 0x1000, 0), "not a file");
	m->fd = was;
	close(fd);
	close_memory(m);
}

/* It may be read, not written. */
static void memory_that_cannot_be_mapped_is_an_error(void **state)
{
	struct memory *m = &memory;
	char path[64];
	int was;

	(void)state;
	open_memory(m, 8);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", m->fd);
	was = m->fd;
	m->fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(m->fd >= 0);
	assert_int_equal(add(m, GUEST, USER, 0x1000, 0), SCMI_E_IO);
	assert_non_null(m->why);
	assert_int_equal(m->m.n, 0);
	close(m->fd);
	m->fd = was;
	close_memory(m);
}

/* ---- where it lies ---- */

static void memory_lies_where_it_was_said_to(void **state)
{
	struct scmi_virtio_map maps[8];
	struct memory *m = &memory;
	uint64_t guest = 0;
	char bytes[5];

	(void)state;
	open_memory(m, 8);
	assert_int_equal(pwrite(m->fd, "hello", 5, 0x1234), 5);
	assert_int_equal(add(m, GUEST, USER, 0x100, 0x1234), SCMI_OK);
	assert_int_equal(add(m, GUEST + 0x100, USER + 0x100, 0x100, 0), SCMI_OK);
	assert_int_equal(scmi__vu_memory_maps(&m->m, maps), 2);
	assert_true(maps[0].addr == GUEST && maps[0].len == 0x100);
	assert_memory_equal(maps[0].mem, "hello", 5);
	memcpy(maps[0].mem, "HELLO", 5);
	assert_int_equal(pread(m->fd, bytes, 5, 0x1234), 5);
	assert_memory_equal(bytes, "HELLO", 5);

	assert_true(scmi__vu_memory_guest(&m->m, USER, 0x100, &guest) && guest == GUEST);
	assert_true(scmi__vu_memory_guest(&m->m, USER + 0xff, 1, &guest) && guest == GUEST + 0xff);
	assert_true(scmi__vu_memory_guest(&m->m, USER + 0x180, 0x80, &guest) && guest == GUEST + 0x180);
	assert_false(scmi__vu_memory_guest(&m->m, USER + 0xff, 2, &guest)); /* though the next one follows */
	assert_false(scmi__vu_memory_guest(&m->m, USER + 0x200, 1, &guest));
	assert_false(scmi__vu_memory_guest(&m->m, USER - 1, 1, &guest));
	assert_false(scmi__vu_memory_guest(&m->m, USER, UINT64_MAX, &guest));

	scmi__vu_memory_put_last(&m->m, 0);
	assert_int_equal(scmi__vu_memory_maps(&m->m, maps), 2);
	assert_true(maps[0].addr == GUEST + 0x100 && maps[1].addr == GUEST);
	close_memory(m);
}

static void memory_lets_a_region_go(void **state)
{
	struct vu_region region = {.guest = GUEST, .user = USER, .size = 0x1000, .offset = 77};
	struct memory *m = &memory;

	(void)state;
	open_memory(m, 8);
	assert_int_equal(scmi__vu_memory_find(&m->m, &region), -1);
	assert_int_equal(add(m, GUEST + 0x1000, USER + 0x1000, 0x1000, 0), SCMI_OK);
	assert_int_equal(add(m, GUEST, USER, 0x1000, 0), SCMI_OK);
	assert_int_equal(scmi__vu_memory_find(&m->m, &region), 1); /* by its addresses and its size alone */
	region.size--;
	assert_int_equal(scmi__vu_memory_find(&m->m, &region), -1);
	scmi__vu_memory_put_last(&m->m, 0);
	scmi__vu_memory_remove_last(&m->m);
	region.size++;
	assert_int_equal(scmi__vu_memory_find(&m->m, &region), 0);
	scmi__vu_memory_clear(&m->m);
	assert_int_equal(m->m.n, 0);
	close_memory(m);
}

/* ---- faults; each in a process of its own, whose end tells ---- */

static void must(bool right)
{
	if (!right)
		_exit(1);
}

static int end_of(void (*body)(struct memory *m))
{
	int status;
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		const struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGBUS, SIG_DFL);                /* not the test framework's */
		must(ftruncate(memory.fd, BYTES) == 0); /* the file is that of the one before, too */
		body(&memory);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void expect_clean(int status)
{
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static volatile unsigned char *map_cut(struct memory *m)
{
	must(add(m, GUEST, USER, BYTES, 0) == SCMI_OK && ftruncate(m->fd, 0x1000) == 0);
	return m->m.mapped[m->m.n - 1u].mem;
}

static void touch_guarded(struct memory *m)
{
	volatile unsigned char *mem;

	must(scmi__vu_guard() == SCMI_OK && scmi__vu_guard() == SCMI_OK);
	mem = map_cut(m);
	mem[0] = 1;
	must(atomic_load(&m->torn) == 0);
	must(mem[0x8000] == 0 && atomic_load(&m->torn) == 1);
	must(mem[0] == 0); /* all of it has been replaced */
	atomic_store(&m->torn, 0u);
	mem[0xf000] = 1;
	must(mem[0xf000] == 1 && atomic_load(&m->torn) == 0); /* one fault is the last */
	scmi__vu_memory_clear(&m->m);
}

/* No anonymous memory is to be had, as where the system promises none (vm.overcommit_memory=2). */
static void touch_where_none_is_promised(struct memory *m)
{
	const struct rlimit none = {0, 0};

	must(setrlimit(RLIMIT_DATA, &none) == 0);
	must(mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	touch_guarded(m);
}

/* Not even a file in memory: the fault is as it would be without us. */
static void touch_where_nothing_is_left(struct memory *m)
{
	const struct rlimit none = {0, 0};

	must(setrlimit(RLIMIT_DATA, &none) == 0 && setrlimit(RLIMIT_NOFILE, &none) == 0);
	touch_guarded(m);
}

static void touch_two(struct memory *m)
{
	struct memory other = {.fd = m->fd};
	volatile unsigned char *mem;

	must(scmi__vu_guard() == SCMI_OK && scmi__vu_memory_open(&other.m, 8, &other.torn) == SCMI_OK);
	must(add(&other, GUEST, USER, BYTES, 0) == SCMI_OK);
	scmi__vu_memory_clear(&other.m); /* its place is another's from now on */
	mem = map_cut(m);
	mem[0x8000] = 1;
	must(atomic_load(&m->torn) == 1 && atomic_load(&other.torn) == 0);
}

static void touch_in_a_thread_that_blocks(struct memory *m)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	touch_guarded(m);
}

static void touch_elsewhere(struct memory *m)
{
	volatile unsigned char *mem;

	must(scmi__vu_guard() == SCMI_OK);
	(void)map_cut(m);
	mem = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	must(mem != MAP_FAILED);
	mem[0x8000] = 1;
}

/* Where guarded memory was there is something else now. */
static void touch_where_it_was(struct memory *m)
{
	volatile unsigned char *mem;
	void *was;

	must(scmi__vu_guard() == SCMI_OK);
	(void)map_cut(m);
	was = m->m.mapped[0].base;
	scmi__vu_memory_clear(&m->m);
	mem = mmap(was, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, m->fd, 0);
	must(mem == was);
	mem[0x8000] = 1;
}

static void send_it(struct memory *m)
{
	(void)m;
	must(scmi__vu_guard() == SCMI_OK);
	raise(SIGBUS);
}

static volatile sig_atomic_t handled;

static void on_plain(int sig)
{
	handled += sig;
}

static void on_info(int sig, siginfo_t *info, void *context)
{
	must(sig == SIGBUS && info->si_code > 0 && info->si_addr != NULL && context != NULL);
	_exit(7);
}

static void send_to_a_handler(struct memory *m)
{
	(void)m;
	signal(SIGBUS, on_plain);
	must(scmi__vu_guard() == SCMI_OK);
	raise(SIGBUS);
	raise(SIGBUS);
	must(handled == 2 * SIGBUS);
}

static void send_where_it_is_ignored(struct memory *m)
{
	(void)m;
	signal(SIGBUS, SIG_IGN);
	must(scmi__vu_guard() == SCMI_OK);
	raise(SIGBUS);
}

static void touch_elsewhere_with_a_handler(struct memory *m)
{
	struct sigaction action = {.sa_sigaction = on_info, .sa_flags = SA_SIGINFO};

	sigaction(SIGBUS, &action, NULL);
	touch_elsewhere(m);
}

static void memory_that_is_cut_is_replaced(void **state)
{
	struct memory *m = &memory;

	(void)state;
	open_memory(m, 8);
	expect_clean(end_of(touch_guarded));
	expect_clean(end_of(touch_two));
	expect_clean(end_of(touch_in_a_thread_that_blocks));
	close_memory(m);
}

static void memory_that_is_cut_is_replaced_where_none_is_promised(void **state)
{
	struct memory *m = &memory;
	int status;

	(void)state;
	open_memory(m, 8);
	expect_clean(end_of(touch_where_none_is_promised));
	status = end_of(touch_where_nothing_is_left);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	close_memory(m);
}

static void other_faults_are_those_of_before(void **state)
{
	struct memory *m = &memory;
	int status;

	(void)state;
	open_memory(m, 8);
	status = end_of(touch_elsewhere);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	status = end_of(touch_where_it_was);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	status = end_of(send_it);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	expect_clean(end_of(send_to_a_handler));
	expect_clean(end_of(send_where_it_is_ignored));
	status = end_of(touch_elsewhere_with_a_handler);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	close_memory(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_refuses_absurd_regions),
		cmocka_unit_test(memory_refuses_what_overlaps),
		cmocka_unit_test(memory_refuses_more_than_its_room),
		cmocka_unit_test(memory_refuses_more_than_it_may_take_up),
		cmocka_unit_test(memory_refuses_what_is_no_file),
		cmocka_unit_test(memory_that_cannot_be_mapped_is_an_error),
		cmocka_unit_test(memory_lies_where_it_was_said_to),
		cmocka_unit_test(memory_lets_a_region_go),
		cmocka_unit_test(memory_that_is_cut_is_replaced),
		cmocka_unit_test(memory_that_is_cut_is_replaced_where_none_is_promised),
		cmocka_unit_test(other_faults_are_those_of_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
