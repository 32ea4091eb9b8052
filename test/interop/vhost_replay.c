/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <scmi/message.h>

#include "vhost_replay.h"

#define PAYLOAD_MAX 72u

void replay_load(struct recording *recording, const char *path)
{
	char error[128];

	if (recording_load(recording, path, error, sizeof(error)) != 0)
		fail_msg("%s", error);
}

void replay_host_open(struct replay_host *h, const char *keys)
{
	char uri[128];
	char why[256] = "";
	const struct scmi_open_config config = {.size = sizeof(config), .why = {.text = why, .len = sizeof(why)}};

	strcpy(h->folder, "/tmp/scmi.XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	snprintf(h->path, sizeof(h->path), "%s/socket", h->folder);
	snprintf(uri, sizeof(uri), "vhost-user:%s,agents=1%s", h->path, keys);
	assert_int_equal(scmi_posix_init(&h->posix, &h->port), SCMI_OK);
	if (scmi_listen(&h->listener, uri, &config, &h->port) != SCMI_OK)
		fail_msg("%s: %s", uri, why);
	assert_int_equal(acme_open(&h->acme, scmi_listener_endpoint(h->listener, 0), NULL, NULL), SCMI_OK);
	assert_int_equal(scmi_listener_start(h->listener), SCMI_OK);
}

void replay_host_close(struct replay_host *h)
{
	assert_int_equal(scmi_listener_stop(h->listener), SCMI_OK);
	assert_int_equal(acme_close(&h->acme), SCMI_OK);
	assert_int_equal(scmi_listener_close(h->listener), SCMI_OK);
	scmi_posix_fini(&h->posix);
	assert_int_equal(rmdir(h->folder), 0);
}

int replay_connect(const struct replay_host *h)
{
	const struct timeval limit = {.tv_sec = LIMIT_MS / 1000};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, h->path);
	assert_return_code(sock, errno);
	assert_return_code(connect(sock, (const struct sockaddr *)&address, sizeof(address)), errno);
	assert_return_code(setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), errno);
	return sock;
}

/* Requests with a payload that begins with two words of 32 bits; all else are of 64. */
static bool has_pair(uint32_t request)
{
	return request == SET_MEM_TABLE || request == SET_VRING_ENABLE ||
	       (request >= SET_VRING_NUM && request <= GET_VRING_BASE);
}

/* The recorder's host was little endian, this one may not be. */
static void to_host(const struct recording_entry *e, unsigned char *payload)
{
	unsigned char sent[PAYLOAD_MAX] = {0};

	assert_in_range(e->sent_len, 0, PAYLOAD_MAX);
	memcpy(sent, e->sent, e->sent_len);
	for (uint32_t i = 0; i < e->size; i += 8u) {
		const uint32_t pair[2] = {scmi_get_le32(sent + i), scmi_get_le32(sent + i + 4u)};
		const uint64_t one = scmi_get_le64(sent + i);

		memcpy(payload + i, i == 0 && has_pair(e->request) ? (const void *)pair : &one, 8);
	}
}

void replay_say(int sock, const struct recording_entry *e, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	uint32_t message[3u + PAYLOAD_MAX / 4u] = {e->request, e->flags, e->size};
	struct iovec piece = {.iov_base = message, .iov_len = 12u + e->size};
	struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};

	assert_in_range(e->size, 0, PAYLOAD_MAX);
	to_host(e, (unsigned char *)&message[3]);
	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	}
	assert_int_equal(sendmsg(sock, &msg, MSG_NOSIGNAL), 12u + e->size);
}

uint64_t replay_hear(int sock, uint32_t request)
{
	uint32_t reply[5] = {0};
	uint64_t value;

	assert_int_equal(recv(sock, reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
	assert_int_equal(reply[0], request);
	assert_int_equal(reply[1], REPLY);
	assert_int_equal(reply[2], sizeof(value));
	memcpy(&value, &reply[3], sizeof(value));
	return value;
}

void replay_put_desc(unsigned char *desc, uint64_t addr, uint32_t len, uint32_t flags, uint32_t next)
{
	scmi_put_le64(desc, addr);
	scmi_put_le32(desc + 8, len);
	scmi_put_le16(desc + 12, (uint16_t)flags);
	scmi_put_le16(desc + 14, (uint16_t)next);
}
