/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What stands in the messages of vhost-user: numbers and layouts. All in host order; a message is a header, its
 * payload, and descriptors that come with the header's first byte.
 */
#ifndef SCMI_VHOST_USER_WIRE_H
#define SCMI_VHOST_USER_WIRE_H

#include <stdint.h>

enum vu_request {
	VU_GET_FEATURES = 1,
	VU_SET_FEATURES = 2,
	VU_SET_OWNER = 3,
	VU_RESET_OWNER = 4,
	VU_SET_MEM_TABLE = 5,
	VU_SET_LOG_BASE = 6,
	VU_SET_LOG_FD = 7,
	VU_SET_VRING_NUM = 8,
	VU_SET_VRING_ADDR = 9,
	VU_SET_VRING_BASE = 10,
	VU_GET_VRING_BASE = 11,
	VU_SET_VRING_KICK = 12,
	VU_SET_VRING_CALL = 13,
	VU_SET_VRING_ERR = 14,
	VU_GET_PROTOCOL_FEATURES = 15,
	VU_SET_PROTOCOL_FEATURES = 16,
	VU_GET_QUEUE_NUM = 17,
	VU_SET_VRING_ENABLE = 18,
	VU_SET_BACKEND_REQ_FD = 21,
	VU_GET_INFLIGHT_FD = 31,
	VU_SET_INFLIGHT_FD = 32,
	VU_RESET_DEVICE = 34,
	VU_GET_MAX_MEM_SLOTS = 36,
	VU_ADD_MEM_REG = 37,
	VU_REM_MEM_REG = 38,
	VU_SET_STATUS = 39,
	VU_GET_STATUS = 40,
	VU_REQUESTS, /* above every number that is known here */
};

#define VU_VERSION      1u
#define VU_VERSION_MASK 3u
#define VU_REPLY        4u
#define VU_NEED_REPLY   8u
#define VU_FLAGS_KNOWN  15u

/* Feature bit beside those of virtio: there are protocol features, and rings are enabled one by one. */
#define VU_F_PROTOCOL_FEATURES (UINT64_C(1) << 30)

#define VU_PF_MQ             (UINT64_C(1) << 0)
#define VU_PF_REPLY_ACK      (UINT64_C(1) << 3)
#define VU_PF_BACKEND_REQ    (UINT64_C(1) << 5)
#define VU_PF_INFLIGHT_SHMFD (UINT64_C(1) << 12)
#define VU_PF_RESET_DEVICE   (UINT64_C(1) << 13)
#define VU_PF_MEM_SLOTS      (UINT64_C(1) << 15)
#define VU_PF_STATUS         (UINT64_C(1) << 16)

#define VU_PAYLOAD_MAX 4096u
#define VU_FDS_MAX     8u   /* of one message */
#define VU_REGIONS_MAX 8u   /* of one message */
#define VU_SLOTS_MAX   512u /* regions one by one */

#define VU_RING_MASK UINT64_C(0xff) /* of the u64 of KICK, CALL, ERR */
#define VU_RING_NOFD (UINT64_C(1) << 8)

struct vu_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size; /* of the payload */
};

struct vu_vring_state {
	uint32_t index;
	uint32_t num;
};

/* User addresses: of the front end's own address space. */
struct vu_vring_addr {
	uint32_t index;
	uint32_t flags; /* bit 0: dirty pages are logged */
	uint64_t desc;
	uint64_t used;
	uint64_t avail;
	uint64_t log;
};

struct vu_region {
	uint64_t guest;  /* physical address: what stands in descriptors */
	uint64_t size;   /* bytes */
	uint64_t user;   /* what stands in struct vu_vring_addr */
	uint64_t offset; /* in the file that comes with it */
};

struct vu_memory {
	uint32_t n;
	uint32_t padding;
	struct vu_region region[VU_REGIONS_MAX]; /* n of them, and what more may follow is not looked at */
};

struct vu_one_region {
	uint64_t padding;
	struct vu_region region;
};

struct vu_inflight {
	uint64_t mmap_size;
	uint64_t mmap_offset;
	uint16_t queues;
	uint16_t queue_size;
	uint32_t padding; /* some senders leave it out */
};

#define VU_INFLIGHT_BYTES_MIN 20u

_Static_assert(sizeof(struct vu_header) == 12, "as on the wire");
_Static_assert(sizeof(struct vu_vring_state) == 8, "as on the wire");
_Static_assert(sizeof(struct vu_vring_addr) == 40, "as on the wire");
_Static_assert(sizeof(struct vu_region) == 32, "as on the wire");
_Static_assert(sizeof(struct vu_memory) == 8 + 32 * VU_REGIONS_MAX, "as on the wire");
_Static_assert(sizeof(struct vu_one_region) == 40, "as on the wire");
_Static_assert(sizeof(struct vu_inflight) == 24, "as on the wire");

#endif
