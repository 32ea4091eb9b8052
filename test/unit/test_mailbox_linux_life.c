/* SPDX-License-Identifier: BSD-3-Clause */
/* Mailboxes by URI whose platforms and agents go, and come again. Both are in this process. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../transports/mailbox_linux/shm.h"
#include "../support/hang.h"
#include "fds.h"
#include "mailbox_linux_rig.h"

#define EVENT 0x300u /* the header of a notification */

static int group_end(void **state)
{
	(void)state;
	rig_folder_end();
	return 0;
}

/* By its reconnect policy: the platform goes while nothing is under way, or its listener stops and runs again. */
static void an_agent_comes_back(void **state)
{
	(void)state;
	for (int shm = 0; shm < 2; shm++) {
		struct place *p = place_open(rig_uri_of(shm, ""));
		struct guest *g;

		assert_non_null(p);
		place_run(p);
		g = guest_open(rig_uri_of(shm, ""));
		assert_non_null(g);
		for (int i = 0; i < 10; i++) {
			assert_true(guest_comes_back(g));
			place_halt(p);
			if (i % 2 != 0) {
				place_close(p);
				p = place_open(rig_uri_of(shm, i == 3 ? ",size=1024" : ""));
				assert_non_null(p);
			}
			place_run(p);
		}
		assert_true(guest_comes_back(g));
		assert_int_equal(g->transport.max_payload, 100);
		guest_close(g);
		place_close(p);
	}
}

/* Nobody calls, nobody waits: polls alone find out that the platform has gone. */
static void who_polls_only_is_told(void **state)
{
	(void)state;
	for (int shm = 0; shm < 2; shm++) {
		struct place *p = place_open(rig_uri_of(shm, ""));
		struct hang hang = hang_watch();
		struct scmi_agent_stats s = {.size = sizeof(s)};
		struct guest *g;

		place_run(p);
		g = guest_open(rig_uri_of(shm, ""));
		place_close(p);
		p = place_open(rig_uri_of(shm, ""));
		place_run(p);
		while (s.recovered == 0) {
			assert_false(hangs(&hang));
			(void)scmi_agent_poll(g->agent, 1);
			assert_int_equal(scmi_agent_stats(g->agent, 0, &s), SCMI_OK);
		}
		assert_int_equal(guest_ask(g), SCMI_OK);
		guest_close(g);
		place_close(p);
	}
}

/* The connection that was made when the link was opened is dead when the agent starts: it makes another. */
static void a_first_connection_that_has_died_is_replaced(void **state)
{
	(void)state;
	for (int shm = 0; shm < 2; shm++) {
		struct place *p = place_open(rig_uri_of(shm, ""));
		struct guest *g = guest_new();

		place_run(p);
		assert_int_equal(guest_link(g, rig_uri_of(shm, "")), SCMI_OK);
		place_close(p);
		p = place_open(rig_uri_of(shm, ""));
		place_run(p);
		assert_int_equal(guest_start(g), SCMI_OK);
		assert_int_equal(guest_ask(g), SCMI_OK);
		guest_close(g);
		place_close(p);
	}
}

/* What it was promised by the first platform, an agent cannot take from one with smaller areas. */
static void smaller_areas_are_not_taken(void **state)
{
	(void)state;
	for (int shm = 0; shm < 2; shm++) {
		struct place *p = place_open(rig_uri_of(shm, ",size=512"));
		struct guest *g;

		place_run(p);
		g = guest_open(rig_uri_of(shm, ""));
		assert_non_null(g);
		place_close(p);
		p = place_open(rig_uri_of(shm, ",size=508"));
		place_run(p);
		assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_E_NOPEER);
		place_close(p);
		p = place_open(rig_uri_of(shm, ",size=512"));
		place_run(p);
		assert_true(guest_comes_back(g));
		guest_close(g);
		place_close(p);
	}
}

static void a_listener_that_was_ended_before_sends_all_away(void **state)
{
	(void)state;
	for (int shm = 0; shm < 2; shm++) {
		struct place *p = place_open(rig_uri_of(shm, ""));

		scmi_mailbox_scheme()->end(p->listener);
		assert_int_equal(scmi_mailbox_scheme()->run(p->listener), SCMI_OK);
		place_run(p); /* and may run again */
		guest_close(guest_open(rig_uri_of(shm, "")));
		place_close(p);
	}
}

/* Larger than the room that an agent keeps: it would lie over what is mapped beside that. */
static void an_object_that_is_too_large_is_not_mapped(void **state)
{
	const char *name = rig_shm_uri("") + strlen("shm=");
	const uint32_t bytes = SHM_BYTES_MAX + 4096u;
	const struct shm_head head = {.magic = SHM_MAGIC,
				      .version = SHM_VERSION,
				      .bytes = bytes,
				      .offset = {256, 512},
				      .len = {128, 128},
				      .ready = 1};
	int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	assert_int_equal(pwrite(fd, &head, sizeof(head), 0), sizeof(head));
	assert_true(scmi__shm_lock(fd, SHM_PLATFORM));
	assert_null(guest_open(rig_shm_uri("")));
	assert_int_equal(rig_err, SCMI_E_NOPEER);
	assert_non_null(strstr(rig_why, "its areas cannot be"));
	close(fd);
	assert_int_equal(shm_unlink(name), 0);
}

