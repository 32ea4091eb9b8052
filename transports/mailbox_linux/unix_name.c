/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The name of a platform's socket. A dead platform leaves it behind, and nobody answers a connect. Two that come at once
 * would both find that and take each other's name away: so looking and taking happen under a lock of the folder, held
 * for that long only.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "unix.h"

#define BACKLOG     64
#define LOCK_TRIES  200 /* of 5 ms */
#define LOCK_NAP_NS 5000000

/* Without the lock, if somebody holds it for too long or the folder cannot be read: better that than none at all. */
static int lock_folder(const char *path)
{
	const struct timespec nap = {.tv_nsec = LOCK_NAP_NS};
	const char *slash = strrchr(path, '/');
	char folder[UNIX_PATH] = ".";
	int fd;

	if (slash != NULL) {
		const size_t len = slash == path ? 1 : (size_t)(slash - path);

		memcpy(folder, path, len);
		folder[len] = '\0';
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; fd >= 0 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) != 0; i++)
		nanosleep(&nap, NULL);
	return fd;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, path, strlen(path));
	return address;
}

/* Takes away what a dead platform has left. SCMI_OK: the name is free; SCMI_E_BUSY, SCMI_E_IO. */
static int clear_name(const char *path, const struct scmi_why *why)
{
	const struct sockaddr_un address = address_of(path);
	struct stat st;
	int fd;
	int err;

	if (lstat(path, &st) != 0)
		return SCMI_OK; /* bind() tells, if it is not for want of a file */
	if (!S_ISSOCK(st.st_mode))
		return scmi__why(why, SCMI_E_BUSY, "unix=%s: something else has that name", path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return scmi__why(why, SCMI_E_IO, "unix=%s: no socket: error %d", path, errno);
	err = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
	close(fd);
	if (err != ECONNREFUSED)
		return scmi__why(why, SCMI_E_BUSY, "unix=%s: somebody listens there already", path);
	return unlink(path) == 0 || errno == ENOENT
		       ? SCMI_OK
		       : scmi__why(why, SCMI_E_IO, "unix=%s: what is left there cannot be removed: error %d", path,
				   errno);
}

/* The mode before the name is there, as far as the umask lets it; exactly, before anybody can connect. */
static int bind_and_listen(struct unix_name *name, uint32_t mode, int sock, const struct scmi_why *why)
{
	const struct sockaddr_un address = address_of(name->path);
	struct stat st;

	if (fchmod(sock, (mode_t)mode) != 0 || bind(sock, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return scmi__why(why, SCMI_E_IO, "unix=%s: the socket cannot be made: error %d", name->path, errno);
	if (lstat(name->path, &st) == 0) {
		name->dev = st.st_dev;
		name->ino = st.st_ino;
		if (chmod(name->path, (mode_t)mode) == 0 && listen(sock, BACKLOG) == 0)
			return SCMI_OK;
	}
	(void)unlink(name->path);
	return scmi__why(why, SCMI_E_IO, "unix=%s: nobody could connect: error %d", name->path, errno);
}

int scmi__unix_bind(struct unix_name *name, uint32_t mode, int *sock, const struct scmi_why *why)
{
	int lock = lock_folder(name->path);
	int err = clear_name(name->path, why);

	*sock = -1;
	if (err == SCMI_OK) {
		*sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		err = *sock < 0 ? scmi__why(why, SCMI_E_IO, "unix=%s: no socket: error %d", name->path, errno)
				: bind_and_listen(name, mode, *sock, why);
	}
	if (err != SCMI_OK)
		scmi__fd_close(sock);
	scmi__fd_close(&lock);
	return err;
}

void scmi__unix_unbind(const struct unix_name *name)
{
	int lock = lock_folder(name->path);
	struct stat st;

	if (lstat(name->path, &st) == 0 && st.st_dev == name->dev && st.st_ino == name->ino)
		(void)unlink(name->path);
	scmi__fd_close(&lock);
}
