/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transfer word of lib/agent (word.h), one atomic access a step.
 *
 * What is checked: whoever writes a call, runs its done function or reads its parameters does so
 * while it is the library's, and alone; a reply is matched only in the life that it answers (each
 * message carries that life, which no code looks at); no slot is given back while its reply is on
 * its way; nothing runs after stop has returned; and when all stands still, every call has ended and
 * every slot is free but for replies that the peer never sends.
 *
 * A loop of compare-and-swap that decides by the value it swaps is one step here. Where something
 * else is read beside the word (header, deadline) that is a step of its own, for there the races are.
 *
 * The world is chosen by the macros of the table in `run`, and so are the knobs, each of which takes
 * one rule away.
 */
#define CALL	 1
#define SENDING	 4
#define OWED	 8	/* OWED_R; QUEUED and what belongs to delayed responses come with stage 2 */
#define HELD	 32
#define CLAIMED	 128
#define DONE	 256
#define WAITER	 512
#define STAMPED	 WAITER
#define CALLBACK 1024
#define LOOSE	 2048
#define EPOCH	 4096
#define HOLDS	 (CALL | SENDING | OWED | HELD)
#define LOW	 (EPOCH - 1)

#define LIFE(v) ((v) / EPOCH)
#define BASE(v) ((v) & ~LOW)

#ifndef N
#define N 1		/* slots */
#endif
#ifndef NC
#define NC 1		/* calls */
#endif
#ifndef SUBMITS
#define SUBMITS 2
#endif
#ifndef EPOCHS
#define EPOCHS 2	/* that a token can tell apart */
#endif
#ifndef SUBMITTERS
#define SUBMITTERS 1
#endif
#ifndef RECEIVERS
#define RECEIVERS 1
#endif
#ifndef CANCELLERS
#define CANCELLERS 0
#endif
#ifndef WAITERS
#define WAITERS 0
#endif
#ifdef FRAMES
#define LISTS		/* few frames: what finds none is put off */
#else
#define FRAMES 9
#endif
#ifdef DEFERRED
#define LISTS
#ifndef POLLERS
#define POLLERS 1
#endif
#endif
#ifdef EPOCH_STANDS
#undef EPOCHS
#define EPOCHS 1
#endif
#define LIVES (SUBMITS + 1)
#define MSG(s, l) fl[(s) * LIVES + (l)]
#define NONE 255

/* word_claimable(), word_ended(), word_quarantined() */
#ifdef CLAIM_UNPUBLISHED
#define CLAIMABLE(v) (((v) & (CALL | CLAIMED)) == CALL)
#elif defined(CLAIM_TWICE)
#define CLAIMABLE(v) (((v) & (CALL | DONE)) == CALL && ((v) & (OWED | HELD)))
#else
#define CLAIMABLE(v) (((v) & (CALL | CLAIMED)) == CALL && ((v) & (OWED | HELD)))
#endif
#ifdef WAIT_IGNORES_SENDING
#define ENDED(v) ((v) & DONE)
#else
#define ENDED(v) (((v) & (DONE | SENDING)) == DONE)
#endif
#define QUARANTINED(v) (((v) & HOLDS) == OWED)

/* --- the agent --- */
int W[N];
byte hdr[N];		/* whose life's token stands in the stored header */
byte callof[N];
byte ticket[NC];	/* slot * LIVES + life, 0: none */
bool ev[NC];		/* the event of the call's waiter, sticky */
#if defined(TIME) || defined(LATENESS)
byte dl[N];		/* deadline: 2 * life, + 1 where it is the end of a quarantine */
bool bound;		/* next_deadline is not none: it will pass, and the scan will look */
#define lower() bound = true
#endif
#define UP	0
#define DOWN	1
#define STOPPED 2
byte state;
byte frames;		/* in use */
byte room[N];		/* of an ended call: next in the list */
byte put_off = NONE;
byte visitors;		/* contexts that use the transport without a slot */

