/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked of the platform. Each returns how many things were not as they should be, and has printed them. */
#ifndef ASK_H
#define ASK_H

#include "link.h"

/* Who it is, its clocks and their rates, its sensors and their values. */
uint32_t ask_what_there_is(struct link *link);

/* Clocks that are set: the first that may be, and its notification where the link carries any. */
uint32_t ask_for_a_notification(struct link *link);

/* A sensor's value by a delayed response, where there is one that can be read so. */
uint32_t ask_for_a_delayed_response(struct link *link);

/* So many commands, one after the other; then as many, LINK_SLOTS at a time. */
uint32_t ask_often(struct link *link, uint32_t times);

/* So many commands, one after the other, from this core and from the second one at the same time. */
uint32_t ask_from_two_cores(struct link *link, uint32_t times);

/* LINK_SLOTS commands at a time for so long, by the port's clock. */
uint32_t ask_for_seconds(struct link *link, uint32_t seconds);

#endif
