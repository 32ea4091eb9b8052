/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the minimal agent does not do. All of agent.h is here, so that no function of the full agent is ever linked beside
 * this one: it would find another structure there.
 */
#include <scmi/minimal.h>

int scmi_agent_quiesce(struct scmi_agent *agent, uint64_t until_us)
{
	(void)agent;
	(void)until_us;
	return SCMI_E_NOTSUP;
}

int scmi_agent_resume(struct scmi_agent *agent)
{
	(void)agent;
	return SCMI_E_NOTSUP;
}

int scmi_agent_submit(struct scmi_agent *agent, struct scmi_call *call)
{
	(void)agent;
	(void)call;
	return SCMI_E_NOTSUP;
}

int scmi_agent_submit_many(struct scmi_agent *agent, struct scmi_call *const *calls, uint32_t n, uint32_t *submitted)
{
	(void)agent;
	(void)calls;
	(void)n;
	if (submitted != NULL)
		*submitted = 0;
	return SCMI_E_NOTSUP;
}

int scmi_agent_wait(struct scmi_agent *agent, struct scmi_call *call)
{
	(void)agent;
	(void)call;
	return SCMI_E_NOTSUP;
}

int scmi_agent_wait_until(struct scmi_agent *agent, struct scmi_call *call, uint64_t until_us)
{
	(void)until_us;
	return scmi_agent_wait(agent, call);
}

int scmi_agent_cancel(struct scmi_agent *agent, struct scmi_call *call)
{
	(void)agent;
	(void)call;
	return SCMI_E_NOTSUP;
}

uint32_t scmi_agent_cancel_all(struct scmi_agent *agent)
{
	(void)agent;
	return 0;
}

int scmi_agent_poll(struct scmi_agent *agent, int max)
{
	(void)agent;
	(void)max;
	return 0;
}

uint64_t scmi_agent_next_deadline(struct scmi_agent *agent)
{
	(void)agent;
	return SCMI_NEVER;
}

int scmi_agent_fd(struct scmi_agent *agent, uint32_t link)
{
	(void)agent;
	(void)link;
	return -1;
}

int scmi_agent_subscribe(struct scmi_agent *agent, struct scmi_subscriber *node)
{
	(void)agent;
	(void)node;
	return SCMI_E_NOTSUP;
}

int scmi_agent_unsubscribe(struct scmi_agent *agent, struct scmi_subscriber *node)
{
	(void)agent;
	(void)node;
	return SCMI_E_NOTSUP;
}

int scmi_agent_checks(struct scmi_agent *agent, uint32_t strict, uint32_t tolerate)
{
	(void)agent;
	(void)strict;
	(void)tolerate;
	return SCMI_E_NOTSUP;
}

int scmi_agent_stats(struct scmi_agent *agent, uint32_t link, struct scmi_agent_stats *stats)
{
	(void)agent;
	(void)link;
	(void)stats;
	return SCMI_E_NOTSUP;
}

uint32_t scmi_agent_link(const struct scmi_agent *agent, uint8_t protocol)
{
	(void)agent;
	(void)protocol;
	return 0;
}
