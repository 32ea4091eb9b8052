/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/transport/mailbox_linux.h>
