// SPDX-License-Identifier: Apache-2.0
#include "image/tiff_description.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include "image/length_unit.h"
#include "image/ome_xml.h"

namespace capillaryx {
namespace {

constexpr std::int64_t kMaxPlanes = 1'000'000;

// --- OME

struct OmeImage {
  std::string_view order;
  std::int64_t channels = 1, depth = 1, times = 1;
  std::int64_t samples = 1;  ///< of a channel: three of an RGB one
  std::optional<double> increment_s;
  struct Data {
    std::optional<std::int64_t> directory, planes;
    std::array<std::int64_t, 3> first{};  ///< C, Z, T
    std::string_view uuid;
  };
  std::vector<Data> data;
  std::map<std::pair<std::int64_t, std::int64_t>, double> times_s;  ///< by (Z, T)
};

// The place of (c, z, t) in the image's order of planes, and back.
class PlaneOrder {
 public:
  PlaneOrder(const OmeImage& image, std::int64_t channels) : sizes_{channels, image.depth, image.times} {
    std::size_t axis = 0;
    for (const char letter : image.order) {
      if (letter == 'C') axes_[axis++] = 0;
      if (letter == 'Z') axes_[axis++] = 1;
      if (letter == 'T') axes_[axis++] = 2;
      if (axis == 3) break;
    }
    if (axis != 3 || axes_[0] == axes_[1] || axes_[1] == axes_[2] || axes_[0] == axes_[2]) axes_ = {0, 1, 2};
  }
  std::int64_t count() const { return sizes_[0] * sizes_[1] * sizes_[2]; }
  std::int64_t place(const std::array<std::int64_t, 3>& czt) const {
    return czt[axes_[0]] + sizes_[axes_[0]] * (czt[axes_[1]] + sizes_[axes_[1]] * czt[axes_[2]]);
  }

