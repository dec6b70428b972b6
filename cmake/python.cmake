# SPDX-License-Identifier: Apache-2.0
# The Python package's extension, and what the wheel holds beside it (component `python`): program and library, whose run
# paths lead from site-packages/capillaryx to OpenVINO's folder in site-packages/openvino. docs/python.md says more.
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module OPTIONAL_COMPONENTS Development.SABIModule)
execute_process(COMMAND ${Python_EXECUTABLE} -m nanobind --cmake_dir OUTPUT_VARIABLE nanobind_ROOT
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
find_package(nanobind CONFIG REQUIRED)
find_program(CAPILLARYX_PATCHELF patchelf REQUIRED)

file(GLOB bindings CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/python/bindings/*.cc)
# From Python 3.12 on one wheel serves every later Python (abi3); for 3.11, whose stable interface lacks a part, its own.
nanobind_add_module(_core STABLE_ABI NB_STATIC NB_SUPPRESS_WARNINGS ${bindings})
target_link_libraries(_core PRIVATE capillaryx_cli CLI11::CLI11 fmt::fmt nlohmann_json::nlohmann_json)
target_include_directories(_core SYSTEM PRIVATE ${PROJECT_BINARY_DIR}/generated)
add_dependencies(_core capillaryx_program)

set(package capillaryx)
install(TARGETS _core LIBRARY DESTINATION ${package} COMPONENT python EXCLUDE_FROM_ALL)
# Wheels hold no links: the library goes in under the one name that is asked for.
install(PROGRAMS $<TARGET_FILE:capillaryx> RENAME libcapillaryx.so.0 DESTINATION ${package}/lib COMPONENT python EXCLUDE_FROM_ALL)
install(PROGRAMS $<TARGET_FILE:capillaryx_program> DESTINATION ${package}/bin COMPONENT python EXCLUDE_FROM_ALL)
# What `python -m capillaryx.train` needs beside TensorFlow: the modules of `make train`, and the network to begin with.
install(FILES training/fine_tune.py training/figures.py training/fitting.py training/network.py training/recipe.py
              training/regions.py training/user_labels.py models/capillary.onnx
        DESTINATION ${package}/training COMPONENT python EXCLUDE_FROM_ALL)
# Licences of what is compiled in.
foreach(each libcli11-dev libflatbuffers-dev nlohmann-json3-dev)
  install(FILES /usr/share/doc/${each}/copyright RENAME ${each}.txt DESTINATION ${package}/licenses COMPONENT python OPTIONAL EXCLUDE_FROM_ALL)
endforeach()
file(GLOB nanobind_licence ${nanobind_ROOT}/../../nanobind-*.dist-info/licenses/LICENSE)
install(FILES ${nanobind_licence} RENAME nanobind.txt DESTINATION ${package}/licenses COMPONENT python EXCLUDE_FROM_ALL)
install(CODE "
  set(package \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${package})
  foreach(pair \"$<TARGET_FILE_NAME:_core>|$ORIGIN/lib\" \"bin/capillaryx|$ORIGIN/../lib\" \"lib/libcapillaryx.so.0|$ORIGIN/../../openvino/libs\")
    string(REPLACE \"|\" \";\" pair \"\${pair}\")
    list(GET pair 0 file)
    list(GET pair 1 run_path)
    execute_process(COMMAND ${CAPILLARYX_PATCHELF} --set-rpath \"\${run_path}\" \${package}/\${file} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
" COMPONENT python EXCLUDE_FROM_ALL)
