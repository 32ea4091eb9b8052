/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transfer word: everything about a slot on which two contexts can race, in one 32-bit atomic.
 *
 *   holds   0 CALL     the call: from take until the caller may have it back
 *           1 QUEUED   the link's queue
 *           2 SENDING  the sender, across send()
 *           3 OWED_R   the peer owes the response          4 OWED_D  ... the delayed response
 *           5 HELD_R   a receiver holds the response       6 HELD_D  ... the delayed response
 *   call    7 CLAIMED  somebody has won the right to end it
 *           8 DONE     it has ended, its results stand
 *           9 WAITER   its waiter has registered an event (in quarantine: the end of it stands in the deadline)
 *          10 CALLBACK it has a done function
 *          11 LOOSE    it has none, and nobody waits for it yet
 *   epoch  12..31      grows with each take
 *
 * Each hold is one bit with one owner; a slot is free when the twelve low bits are 0. Holds protect the slot, the claim
 * protects the call. Unpublished is exactly the holds CALL | SENDING: nobody but the taker may write such a word. Every
 * other transition is one compare-and-swap from the value that was looked at, or one fetch-and-and of bits that are the
 * caller's own. docs/concurrency.md lists them all with their memory orders.
 */
#ifndef SCMI_AGENT_WORD_H
#define SCMI_AGENT_WORD_H

#include <stdbool.h>
#include <stdint.h>

#define W_CALL     (1u << 0)
#define W_QUEUED   (1u << 1)
#define W_SENDING  (1u << 2)
#define W_OWED_R   (1u << 3)
#define W_OWED_D   (1u << 4)
#define W_HELD_R   (1u << 5)
#define W_HELD_D   (1u << 6)
#define W_CLAIMED  (1u << 7)
#define W_DONE     (1u << 8)
#define W_WAITER   (1u << 9)
#define W_CALLBACK (1u << 10)
#define W_LOOSE    (1u << 11)
#define W_EPOCH    (1u << 12)

#define W_LOW   (W_EPOCH - 1u)
#define W_OWED  (W_OWED_R | W_OWED_D)
#define W_HELD  (W_HELD_R | W_HELD_D)
#define W_HOLDS (W_CALL | W_QUEUED | W_SENDING | W_OWED | W_HELD)

/* In a word that holds nothing but debts WAITER says that its quarantine's end stands in the slot's deadline. */
#define W_STAMPED W_WAITER

/* What cancel, the time scan, link loss and stop may claim: a published call that nobody has claimed. */
static inline bool word_claimable(uint32_t w)
{
	return (w & (W_CALL | W_CLAIMED)) == W_CALL && (w & (W_QUEUED | W_OWED | W_HELD)) != 0;
}

/*
 * Whoever frees this slot will see that somebody waits for one, if that was said before the word was looked at: a
 * claim, a wait or a reply has to change the word first, and each of them is seq_cst. In any other state the look may
 * be past.
 */
static inline bool word_will_tell(uint32_t w)
{
	return (w & (W_CALL | W_CLAIMED)) == W_CALL || (w & (W_DONE | W_LOOSE)) == (W_DONE | W_LOOSE) ||
	       ((w & W_OWED) != 0 && (w & W_HOLDS & ~W_OWED) == 0);
}

/* The waiter may leave: the call has ended and the sender is out of send(). */
static inline bool word_ended(uint32_t w)
{
	return (w & (W_DONE | W_SENDING)) == W_DONE;
}

/* The call is over, the slot waits for what the peer still owes. */
static inline bool word_quarantined(uint32_t w)
{
	return (w & W_OWED) != 0 && (w & W_HOLDS & ~W_OWED) == 0;
}

/* A caller or a sender is at work on this slot, or a done function is due: not a call that nobody waits for yet. */
static inline bool word_attended(uint32_t w)
{
	if ((w & (W_QUEUED | W_SENDING)) != 0)
		return true;
	return (w & W_CALL) != 0 && (w & (W_DONE | W_LOOSE)) != (W_DONE | W_LOOSE);
}

#endif
