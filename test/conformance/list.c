/* SPDX-License-Identifier: BSD-3-Clause */
/* The kinds of the programs conformance and conformance_flaky: loopback, and those of test/support. */
#include "suite.h"

const struct conf_entry conf_list[] = {
	{&conf_loopback_sync, CONF_PLAIN | CONF_FLAKY | CONF_CALM | CONF_TRAFFIC},
	{&conf_loopback_threaded, CONF_PLAIN | CONF_FLAKY | CONF_CALM | CONF_TRAFFIC},
	{&conf_loopback_doorbell, CONF_PLAIN},
	{&conf_kind_rx, CONF_PLAIN | CONF_TRAFFIC},
	{&conf_kind_priv, CONF_PLAIN | CONF_FLAKY | CONF_CALM | CONF_TRAFFIC},
	{&conf_kind_one, CONF_PLAIN | CONF_CALM | CONF_TRAFFIC},
	{&conf_kind_queued, CONF_PLAIN | CONF_CALM | CONF_TRAFFIC},
	{NULL, 0},
};
