/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A notice: the word of notify.c of lib/platform, one atomic access a step. pump.pml shows that one context pumps; here it
 * is a process that waits for entries.
 *
 * One context posts, POSTS times; the agent switches the notification off and on again, OFFS times; the link refuses up to
 * REFUSALS times. Nobody writes the half that another reads; what comes is newer each time; what was posted before it was
 * switched off does not come after that; in the end nothing waits, and every post is accounted for.
 */
#ifndef POSTS
#define POSTS	2
#endif
#ifndef OFFS
#define OFFS	1
#endif
#ifndef REFUSALS
#define REFUSALS	2
#endif
#define FULL	1
#define WRITING	2
#define READING	4
#define STALE	8
#define SIDE	16
#define NOBODY	2
#define HALF(w) (((w) & SIDE) / SIDE)

byte word;
byte value[2];
byte written = NOBODY, reading = NOBODY;	/* halves */
bool wants = true, waiting;
byte entries;					/* of the pump */
bool owed;					/* a ready() */
byte ons;					/* times that it was switched on again */
bool off;					/* it is off, and what waited has been withdrawn */
byte returned[POSTS + 1];			/* 1 + ons, when the post has returned */
byte newest;
byte sent, merged, withdrawn, unwanted;

inline withdraw()
{
	atomic {
		if
		:: word & (FULL | READING) ->
			if
			:: word & FULL -> withdrawn++
			:: else -> skip
			fi;
#ifdef STALE_NOT
			word = word & ~FULL
#else
			word = (word & ~FULL) | ((word & READING) -> STALE : 0)
#endif
		:: else -> skip
		fi
	}
}

active proctype poster()
{
	byte n, half;

	do
	:: n < POSTS ->
		n++;
		if
		:: !wants -> unwanted++
		:: else ->
			atomic {
				if
				:: word & FULL -> merged++
				:: else -> skip
				fi;
#ifdef WRITING_UNSAID
				word = word & ~FULL;
#else
				word = (word & ~FULL) | WRITING;
#endif
				half = HALF(word)
			}
			atomic {
				assert(reading != half);
				written = half
			}
			value[half] = n;
			written = NOBODY;
#ifdef WRITING_UNSAID
			word = word | FULL;
#else
			word = word ^ (WRITING | FULL);
#endif
#ifndef LOOK_ONCE
			if
			:: !wants -> withdraw()
			:: else -> skip
			fi;
#endif
			waiting = true;
			entries++
		fi;
		returned[n] = 1 + ons
	:: else -> break
	od
}

active proctype pump()
{
	byte half, w, refused;
	bool busy;

end:	do
	:: entries > 0 ->
		entries--;
		atomic {
			busy = false;
			if
			:: waiting -> waiting = false
			:: else -> goto end
			fi
		}
		atomic {
			if
			:: word & FULL ->
				half = HALF(word);
#ifdef SIDE_STAYS
				word = (word & ~FULL) | READING;
#else
				word = (word & ~FULL) ^ (READING | SIDE);
#endif
				assert(written != half);
				assert(returned[value[half]] == 0 ||
				       (returned[value[half]] == 1 + ons && !off));
				reading = half
			:: else -> goto end
			fi
		}
		if
		:: atomic {
			refused < REFUSALS ->
			refused++;
			owed = true;
			busy = true;
			reading = NOBODY
		   }
		:: atomic {
			assert(value[half] > newest);
			newest = value[half];
			reading = NOBODY;
			sent++
		   }
			word = word & ~(READING | STALE)
		fi;
		if
		:: busy ->
#ifdef PUT_BACK_BLIND
			w = word;
#endif
			atomic {
#ifndef PUT_BACK_BLIND
				w = word;
#endif
				word = w & ~(READING | STALE);
				if
#ifdef PUT_BACK_OVER
				:: (w & STALE) == 0 ->
					word = (word | FULL) ^ SIDE
#else
				:: (w & (FULL | WRITING | STALE)) == 0 ->
					word = (word | FULL) ^ SIDE
				:: w & STALE -> withdrawn++
				:: (w & STALE) == 0 && (w & (FULL | WRITING)) -> merged++
#endif
				:: else -> skip
				fi
			}
#ifndef WAITING_FORGOTTEN
			waiting = true
#endif
		:: else -> skip
		fi
	od
}

/* The link has room again. */
active proctype drainer()
{
end:	do
	:: atomic { owed -> owed = false }
		entries++
	od
}

active proctype switcher()
{
	byte n;

	do
	:: n < OFFS ->
		n++;
#ifdef WITHDRAW_EARLY
		withdraw();
		wants = false;
#else
		wants = false;
#ifndef WITHDRAW_NOT
		withdraw();
#endif
#endif
		off = true;
		atomic {
			wants = true;
			off = false;
			ons++
		}
	:: else -> break
	od
}

active proctype judge()
{
	timeout;
	assert((word & (FULL | WRITING | READING)) == 0);
	assert(sent + merged + withdrawn + unwanted == POSTS)
}
