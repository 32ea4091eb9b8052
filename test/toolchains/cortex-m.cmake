# SPDX-License-Identifier: BSD-3-Clause
# What the toolchain files of all Cortex-M have in common; each sets CMAKE_SYSTEM_PROCESSOR to what -mcpu takes. No
# operating system and no C library: only the compiler's own headers can be found, so that an include of anything else
# fails to compile.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

foreach(folder include include-fixed)
	execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=${folder}
		OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
	string(APPEND own_headers " -isystem ${path}")
endforeach()
set(CMAKE_C_FLAGS_INIT "-ffreestanding -nostdinc${own_headers} -mcpu=${CMAKE_SYSTEM_PROCESSOR} -mthumb")
