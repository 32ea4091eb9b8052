/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TINY_H
#define TINY_H

/* Each adds to *sum what the name says. */
int tiny_tested(int n, int *sum);
int tiny_untested(int n, int *sum);

/* Counts n down to 0; tested. */
int tiny_loop(int n);

/* Touches what p points to; tested. */
int tiny_pointer(const int *p);

#endif
