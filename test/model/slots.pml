/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for a slot: wait.c's got_slot() and scmi__await_slot(), the frees of internal.h and slot.c, word_will_tell().
 *
 * USERS contexts want a slot each of N, use it for a call that ends in one of the ways in which a slot goes, and leave.
 * When all stands still everybody must have left; and a waiter's clock runs only where word_will_tell() said no.
 *
 * The plain store that frees may be seen late: it waits in a buffer of its context, one store deep, until it drains, or
 * until the context's next seq_cst store or read-modify-write; its own loads see it. That is x86. The lead is lead.pml's:
 * here everybody sleeps on an event.
 *
 *   WAYS   the ways, as a set of the bits below      TIMEOUT  the bound of user 0 may pass
 *   STOP   the agent is stopped, once
 */
#define CALL	1
#define SENDING 4
#define OWED	8
#define HELD	32
#define HOLDS	(CALL | SENDING | OWED | HELD)
#define CLAIMED 128
#define DONE	256
#define LOOSE	512

#ifndef N
#define N 1
#endif
#ifndef USERS
#define USERS 3
#endif
#define BY_CALL	   1	/* scmi_agent_call(): the reply comes inside send() */
#define BY_DONE	   2	/* the receiver frees after the done function */
#define BY_CANCEL  4	/* quarantine, then the late reply */
#define BY_WAIT	   8	/* the call ends, then it is waited for */
#define BY_UNTAKE  16	/* it is not sent at all */
#define BY_UNSEND  32	/* send() fails */
#define BY_RELEASE 64	/* the waiter leaves before the transport releases */
#ifndef WAYS
#define WAYS 127
#endif

short W[N];
byte hungry;		/* attention, but for the fence */
bool wants[USERS];
byte since[USERS], arrivals;
bool ev[USERS];		/* sticky */
byte sb[USERS];		/* the store that is under way: slot + 1 */
bool stopped, deaf;
byte upcalls;
byte visitors;
byte out;
bool gone;

#ifdef RECHECK_NOT
#define WILL_TELL(v) true
#else
#define WILL_TELL(v) (((v) & (CALL | CLAIMED)) == CALL || ((v) & (DONE | LOOSE)) == (DONE | LOOSE) || \
		      (((v) & OWED) && !((v) & HOLDS & ~OWED)))
#endif
#define SEEN(s) (sb[me] == (s) + 1 -> 0 : W[s])
#define DRAIN(i) if :: sb[i] -> W[sb[i] - 1] = 0; sb[i] = 0 :: else fi
/* A read-modify-write, a seq_cst store */
#define SWAP(x) atomic { DRAIN(me); x }
#if defined(STOP)
#define come() SWAP(visitors++)
#define go_away() atomic { DRAIN(me); assert(!gone); visitors-- }
#else
#define come() DRAIN_ONLY
#define go_away() DRAIN_ONLY
#define DRAIN_ONLY atomic { DRAIN(me) }
#endif

/* scmi__wake_hungry() */
inline wake_hungry()
{
	atomic { k = 0; best = USERS };
	do
	:: atomic { k < USERS ->
		if
		:: wants[k] && (best == USERS || since[k] < since[best]) -> best = k
		:: else
		fi;
		k++ }
	:: else -> break
	od;
	if
	:: best < USERS ->
		SWAP(wants[best] = false);
		ev[best] = true
	:: else
	fi;
	atomic { k = 0; best = 0 }
}

/* tell(): only for contexts that stop waits for */
inline tell()
{
	if
	:: hungry -> wake_hungry()
	:: else
	fi
}

