// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "capillaryx/frame_result.h"
#include "sink/output_folder.h"

namespace capillaryx {

/// report.html: one page that needs nothing but itself and, for full pictures, the overlays beside it. Its figures
/// travel as JSON in the page; a script of ours draws them, and a content security policy allows no other script, no
/// other style and no network. Holds about 200 bytes a frame.
class ReportPage {
 public:
  /// Small pictures inside the page; frames beyond them show their overlay file, loaded when it comes into view.
  static constexpr std::size_t kSmallPictures = 200;

  explicit ReportPage(const OutputFolder& folder);

  void add(const FrameResult& result);
  void write(const nlohmann::json& run, const nlohmann::json& summary);

 private:
  struct Row {
    std::string text;                      ///< JSON array, open at its end
    std::map<std::string, double> values;  ///< of another algorithm
    std::string picture;                   ///< name of the overlay that a small picture is made of, or empty
  };

  void write_rows(NewFile& file) const;

  const OutputFolder& folder_;
  std::map<std::int64_t, std::string> overlays_;  ///< by frame
  std::map<std::string, std::size_t> subfolder_places_;
  std::vector<std::string> subfolders_;  ///< in order of appearance
  std::map<std::string, std::size_t> value_places_;
  std::vector<Row> rows_;
  std::size_t small_pictures_ = 0;
};

}  // namespace capillaryx
