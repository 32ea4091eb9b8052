/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two roles that a process can play: a platform that listens, and an agent under load. Whoever has started it asks, on
 * its standard input, how it is, and is told on its standard output.
 */
#ifndef ROLES_H
#define ROLES_H

#include <stdint.h>

#include <scmi/scheme.h>

#define ROLE_AGENTS 2u

/* The protocol of the platform. */
#define TRY_PROTOCOL 0x80u
#define TRY_ECHO     3u /* brings back what it was sent */
#define TRY_LATER    4u /* the same, by a delayed response */
#define TRY_NOTIFY   5u /* notify_enable; then TRY_TOLD comes now and then */
#define TRY_TOLD     0u
#define TRY_BYTES    16u

/* Questions, a byte each. */
#define ASK_REPORT 'r'
#define ASK_END    'e'

struct report {
	uint64_t good;   /* calls that brought what they should */
	uint64_t later;  /* of these, by a delayed response */
	uint64_t events; /* notifications */
	uint64_t lost;   /* calls that ended with the peer */
	uint64_t bad;    /* calls that ended otherwise, or brought something else */
	int32_t bad_err; /* how the first of them ended */
	uint32_t fds;
	uint32_t maps;
	uint32_t spare;
};

/* Each with the URI of the link. */
int platform_role(const char *uri);
int agent_role(const char *uri);

/* The scheme of a URI, which is moved on to what stands behind the colon. NULL: of none that was built. */
const struct scmi_scheme *scheme_of(const char **uri);

/* Of this process. */
uint32_t count_fds(void);
uint32_t count_maps(void);

/* Waits ms for a question; 0: none came, -1: who asks has gone. */
int next_question(int ms);
void answer(struct report *r);

void nap_us(uint32_t us);

#endif
