/* SPDX-License-Identifier: BSD-3-Clause */
/* The port to FreeRTOS. What each function must do: scmi/port.h. */
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <FreeRTOS.h>
#include <task.h>

#include <scmi/errors.h>
#include <scmi/port/freertos.h>

#if configUSE_TASK_NOTIFICATIONS != 1
#error the port of SCMI needs configUSE_TASK_NOTIFICATIONS
#endif
#if INCLUDE_vTaskDelay != 1
#error the port of SCMI needs INCLUDE_vTaskDelay
#endif

/* A call of relax() that sleeps, among so many. */
#define TURNS 16u

/* The number of ticks after which the count starts again at 0; itself 0 where it has 64 bits. */
#define WRAP ((uint64_t)(TickType_t)portMAX_DELAY + 1u)

/* Guarded by a critical section. */
struct event {
	TaskHandle_t waiter; /* asleep, or about to be; NULL when somebody has notified it */
	bool signalled;
};

_Static_assert(sizeof(struct event) <= SCMI_EVENT_BYTES_MAX, "this system's events do not fit");
_Static_assert(alignof(struct event) <= alignof(max_align_t), "this system's events are aligned too strictly");
_Static_assert(sizeof(UBaseType_t) <= sizeof(uintptr_t), "this system's mask does not fit");

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
static uintptr_t own_interrupt(void *arg)
{
	uintptr_t number;

	(void)arg;
	__asm__ volatile("mrs %0, ipsr" : "=r"(number));
	return number;
}

static uintptr_t (*const own)(void *arg) = own_interrupt;
#else
static uintptr_t (*const own)(void *arg) = NULL;
#endif

static uintptr_t interrupt(const struct scmi_freertos *port)
{
	return port->config_.interrupt != NULL ? port->config_.interrupt(port->config_.arg) : 0;
}

/*
 * Here and below the kernel's macros stand in braces: some are an if, whose else ours would be.
 *
 * A critical section. leave() is told where, for it costs something to ask.
 */
static UBaseType_t enter(bool handler)
{
	UBaseType_t mask = 0;

	if (handler) {
		mask = taskENTER_CRITICAL_FROM_ISR();
	} else {
		taskENTER_CRITICAL();
	}
	/* The kernel's macros do not all keep the compiler from moving what the section guards; nor do they below. */
	atomic_signal_fence(memory_order_acquire);
	return mask;
}

static void leave(bool handler, UBaseType_t mask)
{
	atomic_signal_fence(memory_order_release);
	if (handler) {
		taskEXIT_CRITICAL_FROM_ISR(mask);
	} else {
		taskEXIT_CRITICAL();
	}
	(void)mask; /* some kernels have nothing to bring back */
}

static void lock(void *ctx)
{
	struct scmi_freertos *port = ctx;
	const bool handler = interrupt(port) != 0;
	const UBaseType_t mask = enter(handler);

	/* Only now: an interrupt that came before the mask has used this member, and given it up. */
	if (handler)
		port->mask_ = (uintptr_t)mask;
}

static void unlock(void *ctx)
{
	struct scmi_freertos *port = ctx;

	if (interrupt(port) != 0)
		leave(true, (UBaseType_t)port->mask_);
	else
		leave(false, 0);
}

static uint64_t us_of_ticks(uint64_t ticks)
{
	const uint64_t hz = configTICK_RATE_HZ;

	if (1000000u % hz == 0)
		return ticks * (1000000u / hz);
	return ticks / hz * 1000000u + ticks % hz * 1000000u / hz;
}

/* The kernel counts how often its count has started again: nobody has to ask for the time that often. */
static uint64_t tick_us(void *ctx)
{
	const bool handler = interrupt(ctx) != 0;
	const UBaseType_t mask = enter(handler);
	TimeOut_t now;

	vTaskInternalSetTimeOutState(&now);
	leave(handler, mask);
	return us_of_ticks((uint64_t)(UBaseType_t)now.xOverflowCount * WRAP + now.xTimeOnEntering);
}

static uint64_t given_us(void *ctx)
{
	const struct scmi_freertos *port = ctx;

	return port->config_.now_us(port->config_.arg);
}

/* The ticks from now, which is before the deadline, rounded up. A deadline too far ahead is approached in steps. */
static TickType_t ticks_until(uint64_t deadline_us, uint64_t now)
{
	const uint64_t hz = configTICK_RATE_HZ;
	const uint64_t most = (uint64_t)(TickType_t)portMAX_DELAY - 1u;
	const uint64_t us = deadline_us - now;
	uint64_t ticks;

	if (deadline_us == SCMI_NEVER)
		return portMAX_DELAY;
	if (us / 1000000u >= most / hz)
		return (TickType_t)most;
	ticks = us / 1000000u * hz + (us % 1000000u * hz + 999999u) / 1000000u;
	return (TickType_t)ticks;
}

static int event_init(void *ctx, void *storage)
{
	struct event *event = storage;

	(void)ctx;
	*event = (struct event){.waiter = NULL};
	return SCMI_OK;
}

