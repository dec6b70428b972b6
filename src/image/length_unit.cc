// SPDX-License-Identifier: Apache-2.0
#include "image/length_unit.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace capillaryx {
namespace {

using Unit = std::pair<std::string_view, double>;

template <std::size_t N>
std::optional<double> find(const std::array<Unit, N>& units, std::string_view name) {
  const auto found = std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.first == name; });
  return found == units.end() ? std::nullopt : std::optional(found->second);
}

// The micro sign in each of its codings becomes u.
std::string plain(std::string_view name) {
  std::string text(name);
  for (const std::string_view micro : {"\xc2\xb5", "\xce\xbc", "\xb5", "\\u00B5", "\\u00b5", "\\u03BC", "&#181;",
                                       "&#xB5;", "&#xb5;", "&#956;", "&micro;"}) {
    if (const std::size_t at = text.find(micro); at != std::string::npos) text.replace(at, micro.size(), "u");
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

std::optional<double> um_per_unit(std::string_view unit) {
  static constexpr std::array<Unit, 14> kUnits = {{{"um", 1},
                                                   {"micron", 1},
                                                   {"microns", 1},
                                                   {"micrometer", 1},
                                                   {"micrometers", 1},
                                                   {"micrometre", 1},
                                                   {"nm", 1e-3},
                                                   {"nanometer", 1e-3},
                                                   {"mm", 1e3},
                                                   {"millimeter", 1e3},
                                                   {"cm", 1e4},
                                                   {"centimeter", 1e4},
                                                   {"m", 1e6},
                                                   {"meter", 1e6}}};
  return find(kUnits, plain(unit));
}

std::optional<double> s_per_unit(std::string_view unit) {
  static constexpr std::array<Unit, 12> kUnits = {{{"s", 1},
                                                   {"sec", 1},
                                                   {"seconds", 1},
                                                   {"ms", 1e-3},
                                                   {"msec", 1e-3},
                                                   {"us", 1e-6},
                                                   {"usec", 1e-6},
                                                   {"ns", 1e-9},
                                                   {"min", 60},
                                                   {"minutes", 60},
                                                   {"h", 3600},
                                                   {"hours", 3600}}};
  return find(kUnits, plain(unit));
}

bool plausible_scale(double um_per_px) { return um_per_px >= 0.01 && um_per_px <= 100; }

}  // namespace capillaryx
