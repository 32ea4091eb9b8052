/* SPDX-License-Identifier: BSD-3-Clause */
/* A process that the kernel gives no AIO. */
#ifndef NO_AIO_H
#define NO_AIO_H

#define NO_AIO_SKIP  77 /* what cannot be had here */
#define NO_AIO_WRONG 99

/*
 * What body says in a child of its own, where every such system call ends with that error. NO_AIO_SKIP, also where
 * system calls cannot be filtered; NO_AIO_WRONG, the child did not end by itself.
 */
int without_aio(long call, int error, int (*body)(void));

#endif
