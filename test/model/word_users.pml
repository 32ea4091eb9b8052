/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of word.pml: who waits, cancels, looks at the clock, polls, loses the link, stops. */
#if WAITERS > 0
/* scmi_agent_wait_until() of calls that were submitted without a done function */
proctype waiter()
{
	int w;
	byte c, s;
	bool ended, until;

end:	do
	:: atomic {
		if
		:: sent[0] && own[0] && (W[ticket[0] / LIVES] & LOOSE) -> c = 0
#if NC > 1
		:: sent[1] && own[1] && (W[ticket[1] / LIVES] & LOOSE) -> c = 1
#endif
		fi; s = ticket[c] / LIVES; if :: until = true :: true fi };
	   atomic {	/* take_loose() */
		if
		:: LIFE(W[s]) == ticket[c] % LIVES && (W[s] & (CALL | LOOSE)) == (CALL | LOOSE) ->
#ifndef LOOSE_KEPT
			W[s] = W[s] & ~LOOSE;
#endif
			assert(!inside[c]); assert(!gone || (W[s] & DONE)); inside[c] = true
		:: else -> c = 0; s = 0; goto next
		fi };
	   await(c, s, until, ended);
	   if
	   :: ended -> drop(s, CALL); atomic { inside[c] = false; BACK(c) }
	   :: else ->
#ifdef LOOSE_LOST
		inside[c] = false
#else
		atomic { assert(!gone); inside[c] = false; W[s] = W[s] | LOOSE }
#endif
	   fi;
next:	   atomic { w = 0; c = 0; s = 0; ended = false; until = false }
	od
}
#endif

#if CANCELLERS > 0
/* scmi_agent_cancel() */
#define SLOT_OF(c) (ticket[c] / LIVES)
#define TICKET_OF(c) (ticket[c] && LIFE(W[SLOT_OF(c)]) == ticket[c] % LIVES && \
		      CLAIMABLE(W[SLOT_OF(c)]))
proctype canceller()
{
	int w;
	byte s, l, c, c1, x, y, bits, head = NONE, tail = NONE;
	bool ok, infr, incb, won;

end:	do
	:: atomic {
		if
		:: own[0] && TICKET_OF(0) -> c = 0
#if NC > 1
		:: own[1] && TICKET_OF(1) -> c = 1
#endif
		fi; s = ticket[c] / LIVES; l = ticket[c] % LIVES };
#ifdef CLAIM_BLIND
	   if
	   :: LIFE(W[s]) == l && CLAIMABLE(W[s]) -> atomic { W[s] = W[s] | CLAIMED; won = true }
	   :: else
	   fi;
#else
	   atomic {
#ifdef CANCEL_STALE
		won = CLAIMABLE(W[s]);
#else
		won = LIFE(W[s]) == l && CLAIMABLE(W[s]);
#endif
		if :: won -> assert(callof[s] == c && LIFE(W[s]) == l); W[s] = W[s] | CLAIMED :: else fi };
#endif
	   if
	   :: won -> end_call(s)
	   :: else
	   fi;
	   atomic { w = 0; s = 0; l = 0; c = 0; won = false; ok = false }
	od
}
#endif

