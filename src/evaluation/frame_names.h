// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace capillaryx {

/// A file name as it is compared: back slashes are slashes, composed and decomposed characters (NFC, NFD) are one.
std::string comparable_name(const std::string& name);

/// Finds frames by their paths, from the end: labels say "images/f01.jpg" of the file "visit1/f01.png".
class FrameNames {
 public:
  static constexpr int kNone = -1, kSeveral = -2;

  explicit FrameNames(const std::vector<std::string>& names);

  /// The place of the name that agrees with `name` in the most parts of its path from the end, the last without its
  /// suffix but with its page ("a.tif#3" is "a#3"). kNone: none agrees in its last part; kSeveral: two agree best.
  int find(const std::string& name) const;

  /// Whether two names were the same.
  bool has_duplicates() const { return duplicates_; }

 private:
  using Parts = std::vector<std::string>;  ///< from the last to the first
  struct Known {
    Parts parts;
    int place;
  };
  static Parts parts_of(const std::string& name);

  std::map<std::string, std::vector<Known>> by_last_part_;
  bool duplicates_ = false;
};

/// "a.png, b.png, c.png and 9 more": the first few of some names, for a message.
std::string some_of(const std::vector<std::string>& names);

}  // namespace capillaryx
