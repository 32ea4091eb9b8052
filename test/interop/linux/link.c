/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "link.h"

#define ACCEPT_MS 20000 /* a kernel is there after one second */

/* One byte, the number of the channel. A kernel that has gone is noticed by who sleeps. */
static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	const struct link *link = ctx;
	const int channel = scmi_mailbox_channel(link->mboxes, link->shmems, signal);
	const uint8_t byte = (uint8_t)channel;

	if (channel < 0)
		return channel;
	return send(link->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 ? SCMI_OK : SCMI_E_NOPEER;
}

static void sleep_until(void *ctx, uint64_t deadline_us)
{
	(void)ctx; /* live() sleeps elsewhere; a doorbell has both or neither */
	(void)deadline_us;
}

static void wake(void *ctx)
{
	const struct link *link = ctx;
	const uint64_t one = 1;

	(void)!write(link->wake_fd, &one, sizeof(one));
}

static int map_page(struct link *link, const char *directory)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "%s/page", directory);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (ftruncate(fd, LINK_PAGE_BYTES) == 0)
		link->page = mmap(NULL, LINK_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (link->page == NULL || link->page == MAP_FAILED)
		return -1;
	link->areas[SCMI_MAILBOX_A2P] = (struct scmi_shmem){.mem = link->page + LINK_A2P, .len = LINK_AREA_BYTES};
	if (link->shmems == 2)
		link->areas[SCMI_MAILBOX_P2A] =
			(struct scmi_shmem){.mem = link->page + LINK_P2A, .len = LINK_AREA_BYTES};
	return 0;
}

static int listen_there(struct link *link, const char *directory)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(link->socket_path, sizeof(link->socket_path), "%s/socket", directory);
	memcpy(address.sun_path, link->socket_path, strlen(link->socket_path) + 1u);
	link->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (link->listener < 0 || bind(link->listener, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	return listen(link->listener, 1);
}

int link_open(struct link *link, const char *directory, uint32_t mboxes, uint32_t shmems)
{
	*link = (struct link){.mboxes = mboxes, .shmems = shmems, .listener = -1, .fd = -1};
	link->doorbell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1,
		.name = "byte on a socket",
		.ctx = link,
		.ring = ring,
		.wait = sleep_until,
		.wake = wake,
	};
	link->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (link->wake_fd >= 0 && map_page(link, directory) == 0 && listen_there(link, directory) == 0)
		return SCMI_OK;
	fprintf(stderr, "platform: %s: %s\n", directory, strerror(errno));
	return SCMI_E_IO;
}

int link_accept(struct link *link)
{
	struct pollfd there = {.fd = link->listener, .events = POLLIN};

	if (poll(&there, 1, ACCEPT_MS) == 1)
		link->fd = accept(link->listener, NULL, NULL);
	return link->fd >= 0 ? 0 : -1;
}

enum link_event link_sleep(struct link *link, int ms)
{
	struct pollfd there[] = {{.fd = link->fd, .events = POLLIN}, {.fd = link->wake_fd, .events = POLLIN}};
	uint8_t bytes[64];
	uint64_t count;
	ssize_t n;

	if (poll(there, 2, ms) <= 0)
		return LINK_QUIET;
	if (there[1].revents != 0)
		(void)!read(link->wake_fd, &count, sizeof(count));
	if (there[0].revents == 0)
		return LINK_RUNG;
	n = recv(link->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	for (ssize_t i = 0; i < n; i++)
		link->heard[bytes[i] % LINK_CHANNELS]++;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return LINK_GONE;
	return LINK_RUNG;
}

void link_close(struct link *link)
{
	close(link->fd);
	close(link->listener);
	close(link->wake_fd);
	munmap(link->page, LINK_PAGE_BYTES);
	unlink(link->socket_path);
}
