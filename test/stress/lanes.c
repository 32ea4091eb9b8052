/* SPDX-License-Identifier: BSD-3-Clause */
/* Links: the transports, and flaky above those that are to suffer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/kind_one.h"
#include "../support/kind_priv.h"
#include "../support/kind_rx.h"
#include "stress.h"

#ifdef STRESS_HOSTED
#include <scmi/hosted.h>
#endif

#define INFLIGHT 64u /* of a loopback */
#define SERVE_US 100000u
#define FLAKY_US 300u /* a message is late by up to that */

static const char *const kind_names[KINDS] = {"sync", "threaded", "virtio", "mailbox", "rx", "priv", "one", "queued"};

/* How often each kind is picked, as fair and as one that is not: what is slow is asked less. */
static const uint32_t turns[KINDS][2] = {{8, 4}, {3, 2}, {3, 2}, {3, 2}, {5, 3}, {2, 2}, {3, 2}, {3, 2}};

/* ---- names ---- */

static bool read_kind(struct lane *l, const char *text, size_t len)
{
	static const char *const weathers[] = {"", "flaky:", "corrupt:"};

	for (unsigned w = FAIR; w <= CORRUPT; w++) {
		const size_t skip = strlen(weathers[w]);

		for (unsigned k = 0; k < KINDS && len >= skip && strncmp(text, weathers[w], skip) == 0; k++) {
			if (strlen(kind_names[k]) != len - skip || strncmp(text + skip, kind_names[k], len - skip) != 0)
				continue;
			l->kind = (enum kind)k;
			l->weather = l->s->o.exact && w == CORRUPT ? FLAKY : (enum weather)w;
			snprintf(l->name, sizeof(l->name), "%s%s", weathers[l->weather], kind_names[k]);
			return true;
		}
	}
	return false;
}

static bool read_lanes(struct stress *s)
{
	const char *text = s->o.links;

	while (*text != '\0') {
		const size_t len = strcspn(text, ",");
		struct lane *l = &s->lanes[s->lanes_n];

		if (s->lanes_n == LANES_MAX)
			return false;
		l->s = s;
		l->index = s->lanes_n++;
		l->protocol = (uint8_t)(PROTOCOL + l->index);
		if (!read_kind(l, text, len) || (s->o.reactor && l->weather != FAIR))
			return false;
		s->any_corrupt = s->any_corrupt || l->weather == CORRUPT;
		text += len + (text[len] == ',' ? 1u : 0u);
	}
	return s->lanes_n != 0;
}

/* ---- loopback ---- */

static void *serve(void *arg)
{
	struct lane *l = arg;

	while (!atomic_load(&l->s->done)) {
		if (scmi_loopback_serve(l->loopback, now_us(l->s) + SERVE_US) == SCMI_E_CLOSED)
			l->s->port.relax(l->s->port.ctx);
	}
	return NULL;
}

#ifdef STRESS_HOSTED
static bool make_doorbell(struct lane *l, struct scmi_loopback_doorbell *bell)
{
	struct scmi_doorbell *made;

	if (scmi_doorbell_create(&made) != SCMI_OK)
		return false;
	l->doorbell = made;
	*bell = (struct scmi_loopback_doorbell){
		.ring = scmi_doorbell_ring,
		.clear = scmi_doorbell_clear,
		.ctx = made,
		.fd = scmi_doorbell_fd(made),
	};
	return true;
}
#else
static bool make_doorbell(struct lane *l, struct scmi_loopback_doorbell *bell)
{
	(void)l;
	(void)bell;
	return false;
}
#endif

static bool make_loopback(struct lane *l)
{
	struct scmi_loopback_doorbell bell;
	struct scmi_loopback_config config = {
		.size = sizeof(config),
		.flags = l->kind == KIND_THREADED ? SCMI_LOOPBACK_THREADED : 0,
		.max_payload = SCMI_STATUS_BYTES + BYTES_MAX,
		.max_inflight = INFLIGHT,
		.port = &l->s->port,
	};
	size_t size;

	if (l->kind == KIND_THREADED && l->s->o.reactor) {
		if (!make_doorbell(l, &bell))
			return false;
		config.doorbell = &bell;
	}
	size = scmi_loopback_size(&config);
	l->loopback_mem = malloc(size);
	return l->loopback_mem != NULL &&
	       scmi_loopback_init(&l->loopback, l->loopback_mem, size, &config, &l->inner, &l->endpoint) == SCMI_OK;
}

static bool is_loopback(const struct lane *l)
{
	return l->kind == KIND_SYNC || l->kind == KIND_THREADED;
}

/* ---- flaky ---- */

static void set_rates(const struct lane *l, struct flaky_config *c)
{
	for (unsigned d = 0; d < 2; d++) {
		c->rate[d][FLAKY_DROP] = 150;
		c->rate[d][FLAKY_DELAY] = 1000;
		c->rate[d][FLAKY_REORDER] = 1000;
		c->rate[d][FLAKY_STALL] = 20;
		for (unsigned fault = FLAKY_CORRUPT; fault <= FLAKY_MISDIRECT && l->weather == CORRUPT; fault++)
			c->rate[d][fault] = 300;
	}
	c->rate[FLAKY_P2A][FLAKY_DOUBLE] = 2000;
	c->rate[FLAKY_A2P][FLAKY_LINK] = 20;
}

