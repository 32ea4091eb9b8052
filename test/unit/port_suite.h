/* SPDX-License-Identifier: BSD-3-Clause */
/* What every port must do, whatever it stands on: one suite, run by each port's own test program. */
#ifndef PORT_SUITE_H
#define PORT_SUITE_H

#include <stdbool.h>
#include <scmi/port.h>

struct port_fixture {
	const char *name;
	int (*make)(struct scmi_port *out); /* a fresh port; what init returned */
	void (*drop)(void);                 /* ends it; NULL: nothing to do */

	/*
	 * Lets `act` run once in another context: as soon as this one sleeps or relaxes, or any time before. join
	 * returns when it has run. Both NULL on a port with threads: the suite starts one.
	 */
	void (*other)(void (*act)(void *arg), void *arg);
	void (*join)(void);
};

/* Runs all cases, those with several threads only without `other`. Returns the number that failed. */
int port_suite(const struct port_fixture *fixture);

#endif
