/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * There are no threads: a test that starts one is skipped there and then, and counted. A mutex masks all interrupts, for
 * the other contexts that might hold it are their handlers.
 */
#ifndef SHIM_PTHREAD_H
#define SHIM_PTHREAD_H

#include <cmocka.h>

typedef int pthread_t;
typedef int pthread_mutex_t;
typedef int pthread_cond_t;

#define PTHREAD_MUTEX_INITIALIZER 0

void shim_mask(void);
void shim_unmask(void);

static inline int pthread_mutex_init(pthread_mutex_t *m, const void *attributes)
{
	(void)attributes;
	*m = 0;
	return 0;
}

static inline int pthread_mutex_destroy(pthread_mutex_t *m)
{
	(void)m;
	return 0;
}

static inline int pthread_mutex_lock(pthread_mutex_t *m)
{
	(void)m;
	shim_mask();
	return 0;
}

static inline int pthread_mutex_unlock(pthread_mutex_t *m)
{
	(void)m;
	shim_unmask();
	return 0;
}

static inline int pthread_create(pthread_t *t, const void *attributes, void *(*run)(void *), void *arg)
{
	(void)t;
	(void)attributes;
	(void)run;
	(void)arg;
	shim_skip(true);
}

static inline int pthread_join(pthread_t t, void **result)
{
	(void)t;
	(void)result;
	return 0;
}

static inline int pthread_cond_init(pthread_cond_t *c, const void *attributes)
{
	(void)c;
	(void)attributes;
	return 0;
}

static inline int pthread_cond_destroy(pthread_cond_t *c)
{
	(void)c;
	return 0;
}

static inline int pthread_cond_broadcast(pthread_cond_t *c)
{
	(void)c;
	return 0;
}

static inline int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	(void)c;
	(void)m;
	shim_fail("a wait for a thread", __FILE__, __LINE__);
}

#endif
