/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "no_aio.h"

static bool refuse(long call, int error)
{
	const struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = (struct sock_filter *)filter,
	};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int without_aio(long call, int error, int (*body)(void))
{
	const pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(refuse(call, error) ? body() : NO_AIO_SKIP);
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return NO_AIO_WRONG;
	return WEXITSTATUS(status);
}
