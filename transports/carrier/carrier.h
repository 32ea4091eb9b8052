/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What carriers between processes on Linux share: sentences, descriptors, something to sleep on, keys of a URI, the
 * name of a socket.
 */
#ifndef SCMI_CARRIER_H
#define SCMI_CARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <scmi/errors.h>
#include <scmi/port.h>
#include <scmi/scheme.h>

/* Linux 6.16 knows it, C libraries may not yet. */
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

/* ---- sentences ---- */

/* Writes the sentence; returns err. */
__attribute__((format(printf, 3, 4))) int scmi__why(const struct scmi_why *why, int err, const char *format, ...);

/* ---- descriptors ---- */

/* Closes *fd if there is one; it is -1 then. */
void scmi__fd_close(int *fd);

/* An eventfd of our own: nothing blocks on it. Returns it, or -1. */
int scmi__event_open(void);

/* Adds one. False: neither added nor readable already. */
bool scmi__event_raise(int fd);

/* Reads it empty. */
void scmi__event_lower(int fd);

/*
 * A doorbell between two that do not trust each other: a pair of stream sockets, of which each has one end. To send
 * never waits, whatever becomes of the other end. False: nobody is there any more.
 */
bool scmi__bell_ring(int sock);

/* Takes what has been sent; of a flood a part, and it stays readable. False: the other end has been closed. */
bool scmi__bell_lower(int sock);

/*
 * Rings eventfds whose open files somebody else has as well, and never waits, whatever he does with them; where the
 * kernel cannot do that (without AIO) as well as it goes. Some microseconds each. Several contexts may ring at once.
 */
struct scmi__ringer {
	unsigned long aio; /* 0: the kernel cannot */
	int ready;         /* always readable; -1: it is not open */
};

/*
 * SCMI_OK, also where the kernel does not know how, or is told not to let us. SCMI_E_IO, with a sentence that begins
 * with the path, and it is not open: others have all that there is of it now. That may be the doing of whoever is to
 * be rung, so it is no reason to ring him in another way.
 */
int scmi__ringer_open(struct scmi__ringer *r, const char *path, const struct scmi_why *why);
void scmi__ringer_close(struct scmi__ringer *r);
void scmi__ringer_ring(const struct scmi__ringer *r, int fd);

/* Adds one as well as it goes where the kernel does not know how not to wait: a peer that is quick can make us wait. */
void scmi__write_if_room(int fd);

/*
 * Whether who is connected to this socket, or will be, can send descriptors over it; where the kernel knows that, else
 * they can.
 */
void scmi__want_descriptors(int sock, bool on);

/* Gives it so many bytes, all of which are there: memory without room would kill who touches it. */
bool scmi__fd_fill(int fd, uint32_t bytes);

/* By CLOCK_MONOTONIC. */
uint64_t scmi__now_us(void);

/* The same as of the last tick, in milliseconds: cheap enough for each poll. */
uint32_t scmi__tick_ms(void);

/* Waits for events of poll() on a descriptor, until the deadline. What poll() reports; 0: nothing came. */
short scmi__fd_await(int fd, short events, uint64_t deadline_us);

/* ---- something to sleep on: descriptors with a tag each, and a wake-up of its own ---- */

struct scmi__sleep {
	int epoll;
	int wake;
	int timer;         /* -1: there are no deadlines */
	uint64_t rings_us; /* when it does; 0: not yet set */
};

#define SLEEP_NONE ((struct scmi__sleep){.epoll = -1, .wake = -1, .timer = -1})
#define SLEEP_WAKE 0u /* the tag of the wake-up */

/* waits: there will be deadlines, not only 0 and SCMI_NEVER. SCMI_OK, or SCMI_E_IO with nothing kept. */
int scmi__sleep_open(struct scmi__sleep *s, bool waits);
void scmi__sleep_close(struct scmi__sleep *s);

/* events as epoll's; tag 1 to 30. SCMI_OK or SCMI_E_IO. */
int scmi__sleep_add(struct scmi__sleep *s, int fd, uint32_t events, uint32_t tag);
void scmi__sleep_remove(struct scmi__sleep *s, int fd);

/*
 * Sleeps until something has come or the deadline has; a bit for each tag that is ready. A signal ends it, too. One
 * context at a time. With deadline 0, which only looks: any number, where it was opened without waits; else who looks
 * could take what the timer has to tell the one that sleeps.
 */
