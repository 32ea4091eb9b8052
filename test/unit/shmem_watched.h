/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SHMEM_WATCHED_H
#define SHMEM_WATCHED_H

#include "../../transports/shmem/area.h"

uint32_t watched_status(const struct scmi_shmem *a);
void watched_give(const struct scmi_shmem *a, uint32_t status);
enum shmem_verdict watched_take(const struct scmi_shmem *a, struct shmem_message *m);

/* What memcpy() is in the watched files. */
void *watched_memcpy(void *restrict dst, const void *restrict src, size_t n);

#endif
