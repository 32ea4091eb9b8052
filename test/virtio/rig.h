/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the runs share: an address space of guarded areas, a queue in it, memory for chains, numbers from a seed, and
 * what is said when something does not hold.
 */
#ifndef TEST_VIRTIO_RIG_H
#define TEST_VIRTIO_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../stress/random.h"
#include "reference.h"
#include "ring_device.h"
#include "ring_driver.h"

#if defined(__SANITIZE_THREAD__)
#define RIG_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RIG_TSAN 1
#endif
#endif

/* Holds in every build. What is printed is enough to have the run again. A fuzzer has its own. */
#ifndef MUST
#define MUST(x)                                                                                                        \
	do {                                                                                                           \
		if (!(x))                                                                                              \
			rig_failed(__FILE__, __LINE__, #x);                                                            \
	} while (0)
#endif

_Noreturn void rig_failed(const char *file, int line, const char *what);

/* What the program is about to say when it fails. */
struct rig_where {
	const char *mode;
	uint64_t seed;
	uint64_t run;
	uint64_t step;
};

extern struct rig_where rig_where;

/* How often each rule was the reference's verdict, and how often our device found too few pieces to note it in. */
extern uint64_t rig_rules[REF_RULES];
extern uint64_t rig_full;

struct rig {
	uint64_t random;
	uint16_t first; /* the index that both sides begin with */
	struct ref_space space;
	struct ref_queue q;
	struct ring_parts parts;
	struct ring_map map[REF_AREAS_MAX];
	struct ring_maps maps;

	/* Memory for chains, a block each; a table for each block, and a long one. */
	uint32_t blocks;
	uint32_t block_bytes;
	uint32_t buffers; /* areas that hold them, one after the other */
	uint32_t buffer_area;
	uint32_t table_area;
	uint32_t table_entries;
	bool block_used[REF_SIZE_MAX];
	bool long_used;

	void *memory;  /* the device's private one */
	uint64_t done; /* descriptors */
};

/* Sizes, 2^least entries and more, and features come from the seed. */
void rig_open(struct rig *g, uint64_t seed, uint32_t least);

/* Nothing beside the areas has been written; frees them. */
void rig_close(struct rig *g);

/* An area at addr, guarded on both sides; its memory lies on `align` + a multiple of 64. */
struct ref_area *rig_area(struct rig *g, uint64_t addr, uint32_t len, uint32_t align);

uint64_t rig_block(const struct rig *g, uint32_t block);
uint64_t rig_table(const struct rig *g, uint32_t block);
uint64_t rig_long_table(const struct rig *g);

/* A block that is free, or -1; it is not any more. */
int rig_take_block(struct rig *g);

void rig_fill(struct rig *g, unsigned char *at, uint32_t len);

/* The device of transports/virtio, over this queue. */
void rig_device(struct rig *g, struct ring_device *r, bool remember);

/* A legal chain over a block, of `most` descriptors of the ring at most. */
void shape_legal(struct rig *g, uint32_t block, uint32_t most, struct ref_shape *s);

/* ---- what a device has taken, held against the reference ---- */

#define TAKE_OUT_MAX    4096u
#define TAKE_PIECES_MAX REF_PIECES_MAX

struct take {
	struct ring_chain c;
	unsigned char out[TAKE_OUT_MAX + 8u];
	struct ring_piece in[TAKE_PIECES_MAX + 1u];
};

/* Random limits, or none. */
void take_prepare(struct rig *g, struct take *t);

/*
 * Is what was taken this chain, byte for byte, piece for piece? still: nobody has written to the rings since; else what
 * was read there is not looked at.
 */
void take_compare(const struct rig *g, const struct take *t, const struct ref_chain *c, bool still);

/* What is not as it must be; NULL: nothing. */
const char *take_differs(const struct rig *g, const struct take *t, const struct ref_chain *c, bool still);

/* The pieces that this chain needs, with the limits of t. */
uint32_t take_pieces(const struct rig *g, const struct take *t, const struct ref_chain *c);

/* What the device should have said to this chain. */
enum ring_take take_verdict(const struct rig *g, const struct take *t, const struct ref_chain *c);

/* ---- what a driver reaps, by the rules ---- */

struct reap_model {
	uint32_t slots;
	bool two; /* heads are even: two descriptors of the ring a slot */
	bool broken;
	uint16_t published;
	uint16_t seen;
	uint16_t reaped;
	bool away[REF_SIZE_MAX];
	uint32_t most[REF_SIZE_MAX];
};

/* What reap must say now, and of which slot. Nothing is taken but for how far the device has come. */
int reap_expect(const struct rig *g, struct reap_model *m, struct ring_back *back);

/* ---- the runs: each takes a seed and goes for a while, and says how many descriptors it was ---- */

uint64_t run_our_driver(uint64_t seed);
uint64_t run_our_device(uint64_t seed);
uint64_t run_both(uint64_t seed);
uint64_t run_wide(uint64_t seed);
uint64_t run_bad_driver(uint64_t seed);
uint64_t run_bad_device(uint64_t seed);
uint64_t run_racing_driver(uint64_t seed);
uint64_t run_racing_device(uint64_t seed);

#endif
