/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver and a device over a pair: senders, interrupts, polls, answers, events, and the ends of either side. */
#include "links.h"
#include "scenarios.h"

static void start(void)
{
	links_start(&(struct link_config){.interrupts = true});
}

static void start_plain(void)
{
	links_start(&(struct link_config){.interrupts = true, .plain = true});
}

static void start_polled(void)
{
	links_start(&(struct link_config){0});
}

static void start_polled_plain(void)
{
	links_start(&(struct link_config){.plain = true});
}

static void start_fd(void)
{
	links_start(&(struct link_config){.has_fd = true});
}

static void start_fd_plain(void)
{
	links_start(&(struct link_config){.has_fd = true, .plain = true});
}

static void start_fd_events(void)
{
	links_start(&(struct link_config){.has_fd = true, .events = 2});
}

/* A command has been answered, and nobody has looked. */
static void start_fd_answered(void)
{
	start_fd();
	links_send(0, false);
	(void)scmi_virtio_device_serve(links->device, 4);
}

static void start_later(void)
{
	links_start(&(struct link_config){.interrupts = true, .later = true});
}

static void start_direct(void)
{
	links_start(&(struct link_config){.flags = SCMI_VIRTIO_PAIR_SERVES | SCMI_VIRTIO_PAIR_DELIVERS,
					  .interrupts = true});
}

static void start_direct_later(void)
{
	links_start(&(struct link_config){
		.flags = SCMI_VIRTIO_PAIR_SERVES | SCMI_VIRTIO_PAIR_DELIVERS, .interrupts = true, .later = true});
}

/* Of two commands one must wait until the other has been answered. */
static void start_narrow(void)
{
	links_start(&(struct link_config){
		.flags = SCMI_VIRTIO_PAIR_DELIVERS, .interrupts = true, .later = true, .requests = 1});
}

static void start_events(void)
{
	links_start(&(struct link_config){.interrupts = true, .events = 2});
}

static void start_events_plain(void)
{
	links_start(&(struct link_config){.interrupts = true, .events = 2, .plain = true});
}

static void start_events_polled(void)
{
	links_start(&(struct link_config){.events = 2});
}

static void start_events_direct(void)
{
	links_start(&(struct link_config){
		.flags = SCMI_VIRTIO_PAIR_SERVES | SCMI_VIRTIO_PAIR_DELIVERS, .interrupts = true, .events = 2});
}

/* A command has been sent, and is not served yet. */
static void start_sent_later(void)
{
	start_later();
	links_send(0, false);
}

/* Both buffers of the eventq are full, and the driver has not looked. */
static void start_full(void)
{
	start_events();
	links_event();
	links_event();
}

/* Three events more than there are buffers: the platform waits for room from the start. */
static void start_eager(void)
{
	links_start(&(struct link_config){.interrupts = true, .events = 2, .pending = 5});
}

/* --- the driver's end --- */

static void call_0(void)
{
	links_send(0, false);
	links_await(0);
}

static void call_1(void)
{
	links_send(1, false);
	links_await(1);
}

static void call_0_twice(void)
{
	call_0();
	call_0();
}

static void call_both(void)
{
	links_send(0, true);
	links_send(1, false);
	links_await(0);
	links_await(1);
}

static void call_both_flushed(void)
{
	links_send(0, true);
	links_send(1, true);
	links_flush();
	links_await(0);
	links_await(1);
}

static void try_0(void)
{
	if (links_send(0, false) == SCMI_OK)
		links_await_any(0);
}

/* A slot that link_down() has forgiven may be used again, one that may have gone to the next peer may not. */
static void try_twice(void)
{
	unsigned slot;

	try_0();
	slot = links->slot[0].owed == NOT_OWED ? 0 : 1;
	if (links_send(slot, false) == SCMI_OK)
		links_await_any(slot);
}

static void drive_0(void)
{
	links_send(0, false);
	links_drive(0);
}

static void await_0(void)
{
	links_await(0);
}

static void lead(void)
{
	for (;;)
		if (links->transport.ops->poll(links->transport.ctx, 4) == 0)
			links->transport.ops->wait(links->transport.ctx, SCMI_NEVER);
}

static void try_0_driving(void)
{
	if (links_send(0, false) == SCMI_OK)
		links_drive_any(0);
}

/* Takes one, and leaves the rest to the interrupts. */
static void poll_for_one(void)
{
	links->transport.ops->poll(links->transport.ctx, 1);
}

static void drive_0_call_1(void)
{
	drive_0();
	call_1();
}

