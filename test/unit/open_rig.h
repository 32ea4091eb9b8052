/* SPDX-License-Identifier: BSD-3-Clause */
/* Of the tests of open.h: a scheme whose links answer each command with one word, or fail where they should. */
#ifndef OPEN_RIG_H
#define OPEN_RIG_H

#include <stdbool.h>

#include <scmi/open.h>

#define ANSWER 0x20001u

struct open_fake {
	char rest[128]; /* as it was handed over last */
	int open_err;
	int open_tries; /* that fail before one succeeds, with open_err; -1: all */
	int start_err;
	int start_tries;
	bool goes_down; /* start() tells that nobody is there, and succeeds */
	bool mute;      /* no sentence */
	const char *reason;
	bool broken; /* the transport has no name for its table */
	unsigned opened;
	unsigned closed;
	unsigned starts; /* that succeeded */
	unsigned stops;
	unsigned looks;                  /* open() and start(), whatever came of them */
	struct scmi_agent *close_inside; /* by the next answer */
	struct end {
		const struct scmi_sink *sink;
		void *core;
	} ends[8]; /* a link each */
};

extern struct open_fake fake;
extern char sentence[160]; /* where config_of() has it written */

/* With the scheme "fake:", and "shut:", which can do nothing. */
struct scmi_open_config config_of(void);

/* For cmocka: begins anew. */
int setup(void **state);

#endif
