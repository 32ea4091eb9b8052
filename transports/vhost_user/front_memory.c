/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory and doorbells of the front end. */
#define _GNU_SOURCE

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "front_parts.h"

/* It is as large as it is, and a back end cannot make it read-only for the next mapping either. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

void scmi__vu_share_init(struct vu_share *s)
{
	*s = (struct vu_share){.fd = -1, .mem = NULL, .kick = {-1, -1}, .call = -1};
}

/* Every page is there from the start. */
static int make_file(size_t len)
{
	int fd = memfd_create("scmi-vhost-user", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 &&
	    (ftruncate(fd, (off_t)len) != 0 || !scmi__fd_fill(fd, (uint32_t)len) || fcntl(fd, F_ADD_SEALS, SEALS) != 0))
		scmi__fd_close(&fd);
	return fd;
}

static size_t whole_pages(size_t len)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1u) / page * page;
}

int scmi__vu_share_open(struct vu_share *s, size_t len)
{
	void *mem;

	s->len = whole_pages(len);
	s->fd = make_file(s->len);
	s->call = scmi__event_open();
	for (size_t i = 0; i < SCMI_VIRTIO_QUEUES; i++) {
		s->kick[i] = scmi__event_open();
		if (s->kick[i] < 0)
			return SCMI_E_IO;
	}
	if (s->fd < 0 || s->call < 0)
		return SCMI_E_IO;
	mem = mmap(NULL, s->len, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (mem == MAP_FAILED)
		return SCMI_E_IO;
	s->mem = mem;
	return SCMI_OK;
}

void scmi__vu_share_close(struct vu_share *s)
{
	if (s->mem != NULL)
		munmap(s->mem, s->len);
	s->mem = NULL;
	scmi__fd_close(&s->fd);
	scmi__fd_close(&s->call);
	for (size_t i = 0; i < SCMI_VIRTIO_QUEUES; i++)
		scmi__fd_close(&s->kick[i]);
}

/* A late kick rings the new one: that number is never anything else. */
static bool replace_event(int at)
{
	int fd = scmi__event_open();
	const bool done = fd >= 0 && dup3(fd, at, O_CLOEXEC) == at;

	scmi__fd_close(&fd);
	return done;
}

/* At one stroke: somebody may be copying a command into it that will not be sent. */
static bool replace_memory(struct vu_share *s)
{
	int fd = make_file(s->len);

	if (fd >= 0 && mmap(s->mem, s->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == s->mem) {
		scmi__fd_close(&s->fd);
		s->fd = fd;
		return true;
	}
	scmi__fd_close(&fd);
	return false;
}

int scmi__vu_share_renew(struct vu_share *s)
{
	bool done = replace_memory(s) && replace_event(s->call);

	for (size_t i = 0; i < SCMI_VIRTIO_QUEUES; i++)
		done = done && replace_event(s->kick[i]);
	s->stale = !done;
	s->shown = s->shown && !done;
	return done ? SCMI_OK : SCMI_E_IO;
}
