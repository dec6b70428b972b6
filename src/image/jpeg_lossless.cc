// SPDX-License-Identifier: Apache-2.0
#include "image/jpeg_lossless.h"

#include <array>
#include <vector>

#include "image/image.h"

namespace capillaryx {
namespace {

[[noreturn]] void damaged() { throw ImageError("the lossless JPEG is damaged or truncated"); }

// Codes of up to 16 bits; each has the number of bits of a difference.
struct Table {
  std::array<int, 17> count{};
  std::vector<std::uint8_t> symbols;
};

class Decoder {
 public:
  explicit Decoder(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  void run(const std::function<std::uint16_t*(std::int64_t, std::int64_t, int)>& allocate) {
    std::size_t at = 0;
    for (;;) {
      while (at + 1 < bytes_.size() && (bytes_[at] != 0xff || bytes_[at + 1] == 0xff || bytes_[at + 1] == 0)) ++at;
      if (at + 1 >= bytes_.size()) damaged();
      const int marker = bytes_[at + 1];
      at += 2;
      if (marker == 0xd8) continue;
      if (marker == 0xd9 || at + 2 > bytes_.size()) damaged();
      const std::size_t size = static_cast<std::size_t>(bytes_[at] << 8U | bytes_[at + 1]);
      if (size < 2 || size > bytes_.size() - at) damaged();
      const auto body = bytes_.subspan(at + 2, size - 2);
      at += size;
      if (marker == 0xc4) {
        take_tables(body);
      } else if (marker == 0xdd) {
        if (body.size() < 2) damaged();
        interval_ = body[0] << 8U | body[1];
      } else if (marker == 0xc3) {
        take_frame(body);
      } else if (marker >= 0xc0 && marker <= 0xcf && marker != 0xcc) {
        throw ImageError("the JPEG is not the lossless one that its file says that it is");
      } else if (marker == 0xda) {
        take_scan(body);
        at_ = at;
        decode(allocate(width_, height_, components_));
        return;
      }
    }
  }

 private:
  void take_tables(std::span<const std::uint8_t> body) {
    while (!body.empty()) {
      if (body.size() < 17 || (body[0] & 15U) > 3) damaged();
      Table& table = tables_[body[0] & 15U];
      std::size_t total = 0;
      for (std::size_t i = 1; i <= 16; ++i) {
        table.count[i] = body[i];
        total += body[i];
      }
      if (body.size() < 17 + total) damaged();
      table.symbols.assign(body.begin() + 17, body.begin() + 17 + static_cast<std::ptrdiff_t>(total));
      body = body.subspan(17 + total);
    }
  }

  void take_frame(std::span<const std::uint8_t> body) {
    if (body.size() < 6) damaged();
    precision_ = body[0];
    height_ = body[1] << 8U | body[2];
    width_ = body[3] << 8U | body[4];
    components_ = body[5];
    if (precision_ < 2 || precision_ > 16 || width_ == 0 || height_ == 0) damaged();
    if ((components_ != 1 && components_ != 3) || body.size() < 6 + 3 * static_cast<std::size_t>(components_))
      damaged();
    for (int c = 0; c < components_; ++c) {
      if (components_ > 1 && body[static_cast<std::size_t>(7 + 3 * c)] != 0x11) {
        throw ImageError("the lossless JPEG has subsampled colours, which is not supported");
      }
    }
  }

  void take_scan(std::span<const std::uint8_t> body) {
    const auto count = static_cast<std::size_t>(components_);
    if (components_ == 0 || body.size() < 4 + 2 * count || body[0] != components_) {
      throw ImageError("the lossless JPEG keeps its colours apart, which is not supported");
    }
    for (std::size_t c = 0; c < count; ++c) {
      used_[c] = body[2 + 2 * c] >> 4U;
      if (used_[c] > 3) damaged();
    }
    predictor_ = body[1 + 2 * count];
    shift_ = body[3 + 2 * count] & 15;
    if (predictor_ < 1 || predictor_ > 7 || shift_ >= precision_) damaged();
  }

  int next_bit() {
    if (bits_left_ == 0) {
      if (at_ >= bytes_.size()) damaged();
      byte_ = bytes_[at_++];
      if (byte_ == 0xff) {
        if (at_ >= bytes_.size() || bytes_[at_] != 0) damaged();  // a marker too early
        ++at_;
      }
      bits_left_ = 8;
    }
    return byte_ >> --bits_left_ & 1;
  }

  int difference(const Table& table) {
    int code = 0, first = 0;
    std::size_t index = 0;
    for (std::size_t length = 1; length <= 16; ++length) {
      code = code << 1 | next_bit();
      if (code - first < table.count[length]) {
        const int bits = table.symbols[index + static_cast<std::size_t>(code - first)];
        if (bits == 16) return 32768;
        if (bits > 16) damaged();
        int raw = 0;
        for (int i = 0; i < bits; ++i) raw = raw << 1 | next_bit();
        return bits == 0 ? 0 : raw < 1 << (bits - 1) ? raw - (1 << bits) + 1 : raw;
      }
      index += static_cast<std::size_t>(table.count[length]);
      first = (first + table.count[length]) << 1;
    }
    damaged();
  }

  void restart(std::int64_t number) {
    bits_left_ = 0;
    if (at_ + 2 > bytes_.size() || bytes_[at_] != 0xff || bytes_[at_ + 1] != 0xd0 + number % 8) damaged();
    at_ += 2;
  }

  void decode(std::uint16_t* values) {
    const std::int64_t row = width_ * components_;
    std::int64_t unit = 0;
    bool fresh = true;  // at the start and after a restart
    std::int64_t fresh_row = 0;
    for (std::int64_t y = 0; y < height_; ++y) {
      for (std::int64_t x = 0; x < width_; ++x, ++unit) {
        if (interval_ > 0 && unit > 0 && unit % interval_ == 0) {
          restart(unit / interval_ - 1);
          fresh = true;
          fresh_row = y;
        }
        for (int c = 0; c < components_; ++c) {
          std::uint16_t* const to = values + y * row + x * components_ + c;
          int predicted = 0;
          if (fresh) {
            predicted = 1 << (precision_ - shift_ - 1);
          } else if (y == fresh_row) {
            predicted = x > 0 ? to[-components_] : to[-row];
          } else if (x == 0) {
            predicted = to[-row];
          } else {
            predicted = predict(to[-components_], to[-row], to[-row - components_]);
          }
          *to = static_cast<std::uint16_t>(predicted + difference(tables_[used_[static_cast<std::size_t>(c)]]));
        }
        fresh = false;
      }
    }
    if (shift_ > 0) {
      for (std::int64_t i = 0; i < row * height_; ++i) values[i] = static_cast<std::uint16_t>(values[i] << shift_);
    }
  }

  int predict(int left, int above, int corner) const {
    switch (predictor_) {
      case 1:
        return left;
      case 2:
        return above;
      case 3:
        return corner;
      case 4:
        return left + above - corner;
      case 5:
        return left + (above - corner) / 2 - ((above - corner) % 2 < 0 ? 1 : 0);
      case 6:
        return above + (left - corner) / 2 - ((left - corner) % 2 < 0 ? 1 : 0);
      default:
        return (left + above) / 2;
    }
  }

  std::span<const std::uint8_t> bytes_;
  std::array<Table, 4> tables_;
  std::array<std::size_t, 3> used_{};
  std::int64_t width_ = 0, height_ = 0, interval_ = 0;
  int components_ = 0, precision_ = 0, predictor_ = 0, shift_ = 0;
  std::size_t at_ = 0;
  int byte_ = 0, bits_left_ = 0;
};

}  // namespace

void decode_jpeg_lossless(std::span<const std::uint8_t> bytes,
                          const std::function<std::uint16_t*(std::int64_t, std::int64_t, int)>& allocate) {
  Decoder(bytes).run(allocate);
}

}  // namespace capillaryx
