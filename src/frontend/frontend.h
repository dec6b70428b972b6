// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace capillaryx {

/// A file of the front end, as web/ has it.
struct FrontendFile {
  std::string_view name;
  std::string_view content;
};

/// The page of a report. It loads the files below from `report/` beside it, and its data from `report/data/`.
FrontendFile report_page();

/// The script, the style sheet, and the licences of what they hold.
std::span<const FrontendFile> frontend_files();

}  // namespace capillaryx
