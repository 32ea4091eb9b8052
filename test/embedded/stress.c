/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls of all kinds, over a mailbox whose doorbells are interrupts and over a loopback that makes trouble, while a timer
 * interrupts at every instruction: calls=N seed=S measure=0 on the command line. Each call ends once, with what it was
 * answered; the counters agree; nothing is left.
 */
#include <stddef.h>

#include "stress.h"

#define LATENESS_US 400u
#define DRAIN_US    500000u
#define ROUNDS      50u

struct stress stress;

static struct scmi_mailbox mailbox;

_Noreturn void stress_fail(const char *what, uint32_t number)
{
	stress_hits_stop();
	put("FAILED: ");
	put(what);
	put(" (");
	put_u32(number);
	put("), after ");
	put_u32(atomic_load(&stress.ended));
	put(" calls\n");
	board_exit(1);
}

static void agent_came(void)
{
	if (stress.measuring)
		stress_measure_begin();
	scmi_mailbox_interrupt(&mailbox);
	if (stress.measuring)
		stress_measure_end();
}

/* The timer may be the only one that rings; in a run without it each ring is one, and what waits is answered by the tick. */
static void tick(void)
{
	if (stress.measuring)
		board_irq_raise(IRQ_CHAOS);
}

static int ring_platform(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	if (stress.measuring || target_random(4) == 0)
		board_irq_raise(IRQ_PLATFORM);
	return SCMI_OK;
}

static int start(void *ctx, struct scmi_mailbox *m, struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	(void)ctx;
	(void)m;
	(void)areas;
	return SCMI_OK;
}

static void stop(void *ctx)
{
	(void)ctx;
	board_irq_disable(IRQ_AGENT);
}

static const struct scmi_mailbox_doorbell doorbell = {
	.version = SCMI_MAILBOX_DOORBELL_V1,
	.caps = SCMI_CAP_IRQ | SCMI_CAP_ATOMIC,
	.name = "nvic",
	.start = start,
	.stop = stop,
	.ring = ring_platform,
};

/* ---- making it, and its end ---- */

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	(void)self;
	(void)hdr;
	stress_check(len == 4 && scmi_get_le32(payload) == STRESS_KEY);
	atomic_fetch_add(&stress.notified, 1);
}

static void make_agent(const struct scmi_shmem areas[SCMI_MAILBOX_AREAS], const struct scmi_transport *bent)
{
	static max_align_t mem[1024];
	static struct scmi_subscriber node;
	struct scmi_transport transport;
	const struct scmi_mailbox_config mailbox_config = {
		.size = sizeof(mailbox_config),
		.max_inflight = STRESS_SLOTS,
		.areas = {areas[0], areas[1]},
		.doorbell = &doorbell,
		.port = &stress.port,
	};
	const struct scmi_link link = {
		.size = sizeof(link),
		.protocol = STRESS_LOOPBACK,
		.transport = bent,
		.options = {.slots = 4, .lateness_us = LATENESS_US, .queue_timeout_us = 20000, .reconnect_us = 5000},
	};
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = &transport,
		.port = &stress.port,
		.options = {.slots = STRESS_SLOTS,
			    .reserved = 1,
			    .lateness_us = LATENESS_US,
			    .queue_timeout_us = 20000},
		.links = &link,
		.links_n = 1,
		.max_waiters = 2,
		.event_buffers = 4,
		.strict = SCMI_CHECK_RESERVED,
	};

	stress_check(scmi_mailbox_init(&mailbox, &mailbox_config, &transport) == SCMI_OK);
	stress_check(scmi_agent_init(&stress.agent, mem, sizeof(mem), &config) == SCMI_OK);
	stress_check(scmi_agent_start(stress.agent) == SCMI_OK);
	node = (struct scmi_subscriber){
		.size = sizeof(node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = on_notify};
	stress_check(scmi_agent_subscribe(stress.agent, &node) == SCMI_OK);
}

static void make_all(void)
{
	static uint32_t memory[SCMI_MAILBOX_AREAS][STRESS_AREA / 4u];
	const struct scmi_shmem areas[SCMI_MAILBOX_AREAS] = {
		{.mem = memory[0], .len = sizeof(memory[0])},
		{.mem = memory[1], .len = sizeof(memory[1])},
	};
	struct scmi_transport bent;
	struct scmi_endpoint endpoint;

	stress_bend(&stress.port, &bent, &endpoint);
	stress_platform(&stress.port, areas, &endpoint);
	target_on_platform(stress_platform_serve);
	make_agent(areas, &bent);
	target_on_agent(agent_came);
}