#if defined(TIME) || defined(LATENESS)
/* time.c: scan(). Whether a deadline has passed is anybody's guess; that it was the right one is not. */
#ifdef SCAN_SENDING
#define DUE(v) CLAIMABLE(v)
#else
#define DUE(v) (CLAIMABLE(v) && !((v) & SENDING))
#endif
/* Who acquired a message has not stopped its clock; in rx it stands still from the match on. */
#if defined(TWO_STEP) || !defined(DELAYED)
#define KIND_OK(v, t) ((t) / 4 == LIFE(v) && (((v) & HELD) -> (t) % 4 <= 1 : (t) % 4 == CLOCK(v)))
#else
#define KIND_OK(v, t) ((t) / 4 == LIFE(v) && (t) % 4 == CLOCK(v))
#endif
proctype scanner()
{
	int w;
	byte s, t, c1, x, y, bits, head = NONE, tail = NONE;
	bool ok, infr, incb, won, least;

end:	do
	:: atomic { bound -> visitors++ };
#ifndef VISIT_BLIND
	   if		/* scmi__enter() */
	   :: state == STOPPED -> visitors--; goto next
	   :: else
	   fi;
#endif
#ifndef RAISE_LATE
	   bound = false;
#endif
	   do
	   :: s < N ->
		do
		:: w = W[s];
		   t = dl[s];
		   if
#ifdef LATENESS
		   :: QUARANTINED(w) && !(w & STAMPED) ->
			assert(W[s] != w || t != 4 * LIFE(w) + 2);	/* once */
#ifdef STAMP_HOLDS_NOT
			dl[s] = 4 * LIFE(w) + 2;
			atomic { if :: W[s] == w -> W[s] = w | STAMPED :: else fi; least = true; break }
#else
			atomic { least = true; if :: W[s] == w -> W[s] = w | SENDING :: else -> break fi };
			dl[s] = 4 * LIFE(w) + 2;
#ifndef STAMP_UNSAID
			W[s] = W[s] | STAMPED;
#endif
			drop(s, SENDING);
			break
#endif
		   :: QUARANTINED(w) && (w & STAMPED) ->
			if
			:: least = true; break
			:: true ->	/* passed: the reply has not come, so it never will */
			   atomic {
				if
				:: t == 4 * LIFE(w) + 2 -> MSG(s, LIFE(w)) = 0
				:: else
				fi };
#ifdef EXPIRE_BLIND
			   atomic { GIVE(s); break }
#else
			   atomic {
				if
				:: W[s] == w -> assert(t == 4 * LIFE(w) + 2); GIVE(s)
#ifdef EXPIRE_LEAVES
				:: else
#else
				:: else -> least = true		/* one of two has been paid: look again */
#endif
				fi; break }
#endif
			fi
#endif
#ifdef TIME
		   :: DUE(w) ->
			if
			:: least = true; break
			:: true ->
				atomic {
#ifdef SCAN_STALE
					won = DUE(W[s]);
#else
					won = W[s] == w;
#endif
					if
					:: won -> assert(KIND_OK(W[s], t)); W[s] = W[s] | CLAIMED
					:: else
					fi };
				if
				:: won -> end_call(s); break
				:: else
				fi
			fi
#endif
		   :: else -> break
		   fi
		od;
		atomic { s++; w = 0; t = 0; won = false; ok = false }
	   :: else -> break
	   od;
#ifdef RAISE_LATE
	   bound = false;
#endif
	   atomic {
#ifndef SCAN_FORGETS
		if :: least -> lower() :: else fi;
#endif
		assert(!gone); visitors--; least = false; s = 0 };
next:	   skip
	od
}
#endif

#if defined(DEFERRED) && POLLERS > 0
/* scmi_agent_poll() of a deferred agent */
proctype poller()
{
	int w;
	byte c1, x, y, head = NONE, tail = NONE;
	bool ok, infr, incb;

end:	do
	:: atomic { put_off != NONE -> visitors++ };
	   if		/* scmi__enter() */
	   :: state == STOPPED -> visitors--
	   :: else ->
		run_put_off(ok);
		atomic { assert(!gone); visitors--; w = 0; ok = false }
	   fi
	od
}
#endif

