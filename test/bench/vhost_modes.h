/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_VHOST_MODES_H
#define BENCH_VHOST_MODES_H

/* vhost_daemon.c: processor time and memory of that daemon. */
void measure_daemon(const char *scmid, int samples);

#endif
