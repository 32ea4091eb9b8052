/* SPDX-License-Identifier: BSD-3-Clause */
/* The three functions that a freestanding compiler may call anyway, and that every target therefore has. */
#ifndef SCMI_WIRE_MEM_H
#define SCMI_WIRE_MEM_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

#endif
