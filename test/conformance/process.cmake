# SPDX-License-Identifier: BSD-3-Clause
# The two ends of a link in two processes. An emulator would have to be started again for each: left to native runs.
if(TARGET scmi_mailbox_linux AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
	scmi_test(process_conformance ${suite} list_process.c kind_process.c process_child.c
		LIBS scmi_agent scmi_mailbox_linux scmi_posix flaky TIMEOUT 300)
endif()
if(TARGET test_process_conformance)
	add_executable(conformance_platform process_platform.c)
	target_link_libraries(conformance_platform PRIVATE scmi_mailbox_linux scmi_posix scmi_core Threads::Threads)
	add_dependencies(test_process_conformance conformance_platform)
endif()
