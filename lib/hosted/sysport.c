/* SPDX-License-Identifier: BSD-3-Clause */
/* The port that an agent gets which brings none: that to Linux where it was built and works, else that to POSIX. */
#include <stdlib.h>

#include "scheme.h"

#ifdef SCMI_HOSTED_POSIX
#include <scmi/port/posix.h>
#endif
#ifdef SCMI_HOSTED_LINUX
#include <scmi/port/linux.h>
#endif

struct scmi__sysport {
	struct scmi_port port;
	bool futex; /* and it is the port to Linux */
#ifdef SCMI_HOSTED_LINUX
	struct scmi_linux on_linux;
#endif
#ifdef SCMI_HOSTED_POSIX
	struct scmi_posix posix;
#endif
};

static int init(struct scmi__sysport *system)
{
	int err = SCMI_E_NOTSUP;

	(void)system;
#ifdef SCMI_HOSTED_LINUX
	err = scmi_linux_init(&system->on_linux, &system->port);
	system->futex = err == SCMI_OK;
#endif
#ifdef SCMI_HOSTED_POSIX
	if (err != SCMI_OK)
		err = scmi_posix_init(&system->posix, &system->port);
#endif
	return err;
}

int scmi__sysport_open(struct scmi__sysport **system, const struct scmi_port **port)
{
	struct scmi__sysport *new = calloc(1, sizeof(*new));
	int err;

	if (new == NULL)
		return SCMI_E_NOMEM;
	err = init(new);
	if (err != SCMI_OK) {
		free(new);
		return err;
	}
	*system = new;
	*port = &new->port;
	return SCMI_OK;
}

void scmi__sysport_close(struct scmi__sysport *system)
{
#ifdef SCMI_HOSTED_LINUX
	if (system->futex)
		scmi_linux_fini(&system->on_linux);
#endif
#ifdef SCMI_HOSTED_POSIX
	if (!system->futex)
		scmi_posix_fini(&system->posix);
#endif
	free(system);
}
