/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files behind open.h share: a URI taken apart, sentences, time. */
#ifndef SCMI_HOSTED_SCHEME_H
#define SCMI_HOSTED_SCHEME_H

#include <stdbool.h>

#include <scmi/open.h>

/* Writes what has gone wrong, where somebody wants to know. */
void scmi__tell_why(const struct scmi_why *why, const char *format, ...)
#ifdef __GNUC__
	__attribute__((format(printf, 2, 3)))
#endif
	;

/*
 * Room for the sentence of a function that is tried, perhaps again and again: what it said last is handed on if it
 * failed, and the library's own sentence where it has said nothing.
 */
#define SCMI__WHY_BYTES 512u
struct scmi__reason {
	char text[SCMI__WHY_BYTES];
	struct scmi_why why; /* for the function */
};
void scmi__reason_begin(struct scmi__reason *r);
int scmi__reason_end(const struct scmi__reason *r, int err, const struct scmi_why *why); /* returns err */

/* Number i of the library's own schemes; NULL behind the last one. */
const struct scmi_scheme *scmi__own_scheme(uint32_t i);

/* What of a URI is the same everywhere, as bits of `given`. */
enum scmi__key { SCMI__WAIT, SCMI__RECONNECT, SCMI__TIMEOUT, SCMI__KEYS };

struct scmi__uri {
	const struct scmi_scheme *scheme;
	char *rest; /* what is the scheme's own; from the heap */
	uint32_t given;
	uint32_t value[SCMI__KEYS]; /* seconds, then milliseconds */
};

/*
 * Takes it apart. agent: for an agent's link; else these keys are refused. SCMI_OK, to be given to scmi__uri_free();
 * SCMI_E_INVAL, SCMI_E_NOTFOUND, SCMI_E_NOTSUP, SCMI_E_NOMEM, each with a sentence. config may be NULL.
 */
int scmi__uri_read(struct scmi__uri *uri, const char *text, const struct scmi_open_config *config, bool agent,
		   const struct scmi_why *why);
void scmi__uri_free(struct scmi__uri *uri);

/* When to look for the peer no longer; 0 where the URI does not ask for that. */
uint64_t scmi__uri_until_us(const struct scmi__uri *uri, const struct scmi_port *port);

/* Before another try: sleeps a little. Returns whether there is to be one. */
bool scmi__try_again(const struct scmi_port *port, uint64_t until_us);

/* Opens a link of that URI, and looks for the peer until then where the scheme does so. */
int scmi__link_make(struct scmi_hosted_link **link, const struct scmi__uri *uri, const struct scmi_port *port,
		    uint64_t until_us, struct scmi_transport *transport, const struct scmi_why *why);

/* Tells why a start has failed with err, which it returns: the scheme's sentence, or the library's own. */
int scmi__link_refuse(const struct scmi_hosted_link *link, int err, const struct scmi_why *why);

/* The system's own port: sysport.c. */
struct scmi__sysport;

/* *port lives as long as it. SCMI_OK, SCMI_E_NOTSUP, SCMI_E_NOMEM, SCMI_E_IO. */
int scmi__sysport_open(struct scmi__sysport **system, const struct scmi_port **port);
void scmi__sysport_close(struct scmi__sysport *system);

#endif
