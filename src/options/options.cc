// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/options.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <type_traits>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

template <class Value>
struct Name {
  Value value;
  const char* name;
};

constexpr std::array kExecutors{
    Name<ExecutorKind>{ExecutorKind::kDriver, "driver"}, Name<ExecutorKind>{ExecutorKind::kRouter, "router"},
    Name<ExecutorKind>{ExecutorKind::kSerial, "serial"}, Name<ExecutorKind>{ExecutorKind::kRay, "ray"}};
constexpr std::array kWorkers{Name<WorkerKind>{WorkerKind::kProcess, "process"},
                              Name<WorkerKind>{WorkerKind::kThread, "thread"}};
constexpr std::array kPolicies{Name<WhenBehind>{WhenBehind::kWait, "wait"},
                               Name<WhenBehind>{WhenBehind::kDropOldest, "drop_oldest"},
                               Name<WhenBehind>{WhenBehind::kDropNewest, "drop_newest"}};
constexpr std::array kFormats{Name<OverlayFormat>{OverlayFormat::kJpg, "jpg"},
                              Name<OverlayFormat>{OverlayFormat::kPng, "png"}};
constexpr std::array kPictures{Name<Pictures>{Pictures::kNone, "none"}, Name<Pictures>{Pictures::kNeeded, "needed"},
                               Name<Pictures>{Pictures::kAll, "all"}};
constexpr std::array kPrecisions{Name<InferencePrecision>{InferencePrecision::kF32, "f32"},
                                 Name<InferencePrecision>{InferencePrecision::kBf16, "bf16"}};

template <class Names, class Value>
const char* name_of(const Names& names, Value value) {
  for (const auto& entry : names) {
    if (entry.value == value) return entry.name;
  }
  return "";
}

template <class Names, class Value>
bool value_of(const Names& names, std::string_view name, Value& value) {
  for (const auto& entry : names) {
    if (name == entry.name) {
      value = entry.value;
      return true;
    }
  }
  return false;
}

/// The shortest text that is this number, whatever the locale.
std::string text(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

void check_range(const FieldInfo& info, double value) {
  if (std::isfinite(value) && value >= info.min && value <= info.max) return;
  throw Error(ErrorKind::kUsage, std::string(info.name) + " must lie between " + text(info.min) + " and " +
                                     text(info.max) + ", not " + text(value));
}

}  // namespace

const char* to_string(ExecutorKind value) { return name_of(kExecutors, value); }
const char* to_string(WorkerKind value) { return name_of(kWorkers, value); }
const char* to_string(WhenBehind value) { return name_of(kPolicies, value); }
const char* to_string(OverlayFormat value) { return name_of(kFormats, value); }
const char* to_string(Pictures value) { return name_of(kPictures, value); }
const char* to_string(InferencePrecision value) { return name_of(kPrecisions, value); }
bool from_string(std::string_view name, ExecutorKind& value) { return value_of(kExecutors, name, value); }
bool from_string(std::string_view name, WorkerKind& value) { return value_of(kWorkers, name, value); }
bool from_string(std::string_view name, WhenBehind& value) { return value_of(kPolicies, name, value); }
bool from_string(std::string_view name, OverlayFormat& value) { return value_of(kFormats, name, value); }
bool from_string(std::string_view name, Pictures& value) { return value_of(kPictures, name, value); }
bool from_string(std::string_view name, InferencePrecision& value) { return value_of(kPrecisions, name, value); }

std::optional<std::array<int, 4>> parse_roi(const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::array<int, 4> roi{};
  const char* at = text.data();
  const char* const end = at + text.size();
  bool whole = true;
  for (std::size_t i = 0; i < roi.size() && whole; ++i) {
    if (i > 0) whole = at != end && *at++ == ',';
    const auto [next, error] = std::from_chars(at, end, roi[i]);
    whole = whole && error == std::errc();
    at = next;
  }
  if (!whole || at != end || roi[0] < 0 || roi[1] < 0 || roi[2] < 1 || roi[3] < 1) {
    throw Error(ErrorKind::kUsage, "roi must be X,Y,WIDTH,HEIGHT in whole pixels, not '" + text + "'");
  }
  return roi;
}

void check_options(const Options& options) {
  parse_roi(options.roi);
  visit_fields(options, [](const FieldInfo& info, const auto& field) {
    using Field = std::decay_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, std::optional<double>>) {
      if (field) check_range(info, *field);
    } else if constexpr (std::is_arithmetic_v<Field> && !std::is_same_v<Field, bool>) {
      check_range(info, static_cast<double>(field));
    }
  });
  if (options.csv_separator != "," && options.csv_separator != ";" && options.csv_separator != "tab") {
    throw Error(ErrorKind::kUsage, "csv_separator is , or ; or tab");
  }
  if (options.min_area_px > options.max_area_px) {
    throw Error(ErrorKind::kUsage, "min_area_px must not be larger than max_area_px");
  }
}

}  // namespace capillaryx
