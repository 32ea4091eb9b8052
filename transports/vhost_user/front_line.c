/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is said to a back end, and what comes back. Each reply is awaited, and has to be exactly what was asked for:
 * after a wrong one nobody knows what the next belongs to.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "front_parts.h"

#define NAP_NS 5000000

/* Of the protocol's features: more queues than one, and word of each thing that it has done. */
#define PROTOCOL_WANTED (VU_PF_MQ | VU_PF_REPLY_ACK)

/* ---- the socket ---- */

static int refused(const struct vu_line *l, int e, const struct scmi_why *why)
{
	switch (e) {
	case ENOENT:
	case ECONNREFUSED:
		return scmi__why(why, SCMI_E_NOPEER, "%s: nobody listens there", l->path);
	case EAGAIN:
		return scmi__why(why, SCMI_E_NOPEER, "%s: too many wait to be let in", l->path);
	case EACCES:
		return scmi__why(why, SCMI_E_IO, "%s: no permission", l->path);
	case EPROTOTYPE:
		return scmi__why(why, SCMI_E_IO, "%s: not a stream socket", l->path);
	default:
		return scmi__why(why, SCMI_E_NOPEER, "%s: %s", l->path, strerror(e));
	}
}

static int connect_line(struct vu_line *l, const struct scmi_why *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timespec nap = {.tv_nsec = NAP_NS};
	int e;

	memcpy(address.sun_path, l->path, strlen(l->path)); /* bounded when it was read */
	l->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->sock < 0)
		return scmi__why(why, SCMI_E_IO, "%s: no socket: %s", l->path, strerror(errno));
	scmi__want_descriptors(l->sock, false);
	do
		e = connect(l->sock, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
	while ((e == EINTR || e == EAGAIN) && scmi__now_us() < l->until_us && (nanosleep(&nap, NULL), true));
	if (e != 0)
		return refused(l, e, why);
	l->known = l->ours = false;
	scmi__want_senders(l->sock, true); /* it says nothing before it is asked */
	return SCMI_OK;
}

/* ---- one message, and its reply ---- */

/* What is wrong with it, or NULL. */
static const char *fault_of(const struct vu_message *m, uint32_t request, uint32_t len)
{
	if (m->h.request != request)
		return "the reply to something else";
	if (m->h.flags != (VU_VERSION | VU_REPLY))
		return "a reply with wrong flags";
	if (m->h.size != len)
		return "a reply of another size";
	if (m->fds_n != 0)
		return "a reply with descriptors";
	return NULL;
}

static void note_sender(struct vu_line *l)
{
	if (l->known)
		return;
	l->known = true;
	l->ours = scmi__user_is_ours(l->in.sender);
	scmi__want_senders(l->sock, false);
}

static int hear(struct vu_line *l, uint32_t request, uint32_t len, const struct scmi_why *why)
{
	const char *fault = NULL;
	int err;

	scmi__vu_message_init(&l->in);
	while ((err = scmi__vu_receive(l->sock, &l->in, &fault)) == SCMI_E_BUSY) {
		if (scmi__fd_await(l->sock, POLLIN, l->until_us) == 0)
			break;
	}
	if (err == SCMI_OK) {
		note_sender(l);
		fault = fault_of(&l->in, request, len);
	}
	scmi__vu_message_done(&l->in);
	if (fault != NULL)
		return scmi__why(why, SCMI_E_IO, "%s: the back end answers %s with %s", l->path, scmi__vu_name(request),
				 fault);
	if (err != SCMI_OK)
		return scmi__why(why, SCMI_E_NOPEER, "%s: the back end %s %s", l->path,
				 err == SCMI_E_BUSY ? "does not answer" : "has gone at", scmi__vu_name(request));
	return SCMI_OK;
}

static int say(struct vu_line *l, uint32_t request, uint32_t flags, const void *payload, uint32_t len, const int *fd,
	       const struct scmi_why *why)
{
	const int err = scmi__vu_send(l->sock, request, VU_VERSION | flags, payload, len, fd, fd != NULL ? 1u : 0u,
				      l->until_us);

	if (err == SCMI_OK)
		return SCMI_OK;
	return scmi__why(why, SCMI_E_NOPEER, "%s: the back end has gone at %s", l->path, scmi__vu_name(request));
}

int scmi__vu_line_tell(struct vu_line *l, uint32_t request, const void *payload, uint32_t len, const int *fd,
		       const struct scmi_why *why)
{
	const bool told = (l->protocol & VU_PF_REPLY_ACK) != 0;
	int err = l->owed_n == VU_OWED_MAX ? scmi__vu_line_settle(l, why) : SCMI_OK;

	if (err == SCMI_OK)
		err = say(l, request, told ? VU_NEED_REPLY : 0u, payload, len, fd, why);
	if (err == SCMI_OK && told)
		l->owed[l->owed_n++] = request;
	if (err == SCMI_E_NOPEER && l->owed_n != 0) { /* who has gone may have said why */
		const int before = scmi__vu_line_settle(l, why);

		return before != SCMI_OK ? before : err;
	}
	return err;
}

