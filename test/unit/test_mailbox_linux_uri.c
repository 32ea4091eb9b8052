/* SPDX-License-Identifier: BSD-3-Clause */
/* "mailbox:" by its keys, and the names that its platforms have. Platform and agents are in this process. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../transports/mailbox_linux/shm.h"
#include "../../transports/mailbox_linux/unix.h"
#include "../support/hang.h"
#include "fds.h"
#include "mailbox_linux_rig.h"

static bool shm_name_is_there(void)
{
	const int fd = shm_open(rig_shm_uri("") + strlen("shm="), O_RDONLY | O_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static const char *socket_path(void)
{
	return rig_uri("") + strlen("unix=");
}

static int group_end(void **state)
{
	(void)state;
	rig_folder_end();
	return 0;
}

/* ---- keys ---- */

static void assert_said(const char *begins)
{
	assert_null(strchr(rig_why, '\n'));
	if (strncmp(rig_why, begins, strlen(begins)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", rig_why, begins);
}

static void wrong_keys_of_a_platform_are_named(void **state)
{
	static const char *const unix_keys[][2] = {
		{",size=35", "size=35: "},
		{",size=37", "size=37: "},
		{",size=65568", "size=65568: "},
		{",size=", "size=: "},
		{",size=12x", "size=12x: "},
		{",size=-64", "size=-64: "},
		{",agents=0", "agents=0: "},
		{",agents=255", "agents=255: "},
		{",agents=1 ", "agents=1 : "},
		{",mode=8", "mode=8: "},
		{",mode=1000", "mode=1000: "},
		{",mode=", "mode=: "},
		{",uid=-1", "uid=-1: "},
		{",uid=4294967296", "uid=4294967296: "},
		{",uid=root", "uid=root: "},
		{",wrong=1", "wrong: "},
		{",size", "\"size\": "},
		{",=1", "\"=1\": "},
		{",", "\"\": "},
		{",a2p=1:2:3", "a2p: "},
		{",uid=5,uid=7", "uid: "},
		{",size=128,size=128", "size: "},
		{",mode=600,agents=2,mode=666", "mode: "},
	};
	static const char *const shm_keys[][2] = {{",agents=2", "agents: "},
						  {",mode=600", "mode: "},
						  {",size=1", "size=1: "},
						  {",size=128,size=256", "size: "}};
	static const char *const others[][2] = {
		{"", "mailbox: "},         {"unix", "mailbox: "},      {"size=128,unix=/x", "mailbox: "},
		{"unix=", "unix=: "},      {"shm=", "shm=: "},         {"shm=x", "shm=x: "},
		{"shm=/", "shm=/: "},      {"shm=/a/b", "shm=/a/b: "}, {"uio=/dev/uio0,a2p=0:0:128", "uio: "},
		{"unixx=/x", "mailbox: "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(unix_keys) / sizeof(unix_keys[0]); i++) {
		assert_null(place_open(rig_uri(unix_keys[i][0])));
		assert_int_equal(rig_err, SCMI_E_INVAL);
		assert_said(unix_keys[i][1]);
	}
	for (size_t i = 0; i < sizeof(shm_keys) / sizeof(shm_keys[0]); i++) {
		assert_null(place_open(rig_shm_uri(shm_keys[i][0])));
		assert_int_equal(rig_err, SCMI_E_INVAL);
		assert_said(shm_keys[i][1]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_null(place_open(others[i][0]));
		assert_int_equal(rig_err, i == 8 ? SCMI_E_NOTSUP : SCMI_E_INVAL);
		assert_said(others[i][1]);
	}
}

static void wrong_keys_of_an_agent_are_named(void **state)
{
	static const char *const keys[][2] = {
		{"unix=/x,size=128", "size: "},
		{"shm=/x,size=128", "size: "},
		{"uio=/dev/uio0", "a2p="},
		{"uio=/dev/uio0,a2p=0:0", "a2p=0:0: MAP:OFFSET:LEN"},
		{"uio=/dev/uio0,a2p=0:0:128:1", "a2p=0:0:128:1: "},
		{"uio=/dev/uio0,a2p=0:0:128,bell=1", "bell=1: MAP:OFFSET"},
		{"uio=/dev/uio0,a2p=0:0:128,value=0x100000000", "value=0x100000000: "},
		{"uio=/dev/uio0,a2p=0:0:128,size=4", "size: "},
		{"uio=/dev/uio0,a2p=0:0:0x1c", "a2p: "},
		{"uio=/dev/uio0,a2p=0:0:128,a2p=0:0:128", "a2p: "},
		{"uio=/dev/uio0,a2p=0:0:128,value=1,value=2", "value: "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_null(guest_open(keys[i][0]));
		assert_int_equal(rig_err, SCMI_E_INVAL);
		assert_said(keys[i][1]);
	}
	assert_null(guest_open("uio=/dev/no-such-uio,a2p=0:0:128,bell=1:0x10,value=0x5"));
	assert_int_equal(rig_err, SCMI_E_NOPEER);
}

/* ---- both ways ---- */

static void nobody_there_is_told_at_once(void **state)
{
	(void)state;
	for (int shm = 0; shm < 2; shm++) {
		assert_null(guest_open(rig_uri_of(shm, "")));
		assert_int_equal(rig_err, SCMI_E_NOPEER);
		assert_said(rig_uri_of(shm, ""));
	}
}

static void an_agent_is_served_and_nothing_is_left(void **state)
{
	const unsigned before = open_fds();

	(void)state;
	for (int i = 0; i < 20; i++) {
		const bool shm = i % 2 != 0;
		struct place *p = place_open(rig_uri_of(shm, ",size=4096"));
		struct guest *g;

		assert_non_null(p);
		place_run(p);
		g = guest_open(rig_uri_of(shm, ""));
		assert_non_null(g);
		assert_int_equal(g->transport.max_payload, 4096 - SCMI_SHMEM_PAYLOAD);
		assert_true((g->transport.caps & SCMI_CAP_WAIT) != 0 && (g->transport.caps & SCMI_CAP_NOTIFY) != 0);
		assert_int_equal(g->transport.max_inflight, 32);
		assert_int_equal(g->transport.timeout_us, 1000000);
		for (int n = 0; n < 5; n++)
			assert_int_equal(guest_ask(g), SCMI_OK);
		assert_int_equal(rig_maps(), 2);
		if (i % 4 < 2) {
			guest_close(g);
			place_close(p);
		} else {
			place_close(p);
			guest_close(g);
		}
	}
	assert_int_equal(open_fds(), before);
	assert_int_equal(rig_maps(), 0);
	assert_false(shm_name_is_there());
	assert_int_not_equal(access(socket_path(), F_OK), 0);
}

static void one_agent_more_is_refused(void **state)
{
	(void)state;
	for (int shm = 0; shm < 2; shm++) {
		struct place *p = place_open(rig_uri_of(shm, shm ? "" : ",agents=1"));
		struct guest *g;

		place_run(p);
		for (int i = 0; i < 10; i++) { /* one after the other there is always room */
			g = guest_open(rig_uri_of(shm, ""));
			assert_non_null(g);
			assert_null(guest_open(rig_uri_of(shm, "")));
			assert_int_equal(rig_err, SCMI_E_NOPEER);
			assert_non_null(strstr(rig_why, shm ? "another agent is there" : "as many agents as it takes"));
			assert_int_equal(guest_ask(g), SCMI_OK);
			guest_close(g);
		}
		place_close(p);
	}
}

static void many_agents_have_areas_of_their_own(void **state)
{
	struct place *p = place_open(rig_uri(",agents=16"));
	struct guest *g[16];

	(void)state;
	place_run(p);
	for (int i = 0; i < 16; i++)
		assert_non_null(g[i] = guest_open(rig_uri("")));
	for (int n = 0; n < 3; n++) {
		for (int i = 0; i < 16; i++)
			assert_int_equal(guest_ask(g[i]), SCMI_OK);
	}
	for (int i = 0; i < 16; i++)
		guest_close(g[i]);
	place_close(p);
}

/* ---- names ---- */

static void a_living_platform_keeps_its_name(void **state)
{
	const unsigned before = open_fds();

	(void)state;
	for (int shm = 0; shm < 2; shm++) {
		struct place *p = place_open(rig_uri_of(shm, ""));

		assert_null(place_open(rig_uri_of(shm, "")));
		assert_int_equal(rig_err, SCMI_E_BUSY);
		assert_said(rig_uri_of(shm, ""));
		place_run(p);
		assert_null(place_open(rig_uri_of(shm, "")));
		assert_int_equal(rig_err, SCMI_E_BUSY);
		guest_close(guest_open(rig_uri_of(shm, "")));
		place_close(p);
	}
	assert_int_equal(open_fds(), before);
}

static void leave_a_dead_socket(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, socket_path(), strlen(socket_path()));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
}

static void the_name_of_a_dead_platform_is_taken(void **state)
{
	(void)state;
	leave_a_dead_socket();
	assert_null(guest_open(rig_uri("")));
	assert_int_equal(rig_err, SCMI_E_NOPEER);
	place_close(place_open(rig_uri("")));

	close(shm_open(rig_shm_uri("") + strlen("shm="), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	assert_null(guest_open(rig_shm_uri("")));
	assert_int_equal(rig_err, SCMI_E_NOPEER);
	place_close(place_open(rig_shm_uri("")));
	assert_false(shm_name_is_there());
}

struct newcomer {
	pthread_t thread;
	struct scmi__name name;
	int sock;
	int err;
};

static void *come(void *arg)
{
	struct newcomer *c = arg;

	c->err = scmi__name_take(&c->name, 0600, &c->sock, NULL);
	return NULL;
}

/* Of platforms that come at once one has the name, and agents find that one; nothing else is left. */
static void of_many_platforms_one_has_the_name(void **state)
{
	struct newcomer c[4];
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	(void)state;
	memcpy(a.sun_path, socket_path(), strlen(socket_path()));
	for (int round = 0; round < 200; round++) {
		unsigned winners = 0;
		int agent;

		if (round % 2 != 0)
			leave_a_dead_socket();
		for (int i = 0; i < 4; i++) {
			c[i].name = (struct scmi__name){.label = "unix=", .type = SOCK_SEQPACKET};
			(void)snprintf(c[i].name.path, sizeof(c[i].name.path), "%s", a.sun_path);
			assert_int_equal(pthread_create(&c[i].thread, NULL, come, &c[i]), 0);
		}
		for (int i = 0; i < 4; i++) {
			pthread_join(c[i].thread, NULL);
			winners += c[i].err == SCMI_OK;
			assert_true(c[i].err == SCMI_OK || c[i].err == SCMI_E_BUSY);
		}
		assert_int_equal(winners, 1);
		agent = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(agent, (struct sockaddr *)&a, sizeof(a)), 0);
		close(agent);
		for (int i = 0; i < 4; i++) {
			if (c[i].err == SCMI_OK)
				scmi__name_leave(&c[i].name);
			if (c[i].err == SCMI_OK)
				close(c[i].sock);
		}
		assert_int_not_equal(access(socket_path(), F_OK), 0);
	}
}

/* What is not a platform's is left alone. */
static void the_name_of_something_else_is_not_taken(void **state)
{
	int fd = open(socket_path(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	close(fd);
	assert_null(place_open(rig_uri("")));
	assert_int_equal(rig_err, SCMI_E_BUSY);
	assert_int_equal(unlink(socket_path()), 0);

	fd = shm_open(rig_shm_uri("") + strlen("shm="), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "something else", 14), 14);
	close(fd);
	assert_null(place_open(rig_shm_uri("")));
	assert_int_equal(rig_err, SCMI_E_BUSY);
	assert_null(guest_open(rig_shm_uri("")));
	assert_int_equal(rig_err, SCMI_E_NOPEER);
	assert_int_equal(shm_unlink(rig_shm_uri("") + strlen("shm=")), 0);
}

/* Only one's own name is taken away at the end. */
static void a_name_that_is_anothers_by_now_stays(void **state)
{
	(void)state;
	for (int shm = 0; shm < 2; shm++) {
		struct place *p = place_open(rig_uri_of(shm, ""));
		struct place *q;

		assert_int_equal(shm ? shm_unlink(rig_shm_uri("") + strlen("shm=")) : unlink(socket_path()), 0);
		q = place_open(rig_uri_of(shm, ""));
		assert_non_null(q);
		place_close(p);
		place_run(q);
		guest_close(guest_open(rig_uri_of(shm, "")));
		place_close(q);
	}
}

static void the_socket_has_the_mode_that_was_asked_for(void **state)
{
	static const unsigned modes[] = {0600, 0666, 0660};
	const mode_t mask = umask(077);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char more[20];
		struct place *p;
		struct stat st;

		(void)snprintf(more, sizeof(more), ",mode=%o", modes[i]);
		p = place_open(rig_uri(i == 0 ? "" : more));
		assert_int_equal(stat(socket_path(), &st), 0);
		assert_int_equal(st.st_mode & 0777, modes[i]);
		place_close(p);
	}
	(void)umask(mask);
}

static void names_that_cannot_be_are_told(void **state)
{
	char path[200] = "unix=/";

	(void)state;
	memset(path + 6, 'x', 104); /* with its slash a byte more than there is room for one beside it */
	assert_null(place_open(path));
	assert_int_equal(rig_err, SCMI_E_INVAL);
	memset(path + 6, 'x', 120);
	assert_null(place_open(path));
	assert_int_equal(rig_err, SCMI_E_INVAL);
	assert_null(guest_open(path));
	assert_int_equal(rig_err, SCMI_E_INVAL);
	assert_null(place_open("unix=/no/such/folder/s"));
	assert_int_equal(rig_err, SCMI_E_IO);
	assert_said("unix=/no/such/folder/s: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_keys_of_a_platform_are_named),
		cmocka_unit_test(wrong_keys_of_an_agent_are_named),
		cmocka_unit_test(nobody_there_is_told_at_once),
		cmocka_unit_test(an_agent_is_served_and_nothing_is_left),
		cmocka_unit_test(one_agent_more_is_refused),
		cmocka_unit_test(many_agents_have_areas_of_their_own),
		cmocka_unit_test(a_living_platform_keeps_its_name),
		cmocka_unit_test(the_name_of_a_dead_platform_is_taken),
		cmocka_unit_test(of_many_platforms_one_has_the_name),
		cmocka_unit_test(the_name_of_something_else_is_not_taken),
		cmocka_unit_test(a_name_that_is_anothers_by_now_stays),
		cmocka_unit_test(the_socket_has_the_mode_that_was_asked_for),
		cmocka_unit_test(names_that_cannot_be_are_told),
	};

	return cmocka_run_group_tests_name("mailbox_linux_uri", tests, NULL, group_end);
}
