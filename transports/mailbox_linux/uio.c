/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's doorbell at a mailbox unit behind UIO.
 *
 * Reading the device takes the count of interrupts; writing 1 switches the interrupt on again, where the driver has
 * that: it has switched it off when it came. A look at the count without a new one does not block.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "uio.h"

#define TAG_RUNG 1u
#define PLACES   3u /* two areas and a register */

struct mapping {
	void *mem;
	size_t len;
};

struct scmi_mailbox_uio {
	struct scmi__sleep sleep;
	struct scmi__sleep watch; /* what a loop of the user's sleeps on: its wake-up is raise() */
	int fd;
	uint32_t value;
	_Atomic uint32_t *bell; /* NULL: the platform polls */
	_Atomic uint32_t watched;
	_Atomic uint32_t raised;
	struct mapping mappings[PLACES];
};

/* ---- the doorbell ---- */

static uint32_t little_endian(uint32_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return __builtin_bswap32(word);
#else
	return word;
#endif
}

static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	const struct scmi_mailbox_uio *u = ctx;

	(void)signal;
	/* What it stands for is in memory before; a device need not see our caches in order, so a full fence. */
	atomic_thread_fence(memory_order_seq_cst);
	atomic_store_explicit(u->bell, little_endian(u->value), memory_order_relaxed);
	return SCMI_OK;
}

/* Takes the count, and lets the next interrupt come. */
static void take_count(const struct scmi_mailbox_uio *u)
{
	const int saved = errno;
	const int32_t on = 1;
	int32_t count;
	ssize_t n;

	while ((n = read(u->fd, &count, sizeof(count))) < 0 && errno == EINTR)
		;
	while (n > 0 && write(u->fd, &on, sizeof(on)) < 0 && errno == EINTR)
		;
	errno = saved;
}

static void uio_wait(void *ctx, uint64_t deadline_us)
{
	struct scmi_mailbox_uio *u = ctx;

	if ((scmi__sleep(&u->sleep, deadline_us) & 1u << TAG_RUNG) != 0)
		take_count(u);
}

static void uio_wake(void *ctx)
{
	struct scmi_mailbox_uio *u = ctx;

	scmi__sleep_wake(&u->sleep);
}

static int uio_fd(void *ctx)
{
	struct scmi_mailbox_uio *u = ctx;

	atomic_store(&u->watched, 1u);
	return u->watch.epoll;
}

static void uio_clear(void *ctx)
{
	struct scmi_mailbox_uio *u = ctx;

	if (atomic_load_explicit(&u->watched, memory_order_relaxed) == 0)
		return;
	take_count(u);
	if (atomic_exchange(&u->raised, 0u) != 0)
		scmi__event_lower(u->watch.wake);
}

static void uio_raise(void *ctx)
{
	struct scmi_mailbox_uio *u = ctx;

	/* Marked last: who takes the mark lowers what has been raised before it. */
	scmi__sleep_wake(&u->watch);
	atomic_store(&u->raised, 1u);
}

/* ---- finding and mapping it ---- */

/* A number of sysfs, as "0x00001000". False: it is not there. */
static bool attribute(const char *sysfs, uint32_t map, const char *name, uint64_t *value)
{
	char path[4200];
	char text[32];
	char *end;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/maps/map%u/%s", sysfs, map, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	*value = strtoull(text, &end, 0);
	return end != text && (*end == '\0' || *end == '\n');
}

static void close_all(struct scmi_mailbox_uio *u)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (u->mappings[i].mem != NULL)
			munmap(u->mappings[i].mem, u->mappings[i].len);
	}
	scmi__sleep_close(&u->watch);
	scmi__sleep_close(&u->sleep);
	free(u);
}

/* Maps a place of the device's, in a mapping of its own. what: the member's name. */
static int map_place(struct mapping *m, const struct scmi_uio_place *place, int fd, const char *sysfs, const char *what,
		     void **mem, const struct scmi_why *why)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t size;
	uint64_t start = 0;
	void *base;

	if (!attribute(sysfs, place->map, "size", &size))
		return scmi__why(why, SCMI_E_INVAL, "%s: the device has no map %u", what, place->map);
	(void)attribute(sysfs, place->map, "offset", &start); /* older kernels have none */
	if (size > SIZE_MAX / 2 || start >= page || (uint64_t)place->offset + place->len > size)
		return scmi__why(why, SCMI_E_INVAL, "%s: bytes %u to %llu are not inside map %u, which has %llu", what,
				 place->offset, (unsigned long long)place->offset + place->len, place->map,
				 (unsigned long long)size);
	if ((start + place->offset) % 4u != 0)
		return scmi__why(why, SCMI_E_INVAL, "%s: not at a multiple of 4 bytes", what);
	m->len = (size_t)(start + size);
	base = mmap(NULL, m->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(place->map * page));
	if (base == MAP_FAILED)
		return scmi__why(why, SCMI_E_IO, "%s: map %u cannot be mapped: %s", what, place->map, strerror(errno));
	m->mem = base;
	*mem = (unsigned char *)base + start + place->offset;
	return SCMI_OK;
}

static int map_all(struct scmi_mailbox_uio *u, const struct scmi_mailbox_uio_config *c, int fd, const char *sysfs,
		   struct scmi_shmem areas[SCMI_MAILBOX_AREAS], const struct scmi_why *why)
{
	static const char *const names[] = {"a2p", "p2a"};
	void *mem = NULL;
	int err;