/* scmi__free(): the look, then the store */
inline free_slot()
{
#ifdef LOOK_AFTER
	atomic { assert(!sb[me]); sb[me] = s + 1 };
	atomic { assert(!gone); look = hungry };
	if
	:: look -> wake_hungry()
	:: else
	fi;
#else
	look = hungry;
	if
	:: look ->
#ifndef VISIT_NOT
		come();
#endif
		atomic { DRAIN(me); sb[me] = s + 1 };
		atomic { assert(!gone); look = hungry };
		if
		:: look -> wake_hungry()
		:: else
		fi;
#ifndef VISIT_NOT
		go_away()
#endif
	:: else -> atomic { DRAIN(me); sb[me] = s + 1 }
	fi;
#endif
	look = 0
}

#define TRY(i) SEEN(i) == 0 -> DRAIN(me); W[i] = CALL | SENDING; s = i; got = true

/* got_slot(): said first, then the gate, then the words. over: no more waiting */
inline got_slot()
{
#if !defined(WANTS_ONCE) && !defined(WANTS_LATE)
	SWAP(wants[me] = true);
#endif
#ifdef STOP
#ifndef GATE_BLIND
	if
	:: stopped -> over = true
	:: else
	fi;
#endif
#endif
	if
	:: !over ->
		atomic { if :: TRY(0) :: else fi };
#if N > 1
		if
		:: !got -> atomic { if :: TRY(1) :: else fi }
		:: else
		fi
#endif
	:: else
	fi;
}

/* limit_us(): a word at a time */
inline look_at_words()
{
	clock = !WILL_TELL(SEEN(0));
#if N > 1
	if
	:: !clock -> clock = !WILL_TELL(SEEN(1))
	:: else
	fi
#endif
}

proctype user(byte me)
{
	byte s, k, best, way, look;
	bool got, over, clock, answers;
#ifdef HUNGRY_LATE
	bool said;
#endif

	atomic { if :: TRY(0) :: else fi };
#if N > 1
	if
	:: !got -> atomic { if :: TRY(1) :: else fi }
	:: else
	fi;
#endif
	if
	:: got -> goto use
	:: else
	fi;

	/* scmi__await_slot() */
#ifndef WAIT_VISIT_NOT
	come();
#endif
#ifdef STOP
	if
	:: stopped -> atomic { DRAIN(me); visitors--; goto leave }
	:: else
	fi;
#endif
#ifndef HUNGRY_LATE
	SWAP(hungry++);
#endif
	ev[me] = false;
	atomic { DRAIN(me); since[me] = arrivals; arrivals++ };
#ifdef WANTS_ONCE
	SWAP(wants[me] = true);
#endif
	got_slot();
	do
	:: got || over -> break
	:: else ->
		look_at_words();
#ifdef HUNGRY_LATE
		if :: !said -> said = true; SWAP(hungry++) :: else fi;
#endif
#ifdef WANTS_LATE
		SWAP(wants[me] = true);
#endif
		if
		:: atomic { ev[me] -> ev[me] = false }
		:: clock
#ifdef TIMEOUT
		:: atomic { me == 0 -> over = true; break }
#endif
		fi;
		clock = false;
		got_slot()
	od;
	SWAP(wants[me] = false);
#ifdef HUNGRY_LATE
	if :: said -> said = false; SWAP(hungry--) :: else fi;
#else
	SWAP(hungry--);
#endif
	atomic { assert(!gone); since[me] = 0; clock = false };
#ifndef PASS_NOT
	tell();
#endif
#ifndef WAIT_VISIT_NOT
	go_away();
#endif
	if
	:: got
	:: else -> goto leave
	fi;

use:	if
#if WAYS & BY_CALL
	:: !stopped -> way = BY_CALL;
		W[s] = CALL | SENDING | OWED;
		SWAP(W[s] = CALL | SENDING | HELD | CLAIMED);
		SWAP(W[s] = CALL | SENDING | CLAIMED | DONE)
#endif
#if WAYS & BY_DONE
	:: !stopped -> way = BY_DONE;
		SWAP(W[s] = CALL | OWED);
		SWAP(W[s] = CALL | HELD | CLAIMED)
#endif
#if WAYS & BY_CANCEL
	:: !stopped -> way = BY_CANCEL;
		SWAP(W[s] = CALL | OWED);
		SWAP(W[s] = CALL | OWED | CLAIMED);
		come();		/* scmi__drop_shared() */
		SWAP(W[s] = OWED | CLAIMED);
		atomic { assert(!gone) };
		tell();
		go_away();
#ifdef STOP
		if
		:: answers = true
		:: answers = false
		fi;
		if
		:: answers
		:: deaf -> goto leave	/* it never comes */
		fi;
#endif
		if
		:: atomic { !deaf -> upcalls++; DRAIN(me); W[s] = 0 }	/* take_late() */
		:: atomic { deaf -> goto leave }
		fi;
#ifndef LATE_SILENT
		tell();
#endif
		atomic { assert(!gone); upcalls--; goto leave }
#endif
#if WAYS & BY_WAIT
	:: !stopped -> way = BY_WAIT;
		SWAP(W[s] = CALL | OWED | LOOSE);
		SWAP(W[s] = CALL | HELD | CLAIMED | LOOSE);
		SWAP(W[s] = CALL | CLAIMED | DONE | LOOSE);
#ifndef LOOSE_SILENT
		SWAP(W[s] = CALL | CLAIMED | DONE)	/* take_loose() */
#endif
#endif
#if WAYS & BY_UNSEND
	:: !stopped -> way = BY_UNSEND;
		W[s] = CALL | SENDING | OWED;
		SWAP(W[s] = CALL | SENDING);
#ifndef UNSEND_SILENT
		SWAP(W[s] = CALL | SENDING | CLAIMED)
#endif
#endif
#if WAYS & BY_RELEASE
	:: !stopped -> way = BY_RELEASE;
		SWAP(W[s] = CALL | OWED);
		SWAP(W[s] = CALL | HELD);		/* acquire() */
		SWAP(W[s] = CALL | HELD | CLAIMED);
		SWAP(W[s] = CALL | HELD | CLAIMED | DONE);
		come();
		SWAP(W[s] = HELD | CLAIMED | DONE);
		atomic { assert(!gone) };
		tell();
		go_away()
#endif
#if WAYS & BY_UNTAKE
	:: way = BY_UNTAKE;
#else
	:: stopped -> way = BY_UNTAKE;
#endif
#ifndef UNTAKE_SILENT
		SWAP(W[s] = CALL | SENDING | CLAIMED)
#else
		skip
#endif
	fi;
	free_slot();
leave:	atomic { out++; s = 0; way = 0; answers = false; got = false; over = false }
}

