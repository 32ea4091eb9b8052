/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who drives receive: wait.c of lib/agent, one atomic access a step.
 *
 * CALLERS threads wait, each for a call of its own that never times out; so whoever is forgotten sleeps for ever, and
 * when all stands still somebody is not out: that is the one question. The word is here CLAIMED, DONE and WAITER, and
 * the entry that the call names; the rest of it is word.pml's.
 *
 *   UNTIL   caller 1 may leave its call live, once, and waits again, under whatever entry is free then
 *   ASYNC   somebody submits a call with a deadline and a done function, and goes; only then caller 0 gets its reply
 *   CHAIN   the last caller gets its reply only when the others are out
 *   POLLER  somebody calls scmi_agent_poll() once
 *   SLOT    the last caller waits for a slot, which caller 0 gives back when it is out
 *   STOP    so it does, but gets none: the agent is stopped
 *   DUE     an interrupt leaves work to whoever drives the link
 *   PASSIVE nobody of the callers leads: a reactor drives the link
 *   IRQ     the transport delivers by itself, the leader sleeps on its own event; else in the transport's wait()
 */
#define CLAIMED	1
#define DONE	2
#define WAITER	4
#ifndef CALLERS
#define CALLERS	3
#endif
#define NONE	255

byte W[CALLERS];
byte entry[CALLERS];		/* scmi_call.waiter_ */
bool used[CALLERS];		/* waiters_used */
bool asleep[CALLERS];
bool ev[CALLERS];		/* the entry's event, sticky */
byte lead;			/* entry + 1, and in the same word: */
bool awake;			/* it is at work */
#if defined(SLOT) || defined(STOP)
#define SLOT_OF_LAST
bool wants[CALLERS], hungry, slot_free, closed;
#endif
#ifdef DUE
bool due, sent;
#endif
bool bound;			/* next_deadline is not none */
bool data[CALLERS];		/* the call's reply lies in the transport */
bool woken;			/* the transport's wake(), sticky */
bool out[CALLERS];
#ifdef ASYNC
bool armed, claimed, ended;	/* the call with a deadline: SENDING is gone; claimed; done has run */
#endif
#if CALLERS == 3
#define NEWS (data[0] || data[1] || data[2])
#else
#define NEWS (data[0] || data[1])
#endif
#ifdef EVENT_FLEETING
bool asleep_now[CALLERS];	/* an event that is not sticky wakes only who sleeps already */
#define SIGNAL(e) ev[e] = asleep_now[e]
#define GOES_TO_SLEEP(e) asleep_now[e] = true
#define WAKES_UP(e) asleep_now[e] = false
#else
#define SIGNAL(e) ev[e] = true
#define GOES_TO_SLEEP(e) skip
#define WAKES_UP(e) skip
#endif
#ifdef WAKE_FLEETING
bool in_wait;
#define WAKE woken = in_wait
#else
#define WAKE woken = true
#endif

/* scmi__wake(): one look at lead. Who leads and is awake looks before it sleeps. */
#ifdef IRQ
#define LEADS(e) false
#else
#define LEADS(e) (lead == (e) + 1)
#endif
inline wake(e)
{
	if
	:: LEADS(e) && awake
	:: LEADS(e) && !awake ->
#ifndef WAKE_NOT
		WAKE
#else
		skip
#endif
	:: !LEADS(e) ->
#ifndef SIGNAL_NOT
		SIGNAL(e)
#else
		skip
#endif
	fi
}

/* scmi__kick() */
inline kick()
{
	l = lead;
	if
	:: l -> wake(l - 1)
	:: else
	fi
}

/* scmi__lower(), to the deadline of the call that somebody has just sent */
inline lower()
{
#ifdef KICK_EARLY
	l = lead;
#endif
	bound = true;
#ifndef KICK_NOT
#ifndef KICK_EARLY
	l = lead;
#endif
	if
	:: l -> wake(l - 1)
	:: else
	fi;
#endif
	l = 0
}

