/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults in a front end's memory. Whoever has the file can cut it short while we use it, and what kind of file it is
 * says little about whether a page can be had: so every range is guarded.
 *
 * A signal has one handler for the whole process; this is the one place with state that is the process's. The handler
 * takes no lock: it walks a list that only grows. A node that is free again has start 0. Who adds or removes holds the
 * mutex; what a handler needs is the node of the range that its thread uses, and that one does not change meanwhile.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memory.h"

#define REPLACED_MOST 64u /* times; several threads may run into the same hole at once */

struct vu_guarded {
	_Atomic uintptr_t start; /* 0: free */
	_Atomic size_t len;
	_Atomic uint32_t replaced; /* times */
	_Atomic(_Atomic uint32_t *) torn;
	struct vu_guarded *next; /* constant when it can be seen */
};

_Static_assert(ATOMIC_POINTER_LOCK_FREE == 2, "a handler takes no lock");

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct vu_guarded *) all;
static bool installed;
static struct sigaction before;

/* ---- the handler's ---- */

/*
 * Memory that is paid for when it is touched. Anonymous memory is paid for at once where the system promises no more
 * than it has (vm.overcommit_memory=2), which it may refuse, or where its amount is limited (RLIMIT_DATA). System calls
 * only: this is a handler's.
 */
static bool put_file(void *start, size_t len)
{
	const int fd = (int)syscall(SYS_memfd_create, "scmi-torn", MFD_CLOEXEC);
	bool is_there;

	if (fd < 0)
		return false;
	is_there = ftruncate(fd, (off_t)len) == 0 &&
		   mmap(start, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED;
	(void)close(fd);
	return is_there;
}

static bool put_nothing(void *start, size_t len)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;

	return mmap(start, len, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED || put_file(start, len);
}

/* Start is looked at on both sides: a node that another one takes meanwhile is not taken for its old self. */
static bool replace(struct vu_guarded *g, uintptr_t fault)
{
	const uintptr_t start = atomic_load(&g->start);
	const size_t len = atomic_load(&g->len);
	_Atomic uint32_t *torn = atomic_load(&g->torn);

	if (start == 0 || fault < start || fault - start >= len || atomic_load(&g->start) != start)
		return false;
	/* Where even what is put there has no page to give this must not go on for ever. */
	if (atomic_fetch_add(&g->replaced, 1u) >= REPLACED_MOST)
		return false;
	/* All of it, so that one fault is the last one there. NOLINTNEXTLINE(performance-no-int-to-ptr) */
	if (!put_nothing((void *)start, len))
		return false;
	atomic_store(torn, 1u);
	return true;
}

/* As if we were not there. Sent by somebody, it does not come again by itself, as a fault does. */
static void pass_on(int sig, siginfo_t *info, void *context)
{
	const bool sent = info->si_code <= 0;

	if ((before.sa_flags & SA_SIGINFO) != 0) {
		before.sa_sigaction(sig, info, context);
	} else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
		before.sa_handler(sig);
	} else if (before.sa_handler == SIG_DFL || !sent) {
		signal(sig, SIG_DFL);
		if (sent)
			raise(sig);
	}
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	const int saved = errno;
	bool done = false;

	if (info->si_code > 0) {
		for (struct vu_guarded *g = atomic_load(&all); g != NULL && !done; g = g->next)
			done = replace(g, (uintptr_t)info->si_addr);
	}
	if (!done)
		pass_on(sig, info, context);
	errno = saved;
}

/* ---- everybody else's ---- */

static bool install(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};

	sigemptyset(&action.sa_mask);
	/* Before is read first: the handler may run as soon as it is there. */
	return sigaction(SIGBUS, NULL, &before) == 0 && sigaction(SIGBUS, &action, NULL) == 0;
}

int scmi__vu_guard(void)
{
	sigset_t bus;
	bool is_there;

	sigemptyset(&bus);
	sigaddset(&bus, SIGBUS);
	pthread_mutex_lock(&mutex);
	installed = installed || install();
	is_there = installed;
	pthread_mutex_unlock(&mutex);
	return is_there && pthread_sigmask(SIG_UNBLOCK, &bus, NULL) == 0 ? SCMI_OK : SCMI_E_IO;
}

/* A free one, or a new one; they are few, and kept. */
static struct vu_guarded *find_free(void)
{
	struct vu_guarded *g = atomic_load(&all);

	while (g != NULL && atomic_load(&g->start) != 0)
		g = g->next;
	if (g != NULL)
		return g;
	g = calloc(1, sizeof(*g));
	if (g != NULL) {
		g->next = atomic_load(&all);
		atomic_store(&all, g);
	}
	return g;
}

struct vu_guarded *scmi__vu_guard_add(void *base, size_t len, _Atomic uint32_t *torn)
{
	struct vu_guarded *g;

	pthread_mutex_lock(&mutex);
	g = find_free();
	if (g != NULL) {
		atomic_store(&g->len, len);
		atomic_store(&g->torn, torn);
		atomic_store(&g->replaced, 0u);
		atomic_store(&g->start, (uintptr_t)base);
	}
	pthread_mutex_unlock(&mutex);
	return g;
}

void scmi__vu_guard_remove(struct vu_guarded *g)
{
	if (g == NULL)
		return;
	pthread_mutex_lock(&mutex);
	atomic_store(&g->start, 0);
	pthread_mutex_unlock(&mutex);
}
