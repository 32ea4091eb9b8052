/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/transport/smc.h>
