/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of queue.pml: who submits, receives, ends, loses the link, recovers it, stops. */

/* scmi__queue_again(), after a direct send that said BUSY. ok: it stands in the queue, SENDING is not ours */
inline queue_again()
{
	if
	:: f & IS_NOWAIT -> ok = false
	:: else ->
		requeue(s);
		if
		:: ok -> push(s); pump()
		:: else
		fi
	fi
}

#if FENCES > 0
#define KIND_FENCE :: nfence < FENCES -> nfence++; f = IS_FENCE
#else
#define KIND_FENCE
#endif
#if URGENTS > 0
#define KIND_URGENT :: nurgent < URGENTS -> nurgent++; f = IS_URGENT
#else
#define KIND_URGENT
#endif
#if NOWAITS > 0
#define KIND_NOWAIT :: nnowait < NOWAITS -> nnowait++; f = IS_NOWAIT
#else
#define KIND_NOWAIT
#endif

proctype submitter()
{
	int w, bits;
	byte s, c, c1, f, err, was, p;
	bool ok, a, shared, irq, mine;

end:	do
	:: atomic {
		nsub < SUBMITS -> c = nsub; nsub++; own[c] = true; p = returned;
#ifdef SCRIPT
		f = (c == 1 -> IS_FENCE : (c == 2 -> IS_URGENT : 0))
#else
		if
		:: true
		KIND_FENCE
		KIND_URGENT
		KIND_NOWAIT
		fi
#endif
		};
end_slot:  atomic {	/* take */
		if
		:: !(W[0] & LOW) -> s = 0
		:: (W[0] & LOW) && !(W[1] & LOW) -> s = 1
#if N > 2
		:: (W[0] & LOW) && (W[1] & LOW) && !(W[2] & LOW) -> s = 2
#endif
		fi;
		W[s] = W[s] + EPOCH + CALL + SENDING; callof[s] = c };
	   atomic {		/* one look at the gate */
		if
		:: state != UP -> goto untake
#ifdef QUEUE_UNSEEN
		:: state == UP -> mine = cnt || (f & IS_FENCE);
#else
		:: state == UP -> mine = !IDLE || (f & IS_FENCE);
#endif
		fi;
		flags[s] = f; prior[s] = p; unans[s] = false };
#if defined(SERIAL) && !defined(SERIAL_DIRECT)
	   atomic {		/* take_pump() */
		if
		:: !mine && IDLE -> cnt = 1; assert(!baton && !in_pump)
		:: else -> mine = true
		fi };
#endif
	   if
	   :: mine ->
		if
		:: f & IS_NOWAIT -> goto untake
		:: else
		fi;
		/* enqueue() */
		link_it(s);
		atomic { assert((W[s] & LOW) == (CALL | SENDING)); W[s] = BASE(W[s]) | CALL | QUEUED };
#ifdef PUSH_LATE
		pump();
		push(s);
#else
		push(s);
		pump();
#endif
		atomic { returned = returned | (1 << c); goto next }
	   :: else
	   fi;
	   /* send_direct() */
	   head_it(s);
	   atomic { assert((W[s] & LOW) == (CALL | SENDING)); W[s] = W[s] | OWED };
	   send(s);
	   if
	   :: err == 2 -> queue_again()
	   :: else
	   fi;
#if defined(SERIAL) && !defined(SERIAL_DIRECT)
	   atomic {		/* send_serial() */
		blocked = blocked || err == 2;
		assert(cnt && !baton && !in_pump); baton = true };
#endif
	   if
	   :: err == 2 && ok -> atomic { returned = returned | (1 << c); goto next }
	   :: err && !ok ->		/* scmi__unsend() */
		W[s] = W[s] & ~OWED;
		atomic { ok = !(W[s] & CLAIMED); W[s] = W[s] | CLAIMED };
		if
		:: ok -> goto back
		:: else
		fi
	   :: else
	   fi;
	   returned = returned | (1 << c);
	   leave_sending(s);
	   goto next;
untake:
#ifndef UNTAKE_SILENT
	   atomic { assert((W[s] & LOW) == (CALL | SENDING)); W[s] = W[s] | CLAIMED };
#endif
back:	   drop(s, CALL | SENDING);
	   atomic { assert(own[c]); own[c] = false };
next:	   atomic { s = 0; c = 0; f = 0; err = 0; p = 0; ok = false; mine = false }
	od
}

/* An upcall of the transport: a reply, and then, if it had said BUSY, ready(). irq: nothing is sent from here */
inline ready()
{
	atomic {
		st = state;
		if
		:: st == DOWN -> state = UP; st = UP
		:: st == RECOVERING_DOWN -> state = RECOVERING; st = RECOVERING
		:: else
		fi };
#ifdef READY_PUMPS_FIRST
	if :: st == UP -> attend() :: else fi;
	roomf = true;
#else
#ifndef READY_UNSAID
	roomf = true;
#endif
#ifndef READY_PUMPS_NOT
	if
	:: st == UP -> attend()
	:: else
	fi;
#endif
#endif
	st = 0
}

