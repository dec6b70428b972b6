// SPDX-License-Identifier: Apache-2.0
// What lies round and under the capillaries: light, mottling, folds, deep vessels. All soft, so all in the coarse
// picture.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "phantom/look.h"

namespace capillaryx::phantom {
namespace {

constexpr double kPi = std::numbers::pi;

// Of optical density, for a gain of 1: what lies deep never gets as dark as the faintest capillary that counts
// (PhantomCapillary), however many vessels cross. Otherwise the two look alike, and the truth would say
// nothing.
constexpr float kDeepest = 0.055F;

void add_field(cv::Mat& target, const cv::Mat& values, const Color& weight) { add(target, {0, 0, values}, weight); }

}  // namespace

void draw_light(const PhantomOptions& options, std::int64_t index, Canvas& canvas) {
  if (options.gradients <= 0) return;
  Random random(options.seed, index, kLight);
  const double tilt = options.gradients * random.uniform(0, 0.13);
  const double direction = random.uniform(0, 2 * kPi);
  const double corner = options.gradients * random.uniform(0.03, 0.22);
  const double cx = random.uniform(0.4, 0.6);
  const double cy = random.uniform(0.4, 0.6);
  const double warm = options.gradients * random.normal(0, 0.035);
  const double warm_direction = random.uniform(0, 2 * kPi);
  const double cool_edge = options.gradients * random.uniform(0, 0.3);
  cv::Mat shade(canvas.coarse.size(), CV_32F);
  cv::Mat warmth(canvas.coarse.size(), CV_32F);
  for (int y = 0; y < shade.rows; ++y) {
    auto* s = shade.ptr<float>(y);
    auto* w = warmth.ptr<float>(y);
    const double v = static_cast<double>(y) / shade.rows;
    for (int x = 0; x < shade.cols; ++x) {
      const double u = static_cast<double>(x) / shade.cols;
      const double r2 = (u - cx) * (u - cx) + (v - cy) * (v - cy);
      const double dark = corner * (1.4 * r2 + 2.0 * r2 * r2);
      s[x] =
          static_cast<float>(dark + tilt * (0.5 + (u - 0.5) * std::cos(direction) + (v - 0.5) * std::sin(direction)));
      w[x] = static_cast<float>(warm * ((u - 0.5) * std::cos(warm_direction) + (v - 0.5) * std::sin(warm_direction)) -
                                cool_edge * dark);
    }
  }
  add_field(canvas.coarse, shade, {1, 1, 1});
  add_field(canvas.coarse, warmth, {-1, 0, 1});
}

void draw_mottling(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas) {
  if (options.mottling <= 0) return;
  Random random(options.seed, index, kMottling);
  const double strength = 0.01 * options.mottling * look.mottling;
  const auto wave = [&](double share, double roughness) {
    // Octaves of 8, 16, ... 512 px of the frame; magnification makes them longer: gains move by less than an octave.
    constexpr int kOctaves = 7;
    std::vector<double> gains(kOctaves);
    const double stretch = std::log2(look.magnification);
    for (int k = 0; k < kOctaves; ++k) {
      gains[k] = strength * share * 0.07 * std::exp2(-0.05 * k) * std::exp2((k - stretch) * roughness);
    }
    return clouds(random, canvas.coarse.rows, canvas.coarse.cols, gains);
  };
  // Neutral relief, blood in the plexus below, pigment.
  const double relief = random.uniform(0.4, 1.1);
  const double plexus = random.uniform(0.15, 0.7);
  const double pigment = random.uniform(0.2, 0.6);
  add_field(canvas.coarse, wave(relief, 0.85), {1, 1, 1});
  add_field(canvas.coarse, wave(plexus * (1 + 0.8 * look.vivid), 0.95), look.deep_blood);
  add_field(canvas.coarse, wave(pigment, 0.95), look.pigment);
  // Wrinkles: fine, faint, roughly parallel.
  Random wrinkles(options.seed, index, kWrinkle);
  const double plenty = wrinkles.uniform() * wrinkles.uniform();
  const double frame = options.width * options.height / (1920.0 * 1080.0 * look.magnification * look.magnification);
  for (int i = wrinkles.count(std::min(4000.0, 60 * plenty * frame)); i > 0; --i) {
    const double radius = wrinkles.uniform(2.5, 9) * look.magnification / Canvas::kCoarse;
    auto line = wander(wrinkles, wrinkles.uniform(0, canvas.coarse.cols), wrinkles.uniform(0, canvas.coarse.rows),
                       look.direction + wrinkles.normal(0, 0.35), wrinkles.uniform(20, 130), radius, 0.006);
    for (std::size_t k = 0; k < line.size(); ++k) {
      line[k].darkness = std::sin(kPi * static_cast<double>(k) / static_cast<double>(line.size()));
    }
    Patch patch = draw_tubes({line}, 4);
    blur(patch.values, wrinkles.uniform(0.5, 1) * radius);
    patch.values *= options.mottling * wrinkles.uniform(-0.025, 0.03);
    add(canvas.coarse, patch, look.pigment);
  }

  // Papillae without a capillary in focus: pale discs with an olive rim.
  Random papillae(options.seed, index, kPapilla);
  const double area = options.width * options.height / (1920.0 * 1080.0 * look.magnification * look.magnification);
  const int count = papillae.count(std::min(2000.0, 22 * options.mottling * look.papillae * area));
  for (int i = 0; i < count; ++i) {
    const double x = papillae.uniform(0, canvas.coarse.cols);
    const double y = papillae.uniform(0, canvas.coarse.rows);
    const double radius = papillae.uniform(20, 70) * look.magnification / Canvas::kCoarse;
    const double thick = papillae.uniform(0.12, 0.4) * radius;
    const double squash = papillae.uniform(0.6, 1);
    std::vector<Knot> rim;
    for (int k = 0; k <= 16; ++k) {
      const double angle = 2 * kPi * k / 16;
      rim.push_back({x + radius * std::cos(angle) * papillae.uniform(0.92, 1.08),
                     y + squash * radius * std::sin(angle) * papillae.uniform(0.92, 1.08), thick,
                     papillae.uniform(0.2, 1)});
    }
    rim.back() = rim.front();
    Patch patch = draw_tubes({smooth_curve(rim)}, 2 * thick + 2);
    blur(patch.values, 0.6 * thick);
    patch.values *= papillae.uniform(0.008, 0.04) * options.mottling;
    add(canvas.coarse, patch, look.pigment);
  }
}

void draw_folds(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas) {
  if (options.folds <= 0) return;
  Random frame(options.seed, index, kFold);
  const int count = frame.count(1.1 * options.folds);
  for (int i = 0; i < count; ++i) {
    Random random(options.seed, index, kFold, static_cast<std::uint64_t>(i) + 1);
    const double angle = look.direction + random.normal(0, 0.35);
    const double length = 1.2 * std::hypot(canvas.coarse.cols, canvas.coarse.rows);
    const double wide = random.spread(24, 0.5) * look.magnification / Canvas::kCoarse;
    const double cx = random.uniform(0, canvas.coarse.cols);
    const double cy = random.uniform(0, canvas.coarse.rows);
    const bool whole = random.chance(0.6);
    const double reach = whole ? length : random.uniform(0.15, 0.5) * length;
    auto line = wander(random, cx - 0.5 * reach * std::cos(angle), cy - 0.5 * reach * std::sin(angle), angle, reach,
                       wide, 0.0015);
    for (std::size_t k = 0; k < line.size(); ++k) {
      const double t = static_cast<double>(k) / static_cast<double>(line.size());
      line[k].darkness = 0.55 + 0.45 * std::sin(2 * kPi * (t * 1.7 + 0.3 * i));
      if (!whole) line[k].darkness *= std::sin(kPi * t);
    }
    const double strength = options.folds * random.uniform(0.02, 0.11);
    if (random.chance(0.65)) {  // the shaded slope
      Patch shade = draw_tubes({line}, 0);
      blur(shade.values, 0.5 * wide);
      add(canvas.coarse, {shade.left, shade.top, shade.values * strength}, look.pigment);
    }
    if (random.chance(0.6)) {  // the crest, which shines
      const double off = wide * random.uniform(0.5, 1.2) * (random.chance(0.5) ? 1 : -1);
      for (Knot& k : line) {
        k.x -= off * std::sin(angle);
        k.y += off * std::cos(angle);
        k.radius = std::max(0.8, wide * 0.3);
      }
      Patch crest = draw_tubes({line}, 0);
      blur(crest.values, random.uniform(0.25, 0.6) * wide * 0.4 + 0.5);
      add(canvas.coarse, {crest.left, crest.top, crest.values * (-random.uniform(0.5, 1.6) * strength)}, {1, 1, 0.95F});
    }
  }
}

void draw_deep_vessels(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas) {
  if (options.deep_vessels <= 0) return;
  Random frame(options.seed, index, kVenule);
  cv::Mat deep(canvas.coarse.size(), CV_32FC3, cv::Scalar(0, 0, 0));  // in its first channel
  const double scale = look.magnification / Canvas::kCoarse;
  const double area = options.width * options.height / (1920.0 * 1080.0 * look.magnification * look.magnification);
  // Venules of the plexus: long, branching. Some patches of skin show many, most show few.
  const double plenty = frame.chance(0.25 + 0.5 * look.vivid) ? 20 : 5;
  const int count = frame.count(std::min(2000.0, plenty * options.deep_vessels * area));
  for (int i = 0; i < count; ++i) {
    Random random(options.seed, index, kVenule, static_cast<std::uint64_t>(i) + 1);
    const double radius = random.spread(10, 0.4) * scale;
    const double darkness = random.uniform(0.028, 0.07) * look.gain * options.deep_vessels;
    auto trunk = wander(random, random.uniform(0, canvas.coarse.cols), random.uniform(0, canvas.coarse.rows),
                        random.uniform(0, 2 * kPi), random.uniform(80, 700) * scale, radius, 0.03 / scale / 4);
    for (std::size_t k = 0; k < trunk.size(); ++k) {
      const double t = static_cast<double>(k) / static_cast<double>(trunk.size());
      trunk[k].darkness = std::min(1.0, 4 * t) * std::min(1.0, 4 * (1 - t)) * (0.75 + 0.25 * std::sin(9 * t + i));
    }
    std::vector<std::vector<Knot>> tree{trunk};
    for (int b = random.count(1.2); b > 0; --b) {
      const Knot& root = trunk[static_cast<std::size_t>(random.below(static_cast<int>(trunk.size())))];
      auto branch = wander(random, root.x, root.y, random.uniform(0, 2 * kPi), random.uniform(40, 300) * scale,
                           radius * random.uniform(0.45, 0.9), 0.04 / scale / 4);
      for (std::size_t k = 0; k < branch.size(); ++k) {
        branch[k].darkness = root.darkness * (1 - static_cast<double>(k) / static_cast<double>(branch.size()));
      }
      tree.push_back(std::move(branch));
    }
    const double sigma = random.uniform(0.45, 1.1) * std::max(radius, 9 * scale);
    Patch patch = draw_tubes(tree, 3 * sigma);
    blur(patch.values, sigma);
    double top = 0;
    cv::minMaxLoc(patch.values, nullptr, &top);
    if (top > 0) patch.values *= darkness / top;
    add(deep, patch, {1, 0, 0});
  }
  // Smudges: vessels so deep that only a cloud is left.
  Random smudges(options.seed, index, kSmudge);
  const int clouds_count = smudges.count(std::min(4000.0, 22 * options.deep_vessels * area));
  for (int i = 0; i < clouds_count; ++i) {
    const double radius = smudges.uniform(8, 34) * scale;
    auto curve = wander(smudges, smudges.uniform(0, canvas.coarse.cols), smudges.uniform(0, canvas.coarse.rows),
                        smudges.uniform(0, 2 * kPi), smudges.uniform(0, 50) * scale, radius, 0.05);
    const double sigma = smudges.uniform(0.45, 0.9) * radius;
    Patch patch = draw_tubes({curve}, 3 * sigma);
    blur(patch.values, sigma);
    patch.values *= smudges.uniform(0.01, 0.06) * look.gain * options.deep_vessels;
    add(deep, patch, {1, 0, 0});
  }
  cv::Mat density;
  cv::extractChannel(deep, density, 0);
  const auto deepest = static_cast<float>(kDeepest * look.gain);
  for (float& value : cv::Mat_<float>(density)) value = deepest * std::tanh(value / deepest);
  add_field(canvas.coarse, density, look.deep_blood);
}

}  // namespace capillaryx::phantom