/* Switches notifications on, by a call that may have to be made again. */
static void ask_for_notifications(uint8_t protocol)
{
	uint32_t on;
	int err;

	scmi_put_le32(&on, 1);
	do {
		struct scmi_call call = {
			.size = sizeof(call),
			.protocol = protocol,
			.message = STRESS_NOTIFY,
			.params = &on,
			.params_len = sizeof(on),
		};

		err = scmi_agent_call(stress.agent, &call);
		board_irq_raise(IRQ_AGENT);
	} while (err != SCMI_OK);
	atomic_fetch_add(&stress.answered, 1);
}

/* Until each call has ended and all that is owed has come, or its time is over. */
static void drain(void)
{
	const uint64_t end_us = stress.port.now_us(stress.port.ctx) + DRAIN_US;
	struct scmi_agent_stats s = {.size = sizeof(s)};

	stress.over = true;
	do {
		stress_check(stress.port.now_us(stress.port.ctx) < end_us);
		board_irq_raise(IRQ_PLATFORM);
		board_irq_raise(IRQ_AGENT);
		stress_bend_ready();
		(void)stress_platform_later();
		(void)scmi_agent_poll(stress.agent, 4);
		stress_check(scmi_agent_stats(stress.agent, SCMI_ALL_LINKS, &s) == SCMI_OK);
	} while (s.in_flight != 0 || s.quarantined != 0);
	stress_check_idle();
	stress_check(s.submitted ==
		     s.ok + s.remote + s.truncated + s.malformed + s.timed_out + s.cancelled + s.closed + s.link_lost);
	stress_check(s.received == s.accepted + s.late + s.stray_token + s.stray_protocol + s.stray_message +
					   s.stray_type + s.stray_header + s.duplicate + s.mismatched + s.unclaimed +
					   s.dropped);
	stress_check(s.ok == atomic_load(&stress.answered) && atomic_load(&stress.begun) == atomic_load(&stress.ended));
	stress_check(scmi_agent_stop(stress.agent) == SCMI_OK && scmi_agent_fini(stress.agent) == SCMI_OK);
	put_u32(s.submitted);
	put(" calls: ");
	put_u32(s.ok);
	put(" ok, ");
	put_u32(s.timed_out);
	put(" timed out, ");
	put_u32(s.cancelled);
	put(" cancelled, ");
	put_u32(s.malformed);
	put(" damaged, ");
	put_u32(s.late);
	put(" late, ");
	put_u32(s.expired);
	put(" expired, ");
	put_u32(atomic_load(&stress.notified));
	put(" notifications\n");
}

static void print_hits(void)
{
	stress_hits_print();
	stress_aim_print();
}

/* Aims anew from time to time. */
static void run(uint32_t calls)
{
	uint32_t next = 0;

	while (atomic_load(&stress.begun) < calls) {
		if (!stress.measuring && atomic_load(&stress.begun) >= next) {
			stress_aim();
			next += calls / ROUNDS;
		}
		stress_step();
	}
	if (!stress.measuring)
		stress_aim_stop();
}

void timer_entry(void);

int main(void)
{
	const uint32_t calls = target_option("calls", 100000);
	const uint32_t seed = target_option("seed", 1);

	target_paint();
	target_random_state = seed * 2654435761u + 1u;
	stress.measuring = target_option("measure", 0) != 0;
	put("seed ");
	put_u32(seed);
	put("\n");
	target_vectors(timer_entry, stress_chaos);
	stress_check(target_port(&stress.port) == SCMI_OK);
	if (stress.measuring)
		stress_measure(&stress.port);
	target_on_tick(tick);
	make_all();
	if (!stress.measuring)
		stress_aim_start();
	if (!stress.measuring)
		stress_hits_start();
	ask_for_notifications(STRESS_MAILBOX);
	ask_for_notifications(STRESS_LOOPBACK);
	run(calls);
	stress_hits_stop();
	drain();
	stress_platform_end();
	if (stress.measuring)
		stress_measure_print();
	else
		print_hits();
	put("stack: ");
	put_u32(target_stack_used());
	put(" bytes, interrupts included\nPASSED\n");
	return 0;
}
