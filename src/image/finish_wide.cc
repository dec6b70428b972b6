// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>

#include "image/decoders.h"

namespace capillaryx {

void DecoderMemory::trim() {
  packed.trim();
  inflated.trim();
  wide.trim();
}

template <class Value>
void finish_wide(Decoding& decoding, const Value* values, std::int64_t width, std::int64_t height, int channels,
                 ValueFacts known, bool invert) {
  const auto count = static_cast<std::size_t>(width * height * channels);
  add_values(values, count, known);
  if (decoding.survey != nullptr) {
    decoding.survey->add(known);
    return;
  }
  std::string reason;
  const bool own = !decoding.range;
  const std::array<double, 2> range = own ? choose_range(known, reason) : *decoding.range;
  std::uint8_t* const pixels = decoding.target.allocate(width, height, channels);
  const std::size_t outside = to_8_bits(values, count, range, invert, pixels);
  decoding.facts.value_range = range;
  const double whole_container = std::ldexp(1.0, known.bits) - 1;
  if (own && (known.kind != NumberKind::kUnsigned || range[0] != 0 || range[1] != whole_container)) {
    decoding.facts.notes.push_back(std::move(reason));
  }
  if (outside * 1000 >= count) {  // a tenth of a per cent
    decoding.facts.notes.push_back(std::to_string(outside) + " of " + std::to_string(count) +
                                   " values lie outside of the range that the file's values are scaled from");
  }
}

template void finish_wide(Decoding&, const std::uint16_t*, std::int64_t, std::int64_t, int, ValueFacts, bool);
template void finish_wide(Decoding&, const float*, std::int64_t, std::int64_t, int, ValueFacts, bool);

}  // namespace capillaryx
