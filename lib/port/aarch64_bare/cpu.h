/* SPDX-License-Identifier: BSD-3-Clause */
/* What takes an instruction of its own. Apart, so that the rest of the port can be tested on any machine. */
#ifndef SCMI_AARCH64_BARE_CPU_H
#define SCMI_AARCH64_BARE_CPU_H

#include <stddef.h>
#include <stdint.h>

uint64_t scmi__aarch64_counter(void);    /* not read ahead of what stands before it */
uint32_t scmi__aarch64_counter_hz(void); /* as firmware says */
uintptr_t scmi__aarch64_core(void);      /* this core's affinity, 32 bits */

/* Masks IRQ and FIQ of this core, and returns the state before; restore brings it back. */
uintptr_t scmi__aarch64_mask(void);
void scmi__aarch64_restore(uintptr_t daif);

/* wait_event returns when there has been a send_event of any core, or an interrupt, since the last one; or earlier. */
void scmi__aarch64_wait_event(void);
void scmi__aarch64_send_event(void);
void scmi__aarch64_event_stream(unsigned bit); /* an event whenever this bit of the counter has become 1 */

/* Sleeps until an interrupt is pending, masked or not. */
void scmi__aarch64_sleep(void);
void scmi__aarch64_timer_at(uint64_t counter); /* its interrupt is pending from then on */
void scmi__aarch64_timer_off(void);

/* Bytes of the smallest cache line; clean, or clean and invalidate, the line at address; and until that is done. */
size_t scmi__aarch64_line(void);
void scmi__aarch64_clean(uintptr_t address);
void scmi__aarch64_invalidate(uintptr_t address);
void scmi__aarch64_caches_done(void);

#endif
