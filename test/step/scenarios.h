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

static const struct step_scenario *const scenarios[] = {
	scenarios_calls,
	scenarios_waits,
	scenarios_life,
	scenarios_delayed,
	scenarios_pump,
	scenarios_fence,
	scenarios_slots,
	scenarios_recover,
	scenarios_events,
	scenarios_all,
	scenarios_ring,
	scenarios_virtio,
	NULL,
};

#endif
