# SPDX-License-Identifier: BSD-3-Clause
# Which processor a target without a system has. That is asked of the compiler, for toolchain files call a Cortex-M "arm",
# "armv7e-m" or "cortex-m4" as they like; the name is looked at, too, for -mcpu may come from the project around us, which
# is not heard here.
include(CheckCSourceCompiles)

# scmi_processor(out name condition): ON if the target has no system, and its processor is named so (a pattern) or this is
# true of it in an #if.
function(scmi_processor out name condition)
	set(${out} OFF PARENT_SCOPE)
	if(NOT CMAKE_SYSTEM_NAME STREQUAL "Generic")
		return()
	endif()
	set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # nothing can be linked, perhaps
	set(CMAKE_REQUIRED_QUIET ON)
	check_c_source_compiles("#if !(${condition})\n#error another\n#endif\nint unused;" scmi_${out}_compiler)
	if(CMAKE_SYSTEM_PROCESSOR MATCHES ${name} OR scmi_${out}_compiler)
		set(${out} ON PARENT_SCOPE)
	endif()
endfunction()

scmi_processor(cortex_m "^cortex-m" "defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' || defined(__ARM_PROFILE_M__)")
scmi_processor(aarch64_bare "^aarch64$" "defined(__aarch64__)")