static int hear_done(struct vu_line *l, uint32_t request, const struct scmi_why *why)
{
	const int err = hear(l, request, sizeof(l->in.u.u64), why);

	if (err != SCMI_OK || l->in.u.u64 == 0)
		return err;
	return scmi__why(why, request == VU_SET_FEATURES ? SCMI_E_NOTSUP : SCMI_E_IO, "%s: the back end refuses %s",
			 l->path, scmi__vu_name(request));
}

int scmi__vu_line_settle(struct vu_line *l, const struct scmi_why *why)
{
	int err = SCMI_OK;

	for (uint32_t i = 0; i < l->owed_n && err == SCMI_OK; i++)
		err = hear_done(l, l->owed[i], why);
	l->owed_n = 0;
	return err;
}

int scmi__vu_line_ask(struct vu_line *l, uint32_t request, const void *payload, uint32_t len, uint32_t reply_len,
		      const struct scmi_why *why)
{
	int err = say(l, request, 0u, payload, len, NULL, why);

	if (err == SCMI_OK)
		err = scmi__vu_line_settle(l, why);
	return err == SCMI_OK ? hear(l, request, reply_len, why) : err;
}

static int ask_u64(struct vu_line *l, uint32_t request, uint64_t *value, const struct scmi_why *why)
{
	const int err = scmi__vu_line_ask(l, request, NULL, 0, sizeof(*value), why);

	if (err == SCMI_OK)
		*value = l->in.u.u64;
	return err;
}

/* ---- how to talk ---- */

/* Rings of before VERSION_1 are in the order of the machine that has them. */
static int check_order(const struct vu_line *l, const struct scmi_why *why)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	(void)l;
	(void)why;
	return SCMI_OK;
#else
	if ((l->offered & SCMI_VIRTIO_F_VERSION_1) != 0)
		return SCMI_OK;
	return scmi__why(why, SCMI_E_NOTSUP, "%s: the back end does not offer VERSION_1", l->path);
#endif
}

static int count_queues(struct vu_line *l, const struct scmi_why *why)
{
	uint64_t n = 0;
	const int err = ask_u64(l, VU_GET_QUEUE_NUM, &n, why);

	if (err != SCMI_OK)
		return err;
	if (n == 0)
		return scmi__why(why, SCMI_E_NOTSUP, "%s: the back end has no queue", l->path);
	l->queues = n < SCMI_VIRTIO_QUEUES ? (uint32_t)n : SCMI_VIRTIO_QUEUES;
	return SCMI_OK;
}

static int agree_on_protocol(struct vu_line *l, const struct scmi_why *why)
{
	uint64_t protocol = 0;
	int err = ask_u64(l, VU_GET_PROTOCOL_FEATURES, &protocol, why);

	if (err != SCMI_OK)
		return err;
	protocol &= PROTOCOL_WANTED;
	err = scmi__vu_line_tell(l, VU_SET_PROTOCOL_FEATURES, &protocol, sizeof(protocol), NULL, why);
	if (err != SCMI_OK)
		return err;
	l->protocol = protocol;
	return (protocol & VU_PF_MQ) != 0 ? count_queues(l, why) : SCMI_OK;
}

static int agree(struct vu_line *l, const struct scmi_why *why)
{
	int err = ask_u64(l, VU_GET_FEATURES, &l->offered, why);

	if (err == SCMI_OK)
		err = check_order(l, why);
	if (err == SCMI_OK)
		err = scmi__vu_line_tell(l, VU_SET_OWNER, NULL, 0, NULL, why);
	if (err == SCMI_OK && (l->offered & VU_F_PROTOCOL_FEATURES) != 0)
		err = agree_on_protocol(l, why);
	return err;
}

int scmi__vu_line_open(struct vu_line *l, uint64_t until_us, const struct scmi_why *why)
{
	int err;

	l->offered = 0;
	l->protocol = 0;
	l->owed_n = 0;
	l->queues = SCMI_VIRTIO_QUEUES;
	l->until_us = until_us;
	err = connect_line(l, why);
	if (err == SCMI_OK)
		err = agree(l, why);
	if (err != SCMI_OK)
		scmi__vu_line_close(l);
	return err;
}

void scmi__vu_line_end(const struct vu_line *l)
{
	const int saved = errno;

	(void)shutdown(l->sock, SHUT_RDWR);
	errno = saved;
}

/* A child of fork() may have it still: the back end shall see it go all the same. */
void scmi__vu_line_close(struct vu_line *l)
{
	scmi__vu_line_end(l);
	scmi__fd_close(&l->sock);
}

int scmi__vu_line_look(const struct vu_line *l)
{
	const int saved = errno;
	char byte;
	ssize_t n;
	int err = SCMI_OK;

	while ((n = recv(l->sock, &byte, 1, MSG_DONTWAIT)) < 0 && errno == EINTR)
		;
	if (n > 0)
		err = SCMI_E_IO;
	else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
		err = SCMI_E_LINK;
	errno = saved;
	return err;
}
