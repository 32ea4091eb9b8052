/* SPDX-License-Identifier: BSD-3-Clause */
/* A mailbox whose doorbell is a call. */
#include <stdbool.h>
#include <stddef.h>

#include <scmi/config.h>
#include <scmi/transport/smc.h>

#include "../shmem/area.h"

#define PAGE_SHIFT       12u
#define ADDRESS_BITS     44u
#define CAPABILITY_BYTES 8u

struct conduit {
	uintptr_t (*call)(void *ctx, const uintptr_t regs[8]);
	void *ctx;
	uintptr_t regs[3];        /* what goes into the first ones; the rest is 0 */
	struct scmi_shmem behind; /* the area up to the capability id */
};

_Static_assert(sizeof(struct conduit) <= sizeof(((struct scmi_smc *)0)->private_), "it is in there");

static struct conduit *conduit_of(struct scmi_smc *smc)
{
	return (struct conduit *)(void *)smc->private_;
}

static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	const struct conduit *c = ctx;
	const uintptr_t regs[8] = {c->regs[0], c->regs[1], c->regs[2]};

	if (signal != SCMI_MAILBOX_TX) /* there is no P2A, so no other */
		return SCMI_OK;
	return c->call(c->ctx, regs) == 0 ? SCMI_OK : SCMI_E_NOPEER;
}

/* The id may be another after each start of the platform. A register of 32 bits gets its lower half. */
static int read_capability(void *ctx, struct scmi_mailbox *mailbox, struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	struct conduit *c = ctx;
	const uint64_t low = shmem_load(&c->behind, c->behind.len);
	const uint64_t high = shmem_load(&c->behind, c->behind.len + 4u);

	(void)mailbox;
	(void)areas;
	c->regs[1] = (uintptr_t)(low | high << 32);
	return SCMI_OK;
}

static void forget_nothing(void *ctx)
{
	(void)ctx;
}

/* What is the mailbox's. */
static struct scmi_shmem area_of(const struct scmi_smc_config *c)
{
	struct scmi_shmem area = c->area;

	if (c->params == SCMI_SMC_CAPABILITY)
		area.len -= CAPABILITY_BYTES;
	return area;
}

static const char *fault_of_params(const struct scmi_smc_config *c)
{
	if (c->params > SCMI_SMC_CAPABILITY)
		return SCMI_TEXT_("params: unknown");
	if (c->params == SCMI_SMC_PAGE && c->address >> ADDRESS_BITS != 0)
		return SCMI_TEXT_("address: 2^44 or above");
	if (c->params == SCMI_SMC_PAGE && c->address % 4u != 0)
		return SCMI_TEXT_("address: not aligned to 4 bytes");
	if (c->params == SCMI_SMC_CAPABILITY && (c->area.flags & SCMI_SHMEM_CACHED) != 0)
		return SCMI_TEXT_("params: a capability id beside the area cannot be in cached memory");
	if (c->params == SCMI_SMC_CAPABILITY && c->area.len < SCMI_SHMEM_BYTES_MIN + CAPABILITY_BYTES)
		return SCMI_TEXT_("area: too short for a capability id");
	return NULL;
}

static const char *fault_of(const struct scmi_smc_config *c)
{
	struct scmi_mailbox_config below;
	const char *why;

	if (c == NULL)
		return SCMI_TEXT_("config: NULL");
	if (c->size != sizeof(*c))
		return SCMI_TEXT_("size: not sizeof(struct scmi_smc_config)");
	if ((c->flags & ~SCMI_SMC_INTERRUPT) != 0)
		return SCMI_TEXT_("flags: unknown bits");
	if (c->reserved_ != 0)
		return SCMI_TEXT_("reserved_: not 0");
	if (c->call == NULL)
		return SCMI_TEXT_("call: NULL");
	why = fault_of_params(c);
	if (why != NULL)
		return why;
	below = (struct scmi_mailbox_config){
		.size = sizeof(below), .max_inflight = c->max_inflight, .areas = {area_of(c)}, .port = c->port};
	(void)scmi_mailbox_check(&below, &why);
	return why;
}

int scmi_smc_check(const struct scmi_smc_config *config, const char **why)
{
	const char *fault = fault_of(config);

	if (why != NULL)
		*why = fault;
	return fault == NULL ? SCMI_OK : SCMI_E_INVAL;
}

static void set_up_conduit(struct conduit *c, const struct scmi_smc_config *config)
{
	*c = (struct conduit){
		.call = config->call, .ctx = config->ctx, .regs = {config->function}, .behind = area_of(config)};
	if (config->params == SCMI_SMC_PAGE) {
		c->regs[1] = (uintptr_t)(config->address >> PAGE_SHIFT);
		c->regs[2] = (uintptr_t)(config->address & ((1u << PAGE_SHIFT) - 1u));
	}
}

/* With the interrupt the reply may come later, else it stands there as a rule when the call has returned. */
static void set_up_doorbell(struct scmi_smc *smc, const struct scmi_smc_config *config)
{
	const bool later = (config->flags & SCMI_SMC_INTERRUPT) != 0;

	smc->doorbell_ = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1,
		.caps = SCMI_CAP_ATOMIC | (later ? SCMI_CAP_IRQ : SCMI_CAP_SYNC_SEND),
		.name = "smc",
		.ctx = conduit_of(smc),
		.ring = ring,
	};
	if (config->params == SCMI_SMC_CAPABILITY) {
		smc->doorbell_.start = read_capability;
		smc->doorbell_.stop = forget_nothing;
	}
}

int scmi_smc_init(struct scmi_smc *smc, const struct scmi_smc_config *config, struct scmi_transport *transport)
{
	struct scmi_mailbox_config below;

	if (smc == NULL || transport == NULL || fault_of(config) != NULL)
		return SCMI_E_INVAL;
	set_up_conduit(conduit_of(smc), config);
	set_up_doorbell(smc, config);
	below = (struct scmi_mailbox_config){
		.size = sizeof(below),
		.max_inflight = config->max_inflight,
		.areas = {area_of(config)},
		.doorbell = &smc->doorbell_,
		.port = config->port,
	};
	return scmi_mailbox_init(&smc->mailbox_, &below, transport);
}

void scmi_smc_interrupt(struct scmi_smc *smc)
{
	scmi_mailbox_interrupt(&smc->mailbox_);
}

/* One call, one command; one that came while another context was serving is served by that one. */
uintptr_t scmi_smc_serve(struct scmi_mailbox_end *end)
{
	return scmi_mailbox_end_serve(end, 1) < 0 ? SCMI_SMC_NOT_SUPPORTED : 0u;
}
