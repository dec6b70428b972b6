// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/darkness.h"
#include "analysis/ssim.h"
#include "capillaryx/options.h"

namespace capillaryx {

/// A row of pixels: (x .. x + length - 1, y), frame px.
struct Run {
  int x = 0, y = 0, length = 0;
};

/// A region of interest: a place that may hold one capillary. Frame pixels, inside the frame.
struct Roi {
  int x = 0, y = 0, width = 0, height = 0;  ///< box of its pixels, px
  int area_px = 0;                          ///< its pixels
  int peak_x = 0, peak_y = 0;               ///< where it is darkest, px
  float darkness = 0;  ///< peak darkness against the background (slightly blurred), grey values of the vessel channel
  float mean_darkness = 0;           ///< mean of the same over its pixels, grey values
  int first_run = 0, run_count = 0;  ///< its pixels in Rois::runs, row by row
};

/// The regions of one frame in the order in which a reader of lines meets them, and their pixels. No pixel belongs to
/// two.
struct Rois {
  std::vector<Roi> rois;
  std::vector<Run> runs;
};

/// Finds regions: connected places that are darker than their background, each split where it is no longer one dark
/// thing, kept where it is dark enough and the similarity of frame and background breaks down inside it.
///
/// Pixels join in order of falling darkness (immersion after Vincent & Soille 1991 on the dark side of the background).
/// Where two regions meet they become one if the meeting place is darker than `split_ratio` of the fainter one's peak
/// (a third of it for small ones), so that a winding or beaded capillary stays whole and two that touch stay two. A
/// region that would outgrow `max_length_px` or `max_area_px` ends there. Its part above half of its peak is kept if it
/// outgrew them under a third of its peak: so a hair or a shade that touches a dark capillary does not take it along.
/// Threads: one call at a time for an instance. Memory is used again.
class RoiFinder {
 public:
  void find(const Darkness& darkness, const SsimMap& ssim, const Options& options, Rois& rois);

 private:
  struct Region {
    int parent;
    int peak_pixel;
    std::int16_t peak;      // Darkness::smooth steps
    std::int16_t min_ssim;  // SsimMap steps
    std::int16_t outgrown;  // darkness at which it became too large, alone or with what it met there; 0: never
    std::int16_t foot;      // darkness at which it ends
    int area;               // reduced px
    int roi;                // in the result, or -1
    int x0, y0, x1, y1;     // its box, reduced px
  };
  /// Labels have one column more than pixels, and a row above and below, which belong to nobody: a neighbour is there
  /// to be read wherever a pixel lies.
  struct DarkPixel {
    int pixel;  // in the planes
    int place;  // in labels_: pixel + its row + width + 2
    int row(int width) const { return place - pixel - width - 2; }
  };
  int root(int region);
  void find_dark_pixels(const Darkness& darkness, int lowest);
  void sort_dark_pixels(const Darkness& darkness);
  bool outgrows(const Region& region) const;
  void join(Region& taker, Region& other, std::int16_t level) const;
  void grow_regions(const Darkness& darkness, const Options& options, int small_area);
  void measure_regions(const Darkness& darkness, const SsimMap& ssim, int lowest, float foot_ratio);
  void choose_rois(const Darkness& darkness, const SsimMap& ssim, const Options& options, int min_area);
  void write_rois(const Darkness& darkness, Rois& rois);

  static constexpr int kLevels = 256 * Darkness::kFineOne;

  double max_area_ = 0, max_length_ = 0;  // reduced px
  std::vector<std::uint8_t> marks_;       // 1 for each dark pixel of a row, 0 up to a multiple of 8
  std::vector<DarkPixel> order_;          // dark pixels in reading order
  std::vector<DarkPixel> sorted_;         // the same, darkest first
  std::vector<int> starts_;               // of each darkness in sorted_: kLevels - darkness
  std::vector<int> labels_;               // region of a pixel, or -1; all -1 between calls
  std::vector<Region> regions_;
  std::vector<char> chosen_;  // per region
  std::vector<std::int16_t> peaks_;
  std::vector<Run> runs_;  // reduced px
  std::vector<int> run_rois_, filled_;
};

}  // namespace capillaryx