/* --- the wire: messages are a set, so they come in any order and as late as they like --- */
#define F_OK	 1	/* the reply */
#define F_DUP	 2	/* the same again */
#define F_FORGED 4	/* the same, though nothing was sent */
byte fl[N * LIVES];
bool deaf;		/* no upcall begins */
byte upcalls;		/* that run */
bool away;		/* the peer */

/* --- ghosts --- */
byte nsub;
bool own[NC];		/* the call is the library's */
bool inside[NC];	/* and a wait is inside, which the library does not wait for beside another */
bool sent[NC];		/* and may be waited for */
byte wr[NC];		/* contexts that write it */
bool reading[NC];	/* send() reads its parameters */
bool unans[N];		/* the peer will never answer the present life */
byte running;		/* contexts in callbacks */
bool gone;		/* stop has returned */
bool was_stopped;		/* it has, at least once */

#if defined(DUP) || defined(FORGE)
#define NOTHING_OWED(s, l) true
#else
#define NOTHING_OWED(s, l) !(MSG(s, l) & F_OK)
#endif
/* The word becomes free. */
#define GIVE(s) assert(NOTHING_OWED(s, LIFE(W[s]))); W[s] = BASE(W[s])

/* --- slot.c: scmi__drop() --- uses w */
#ifdef DROP_KEEPS
#define off(bits) (bits)
#else
#define off(bits) ((bits) | (((bits) & CALL) -> (WAITER | CALLBACK | LOOSE) : 0))
#endif
inline drop(s, bits)
{
	w = W[s];
	if
	:: (w & HOLDS) == (bits)
#ifdef SHORT_CUT_OWED
	:: (w & HOLDS) == ((bits) | OWED)
#endif
	:: else ->
#ifdef DROP_PLAIN
		w = w & ~off(bits);
		W[s] = w;
#else
		atomic { assert((W[s] & (bits)) == (bits)); w = W[s] & ~off(bits); W[s] = w }
#endif
#if defined(LATENESS) && !defined(DROP_SILENT)
		if
		:: QUARANTINED(w) && !(w & STAMPED) -> lower()
		:: else
		fi;
#endif
		if
		:: !(w & HOLDS)
		:: else -> w = 0
		fi
	fi;
	if
	:: w -> atomic { assert(W[s] == w); GIVE(s); w = 0 }	/* the plain store */
	:: else
	fi
}

/* --- done.c --- use w, c1, and of the context's frame: infr, head, tail */
inline append(s)
{
	atomic {
		room[s] = NONE;
		if
		:: head == NONE -> head = s
		:: else -> room[tail] = s
		fi;
		tail = s
	}
}

inline enter(ok)
{
	atomic {
		if
		:: frames < FRAMES -> frames++; infr = true; head = NONE; tail = NONE; ok = true
		:: else -> ok = false
		fi
	}
}

inline leave()
{
	atomic { assert(infr && head == NONE); frames--; infr = false }
}

/* call_back() until the done function has been entered, and its return */
inline begin_done(s, bits)
{
	atomic { c1 = callof[s]; assert(own[c1]); assert(W[s] & CLAIMED); assert(W[s] & CALLBACK) };
	drop(s, bits);
	atomic {
		assert(infr && !gone);
		assert(own[c1] && !wr[c1] && !reading[c1]);
		assert(!incb);		/* done functions of one context never nest */
		own[c1] = false; sent[c1] = false; running++; incb = true; c1 = 0
	}
}

inline end_done()
{
	atomic { assert(!gone); running--; incb = false }
}

inline run_frame(s, bits)
{
	begin_done(s, bits);
	end_done();
	do
	:: head != NONE ->
		atomic { x = head; head = room[x] };
		begin_done(x, CALL);
		end_done()
	:: else -> break
	od;
	leave()
}

inline push(s)
{
	do
	:: x = put_off;
	   room[s] = x;
	   atomic {
		if
		:: put_off == x -> put_off = s; x = 0; break
		:: else
		fi
	   }
	od
}

