/* SPDX-License-Identifier: BSD-3-Clause */
#include "p2a_rig.h"

#include <sched.h>
#include <stdlib.h>

#define REFUSED (1u << 31) /* of the room */
#define SHUT    (1u << 31) /* of the gate */

void rig_check(struct fixture *f, bool holds)
{
	if (!holds)
		atomic_fetch_add(&f->wrong, 1);
}

/* ---- the endpoint ---- */

/* Whoever is inside when stop() shuts the gate is waited for there. */
static bool enter(struct fixture *f)
{
	if ((atomic_fetch_add(&f->gate, 1) & SHUT) == 0)
		return true;
	atomic_fetch_sub(&f->gate, 1);
	return false;
}

void rig_ready(struct fixture *f)
{
	if (!enter(f))
		return;
	f->endpoint.sink->ready(f->endpoint.channel);
	atomic_fetch_sub(&f->gate, 1);
}

int32_t rig_ask(struct fixture *f, struct fake_request *r, uint32_t message, uint32_t first, uint32_t second)
{
	int32_t status;

	while (!enter(f))
		sched_yield();
	status = fake_ask(&f->endpoint, r, VENDOR, message, 2, first, second);
	atomic_fetch_sub(&f->gate, 1);
	return status;
}

static bool take_room(struct fixture *f)
{
	unsigned room = atomic_load(&f->room);
	unsigned next;

	do {
		next = (room & ~REFUSED) != 0 ? room - 1u : room | REFUSED;
	} while (!atomic_compare_exchange_weak(&f->room, &room, next));
	return (room & ~REFUSED) != 0;
}

void rig_make_room(struct fixture *f)
{
	unsigned room = atomic_load(&f->room);

	if ((room & ~REFUSED) >= ROOM)
		return;
	while (!atomic_compare_exchange_weak(&f->room, &room, (room & ~REFUSED) + 1u))
		;
	if ((room & REFUSED) != 0)
		rig_ready(f);
}

static uint32_t word_of(const void *payload, uint32_t i)
{
	return scmi_get_le32((const uint8_t *)payload + (i + 1u) * sizeof(uint32_t));
}

static void take_delayed(struct fixture *f, const void *payload)
{
	struct sender *s = &f->senders[word_of(payload, WORD_SENDER) % SENDERS];

	rig_check(f, word_of(payload, WORD_LIFE) == atomic_load(&f->life));
	if (f->ordered)
		rig_check(f, word_of(payload, WORD_NUMBER) == s->next++);
}

static void take_notice(struct fixture *f, uint32_t hdr, const void *payload, uint32_t len)
{
	uint32_t which = scmi_hdr_message(hdr) % NOTICES;
	uint32_t value = scmi_get_le32(payload);

	rig_check(f, len == 4u * sizeof(uint32_t));
	for (uint32_t i = 0; i < 3u; i++)
		rig_check(f, word_of(payload, i) == value);
	if (f->ordered)
		rig_check(f, (int32_t)(value - f->newest[which]) > 0);
	f->newest[which] = value;
	atomic_fetch_add(&f->came[which], 1);
}

static int send(void *ctx, uint32_t hdr, const void *payload, uint32_t len)
{
	struct fixture *f = ctx;
	int err = SCMI_E_BUSY;

	rig_check(f, atomic_fetch_add(&f->inside, 1) == 0); /* all of these go by the pump */
	if (atomic_load(&f->gone) != 0) {
		err = SCMI_E_NOPEER;
	} else if (take_room(f)) {
		err = SCMI_OK;
		if (scmi_hdr_type(hdr) == SCMI_MSG_DELAYED)
			take_delayed(f, payload);
		else
			take_notice(f, hdr, payload, len);
	}
	atomic_fetch_sub(&f->inside, 1);
	return err;
}

static int start(void *ctx, const struct scmi_platform_sink *sink, void *channel)
{
	struct fixture *f = ctx;

	rig_check(f, atomic_load(&f->inside) == 0);
	f->endpoint.sink = sink;
	f->endpoint.channel = channel;
	atomic_fetch_add(&f->life, 1);
	atomic_fetch_and(&f->gate, ~SHUT);
	return SCMI_OK;
}

static void stop(void *ctx)
{
	struct fixture *f = ctx;

	atomic_fetch_or(&f->gate, SHUT);
	while (atomic_load(&f->gate) != SHUT)
		sched_yield();
}

static uint32_t count_delivered(void *ctx)
{
	return atomic_load(&((struct fixture *)ctx)->endpoint.delivered);
}

/* ---- the platform ---- */

static int32_t delay(void *model, struct scmi_request *req)
{
	struct fixture *f = model;
	struct job *job = &f->senders[scmi_request_u32(req, 0)].jobs[scmi_request_u32(req, 1)];
	int32_t status = scmi_request_delay(req, &job->delayed);

	if (status == SCMI_SUCCESS)
		job->life = atomic_load(&f->life);
	return status;
}

static int32_t tell(void *model, struct scmi_request *req)
{
	(void)model;
	return scmi_request_notify(req, scmi_request_u32(req, 0), scmi_request_u32(req, 1));
}

static const struct scmi_server_command commands[] = {
	{.message = DELAY, .handle = delay, .params_min = 8, .params_max = 8, .flags = SCMI_COMMAND_P2A},
	{.message = TELL, .handle = tell, .params_min = 8, .params_max = 8, .flags = SCMI_COMMAND_P2A},
};

