// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capillaryx/frame_result.h"
#include "sink/output_folder.h"

namespace capillaryx {

/// Finds the pictures of frames without anything drawn on them, as addresses that a page in the output folder can use:
/// pictures/ in the folder, else the input file itself, if it is still there (as the run line names the inputs, from
/// the working directory) and a browser shows it as the program decoded it.
class PlainPictures {
 public:
  explicit PlainPictures(const OutputFolder& folder);

  /// Takes the run line: its host.paths.inputs are the folders that files may lie in.
  void set_run(const nlohmann::json& run);

  /// Empty if there is none.
  std::string find(const FrameResult& result) const;
  /// The input file of a frame, absolute, if a browser shows it as it was decoded; else empty.
  std::filesystem::path find_input(const FrameResult& result) const;
  /// The mosaic of the clip of `file` that begins with frame `first`: pictures/INDEX_NAME_mosaic.jpg.
  std::string find_mosaic(std::int64_t first, const std::string& file) const;

 private:
  std::filesystem::path folder_;  ///< absolute
  std::optional<OutputFolder> pictures_;
  std::vector<std::filesystem::path> inputs_;
};

/// The folder of plain pictures in an output folder.
inline constexpr const char* kPlainPictures = "pictures";

/// Whether browsers show the file of a frame themselves, by its extension: not the pages of stacks and videos.
bool is_shown_by_browsers(std::string_view file, std::optional<std::int64_t> page);

/// A relative path as a URL: every byte but letters, digits and "-._~/" as %XX.
std::string url_of(std::string_view path);

}  // namespace capillaryx
