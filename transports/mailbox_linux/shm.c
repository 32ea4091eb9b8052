/* SPDX-License-Identifier: BSD-3-Clause */
/* The object that both ends share: its head, its locks, and how a platform comes to have one. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shm.h"

#define LINE  64u
#define TRIES 16 /* others may take and leave the name while we look */

static struct flock lock_of(int whose, short type)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = whose, .l_len = 1};
}

bool scmi__shm_lock(int fd, int whose)
{
	struct flock lock = lock_of(whose, F_WRLCK);

	return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

void scmi__shm_unlock(int fd, int whose)
{
	struct flock lock = lock_of(whose, F_UNLCK);

	(void)fcntl(fd, F_OFD_SETLK, &lock);
}

bool scmi__shm_is_locked(int fd, int whose)
{
	const int saved = errno;
	struct flock lock = lock_of(whose, F_WRLCK);
	const bool locked = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;

	errno = saved;
	return locked;
}

bool scmi__shm_is_named(int fd, const char *name)
{
	struct stat mine;
	struct stat named;
	int other = shm_open(name, O_RDWR | O_CLOEXEC, 0);
	const bool same = other >= 0 && fstat(fd, &mine) == 0 && fstat(other, &named) == 0 &&
			  mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;

	scmi__fd_close(&other);
	return same;
}

int scmi__shm_name(const struct scmi__key *key, char name[SHM_NAME], const struct scmi_why *why)
{
	int err = scmi__key_text(key, name, SHM_NAME, why);

	if (err != SCMI_OK)
		return err;
	if (name[0] == '/' && name[1] != '\0' && strchr(name + 1, '/') == NULL)
		return SCMI_OK;
	return scmi__why(why, SCMI_E_INVAL, "shm=%s: a slash and a name without one is wanted", name);
}

bool scmi__shm_read_head(int fd, struct shm_head *head)
{
	return pread(fd, head, sizeof(*head), 0) == (ssize_t)sizeof(*head) && head->magic == SHM_MAGIC;
}

static bool area_fits(const struct shm_head *h, size_t i)
{
	return h->len[i] >= SCMI_SHMEM_BYTES_MIN && h->len[i] <= SCMI_SHMEM_BYTES_MAX && h->len[i] % 4u == 0 &&
	       h->offset[i] % 4u == 0 && h->offset[i] >= sizeof(*h) && h->offset[i] <= h->bytes &&
	       h->len[i] <= h->bytes - h->offset[i];
}

const char *scmi__shm_fault(const struct shm_head *head, uint64_t size)
{
	if (head->version != SHM_VERSION)
		return "its platform speaks another version";
	if (head->bytes > size || head->bytes > SHM_BYTES_MAX || !area_fits(head, 0) || !area_fits(head, 1))
		return "its areas cannot be";
	return NULL;
}

void scmi__shm_areas(const struct shm_head *said, void *mem, struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	for (size_t i = 0; i < SCMI_MAILBOX_AREAS; i++) {
		areas[i] = (struct scmi_shmem){
			.mem = (unsigned char *)mem + said->offset[i], .len = said->len[i], .flags = SCMI_SHMEM_WIDE};
	}
}

/* ---- a platform's own object ---- */

/*
 * Takes away what a dead platform has left: its lock can be had. What is not an object of ours is left alone, but an
 * empty one: a platform may have died there. SCMI_OK: look again; SCMI_E_BUSY, SCMI_E_IO.
 */
static int clear_name(const char *name, const struct scmi_why *why)
{
	struct shm_head head;
	struct stat st;
	int fd = shm_open(name, O_RDWR | O_CLOEXEC, 0);
	int err = SCMI_OK;

	if (fd < 0)
		return errno == ENOENT
			       ? SCMI_OK
			       : scmi__why(why, SCMI_E_IO, "shm=%s: cannot be opened: %s", name, strerror(errno));
	if (!scmi__shm_lock(fd, SHM_PLATFORM))
		err = scmi__why(why, SCMI_E_BUSY, "shm=%s: a platform has that name", name);
	else if (fstat(fd, &st) != 0 || (st.st_size != 0 && !scmi__shm_read_head(fd, &head)))
		err = scmi__why(why, SCMI_E_BUSY, "shm=%s: something else has that name", name);
	else if (scmi__shm_is_named(fd, name) && shm_unlink(name) != 0 && errno != ENOENT)
		err = scmi__why(why, SCMI_E_IO, "shm=%s: what is left there cannot be removed: %s", name,
				strerror(errno));
	scmi__fd_close(&fd);
	return err;
}

static struct shm_head *fill(int fd, uint32_t area)
{
	const uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
	const uint32_t first = (uint32_t)sizeof(struct shm_head);
	const uint32_t second = (first + area + LINE - 1u) / LINE * LINE;
	const struct shm_head said = {
		.magic = SHM_MAGIC,
		.version = SHM_VERSION,
		.bytes = (second + area + page - 1u) / page * page,
		.offset = {first, second},
		.len = {area, area},
	};
	void *mem;

	/* The head goes in at one stroke, so that a name with something behind it is known as ours. */
	if (pwrite(fd, &said, sizeof(said), 0) != (ssize_t)sizeof(said) || !scmi__fd_fill(fd, said.bytes))
		return NULL;
	mem = mmap(NULL, said.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		return NULL;
	atomic_store(&((struct shm_head *)mem)->ready, 1u);
	return mem;
}

int scmi__shm_create(const char *name, uint32_t area, int *fd, struct shm_head **head, const struct scmi_why *why)
{
	int err = SCMI_OK;

	*fd = -1;
	for (int i = 0; i < TRIES && *fd < 0 && err == SCMI_OK; i++) {
		*fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (*fd < 0)
			err = errno == EEXIST
				      ? clear_name(name, why)
				      : scmi__why(why, SCMI_E_IO, "shm=%s: cannot be made: %s", name, strerror(errno));
	}
	if (err != SCMI_OK)
		return err;
	/* Another platform that comes now may have taken it for a dead one's. */
	if (*fd < 0 || !scmi__shm_lock(*fd, SHM_PLATFORM)) {
		scmi__fd_close(fd);
		return scmi__why(why, SCMI_E_BUSY, "shm=%s: another platform is just taking that name", name);
	}
	*head = fill(*fd, area);
	if (*head != NULL && scmi__shm_is_named(*fd, name))
		return SCMI_OK;
	err = *head != NULL ? scmi__why(why, SCMI_E_BUSY, "shm=%s: another platform has just taken that name", name)
			    : scmi__why(why, SCMI_E_IO, "shm=%s: no room left there", name);
	if (*head != NULL)
		munmap(*head, (*head)->bytes);
	else if (scmi__shm_is_named(*fd, name))
		(void)shm_unlink(name);
	scmi__fd_close(fd);
	return err;
}
