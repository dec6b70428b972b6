// SPDX-License-Identifier: Apache-2.0
#include "analysis/rois.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <tuple>

namespace capillaryx {
namespace {

constexpr int kNobody = -1;

// A beaded or half-lit capillary meets itself in small pieces with deep gaps between them, while two capillaries that
// touch are each as large as a capillary is: the gap that parts two regions may be the deeper the smaller the lesser
// one is, down to a third. `area`: reduced px, so that sides are 14 to 36 px of the frame.
float part_of_ratio(int area) {
  constexpr float kSmall = 7, kLarge = 18, kLeast = 1.F / 3;
  const float side = std::sqrt(static_cast<float>(area));
  return std::clamp(kLeast + (1 - kLeast) * (side - kSmall) / (kLarge - kSmall), kLeast, 1.F);
}

}  // namespace

// Most ways are no longer than two: those are gone without a question, which would often be answered wrong.
int RoiFinder::root(int region) {
  Region* const regions = regions_.data();
  int up = regions[region].parent = regions[regions[region].parent].parent;
  while (regions[up].parent != up) up = regions[up].parent = regions[regions[up].parent].parent;
  return up;
}

// pixels_: those of a place. False where none of its regions can be one of interest.
bool RoiFinder::take_up(const Darkness& darkness, const SsimMap& ssim, const DarkComponents::Component& component) {
  if (component.area < limits_.min_area) return false;
  may_outgrow_ = component.area > limits_.max_area ||
                 std::max(component.x1 - component.x0, component.y1 - component.y0) > limits_.max_length;
  pixels_.resize(static_cast<std::size_t>(component.area));
  window_step_ = component.x1 - component.x0 + 1;
  labels_.assign(static_cast<std::size_t>(component.y1 - component.y0 + 2) * static_cast<std::size_t>(window_step_) + 1,
                 kNobody);
  DarkPixel* pixel = pixels_.data();
  std::int16_t peak = 0, least_similar = std::numeric_limits<std::int16_t>::max();
  constexpr int kAhead = 12;
  const Run* const runs = dark_.runs().data();
  const int last = static_cast<int>(dark_.runs().size()) - 1;
  for (int i = component.first_run; i < component.end_run; ++i) {
    const Run& run = runs[i];
    // Rows lie far apart in memory, which no hardware sees coming: a later run's values are prefetched.
    const Run& later = runs[std::min(i + kAhead, last)];
    __builtin_prefetch(darkness.smooth.data() + static_cast<std::ptrdiff_t>(later.y) * darkness.width + later.x);
    __builtin_prefetch(ssim.row(later.y / SsimMap::kStep) + later.x / SsimMap::kStep);
    const std::int16_t* const value = darkness.smooth.data() + static_cast<std::ptrdiff_t>(run.y) * darkness.width;
    const std::int16_t* const similarities = ssim.row(run.y / SsimMap::kStep);
    const int row = (run.y - component.y0 + 1) * window_step_ + 1 - component.x0;
    for (int x = run.x; x < run.x + run.length; ++x) {
      const std::int16_t similarity = similarities[x / SsimMap::kStep];
      *pixel++ = {row + x, x, run.y, value[x], similarity};
      peak = std::max(peak, value[x]);
      least_similar = std::min(least_similar, similarity);
    }
  }
  peak_ = peak;
  return least_similar < limits_.most_similar && static_cast<float>(peak) >= limits_.least_peak;
}

// A counting sort, darkest first, equal ones in reading order.
void RoiFinder::sort_pixels() {
  starts_.assign(static_cast<std::size_t>(peak_ - limits_.lowest) + 1, 0);
  int* const starts = starts_.data();
  for (const DarkPixel& pixel : pixels_) ++starts[peak_ - pixel.darkness];
  int start = 0;
  for (int& s : starts_) {
    const int count = s;
    s = start;
    start += count;
  }
  sorted_.resize(pixels_.size());
  for (const DarkPixel& pixel : pixels_) sorted_[static_cast<std::size_t>(starts[peak_ - pixel.darkness]++)] = pixel;
}

bool RoiFinder::outgrows(const Region& region) const {
  return region.area > limits_.max_area || std::max(region.x1 - region.x0, region.y1 - region.y0) > limits_.max_length;
}

// Two regions meet at a pixel as dark as `level`; `main` is the one that came first, `near` the part of it that the
// pixel touches. Returns the region that is main's now.
int RoiFinder::meet(int main, int other, int near, std::int16_t level) {
  Region& a = regions_[static_cast<std::size_t>(main)];
  Region& b = regions_[static_cast<std::size_t>(other)];
  const float parted = static_cast<float>(b.peak) * part_of_ratio(std::min(a.area, b.area));
  const float cohesion = static_cast<float>(level) / parted;
  const bool whole = b.area >= limits_.min_area;
  if (whole && cohesion < limits_.split_ratio) return main;
  Region both = a;
  both.area += b.area;
  both.outgrown = std::max(a.outgrown, b.outgrown);
  both.x0 = std::min(a.x0, b.x0);
  both.y0 = std::min(a.y0, b.y0);
  both.x1 = std::max(a.x1, b.x1);
  both.y1 = std::max(a.y1, b.y1);
  if (outgrows(both)) {
    for (Region* const region : {&a, &b}) {
      if (region->outgrown == 0) region->outgrown = level;
    }
    return main;
  }
  if (!whole || cohesion >= 1) {
    b.parent = main;
    b.within = b.stands_for = near;
    a = both;
    return main;
  }
  const int joined = static_cast<int>(regions_.size());
  a.parent = b.parent = a.within = b.within = joined;
  both.parent = both.stands_for = joined;
  both.cohesion = cohesion;
  regions_.push_back(both);
  return joined;
}

// Regions meet at a pixel with these labels around it. Returns the one that takes it, and the label that it gets.
int RoiFinder::meet_all(const int (&around)[8], std::int16_t level, int& label) {
  int near[8], count = 0;
  for (const int each : around) {
    if (each == kNobody) continue;
    const int region = root(each);
    if (std::find(near, near + count, region) == near + count) near[count++] = region;
  }
  // The first of the darkest takes the pixel.
  const auto came_first = [this](int region) { return regions_[static_cast<std::size_t>(region)].first; };
  const int taker = *std::min_element(near, near + count, [&](int a, int b) { return came_first(a) < came_first(b); });
  label = std::numeric_limits<int>::max();
  for (const int each : around) {
    if (each != kNobody && root(each) == taker) label = std::min(label, each);
  }
  int main = taker;
  for (int k = 0; k < count; ++k) {
    if (near[k] != taker) main = meet(main, near[k], label, level);
  }
  return main;
}

void RoiFinder::grow_regions(int width) {
  const int step = window_step_;
  int* const labels = labels_.data();
  regions_.clear();
  for (const DarkPixel& pixel : sorted_) {
    int *const label = labels + pixel.place, *const above = label - step, *const below = label + step;
    const int nw = above[-1], n = above[0], ne = above[1], w = label[-1];
    const int e = label[1], sw = below[-1], s = below[0], se = below[1];
    const auto higher = [](int a, int b) { return a > b ? a : b; };
    const int last = higher(higher(higher(nw, n), higher(ne, w)), higher(higher(e, sw), higher(s, se)));
    if (last == kNobody) {
      const int region = static_cast<int>(regions_.size());
      regions_.push_back({.parent = region,
                          .within = kNobody,
                          .stands_for = region,
                          .first = region,
                          .cohesion = 1,
                          .peak_pixel = pixel.y * width + pixel.x,
                          .peak = pixel.darkness,
                          .least_similar = std::numeric_limits<std::int16_t>::max(),
                          .outgrown = 0,
                          .foot = 0,
                          .area = 1,
                          .roi = kNobody,
                          .last_run = kNobody,
                          .x0 = pixel.x,
                          .y0 = pixel.y,
                          .x1 = pixel.x + 1,
                          .y1 = pixel.y + 1,
                          .sum = 0});
      *label = region;
      continue;
    }
    int main = root(last), part = last;
    // All are the last one's where the bits that they have in common are its: a lower number lacks one of these,
    // kNobody none.
    if ((nw & n & ne & w & e & sw & s & se) != last) {
      const int around[8] = {nw, n, ne, w, e, sw, s, se};
      int others = 0;
      for (const int each : around) {
        const int somebody = each == kNobody ? last : each;
        part = std::min(part, somebody);
        others |= root(somebody) ^ main;
      }
      if (others != 0) main = meet_all(around, pixel.darkness, part);
    }
    Region& taker = regions_[static_cast<std::size_t>(main)];
    ++taker.area;
    if (may_outgrow_) {
      taker.x0 = std::min(taker.x0, pixel.x);
      taker.y0 = std::min(taker.y0, pixel.y);
      taker.x1 = std::max(taker.x1, pixel.x + 1);
      taker.y1 = std::max(taker.y1, pixel.y + 1);
      if (taker.outgrown == 0 && outgrows(taker)) taker.outgrown = pixel.darkness;
    }
    *label = part;
  }
}

// What was absorbed is one with what took it: peaks and what regions stand for say so afterwards.
void RoiFinder::settle_regions() {
  const auto taker_of = [this](int region) { return regions_[static_cast<std::size_t>(region)].stands_for; };
  for (int i = 0; i < static_cast<int>(regions_.size()); ++i) {
    int taker = taker_of(i);
    if (taker == i) continue;
    while (taker_of(taker) != taker) taker = taker_of(taker);
    Region& absorbed = regions_[static_cast<std::size_t>(i)];
    absorbed.within = absorbed.stands_for = taker;
    Region& into = regions_[static_cast<std::size_t>(taker)];
    if (absorbed.peak <= into.peak) continue;
    into.peak = absorbed.peak;
    into.peak_pixel = absorbed.peak_pixel;
  }
}

// A region ends at `foot_ratio` of its peak, so that a dark capillary does not take its shade along.
void RoiFinder::measure_regions() {
  for (Region& r : regions_) {
    const int foot = std::max(limits_.lowest, static_cast<int>(limits_.foot_ratio * static_cast<float>(r.peak)));
    r.foot = static_cast<std::int16_t>(r.outgrown == 0 ? foot : std::max({foot, r.peak / 2, int{r.outgrown}}));
    r.area = 0;
    r.x0 = r.y0 = std::numeric_limits<int>::max();
    r.x1 = r.y1 = 0;
  }
  stretches_.clear();
  const int* const labels = labels_.data();
  const Region* const regions = regions_.data();
  const auto region_of = [=](const DarkPixel& pixel) { return regions[labels[pixel.place]].stands_for; };
  const DarkPixel *pixel = pixels_.data(), *const end = pixel + pixels_.size();
  while (pixel != end) {
    Stretch stretch{pixel, pixel, region_of(*pixel)};
    do {
      ++pixel;
    } while (pixel != end && pixel->place == pixel[-1].place + 1 && region_of(*pixel) == stretch.region);
    stretch.end = pixel;
    stretches_.push_back(stretch);
    for (int i = stretch.region; i != kNobody; i = regions_[static_cast<std::size_t>(i)].within) {
      regions_[static_cast<std::size_t>(i)].add(stretch.begin, stretch.end);
    }
  }
}

void RoiFinder::Region::add(const DarkPixel* begin, const DarkPixel* end) {
  int count = 0, darkness = 0, left = x0, right = x1;
  std::int16_t least = least_similar;
  for (const DarkPixel* pixel = begin; pixel != end; ++pixel) {  // without a question, as feet are met anywhere
    const bool inside = pixel->darkness >= foot;
    least = std::min(least, pixel->similarity);
    count += inside ? 1 : 0;
    darkness += inside ? pixel->darkness : 0;
    left = std::min(left, inside ? pixel->x : left);
    right = inside ? std::max(right, pixel->x + 1) : right;
  }
  least_similar = least;
  if (count == 0) return;
  area += count;
  sum += darkness;
  x0 = left;
  x1 = right;
  y0 = std::min(y0, begin->y);
  y1 = begin->y + 1;
}

void RoiFinder::Region::write(int width, Roi& roi) const {
  roi.x = 2 * x0;
  roi.y = 2 * y0;
  roi.width = 2 * (x1 - x0);
  roi.height = 2 * (y1 - y0);
  roi.area_px = 4 * area;
  roi.peak_x = 2 * (peak_pixel % width);
  roi.peak_y = 2 * (peak_pixel / width);
  roi.darkness = static_cast<float>(peak) / Darkness::kFineOne;
  roi.mean_darkness = static_cast<float>(sum) / static_cast<float>(area * Darkness::kFineOne);
}

// The place's regions of interest, and the rows of their pixels.
void RoiFinder::append_rois(int width) {
  // What was joined comes after what it was joined of.
  for (std::size_t i = regions_.size(); i-- > 0;) {
    Region& r = regions_[i];
    if (r.stands_for != static_cast<int>(i)) continue;
    // What outgrows the limits near its peak is a shade or a hair.
    if (r.area < limits_.min_area || outgrows(r) || 5 * r.outgrown >= 2 * r.peak ||
        static_cast<float>(r.peak) < limits_.least_peak || r.least_similar >= limits_.most_similar) {
      r.roi = kNobody;
      continue;
    }
    r.roi = static_cast<int>(rois_.size());
    Roi roi;
    r.write(width, roi);
    for (int k = r.within; k != kNobody && roi.within == kNobody; k = regions_[static_cast<std::size_t>(k)].within) {
      roi.within = regions_[static_cast<std::size_t>(k)].roi;
    }
    roi.cohesion = r.cohesion;
    rois_.push_back(roi);
  }
  for (const Stretch& stretch : stretches_) {
    for (int i = stretch.region; i != kNobody; i = regions_[static_cast<std::size_t>(i)].within) {
      Region& r = regions_[static_cast<std::size_t>(i)];
      if (r.roi != kNobody) append_runs(stretch, r);
    }
  }
}

// The rows of a stretch's pixels that are a region's.
void RoiFinder::append_runs(const Stretch& stretch, Region& region) {
  const auto is_inside = [&region](const DarkPixel& pixel) { return pixel.darkness >= region.foot; };
  for (const DarkPixel* begin = stretch.begin;;) {
    begin = std::find_if(begin, stretch.end, is_inside);
    if (begin == stretch.end) return;
    const DarkPixel* const end = std::find_if_not(begin, stretch.end, is_inside);
    const auto length = static_cast<int>(end - begin);
    Run* const last = region.last_run == kNobody ? nullptr : &runs_[static_cast<std::size_t>(region.last_run)];
    if (last != nullptr && last->y == begin->y && last->x + last->length == begin->x) {
      last->length += length;
    } else {
      Roi& roi = rois_[static_cast<std::size_t>(region.roi)];
      region.last_run = static_cast<int>(runs_.size());
      if (roi.run_count++ == 0) roi.first_run = region.last_run;
      runs_.push_back({begin->x, begin->y, length});
      run_rois_.push_back(region.roi);
    }
    begin = end;
  }
}

// order_: the darkest of rois_, the earlier ones of equals, in reading order.
void RoiFinder::choose_rois(std::size_t most) {
  order_.resize(rois_.size());
  std::iota(order_.begin(), order_.end(), 0);
  const auto roi = [this](int i) -> const Roi& { return rois_[static_cast<std::size_t>(i)]; };
  if (order_.size() > most) {
    std::sort(order_.begin(), order_.end(), [&roi](int i, int k) {
      const Roi &a = roi(i), &b = roi(k);
      return std::tuple(-a.darkness, a.peak_y, a.peak_x) < std::tuple(-b.darkness, b.peak_y, b.peak_x);
    });
    order_.resize(most);
  }
  std::sort(order_.begin(), order_.end(), [this, &roi](int i, int k) {
    const Run &a = runs_[static_cast<std::size_t>(roi(i).first_run)],
              &b = runs_[static_cast<std::size_t>(roi(k).first_run)];
    return std::tie(a.y, a.x, i) < std::tie(b.y, b.x, k);
  });
}

// Box, area, peak and sum of a region of these rows; the rest of it is 0.
RoiFinder::Region RoiFinder::region_of(const Darkness& darkness, const std::vector<Run>& rows) {
  Region region{};
  region.x0 = rows.front().x;
  region.y0 = rows.front().y;
  region.y1 = rows.back().y + 1;
  for (const Run& row : rows) {
    region.x0 = std::min(region.x0, row.x);
    region.x1 = std::max(region.x1, row.x + row.length);
    region.area += row.length;
    for (int pixel = row.y * darkness.width + row.x, end = pixel + row.length; pixel < end; ++pixel) {
      const std::int16_t value = darkness.smooth[static_cast<std::size_t>(pixel)];
      region.sum += value;
      if (value <= region.peak) continue;
      region.peak = value;
      region.peak_pixel = pixel;
    }
  }
  return region;
}

void RoiFinder::write_rois(const Darkness& darkness, Rois& rois) {
  new_index_of_.assign(rois_.size(), kNobody);  // in rois.rois
  for (std::size_t i = 0; i < order_.size(); ++i)
    new_index_of_[static_cast<std::size_t>(order_[i])] = static_cast<int>(i);
  starts_.assign(rois_.size(), kNobody);  // in sorted_runs_
  int start = 0;
  for (const int i : order_) {
    starts_[static_cast<std::size_t>(i)] = start;
    start += rois_[static_cast<std::size_t>(i)].run_count;
  }
  sorted_runs_.resize(static_cast<std::size_t>(start));
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    int& place = starts_[static_cast<std::size_t>(run_rois_[i])];
    if (place != kNobody) sorted_runs_[static_cast<std::size_t>(place++)] = runs_[i];
  }
  for (const int i : order_) {
    Roi roi = rois_[static_cast<std::size_t>(i)];
    std::span<const Run> rows(sorted_runs_.data() + starts_[static_cast<std::size_t>(i)] - roi.run_count,
                              static_cast<std::size_t>(roi.run_count));
    if (tails_.cut(rows, rows_)) {
      region_of(darkness, rows_).write(darkness.width, roi);
      rows = rows_;
    }
    roi.within = enclosing(rois_, roi.within, new_index_of_);
    roi.first_run = static_cast<int>(rois.runs.size());
    roi.run_count = 2 * static_cast<int>(rows.size());
    // Reduced pixels are squares of 2x2: twice the length, in two rows.
    for (auto run = rows.begin(); run != rows.end();) {
      const auto next = std::find_if(run, rows.end(), [y = run->y](const Run& r) { return r.y != y; });
      for (int half = 0; half < 2; ++half) {
        for (auto r = run; r != next; ++r) rois.runs.push_back({2 * r->x, 2 * r->y + half, 2 * r->length});
      }
      run = next;
    }
    rois.rois.push_back(roi);
  }
}