static bool make_flaky(struct lane *l)
{
	struct flaky_config config = {
		.size = sizeof(config),
		.seed = l->s->o.seed + 0x10001u * (l->index + 1u),
		.port = &l->s->port,
		.delay_us_max = FLAKY_US,
		.stall_us_max = FLAKY_US,
		.link_us_max = FLAKY_US,
		.cuts = 1,
	};

	set_rates(l, &config);
	(void)options_rates(l->s->o.rates, &config);
	l->flaky = flaky_create(&l->inner, &config, &l->transport);
	return l->flaky != NULL;
}

/* ---- all of them ---- */

static bool make_inner(struct lane *l)
{
	if (l->kind == KIND_VIRTIO)
		return virtio_make(l);
	if (l->kind == KIND_MAILBOX)
		return mailbox_make(l);
	return is_loopback(l) ? make_loopback(l) : kind_make(l);
}

static bool make_lane(struct lane *l)
{
	const uint32_t most = BYTES_MAX / sizeof(uint32_t);

	if (!make_inner(l))
		return false;
	l->transport = l->inner;
	if (l->weather != FAIR && !make_flaky(l))
		return false;
	l->p2a = (l->inner.caps & SCMI_CAP_NOTIFY) != 0;
	l->words_max = (l->inner.max_payload - SCMI_STATUS_BYTES) / (uint32_t)sizeof(uint32_t);
	l->words_max = l->words_max < most ? l->words_max : most;
	return true;
}

static void set_turns(struct stress *s)
{
	uint32_t total = 0;
	uint32_t at = 0;

	for (uint32_t i = 0; i < s->lanes_n; i++)
		total += turns[s->lanes[i].kind][s->lanes[i].weather != FAIR];
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		uint32_t n = turns[s->lanes[i].kind][s->lanes[i].weather != FAIR] * 256u / total;

		for (n = n != 0 ? n : 1u; n != 0 && at < 256u; n--)
			s->turns[at++] = (uint8_t)i;
	}
	while (at < 256u)
		s->turns[at++] = 0;
}

bool lanes_make(struct stress *s)
{
	s->lanes = aligned_alloc(alignof(struct lane), LANES_MAX * sizeof(*s->lanes));
	if (s->lanes == NULL)
		return false;
	memset(s->lanes, 0, LANES_MAX * sizeof(*s->lanes));
	if (!read_lanes(s)) {
		fprintf(stderr, "stress: what links are these: %s\n", s->o.links);
		return false;
	}
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		if (!make_lane(&s->lanes[i])) {
			fprintf(stderr, "stress: cannot make %s\n", s->lanes[i].name);
			return false;
		}
	}
	set_turns(s);
	if (!platform_make(s))
		return false;
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		if (s->lanes[i].kind == KIND_THREADED &&
		    pthread_create(&s->lanes[i].server, NULL, serve, &s->lanes[i]) != 0)
			return false;
		if (s->lanes[i].kind == KIND_VIRTIO && !virtio_start(&s->lanes[i]))
			return false;
		if (s->lanes[i].kind == KIND_MAILBOX && !mailbox_start(&s->lanes[i]))
			return false;
	}
	return true;
}

/* The agent has gone. */
void lanes_unmake(struct stress *s)
{
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		if (s->lanes[i].kind == KIND_THREADED)
			pthread_join(s->lanes[i].server, NULL);
		if (s->lanes[i].kind == KIND_VIRTIO)
			virtio_stop(&s->lanes[i]);
		if (s->lanes[i].kind == KIND_MAILBOX)
			mailbox_stop(&s->lanes[i]);
	}
	platform_unmake(s);
	for (uint32_t i = 0; i < s->lanes_n; i++) {
		struct lane *l = &s->lanes[i];

		if (l->flaky != NULL)
			flaky_destroy(l->flaky);
		if (is_loopback(l))
			scmi_loopback_fini(l->loopback);
		else if (l->kind == KIND_VIRTIO)
			virtio_unmake(l);
		else if (l->kind == KIND_MAILBOX)
			mailbox_unmake(l);
		else
			kind_unmake(l);
		free(l->loopback_mem);
#ifdef STRESS_HOSTED
		scmi_doorbell_destroy(l->doorbell);
#endif
	}
	free(s->lanes);
}

struct lane *lane_pick(struct stress *s, uint64_t *random)
{
	if (s->focus_n != 0)
		return &s->lanes[s->focus[pick(random, s->focus_n)]];
	return &s->lanes[s->turns[pick(random, 256)]];
}

struct lane *lane_of(struct stress *s, uint8_t protocol)
{
	return protocol >= PROTOCOL && protocol - PROTOCOL < s->lanes_n ? &s->lanes[protocol - PROTOCOL] : NULL;
}

/* NULL: so many have arrived since that it is forgotten. */
const struct mark *lane_mark(struct lane *l, uint32_t arrival)
{
	const struct mark *m = &l->marks[arrival % MARKS];

	return atomic_load_explicit(&m->arrival, memory_order_relaxed) == arrival ? m : NULL;
}
