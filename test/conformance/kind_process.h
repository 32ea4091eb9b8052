/* SPDX-License-Identifier: BSD-3-Clause */
/* The kinds whose two ends are two processes. */
#ifndef CONFORMANCE_KIND_PROCESS_H
#define CONFORMANCE_KIND_PROCESS_H

#include "suite.h"

extern const struct conf_kind conf_process_unix;
extern const struct conf_kind conf_process_shm;

#endif
