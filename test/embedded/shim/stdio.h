/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SHIM_STDIO_H
#define SHIM_STDIO_H

#include <stddef.h>

/* %s, %d, %u and %x without more. */
int snprintf(char *to, size_t size, const char *format, ...);

#endif
