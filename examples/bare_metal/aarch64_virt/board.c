/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>

#include "board.h"

#define GICD        0x08000000u
#define GICC        0x08010000u
#define UART        0x09000000u
#define VIRTIO      0x0a000000u
#define VIRTIO_STEP 0x200u
#define VIRTIO_IRQ  48u /* of the first slot: SPI 16 */

#define GICD_CTLR      0x000u
#define GICD_ISENABLER 0x100u
#define GICD_ICENABLER 0x180u
#define GICD_ITARGETSR 0x800u
#define GICD_ICFGR     0xc00u
#define GICC_CTLR      0x000u
#define GICC_PMR       0x004u
#define GICC_IAR       0x00cu
#define GICC_EOIR      0x010u
#define GIC_SPURIOUS   1020u

#define UART_FR      0x18u
#define UART_FR_FULL (1u << 5)

#define SYS_GET_CMDLINE 0x15u
#define SYS_EXIT        0x18u
#define STOPPED         0x20026u /* the application has ended */

#define PSCI_CPU_ON 0xc4000003u

void start_second(void);
void board_mmu(void);
void board_second(void);
void board_interrupt(void);
_Noreturn void board_fault(uint64_t esr, uint64_t elr, uint64_t far);

uintptr_t board_virtio_registers(uint32_t slot)
{
	return VIRTIO + slot * VIRTIO_STEP;
}

uint32_t board_virtio_interrupt(uint32_t slot)
{
	return VIRTIO_IRQ + slot;
}

/* One load and one store of a form that a hypervisor can take apart; barriers that reach devices, too. */
uint32_t board_read32(uintptr_t address)
{
	uint32_t value;

	__asm__ volatile("ldr %w0, [%1]\n\tdmb oshld" : "=r"(value) : "r"(address) : "memory");
	return value;
}

void board_write32(uintptr_t address, uint32_t value)
{
	__asm__ volatile("dmb oshst\n\tstr %w0, [%1]" : : "rZ"(value), "r"(address) : "memory");
}

/* ---- memory ---- */

/*
 * Two blocks of 1 GiB, each where it is: devices, and memory. Without the MMU all memory would be a device's, in which
 * atomic instructions and unaligned accesses are not allowed.
 */
void board_mmu(void)
{
	static uint64_t table[512] __attribute__((aligned(4096)));
	const uint64_t block = 1u | 1u << 10; /* valid, accessed */

	table[0] = 0x00000000u | block | UINT64_C(3) << 53;             /* attribute 0, never executed */
	table[1] = 0x40000000u | block | 1u << 2 | 3u << 8;             /* attribute 1, inner shareable */
	__asm__ volatile("msr mair_el1, %0" : : "r"(UINT64_C(0xff00))); /* 0: nGnRnE; 1: write-back */
	/* 39 bits of addresses, 4 KiB pages, walks through the cache; no addresses of the upper half; 36 bits are real */
	__asm__ volatile("msr tcr_el1, %0" : : "r"(UINT64_C(1) << 32 | 1u << 23 | 3u << 12 | 1u << 10 | 1u << 8 | 25u));
	__asm__ volatile("msr ttbr0_el1, %0" : : "r"(table));
	__asm__ volatile("dsb sy\n\tisb\n\ttlbi vmalle1\n\tic iallu\n\tdsb sy\n\tisb" : : : "memory");
	__asm__ volatile("mrs x9, sctlr_el1\n\torr x9, x9, %0\n\tmsr sctlr_el1, x9\n\tisb" /* MMU, both caches */
			 :
			 : "r"(UINT64_C(1) | 1u << 2 | 1u << 12)
			 : "x9", "memory");
}

/* ---- interrupts ---- */

static struct {
	void (*run)(void *arg);
	void *arg;
} handlers[BOARD_INTERRUPTS];
static volatile uint32_t running; /* on the first core; the second one has no interrupts */

void board_init(void)
{
	board_write32(GICD + GICD_CTLR, 1);
	board_write32(GICC + GICC_PMR, 0xff);
	board_write32(GICC + GICC_CTLR, 1);
	/* Level-triggered, and seldom taken: the port switches the timer off before. board_interrupt() just ends it. */
	board_write32(GICD + GICD_ISENABLER, 1u << BOARD_TIMER);
	__asm__ volatile("msr daifclr, #2" : : : "memory");
}

