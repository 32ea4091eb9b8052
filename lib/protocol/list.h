/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the lists that come in parts: the command carries an index, the reply how many it returns and how many remain.
 */
#ifndef SCMI_PROTOCOL_LIST_H
#define SCMI_PROTOCOL_LIST_H

#include <stdbool.h>

#include <scmi/protocol/common.h>

#include "words.h"

/* Most elements that a list has: the widest field for what remains. */
#define LIST_MAX 0xffffu

/* Where a list comes from. On the stack of the _next() that reads it. */
struct list_source {
	struct scmi_agent *agent;
	uint8_t protocol;
	uint8_t message;
	uint8_t remaining_shift; /* of the count word: what remains, up to bit 31 */
	uint8_t has_owner;       /* an id goes before the index */
	uint32_t returned_mask;  /* of the count word */
	uint32_t owner;
	uint8_t *buf; /* takes a reply: the count word and elements, one of the largest at least */
	uint32_t cap;
};

/*
 * Finds the next element: SCMI_OK, *at points to it and *room is how many bytes stand there, least at least. Asks the
 * platform where it must. SCMI_E_NOTFOUND: the list has ended. SCMI_E_PROTO: the reply contradicts itself, or ends
 * inside the element. The element is read when scmi__list_took() says so.
 *
 * Where an element's first bytes tell how long it is, and that is more than its room, a second call with that length as
 * least settles it: either the buffer ended there, and the element comes again, whole and to be looked at anew; or the
 * reply did.
 */
int scmi__list_next(struct scmi_list *list, const struct list_source *from, uint32_t least, const uint8_t **at,
		    uint32_t *room, int32_t *status);

/* The element was so many bytes long, which is not more than its room. */
void scmi__list_took(struct scmi_list *list, uint32_t bytes);

/* Nothing more is to be read, whatever the platform says. */
void scmi__list_finish(struct scmi_list *list);

#endif