void RoiFinder::find(const Darkness& darkness, const SsimMap& ssim, const Options& options, Rois& rois) {
  const int width = darkness.width;
  const double one = static_cast<double>(darkness.robust_sd) * Darkness::kFineOne;
  limits_ = {.lowest = std::max(1, static_cast<int>(options.region_darkness * one + 0.5)),
             .min_area = std::max(1, static_cast<int>(std::min(options.min_area_px / 4 + 0.5, 1e9))),
             // Four pixels of the frame are one here.
             .max_area = static_cast<int>(std::min(options.max_area_px / 4, 1e9)),
             .max_length = static_cast<int>(std::min(options.max_length_px / 2, 1e9)),
             .least_peak = static_cast<float>(options.min_darkness * one),
             .most_similar = ssim.structure_threshold(options.min_structure),
             .split_ratio = static_cast<float>(options.split_ratio),
             .foot_ratio = static_cast<float>(options.foot_ratio)};
  rois_.clear();
  runs_.clear();
  run_rois_.clear();
  dark_.find(darkness, limits_.lowest);
  for (const DarkComponents::Component& component : dark_.components()) {
    if (!take_up(darkness, ssim, component)) continue;
    sort_pixels();
    grow_regions(width);
    settle_regions();
    measure_regions();
    append_rois(width);
  }
  rois.rois.clear();
  rois.runs.clear();
  choose_rois(static_cast<std::size_t>(options.max_rois));
  write_rois(darkness, rois);
}

}  // namespace capillaryx
