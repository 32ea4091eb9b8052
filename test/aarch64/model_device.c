/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A doorbell is an interrupt of its own; it serves at once, or lets a timer do so a little later, when the driver waits
 * already. An access to a register is one step for everybody, as it is where the bus does it: the model knows neither
 * interrupts nor a second core.
 */
#include "model_device.h"

#include <scmi/platform.h>
#include <scmi/transport/virtio_device.h>

#include "../../examples/bare_metal/aarch64_virt/board.h"
#include "../../examples/sim/host.h"
#include "../embedded/shim_port.h"
#include "../support/mmio_model.h"

#define SLOT          5u
#define SLOT_LINE     board_virtio_interrupt(SLOT)
#define DOORBELL      132u /* an SPI behind which the machine has nothing */
#define TIMER         30u  /* the physical timer's, a PPI: the other timer is the agent's */
#define GICD_ISPENDR  0x08000200u
#define CTL_ENABLE    1u
#define SOME_US       100u /* from a doorbell to the device's turn */
#define AT_ONCE_EVERY 4u   /* so many doorbells are served without that */
#define US_PER_S      1000000u
#define USED          1u

#define WRITE(name, value) __asm__ volatile("msr " #name ", %0\n\tisb" : : "r"((uint64_t)(value)) : "memory")

static struct mmio_model model;
static struct scmi_virtio_device *device;
static struct scmi_endpoint endpoint;
static struct sim_host *host;
static uint64_t turn_us;  /* when the platform's next turn is due */
static uint64_t serve_us; /* when the device's is; SCMI_NEVER: not at all */
static uint32_t doorbells;
static uint32_t served[2]; /* commands: at once, and later */
static uint32_t interrupts;

static struct scmi_aarch64_bare port_state;
static struct scmi_port port; /* of device and platform */
static struct scmi_aarch64_bare bus_state;
static struct scmi_port bus; /* its lock makes an access one step */

void put(const char *text);

void put(const char *text)
{
	board_print("%s", text);
}

struct scmi_port *shim_port(void)
{
	return &port;
}

/* ---- interrupts ---- */

static void pend(uint32_t interrupt)
{
	board_write32(GICD_ISPENDR + interrupt / 32u * 4u, 1u << interrupt % 32u);
}

/* The line goes up with the first bit; the interrupt controller listens to the edge. */
static void interrupt_driver(bool needs_reset)
{
	bool rises;

	bus.lock(bus.ctx);
	rises = model.interrupts == 0;
	if (needs_reset)
		mmio_model_needs_reset(&model);
	else
		mmio_model_raise(&model, USED);
	bus.unlock(bus.ctx);
	interrupts++;
	if (rises)
		pend(SLOT_LINE);
}

static uint64_t now_us(void)
{
	return port.now_us(port.ctx);
}

static void set_timer(void)
{
	const uint64_t now = now_us();
	const uint64_t at = serve_us < turn_us ? serve_us : turn_us;

	WRITE(cntp_tval_el0, (at > now ? at - now : 0) * port_state.hz_ / US_PER_S + 1u);
	WRITE(cntp_ctl_el0, CTL_ENABLE);
}

/* ---- the device's turns ---- */

static void serve(bool later)
{
	int n;

	serve_us = SCMI_NEVER;
	do {
		while ((n = scmi_virtio_device_serve(device, 4)) > 0)
			served[later] += (uint32_t)n;
	} while (!scmi_virtio_device_rest(device));
}

static void on_doorbell(void *arg)
{
	(void)arg;
	if (++doorbells % AT_ONCE_EVERY == 0)
		serve(false);
	else if (serve_us == SCMI_NEVER)
		serve_us = now_us() + SOME_US;
	set_timer();
}

static void on_timer(void *arg)
{
	(void)arg;
	WRITE(cntp_ctl_el0, 0);
	if (now_us() >= serve_us)
		serve(true);
	turn_us = sim_host_turn(host);
	set_timer();
}

/* ---- what the device asks of its carrier ---- */

static void call(void *ctx, uint32_t queue)
{
	(void)ctx;
	(void)queue;
	interrupt_driver(false);
}

static void work(void *ctx)
{
	(void)ctx;
	pend(DOORBELL);
}

static void event(void *ctx, enum scmi_virtio_event what)
{
	(void)ctx;
	if (what == SCMI_VIRTIO_BROKEN)
		interrupt_driver(true);
}

/* ---- what is behind the registers ---- */

static int attach(void *ctx, const struct scmi_virtio_setup *setup)
{
	const struct scmi_virtio_map all = {
		.addr = 0x40000000u, .len = 0x40000000u, .mem = (void *)(uintptr_t)0x40000000u};
	const char *why;
	const int err = scmi_virtio_device_attach(device, setup, &all, 1, NULL, &why);

	(void)ctx;
	if (err != SCMI_OK)
		board_print("FAILED: attach: %s\n", why != NULL ? why : scmi_strerror(err));
	return err;
}