#ifdef SLOT_OF_LAST
/* scmi__wake_hungry() */
inline wake_hungry()
{
	if
	:: hungry ->
		k = 0;
		do
		:: k < CALLERS ->
			if
			:: wants[k] -> wants[k] = false; wake(k); break
			:: else -> k++
			fi
		:: else -> break
		od;
		k = 0
	:: else
	fi
}
#endif

/* scmi__finish(), by the winner of the claim: the waiter's entry is read before DONE is set */
inline finish(i)
{
	do
	:: w = W[i];
	   if
	   :: w & WAITER -> l = entry[i]
	   :: else -> l = NONE
	   fi;
#ifdef WAKE_EARLY
	   if :: l != NONE -> wake(l) :: else fi;
#endif
	   atomic {
		if
		:: W[i] == w -> assert(!(w & DONE)); W[i] = w | DONE; break
		:: else
		fi
	   }
	od;
#ifndef WAKE_EARLY
	if
	:: l != NONE -> wake(l)
	:: else
	fi;
#endif
	atomic { w = 0; l = 0 }
}

/* scmi__turn(): what has come, then whose time is over. n: something was taken */
inline turn(n)
{
	n = false;
#ifdef DUE
	atomic { if :: due -> due = false; sent = true :: else fi };
#endif
#ifdef ASYNC
	if
	:: late = bound
	:: late = false		/* the clock was read too early */
	fi;
#endif
#ifndef IRQ
	do
	:: atomic {
		if
		:: data[0] -> data[0] = false; k = 0
		:: data[1] -> data[1] = false; k = 1
#if CALLERS == 3
		:: data[2] -> data[2] = false; k = 2
#endif
		:: else -> break
		fi;
		W[k] = W[k] | CLAIMED; n = true };
	   finish(k)
	od;
#endif
#ifdef ASYNC
	if
	:: late ->
		bound = false;
		if
		:: atomic { armed && !claimed -> claimed = true }; ended = true
		:: else
		fi
	:: else
	fi;
	late = false;
#endif
	k = 0
}

/* reached(): the end of the call, or a slot */
#ifdef SLOT_OF_LAST
#define FOR_SLOT (i == CALLERS - 1)
inline reached(i, e)
{
	if
	:: FOR_SLOT && !r ->
		wants[e] = true;
		if
		:: closed -> r = true
		:: else
		fi;
		atomic { if :: slot_free && !r -> slot_free = false; r = true :: else fi }
	:: !FOR_SLOT -> r = (W[i] & DONE -> true : false)
	:: else
	fi
}
#else
#define reached(i, e) r = (W[i] & DONE -> true : false)
#endif

inline pass_on()
{
	if
	:: lead == 0 ->
		do
		:: k < CALLERS ->
			if
			:: asleep[k] -> SIGNAL(k); break
			:: else -> k++
			fi
		:: else -> break
		od;
		k = 0
	:: else
	fi
}

/* lead() and leave_lead() */
inline drive(i, e)
{
	do
	:: turn(n);
	   reached(i, e);
	   if
	   :: r -> break
	   :: else
	   fi;
#ifdef UNTIL
	   if
	   :: until -> over = true; break
	   :: true
	   fi;
#endif
	   if
	   :: n
	   :: else ->
#ifndef AWAKE_LATE
		awake = false;
#endif
#ifndef LEAD_BLIND
		reached(i, e);
#endif
#ifdef AWAKE_LATE
		awake = false;
#endif
		if
		:: r
#if defined(DUE) && !defined(DUE_BLIND)
		:: !r && due
		:: !r && !due ->
#else
		:: !r ->
#endif
			nb = bound;	/* lead_sleep(): as long as the bound that stands now */
#ifdef WAKE_FLEETING
			atomic { woken = false; in_wait = true };
#endif
			GOES_TO_SLEEP(e);
			if
#ifdef IRQ
			:: atomic { ev[e] -> ev[e] = false }
#else
			:: NEWS
			:: atomic { woken -> woken = false }
#endif
			:: nb
#ifdef UNTIL
			:: until -> over = true
#endif
			fi;
			WAKES_UP(e);
#ifdef WAKE_FLEETING
			in_wait = false;
#endif
			nb = false
		fi;
		awake = true
	   fi
	od;
	n = false;
	atomic { lead = 0; awake = false };
#ifndef HAND_NOT
	pass_on()
#endif
}

