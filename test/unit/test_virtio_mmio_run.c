/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio-mmio bus while it runs: interrupts, queues that are reset alone, shared memory. */
#include "virtio_mmio_rig.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#define USED        1u
#define CONFIG      2u
#define NEEDS_RESET 64u

static bool interrupt(struct rig *r)
{
	return scmi_virtio_mmio_interrupt(r->mmio);
}

/* The board's vector. */
static void vector(void *arg)
{
	struct rig *r = arg;

	(void)interrupt(r);
}

/* ---- what an interrupt means ---- */

/* Each access may be a trap into a hypervisor: two are needed, one to see that it is somebody else's. */
static void an_interrupt_delivers(void **state)
{
	struct rig r;
	uint32_t before;

	(void)state;
	rig_make_started(&r, SCMI_VIRTIO_MMIO_DELIVERS);
	mmio_model_raise(&r.model, USED);
	before = r.model.accesses;
	assert_true(interrupt(&r));
	assert_int_equal(r.model.accesses - before, 2);
	assert_int_equal(r.driver.interrupts, 1);
	assert_int_equal(r.model.interrupts, 0);
	assert_false(interrupt(&r)); /* on a shared line */
	assert_int_equal(r.model.accesses - before, 3);
	assert_int_equal(r.driver.interrupts, 1);
	assert_int_equal(r.driver.losses, 0);
	rig_stop(&r);
	rig_end(&r);
}

static void raise_again(void *arg)
{
	struct rig *r = arg;

	mmio_model_raise(&r->model, USED);
}

/* Acknowledged afterwards, the second would be taken away with the first, and nobody look for what it stands for. */
static void what_comes_while_the_driver_looks_raises_the_interrupt_anew(void **state)
{
	struct rig r;

	(void)state;
	rig_make_started(&r, SCMI_VIRTIO_MMIO_DELIVERS);
	r.model.irq = vector;
	r.model.irq_arg = &r;
	r.driver.on_interrupt = raise_again;
	r.driver.arg = &r;
	mmio_model_raise(&r.model, USED);
	assert_int_equal(r.driver.interrupts, 2);
	assert_int_equal(r.model.interrupts, 0);
	rig_stop(&r);
	rig_end(&r);
}

static void bits_that_are_not_known_are_ignored(void **state)
{
	struct rig r;

	(void)state;
	rig_make_started(&r, SCMI_VIRTIO_MMIO_DELIVERS);
	r.model.strange_bits = 0xfffffffcu;
	assert_false(interrupt(&r));
	assert_int_equal(r.driver.interrupts, 0);
	mmio_model_raise(&r.model, USED);
	assert_true(interrupt(&r));
	assert_int_equal(r.driver.interrupts, 1);
	rig_stop(&r);
	rig_end(&r);
}

static void a_change_of_configuration_means_nothing(void **state)
{
	struct rig r;

	(void)state;
	rig_make_started(&r, SCMI_VIRTIO_MMIO_DELIVERS);
	mmio_model_raise(&r.model, CONFIG);
	assert_true(interrupt(&r));
	assert_int_equal(r.driver.interrupts, 0);
	assert_int_equal(r.driver.losses, 0);
	rig_stop(&r);
	rig_end(&r);
}

static void a_device_that_needs_a_reset_is_lost(void **state)
{
	static const uint32_t flags[] = {0, SCMI_VIRTIO_MMIO_DELIVERS, SCMI_VIRTIO_MMIO_SIGNALS};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct rig r;

		rig_make_started(&r, flags[i]);
		mmio_model_needs_reset(&r.model);
		assert_true(interrupt(&r));
		assert_int_equal(r.driver.losses, 1);
		assert_int_equal(r.driver.err, SCMI_E_LINK);
		assert_int_equal(r.driver.interrupts, 0);
		assert_int_equal(r.model.interrupts, 0);
		/* What the driver does to get it back. */
		rig_stop(&r);
		assert_int_equal(rig_start(&r), SCMI_OK);
		assert_false(interrupt(&r));
		assert_int_equal(r.driver.losses, 1);
		rig_stop(&r);
		rig_end(&r);
	}
}

/* Else a line that stays up would run the handler for ever on top of the thread that resets the device. */
static void an_interrupt_while_stopped_is_acknowledged_and_no_more(void **state)
{
	struct rig r;

	(void)state;
	rig_make_started(&r, SCMI_VIRTIO_MMIO_DELIVERS);
	r.model.reset_reads = MMIO_NEVER;
	rig_stop(&r);
	r.model.irq = vector;
	r.model.irq_arg = &r;
	mmio_model_needs_reset(&r.model);
	mmio_model_raise(&r.model, USED | CONFIG);
	assert_int_equal(r.model.interrupts, 0);
	assert_int_equal(r.driver.interrupts, 0);
	assert_int_equal(r.driver.losses, 0);
	rig_end(&r);
}

