// SPDX-License-Identifier: Apache-2.0
#include "probe/probe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <new>
#include <string_view>

#include "image/buffer_pool.h"
#include "image/decoders.h"
#include "image/picture_stack.h"

namespace capillaryx {
namespace {

// Pages whose values are looked at: evenly spread, the first and the last among them.
constexpr std::int64_t kSampledPages = 64;
// Animated pictures are composed one on the other, so that a page far behind costs all before it.
constexpr std::int64_t kMaxSampledPixels = 400'000'000;

std::optional<std::array<double, 2>> range_of(PictureStack& stack, std::int64_t max_pixels,
                                              std::vector<std::string>& notes) {
  const auto pool = BufferPool::make();
  DecoderMemory memory;
  ImageFacts facts;
  ValueFacts values;
  const StackFacts& all = stack.facts();
  const std::int64_t page_pixels = std::max<std::int64_t>(1, std::int64_t{all.width} * all.height);
  const std::int64_t samples = std::clamp<std::int64_t>(kMaxSampledPixels / page_pixels, 2, kSampledPages);
  const std::int64_t count = std::min(all.pages, samples);
  std::string first_error;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t page = count == 1 ? 0 : i * (all.pages - 1) / (count - 1);
    try {
      PixelTarget target(*pool, max_pixels);
      Decoding decoding{target, memory, facts, std::nullopt, &values};
      stack.read(page, decoding);
    } catch (const ImageError& error) {
      // A page that cannot be read is a failed frame.
      if (first_error.empty()) first_error = error.what();
    }
  }
  if (!values.seen()) return std::nullopt;
  std::string reason;
  const auto range = choose_range(values, reason);
  if (values.kind != NumberKind::kUnsigned || range[0] != 0 || range[1] != std::ldexp(1.0, values.bits) - 1) {
    if (count < all.pages) reason += " (" + std::to_string(count) + " of its pages were looked at)";
    notes.push_back(std::move(reason));
  }
  return range;
}

// Steps that are equal to a thousandth.
std::optional<double> rate_of(const std::vector<double>& times_s) {
  if (times_s.size() < 2) return std::nullopt;
  const double step = (times_s.back() - times_s.front()) / static_cast<double>(times_s.size() - 1);
  if (!(step > 0)) return std::nullopt;
  for (std::size_t i = 1; i < times_s.size(); ++i) {
    if (std::abs(times_s[i] - times_s[i - 1] - step) > 1e-3 * step) return std::nullopt;
  }
  return 1 / step;
}

}  // namespace

bool may_hold_several(std::span<const std::uint8_t> first_bytes) {
  switch (image_format(first_bytes)) {
    case ImageFormat::kTiff:
    case ImageFormat::kDicom:
      return true;
    case ImageFormat::kPng: {
      // acTL stands before the pixels, most often first.
      constexpr std::size_t kSecondChunk = 37;
      if (first_bytes.size() < kSecondChunk + 4) return false;
      return std::memcmp(&first_bytes[kSecondChunk], "IDAT", 4) != 0;
    }
    case ImageFormat::kWebp:
      return is_animated_webp(first_bytes);
    default:
      return false;
  }
}

InputInfo probe_file(const OpenFile& file, std::int64_t max_pixels) {
  InputInfo info;
  info.pages = 1;
  const ByteSource source(file);
  if (source.size() == 0) throw ImageError("the file is empty");
  if (!is_stack(source)) return info;  // the frame finds its own facts
  try {
    const auto stack = open_stack(source, max_pixels);
    const StackFacts& facts = stack->facts();
    info.pages = facts.pages;
    info.width = facts.width;
    info.height = facts.height;
    if (facts.pages == 1) return info;
    info.kind = FileKind::kStack;
    info.sha256 = sha256_hex(file);
    info.scale_um_per_px = facts.scale_um_per_px;
    info.scale_from = facts.scale_from;
    info.page_times_s = facts.page_times_s;
    info.fps = rate_of(info.page_times_s);
    info.notes = facts.notes;
    info.value_range = range_of(*stack, max_pixels, info.notes);
  } catch (const std::bad_alloc&) {
    throw ImageError("not enough memory to find out what the file holds");
  }
  return info;
}

}  // namespace capillaryx
