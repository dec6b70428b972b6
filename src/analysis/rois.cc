// SPDX-License-Identifier: Apache-2.0
#include "analysis/rois.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <functional>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/rois.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// A plain loop: compiled anew for every instruction set, it becomes its vectors.
HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

// 1 for each value of a row that is dark.
void mark_dark(const std::int16_t* values, std::int16_t lowest, int width, std::uint8_t* out) {
  for (int x = 0; x < width; ++x) out[x] = static_cast<std::uint8_t>(values[x] >= lowest);
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(mark_dark);

constexpr int kNobody = -1;

// A beaded or half-lit capillary meets itself in small pieces with deep gaps between them, while two capillaries that
// touch are each as large as a capillary is: the gap that parts two regions may be the deeper the smaller the lesser
// one is, down to a third. `area`: reduced px, so that sides are 14 to 36 px of the frame.
float part_of_ratio(int area) {
  constexpr float kSmall = 7, kLarge = 18, kLeast = 1.F / 3;
  const float side = std::sqrt(static_cast<float>(area));
  return std::clamp(kLeast + (1 - kLeast) * (side - kSmall) / (kLarge - kSmall), kLeast, 1.F);
}

static_assert(std::endian::native == std::endian::little);  // marks are read eight at a time

}  // namespace

int RoiFinder::root(int region) {
  while (regions_[static_cast<std::size_t>(region)].parent != region) {
    Region& r = regions_[static_cast<std::size_t>(region)];
    r.parent = regions_[static_cast<std::size_t>(r.parent)].parent;
    region = r.parent;
  }
  return region;
}

// order_: dark pixels in reading order.
void RoiFinder::find_dark_pixels(const Darkness& darkness, int lowest) {
  const int width = darkness.width;
  const auto least = static_cast<std::int16_t>(std::min<int>(lowest, std::numeric_limits<std::int16_t>::max()));
  marks_.assign((static_cast<std::size_t>(width) + 7) / 8 * 8, 0);
  order_.clear();
  for (int y = 0; y < darkness.height; ++y) {
    const int row = y * width, to_place = y + width + 2;
    HWY_DYNAMIC_DISPATCH(mark_dark)(darkness.smooth.data() + row, least, width, marks_.data());
    for (int x = 0; x < width; x += 8) {
      std::uint64_t eight;
      std::memcpy(&eight, marks_.data() + x, sizeof eight);
      for (; eight != 0; eight &= eight - 1) {
        const int pixel = row + x + std::countr_zero(eight) / 8;
        order_.push_back({pixel, pixel + to_place});
      }
    }
  }
}

// A counting sort, darkest first, equal ones in reading order. starts_ becomes the end of each darkness.
void RoiFinder::sort_dark_pixels(const Darkness& darkness) {
  const auto level = [&darkness](const DarkPixel& dark) {
    return static_cast<std::size_t>(kLevels - darkness.smooth[static_cast<std::size_t>(dark.pixel)]);
  };
  starts_.assign(kLevels + 1, 0);
  for (const DarkPixel& dark : order_) ++starts_[level(dark)];
  int start = 0;
  for (int& s : starts_) {
    const int count = s;
    s = start;
    start += count;
  }
  sorted_.resize(order_.size());
  for (const DarkPixel& dark : order_) sorted_[static_cast<std::size_t>(starts_[level(dark)]++)] = dark;
}

bool RoiFinder::outgrows(const Region& region) const {
  return region.area > max_area_ || std::max(region.x1 - region.x0, region.y1 - region.y0) > max_length_;
}

// Two that are too large together end where they meet, and neither takes more.
void RoiFinder::join(Region& taker, Region& other, std::int16_t level) const {
  Region both = taker;
  both.area += other.area;
  both.x0 = std::min(taker.x0, other.x0);
  both.y0 = std::min(taker.y0, other.y0);
  both.x1 = std::max(taker.x1, other.x1);
  both.y1 = std::max(taker.y1, other.y1);
  if (!outgrows(both)) {
    other.parent = taker.parent;
    taker = both;
    return;
  }
  for (Region* const region : {&taker, &other}) {
    if (region->outgrown == 0) region->outgrown = level;
  }
}

