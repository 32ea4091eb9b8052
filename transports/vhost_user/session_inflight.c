/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands in flight, in a file that the front end keeps: a back end after us answers what we owed. Of the regions in
 * it, one for each queue, the cmdq's is used; a buffer for events that was taken and not returned is taken again.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "session_parts.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* Bytes for what is asked for; 0: that cannot be. */
static uint32_t bytes_of(const struct vu_session *s, const struct vu_inflight *in)
{
	const uint32_t entries = in->queue_size;

	if (in->queues == 0 || in->queues > SCMI_VIRTIO_QUEUES)
		return 0;
	if (entries < 2u || entries > s->offer->queue_max || (entries & (entries - 1u)) != 0)
		return 0;
	return (uint32_t)scmi_virtio_journal_size(entries) * in->queues;
}

int scmi__vu_get_inflight(struct vu_session *s)
{
	struct vu_inflight out = {.queues = s->in.u.inflight.queues, .queue_size = s->in.u.inflight.queue_size};
	const uint32_t bytes = bytes_of(s, &out);
	int err = SCMI_OK;
	int fd;

	if (bytes == 0)
		return vu_fault(s, SCMI_E_PROTO, "queues that the device does not have, or not of that size");
	fd = memfd_create("scmi-inflight", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	out.mmap_size = bytes;
	if (fd < 0 || !scmi__fd_fill(fd, bytes) || fcntl(fd, F_ADD_SEALS, SEALS) != 0)
		err = vu_fault(s, SCMI_E_PROTO, "no memory for it");
	if (err == SCMI_OK)
		err = scmi__vu_reply_fd(s, &out, sizeof(out), fd);
	scmi__fd_close(&fd);
	return err;
}

int scmi__vu_set_inflight(struct vu_session *s)
{
	const struct vu_inflight *in = &s->in.u.inflight;
	const uint32_t bytes = bytes_of(s, in);
	const struct vu_region region = {.size = bytes, .offset = in->mmap_offset};

	if (s->attached)
		return vu_fault(s, SCMI_E_INVAL, "a ring runs");
	if (bytes == 0 || in->mmap_size < bytes)
		return vu_fault(s, SCMI_E_INVAL, "queues that the device does not have, or less memory than they need");
	scmi__vu_inflight_drop(s);
	if (scmi__vu_memory_add(&s->journal, &region, s->in.fd[0], &s->why) != SCMI_OK)
		return SCMI_E_INVAL;
	if (scmi_virtio_device_journal(s->device, s->journal.mapped[0].mem, bytes / in->queues) == SCMI_OK)
		return SCMI_OK;
	scmi__vu_inflight_drop(s);
	return vu_fault(s, SCMI_E_INVAL, "an offset that is not a multiple of 8");
}

void scmi__vu_inflight_wipe(struct vu_session *s)
{
	if (s->journal.n != 0)
		memset(s->journal.mapped[0].mem, 0, (size_t)s->journal.mapped[0].region.size);
}

void scmi__vu_inflight_drop(struct vu_session *s)
{
	(void)scmi_virtio_device_journal(s->device, NULL, 0);
	scmi__vu_memory_clear(&s->journal);
}
