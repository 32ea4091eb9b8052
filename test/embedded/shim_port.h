/* SPDX-License-Identifier: BSD-3-Clause */
/* What the shim wants of the test that it is linked to, and what it has for it. */
#ifndef SHIM_PORT_H
#define SHIM_PORT_H

#include <scmi/port.h>

/* The test's: a port whose clock goes. */
struct scmi_port *shim_port(void);

/* Memory that was taken is free again; masks that a skipped test has left are gone. */
void shim_give_all_back(void);
void shim_unmask_all(void);

#endif
