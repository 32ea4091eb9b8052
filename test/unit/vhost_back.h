/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A back end of vhost-user for one front end at a time, on a thread of its own: it offers what the test says, makes
 * trouble where the test says, and serves rings with code that is not the library's. It is strict: a front end that
 * breaks a rule of the protocol ends the test program.
 */
#ifndef VHOST_BACK_H
#define VHOST_BACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../transports/vhost_user/wire.h"

struct back;

struct back_offer {
	uint64_t features; /* those of vhost-user too */
	uint64_t protocol;
	uint64_t queues;
};

/* What a good one offers: all that the library knows. */
extern const struct back_offer back_offers_all;

/* What it does in place of a reply. */
enum back_trouble {
	BACK_GOOD,
	BACK_DIES,        /* closes the connection */
	BACK_DIES_BEFORE, /* before it has even read that */
	BACK_SILENT,
	BACK_HALF,      /* sends a part of it, and no more */
	BACK_HALF_DIES, /* and goes */
	BACK_OTHER,     /* of another request */
	BACK_REQUEST,   /* without the flag of a reply */
	BACK_ASKS,      /* that wants a reply */
	BACK_VERSION,   /* of version 2 */
	BACK_FLAGS,     /* with a flag that nobody knows */
	BACK_SHORT,     /* 4 bytes less */
	BACK_LONG,      /* 8 bytes more */
	BACK_EMPTY,     /* no bytes */
	BACK_HUGE,      /* more than any message has */
	BACK_TWICE,     /* and once more */
	BACK_REFUSES,   /* an acknowledgement that says no */
	BACK_TROUBLES,
};

/* A thread that listens at the path; the file is its own. */
struct back *back_open(const char *path, const struct back_offer *offer);
void back_close(struct back *b);

/* From the next connection on. */
void back_offer(struct back *b, const struct back_offer *offer);

/* From the next connection on nobody listens while it is served, nor for a moment after it. */
void back_serve_alone(struct back *b);

/* At each such request from now on; request 0: nowhere. */
void back_trouble(struct back *b, uint32_t request, enum back_trouble trouble);

/* Commands are kept and not answered; false: those that are kept are answered, the last first. */
void back_hold(struct back *b, bool holds);

/* Waits until so many are kept. */
void back_await_held(struct back *b, uint32_t n);

/* Closes the connection, if there is one; says something that nobody has asked for. */
void back_drop(struct back *b);
void back_speak(struct back *b);

/* Sends a notification with that header in the last buffer that was offered; false: there is none. */
bool back_notify(struct back *b, uint32_t hdr);

/* Signals so many times, for nothing. */
void back_ring(struct back *b, uint32_t n);

/* From now on another user serves, of whom nobody was when it listened. For root. */
void back_become(struct back *b, uid_t uid);

/*
 * Fills the doorbell of the cmdq, makes it one that waits, and hears nothing; false: empties it, and hears what has come.
 */
void back_stop_up(struct back *b, bool on);

/* A used index that cannot be, and a signal. */
void back_lie(struct back *b);

/*
 * Keeps the memory that it is shown first, and the doorbells, whatever happens. scribble: writes all over what was kept,
 * signals there, and tells whether it is the memory of now, or the doorbell.
 */
void back_keep_memory(struct back *b);
bool back_scribble(struct back *b);

/* The requests since the last call, by their names in short, parted by blanks: "GET_FEATURES SET_OWNER". */
const char *back_log(struct back *b);
uint32_t back_connections(struct back *b);
uint32_t back_signals(struct back *b);
uint64_t back_features(struct back *b); /* negotiated */
bool back_is_connected(struct back *b);

#endif
