# SPDX-License-Identifier: Apache-2.0
# Included: the target capillaryx_build_info, which gives "capillaryx_build.h". Run as a script (-P), at every build: writes
# that header, and touches it only where something changed, so that the one source that includes it is compiled again.
if(CMAKE_SCRIPT_MODE_FILE)
  execute_process(COMMAND git -C ${SOURCE_DIR} describe --always --dirty --abbrev=12 --exclude=*
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  # A folder that was unpacked inside somebody else's repository is no checkout of ours.
  if(failed OR NOT EXISTS ${SOURCE_DIR}/.git)
    set(commit "unknown")
  endif()
  file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[
// Made by cmake/build_info.cmake.
#pragma once

namespace capillaryx {

inline constexpr char kBuildVersion[] = "@VERSION@";
inline constexpr char kBuildCommit[] = "@commit@";
inline constexpr char kBuildKind[] = "@KIND@";

}  // namespace capillaryx
]])
  return()
endif()

set(kind "${CMAKE_BUILD_TYPE}, ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
if(CAPILLARYX_SANITIZE)
  string(APPEND kind ", sanitizers ${CAPILLARYX_SANITIZE}")
endif()
set(header ${PROJECT_BINARY_DIR}/generated/capillaryx_build.h)
# Everything that is generated; `capillaryx_generated` is what tools that only read sources need.
add_custom_target(capillaryx_generated)
add_custom_target(capillaryx_build_header BYPRODUCTS ${header}
                  COMMAND ${CMAKE_COMMAND} -D SOURCE_DIR=${PROJECT_SOURCE_DIR} -D VERSION=${PROJECT_VERSION} -D "KIND=${kind}"
                          -D OUTPUT=${header} -P ${PROJECT_SOURCE_DIR}/cmake/build_info.cmake
                  COMMENT "Recording version and commit" VERBATIM)
add_dependencies(capillaryx_generated capillaryx_build_header)
add_library(capillaryx_build_info INTERFACE)
target_include_directories(capillaryx_build_info INTERFACE ${PROJECT_BINARY_DIR}/generated)
add_dependencies(capillaryx_build_info capillaryx_build_header)