/* scmi__run_put_off(): takes the stack whole, turns it round, runs it. ok false: no frame is free. */
inline run_put_off(ok)
{
	enter(ok);
	if
	:: ok ->
#ifdef TAKE_ONE
		do
		:: atomic { x = put_off; if :: x == NONE -> break :: else fi };
		   atomic { y = room[x] };
		   atomic { if :: put_off == x -> put_off = y; y = 0; append(x); break :: else fi }
		od;
#else
		atomic { x = put_off; put_off = NONE };
		do
		:: x != NONE ->
			atomic {
				y = room[x];
				if :: head == NONE -> tail = x :: else fi;
				room[x] = head; head = x; x = y }
		:: else -> break
		od;
		atomic { y = 0; x = 0 };
#endif
		if
		:: head != NONE -> atomic { x = head; head = room[x]; y = x }; run_frame(y, CALL); y = 0
		:: else -> leave()
		fi
	:: else
	fi
}

inline run_all_put_off(ok)
{
	do
	:: put_off != NONE ->
		run_put_off(ok);
		if
		:: ok
		:: else -> break
		fi
	:: else -> break
	od;
	ok = false
}

/* scmi__run_done(), where the context has no frame: receivers, cancel, the scan */
inline run_done(s, bits)
{
#ifndef LISTS
	atomic { assert(frames < FRAMES); frames++; infr = true };
	begin_done(s, bits);
	end_done();
	atomic { frames--; infr = false }
#elif defined(DEFERRED)
	if
	:: (bits) != CALL -> drop(s, (bits) & ~CALL)
	:: else
	fi;
	push(s)
#else
	enter(ok);
	if
	:: ok -> run_frame(s, bits);
#ifndef LEAVE_BLIND
		run_all_put_off(ok)
#endif
	:: else ->
		if
		:: (bits) != CALL -> drop(s, (bits) & ~CALL)
		:: else
		fi;
		push(s);
#ifndef PUSH_BLIND
		run_all_put_off(ok)
#endif
	fi
#endif
}

/* --- end.c --- */
/*
 * scmi__finish(): the word that DONE replaces tells who carries on. deliver_short() is its way through
 * SENDING.
 */
#ifdef DONE_IGNORES_SENDING
#define RUNS_IT(v) ((v) & CALLBACK)
#else
#define RUNS_IT(v) (((v) & (CALLBACK | SENDING)) == CALLBACK)
#endif
inline finish(s, held)
{
	atomic { c1 = callof[s]; assert(own[c1]); w = W[s]; assert(w & CLAIMED) };
	if
	:: RUNS_IT(w) -> atomic { bits = CALL | (held); w = 0 }
	:: else ->
		atomic { w = W[s]; assert(!(w & DONE)); W[s] = (w | DONE) & ~(held) };
#ifdef DONE_LOOKS_AFTER
		w = W[s];
#endif
		if
		:: w & SENDING
		:: !(w & SENDING) && (w & CALLBACK) -> bits = CALL
		:: !(w & (SENDING | CALLBACK)) && (w & WAITER) -> ev[c1] = true
		:: else
		fi;
		atomic { w = 0; c1 = 0 }
	fi;
	if
	:: bits -> run_done(s, bits)
	:: else
	fi;
	atomic { w = 0; c1 = 0; ok = false; bits = 0 }
}

/* The winner of the claim writes the call: deliver(), scmi__end(). */
inline write_call(s, l)
{
	atomic { c1 = callof[s]; assert(LIFE(W[s]) == (l)); assert(own[c1]); wr[c1]++; assert(wr[c1] == 1) };
	atomic { assert(own[c1]); assert(LIFE(W[s]) == (l)); wr[c1]--; c1 = 0 }
}

inline end_call(s)
{
	write_call(s, LIFE(W[s]));
	finish(s, 0)
}

