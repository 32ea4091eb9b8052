/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole messages over a stream socket.
 *
 * A stream does not keep messages apart, but never joins bytes of two that came with descriptors each; so first exactly
 * a header is read, then exactly its payload.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>

#include "message.h"

#define HEADER_BYTES ((uint32_t)sizeof(struct vu_header))

#define SCM_FDS_MAX 253u /* the kernel lets nobody send more at once */

/* Room for whatever can come: what had none the kernel would close, in this thread, as it is. */
union incoming {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(SCM_FDS_MAX * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
};

/* And for what one message may bring. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(VU_FDS_MAX * sizeof(int))];
};

/* A socket that has something to send could make its last close() wait for as long as the sender likes. */
static void close_given(int *fd)
{
	const struct linger off = {.l_onoff = 0};

	if (*fd >= 0)
		(void)setsockopt(*fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off)); /* no socket: nothing to do */
	scmi__fd_close(fd);
}

void scmi__vu_message_init(struct vu_message *m)
{
	m->h = (struct vu_header){0};
	m->fds_n = 0;
	m->got = 0;
	m->sender = SCMI__NO_USER;
	for (unsigned i = 0; i < VU_FDS_MAX; i++)
		m->fd[i] = -1;
	memset(&m->u, 0, sizeof(m->u));
}

int scmi__vu_take_fd(struct vu_message *m, unsigned i)
{
	int fd;

	if (i >= m->fds_n)
		return -1;
	fd = m->fd[i];
	m->fd[i] = -1;
	return fd;
}

void scmi__vu_message_done(struct vu_message *m)
{
	for (unsigned i = 0; i < m->fds_n; i++)
		close_given(&m->fd[i]);
	m->h = (struct vu_header){0};
	m->fds_n = 0;
	m->got = 0;
	m->sender = SCMI__NO_USER;
}

/* ---- receiving ---- */

/* Takes one descriptor in; false: there is no room, and it is closed. */
static bool keep(struct vu_message *m, int fd)
{
	if (m->fds_n == VU_FDS_MAX) {
		close_given(&fd);
		return false;
	}
	m->fd[m->fds_n++] = fd;
	return true;
}

/* Every descriptor that has come is m's, or closed. What is wrong with them, or NULL. */
static const char *collect(struct vu_message *m, struct msghdr *msg, bool behind)
{
	const char *why = NULL;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		const size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (m->got == 0 && m->sender == SCMI__NO_USER)
			m->sender = scmi__sender(c);
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (!keep(m, fd))
				why = "more than 8 descriptors";
			else if (behind)
				why = "descriptors that come behind their message's header";
		}
	}
	if ((msg->msg_flags & MSG_CTRUNC) != 0)
		why = m->fds_n == VU_FDS_MAX ? "more than 8 descriptors" : "descriptors that could not be taken in";
	return why;
}

