/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * As much of FreeRTOS's interface as the port uses, for a kernel that is a few variables (fake.h): the port is compiled
 * and tried everywhere, the kernel itself is not needed. FAKE_TICK_BITS and FAKE_HZ choose what differs between targets.
 */
#ifndef FAKE_FREERTOS_H
#define FAKE_FREERTOS_H

#include <stdint.h>

typedef long BaseType_t;
typedef unsigned long UBaseType_t;
#if FAKE_TICK_BITS == 16
typedef uint16_t TickType_t;
#define portMAX_DELAY ((TickType_t)0xffff)
#else
typedef uint32_t TickType_t;
#define portMAX_DELAY ((TickType_t)0xffffffff)
#endif

#define pdFALSE 0l
#define pdTRUE  1l

#define configTICK_RATE_HZ                    ((TickType_t)FAKE_HZ)
#define configUSE_PREEMPTION                  1
#define configUSE_TASK_NOTIFICATIONS          1
#define configTASK_NOTIFICATION_ARRAY_ENTRIES 2
#define INCLUDE_vTaskDelay                    1

/* An if, as in kernels before 10.5. */
#define portYIELD_FROM_ISR(switch_required)                                                                            \
	if ((switch_required) != pdFALSE)                                                                              \
	fake_yield_from_isr(switch_required)

void fake_yield_from_isr(BaseType_t switch_required);

#endif
