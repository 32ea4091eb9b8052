/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtio-mmio device for scmi within the image: the register model, behind it the library's own virtio device and the
 * simulated platform. It runs in interrupts of its own, on the first core, so that it is another context for who
 * drives it; and it interrupts that one by the line of its slot.
 */
#ifndef MODEL_DEVICE_H
#define MODEL_DEVICE_H

#include <stdbool.h>

#include "../../examples/bare_metal/aarch64_virt/link.h"

/* Makes it and starts the platform; the board is up. false: something failed, which has been printed. */
bool model_device_make(void);

/* The registers of all slots: in one of them the model's, in the others those of the machine. */
link_registers_fn model_device_registers;

/* Whether the driver has kept the rules, and each of the ways to serve it was taken; prints what is not so. */
bool model_device_is_content(void);

#endif