static int raise_at_once(void *ctx, const struct scmi_virtio_setup *setup)
{
	struct rig *r = ctx;

	(void)setup;
	mmio_model_raise(&r->model, USED);
	return SCMI_OK;
}

/* A device may answer as soon as it is told DRIVER_OK. */
static void an_interrupt_with_driver_ok_is_not_lost(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, SCMI_VIRTIO_MMIO_DELIVERS);
	r.model.irq = vector;
	r.model.irq_arg = &r;
	r.model.backend = (struct mmio_backend){.attach = raise_at_once, .ctx = &r};
	assert_int_equal(rig_start(&r), SCMI_OK);
	assert_int_equal(r.driver.interrupts, 1);
	rig_stop(&r);
	rig_end(&r);
}

static void without_interrupts_it_only_looks_for_a_reset(void **state)
{
	struct rig r;

	(void)state;
	rig_make_started(&r, 0);
	mmio_model_raise(&r.model, USED);
	assert_true(interrupt(&r));
	assert_int_equal(r.driver.interrupts, 0);
	assert_false(interrupt(&r));
	assert_int_equal(r.driver.losses, 0);
	r.model.status |= NEEDS_RESET; /* whose interrupt nobody has seen */
	assert_false(interrupt(&r));
	assert_int_equal(r.driver.losses, 1);
	rig_stop(&r);
	rig_end(&r);
}

static void a_signal_wakes_who_waits(void **state)
{
	struct rig r;
	uint64_t before;

	(void)state;
	rig_make_started(&r, SCMI_VIRTIO_MMIO_SIGNALS);
	mmio_model_raise(&r.model, USED);
	assert_true(interrupt(&r));
	assert_int_equal(r.driver.interrupts, 0);
	before = r.fake.now_us;
	r.bus.wait(r.bus.ctx, before + 500u);
	assert_true(r.fake.now_us == before);
	r.bus.wait(r.bus.ctx, before + 500u); /* one signal, one wait */
	assert_true(r.fake.now_us == before + 500u);
	r.bus.wake(r.bus.ctx);
	r.bus.wait(r.bus.ctx, SCMI_NEVER);
	rig_stop(&r);
	r.bus.wake(r.bus.ctx); /* any time */
	rig_end(&r);
}

/* ---- stop beside an interrupt ---- */

struct beside {
	struct rig r;
	sem_t at_the_driver;
	sem_t go_on;
	bool inside;
};

static void stay(void *arg)
{
	struct beside *b = arg;

	b->inside = true;
	sem_post(&b->at_the_driver);
	while (sem_wait(&b->go_on) != 0)
		;
	b->inside = false;
}

static void *handle(void *arg)
{
	struct beside *b = arg;

	assert_true(interrupt(&b->r));
	return NULL;
}

/* Only who waits in stop() lets the handler go on. */
static void let_go_on(struct fake_port *fake, void *arg)
{
	struct beside *b = arg;

	fake->on_relax = NULL;
	sem_post(&b->go_on);
}

