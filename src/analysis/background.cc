// SPDX-License-Identifier: Apache-2.0
#include "analysis/background.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "analysis/gaussian.h"
#include "analysis/mixture.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/background.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef CAPILLARYX_BACKGROUND_BLOCK
#define CAPILLARYX_BACKGROUND_BLOCK
namespace capillaryx {
constexpr int kBlock = 8;  // reduced px; side of a block of the finer grid
}
#endif

// Plain loops: compiled for every instruction set, they become its vectors.
HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

// Adds frame - background, cut off. Sums of four pixels become steps of a background: 4080 at most.
void add_difference(const std::int16_t* value, const std::int16_t* behind, std::int16_t cut, int width,
                    std::int16_t* sums) {
  const auto least = static_cast<std::int16_t>(-cut);
  for (int x = 0; x < width; ++x) {
    const auto difference = static_cast<std::int16_t>(value[x] * (Background::kOne / 4) - behind[x]);
    sums[x] = static_cast<std::int16_t>(sums[x] + std::min(std::max(difference, least), cut));
  }
}

void add_weighted(const std::int32_t* a, const std::int32_t* b, int weight, int count, std::int32_t* sums) {
  for (int i = 0; i < count; ++i) sums[i] += (a[i] + b[i]) * weight;
}

// Sums of four cells, two above and two below.
void add_cells(const std::uint32_t* above, const std::uint32_t* below, std::size_t windows, float* sums) {
  for (std::size_t w = 0; w < windows; ++w) {
    sums[w] = static_cast<float>(static_cast<std::int32_t>(above[w] + above[w + 1] + below[w] + below[w + 1]));
  }
}

// Means of blocks in 1/16 of a step. The quotient of floats, cut off, is that of the whole numbers, as those are below
// 2^24.
void divide_sums(const std::int32_t* sums, const float* pixels, int lines, int blocks, std::int32_t* out) {
  for (int i = 0; i < blocks; ++i) {
    out[i] = static_cast<std::int32_t>(static_cast<float>(sums[i] * 16) / (pixels[i] * static_cast<float>(lines)));
  }
}

// Sums of eight neighbours.
void add_eights(const std::int16_t* values, int sums, std::int32_t* out) {
  for (int i = 0; i < sums; ++i) {
    std::int32_t sum = 0;
    for (int j = 0; j < kBlock; ++j) sum += values[kBlock * i + j];
    out[i] = sum;
  }
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(add_difference);
HWY_EXPORT(add_weighted);
HWY_EXPORT(add_cells);
HWY_EXPORT(add_eights);
HWY_EXPORT(divide_sums);

// A bin is 4 grey values wide: 16 sums of four pixels. Finer ones cost time and change nothing, as what the windows
// miss the surround brings in.
constexpr std::size_t kBins = CellHistograms::kBins;
constexpr int kIterations = 8;    // of EM
constexpr int kWindowStep = 2;    // of a window every 2nd row is enough
constexpr int kSurroundStep = 4;  // of a block every 4th
constexpr int kDeviationStep = 4,
              kDeviationRowStep = 8;  // the deviation is taken from every 4th value of every 8th row
constexpr float kCutRobustSds = 3;    // what lies further from the mixture's background is vessel or glare
constexpr float kSmallestRobustSd = 0.25F;

// Edges of cells of about `cell` values over `length` values: at least `least` cells, all nearly the same.
void set_edges(int length, int cell, int least, std::vector<int>& edges) {
  const int count = std::max(least, (length + cell / 2) / cell);
  edges.resize(static_cast<std::size_t>(count) + 1);
  for (int i = 0; i <= count; ++i) {
    edges[static_cast<std::size_t>(i)] = static_cast<int>(static_cast<std::int64_t>(length) * i / count);
  }
}

std::int16_t to_steps(double grey_value) {
  return static_cast<std::int16_t>(std::clamp(grey_value, 0.0, 255.0) * Background::kOne + 0.5);
}

// What lies beyond an edge: as much over the value at the edge as the one that lies as far inside is under it, so that
// light which falls off towards the edge goes on falling off; cut off as what lies inside is.
constexpr std::int32_t go_on(std::int32_t edge, std::int32_t inside, std::int32_t cut) {
  return std::clamp(2 * edge - inside, -cut, cut);
}

}  // namespace

