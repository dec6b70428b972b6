// SPDX-License-Identifier: Apache-2.0
#include "image/picture_stack.h"

#include <array>
#include <cstring>

namespace capillaryx {
namespace {

std::array<std::uint8_t, 132> first_bytes(const ByteSource& source) {
  std::array<std::uint8_t, 132> bytes{};
  source.read(0, bytes.data(), bytes.size());
  return bytes;
}

}  // namespace

bool is_stack(const ByteSource& source) {
  const auto head = first_bytes(source);
  switch (image_format(head)) {
    case ImageFormat::kTiff:
    case ImageFormat::kDicom:
      return true;
    case ImageFormat::kPng:
      return has_png_animation(source);
    case ImageFormat::kWebp:
      return is_animated_webp(head);
    default:
      return false;
  }
}

std::unique_ptr<PictureStack> open_stack(ByteSource source, std::int64_t max_pixels) {
  if (source.size() == 0) throw ImageError("the file is empty");
  const auto head = first_bytes(source);
  switch (image_format(head)) {
    case ImageFormat::kTiff:
      return open_tiff(std::move(source));
    case ImageFormat::kDicom:
      return open_dicom(std::move(source), max_pixels);
    case ImageFormat::kPng:
      if (has_png_animation(source)) return open_apng(source, max_pixels);
      break;
    case ImageFormat::kWebp:
      if (is_animated_webp(head)) return open_webp_animation(source, max_pixels);
      break;
    default:
      break;
  }
  throw ImageError("the file holds one picture only");
}

bool is_animated_webp(std::span<const std::uint8_t> first_bytes) {
  constexpr std::size_t kFlags = 20;
  constexpr unsigned kAnimation = 2;
  return first_bytes.size() > kFlags && std::memcmp(&first_bytes[12], "VP8X", 4) == 0 &&
         (first_bytes[kFlags] & kAnimation) != 0;
}

}  // namespace capillaryx
