/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two ends of the example have in common: memory. Between two cores it would be memory that both see. */
#ifndef LINK_H
#define LINK_H

#include <scmi/port.h>
#include <scmi/transport/mailbox.h>

/* Makes the platform over these areas and starts it. port must outlive it. An error of the library's. */
int platform_start(const struct scmi_port *port, const struct scmi_shmem areas[SCMI_MAILBOX_AREAS]);

/* Every tick: what takes the platform time goes on. */
void platform_tick(void);

#endif
