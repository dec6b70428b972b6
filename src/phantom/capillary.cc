// SPDX-License-Identifier: Apache-2.0
// Capillaries: their places, darkness and surroundings.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "phantom/capillary_shape.h"
#include "phantom/look.h"

namespace capillaryx::phantom {
namespace {

constexpr double kPi = std::numbers::pi;

// Blur, px at magnification 1, from which on a capillary looks like a smudge, and from which on none is asked
// for: limbs are 5 to 14 px wide.
constexpr double kHardlySharp = 8.5, kBlurredAway = 11;

// Peak optical density, in gains of the camera, below which nobody can tell a capillary, and below which none is asked
// for. Labelled real frames have the first of theirs at 0.08, and ambiguous ones go down to half of that.
constexpr double kHardlyDark = 0.08, kTooFaint = 0.045;

/// Blood is not spread evenly along a vessel.
void add_texture(Random& random, cv::Mat& density, double strength) {
  const cv::Mat noise = clouds(random, density.rows, density.cols, {0, 0, 0.7, 0.9});
  for (int y = 0; y < density.rows; ++y) {
    auto* row = density.ptr<float>(y);
    const auto* n = noise.ptr<float>(y);
    for (int x = 0; x < density.cols; ++x) row[x] *= std::max(0.3F, 1 + static_cast<float>(strength) * n[x]);
  }
}

void place(std::vector<std::vector<Knot>>& curves, double scale, double angle, double x, double y) {
  const double c = std::cos(angle) * scale;
  const double s = std::sin(angle) * scale;
  for (auto& curve : curves) {
    for (Knot& k : curve) {
      k = {x + c * k.x - s * k.y, y + s * k.x + c * k.y, k.radius * scale, k.darkness};
    }
  }
}

/// Which places are taken, in cells of 4 px; frames have a border, as capillaries are cut by the frame.
class Occupancy {
 public:
  Occupancy(int width, int height)
      : cells_(height / kCell + 2 * kBorder, width / kCell + 2 * kBorder, CV_8U, cv::Scalar(0)) {}

  /// Takes the places where `patch` is above `level`, unless one of them or next to them is taken.
  bool take(const Patch& patch, float level) {
    const int x0 = cell(patch.left, cells_.cols);
    const int y0 = cell(patch.top, cells_.rows);
    const int x1 = cell(patch.left + patch.values.cols, cells_.cols);
    const int y1 = cell(patch.top + patch.values.rows, cells_.rows);
    cv::Mat wanted(y1 - y0 + 3, x1 - x0 + 3, CV_8U, cv::Scalar(0));
    for (int y = 0; y < patch.values.rows; y += 2) {
      const auto* row = patch.values.ptr<float>(y);
      auto* out = wanted.ptr<std::uint8_t>(cell(y + patch.top, cells_.rows) - y0 + 1) + 1 - x0;
      for (int x = 0; x < patch.values.cols; x += 2) {
        if (row[x] >= level) out[cell(x + patch.left, cells_.cols)] = 1;
      }
    }
    cv::Mat near;
    cv::dilate(wanted, near, cv::Mat());
    cv::Mat taken = cells_(cv::Rect(x0 - 1, y0 - 1, wanted.cols, wanted.rows));
    if (cv::countNonZero(near & taken) > 0) return false;
    taken |= wanted;
    return true;
  }

 private:
  /// The cell of a place on one axis; what lies far outside goes to the border.
  static int cell(int place, int count) { return std::clamp(place / kCell + kBorder, 1, count - 2); }