static void stop_waits_for_an_interrupt_that_is_at_the_driver(void **state)
{
	struct beside b;
	pthread_t thread;

	(void)state;
	rig_make_started(&b.r, SCMI_VIRTIO_MMIO_DELIVERS);
	assert_int_equal(sem_init(&b.at_the_driver, 0, 0), 0);
	assert_int_equal(sem_init(&b.go_on, 0, 0), 0);
	b.r.driver.on_interrupt = stay;
	b.r.driver.arg = &b;
	b.r.fake.on_relax = let_go_on;
	b.r.fake.arg = &b;
	mmio_model_raise(&b.r.model, USED);
	assert_int_equal(pthread_create(&thread, NULL, handle, &b), 0);
	while (sem_wait(&b.at_the_driver) != 0)
		;
	assert_true(b.inside);
	rig_stop(&b.r);
	assert_false(b.inside);
	assert_null(b.r.fake.on_relax);
	assert_int_equal(b.r.driver.interrupts, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	sem_destroy(&b.at_the_driver);
	sem_destroy(&b.go_on);
	rig_end(&b.r);
}

/* ---- queues ---- */

static void a_queue_is_reset_and_enabled_anew(void **state)
{
	const struct scmi_virtio_queue where = {
		.size = 64, .desc = 0xabcdef0120, .avail = 0x8000000000000000, .used = 0x44};
	struct rig r;

	(void)state;
	for (uint32_t reads = 0; reads < 4; reads += 3) {
		rig_make_started(&r, 0);
		r.model.queue_reset_reads = reads;
		assert_int_equal(r.bus.reset_queue(r.bus.ctx, 0), SCMI_OK);
		assert_int_equal(r.model.queues[0].ready, 0);
		assert_int_equal(r.model.queues[1].ready, 1);
		assert_int_equal(r.bus.enable_queue(r.bus.ctx, 0, &where), SCMI_OK);
		rig_expect_queue(&r.model.queues[0], &where);
		r.bus.kick(r.bus.ctx, 0);
		assert_int_equal(r.model.notifies[0], 1);
		assert_int_equal(r.model.resets, 1);
		rig_stop(&r);
		rig_end(&r);
	}
}

static void a_queue_reset_that_is_refused_is_told(void **state)
{
	struct rig r;
	uint64_t before;

	(void)state;
	rig_make_started(&r, 0);
	r.model.queue_reset_reads = MMIO_NEVER;
	before = r.fake.now_us;
	assert_int_equal(r.bus.reset_queue(r.bus.ctx, 0), SCMI_E_IO);
	assert_in_range(r.fake.now_us - before, TIMEOUT_US, TIMEOUT_US + 100u);
	assert_int_equal(r.logs, 1);
	rig_stop(&r);
	assert_int_equal(rig_start(&r), SCMI_OK);
	r.model.ignores_queue_reset = true;
	assert_int_equal(r.bus.reset_queue(r.bus.ctx, 1), SCMI_E_IO);
	assert_int_equal(r.bus.enable_queue(r.bus.ctx, 1, &r.setup.queue[1]), SCMI_E_IO); /* it is ready still */
	rig_stop(&r);
	rig_end(&r);
}

static void a_queue_is_not_reset_where_that_was_not_agreed_on(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, 0);
	r.setup.features &= ~SCMI_VIRTIO_F_RING_RESET;
	assert_int_equal(rig_start(&r), SCMI_OK);
	assert_int_equal(r.bus.reset_queue(r.bus.ctx, 0), SCMI_E_NOTSUP);
	assert_int_equal(r.bus.enable_queue(r.bus.ctx, 0, &r.setup.queue[0]), SCMI_E_NOTSUP);
	rig_stop(&r);
	r.setup.features |= SCMI_VIRTIO_F_RING_RESET;
	assert_int_equal(rig_start(&r), SCMI_OK);
	assert_int_equal(r.bus.reset_queue(r.bus.ctx, 2), SCMI_E_NOTSUP);
	assert_int_equal(r.bus.enable_queue(r.bus.ctx, 2, &r.setup.queue[0]), SCMI_E_NOTSUP);
	rig_stop(&r);
	rig_end(&r);
}

/* ---- shared memory ---- */

struct mapped {
	struct rig r;
	struct scmi_virtio_mmio_access access;
	uint64_t addr;
	uint64_t len;
	unsigned calls;
	unsigned char bytes[32];
};

static struct mapped mapped;

static void *map(void *ctx, uint64_t addr, uint64_t len)
{
	assert_ptr_equal(ctx, &mapped.r.model);
	mapped.addr = addr;
	mapped.len = len;
	mapped.calls++;
	return len <= sizeof(mapped.bytes) ? mapped.bytes : NULL;
}

static void a_region_is_found_and_mapped(void **state)
{
	struct scmi_virtio_region region = {0};
	struct rig *const r = &mapped.r;

	(void)state;
	rig_fill(r, 0);
	r->config.access.map = map;
	r->model.regions[0] = (struct mmio_region){.id = 3, .base = 0x9876543210, .len = 32};
	r->model.regions[1] = (struct mmio_region){.id = 0xff, .base = 0x1000, .len = UINT64_C(0x100000020)};
	assert_int_equal(scmi_virtio_mmio_init(&r->mmio, r->mem, sizeof(r->mem), &r->config, &r->bus), SCMI_OK);
	assert_int_equal(rig_start(r), SCMI_OK);
	assert_int_equal(r->bus.region(r->bus.ctx, 3, &region), SCMI_OK);
	assert_ptr_equal(region.mem, mapped.bytes);
	assert_true(region.len == 32);
	assert_true(mapped.addr == 0x9876543210 && mapped.len == 32);
	/* Not to be had: not there, not mapped, over the end of all addresses, empty. */
	assert_int_equal(r->bus.region(r->bus.ctx, 1, &region), SCMI_E_NOTFOUND);
	assert_int_equal(mapped.calls, 1);
	assert_int_equal(r->bus.region(r->bus.ctx, 0xff, &region), SCMI_E_NOTFOUND);
	assert_true(mapped.calls == 2 && mapped.len == UINT64_C(0x100000020));
	r->model.regions[0].base = UINT64_MAX - 16u;
	assert_int_equal(r->bus.region(r->bus.ctx, 3, &region), SCMI_E_NOTFOUND);
	r->model.regions[0] = (struct mmio_region){.id = 3, .base = 0, .len = UINT64_MAX};
	assert_int_equal(r->bus.region(r->bus.ctx, 3, &region), SCMI_E_NOTFOUND);
	r->model.regions[0].len = 0;
	assert_int_equal(r->bus.region(r->bus.ctx, 3, &region), SCMI_E_NOTFOUND);
	assert_int_equal(mapped.calls, 2);
	assert_true(region.len == 32); /* untouched by what failed */
	rig_stop(r);
	rig_end(r);
}

