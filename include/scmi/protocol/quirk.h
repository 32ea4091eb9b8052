/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Quirks: the checks on what comes back, set by who the platform says that it is.
 *
 * The table is the user's. None is built in: what platforms in the field are known to get wrong is either tolerated
 * without being asked for (replies longer than their values, reserved header bits that are set, values behind an error
 * status), or is dealt with everywhere (commands that come back empty, late replies), or is no matter of a check.
 *
 *	static const struct scmi_quirk quirks[] = {
 *		{.vendor = "acme", .version_to = 0x10400, .tolerate = SCMI_CHECK_TOKEN, .why = "answers with token 0"},
 *		{.vendor = "acme", .sub_vendor = "lab", .strict = SCMI_CHECKS_ALL, .why = "firmware under test"},
 *	};
 *
 *	err = scmi_quirks_apply(agent, quirks, 2, config.strict, config.tolerate, NULL);
 *
 * Of a check's settings the more particular one counts: an entry goes before the configuration, and of the entries that
 * match the last one, whether it says strict or tolerant. So the general entries of a table stand first.
 */
#ifndef SCMI_PROTOCOL_QUIRK_H
#define SCMI_PROTOCOL_QUIRK_H

#include <stdbool.h>
#include <stdint.h>

#include <scmi/agent.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which platforms, and which checks are different for them. Zero is a good default for every member. */
struct scmi_quirk {
	const char *vendor;     /* as scmi_base_vendor() tells it, case included; "": not told; NULL: any */
	const char *sub_vendor; /* likewise */
	uint32_t version_from;  /* implementation versions, both ends included; one that is not told is 0 */
	uint32_t version_to;    /* 0: no end */
	uint32_t strict;        /* SCMI_CHECK_*: checks that are to be strict */
	uint32_t tolerate;      /* SCMI_CHECK_*: checks that are to be tolerant; none may be in both */
	const char *why;        /* for whoever reads the table, or prints what was found; may be NULL */
};

/*
 * Whether a quirk is about the platform with these names and this implementation version. Of the names 15 characters
 * count, which is what the protocol carries: longer ones in a table are compared as far as that. vendor and sub_vendor
 * may be NULL, which is as "", and need no NUL behind 15 characters. quirk: not NULL. Context: any.
 */
bool scmi_quirk_matches(const struct scmi_quirk *quirk, const char *vendor, const char *sub_vendor, uint32_t version);

/*
 * What is left of *strict and *tolerate, as the configuration has them, when all entries of the table that match have
 * had their say; sends nothing. *matched (may be NULL): how many those were. For who knows the platform already, from
 * scmi_base_discover(); scmi_agent_checks() takes the result.
 * Returns SCMI_OK; SCMI_E_INVAL: strict or tolerate NULL, table NULL with n not 0, and in any entry, matching or not,
 * or in the configuration, an unknown bit or a check that is both: the results are left alone. Context: any.
 */
int scmi_quirks_sum(const struct scmi_quirk *table, uint32_t n, const char *vendor, const char *sub_vendor,
		    uint32_t version, uint32_t *strict, uint32_t *tolerate, uint32_t *matched);

/*
 * Asks the platform who it is (vendor, sub-vendor, implementation version: three commands, refused ones are "not
 * told"), and sets the agent's checks to scmi_quirks_sum() of the table and of strict and tolerate, which are as in the
 * configuration. table is lent. *matched as there.
 * While it asks, all is tolerated that any entry of the table tolerates: else a platform could not say that it needs
 * that. So it is best called behind scmi_agent_start(), before other commands; and again where another platform may
 * have come, as after scmi_agent_recover().
 * Returns SCMI_OK; SCMI_E_INVAL as scmi_quirks_sum(), or agent NULL: nothing was sent; else the error of the command
 * that failed, as scmi_agent_call(): the checks are then as strict and tolerate say. *matched is left alone where
 * SCMI_OK is not returned. Context: thread, one at a time with scmi_agent_checks().
 */
int scmi_quirks_apply(struct scmi_agent *agent, const struct scmi_quirk *table, uint32_t n, uint32_t strict,
		      uint32_t tolerate, uint32_t *matched);

#ifdef __cplusplus
}
#endif

#endif
