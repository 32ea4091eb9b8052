/* SPDX-License-Identifier: BSD-3-Clause */
/* All cases of all kinds, or those whose name, "kind.case", matches the pattern on the command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "suite.h"

static const struct conf_kind *const kinds[] = {
	&conf_loopback_sync, &conf_loopback_threaded, &conf_loopback_doorbell, &conf_kind_rx,
	&conf_kind_priv,     &conf_kind_one,          &conf_kind_queued,
};

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		failed += conf_run(kinds[i]);
	for (const struct conf_kind *kind = conf_flaky_kinds; kind->name != NULL; kind++)
		failed += conf_run(kind);
	return failed != 0;
}