proctype receiver()
{
	int w, bits;
	byte s, l, h, c1, was, st;
	bool ok, a, shared, rdy, got, late, irq;

#ifdef IRQ
	irq = true;
#endif
end:	do
	:: atomic {
		if
		:: fl[0] && !deaf && !away -> s = 0
		:: fl[1] && !deaf && !away -> s = 1
#if N > 2
		:: fl[2] && !deaf && !away -> s = 2
#endif
		fi;
		l = fl[s]; fl[s] = 0; upcalls++;
#ifndef FORGE
		wire++;
#endif
		rdy = said; said = false };
	   do		/* match() */
#ifdef FORGE
	   :: w = W[s];
	      h = hdr[s];
#else
	   :: atomic { w = W[s]; h = LIFE(w) };
#endif
	      atomic {
		if
		:: h != l || !(w & OWED) -> w = 0; break
		:: else ->
			if
			:: W[s] != w
			:: W[s] == w && (w & (CALL | CLAIMED)) != CALL ->	/* late */
				assert(LIFE(w) == l);
				if :: (w & HOLDS) == OWED -> GIVE(s) :: else -> W[s] = w & ~OWED fi;
				late = true; break
			:: W[s] == w && (w & (CALL | CLAIMED)) == CALL ->
				assert(LIFE(w) == l);
				assert(!(w & HELD));
#ifdef FORGE			/* acquire(), and then complete() */
				W[s] = (w & ~OWED) | HELD;
#else
				W[s] = (w & ~OWED) | HELD | CLAIMED;
#endif
				got = true; break
			fi
		fi }
	   od;
	   if
#ifdef FORGE
	   :: got ->
		atomic { w = 0; h = 0; got = CLAIMABLE(W[s]); if :: got -> W[s] = W[s] | CLAIMED :: else fi };
		if :: got -> finish(s, 0) :: else fi;
		drop(s, HELD)
#else
	   :: got -> atomic { w = 0; h = 0 }; finish(s, HELD)
#endif
	   :: late -> atomic { w = 0; late = false }; tell()
	   :: else
	   fi;
	   if
	   :: rdy -> ready()
	   :: else
	   fi;
	   atomic { assert(!gone); upcalls--; w = 0; s = 0; l = 0; h = 0; rdy = false; got = false }
	od
}

#ifdef IRQ
/* scmi__turn() of whoever drives the link */
proctype poller()
{
end:	do
	:: atomic { due -> due = false; come() }; pump(); go_away()
	od
}
#endif

#if ENDS > 0
/* cancel, or the time scan */
proctype ender()
{
	int w, bits;
	byte s, c1, was;
	bool ok, a, shared, irq;

end:	do
	:: atomic {
		if
		:: nends < ENDS && CLAIMABLE(W[0]) -> s = 0
		:: nends < ENDS && CLAIMABLE(W[1]) -> s = 1
#if N > 2
		:: nends < ENDS && CLAIMABLE(W[2]) -> s = 2
#endif
		fi;
		nends++; come(); W[s] = W[s] | CLAIMED };
	   end_call(s);
	   atomic { go_away(); s = 0 }
	od
}
#endif

inline end_all()
{
	do
	:: s < N ->
		atomic { ok = CLAIMABLE(W[s]); if :: ok -> W[s] = W[s] | CLAIMED :: else fi };
		if :: ok -> end_call(s) :: else fi;
		atomic { s++; ok = false }
	:: else -> s = 0; break
	od
}

inline forgive(s)
{
	atomic {
		ok = false;
		if
		:: (W[s] & OWED) && !(W[s] & SENDING) && (W[s] & (CALL | CLAIMED)) != CALL ->
			ok = true;
			if
			:: (W[s] & HOLDS) == OWED -> GIVE(s)
			:: else -> W[s] = W[s] & ~OWED
			fi
		:: else
		fi
	};
	if
	:: ok -> tell()
	:: else
	fi;
	ok = false
}

/* The transport forgets what is under way. A sender that is still in send() keeps the debt of what is lost now. */
#define FORGET() do \
	:: s < N -> unans[s] = unans[s] || (fl[s] && (W[s] & SENDING)); fl[s] = 0; s++ \
	:: else -> s = 0; break od; wire = ROOM

