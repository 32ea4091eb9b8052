/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The base protocol's server: who the platform is, which protocols and agents there are, who may use what.
 *
 *   static struct scmi_base_model model = { .size = sizeof(model), .vendor = "acme" };
 *   struct scmi_server base;
 *   scmi_base_server(&base, &model);       then into scmi_platform_config.servers
 */
#ifndef SCMI_SERVER_BASE_H
#define SCMI_SERVER_BASE_H

#include <stdbool.h>
#include <stdint.h>

#include <scmi/platform.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What the server serves; the user's memory, which stays in use until scmi_platform_fini(). One model belongs to one
 * platform. Zero is a good default for every member but size and vendor.
 *
 * Permissions. Devices are the user's, numbered from 0; which resources (clocks, domains ...) belong to a device only
 * the user's other servers know, and they ask scmi_base_allowed(). What the core knows is protocols: one that is
 * denied to an agent for every device is denied to it as a whole, its commands get SCMI_DENIED and it is not listed.
 * The base protocol itself is always served, also to an agent that is denied every device.
 */
struct scmi_base_model {
	uint32_t size;             /* sizeof(struct scmi_base_model) */
	uint32_t version;          /* SCMI_VERSION(1, 0), (2, 0) or (2, 1); 0: 2.1 */
	const char *vendor;        /* 15 characters at most; required */
	const char *sub_vendor;    /* the same; NULL: BASE_DISCOVER_SUB_VENDOR is not offered */
	const char *platform_name; /* agent 0; must start with "platform", 15 characters at most; NULL: "platform" */
	uint32_t implementation_version;
	uint32_t devices;          /* 0: no commands to set permissions */
	uint32_t *permissions;     /* devices x agents words, the library's own; any content; NULL without devices */
	uint32_t permission_words; /* how many these are; too few: scmi_platform_init() returns SCMI_E_NOMEM */

	/*
	 * Whether one agent may set permissions and configuration of another (or its own). NULL: no agent may. Called
	 * inside requests of the caller, with ids of the agents table. (An agent may always reset its own
	 * configuration, permissions excepted.)
	 */
	bool (*may_manage)(void *arg, uint16_t caller, uint16_t agent);
	void *arg;

	/* the library's own */
	struct scmi_platform *platform_;
};

/*
 * Fills in the server for a model. The model is looked at by scmi_platform_init(), but for version, sub_vendor and
 * devices, which decide the commands that are offered and are read now. Neither may be NULL. Context: thread.
 */
void scmi_base_server(struct scmi_server *server, struct scmi_base_model *model);

/*
 * Whether the agent may at present use the protocol on the device. false too for an unknown agent, protocol or
 * device. Without devices: whether it may use the protocol. Context: any, from scmi_platform_init() on.
 */
bool scmi_base_allowed(const struct scmi_base_model *model, uint16_t agent, uint8_t protocol, uint32_t device);

/* Reports that one message carries. */
#define SCMI_BASE_REPORTS_MAX 12u

/*
 * Sends a BASE_ERROR_EVENT to the agent, or to SCMI_ALL_AGENTS, if it has asked for it by BASE_NOTIFY_ERRORS. cause
 * is the agent whose commands failed (0: the platform), fatal says that the platform cannot go on. A report is 64
 * bits: in the low word the header of the command that failed, in the high word its status. reports is lent until it
 * returns. Returns as scmi_platform_notify(); SCMI_E_INVAL for more than SCMI_BASE_REPORTS_MAX reports, or NULL with
 * a count. Context: any that the endpoints allow.
 */
int scmi_base_error_event(struct scmi_platform *platform, uint16_t agent, uint16_t cause, bool fatal,
			  const uint64_t *reports, uint32_t count);

#ifdef __cplusplus
}
#endif

#endif
