// SPDX-License-Identifier: Apache-2.0
// A folder for one test, and what tests of sources put into it.
#pragma once

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "capillaryx/frame_source.h"
#include "image/image.h"

namespace capillaryx::test {

/// A folder that is gone with this.
class TestFolder {
 public:
  TestFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "capillaryx_source_XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = path;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string path(const std::string& name = "") const { return name.empty() ? path_ : path_ + "/" + name; }

  std::string write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

  /// An 8x8 picture of one grey.
  std::string write_picture(const std::string& name, std::uint8_t grey = 128) const {
    const std::vector<std::uint8_t> pixels(64, grey);
    const std::vector<std::uint8_t> png = encode_png({pixels.data(), 8, 8, 1, 8});
    return write(name, {png.begin(), png.end()});
  }

 private:
  std::string path_;
};

inline std::vector<Frame> all_frames(FrameSource& source) {
  std::vector<Frame> frames;
  while (std::optional<Frame> frame = source.next()) frames.push_back(*frame);
  return frames;
}

inline std::vector<std::string> sources_of(const std::vector<Frame>& frames) {
  std::vector<std::string> names;
  for (const Frame& frame : frames) names.push_back(frame.info().source);
  return names;
}

inline std::vector<std::string> open_and_name(const std::vector<std::string>& inputs, const Options& options = {}) {
  return sources_of(all_frames(*open_source(inputs, options)));
}

}  // namespace capillaryx::test
