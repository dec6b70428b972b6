// SPDX-License-Identifier: Apache-2.0
#include "options/nearest_name.h"

#include <algorithm>
#include <cstddef>

namespace capillaryx {
namespace {

// Letters to add, take away, change, or swap with the next one, to make `b` of `a`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) table[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) table[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      table[i][j] = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1,
                              table[i - 1][j - 1] + static_cast<std::size_t>(a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
      }
    }
  }
  return table[a.size()][b.size()];
}

}  // namespace

std::string nearest_name(std::string_view word, const std::vector<std::string>& names) {
  constexpr std::size_t kLongestWord = 64;
  if (word.empty() || word.size() > kLongestWord) return "";
  std::string nearest;
  std::size_t least = word.size() / 4 + 2;  // one slip in a short word, one more per four letters
  for (const std::string& name : names) {
    const std::size_t slips = distance(word, name);
    if (slips < least) {
      least = slips;
      nearest = name;
    }
  }
  if (!nearest.empty()) return nearest;
  const auto begins_so = [&](const std::string& name) { return name.starts_with(word); };
  if (std::count_if(names.begin(), names.end(), begins_so) != 1) return "";
  return *std::find_if(names.begin(), names.end(), begins_so);
}

}  // namespace capillaryx
