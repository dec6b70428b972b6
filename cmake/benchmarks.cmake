# SPDX-License-Identifier: Apache-2.0
# Programs that the scripts of performance run; built where one asks for them by name.
add_executable(stage_instructions EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/benchmarks/stage_instructions.cc)
target_link_libraries(stage_instructions PRIVATE capillaryx_analysis)
target_link_options(stage_instructions PRIVATE -Wl,--as-needed)  # no network: OpenVINO is not loaded
add_executable(stage_work EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/benchmarks/stage_work.cc)
target_link_libraries(stage_work PRIVATE capillaryx_analysis)
target_link_options(stage_work PRIVATE -Wl,--as-needed)
add_executable(machine_limits EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/benchmarks/machine_limits.cc)
target_link_libraries(machine_limits PRIVATE PkgConfig::hwy)
target_include_directories(machine_limits PRIVATE ${PROJECT_SOURCE_DIR}/src)
add_executable(scaling_simulation EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/benchmarks/scaling_simulation.cc)
target_link_libraries(scaling_simulation PRIVATE capillaryx_executor)