#ifdef LINK
/* The peer goes, once, and comes back: scmi__link_down(), scmi__link_ready(). */
proctype link()
{
	int w;
	byte s, c1, x, y, bits, head = NONE, tail = NONE;
	bool ok, infr, incb, won;

#ifdef DELAYED		/* the transport shuts its gate and waits, for a receiver may have SENDING */
	atomic { !deaf -> away = true };
	upcalls == 0;
#endif
	atomic {	/* the transport forgets what is under way, then says so */
		!deaf; upcalls++; away = true;
		s = 0;
		do
		:: s < N ->
			/* A sender that is in send() keeps the debt of a message that is lost now. */
			if :: (W[s] & SENDING) && (MSG(s, LIFE(W[s])) & F_REPLY) -> unans[s] = OWED :: else fi;
			MSG(s, LIFE(W[s])) = 0;
			s++
		:: else -> break
		od;
		s = 0 };
	atomic { if :: state == STOPPED -> upcalls--; goto up :: else -> state = DOWN fi };
	do
	:: s < N ->
		atomic {
			won = CLAIMABLE(W[s]);
			if :: won -> W[s] = W[s] | CLAIMED :: else fi };
#ifndef DOWN_LEAVES
		if :: won -> end_call(s) :: else fi;
#endif
#ifndef FORGIVE_NOT
		forgive(s);
#endif
		atomic { s++; won = false; ok = false; w = 0 }
	:: else -> break
	od;
	atomic { away = false; if :: state == DOWN -> state = UP :: else fi; upcalls--; s = 0 };
up:	skip
}
#endif

#ifdef STOP
/* life.c: scmi_agent_stop(), and start again */
#define LEFT_LOOSE(v) (((v) & (DONE | LOOSE)) == (DONE | LOOSE))
#ifdef STOP_WAITS_LOOSE
#define ATTENDED(v) ((v) & (CALL | SENDING))
#elif defined(STOP_LEAVES_WAITER)
#define ATTENDED(v) (((v) & SENDING) || (((v) & CALL) && !((v) & DONE)))
#else
#define ATTENDED(v) (((v) & SENDING) || (((v) & CALL) && !LEFT_LOOSE(v)))
#endif
proctype stopper()
{
	int w;
	byte s, c1, x, y, bits, head = NONE, tail = NONE;
	bool ok, infr, incb, won;

	state = STOPPED;
	do
	:: w = W[s];
	   if
	   :: CLAIMABLE(w) ->
		atomic { won = W[s] == w; if :: won -> W[s] = w | CLAIMED :: else fi };
		if :: won -> end_call(s) :: else fi;
		atomic { won = false; ok = false }
#ifdef STOP_ONCE
	   :: else -> atomic { w = 0; s++; if :: s == N -> break :: else fi }
#else
	   :: !CLAIMABLE(w) && ATTENDED(w) ->
#ifdef DEFERRED
#ifdef STOP_RUNS_NOT
		atomic { W[s] != w -> w = 0 }
#else
		if
		:: put_off != NONE -> run_put_off(ok)
		:: atomic { W[s] != w -> w = 0 }
		fi
#endif
#else
		atomic { W[s] != w -> w = 0 }		/* relax */
#endif
	   :: !CLAIMABLE(w) && !ATTENDED(w) -> atomic { w = 0; s++; if :: s == N -> break :: else fi }
#endif
	   fi
	od;
	s = 0;
#ifndef STOP_VISITORS_NOT
	visitors == 0;
#endif
	deaf = true;			/* the transport's stop(): no upcall runs any more */
	upcalls == 0;
	atomic {			/* and what is under way is lost */
		do
		:: s < N * LIVES -> fl[s] = 0; s++
		:: else -> break
		od;
		s = 0 };
	do
	:: s < N ->
		!(W[s] & HELD);
#ifndef STOP_FORGIVES_NOT
		forgive(s);
#endif
		s++
	:: else -> break
	od;
#ifndef STOP_FRAMES_NOT
	frames == 0;
#endif
	atomic { assert(running == 0); gone = true; was_stopped = true };
#if !defined(DEFERRED) || POLLERS > 0
	/* the user starts it again */
	atomic { gone = false; deaf = false; away = false; state = UP; s = 0 }
#endif
}
#endif