	for (size_t i = 0; i < SCMI_MAILBOX_AREAS; i++) {
		areas[i] = (struct scmi_shmem){.len = c->areas[i].len};
		if (c->areas[i].len == 0)
			continue;
		err = map_place(&u->mappings[i], &c->areas[i], fd, sysfs, names[i], &areas[i].mem, why);
		if (err != SCMI_OK)
			return err;
	}
	if (c->bell.len == 0)
		return SCMI_OK;
	err = map_place(&u->mappings[2], &c->bell, fd, sysfs, "bell", &mem, why);
	u->bell = err == SCMI_OK ? mem : NULL;
	return err;
}

static int check_lengths(const struct scmi_mailbox_uio_config *c, const struct scmi_why *why)
{
	static const char *const names[] = {"a2p", "p2a"};

	for (size_t i = 0; i < SCMI_MAILBOX_AREAS; i++) {
		const uint32_t len = c->areas[i].len;

		if (len == 0 && i != SCMI_MAILBOX_A2P)
			continue;
		if (len < SCMI_SHMEM_BYTES_MIN || len > SCMI_SHMEM_BYTES_MAX || len % 4u != 0)
			return scmi__why(why, SCMI_E_INVAL, "%s: an area has %u to %u bytes, a multiple of 4", names[i],
					 SCMI_SHMEM_BYTES_MIN, SCMI_SHMEM_BYTES_MAX);
	}
	if (c->bell.len != 0 && c->bell.len != 4)
		return scmi__why(why, SCMI_E_INVAL, "bell: a register has 4 bytes");
	return SCMI_OK;
}

static int prepare(struct scmi_mailbox_uio *u, int fd)
{
	const int flags = fcntl(fd, F_GETFL);
	const bool ready = flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;

	if (!ready || scmi__sleep_open(&u->sleep, true) != SCMI_OK || scmi__sleep_open(&u->watch, false) != SCMI_OK ||
	    scmi__sleep_add(&u->sleep, fd, EPOLLIN, TAG_RUNG) != SCMI_OK ||
	    scmi__sleep_add(&u->watch, fd, EPOLLIN, TAG_RUNG) != SCMI_OK)
		return SCMI_E_IO;
	return SCMI_OK;
}

static void fill_in(struct scmi_mailbox_uio *u, struct scmi_mailbox_doorbell *doorbell)
{
	*doorbell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1,
		.name = "uio",
		.ctx = u,
		.ring = u->bell != NULL ? ring : NULL,
		.wait = uio_wait,
		.wake = uio_wake,
		.fd = uio_fd,
		.clear = uio_clear,
		.raise = uio_raise,
	};
}

int scmi__uio_take(struct scmi_mailbox_uio **uio, const struct scmi_mailbox_uio_config *config, int fd, int maps_fd,
		   const char *sysfs, struct scmi_mailbox_doorbell *doorbell,
		   struct scmi_shmem areas[SCMI_MAILBOX_AREAS], const struct scmi_why *why)
{
	struct scmi_mailbox_uio *u = calloc(1, sizeof(*u));
	int err;

	if (u == NULL)
		return scmi__why(why, SCMI_E_IO, "no memory left");
	u->sleep = u->watch = SLEEP_NONE;
	u->fd = fd;
	u->value = config->value;
	err = map_all(u, config, maps_fd, sysfs, areas, why);
	if (err == SCMI_OK && prepare(u, fd) != SCMI_OK)
		err = scmi__why(why, SCMI_E_IO, "the device cannot be slept on");
	if (err != SCMI_OK) {
		close_all(u);
		return err;
	}
	take_count(u); /* what was pending; the interrupt may be off since then */
	fill_in(u, doorbell);
	*uio = u;
	return SCMI_OK;
}

/* Opens the device; in sysfs[] where it is described. */
static int open_device(const char *path, char *sysfs, size_t room, int *fd, const struct scmi_why *why)
{
	struct stat st;
	struct stat maps;
	char folder[4200];

	*fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return scmi__why(why, errno == ENOENT || errno == ENXIO || errno == ENODEV ? SCMI_E_NOPEER : SCMI_E_IO,
				 "%s: cannot be opened: %s", path, strerror(errno));
	if (fstat(*fd, &st) != 0 || !S_ISCHR(st.st_mode)) {
		scmi__fd_close(fd);
		return scmi__why(why, SCMI_E_INVAL, "%s: not a device", path);
	}
	(void)snprintf(sysfs, room, "/sys/dev/char/%u:%u", major(st.st_rdev), minor(st.st_rdev));
	(void)snprintf(folder, sizeof(folder), "%s/maps", sysfs);
	if (stat(folder, &maps) == 0)
		return SCMI_OK;
	scmi__fd_close(fd);
	return scmi__why(why, SCMI_E_INVAL, "%s: not a UIO device, or one without maps", path);
}

int scmi_mailbox_uio_open(struct scmi_mailbox_uio **uio, const struct scmi_mailbox_uio_config *config,
			  struct scmi_mailbox_doorbell *doorbell, struct scmi_shmem areas[SCMI_MAILBOX_AREAS],
			  const struct scmi_why *why)
{
	char sysfs[64];
	int fd;
	int err;

	if (uio == NULL || config == NULL || doorbell == NULL || areas == NULL || config->size != sizeof(*config) ||
	    config->path == NULL)
		return scmi__why(why, SCMI_E_INVAL, "an argument is NULL, or size is another one");
	err = check_lengths(config, why);
	if (err == SCMI_OK)
		err = open_device(config->path, sysfs, sizeof(sysfs), &fd, why);
	if (err != SCMI_OK)
		return err;
	err = scmi__uio_take(uio, config, fd, fd, sysfs, doorbell, areas, why);
	if (err != SCMI_OK)
		scmi__fd_close(&fd);
	return err;
}

void scmi_mailbox_uio_close(struct scmi_mailbox_uio *uio)
{
	if (uio == NULL)
		return;
	scmi__fd_close(&uio->fd);
	close_all(uio);
}