static void find_and_call(void)
{
	links_lose();
	if (scmi_virtio_found(links->driver) != SCMI_OK)
		step_fail("the device is not found again");
	call_0();
}

static void recover_and_call(void)
{
	if (links_recover() != SCMI_OK)
		step_fail("no recovery");
	call_0();
}

static void lose_and_find(void)
{
	links_lose();
	if (scmi_virtio_found(links->driver) != SCMI_OK)
		step_fail("the device is not found again");
}

static void send_and_stop(void)
{
	links_send(0, false);
	links_stop();
}

/* What was sent before is nothing any more; what is sent after it is answered. */
static void send_recover_send(void)
{
	links_send(0, false);
	if (links_recover() != SCMI_OK)
		step_fail("no recovery");
	call_1();
}

static void recover_0(void)
{
	(void)links_recover();
	links_tell(0);
}

static void lose_and_find_1(void)
{
	links_lose();
	(void)scmi_virtio_found(links->driver);
	links_tell(1);
}

/* Whatever two others have done to the link: in the end it is up, or can be recovered. */
static void call_after_both(void)
{
	links_await_told(0);
	links_await_told(1);
	if (links_send(0, false) != SCMI_OK) {
		if (links_recover() != SCMI_OK)
			step_fail("no recovery");
		links_send(0, false);
	}
	links_await(0);
}

/* --- the device's end --- */

static void answer_for_ever(void)
{
	for (;;)
		links_answer();
}

static void one_event(void)
{
	links_event_patiently();
}

static void two_events(void)
{
	links_event_patiently();
	links_event_patiently();
}

static void three_events(void)
{
	two_events();
	links_event_patiently();
}

static void try_event(void)
{
	links_event();
}

static void stop_and_start(void)
{
	links_platform_stop();
	links_platform_start();
}

static void stop_and_start_1(void)
{
	stop_and_start();
	links_tell(1);
}

#define REST NULL, links_check

