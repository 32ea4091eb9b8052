/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of lead.pml: who waits, and who ends, kicks, polls and stops. */
proctype caller(byte i; bool until)
{
	byte e, k, w, l;
	bool n, nb, over, late, r;

	await(i);
#ifdef UNTIL
	atomic { over = false; until = false };
	if
	:: W[i] & DONE
	:: else -> await(i)
	fi;
#endif
#ifdef SLOT_OF_LAST
	if
	:: FOR_SLOT
	:: else -> assert(W[i] & DONE)
	fi;
	out[i] = true;
#ifdef SLOT
	if	/* its slot goes: slots.pml tells how, and when that is seen */
	:: i == 0 ->
		slot_free = true;
#ifndef HUNGRY_NOT
		wake_hungry()
#endif
	:: else
	fi
#endif
#else
	assert(W[i] & DONE);
	out[i] = true
#endif
}

#ifdef STOP
/* The gate, then scmi__wake_all() */
proctype stopper()
{
	byte l, k;

	closed = true;
#ifndef WAKE_ALL_NOT
	kick();
	do
	:: k < CALLERS -> SIGNAL(k); k++
	:: else -> break
	od
#endif
}
#endif

#ifdef DUE
proctype interrupt()
{
	byte l;

	due = true;
	kick()
}
#endif

#ifdef PASSIVE
proctype reactor()
{
	byte k, w, l;
	bool n, late;

end:	do
	:: NEWS -> turn(n)
	od
}
#endif

/* The platform. With IRQ it delivers by itself: its interrupt is a context of its own. */
proctype platform(byte i)
{
	byte w, l;

#ifdef ASYNC
	if
	:: i == 0 -> ended
	:: else
	fi;
#elif defined(CHAIN)
	if
	:: i == CALLERS - 1 -> out[0] && out[CALLERS - 2]
	:: else
	fi;
#endif
#ifdef SLOT_OF_LAST
	if
	:: FOR_SLOT -> goto done
	:: else
	fi;
#endif
#if defined(DUE) && !defined(IRQ)
	if	/* what is left to a poll may be what the reply is to */
	:: i == 0 -> sent
	:: else
	fi;
#endif
#ifdef IRQ
	W[i] = W[i] | CLAIMED;
	finish(i);
#else
	data[i] = true;
#endif
done:	skip
}

#ifdef ASYNC
/* The tail of leave_sending() */
proctype submitter()
{
	byte l;

	armed = true;
	lower()
}
#endif

#ifdef POLLER
proctype poller()
{
	byte k, w, l;
	bool n, late;

	turn(n)
}
#endif
