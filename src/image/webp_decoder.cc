// SPDX-License-Identifier: Apache-2.0
#include <webp/decode.h>

#include "image/decoders.h"

namespace capillaryx {

void decode_webp(std::span<const std::uint8_t> bytes, Decoding& decoding) {
  // libwebp is content with less than the file says that it holds.
  const std::uint64_t riff_bytes = std::uint64_t{bytes[4]} | std::uint64_t{bytes[5]} << 8U |
                                   std::uint64_t{bytes[6]} << 16U | std::uint64_t{bytes[7]} << 24U;
  if (bytes.size() < riff_bytes + 8) throw ImageError("the WebP is truncated");
  const std::span<const std::uint8_t> picture = bytes.first(static_cast<std::size_t>(riff_bytes + 8));

  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) throw ImageError("libwebp does not fit its headers");
  if (WebPGetFeatures(picture.data(), picture.size(), &config.input) != VP8_STATUS_OK) {
    throw ImageError("the WebP is damaged or truncated");
  }
  if (config.input.has_animation != 0) throw ImageError("the WebP is damaged: its header says that it is no animation");
  std::uint8_t* const pixels = decoding.target.allocate(config.input.width, config.input.height, 3);
  const std::size_t row_bytes = static_cast<std::size_t>(config.input.width) * 3;
  config.output.colorspace = MODE_RGB;  // without alpha, nothing is composited
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels;
  config.output.u.RGBA.stride = static_cast<int>(row_bytes);
  config.output.u.RGBA.size = row_bytes * static_cast<std::size_t>(config.input.height);
  if (WebPDecode(picture.data(), picture.size(), &config) != VP8_STATUS_OK) {
    throw ImageError("the WebP is damaged or truncated");
  }
}

}  // namespace capillaryx
