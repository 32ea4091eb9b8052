# SPDX-License-Identifier: BSD-3-Clause
# Bare AArch64 by Debian's cross compiler for Linux: no C library, only the compiler's own headers, no floating point, and
# atomics in line, since the functions that it would call for them ask Linux what the processor has.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_ASM_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include
	OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(CMAKE_C_FLAGS_INIT "-ffreestanding -nostdinc -isystem ${path} -mgeneral-regs-only -mno-outline-atomics -fno-pie -fno-stack-protector")
