/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A gate: a count of the contexts inside, below bits that say who may come in. Both ends of a mailbox have one.
 *
 * Who comes in sees the bits and is counted in one step; who takes a bit away looks at the count after that. So either
 * he sees him, or he is not let in.
 */
#ifndef SCMI_MAILBOX_GATE_H
#define SCMI_MAILBOX_GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <scmi/port.h>

/*
 * All the bits of `need` have to stand. seq_cst where they do not, too: who opens the gate looks at the areas after
 * that, and one of the two sees what the other has done.
 */
static inline bool gate_enter(_Atomic uint32_t *gate, uint32_t need)
{
	uint32_t g = atomic_load(gate);

	do {
		if ((g & need) != need)
			return false;
		/* Acquire: what was set up before the gate was opened is seen. */
	} while (!atomic_compare_exchange_weak(gate, &g, g + 1u));
	return true;
}

/* Until all the bits of `mask` are gone. Acquire: what those inside did is seen by who has waited for them. */
static inline void gate_await(const _Atomic uint32_t *gate, uint32_t mask, const struct scmi_port *port)
{
	while ((atomic_load(gate) & mask) != 0) {
		if (port != NULL)
			port->relax(port->ctx);
	}
}

#endif
