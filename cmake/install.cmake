# SPDX-License-Identifier: BSD-3-Clause
# What users get: one library of all the parts that are built, static and (SCMI_SHARED) shared, the headers, and what
# find_package() and pkg-config read. Two parts stand in place of others and are libraries of their own. The parts stay
# targets of their own for who builds this tree into something.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Before 1.0.0 a minor version may break the ABI.
if(PROJECT_VERSION_MAJOR EQUAL 0)
	set(abi ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
	set(compatibility SameMinorVersion)
else()
	set(abi ${PROJECT_VERSION_MAJOR})
	set(compatibility SameMajorVersion)
endif()

set(objects "")
set(parts "")
foreach(part core platform loopback virtio virtio_mmio shmem mailbox smc carrier mailbox_linux vhost_user posix linux aarch64_bare cortex_m hosted)
	if(TARGET scmi_${part})
		list(APPEND objects $<TARGET_OBJECTS:scmi_${part}>)
		list(APPEND parts ${part})
	endif()
endforeach()
if(SCMI_AGENT)
	list(APPEND parts agent)
endif()
set(threads OFF)
set(pc_private "")
if(SCMI_POSIX OR SCMI_HOSTED)
	find_package(Threads REQUIRED)
	set(threads ON)
	set(pc_private -pthread)
endif()

# scmi_installed(target name output kind objects...): a library of objects that the parts have compiled.
function(scmi_installed target name output kind)
	add_library(${target} ${kind} ${ARGN})
	set_target_properties(${target} PROPERTIES OUTPUT_NAME ${output} EXPORT_NAME ${name} LINKER_LANGUAGE C)
	target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
	if(threads)
		target_link_libraries(${target} PRIVATE Threads::Threads)
	endif()
	install(TARGETS ${target} EXPORT scmi
		ARCHIVE COMPONENT development
		LIBRARY COMPONENT library NAMELINK_COMPONENT development)
endfunction()

scmi_installed(scmi_static scmi_static scmi STATIC ${objects})
if(SCMI_SHARED)
	set(map ${CMAKE_CURRENT_LIST_DIR}/libscmi.map)
	scmi_installed(scmi_shared scmi scmi SHARED ${objects})
	set_target_properties(scmi_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${abi} LINK_DEPENDS ${map})
	target_link_options(scmi_shared PRIVATE LINKER:--version-script=${map} LINKER:-Bsymbolic-functions)
	set_target_properties(scmi_shared PROPERTIES INTERFACE_SCMI_AGENT full COMPATIBLE_INTERFACE_STRING SCMI_AGENT)
endif()

# Before the library of all on the linker's line, and so in place of what stands there: the static one, for in the shared
# one the typed commands are bound to the full agent. Who wants both in one program is told so by CMake.
set(instead "")
foreach(part mailbox_polled minimal)
	if(TARGET scmi_${part})
		scmi_installed(scmi_${part}_installed ${part} scmi_${part} STATIC $<TARGET_OBJECTS:scmi_${part}>)
		target_link_libraries(scmi_${part}_installed INTERFACE ${instead} scmi_static)
		list(PREPEND instead scmi_${part}_installed)
		list(APPEND parts ${part})
	endif()
endforeach()

if(TARGET scmi_minimal)
	set_target_properties(scmi_minimal_installed PROPERTIES INTERFACE_SCMI_AGENT minimal COMPATIBLE_INTERFACE_STRING SCMI_AGENT)
endif()

# The headers that need no operating system include one another: all of them, whatever is left out. The others are
# their part's.
set(absent "")
foreach(part posix linux freertos aarch64_bare)
	if(NOT part IN_LIST parts)
		list(APPEND absent PATTERN port/${part}.h EXCLUDE)
	endif()
endforeach()
if(NOT SCMI_MAILBOX_LINUX)
	list(APPEND absent PATTERN transport/mailbox_linux.h EXCLUDE)
endif()
if(NOT SCMI_HOSTED)
	list(APPEND absent PATTERN scmi/hosted.h EXCLUDE PATTERN scmi/open.h EXCLUDE)
endif()
install(DIRECTORY include/scmi DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
	FILES_MATCHING PATTERN *.h ${absent})

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/scmi)
install(EXPORT scmi FILE scmi-targets.cmake NAMESPACE scmi:: DESTINATION ${config_dir} COMPONENT development)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/scmi-config.cmake.in ${PROJECT_BINARY_DIR}/scmi-config.cmake
	INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/scmi-config-version.cmake COMPATIBILITY ${compatibility})
install(FILES ${PROJECT_BINARY_DIR}/scmi-config.cmake ${PROJECT_BINARY_DIR}/scmi-config-version.cmake
	DESTINATION ${config_dir} COMPONENT development)

# Relative to the file itself, so that the whole prefix can be moved; but in /usr pkg-config leaves out what compilers
# know by themselves.
set(pc_prefix ${CMAKE_INSTALL_PREFIX})
set(pc_libdir ${CMAKE_INSTALL_FULL_LIBDIR})
set(pc_includedir ${CMAKE_INSTALL_FULL_INCLUDEDIR})
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
	foreach(dir pc_prefix pc_libdir pc_includedir)
		cmake_path(RELATIVE_PATH ${dir} BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
		string(PREPEND ${dir} "\${pcfiledir}/")
	endforeach()
endif()
set(pc_files scmi)
if(TARGET scmi_minimal AND TARGET scmi_mailbox_polled)
	list(APPEND pc_files scmi-minimal)
endif()
foreach(name ${pc_files})
	configure_file(${CMAKE_CURRENT_LIST_DIR}/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
	install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endforeach()

set(components development)
if(SCMI_SHARED)
	list(APPEND components library)
endif()
# The tools carry their own copies of the library, so that they work from wherever they lie.
if(TARGET scmictl)
	install(TARGETS scmictl RUNTIME COMPONENT tools)
	install(FILES docs/man/scmictl.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
	install(FILES examples/scmictl/scmictl.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
		RENAME scmictl COMPONENT tools)
	list(APPEND components tools)
endif()
if(TARGET scmid)
	install(TARGETS scmid RUNTIME COMPONENT tools)
	install(FILES docs/man/scmid.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
	install(FILES examples/scmid/scmid.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
		RENAME scmid COMPONENT tools)
	set(SCMID_LISTENS "")
	set(SCMID_REQUIRES "")
	if(SCMI_MAILBOX_LINUX)
		string(APPEND SCMID_LISTENS " --listen mailbox:unix=/run/scmid/scmi.sock")
	endif()
	if(SCMI_VHOST_USER)
		string(APPEND SCMID_LISTENS " --listen vhost-user:fd=3")
		set(SCMID_REQUIRES "Requires=scmid.socket\n")
		install(FILES examples/scmid/scmid.socket DESTINATION lib/systemd/system COMPONENT tools)
	endif()
	configure_file(examples/scmid/scmid.service.in ${PROJECT_BINARY_DIR}/scmid.service @ONLY)
	install(FILES ${PROJECT_BINARY_DIR}/scmid.service DESTINATION lib/systemd/system COMPONENT tools)
endif()

set(package_library libscmi${abi})
set(package_development libscmi-dev)
set(package_tools scmictl)
foreach(component ${components})
	install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package_${component}} RENAME copyright
		COMPONENT ${component})
endforeach()
if(PROJECT_IS_TOP_LEVEL)
	include(${CMAKE_CURRENT_LIST_DIR}/package.cmake)
endif()