void Background::fit(const ReducedFrame& reduced, const Options& options) {
  width_ = reduced.frame_width;
  height_ = reduced.frame_height;
  channels_ = reduced.channels;
  fit_windows(reduced, options);
  measure(reduced, windows_);
  add_surround(reduced, options.surround_sigma_px);
  measure(reduced, grid_);
}

void Background::fit_windows(const ReducedFrame& reduced, const Options& options) {
  // A window is 2x2 cells, so that neighbouring windows, which overlap by half, share their counting.
  const int cell = std::max(1, static_cast<int>(options.window_px) / 4);
  set_edges(reduced.width, cell, 2, cell_x_);
  set_edges(reduced.height, cell, 2, cell_y_);
  windows_.x.clear();
  windows_.y.clear();
  for (std::size_t i = 1; i + 1 < cell_x_.size(); ++i) windows_.x.push_back(2 * cell_x_[i]);
  for (std::size_t i = 1; i + 1 < cell_y_.size(); ++i) windows_.y.push_back(2 * cell_y_[i]);
  for (auto& values : windows_.values) values.resize(windows_.x.size() * windows_.y.size());

  const int vessel = vessel_channel(channels_);
  for (std::size_t cy = 0; cy + 1 < cell_y_.size(); ++cy) {
    histograms_.start(cell_x_, cells_[cy % 2]);
    for (int y = cell_y_[cy]; y < cell_y_[cy + 1]; y += kWindowStep) {
      histograms_.add(reduced.row(vessel, y), reduced.row(0, y), reduced.row(channels_ - 1, y));
    }
    histograms_.finish();
    if (cy > 0) fit_window_row(cells_[1 - cy % 2], cells_[cy % 2], (cy - 1) * windows_.x.size(), options);
  }
}

// The windows whose upper and lower cells are given; the first of them is node `node`.
void Background::fit_window_row(const CellRow& upper, const CellRow& lower, std::size_t node, const Options& options) {
  const std::size_t windows = windows_.x.size();
  histograms_of_windows_.start(windows, kBins);
  const auto add = [&](const std::vector<std::uint32_t>& above, const std::vector<std::uint32_t>& below,
                       AlignedVector<float>& sums) {
    for (std::size_t b = 0; b < kBins; ++b) {
      const std::size_t at = b * upper.cells;
      HWY_DYNAMIC_DISPATCH(add_cells)
      (above.data() + at, below.data() + at, windows, sums.data() + b * histograms_of_windows_.stride);
    }
  };
  add(upper.count, lower.count, histograms_of_windows_.count);
  for (std::size_t i = 0; i < 2; ++i) add(upper.sum[i], lower.sum[i], histograms_of_windows_.sum[i]);
  fit_mixtures(histograms_of_windows_, static_cast<std::size_t>(options.mixture_components), kIterations, dominant_);
  for (std::size_t w = 0; w < windows; ++w) {
    // Bin b holds the sums 16b .. 16b + 15 of four pixels: its middle is 4b + 15/8 grey values.
    const double mean = 4 * static_cast<double>(dominant_.mean[w]) + 1.875;
    windows_.values[static_cast<std::size_t>(vessel_channel(channels_))][node + w] = to_steps(mean);
    if (channels_ == 1) continue;
    windows_.values[0][node + w] = to_steps(static_cast<double>(dominant_.others[0][w]) / 4);
    windows_.values[2][node + w] = to_steps(static_cast<double>(dominant_.others[1][w]) / 4);
  }
}

