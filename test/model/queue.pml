/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gate, the queue and its pump: gate.h, queue.c, life.c and the ends of end.c, one atomic access a step.
 *
 * SUBMITTERS contexts submit SUBMITS calls to one link of N slots. The word is that of word.pml
 * without delayed responses, waiters and time; receive is rx alone. What is checked beside what word.pml checks: calls
 * leave in the order of their submits (one whose submit has returned is not overtaken by a later one), a fence not before
 * every earlier call has been claimed, one send at a time where the link is SERIAL, nobody in the pump beside another,
 * nothing after stop; and when all stands still no call is left that could have been sent, and no slot.
 *
 *   SERIAL  one send at a time, through the pump; else sends are concurrent
 *   ROOM    what the transport takes before it says BUSY; with 0 it never has any
 *   FENCES, URGENTS, NOWAITS  so many of the calls are such      SCRIPT  a call, a fence, an urgent one
 *   ENDS    so many calls are cancelled, or their time is over
 *   IRQ     receive, and so ready(), runs where nothing may be sent: a poll has to
 *   FORGE   the peer answers what it was not sent
 *   LOOSE   the calls have no done functions
 *   LINK    the peer goes, once, and comes back; STAYS_DOWN: or not         STOP  the agent is stopped, once, and started again
 *   RECOVER  the link is recovered, once              STUCK  it has said BUSY before, and never has room again
 *
 * Whoever makes the gate's count 1 hands the pump over to `pumper` and goes on: what it does in the source after the pump
 * is left it may do here beside it, which is more than can happen.
 */
#define CALL	1
#define QUEUED	2
#define SENDING 4
#define OWED	8
#define HELD	32
#define CLAIMED 128
#define DONE	256
#define EPOCH	512
#define HOLDS	(CALL | QUEUED | SENDING | OWED | HELD)
#define LOW	(EPOCH - 1)
#define LIFE(v) ((v) / EPOCH)
#define BASE(v) ((v) & ~LOW)
#define CLAIMABLE(v) (((v) & (CALL | CLAIMED)) == CALL && ((v) & (QUEUED | OWED | HELD)))
#define ATTENDED(v) ((v) & (CALL | QUEUED | SENDING))

#ifndef N
#define N 2
#endif
#ifndef SUBMITS
#define SUBMITS 3
#endif
#ifndef SUBMITTERS
#define SUBMITTERS 2
#endif
#ifndef ROOM
#define ROOM 1
#endif
#ifndef ENDS
#define ENDS 0
#endif
#ifndef FENCES
#define FENCES 0
#endif
#ifndef URGENTS
#define URGENTS 0
#endif
#ifndef NOWAITS
#define NOWAITS 0
#endif
#define IS_FENCE  1
#define IS_URGENT 2
#define IS_NOWAIT 4

int W[N];
byte hdr[N];		/* whose life's token; 0: the link to the next entry */
byte callof[N];
byte flags[N];

/* the gate is one word: each use below is one access */
#define UP	0
#define DOWN	1
#define STOPPED 2
#define RECOVERING 3
#define RECOVERING_DOWN 4
byte state;
byte cnt;		/* who has come to the pump */
bool qflag;		/* GATE_QUEUE */
#define COUNT_MAX 12	/* more than all contexts together can add in one round */
#define IDLE (cnt == 0 && !qflag)

byte stk[N], nstk;
bool roomf, dead, due, fenced, attention;
byte visitors;
/* the pump's */
byte q[N], nq, u[N], nu;

/* --- the transport and its peer --- */
#ifdef STUCK
bool blocked = true;
byte wire;
#else
bool blocked;
byte wire = ROOM;	/* what it still takes */
#endif
bool said;		/* BUSY, and not yet ready: its own, in one word with the room */
byte fl[N];		/* life of the command that is under way, 0: none */
bool away, deaf;
byte upcalls;

