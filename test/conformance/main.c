/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All cases of all kinds, or those whose name, "kind.case", matches the pattern on the command line. CONF_BARE in the
 * environment: without the kinds that are wrapped into trouble, for an emulator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "suite.h"

#define NAME_BYTES 64

static int run_flaky(const struct conf_kind *below, bool calm)
{
	char name[NAME_BYTES];
	struct conf_kind kind;

	snprintf(name, sizeof(name), "flaky_%s%s", below->name, calm ? "_calm" : "");
	kind = conf_flaky_kind(below, name, calm);
	return conf_run(&kind);
}

int main(int argc, char **argv)
{
	const bool bare = getenv("CONF_BARE") != NULL;
	int failed = 0;

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (const struct conf_entry *e = conf_list; e->kind != NULL; e++) {
		if ((e->how & CONF_PLAIN) != 0)
			failed += conf_run(e->kind);
		if ((e->how & CONF_FLAKY) != 0 && !bare)
			failed += run_flaky(e->kind, false);
		if ((e->how & CONF_CALM) != 0 && !bare)
			failed += run_flaky(e->kind, true);
	}
	return failed != 0;
}
