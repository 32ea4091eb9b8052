# SPDX-License-Identifier: BSD-3-Clause
set(CMAKE_SYSTEM_PROCESSOR cortex-m4)
include(${CMAKE_CURRENT_LIST_DIR}/cortex-m.cmake)
