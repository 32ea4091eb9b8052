/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the suite and a platform in a process of its own: what the two say to each other, beside the transport, over
 * two sockets. On one the suite asks and the platform answers; on the other the platform tells of a request, and the
 * suite says what is to become of it. Each message is one packet.
 */
#ifndef CONFORMANCE_PROCESS_WORDS_H
#define CONFORMANCE_PROCESS_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define PROCESS_PROGRAM "conformance_platform" /* beside the suite's own */
#define PROCESS_ASKS    3                      /* the platform's end of the first socket */
#define PROCESS_TELLS   4                      /* and of the second */
#define PROCESS_BYTES   260u

enum process_word {
	PROCESS_READY,  /* the platform's, unasked: it listens */
	PROCESS_CAME,   /* the platform's: a request; answered by VERDICT */
	PROCESS_ANSWER, /* to a request that was left for later */
	PROCESS_PUSH,   /* a message of the platform's own */
	PROCESS_AWAY,   /* how many requests are open */
	PROCESS_END,    /* in order; with a request open it cannot */
	PROCESS_VERDICT,
};

struct process_message {
	uint32_t word; /* enum process_word; in an answer that of the question */
	uint32_t id;   /* of a request */
	uint32_t hdr;
	uint32_t
		len; /* of bytes; of an answer to a request, SCMI_REPLY_NONE and, in a verdict, SCMI_REPLY_LATER, too */
	uint32_t cap; /* CAME: room for the answer */
	int32_t err;  /* AWAY, END: how many are open */
	unsigned char bytes[PROCESS_BYTES];
};

static inline bool process_say(int sock, const struct process_message *m)
{
	return send(sock, m, sizeof(*m), MSG_NOSIGNAL) == (ssize_t)sizeof(*m);
}

/* False: the other end has gone. */
static inline bool process_hear(int sock, struct process_message *m)
{
	return recv(sock, m, sizeof(*m), MSG_WAITALL) == (ssize_t)sizeof(*m);
}

#endif
