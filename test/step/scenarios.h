/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of scenarios; each ends with an entry without a name. */
#ifndef STEP_SCENARIOS_H
#define STEP_SCENARIOS_H

#include <stddef.h>

#include "step.h"

extern const struct step_scenario scenarios_calls[];
extern const struct step_scenario scenarios_waits[];
extern const struct step_scenario scenarios_life[];
extern const struct step_scenario scenarios_delayed[];
extern const struct step_scenario scenarios_pump[];
extern const struct step_scenario scenarios_fence[];
extern const struct step_scenario scenarios_slots[];
extern const struct step_scenario scenarios_recover[];
extern const struct step_scenario scenarios_events[];
extern const struct step_scenario scenarios_all[];
extern const struct step_scenario scenarios_ring[];
extern const struct step_scenario scenarios_virtio[];
extern const struct step_scenario scenarios_device[];
extern const struct step_scenario scenarios_mailbox[];

/* most: schedules of a level that the everyday run looks at, where runs are long; 0: as main.c has it. */
static const struct {
	const struct step_scenario *table;
	uint64_t most;
} scenarios[] = {
	{scenarios_calls, 0},     {scenarios_waits, 0},      {scenarios_life, 0},
	{scenarios_delayed, 0},   {scenarios_pump, 0},       {scenarios_fence, 0},
	{scenarios_slots, 0},     {scenarios_recover, 0},    {scenarios_events, 0},
	{scenarios_all, 0},       {scenarios_ring, 0},       {scenarios_virtio, 2000},
	{scenarios_device, 2000}, {scenarios_mailbox, 2000}, {NULL, 0},
};

#endif
