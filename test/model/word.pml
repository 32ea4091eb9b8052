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
 * The queue is queue.pml's: here a call is sent by its submitter. word_send.pml, word_receive.pml and word_users.pml are
 * parts of this one. The world is chosen by the macros of the table in `run`, and so are the knobs, each of which takes
 * one rule away.
 */
#define CALL	 1
#define SENDING	 4
#define OWED_R	 8	/* QUEUED is queue.pml's */
#define OWED_D	 16
#define HELD_R	 32
#define HELD_D	 64
#define OWED	 (OWED_R | OWED_D)
#define HELD	 (HELD_R | HELD_D)
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
#define QUARANTINED(v) (((v) & OWED) && !((v) & HOLDS & ~OWED))

/* --- the agent --- */
int W[N];
byte hdr[N];		/* whose life's token stands in the stored header */
byte callof[N];
byte ticket[NC];	/* slot * LIVES + life, 0: none */
bool ev[NC];		/* the event of the call's waiter, sticky */
#if defined(TIME) || defined(LATENESS)
/* deadline: 4 * life, + 1 where it is the delayed response's, + 2 where it is the end of a quarantine */
byte dl[N];
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
#define F_ERR	 8	/* the response of a delayed command: it is refused */
#define F_D	 16	/* the delayed response */
#define F_DUPD	 32	/* the same again */
#define F_REPLY	 (F_OK | F_ERR | F_D)
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
byte unans[N];		/* what of the present life's debts the peer will never pay */
byte running;		/* contexts in callbacks */
bool gone;		/* stop has returned */
bool was_stopped;		/* it has, at least once */

#if defined(DUP) || defined(FORGE)
#define NOTHING_OWED(s, l) true
#else
#define NOTHING_OWED(s, l) !(MSG(s, l) & F_REPLY)
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
	:: (w & HOLDS & ~OWED) == (bits) && (w & OWED)
#endif
	:: else ->
#ifdef DROP_PLAIN
		w = w & ~off(bits);
		W[s] = w;
#else
		atomic { assert((W[s] & (bits)) == (bits)); w = W[s] & ~off(bits); W[s] = w }
#endif
#if defined(LATENESS) && !defined(DROP_SILENT)
		if	/* to now, or, where a half of the quarantine has been paid, to its end */
#ifdef DROP_STAMPED
		:: QUARANTINED(w) && !(w & STAMPED) -> lower()
#else
		:: QUARANTINED(w) -> lower()
#endif
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
		:: (W[s] & OWED) && !(W[s] & SENDING) && (W[s] & (CALL | CLAIMED)) != CALL ->
#endif
			if
			:: QUARANTINED(W[s]) -> GIVE(s)
			:: else -> W[s] = W[s] & ~OWED
			fi
		:: else
		fi
	}
}

#include "word_send.pml"
#include "word_receive.pml"
#include "word_users.pml"

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
#define PAID(s) !(W[s] & OWED & ~unans[s])
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
