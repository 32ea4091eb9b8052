/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of the platform's own: pump.c and delayed.c of lib/platform, one atomic access a step.
 *
 * NODES senders send a delayed response each, over a link with room for ROOM messages, of which a drainer takes them. In
 * the end each has ended once. What is pushed first goes first; only one pumps; nothing goes in a later life than its own;
 * nobody touches the platform that fini() has given back.
 *
 *   STOP    somebody stops the platform and starts it again
 *   FINI    somebody ends it, again and again until that succeeds
 *   GONE    the peer goes while messages wait
 */
#ifndef NODES
#define NODES	2
#endif
#ifndef ROOM
#define ROOM	1
#endif
#define OK	0
#define BUSY	1
#define CLOSED	2

byte pump;			/* channel.pump */
byte stack[NODES], pushed;	/* channel.pushed, the newest last */
byte queue[NODES], queued;	/* channel.first .. last; the pump's */
byte life = 1;			/* scmi_platform.running */
bool on = true;
byte own[NODES] = 1;		/* scmi_delayed.life_ */
byte ended[NODES];
byte senders;			/* scmi_platform.senders */
byte count;			/* of ended ones, as fini() reads it */
byte number[NODES], numbers, next;
byte room = ROOM;
bool refused, gone;
bool pumping;
bool freed;
byte inside;			/* upcalls: the endpoint's stop waits for them */
byte out;

#define LIVE assert(!freed)

inline push(d)
{
	atomic {
		LIVE;
		stack[pushed] = d;
		pushed++;
		number[d] = numbers;
		numbers++
	}
}

inline take_pushed()
{
	atomic {
		LIVE;
#ifdef TAKE_UNTURNED
		do
		:: pushed > 0 ->
			pushed--;
			queue[queued] = stack[pushed];
			stack[pushed] = 0;
			queued++
		:: else -> break
		od;
#else
		k = 0;
		do
		:: k < pushed ->
			queue[queued] = stack[k];
			stack[k] = 0;
			queued++;
			k++
		:: else -> break
		od;
		k = 0;
		pushed = 0
#endif
	}
}

/* ops->send() */
inline transmit(d)
{
	if
	:: atomic {
		gone -> r = CLOSED
	   }
	:: atomic {
		!gone && room > 0 ->
		room--;
		assert(own[d] == life);
#ifndef STOP
		assert(number[d] == next);
		next++;
#endif
		r = OK
	   }
	:: atomic {
		!gone && room == 0 ->
		r = BUSY;
#ifndef REFUSED_LATE
		refused = true
#endif
	   }
#ifdef REFUSED_LATE
	   refused = true
#endif
	fi
}

inline try(d)
{
	if
#ifdef LIFE_NOT
	:: on ->
#else
	:: on && life == own[d] ->
#endif
		LIVE;
		transmit(d)
	:: else -> r = CLOSED
	fi
}

inline pop()
{
	atomic {
		k = 1;
		do
		:: k < queued ->
			queue[k - 1] = queue[k];
			k++
		:: else -> break
		od;
		queued--;
		queue[queued] = 0;
		k = 0
	}
}

inline end(d)
{
	atomic {
		ended[d]++;
		assert(ended[d] == 1)
	}
	atomic {
		LIVE;
		count++
	}
}

/* send_all() */
inline send_all()
{
	atomic {
		assert(!pumping);
		pumping = true
	}
	take_pushed();
	do
	:: queued == 0 -> break
	:: else ->
		try(queue[0]);
		if
#ifdef BUSY_ENDS
		:: false -> skip
#else
		:: r == BUSY -> break
#endif
		:: else ->
			d = queue[0];
			pop();
			end(d)
		fi
	od;
	atomic {
		LIVE;
		pumping = false
	}
}

/* scmi__platform_pump() */
inline run_pump()
{
	atomic {
		LIVE;
		seen = pump;
		pump++
	}
	if
#ifdef PUMP_NESTS
	:: true ->
#else
	:: seen == 0 ->
#endif
		seen = 1;
		do
		:: send_all();
			atomic {
				LIVE;
#ifdef PUMP_FORGETS
				pump = 0;
				seen = 0;
#else
				pump = pump - seen;
				seen = pump;
#endif
			}
			if
#ifdef PUMP_ONCE
			:: true -> break
#else
			:: seen == 0 -> break
			:: else -> skip
#endif
			fi
		od
	:: else -> skip
	fi
}

/* scmi_delayed_send() */
active [NODES] proctype sender()
{
	byte d, k, r, seen;

	if
	:: on && life == own[_pid] ->
		atomic { LIVE; senders++ }
#ifdef PUSH_LATE
		atomic { seen = pump; pump++ }
		push(_pid);
		if
		:: seen == 0 ->
			send_all();
			pump = pump - 1
		:: else -> skip
		fi;
#else
		push(_pid);
		run_pump();
#endif
#ifndef SENDERS_NOT
		atomic { LIVE; senders-- }
#else
		LIVE
#endif
	:: else ->
		ended[_pid]++;
		atomic { LIVE; count++ }
	fi;
	out++
}

/* The agent takes messages; and the peer's end. */
active proctype drainer()
{
	byte d, k, r, seen, n;
	bool tell;

	do
	:: atomic { n < NODES ->
		n++;
#ifdef GONE
		if
		:: n == NODES -> gone = true
		:: else -> room++
		fi;
#else
		room++;
#endif
		tell = refused;
		refused = false;
		if
		:: tell && on -> inside++
		:: else -> tell = false
		fi
	   }
		if
#ifdef READY_NOT
		:: true -> skip
#endif
		:: tell ->
#ifndef READY_NOT
			run_pump();
#endif
			inside--
		:: else -> skip
		fi
	:: else -> break
	od;
	out++
}

#ifdef STOP
active proctype stopper()
{
	byte d, k, r, seen;

	on = false;
	inside == 0;
#ifndef STOP_CLOSES_NOT
	run_pump();
#endif
#ifndef START_BESIDE
	pump == 0;
#endif
	atomic {
		life++;
		on = true
	}
	out++
}
#endif

#ifdef FINI
active proctype finisher()
{
	byte d, k, r, seen;

	on = false;
	inside == 0;
	run_pump();
#ifdef FINI_SENDERS_FIRST
	senders == 0;
	count == NODES;
	pump == 0;
#else
	count == NODES;
	pump == 0;
#ifndef FINI_SENDERS_NOT
	senders == 0;
#endif
#endif
	freed = true;
	out++
}
#endif

active proctype judge()
{
	byte i;

	timeout;
	atomic {
		do
		:: i < NODES ->
			assert(ended[i] == 1);
			i++
		:: else -> break
		od;
		assert(pump == 0 && queued == 0 && pushed == 0)
	}
}
