/* SPDX-License-Identifier: BSD-3-Clause */
#include "side.h"

void side_open(struct side *s, struct rig *g, bool ours)
{
	memset(s, 0, sizeof(*s));
	s->g = g;
	s->ours = ours;
	s->kept = malloc(REF_DESC_BYTES(g->q.size) + REF_AVAIL_BYTES(g->q.size));
	MUST(s->kept != NULL);
	ref_device_init(&s->ref, &g->q, g->first);
	if (ours)
		rig_device(g, &s->dev, once_in(&g->random, 2));
}

void side_close(struct side *s)
{
	free(s->kept);
}

/* ---- what is not the device's to write ---- */

static bool keep(struct side *s)
{
	const struct ref_queue *q = &s->g->q;

	if (!s->ours || (q->size > 64u && !once_in(&s->g->random, 16)))
		return false;
	memcpy(s->kept, q->desc, REF_DESC_BYTES(q->size));
	memcpy(s->kept + REF_DESC_BYTES(q->size), q->avail, REF_AVAIL_BYTES(q->size));
	return true;
}

static void compare_kept(const struct side *s, bool kept)
{
	const struct ref_queue *q = &s->g->q;

	if (!kept)
		return;
	MUST(memcmp(s->kept, q->desc, REF_DESC_BYTES(q->size)) == 0);
	MUST(memcmp(s->kept + REF_DESC_BYTES(q->size), q->avail, REF_AVAIL_BYTES(q->size)) == 0);
}

/* ---- taking ---- */

/* Writes len bytes where the device was told to, and where the reference says: the same. */
static void write_reply(struct side *s, const struct take *t, const struct ref_chain *c, uint32_t len)
{
	static unsigned char reply[65536];
	const unsigned char *from = reply;
	uint32_t left = len;

	MUST(len <= sizeof(reply));
	rig_fill(s->g, reply, len);
	for (uint32_t i = 0; s->ours && left != 0; i++) {
		const uint32_t n = t->in[i].len < left ? t->in[i].len : left;

		MUST(i < t->c.in_n);
		memcpy(t->in[i].mem, from, n);
		from += n;
		left -= n;
	}
	from = reply;
	left = len;
	for (uint32_t i = 0; i < c->n && left != 0; i++) {
		const uint32_t n = c->piece[i].len < left ? c->piece[i].len : left;
		unsigned char *at = ref_memory(&s->g->space, c->piece[i].addr, n);

		if (!c->piece[i].write)
			continue;
		if (s->ours)
			MUST(memcmp(at, from, n) == 0);
		else
			memcpy(at, from, n);
		from += n;
		left -= n;
	}
	MUST(left == 0);
}

/* Our device's turn; the reference has said what must come of it. */
static bool take_ours(struct side *s, struct take *t, const struct ref_chain *c)
{
	const bool kept = keep(s);
	const bool news = ring_device_news(&s->dev);
	enum ring_take e;

	take_prepare(s->g, t);
	e = scmi__ring_device_take(&s->dev, &t->c);
	compare_kept(s, kept);
	if (c->rule == REF_NOTHING) {
		MUST(e == RING_NONE && !news);
		return false;
	}
	MUST(news);
	if (take_pieces(s->g, t, c) > t->c.in_cap) {
		MUST(e == RING_FULL);
		return false;
	}
	MUST(e == RING_TAKEN);
	take_compare(s->g, t, c, true);
	if (once_in(&s->g->random, 16)) {
		scmi__ring_device_untake(&s->dev, t->c.head);
		return false;
	}
	return true;
}

bool side_take(struct side *s, struct ref_chain *c)
{
	static struct take t;
	uint32_t len;

	ref_device_look(&s->ref, c);
	MUST(c->rule == REF_LEGAL || c->rule == REF_NOTHING);
	if (s->ours) {
		if (!take_ours(s, &t, c))
			return false;
		len = t.c.in_len;
	} else {
		if (c->rule == REF_NOTHING)
			return false;
		len = (uint32_t)c->in_len;
	}
	if (once_in(&s->g->random, 4))
		len = pick(&s->g->random, len + 1u);
	s->ref.taken++;
	s->ref.has[c->head] = true;
	s->taken[s->taken_n++] = c->head;
	s->limit[c->head] = len;
	write_reply(s, &t, c, len);
	s->g->done += c->descriptors;
	return true;
}

/* ---- giving back ---- */

bool side_return(struct side *s)
{
	const struct ref_queue *q = &s->g->q;
	uint32_t i = 0;
	uint16_t head;
	bool kept;

	if (s->taken_n == 0)
		return false;
	if (once_in(&s->g->random, 2))
		i = pick(&s->g->random, s->taken_n);
	head = s->taken[i];
	s->taken_n--;
	memmove(&s->taken[i], &s->taken[i + 1u], (s->taken_n - i) * sizeof(s->taken[0]));
	s->back[s->back_next & (q->size - 1u)].head = head;
	s->back[s->back_next & (q->size - 1u)].len = s->limit[head];
	s->back_next++;
	if (!s->ours) {
		ref_device_return(&s->ref, head, s->limit[head]);
		return true;
	}
	kept = keep(s);
	ring_device_put(&s->dev, head, s->limit[head]);
	compare_kept(s, kept);
	MUST(ref_get(REF_USED_ENTRY(q, s->ref.returned), 4) == head);
	MUST(ref_get(REF_USED_ENTRY(q, s->ref.returned) + 4, 4) == s->limit[head]);
	s->ref.returned++;
	s->ref.has[head] = false;
	return true;
}

void side_publish(struct side *s)
{
	if (s->ours)
		ring_device_publish(&s->dev);
	MUST((uint16_t)ref_get(REF_USED_IDX(&s->g->q), 2) == s->ref.returned);
}

bool side_back(struct side *s, uint16_t *head, uint32_t *len)
{
	if (s->back_first == s->back_next)
		return false;
	*head = s->back[s->back_first & (s->g->q.size - 1u)].head;
	*len = s->back[s->back_first & (s->g->q.size - 1u)].len;
	s->back_first++;
	return true;
}

/* ---- signals ---- */

bool side_must_call(struct side *s)
{
	const bool due = ref_device_must_call(&s->ref);

	if (s->ours)
		MUST(scmi__ring_device_must_call(&s->dev) == due);
	return due;
}

void side_arm(struct side *s)
{
	const struct ref_queue *q = &s->g->q;
	const bool there = (uint16_t)ref_get(REF_AVAIL_IDX(q), 2) != s->ref.taken;

	if (s->ours)
		MUST(scmi__ring_device_arm(&s->dev) == there);
	else
		MUST(ref_device_arm(&s->ref) == there);
	if (q->event_idx)
		MUST((uint16_t)ref_get(REF_AVAIL_EVENT(q), 2) == s->ref.taken);
	else
		MUST(ref_get(q->used, 2) == 0);
	s->armed = !there;
}

void side_disarm(struct side *s)
{
	const struct ref_queue *q = &s->g->q;

	if (s->ours)
		scmi__ring_device_disarm(&s->dev);
	else
		ref_device_disarm(&s->ref);
	if (!q->event_idx)
		MUST(ref_get(q->used, 2) == 1u);
	s->armed = false;
}

void side_told(struct side *s, bool news, bool kick)
{
	if (!news)
		return;
	if (s->armed)
		MUST(kick);
	s->armed = false;
}
