/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DRIVE_H
#define DRIVE_H

#include "link.h"

/*
 * Finds the SCMI device among the slots' registers and drives it in each way, or, with `seconds=N` among the words that
 * QEMU was given, for so long in one. The board is up. Returns 0 if all was well, else 1; what was not has been printed.
 */
int drive(link_registers_fn *registers);

#endif
