/* SPDX-License-Identifier: BSD-3-Clause */
/* What a thread does to others: cancels, subscribes, cuts links, recovers, quiesces, stops. */
#include "stress.h"

#define STAY 10u /* turns that a handler lets others run, every other time */

/* One that runs, if chance finds one. */
void trouble_cancel(struct worker *w)
{
	for (uint32_t i = 0; i < 4u; i++) {
		struct worker *other = &w->s->workers[pick(&w->random, w->s->o.threads)];
		struct job *j = &other->jobs[pick(&w->random, JOBS)];

		if (job_is(j, JOB_LIVE) || i == 3u) {
			job_cancel(j);
			return;
		}
	}
}

void trouble_cancel_all(struct worker *w)
{
	tally_add(&tally_here(w->s)->cancelled, scmi_agent_cancel_all(w->s->agent));
}

/* ---- notifications ---- */

/* A corrupt link's may claim to be another's. */
static bool is_right(struct node *n, uint32_t hdr, const unsigned char *payload, uint32_t len)
{
	const struct lane *l = lane_of(n->s, scmi_hdr_protocol(hdr));

	return l != NULL && len >= WORDS_MIN * 4u && len % 4u == 0 && len <= l->words_max * 4u &&
	       words_right(payload, len / 4u, notification_salt(l)) && scmi_get_le32(payload + 8) == l->index;
}

static void notified(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct node *n = self->arg;
	struct stress *s = n->s;

	atomic_fetch_add(&n->running, 1u);
	callback_enter(s);
	if (!atomic_load(&n->active))
		fault(s, NULL, "a handler runs that is not subscribed");
	atomic_fetch_add(&n->heard, 1u);
	if (is_right(n, hdr, payload, len))
		tally_add(&tally_here(s)->steps, 1u);
	else if (s->any_corrupt)
		tally_add(&tally_here(s)->mangled, 1u);
	else
		fault(s, NULL, "notification %#x of %u bytes is not as it was sent", (unsigned)hdr, (unsigned)len);
	if (len % 16u == 0 && n != &s->ear && !atomic_exchange(&n->leaving, true) &&
	    scmi_agent_unsubscribe(s->agent, self) != SCMI_E_INPROGRESS)
		fault(s, NULL, "unsubscribe inside a handler");
	for (uint32_t turns = len % 8u == 0 ? STAY : 0; turns != 0; turns--) /* for who takes it off meanwhile */
		s->port.relax(s->port.ctx);
	callback_leave(s);
	atomic_fetch_sub(&n->running, 1u);
}

static void node_init(struct node *n, struct stress *s)
{
	n->s = s;
	n->subscriber = (struct scmi_subscriber){
		.size = sizeof(n->subscriber),
		.protocol = SCMI_ANY,
		.message = SCMI_ANY,
		.notify = notified,
		.arg = n,
	};
}

void subscribers_init(struct worker *w)
{
	for (uint32_t i = 0; i < NODES; i++)
		node_init(&w->nodes[i], w->s);
}

static void unsubscribe(struct stress *s, struct node *n)
{
	const int err = scmi_agent_unsubscribe(s->agent, &n->subscriber);

	if (err != SCMI_OK)
		fault(s, NULL, "unsubscribe is %s", scmi_error_name(err));
	if (atomic_load(&n->running) != 0)
		fault(s, NULL, "a handler still runs when unsubscribe has returned");
	atomic_store(&n->active, false);
}

static bool subscribe(struct stress *s, struct node *n)
{
	int err;

	atomic_store(&n->leaving, false);
	atomic_store(&n->active, true);
	err = scmi_agent_subscribe(s->agent, &n->subscriber);
	if (err == SCMI_OK)
		return true;
	atomic_store(&n->active, false);
	if (err != SCMI_E_NOTSUP && s->config.event_buffers != 0)
		fault(s, NULL, "subscribe is %s", scmi_error_name(err));
	return false;
}

void trouble_subscribe(struct worker *w)
{
	struct node *n = &w->nodes[pick(&w->random, NODES)];

	if (atomic_load(&n->active)) {
		unsubscribe(w->s, n);
		return;
	}
	n->subscriber.protocol = once_in(&w->random, 2) ? SCMI_ANY : lane_pick(w->s, &w->random)->protocol;
	(void)subscribe(w->s, n);
}

void subscribers_leave(struct worker *w)
{
	for (uint32_t i = 0; i < NODES; i++) {
		if (atomic_load(&w->nodes[i].active))
			unsubscribe(w->s, &w->nodes[i]);
	}
}

static bool notify(struct lane *l)
{
	return is_platforms(l) ? platform_notify(l) : kind_notify(l);
}

void trouble_notify(struct worker *w)
{
	struct lane *l = lane_pick(w->s, &w->random);

	if (l->p2a)
		(void)notify(l);
}

/* The platform sends only what was asked for, and that may never have been, or not since it was stopped. */
static bool is_wanted(struct lane *l)
{
	return l->weather == FAIR && l->p2a && !is_platforms(l);
}

