/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A journal of the commands that are on their way, in memory that outlives us: a device after us answers what we owed.
 *
 * A command is noted before it is run and struck out when its buffer is back, one store after the other: whatever ends
 * us, between two of them, it is answered, and never run a second time. The journal is the driver's side's to change:
 * what is read there is bounded, and costs nobody else anything.
 */
#include <scmi/config.h>

#include "device.h"

#define JOURNAL_VERSION 1u
#define JOURNAL_ALIGN   64u
#define LOST_PIECES     8u /* no piece is empty: header and status are in no more */

/* As vhost-user has it, in host order. */
struct journal_entry {
	_Atomic uint8_t inflight;
	uint8_t padding[5];
	_Atomic uint16_t next; /* of the same batch; ours are of one */
	uint64_t counter;      /* nobody reads it while we live */
};

struct journal {
	uint64_t features;
	_Atomic uint16_t version; /* 0: new */
	_Atomic uint16_t entries;
	_Atomic uint16_t last; /* the head that was returned last */
	_Atomic uint16_t used; /* used.idx, when that had been noted */
};

_Static_assert(sizeof(struct journal) == 16 && sizeof(struct journal_entry) == 16, "as on the wire");

static struct journal_entry *entry_of(struct journal *j, uint32_t i)
{
	return (struct journal_entry *)(void *)(j + 1) + i;
}

size_t scmi_virtio_journal_size(uint32_t entries)
{
	return (sizeof(struct journal) + entries * sizeof(struct journal_entry) + JOURNAL_ALIGN - 1u) / JOURNAL_ALIGN *
	       JOURNAL_ALIGN;
}

int scmi_virtio_device_journal(struct scmi_virtio_device *dev, void *mem, size_t len)
{
	if (atomic_load(&dev->attached) == DRIVER_HERE || (mem != NULL && (uintptr_t)mem % sizeof(uint64_t) != 0))
		return SCMI_E_INVAL;
	dev->journal = mem;
	dev->journal_len = mem != NULL ? len : 0;
	return SCMI_OK;
}

/* ---- while it lives ---- */

void scmi__virtio_journal_take(struct scmi_virtio_device *dev, uint16_t head)
{
	struct journal_entry *e = entry_of(dev->journal, head);

	e->counter = ++dev->journal_counter;
	atomic_store(&e->inflight, (uint8_t)1);
}

/* The order is the point: up to the index the command counts as owed, from there on as returned. */
void scmi__virtio_journal_return(struct scmi_virtio_device *dev, uint16_t head, uint32_t len)
{
	struct ring_device *r = &dev->ring[SCMI_VIRTIO_CMDQ];
	struct journal *j = dev->journal;
	struct journal_entry *e = entry_of(j, head);

	atomic_store(&e->next, atomic_load(&j->last));
	atomic_store(&j->last, head);
	scmi__ring_device_return(r, head, len);
	atomic_store(&e->inflight, (uint8_t)0);
	atomic_store(&j->used, r->used);
}

/* ---- when it is taken up ---- */

/* What had been returned when the last device ended, but not been struck out. */
static void strike_out(struct journal *j, uint32_t entries, uint16_t used)
{
	uint16_t left = (uint16_t)(used - atomic_load(&j->used));
	uint16_t head = atomic_load(&j->last);

	for (uint32_t i = 0; left != 0 && i < entries && head < entries; i++, left--) {
		atomic_store(&entry_of(j, head)->inflight, (uint8_t)0);
		head = atomic_load(&entry_of(j, head)->next);
	}
	atomic_store(&j->used, used);
}

const char *scmi__virtio_journal_open(struct scmi_virtio_device *dev, const struct ring_parts *at, uint16_t *first)
{
	const uint16_t used = ring_load16(&at->used->idx);
	struct journal *j = dev->journal;
	uint16_t owed = 0;

	if (atomic_load(&j->version) == 0) {
		atomic_store(&j->entries, (uint16_t)at->size);
		atomic_store(&j->used, used);
		atomic_store(&j->version, (uint16_t)JOURNAL_VERSION);
	}
	if (atomic_load(&j->version) != JOURNAL_VERSION || atomic_load(&j->entries) != at->size)
		return SCMI_TEXT_("journal: of another version, or another queue's");
	strike_out(j, at->size, used);
	for (uint32_t i = 0; i < at->size; i++)
		owed = (uint16_t)(owed + (atomic_load(&entry_of(j, i)->inflight) != 0 ? 1u : 0u));
	*first = (uint16_t)(used + owed);
	return NULL;
}

/* One chain of them, checked as any other: its own header comes back, and a status. */
static void answer_lost(struct scmi_virtio_device *dev, uint16_t head)
{
	unsigned char answer[HEADER_BYTES + STATUS_BYTES] = {0};
	struct ring_piece pieces[LOST_PIECES];
	struct ring_chain chain = {
		.out = answer, .out_cap = HEADER_BYTES, .in = pieces, .in_cap = LOST_PIECES, .in_want = sizeof(answer)};
	uint32_t len = 0;

	if (scmi__ring_chain(&dev->ring[SCMI_VIRTIO_CMDQ], &chain, head) == RING_TAKEN && chain.out_len >= HEADER_BYTES)
		len = chain.in_len < HEADER_BYTES ? 0 : chain.in_len < sizeof(answer) ? HEADER_BYTES : sizeof(answer);
	scmi_put_le32(answer + HEADER_BYTES, (uint32_t)SCMI_GENERIC_ERROR);
	scatter(pieces, answer, len);
	scmi__virtio_device_give_back(dev, head, len);
}

/* The platform's own answers go nowhere: what is answered here is not answered twice. */
void scmi__virtio_device_give_up(struct scmi_virtio_device *dev)
{
	const struct ring_device *r = &dev->ring[SCMI_VIRTIO_CMDQ];
	bool due;

	if (has_lied(dev, SCMI_VIRTIO_CMDQ))
		return;
	device_lock(dev);
	for (uint32_t i = 0; i < r->at.size; i++) {
		if (atomic_load_explicit(&r->out[i], memory_order_relaxed) != 0)
			answer_lost(dev, (uint16_t)i);
	}
	due = must_call_locked(dev, SCMI_VIRTIO_CMDQ);
	device_unlock(dev);
	if (due)
		dev->host->call(dev->host->ctx, SCMI_VIRTIO_CMDQ);
}

/* The interrupt for what was returned last may have been lost, too: there always is one. */
void scmi__virtio_journal_settle(struct scmi_virtio_device *dev)
{
	const uint32_t entries = dev->ring[SCMI_VIRTIO_CMDQ].at.size;

	device_lock(dev);
	for (uint32_t i = 0; i < entries; i++) {
		if (atomic_load(&entry_of(dev->journal, i)->inflight) != 0)
			answer_lost(dev, (uint16_t)i);
	}
	(void)must_call_locked(dev, SCMI_VIRTIO_CMDQ);
	device_unlock(dev);
	dev->host->call(dev->host->ctx, SCMI_VIRTIO_CMDQ);
}
