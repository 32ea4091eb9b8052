/* SPDX-License-Identifier: BSD-3-Clause */
/* Who has sent something, as the kernel tells it: not who has made the socket, and nobody where it does not tell. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../transports/carrier/carrier.h"

#define NOBODY 65534u

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct ucred))];
};

static uint32_t sender_of_next(int sock)
{
	union control control;
	char byte;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

	if (recvmsg(sock, &msg, MSG_DONTWAIT) != 1 || (msg.msg_flags & MSG_CTRUNC) != 0)
		return 1000000000u;
	return CMSG_FIRSTHDR(&msg) != NULL ? scmi__sender(CMSG_FIRSTHDR(&msg)) : SCMI__NO_USER;
}

static bool send_one(int sock)
{
	return send(sock, "", 1, 0) == 1;
}

static void sender_is_told_while_it_is_asked_for(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_true(send_one(ends[0]));
	assert_int_equal(sender_of_next(ends[1]), SCMI__NO_USER);
	assert_true(send_one(ends[0]));
	scmi__want_senders(ends[1], true); /* too late for that one */
	assert_true(send_one(ends[0]));
	assert_int_equal(sender_of_next(ends[1]), SCMI__NO_USER);
	assert_int_equal(sender_of_next(ends[1]), getuid());
	scmi__want_senders(ends[1], false);
	assert_true(send_one(ends[0]));
	assert_int_equal(sender_of_next(ends[1]), SCMI__NO_USER);
	close(ends[0]);
	close(ends[1]);
}

static void sender_is_read_from_nothing_else(void **state)
{
	const struct ucred self = {.pid = 1, .uid = 5};
	union control c = {
		.align = {.cmsg_len = CMSG_LEN(sizeof(self)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS}};

	(void)state;
	memcpy(CMSG_DATA(&c.align), &self, sizeof(self));
	assert_int_equal(scmi__sender(&c.align), 5);
	c.align.cmsg_len--;
	assert_int_equal(scmi__sender(&c.align), SCMI__NO_USER);
	c.align.cmsg_len++;
	c.align.cmsg_type = SCM_RIGHTS;
	assert_int_equal(scmi__sender(&c.align), SCMI__NO_USER);
	c.align.cmsg_type = SCM_CREDENTIALS;
	c.align.cmsg_level = 6;
	assert_int_equal(scmi__sender(&c.align), SCMI__NO_USER);
}

enum { GOOD = 10, ROOT_IS_OURS, NOBODY_IS_OURS, OTHERWISE };

/* The user that stands for whom the kernel does not know is one of the system's, too: and that is who we are. */
static int be_nobody(void)
{
	int ends[2];

	if (setresuid(NOBODY, NOBODY, NOBODY) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return OTHERWISE;
	if (scmi__user_is_ours(0))
		return ROOT_IS_OURS;
	if (!send_one(ends[0]))
		return OTHERWISE;
	scmi__want_senders(ends[1], true);
	if (scmi__user_is_ours(sender_of_next(ends[1])))
		return NOBODY_IS_OURS;
	return send_one(ends[0]) && scmi__user_is_ours(sender_of_next(ends[1])) ? GOOD : OTHERWISE;
}

static void only_our_own_user_is_ours(void **state)
{
	pid_t child;
	int status;

	(void)state;
	assert_true(scmi__user_is_ours(geteuid()));
	assert_false(scmi__user_is_ours(geteuid() + 1u));
	assert_false(scmi__user_is_ours(SCMI__NO_USER));
	if (geteuid() != 0)
		skip();
	child = fork();
	if (child == 0)
		_exit(be_nobody());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sender_is_told_while_it_is_asked_for),
		cmocka_unit_test(sender_is_read_from_nothing_else),
		cmocka_unit_test(only_our_own_user_is_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