void subscribers_check(struct stress *s)
{
	struct node *n = &s->ear;

	node_init(n, s);
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		const unsigned before = atomic_load(&n->heard);

		n->subscriber.protocol = s->lanes[i].protocol;
		if (!is_wanted(&s->lanes[i]) || !subscribe(s, n))
			continue;
		while (atomic_load(&n->heard) == before) {
			(void)notify(&s->lanes[i]);
			(void)scmi_agent_poll(s->agent, 1);
			s->port.relax(s->port.ctx);
		}
		while (kind_away(&s->lanes[i]) != 0)
			(void)scmi_agent_poll(s->agent, 16);
		unsubscribe(s, n);
	}
}

/* ---- links ---- */

void trouble_cut(struct worker *w)
{
	struct lane *l = lane_pick(w->s, &w->random);

	if (l->flaky == NULL)
		return;
	if (once_in(&w->random, 4))
		flaky_cut(l->flaky);
	else
		flaky_turn(l->flaky);
}

static void recover(struct worker *w)
{
	struct stress *s = w->s;
	const bool all = once_in(&w->random, 4);
	struct lane *one = lane_pick(s, &w->random);
	int err;

	worker_doing(w, "recovering");
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		if (all || &s->lanes[i] == one)
			atomic_fetch_add(&s->lanes[i].losses, 1u);
	}
	err = scmi_agent_recover(s->agent, all ? SCMI_ALL_LINKS : one->index);
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		if (all || &s->lanes[i] == one)
			atomic_fetch_add(&s->lanes[i].losses, 1u);
	}
	if (err != SCMI_OK && err != SCMI_E_BUSY && err != SCMI_E_NOPEER)
		fault(s, one, "recover is %s", scmi_error_name(err));
}

/* ---- the agent ---- */

static void quiesce(struct worker *w)
{
	struct stress *s = w->s;
	struct scmi_agent_stats stats = {.size = sizeof(stats)};
	int err;

	worker_doing(w, "quiescing");
	atomic_fetch_add(&s->stops, 1u);
	err = scmi_agent_quiesce(s->agent, now_us(s) + pick(&w->random, 3000));
	(void)scmi_agent_stats(s->agent, SCMI_ALL_LINKS, &stats);
	if (err == SCMI_OK && (stats.quarantined != 0 || stats.queued != 0))
		fault(s, NULL, "quiet, but %u are owed, %u queued", (unsigned)stats.quarantined,
		      (unsigned)stats.queued);
	if (err != SCMI_OK && err != SCMI_E_INPROGRESS)
		fault(s, NULL, "quiesce is %s", scmi_error_name(err));
	if (scmi_agent_resume(s->agent) != SCMI_OK)
		fault(s, NULL, "resume");
	atomic_fetch_add(&s->stops, 1u);
}

void trouble_administer(struct worker *w)
{
	const uint32_t r = pick(&w->random, 8);

	if (pthread_mutex_trylock(&w->s->admin) != 0)
		return;
	if (r < 4u) {
		recover(w);
	} else if (r < 6u) {
		quiesce(w);
	} else {
		worker_doing(w, "stopping and starting");
		agent_stop_and_start(w->s, &w->random);
	}
	pthread_mutex_unlock(&w->s->admin);
}

/* ---- calls that cannot be ---- */

static void expect(struct worker *w, int is, int must_be, const char *what)
{
	if (is != must_be)
		fault(w->s, NULL, "%s is %s", what, scmi_error_name(is));
}

void trouble_ask_wrongly(struct worker *w)
{
	static const unsigned char bytes[1024];
	struct scmi_agent *agent = w->s->agent;
	struct scmi_call call = {.size = sizeof(call), .protocol = PROTOCOL, .message = MESSAGE};
	struct scmi_call bad = call;

	bad.params = bytes;
	bad.params_len = sizeof(bytes);
	expect(w, scmi_agent_submit(agent, &bad), SCMI_E_TOOBIG, "too long a command");
	bad = call;
	bad.flags = SCMI_CALL_FENCE | SCMI_CALL_URGENT;
	expect(w, scmi_agent_submit(agent, &bad), SCMI_E_INVAL, "an urgent fence");
	bad.flags = 1u << 15;
	expect(w, scmi_agent_call(agent, &bad), SCMI_E_NOTSUP, "an unknown flag");
	bad = call;
	bad.done = job_done;
	expect(w, scmi_agent_call(agent, &bad), SCMI_E_INVAL, "call with done");
	expect(w, scmi_agent_wait(agent, &bad), SCMI_E_INVAL, "wait with done");
	expect(w, scmi_agent_cancel(agent, &bad), SCMI_E_NOTFOUND, "cancel of what was not submitted");
	bad = call;
	bad.size--;
	expect(w, scmi_agent_submit(agent, &bad), SCMI_E_INVAL, "another size");
}

void trouble_look(struct worker *w)
{
	struct scmi_agent_stats stats = {.size = sizeof(stats)};

	(void)scmi_agent_stats(w->s->agent, pick(&w->random, w->s->lanes_n), &stats);
	(void)scmi_agent_next_deadline(w->s->agent);
	(void)scmi_agent_checks(w->s->agent, w->s->config.strict, w->s->config.tolerate);
}
