// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/dark_components.h"
#include "analysis/darkness.h"
#include "analysis/ssim.h"
#include "analysis/tails.h"
#include "capillaryx/options.h"

namespace capillaryx {

/// A region of interest: a place that may hold one capillary. Frame pixels, inside the frame.
struct Roi {
  int x = 0, y = 0, width = 0, height = 0;  ///< box of its pixels, px
  int area_px = 0;                          ///< its pixels
  int peak_x = 0, peak_y = 0;               ///< where it is darkest, px
  float darkness = 0;  ///< peak darkness against the background (slightly blurred), grey values of the vessel channel
  float mean_darkness = 0;           ///< mean of the same over its pixels, grey values
  int first_run = 0, run_count = 0;  ///< its pixels in Rois::runs, row by row
  int within = -1;     ///< the smallest other region that was joined of it and others, in Rois::rois; or -1
  float cohesion = 1;  ///< of one that was joined of two: how far from apart they are, split_ratio to 1
};

/// Of some of `rois`, the number of the smallest that is still around one whose Roi::within was `within`; or -1.
/// `places`: the new number of each of `rois`, or -1 where it is left out.
inline int enclosing(const std::vector<Roi>& rois, int within, const std::vector<int>& places) {
  while (within >= 0 && places[static_cast<std::size_t>(within)] < 0) {
    within = rois[static_cast<std::size_t>(within)].within;
  }
  return within < 0 ? within : places[static_cast<std::size_t>(within)];
}

/// The regions of one frame in the order in which a reader of lines meets them, and their pixels. But for the tails
/// that were cut off, a pixel belongs to one and to those that it is within.
struct Rois {
  std::vector<Roi> rois;
  std::vector<Run> runs;
};

/// Finds regions: connected places that are darker than their background, kept where they are dark enough and the
/// similarity of frame and background breaks down inside them.
///
/// Pixels join in order of falling darkness (immersion after Vincent & Soille 1991 on the dark side of the background).
/// Where two regions meet, nobody can tell from their darkness alone whether they are two capillaries that touch or one
/// that is beaded or winds. So both readings are proposed: each of the two, which go on taking their sides of what lies
/// between them, and one region joined of both, which may be joined with others in turn. Whoever classifies them
/// chooses (RegionChoice). Where the meeting place is fainter than `split_ratio` of the fainter one's peak they are
/// two and nothing else. What is under `min_area_px` when it meets another, and what is small and hardly parted from
/// it, is part of it. Regions that together outgrow `max_length_px` or `max_area_px` are not joined, and end at the
/// darkness where they met (or outgrew them alone): so a hair or a shade that touches a capillary does not take it
/// along. Nor does what is short enough: tails are cut off (TailCutter).
///
/// How dark a region must be, and down to where it goes, is counted in the frame's own robust standard deviation of
/// darkness.
///
/// Threads: one call at a time for an instance. Memory is used again.
class RoiFinder {
 public:
  void find(const Darkness& darkness, const SsimMap& ssim, const Options& options, Rois& rois);

 private:
  struct DarkPixel {
    int place;  // in labels_
    int x, y;   // reduced px
    std::int16_t darkness, similarity;
  };
  struct Region {
    int parent;      // towards the largest that it is a part of, by a short way; the largest has its own number there
    int within;      // the one joined of it and another, or, if absorbed, one that took it; or kNobody
    int stands_for;  // whose its pixels are: its own number, or, if it was absorbed, that of one that took it
    int first;       // the number of the first that it was joined of: the darkest
    float cohesion;
    int peak_pixel;
    std::int16_t peak;           // Darkness::smooth steps
    std::int16_t least_similar;  // SsimMap steps
    std::int16_t outgrown;       // darkness at which it became too large, alone or with what it met there; 0: never
    std::int16_t foot;           // darkness at which it ends
    int area;                    // reduced px
    int roi;                     // in rois_, or kNobody
    int last_run;                // its last one in runs_, or kNobody
    int x0, y0, x1, y1;          // its box, reduced px
    std::int64_t sum;            // of darkness

    void add(const DarkPixel* begin, const DarkPixel* end);  // what of these pixels, side by side, is down to its foot
    void write(int width, Roi& roi) const;  // its box, area and darkness; `width` is that of the reduced frame
  };
  /// Pixels side by side that are of one region.
  struct Stretch {
    const DarkPixel *begin, *end;
    int region;
  };
  /// What the frame asks of a region; reduced px and steps.
  struct Limits {
    int lowest;  // darkness
    int min_area;
    int max_area, max_length;
    float least_peak;
    int most_similar;
    float split_ratio, foot_ratio;
  };
  int root(int region);
  bool outgrows(const Region& region) const;
  int meet(int main, int other, int near, std::int16_t level);
  int meet_all(const int (&around)[8], std::int16_t level, int& label);
  bool take_up(const Darkness& darkness, const SsimMap& ssim, const DarkComponents::Component& component);
  void sort_pixels();
  void grow_regions(int width);
  void settle_regions();
  void measure_regions();
  void append_rois(int width);
  void append_runs(const Stretch& stretch, Region& region);
  void choose_rois(std::size_t most);
  void write_rois(const Darkness& darkness, Rois& rois);
  static Region region_of(const Darkness& darkness, const std::vector<Run>& rows);

  Limits limits_{};
  DarkComponents dark_;
  // Of one place. The window of its labels has a row above and below its box and a column beside it, which belong to
  // nobody: a neighbour is there wherever a pixel lies.
  std::vector<int> labels_;        // region of a pixel, or -1
  int window_step_ = 0;            // from a row of the window to the next
  std::vector<DarkPixel> pixels_;  // in reading order
  std::vector<DarkPixel> sorted_;  // the same, darkest first
  std::vector<int> starts_;        // in sorted_, by darkness
  int peak_ = 0;                   // its highest darkness
  bool may_outgrow_ = false;  // whether any of its regions can outgrow the limits: boxes while growing are for that
  std::vector<Region> regions_;
  std::vector<Stretch> stretches_;  // of all pixels, in reading order
  // Of all.
  std::vector<Roi> rois_;  // in no order; first_run is in runs_
  std::vector<Run> runs_;  // reduced px
  std::vector<int> run_rois_, order_, new_index_of_;
  std::vector<Run> sorted_runs_;  // by roi
  TailCutter tails_;
  std::vector<Run> rows_;  // of one without its tails
};

}  // namespace capillaryx