void Background::add_surround(const ReducedFrame& reduced, double sigma_px) {
  set_edges(reduced.width, kBlock, 1, edge_x_);
  set_edges(reduced.height, kBlock, 1, edge_y_);
  const std::size_t columns = edge_x_.size() - 1, rows = edge_y_.size() - 1;
  grid_.x.resize(columns);
  grid_.y.resize(rows);
  for (std::size_t i = 0; i < columns; ++i) grid_.x[i] = edge_x_[i] + edge_x_[i + 1];
  for (std::size_t i = 0; i < rows; ++i) grid_.y[i] = edge_y_[i] + edge_y_[i + 1];
  if (sigma_px != surround_sigma_px_) weights_ = gaussian_weights(sigma_px / 2 / kBlock, 256);
  surround_sigma_px_ = sigma_px;
  windows_.set_columns(grid_.x, nodes_at_);
  windows_.set_columns(0, 2, reduced.width, columns_at_);
  block_px_.resize(columns);
  for (std::size_t i = 0; i < columns; ++i) block_px_[i] = static_cast<float>(edge_x_[i + 1] - edge_x_[i]);
  for (int c = 0; c < channels_; ++c) {
    const auto cut =
        static_cast<std::int16_t>(std::min(static_cast<int>(kCutRobustSds * robust_sd(c) * kOne + 0.5F), 255 * kOne));
    sum_blocks(reduced, c, cut);
    blur_blocks(16 * cut);
    auto& values = grid_.values[static_cast<std::size_t>(c)];
    values.resize(columns * rows);
    for (std::size_t r = 0; r < rows; ++r) {
      std::int16_t* const line = values.data() + r * columns;
      windows_.line(c, windows_.row_at(grid_.y[r]), nodes_at_, line);
      for (std::size_t i = 0; i < columns; ++i) {
        line[i] =
            static_cast<std::int16_t>(std::clamp(line[i] + blurred_[r * columns + i] / (256 * 16), 0, 255 * kOne));
      }
    }
  }
}

// Rows of blocks beyond the first and the last that a blur needs.
std::size_t Background::rows_beyond() const { return weights_.size() - 1; }

// Means of frame - background over the blocks, cut off, in 1/16 of a step, into sums_.
void Background::sum_blocks(const ReducedFrame& reduced, int channel, std::int16_t cut) {
  const std::size_t columns = grid_.x.size();
  line_.resize(static_cast<std::size_t>(reduced.width));
  // A block has 10 rows at most, as a frame has 32 or more: 5 differences fit 16 bits.
  block_columns_.resize(static_cast<std::size_t>(reduced.width));
  sums_.resize(columns * (grid_.y.size() + 2 * rows_beyond()));
  for (std::size_t r = 0; r < grid_.y.size(); ++r) {
    std::fill(block_columns_.begin(), block_columns_.end(), std::int16_t{0});
    for (int y = edge_y_[r]; y < edge_y_[r + 1]; y += kSurroundStep) {
      windows_.line(channel, windows_.row_at(2 * y), columns_at_, line_.data());
      HWY_DYNAMIC_DISPATCH(add_difference)
      (reduced.row(channel, y), line_.data(), cut, reduced.width, block_columns_.data());
    }
    const int lines = (edge_y_[r + 1] - edge_y_[r] + kSurroundStep - 1) / kSurroundStep;
    std::int32_t* const sums = sums_.data() + (rows_beyond() + r) * columns;
    if (static_cast<int>(columns) * kBlock == reduced.width) {
      HWY_DYNAMIC_DISPATCH(add_eights)(block_columns_.data(), static_cast<int>(columns), sums);
    } else {
      for (std::size_t i = 0; i < columns; ++i) {
        sums[i] = std::accumulate(block_columns_.begin() + edge_x_[i], block_columns_.begin() + edge_x_[i + 1], 0);
      }
    }
    HWY_DYNAMIC_DISPATCH(divide_sums)(sums, block_px_.data(), lines, static_cast<int>(columns), sums);
  }
}

