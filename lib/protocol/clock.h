/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the clock protocol share. */
#ifndef SCMI_PROTOCOL_CLOCK_INTERNAL_H
#define SCMI_PROTOCOL_CLOCK_INTERNAL_H

#include <scmi/protocol/clock.h>

#include "words.h"

/*
 * Sends one command with n words, WORDS_MAX at most; cap bytes of values go to reply. On SCMI_OK *len, unless NULL, is
 * how many there were, which may be more. Otherwise as a typed command.
 */
int scmi__clock_ask(const struct scmi_clock_protocol *p, uint8_t message, const uint32_t *words, uint32_t n,
		    void *reply, uint32_t cap, uint32_t *len, int32_t *status);

#endif
