/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONF_BELLS_H
#define CONF_BELLS_H

/* From here on the doorbells are interrupts, and a timer raises them by chance. */
void conf_bells_start(void);
/* A test that was skipped has left its links. */
void conf_bells_forget(void);

#endif