void board_enable(uint32_t interrupt, void (*handler)(void *arg), void *arg)
{
	const uintptr_t trigger = GICD + GICD_ICFGR + interrupt / 16 * 4;
	const uintptr_t target = GICD + GICD_ITARGETSR + interrupt / 4 * 4;

	handlers[interrupt].run = handler;
	handlers[interrupt].arg = arg;
	/* The device tree says of these that they are edge-triggered. */
	board_write32(trigger, board_read32(trigger) | 2u << interrupt % 16 * 2);
	board_write32(target, board_read32(target) | 1u << interrupt % 4 * 8); /* the first core */
	board_write32(GICD + GICD_ISENABLER + interrupt / 32 * 4, 1u << interrupt % 32);
}

void board_disable(uint32_t interrupt)
{
	board_write32(GICD + GICD_ICENABLER + interrupt / 32 * 4, 1u << interrupt % 32);
	(void)board_read32(GICD + GICD_ICENABLER + interrupt / 32 * 4); /* it has arrived */
}

void board_interrupt(void)
{
	const uint32_t acknowledged = board_read32(GICC + GICC_IAR);
	const uint32_t interrupt = acknowledged & 0x3ffu;

	if (interrupt >= GIC_SPURIOUS) /* it went away meanwhile, as the timer's may */
		return;
	running = interrupt + 1;
	if (interrupt < BOARD_INTERRUPTS && handlers[interrupt].run != NULL)
		handlers[interrupt].run(handlers[interrupt].arg);
	running = 0;
	board_write32(GICC + GICC_EOIR, acknowledged);
}

static uint32_t this_core(void)
{
	uint64_t mpidr;

	__asm__ volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
	return mpidr & 0xffu;
}

uint32_t board_running(void *arg)
{
	(void)arg;
	return this_core() == 0 ? running : 0;
}

/* ---- the second core ---- */

static void (*second)(void *arg);
static void *second_arg;

void board_second(void)
{
	second(second_arg);
}

bool board_start_second(void (*run)(void *arg), void *arg)
{
	static _Alignas(16) unsigned char stack[32768];
	register uint64_t x0 __asm__("x0") = PSCI_CPU_ON;
	register uint64_t x1 __asm__("x1") = 1; /* which core */
	register uint64_t x2 __asm__("x2") = (uintptr_t)start_second;
	register uint64_t x3 __asm__("x3") = (uintptr_t)(stack + sizeof(stack));

	second = run;
	second_arg = arg;
	__asm__ volatile("dsb sy\n\thvc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0 == 0;
}

/* ---- the outside ---- */

static void put(char c)
{
	while ((board_read32(UART + UART_FR) & UART_FR_FULL) != 0)
		;
	board_write32(UART, (unsigned char)c);
}

static void put_text(const char *text)
{
	while (*text != '\0')
		put(*text++);
}

static void put_number(uint64_t value, unsigned base)
{
	char digits[21];
	char *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	put_text(at);
}

static void put_signed(int32_t value)
{
	if (value < 0)
		put('-');
	put_number(value < 0 ? 0u - (uint32_t)value : (uint32_t)value, 10);
}

void board_print(const char *text, ...)
{
	va_list values;

	va_start(values, text);
	for (; *text != '\0'; text++) {
		if (*text != '%') {
			put(*text);
			continue;
		}
		switch (*++text) {
		case 's':
			put_text(va_arg(values, const char *));
			break;
		case 'd':
			put_signed(va_arg(values, int32_t));
			break;
		case 'l':
			put_number(va_arg(values, uint64_t), 10);
			break;
		default:
			put_number(va_arg(values, uint32_t), *text == 'x' ? 16 : 10);
			break;
		}
	}
	va_end(values);
}

static uint64_t semihosting(uint64_t what, void *block)
{
	register uint64_t x0 __asm__("x0") = what;
	register void *x1 __asm__("x1") = block;

	__asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
	return x0;
}

const char *board_words(void)
{
	static char words[256];
	uint64_t block[2] = {(uintptr_t)words, sizeof(words)};

	return semihosting(SYS_GET_CMDLINE, block) == 0 ? words : "";
}

_Noreturn void board_exit(int status)
{
	uint64_t block[2] = {STOPPED, (uint64_t)(unsigned)status};

	for (;;)
		(void)semihosting(SYS_EXIT, block);
}

_Noreturn void board_fault(uint64_t esr, uint64_t elr, uint64_t far)
{
	board_print("FAULT: syndrome %x at %x, address %x\n", (uint32_t)esr, (uint32_t)elr, (uint32_t)far);
	board_exit(1);
}
