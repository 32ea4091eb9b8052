/* SPDX-License-Identifier: BSD-3-Clause */
/* A UIO device, apart from how it is found: so a test can put descriptors of its own in its place. */
#ifndef SCMI_MAILBOX_LINUX_UIO_H
#define SCMI_MAILBOX_LINUX_UIO_H

#include "internal.h"

struct scmi_mailbox_uio;

/*
 * As scmi_mailbox_uio_open(), of a device that is open already: fd counts interrupts, and maps map M at M pages. sysfs:
 * the folder that holds its "maps". fd is taken over if it succeeds, else left.
 */
int scmi__uio_take(struct scmi_mailbox_uio **uio, const struct scmi_mailbox_uio_config *config, int fd, int maps_fd,
		   const char *sysfs, struct scmi_mailbox_doorbell *doorbell,
		   struct scmi_shmem areas[SCMI_MAILBOX_AREAS], const struct scmi_why *why);

#endif
