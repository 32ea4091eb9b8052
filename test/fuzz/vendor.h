/* SPDX-License-Identifier: BSD-3-Clause */
/* A vendor's protocol for the fuzzer of the platform: its handlers do all that a handler may, and a little more. */
#ifndef TEST_FUZZ_VENDOR_H
#define TEST_FUZZ_VENDOR_H

#include <scmi/platform.h>

#define VENDOR     0x90u
#define VENDOR_LOW 0x1fu /* the same where the platform finds a protocol without a search */

/* What its handlers have done. */
struct vendor {
	uint32_t put_off; /* requests that are not answered when the handler returns, or not by it */
	uint32_t answered_twice;
	uint32_t overflowed; /* replies of success whose values had no room */
};

/* Fills in a server, under an id. */
void vendor_server(struct scmi_server *server, struct vendor *vendor, uint8_t protocol);

#endif