#ifdef LINK
proctype link()
{
	int w, bits;
	byte s, c1, was, st;
	bool ok, a, shared, irq;

	/* The transport shuts its gate and waits for its upcalls: a ready() of before would open the link again. */
	atomic { !deaf && !away -> away = true };
#ifndef DOWN_BESIDE
	upcalls == 0;
#endif
	atomic { upcalls++; FORGET(); said = false };
	/* scmi__link_down() */
	atomic {
		if
		:: state == STOPPED -> upcalls--; goto up
		:: state == RECOVERING || state == RECOVERING_DOWN -> state = RECOVERING_DOWN
		:: else -> state = DOWN
		fi };
#ifndef DOWN_LEAVES
	end_all();
#endif
	do
	:: s < N -> forgive(s); s++
	:: else -> s = 0; break
	od;
#ifndef STAYS_DOWN
	/* ready(): from the step in which it says that the peer is back send() works again */
	atomic {
		away = false; said = false; st = state;
		if
		:: st == DOWN -> state = UP; st = UP
		:: st == RECOVERING_DOWN -> state = RECOVERING; st = RECOVERING
		:: else
		fi };
	roomf = true;
	if
	:: st == UP -> pump()
	:: else
	fi;
#endif
	upcalls--;
up:	skip
}
#endif

#if defined(STOP) || defined(RECOVER)
/* empty_link() */
inline empty_link()
{
	end_all();
	do
	:: s < N ->
		w = W[s];
		if
		:: CLAIMABLE(w) ->
			atomic { ok = W[s] == w; if :: ok -> W[s] = w | CLAIMED :: else fi };
			if :: ok -> end_call(s) :: else fi;
			ok = false
		:: !CLAIMABLE(w) && ATTENDED(w) -> atomic { W[s] != w -> w = 0 }
		:: else -> atomic { w = 0; s++ }
		fi
	:: else -> s = 0; break
	od;
	do
	:: visitors == 0 ->
#ifdef PUMP_STAYS
		break
#else
		if
		:: cnt == 0 -> break
		:: else -> cnt == 0
		fi
#endif
	od
}

inline clear_link()
{
	do
	:: s < N -> !(W[s] & HELD); forgive(s); s++
	:: else -> s = 0; break
	od
}
#endif

#ifdef STOP
proctype stopper()
{
	int w, bits;
	byte s, c1, was;
	bool ok, a, shared, irq;

	state = STOPPED;
	empty_link();
	deaf = true;
	upcalls == 0;
	atomic { FORGET(); said = false };
	clear_link();
#ifndef STOP_FRAMES_NOT
	frames == 0;
#endif
	atomic { assert(!nq && !nu && !nstk); gone = true; was_stopped = true };
	/* and started: start_link() */
	atomic { gone = false; blocked = false; roomf = false; deaf = false; state = UP }
}
#endif

#ifdef RECOVER
proctype recoverer()
{
	int w, bits;
	byte s, c1, was;
	bool ok, a, shared, irq, refuses;

	state = RECOVERING;
	empty_link();
	/* the transport's recover(): all is forgotten, and no upcall comes of what was before */
	atomic { upcalls == 0 -> FORGET(); said = false };
	clear_link();
#ifndef REOPEN_BLOCKED
	roomf = true;
#endif
	atomic { assert(!nq && !nu && !nstk); state = UP; was_stopped = true };
	pump()
}
#endif

/* Standing still: a call is left only where it waits for room that never comes or a reply that never comes. */
#if N > 2
#define ANY(x) (x(0) || x(1) || x(2))
#else
#define ANY(x) (x(0) || x(1))
#endif
#define ON_THE_WIRE(t) ((W[t] & (CALL | CLAIMED | QUEUED)) == CALL && unans[t])
#ifdef STAYS_DOWN
#define MAY_STAND(s) false
#define MAY_OWE(s) false
#else
#define MAY_STAND(s) (ROOM == 0 || (blocked && ANY(ON_THE_WIRE)) || \
		      (attention && ANY(ON_THE_WIRE) && !(flags[s] & IS_URGENT)))
#define MAY_OWE(s) unans[s]
#endif
#ifdef LOOSE
#define MAY_CALL(s) (W[s] & (QUEUED | OWED | DONE))
#else
#define MAY_CALL(s) (W[s] & (QUEUED | OWED))
#endif
#define CHECK(s) \
	assert(!(W[s] & (SENDING | HELD))); \
	assert(!(W[s] & QUEUED) || (!(W[s] & CLAIMED) && MAY_STAND(s))); \
	assert(!(W[s] & OWED) || MAY_OWE(s)); \
	assert((W[s] & HOLDS) || !(W[s] & LOW)); \
	assert(!(W[s] & CALL) || MAY_CALL(s))

init {
	byte s;
	atomic {
		run pumper();
		run submitter();
#if SUBMITTERS > 1
		run submitter();
#endif
		run receiver();
#ifdef IRQ
		run poller();
#endif
#if ENDS > 0
		run ender();
#endif
#ifdef LINK
		run link();
#endif
#ifdef STOP
		run stopper();
#endif
#ifdef RECOVER
		run recoverer();
#endif
	};
	timeout;
	CHECK(0);
	CHECK(1);
#if N > 2
	CHECK(2);
#endif
	assert(cnt == 0 && !nstk && !in_pump && !baton && !upcalls && !visitors && !due);
#ifndef NO_ANSWER
	assert((ROOM == 0 && !away) || (!own[0] && !own[SUBMITS - 1]))
#endif
}
