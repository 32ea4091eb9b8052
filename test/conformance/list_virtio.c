/* SPDX-License-Identifier: BSD-3-Clause */
/* The kinds of the programs conformance_virtio and conformance_virtio_flaky: kind_virtio.c tells which stands for what. */
#include "virtio_form.h"

const struct conf_entry conf_list[] = {
	{&conf_virtio_inline, CONF_PLAIN | CONF_CALM | CONF_TRAFFIC},
	{&conf_virtio_inline_2, CONF_PLAIN},
	{&conf_virtio_inline_2048, CONF_PLAIN},
	{&conf_virtio_served, CONF_PLAIN | CONF_TRAFFIC},
	{&conf_virtio_polled_4, CONF_PLAIN | CONF_FLAKY | CONF_TRAFFIC},
	{&conf_virtio_polled_1024, CONF_PLAIN},
	{&conf_virtio_eventfd_16, CONF_PLAIN | CONF_CALM | CONF_TRAFFIC},
	{&conf_virtio_eventfd_64, CONF_PLAIN},
	{&conf_virtio_interrupt, CONF_PLAIN | CONF_TRAFFIC},
	{&conf_virtio_a2p, CONF_PLAIN | CONF_TRAFFIC},
	{&conf_virtio_a2p_device, CONF_PLAIN},
	{NULL, 0},
};
