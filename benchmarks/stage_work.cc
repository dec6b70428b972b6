// SPDX-License-Identifier: Apache-2.0
// usage: stage_work FOLDER...: what the stages' work on frames of 1920x1080 is made of, means over the frames, as JSON.
// What of it must be moved and worked out, scripts/performance_stages.py compares with what the machine can do.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "analysis/classifier.h"
#include "analysis/density.h"
#include "analysis/proposer.h"
#include "image/image.h"

namespace capillaryx {
namespace {

struct Work {
  std::int64_t frames = 0, file_bytes = 0, regions = 0, network_regions = 0;
  std::int64_t window_bins = 0;     // that hold anything, of all windows of 120 px every 60 px
  std::int64_t region_blocks = 0;   // blocks of 2x2 px in regions
  std::int64_t cut_blocks = 0;      // under the network's inputs
  std::int64_t depth_blocks = 0;    // in the windows in which regions' depths are measured
  std::int64_t contour_blocks = 0;  // in those in which contours are drawn
};

std::int64_t count_window_bins(const ReducedFrame& reduced) {
  constexpr int kSide = 60, kStep = 30, kBinShift = 4;
  const int vessel = vessel_channel(reduced.channels);
  std::int64_t bins = 0;
  for (int top = 0; top + kSide <= reduced.height; top += kStep) {
    for (int left = 0; left + kSide <= reduced.width; left += kStep) {
      std::vector<bool> used(256);
      for (int y = top; y < top + kSide; y += 2) {
        for (int x = left; x < left + kSide; ++x) {
          used[static_cast<std::size_t>(reduced.row(vessel, y)[x] >> kBinShift)] = true;
        }
      }
      bins += std::count(used.begin(), used.end(), true);
    }
  }
  return bins;
}

void add(const PixelView& pixels, Proposer& proposer, Classifier& classifier, DensityStage& density, Work& work) {
  constexpr int kMargin = 6;  // blocks around a region's box in its window
  const auto window_blocks = [](const Roi& roi) {
    return std::int64_t{roi.width / 2 + 2 * kMargin} * (roi.height / 2 + 2 * kMargin);
  };
  const Options options;
  std::vector<float> scores;
  proposer.propose(pixels, options);
  density.measure_regions(proposer, options.min_depth);
  classifier.classify(pixels, proposer.reduced, proposer.background, density.rois(), proposer.found.runs, scores);
  density.draw_chosen(proposer, options.min_score, scores);
  ++work.frames;
  work.window_bins += count_window_bins(proposer.reduced);
  for (const Roi& roi : proposer.found.rois) {
    ++work.regions;
    work.region_blocks += roi.area_px / 4;
    work.depth_blocks += window_blocks(roi);
  }
  for (const std::size_t i : density.chosen()) work.contour_blocks += window_blocks(density.rois()[i]);
  for (const Roi& roi : density.rois()) {
    ++work.network_regions;
    const std::int64_t side = std::max(roi.width, roi.height) / 2 * 3 / 2;
    work.cut_blocks += side * side;
  }
}

int run(int count, char** folders) {
  Work work;
  Proposer proposer;
  Classifier classifier{std::string()};
  DensityStage density;
  ImageReader reader(Options{}.max_pixels);
  for (int i = 1; i < count; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(folders[i])) {
      if (!has_image_suffix(entry.path().string())) continue;
      std::ifstream stream(entry.path(), std::ios::binary);
      const std::vector<char> file{std::istreambuf_iterator<char>(stream), {}};
      const Frame frame = reader.decode({}, {reinterpret_cast<const std::uint8_t*>(file.data()), file.size()});
      if (frame.pixels().width != 1920 || frame.pixels().height != 1080) continue;
      work.file_bytes += static_cast<std::int64_t>(file.size());
      add(frame.pixels(), proposer, classifier, density, work);
    }
  }
  if (work.frames == 0) return 1;
  const auto mean = [&](std::int64_t sum) { return static_cast<double>(sum) / static_cast<double>(work.frames); };
  std::printf(
      "{\"frames\": %d, \"file_bytes\": %.0f, \"regions\": %.1f, \"network_regions\": %.1f, \"window_bins\": %.0f, "
      "\"region_blocks\": %.0f, \"cut_blocks\": %.0f, \"depth_blocks\": %.0f, \"contour_blocks\": %.0f}\n",
      static_cast<int>(work.frames), mean(work.file_bytes), mean(work.regions), mean(work.network_regions),
      mean(work.window_bins), mean(work.region_blocks), mean(work.cut_blocks), mean(work.depth_blocks),
      mean(work.contour_blocks));
  return 0;
}

}  // namespace
}  // namespace capillaryx

int main(int count, char** folders) {
  try {
    return capillaryx::run(count, folders);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stage_work: %s\n", error.what());
    return 1;
  }
}
