# SPDX-License-Identifier: BSD-3-Clause
# cmake -DSOURCE=... -DCOMPILER=... -DWORK=... -P processor.cmake: toolchain files that call each Arm processor "arm" get the port
# to Cortex-M where the compiler makes code for one, and not elsewhere; and what is named is believed.
file(WRITE ${WORK}/project/CMakeLists.txt "cmake_minimum_required(VERSION 3.25)\nproject(asked LANGUAGES C)\n"
	"include(${SOURCE}/cmake/processor.cmake)\nmessage(STATUS \"cortex_m \${cortex_m}, aarch64_bare \${aarch64_bare}\")\n")

function(expect cortex_m processor flags)
	file(WRITE ${WORK}/toolchain.cmake "set(CMAKE_SYSTEM_NAME Generic)\nset(CMAKE_SYSTEM_PROCESSOR ${processor})\n"
		"set(CMAKE_C_COMPILER ${COMPILER})\nset(CMAKE_C_FLAGS_INIT \"${flags}\")\n"
		"set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)\n")
	execute_process(COMMAND ${CMAKE_COMMAND} --fresh -S ${WORK}/project -B ${WORK}/build --toolchain ${WORK}/toolchain.cmake
		OUTPUT_VARIABLE said ERROR_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
	if(NOT said MATCHES "cortex_m ${cortex_m}, aarch64_bare OFF")
		message(FATAL_ERROR "${processor} ${flags}: not cortex_m ${cortex_m}: ${said}")
	endif()
endfunction()

expect(ON arm "-mcpu=cortex-m4 -mthumb")
expect(OFF arm "-mcpu=cortex-r5")
expect(ON cortex-m4 "")
