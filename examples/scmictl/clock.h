/* SPDX-License-Identifier: BSD-3-Clause */
/* What the commands about clocks share. */
#ifndef SCMICTL_CLOCK_H
#define SCMICTL_CLOCK_H

#include <scmi/protocol/clock.h>

#include "scmictl.h"

/* The rates of a clock: each one, or a range as the only one. Zero is none. */
struct rates {
	struct scmi_clock_rate *items;
	size_t n;
};

/* Tells by itself what went wrong. */
enum outcome clock_open(struct session *s, struct scmi_clock_protocol *p);

/* The clock that a word names, by id or by name. */
enum outcome clock_find(struct session *s, const struct scmi_clock_protocol *p, const char *word, uint32_t *id);

/* Reads them all; rates_free() takes them in every case. Returns as scmi_clock_rates_next(), but SCMI_OK at the end. */
int rates_read(const struct scmi_clock_protocol *p, uint32_t id, struct rates *rates, int32_t *status);
void rates_free(struct rates *rates);

/* For people: all if they are few. */
#define RATES_TEXT 200u
const char *rates_text(char text[RATES_TEXT], const struct rates *rates);

/* An array of Hz, or an object with min, max and step. */
void json_rates(const char *key, const struct rates *rates);

#endif