static int tell(struct place *p)
{
	const struct scmi_endpoint *e = scmi_mailbox_scheme()->endpoint(p->listener, 0);

	return e->ops->send(e->ctx, EVENT, NULL, 0);
}

/* A message stands there that the last agent did not take: it is nobody's, and in nobody's way. */
static void what_was_not_taken_is_gone_with_its_agent(void **state)
{
	(void)state;
	for (int shm = 0; shm < 2; shm++) {
		struct place *p = place_open(rig_uri_of(shm, ",size=128"));

		place_run(p);
		for (int i = 0; i < 3; i++) {
			struct hang hang = hang_watch();
			struct guest *g = guest_open(rig_uri_of(shm, ""));

			assert_non_null(g);
			assert_int_equal(tell(p), SCMI_OK);
			assert_int_equal(tell(p), SCMI_E_BUSY);
			guest_close(g);
			while (tell(p) != SCMI_E_NOPEER)
				assert_false(hangs(&hang));
		}
		place_close(p);
	}
}

/* Who was sent away is let in again when he asks, and not before: what he has mapped would change under him. */
static void who_was_sent_away_has_to_ask(void **state)
{
	struct place *p = place_open(rig_shm_uri(""));
	struct guest *g = guest_new();

	(void)state;
	place_run(p);
	assert_int_equal(guest_link(g, rig_shm_uri("")), SCMI_OK);
	assert_int_equal(tell(p), SCMI_OK);
	place_halt(p);
	assert_int_equal(tell(p), SCMI_E_NOPEER);
	place_run(p);
	for (int i = 0; i < 50; i++) {
		usleep(1000);
		assert_int_equal(tell(p), SCMI_E_NOPEER);
	}
	assert_int_equal(guest_start(g), SCMI_OK);
	assert_int_equal(guest_ask(g), SCMI_OK);
	guest_close(g);
	place_close(p);
}

/* Once it is known that the platform has gone nothing is readable any more: a loop sleeps. */
static void a_loop_sleeps_when_its_platform_has_gone(void **state)
{
	struct place *p = place_open(rig_uri(""));
	struct guest *g = guest_new();
	struct hang hang = hang_watch();
	int fd;

	(void)state;
	place_run(p);
	assert_int_equal(guest_link(g, rig_uri("")), SCMI_OK);
	g->stays_lost = true;
	assert_int_equal(guest_start(g), SCMI_OK);
	fd = scmi_agent_fd(g->agent, 0);
	assert_true(fd >= 0);
	assert_int_equal(guest_ask(g), SCMI_OK);
	place_close(p);
	assert_true(fd_is_readable(fd, -1));
	while (fd_is_readable(fd, 0)) {
		assert_false(hangs(&hang));
		(void)scmi_agent_poll(g->agent, 1);
	}
	assert_int_not_equal(guest_ask(g), SCMI_OK);
	guest_close(g);
}

static void never_done(struct scmi_call *call, int err)
{
	(void)call;
	(void)err;
}

/* The first poll that comes late enough tells; it does not take many. */
static void one_late_poll_is_enough(void **state)
{
	(void)state;
	for (int shm = 0; shm < 2; shm++) {
		struct place *p = place_open(rig_uri_of(shm, ""));
		struct guest *g = guest_new();
		struct scmi_call call = {.size = sizeof(call),
					 .protocol = SCMI_PROTOCOL_BASE,
					 .message = SCMI_PROTOCOL_VERSION,
					 .done = never_done};

		place_run(p);
		assert_int_equal(guest_link(g, rig_uri_of(shm, "")), SCMI_OK);
		g->stays_lost = true;
		assert_int_equal(guest_start(g), SCMI_OK);
		for (int i = 0; i < 3; i++)
			(void)scmi_agent_poll(g->agent, 1);
		place_close(p);
		usleep(100000);
		(void)scmi_agent_poll(g->agent, 1);
		assert_int_not_equal(scmi_agent_submit(g->agent, &call), SCMI_OK);
		guest_close(g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agent_comes_back),
		cmocka_unit_test(who_polls_only_is_told),
		cmocka_unit_test(a_first_connection_that_has_died_is_replaced),
		cmocka_unit_test(smaller_areas_are_not_taken),
		cmocka_unit_test(a_listener_that_was_ended_before_sends_all_away),
		cmocka_unit_test(an_object_that_is_too_large_is_not_mapped),
		cmocka_unit_test(what_was_not_taken_is_gone_with_its_agent),
		cmocka_unit_test(who_was_sent_away_has_to_ask),
		cmocka_unit_test(one_late_poll_is_enough),
		cmocka_unit_test(a_loop_sleeps_when_its_platform_has_gone),
	};

	return cmocka_run_group_tests_name("mailbox_linux_life", tests, NULL, group_end);
}
