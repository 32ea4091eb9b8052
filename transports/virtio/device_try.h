/* SPDX-License-Identifier: BSD-3-Clause */
/* For the carriers of this tree, beyond scmi/transport/virtio_device.h. */
#ifndef SCMI_VIRTIO_DEVICE_TRY_H
#define SCMI_VIRTIO_DEVICE_TRY_H

#include <scmi/transport/virtio_device.h>

/*
 * Whether attach would take that, but for what a journal says; nothing changes. For who has to know before he gives up
 * the last driver by renew(). SCMI_OK, or SCMI_E_INVAL with *why as attach. Context: as attach.
 */
int scmi__virtio_device_try(struct scmi_virtio_device *dev, const struct scmi_virtio_setup *setup,
			    const struct scmi_virtio_map *maps, uint32_t maps_n, const char **why);

#endif
