/* SPDX-License-Identifier: BSD-3-Clause */
/* What an interrupt can spoil, with one that comes at each instruction in turn: a one-shot of SysTick's. */
#ifndef PORT_RACES_H
#define PORT_RACES_H

#include <scmi/port.h>
#include <scmi/port/cortex_m.h>

void races_of_atomics(void);
/* mask_level: the lock that event_wait() does not use, but the port has. */
void races_of_waits(uint32_t mask_level);
void clock_goes_by_ticks_alone(const struct scmi_port *port, uint32_t tick_us);
void clock_never_goes_back(const struct scmi_port *port);
void lock_keeps_outer_levels(const struct scmi_port *port, uint32_t mask_level);

#endif