inline forgive(s)
{
	atomic {
		if
#ifdef FORGIVE_SENDING
		:: W[s] & OWED ->
#elif defined(FORGIVE_ENDED)
		:: (W[s] & OWED) && (W[s] & (SENDING | CLAIMED)) != SENDING ->
#else
		:: (W[s] & OWED) && !(W[s] & SENDING) ->
#endif
			if
			:: (W[s] & HOLDS) == OWED -> GIVE(s)
			:: else -> W[s] = W[s] & ~OWED
			fi
		:: else
		fi
	}
}

/* --- send.c --- */
/* The transport's send(): err 0 sent, 1 not. */
inline send(s, c)
{
	atomic {
		assert(own[c] && callof[s] == c);
		reading[c] = true;
		if
		:: !away && !deaf -> err = 0; MSG(s, LIFE(W[s])) = MSG(s, LIFE(W[s])) | F_OK
#ifdef DUP
		:: !away && !deaf -> err = 0; MSG(s, LIFE(W[s])) = F_OK + F_DUP
#endif
#ifdef NO_ANSWER
		:: !away && !deaf && !was_stopped -> err = 0; unans[s] = true
#endif
#ifdef SEND_FAILS
		:: err = 1
#ifdef FORGE
		:: err = 1; MSG(s, LIFE(W[s])) = F_FORGED
#endif
#endif
		:: away || deaf -> err = 1
		fi
	};
	atomic { assert(own[c] && callof[s] == c); reading[c] = false }
}

/* unsend(): nothing is owed; won: the failure ends the call */
inline unsend(s)
{
#ifndef UNSEND_OWES
	W[s] = W[s] & ~OWED;
#endif
	atomic {
#ifdef UNSEND_TAKES
		won = true;
#else
		won = !(W[s] & CLAIMED);
#endif
		W[s] = W[s] | CLAIMED
	}
}

/* wait.c: sleep_until(); until: may leave when its time is over. ended: the call has. */
inline await(c, s, until, ended)
{
	ev[c] = false;
	W[s] = W[s] | WAITER;
	do
#ifdef SLEEP_BLIND
	:: atomic { ev[c] -> ev[c] = false }; if :: ENDED(W[s]) -> break :: else fi
#else
	:: ENDED(W[s]) -> break
	:: else ->
		if
		:: atomic { ev[c] -> ev[c] = false }
		:: until -> break
		fi
#endif
	od;
	if
	:: ENDED(W[s]) -> ended = true
	:: else ->
		atomic { ended = (W[s] & CLAIMED) != 0; W[s] = W[s] & ~WAITER };
		if
		:: ended -> ENDED(W[s])		/* whoever has claimed it is about to end it */
		:: else -> ended = ENDED(W[s])
		fi
	fi
}

/* The call is the caller's again. */
#define BACK(c) assert(own[c] && !wr[c] && !reading[c]); own[c] = false; sent[c] = false

#ifdef SYNC
#define KIND_SYNC :: kind = 0
#else
#define KIND_SYNC
#endif
#ifdef ASYNC
#define KIND_ASYNC :: kind = CALLBACK
#else
#define KIND_ASYNC
#endif
#ifdef WAITED
#define KIND_WAITED :: kind = LOOSE
#else
#define KIND_WAITED
#endif
#define READY(c) (nsub < SUBMITS && !own[c])
#if N > 1
#define FREE_SLOT (!(W[0] & LOW) || !(W[1] & LOW))
#else
#define FREE_SLOT ((W[0] & LOW) == 0)
#endif

