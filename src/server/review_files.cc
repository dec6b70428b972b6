// SPDX-License-Identifier: Apache-2.0
#include "server/review_files.h"

#include <array>

// Names that the assembler gives (review.S).
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {
extern const char capillaryx_review_page[], capillaryx_review_page_end[];
extern const char capillaryx_review_script[], capillaryx_review_script_end[];
extern const char capillaryx_review_style[], capillaryx_review_style_end[];
}
// NOLINTEND(readability-identifier-naming)

namespace capillaryx {

std::span<const FrontendFile> review_files() {
  static const std::array<FrontendFile, 3> kFiles{
      {{"review.html", {static_cast<const char*>(capillaryx_review_page), capillaryx_review_page_end}},
       {"review.js", {static_cast<const char*>(capillaryx_review_script), capillaryx_review_script_end}},
       {"review.css", {static_cast<const char*>(capillaryx_review_style), capillaryx_review_style_end}}}};
  return kFiles;
}

}  // namespace capillaryx
