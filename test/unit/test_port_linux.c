/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <scmi/errors.h>
#include <scmi/port/linux.h>

#include "port_suite.h"

static struct scmi_linux state_of_port;

static int make(struct scmi_port *out)
{
	return scmi_linux_init(&state_of_port, out);
}

static void drop(void)
{
	scmi_linux_fini(&state_of_port);
}

static void linux_init_without_an_argument_refuses(void **state)
{
	const struct scmi_port untouched = {.version = 77};
	struct scmi_port out = untouched;

	(void)state;
	assert_int_equal(scmi_linux_init(NULL, &out), SCMI_E_INVAL);
	assert_int_equal(scmi_linux_init(&state_of_port, NULL), SCMI_E_INVAL);
	assert_memory_equal(&out, &untouched, sizeof(out));
}

static void linux_event_is_one_futex_word(void **state)
{
	struct scmi_port port;

	(void)state;
	assert_int_equal(make(&port), SCMI_OK);
	assert_int_equal(port.event_size, 4);
	drop();
}

/* Those who are awaited may run elsewhere. */
static void linux_thread_on_one_processor_is_not_alone(void **state)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct scmi_port port;
	void (*relax)(void *ctx);
	cpu_set_t before;
	cpu_set_t one;
	bool counted;

	(void)state;
	assert_int_equal(make(&port), SCMI_OK);
	relax = port.relax;
	drop();
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&one);
	for (size_t i = 0; CPU_COUNT(&one) == 0; i++) {
		if (CPU_ISSET(i, &before))
			CPU_SET(i, &one);
	}
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	counted = sysconf(_SC_NPROCESSORS_ONLN) == processors;
	assert_int_equal(make(&port), SCMI_OK);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	drop();
	if (!counted)
		skip(); /* this C library counts by the thread */
	assert_true(port.relax == relax);
}

#define NO_FILTER (-100)

/* In a child whose system call filter refuses futexes. Returns what init said, or NO_FILTER. */
static int init_without_futexes(void)
{
	static const struct sock_filter refuse_futexes[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef SYS_futex_time64
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex_time64, 1, 0),
#endif
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(refuse_futexes) / sizeof(refuse_futexes[0]),
		.filter = (struct sock_filter *)refuse_futexes,
	};
	struct scmi_port out;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return NO_FILTER;
	return scmi_linux_init(&state_of_port, &out);
}

static void linux_init_without_futexes_fails(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(-init_without_futexes());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == -NO_FILTER)
		skip();
	assert_int_equal(WEXITSTATUS(status), -SCMI_E_IO);
}

int main(void)
{
	const struct port_fixture fixture = {.name = "port linux", .make = make, .drop = drop};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_init_without_an_argument_refuses),
		cmocka_unit_test(linux_event_is_one_futex_word),
		cmocka_unit_test(linux_thread_on_one_processor_is_not_alone),
		cmocka_unit_test(linux_init_without_futexes_fails),
	};

	return port_suite(&fixture) + cmocka_run_group_tests(tests, NULL, NULL);
}
