/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the typed clock commands share. */
#ifndef CLOCK_TOLD_H
#define CLOCK_TOLD_H

#include <scmi/protocol/clock.h>

#include "told.h"

#define DWORD(b)  (b), 0, 0, 0, 0, 0, 0, 0
#define UART      'u', 'a', 'r', 't', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define FIFTEEN   'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o'
#define REFUSED   0xff, 0xff, 0xff, 0xff
#define NOT_FOUND 0xfc, 0xff, 0xff, 0xff

/* A row whose command has the bytes given in parentheses. */
#define SENT(id, params, ...)                                                                                          \
	{                                                                                                              \
		(id), BYTES params, sizeof(BYTES params), BYTES(__VA_ARGS__), sizeof(BYTES(__VA_ARGS__))               \
	}

/* As if it had been opened, with this version spoken. */
static inline struct scmi_clock_protocol spoken(struct fixture *f, uint32_t version)
{
	return (struct scmi_clock_protocol){.size = sizeof(struct scmi_clock_protocol),
					    .version = version,
					    .spoken = version,
					    .clocks = 3,
					    .agent = f->agent};
}

/* All that layouts depend on. */
static const uint32_t versions[] = {SCMI_VERSION(1, 0), SCMI_VERSION(2, 0), SCMI_VERSION(2, 1), SCMI_VERSION(3, 0)};

#define TEST(name) cmocka_unit_test_setup_teardown(name, told_set_up, told_tear_down)

#endif
