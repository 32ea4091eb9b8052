/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What relax() does before it asks the system: on more than one processor what is awaited mostly comes meanwhile, and a
 * system call takes longer than a whole answer of somebody who polls.
 */
#ifndef SCMI_PORT_PAUSE_H
#define SCMI_PORT_PAUSE_H

#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

/* Of a thread's turns one in so many goes to the system. The thread sanitizer makes a turn as long as a system call. */
#if defined(__SANITIZE_THREAD__)
#define PAUSES 1u
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PAUSES 1u
#endif
#endif
#ifndef PAUSES
#define PAUSES 64u
#endif

/*
 * Where there is one processor, what is awaited cannot come while we look. Of the machine's: the one that this thread
 * is bound to says nothing of the others. POSIX does not know the question; some systems hide it then.
 */
static inline bool runs_alone(void)
{
#ifdef _SC_NPROCESSORS_ONLN
	return sysconf(_SC_NPROCESSORS_ONLN) == 1;
#else
	return false;
#endif
}

static inline void pause_processor(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__) || (defined(__ARM_ARCH) && __ARM_ARCH >= 7)
	__asm__ volatile("yield");
#endif
}

/*
 * True: the caller may look again. False: it is the system's turn. That it comes is all that matters to whoever has to
 * run first; so a thread's turns are counted whatever they are for.
 */
static inline bool pause_first(void)
{
	static _Thread_local uint32_t turns;

	if (++turns % PAUSES == 0)
		return false;
	pause_processor();
	return true;
}

#endif