#ifdef PASSIVE
#define FREE_LEAD false
#else
#define FREE_LEAD (lead == 0)
#endif
inline follow(i, e)
{
#ifndef ASLEEP_LATE
	asleep[e] = true;
#endif
#ifndef FOLLOW_BLIND_DONE
	reached(i, e);
#endif
	if
	:: r
	:: else ->
		if
#ifdef FOLLOW_BLIND_LEAD
		:: false
#else
		:: FREE_LEAD
#endif
		:: else ->
#ifdef ASLEEP_LATE
			asleep[e] = true;
#endif
			GOES_TO_SLEEP(e);
			if
			:: atomic { ev[e] -> ev[e] = false }
#ifdef UNTIL
			:: until -> over = true
#endif
			fi;
			WAKES_UP(e)
		fi
	fi;
	asleep[e] = false;
#ifdef UNTIL
	if
	:: over -> turn(n)
	:: else
	fi
#endif
}

/* scmi__await() */
inline await(i)
{
	atomic {	/* take_waiter() */
		if
		:: !used[0] -> e = 0
		:: used[0] && !used[1] -> e = 1
#if CALLERS == 3
		:: used[0] && used[1] -> e = 2
#endif
		fi;
		assert(!used[e]); used[e] = true };
	ev[e] = false;
	r = false;
#ifdef SLOT_OF_LAST
	if
	:: FOR_SLOT -> hungry = true
	:: else -> entry[i] = e; W[i] = W[i] | WAITER
	fi;
#else
	entry[i] = e;
	W[i] = W[i] | WAITER;
#endif
	do
	:: !over ->
#ifndef FOLLOW_BLIND_DONE
		reached(i, e);
		if
		:: r -> break
		:: else
		fi;
#endif
		if
#ifndef PASSIVE
		:: atomic { lead == 0 -> lead = e + 1; awake = true }; drive(i, e)
#endif
		:: atomic { !FREE_LEAD -> skip }; follow(i, e)
		fi;
#ifdef FOLLOW_BLIND_DONE
		reached(i, e);
#endif
		if
		:: r -> break
		:: else
		fi
	:: else -> break
	od;
#if !defined(PASS_NOT) && !defined(HAND_NOT)
	pass_on();
#endif
#ifdef SLOT_OF_LAST
	if
	:: FOR_SLOT -> wants[e] = false; hungry = false; goto gave
	:: else
	fi;
#endif
	if
	:: W[i] & DONE
	:: else ->
#ifdef LEAVE_BLIND
		W[i] = W[i] & ~WAITER
#else
		atomic { w = W[i]; W[i] = w & ~WAITER };
		if
		:: w & CLAIMED -> W[i] & DONE	/* whoever has claimed it may have read our entry: see it out */
		:: else
		fi
#endif
	fi;
#ifdef SLOT_OF_LAST
gave:
#endif
	atomic { used[e] = false; e = 0; n = false; w = 0; r = false }
}

#include "lead_users.pml"

init {
	atomic {
		run caller(0, false); run platform(0);
#ifdef UNTIL
		run caller(1, true); run platform(1);
#else
		run caller(1, false); run platform(1);
#endif
#if CALLERS == 3
		run caller(2, false); run platform(2);
#endif
#ifdef STOP
		run stopper();
#endif
#ifdef DUE
		run interrupt();
#endif
#ifdef PASSIVE
		run reactor();
#endif
#ifdef ASYNC
		run submitter();
#endif
#ifdef POLLER
		run poller();
#endif
	};
	timeout;
	assert(out[0] && out[1]);
#ifdef DUE
	assert(sent);
#endif
#if CALLERS == 3
	assert(out[2]);
#endif
#ifdef ASYNC
	assert(ended);
#endif
	assert(lead == 0 && !used[0] && !used[1] && !asleep[0] && !asleep[1])
}