void RoiFinder::grow_regions(const Darkness& darkness, const Options& options, int small_area) {
  const int width = darkness.width, height = darkness.height, step = width + 1;
  const auto split_ratio = static_cast<float>(options.split_ratio);
  labels_.resize(static_cast<std::size_t>(height + 2) * static_cast<std::size_t>(step) + 1, kNobody);
  regions_.clear();
  const auto ends = starts_.begin();
  // Pixels come from all over the frame: what a later one needs is asked for ahead.
  constexpr std::size_t kAhead = 16;
  std::ptrdiff_t level = 0;
  for (std::size_t i = 0; i < sorted_.size(); ++i) {
    while (ends[level] <= static_cast<int>(i)) ++level;
    if (i + kAhead < sorted_.size()) {
      const int* const ahead = labels_.data() + sorted_[i + kAhead].place;
      __builtin_prefetch(ahead - step);
      __builtin_prefetch(ahead);
      __builtin_prefetch(ahead + step);
    }
    int* const label = labels_.data() + sorted_[i].place;
    const auto darkness_here = static_cast<std::int16_t>(kLevels - level);
    const int y = sorted_[i].row(width), x = sorted_[i].pixel - y * width;
    const int around[8] = {label[-step - 1], label[-step],    label[-step + 1], label[-1],
                           label[1],         label[step - 1], label[step],      label[step + 1]};
    // Nobody is the highest of these numbers, and the lowest when they have a sign.
    unsigned first = static_cast<unsigned>(kNobody);
    int last = kNobody;
    for (const int each : around) {
      first = std::min(first, static_cast<unsigned>(each));
      last = std::max(last, each);
    }
    if (last == kNobody) {
      const int region = static_cast<int>(regions_.size());
      regions_.push_back({region, sorted_[i].pixel, darkness_here, std::numeric_limits<std::int16_t>::max(), 0, 0, 1,
                          kNobody, x, y, x + 1, y + 1});
      *label = region;
      continue;
    }
    int main = root(last);
    if (static_cast<int>(first) != last) {
      // The first of the darkest takes the pixel; a region's number tells which came first.
      int near[8], count = 0, before = kNobody;
      for (const int each : around) {
        if (each == kNobody || each == before) continue;
        before = each;
        const int region = root(each);
        if (std::find(near, near + count, region) == near + count) near[count++] = region;
        main = std::min(main, region);
      }
      Region& taker = regions_[static_cast<std::size_t>(main)];
      for (int k = 0; k < count; ++k) {
        if (near[k] == main) continue;
        Region& other = regions_[static_cast<std::size_t>(near[k])];
        const float ratio = split_ratio * part_of_ratio(std::min(taker.area, other.area));
        if (static_cast<float>(darkness_here) < ratio * static_cast<float>(other.peak) && other.area >= small_area) {
          continue;
        }
        join(taker, other, darkness_here);
      }
    }
    Region& taker = regions_[static_cast<std::size_t>(main)];
    ++taker.area;
    taker.x0 = std::min(taker.x0, x);
    taker.y0 = std::min(taker.y0, y);
    taker.x1 = std::max(taker.x1, x + 1);
    taker.y1 = std::max(taker.y1, y + 1);
    if (taker.outgrown == 0 && outgrows(taker)) taker.outgrown = darkness_here;
    *label = main;
  }
}

// A region ends at `foot_ratio` of its own peak, so that a dark capillary does not take its shade along.
void RoiFinder::measure_regions(const Darkness& darkness, const SsimMap& ssim, int lowest, float foot_ratio) {
  for (Region& r : regions_) {
    const int foot = std::max(lowest, static_cast<int>(foot_ratio * static_cast<float>(r.peak)));
    r.foot = static_cast<std::int16_t>(r.outgrown == 0 ? foot : std::max(foot, r.peak / 2));
    r.area = 0;
    r.x0 = r.y0 = std::numeric_limits<int>::max();
    r.x1 = r.y1 = 0;
  }
  for (const DarkPixel& dark : order_) {
    int& label = labels_[static_cast<std::size_t>(dark.place)];
    label = root(label);
    Region& r = regions_[static_cast<std::size_t>(label)];
    r.min_ssim = std::min(r.min_ssim, ssim.row(0)[dark.pixel]);
    if (darkness.smooth[static_cast<std::size_t>(dark.pixel)] < r.foot) continue;
    const int y = dark.row(darkness.width), x = dark.pixel - y * darkness.width;
    ++r.area;
    r.x0 = std::min(r.x0, x);
    r.x1 = std::max(r.x1, x + 1);
    r.y0 = std::min(r.y0, y);
    r.y1 = y + 1;
  }
}