proctype submitter()
{
	int w, kind;
	byte c, c1, s, x, y, err, head = NONE, tail = NONE;
	bool won, ok, infr, incb, first, note;

end:	do
	:: atomic {
		if
		:: READY(0) -> c = 0
#if NC > 1
		:: READY(1) -> c = 1
#endif
		fi;
		if
		KIND_SYNC
		KIND_ASYNC
		KIND_WAITED
		fi };
#ifdef NOTIFY
	   if		/* notify.c: publish(); the handler is a callback, and may submit */
	   :: true
	   :: frames < FRAMES && !deaf ->
		atomic { upcalls++; note = true; c = 0; kind = 0 };
		enter(ok);
		if
		:: ok -> atomic { ok = false; running++; incb = true; goto in_callback }
		:: else -> atomic { upcalls--; note = false; goto next }
		fi
	   fi;
#endif
launch:	   /* take, where a slot is free; then look at the state */
end_busy:  atomic {
		if
		:: READY(c) && !(W[0] & LOW) -> s = 0
#if N > 1
		:: READY(c) && !(W[1] & LOW) -> s = 1
#endif
		:: infr && (!READY(c) || !FREE_SLOT) -> goto returned
		fi;
		nsub++; own[c] = true;
		w = W[s] + EPOCH + CALL + SENDING;
		W[s] = w; unans[s] = false };
#ifndef TAKE_BLIND
	   if
	   :: state != UP -> drop(s, CALL | SENDING); atomic { BACK(c); goto returned }
	   :: else
	   fi;
#endif
	   /* publish: a plain store, for nobody else writes an unpublished word */
	   atomic { callof[s] = c;
#ifndef HEADER_LATE
		hdr[s] = LIFE(w);
#endif
		ticket[c] = s * LIVES + LIFE(w) };
#ifndef PUBLISH_LATE
	   atomic { assert(W[s] == w); W[s] = w | OWED | kind };
#endif
#ifdef HEADER_LATE
	   hdr[s] = LIFE(w);
#endif
	   send(s, c);
#ifdef PUBLISH_LATE
	   W[s] = W[s] | OWED | kind;
#endif
	   if
	   :: err ->
		unsend(s);
		atomic { err = 0; if :: won -> won = false :: else -> goto out fi };
		drop(s, CALL | SENDING);
		atomic { BACK(c); goto returned }
	   :: else
	   fi;
out:	   atomic { sent[c] = true; w = W[s] };
	   if		/* scmi_agent_call(): a reply that is there already */
	   :: kind == 0 && (w & DONE) -> drop(s, CALL | SENDING); atomic { BACK(c); goto returned }
	   :: else
	   fi;
	   /* leave_sending() */
#ifdef TIME
	   w = W[s];
	   if
	   :: !(w & DONE) -> dl[s] = 2 * LIFE(w)
	   :: else
	   fi;
#ifdef LOWER_EARLY
	   lower();
#endif
#endif
	   do
	   :: (w & (DONE | CALLBACK)) == (DONE | CALLBACK) -> goto run_done_here
	   :: else -> atomic { if :: W[s] == w -> W[s] = w & ~SENDING; break :: else -> w = W[s] fi }
#ifdef SENDER_BLIND
	   :: true -> atomic { W[s] = W[s] & ~SENDING; w = w & ~DONE; break }
#endif
	   od;
	   if
	   :: w & DONE ->
#ifndef SENDER_SILENT
		if :: w & WAITER -> ev[c] = true :: else fi
#endif
	   :: else
#if defined(TIME) && !defined(LOWER_EARLY) && !defined(LOWER_NEVER)
		-> lower()
#endif
	   fi;
	   if
	   :: kind == 0 ->
		await(c, s, false, ok);
		drop(s, CALL);
		atomic { BACK(c); ok = false }
	   :: else
	   fi;
	   goto returned;

run_done_here: /* scmi__run_done() */
#ifdef DEFERRED
	   drop(s, SENDING);
	   push(s);
#else
#ifdef NEST
	   if :: infr -> begin_done(s, CALL | SENDING); end_done(); goto returned :: else fi;
#endif
	   if
	   :: infr -> drop(s, SENDING); append(s)
	   :: else ->
		enter(ok);
		if
		:: ok -> first = true; goto next_done
#ifdef LISTS
		:: else -> drop(s, SENDING); push(s); run_all_put_off(ok)
#endif
		fi
	   fi;
#endif
returned:
	   atomic { w = 0; kind = 0; if :: infr -> goto done_returned :: else -> goto next fi };

#if !defined(DEFERRED) || defined(NOTIFY)
next_done: /* run_frame() */
	   if
	   :: first -> first = false; begin_done(s, CALL | SENDING)
	   :: !first && head != NONE -> atomic { x = head; head = room[x] }; begin_done(x, CALL)
#ifdef NOTIFY_LOSES
	   :: !first && note -> head = NONE; leave(); atomic { upcalls--; note = false; goto next }
#endif
	   :: else -> leave();
#ifdef NOTIFY
		if :: note -> upcalls--; note = false :: else fi;
#endif
#if defined(LISTS) && !defined(LEAVE_BLIND)
		run_all_put_off(ok);
#endif
		goto next
	   fi;
in_callback:	/* which may submit */
	   atomic {
		ok = false;
		if
		:: true
		:: READY(0) -> c = 0; kind = CALLBACK; goto launch
		fi };
done_returned:
	   end_done();
	   goto next_done;
#else
done_returned:
	   assert(false);
#endif
next:	   atomic {
		w = 0; kind = 0; c = 0; c1 = 0; s = 0; x = 0; y = 0; err = 0;
		won = false; ok = false; first = false; head = NONE; tail = NONE }
	od
}

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