  static constexpr int kCell = 4;
  static constexpr int kBorder = 40;
  cv::Mat cells_;
};

/// Light that scatters back round a vessel carries its colour; the papilla that holds the loop has an olive rim.
void draw_surroundings(Random& random, const Look& look, const Shape& shape, double x, double y, double peak,
                       Canvas& canvas) {
  auto curves = shape.vessel;
  for (auto& curve : curves) curve = to_coarse(curve);
  const double sigma = random.uniform(8, 18) * look.magnification / Canvas::kCoarse;
  Patch halo = draw_tubes(curves, 3 * sigma);
  blur(halo.values, sigma);
  double top = 0;
  cv::minMaxLoc(halo.values, nullptr, &top);
  if (top > 0) halo.values *= peak * random.uniform(0.1, 0.36) / top;
  add(canvas.coarse, halo, look.deep_blood);

  const double strength = look.papillae * random.uniform(0, 0.055);
  if (strength < 0.008) return;
  const double radius = random.uniform(22, 60) * look.magnification / Canvas::kCoarse;
  const double cx = x / Canvas::kCoarse + random.normal(0, 3);
  const double cy = y / Canvas::kCoarse + random.normal(0, 3);
  const double thick = random.uniform(0.25, 0.7) * radius;
  std::vector<std::vector<Knot>> parts(1);
  for (int i = 0; i <= 20; ++i) {
    const double angle = 2 * kPi * i / 20;
    parts[0].push_back({cx + radius * std::cos(angle) * random.uniform(0.9, 1.1),
                        cy + 0.85 * radius * std::sin(angle) * random.uniform(0.9, 1.1),
                        thick * random.uniform(0.6, 1.2), random.uniform(0.3, 1)});
  }
  parts[0].back() = parts[0].front();
  parts[0] = smooth_curve(parts[0]);
  if (random.chance(0.5)) parts.push_back({{cx, cy, radius, random.uniform(0.5, 1.2)}});
  Patch papilla = draw_tubes(parts, 1.2 * radius);
  blur(papilla.values, random.uniform(0.15, 0.4) * radius);
  papilla.values *= strength;
  add(canvas.coarse, papilla, look.pigment);
}

/// Each limb fades towards one of its ends. `strength` 1: to nothing.
void fade(Random& random, double strength, std::vector<std::vector<Knot>>& curves) {
  const bool from_start = random.chance(0.5);
  const double begins = random.uniform(0, 0.6);  // of the length: up to here the limb keeps its darkness
  for (auto& curve : curves) {
    if (curve.size() < 3) continue;  // a dot
    const auto last = static_cast<double>(curve.size() - 1);
    for (std::size_t i = 0; i < curve.size(); ++i) {
      const double t = static_cast<double>(i) / last;
      const double along = std::max(0.0, ((from_start ? 1 - t : t) - begins) / (1 - begins));
      curve[i].darkness *= 1 - strength * along;
    }
  }
}

/// Where hairpins stand side by side: rows through the frame, all of one direction.
struct Rows {
  bool drawn = false;
  double angle = 0;     ///< of the rows, radian; loops stand at right angles to them
  double gap = 0;       ///< px between the loops of a row
  double distance = 0;  ///< px between rows

  Rows(const PhantomOptions& options, std::int64_t index, double scale) {
    Random random(options.seed, index, kRows);
    drawn = random.chance(options.rows);
    angle = random.normal(0, 0.25);
    gap = random.uniform(48, 80) * scale;
    distance = random.uniform(170, 260) * scale;
  }