static void on_sent(struct scmi_delayed *d, int err)
{
	struct job *job = d->arg;
	struct sender *s = job->sender;

	rig_check(s->f,
		  err == SCMI_OK || err == SCMI_E_CLOSED || (err == SCMI_E_NOPEER && atomic_load(&s->f->gone) != 0));
	atomic_fetch_add(err == SCMI_OK ? &s->ok : &s->closed, 1);
	atomic_fetch_add(&job->told, 1);
}

static void set_up_senders(struct fixture *f)
{
	for (uint32_t i = 0; i < SENDERS; i++) {
		struct sender *s = &f->senders[i];

		s->f = f;
		s->id = i;
		for (uint32_t k = 0; k < NODES; k++) {
			struct job *job = &s->jobs[k];

			job->sender = s;
			job->delayed = (struct scmi_delayed){.size = sizeof(job->delayed),
							     .buf = job->payload,
							     .cap = sizeof(job->payload),
							     .sent = on_sent,
							     .arg = job};
		}
	}
}

static void set_up_notices(struct fixture *f)
{
	for (uint32_t i = 0; i < NOTICES; i++) {
		f->notices[i] = (struct scmi_notice){.size = sizeof(f->notices[i]),
						     .agent = 1,
						     .protocol = VENDOR,
						     .notification = (uint8_t)i,
						     .buf = f->notice_payloads[i],
						     .cap = sizeof(f->notice_payloads[i][0])};
		assert_int_equal(scmi_notice_init(f->platform, &f->notices[i]), SCMI_OK);
	}
}

int rig_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct scmi_platform_config config = {.size = sizeof(config), .servers_n = 1, .agents_n = 1};

	assert_non_null(f);
	fake_endpoint_init(&f->endpoint);
	f->endpoint.ops.start = start;
	f->endpoint.ops.stop = stop;
	f->endpoint.ops.send = send;
	f->endpoint.ops.delivered = count_delivered;
	f->endpoint.endpoint.ctx = f;
	f->ordered = true;
	atomic_store(&f->gate, SHUT);
	f->vendor = (struct scmi_server){.size = sizeof(f->vendor),
					 .protocol = VENDOR,
					 .version = 1,
					 .commands = commands,
					 .commands_n = 2,
					 .model = f};
	f->servers[0] = &f->vendor;
	f->agent = (struct scmi_platform_agent){.size = sizeof(f->agent), .endpoint = &f->endpoint.endpoint};
	config.servers = f->servers;
	config.agents = &f->agent;
	set_up_senders(f);
	assert_int_equal(scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &config), SCMI_OK);
	set_up_notices(f);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	*state = f;
	return 0;
}

struct scmi_platform_stats rig_stats(struct fixture *f)
{
	struct scmi_platform_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_platform_stats(f->platform, &s), SCMI_OK);
	assert_int_equal(s.delayed, s.delayed_sent + s.delayed_failed + s.delayed_open);
	assert_int_equal(s.notified, s.sent + s.dropped + s.failed + s.merged + s.withdrawn + s.waiting);
	return s;
}

int rig_tear_down(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	assert_int_equal(rig_stats(f).delayed_open, 0);
	assert_int_equal(rig_stats(f).waiting, 0);
	assert_int_equal(atomic_load(&f->wrong), 0);
	assert_null(f->endpoint.fault);
	free(f);
	return 0;
}

pthread_t rig_run(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, fn, arg), 0);
	return thread;
}

/* ---- threads ---- */

/* Opens the job again and sends it. Each node is used anew as soon as its end has been told. */
static void do_job(struct sender *s, struct fake_request *r, uint32_t number)
{
	struct job *job = &s->jobs[number % NODES];
	uint8_t values[WORDS * sizeof(uint32_t)];
	int err;

	while (atomic_load(&job->told) != job->expected)
		sched_yield();
	rig_check(s->f, rig_ask(s->f, r, DELAY, s->id, number % NODES) == SCMI_SUCCESS);
	scmi_put_le32(values + WORD_SENDER * sizeof(uint32_t), s->id);
	scmi_put_le32(values + WORD_NUMBER * sizeof(uint32_t), number);
	scmi_put_le32(values + WORD_LIFE * sizeof(uint32_t), job->life);
	err = scmi_delayed_send(&job->delayed, SCMI_SUCCESS, values, sizeof(values));
	rig_check(s->f, err == SCMI_OK || err == SCMI_E_CLOSED);
	if (err == SCMI_OK)
		job->expected++;
	else
		s->refused++;
}

static void *send_many(void *arg)
{
	struct sender *s = arg;
	struct fake_request r = {0};

	for (uint32_t n = 0; n < ROUNDS; n++)
		do_job(s, &r, n);
	for (uint32_t k = 0; k < NODES; k++) {
		while (atomic_load(&s->jobs[k].told) != s->jobs[k].expected)
			sched_yield();
	}
	fake_request_free(&r);
	return NULL;
}

void *rig_drain(void *arg)
{
	struct fixture *f = arg;

	while (atomic_load(&f->stop) == 0) {
		rig_make_room(f);
		sched_yield();
	}
	return NULL;
}

void rig_start_senders(struct fixture *f, pthread_t *threads)
{
	for (uint32_t i = 0; i < SENDERS; i++)
		threads[i] = rig_run(send_many, &f->senders[i]);
}

void rig_join(struct fixture *f, const pthread_t *senders, pthread_t drainer)
{
	for (uint32_t i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	atomic_store(&f->stop, 1);
	pthread_join(drainer, NULL);
}