/* --- receive.c --- */
#define TAKES(S, L, F) :: !deaf && L <= SUBMITS && (MSG(S, L) & F) -> \
				MSG(S, L) = MSG(S, L) - F; s = S; l = L; upcalls++
#ifdef DUP
#define TAKE(S, L) TAKES(S, L, F_OK) TAKES(S, L, F_DUP)
#elif defined(FORGE)
#define TAKE(S, L) TAKES(S, L, F_OK) TAKES(S, L, F_FORGED)
#else
#define TAKE(S, L) TAKES(S, L, F_OK)
#endif
#define RX	0
#define COMPLETE 1
#define RELEASE 2	/* without complete */
#define SETTLE	3
#define TOKEN	4	/* rx on the command's own descriptor */

#ifdef MATCH_KEEPS_OWED
#define MATCHED(v) ((v) | HELD)
#elif defined(MATCH_HOLDS_NOT)
#define MATCHED(v) ((v) & ~OWED)
#else
#define MATCHED(v) (((v) & ~OWED) | HELD)
#endif
/* match() and, for SETTLE, settle(): got or late or neither. Both claim in the step that takes the hold, acquire not. */
inline match(s, l)
{
	do
	:: w = W[s];
	   h = hdr[s];
	   if
	   :: h % EPOCHS != l % EPOCHS || !(w & OWED) -> break
	   :: else ->
#ifdef MATCH_BLIND
		atomic { if :: W[s] & OWED -> w = W[s] :: else fi };
#endif
		atomic {
			if
			:: W[s] != w
#ifndef LATE_DELIVERS
			:: W[s] == w && (w & (CALL | CLAIMED)) != CALL ->
				assert(LIFE(w) == l);
				late = true;
#ifdef LATE_KEEPS
				W[s] = w & ~OWED;
#else
				if :: (w & HOLDS) == OWED -> GIVE(s) :: else -> W[s] = w & ~OWED fi;
#endif
				break
			:: W[s] == w && (w & (CALL | CLAIMED)) == CALL ->
#else
			:: W[s] == w ->
#endif
				assert(LIFE(w) == l);	/* the life that it answers */
				got = true;
				W[s] = MATCHED(w) | ((m == COMPLETE || m == RELEASE) -> 0 : CLAIMED);
				break
			fi
		}
	   fi
	od;
	atomic { w = 0; h = 0 }
}

proctype receiver()
{
	int w;
	byte s, l, h, c1, x, y, m, held, bits, head = NONE, tail = NONE;
	bool ok, infr, incb, got, late, mine;

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
		:: m = SETTLE
		:: m = TOKEN
#endif
		fi };
	   match(s, l);
#ifdef SETTLES
	   if		/* receive_response(): it came on the command's own descriptor, so no other reply can */
#ifdef SETTLE_AFTER_LATE
	   :: m == TOKEN && !got -> late = false; match(s, l)
#else
	   :: m == TOKEN && !got && !late -> match(s, l)