/* Reads at most len bytes to dst, and what comes with them. SCMI_OK: *n of them have come. */
static int receive(int sock, struct vu_message *m, void *dst, uint32_t len, uint32_t *n, const char **why)
{
	union incoming control;
	struct iovec part = {.iov_base = dst, .iov_len = len};
	struct msghdr msg = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	const char *fault;
	ssize_t got;

	while ((got = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? SCMI_E_BUSY : SCMI_E_NOPEER;
	fault = collect(m, &msg, m->got >= HEADER_BYTES);
	if (fault != NULL) {
		*why = fault;
		return SCMI_E_PROTO;
	}
	*n = (uint32_t)got;
	return got != 0 ? SCMI_OK : SCMI_E_NOPEER;
}

static int check_header(const struct vu_header *h, const char **why)
{
	if ((h->flags & VU_VERSION_MASK) != VU_VERSION)
		*why = "a version that is not 1";
	else if ((h->flags & ~VU_FLAGS_KNOWN) != 0)
		*why = "flags that are not known";
	else if (h->size > VU_PAYLOAD_MAX)
		*why = "a payload of more than 4096 bytes";
	else
		return SCMI_OK;
	return SCMI_E_PROTO;
}

static int receive_header(int sock, struct vu_message *m, const char **why)
{
	while (m->got < HEADER_BYTES) {
		unsigned char *at = (unsigned char *)&m->h + m->got;
		uint32_t n = 0;
		const int err = receive(sock, m, at, HEADER_BYTES - m->got, &n, why);

		if (err != SCMI_OK)
			return err;
		m->got += n;
		if (m->got == HEADER_BYTES) /* once: nothing of an earlier message is behind this one's payload */
			memset(&m->u, 0, sizeof(m->u));
	}
	return check_header(&m->h, why);
}

int scmi__vu_receive(int sock, struct vu_message *m, const char **why)
{
	int err = receive_header(sock, m, why);

	while (err == SCMI_OK && m->got < HEADER_BYTES + m->h.size) {
		const uint32_t at = m->got - HEADER_BYTES;
		uint32_t n = 0;

		err = receive(sock, m, m->u.bytes + at, m->h.size - at, &n, why);
		m->got += n;
	}
	return err;
}

/* ---- sending ---- */

/* What is left to be sent, of a header and a payload. */
struct outgoing {
	struct iovec part[2];
	union control *control;
	size_t control_len; /* 0: no descriptors, or they have gone out */
};

static void add_fds(struct outgoing *o, const int *fds, unsigned fds_n)
{
	o->control_len = CMSG_SPACE(fds_n * sizeof(int));
	memset(o->control, 0, sizeof(*o->control));
	o->control->align = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(fds_n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(&o->control->align), fds, fds_n * sizeof(int));
}

/* The descriptors went with the first byte. */
static void advance(struct outgoing *o, size_t sent)
{
	o->control_len = 0;
	for (size_t i = 0; i < 2; i++) {
		const size_t n = sent < o->part[i].iov_len ? sent : o->part[i].iov_len;

		o->part[i].iov_base = (unsigned char *)o->part[i].iov_base + n;
		o->part[i].iov_len -= n;
		sent -= n;
	}
}

/* SCMI_E_BUSY: no room now. */
static int send_some(int sock, struct outgoing *o)
{
	struct msghdr msg = {.msg_iov = o->part, .msg_iovlen = 2};
	ssize_t n;

	if (o->control_len != 0) {
		msg.msg_control = o->control;
		msg.msg_controllen = o->control_len;
	}
	while ((n = sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL)) < 0 && errno == EINTR)
		;
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? SCMI_E_BUSY : SCMI_E_NOPEER;
	advance(o, (size_t)n);
	return SCMI_OK;
}

int scmi__vu_send(int sock, uint32_t request, uint32_t flags, const void *payload, uint32_t len, const int *fds,
		  unsigned fds_n, uint64_t deadline_us)
{
	struct vu_header h = {.request = request, .flags = flags, .size = len};
	unsigned char copy[VU_PAYLOAD_MAX];
	union control control;
	struct outgoing o = {.part = {{.iov_base = &h, .iov_len = sizeof(h)}, {.iov_base = copy, .iov_len = len}},
			     .control = &control};
	int err = SCMI_OK;

	if (len > sizeof(copy) || fds_n > VU_FDS_MAX)
		return SCMI_E_NOPEER; /* nobody could take it */
	if (len != 0)
		memcpy(copy, payload, len);
	if (fds_n != 0)
		add_fds(&o, fds, fds_n);
	while (err == SCMI_OK && (o.part[0].iov_len != 0 || o.part[1].iov_len != 0)) {
		err = send_some(sock, &o);
		if (err == SCMI_E_BUSY && deadline_us != 0 && scmi__fd_await(sock, POLLOUT, deadline_us) != 0)
			err = SCMI_OK;
	}
	return err == SCMI_OK ? SCMI_OK : SCMI_E_NOPEER;
}