void RoiFinder::choose_rois(const Darkness& darkness, const SsimMap& ssim, const Options& options, int min_area) {
  const float least_peak = static_cast<float>(options.min_darkness) * darkness.spread * Darkness::kFineOne;
  const int most_similar = ssim.structure_threshold(options.min_structure);
  chosen_.assign(regions_.size(), 0);
  peaks_.clear();
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const Region& r = regions_[i];
    if (r.parent != static_cast<int>(i) || r.area < min_area || outgrows(r)) continue;
    if (r.outgrown >= r.peak / 3) continue;
    if (static_cast<float>(r.peak) < least_peak || r.min_ssim >= most_similar) continue;
    chosen_[i] = 1;
    peaks_.push_back(r.peak);
  }
  const auto most = static_cast<std::size_t>(options.max_rois);
  if (peaks_.size() <= most) return;
  // Too many: the darkest stay, the earlier ones of equals.
  const auto faintest = peaks_.begin() + static_cast<std::ptrdiff_t>(most) - 1;
  std::nth_element(peaks_.begin(), faintest, peaks_.end(), std::greater<>());
  const int limit = *faintest;
  auto equals = static_cast<std::ptrdiff_t>(most) -
                std::count_if(peaks_.begin(), peaks_.end(), [limit](int peak) { return peak > limit; });
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    if (chosen_[i] == 0 || regions_[i].peak > limit) continue;
    if (regions_[i].peak < limit || equals-- <= 0) chosen_[i] = 0;
  }
}

void RoiFinder::find(const Darkness& darkness, const SsimMap& ssim, const Options& options, Rois& rois) {
  rois.rois.clear();
  rois.runs.clear();
  const double lowest = options.region_darkness * static_cast<double>(darkness.spread) * Darkness::kFineOne;
  const int lowest_step = std::max(1, static_cast<int>(lowest + 0.5));
  const int min_area = std::max(1, static_cast<int>(std::min(options.min_area_px / 4 + 0.5, 1e9)));
  max_area_ = options.max_area_px / 4;  // four pixels of the frame are one here
  max_length_ = options.max_length_px / 2;
  find_dark_pixels(darkness, lowest_step);
  sort_dark_pixels(darkness);
  grow_regions(darkness, options, min_area);
  measure_regions(darkness, ssim, lowest_step, static_cast<float>(options.foot_ratio));
  choose_rois(darkness, ssim, options, min_area);
  write_rois(darkness, rois);
  for (const DarkPixel& dark : order_) labels_[static_cast<std::size_t>(dark.place)] = kNobody;
}

void RoiFinder::write_rois(const Darkness& darkness, Rois& rois) {
  const int width = darkness.width;
  runs_.clear();
  run_rois_.clear();
  int last = kNobody;  // the roi of the pixel before
  int last_pixel = -2;
  for (const DarkPixel& dark : order_) {  // in reading order
    const int pixel = dark.pixel;
    const int region = labels_[static_cast<std::size_t>(dark.place)];
    if (chosen_[static_cast<std::size_t>(region)] == 0) continue;
    Region& r = regions_[static_cast<std::size_t>(region)];
    const int d = darkness.smooth[static_cast<std::size_t>(pixel)];
    if (d < r.foot) continue;
    const int y = dark.row(width), x = pixel - y * width;
    if (r.roi == kNobody) {
      r.roi = static_cast<int>(rois.rois.size());
      Roi roi;
      roi.x = 2 * r.x0;
      roi.y = 2 * r.y0;
      roi.width = 2 * (r.x1 - r.x0);
      roi.height = 2 * (r.y1 - r.y0);
      roi.area_px = 4 * r.area;
      roi.peak_x = 2 * (r.peak_pixel % width);
      roi.peak_y = 2 * (r.peak_pixel / width);
      roi.darkness = static_cast<float>(r.peak) / Darkness::kFineOne;
      rois.rois.push_back(roi);
    }
    Roi& roi = rois.rois[static_cast<std::size_t>(r.roi)];
    roi.mean_darkness += static_cast<float>(d);
    if (last == r.roi && last_pixel + 1 == pixel && x > 0) {
      ++runs_.back().length;
    } else {
      runs_.push_back({x, y, 1});
      run_rois_.push_back(r.roi);
      ++roi.run_count;
    }
    last = r.roi;
    last_pixel = pixel;
  }
  // Reduced pixels are squares of 2x2: twice the length, in two rows.
  int first = 0;
  for (Roi& roi : rois.rois) {
    const int reduced_px = roi.area_px / 4;
    roi.mean_darkness /= static_cast<float>(reduced_px * Darkness::kFineOne);
    roi.first_run = first;
    roi.run_count *= 2;
    first += roi.run_count;
  }
  rois.runs.resize(static_cast<std::size_t>(first));
  filled_.assign(rois.rois.size(), 0);
  std::size_t i = 0;
  while (i < runs_.size()) {
    // The runs of one row, twice.
    std::size_t end = i;
    while (end < runs_.size() && runs_[end].y == runs_[i].y) ++end;
    for (int half = 0; half < 2; ++half) {
      for (std::size_t k = i; k < end; ++k) {
        const auto owner = static_cast<std::size_t>(run_rois_[k]);
        const Run& run = runs_[k];
        rois.runs[static_cast<std::size_t>(rois.rois[owner].first_run + filled_[owner]++)] = {
            2 * run.x, 2 * run.y + half, 2 * run.length};
      }
    }
    i = end;
  }
}

}  // namespace capillaryx
#endif
