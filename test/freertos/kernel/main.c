/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The suite for ports, and two ends of a link, on FreeRTOS's own kernel. The other context is a task of lower priority, one
 * of higher priority, and an interrupt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <FreeRTOS.h>
#include <task.h>

#include <scmi/errors.h>
#include <scmi/port/freertos.h>

#include "../../unit/port_suite.h"
#include "../../unit/port_threads.h"
#include "rtos.h"

#define PRIORITY 3u
#define INDEX    1u
#define WORDS    4096u

struct scmi_port *shim_port(void);

static struct scmi_freertos freertos;
static struct scmi_port port;
static StaticTask_t main_task, other_task;
static StackType_t main_stack[WORDS], other_stack[WORDS];
static TaskHandle_t other_handle;

static void (*act)(void *arg);
static void *act_arg;
static volatile bool acted;
static volatile unsigned ticks_left; /* until the interrupt is raised; 0: it is not */

/* ---- the other context ---- */

static void run_act(void)
{
	act(act_arg);
	acted = true;
}

static void run_other(void *arg)
{
	(void)arg;
	for (;;) {
		ulTaskNotifyTakeIndexed(0, pdTRUE, portMAX_DELAY);
		vTaskDelay(1); /* so that the wait has begun, whatever the priority */
		run_act();
	}
}

void rtos_tick(void)
{
	if (ticks_left != 0 && --ticks_left == 0)
		rtos_raise();
}

static void ask(void (*what)(void *arg), void *arg)
{
	act = what;
	act_arg = arg;
	acted = false;
}

static void ask_task(void (*what)(void *arg), void *arg)
{
	ask(what, arg);
	xTaskNotifyGiveIndexed(other_handle, 0);
}

static void ask_interrupt(void (*what)(void *arg), void *arg)
{
	ask(what, arg);
	ticks_left = 2;
}

static void join(void)
{
	while (!acted)
		port.relax(port.ctx);
}

/* ---- the suite ---- */

struct scmi_port *shim_port(void)
{
	return &port;
}

/* All of ours have an `other`. */
int port_threads(const struct port_fixture *fixture)
{
	(void)fixture;
	return 1;
}

static int make(struct scmi_port *out)
{
	const struct scmi_freertos_config config = {
		.size = sizeof(config), .notify_index = INDEX, .interrupt = rtos_interrupt};
	const int err = scmi_freertos_init(&freertos, &config, &port);

	*out = port;
	return err;
}

/* Nothing of a wait stays in the task's notifications. */
static void drop(void)
{
	assert_int_equal(ulTaskNotifyTakeIndexed(INDEX, pdTRUE, 0), 0);
}

static int suite(const char *name, void (*other)(void (*act)(void *arg), void *arg), unsigned priority)
{
	const struct port_fixture fixture = {.name = name, .make = make, .drop = drop, .other = other, .join = join};

	vTaskPrioritySet(other_handle, priority);
	return port_suite(&fixture);
}

/* ---- what the machine must be for the port to be right ---- */

static uintptr_t self_inside;
static int in_inside;
static uint64_t now_inside;

static void note(void *arg)
{
	(void)arg;
	port.lock(port.ctx);
	self_inside = port.self(port.ctx);
	port.unlock(port.ctx);
	in_inside = port.in_interrupt(port.ctx);
	now_inside = port.now_us(port.ctx);
}

static void interrupt_is_a_context_of_its_own(void **state)
{
	const uint64_t before = port.now_us(port.ctx);

	(void)state;
	ask_interrupt(note, NULL);
	join();
	assert_int_equal(port.in_interrupt(port.ctx), 0);
	assert_true(in_inside != 0);
	assert_true(self_inside != port.self(port.ctx) && self_inside < 512u);
	assert_true(now_inside >= before && now_inside <= port.now_us(port.ctx));
}

static max_align_t event;

static void signal_event(void *arg)
{
	now_inside = port.now_us(port.ctx);
	port.event_signal(port.ctx, arg);
}

/* Before the next tick. Only where time is the emulator's: another machine may be busy with something else. */
static void interrupt_that_wakes_a_task_lets_it_run(void **state)
{
	(void)state;
	if (rtos_interrupt != NULL)
		skip();
	assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
	ask_interrupt(signal_event, &event);
	assert_int_equal(port.event_wait(port.ctx, &event, SCMI_NEVER), SCMI_OK);
	assert_int_equal(port.now_us(port.ctx), now_inside);
	port.event_fini(port.ctx, &event);
}

/* The kernel's count has started again by now, where it begins shortly before that. */
static void clock_has_gone_on_over_the_wrap(void **state)
{
	const uint64_t first = (uint64_t)(TickType_t)configINITIAL_TICK_COUNT * 1000u;

	(void)state;
	while (port.now_us(port.ctx) < first + 200000u)
		port.relax(port.ctx);
	assert_true(port.now_us(port.ctx) < first + 3600u * 1000000ull);
}

static int own_cases(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interrupt_is_a_context_of_its_own),
		cmocka_unit_test(interrupt_that_wakes_a_task_lets_it_run),
		cmocka_unit_test(clock_has_gone_on_over_the_wrap),
	};

	return cmocka_run_group_tests_name("freertos", tests, NULL, NULL);
}

static int both_ends(unsigned priority)
{
	const char *wrong = pair_run(&port, priority);

	rtos_say(priority < PRIORITY ? "agent above platform: " : "platform above agent: ");
	rtos_say(wrong != NULL ? wrong : "all is well");
	rtos_say("\n");
	return wrong != NULL;
}

static void run_main(void *arg)
{
	int failed = 0;

	(void)arg;
	failed += suite("a task of lower priority", ask_task, PRIORITY - 1u);
	failed += suite("a task of higher priority", ask_task, PRIORITY + 1u);
	failed += suite("an interrupt", ask_interrupt, PRIORITY - 1u);
	failed += own_cases();
	failed += both_ends(PRIORITY - 1u);
	failed += both_ends(PRIORITY + 1u);
	rtos_say(failed != 0 ? "FAILED\n" : "PASSED\n");
	rtos_exit(failed != 0);
}

void vApplicationStackOverflowHook(TaskHandle_t task, char *name);

void vApplicationStackOverflowHook(TaskHandle_t task, char *name)
{
	(void)task;
	rtos_say(name);
	rtos_assert("a stack", 0);
}

void rtos_assert(const char *file, int line)
{
	(void)line;
	rtos_say("FAILED: an assertion of the kernel's: ");
	rtos_say(file);
	rtos_say("\n");
	rtos_exit(1);
}

static void on_interrupt(void)
{
	run_act();
}

_Noreturn void rtos_main(void)
{
	rtos_on_interrupt(on_interrupt);
	xTaskCreateStatic(run_main, "main", WORDS, NULL, PRIORITY, main_stack, &main_task);
	other_handle = xTaskCreateStatic(run_other, "other", WORDS, NULL, PRIORITY, other_stack, &other_task);
	vTaskStartScheduler();
	rtos_exit(1);
}
