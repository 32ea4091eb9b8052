/* SPDX-License-Identifier: BSD-3-Clause */
/* cmocka.h wants it to be included; the shim's does not. */
