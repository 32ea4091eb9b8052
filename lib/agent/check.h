/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCMI_AGENT_CHECK_H
#define SCMI_AGENT_CHECK_H

#include "internal.h"

/*
 * What is wrong with the configuration: a sentence that begins with the member's name; NULL: nothing. *at: the link
 * whose member it is, SCMI_ALL_LINKS: the agent's.
 */
const char *scmi__config_fault(const struct scmi_agent_config *config, uint32_t *at);
const char *scmi__checks_fault(uint32_t strict, uint32_t tolerate);
void scmi__log_fault(const struct scmi_agent_config *config, const char *fault, uint32_t at);
void scmi__log_limit(const struct link *l);

/* Bytes of one event buffer; 0: no link brings notifications. */
uint32_t scmi__event_bytes(const struct scmi_agent_config *config);

#endif
