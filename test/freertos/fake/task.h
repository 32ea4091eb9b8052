/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FAKE_TASK_H
#define FAKE_TASK_H

typedef struct fake_task *TaskHandle_t;

typedef struct {
	BaseType_t xOverflowCount;
	TickType_t xTimeOnEntering;
} TimeOut_t;

#define taskENTER_CRITICAL()              fake_enter_critical()
#define taskEXIT_CRITICAL()               fake_exit_critical()
#define taskENTER_CRITICAL_FROM_ISR()     fake_enter_critical_from_isr()
#define taskEXIT_CRITICAL_FROM_ISR(state) fake_exit_critical_from_isr(state)
#define taskYIELD()                       fake_yield()

void fake_enter_critical(void);
void fake_exit_critical(void);
UBaseType_t fake_enter_critical_from_isr(void);
void fake_exit_critical_from_isr(UBaseType_t state);
void fake_yield(void);

TaskHandle_t xTaskGetCurrentTaskHandle(void);
void vTaskDelay(TickType_t ticks);
void vTaskInternalSetTimeOutState(TimeOut_t *now);
uint32_t ulTaskNotifyTakeIndexed(UBaseType_t index, BaseType_t clear, TickType_t ticks);
void vTaskNotifyGiveIndexedFromISR(TaskHandle_t task, UBaseType_t index, BaseType_t *woken);

#endif
