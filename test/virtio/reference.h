/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both sides of a split virtqueue, slow and obvious: memory is bytes, words are put together by shifts, whatever can be
 * looked up is looked up in a loop. Shares nothing with transports/virtio, so that one can be held against the other.
 */
#ifndef TEST_VIRTIO_REFERENCE_H
#define TEST_VIRTIO_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#define REF_SIZE_MAX   1024u
#define REF_PIECES_MAX (REF_SIZE_MAX + 8u)
#define REF_AREAS_MAX  12u

/* The driver's address space: what of it is mapped. An area's end may be the end of all addresses. */
struct ref_area {
	uint64_t addr;
	uint64_t len;
	unsigned char *mem;
	unsigned char *block; /* what it was allocated in */
};

struct ref_space {
	struct ref_area area[REF_AREAS_MAX];
	uint32_t n;
};

/* Memory of these addresses, all of them in one area; NULL: they are not. */
unsigned char *ref_memory(const struct ref_space *s, uint64_t addr, uint64_t len);

/* A queue, as both sides have agreed on it. */
struct ref_queue {
	const struct ref_space *space;
	unsigned char *desc;
	unsigned char *avail;
	unsigned char *used;
	uint32_t size;
	bool event_idx;
	bool indirect;

	/* Where a descriptor's 16 bytes come from, if not from memory as it is. */
	void (*fetch)(void *ctx, const unsigned char *at, unsigned char *copy);
	void *fetch_ctx;
};

enum ref_rule {
	REF_LEGAL,
	REF_NOTHING,      /* nothing is available: no fault */
	REF_JUMP,         /* more is available than there are entries */
	REF_HEAD,         /* a head outside the table */
	REF_TWICE,        /* a head that the device has already */
	REF_NEXT,         /* next outside the table */
	REF_LONG,         /* more buffers in a chain than entries in the queue; a loop is that too */
	REF_ORDER,        /* readable behind writable */
	REF_ZERO,         /* a buffer of length 0 */
	REF_UNMAPPED,     /* a buffer or a table that is not in memory, or runs over its end */
	REF_TOTAL,        /* more than 2^32 bytes in a chain */
	REF_OVERLAP,      /* writable buffers that overlap */
	REF_NOT_AGREED,   /* a table without INDIRECT */
	REF_TABLE_NEXT,   /* INDIRECT and NEXT in one descriptor */
	REF_TABLE_LENGTH, /* a table's length that is 0, no multiple of 16, or more than the queue has entries */
	REF_TABLE_ALIGN,  /* a table that begins beside a multiple of 8, or of 4 where that is a word */
	REF_TABLE_NESTED, /* a table in a table */
	REF_RULES,
};

const char *ref_rule_name(enum ref_rule rule);

/* Does the rule concern the ring itself, not one chain? */
bool ref_rule_breaks(enum ref_rule rule);

struct ref_piece {
	uint64_t addr;
	uint32_t len;
	bool write;
};

struct ref_chain {
	enum ref_rule rule;
	uint16_t head;
	uint32_t descriptors; /* looked at, tables too */
	uint64_t out_len;
	uint64_t in_len;
	uint32_t n; /* pieces; the first ones only if a rule is broken */
	struct ref_piece piece[REF_PIECES_MAX];
};

/* Is one of the entries from old to now, now not included, the one after which a signal was wanted? */
bool ref_signal(uint16_t event, uint16_t old, uint16_t now);

/* ---- the device ---- */

struct ref_device {
	const struct ref_queue *q;
	uint16_t taken;
	uint16_t seen; /* the driver's index when it was read last: it is read again when all of that is taken */
	uint16_t returned;
	uint16_t asked;
	bool has[REF_SIZE_MAX];
};

void ref_device_init(struct ref_device *d, const struct ref_queue *q, uint16_t first);

/* What the next entry is: legal, or the rule that it breaks. */
void ref_device_look(struct ref_device *d, struct ref_chain *c);

/* The chain that begins at c->head. */
void ref_walk(const struct ref_queue *q, struct ref_chain *c);

/* ref_device_look(), and if it is a chain, legal or not, the device has it from then on. */
void ref_device_take(struct ref_device *d, struct ref_chain *c);

void ref_device_return(struct ref_device *d, uint16_t head, uint32_t len);

/* Is an interrupt due for what was returned since this was asked last? */
bool ref_device_must_call(struct ref_device *d);

/* Asks for doorbells; true: something is available already. */
bool ref_device_arm(struct ref_device *d);
void ref_device_disarm(struct ref_device *d);

/* ---- the driver ---- */

struct ref_shape {
	uint32_t n;
	uint32_t direct;  /* so many in descriptors of the ring, the rest in a table */
	uint32_t entries; /* of the table; 0: none */
	uint64_t table;   /* its address */
	bool table_write; /* WRITE on the descriptor of the table: means nothing */
	struct ref_piece piece[REF_PIECES_MAX];
};

struct ref_driver {
	const struct ref_queue *q;
	uint64_t *random;
	uint16_t added;
	uint16_t published;
	uint16_t asked;
	uint16_t reaped;
	uint32_t free;                /* descriptors */
	uint16_t owner[REF_SIZE_MAX]; /* of each descriptor: the head of its chain + 1; 0: free */
};

void ref_driver_init(struct ref_driver *d, const struct ref_queue *q, uint64_t *random, uint16_t first);

/* Adds a chain, of descriptors that are free, any of them: its head, or -1: they do not suffice. */
int ref_driver_add(struct ref_driver *d, const struct ref_shape *s);

/* Writes a chain: descriptors of the ring are taken from desc[], tables get an order of their own. */
void ref_write_chain(const struct ref_queue *q, uint64_t *random, const struct ref_shape *s, const uint16_t *desc);

void ref_driver_publish(struct ref_driver *d);
bool ref_driver_must_kick(struct ref_driver *d);

/* Takes back what the device has returned: true, and its descriptors are free again. */
bool ref_driver_reap(struct ref_driver *d, uint32_t *id, uint32_t *len);

bool ref_driver_arm(struct ref_driver *d);
void ref_driver_disarm(struct ref_driver *d);

/* ---- words in memory ---- */

uint64_t ref_get(const unsigned char *at, unsigned bytes);
void ref_put(unsigned char *at, unsigned bytes, uint64_t value);

#define REF_AVAIL_IDX(q)      ((q)->avail + 2)
#define REF_AVAIL_ENTRY(q, i) ((q)->avail + 4 + 2 * ((uint32_t)(i) & ((q)->size - 1u)))
#define REF_USED_EVENT(q)     ((q)->avail + 4 + 2 * (q)->size)
#define REF_USED_IDX(q)       ((q)->used + 2)
#define REF_USED_ENTRY(q, i)  ((q)->used + 4 + 8 * ((uint32_t)(i) & ((q)->size - 1u)))
#define REF_AVAIL_EVENT(q)    ((q)->used + 4 + 8 * (q)->size)
#define REF_DESC_BYTES(size)  (16u * (size))
#define REF_AVAIL_BYTES(size) (6u + 2u * (size))
#define REF_USED_BYTES(size)  (6u + 8u * (size))

#define REF_F_NEXT     1u
#define REF_F_WRITE    2u
#define REF_F_INDIRECT 4u

#endif
