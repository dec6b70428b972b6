// SPDX-License-Identifier: Apache-2.0
#include "analysis/background.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "analysis/mixture.h"

namespace capillaryx {
namespace {

constexpr int kIterations = 12;  // of EM; more move the mean by less than a tenth of a grey value
constexpr int kSpreadStep = 4;   // the spread is taken from every 4th value of every 4th row
constexpr float kSmallestSpread = 0.25F;

// Edges of `count` cells over `length` values.
std::vector<int> cell_edges(int length, int count) {
  std::vector<int> edges(static_cast<std::size_t>(count) + 1);
  for (int i = 0; i <= count; ++i) {
    edges[static_cast<std::size_t>(i)] = static_cast<int>(static_cast<std::int64_t>(length) * i / count);
  }
  return edges;
}

}  // namespace

void Background::place_nodes(const ReducedFrame& reduced, int window_px) {
  width_ = reduced.frame_width;
  height_ = reduced.frame_height;
  channels_ = reduced.channels;
  const int cell = std::max(1, window_px / 4);  // half a window, in reduced px
  const int cells_x = std::max(2, (reduced.width + cell / 2) / cell);
  const int cells_y = std::max(2, (reduced.height + cell / 2) / cell);
  cell_x_ = cell_edges(reduced.width, cells_x);
  cell_y_ = cell_edges(reduced.height, cells_y);
  columns_ = cells_x - 1;
  rows_ = cells_y - 1;
  node_x_.resize(static_cast<std::size_t>(columns_));
  node_y_.resize(static_cast<std::size_t>(rows_));
  for (int i = 0; i < columns_; ++i)
    node_x_[static_cast<std::size_t>(i)] = 2 * cell_x_[static_cast<std::size_t>(i) + 1];
  for (int i = 0; i < rows_; ++i) node_y_[static_cast<std::size_t>(i)] = 2 * cell_y_[static_cast<std::size_t>(i) + 1];
  for (auto& nodes : nodes_) nodes.assign(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_), 0);
}

void Background::fit_nodes(const ReducedFrame& reduced, const Options& options) {
  const int vessel = vessel_channel(channels_);
  const int other[2] = {0, channels_ - 1};
  const std::size_t cells_x = cell_x_.size() - 1;
  const std::size_t row_size = cells_x * kBins;
  cells_.resize(2 * row_size);
  std::array<float, kBins> counts{}, membership{};
  for (std::size_t cy = 0; cy + 1 < cell_y_.size(); ++cy) {
    Bin* const row_cells = cells_.data() + (cy % 2) * row_size;
    std::fill_n(row_cells, row_size, Bin{});
    for (int y = cell_y_[cy]; y < cell_y_[cy + 1]; ++y) {
      const std::int16_t* v = reduced.row(vessel, y);
      const std::int16_t* a = reduced.row(other[0], y);
      const std::int16_t* b = reduced.row(other[1], y);
      for (std::size_t cx = 0; cx < cells_x; ++cx) {
        Bin* const cell = row_cells + cx * kBins;
        for (int x = cell_x_[cx]; x < cell_x_[cx + 1]; ++x) {
          Bin& bin = cell[v[x] >> 2];
          ++bin.count;
          bin.sum[0] += static_cast<std::uint32_t>(a[x]);
          bin.sum[1] += static_cast<std::uint32_t>(b[x]);
        }
      }
    }
    if (cy == 0) continue;
    for (std::size_t cx = 0; cx + 1 < cells_x; ++cx) {
      const Bin* const quarter[4] = {cells_.data() + cx * kBins, cells_.data() + (cx + 1) * kBins,
                                     cells_.data() + row_size + cx * kBins,
                                     cells_.data() + row_size + (cx + 1) * kBins};
      int first = kBins, last = -1;
      for (int b = 0; b < kBins; ++b) {
        const std::uint64_t n =
            std::uint64_t{quarter[0][b].count} + quarter[1][b].count + quarter[2][b].count + quarter[3][b].count;
        counts[static_cast<std::size_t>(b)] = static_cast<float>(n);
        if (n > 0) {
          first = std::min(first, b);
          last = b;
        }
      }
      // Bins without samples at either end cost time only; the span stays a multiple of 8.
      first &= ~7;
      const auto bins = static_cast<std::size_t>((last - first) / 8 * 8 + 8);
      const std::span<float> window(counts.data() + first, bins);
      const std::span<float> share(membership.data(), bins);
      const DominantGaussian dominant =
          fit_mixture(window, static_cast<int>(options.mixture_components), kIterations, share);
      double weight = 0, sum[2] = {0, 0};
      for (std::size_t b = 0; b < bins; ++b) {
        const double m = membership[b];
        weight += m * counts[static_cast<std::size_t>(first) + b];
        for (const Bin* const q : quarter) {
          sum[0] += m * q[static_cast<std::size_t>(first) + b].sum[0];
          sum[1] += m * q[static_cast<std::size_t>(first) + b].sum[1];
        }
      }
      const std::size_t node = (cy - 1) * static_cast<std::size_t>(columns_) + cx;
      // A bin holds values 4b .. 4b + 3 of a sum of four pixels: its middle is b + 3/8 grey values.
      const double mean = std::clamp(static_cast<double>(dominant.mean) + first + 0.375, 0.0, 255.0);
      nodes_[static_cast<std::size_t>(vessel)][node] = static_cast<std::int16_t>(mean * kOne + 0.5);
      if (channels_ == 3) {
        for (std::size_t i = 0; i < 2; ++i) {
          const double value = weight > 0 ? sum[i] / weight / 4 : mean;
          nodes_[static_cast<std::size_t>(other[i])][node] =
              static_cast<std::int16_t>(std::clamp(value, 0.0, 255.0) * kOne + 0.5);
        }
      }
    }
  }
}