#endif
	   :: else
	   fi;
#endif
	   atomic {		/* what is not got is counted and dropped */
		mine = got;
#ifdef SETTLE_ONLY
		if :: got && m == SETTLE -> W[s] = W[s] & ~(CLAIMED | HELD); got = false; mine = false :: else fi;
#endif
		held = HELD;
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
	   :: got && held == 0 -> drop(s, HELD)
	   :: else
	   fi;
#endif
	   atomic {
		upcalls--; w = 0; s = 0; l = 0; m = 0; held = 0;
		got = false; late = false; mine = false; ok = false }
	od
}

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
			assert(W[s] != w || t != 2 * LIFE(w) + 1);	/* once */
#ifdef STAMP_HOLDS_NOT
			dl[s] = 2 * LIFE(w) + 1;
			atomic { if :: W[s] == w -> W[s] = w | STAMPED :: else fi; least = true; break }
#else
			atomic { least = true; if :: W[s] == w -> W[s] = w | SENDING :: else -> break fi };
			dl[s] = 2 * LIFE(w) + 1;
#ifndef STAMP_UNSAID
			W[s] = W[s] | STAMPED;
#endif
			drop(s, SENDING);
			break
#endif
		   :: QUARANTINED(w) && (w & STAMPED) ->
			if
			:: least = true; break
			:: atomic {	/* passed: the reply has not come, so it never will */
				if
				:: t == 2 * LIFE(w) + 1 -> MSG(s, LIFE(w)) = 0
				:: else
				fi };
#ifdef EXPIRE_BLIND
			   atomic { GIVE(s); break }
#else
			   atomic { if :: W[s] == w -> assert(t == 2 * LIFE(w) + 1); GIVE(s) :: else fi; break }
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
					:: won -> assert(t == 2 * LIFE(W[s])); W[s] = W[s] | CLAIMED
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

	atomic {	/* the transport forgets what is under way, then says so */
		!deaf; upcalls++; away = true;
		s = 0;
		do
		:: s < N ->
			/* A sender that is in send() keeps the debt of a message that is lost now. */
			if :: (W[s] & SENDING) && (MSG(s, LIFE(W[s])) & F_OK) -> unans[s] = true :: else fi;
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

/* Standing still: what a slot holds is a call that waits to be waited for, and replies that never come. */
#if WAITERS > 0 || !defined(WAITED)
#define AT_REST(v) ((v) & (CALL | SENDING | HELD)) == 0
#else
#define AT_REST(v) ((v) & (SENDING | HELD)) == 0 && \
		   (!((v) & CALL) || ((v) & (DONE | LOOSE)) == (DONE | LOOSE))
#endif
#ifdef LATENESS
#define PAID(s) !(W[s] & OWED)
#else
#define PAID(s) (!(W[s] & OWED) || unans[s])
#endif
#define CHECK(s) assert(AT_REST(W[s])); assert((W[s] & HOLDS) || !(W[s] & LOW)); \
		 assert(PAID(s))

init {
	atomic {
		run submitter();
#if SUBMITTERS > 1
		run submitter();
#endif
#if RECEIVERS > 0
		run receiver();
#endif
#if RECEIVERS > 1
		run receiver();
#endif
#if CANCELLERS > 0
		run canceller();
#endif
#if WAITERS > 0
		run waiter();
#endif
#if WAITERS > 1
		run waiter();
#endif
#if defined(TIME) || defined(LATENESS)
		run scanner();
#endif
#if defined(DEFERRED) && POLLERS > 0
		run poller();
#endif
#if defined(DEFERRED) && POLLERS > 1
		run poller();
#endif
#ifdef LINK
		run link();
#endif
#ifdef STOP
		run stopper();
#endif
	};
	timeout;
	CHECK(0);
#if N > 1
	CHECK(1);
#endif
	assert(frames == 0 && running == 0 && put_off == NONE && upcalls == 0 && visitors == 0);
#ifdef STOP
	assert(was_stopped)
#endif
}
