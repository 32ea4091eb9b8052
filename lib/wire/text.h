/* SPDX-License-Identifier: BSD-3-Clause */
/* A bounded writer of text, for log lines and trace lines where there is no printf. */
#ifndef SCMI_WIRE_TEXT_H
#define SCMI_WIRE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Text that grows at its end and is terminated after each step, so buf may be used at any time. What does not fit is
 * left out but counted: len is the length that the whole text has, as snprintf tells it.
 */
struct scmi__text {
	char *buf;
	size_t cap;
	size_t len;
};

/* Begins an empty text in cap bytes at buf; cap 0 only counts. */
void scmi__text_init(struct scmi__text *t, char *buf, size_t cap);

void scmi__text_str(struct scmi__text *t, const char *s);
void scmi__text_u32(struct scmi__text *t, uint32_t v);

/* 0x and v in hexadecimal, with leading zeros up to that many digits, 1 to 8. */
void scmi__text_hex(struct scmi__text *t, uint32_t v, unsigned digits);

#endif