/* --- ghosts --- */
bool own[SUBMITS];
byte nsub, nfence, nurgent, nnowait, nends;
byte returned;		/* calls whose submit has returned */
byte prior[N];		/* those of them that had when this one's submit began */
bool busy;		/* a send runs */
bool baton, in_pump;
bool gone, was_stopped;
byte frames;
bool unans[N];

#ifdef FORGE
#define GIVE(s) W[s] = BASE(W[s])
#else
#define GIVE(s) assert(!fl[s] || fl[s] != LIFE(W[s])); W[s] = BASE(W[s])
#endif

/* scmi__pump() where it may send */
inline pump()
{
	atomic {
		assert(cnt < COUNT_MAX);
		cnt++;
		if
		:: cnt == 1 -> assert(!baton && !in_pump); baton = true
		:: else
		fi
	}
}

/* ... and from a context that may not: irq */
inline attend()
{
#ifdef IRQ
	if
#ifdef DUE_NOT
	:: irq
#else
	:: irq -> due = true
#endif
	:: else -> pump()
	fi
#else
	pump()
#endif
}

/* tell(), scmi__attend() */
inline tell()
{
#if FENCES > 0 && !defined(TELL_NOT)
	if
	:: attention -> attend()
	:: else
	fi
#else
	skip
#endif
}

#if defined(STOP) || defined(RECOVER)
#define come() visitors++
#define go_away() assert(!gone); visitors--
#else
#define come() skip
#define go_away() skip
#endif

/* scmi__drop(), scmi__free(): the look at attention comes before the plain store */
inline drop(s, bits)
{
	w = W[s];
	if
	:: (w & HOLDS) == (bits)
	:: else ->
		come();
		atomic { assert((W[s] & (bits)) == (bits)); w = W[s] & ~(bits); W[s] = w };
		if
		:: !(w & HOLDS)
		:: else -> w = 0
		fi;
		shared = true
	fi;
#if FENCES > 0
	if
	:: w -> a = attention
#ifndef DROP_SILENT
	:: !w -> a = attention
#else
	:: !w
#endif
	fi;
#if defined(STOP) || defined(RECOVER)
	if :: w && a -> come() :: else fi;
#endif
#endif
	if
	:: w -> atomic { assert(W[s] == w); GIVE(s) }
	:: else
	fi;
#if FENCES > 0
	if
	:: a -> attend()
	:: else
	fi;
#if defined(STOP) || defined(RECOVER)
	if :: w && a -> go_away() :: else fi;
#endif
#endif
	if
	:: shared -> atomic { go_away(); shared = false; a = false; w = 0 }
	:: else -> atomic { a = false; w = 0 }
	fi
}

inline run_done(s, bits)
{
	atomic { c1 = callof[s]; assert(own[c1] && (W[s] & CLAIMED)); frames++ };
	drop(s, bits);
	atomic { assert(!gone && own[c1]); own[c1] = false; c1 = 0; frames-- }
}

/*
 * scmi__finish(). The first look at SENDING saves a step; what decides is the word that DONE replaces. LOOSE: the call has
 * no done function, and nobody waits for it.
 */
inline finish(s, held)
{
	w = W[s];
	if
#ifndef LOOSE
	:: !(w & SENDING) -> bits = CALL | (held)
#endif
	:: else ->
		atomic {
			w = W[s]; assert((w & CLAIMED) && !(w & DONE)); W[s] = (w | DONE) & ~(held);
#ifdef LOOSE
			own[callof[s]] = (w & SENDING -> true : false) };
		if
		:: !(w & SENDING) -> tell()
		:: else
		fi
#else
			bits = (w & SENDING -> 0 : CALL) }
#endif
	fi;
	if
	:: bits -> run_done(s, bits)
	:: else
	fi;
	atomic { bits = 0; w = 0 }
}

