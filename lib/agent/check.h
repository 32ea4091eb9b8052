/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCMI_AGENT_CHECK_H
#define SCMI_AGENT_CHECK_H

#include <scmi/agent.h>

/* What is wrong with the configuration: a sentence that begins with the member's name; NULL: nothing. */
const char *scmi__config_fault(const struct scmi_agent_config *config);
void scmi__log_fault(const struct scmi_agent_config *config, const char *fault);
void scmi__log_limit(const struct scmi_agent *a);

#endif
