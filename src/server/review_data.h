// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "capillaryx/frame_result.h"
#include "sink/plain_pictures.h"

namespace capillaryx {

/// What the review page asks of an output folder. Reads journals and the bytes of pictures; decodes nothing.
/// Threads: one call at a time. Throws Error if the folder is no finished output folder.
class ReviewData {
 public:
  /// `blind`: items come in a random order that depends on the run and the reviewer alone, without names, and without
  /// results until a request reveals them.
  ReviewData(const std::filesystem::path& folder, const std::string& reviewer, bool blind);

  const std::string& run() const { return run_; }  ///< its content_sha256
  bool blind() const { return blind_; }
  std::size_t size() const { return items_.size(); }

  /// The list of items (frames, and clips with a count), as docs/review_protocol.md has it. JSON text.
  std::string items() const;
  /// One item. Nothing if there is no such item.
  std::optional<std::string> item(std::size_t id, bool reveal) const;

  struct Picture {
    std::shared_ptr<const OpenFile> file;
    std::int64_t bytes = 0;
    const char* type = "";
  };
  /// The picture of a frame, or of frame `page` of a clip: of pictures/, else the input file if its content is what was
  /// analysed, else the overlay. Nothing if there is none.
  std::optional<Picture> picture(std::size_t id, std::optional<std::int64_t> page) const;

 private:
  struct Item {
    std::int64_t frame = 0;  ///< index; of a clip its first frame's
    std::int64_t frames = 1;
    std::optional<nlohmann::json> clip;  ///< its line
    nlohmann::json about;                ///< as the list has it, without id
  };
  std::optional<Picture> open_picture(const std::filesystem::path& path, const std::string& sha256) const;

  std::filesystem::path folder_;
  std::string run_;
  bool blind_;
  PlainPictures pictures_;
  std::vector<Item> items_;
};

}  // namespace capillaryx
