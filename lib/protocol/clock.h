/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the clock protocol share. */
#ifndef SCMI_PROTOCOL_CLOCK_INTERNAL_H
#define SCMI_PROTOCOL_CLOCK_INTERNAL_H

#include <scmi/protocol/clock.h>

#include "words.h"

#define CLOCK(message, params) COMMAND(SCMI_PROTOCOL_CLOCK, message, params)

#endif