/* scmi__end(), by the winner of the claim */
inline end_call(s)
{
	atomic { was = W[s] & QUEUED; assert(own[callof[s]]) };
	finish(s, 0);
	if
	:: was ->
#ifndef DEAD_UNSAID
		dead = true;
#endif
#ifndef DEAD_STAYS
		pump();
#endif
		was = 0
	:: else
	fi
}

/* What was submitted before and has yet to leave or to end: order and fence */
#define LIVE(t) ((W[t] & (CALL | CLAIMED)) == CALL && (prior[s] & (1 << callof[t])))
#define OVERTAKES(t) (t != s && LIVE(t) && (W[t] & QUEUED) && \
	!(flags[s] & IS_URGENT) && !(flags[t] & IS_URGENT))
#define TOO_EARLY(t) (t != s && LIVE(t) && (flags[s] & IS_FENCE))
#if N > 2
#define IN_ORDER(s) !(OVERTAKES(0) || OVERTAKES(1) || OVERTAKES(2) || TOO_EARLY(0) || TOO_EARLY(1) || TOO_EARLY(2))
#else
#define IN_ORDER(s) !(OVERTAKES(0) || OVERTAKES(1) || TOO_EARLY(0) || TOO_EARLY(1))
#endif

/* The transport's send(): err 0 taken, 1 failed, 2 BUSY */
inline send(s)
{
	atomic {
		assert(own[callof[s]] && !gone && !deaf);
#ifdef SERIAL
		assert(!busy);
		busy = true;
#endif
		if
		:: away -> err = 1
#ifdef SEND_FAILS
		:: !away -> err = 1
#endif
		:: !away && !wire -> err = 2; said = true
#ifdef FORGE
		:: !away && !wire && !fl[s] -> err = 2; said = true; fl[s] = LIFE(W[s])
#endif
		:: !away && wire -> err = 0; wire--; assert(IN_ORDER(s));
			if
			:: fl[s] = LIFE(W[s])
#ifdef NO_ANSWER
			:: unans[s] = true
#endif
			fi
		fi
	};
#ifdef LOOSE
	busy = false
#else
	atomic { assert(own[callof[s]]); busy = false }
#endif
}

inline leave_sending(s)
{
	do
	:: w = W[s];
#if defined(LINK) && !defined(LOST_OWES)
	   if		/* forgive_lost() */
	   :: (w & CLAIMED) && (w & OWED) && state == DOWN -> atomic { W[s] = W[s] & ~OWED; w = W[s] }
	   :: else
	   fi;
#endif
	   atomic {
		if
		:: W[s] != w
		:: W[s] == w && (w & DONE) -> w = 1;
#ifdef LOOSE
			W[s] = W[s] & ~SENDING; own[callof[s]] = false;
#endif
			break
		:: W[s] == w && !(w & DONE) -> W[s] = W[s] & ~SENDING; w = 0; break
		fi }
	od;
	if
#ifdef LOOSE
	:: w -> tell()
#else
	:: w -> run_done(s, CALL | SENDING)
#endif
	:: else
	fi
}

#ifdef FORGE
#define link_it(s) hdr[s] = 0
#define head_it(s) hdr[s] = LIFE(W[s])
#else
#define link_it(s) skip
#define head_it(s) skip
#endif

/* requeue(): ok false: it has been ended, or answered */
inline requeue(s)
{
	link_it(s);
	atomic {
		if
#ifdef REQUEUE_BLIND
		:: true
#elif defined(REQUEUE_HELD)
		:: !(W[s] & CLAIMED)
#else
		:: !(W[s] & (CLAIMED | HELD)) && (W[s] & OWED)
#endif
			-> W[s] = (W[s] & ~(OWED | SENDING)) | QUEUED; ok = true
		:: else -> ok = false
		fi
	}
}

inline push(s)
{
	atomic { assert(nstk < N); stk[nstk] = s; nstk++ }
}

#include "queue_pump.pml"
#include "queue_users.pml"
