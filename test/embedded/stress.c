/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls of all kinds, over a mailbox whose doorbells are interrupts and over a loopback that makes trouble, while a timer
 * interrupts at every instruction: calls=N seed=S measure=0 on the command line. Each call ends once, with what it was
 * answered; the counters agree; nothing is left.
 */
#include <stddef.h>
#include <string.h>

#include <scmi/message.h>

#include "stress.h"

#define SLOTS       8u
#define JOBS        20u
#define ROUNDS      100u
#define UPSET       64u /* steps between two times that it is, about */
#define MANY        3u
#define LATENESS_US 400u
#define DRAIN_US    500000u

enum state { IDLE, SUBMITTING, LIVE };

struct job {
	struct scmi_call call;
	uint32_t params, reply;
	uint32_t number;
	_Atomic uint32_t state;
};

static struct scmi_port port;
static struct scmi_mailbox mailbox;
static struct scmi_agent *agent;
static struct job jobs[JOBS];
static _Atomic uint32_t numbers; /* that were given to calls */
static _Atomic uint32_t begun, ended, answered;
static _Atomic uint32_t notified;
static bool measuring;
static volatile bool resting; /* in quiesce, or before resume */
static volatile bool over;    /* no mischief any more */

_Noreturn void stress_fail(const char *what, uint32_t number)
{
	stress_hits_stop();
	put("FAILED: ");
	put(what);
	put(" (");
	put_u32(number);
	put("), after ");
	put_u32(atomic_load(&ended));
	put(" calls\n");
	board_exit(1);
}

/* ---- one call ---- */

static bool may_end_with(const struct job *j, int err)
{
	switch (err) {
	case SCMI_E_TIMEOUT:
	case SCMI_E_CANCELLED:
		return true;
	case SCMI_E_REMOTE:
		return j->call.message == STRESS_REFUSED ? j->call.status == SCMI_HARDWARE_ERROR
							 : j->call.status == SCMI_BUSY;
	case SCMI_E_COMMS: /* the bent link only */
	case SCMI_E_PROTO:
	case SCMI_E_IO:
	case SCMI_E_LINK: /* it was recovered */
		return j->call.protocol == STRESS_LOOPBACK;
	default:
		return false;
	}
}

static void check_end(const struct job *j, int err)
{
	atomic_fetch_add(&ended, 1);
	if (err == SCMI_OK) {
		stress_check(j->call.message != STRESS_REFUSED && j->call.reply_len == sizeof(j->reply));
		stress_check(scmi_get_le32(&j->reply) == (j->number ^ STRESS_KEY));
		atomic_fetch_add(&answered, 1);
	} else if (!may_end_with(j, err)) {
		stress_fail(scmi_strerror(err), j->call.protocol * 256u + j->call.message);
	}
}

static void on_done(struct scmi_call *call, int err)
{
	struct job *j = call->arg;

	stress_check(atomic_load(&j->state) != IDLE);
	check_end(j, err);
	atomic_store(&j->state, IDLE);
}

static struct job *take_job(void)
{
	const uint32_t from = target_random(JOBS);

	for (uint32_t i = 0; i < JOBS; i++) {
		struct job *j = &jobs[(from + i) % JOBS];
		uint32_t idle = IDLE;

		if (atomic_compare_exchange_strong(&j->state, &idle, SUBMITTING))
			return j;
	}
	return NULL;
}

static uint16_t some_flags(bool waits)
{
	switch (target_random(16)) {
	case 0:
	case 1:
		return SCMI_CALL_POLL;
	case 2:
		return SCMI_CALL_URGENT;
	case 3:
		return SCMI_CALL_NOWAIT;
	case 4:
		return waits ? SCMI_CALL_FENCE : SCMI_CALL_NOWAIT;
	case 5:
		return SCMI_CALL_MORE;
	default:
		return 0;
	}
}

static uint8_t some_message(void)
{
	const uint32_t r = target_random(16);

	return r < 9u ? STRESS_ECHO : r < 12u ? STRESS_LATER : r < 15u ? STRESS_DELAYED : STRESS_REFUSED;
}

