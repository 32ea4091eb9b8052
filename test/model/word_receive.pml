/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of word.pml: receive.c and deliver.c. */
#ifdef DELAYED
#define SHUT (deaf || away)
#else
#define SHUT deaf
#endif
#define TAKES(S, L, F) :: !SHUT && L <= SUBMITS && (MSG(S, L) & F) -> \
				MSG(S, L) = MSG(S, L) - F; s = S; l = L; upcalls++
#define TAKES_D(S, L, F) TAKES(S, L, F); owed = OWED_D
#define TAKES_ERR(S, L) TAKES(S, L, F_ERR); refuses = true
#ifdef DUP
#define TAKE_AGAIN(S, L) TAKES(S, L, F_DUP)
#elif defined(FORGE)
#define TAKE_AGAIN(S, L) TAKES(S, L, F_FORGED)
#else
#define TAKE_AGAIN(S, L)
#endif
#ifdef DELAYED
#define TAKE_D(S, L) TAKES_D(S, L, F_D) TAKES_D(S, L, F_DUPD) TAKES_ERR(S, L)
#else
#define TAKE_D(S, L)
#endif
#define TAKE(S, L) TAKES(S, L, F_OK) TAKE_AGAIN(S, L) TAKE_D(S, L)
#define RX	0
#define COMPLETE 1
#define RELEASE 2	/* without complete */
#define SETTLE	3
#define TOKEN	4	/* rx on the command's own descriptor */

#define HELD_OF(owed) ((owed) * 4)
#ifdef MATCH_KEEPS_OWED
#define MATCHED(v) ((v) | HELD_OF(owed))
#elif defined(MATCH_HOLDS_NOT)
#define MATCHED(v) ((v) & ~owed)
#else
#define MATCHED(v) (((v) & ~owed) | HELD_OF(owed))
#endif
#ifdef HALF_FINAL
#define HALF(v) false
#else
#define HALF(v) (owed == OWED_R && ((v) & (OWED_D | HELD_D)))
#endif
#ifdef LATE_ERR_OWES
#define LATE_HALF(v) false
#else
#define LATE_HALF(v) HALF(v)
#endif
/* An error that nobody reads: the peer will never pay the other debt. */
#define unread() if \
	:: refuses && (m == SETTLE || m == RELEASE) -> unans[s] = unans[s] | OWED_D \
	:: else \
	fi
#define CLAIMS (m == RX || m == TOKEN || m == SETTLE)
/*
 * match() and, for SETTLE, settle(): got or late or neither. Both claim in the step that takes the hold, acquire not. half:
 * it does not end the call, and SENDING is ours if sending says so.
 */
inline match(s, l)
{
	do
	:: w = W[s];
	   h = hdr[s];
	   if
	   :: h % EPOCHS != l % EPOCHS || !(w & owed) -> break
	   :: else ->
#ifdef MATCH_BLIND
		atomic { if :: W[s] & owed -> w = W[s] :: else fi };
#endif
		atomic {
			if
			:: W[s] != w
#ifndef LATE_DELIVERS
			:: W[s] == w && (w & (CALL | CLAIMED)) != CALL && (m == SETTLE || !LATE_HALF(w)) ->
				assert(LIFE(w) == l);
				late = true;
				unread();
#ifdef LATE_KEEPS
				W[s] = w & ~owed;
#else
				if :: (w & HOLDS) == owed -> GIVE(s) :: else -> W[s] = w & ~owed fi;
#endif
				break
			:: W[s] == w && (w & (CALL | CLAIMED)) != CALL && m != SETTLE && LATE_HALF(w) ->
				assert(LIFE(w) == l);
				late = true; got = true; half = true;
				unread();
				W[s] = MATCHED(w);
				break
			:: W[s] == w && (w & (CALL | CLAIMED)) == CALL ->
#else
			:: W[s] == w ->
#endif
				assert(LIFE(w) == l);	/* the life that it answers */
				assert(!(w & HELD_OF(owed)));
				got = true;
				unread();
				half = m != SETTLE && HALF(w);
				if
				:: half && CLAIMS ->
#ifdef HALF_STAMPS
					W[s] = MATCHED(w); sending = false
#else
					W[s] = MATCHED(w) | SENDING; sending = !(w & SENDING)
#endif
				:: !half && CLAIMS -> W[s] = MATCHED(w) | CLAIMED
				:: !CLAIMS -> W[s] = MATCHED(w)
				fi;
				break
			fi
		}
	   fi
	od;
	atomic { w = 0; h = 0 }
}

#ifdef DELAYED
/* scmi__deliver_half() and what is around it; HELD_R is ours, and stays so where m is COMPLETE or RELEASE */
inline receive_half(s, l)
{
	if
	:: m == RELEASE || m == COMPLETE && late	/* below */
	:: m == COMPLETE && !late ->		/* borrow_sending() */
		atomic {
#ifdef BORROW_BLIND
			sending = CLAIMABLE(W[s]);
			if :: sending -> W[s] = W[s] | SENDING :: else fi };
#else
			sending = CLAIMABLE(W[s]) && !(W[s] & SENDING);
			if :: sending -> W[s] = W[s] | SENDING :: else fi };
