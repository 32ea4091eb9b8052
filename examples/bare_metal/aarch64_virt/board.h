/* SPDX-License-Identifier: BSD-3-Clause */
/* QEMU's machine `virt`, as much of it as this image needs; GICv2. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

#define BOARD_INTERRUPTS   288u /* SGIs, PPIs and 256 SPIs */
#define BOARD_VIRTIO_SLOTS 32u
#define BOARD_TIMER        27u /* the virtual timer's interrupt, a PPI */

/* Where the transport of a slot has its registers, and which interrupt it raises. */
uintptr_t board_virtio_registers(uint32_t slot);
uint32_t board_virtio_interrupt(uint32_t slot);

/* One access of 32 bits; each keeps its order with memory, as struct scmi_virtio_mmio_access wants it. */
uint32_t board_read32(uintptr_t address);
void board_write32(uintptr_t address, uint32_t value);

/* Sets up the interrupt controller, and lets interrupts in; none is enabled yet but the timer's. */
void board_init(void);

/* From now on handler(arg) runs for this interrupt, on the first core; and no more. Handlers do not nest. */
void board_enable(uint32_t interrupt, void (*handler)(void *arg), void *arg);
void board_disable(uint32_t interrupt);

/* The interrupt that is being handled, plus 1; 0: none. For struct scmi_aarch64_bare_config. */
uint32_t board_running(void *arg);

/* Lets run(arg) run on the second core, where there are no interrupts; once. false: there is none. */
bool board_start_second(void (*run)(void *arg), void *arg);

/* Writes to the serial line: %s, %u, %d, %x of 32 bits and %l, an unsigned of 64. */
void board_print(const char *text, ...);

/* The words behind -semihosting-config arg=, as QEMU hands them over; "" if there are none. */
const char *board_words(void);

/* Ends QEMU. Called with what main() returns, too. */
_Noreturn void board_exit(int status);

#endif