/* What has been stored comes to be seen. */
proctype memory()
{
end:	do
	:: atomic { sb[0] -> DRAIN(0) }
	:: atomic { sb[1] -> DRAIN(1) }
#if USERS > 2
	:: atomic { sb[2] -> DRAIN(2) }
#endif
	od
}

#ifdef STOP
/* stop_links(), as far as slots and who waits for them go */
proctype stopper()
{
	byte s, k;

	stopped = true;
#ifndef WAKE_ALL_NOT
	do	/* scmi__wake_all() */
	:: k < USERS -> ev[k] = true; k++
	:: else -> break
	od;
#endif
	do
	:: s < N -> (W[s] & ~CLAIMED) == OWED || W[s] == 0; s++
	:: else -> break
	od;
	visitors == 0;
	deaf = true;
	upcalls == 0;
	s = 0;
	do	/* scmi__forgive() */
	:: s < N -> atomic { if :: W[s] -> W[s] = 0 :: else fi; s++ }
	:: else -> break
	od;
	gone = true;
	/* the user starts it again */
	gone = false
}
#endif

init {
	atomic {
		run user(0); run user(1);
#if USERS > 2
		run user(2);
#endif
		run memory();
#ifdef STOP
		run stopper();
#endif
	};
	timeout;
	assert(out == USERS && hungry == 0 && visitors == 0 && !gone);
#ifdef STOP
	assert(stopped);
#endif
	assert(W[0] == 0)
}
