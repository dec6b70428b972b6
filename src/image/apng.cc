// SPDX-License-Identifier: Apache-2.0
// Animated PNG. Debian's libpng does not know its chunks: they are walked here, each frame is handed to libpng as a PNG
// separately, and composed as the format says (https://wiki.mozilla.org/APNG_Specification).
#include <libdeflate.h>
#include <png.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "image/picture_stack.h"

namespace capillaryx {
namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::uint64_t kMaxFileBytes = 1ULL << 30U;

std::uint32_t big_endian(const std::uint8_t* at, int bytes = 4) {
  std::uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8U | at[i];
  return value;
}

void put_big_endian(std::vector<std::uint8_t>& to, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put_chunk(std::vector<std::uint8_t>& to, std::string_view type, std::span<const std::uint8_t> body) {
  put_big_endian(to, static_cast<std::uint32_t>(body.size()));
  const std::size_t start = to.size();
  to.insert(to.end(), type.begin(), type.end());
  to.insert(to.end(), body.begin(), body.end());
  put_big_endian(to, libdeflate_crc32(0, &to[start], to.size() - start));
}

enum class Dispose : std::uint8_t { kKeep, kClear, kRestore };

struct ApngFrame {
  std::int64_t x = 0, y = 0, width = 0, height = 0;
  Dispose dispose = Dispose::kKeep;
  bool over = false;  ///< blended by its alpha; else its pixels replace what is there
  std::vector<std::span<const std::uint8_t>> data;
};

class Apng : public PictureStack {
 public:
  Apng(const ByteSource& source, std::int64_t max_pixels) : max_pixels_(max_pixels) {
    if (source.size() > kMaxFileBytes) throw ImageError("the animated PNG is larger than 1 GB, which is not supported");
    bytes_.resize(static_cast<std::size_t>(source.size()));
    source.read(0, bytes_.data(), bytes_.size());
    walk();
  }

  void read(std::int64_t page, Decoding& decoding) override {
    if (page < 0 || page >= facts_.pages) throw ImageError("the file has no page " + std::to_string(page));
    if (decoding.survey != nullptr) return;  // 8 bits
    decoding.target.check_size(width_, height_);
    const auto canvas_bytes = static_cast<std::size_t>(width_ * height_ * 4);
    if (page < next_ - 1 || canvas_.empty()) {
      canvas_.assign(canvas_bytes, 0);
      next_ = 0;
      clear_.reset();
    }
    try {
      while (next_ <= page) compose(frames_[static_cast<std::size_t>(next_)]);
    } catch (...) {
      canvas_.clear();  // what follows a damaged frame is composed on it
      throw;
    }
    std::uint8_t* to = decoding.target.allocate(width_, height_, 3);
    for (std::size_t i = 0; i < canvas_bytes; i += 4, to += 3) std::memcpy(to, &canvas_[i], 3);
  }

 private:
  void walk() {
    bool animated = false, skipped = false;
    double time_s = 0;
    std::uint32_t stated = 0;
    for (std::size_t at = kSignatureBytes;;) {
      if (bytes_.size() < at + 12) throw ImageError("the PNG is truncated");
      const std::size_t size = big_endian(&bytes_[at]);
      if (size > bytes_.size() - at - 12) throw ImageError("the PNG is truncated or damaged");
      const std::uint8_t* const type = &bytes_[at + 4];
      const std::string_view name(reinterpret_cast<const char*>(type), 4);
      const std::span<const std::uint8_t> body(type + 4, size);
      const bool sound = libdeflate_crc32(0, type, size + 4) == big_endian(type + 4 + size);
      at += size + 12;
      const bool matters = (type[0] & 32U) == 0 || name == "fdAT" || name == "fcTL" || name == "acTL" || name == "tRNS";
      if (!sound && matters) throw ImageError("the PNG is damaged: a checksum is wrong");
      if (!sound) {
        facts_.notes.push_back("the PNG's " + std::string(name) + " chunk is damaged; no pixel depends on it");
      } else if (name == "IHDR" && size == 13) {
        header_.assign(body.begin(), body.end());
        width_ = big_endian(body.data());
        height_ = big_endian(&body[4]);
      } else if (name == "PLTE" || name == "tRNS") {
        put_chunk(palette_, name, body);
      } else if (name == "acTL" && size >= 8) {
        stated = big_endian(body.data());
      } else if (name == "fcTL" && size >= 26) {
        add_frame(body, time_s);
        animated = true;
      } else if (name == "IDAT") {
        if (animated && frames_.size() == 1) frames_[0].data.push_back(body);
        skipped = skipped || !animated;
      } else if (name == "fdAT" && size >= 4 && animated) {
        frames_.back().data.push_back(body.subspan(4));
      } else if (name == "IEND") {
        break;
      }
    }
    if (header_.empty() || width_ < 1 || height_ < 1) throw ImageError("the PNG has no pixels");
    if (header_[8] == 16) throw ImageError("the animated PNG has 16 bits a channel; 8 bits are supported");
    if (frames_.empty() || frames_.size() != stated) {
      throw ImageError("the animated PNG is damaged: it says that it has " + std::to_string(stated) +
                       " frames and has " + std::to_string(frames_.size()));
    }
    if (skipped) facts_.notes.emplace_back("the picture for programs without animation was skipped");
    facts_.pages = static_cast<std::int64_t>(frames_.size());
    facts_.width = static_cast<int>(std::min<std::int64_t>(width_, INT32_MAX));
    facts_.height = static_cast<int>(std::min<std::int64_t>(height_, INT32_MAX));
    PixelTarget(*BufferPool::make(), max_pixels_).check_size(width_, height_);
  }

  void add_frame(std::span<const std::uint8_t> body, double& time_s) {
    ApngFrame frame;
    frame.width = big_endian(&body[4]);
    frame.height = big_endian(&body[8]);
    frame.x = big_endian(&body[12]);
    frame.y = big_endian(&body[16]);
    if (frame.width < 1 || frame.height < 1 || frame.x + frame.width > width_ || frame.y + frame.height > height_) {
      throw ImageError("the animated PNG is damaged: a frame lies outside of the picture");
    }
    if (body[24] > 2 || body[25] > 1) throw ImageError("the animated PNG has an unknown coding");
    frame.dispose = static_cast<Dispose>(body[24]);
    frame.over = body[25] == 1;
    const double delay = big_endian(&body[20], 2), per_second = big_endian(&body[22], 2);
    facts_.page_times_s.push_back(time_s);
    time_s += delay / (per_second == 0 ? 100 : per_second);
    frames_.push_back(std::move(frame));
  }

  // RGBA of one frame, through libpng.
  void decode(const ApngFrame& frame) {
    std::vector<std::uint8_t> header = header_, png(bytes_.begin(), bytes_.begin() + kSignatureBytes), data;
    for (int i = 0; i < 4; ++i) {
      header[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(frame.width >> (24 - 8 * i));
      header[static_cast<std::size_t>(4 + i)] = static_cast<std::uint8_t>(frame.height >> (24 - 8 * i));
    }
    put_chunk(png, "IHDR", header);
    png.insert(png.end(), palette_.begin(), palette_.end());
    for (const auto& piece : frame.data) data.insert(data.end(), piece.begin(), piece.end());
    put_chunk(png, "IDAT", data);
    put_chunk(png, "IEND", {});

    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    struct Free {
      png_image* image;
      ~Free() { png_image_free(image); }
    } free{&image};
    const auto check = [&](int done) {
      // A warning of libpng is of data that is missing or too long.
      if (done == 0 || image.warning_or_error != 0)
        throw ImageError("the PNG is damaged: " + std::string(image.message));
    };
    check(png_image_begin_read_from_memory(&image, png.data(), png.size()));
    image.format = PNG_FORMAT_RGBA;
    pixels_.resize(static_cast<std::size_t>(frame.width * frame.height * 4));
    check(png_image_finish_read(&image, nullptr, pixels_.data(), static_cast<png_int_32>(frame.width * 4), nullptr));
  }

  template <class Row>
  void each_row(const ApngFrame& frame, Row&& row) {
    for (std::int64_t y = 0; y < frame.height; ++y) {
      row(&canvas_[static_cast<std::size_t>(((frame.y + y) * width_ + frame.x) * 4)], static_cast<std::size_t>(y));
    }
  }

  void dispose_last() {
    if (!clear_) return;
    const ApngFrame& last = frames_[*clear_];
    const auto row_bytes = static_cast<std::size_t>(last.width * 4);
    each_row(last, [&](std::uint8_t* to, std::size_t y) {
      if (last.dispose == Dispose::kRestore) {
        std::memcpy(to, &saved_[y * row_bytes], row_bytes);
      } else {
        std::memset(to, 0, row_bytes);
      }
    });
    clear_.reset();
  }

  void compose(const ApngFrame& frame) {
    dispose_last();
    decode(frame);
    const auto row_bytes = static_cast<std::size_t>(frame.width * 4);
    if (frame.dispose == Dispose::kRestore) {
      saved_.resize(row_bytes * static_cast<std::size_t>(frame.height));
      each_row(frame,
               [&](const std::uint8_t* from, std::size_t y) { std::memcpy(&saved_[y * row_bytes], from, row_bytes); });
    }
    each_row(frame, [&](std::uint8_t* to, std::size_t y) {
      const std::uint8_t* from = &pixels_[y * row_bytes];
      if (!frame.over) {
        std::memcpy(to, from, row_bytes);
        return;
      }
      for (std::size_t x = 0; x < row_bytes; x += 4) blend(from + x, to + x);
    });
    if (frame.dispose != Dispose::kKeep) clear_ = static_cast<std::size_t>(next_);
    ++next_;
  }

  static void blend(const std::uint8_t* from, std::uint8_t* to) {
    const unsigned above = from[3], below = to[3] * (255U - above) / 255U, alpha = above + below;
    if (above == 0) return;
    for (int c = 0; c < 3; ++c) {
      to[c] = static_cast<std::uint8_t>((from[c] * above + to[c] * below + alpha / 2) / alpha);
    }
    to[3] = static_cast<std::uint8_t>(alpha);
  }

  std::int64_t max_pixels_;
  std::vector<std::uint8_t> bytes_, header_, palette_;
  std::int64_t width_ = 0, height_ = 0;
  std::vector<ApngFrame> frames_;
  // The canvas after frame next_ - 1, and that frame if it is to be taken off again.
  std::vector<std::uint8_t> canvas_, pixels_, saved_;
  std::int64_t next_ = 0;
  std::optional<std::size_t> clear_;
};

}  // namespace

std::unique_ptr<PictureStack> open_apng(const ByteSource& source, std::int64_t max_pixels) {
  return std::make_unique<Apng>(source, max_pixels);
}

bool has_png_animation(const ByteSource& source) {
  std::uint8_t head[8];
  for (std::uint64_t at = kSignatureBytes; source.read(at, head, sizeof head) == sizeof head;) {
    if (std::memcmp(head + 4, "acTL", 4) == 0) return true;
    if (std::memcmp(head + 4, "IDAT", 4) == 0) return false;
    at += std::uint64_t{big_endian(head)} + 12;
  }
  return false;
}

}  // namespace capillaryx
