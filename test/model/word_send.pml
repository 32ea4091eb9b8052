/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of word.pml: send.c, and the context that submits. */
/* --- send.c --- */
/* The transport's send(): err 0 sent, 1 not. */
inline send(s, c)
{
	atomic {
		assert(own[c] && callof[s] == c);
		reading[c] = true;
		if
		:: !away && !deaf -> err = 0;
			MSG(s, LIFE(W[s])) = MSG(s, LIFE(W[s])) | ((W[s] & OWED_D) -> F_OK + F_D : F_OK)
#ifdef DELAYED
		:: !away && !deaf && (W[s] & OWED_D) -> err = 0; MSG(s, LIFE(W[s])) = F_ERR
#endif
#ifdef DUP
		:: !away && !deaf -> err = 0; MSG(s, LIFE(W[s])) = F_OK + F_DUP + ((W[s] & OWED_D) -> F_D : 0)
#ifdef DELAYED
		:: !away && !deaf && (W[s] & OWED_D) -> err = 0; MSG(s, LIFE(W[s])) = F_OK + F_D + F_DUPD
#endif
#endif
#ifdef NO_ANSWER
		:: !away && !deaf && !was_stopped -> err = 0; unans[s] = OWED
#ifdef DELAYED
		:: !away && !deaf && !was_stopped && (W[s] & OWED_D) -> err = 0;
			unans[s] = OWED_D; MSG(s, LIFE(W[s])) = F_OK
		:: !away && !deaf && !was_stopped && (W[s] & OWED_D) -> err = 0;
			unans[s] = OWED_R; MSG(s, LIFE(W[s])) = F_D
#endif
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

#ifdef TIME
/* Not once the call has ended; anew when the response of a delayed command has come meanwhile. */
#ifdef RESTAMP_NOT
#define STALE_STAMP(v) !stamped
#else
#define STALE_STAMP(v) stamped != (((v) & OWED_R) -> 1 : 2)
#endif
#define CLOCK(v) (((v) & OWED) == OWED_D -> 1 : 0)
inline stamp()
{
	if
	:: !(w & DONE) && STALE_STAMP(w) -> atomic { stamped = ((w & OWED_R) -> 1 : 2); dl[s] = 4 * LIFE(w) + CLOCK(w) }
	:: else
	fi
}
#endif

#ifdef DELAYED
/* A receiver's, who has no frame */
inline leave_sending(s)
{
	w = W[s];
	do
	:: (w & (DONE | CALLBACK)) == (DONE | CALLBACK) -> bits = CALL | SENDING; break
	:: else ->
#ifdef TIME
		stamp();
#endif
		atomic { if :: W[s] == w -> W[s] = w & ~SENDING; break :: else -> w = W[s] fi }
	od;
	if
	:: bits -> run_done(s, bits)
	:: !bits && (w & DONE) -> if :: w & WAITER -> ev[callof[s]] = true :: else fi
	:: else
#ifdef TIME
		-> lower()
#endif
	fi;
#ifdef TIME
	stamped = 0;
#endif
	atomic { w = 0; bits = 0; ok = false }
}
#endif

proctype submitter()
{
	int w, kind;
	byte c, c1, s, x, y, err, debts, head = NONE, tail = NONE;
	bool won, ok, infr, incb, first, note;
#ifdef TIME
	byte stamped;
#endif

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
		W[s] = w; unans[s] = 0 };
#ifndef TAKE_BLIND
	   if
	   :: state != UP -> drop(s, CALL | SENDING); atomic { BACK(c); goto returned }
	   :: else
	   fi;
#endif
	   /* publish: a plain store, for nobody else writes an unpublished word */
	   atomic {
		debts = OWED_R;
#ifdef DELAYED
		if :: debts = OWED :: debts = OWED_R fi;
#endif
		callof[s] = c;
#ifndef HEADER_LATE
		hdr[s] = LIFE(w);
#endif
		ticket[c] = s * LIVES + LIFE(w) };
#ifndef PUBLISH_LATE
	   atomic { assert(W[s] == w); W[s] = w | debts | kind };
#endif
#ifdef HEADER_LATE
	   hdr[s] = LIFE(w);
#endif
	   send(s, c);
#ifdef PUBLISH_LATE
	   W[s] = W[s] | debts | kind;
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
	   /* scmi__leave_sending(), as in leave_sending() */
#ifdef TIME
	   atomic { stamped = 0; w = W[s] };
#else
	   w = W[s];
#endif
	   do
	   :: (w & (DONE | CALLBACK)) == (DONE | CALLBACK) -> goto run_done_here
	   :: else ->
#ifdef TIME
		stamp();
#ifdef LOWER_EARLY
		lower();
#endif
#endif
		atomic { if :: W[s] == w -> W[s] = w & ~SENDING; break :: else -> w = W[s] fi }
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
#ifdef TIME
		stamped = 0;
#endif
		w = 0; kind = 0; c = 0; c1 = 0; s = 0; x = 0; y = 0; err = 0; debts = 0;
		won = false; ok = false; first = false; head = NONE; tail = NONE }
	od
}
