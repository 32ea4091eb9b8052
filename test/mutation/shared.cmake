# SPDX-License-Identifier: BSD-3-Clause
# Included by project() in the mutation run's builds: the library's targets become shared, so that a mutant needs its
# own objects and one link; every test program stays as it is.
function(add_library name)
	set(words ${ARGN})
	if(name MATCHES "^scmi_")
		list(TRANSFORM words REPLACE "^STATIC$" "SHARED")
	endif()
	_add_library(${name} ${words})
endfunction()
