/* SPDX-License-Identifier: BSD-3-Clause */
/* What another process holds, as /proc tells. */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Under a sanitizer memory and mappings are its own affair. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PROC_EXACT false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PROC_EXACT false
#endif
#endif
#ifndef PROC_EXACT
#define PROC_EXACT true
#endif

struct held {
	uint32_t fds;
	uint32_t maps;
	uint32_t rss_kib;
};

struct held proc_held(pid_t pid);

/* As many descriptors and, where that can be told, mappings. */
bool proc_same(const struct held *a, const struct held *b);

/* Processor time that it has had, in ticks. */
uint64_t proc_ticks(pid_t pid);

#endif
