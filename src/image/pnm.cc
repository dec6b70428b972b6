// SPDX-License-Identifier: Apache-2.0
// Own code, as the frames of a pipe need it a row at a time, and stb_image's reader ignores the largest value.
#include "image/pnm.h"

#include <cstring>

#include "image/decoders.h"

namespace capillaryx {
namespace {

constexpr std::int64_t kMaxNumber = 1'000'000'000;
constexpr int kMaxHeaderBytes = 65'536;  // comments included

bool is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::uint8_t scaled(std::uint32_t value, std::uint32_t max_value) {
  if (value > max_value) throw ImageError("the PNM is damaged: a value is above its largest");
  return static_cast<std::uint8_t>((value * 255U + max_value / 2U) / max_value);
}

// The next number, with white space and comments before it and one white space after it.
std::int64_t read_number(const NextByte& next) {
  int c = next();
  while (is_space(c) || c == '#') {
    if (c == '#') {
      while (c != '\n' && c != '\r' && c >= 0) c = next();
    } else {
      c = next();
    }
  }
  if (c < 0) throw ImageError("the PNM is truncated");
  if (c < '0' || c > '9') throw ImageError("the PNM is damaged: a number is expected");
  std::int64_t number = 0;
  for (; c >= '0' && c <= '9'; c = next()) {
    number = number * 10 + (c - '0');
    if (number >= kMaxNumber) throw ImageError("the PNM is damaged: a number is too large");
  }
  if (c < 0) return number;  // the last value of a text picture may end the file
  if (!is_space(c)) throw ImageError("the PNM is damaged: a number is expected");
  return number;
}

}  // namespace

PnmHeader read_pnm_header(const NextByte& next) {
  int left = kMaxHeaderBytes;
  const NextByte bounded = [&] {
    if (--left < 0) throw ImageError("the PNM is damaged: its header does not end");
    return next();
  };
  PnmHeader header;
  const int p = bounded();
  const int kind = bounded();
  if (p != 'P' || kind < '1' || kind > '6') throw ImageError("not a PNM picture");
  header.kind = kind - '0';
  header.width = read_number(bounded);
  header.height = read_number(bounded);
  if (header.kind != 1 && header.kind != 4) {
    const std::int64_t max_value = read_number(bounded);
    if (max_value < 1 || max_value > 65535) throw ImageError("the PNM is damaged: its largest value is out of range");
    header.max_value = static_cast<int>(max_value);
  }
  return header;
}

void convert_pnm_row(const PnmHeader& header, const std::uint8_t* raw, std::uint8_t* row) {
  const auto values = static_cast<std::size_t>(header.width * header.channels());
  const auto max_value = static_cast<std::uint32_t>(header.max_value);
  if (header.kind == 4) {
    for (std::size_t i = 0; i < values; ++i) row[i] = ((raw[i / 8] >> (7 - i % 8)) & 1U) != 0 ? 0 : 255;
  } else if (max_value == 255) {
    std::memcpy(row, raw, values);
  } else if (max_value < 255) {
    for (std::size_t i = 0; i < values; ++i) row[i] = scaled(raw[i], max_value);
  } else if (max_value == 65535) {
    for (std::size_t i = 0; i < values; ++i) row[i] = scale_16_to_8(std::uint32_t{raw[2 * i]} << 8U | raw[2 * i + 1]);
  } else {
    for (std::size_t i = 0; i < values; ++i) {
      row[i] = scaled(std::uint32_t{raw[2 * i]} << 8U | raw[2 * i + 1], max_value);
    }
  }
}

void decode_pnm(std::span<const std::uint8_t> bytes, Decoding& decoding) {
  PixelTarget& target = decoding.target;
  std::size_t at = 0;
  const NextByte next = [&] { return at < bytes.size() ? bytes[at++] : -1; };
  const PnmHeader header = read_pnm_header(next);
  target.check_size(header.width, header.height);
  const std::size_t values = static_cast<std::size_t>(header.width * header.channels());
  const auto rows = static_cast<std::size_t>(header.height);

  // Larger values than 8 bits have are scaled as those of every format are; the header's largest is the stated range.
  const bool wide = header.max_value > 255;
  const auto wide_memory = [&] {
    return reinterpret_cast<std::uint16_t*>(decoding.memory.wide.get(values * rows * sizeof(std::uint16_t)));
  };
  const auto finish = [&](const std::uint16_t* wide_values) {
    ValueFacts known;
    known.bits = 16;
    known.stated = {0, static_cast<double>(header.max_value)};
    known.stated_by = "the header's largest value";
    finish_wide(decoding, wide_values, header.width, header.height, header.channels(), known, false);
  };

  if (!header.text()) {
    const auto raw_row_bytes = static_cast<std::size_t>(header.row_bytes());
    if (raw_row_bytes > (bytes.size() - at) / rows) throw ImageError("the PNM is truncated");
    if (wide) {
      std::uint16_t* const wide_values = wide_memory();
      for (std::size_t i = 0; i < values * rows; ++i) {
        const auto value = static_cast<std::uint16_t>(bytes[at + 2 * i] << 8U | bytes[at + 2 * i + 1]);
        if (value > header.max_value) throw ImageError("the PNM is damaged: a value is above its largest");
        wide_values[i] = value;
      }
      return finish(wide_values);
    }
    std::uint8_t* const pixels = target.allocate(header.width, header.height, header.channels());
    for (std::size_t y = 0; y < rows; ++y) {
      convert_pnm_row(header, &bytes[at] + y * raw_row_bytes, pixels + y * values);
    }
    return;
  }
  if (values > (bytes.size() - at) / rows) throw ImageError("the PNM is truncated");  // a value takes a byte or more
  if (wide) {
    std::uint16_t* const wide_values = wide_memory();
    for (std::size_t i = 0; i < values * rows; ++i) {
      const std::int64_t value = read_number(next);
      if (value > header.max_value) throw ImageError("the PNM is damaged: a value is above its largest");
      wide_values[i] = static_cast<std::uint16_t>(value);
    }
    return finish(wide_values);
  }
  std::uint8_t* const pixels = target.allocate(header.width, header.height, header.channels());
  for (std::size_t i = 0; i < values * rows; ++i) {
    if (header.kind == 1) {  // its digits need no white space between them
      int c = next();
      while (is_space(c)) c = next();
      if (c < 0) throw ImageError("the PNM is truncated");
      if (c != '0' && c != '1') throw ImageError("the PNM is damaged: a value is neither 0 nor 1");
      pixels[i] = c == '0' ? 255 : 0;
    } else {
      pixels[i] = scaled(static_cast<std::uint32_t>(read_number(next)), static_cast<std::uint32_t>(header.max_value));
    }
  }
}

}  // namespace capillaryx
