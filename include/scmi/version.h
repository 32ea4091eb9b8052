/* SPDX-License-Identifier: BSD-3-Clause */
/* The version of this library. Written here and nowhere else: the build reads it from this file. */
#ifndef SCMI_VERSION_H
#define SCMI_VERSION_H

/* Semantic versioning. Before 1.0.0 a minor version may change the API; docs/migration.md tells how. */
#define SCMI_LIB_VERSION_MAJOR 0
#define SCMI_LIB_VERSION_MINOR 2
#define SCMI_LIB_VERSION_PATCH 0

/* One number that can be compared: 0x00MMmmpp. */
#define SCMI_LIB_VERSION (SCMI_LIB_VERSION_MAJOR << 16 | SCMI_LIB_VERSION_MINOR << 8 | SCMI_LIB_VERSION_PATCH)

#endif
