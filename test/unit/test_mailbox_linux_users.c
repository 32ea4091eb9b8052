/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is let in at "unix=", by processes of another user's, which only root can play; and what he is given. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../transports/mailbox_linux/unix.h"
#include "mailbox_linux_rig.h"

#define SEALS  (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define NOBODY 65534u

enum { LET_IN = 10, SENT_AWAY, OTHERWISE, SKIPPED };

/* In a process of that user's, once a byte has come: what became of it. */
static int visit(unsigned user, int go)
{
	char text[200] = "";
	const struct scmi_why why = {text, sizeof(text)};
	struct unix_gift gift;
	char byte;
	int sock;
	int err;

	if (read(go, &byte, 1) != 1 || setresuid(user, user, user) != 0)
		return OTHERWISE;
	err = scmi__unix_connect(rig_uri("") + strlen("unix="), WELCOME_US, &sock, &gift, &why);
	if (err == SCMI_OK)
		return LET_IN;
	return err == SCMI_E_IO && strstr(text, "does not let this user in") != NULL ? SENT_AWAY : OTHERWISE;
}

static int outcome(const char *keys, unsigned user)
{
	struct place *p = place_open(rig_uri(keys));
	int ends[2];
	int status;
	pid_t pid;

	assert_non_null(p);
	assert_int_equal(pipe(ends), 0);
	pid = fork(); /* no thread is there yet */
	if (pid == 0)
		_exit(visit(user, ends[0]));
	place_run(p);
	assert_int_equal(write(ends[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(ends[0]);
	close(ends[1]);
	place_close(p);
	return WEXITSTATUS(status);
}

/* Whether the platform of somebody else's lives cannot be found out: that is not the same as that it does. */
static int take_name(unsigned user, struct scmi__name *name)
{
	char text[200] = "";
	const struct scmi_why why = {text, sizeof(text)};
	int sock;

	if (setresuid(user, user, user) != 0)
		return OTHERWISE;
	return scmi__name_take(name, 0600, &sock, &why) == SCMI_E_IO && strstr(text, "Permission denied") != NULL
		       ? SENT_AWAY
		       : OTHERWISE;
}

static void the_name_of_another_user_is_not_taken(void **state)
{
	struct scmi__name name = {.label = "unix=", .type = SOCK_SEQPACKET};
	struct place *p;
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	p = place_open(rig_uri(""));
	(void)snprintf(name.path, sizeof(name.path), "%s", rig_uri("") + strlen("unix="));
	assert_int_equal(chmod(rig_folder(), 0777), 0);
	pid = fork();
	if (pid == 0)
		_exit(take_name(NOBODY, &name));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), SENT_AWAY);
	place_close(p);
}

static void strangers_are_sent_away(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(rig_folder(), 0711), 0);
	assert_int_equal(outcome(",mode=666", 0), LET_IN);
	assert_int_equal(outcome(",mode=666", NOBODY), SENT_AWAY);
	assert_int_equal(outcome(",mode=666,uid=1", NOBODY), SENT_AWAY);
	assert_int_equal(outcome(",mode=666,uid=65534", NOBODY), LET_IN);
	assert_int_equal(outcome(",uid=65534", NOBODY), OTHERWISE); /* the socket's mode is another thing */
}

/* The memory that is handed out can neither shrink nor grow, and its seals are final. */
static void memory_is_sealed_when_it_is_handed_out(void **state)
{
	struct place *p = place_open(rig_uri(""));
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct unix_hello hello;
	struct iovec part = {.iov_base = &hello, .iov_len = sizeof(hello)};
	struct msghdr m = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	const char *path = rig_uri("") + strlen("unix=");
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int fds[UNIX_FDS];

	(void)state;
	place_run(p);
	memcpy(a.sun_path, path, strlen(path));
	assert_int_equal(connect(sock, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(recvmsg(sock, &m, MSG_CMSG_CLOEXEC), sizeof(hello));
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fds));
	assert_int_equal(fcntl(fds[UNIX_MEMORY], F_GET_SEALS), SEALS);
	assert_int_equal(ftruncate(fds[UNIX_MEMORY], 0), -1);
	assert_int_equal(ftruncate(fds[UNIX_MEMORY], 1 << 20), -1);
	for (int i = 0; i < (int)UNIX_FDS; i++)
		close(fds[i]);
	close(sock);
	place_close(p);
}

/* In a process with a /dev/shm of its own, of one page. */
static int without_room(const char *rest)
{
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=4096") != 0)
		return SKIPPED;
	return place_open(rest) == NULL && rig_err == SCMI_E_IO && strstr(rig_why, "no room left") != NULL &&
			       access("/dev/shm/scmi-users", F_OK) != 0
		       ? SENT_AWAY
		       : OTHERWISE;
}

/* An object whose pages are not there would kill the platform when it touches them. */
static void an_object_without_room_is_not_made(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(without_room("shm=/scmi-users,size=65536"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(WEXITSTATUS(status), SENT_AWAY);
}

static int group_end(void **state)
{
	(void)state;
	rig_folder_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_of_another_user_is_not_taken),
		cmocka_unit_test(strangers_are_sent_away),
		cmocka_unit_test(an_object_without_room_is_not_made),
		cmocka_unit_test(memory_is_sealed_when_it_is_handed_out),
	};

	return cmocka_run_group_tests_name("mailbox_linux_users", tests, NULL, group_end);
}
