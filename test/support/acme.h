/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The platform 'acme'/'interop' of the recordings in test/data: what a real Linux kernel was answered. Base 2.0, two
 * clocks and two temperature sensors, both protocols in version 1.0. One agent, without a name: only the platform itself
 * is to be discovered, as recorded. Freestanding, but for the libraries that it shows.
 */
#ifndef ACME_H
#define ACME_H

#include <stdatomic.h>
#include <stddef.h>

#include <scmi/platform.h>
#include <scmi/server/base.h>

#define ACME_CLOCKS  2u
#define ACME_SENSORS 2u
#define ACME_SERVERS 3u

struct acme {
	struct scmi_platform *platform;
	atomic_uint running[ACME_CLOCKS]; /* which clocks do */

	/* its own */
	struct scmi_base_model model;
	struct scmi_server base;
	struct scmi_server clock;
	struct scmi_server sensor;
	const struct scmi_server *servers[ACME_SERVERS];
	struct scmi_platform_agent agent;
	max_align_t memory[SCMI_PLATFORM_WORDS(1, ACME_SERVERS)];
};

/*
 * Makes the platform for one agent, reached through endpoint, and starts it. log may be NULL. Returns SCMI_OK, or what
 * scmi_platform_init() or scmi_platform_start() returned.
 */
int acme_open(struct acme *acme, const struct scmi_endpoint *endpoint, scmi_log_fn log, void *log_arg);

/* Stops it. Returns what scmi_platform_fini() returned. */
int acme_close(struct acme *acme);

#endif
