# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts down: program, library, the public headers, and the package for find_package(capillaryx).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
file(RELATIVE_PATH library_from_program /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
# OpenVINO's folder (inside .venv) stays in the run path: what is installed runs as it is, for as long as that stands.
set_target_properties(capillaryx PROPERTIES INSTALL_RPATH "$ORIGIN;$<TARGET_FILE_DIR:openvino::runtime>")
set_target_properties(capillaryx_program PROPERTIES INSTALL_RPATH "$ORIGIN/${library_from_program}")

install(TARGETS capillaryx EXPORT capillaryx-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS capillaryx_program capillaryx_review RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/capillaryx DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/capillaryx)
install(EXPORT capillaryx-targets NAMESPACE capillaryx:: DESTINATION ${package_folder})
# The headers need the standard library alone, so that the package has nothing to find.
file(WRITE ${PROJECT_BINARY_DIR}/capillaryx-config.cmake "include(\"\${CMAKE_CURRENT_LIST_DIR}/capillaryx-targets.cmake\")\n")
write_basic_package_version_file(${PROJECT_BINARY_DIR}/capillaryx-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/capillaryx-config.cmake ${PROJECT_BINARY_DIR}/capillaryx-config-version.cmake
        DESTINATION ${package_folder})
