/* SPDX-License-Identifier: BSD-3-Clause */
/* All kinds, or those named on the command line. */
#include <stdio.h>
#include <string.h>

#include "suite.h"

static const struct conf_kind *const kinds[] = {
	&conf_loopback_sync, &conf_loopback_threaded, &conf_kind_rx, &conf_kind_priv, &conf_kind_one,
};

static int named(const char *name, int argc, char **argv)
{
	if (argc < 2)
		return 1;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;
	int ran = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (named(kinds[i]->name, argc, argv)) {
			failed += conf_run(kinds[i]);
			ran++;
		}
	}
	if (ran == 0)
		fprintf(stderr, "no such kind\n");
	return failed != 0 || ran == 0;
}
