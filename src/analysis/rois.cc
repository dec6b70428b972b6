// SPDX-License-Identifier: Apache-2.0
#include "analysis/rois.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>

namespace capillaryx {
namespace {

constexpr int kNobody = -1;

}  // namespace

int RoiFinder::root(int region) {
  while (regions_[static_cast<std::size_t>(region)].parent != region) {
    Region& r = regions_[static_cast<std::size_t>(region)];
    r.parent = regions_[static_cast<std::size_t>(r.parent)].parent;
    region = r.parent;
  }
  return region;
}

void RoiFinder::sort_dark_pixels(const Darkness& darkness, int lowest) {
  // A counting sort, darkest first, equal ones in reading order.
  constexpr int kLevels = 256 * Darkness::kFineOne;
  const auto& smooth = darkness.smooth;
  starts_.assign(kLevels + 1, 0);
  const int pixels = static_cast<int>(smooth.size());
  order_.clear();
  for (int i = 0; i < pixels; ++i) {
    if (smooth[static_cast<std::size_t>(i)] < lowest) continue;
    order_.push_back(i);
    ++starts_[static_cast<std::size_t>(kLevels - smooth[static_cast<std::size_t>(i)])];
  }
  int start = 0;
  for (int& s : starts_) {
    const int count = s;
    s = start;
    start += count;
  }
  sorted_.resize(order_.size());
  for (const int i : order_) {
    sorted_[static_cast<std::size_t>(
        starts_[static_cast<std::size_t>(kLevels - smooth[static_cast<std::size_t>(i)])]++)] = i;
  }
}

void RoiFinder::grow_regions(const Darkness& darkness, const SsimMap& ssim, float split_ratio, int small_area) {
  const int width = darkness.width, height = darkness.height;
  labels_.resize(darkness.smooth.size(), kNobody);
  regions_.clear();
  // Pixels come from all over the frame: what a later one needs is asked for ahead.
  constexpr std::size_t kAhead = 12;
  for (std::size_t i = 0; i < sorted_.size(); ++i) {
    const int pixel = sorted_[i];
    if (i + kAhead < sorted_.size()) {
      const int* const label = labels_.data() + sorted_[i + kAhead];
      __builtin_prefetch(label);
      if (sorted_[i + kAhead] >= width) __builtin_prefetch(label - width);
      if (sorted_[i + kAhead] < width * (height - 1)) __builtin_prefetch(label + width);
      __builtin_prefetch(ssim.row(0) + sorted_[i + kAhead]);
    }
    const int x = pixel % width, y = pixel / width;
    const std::int16_t d = darkness.smooth[static_cast<std::size_t>(pixel)];
    int near[8], count = 0, last_label = kNobody;
    for (int ny = std::max(y - 1, 0); ny <= std::min(y + 1, height - 1); ++ny) {
      for (int nx = std::max(x - 1, 0); nx <= std::min(x + 1, width - 1); ++nx) {
        const int label =
            labels_[static_cast<std::size_t>(ny) * static_cast<std::size_t>(width) + static_cast<std::size_t>(nx)];
        if (label == kNobody || label == last_label) continue;
        last_label = label;
        const int region = root(label);
        if (std::find(near, near + count, region) == near + count) near[count++] = region;
      }
    }
    const std::int16_t similarity = ssim.row(y)[x];
    if (count == 0) {
      const int region = static_cast<int>(regions_.size());
      regions_.push_back({region, pixel, d, similarity, 0, 1, kNobody, 0, 0, 0, 0});
      labels_[static_cast<std::size_t>(pixel)] = region;
      continue;
    }
    // The first of the darkest takes the pixel; a region's number tells which came first.
    int main = near[0];
    for (int i = 1; i < count; ++i) main = std::min(main, near[i]);
    Region& taker = regions_[static_cast<std::size_t>(main)];
    for (int i = 0; i < count; ++i) {
      if (near[i] == main) continue;
      Region& other = regions_[static_cast<std::size_t>(near[i])];
      if (static_cast<float>(d) < split_ratio * static_cast<float>(other.peak) && other.area >= small_area) continue;
      other.parent = main;
      taker.area += other.area;
      taker.min_ssim = std::min(taker.min_ssim, other.min_ssim);
    }
    ++taker.area;
    taker.min_ssim = std::min(taker.min_ssim, similarity);
    labels_[static_cast<std::size_t>(pixel)] = main;
  }
}

// A region ends at `foot_ratio` of its own peak, so that a dark capillary does not take its shade along.
void RoiFinder::measure_regions(const Darkness& darkness, int lowest, float foot_ratio) {
  for (Region& r : regions_) {
    r.foot = static_cast<std::int16_t>(std::max(lowest, static_cast<int>(foot_ratio * static_cast<float>(r.peak))));
    r.area = 0;
    r.x0 = r.y0 = std::numeric_limits<int>::max();
    r.x1 = r.y1 = 0;
  }
  for (const int pixel : order_) {
    int& label = labels_[static_cast<std::size_t>(pixel)];
    label = root(label);
    Region& r = regions_[static_cast<std::size_t>(label)];
    if (darkness.smooth[static_cast<std::size_t>(pixel)] < r.foot) continue;
    const int x = pixel % darkness.width, y = pixel / darkness.width;
    ++r.area;
    r.x0 = std::min(r.x0, x);
    r.x1 = std::max(r.x1, x + 1);
    r.y0 = std::min(r.y0, y);
    r.y1 = y + 1;
  }
}

void RoiFinder::choose_rois(const Darkness& darkness, const SsimMap& ssim, const Options& options, int min_area) {
  // Four pixels of the frame are one here.
  const double max_area = options.max_area_px / 4, max_length = options.max_length_px / 2;
  const float least_peak = static_cast<float>(options.min_darkness) * darkness.spread * Darkness::kFineOne;
  const int most_similar = ssim.structure_threshold(options.min_structure);
  chosen_.assign(regions_.size(), 0);
  peaks_.clear();
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const Region& r = regions_[i];
    if (r.parent != static_cast<int>(i) || r.area < min_area || r.area > max_area) continue;
    if (std::max(r.x1 - r.x0, r.y1 - r.y0) > max_length) continue;
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
  sort_dark_pixels(darkness, lowest_step);
  grow_regions(darkness, ssim, static_cast<float>(options.split_ratio), min_area);
  measure_regions(darkness, lowest_step, static_cast<float>(options.foot_ratio));
  choose_rois(darkness, ssim, options, min_area);
  write_rois(darkness, rois);
  for (const int pixel : order_) labels_[static_cast<std::size_t>(pixel)] = kNobody;
}

void RoiFinder::write_rois(const Darkness& darkness, Rois& rois) {
  const int width = darkness.width;
  runs_.clear();
  run_rois_.clear();
  int last = kNobody;  // the roi of the pixel before
  int last_pixel = -2;
  for (const int pixel : order_) {  // in reading order
    const int region = labels_[static_cast<std::size_t>(pixel)];
    if (chosen_[static_cast<std::size_t>(region)] == 0) continue;
    Region& r = regions_[static_cast<std::size_t>(region)];
    const int d = darkness.smooth[static_cast<std::size_t>(pixel)];
    if (d < r.foot) continue;
    const int x = pixel % width, y = pixel / width;
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
