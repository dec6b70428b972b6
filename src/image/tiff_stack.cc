// SPDX-License-Identifier: Apache-2.0
// Which pages of a TIFF are frames, and which are smaller copies, masks, or channels of one frame.
#include <algorithm>
#include <cmath>
#include <string_view>

#include "image/length_unit.h"
#include "image/picture_stack.h"
#include "image/tiff_description.h"
#include "image/tiff_pixels.h"

namespace capillaryx {
namespace {

constexpr std::int64_t kMaxRawPlanes = 100'000'000;

std::string several(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

// A TIFF that tifffile wrote in one piece: {"shape": [10, 320, 480], "truncated": true}.
std::int64_t planes_of_shape(std::string_view text, const TiffDirectory& page) {
  if (!text.starts_with("{") || text.find("\"truncated\": true") == std::string_view::npos) return 0;
  const std::size_t open = text.find("\"shape\": [");
  if (open == std::string_view::npos) return 0;
  double values = 1;
  for (std::size_t at = open + 10; at < text.size() && text[at] != ']';) {
    double number = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') number = number * 10 + (text[at++] - '0');
    values *= number;
    while (at < text.size() && (text[at] == ',' || text[at] == ' ')) ++at;
    if (at < text.size() && text[at] != ']' && (text[at] < '0' || text[at] > '9')) return 0;
  }
  const double planes =
      values / (static_cast<double>(page.width) * static_cast<double>(page.height) * static_cast<double>(page.samples));
  return planes == std::floor(planes) && planes <= static_cast<double>(kMaxRawPlanes)
             ? static_cast<std::int64_t>(planes)
             : 0;
}

class TiffStack : public PictureStack {
 public:
  explicit TiffStack(ByteSource source) : source_(std::move(source)) {
    const TiffDirectories directories = read_tiff_directories(source_);
    reading_.big_endian = directories.big_endian;
    const TiffDescription description = describe_tiff(directories);
    choose_pages(directories.pages);
    if (!choose_raw(directories.pages, description)) choose_frames(directories.pages, description);
    const TiffDirectory& first = directories.pages[first_page_];
    take_values(first, description);
    take_scale(first, description);
    facts_.width = static_cast<int>(std::min<std::uint64_t>(first.width, INT32_MAX));
    facts_.height = static_cast<int>(std::min<std::uint64_t>(first.height, INT32_MAX));
    facts_.pages = raw_frames_ > 0 ? raw_frames_ : static_cast<std::int64_t>(frames_.size());
    if (first.orientation > 1 && first.orientation <= 8) {
      facts_.notes.push_back("the file's orientation tag (" + std::to_string(first.orientation) + ") is not applied");
    }
  }

  void read(std::int64_t page, Decoding& decoding) override {
    if (page < 0 || page >= facts_.pages) throw ImageError("the file has no page " + std::to_string(page));
    if (raw_frames_ == 0) {
      decode_tiff_planes(source_, frames_[static_cast<std::size_t>(page)], reading_, decoding);
      return;
    }
    std::vector<TiffPlane> planes;
    for (std::int64_t c = 0; c < std::min<std::int64_t>(raw_channels_, 3); ++c) {
      const auto plane = static_cast<std::uint64_t>(page * raw_channels_ + c);
      planes.push_back({raw_directory_, raw_start_ + plane * raw_plane_bytes_});
    }
    decode_tiff_planes(source_, planes, reading_, decoding);
  }

 private:
  // Leaves out pages that are marked as no separate picture.
  void choose_pages(const std::vector<TiffDirectory>& pages) {
    std::size_t reduced = 0, masks = 0, levels = 0;
    for (std::size_t i = 0; i < pages.size(); ++i) {
      reduced += pages[i].reduced ? 1 : 0;
      masks += pages[i].mask && !pages[i].reduced ? 1 : 0;
      if (!pages[i].reduced && !pages[i].mask) usable_.push_back(i);
    }
    if (usable_.empty()) {  // a picture is a picture
      usable_.push_back(0);
      reduced = masks = 0;
    }
    levels += pages[usable_[0]].sub_directories;
    if (reduced > 0) facts_.notes.push_back(several(reduced, "reduced page was", "reduced pages were") + " skipped");
    if (masks > 0) facts_.notes.push_back(several(masks, "mask was", "masks were") + " skipped");
    if (levels > 0 && levels < 1000) {
      facts_.notes.push_back(several(levels, "pyramid level was", "pyramid levels were") + " skipped");
    }
  }

  // Pages that say nothing of themselves: smaller copies of the only page of full size are no frames.
  void drop_copies(const std::vector<TiffDirectory>& pages) {
    const auto area = [&](std::size_t i) {
      return static_cast<double>(pages[i].width) * static_cast<double>(pages[i].height);
    };
    const std::size_t largest = *std::max_element(usable_.begin(), usable_.end(),
                                                  [&](std::size_t a, std::size_t b) { return area(a) < area(b); });
    const TiffDirectory& full = pages[largest];
    const bool copies = std::all_of(usable_.begin(), usable_.end(), [&](std::size_t i) {
      if (i == largest) return true;
      const TiffDirectory& page = pages[i];
      if (page.width == 0 || page.height == 0 || page.width * 2 > full.width + 1 || page.height * 2 > full.height + 1)
        return false;
      const double across = static_cast<double>(full.width) / static_cast<double>(page.width);
      const double down = static_cast<double>(full.height) / static_cast<double>(page.height);
      return std::abs(across - down) <= 0.02 * across;
    });
    if (!copies || usable_.size() < 2) return;
    facts_.notes.push_back(
        several(usable_.size() - 1, "smaller copy of the picture was", "smaller copies of the picture were") +
        " skipped");
    usable_ = {largest};
  }

  // Stacks with one directory for all pictures: ImageJ's over 4 GB, MetaMorph's, tifffile's.
  bool choose_raw(const std::vector<TiffDirectory>& pages, const TiffDescription& description) {
    const TiffDirectory& page = pages[usable_[0]];
    std::int64_t planes = 0;
    if (usable_.size() == 1 && usable_[0] == 0) {
      if (description.scale_from == "tiff:imagej") planes = description.images;
      planes = std::max({planes, planes_of_shape(page.description, page),
                         static_cast<std::int64_t>(std::min<std::uint64_t>(page.metamorph_planes, kMaxRawPlanes))});
    }
    if (planes < 2) return false;
    if (page.compression != 1 || !page.strips_adjoin) {
      facts_.notes.push_back("the file says that it holds " + std::to_string(planes) +
                             " pictures, but only the first can be found in it");
      return false;
    }
    constexpr std::uint64_t kMaxSide = 1U << 28U;
    if (page.width < 1 || page.width > kMaxSide || page.samples < 1 || page.samples > 64 || page.bits < 8 ||
        page.bits > 64 || page.height < 1) {
      throw ImageError("the TIFF is damaged: its pictures have an impossible form");
    }
    const std::uint64_t row_bytes = page.width * page.samples * (page.bits / 8);
    if (page.height > source_.size() / row_bytes) {
      throw ImageError("the TIFF is damaged: it is smaller than its pictures");
    }
    const std::uint64_t bytes = row_bytes * page.height;
    const std::int64_t there =
        static_cast<std::int64_t>((source_.size() - std::min(source_.size(), page.first_strip)) / bytes);
    if (there < planes) {
      throw ImageError("the TIFF is truncated: it says that it holds " + std::to_string(planes) +
                       " pictures, but has data of " + std::to_string(there));
    }
    raw_directory_ = page.offset;
    raw_start_ = page.first_strip;
    raw_plane_bytes_ = bytes;
    raw_channels_ = description.frames.empty() ? 1 : static_cast<std::int64_t>(description.frames[0].planes.size());
    raw_frames_ = planes / raw_channels_;
    note_channels(static_cast<std::size_t>(raw_channels_));
    for (std::size_t i = 0; i < description.frames.size() && i < static_cast<std::size_t>(raw_frames_); ++i) {
      if (description.frames[i].time_s) facts_.page_times_s.push_back(*description.frames[i].time_s);
    }
    if (facts_.page_times_s.size() != static_cast<std::size_t>(raw_frames_)) facts_.page_times_s.clear();
    return true;
  }

  void choose_frames(const std::vector<TiffDirectory>& pages, const TiffDescription& description) {
    const bool ome = description.scale_from == "tiff:ome";
    std::vector<bool> used(pages.size(), false);
    std::size_t missing = 0;
    bool timed = !description.frames.empty();
    // ImageJ's text of a file that was appended to says less than the file holds.
    const bool trusted = ome || static_cast<std::size_t>(description.images) >= usable_.size();
    for (const TiffDescription::Frame& frame : description.frames) {
      if (!trusted) break;
      // ImageJ counts pictures, OME directories.
      std::vector<TiffPlane> planes;
      for (const std::int64_t plane : frame.planes) {
        const auto count = static_cast<std::int64_t>(ome ? pages.size() : usable_.size());
        if (plane < 0 || plane >= count) break;
        const std::size_t index = ome ? static_cast<std::size_t>(plane) : usable_[static_cast<std::size_t>(plane)];
        if (planes.empty() && frames_.empty()) first_page_ = index;
        used[index] = true;
        planes.push_back({pages[index].offset, {}});
      }
      if (planes.size() != frame.planes.size()) {
        ++missing;
        continue;
      }
      const std::size_t channels = planes.size();
      if (frames_.empty()) note_channels(channels);
      planes.resize(std::min<std::size_t>(channels, 3));
      frames_.push_back(std::move(planes));
      timed = timed && frame.time_s.has_value();
      if (timed) facts_.page_times_s.push_back(*frame.time_s);
    }
    if (!timed) facts_.page_times_s.clear();
    if (frames_.empty()) {
      drop_copies(pages);
      first_page_ = usable_[0];
      for (const std::size_t index : usable_) frames_.push_back({{pages[index].offset, {}}});
      if (missing > 0)
        facts_.notes.emplace_back(
            "what the file says of its pictures does not fit what it holds: each page is a frame");
      return;
    }
    if (missing > 0)
      facts_.notes.push_back(several(missing, "frame that the file names is", "frames that the file names are") +
                             " not in it");
    const auto others = static_cast<std::size_t>(
        std::count_if(usable_.begin(), usable_.end(), [&](std::size_t index) { return !used[index]; }));
    if (others > 0)
      facts_.notes.push_back(
          several(others, "page that the file does not describe was", "pages that the file does not describe were") +
          " skipped");
  }

  void note_channels(std::size_t channels) {
    if (channels < 2) return;
    facts_.notes.push_back(channels == 2   ? "2 channels are read as red and green"
                           : channels == 3 ? "3 channels are read as red, green and blue"
                                           : "the first 3 of " + std::to_string(channels) +
                                                 " channels are read as red, green and blue; the others were not read");
  }

  void take_values(const TiffDirectory& page, const TiffDescription& description) {
    reading_.value_offset = description.value_offset;
    reading_.known.stated = description.stated_range;
    reading_.known.stated_by = description.stated_by;
    reading_.known.display = description.display;
    if (!reading_.known.stated && page.max_value && *page.max_value > 0) {
      reading_.known.stated = {std::min(0.0, page.min_value.value_or(0)), *page.max_value};
      reading_.known.stated_by = "MaxSampleValue";
    }
  }

  void take_scale(const TiffDirectory& page, const TiffDescription& description) {
    facts_.notes.insert(facts_.notes.end(), description.notes.begin(), description.notes.end());
    if (description.scale_um_per_px) {
      facts_.scale_um_per_px = description.scale_um_per_px;
      facts_.scale_from = description.scale_from;
      return;
    }
    // Centimetres are what microscopes' programs write; a printer's or a screen's resolution has larger pixels.
    constexpr double kLargestUm = 10;
    constexpr std::uint64_t kCentimetre = 3;
    if (!description.scale_from.empty() || page.unit != kCentimetre || !page.x_per_unit || *page.x_per_unit <= 0)
      return;
    if (page.y_per_unit && std::abs(*page.y_per_unit - *page.x_per_unit) > 0.01 * *page.x_per_unit) return;
    const double scale = 1e4 / *page.x_per_unit;
    if (!plausible_scale(scale) || scale > kLargestUm) return;
    facts_.scale_um_per_px = scale;
    facts_.scale_from = "tiff:cm";
  }

  ByteSource source_;
  TiffReading reading_;
  std::vector<std::size_t> usable_;
  std::size_t first_page_ = 0;
  std::vector<std::vector<TiffPlane>> frames_;
  std::uint64_t raw_directory_ = 0, raw_start_ = 0, raw_plane_bytes_ = 0;
  std::int64_t raw_channels_ = 1, raw_frames_ = 0;
};

}  // namespace

std::unique_ptr<PictureStack> open_tiff(ByteSource source) { return std::make_unique<TiffStack>(std::move(source)); }

}  // namespace capillaryx
