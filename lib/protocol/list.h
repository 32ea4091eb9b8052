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

/* The command that brings a list. */
struct list_kind {
	uint32_t command;        /* COMMAND() of two parameters, an id and the index; or of the index alone */
	uint32_t returned_mask;  /* of the count word */
	uint8_t remaining_shift; /* of the count word: what remains, up to bit 31 */
};

/* Where a list comes from, and where it is. On the stack of the _next() that reads it. */
struct list_source {
	const struct list_kind *kind;
	struct scmi_agent *agent;
	uint32_t owner;
	uint8_t *buf; /* takes a reply: the count word and elements, one of the largest at least */
	uint32_t cap;
	uint32_t room;     /* least that the next element takes; when it has been found, what there is from it on */
	const uint8_t *at; /* where it stands */
};

/*
 * Finds the next element: SCMI_OK, and from->at and room tell where it is. Asks the platform where it must.
 * SCMI_E_NOTFOUND: the list has ended. SCMI_E_PROTO: the reply contradicts itself, or ends inside the element. The
 * element is read when scmi__list_took() says so.
 *
 * Where an element's first bytes tell how long it is, and that is more than its room, a second call with that length as
 * room settles it: either the buffer ended there, and the element comes again, whole and to be looked at anew; or the
 * reply did.
 */
int scmi__list_next(struct scmi_list *list, struct list_source *from, int32_t *status);

/* The element was so many bytes long, which is not more than its room. */
void scmi__list_took(struct scmi_list *list, uint32_t bytes);

/* Nothing more is to be read, whatever the platform says. */
void scmi__list_finish(struct scmi_list *list);

#endif
