/* SPDX-License-Identifier: BSD-3-Clause */
/* The port to Cortex-M as it is, on the core of cortex_core.h, whose guard keeps the real one out. */
#include "cortex_core.h"

#include "../../lib/port/cortex_m/cortex_m.c" /* NOLINT(bugprone-suspicious-include) */