 private:
  std::array<std::int64_t, 3> sizes_;
  std::array<std::size_t, 3> axes_{};
};

std::int64_t size_of(const XmlTags& tags, std::string_view name) {
  return std::clamp<std::int64_t>(tags.whole(name).value_or(1), 1, kMaxPlanes);
}

double unit_of(const XmlTags& tags, std::string_view name) {
  const std::string_view unit = tags.attribute(name);
  return unit.empty() ? 1 : s_per_unit(unit).value_or(0);
}

void take_pixels(const XmlTags& tags, TiffDescription& description, OmeImage& image) {
  image.order = tags.attribute("DimensionOrder");
  if (image.order.starts_with("XY")) image.order.remove_prefix(2);
  image.channels = size_of(tags, "SizeC");
  image.depth = size_of(tags, "SizeZ");
  image.times = size_of(tags, "SizeT");
  if (const auto increment = tags.number("TimeIncrement")) {
    const double seconds = *increment * unit_of(tags, "TimeIncrementUnit");
    if (seconds > 0) image.increment_s = seconds;
  }
  if (description.scale_um_per_px || description.stated_range) return;
  const std::string_view unit = tags.attribute("PhysicalSizeXUnit");
  const auto um = unit.empty() ? std::optional(1.0) : um_per_unit(unit);
  const auto x = tags.number("PhysicalSizeX"), y = tags.number("PhysicalSizeY");
  if (um && x && *x > 0) {
    if (y && std::abs(*y - *x) > 0.01 * *x) {
      description.notes.emplace_back("the file's pixels are not square: its scale is not used");
    } else if (plausible_scale(*x * *um)) {
      description.scale_um_per_px = *x * *um;
    }
  }
  if (const auto bits = tags.whole("SignificantBits"); bits && *bits > 0 && *bits < 32) {
    description.stated_range = {0, std::ldexp(1.0, static_cast<int>(*bits)) - 1};
    description.stated_by = "SignificantBits";
  }
}

// Which directory holds which plane.
std::vector<std::int64_t> directories_of(const OmeImage& image, const PlaneOrder& order, std::string_view file_uuid,
                                         std::int64_t& next_directory, std::int64_t directory_count) {
  std::vector<std::int64_t> found(static_cast<std::size_t>(order.count()), -1);
  const auto set = [&](std::int64_t place, std::int64_t directory) {
    if (place < 0 || place >= order.count() || directory < 0 || directory >= directory_count) return;
    found[static_cast<std::size_t>(place)] = directory;
    next_directory = std::max(next_directory, directory + 1);
  };
  if (image.data.empty()) {
    const std::int64_t first = next_directory;
    for (std::int64_t i = 0; i < order.count() && first + i < directory_count; ++i) set(i, first + i);
    return found;
  }
  std::int64_t following = next_directory;
  for (const OmeImage::Data& data : image.data) {
    if (!data.uuid.empty() && !file_uuid.empty() && data.uuid != file_uuid) continue;  // in another file
    const std::int64_t directory = data.directory.value_or(following);
    const bool all = !data.directory && !data.planes;
    const std::int64_t count = std::min(data.planes.value_or(all ? order.count() : 1), directory_count - directory);
    const std::int64_t place = order.place(data.first);
    for (std::int64_t i = 0; i < count; ++i) set(place + i, directory + i);
    following = directory + std::max<std::int64_t>(count, 0);
  }
  return found;
}

void add_frames(const OmeImage& image, std::string_view file_uuid, std::int64_t& next_directory,
                const TiffDirectories& pages, TiffDescription& description) {
  // The samples of an RGB channel lie in one plane.
  const std::int64_t samples =
      std::max(image.samples, image.channels % 3 == 0 && pages.pages[0].samples >= 3 ? std::int64_t{3} : 1);
  const std::int64_t channels = std::max<std::int64_t>(1, image.channels / samples);
  if (channels > kMaxPlanes / image.depth || channels * image.depth > kMaxPlanes / image.times) return;
  const PlaneOrder order(image, channels);
  const auto directories =
      directories_of(image, order, file_uuid, next_directory, static_cast<std::int64_t>(pages.pages.size()));
  const bool timed = image.times > 1 || image.depth == 1;
  for (std::int64_t t = 0; t < image.times; ++t) {
    for (std::int64_t z = 0; z < image.depth; ++z) {
      TiffDescription::Frame frame;
      for (std::int64_t c = 0; c < channels; ++c) {
        frame.planes.push_back(directories[static_cast<std::size_t>(order.place({c, z, t}))]);
      }
      if (const auto found = image.times_s.find({z, t}); found != image.times_s.end()) {
        frame.time_s = found->second;
      } else if (timed && image.increment_s && image.times > 1) {
        frame.time_s = static_cast<double>(t) * *image.increment_s;
      }
      description.frames.push_back(std::move(frame));
    }
  }
}

TiffDescription describe_ome(const TiffDirectories& pages) {
  TiffDescription description;
  description.scale_from = "tiff:ome";
  XmlTags tags(pages.pages[0].description);
  std::vector<OmeImage> images;
  std::string_view file_uuid;
  while (tags.next()) {
    if (tags.name() == "OME") file_uuid = tags.attribute("UUID");
    if (tags.name() == "Pixels") {
      if (images.size() >= 1000) break;
      take_pixels(tags, description, images.emplace_back());
    }
    if (images.empty()) continue;
    OmeImage& image = images.back();
    if (tags.name() == "Channel") {
      image.samples = std::max(image.samples, std::min<std::int64_t>(size_of(tags, "SamplesPerPixel"), 4));
    } else if (tags.name() == "TiffData") {
      const auto first = [&](std::string_view name) {
        return std::clamp<std::int64_t>(tags.whole(name).value_or(0), 0, kMaxPlanes);
      };
      OmeImage::Data data;
      if (const auto ifd = tags.whole("IFD")) data.directory = std::clamp<std::int64_t>(*ifd, 0, kMaxPlanes);
      if (const auto count = tags.whole("PlaneCount")) data.planes = std::clamp<std::int64_t>(*count, 0, kMaxPlanes);
      data.first = {first("FirstC"), first("FirstZ"), first("FirstT")};
      if (image.data.size() < static_cast<std::size_t>(kMaxPlanes)) image.data.push_back(data);
    } else if (tags.name() == "UUID" && !image.data.empty()) {
      image.data.back().uuid = tags.text();
    } else if (tags.name() == "Plane" && tags.whole("TheC").value_or(0) == 0) {
      if (const auto delta = tags.number("DeltaT")) {
        const double unit = unit_of(tags, "DeltaTUnit");
        if (unit > 0) image.times_s[{tags.whole("TheZ").value_or(0), tags.whole("TheT").value_or(0)}] = *delta * unit;
      }
    }
  }
  std::int64_t next_directory = 0;
  for (const OmeImage& image : images) {
    if (description.frames.size() > static_cast<std::size_t>(kMaxPlanes)) break;
    add_frames(image, file_uuid, next_directory, pages, description);
  }
  return description;
}

// --- ImageJ

double to_double(std::string_view text) {
  double value = std::numeric_limits<double>::quiet_NaN();
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void take_imagej_scale(std::string_view unit, const TiffDirectory& page, TiffDescription& description) {
  const auto um = um_per_unit(unit);
  if (!um || !page.x_per_unit || *page.x_per_unit <= 0) return;
  if (page.y_per_unit && std::abs(*page.y_per_unit - *page.x_per_unit) > 0.01 * *page.x_per_unit) {
    description.notes.emplace_back("the file's pixels are not square: its scale is not used");
    return;
  }
  const double scale = *um / *page.x_per_unit;
  if (plausible_scale(scale)) description.scale_um_per_px = scale;
}

TiffDescription describe_imagej(const TiffDirectories& pages) {
  const TiffDirectory& page = pages.pages[0];
  TiffDescription description;
  description.scale_from = "tiff:imagej";
  std::map<std::string_view, std::string_view> fields;
  for (std::string_view rest = page.description; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    if (const std::size_t equals = line.find('='); equals != std::string_view::npos) {
      fields.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const auto count = [&](std::string_view name) {
    const double value = to_double(fields[name]);
    return value >= 1 && value <= static_cast<double>(kMaxPlanes) ? static_cast<std::int64_t>(value) : 1;
  };
  description.images = count("images");
  const std::int64_t channels = page.samples >= 3 ? 1 : std::min(count("channels"), description.images);
  const std::int64_t slices = count("slices"), times = count("frames");
  double interval = to_double(fields["finterval"]);
  if (const std::string_view unit = fields["tunit"]; !unit.empty()) interval *= s_per_unit(unit).value_or(0);
  const std::int64_t depth = times > 1 ? slices : 1;  // the slices of a plain stack are its times
  for (std::int64_t i = 0; i + channels <= description.images; i += channels) {
    TiffDescription::Frame& frame = description.frames.emplace_back();
    for (std::int64_t c = 0; c < channels; ++c) frame.planes.push_back(i + c);
    if (interval > 0 && description.images > channels) {
      const std::int64_t time = i / channels / depth;
      frame.time_s = static_cast<double>(time) * interval;
    }
  }
  if (fields["cf"] == "0" && to_double(fields["c0"]) == -32768 && page.bits == 16) description.value_offset = -32768;
  const double low = to_double(fields["min"]), high = to_double(fields["max"]);
  if (channels == 1 && page.samples == 1 && low < high) {
    description.stated_range = {low + description.value_offset, high + description.value_offset};
    description.stated_by = "ImageJ's display range";
    description.display = true;
  }
  take_imagej_scale(fields["unit"], page, description);
  return description;
}

}  // namespace

TiffDescription describe_tiff(const TiffDirectories& pages) {
  const std::string& text = pages.pages[0].description;
  if (text.starts_with("ImageJ=")) return describe_imagej(pages);
  const std::string_view start = std::string_view(text).substr(0, 4096);
  if (start.find("<OME") != std::string_view::npos || start.find("<ome:OME") != std::string_view::npos) {
    return describe_ome(pages);
  }
  return {};
}

}  // namespace capillaryx
