/* SPDX-License-Identifier: BSD-3-Clause */
/* What the suite asks POSIX threads for, by the port to Cortex-M. */
#include <pthread.h>
#include <scmi/errors.h>
#include <scmi/port/posix.h>

#include "shim_port.h"
#include "target.h"

static struct scmi_port real;

struct scmi_port *shim_port(void)
{
	return &real;
}

int scmi_posix_init(struct scmi_posix *posix, struct scmi_port *out)
{
	posix->lock_ = 0;
	if (real.version == 0 && target_port(&real) != SCMI_OK)
		return SCMI_E_IO;
	*out = real;
	return SCMI_OK;
}

void scmi_posix_fini(struct scmi_posix *posix)
{
	posix->lock_ = 1;
}

/* The suite's clock is an atomic of 64 bits, which the core does not have: these the compiler calls. */

uint64_t suite_load(const volatile uint64_t *at, int order) __asm__("__atomic_load_8");
void suite_store(volatile uint64_t *at, uint64_t value, int order) __asm__("__atomic_store_8");
uint64_t suite_add(volatile uint64_t *at, uint64_t value, int order) __asm__("__atomic_fetch_add_8");

uint64_t suite_load(const volatile uint64_t *at, int order)
{
	uint64_t value;

	(void)order;
	shim_mask();
	value = *at;
	shim_unmask();
	return value;
}

void suite_store(volatile uint64_t *at, uint64_t value, int order)
{
	(void)order;
	shim_mask();
	*at = value;
	shim_unmask();
}

uint64_t suite_add(volatile uint64_t *at, uint64_t value, int order)
{
	uint64_t old;

	(void)order;
	shim_mask();
	old = *at;
	*at = old + value;
	shim_unmask();
	return old;
}
