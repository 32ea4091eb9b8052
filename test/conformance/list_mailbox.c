/* SPDX-License-Identifier: BSD-3-Clause */
/* The kinds of the programs conformance_mailbox and conformance_mailbox_flaky: kind_mailbox.c tells which stands for what. */
#include "mailbox_form.h"

const struct conf_entry conf_list[] = {
	{&conf_mailbox_ring, CONF_PLAIN | CONF_CALM | CONF_TRAFFIC},
	{&conf_mailbox_served, CONF_PLAIN | CONF_TRAFFIC},
	{&conf_mailbox_none, CONF_PLAIN | CONF_TRAFFIC},
	{&conf_mailbox_one, CONF_PLAIN | CONF_TRAFFIC},
	{&conf_mailbox_interrupt, CONF_PLAIN | CONF_TRAFFIC},
	{&conf_mailbox_eventfd, CONF_PLAIN | CONF_CALM | CONF_TRAFFIC},
	{&conf_mailbox_futex, CONF_PLAIN | CONF_FLAKY | CONF_TRAFFIC},
	{&conf_mailbox_fresh, CONF_PLAIN | CONF_TRAFFIC},
	{&conf_mailbox_cached, CONF_PLAIN | CONF_CALM | CONF_TRAFFIC},
	{&conf_smc, CONF_PLAIN | CONF_TRAFFIC},
	{&conf_smc_interrupt, CONF_PLAIN | CONF_TRAFFIC},
	{NULL, 0},
};
