/* SPDX-License-Identifier: BSD-3-Clause */
/* "vhost-user:PATH" for agents: the agent's side of the scheme. */
#ifndef SCMI_VHOST_USER_FRONT_H
#define SCMI_VHOST_USER_FRONT_H

#include <scmi/port.h>
#include <scmi/scheme.h>
#include <scmi/transport.h>

/* As open, close and reason of struct scmi_scheme. */
int scmi__vu_front_open(void **link, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
			const struct scmi_why *why);
void scmi__vu_front_close(void *link);
const char *scmi__vu_front_reason(const void *link);

#endif
