/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port to POSIX threads: the default on a hosted system.
 *
 * Events are a mutex, a condition and a flag; the clock is CLOCK_MONOTONIC, which on Linux stands still while the
 * system is suspended, and so do the time-outs. Mutexes inherit priority where the system can do that. relax() yields,
 * or sleeps 50 us in a thread that is scheduled by fixed priority, so that a thread of lower priority gets its turn.
 * Where there is more than one processor that is one of a thread's turns in 64; the others only pause.
 *
 * Contexts are threads. A signal handler is not one: no function of this port, nor of a library that uses it, may be
 * called from a signal handler. After fork() the child may only exec or exit.
 */
#ifndef SCMI_PORT_POSIX_H
#define SCMI_PORT_POSIX_H

#include <pthread.h>
#include <scmi/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The port's state, in the caller's memory. Must not move between init and fini. */
struct scmi_posix {
	pthread_mutex_t lock_;
};

/*
 * Makes a port and writes its table to *out, which may be copied; posix must outlive its use. Any number may exist at
 * once. Returns SCMI_OK; SCMI_E_INVAL (an argument is NULL) or SCMI_E_IO (the system has no mutex left), and *out is
 * untouched then. Context: thread.
 */
int scmi_posix_init(struct scmi_posix *posix, struct scmi_port *out);

/*
 * Ends the port: nobody uses its table any more, and all its events have been given back. May be initialised again.
 * Context: thread.
 */
void scmi_posix_fini(struct scmi_posix *posix);

#ifdef __cplusplus
}
#endif

#endif
