// SPDX-License-Identifier: Apache-2.0
#include "image/y4m.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <vector>

#include "image/image.h"

namespace capillaryx {
namespace {

constexpr std::int64_t kMaxSide = 1'000'000'000;

std::int64_t read_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > kMaxSide) {
    throw ImageError("the Y4M header is damaged: a size is no number");
  }
  return value;
}

// "30000:1001"; a rate that makes no sense is none.
double read_rate(std::string_view text) {
  const std::size_t colon = text.find(':');
  int over = 0;
  int under = 0;
  std::from_chars(text.data(), text.data() + text.size(), over);
  if (colon != std::string_view::npos) std::from_chars(text.data() + colon + 1, text.data() + text.size(), under);
  return over > 0 && under > 0 ? static_cast<double>(over) / under : 0;
}

// "420p10", "mono16", "444alpha", ...
void read_chroma(std::string_view name, Y4mHeader& header) {
  const auto refuse = [&] { throw ImageError("the Y4M colour space " + std::string(name) + " is not supported"); };
  struct Known {
    std::string_view name;
    int shift_x, shift_y;
  };
  static constexpr Known kKnown[] = {{"420", 1, 1}, {"411", 2, 0}, {"422", 1, 0}, {"444", 0, 0}, {"410", 2, 2}};
  std::string_view rest = name;
  if (rest.starts_with("mono")) {
    header.grey = true;
    rest.remove_prefix(4);
  } else {
    const auto* const known =
        std::find_if(std::begin(kKnown), std::end(kKnown), [&](const Known& k) { return rest.starts_with(k.name); });
    if (known == std::end(kKnown)) refuse();
    header.chroma_shift_x = known->shift_x;
    header.chroma_shift_y = known->shift_y;
    rest.remove_prefix(3);
    if (rest.starts_with('p') && !rest.starts_with("paldv")) rest.remove_prefix(1);
  }
  if (rest == "alpha" && !header.grey) {
    header.alpha = true;
  } else if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
    for (const int bits : {9, 10, 12, 14, 16}) {
      if (rest == std::to_string(bits)) header.bits = bits;
    }
    if (header.bits == 8) refuse();
  } else if (!rest.empty() && rest != "jpeg" && rest != "mpeg2" && rest != "paldv") {
    refuse();  // the three allowed say where chroma is sited only
  }
}

std::uint8_t clamp_8(int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

// One row of a plane as 8 bits.
void read_plane_row(const Y4mHeader& header, const std::uint8_t* from, std::size_t count, std::uint8_t* to) {
  if (header.bits == 8) {
    std::copy(from, from + count, to);
    return;
  }
  const int shift = header.bits - 8;
  for (std::size_t i = 0; i < count; ++i) {
    to[i] = clamp_8(((from[2 * i] | from[2 * i + 1] << 8) + (1 << (shift - 1))) >> shift);
  }
}

// BT.601 in 1/65536, for the stored range.
struct Matrix {
  int luma, red_v, green_u, green_v, blue_u, offset;
};
constexpr Matrix kLimited{76309, 104597, 25675, 53279, 132201, 16};
constexpr Matrix kFull{65536, 91881, 22554, 46802, 116130, 0};
constexpr int kHalf = 32768;

}  // namespace

std::int64_t Y4mHeader::frame_bytes() const {
  std::int64_t values = width * height;
  if (!grey) values += 2 * chroma_width() * chroma_height();
  if (alpha) values += width * height;
  return values * value_bytes();
}

Y4mHeader read_y4m_header(std::string_view line) {
  constexpr std::string_view kMagic = "YUV4MPEG2";
  if (!line.starts_with(kMagic)) throw ImageError("not a Y4M stream");
  line.remove_prefix(kMagic.size());
  Y4mHeader header;
  while (!line.empty()) {
    if (line[0] != ' ') throw ImageError("the Y4M header is damaged");
    line.remove_prefix(1);
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size());
    if (word.empty()) continue;
    const std::string_view value = word.substr(1);
    if (word[0] == 'W') header.width = read_number(value);
    if (word[0] == 'H') header.height = read_number(value);
    if (word[0] == 'F') header.frames_per_s = read_rate(value);
    if (word[0] == 'C') read_chroma(value, header);
    if (word == "XCOLORRANGE=FULL") header.full_range = true;
  }
  if (header.width == 0 || header.height == 0) throw ImageError("the Y4M header is damaged: it gives no size");
  return header;
}

void convert_y4m_frame(const Y4mHeader& header, const std::uint8_t* planes, std::uint8_t* pixels) {
  const auto width = static_cast<std::size_t>(header.width);
  const auto height = static_cast<std::size_t>(header.height);
  const auto chroma_width = static_cast<std::size_t>(header.chroma_width());
  const auto value_bytes = static_cast<std::size_t>(header.value_bytes());
  const Matrix& m = header.full_range ? kFull : kLimited;

  const std::size_t luma_bytes = width * height * value_bytes;
  const std::size_t chroma_bytes = chroma_width * static_cast<std::size_t>(header.chroma_height()) * value_bytes;
  std::vector<std::uint8_t> y_row(width);
  std::vector<std::uint8_t> u_row(chroma_width);
  std::vector<std::uint8_t> v_row(chroma_width);
  for (std::size_t y = 0; y < height; ++y) {
    read_plane_row(header, planes + y * width * value_bytes, width, y_row.data());
    if (header.grey) {
      for (std::size_t x = 0; x < width; ++x) {
        *pixels++ = clamp_8(((y_row[x] - m.offset) * m.luma + kHalf) >> 16);
      }
      continue;
    }
    const std::size_t chroma_at = (y >> header.chroma_shift_y) * chroma_width * value_bytes;
    read_plane_row(header, planes + luma_bytes + chroma_at, chroma_width, u_row.data());
    read_plane_row(header, planes + luma_bytes + chroma_bytes + chroma_at, chroma_width, v_row.data());
    for (std::size_t x = 0; x < width; ++x, pixels += 3) {
      const int luma = (y_row[x] - m.offset) * m.luma + kHalf;
      const int u = u_row[x >> header.chroma_shift_x] - 128;
      const int v = v_row[x >> header.chroma_shift_x] - 128;
      pixels[0] = clamp_8((luma + m.red_v * v) >> 16);
      pixels[1] = clamp_8((luma - m.green_u * u - m.green_v * v) >> 16);
      pixels[2] = clamp_8((luma + m.blue_u * u) >> 16);
    }
  }
}

}  // namespace capillaryx
