/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of scenarios; each ends with an entry without a name. */
#ifndef STEP_SCENARIOS_H
#define STEP_SCENARIOS_H

#include "step.h"

extern const struct step_scenario scenarios_calls[];
extern const struct step_scenario scenarios_waits[];
extern const struct step_scenario scenarios_life[];

#endif