static void prepare(struct job *j, bool waits, scmi_done_fn done)
{
	const bool hasty = target_random(6) == 0;

	j->number = atomic_fetch_add(&numbers, 1);
	j->reply = 0;
	scmi_put_le32(&j->params, j->number);
	j->call = (struct scmi_call){
		.size = sizeof(j->call),
		.protocol = target_random(3) == 0 ? STRESS_LOOPBACK : STRESS_MAILBOX,
		.message = some_message(),
		.flags = some_flags(waits),
		.params = &j->params,
		.params_len = sizeof(j->params),
		.reply = &j->reply,
		.reply_cap = sizeof(j->reply),
		.done = done,
		.arg = j,
		.timeout_us = hasty ? 1u + target_random(150) : 0,
		.delayed_timeout_us = hasty ? 1u + target_random(300) : 20000u,
	};
	if (j->call.message == STRESS_DELAYED)
		j->call.flags |= SCMI_CALL_DELAYED;
}

/* What a submit may be refused with. */
static void check_refusal(const struct job *j, int err)
{
	const bool bent = j->call.protocol == STRESS_LOOPBACK && (err == SCMI_E_IO || err == SCMI_E_NOPEER);
	const bool quiet = resting && err == SCMI_E_CLOSED;

	if (err != SCMI_E_BUSY && err != SCMI_E_TIMEOUT && !bent && !quiet)
		stress_fail(scmi_strerror(err), j->call.protocol * 256u + j->call.message);
}

static void after_submit(struct job *j, int err)
{
	uint32_t submitting = SUBMITTING;

	if (err == SCMI_OK) {
		atomic_fetch_add(&begun, 1);
		(void)atomic_compare_exchange_strong(&j->state, &submitting, LIVE);
	} else {
		check_refusal(j, err);
		atomic_store(&j->state, IDLE);
	}
}

/* ---- in thread mode ---- */

static void call_and_wait(struct job *j)
{
	int err;

	prepare(j, true, NULL);
	err = scmi_agent_call(agent, &j->call);
	/* Whether a call was refused or has ended so cannot always be told apart; both are allowed. */
	if (err == SCMI_E_BUSY) {
		check_refusal(j, err);
	} else {
		atomic_fetch_add(&begun, 1);
		check_end(j, err);
	}
	atomic_store(&j->state, IDLE);
}

static void submit_and_wait(struct job *j)
{
	int err;

	prepare(j, true, NULL);
	err = scmi_agent_submit(agent, &j->call);
	if (err != SCMI_OK) {
		check_refusal(j, err);
		atomic_store(&j->state, IDLE);
		return;
	}
	atomic_fetch_add(&begun, 1);
	atomic_store(&j->state, LIVE);
	err = scmi_agent_wait_until(agent, &j->call, port.now_us(port.ctx) + target_random(200));
	while (err == SCMI_E_INPROGRESS) {
		if (target_random(2) != 0)
			(void)scmi_agent_cancel(agent, &j->call);
		err = scmi_agent_wait(agent, &j->call);
	}
	check_end(j, err);
	atomic_store(&j->state, IDLE);
}

static void submit_only(struct job *j)
{
	prepare(j, true, on_done);
	after_submit(j, scmi_agent_submit(agent, &j->call));
}

static void submit_some(void)
{
	struct scmi_call *calls[MANY];
	struct job *some[MANY];
	uint32_t n = 0, submitted = 0;
	int err;

	while (n < MANY && (some[n] = take_job()) != NULL) {
		prepare(some[n], false, on_done);
		some[n]->call.flags |= SCMI_CALL_NOWAIT;
		some[n]->call.flags &= (uint16_t)~SCMI_CALL_FENCE;
		calls[n] = &some[n]->call;
		n++;
	}
	err = scmi_agent_submit_many(agent, calls, n, &submitted);
	for (uint32_t i = 0; i < submitted; i++)
		after_submit(some[i], SCMI_OK);
	for (uint32_t i = submitted; i < n; i++) {
		if (i == submitted)
			check_refusal(some[i], err);
		atomic_store(&some[i]->state, IDLE);
	}
}

