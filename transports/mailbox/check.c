/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/config.h>
#include <scmi/errors.h>
#include <scmi/transport.h>

#include "../shmem/area.h"
#include "check.h"

/* The doorbell's capabilities that are the transport's, too. */
#define BELL_CAPS (SCMI_CAP_IRQ | SCMI_CAP_ATOMIC | SCMI_CAP_SYNC_SEND)

static bool together(bool a, bool b)
{
	return a == b;
}

const char *scmi__mailbox_bell_fault(const struct scmi_mailbox_doorbell *bell)
{
	if (bell == NULL)
		return NULL;
	if (bell->version != SCMI_MAILBOX_DOORBELL_V1)
		return SCMI_TEXT_("doorbell: a version that this library does not know");
	if ((bell->caps & ~BELL_CAPS) != 0)
		return SCMI_TEXT_("doorbell: caps beyond IRQ, ATOMIC and SYNC_SEND");
	if (!together(bell->start != NULL, bell->stop != NULL))
		return SCMI_TEXT_("doorbell: start and stop, both or neither");
	if (!together(bell->wait != NULL, bell->wake != NULL))
		return SCMI_TEXT_("doorbell: wait and wake, both or neither");
	if (!together(bell->fd != NULL, bell->raise != NULL) || (bell->fd != NULL && bell->clear == NULL))
		return SCMI_TEXT_("doorbell: fd, clear and raise, all or none, or clear alone");
	if ((bell->caps & SCMI_CAP_SYNC_SEND) != 0 && bell->ring == NULL)
		return SCMI_TEXT_("doorbell: SYNC_SEND needs ring");
	return NULL;
}

static bool overlap(const struct scmi_shmem *a, const struct scmi_shmem *b)
{
	const uintptr_t at = (uintptr_t)a->mem;
	const uintptr_t bt = (uintptr_t)b->mem;

	return at < bt ? bt - at < a->len : at - bt < b->len;
}

const char *scmi__mailbox_areas_fault(const struct scmi_shmem *areas, const struct scmi_port *port)
{
	const struct scmi_shmem *a2p = &areas[SCMI_MAILBOX_A2P];
	const struct scmi_shmem *p2a = &areas[SCMI_MAILBOX_P2A];
	const char *why = scmi__shmem_fault(a2p, port);

	if (why != NULL || !mailbox_area_is_there(p2a))
		return why;
	why = scmi__shmem_fault(p2a, port);
	if (why == NULL && overlap(a2p, p2a))
		why = SCMI_TEXT_("areas: A2P and P2A are the same memory");
	return why;
}