uint32_t scmi__sleep(struct scmi__sleep *s, uint64_t deadline_us);
void scmi__sleep_wake(struct scmi__sleep *s);

/* ---- keys of a URI: "name=value,name=value" ---- */

struct scmi__key {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};

/*
 * Takes the next key off *rest, which is NULL behind the last. SCMI_OK; SCMI_E_NOTFOUND, there is none;
 * SCMI_E_INVAL with a sentence.
 */
int scmi__key_next(const char **rest, struct scmi__key *key, const struct scmi_why *why);

/* The same of a value that stands alone, as a path does: name is what sentences call it. */
int scmi__key_bare(const char **rest, const char *name, struct scmi__key *key, const struct scmi_why *why);
bool scmi__key_is(const struct scmi__key *key, const char *name);

/* Its value as a number: decimal, or hexadecimal behind 0x; octal: octal. SCMI_OK or SCMI_E_INVAL with a sentence. */
int scmi__key_number(const struct scmi__key *key, uint32_t min, uint32_t max, uint32_t *out,
		     const struct scmi_why *why);
int scmi__key_octal(const struct scmi__key *key, uint32_t max, uint32_t *out, const struct scmi_why *why);

/* Likewise as a mask, of bits that are known. */
int scmi__key_mask(const struct scmi__key *key, uint64_t known, uint64_t *out, const struct scmi_why *why);

/* "M:O" or "M:O:L", n numbers into out[]. Likewise. */
int scmi__key_numbers(const struct scmi__key *key, uint32_t *out, size_t n, const struct scmi_why *why);

/* Its value as text in room bytes; not empty. Likewise. */
int scmi__key_text(const struct scmi__key *key, char *out, size_t room, const struct scmi_why *why);

/* Which of n names it is, each once: *had remembers. -1: none, or again. */
int scmi__key_of(const struct scmi__key *key, const char *const *names, size_t n, uint32_t *had);

/* For an agent, which takes no key but the first: SCMI_OK if *rest is at its end, else SCMI_E_INVAL with a sentence. */
int scmi__key_none(const char **rest, const struct scmi_why *why);

/* "name=value: what is wanted". SCMI_E_INVAL. */
int scmi__key_bad(const struct scmi__key *key, const struct scmi_why *why, const char *wanted);

/* What the two sides say of one key that they do not have, or have twice. SCMI_E_INVAL. */
int scmi__key_unknown(const struct scmi__key *key, const struct scmi_why *why);

/* ---- the name of a socket, where a platform is found ---- */

#define SCMI__NAME_ROOM sizeof(((struct sockaddr_un *)0)->sun_path)

struct scmi__name {
	const char *label; /* what sentences put in front of the path: "unix=" */
	int type;          /* SOCK_SEQPACKET or SOCK_STREAM */
	bool takes_fds;    /* peers send descriptors; where they do not, none is let through if the kernel can tell */
	char path[SCMI__NAME_ROOM];
	uint64_t dev;
	uint64_t ino;
};

/*
 * Binds and listens; nobody ever finds a socket there that does not listen, and a dead one's name is taken over.
 * SCMI_OK; SCMI_E_BUSY, a platform lives there; SCMI_E_INVAL, SCMI_E_IO; each with a sentence.
 */
int scmi__name_take(struct scmi__name *name, uint32_t mode, int *sock, const struct scmi_why *why);

/* Takes the name away, if it is still this one's. */
void scmi__name_leave(const struct scmi__name *name);

/* Whether who has connected may be let in: root, ourselves, and the user that was named, if one was. */
bool scmi__name_lets_in(int sock, bool has_uid, uint32_t uid);

/*
 * Whether what comes over a stream socket says who has sent it. Who has connected, or listened, is another question: he
 * may have handed the socket over. What was sent while both ends had it off says nothing.
 */
void scmi__want_senders(int sock, bool on);

#define SCMI__NO_USER UINT32_MAX

/* Who has sent what a control message of SCM_CREDENTIALS came with, as it was then; SCMI__NO_USER: it does not say. */
uint32_t scmi__sender(const struct cmsghdr *c);

/* Whether that is our own user, who may stop this process anyway. Root is so for itself alone. */
bool scmi__user_is_ours(uint32_t user);

#endif
