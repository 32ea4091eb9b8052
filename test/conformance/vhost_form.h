/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kinds of vhost-user differ in. */
#ifndef CONFORMANCE_VHOST_FORM_H
#define CONFORMANCE_VHOST_FORM_H

#include <scmi/transport/vhost_user.h>

#include "suite.h"

struct vhost_form {
	const char *agents;    /* keys of the agent's URI, */
	const char *platforms; /* and of the platform's */
	bool polls;            /* the agent never sleeps */
};

extern const struct conf_kind conf_vhost_user;
extern const struct conf_kind conf_vhost_user_plain;
extern const struct conf_kind conf_vhost_user_polled;
extern const struct conf_kind conf_vhost_user_a2p;

#endif
