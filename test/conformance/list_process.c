/* SPDX-License-Identifier: BSD-3-Clause */
/* The kinds of the program process_conformance: kind_process.c tells how they work. */
#include "kind_process.h"

const struct conf_entry conf_list[] = {
	{&conf_process_unix, CONF_PLAIN},
	{&conf_process_shm, CONF_PLAIN},
	{NULL, 0},
};
