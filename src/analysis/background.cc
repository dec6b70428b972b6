// SPDX-License-Identifier: Apache-2.0
#include "analysis/background.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "analysis/gaussian.h"
#include "analysis/mixture.h"

namespace capillaryx {
namespace {

// A bin is 2 grey values wide: 8 sums of four pixels. Finer ones cost time and change nothing, as what the windows miss
// the surround brings in.
constexpr int kBinShift = 3;
constexpr std::size_t kBins = 1024 >> kBinShift;
constexpr int kIterations = 8;    // of EM
constexpr int kBlock = 8;         // reduced px; side of a block of the finer grid
constexpr int kSurroundStep = 2;  // of a block every 2nd row is enough
constexpr int kSpreadStep = 4;    // the spread is taken from every 4th value of every 4th row
constexpr float kCutSpreads = 3;  // what lies further from the mixture's background is vessel or glare
constexpr float kSmallestSpread = 0.25F;

// Edges of cells of about `cell` values over `length` values: at least `least` cells, all nearly the same.
std::vector<int> cell_edges(int length, int cell, int least) {
  const int count = std::max(least, (length + cell / 2) / cell);
  std::vector<int> edges(static_cast<std::size_t>(count) + 1);
  for (int i = 0; i <= count; ++i) {
    edges[static_cast<std::size_t>(i)] = static_cast<int>(static_cast<std::int64_t>(length) * i / count);
  }
  return edges;
}

std::int16_t to_steps(double grey_value) {
  return static_cast<std::int16_t>(std::clamp(grey_value, 0.0, 255.0) * Background::kOne + 0.5);
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
  cell_x_ = cell_edges(reduced.width, cell, 2);
  cell_y_ = cell_edges(reduced.height, cell, 2);
  const std::size_t cells_x = cell_x_.size() - 1;
  windows_.x.clear();
  windows_.y.clear();
  for (std::size_t i = 1; i + 1 < cell_x_.size(); ++i) windows_.x.push_back(2 * cell_x_[i]);
  for (std::size_t i = 1; i + 1 < cell_y_.size(); ++i) windows_.y.push_back(2 * cell_y_[i]);
  for (auto& values : windows_.values) values.resize(windows_.x.size() * windows_.y.size());

  const int vessel = vessel_channel(channels_);
  const std::size_t row_size = cells_x * kBins;
  cells_.resize(2 * row_size);
  for (std::size_t cy = 0; cy + 1 < cell_y_.size(); ++cy) {
    Bin* const row_cells = cells_.data() + (cy % 2) * row_size;
    std::fill_n(row_cells, row_size, Bin{});
    for (int y = cell_y_[cy]; y < cell_y_[cy + 1]; ++y) {
      const std::int16_t* v = reduced.row(vessel, y);
      const std::int16_t* a = reduced.row(0, y);
      const std::int16_t* b = reduced.row(channels_ - 1, y);
      for (std::size_t cx = 0; cx < cells_x; ++cx) {
        Bin* const bins = row_cells + cx * kBins;
        for (int x = cell_x_[cx]; x < cell_x_[cx + 1]; ++x) {
          Bin& bin = bins[v[x] >> kBinShift];
          ++bin.count;
          bin.sum[0] += static_cast<std::uint32_t>(a[x]);
          bin.sum[1] += static_cast<std::uint32_t>(b[x]);
        }
      }
    }
    if (cy == 0) continue;
    const Bin* const above = cells_.data() + (1 - cy % 2) * row_size;
    for (std::size_t cx = 0; cx + 1 < cells_x; ++cx) {
      const Bin* const left = above + cx * kBins;
      const Bin* const lower = row_cells + cx * kBins;
      fit_window({left, left + kBins, lower, lower + kBins}, static_cast<int>(options.mixture_components),
                 (cy - 1) * windows_.x.size() + cx);
    }
  }
}

void Background::fit_window(const std::array<const Bin*, 4>& quarters, int components, std::size_t node) {
  std::array<float, kBins> counts{}, membership{};
  std::size_t first = kBins, last = 0;
  for (std::size_t b = 0; b < kBins; ++b) {
    std::uint64_t count = 0;
    for (const Bin* quarter : quarters) count += quarter[b].count;
    counts[b] = static_cast<float>(count);
    if (count == 0) continue;
    first = std::min(first, b);
    last = b;
  }
  // Bins without samples at either end cost time only; the span stays a multiple of 8.
  first &= ~std::size_t{7};
  const std::size_t bins = (last - first) / 8 * 8 + 8;
  const DominantGaussian dominant =
      fit_mixture({counts.data() + first, bins}, components, kIterations, {membership.data() + first, bins});
  double weight = 0, sum[2] = {0, 0};
  for (std::size_t b = first; b < first + bins; ++b) {
    const double share = membership[b];
    weight += share * counts[b];
    for (const Bin* quarter : quarters) {
      sum[0] += share * quarter[b].sum[0];
      sum[1] += share * quarter[b].sum[1];
    }
  }
  // Bin b holds the sums 8b .. 8b + 7 of four pixels: its middle is 2b + 7/8 grey values.
  const double mean = 2 * (static_cast<double>(dominant.mean) + static_cast<double>(first)) + 0.875;
  windows_.values[static_cast<std::size_t>(vessel_channel(channels_))][node] = to_steps(mean);
  if (channels_ == 1) return;
  windows_.values[0][node] = to_steps(weight > 0 ? sum[0] / weight / 4 : mean);
  windows_.values[2][node] = to_steps(weight > 0 ? sum[1] / weight / 4 : mean);
}

void Background::add_surround(const ReducedFrame& reduced, double sigma_px) {
  const std::vector<int> edge_x = cell_edges(reduced.width, kBlock, 1);
  const std::vector<int> edge_y = cell_edges(reduced.height, kBlock, 1);
  const std::size_t columns = edge_x.size() - 1, rows = edge_y.size() - 1;
  grid_.x.resize(columns);
  grid_.y.resize(rows);
  for (std::size_t i = 0; i < columns; ++i) grid_.x[i] = edge_x[i] + edge_x[i + 1];
  for (std::size_t i = 0; i < rows; ++i) grid_.y[i] = edge_y[i] + edge_y[i + 1];
  const std::vector<int> weights = gaussian_weights(sigma_px / 2 / kBlock, 256);
  const int radius = static_cast<int>(weights.size()) - 1;
  line_.resize(static_cast<std::size_t>(reduced.width));
  sums_.resize(columns * rows);
  blurred_.resize(columns * rows);
  for (int c = 0; c < channels_; ++c) {
    const int cut = static_cast<int>(kCutSpreads * spread(c) * kOne + 0.5F);
    for (std::size_t r = 0; r < rows; ++r) {
      std::int32_t* const sums = sums_.data() + r * columns;
      std::fill_n(sums, columns, 0);
      for (int y = edge_y[r]; y < edge_y[r + 1]; y += kSurroundStep) {
        windows_.line(c, 2 * y, 0, 2, reduced.width, line_.data());
        const std::int16_t* value = reduced.row(c, y);
        for (std::size_t i = 0; i < columns; ++i) {
          std::int32_t sum = 0;
          for (int x = edge_x[i]; x < edge_x[i + 1]; ++x) {
            sum += std::clamp(value[x] * (kOne / 4) - line_[static_cast<std::size_t>(x)], -cut, cut);
          }
          sums[i] += sum;
        }
      }
      for (std::size_t i = 0; i < columns; ++i) {  // means, in 1/16 of a step
        const int lines = (edge_y[r + 1] - edge_y[r] + kSurroundStep - 1) / kSurroundStep;
        const int area = (edge_x[i + 1] - edge_x[i]) * lines;
        sums[i] = sums[i] * 16 / area;
      }
    }
    for (std::size_t r = 0; r < rows; ++r) {
      for (int i = 0; i < static_cast<int>(columns); ++i) {
        const std::int32_t* line = sums_.data() + r * columns;
        std::int32_t sum = line[i] * weights[0];
        for (int k = 1; k <= radius; ++k) {
          sum += (line[std::max(i - k, 0)] + line[std::min(i + k, static_cast<int>(columns) - 1)]) *
                 weights[static_cast<std::size_t>(k)];
        }
        blurred_[r * columns + static_cast<std::size_t>(i)] = sum / 256;
      }
    }
    auto& values = grid_.values[static_cast<std::size_t>(c)];
    values.resize(columns * rows);
    for (int r = 0; r < static_cast<int>(rows); ++r) {
      const auto place = [&](int row) { return blurred_.data() + static_cast<std::size_t>(row) * columns; };
      for (std::size_t i = 0; i < columns; ++i) {
        std::int32_t sum = place(r)[i] * weights[0];
        for (int k = 1; k <= radius; ++k) {
          sum += (place(std::max(r - k, 0))[i] + place(std::min(r + k, static_cast<int>(rows) - 1))[i]) *
                 weights[static_cast<std::size_t>(k)];
        }
        std::int16_t behind = 0;
        windows_.line(c, grid_.y[static_cast<std::size_t>(r)], grid_.x[i], 1, 1, &behind);
        values[static_cast<std::size_t>(r) * columns + i] =
            static_cast<std::int16_t>(std::clamp(behind + sum / (256 * 16), 0, 255 * kOne));
      }
    }
  }
}

void Background::measure(const ReducedFrame& reduced, const Grid& grid) {
  line_.resize(static_cast<std::size_t>(reduced.width));
  histogram_.resize(256 * kOne);
  for (int c = 0; c < channels_; ++c) {
    std::fill(histogram_.begin(), histogram_.end(), 0);
    std::int64_t level = 0, samples = 0;
    for (int y = 0; y < reduced.height; y += kSpreadStep) {
      grid.line(c, 2 * y, 0, 2, reduced.width, line_.data());
      const std::int16_t* value = reduced.row(c, y);
      for (int x = 0; x < reduced.width; x += kSpreadStep) {
        const int behind = line_[static_cast<std::size_t>(x)];
        const int d = value[x] * (kOne / 4) - behind;
        ++histogram_[static_cast<std::size_t>(std::min(d < 0 ? -d : d, 256 * kOne - 1))];
        level += behind;
        ++samples;
      }
    }
    std::int64_t below = 0;
    std::size_t median = 0;
    while (below + histogram_[median] <= samples / 2) below += histogram_[median++];
    const float deviation = (static_cast<float>(median) + 0.5F) / kOne;
    spread_[static_cast<std::size_t>(c)] = std::max(kSmallestSpread, deviation / 0.6745F);
    level_[static_cast<std::size_t>(c)] =
        std::max(1.0F, static_cast<float>(static_cast<double>(level) / static_cast<double>(samples) / kOne));
  }
}

void Background::row(int channel, int y, int x, int count, std::int16_t* out) const {
  grid_.line(channel, y, x, 1, count, out);
}

void Background::reduced_row(int channel, int y, std::int16_t* out) const {
  grid_.line(channel, 2 * y, 0, 2, width_ / 2, out);
}

void Background::Grid::line(int channel, int row, int start, int step, int count, std::int16_t* out) const {
  const auto& nodes = values[static_cast<std::size_t>(channel)];
  const std::size_t columns = x.size();
  const auto below = static_cast<std::size_t>(std::upper_bound(y.begin(), y.end(), row) - y.begin());
  const std::size_t lower = std::min(below, y.size() - 1), upper = below > 0 ? below - 1 : 0;
  const int gap_y = y[lower] - y[upper];
  const int part = gap_y > 0 ? (std::clamp(row - y[upper], 0, gap_y) * 256 + gap_y / 2) / gap_y : 0;
  const auto at_node = [&](std::size_t column) {  // in 1/256 of a step
    const std::int32_t v = nodes[upper * columns + column];
    return v * 256 + (nodes[lower * columns + column] - v) * part;
  };
  const int end = start + step * count;
  auto segment = static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), start) - x.begin());
  for (int px = start; px < end; ++segment) {
    const bool between = segment > 0 && segment < columns;
    const int stop = segment < columns ? std::min(end, x[segment]) : end;
    const std::int32_t left = at_node(segment > 0 ? segment - 1 : 0);
    std::int32_t value = left + 128, slope = 0;
    if (between) {
      slope = (at_node(segment) - left) / (x[segment] - x[segment - 1]);
      value += slope * (px - x[segment - 1]);
    }
    slope *= step;
    const int values = (stop - px + step - 1) / step;
    for (int i = 0; i < values; ++i) out[i] = static_cast<std::int16_t>((value + slope * i) >> 8);
    out += values;
    px += values * step;
  }
}

}  // namespace capillaryx