/* More than there are slots: the last ones wait for one. */
static void crowd(void)
{
	const uint8_t protocol = target_random(2) != 0 ? STRESS_MAILBOX : STRESS_LOOPBACK;

	for (uint32_t i = 0; i < SLOTS + 3u; i++) {
		struct job *j = take_job();

		if (j == NULL)
			return;
		prepare(j, false, on_done);
		j->call.protocol = protocol;
		j->call.message = STRESS_LATER;
		j->call.flags = i >= SLOTS && target_random(2) != 0 ? SCMI_CALL_URGENT : 0;
		after_submit(j, scmi_agent_submit(agent, &j->call));
	}
}

/* All that a link can be put through while its calls go on in interrupts. */
static void upset(void)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};
	int err;

	stress_check(scmi_agent_stats(agent, SCMI_ALL_LINKS, &s) == SCMI_OK);
	if (target_random(3) == 0) {
		crowd();
		return;
	}
	if (target_random(2) != 0) {
		err = scmi_agent_recover(agent, 1);
		stress_check(err == SCMI_OK || err == SCMI_E_BUSY);
		return;
	}
	resting = true;
	err = scmi_agent_quiesce(agent, port.now_us(port.ctx) + target_random(300));
	stress_check(err == SCMI_OK || err == SCMI_E_INPROGRESS);
	stress_check(scmi_agent_resume(agent) == SCMI_OK);
	resting = false;
}

static void one_step(void)
{
	const uint32_t r = target_random(16);
	struct job *j;

	if (target_random(UPSET) == 0)
		upset();
	if (r == 15u) {
		submit_some();
		return;
	}
	j = take_job();
	if (j == NULL) {
		(void)scmi_agent_poll(agent, 4);
		return;
	}
	if (r < 6u)
		call_and_wait(j);
	else if (r < 8u)
		submit_and_wait(j);
	else
		submit_only(j);
}

/* ---- in interrupts ---- */

/* done runs before, between or after: the state tells whether the call is there to be cancelled. */
static void cancel_some(void)
{
	struct job *j = &jobs[target_random(JOBS)];

	if (atomic_load(&j->state) == LIVE)
		(void)scmi_agent_cancel(agent, &j->call);
}

static void submit_here(void)
{
	struct job *j = take_job();

	if (j == NULL)
		return;
	prepare(j, false, on_done);
	j->call.flags |= SCMI_CALL_NOWAIT;
	after_submit(j, scmi_agent_submit(agent, &j->call));
}

static void chaos_handler(void)
{
	if (over)
		return;
	stress_bend_ready();
	switch (target_random(8)) {
	case 0:
		cancel_some();
		break;
	case 1:
		submit_here();
		break;
	case 2:
		stress_platform_notify();
		break;
	case 3:
		if (target_random(16) == 0)
			(void)scmi_agent_cancel_all(agent);
		break;
	default:
		(void)stress_platform_later();
		break;
	}
}

static void agent_came(void)
{
	if (measuring)
		stress_measure_begin();
	scmi_mailbox_interrupt(&mailbox);
	if (measuring)
		stress_measure_end();
}

/* The timer may be the only one that rings; in a run without it each ring is one, and what waits is answered by the tick. */
static void tick(void)
{
	if (measuring)
		board_irq_raise(IRQ_CHAOS);
}

static int ring_platform(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	if (measuring || target_random(4) == 0)
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
	atomic_fetch_add(&notified, 1);
}