// Blurs sums_ across, with weights of 1/256, then down, where the result keeps the 256: into blurred_.
void Background::blur_blocks(std::int32_t cut) {
  const int columns = static_cast<int>(grid_.x.size()), rows = static_cast<int>(grid_.y.size());
  const int radius = static_cast<int>(rows_beyond());
  const auto sums = [this, columns, radius](int r) {
    return sums_.data() + static_cast<std::ptrdiff_t>(radius + r) * columns;
  };
  columns_.resize(static_cast<std::size_t>(columns + 2 * radius));
  for (int r = 0; r < rows; ++r) {
    std::int32_t* const in = sums(r);
    std::int32_t* const padded = columns_.data() + radius;
    std::copy_n(in, columns, padded);
    for (int k = 1; k <= radius; ++k) {
      const int inside = std::min(k, columns - 1);
      padded[-k] = go_on(in[0], in[inside], cut);
      padded[columns - 1 + k] = go_on(in[columns - 1], in[columns - 1 - inside], cut);
    }
    std::fill_n(in, columns, 0);
    for (int k = 0; k <= radius; ++k) {
      const int weight = weights_[static_cast<std::size_t>(k)];  // the middle counts as two halves
      HWY_DYNAMIC_DISPATCH(add_weighted)(padded - k, padded + k, k == 0 ? weight / 2 : weight, columns, in);
    }
    for (int i = 0; i < columns; ++i) in[i] /= 256;
  }
  for (int k = 1; k <= radius; ++k) {
    const int inside = std::min(k, rows - 1);
    const auto beyond = [cut](std::int32_t edge, std::int32_t in) { return go_on(edge, in, cut); };
    std::transform(sums(0), sums(1), sums(inside), sums(-k), beyond);
    std::transform(sums(rows - 1), sums(rows), sums(rows - 1 - inside), sums(rows - 1 + k), beyond);
  }
  blurred_.assign(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows), 0);
  for (int r = 0; r < rows; ++r) {
    for (int k = 0; k <= radius; ++k) {
      const int weight = weights_[static_cast<std::size_t>(k)];
      HWY_DYNAMIC_DISPATCH(add_weighted)
      (sums(r - k), sums(r + k), k == 0 ? weight / 2 : weight, columns, blurred_.data() + std::ptrdiff_t{r} * columns);
    }
  }
}

void Background::measure(const ReducedFrame& reduced, const BackgroundGrid& grid) {
  constexpr std::size_t kDeviations = 256 * kOne;
  const auto count = static_cast<std::size_t>((reduced.width + kDeviationStep - 1) / kDeviationStep);
  const auto channels = static_cast<std::size_t>(channels_);
  grid.set_columns(0, 2 * kDeviationStep, static_cast<int>(count), columns_at_);
  line_.resize(channels * count);
  histogram_.assign(channels * kDeviations, 0);
  std::array<std::int64_t, 3> level{};
  std::int64_t samples = 0;
  for (int y = 0; y < reduced.height; y += kDeviationRowStep) {
    const BackgroundGrid::Row row = grid.row_at(2 * y);
    for (std::size_t c = 0; c < channels; ++c) {
      grid.line(static_cast<int>(c), row, columns_at_, line_.data() + c * count);
      int sum = 0;
      for (std::size_t i = 0; i < count; ++i) sum += line_[c * count + i];
      level[c] += sum;
    }
    // Neighbours often fall into one bin, where an addition waits for the one before: the channels take turns.
    const std::int16_t* const values[3] = {reduced.row(0, y), reduced.row(channels_ == 3 ? 1 : 0, y),
                                           reduced.row(channels_ - 1, y)};
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t c = 0; c < channels; ++c) {
        const int d = values[c][i * kDeviationStep] * (kOne / 4) - line_[c * count + i];
        ++histogram_[c * kDeviations + static_cast<std::size_t>(d < 0 ? -d : d)];
      }
    }
    samples += static_cast<std::int64_t>(count);
  }
  for (std::size_t c = 0; c < channels; ++c) {
    const std::uint32_t* const histogram = histogram_.data() + c * kDeviations;
    std::int64_t below = 0;
    std::size_t median = 0;
    while (below + histogram[median] <= samples / 2) below += histogram[median++];
    const float deviation = (static_cast<float>(median) + 0.5F) / kOne;
    robust_sd_[c] = std::max(kSmallestRobustSd, deviation / 0.6745F);
    level_[c] = std::max(1.0F, static_cast<float>(static_cast<double>(level[c]) / static_cast<double>(samples) / kOne));
  }
}

void Background::row(int channel, int y, int x, int count, std::int16_t* out) const {
  thread_local BackgroundGrid::Columns columns;
  grid_.set_columns(x, 1, count, columns);
  grid_.line(channel, grid_.row_at(y), columns, out);
}

}  // namespace capillaryx
#endif
