/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PORT_THREADS_H
#define PORT_THREADS_H

#include "port_suite.h"

/* The part of the suite for ports whose contexts are threads; port_suite() runs it. Returns the number that failed. */
int port_threads(const struct port_fixture *fixture);

#endif
