/* SPDX-License-Identifier: BSD-3-Clause */
/* The conformance suite on the target: the very same cases, over the kinds that need no thread. */
#include <cmocka.h>
#include <stddef.h>

#include "../conformance/mailbox_form.h"
#include "conf_bells.h"
#include "shim_port.h"
#include "target.h"

static const struct conf_kind *const kinds[] = {
	&conf_loopback_sync, &conf_kind_rx,        &conf_kind_one, &conf_kind_queued,
	&conf_mailbox_ring,  &conf_mailbox_served, &conf_smc,      &conf_smc_interrupt,
};

static void before(void)
{
	shim_unmask_all();
	conf_bells_forget();
	shim_give_all_back();
}

int main(void)
{
	const uint32_t seed = target_option("seed", 1);

	target_paint();
	target_random_state = seed * 2654435761u + 1u;
	shim_print("seed %u\n", seed);
	(void)target_port(shim_port());
	conf_bells_start();
	shim_before = before;
	shim_verbose = target_option("verbose", 0) != 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		(void)conf_run(kinds[i]);
	timer_off();
	shim_print("%u cases ran, %u skipped for what a kind is, %u for threads; stack %u bytes\nPASSED\n",
		   shim_count.ran, shim_count.skipped, shim_count.want_threads, target_stack_used());
	return 0;
}
