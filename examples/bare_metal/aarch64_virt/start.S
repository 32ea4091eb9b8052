/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the machine's reset to main(), and from an interrupt to board_interrupt(). QEMU starts the image at EL1, with the
 * MMU off, each register as it likes.
 */
	.macro handler function
	.balign 128
	b \function
	.endm

	.section .text.start, "ax"
	.global _start
_start:
	ldr x0, =stack_end
	mov sp, x0
	ldr x0, =vectors
	msr vbar_el1, x0
	ldr x0, =bss_begin
	ldr x1, =bss_end
1:	cmp x0, x1
	b.hs 2f
	str xzr, [x0], #8
	b 1b
2:	bl board_mmu
	bl main
	b board_exit

/* The second core comes here, by the firmware's doing; x0: the end of its stack. */
	.global start_second
start_second:
	mov sp, x0
	ldr x0, =vectors
	msr vbar_el1, x0
	bl board_mmu
	bl board_second
1:	wfi
	b 1b

	.section .text.vectors, "ax"
	.balign 2048
vectors:
	.rept 5
	handler fault
	.endr
	handler irq	/* from this exception level, with its own stack */
	.rept 10
	handler fault
	.endr

fault:
	mrs x0, esr_el1
	mrs x1, elr_el1
	mrs x2, far_el1
	b board_fault

/* What a function of C may change, and where to go back to. The image uses no floating point. */
irq:
	sub sp, sp, #192
	stp x0, x1, [sp, #0]
	stp x2, x3, [sp, #16]
	stp x4, x5, [sp, #32]
	stp x6, x7, [sp, #48]
	stp x8, x9, [sp, #64]
	stp x10, x11, [sp, #80]
	stp x12, x13, [sp, #96]
	stp x14, x15, [sp, #112]
	stp x16, x17, [sp, #128]
	stp x18, x29, [sp, #144]
	mrs x0, elr_el1
	mrs x1, spsr_el1
	stp x30, x0, [sp, #160]
	str x1, [sp, #176]
	bl board_interrupt
	ldp x30, x0, [sp, #160]
	ldr x1, [sp, #176]
	msr elr_el1, x0
	msr spsr_el1, x1
	ldp x18, x29, [sp, #144]
	ldp x16, x17, [sp, #128]
	ldp x14, x15, [sp, #112]
	ldp x12, x13, [sp, #96]
	ldp x10, x11, [sp, #80]
	ldp x8, x9, [sp, #64]
	ldp x6, x7, [sp, #48]
	ldp x4, x5, [sp, #32]
	ldp x2, x3, [sp, #16]
	ldp x0, x1, [sp, #0]
	add sp, sp, #192
	eret

	.section .note.GNU-stack, "", %progbits
