/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port to Linux: the POSIX port with other events and another relax().
 *
 * An event is one futex word: 4 bytes in place of about 100, and a signal that meets no sleeper is one atomic
 * instruction and no system call. relax() asks the kernel, whenever it does more than pause, how its thread is scheduled,
 * so that a change from outside (chrt) is noticed.
 *
 * What posix.h says of the clock, of priorities and of fork() holds here too. Signal handlers: the same, but that
 * event_signal() alone is async-signal-safe.
 */
#ifndef SCMI_PORT_LINUX_H
#define SCMI_PORT_LINUX_H

#include <scmi/port/posix.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The port's state, in the caller's memory. Must not move between init and fini. */
struct scmi_linux {
	struct scmi_posix posix_;
};

/*
 * Makes a port and writes its table to *out, which may be copied; port must outlive its use. Any number may exist at
 * once. Returns SCMI_OK; SCMI_E_INVAL (an argument is NULL) or SCMI_E_IO (no mutex left; or the kernel refuses futex
 * waits with an absolute deadline: a system call filter, or 32 bit and older than 5.1), and *out is untouched then.
 * Context: thread.
 */
int scmi_linux_init(struct scmi_linux *port, struct scmi_port *out);

/*
 * Ends the port: nobody uses its table any more, and all its events have been given back. May be initialised again.
 * Context: thread.
 */
void scmi_linux_fini(struct scmi_linux *port);

#ifdef __cplusplus
}
#endif

#endif
