// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace capillaryx {

/// A ZIP file of a few small files, stored as they are, all of 1980-01-01: the same files give the same bytes.
class ZipFile {
 public:
  void add(std::string_view name, std::string_view content);

  /// The whole file.
  std::string finish();

 private:
  std::string files_, directory_;
  std::uint16_t count_ = 0;
};

}  // namespace capillaryx