const struct step_scenario scenarios_virtio[] = {
	{"virtio-interrupt", start, {call_0_twice, links_interrupts, links_serve}, "siv", 6, REST},
	{"virtio-interrupt-plain", start_plain, {call_0_twice, links_interrupts, links_serve}, "siv", 6, REST},
	{"virtio-interrupt-two", start, {call_0, call_1, links_interrupts, links_serve}, "stiv", 12, REST},
	{"virtio-interrupt-poll", start, {call_0, links_interrupts, links_poll, links_serve}, "sipv", 10, REST},
	{"virtio-interrupt-poll-one", start, {call_0, links_interrupts, poll_for_one, links_serve}, "sipv", 10, REST},
	{"virtio-interrupt-poll-twice",
	 start,
	 {call_0_twice, links_interrupts, poll_for_one, links_serve},
	 "sipv",
	 10,
	 REST},
	{"virtio-batch", start, {call_both, links_interrupts, links_serve}, "siv", 6, REST},
	{"virtio-flush", start_plain, {call_both_flushed, links_interrupts, links_serve}, "siv", 6, REST},
	{"virtio-drive", start_polled, {drive_0, links_serve}, "sv", 2, REST},
	{"virtio-drive-plain", start_polled_plain, {drive_0, links_serve}, "sv", 2, REST},
	{"virtio-drive-poll", start_polled, {drive_0, links_poll, links_serve}, "spv", 4, REST},
	{"virtio-lead-two", start_polled, {call_0, call_1, lead, links_serve}, "stlv", 12, REST},
	{"virtio-fd", start_fd, {call_0_twice, links_loop, links_serve}, "slv", 6, REST},
	{"virtio-fd-plain", start_fd_plain, {call_0_twice, links_loop, links_serve}, "slv", 6, REST},
	{"virtio-fd-late", start_fd_answered, {await_0, links_loop}, "sl", 2, REST},
	{"virtio-fd-batch", start_fd, {call_both, links_loop, links_serve}, "slv", 6, REST},
	{"virtio-fd-poll", start_fd, {call_0_twice, links_loop, links_poll, links_serve}, "slpv", 10, REST},
	{"virtio-fd-poll-one", start_fd, {call_both, links_loop, poll_for_one, links_serve}, "slpv", 10, REST},
	{"virtio-fd-wait", start_fd_plain, {drive_0_call_1, links_loop, links_serve}, "slv", 6, REST},
	{"virtio-fd-asleep", start_fd, {call_0_twice, lead, links_poll, links_serve}, "sLpv", 10, REST},
	{"virtio-fd-lead", start_fd, {call_0_twice, lead, links_loop, links_serve}, "sLlv", 14, REST},
	{"virtio-fd-events", start_fd_events, {two_events, links_loop, links_serve}, "elv", 6, REST},
	{"virtio-fd-found", start_fd, {find_and_call, links_loop, links_serve}, "flv", 6, REST},
	{"virtio-fd-recover", start_fd, {recover_and_call, links_loop, links_serve}, "rlv", 6, REST},
	{"virtio-later", start_later, {call_0, links_interrupts, links_serve, answer_for_ever}, "siva", 14, REST},
	{"virtio-narrow", start_narrow, {call_both, links_serve, answer_for_ever}, "sva", 6, REST},
	{"virtio-direct", start_direct, {call_0, call_1}, "st", 0, REST},
	{"virtio-direct-later", start_direct_later, {call_0, call_1, answer_for_ever}, "sta", 4, REST},
	{"virtio-lost", start, {try_0, links_lose, links_interrupts, links_serve}, "sliv", 12, REST},
	{"virtio-lost-lead", start_polled, {try_0, links_lose, lead, links_serve}, "sLlv", 12, REST},
	{"virtio-found", start, {try_twice, lose_and_find, links_interrupts, links_serve}, "sfiv", 12, REST},
	{"virtio-found-lead", start_polled, {try_0_driving, lose_and_find, links_serve}, "sfv", 4, REST},
	{"virtio-stop", start, {send_and_stop, links_interrupts, links_serve}, "siv", 6, REST},
	{"virtio-stop-answer",
	 start_later,
	 {send_and_stop, links_interrupts, links_serve, answer_for_ever},
	 "siva",
	 14,
	 REST},
	{"virtio-recover", start, {send_recover_send, links_interrupts, links_serve}, "siv", 6, REST},
	{"virtio-recover-device", start_events, {send_recover_send, links_interrupts, links_serve}, "siv", 6, REST},
	{"virtio-recover-answer",
	 start_later,
	 {send_recover_send, links_interrupts, links_serve, answer_for_ever},
	 "siva",
	 14,
	 REST},
	{"virtio-recover-narrow", start_narrow, {send_recover_send, links_serve, answer_for_ever}, "sva", 6, REST},
	{"virtio-recover-found", start_direct, {recover_0, lose_and_find_1, call_after_both}, "rfs", 0, REST},
	{"virtio-lost-alone", start_polled, {try_0, links_lose, lead}, "sLl", 4, REST},
	{"virtio-detach", start_sent_later, {links_detach, links_serve, answer_for_ever}, "dva", 6, NULL, NULL},
	{"virtio-detach-event", start_events, {links_detach, links_serve, try_event}, "dve", 2, NULL, NULL},
	{"virtio-detach-starved", start_full, {links_detach, links_event_to_the_end}, "de", 0, NULL, NULL},
	{"virtio-events", start_events, {three_events, links_interrupts, links_serve}, "eiv", 6, REST},
	{"virtio-events-plain", start_events_plain, {three_events, links_interrupts, links_serve}, "eiv", 6, REST},
	{"virtio-events-lead", start_events_polled, {three_events, lead, links_serve}, "elv", 6, REST},
	{"virtio-events-two", start_events, {one_event, two_events, links_interrupts, links_serve}, "eEiv", 12, REST},
	{"virtio-events-full", start_full, {one_event, links_interrupts, links_serve}, "eiv", 6, REST},
	{"virtio-events-eager", start_eager, {links_interrupts, links_serve}, "iv", 3, REST},
	{"virtio-events-direct", start_events_direct, {two_events, one_event}, "eE", 0, REST},
	{"virtio-events-command", start_events, {call_0, two_events, links_interrupts, links_serve}, "seiv", 12, REST},
	{"virtio-platform", start, {try_twice, stop_and_start, links_interrupts, links_serve}, "spiv", 12, REST},
	{"virtio-platform-lead", start_polled, {try_0_driving, stop_and_start, links_serve}, "spv", 4, REST},
	{"virtio-platform-event",
	 start_events,
	 {try_event, stop_and_start, links_interrupts, links_serve},
	 "epiv",
	 12,
	 REST},
	{"virtio-platform-starved",
	 start_eager,
	 {links_platform_stop, links_interrupts, links_serve},
	 "piv",
	 6,
	 NULL,
	 NULL},
	{"virtio-platform-recover",
	 start_events_direct,
	 {recover_0, stop_and_start_1, call_after_both},
	 "rps",
	 0,
	 REST},
	{"virtio-platform-stop",
	 start,
	 {send_and_stop, links_platform_stop, links_interrupts, links_serve},
	 "spiv",
	 12,
	 REST},
	{0},
};