#endif
		if
		:: !sending -> late = !CLAIMABLE(W[s])
		:: else
		fi
	:: else
	fi;
	if
	:: refuses && m != RELEASE ->
		if
		:: !late ->		/* claim_half() */
			atomic {
#ifdef HALF_CLAIMS_NOT
				mine = false
#else
				mine = CLAIMABLE(W[s]);
#ifdef ERR_OWES
				if :: mine -> W[s] = W[s] | CLAIMED :: else fi
#else
				if :: mine -> W[s] = (W[s] | CLAIMED) & ~OWED_D :: else fi
#endif
#endif
				}
		:: else
		fi;
		if
		:: mine -> write_call(s, l); finish(s, (CLAIMS -> HELD_R : 0)); got = !CLAIMS; mine = false
#ifndef ERR_OWES
		:: !mine -> W[s] = W[s] & ~OWED_D	/* forgive_delayed() */
#else
		:: else
#endif
		fi
	:: else
	fi;
	if
	:: m == RELEASE && !late ->
		atomic { mine = CLAIMABLE(W[s]); if :: mine -> W[s] = W[s] | CLAIMED :: else fi };
		if :: mine -> end_call(s) :: else fi
	:: else
	fi;
#ifdef HALF_STAMPS
	if	/* the second clock by who has no SENDING */
	:: CLAIMS && !late -> w = W[s]; dl[s] = 4 * LIFE(w) + 1; w = 0
	:: else
	fi;
#endif
	if
	:: got && (CLAIMS || !sending) -> drop(s, HELD_R); got = false
	:: else
	fi;
#ifndef HALF_STAYS
	if
	:: sending -> leave_sending(s)
	:: else
	fi;
#endif
	if
	:: got -> drop(s, HELD_R)
	:: else
	fi
}
#endif

proctype receiver()
{
	int w;
	byte s, l, h, c1, x, y, m, held, bits, owed = OWED_R, head = NONE, tail = NONE;
	bool ok, infr, incb, got, late, mine, half, sending, refuses;
#ifdef TIME
	byte stamped;
#endif

end:	do
	:: atomic {
		if
		TAKE(0, 1)
		TAKE(0, 2)
#if SUBMITS > 2
		TAKE(0, 3)
#endif
#if SUBMITS > 3
		TAKE(0, 4)
#endif
#if N > 1
		TAKE(1, 1)
		TAKE(1, 2)
#if SUBMITS > 2
		TAKE(1, 3)
#endif
#endif
		fi;
		if
		:: m = RX
#ifdef TWO_STEP
		:: m = COMPLETE
		:: m = RELEASE
#endif
#ifdef SETTLES
		:: owed == OWED_R -> m = SETTLE
		:: owed == OWED_R -> m = TOKEN
#endif
		fi };
	   match(s, l);
#ifdef SETTLES
	   if		/* receive_response(): it came on the command's own descriptor, so no other reply can */
#ifdef SETTLE_AFTER_LATE
	   :: m == TOKEN && !got -> atomic { late = false; m = SETTLE }; match(s, l)
#else
	   :: m == TOKEN && !got && !late -> m = SETTLE; match(s, l)
#endif
	   :: else
	   fi;
#endif
#ifdef DELAYED
	   if
	   :: got && half -> receive_half(s, l); goto received
	   :: else
	   fi;
#endif
	   atomic {		/* what is not got is counted and dropped */
		mine = got;
#ifdef SETTLE_BOTH
		if :: got && m == SETTLE -> W[s] = W[s] & ~OWED_D :: else fi;
#endif
#ifdef SETTLE_ONLY
		if :: got && m == SETTLE -> W[s] = W[s] & ~(CLAIMED | HELD_R); got = false; mine = false :: else fi;
#endif
		held = HELD_OF(owed);
		if		/* claim_held(), which complete() and release() do; the latter if nothing was completed */
		:: got && (m == COMPLETE || m == RELEASE) ->
			held = 0;
#ifdef COMPLETE_BLIND
			mine = true;
#else
			mine = CLAIMABLE(W[s]);
#endif
#ifdef RELEASE_ONLY
			mine = mine && m == COMPLETE;
#endif
			if :: mine -> W[s] = W[s] | CLAIMED :: else fi
		:: else
		fi;
#ifdef MATCH_HOLDS_NOT
		held = 0
#endif
		};
	   if
	   :: mine -> write_call(s, l); finish(s, held)
	   :: else
	   fi;
#ifndef MATCH_HOLDS_NOT
	   if
	   :: got && held == 0 -> drop(s, HELD_OF(owed))
	   :: else
	   fi;
#endif
received:  atomic {
		owed = OWED_R; half = false; sending = false; refuses = false;
		upcalls--; w = 0; s = 0; l = 0; m = 0; held = 0;
		got = false; late = false; mine = false; ok = false }
	od
}
