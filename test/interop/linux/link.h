/* SPDX-License-Identifier: BSD-3-Clause */
/* The page and the socket that the kernel's controller (scmi_test_mailbox.c) has at its other end. */
#ifndef LINK_H
#define LINK_H

#include <stdint.h>

#include <scmi/transport/mailbox.h>

/* As in the device tree. Between the areas lies a hole: the kernel writes beyond its area if it is told to. */
#define LINK_PAGE_BYTES 4096u
#define LINK_AREA_BYTES 0x80u
#define LINK_A2P        0x000u
#define LINK_P2A        0x400u

#define LINK_CHANNELS 4u

struct link {
	struct scmi_mailbox_doorbell doorbell;
	struct scmi_shmem areas[SCMI_MAILBOX_AREAS];
	char *page;
	uint32_t mboxes;
	uint32_t shmems;
	int listener;
	int fd;      /* the kernel's; -1: not there yet */
	int wake_fd; /* an eventfd */
	uint32_t heard[LINK_CHANNELS];
	char socket_path[100];
};

enum link_event {
	LINK_QUIET, /* time has passed */
	LINK_RUNG,
	LINK_GONE,
};

/* SCMI_OK, or SCMI_E_IO with a message. */
int link_open(struct link *link, const char *directory, uint32_t mboxes, uint32_t shmems);

/* Waits for the kernel. Not 0: none has come. */
int link_accept(struct link *link);

/* Sleeps until the kernel has rung, gone, or so much time has passed. */
enum link_event link_sleep(struct link *link, int ms);

void link_close(struct link *link);

#endif
