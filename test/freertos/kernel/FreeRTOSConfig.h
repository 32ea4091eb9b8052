/* SPDX-License-Identifier: BSD-3-Clause */
/* No heap, preemption, and the library sleeps on an entry of its own in each task's notifications. */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H

#define configUSE_PREEMPTION                  1
#define configUSE_TIME_SLICING                1
#define configTICK_RATE_HZ                    1000
#define configMAX_PRIORITIES                  6
#define configUSE_16_BIT_TICKS                0
#define configUSE_IDLE_HOOK                   0
#define configUSE_TICK_HOOK                   1
#define configUSE_MUTEXES                     0
#define configUSE_TIMERS                      0
#define configTASK_NOTIFICATION_ARRAY_ENTRIES 2
#define configSUPPORT_STATIC_ALLOCATION       1
#define configSUPPORT_DYNAMIC_ALLOCATION      0
#define configKERNEL_PROVIDED_STATIC_MEMORY   1
#define configCHECK_FOR_STACK_OVERFLOW        2

#ifdef __arm__
#define configCPU_CLOCK_HZ                   25000000
#define configMINIMAL_STACK_SIZE             256
#define configKERNEL_INTERRUPT_PRIORITY      0xe0
#define configMAX_SYSCALL_INTERRUPT_PRIORITY 0x40
#define configPRIO_BITS                      3
/* The count starts again a moment after the start: each test has it in its life. */
#define configINITIAL_TICK_COUNT             0xffffff80u
#define vPortSVCHandler                      svc_handler
#define xPortPendSVHandler                   pendsv_handler
#define xPortSysTickHandler                  systick_handler
#else
#define configMINIMAL_STACK_SIZE 4096
#endif

#define INCLUDE_vTaskDelay                1
#define INCLUDE_vTaskSuspend              1
#define INCLUDE_vTaskDelete               1
#define INCLUDE_vTaskPrioritySet          1
#define INCLUDE_xTaskGetCurrentTaskHandle 1

void rtos_assert(const char *file, int line);

#define configASSERT(x) ((x) ? (void)0 : rtos_assert(__FILE__, __LINE__))

#endif
