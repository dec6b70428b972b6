// SPDX-License-Identifier: Apache-2.0
// ImageJ's ROI format, as its RoiEncoder.java writes it, and the ZIP file of a ROI set.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "export/export.h"
#include "export/zip.h"

namespace capillaryx {
namespace {

constexpr std::size_t kHeaderBytes = 64;
constexpr int kVersion = 227;
constexpr int kSubPixelResolution = 128;  // an option: points as floats follow those in whole pixels

/// Numbers of a ROI, most significant byte first.
class Bytes {
 public:
  void put(std::size_t at, std::uint32_t value, std::size_t count) {
    bytes_.resize(std::max(bytes_.size(), at + count));
    for (std::size_t i = 0; i < count; ++i) bytes_[at + i] = static_cast<char>(value >> 8 * (count - 1 - i) & 0xFF);
  }
  void append(std::uint32_t value, std::size_t count) { put(bytes_.size(), value, count); }
  std::size_t size() const { return bytes_.size(); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

int whole(double value) { return static_cast<int>(std::clamp(std::floor(value), -32768.0, 32767.0)); }

/// `position` in a stack, from 1; 0: none.
std::string polygon_roi(const Capillary& capillary, std::uint32_t position, const std::string& name) {
  const std::vector<float>& polygon = capillary.polygon;
  const std::size_t points = polygon.size() / 2;
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
  for (std::size_t i = 0; i < points; ++i) {
    left = std::min<double>(left, polygon[2 * i]);
    right = std::max<double>(right, polygon[2 * i]);
    top = std::min<double>(top, polygon[2 * i + 1]);
    bottom = std::max<double>(bottom, polygon[2 * i + 1]);
  }
  const int x0 = whole(left), y0 = whole(top);
  Bytes roi;
  for (const char c : {'I', 'o', 'u', 't'}) roi.append(static_cast<unsigned char>(c), 1);
  roi.append(kVersion, 2);
  roi.append(0, 2);  // a polygon
  for (const int side : {y0, x0, whole(std::ceil(bottom)), whole(std::ceil(right))}) {
    roi.append(static_cast<std::uint32_t>(side), 2);
  }
  roi.append(static_cast<std::uint32_t>(points), 2);
  roi.put(50, kSubPixelResolution, 2);
  roi.put(kHeaderBytes - 8, position, 4);
  roi.put(kHeaderBytes - 4, 0, 4);
  for (const std::size_t axis : {0U, 1U}) {
    for (std::size_t i = 0; i < points; ++i) {
      roi.append(static_cast<std::uint32_t>(whole(polygon[2 * i + axis]) - (axis == 0 ? x0 : y0)), 2);
    }
  }
  for (const std::size_t axis : {0U, 1U}) {
    for (std::size_t i = 0; i < points; ++i) roi.append(std::bit_cast<std::uint32_t>(polygon[2 * i + axis]), 4);
  }
  const std::size_t second_header = roi.size();
  roi.put(kHeaderBytes - 4, static_cast<std::uint32_t>(second_header), 4);
  roi.put(second_header + 16, static_cast<std::uint32_t>(second_header + kHeaderBytes), 4);  // where the name is
  roi.put(second_header + 20, static_cast<std::uint32_t>(name.size()), 4);
  roi.put(second_header + kHeaderBytes - 4, 0, 4);
  for (const char c : name) roi.append(static_cast<unsigned char>(c), 2);
  return roi.take();
}

}  // namespace

std::string imagej_roi_set_of(const FrameResult& result) {
  const std::uint32_t position = result.page ? static_cast<std::uint32_t>(*result.page) + 1 : 0;
  ZipFile zip;
  for (std::size_t i = 0; i < result.capillaries.size(); ++i) {
    const Capillary& capillary = result.capillaries[i];
    if (capillary.polygon.size() < 6) continue;
    const std::string name = fmt::format("{:04}_{:.3f}", i + 1, capillary.score);
    zip.add(name + ".roi", polygon_roi(capillary, position, name));
  }
  return zip.finish();
}

}  // namespace capillaryx
