/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gate: what a submit has to know of a link, in one 32-bit atomic, so that the usual one looks at it once.
 *
 *   0..22   contexts that have come to the pump; whoever makes it 1 works until it has seen all of them
 *   23 QUEUE    the queue is not empty, though nobody is in the pump
 *   24 QUIET    quiesced: what is under way goes on, nothing new is taken
 *   25 CAREFUL  no call goes the short way: sends are not concurrent, or somebody wants to know of each
 *   26..29      state
 *
 * GATE_OPEN, the link up and nothing else, is the one value at which a call is sent at once. That the queue is empty
 * and that the pump is left is one step, so a context that has queued a call cannot overtake it with its next one.
 */
#ifndef SCMI_AGENT_GATE_H
#define SCMI_AGENT_GATE_H

#include <stdbool.h>
#include <stdint.h>

#define GATE_COUNT   0x7fffffu
#define GATE_QUEUE   (1u << 23)
#define GATE_QUIET   (1u << 24)
#define GATE_CAREFUL (1u << 25)
#define GATE_SHIFT   26u
#define GATE_STATE   (15u << GATE_SHIFT)

/*
 * While start() or recover() runs nothing is sent, whatever the transport says of its peer: it is only kept, for what
 * comes then.
 */
#define LINK_STOPPED         (0u << GATE_SHIFT)
#define LINK_STARTING        (1u << GATE_SHIFT)
#define LINK_STARTING_DOWN   (2u << GATE_SHIFT)
#define LINK_UP              (3u << GATE_SHIFT)
#define LINK_DOWN            (4u << GATE_SHIFT)
#define LINK_RECOVERING      (5u << GATE_SHIFT)
#define LINK_RECOVERING_DOWN (6u << GATE_SHIFT)
#define LINK_RECOVERING_UP   (7u << GATE_SHIFT) /* the peer is there, the transport has said since */
#define LINK_BROKEN          (8u << GATE_SHIFT) /* down, and the transport did not start again */

#define GATE_OPEN LINK_UP

static inline uint32_t gate_state(uint32_t gate)
{
	return gate & GATE_STATE;
}

static inline bool is_recovering(uint32_t gate)
{
	return gate_state(gate) >= LINK_RECOVERING && gate_state(gate) <= LINK_RECOVERING_UP;
}

/* Nobody is in the pump, and it has left nothing. */
static inline bool gate_idle(uint32_t gate)
{
	return (gate & (GATE_COUNT | GATE_QUEUE)) == 0;
}

#endif
