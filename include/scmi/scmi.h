/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All public headers that need no operating system, in one. What needs one is included by name, as port/posix.h is.
 */
#ifndef SCMI_SCMI_H
#define SCMI_SCMI_H

#include <scmi/version.h>
#include <scmi/config.h>

/* what both ends share */
#include <scmi/errors.h>
#include <scmi/message.h>
#include <scmi/message/clock.h>
#include <scmi/message/sensor.h>
#include <scmi/port.h>
#include <scmi/trace.h>

/* the agent and its typed commands */
#include <scmi/agent.h>
#include <scmi/minimal.h>
#include <scmi/protocol/base.h>
#include <scmi/protocol/clock.h>
#include <scmi/protocol/common.h>
#include <scmi/protocol/quirk.h>
#include <scmi/protocol/sensor.h>

/* the platform and its protocol servers */
#include <scmi/platform.h>
#include <scmi/server/base.h>
#include <scmi/server/clock.h>
#include <scmi/server/sensor.h>

/* what carries messages between them */
#include <scmi/endpoint.h>
#include <scmi/transport.h>
#include <scmi/transport/loopback.h>
#include <scmi/transport/mailbox.h>
#include <scmi/transport/shmem.h>
#include <scmi/transport/smc.h>
#include <scmi/transport/vhost_user.h>
#include <scmi/transport/virtio.h>
#include <scmi/transport/virtio_device.h>
#include <scmi/transport/virtio_mmio.h>

#endif
