/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of queue.pml: whoever is in the pump. */
#define POP(a, n) s = a[0]; k = 1; \
	do :: k < n -> a[k - 1] = a[k]; k++ :: else -> break od; n--; a[n] = 0; k = 0
#define PREPEND(a, n) k = n; \
	do :: k -> a[k] = a[k - 1]; k-- :: else -> break od; a[0] = s; n++
#define APPEND(a, n) a[n] = s; n++

proctype pumper()
{
	int w, bits;
	byte s, k, err, seen, c1, was;
	byte list[N], n;
	bool ok, a, shared, urgent, irq, swept, must_end, leaving, stays, st;

end:	do
	:: atomic { baton -> baton = false; in_pump = true };
again:	   atomic { seen = cnt; assert(seen) };
#ifndef COUNT_GROWS
	   if	/* those who have come meanwhile are taken off before their work is looked at */
	   :: seen > 1 -> cnt = cnt - (seen - 1)
	   :: else
	   fi;
	   seen = 1;
#endif
	   st = (state == UP);
	   atomic {		/* collect(): taken whole, the oldest first */
		do
		:: k < nstk ->
#ifdef TAKE_UNTURNED
			list[k] = stk[nstk - 1 - k];
#else
			list[k] = stk[k];
#endif
			k++
		:: else -> break
		od;
		n = nstk; nstk = 0; k = 0 };
	   do
	   :: n ->		/* append_live() */
		atomic {
			POP(list, n);
			ok = CLAIMABLE(W[s]);
			if
#ifndef URGENT_BEHIND
			:: ok && (flags[s] & IS_URGENT) -> APPEND(u, nu)
			:: ok && !(flags[s] & IS_URGENT) -> APPEND(q, nq)
#else
			:: ok -> APPEND(q, nq)
#endif
			:: else
			fi };
		if
		:: ok
		:: else -> drop(s, QUEUED)
		fi;
		atomic { ok = false; s = 0 }
	   :: atomic { !n && st && !swept && dead ->	/* sweep() of both */
		dead = false; swept = true;
		do
		:: nu -> POP(u, nu); list[n] = s; n++
		:: !nu && nq -> POP(q, nq); list[n] = s; n++
		:: else -> break
		od;
		s = 0 }
	   :: atomic { !n && (swept || !st || !dead) -> swept = false; break }
	   od;
	   do
	   :: atomic { !st ->	/* refuse_all() */
#ifdef REFUSE_NOT
		break;
#endif
		if
		:: nu -> POP(u, nu)
		:: !nu && nq -> POP(q, nq)
		:: else -> fenced = false; attention = false; break
		fi;
		must_end = CLAIMABLE(W[s]);
		stays = true;
		if :: must_end -> W[s] = W[s] | CLAIMED :: else fi };
		goto end_it
	   :: atomic { st ->	/* has_room() */
		if
		:: !blocked
		:: blocked && roomf -> roomf = false; blocked = false
		:: else -> break
		fi };
		/* ready_queue() */
		if
		:: nu -> urgent = true
		:: !nu && (nq == 0 || !(flags[q[0]] & IS_FENCE)) ->
#if FENCES > 0
			atomic { if :: fenced -> fenced = false; attention = false :: else fi };
#endif
			if :: nq :: else -> break fi
#if FENCES > 0
		:: !nu && nq && (flags[q[0]] & IS_FENCE) ->
#if !defined(FENCE_UNSAID) && !defined(FENCE_LATE)
			atomic { if :: !fenced -> fenced = true; attention = true :: else fi };
#endif
#ifndef FENCE_BLIND
			do	/* any_earlier(): a word at a time */
			:: atomic { k < N && !ok ->
#ifdef FENCE_WAITS_QUEUED
				ok = (W[k] & (CALL | CLAIMED)) == CALL;
#else
				ok = (W[k] & (CALL | CLAIMED | QUEUED)) == CALL;
#endif
				k++ }
			:: else -> break
			od;
			k = 0;
#endif
#ifdef FENCE_LATE
			atomic { fenced = true; attention = true };
#endif
			if
			:: ok -> ok = false; break
			:: else -> atomic { fenced = false; attention = false }
			fi
#endif
		fi;
		/* send_first(), begin() */
		atomic {
			if :: urgent -> POP(u, nu) :: else -> POP(q, nq) fi;
#ifdef BEGIN_BLIND
			ok = true;
#else
			ok = CLAIMABLE(W[s]);
#endif
			stays = !ok;
			if :: ok -> assert((W[s] & (QUEUED | SENDING | HELD)) == QUEUED); W[s] = W[s] | SENDING :: else -> goto end_it fi };
		head_it(s);
		atomic {	/* owe() */
			leaving = true;
			ok = !(W[s] & CLAIMED);
			if
			:: ok -> W[s] = (W[s] & ~QUEUED) | OWED; unans[s] = false
			:: else -> W[s] = W[s] & ~QUEUED; goto end_it
			fi };
		send(s);
		ok = false;
		if
		:: err == 2 ->
			requeue(s);
			if
			:: ok ->
				atomic {
#ifdef PREPEND_NOT
					if :: urgent -> APPEND(u, nu) :: else -> APPEND(q, nq) fi;
#else
					if :: urgent -> PREPEND(u, nu) :: else -> PREPEND(q, nq) fi;
#endif
#ifdef BLOCKED_FORGETS
					roomf = false;
#endif
					blocked = true; leaving = false; break }
			:: else
			fi
		:: else
		fi;
		if
		:: err ->	/* fail() */
			W[s] = W[s] & ~OWED;
			atomic { must_end = !(W[s] & CLAIMED); W[s] = W[s] | CLAIMED }
		:: else
		fi;
end_it:		if
		:: must_end -> end_call(s)
		:: else
		fi;
		if
		:: leaving -> leave_sending(s)
		:: else
		fi;
		if
		:: stays -> drop(s, QUEUED)
		:: else
		fi;
		atomic { ok = false; err = 0; urgent = false; s = 0; must_end = false; leaving = false; stays = false }
	   od;
	   atomic { ok = false; err = 0; urgent = false; s = 0; k = 0 };
	   if
	   :: st -> assert(!deaf)	/* flush() */
	   :: else
	   fi;
	   /* the exit: that the queue is empty and that the pump is left is one step */
#ifdef EXIT_FORGETS
	   atomic { cnt = 0; qflag = (nq + nu > 0); in_pump = false; seen = 0; st = false }
#elif defined(EXIT_SPLIT)
	   atomic { if :: cnt == seen -> cnt = 0; in_pump = false :: else -> goto again fi };
	   atomic { seen = 0; qflag = (nq + nu > 0) }
#else
	   atomic {
		if
		:: cnt == seen -> cnt = 0; qflag = (nq + nu > 0); in_pump = false; seen = 0; st = false
		:: else -> goto again
		fi }
#endif
	od
}
