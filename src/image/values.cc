// SPDX-License-Identifier: Apache-2.0
#include "image/values.h"

#include <algorithm>
#include <cmath>

#include "image/image.h"

namespace capillaryx {
namespace {

using Range = std::array<double, 2>;

constexpr std::array<int, 7> kUsualBits = {8, 10, 12, 14, 16, 24, 32};

double power_of_two(int bits) { return std::ldexp(1.0, bits); }

std::string text_of(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return std::to_string(static_cast<std::int64_t>(value));
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

// Of whole numbers.
Range usual_range(const ValueFacts& facts) {
  const bool is_signed = facts.kind == NumberKind::kSigned;
  for (const int bits : kUsualBits) {
    if (facts.min < 0) {
      if (facts.min >= -power_of_two(bits - 1) && facts.max < power_of_two(bits - 1)) {
        return {-power_of_two(bits - 1), power_of_two(bits - 1) - 1};
      }
    } else if (is_signed && bits >= facts.bits) {  // the sign's bit is not used
      return {0, power_of_two(facts.bits - 1) - 1};
    } else if (facts.max < power_of_two(bits)) {
      return {0, power_of_two(bits) - 1};
    }
  }
  return {std::min(0.0, facts.min), std::max(facts.max, facts.min + 1)};
}

Range range_of_values(const ValueFacts& facts) {
  if (!(facts.max >= facts.min)) return {0, 1};
  if (facts.kind != NumberKind::kFloat) return usual_range(facts);
  // A fraction of the whole, grey values of 8 bits or more with fractions (means of several frames), or neither.
  constexpr double kLeastPart = 1.0 / 16;
  if (facts.min < 0) return {facts.min, facts.max > facts.min ? facts.max : facts.min + 1};
  if (facts.max == 0) return {0, 1};
  if (facts.max <= 1 && facts.max >= kLeastPart) return {0, 1};
  if (facts.max > 255 * kLeastPart && facts.max <= power_of_two(16) - 1) {
    for (const int bits : kUsualBits) {
      if (facts.max <= power_of_two(bits) - 1) return {0, power_of_two(bits) - 1};
    }
  }
  return {0, facts.max};
}

template <class Value>
std::size_t scale(const Value* values, std::size_t count, const Range& range, bool invert, std::uint8_t* out) {
  const double low = range[0], gain = 255.0 / (range[1] - range[0]);
  const std::uint8_t flip = invert ? 255 : 0;
  std::size_t outside = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double scaled = (static_cast<double>(values[i]) - low) * gain;
    outside += scaled < -0.5 || scaled > 255.5 ? 1 : 0;
    out[i] = static_cast<std::uint8_t>(std::clamp(scaled, 0.0, 255.0) + 0.5) ^ flip;
  }
  return outside;
}

}  // namespace

void ValueFacts::add(const ValueFacts& other) {
  if (!other.seen()) return;
  if (!seen()) {
    *this = other;
    return;
  }
  if (other.bits > bits) bits = other.bits;
  if (other.kind != kind) kind = NumberKind::kFloat;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
}

void add_values(const std::uint16_t* values, std::size_t count, ValueFacts& facts) {
  if (count == 0) return;
  std::uint16_t low = values[0], high = values[0];
  for (std::size_t i = 0; i < count; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  facts.min = std::min<double>(facts.min, low);
  facts.max = std::max<double>(facts.max, high);
}

void add_values(const float* values, std::size_t count, ValueFacts& facts) {
  bool finite = true;
  for (std::size_t i = 0; i < count; ++i) {
    const float value = values[i];
    finite = finite && std::isfinite(value);
    facts.min = std::min<double>(facts.min, value);
    facts.max = std::max<double>(facts.max, value);
  }
  if (!finite) throw ImageError("the picture holds values that are no numbers (NaN or infinite)");
}

Range choose_range(const ValueFacts& facts, std::string& reason) {
  const auto text = [](const Range& range) { return text_of(range[0]) + ".." + text_of(range[1]); };
  std::string doubt;
  if (facts.stated && (*facts.stated)[1] > (*facts.stated)[0]) {
    const Range& stated = *facts.stated;
    const bool whole_container =
        facts.kind != NumberKind::kFloat && stated[1] - stated[0] >= power_of_two(facts.bits) - 1;
    if (facts.display || (facts.max <= stated[1] && !whole_container)) {
      reason = "values " + text(stated) + " became 0..255: the file states this range (" + facts.stated_by + ")";
      return stated;
    }
    if (facts.max > stated[1]) doubt = "; the range that the file states (" + facts.stated_by + ") does not hold them";
  }
  const Range range = range_of_values(facts);
  reason =
      "values " + text(range) + " became 0..255: the file's values lie within " + text({facts.min, facts.max}) + doubt;
  return range;
}

std::size_t to_8_bits(const std::uint16_t* values, std::size_t count, const Range& range, bool invert,
                      std::uint8_t* out) {
  return scale(values, count, range, invert, out);
}

std::size_t to_8_bits(const float* values, std::size_t count, const Range& range, bool invert, std::uint8_t* out) {
  return scale(values, count, range, invert, out);
}

}  // namespace capillaryx
