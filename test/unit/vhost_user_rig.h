/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A session of the vhost-user back end between the test's two hands: a front end that speaks and drives its rings by
 * hand, in a memfd, and a platform that answers or keeps what it is asked.
 */
#ifndef VHOST_USER_RIG_H
#define VHOST_USER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/message.h>

#include "../../transports/vhost_user/session.h"
#include "../../transports/virtio/ring.h"
#include "fake_port.h"

#define CMDQ   SCMI_VIRTIO_CMDQ
#define EVENTQ SCMI_VIRTIO_EVENTQ

#define GUEST       UINT64_C(0x80000000)     /* where the guest has its memory */
#define USER        UINT64_C(0x7f1234560000) /* where the front end has it */
#define OFFSET      0x1000u                  /* where it begins in its file */
#define MEM_BYTES   0x10000u
#define HALF        0x8000u /* it is two regions, and a hole between their guest addresses */
#define HOLE        UINT64_C(0x100000)
#define QUEUE_BYTES 0x2000u
#define DATA        0x4000u
#define SLOT_BYTES  0x100u
#define REPLY       0x80u
#define ENTRIES     64u
#define HELD_MAX    16u

#define FEATURES (SCMI_VIRTIO_OFFER_DEFAULT)
#define PROTOCOL (VU_PF_MQ | VU_PF_REPLY_ACK | VU_PF_BACKEND_REQ | VU_PF_RESET_DEVICE | VU_PF_STATUS)

struct vu_rig {
	struct vu_offer offer;
	struct vu_session s;
	struct fake_port fake;
	int wake;
	int peer; /* the front end's end of the line */
	int memory;
	unsigned char *mem;
	int kick[SCMI_VIRTIO_QUEUES]; /* what it writes to */
	int call[SCMI_VIRTIO_QUEUES]; /* what it reads */
	int err[SCMI_VIRTIO_QUEUES];
	uint16_t offered[SCMI_VIRTIO_QUEUES];
	uint16_t reaped[SCMI_VIRTIO_QUEUES];

	bool keep; /* the guest's memory stays as it is when a front end comes */
	uid_t uid; /* whose the next front end is: only root can say so */
	struct scmi__ringer ringer;

	/* the platform */
	bool hold;
	unsigned asked;
	unsigned readied;
	unsigned forgotten;
	struct scmi_request *held[HELD_MAX];
	unsigned held_n;
};

/*
 * Before any test: takes note of how the library handles faults. The test's framework has a handler of its own for each
 * test, which vr_open() then replaces.
 */
void vr_note_guard(void);

/* The session alone; and a front end that has said nothing yet. protocol: what is offered. */
void vr_open(struct vu_rig *r, uint64_t protocol);
void vr_begin(struct vu_rig *r);

/* The same, and both rings run. */
void vr_open_running(struct vu_rig *r, uint64_t protocol);
void vr_run(struct vu_rig *r); /* the second half of that, after vr_open() */

/* It goes; all is undone. */
void vr_leave(struct vu_rig *r);
void vr_close(struct vu_rig *r);

/* ---- the line ---- */

void vr_say(struct vu_rig *r, uint32_t request, uint32_t flags, const void *payload, uint32_t len, const int *fds,
	    unsigned n);

/* Has it read what has been said, to its end. */
int vr_read(struct vu_rig *r);

/* Takes a reply to that; len bytes exactly. */
void vr_expect(struct vu_rig *r, uint32_t request, void *payload, uint32_t len);
void vr_expect_silence(struct vu_rig *r);

/* Says it and wants an answer: 0 or not. */
uint64_t vr_ask(struct vu_rig *r, uint32_t request, const void *payload, uint32_t len, const int *fds, unsigned n);
uint64_t vr_ask_u64(struct vu_rig *r, uint32_t request, uint64_t value);
uint64_t vr_ask_state(struct vu_rig *r, uint32_t request, uint32_t index, uint32_t num);

/* It says that, and is to be sent away, with a sentence in which these words stand. */
void vr_expect_end(struct vu_rig *r, const char *words);

/* Asks for a number. */
uint64_t vr_get(struct vu_rig *r, uint32_t request);

/* ---- steps of the usual order ---- */

void vr_memory(struct vu_rig *r, struct vu_memory *table);
uint64_t vr_give_memory(struct vu_rig *r);
struct vu_vring_addr vr_addr(uint32_t queue);
void vr_describe(struct vu_rig *r, uint32_t queue, uint16_t base);
void vr_give_bells(struct vu_rig *r, uint32_t queue);

/* Stops it; where it was. */
uint16_t vr_stop(struct vu_rig *r, uint32_t queue);

/* ---- the driver ---- */

void vr_clean(struct vu_rig *r);
void vr_command(struct vu_rig *r, uint32_t slot);
void vr_event(struct vu_rig *r, uint32_t slot);
bool vr_has_used(struct vu_rig *r, uint32_t queue);
void vr_expect_used(struct vu_rig *r, uint32_t queue, uint32_t id, uint32_t len);
int32_t vr_status(struct vu_rig *r, uint32_t slot);

/* ---- the platform ---- */

void vr_answer(struct vu_rig *r, unsigned i);
int vr_send(struct vu_rig *r);

#endif
