// SPDX-License-Identifier: Apache-2.0
// TIFFs tag by tag, for tests of what libtiff does not write.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "image/picture_writers_test.h"

namespace capillaryx::test {

/// One page: tags as (tag, type, values); the pixels are one strip.
class TiffPage {
 public:
  TiffPage(int width, int height, int bits, int samples, Bytes pixels) : pixels_(std::move(pixels)) {
    tag(256, 4, {static_cast<std::uint32_t>(width)});
    tag(257, 4, {static_cast<std::uint32_t>(height)});
    tag(258, 3, std::vector<std::uint32_t>(static_cast<std::size_t>(samples), static_cast<std::uint32_t>(bits)));
    tag(259, 3, {1});
    tag(262, 3, {samples >= 3 ? 2U : 1U});
    tag(277, 3, {static_cast<std::uint32_t>(samples)});
    tag(278, 4, {static_cast<std::uint32_t>(height)});
  }
  TiffPage& tag(int number, int type, const std::vector<std::uint32_t>& values) {
    Bytes bytes;
    for (const std::uint32_t value : values) put_little(bytes, value, type == 3 ? 2 : type == 1 ? 1 : 4);
    tags_.push_back({number, type, static_cast<std::uint32_t>(type == 5 ? values.size() / 2 : values.size()), bytes});
    return *this;
  }
  TiffPage& text(const std::string& text) {
    Bytes bytes(text.begin(), text.end());
    bytes.push_back(0);
    tags_.push_back({270, 2, static_cast<std::uint32_t>(bytes.size()), bytes});
    return *this;
  }

 private:
  friend Bytes write_pages(const std::vector<TiffPage>& pages, const Bytes& after);
  struct Tag {
    int number, type;
    std::uint32_t count;
    Bytes bytes;
  };
  std::vector<Tag> tags_;
  Bytes pixels_;
};

/// Little-endian; `after` follows the last page's pixels, which come last of all.
inline Bytes write_pages(const std::vector<TiffPage>& pages, const Bytes& after = {}) {
  Bytes out = {'I', 'I', 42, 0};
  put_little(out, 8, 4);
  for (std::size_t p = 0; p < pages.size(); ++p) {
    auto tags = pages[p].tags_;
    tags.push_back({273, 4, 1, Bytes(4)});
    tags.push_back({279, 4, 1, Bytes(4)});
    std::sort(tags.begin(), tags.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    std::size_t values_at = out.size() + 2 + 12 * tags.size() + 4;
    std::size_t data_at = values_at;
    for (const auto& tag : tags) data_at += tag.bytes.size() > 4 ? tag.bytes.size() : 0;
    for (auto& tag : tags) {
      Bytes number;
      if (tag.number == 273) put_little(number, static_cast<std::uint32_t>(data_at), 4);
      if (tag.number == 279) put_little(number, static_cast<std::uint32_t>(pages[p].pixels_.size()), 4);
      if (!number.empty()) tag.bytes = number;
    }
    Bytes values;
    put_little(out, static_cast<std::uint32_t>(tags.size()), 2);
    for (const auto& tag : tags) {
      put_little(out, static_cast<std::uint32_t>(tag.number), 2);
      put_little(out, static_cast<std::uint32_t>(tag.type), 2);
      put_little(out, tag.count, 4);
      if (tag.bytes.size() > 4) {
        put_little(out, static_cast<std::uint32_t>(values_at + values.size()), 4);
        values.insert(values.end(), tag.bytes.begin(), tag.bytes.end());
      } else {
        Bytes inside = tag.bytes;
        inside.resize(4);
        out.insert(out.end(), inside.begin(), inside.end());
      }
    }
    const std::size_t next = data_at + pages[p].pixels_.size();
    put_little(out, p + 1 < pages.size() ? static_cast<std::uint32_t>(next) : 0, 4);
    out.insert(out.end(), values.begin(), values.end());
    out.insert(out.end(), pages[p].pixels_.begin(), pages[p].pixels_.end());
  }
  out.insert(out.end(), after.begin(), after.end());
  return out;
}

}  // namespace capillaryx::test
