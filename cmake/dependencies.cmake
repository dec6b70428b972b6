# SPDX-License-Identifier: Apache-2.0
# Everything comes from Debian's packages, but OpenVINO, which `make setup` puts into .venv from PyPI.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(TIFF REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
# OpenCV's CMake package stands in libopencv-dev, which brings GDAL and MariaDB along; its two libraries are enough.
find_path(OPENCV_INCLUDE_DIR opencv2/imgproc.hpp PATH_SUFFIXES opencv4 REQUIRED)
foreach(part core imgproc)
  find_library(OPENCV_${part} opencv_${part} REQUIRED)
  add_library(opencv_${part} UNKNOWN IMPORTED)
  set_target_properties(opencv_${part} PROPERTIES IMPORTED_LOCATION ${OPENCV_${part}}
                        INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${OPENCV_INCLUDE_DIR}
                        INTERFACE_INCLUDE_DIRECTORIES ${OPENCV_INCLUDE_DIR})
endforeach()
pkg_check_modules(webp REQUIRED IMPORTED_TARGET libwebp libwebpdemux)
pkg_check_modules(charls REQUIRED IMPORTED_TARGET charls)
pkg_check_modules(deflate REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(hwy REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(nettle REQUIRED IMPORTED_TARGET nettle)
pkg_check_modules(microhttpd REQUIRED IMPORTED_TARGET libmicrohttpd)
find_program(CAPILLARYX_FLATC flatc REQUIRED)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)
set(CAPILLARYX_OPENCV opencv_core opencv_imgproc)

# pip builds against the OpenVINO of its own build environment.
if(NOT OpenVINO_DIR AND SKBUILD)
  find_package(Python 3.11 REQUIRED COMPONENTS Interpreter)
  execute_process(COMMAND ${Python_EXECUTABLE} -c "from importlib.util import find_spec as f; print(f('openvino').submodule_search_locations[0])"
                  OUTPUT_VARIABLE openvino_folder OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(OpenVINO_DIR ${openvino_folder}/cmake CACHE PATH "Where OpenVINOConfig.cmake is")
elseif(NOT OpenVINO_DIR AND EXISTS ${PROJECT_SOURCE_DIR}/.venv/bin/python)
  execute_process(COMMAND ${PROJECT_SOURCE_DIR}/.venv/bin/python -c "from openvino.utils import get_cmake_path; print(get_cmake_path())"
                  OUTPUT_VARIABLE openvino_dir OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(OpenVINO_DIR ${openvino_dir} CACHE PATH "Where OpenVINOConfig.cmake is")
endif()
find_package(OpenVINO REQUIRED COMPONENTS Runtime)
