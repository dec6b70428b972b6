// SPDX-License-Identifier: Apache-2.0
#include "frontend/frontend.h"

#include <array>

// Names that the assembler gives (frontend.S).
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {
extern const char capillaryx_frontend_page[], capillaryx_frontend_page_end[];
extern const char capillaryx_frontend_script[], capillaryx_frontend_script_end[];
extern const char capillaryx_frontend_style[], capillaryx_frontend_style_end[];
extern const char capillaryx_frontend_licences[], capillaryx_frontend_licences_end[];
}
// NOLINTEND(readability-identifier-naming)

namespace capillaryx {

FrontendFile report_page() {
  return {"report.html", {static_cast<const char*>(capillaryx_frontend_page), capillaryx_frontend_page_end}};
}

std::span<const FrontendFile> frontend_files() {
  static const std::array<FrontendFile, 3> kFiles{
      {{"capillaryx.js", {static_cast<const char*>(capillaryx_frontend_script), capillaryx_frontend_script_end}},
       {"capillaryx.css", {static_cast<const char*>(capillaryx_frontend_style), capillaryx_frontend_style_end}},
       {"LICENCES.txt", {static_cast<const char*>(capillaryx_frontend_licences), capillaryx_frontend_licences_end}}}};
  return kFiles;
}

}  // namespace capillaryx
