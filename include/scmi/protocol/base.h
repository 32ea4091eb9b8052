/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The base protocol, agent side: who the platform is, what it offers, and who may use what.
 *
 * Results, errors, status and context of all functions: as common.h says.
 */
#ifndef SCMI_PROTOCOL_BASE_H
#define SCMI_PROTOCOL_BASE_H

#include <stdbool.h>
#include <stdint.h>

#include <scmi/agent.h>
#include <scmi/protocol/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* scmi_protocol_version() and its like for the base protocol. */
int scmi_base_version(struct scmi_agent *agent, uint32_t *version, int32_t *status);
int scmi_base_message_attributes(struct scmi_agent *agent, uint8_t message, uint32_t *attributes, int32_t *status);
int scmi_base_negotiate(struct scmi_agent *agent, uint32_t version, int32_t *status);

/*
 * PROTOCOL_ATTRIBUTES: how many protocols there are, base not counted, and how many agents, the platform itself counted
 * among them; no agents: the platform does not offer to discover them.
 */
int scmi_base_attributes(struct scmi_agent *agent, uint32_t *protocols, uint32_t *agents, int32_t *status);

/* DISCOVER_VENDOR and DISCOVER_SUB_VENDOR (optional in a platform). name is always terminated. */
int scmi_base_vendor(struct scmi_agent *agent, char name[SCMI_SHORT_NAME], int32_t *status);
int scmi_base_sub_vendor(struct scmi_agent *agent, char name[SCMI_SHORT_NAME], int32_t *status);

/* DISCOVER_IMPLEMENTATION_VERSION: a number whose meaning is the vendor's. */
int scmi_base_implementation_version(struct scmi_agent *agent, uint32_t *version, int32_t *status);

/*
 * DISCOVER_LIST_PROTOCOLS, as often as it takes: the ids of the protocols that this agent may use, base not listed. ids
 * has room for cap of them; SCMI_BASE_PROTOCOLS_MAX is always enough. *count is how many were listed: fewer than
 * announced if the platform ends the list early. SCMI_E_PROTO: it lists more than it announced, or fewer than it says.
 * SCMI_E_TRUNCATED: *count protocols are announced, more than cap; nothing was listed. On another error what stands at
 * ids means nothing.
 */
int scmi_base_list_protocols(struct scmi_agent *agent, uint8_t *ids, uint32_t cap, uint32_t *count, int32_t *status);

/* An agent as the platform knows it. */
struct scmi_base_agent {
	uint32_t id; /* SCMI_BASE_PLATFORM_ID is the platform itself */
	char name[SCMI_SHORT_NAME];
};

/*
 * DISCOVER_AGENT (optional in a platform): the agent with that id; SCMI_BASE_AGENT_SELF (version 2.0 and later): the
 * one that asks. A platform of version 1.0 does not send the id: then the one that was asked for stands in the result.
 */
int scmi_base_discover_agent(struct scmi_agent *agent, uint32_t id, struct scmi_base_agent *who, int32_t *status);

/* NOTIFY_ERRORS (optional in a platform): BASE_ERROR_EVENT notifications on or off. */
int scmi_base_notify_errors(struct scmi_agent *agent, bool enable, int32_t *status);

/*
 * SET_DEVICE_PERMISSIONS, SET_PROTOCOL_PERMISSIONS (version 2.0 and later, optional): whether agent_id may use the
 * device, or the protocol on the device. SCMI_DENIED: this agent may not say so.
 */
int scmi_base_set_device_permissions(struct scmi_agent *agent, uint32_t agent_id, uint32_t device_id, bool allow,
				     int32_t *status);
int scmi_base_set_protocol_permissions(struct scmi_agent *agent, uint32_t agent_id, uint32_t device_id,
				       uint8_t protocol, bool allow, int32_t *status);

/*
 * RESET_AGENT_CONFIGURATION (version 2.0 and later, optional): undoes what agent_id has set up; with
 * reset_permissions its permissions become what they were at the start, too.
 */
int scmi_base_reset_agent_configuration(struct scmi_agent *agent, uint32_t agent_id, bool reset_permissions,
					int32_t *status);

/* All that the base protocol tells about a platform. */
struct scmi_base_info {
	uint32_t size;                    /* sizeof(struct scmi_base_info), set by the caller */
	int32_t status;                   /* with SCMI_E_REMOTE: the word of the command that failed */
	uint32_t version;                 /* of the base protocol: the platform's newest */
	uint32_t spoken;                  /* the one spoken from now on, see scmi_protocol_agree() */
	uint32_t implementation;          /* 0: not told */
	uint32_t agent_count;             /* as announced; 0: not told */
	uint32_t protocol_count;          /* ids at protocols */
	struct scmi_base_agent self;      /* who we are; SCMI_BASE_AGENT_SELF and "" if the platform does not tell */
	char vendor[SCMI_SHORT_NAME];     /* "": not told */
	char sub_vendor[SCMI_SHORT_NAME]; /* "": not told */
	uint8_t protocols[SCMI_BASE_PROTOCOLS_MAX];
};

/*
 * The whole sequence: agrees on a version, then asks for all of the above. What a platform may refuse to tell, and
 * does, stays at "not told"; version, attributes and list are required. Returns SCMI_OK and *info; on an error *info
 * holds what had been learned so far. SCMI_E_INVAL: NULL, a size this version does not know; nothing was sent.
 */
int scmi_base_discover(struct scmi_agent *agent, struct scmi_base_info *info);

#ifdef __cplusplus
}
#endif

#endif