void Background::measure(const ReducedFrame& reduced) {
  std::vector<std::int16_t> line(static_cast<std::size_t>(width_));
  std::vector<std::uint32_t> histogram(256 * kOne);
  for (int c = 0; c < channels_; ++c) {
    std::fill(histogram.begin(), histogram.end(), 0);
    std::int64_t level = 0, samples = 0;
    for (int y = 0; y < reduced.height; y += kSpreadStep) {
      row(c, 2 * y, 0, 2 * reduced.width, line.data());
      const std::int16_t* value = reduced.row(c, y);
      for (int x = 0; x < reduced.width; x += kSpreadStep) {
        const int behind = line[static_cast<std::size_t>(2 * x)];
        const int d = value[x] * (kOne / 4) - behind;
        ++histogram[static_cast<std::size_t>(std::min(d < 0 ? -d : d, 256 * kOne - 1))];
        level += behind;
        ++samples;
      }
    }
    std::int64_t below = 0;
    int median = 0;
    while (below + histogram[static_cast<std::size_t>(median)] <= samples / 2) {
      below += histogram[static_cast<std::size_t>(median++)];
    }
    const float mad = (static_cast<float>(median) + 0.5F) / kOne;
    spread_[static_cast<std::size_t>(c)] = std::max(kSmallestSpread, mad / 0.6745F);
    level_[static_cast<std::size_t>(c)] =
        std::max(1.0F, static_cast<float>(static_cast<double>(level) / static_cast<double>(samples) / kOne));
  }
}

void Background::fit(const ReducedFrame& reduced, const Options& options) {
  place_nodes(reduced, static_cast<int>(options.window_px));
  fit_nodes(reduced, options);
  measure(reduced);
}

void Background::row(int channel, int y, int x, int count, std::int16_t* out) const {
  const auto& nodes = nodes_[static_cast<std::size_t>(channel)];
  // Between two rows of nodes, then between two nodes: both linear, the nearest node's value beyond the outermost.
  const auto below = std::upper_bound(node_y_.begin(), node_y_.end(), y) - node_y_.begin();
  const std::size_t r1 = static_cast<std::size_t>(std::min<std::ptrdiff_t>(below, rows_ - 1));
  const std::size_t r0 = static_cast<std::size_t>(std::max<std::ptrdiff_t>(below - 1, 0));
  const int gap_y = node_y_[r1] - node_y_[r0];
  const int part_y = gap_y > 0 ? (std::clamp(y - node_y_[r0], 0, gap_y) * 256 + gap_y / 2) / gap_y : 0;
  const auto at_node = [&](std::size_t column) {
    const std::int32_t v0 = nodes[r0 * static_cast<std::size_t>(columns_) + column];
    const std::int32_t v1 = nodes[r1 * static_cast<std::size_t>(columns_) + column];
    return v0 * 256 + (v1 - v0) * part_y;
  };
  const int end = x + count;
  std::size_t segment = static_cast<std::size_t>(std::upper_bound(node_x_.begin(), node_x_.end(), x) - node_x_.begin());
  while (x < end) {
    const bool inner = segment > 0 && segment < node_x_.size();
    const int stop = segment < node_x_.size() ? std::min(end, node_x_[segment]) : end;
    std::int32_t value = at_node(segment > 0 ? segment - 1 : 0) + 128;
    std::int32_t slope = 0;
    if (inner) {
      slope = (at_node(segment) - value + 128) / (node_x_[segment] - node_x_[segment - 1]);
      value += slope * (x - node_x_[segment - 1]);
    }
    for (; x < stop; ++x) {
      *out++ = static_cast<std::int16_t>(value >> 8);
      value += slope;
    }
    ++segment;
  }
}

}  // namespace capillaryx
