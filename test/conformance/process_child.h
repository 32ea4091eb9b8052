/* SPDX-License-Identifier: BSD-3-Clause */
/* A platform in a process of its own, as the suite sees it. */
#ifndef CONFORMANCE_PROCESS_CHILD_H
#define CONFORMANCE_PROCESS_CHILD_H

#include <pthread.h>

#include "process_words.h"

struct process_child {
	pthread_mutex_t lock;  /* who asks has it until he has his answer */
	_Atomic uint32_t life; /* how many there have been */
	pid_t pid;
	int ask;
	int told; /* where it tells of requests */
};

void process_child_init(struct process_child *c);
void process_child_fini(struct process_child *c);

/* Starts it, to listen there, and waits until it does. False: it could not. */
bool process_child_start(struct process_child *c, const char *rest);

/* Asks, and puts the answer in the question's place. False: it, of that life, is not there any more. Context: any. */
bool process_child_ask(struct process_child *c, uint32_t life, struct process_message *m);

/* Kills it, in the middle of whatever it does. */
void process_child_kill(struct process_child *c);

/* Waits for its end. Whether that was one by itself, and in order. */
bool process_child_wait(struct process_child *c);

/* When nobody hears it any more. */
void process_child_close(struct process_child *c);

#endif
