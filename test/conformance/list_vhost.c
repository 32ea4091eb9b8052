/* SPDX-License-Identifier: BSD-3-Clause */
/* The kinds of the programs conformance_vhost and conformance_vhost_flaky: kind_vhost.c tells which stands for what. */
#include "vhost_form.h"

const struct conf_entry conf_list[] = {
	{&conf_vhost_user, CONF_PLAIN | CONF_CALM | CONF_TRAFFIC},
	{&conf_vhost_user_plain, CONF_PLAIN},
	{&conf_vhost_user_polled, CONF_PLAIN | CONF_FLAKY | CONF_TRAFFIC},
	{&conf_vhost_user_a2p, CONF_PLAIN},
	{NULL, 0},
};
