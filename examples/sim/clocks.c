/* SPDX-License-Identifier: BSD-3-Clause */
/* The clocks. */
#include <stdlib.h>

#include "internal.h"

static const struct sim_clock *row_of(const struct sim *sim, uint32_t clock)
{
	return &sim->clocks.rows[clock % sim->clocks.rows_n];
}

static int32_t rate_get(void *arg, uint32_t clock, uint64_t *rate)
{
	struct sim *sim = arg;

	pthread_mutex_lock(&sim->lock);
	*rate = sim->clocks.states[clock].rate;
	pthread_mutex_unlock(&sim->lock);
	return SCMI_SUCCESS;
}

static int32_t rate_set(void *arg, uint16_t agent, uint32_t clock, uint64_t rate, struct scmi_clock_pending *pending)
{
	struct sim *sim = arg;
	bool later = row_of(sim, clock)->slow && pending != NULL;

	(void)agent;
	pthread_mutex_lock(&sim->lock);
	if (later)
		sim->clocks.due[pending - sim->clocks.pending].us = sim_now_us(sim) + SIM_LATER_US;
	else
		sim->clocks.states[clock].rate = rate;
	pthread_mutex_unlock(&sim->lock);
	return later ? SCMI_CLOCK_LATER : SCMI_SUCCESS;
}

static int32_t enabled(void *arg, uint32_t clock, bool *on)
{
	struct sim *sim = arg;

	pthread_mutex_lock(&sim->lock);
	*on = sim->clocks.states[clock].on;
	pthread_mutex_unlock(&sim->lock);
	return SCMI_SUCCESS;
}

static int32_t enable(void *arg, uint16_t agent, uint32_t clock, bool on)
{
	struct sim *sim = arg;

	(void)agent;
	pthread_mutex_lock(&sim->lock);
	sim->clocks.states[clock].on = on;
	pthread_mutex_unlock(&sim->lock);
	return SCMI_SUCCESS;
}

static int32_t parent_get(void *arg, uint32_t clock, uint32_t *parent)
{
	struct sim *sim = arg;

	pthread_mutex_lock(&sim->lock);
	*parent = sim->clocks.states[clock].parent;
	pthread_mutex_unlock(&sim->lock);
	return SCMI_SUCCESS;
}

static int32_t parent_set(void *arg, uint16_t agent, uint32_t clock, uint32_t parent)
{
	struct sim *sim = arg;

	(void)agent;
	pthread_mutex_lock(&sim->lock);
	sim->clocks.states[clock].parent = parent;
	pthread_mutex_unlock(&sim->lock);
	return SCMI_SUCCESS;
}

static uint32_t permissions(void *arg, uint16_t agent, uint32_t clock)
{
	(void)agent;
	return SCMI_CLOCK_MAY_ALL & ~row_of(arg, clock)->denied;
}

static const struct scmi_clock_ops ops = {
	.size = sizeof(ops),
	.rate_get = rate_get,
	.rate_set = rate_set,
	.enabled = enabled,
	.enable = enable,
	.parent_get = parent_get,
	.parent_set = parent_set,
	.permissions = permissions,
};

void sim_clocks_end(struct sim *sim, uint64_t until_us)
{
	struct sim_clocks *c = &sim->clocks;
	uint64_t rate = 0;
	uint32_t i;

	for (;;) {
		pthread_mutex_lock(&sim->lock);
		i = sim_take_due(c->due, until_us);
		if (i < PENDING) {
			rate = c->pending[i].rate;
			c->states[c->pending[i].clock].rate = rate;
		}
		pthread_mutex_unlock(&sim->lock);
		if (i == PENDING)
			return;
		(void)scmi_clock_rate_set_done(&c->pending[i], SCMI_SUCCESS, rate);
	}
}

static void fill(struct sim *sim)
{
	struct sim_clocks *c = &sim->clocks;

	for (uint32_t i = 0; i < c->n; i++) {
		const struct sim_clock *row = row_of(sim, i);

		c->descs[i] = row->desc;
		c->descs[i].name = sim_name(c->names[i], row->desc.name, i, c->rows_n);
		c->states[i] = (struct sim_clock_state){.rate = row->rate, .on = !row->off, .parent = row->parent};
	}
	for (uint32_t i = 0; i < PENDING; i++)
		c->pending[i].size = sizeof(c->pending[i]);
}

int sim_clocks_open(struct sim *sim, const struct sim_set *set, uint32_t agents)
{
	struct sim_clocks *c = &sim->clocks;
	uint32_t words = SCMI_CLOCK_WANT_WORDS(set->clocks_n, agents);

	c->rows = set->clocks;
	c->rows_n = set->clock_rows;
	c->n = set->clocks_n;
	c->descs = calloc(c->n, sizeof(*c->descs));
	c->states = calloc(c->n, sizeof(*c->states));
	c->names = calloc(c->n, sizeof(*c->names));
	c->model = (struct scmi_clock_model){
		.size = sizeof(c->model),
		.version = set->clock_version,
		.clocks = c->descs,
		.ops = &ops,
		.arg = sim,
		.count = c->n,
		.pending_n = set->clock_version == SCMI_VERSION(1, 0) ? 0u : PENDING,
		.pending = c->pending,
		.wants = calloc(words, sizeof(uint32_t)),
		.want_words = words,
	};
	if (c->descs == NULL || c->states == NULL || c->names == NULL || c->model.wants == NULL)
		return SCMI_E_NOMEM;
	fill(sim);
	scmi_clock_server(&c->server, &c->model);
	return SCMI_OK;
}
