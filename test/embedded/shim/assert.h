/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SHIM_ASSERT_H
#define SHIM_ASSERT_H

#include <cmocka.h>

#define assert(x) SHIM_TRUE(x, #x)

#endif