static void make_agent(const struct scmi_shmem areas[SCMI_MAILBOX_AREAS], const struct scmi_transport *bent)
{
	static max_align_t mem[1024];
	static struct scmi_subscriber node;
	struct scmi_transport transport;
	const struct scmi_mailbox_config mailbox_config = {
		.size = sizeof(mailbox_config),
		.max_inflight = SLOTS,
		.areas = {areas[0], areas[1]},
		.doorbell = &doorbell,
		.port = &port,
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
		.port = &port,
		.options = {.slots = SLOTS, .reserved = 1, .lateness_us = LATENESS_US, .queue_timeout_us = 20000},
		.links = &link,
		.links_n = 1,
		.max_waiters = 2,
		.event_buffers = 4,
		.strict = SCMI_CHECK_RESERVED,
	};

	stress_check(scmi_mailbox_init(&mailbox, &mailbox_config, &transport) == SCMI_OK);
	stress_check(scmi_agent_init(&agent, mem, sizeof(mem), &config) == SCMI_OK);
	stress_check(scmi_agent_start(agent) == SCMI_OK);
	node = (struct scmi_subscriber){
		.size = sizeof(node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = on_notify};
	stress_check(scmi_agent_subscribe(agent, &node) == SCMI_OK);
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

	stress_bend(&port, &bent, &endpoint);
	stress_platform(&port, areas, &endpoint);
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

		err = scmi_agent_call(agent, &call);
		board_irq_raise(IRQ_AGENT);
	} while (err != SCMI_OK);
	atomic_fetch_add(&answered, 1);
}

/* Until each call has ended and all that is owed has come, or its time is over. */
static void drain(void)
{
	const uint64_t end_us = port.now_us(port.ctx) + DRAIN_US;
	struct scmi_agent_stats s = {.size = sizeof(s)};

	over = true;
	do {
		stress_check(port.now_us(port.ctx) < end_us);
		board_irq_raise(IRQ_PLATFORM);
		board_irq_raise(IRQ_AGENT);
		stress_bend_ready();
		(void)stress_platform_later();
		(void)scmi_agent_poll(agent, 4);
		stress_check(scmi_agent_stats(agent, SCMI_ALL_LINKS, &s) == SCMI_OK);
	} while (s.in_flight != 0 || s.quarantined != 0);
	for (uint32_t i = 0; i < JOBS; i++)
		stress_check(atomic_load(&jobs[i].state) == IDLE);
	stress_check(s.submitted ==
		     s.ok + s.remote + s.truncated + s.malformed + s.timed_out + s.cancelled + s.closed + s.link_lost);
	stress_check(s.received == s.accepted + s.late + s.stray_token + s.stray_protocol + s.stray_message +
					   s.stray_type + s.stray_header + s.duplicate + s.mismatched + s.unclaimed +
					   s.dropped);
	stress_check(s.ok == atomic_load(&answered) && atomic_load(&begun) == atomic_load(&ended));
	stress_check(scmi_agent_stop(agent) == SCMI_OK && scmi_agent_fini(agent) == SCMI_OK);
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
	put_u32(atomic_load(&notified));
	put(" notifications\n");
}

static void print_hits(void)
{
	stress_hits_print();
	stress_aim_print();
}

/* Aims anew after each hundredth of the calls. */
static void run(uint32_t calls)
{
	uint32_t next = 0;

	while (atomic_load(&begun) < calls) {
		if (!measuring && atomic_load(&begun) >= next) {
			stress_aim();
			next += calls / ROUNDS;
		}
		one_step();
	}
	if (!measuring)
		stress_aim_stop();
}

void timer_entry(void);

int main(void)
{
	const uint32_t calls = target_option("calls", 100000);
	const uint32_t seed = target_option("seed", 1);

	target_paint();
	target_random_state = seed * 2654435761u + 1u;
	measuring = target_option("measure", 0) != 0;
	put("seed ");
	put_u32(seed);
	put("\n");
	target_vectors(timer_entry, chaos_handler);
	stress_check(target_port(&port) == SCMI_OK);
	if (measuring)
		stress_measure(&port);
	target_on_tick(tick);
	make_all();
	if (!measuring)
		stress_aim_start();
	if (!measuring)
		stress_hits_start();
	ask_for_notifications(STRESS_MAILBOX);
	ask_for_notifications(STRESS_LOOPBACK);
	run(calls);
	stress_hits_stop();
	drain();
	stress_platform_end();
	if (measuring)
		stress_measure_print();
	else
		print_hits();
	put("stack: ");
	put_u32(target_stack_used());
	put(" bytes, interrupts included\nPASSED\n");
	return 0;
}
