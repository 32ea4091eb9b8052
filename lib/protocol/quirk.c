/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/protocol/base.h>
#include <scmi/protocol/quirk.h>

struct identity {
	char vendor[SCMI_SHORT_NAME];
	char sub_vendor[SCMI_SHORT_NAME];
	uint32_t version;
};

/* As far as the protocol carries a name: its last byte is the NUL. */
static bool same_name(const char *wanted, const char *name)
{
	if (wanted == NULL)
		return true;
	if (name == NULL)
		name = "";
	for (uint32_t i = 0; i < SCMI_SHORT_NAME - 1u; i++) {
		if (wanted[i] != name[i])
			return false;
		if (wanted[i] == '\0')
			break;
	}
	return true;
}

bool scmi_quirk_matches(const struct scmi_quirk *quirk, const char *vendor, const char *sub_vendor, uint32_t version)
{
	return same_name(quirk->vendor, vendor) && same_name(quirk->sub_vendor, sub_vendor) &&
	       version >= quirk->version_from && (quirk->version_to == 0 || version <= quirk->version_to);
}

static bool checks_allowed(uint32_t strict, uint32_t tolerate)
{
	return ((strict | tolerate) & ~SCMI_CHECKS_ALL) == 0 && (strict & tolerate) == 0;
}

static bool table_allowed(const struct scmi_quirk *table, uint32_t n)
{
	if (table == NULL)
		return n == 0;
	for (uint32_t i = 0; i < n; i++)
		if (!checks_allowed(table[i].strict, table[i].tolerate))
			return false;
	return true;
}

int scmi_quirks_sum(const struct scmi_quirk *table, uint32_t n, const char *vendor, const char *sub_vendor,
		    uint32_t version, uint32_t *strict, uint32_t *tolerate, uint32_t *matched)
{
	uint32_t count = 0;

	if (strict == NULL || tolerate == NULL || !checks_allowed(*strict, *tolerate) || !table_allowed(table, n))
		return SCMI_E_INVAL;
	for (uint32_t i = 0; i < n; i++) {
		const struct scmi_quirk *q = &table[i];

		if (!scmi_quirk_matches(q, vendor, sub_vendor, version))
			continue;
		*strict = (*strict & ~q->tolerate) | q->strict;
		*tolerate = (*tolerate & ~q->strict) | q->tolerate;
		count++;
	}
	if (matched != NULL)
		*matched = count;
	return SCMI_OK;
}

/* A platform need not tell: what it refuses stays as it was, empty. */
static int optional(int err)
{
	return err == SCMI_E_REMOTE ? SCMI_OK : err;
}

static int identify(struct scmi_agent *agent, struct identity *who)
{
	int err = optional(scmi_base_vendor(agent, who->vendor, NULL));

	if (err == SCMI_OK)
		err = optional(scmi_base_sub_vendor(agent, who->sub_vendor, NULL));
	if (err == SCMI_OK)
		err = optional(scmi_base_implementation_version(agent, &who->version, NULL));
	return err;
}

/* Before it is known which entries match, any of them may be what the answer needs to get through. */
static int tolerate_all_of(struct scmi_agent *agent, const struct scmi_quirk *table, uint32_t n, uint32_t strict,
			   uint32_t tolerate)
{
	for (uint32_t i = 0; i < n; i++)
		tolerate |= table[i].tolerate;
	return scmi_agent_checks(agent, strict & ~tolerate, tolerate);
}

int scmi_quirks_apply(struct scmi_agent *agent, const struct scmi_quirk *table, uint32_t n, uint32_t strict,
		      uint32_t tolerate, uint32_t *matched)
{
	struct identity who = {.version = 0};
	int checked;
	int err;

	if (!checks_allowed(strict, tolerate) || !table_allowed(table, n))
		return SCMI_E_INVAL;
	err = tolerate_all_of(agent, table, n, strict, tolerate);
	if (err == SCMI_OK)
		err = identify(agent, &who);
	if (err == SCMI_OK)
		err = scmi_quirks_sum(table, n, who.vendor, who.sub_vendor, who.version, &strict, &tolerate, matched);
	checked = scmi_agent_checks(agent, strict, tolerate);
	return err != SCMI_OK ? err : checked;
}
