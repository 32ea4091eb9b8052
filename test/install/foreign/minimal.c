/* SPDX-License-Identifier: BSD-3-Clause */
/* The minimal agent over a polled mailbox, as a boot loader has it; the doorbell is the platform. */
#include <scmi/minimal.h>
#include <scmi/protocol/base.h>
#include <scmi/transport/mailbox.h>

#include <stdio.h>
#include <string.h>

static uint32_t area[32];
static max_align_t agent_mem[SCMI_MINIMAL_WORDS];

/* The answer to DISCOVER_VENDOR: the header stays. */
static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	uint8_t *bytes = (uint8_t *)area;

	(void)ctx;
	(void)signal;
	scmi_put_le32(bytes + SCMI_SHMEM_LENGTH, 4u + SCMI_STATUS_BYTES + SCMI_SHORT_NAME);
	scmi_put_le32(bytes + SCMI_SHMEM_PAYLOAD, SCMI_SUCCESS);
	memcpy(bytes + SCMI_SHMEM_PAYLOAD + SCMI_STATUS_BYTES, "foreign", sizeof("foreign"));
	scmi_put_le32(bytes + SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	return SCMI_OK;
}

int main(void)
{
	const struct scmi_mailbox_doorbell bell = {.version = SCMI_MAILBOX_DOORBELL_V1, .name = "call", .ring = ring};
	const struct scmi_mailbox_config mailbox_config = {
		.size = sizeof(mailbox_config),
		.areas = {[SCMI_MAILBOX_A2P] = {.mem = area, .len = sizeof(area)}},
		.doorbell = &bell,
	};
	struct scmi_mailbox mailbox;
	struct scmi_transport transport;
	const struct scmi_agent_config config = {.size = sizeof(config), .transport = &transport};
	struct scmi_agent *agent;
	char vendor[SCMI_SHORT_NAME] = "";

	if (scmi_shmem_reset(&mailbox_config.areas[SCMI_MAILBOX_A2P]) != SCMI_OK ||
	    scmi_mailbox_init(&mailbox, &mailbox_config, &transport) != SCMI_OK ||
	    scmi_agent_init(&agent, agent_mem, sizeof(agent_mem), &config) != SCMI_OK ||
	    scmi_agent_start(agent) != SCMI_OK || scmi_base_vendor(agent, vendor, NULL) != SCMI_OK)
		return 1;
	printf("minimal: vendor '%s'\n", vendor);
	return strcmp(vendor, "foreign") != 0 || scmi_agent_submit(agent, NULL) != SCMI_E_NOTSUP ||
	       scmi_agent_fini(agent) != SCMI_OK;
}