  /// The place of a loop: one of those on the rows, near enough to (x, y).
  void settle(Random& random, double& x, double& y) const {
    const double c = std::cos(angle);
    const double s = std::sin(angle);
    const double along = gap * (std::round((c * x + s * y) / gap) + random.normal(0, 0.08));
    const double across = distance * (std::round((c * y - s * x) / distance) + random.normal(0, 0.03));
    x = c * along - s * across;
    y = s * along + c * across;
  }
};

}  // namespace

std::vector<SyntheticCapillary> draw_capillaries(const PhantomOptions& options, std::int64_t index, const Look& look,
                                                 Canvas& canvas) {
  std::vector<SyntheticCapillary> drawn;
  if (options.capillaries <= 0 || options.contrast <= 0) return drawn;
  Random placement(options.seed, index, kPlacement);
  const double scale = look.magnification;
  constexpr double kMargin = 12;  // px beyond the frame where a cut capillary may have its middle
  const double area =
      (options.width + 2 * kMargin) * (options.height + 2 * kMargin) / (1920.0 * 1080.0 * scale * scale);
  const double mean = 60 * placement.spread(1, 0.25) * options.capillaries * area;
  const auto count = static_cast<int>(std::min(mean + placement.uniform(), 20'000.0));
  const double frame_peak = 0.14 * look.gain * placement.spread(1, 0.15);
  const double frame_variation = placement.uniform(0.40, 0.54);
  Occupancy occupancy(options.width, options.height);

  const double frame_scale = scale * placement.spread(1.36, 0.1);
  const Rows rows(options, index, frame_scale);
  double last_x = 0;
  double last_y = 0;
  for (int i = 0; i < count; ++i) {
    Random random(options.seed, index, kCapillary, static_cast<std::uint64_t>(i));
    Random of_row(options.seed, index, kRows, static_cast<std::uint64_t>(i) + 1);
    Shape origin = choose_shape(random);
    if (rows.drawn) origin = row_hairpin(of_row);
    if (options.fading > 0) {
      Random fading(options.seed, index, kFading, static_cast<std::uint64_t>(i));
      fade(fading, options.fading, origin.vessel);
    }
    const double depth = random.uniform();
    const double peak =
        frame_peak * std::exp(frame_variation * random.normal() - 0.5 * (depth - 0.5)) * options.contrast;
    // Most lie near the focus, some well out of it with all their darkness.
    const double own_sigma = (random.chance(0.25) ? random.uniform(2.5, 6) : 0.5 + 3.5 * depth * depth) * scale;
    const double redness = random.normal();
    Shape shape;
    Patch density;
    double x = 0;
    double y = 0;
    double sigma = 1;
    double top = 0;
    bool placed = false;
    for (int attempt = 0; attempt < 8 && !placed; ++attempt) {
      x = random.uniform(-kMargin, options.width + kMargin);
      y = random.uniform(-kMargin, options.height + kMargin);
      if (i > 0 && random.chance(0.25)) {  // neighbours of one venule
        const double angle = random.uniform(0, 2 * kPi);
        const double distance = random.uniform(35, 110) * scale;
        x = last_x + distance * std::cos(angle);
        y = last_y + distance * std::sin(angle);
      }
      double angle = look.direction + (random.chance(0.5) ? kPi : 0) + random.normal(0, 1.6 - 1.1 * look.aligned);
      if (rows.drawn) {
        rows.settle(of_row, x, y);
        angle = rows.angle + 0.5 * kPi + of_row.normal(0, 0.1);
      }
      sigma = std::hypot(own_sigma, look.sigma_at(x, y, options));
      shape = origin;
      place(shape.vessel, frame_scale, angle, x, y);
      place(shape.tail, frame_scale, angle, x, y);
      density = draw_tubes(shape.vessel, 3 * sigma + 3);
      Random texture(options.seed, index, kTexture, static_cast<std::uint64_t>(i));
      add_texture(texture, density.values, 0.2);
      blur(density.values, sigma);
      cv::minMaxLoc(density.values, nullptr, &top);
      density.values *= peak / top;
      placed = occupancy.take(density, static_cast<float>(0.3 * peak));
    }
    if (!placed) continue;
    last_x = x;
    last_y = y;

    SyntheticCapillary one;
    const auto mix = static_cast<float>(std::clamp(depth + 0.15 * redness, 0.0, 1.0));
    for (int c = 0; c < 3; ++c) one.color[c] = look.blood[c] + mix * (look.deep_blood[c] - look.blood[c]);
    one.color[0] *= static_cast<float>(std::exp(0.12 * redness));
    outline_capillary(density, options.width, options.height, one.truth);
    const double unit = look.gain;
    const auto& vessel = shape.vessel;
    outline_geometry({vessel.begin(), vessel.end() - origin.out_of_focus}, kHardlyDark * unit * top / peak,
                     options.width, options.height, one.truth);
    one.truth.peak_density = peak;
    if (!one.truth.outline.empty() && peak >= kTooFaint * unit && sigma < kBlurredAway * scale) {
      const bool cut = one.truth.area_px < 90 * scale * scale;
      one.truth.cannot_tell = peak < kHardlyDark * unit || cut || sigma > kHardlySharp * scale;
    } else {
      one.truth.outline.clear();
    }
    if (!shape.tail.empty()) {
      Patch tail = draw_tubes(shape.tail, 3 * sigma + 12);
      blur(tail.values, std::hypot(sigma, random.uniform(1.5, 5) * scale));
      tail.values *= peak * random.uniform(0.08, 0.28);
      one.tail = std::move(tail);
    }
    draw_surroundings(random, look, shape, x, y, peak, canvas);
    one.density = std::move(density);
    one.vessel = std::move(shape.vessel);
    drawn.push_back(std::move(one));
  }
  return drawn;
}

}  // namespace capillaryx::phantom
