/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What area.h compiles into its callers, as functions, for test_shmem_width.c. This file and the library's own are
 * compiled so that each access to memory calls the test first.
 */
#include "shmem_watched.h"

uint32_t watched_status(const struct scmi_shmem *a)
{
	return scmi__shmem_status(a, NULL);
}

void watched_give(const struct scmi_shmem *a, uint32_t status)
{
	scmi__shmem_give(a, NULL, status);
}

enum shmem_verdict watched_take(const struct scmi_shmem *a, struct shmem_message *m)
{
	return scmi__shmem_take(a, m);
}
