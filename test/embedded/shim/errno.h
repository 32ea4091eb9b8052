/* SPDX-License-Identifier: BSD-3-Clause */
/* Nothing here fails so that it would be told this way. */
#ifndef SHIM_ERRNO_H
#define SHIM_ERRNO_H

static int errno;

#endif
