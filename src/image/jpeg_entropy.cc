// SPDX-License-Identifier: Apache-2.0
// libjpeg says how many bytes it skipped before a marker, but not whether the data before them was whole. The blocks
// are walked again here, without their pixels; this happens to files with stray bytes only.
#include "image/jpeg_entropy.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

namespace capillaryx {
namespace {

struct HuffmanTable {
  std::array<std::uint8_t, 17> count{};
  std::vector<std::uint8_t> symbols;
};

struct Component {
  int id = 0, across = 1, down = 1, quantisation = 0;
  std::size_t dc = 0, ac = 0;
};

class Walker {
 public:
  explicit Walker(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  bool sound() {
    std::size_t at = 2;
    for (;;) {
      while (at + 1 < bytes_.size() && !(bytes_[at] == 0xff && bytes_[at + 1] != 0 && bytes_[at + 1] != 0xff)) ++at;
      if (at + 4 > bytes_.size()) return false;
      const int marker = bytes_[at + 1];
      if (marker == 0xd8 || marker == 1 || (marker >= 0xd0 && marker <= 0xd7)) {
        at += 2;
        continue;
      }
      const std::size_t size = static_cast<std::size_t>(bytes_[at + 2] << 8U | bytes_[at + 3]);
      if (size < 2 || size > bytes_.size() - at - 2) return false;
      const auto body = bytes_.subspan(at + 4, size - 2);
      at += 2 + size;
      if (marker == 0xc4) {
        if (!take_huffman(body)) return false;
      } else if (marker == 0xdb) {
        if (!take_quantisation(body)) return false;
      } else if (marker == 0xdd) {
        if (body.size() < 2) return false;
        interval_ = body[0] << 8U | body[1];
      } else if (marker == 0xc0 || marker == 0xc1) {
        if (!take_frame(body)) return false;
      } else if (marker == 0xda) {
        return take_scan(body) && walk(at);
      } else if (marker >= 0xc2 && marker <= 0xcf && marker != 0xc8 && marker != 0xcc) {
        return false;
      }
    }
  }

 private:
  bool take_huffman(std::span<const std::uint8_t> body) {
    while (!body.empty()) {
      if (body.size() < 17 || (body[0] & 15U) > 3 || body[0] > 0x13) return false;
      HuffmanTable& table = tables_[body[0] >> 4U][body[0] & 15U];
      std::size_t total = 0;
      for (std::size_t i = 1; i <= 16; ++i) total += table.count[i] = body[i];
      if (total > 256 || body.size() < 17 + total) return false;
      table.symbols.assign(body.begin() + 17, body.begin() + 17 + static_cast<std::ptrdiff_t>(total));
      body = body.subspan(17 + total);
    }
    return true;
  }

  bool take_quantisation(std::span<const std::uint8_t> body) {
    while (!body.empty()) {
      const std::size_t bytes = body[0] >= 16 ? 2 : 1, slot = body[0] & 15U;
      if (slot > 3 || body.size() < 1 + 64 * bytes) return false;
      for (std::size_t i = 0; i < 64; ++i) {
        quantisation_[slot][i] = bytes == 1 ? body[1 + i] : body[1 + 2 * i] << 8U | body[2 + 2 * i];
      }
      body = body.subspan(1 + 64 * bytes);
    }
    return true;
  }

  bool take_frame(std::span<const std::uint8_t> body) {
    if (body.size() < 6 || body[0] != 8) return false;
    height_ = body[1] << 8U | body[2];
    width_ = body[3] << 8U | body[4];
    if (body[5] < 1 || body[5] > 4 || body.size() < 6 + std::size_t{3} * body[5] || width_ == 0 || height_ == 0)
      return false;
    for (std::size_t i = 0; i < body[5]; ++i) {
      const std::uint8_t* const at = &body[6 + 3 * i];
      const Component component{at[0], at[1] >> 4, at[1] & 15, at[2]};
      if (component.across < 1 || component.across > 4 || component.down < 1 || component.down > 4 || at[2] > 3)
        return false;
      components_.push_back(component);
    }
    return true;
  }

  bool take_scan(std::span<const std::uint8_t> body) {
    if (components_.empty() || body.empty() || body[0] != components_.size() ||
        body.size() < 4 + 2 * components_.size()) {
      return false;
    }
    for (std::size_t i = 0; i < components_.size(); ++i) {
      if (body[1 + 2 * i] != components_[i].id) return false;
      components_[i].dc = body[2 + 2 * i] >> 4U;
      components_[i].ac = body[2 + 2 * i] & 15U;
      if (components_[i].dc > 3 || components_[i].ac > 3) return false;
    }
    return true;
  }

  // --- the blocks

  int next_bit() {
    if (bits_left_ == 0) {
      if (at_ >= bytes_.size()) return -1;
      if (bytes_[at_] == 0xff) {
        if (at_ + 1 >= bytes_.size() || bytes_[at_ + 1] != 0) return -1;  // a marker too early
        byte_ = 0xff;
        at_ += 2;
      } else {
        byte_ = bytes_[at_++];
      }
      bits_left_ = 8;
    }
    return byte_ >> --bits_left_ & 1;
  }

  int symbol(const HuffmanTable& table) {
    int code = 0, first = 0;
    std::size_t index = 0;
    for (std::size_t length = 1; length <= 16; ++length) {
      const int bit = next_bit();
      if (bit < 0) return -1;
      code = code << 1 | bit;
      const int count = table.count[length];
      if (code - first < count) return table.symbols[index + static_cast<std::size_t>(code - first)];
      index += static_cast<std::size_t>(count);
      first = (first + count) << 1;
    }
    return -1;
  }

  bool value(int bits, int& out) {
    int raw = 0;
    for (int i = 0; i < bits; ++i) {
      const int bit = next_bit();
      if (bit < 0) return false;
      raw = raw << 1 | bit;
    }
    out = bits == 0 ? 0 : raw < 1 << (bits - 1) ? raw - (1 << bits) + 1 : raw;
    return true;
  }

  bool block(const Component& component, int& dc) {
    // Of the transform of 8-bit pixels, with room for rounding by a coarse table.
    constexpr int kLargest = 1024;
    const auto& steps = quantisation_[static_cast<std::size_t>(component.quantisation)];
    const auto possible = [&](int coefficient, std::size_t k) {
      return std::abs(coefficient) * steps[k] <= kLargest + steps[k];
    };
    const int size = symbol(tables_[0][component.dc]);
    int difference = 0;
    if (size < 0 || size > 11 || !value(size, difference)) return false;
    dc += difference;
    if (!possible(dc, 0)) return false;
    for (std::size_t k = 1; k < 64; ++k) {
      const int coded = symbol(tables_[1][component.ac]);
      if (coded < 0) return false;
      const int bits = coded & 15, run = coded >> 4;
      if (bits == 0 && run != 15) {
        if (run != 0) return false;
        break;
      }
      k += static_cast<std::size_t>(run);
      int coefficient = 0;
      if (k > 63 || bits > 10 || !value(bits, coefficient)) return false;
      if (bits != 0 && !possible(coefficient, k)) return false;
    }
    return true;
  }

  // The rest of the last byte is ones; then stray bytes, if any, up to a marker.
  bool end_interval() {
    while (bits_left_ > 0) {
      if ((byte_ >> --bits_left_ & 1) == 0) return false;
    }
    while (at_ + 1 < bytes_.size() && !(bytes_[at_] == 0xff && bytes_[at_ + 1] != 0 && bytes_[at_ + 1] != 0xff)) ++at_;
    return at_ + 1 < bytes_.size();
  }

  bool walk(std::size_t at) {
    at_ = at;
    int across = 1, down = 1;
    for (const Component& component : components_) {
      across = std::max(across, component.across);
      down = std::max(down, component.down);
    }
    const bool single = components_.size() == 1;
    if (single) components_[0].across = components_[0].down = across = down = 1;
    const std::int64_t columns = (width_ + 8 * across - 1) / (8 * across), rows = (height_ + 8 * down - 1) / (8 * down);
    std::array<int, 4> dc{};
    for (std::int64_t unit = 0; unit < columns * rows; ++unit) {
      if (interval_ > 0 && unit > 0 && unit % interval_ == 0) {
        if (!end_interval() || bytes_[at_ + 1] != 0xd0 + (unit / interval_ - 1) % 8) return false;
        at_ += 2;
        dc = {};
      }
      for (std::size_t c = 0; c < components_.size(); ++c) {
        for (int i = 0; i < components_[c].across * components_[c].down; ++i) {
          if (!block(components_[c], dc[c])) return false;
        }
      }
    }
    return end_interval() && bytes_[at_ + 1] == 0xd9;
  }

  std::span<const std::uint8_t> bytes_;
  std::array<std::array<HuffmanTable, 4>, 2> tables_;
  std::array<std::array<int, 64>, 4> quantisation_{};
  std::vector<Component> components_;
  int width_ = 0, height_ = 0;
  std::int64_t interval_ = 0;
  std::size_t at_ = 0;
  int byte_ = 0, bits_left_ = 0;
};

}  // namespace

bool jpeg_entropy_is_sound(std::span<const std::uint8_t> bytes) { return Walker(bytes).sound(); }

}  // namespace capillaryx
