/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The name of a platform's socket.
 *
 * A socket listens already when it gets its name, as a link to one beside it: so where a name is and nobody answers, a
 * platform has died. Such a name is replaced at one stroke. Two that come at once would both find it so, and the second
 * would take the first one's name: so looking and replacing happen under a lock of the folder. Who finds no name there,
 * and who gives his own back, needs no lock.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "carrier.h"

#define BACKLOG     64
#define BESIDE      3   /* bytes that its name is longer: "~7f" */
#define TRIES       16  /* others may take and leave the name meanwhile */
#define LOCK_TRIES  200 /* of 5 ms */
#define LOCK_NAP_NS 5000000

/* Without the lock, if somebody holds it for too long or the folder cannot be read: better that than none at all. */
static int lock_folder(const char *path)
{
	const struct timespec nap = {.tv_nsec = LOCK_NAP_NS};
	const char *slash = strrchr(path, '/');
	char folder[SCMI__NAME_ROOM] = ".";
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

/* SCMI_OK: what has the name is a dead platform's; SCMI_E_BUSY, SCMI_E_IO. */
static int is_dead(const struct scmi__name *name, const struct scmi_why *why)
{
	const struct sockaddr_un address = address_of(name->path);
	int fd = socket(AF_UNIX, name->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return scmi__why(why, SCMI_E_IO, "%s%s: no socket: %s", name->label, name->path, strerror(errno));
	err = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
	close(fd);
	switch (err) {
	case ECONNREFUSED:
		return SCMI_OK;
	case 0:
	case EAGAIN: /* more want to be let in than it has room for */
		return scmi__why(why, SCMI_E_BUSY, "%s%s: somebody listens there already", name->label, name->path);
	case EPROTOTYPE:
		return scmi__why(why, SCMI_E_BUSY, "%s%s: something else has that name", name->label, name->path);
	default:
		return scmi__why(why, SCMI_E_IO, "%s%s: who has that name cannot be asked: %s", name->label, name->path,
				 strerror(err));
	}
}

/* The name is there. SCMI_OK: it has been taken; SCMI_E_NOTFOUND: it is not there any more; SCMI_E_BUSY, SCMI_E_IO. */
static int replace(const struct scmi__name *name, const char *beside, const struct scmi_why *why)
{
	struct stat st;
	int err;

	if (lstat(name->path, &st) != 0)
		return SCMI_E_NOTFOUND;
	if (!S_ISSOCK(st.st_mode))
		return scmi__why(why, SCMI_E_BUSY, "%s%s: something else has that name", name->label, name->path);
	err = is_dead(name, why);
	if (err == SCMI_OK && rename(beside, name->path) != 0)
		err = scmi__why(why, SCMI_E_IO, "%s%s: what is left there cannot be replaced: %s", name->label,
				name->path, strerror(errno));
	return err;
}

/* Gives the socket its name. On SCMI_OK the one beside is gone. */
static int publish(const struct scmi__name *name, const char *beside, const struct scmi_why *why)
{
	for (int i = 0; i < TRIES; i++) {
		int lock;
		int err;

		if (link(beside, name->path) == 0) {
			(void)unlink(beside);
			return SCMI_OK;
		}
		if (errno != EEXIST)
			return scmi__why(why, SCMI_E_IO, "%s%s: the socket gets no name: %s", name->label, name->path,
					 strerror(errno));
		lock = lock_folder(name->path);
		err = replace(name, beside, why);
		scmi__fd_close(&lock);
		if (err != SCMI_E_NOTFOUND)
			return err;
	}
	return scmi__why(why, SCMI_E_BUSY, "%s%s: others are just taking that name", name->label, name->path);
}

/* The mode before the name is there, as far as the umask lets it; exactly, before anybody can connect. 0, or errno. */
static int listen_at(struct scmi__name *name, const char *path, uint32_t mode, int sock)
{
	const struct sockaddr_un address = address_of(path);
	struct stat st;
	int err;

	if (fchmod(sock, (mode_t)mode) != 0 || bind(sock, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return errno;
	if (lstat(path, &st) == 0 && chmod(path, (mode_t)mode) == 0 && listen(sock, BACKLOG) == 0) {
		name->dev = st.st_dev;
		name->ino = st.st_ino;
		return 0;
	}
	err = errno;
	(void)unlink(path);
	return err;
}

/* Under a name that nobody has. 0, or errno. */
static int listen_beside(struct scmi__name *name, char beside[SCMI__NAME_ROOM], uint32_t mode, int sock)
{
	const size_t len = strlen(name->path);
	int err = EADDRINUSE;

	if (len + BESIDE >= SCMI__NAME_ROOM)
		return ENAMETOOLONG;
	memcpy(beside, name->path, len);
	for (unsigned i = 0; i < 256 && err == EADDRINUSE; i++) {
		(void)snprintf(beside + len, SCMI__NAME_ROOM - len, "~%02x", ((unsigned)getpid() + i) & 0xffu);
		err = listen_at(name, beside, mode, sock);
	}
	return err;
}

/*
 * To close a descriptor that somebody has sent can take as long as he likes: a TCP connection lingers. What is said
 * here holds for those who connect, too. An older kernel refuses, and lets such descriptors through.
 */
void scmi__want_descriptors(int sock, bool on)
{
	const int value = on ? 1 : 0;

	(void)setsockopt(sock, SOL_SOCKET, SO_PASSRIGHTS, &value, sizeof(value));
}

int scmi__name_take(struct scmi__name *name, uint32_t mode, int *sock, const struct scmi_why *why)
{
	char beside[SCMI__NAME_ROOM];
	int err;

	*sock = socket(AF_UNIX, name->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*sock < 0)
		return scmi__why(why, SCMI_E_IO, "%s%s: no socket: %s", name->label, name->path, strerror(errno));
	if (!name->takes_fds)
		scmi__want_descriptors(*sock, false);
	err = listen_beside(name, beside, mode, *sock);
	if (err != 0) {
		scmi__fd_close(sock);
		return scmi__why(why, err == ENAMETOOLONG ? SCMI_E_INVAL : SCMI_E_IO,
				 "%s%s: the socket cannot be made: %s", name->label, name->path, strerror(err));
	}
	err = publish(name, beside, why);
	if (err != SCMI_OK) {
		(void)unlink(beside);
		scmi__fd_close(sock);
	}
	return err;
}

/* While it listens nobody takes its name. */
void scmi__name_leave(const struct scmi__name *name)
{
	struct stat st;

	if (lstat(name->path, &st) == 0 && st.st_dev == name->dev && st.st_ino == name->ino)
		(void)unlink(name->path);
}

/* As it was when it connected. */
static bool user_of(int sock, uid_t *uid)
{
	struct ucred peer = {.pid = 0};
	socklen_t len = sizeof(peer);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || len != sizeof(peer))
		return false;
	*uid = peer.uid;
	return true;
}

void scmi__want_senders(int sock, bool on)
{
	const int value = on ? 1 : 0;

	(void)setsockopt(sock, SOL_SOCKET, SO_PASSCRED, &value, sizeof(value));
}

/* One that was sent before anybody wanted to know has no process, and a user that stands for anybody. */
uint32_t scmi__sender(const struct cmsghdr *c)
{
	struct ucred sender;

	if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS || c->cmsg_len != CMSG_LEN(sizeof(sender)))
		return SCMI__NO_USER;
	memcpy(&sender, CMSG_DATA(c), sizeof(sender));
	return sender.pid != 0 ? sender.uid : SCMI__NO_USER;
}

bool scmi__user_is_ours(uint32_t user)
{
	return user != SCMI__NO_USER && user == geteuid();
}

bool scmi__name_lets_in(int sock, bool has_uid, uint32_t uid)
{
	uid_t peer;

	return user_of(sock, &peer) && (peer == geteuid() || peer == 0 || (has_uid && peer == uid));
}