/* Two threads ask at once, for different regions; there is one register that says which. */
struct askers {
	struct rig r;
	struct scmi_virtio_mmio_access model;
	sem_t selected;
	sem_t go_on;
	bool stayed;
	struct scmi_virtio_region region;
};

static struct askers askers;

static uint32_t read_and_stay(void *ctx, uint32_t offset)
{
	(void)ctx;
	if (offset == 0x0b0 && !askers.stayed) {
		askers.stayed = true;
		sem_post(&askers.selected);
		while (sem_wait(&askers.go_on) != 0)
			;
	}
	return askers.model.read32(&askers.r.model, offset);
}

static void *as_it_is(void *ctx, uint64_t addr, uint64_t len)
{
	(void)ctx;
	(void)len;
	return (unsigned char *)&askers + addr;
}

static void *ask(void *arg)
{
	(void)arg;
	assert_int_equal(askers.r.bus.region(askers.r.bus.ctx, 1, &askers.region), SCMI_OK);
	return NULL;
}

static void let_ask_on(struct fake_port *fake, void *arg)
{
	(void)arg;
	fake->on_relax = NULL;
	sem_post(&askers.go_on);
}

static void two_who_ask_for_regions_get_their_own(void **state)
{
	struct rig *const r = &askers.r;
	struct scmi_virtio_region region;
	pthread_t thread;

	(void)state;
	rig_fill(r, 0);
	askers.model = r->config.access;
	r->config.access.read32 = read_and_stay;
	r->config.access.map = as_it_is;
	r->model.regions[0] = (struct mmio_region){.id = 1, .base = 16, .len = 32};
	r->model.regions[1] = (struct mmio_region){.id = 2, .base = 64, .len = 8};
	assert_int_equal(scmi_virtio_mmio_init(&r->mmio, r->mem, sizeof(r->mem), &r->config, &r->bus), SCMI_OK);
	assert_int_equal(rig_start(r), SCMI_OK);
	assert_int_equal(sem_init(&askers.selected, 0, 0), 0);
	assert_int_equal(sem_init(&askers.go_on, 0, 0), 0);
	r->fake.on_relax = let_ask_on;
	assert_int_equal(pthread_create(&thread, NULL, ask, NULL), 0);
	while (sem_wait(&askers.selected) != 0)
		;
	assert_int_equal(r->bus.region(r->bus.ctx, 2, &region), SCMI_OK);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(region.len == 8 && region.mem == as_it_is(NULL, 64, 8));
	assert_true(askers.region.len == 32 && askers.region.mem == as_it_is(NULL, 16, 32));
	sem_destroy(&askers.selected);
	sem_destroy(&askers.go_on);
	rig_stop(r);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupt_delivers),
		cmocka_unit_test(what_comes_while_the_driver_looks_raises_the_interrupt_anew),
		cmocka_unit_test(bits_that_are_not_known_are_ignored),
		cmocka_unit_test(a_change_of_configuration_means_nothing),
		cmocka_unit_test(a_device_that_needs_a_reset_is_lost),
		cmocka_unit_test(an_interrupt_while_stopped_is_acknowledged_and_no_more),
		cmocka_unit_test(an_interrupt_with_driver_ok_is_not_lost),
		cmocka_unit_test(without_interrupts_it_only_looks_for_a_reset),
		cmocka_unit_test(a_signal_wakes_who_waits),
		cmocka_unit_test(stop_waits_for_an_interrupt_that_is_at_the_driver),
		cmocka_unit_test(a_queue_is_reset_and_enabled_anew),
		cmocka_unit_test(a_queue_reset_that_is_refused_is_told),
		cmocka_unit_test(a_queue_is_not_reset_where_that_was_not_agreed_on),
		cmocka_unit_test(a_region_is_found_and_mapped),
		cmocka_unit_test(two_who_ask_for_regions_get_their_own),
	};

	return cmocka_run_group_tests_name("virtio_mmio_run", tests, NULL, NULL);
}