static void detach(void *ctx)
{
	(void)ctx;
	scmi_virtio_device_detach(device, NULL);
}

static int reset_queue(void *ctx, uint32_t queue)
{
	(void)ctx;
	return scmi_virtio_device_reset_queue(device, queue);
}

static int enable_queue(void *ctx, uint32_t queue, const struct scmi_virtio_queue *where)
{
	(void)ctx;
	return scmi_virtio_device_enable_queue(device, queue, where);
}

static void notify(void *ctx, uint32_t queue)
{
	(void)ctx;
	(void)queue;
	pend(DOORBELL);
}

/* ---- registers ---- */

static void end_access(const char *breach_before)
{
	bus.unlock(bus.ctx);
	if (breach_before == NULL && model.breach != NULL)
		board_print("FAILED: register %x: %s\n", model.breach_offset, model.breach);
}

static uint32_t read_model(void *ctx, uint32_t offset)
{
	const struct scmi_virtio_mmio_access access = mmio_model_access(ctx);
	const char *before;
	uint32_t value;

	bus.lock(bus.ctx);
	before = model.breach;
	value = access.read32(ctx, offset);
	end_access(before);
	return value;
}

static void write_model(void *ctx, uint32_t offset, uint32_t value)
{
	const struct scmi_virtio_mmio_access access = mmio_model_access(ctx);
	const char *before;

	bus.lock(bus.ctx);
	before = model.breach;
	access.write32(ctx, offset, value);
	end_access(before);
}

struct scmi_virtio_mmio_access model_device_registers(uint32_t slot)
{
	if (slot != SLOT)
		return link_registers(slot);
	return (struct scmi_virtio_mmio_access){.read32 = read_model, .write32 = write_model, .ctx = &model};
}

bool model_device_is_content(void)
{
	const uint32_t commands = model.notifies[SCMI_VIRTIO_CMDQ];
	const uint32_t buffers = model.notifies[SCMI_VIRTIO_EVENTQ];
	const bool all = served[false] != 0 && served[true] != 0 && interrupts != 0 && commands > buffers;

	if (!all)
		board_print("FAILED: %u + %u doorbells, %u commands served at once, %u later, %u interrupts\n",
			    commands, buffers, served[false], served[true], interrupts);
	return all && model.breach == NULL;
}

/* ---- making it ---- */

/* Its ports leave the event stream alone: that is the agent's. */
static int make_ports(void)
{
	const struct scmi_aarch64_bare_config config = {
		.size = sizeof(config), .flags = SCMI_AARCH64_BARE_WFI, .interrupt = board_running};
	const int err = scmi_aarch64_bare_init(&port_state, &config, &port);

	return err != SCMI_OK ? err : scmi_aarch64_bare_init(&bus_state, &config, &bus);
}

static int make_device(void)
{
	static max_align_t mem[2048];
	static const struct scmi_virtio_host carrier = {.call = call, .work = work, .event = event};
	const struct scmi_virtio_device_config config = {
		.size = sizeof(config), .queue_max = 64, .port = &port, .host = &carrier};
	const int err = scmi_virtio_device_init(&device, mem, sizeof(mem), &config, &endpoint);

	if (err != SCMI_OK)
		return err;
	mmio_model_init(&model);
	model.offered = scmi_virtio_device_features(device);
	for (uint32_t i = 0; i < SCMI_VIRTIO_QUEUES; i++)
		model.queue_max[i] = scmi_virtio_device_queue_max(device, i);
	model.backend = (struct mmio_backend){.attach = attach,
					      .detach = detach,
					      .reset_queue = reset_queue,
					      .enable_queue = enable_queue,
					      .notify = notify};
	return SCMI_OK;
}

static void say(void *arg, enum scmi_log_level level, const char *text)
{
	(void)arg;
	if (level == SCMI_LOG_ERROR)
		board_print("FAILED: platform: %s\n", text);
}

static int make_platform(void)
{
	static const struct scmi_platform_agent agent = {
		.size = sizeof(agent), .endpoint = &endpoint, .name = "agent-1"};
	const struct sim_host_config config = {.set = sim_find_set("demo"),
					       .vendor = "model",
					       .agents = &agent,
					       .agents_n = 1,
					       .port = &port,
					       .log = say};

	return sim_host_open(&host, &config);
}

bool model_device_make(void)
{
	int err;

	if ((err = make_ports()) || (err = make_device()) || (err = make_platform())) {
		board_print("FAILED: the device: %s\n", scmi_strerror(err));
		return false;
	}
	serve_us = SCMI_NEVER;
	board_enable(DOORBELL, on_doorbell, NULL);
	board_enable(TIMER, on_timer, NULL);
	set_timer();
	return true;
}
