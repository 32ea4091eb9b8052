/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A transport around any other that makes trouble, from a seed: a faulty peer and a faulty wire, never a faulty
 * transport. Whatever it does, the contract of scmi/transport.h holds for the core above and for the transport below.
 *
 *	struct flaky_config config = {.size = sizeof(config), .seed = seed, .port = &port};
 *
 *	flaky_rates(&config, 2000);                    (each fault befalls 2000 of 65536 messages)
 *	f = flaky_create(&inner, &config, &transport);
 *	... an agent over &transport ...
 *	flaky_calm(f);                                 (no more faults; what is held goes on its way)
 *	flaky_print(f);
 *
 * With all rates 0 it is transparent: the same capabilities, every message straight through.
 *
 * Held messages (delayed, reordered, doubled, stalled) wait in a queue of its own and go out in a later poll() or
 * send(); those to the agent at the end of an upcall, too. So a transport that holds any is polled, whatever it was
 * before, and has a wait() of its own where the inner one delivers by itself and has none. It has no fd(), which would
 * not tell of what is held. When the queue is full a message goes straight on.
 *
 * One thread, a fake clock and an inner transport that is deterministic make a run that a seed repeats exactly.
 */
#ifndef FLAKY_H
#define FLAKY_H

#include <stdbool.h>

#include <scmi/port.h>
#include <scmi/transport.h>

/* Directions: to the platform, to the agent. */
enum flaky_direction { FLAKY_A2P, FLAKY_P2A };

/*
 * DROP     it never arrives. To the platform: send() returns SCMI_OK.
 * DELAY    arrives up to delay_us_max later.
 * REORDER  arrives after up to reorder_max later ones, or after delay_us_max if there are none.
 * DOUBLE   arrives twice, the second time on no command's descriptor. To the agent only: two messages of one slot to
 *          the platform would break the contract below, and an answer that comes twice is the same to the core.
 * CORRUPT  one to eight bits of its payload flip: a wrong status, wrong values. The core cannot see most of these.
 * HEADER   one bit of its header flips, below the reserved ones.
 * TRUNCATE loses its end, to any length, 0 too.
 * LENGTHEN gains bytes that nobody sent, to max_payload at most.
 * MISDIRECT its header becomes that of another command, or another token, protocol, message or type.
 * STALL    for up to stall_us_max nothing passes. To the platform: send() returns SCMI_E_BUSY until then, then ready()
 *          is called once. To the agent: all is held.
 * LINK     the link is lost: send() returns SCMI_E_NOPEER, and the next poll() from outside every other call stops the
 *          inner transport, calls link_down(SCMI_E_LINK), and starts it again up to link_us_max later. Rolled with each
 *          send(); so to the platform only.
 *
 * A delegating transport's message suffers the header faults in acquire(), the others in complete(); dropped, it is not
 * acquired; held, it stays acquired. settle() always passes.
 */
enum flaky_fault {
	FLAKY_DROP,
	FLAKY_DELAY,
	FLAKY_REORDER,
	FLAKY_DOUBLE,
	FLAKY_CORRUPT,
	FLAKY_HEADER,
	FLAKY_TRUNCATE,
	FLAKY_LENGTHEN,
	FLAKY_MISDIRECT,
	FLAKY_STALL,
	FLAKY_LINK,
	FLAKY_FAULTS
};

#define FLAKY_ALWAYS 65536u /* a rate */

/* Zero is a good default for all but size. */
struct flaky_config {
	uint32_t size;                  /* sizeof(struct flaky_config) */
	uint32_t messages;              /* that can be held at once, to 4096; 0: 64 */
	uint64_t seed;                  /* any */
	const struct scmi_port *port;   /* for DELAY, REORDER, STALL, LINK and cuts; must outlive it */
	uint32_t rate[2][FLAKY_FAULTS]; /* of 65536 messages, by direction and fault */
	uint32_t delay_us_max;          /* 0: 1000 */
	uint32_t reorder_max;           /* 0: 4 */
	uint32_t stall_us_max;          /* 0: 1000 */
	uint32_t link_us_max;           /* 0: 1000 */
	uint32_t cuts;                  /* not 0: flaky_cut() will be called */
};

/*
 * What has happened. Of each direction, exact while nobody is inside:
 *	came + fault[DOUBLE] = passed + fault[DROP] + refused + lost + held
 * Faults are counted where they take effect: those that change a message when it passes, DELAY, REORDER and DOUBLE when
 * it is held, STALL and LINK when they begin.
 */
struct flaky_counts {
	uint32_t came[2];    /* send(); rx() and acquire() */
	uint32_t passed[2];  /* handed on; to the platform: and taken */
	uint32_t refused[2]; /* send() that returned an error: stalled, no link, or the inner transport's own */
	uint32_t lost[2];    /* held, and then dropped: by a stop, a lost link, a later command of its slot, no room */
	uint32_t held[2];    /* now */
	uint32_t fault[2][FLAKY_FAULTS];
};

struct flaky;

/* Sets the rate of every fault that exists, in both directions, but LINK. */
void flaky_rates(struct flaky_config *config, uint32_t rate);

/*
 * Makes a flaky transport around inner, which is copied and must outlive it. NULL: a rate that cannot be, no port where
 * one is needed, out of memory. destroy: it is stopped.
 */
struct flaky *flaky_create(const struct scmi_transport *inner, const struct flaky_config *config,
			   struct scmi_transport *out);
void flaky_destroy(struct flaky *f);

/*
 * calm: no more faults, and what is held goes out now; stalls end, a lost link is back. What a busy inner transport or
 * an acquiring one still has follows in later polls. Debts of dropped messages stay: flaky_cut() forgives them. rough:
 * the configured rates again. Context: a thread, not in an upcall.
 */
void flaky_calm(struct flaky *f);
void flaky_rough(struct flaky *f);

/* Loses the link as the fault LINK does, with config.cuts; at once unless somebody is inside. Context: as calm. */
void flaky_cut(struct flaky *f);

/*
 * What poll() does beside polling the inner transport: for an agent that nobody polls, whose link is lost or whose
 * queue is full. Context: a thread, not in an upcall.
 */
void flaky_turn(struct flaky *f);

struct flaky_counts flaky_counts(struct flaky *f);

/* One line to stderr: the seed, and all counters that are not 0. */
void flaky_print(struct flaky *f);

#endif