static void event_fini(void *ctx, void *storage)
{
	(void)ctx;
	(void)storage;
}

static void event_signal(void *ctx, void *storage)
{
	const struct scmi_freertos *port = ctx;
	struct event *event = storage;
	const bool handler = interrupt(port) != 0;
	BaseType_t woken = pdFALSE;
	const UBaseType_t mask = enter(handler);

	event->signalled = true;
	/*
	 * Inside the section, for after it both the event and the task may be gone. It is the form for interrupts in a
	 * task too: that one switches to nobody, which a section does not allow.
	 */
	if (event->waiter != NULL)
		vTaskNotifyGiveIndexedFromISR(event->waiter, port->config_.notify_index, &woken);
	event->waiter = NULL;
	leave(handler, mask);
#if configUSE_PREEMPTION == 1
	if (handler) {
		portYIELD_FROM_ISR(woken);
	} else if (woken != pdFALSE) {
		taskYIELD();
	}
#endif
}

static void event_clear(void *ctx, void *storage)
{
	struct event *event = storage;
	const bool handler = interrupt(ctx) != 0;
	const UBaseType_t mask = enter(handler);

	event->signalled = false;
	leave(handler, mask);
}

enum look { TAKEN, LATE, ASLEEP };

/* Consumes the signal if there is one; else, if there is time, a signal will notify the caller from now on. */
static enum look take_or_announce(struct event *event, bool late)
{
	const UBaseType_t mask = enter(false);
	enum look look = ASLEEP;

	if (event->signalled)
		look = TAKEN;
	else if (late)
		look = LATE;
	event->signalled = false;
	event->waiter = look == ASLEEP ? xTaskGetCurrentTaskHandle() : NULL;
	leave(false, mask);
	return look;
}

static int event_wait(void *ctx, void *event, uint64_t deadline_us)
{
	const struct scmi_freertos *port = ctx;
	const UBaseType_t index = port->config_.notify_index;
	bool slept_out = false;

	for (;;) {
		/* The clock before the signal: one that came before the deadline is not overlooked. */
		const uint64_t now = port->config_.now_us != NULL ? given_us(ctx) : tick_us(ctx);
		const enum look look = take_or_announce(event, now >= deadline_us);

		/* A signal that came after the end of the sleep has notified all the same: nothing may be left of it. */
		if (look == TAKEN && slept_out)
			(void)ulTaskNotifyTakeIndexed(index, pdTRUE, 0);
		if (look != ASLEEP)
			return look == TAKEN ? SCMI_OK : SCMI_E_TIMEOUT;
		slept_out = ulTaskNotifyTakeIndexed(index, pdTRUE, ticks_until(deadline_us, now)) == 0;
	}
}

static void relax(void *ctx)
{
	struct scmi_freertos *port = ctx;
	const UBaseType_t mask = enter(false);
	const unsigned turn = port->turns_++;

	leave(false, mask);
	/*
	 * A yield lets only equals run, and the awaited task may have a lower priority; but a sleep takes up to a tick,
	 * and what is awaited may be a register. While one task sleeps, another counts alone: each comes to its sleep.
	 */
	if (turn % TURNS == TURNS - 1u) {
		vTaskDelay(1);
	} else {
		taskYIELD();
	}
}

static uintptr_t self(void *ctx)
{
	const uintptr_t number = interrupt(ctx);
	uintptr_t task;

	if (number != 0)
		return number;
	task = (uintptr_t)xTaskGetCurrentTaskHandle();
	return task != 0 ? task : 1; /* there is no task yet, nor any other context */
}

static int in_interrupt(void *ctx)
{
	return interrupt(ctx) != 0;
}

static bool config_ok(const struct scmi_freertos_config *config)
{
	if (config->size != sizeof(*config) || config->notify_index >= configTASK_NOTIFICATION_ARRAY_ENTRIES)
		return false;
	return config->now_us != NULL || sizeof(BaseType_t) >= 4 || sizeof(TickType_t) >= 8;
}

int scmi_freertos_init(struct scmi_freertos *port, const struct scmi_freertos_config *config, struct scmi_port *out)
{
	static const struct scmi_freertos_config defaults = {.size = sizeof(defaults)};

	if (config == NULL)
		config = &defaults;
	if (port == NULL || out == NULL || !config_ok(config))
		return SCMI_E_INVAL;
	*port = (struct scmi_freertos){.config_ = *config};
	if (port->config_.interrupt == NULL)
		port->config_.interrupt = own;
	*out = (struct scmi_port){
		.version = SCMI_PORT_V1,
		.event_size = sizeof(struct event),
		.ctx = port,
		.now_us = config->now_us != NULL ? given_us : tick_us,
		.lock = lock,
		.unlock = unlock,
		.event_init = event_init,
		.event_fini = event_fini,
		.event_signal = event_signal,
		.event_clear = event_clear,
		.event_wait = event_wait,
		.relax = relax,
		.self = self,
		.in_interrupt = port->config_.interrupt != NULL ? in_interrupt : NULL,
	};
	return SCMI_OK;
}
