// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "capillaryx/frame_result.h"
#include "image/image.h"
#include "sink/output_folder.h"

namespace capillaryx {

/// The names of what other algorithms gave as values, and the place of each.
using ValuePlaces = std::map<std::string, std::size_t>;

/// report.html: one page that needs nothing but itself and, for full pictures, the overlays beside it. Its figures
/// travel as JSON in the page; a script of ours draws them, and a content security policy allows no other script, no
/// other style and no network. What it holds grows with the number of subfolders, not of frames.
class ReportPage {
 public:
  /// Small pictures inside the page; frames beyond them show their overlay file, loaded when it comes into view.
  static constexpr std::size_t kSmallPictures = 200;

  /// `values` must name those of every frame that is added, and outlive the page.
  ReportPage(const OutputFolder& folder, const ValuePlaces& values);

  void add(const FrameResult& result);
  /// Ends the page with what is known at the end, and gives it its name.
  void commit(const nlohmann::json& run, const nlohmann::json& summary);

 private:
  std::string overlay_of(const FrameResult& result) const;

  const ValuePlaces& values_;
  std::optional<OutputFolder> overlays_;
  NewFile file_;
  ImageReader reader_;
  std::map<std::string, std::size_t> subfolder_places_;
  std::vector<std::string> subfolders_;  ///< in order of appearance
  bool any_rows_ = false;
  std::size_t small_pictures_ = 0;
};

}  // namespace capillaryx
