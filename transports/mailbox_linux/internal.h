/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this folder share: sentences, descriptors, something to sleep on, a futex word, keys of a URI. */
#ifndef SCMI_MAILBOX_LINUX_INTERNAL_H
#define SCMI_MAILBOX_LINUX_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <scmi/transport/mailbox_linux.h>

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
};

#define SLEEP_WAKE 0u /* the tag of the wake-up */

/* SCMI_OK, or SCMI_E_IO with nothing kept. */
int scmi__sleep_open(struct scmi__sleep *s);
void scmi__sleep_close(struct scmi__sleep *s);

/* events as epoll's; tag 1 to 31. SCMI_OK or SCMI_E_IO. */
int scmi__sleep_add(struct scmi__sleep *s, int fd, uint32_t events, uint32_t tag);
void scmi__sleep_remove(struct scmi__sleep *s, int fd);

/* Sleeps until something has come or the deadline has; a bit for each tag that is ready. A signal ends it, too. */
uint32_t scmi__sleep(struct scmi__sleep *s, uint64_t deadline_us);
void scmi__sleep_wake(struct scmi__sleep *s);

/* ---- a futex word in shared memory: bit 0 says that somebody sleeps on it, the rest counts ---- */

static inline _Atomic uint32_t *scmi__shared_word(uint32_t *word)
{
	return (_Atomic uint32_t *)(void *)word;
}

/* Counts, and wakes who sleeps. */
void scmi__futex_ring(_Atomic uint32_t *word);

/* The count, as futex_wait() wants it. */
uint32_t scmi__futex_count(_Atomic uint32_t *word);

/*
 * Sleeps while the count is *seen and *woken is 0, until the deadline. Returns whether it has counted; *seen is what it
 * is now. Who sets *woken rings the word then.
 */
bool scmi__futex_wait(_Atomic uint32_t *word, uint32_t *seen, _Atomic uint32_t *woken, uint64_t deadline_us);

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
bool scmi__key_is(const struct scmi__key *key, const char *name);

/* Its value as a number: decimal, or hexadecimal behind 0x; octal: octal. SCMI_OK or SCMI_E_INVAL with a sentence. */
int scmi__key_number(const struct scmi__key *key, uint32_t min, uint32_t max, uint32_t *out,
		     const struct scmi_why *why);
int scmi__key_octal(const struct scmi__key *key, uint32_t max, uint32_t *out, const struct scmi_why *why);

/* "M:O" or "M:O:L", n numbers into out[]. Likewise. */
int scmi__key_numbers(const struct scmi__key *key, uint32_t *out, size_t n, const struct scmi_why *why);

/* The size of an area, for the platform's side. Likewise. */
int scmi__key_area(const struct scmi__key *key, uint32_t *out, const struct scmi_why *why);

/* Its value as text in room bytes; not empty. Likewise. */
int scmi__key_text(const struct scmi__key *key, char *out, size_t room, const struct scmi_why *why);

/* Which of n names it is, each once: *had remembers. -1: none, or again. */
int scmi__key_of(const struct scmi__key *key, const char *const *names, size_t n, uint32_t *had);

/* For an agent, which takes no key but the first: SCMI_OK if *rest is at its end, else SCMI_E_INVAL with a sentence. */
int scmi__key_none(const char **rest, const struct scmi_why *why);

/* What the two sides say of one key that they do not have, or have twice. SCMI_E_INVAL. */
int scmi__key_unknown(const struct scmi__key *key, const struct scmi_why *why);

/* ---- the ways between processes ---- */

/* What every link and every listener begins with. */
struct scmi__way {
	const char *key; /* "unix" */
	int (*open)(void **link, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
		    const struct scmi_why *why);
	void (*close)(void *link);
	/* NULL: agents only */
	int (*listen)(void **listener, const char *rest, const struct scmi_port *port, const struct scmi_why *why);
	uint32_t (*agents)(const void *listener);
	const struct scmi_endpoint *(*endpoint)(const void *listener, uint32_t i);
	int (*run)(void *listener);
	void (*end)(void *listener);
	void (*unlisten)(void *listener);
};

extern const struct scmi__way scmi__way_unix;
extern const struct scmi__way scmi__way_shm;
extern const struct scmi__way scmi__way_uio;

/* How long an agent waits for a platform that is there to take it in: at first, and when it comes back by a poll. */
#define WELCOME_US 2000000u
#define RETURN_US  150000u

/* How long between processes a reply is waited for, if the agent says nothing else. */
#define REPLY_US 1000000u

/* An end that sleeps looks this often whether the other one lives, where nothing else tells. */
#define LOOK_AGAIN_US 100000u

#endif
