/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port to FreeRTOS, 10.4 or later: tasks, and interrupts up to configMAX_SYSCALL_INTERRUPT_PRIORITY. No heap.
 *
 * FreeRTOSConfig.h must have: task notifications, and INCLUDE_xTaskGetCurrentTaskHandle, INCLUDE_vTaskDelay. An event is
 * a flag and the handle of the task that waits for it. A task that waits inside the library sleeps on one entry of its
 * array of notifications, so who notifies that task for purposes of his own, or uses stream buffers (entry 0), gives
 * the library another entry: configTASK_NOTIFICATION_ARRAY_ENTRIES 2 and notify_index 1. Nothing is left in the entry
 * when a wait has returned.
 *
 * lock() is taskENTER_CRITICAL() or its form for interrupts. relax() yields, and each sixteenth time sleeps until the
 * next tick, so that a task of lower priority gets its turn. Until the scheduler runs, only init and start may be
 * called; some kernels keep interrupts masked from the first critical section until then. Inside vTaskSuspendAll()
 * nothing may be called that waits.
 *
 * A task must not be deleted while it is inside the library: vTaskDelete() of one that waits leaves its handle in the event,
 * and the next signal notifies memory that may be another task's by then. Ask it to return, and let it delete itself, or
 * delete it when it has. A task that is suspended, or whose delay is aborted, in there is only late, or looks again.
 *
 * Where events are signalled from interrupts, portYIELD_FROM_ISR() must be allowed anywhere in a handler, as it is on
 * Cortex-M, Cortex-R and -A with a GIC, and RISC-V. Kernels for several cores have not been tried.
 */
#ifndef SCMI_PORT_FREERTOS_H
#define SCMI_PORT_FREERTOS_H

#include <scmi/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is 0 or NULL has a default. */
struct scmi_freertos_config {
	uint32_t size;         /* sizeof(struct scmi_freertos_config) */
	uint32_t notify_index; /* the entry that waits sleep on, below configTASK_NOTIFICATION_ARRAY_ENTRIES */

	/*
	 * Monotonic microseconds, from a hardware timer. NULL: from the tick count, which is as fine as a tick: a
	 * time-out may then come up to one tick before its time by any other clock. It needs a BaseType_t of 32 bits.
	 * Context: any, also with interrupts masked.
	 */
	uint64_t (*now_us)(void *arg);

	/*
	 * The number of the interrupt that runs, 0 in a task; another one for each that can interrupt another, and none
	 * the address of a task. NULL: on Cortex-M the port asks the core; elsewhere no interrupt uses this port.
	 * Context: any.
	 */
	uintptr_t (*interrupt)(void *arg);
	void *arg;
};

/* The port's state, in the caller's memory. Must not move while the port is used. There is nothing to end. */
struct scmi_freertos {
	struct scmi_freertos_config config_;
	uintptr_t mask_; /* of interrupts, before lock() in one */
	unsigned turns_; /* of relax() */
};

/*
 * Makes a port and writes its table to *out, which may be copied, and given functions for caches; port must outlive its
 * use. config NULL: all defaults; else it is copied. Any number may exist at once. Returns SCMI_OK, or SCMI_E_INVAL (an
 * argument is NULL, size or notify_index is wrong, or the tick count cannot be a clock), and *out is untouched then.
 * Context: a task, or before the scheduler runs.
 */
int scmi_freertos_init(struct scmi_freertos *port, const struct scmi_freertos_config *config, struct scmi_port *out);

#ifdef __cplusplus
}
#endif

#endif
