/* SPDX-License-Identifier: BSD-3-Clause */
/* What both ends of a mailbox check of their configurations: a sentence that names the fault, or NULL. */
#ifndef SCMI_MAILBOX_CHECK_H
#define SCMI_MAILBOX_CHECK_H

#include <stdbool.h>

#include <scmi/transport/mailbox.h>

const char *scmi__mailbox_bell_fault(const struct scmi_mailbox_doorbell *bell);
/* areas: SCMI_MAILBOX_AREAS of them. */
const char *scmi__mailbox_areas_fault(const struct scmi_shmem *areas, const struct scmi_port *port);

static inline bool mailbox_area_is_there(const struct scmi_shmem *area)
{
	return area->mem != NULL || area->len != 0;
}

#endif
