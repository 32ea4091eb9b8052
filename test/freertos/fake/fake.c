/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include <FreeRTOS.h>
#include <task.h>

#include "fake.h"

struct fake fake;

static struct fake_task {
	int nothing;
} tasks[2];

static void run_other(unsigned running)
{
	const unsigned before = fake.running;

	if (!fake.ready)
		return;
	fake.ready = false;
	fake.running = running;
	fake.act(fake.arg);
	fake.running = before;
}

/* Each function of the kernel begins with this: what is ready by now and may come does. */
static void step(void)
{
	if (fake.running != 0)
		return;
	if (++fake.calls == fake.act_at)
		fake.ready = true;
	if (fake.kind == FAKE_INTERRUPTS && fake.masked == 0)
		run_other(FAKE_INTERRUPT);
}

static void fault_if(bool wrong, const char *what)
{
	if (wrong)
		fake.fault = what;
}

static bool in_handler(void)
{
	return fake.running == FAKE_INTERRUPT;
}

static uint64_t ticks(void)
{
	return fake.ticks_before + fake.us * FAKE_HZ / 1000000u;
}

/* To the moment at which so many more ticks have been counted. */
static void pass(uint64_t count)
{
	const uint64_t since = ticks() - fake.ticks_before + count;
	const uint64_t us = (since * 1000000u + FAKE_HZ - 1u) / FAKE_HZ;

	if (us > fake.us)
		fake.us = us;
}

void fake_enter_critical(void)
{
	step();
	fault_if(in_handler(), "an interrupt enters a critical section as a task does");
	fake.masked++;
}

void fake_exit_critical(void)
{
	fault_if(in_handler() || fake.masked == 0, "a critical section is left that was not entered");
	fake.masked--;
	step();
}

UBaseType_t fake_enter_critical_from_isr(void)
{
	step();
	fault_if(!in_handler(), "a task enters a critical section as an interrupt does");
	return 100u + fake.masked++;
}

void fake_exit_critical_from_isr(UBaseType_t state)
{
	fault_if(!in_handler() || state != 100u + fake.masked - 1u,
		 "an interrupt does not bring back the mask it found");
	fake.masked--;
}

void fake_yield(void)
{
	step();
	fault_if(in_handler() || fake.masked != 0, "a yield in an interrupt or a critical section");
	fake.yields++;
	fake.switches += fake.running != 0;
	if (fake.kind == FAKE_EQUAL && fake.running == 0)
		run_other(1);
}

void fake_yield_from_isr(BaseType_t switch_required)
{
	fault_if(!in_handler() || fake.masked != 0, "a task, or a critical section, yields as an interrupt does");
	fake.switches += switch_required != pdFALSE;
}

TaskHandle_t xTaskGetCurrentTaskHandle(void)
{
	step();
	return &tasks[fake.running == 1];
}

void vTaskDelay(TickType_t count)
{
	step();
	fault_if(in_handler() || fake.masked != 0, "a sleep in an interrupt or a critical section");
	fake.delays++;
	run_other(fake.kind == FAKE_INTERRUPTS ? FAKE_INTERRUPT : 1);
	pass(count);
}

void vTaskInternalSetTimeOutState(TimeOut_t *now)
{
	fault_if(fake.masked == 0, "overflows and ticks are read apart");
	now->xTimeOnEntering = (TickType_t)ticks();
	now->xOverflowCount = (BaseType_t)(ticks() >> FAKE_TICK_BITS);
}

static uint32_t take(UBaseType_t index)
{
	const uint32_t found = fake.notified[index];

	fake.notified[index] = 0;
	return found;
}

static void sleep(TickType_t count)
{
	/* Asleep for ever: until the other context comes. If it has been, the test goes on, so that it can say so. */
	if (count == portMAX_DELAY && !fake.ready) {
		fault_if(fake.calls >= fake.act_at, "a task sleeps, and what it waits for has already happened");
		fake.calls = fake.calls < fake.act_at ? fake.act_at : fake.calls;
		fake.ready = true;
	}
	fake.asleep = true;
	if (fake.ready)
		run_other(fake.kind == FAKE_INTERRUPTS ? FAKE_INTERRUPT : 1);
	else
		pass(count);
	fake.asleep = false;
}

uint32_t ulTaskNotifyTakeIndexed(UBaseType_t index, BaseType_t clear, TickType_t count)
{
	uint32_t found;

	step();
	fault_if(in_handler() || fake.masked != 0, "a sleep in an interrupt or a critical section");
	fault_if(clear != pdTRUE, "a notification is left behind");
	if (fake.longest < count)
		fake.longest = count;
	found = take(index);
	if (found != 0 || count == 0)
		return found;
	sleep(count);
	return take(index);
}

void vTaskNotifyGiveIndexedFromISR(TaskHandle_t task, UBaseType_t index, BaseType_t *woken)
{
	fault_if(fake.masked == 0, "a task is notified that may have gone");
	fault_if(task != &tasks[0], "a task is notified that does not wait");
	fake.notified[index]++;
	*woken = fake.asleep ? pdTRUE : pdFALSE;
}

uint64_t fake_us(void *arg)
{
	(void)arg;
	step();
	return fake.us++;
}

uintptr_t fake_interrupt(void *arg)
{
	(void)arg;
	return in_handler() ? FAKE_INTERRUPT : 0;
}
