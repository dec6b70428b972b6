// SPDX-License-Identifier: Apache-2.0
// What lies on the skin: hairs, specks, glare, bubbles.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "phantom/look.h"

namespace capillaryx::phantom {
namespace {

constexpr double kPi = std::numbers::pi;

double frame_area(const PhantomOptions& options, const Look& look) {
  return std::min(50.0, options.width * options.height / (1920.0 * 1080.0 * look.magnification * look.magnification));
}

Patch scaled(Patch patch, double factor) {
  patch.values *= factor;
  return patch;
}

}  // namespace

void draw_hairs(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas) {
  if (options.hairs <= 0) return;
  Random frame(options.seed, index, kHair);
  const int count = std::min(200, frame.count(0.7 * options.hairs));
  for (int i = 0; i < count; ++i) {
    Random random(options.seed, index, kHair, static_cast<std::uint64_t>(i) + 1);
    const double scale = look.magnification;
    const bool thick = random.chance(0.45);
    const double radius = (thick ? random.uniform(6, 17) : random.uniform(1.5, 5)) * scale;
    const double reach = std::hypot(canvas.width, canvas.height);
    const double length = random.chance(0.6) ? 2 * reach : random.uniform(0.1, 0.7) * reach;
    const double angle = random.uniform(0, 2 * kPi);
    const double back = random.uniform(0.2, 0.8) * length;
    auto line =
        wander(random, random.uniform(0, canvas.width) - back * std::cos(angle),
               random.uniform(0, canvas.height) - back * std::sin(angle), angle, length, radius, thick ? 5e-5 : 2e-4);
    for (std::size_t k = 0; k < line.size(); ++k) {
      const double t = static_cast<double>(k) / static_cast<double>(line.size());
      line[k].radius *= 0.8 + 0.2 * std::sin(3 * t + i);
      line[k].darkness = 0.85 + 0.15 * std::sin(17 * t + 2.3 * i);
    }
    // Only what can be seen: the picture of a hair would reach far beyond the frame.
    std::erase_if(line, [&](const Knot& k) {
      return k.x < -40 || k.y < -40 || k.x > canvas.width + 40 || k.y > canvas.height + 40;
    });
    if (line.size() < 4) continue;
    const double sigma = random.uniform(0.9, 2.6) * scale * std::max(0.5, options.blur);
    const double darkness =
        (thick ? random.uniform(0.04, 0.22) : random.uniform(0.06, 0.4)) * std::min(2.0, options.hairs);
    const Color color =
        random.chance(0.75) ? look.pigment : Color{1.0F, 0.95F, 0.85F + 0.2F * static_cast<float>(random.uniform())};
    Patch hair = draw_tubes({line}, 3 * sigma + 2);
    // A chord through a round fibre has a flat top once its edge is sharpened: glass-like hairs are evenly grey.
    for (float& value : cv::Mat_<float>(hair.values)) value = std::min(1.0F, 1.6F * value);
    blur(hair.values, sigma);
    add_over(canvas.fine, scaled(hair, darkness), color, 0.3F);
    if (thick && random.chance(0.75)) {  // light along the core or beside it
      const double off = radius * random.uniform(-0.6, 0.6);
      for (Knot& k : line) {
        k.x -= off * std::sin(angle);
        k.y += off * std::cos(angle);
        k.radius *= 0.4;
      }
      Patch core = draw_tubes({line}, 3 * sigma + 2);
      blur(core.values, 0.7 * sigma);
      if (random.chance(0.3)) {  // or a reddish marrow
        add(canvas.fine, scaled(core, darkness * random.uniform(0.2, 0.7)), look.deep_blood);
      } else {
        add(canvas.fine, scaled(core, -darkness * random.uniform(0.1, 0.9)), {1, 1, 1});
      }
    }
  }
}

void draw_specks(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas) {
  if (options.specks <= 0) return;
  Random frame(options.seed, index, kSpeck);
  const double area = frame_area(options, look);
  const int count = std::min(5000, frame.count((frame.chance(0.5) ? 3 : 11) * options.specks * area));
  for (int i = 0; i < count; ++i) {
    Random random(options.seed, index, kSpeck, static_cast<std::uint64_t>(i) + 1);
    const double scale = look.magnification;
    const double x = random.uniform(0, canvas.width);
    const double y = random.uniform(0, canvas.height);
    const auto blue = static_cast<float>(random.uniform(0.55, 1.05));
    Color color{1.0F, 0.95F, blue};
    if (random.chance(0.25)) color = look.pigment;
    double sigma = random.uniform(0.7, 1.6) * scale;
    double darkness = random.uniform(0.06, 0.35);
    std::vector<std::vector<Knot>> parts;
    const double kind = random.uniform();
    if (kind < 0.66) {  // a grain
      const double radius = random.uniform(1.2, 4.0) * scale;
      parts.push_back(
          {{x, y, radius, 1}, {x + random.normal(0, radius), y + random.normal(0, radius), 0.8 * radius, 1}});
      if (random.chance(0.3)) darkness *= 2.2;
    } else if (kind < 0.78) {  // a crumb
      darkness = random.uniform(0.25, 1.1);
      for (int k = 4 + random.below(8); k > 0; --k) {
        const double px = x + random.normal(0, 7) * scale;
        const double py = y + random.normal(0, 4) * scale;
        const double radius = random.uniform(1.2, 4.5) * scale;
        parts.push_back({{px, py, radius, random.uniform(0.5, 1)},
                         {px + random.normal(0, radius), py + random.normal(0, radius), radius * 0.7, 1}});
      }
      parts.push_back(
          {{x - 4 * scale, y, 3.5 * scale, 0.8}, {x + 5 * scale, y + random.normal(0, 3) * scale, 3 * scale, 0.7}});
    } else if (kind < 0.88) {  // a fibre
      darkness = random.uniform(0.08, 0.4);
      parts.push_back(wander(random, x, y, random.uniform(0, 2 * kPi), random.uniform(25, 140) * scale,
                             random.uniform(1.3, 4) * scale, 0.06));
    } else {  // a grain far out of focus
      sigma = random.uniform(3, 8) * scale;
      darkness = random.uniform(0.02, 0.1);
      parts.push_back({{x, y, random.uniform(5, 14) * scale, 1}});
    }
    Patch speck = draw_tubes(parts, 3 * sigma + 2);
    blur(speck.values, std::hypot(sigma, 0.5 * look.sigma_at(x, y, options)));
    darkness *= std::min(2.0, options.specks);
    if (random.chance(0.35)) {  // the lens breaks red and blue a little apart
      Patch fringe{speck.left + random.below(7) - 3, speck.top + random.below(7) - 3, speck.values.clone()};
      blur(fringe.values, random.uniform(1, 3));
      const bool warm = random.chance(0.7);
      add(canvas.fine, scaled(fringe, darkness * random.uniform(0.15, 0.5)),
          warm ? Color{-0.1F, 1.0F, 0.9F} : Color{1.0F, 0.7F, -0.1F});
    }
    add_over(canvas.fine, scaled(speck, darkness), color, 0.4F);
  }
}

void draw_glare(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas) {
  if (options.glare <= 0) return;
  Random frame(options.seed, index, kGlare);
  const double area = frame_area(options, look);
  const double scale = look.magnification;
  // Sheen: soft pale patches; sparks: single bright grains; discs: lights out of focus.
  const int sheens = frame.count(2.2 * options.glare * area);
  const int sparks = frame.count((frame.chance(0.3) ? 40 : 8) * options.glare * area);
  const int discs = frame.count((frame.chance(0.15) ? 3 : 0.2) * options.glare * area);
  const double strength = std::min(2.0, options.glare);
  for (int i = 0; i < sheens; ++i) {
    Random random(options.seed, index, kGlare, static_cast<std::uint64_t>(i) + 1);
    const double radius = random.spread(22, 0.6) * scale;
    auto line = wander(random, random.uniform(0, canvas.width), random.uniform(0, canvas.height),
                       look.direction + random.normal(0, 0.6), random.uniform(0, 2.5) * radius, radius, 0.01);
    line = to_coarse(std::move(line));
    Patch sheen = draw_tubes({line}, 2.5 * radius / Canvas::kCoarse);
    blur(sheen.values, random.uniform(0.3, 0.9) * radius / Canvas::kCoarse);
    // Sheen lies over everything, so it is drawn large into the fine picture.
    cv::Mat wide;
    cv::resize(sheen.values, wide, {sheen.values.cols * Canvas::kCoarse, sheen.values.rows * Canvas::kCoarse}, 0, 0,
               cv::INTER_LINEAR);
    const double light = strength * random.uniform(0.02, 0.12);
    add_over(canvas.fine, {sheen.left * Canvas::kCoarse, sheen.top * Canvas::kCoarse, wide},
             {static_cast<float>(-light), static_cast<float>(-light), static_cast<float>(-1.05 * light)},
             static_cast<float>(2 * light));
  }
  for (int i = 0; i < sparks; ++i) {
    Random random(options.seed, index, kGlare, static_cast<std::uint64_t>(i) + 100'000);
    const double radius = random.uniform(0.7, 2.2);
    Patch spark = draw_tubes({{{random.uniform(0, canvas.width), random.uniform(0, canvas.height), radius, 1}}}, 5);
    blur(spark.values, random.uniform(0.5, 1.1));
    add(canvas.fine, scaled(spark, -strength * random.uniform(0.03, 0.35)), {1, 1, 1});
  }
  for (int i = 0; i < discs; ++i) {
    Random random(options.seed, index, kGlare, static_cast<std::uint64_t>(i) + 200'000);
    const double radius = random.uniform(8, 45) * scale;
    const double sigma = random.uniform(0.08, 0.35) * radius;
    Patch disc =
        draw_tubes({{{random.uniform(0, canvas.width), random.uniform(0, canvas.height), radius, 1}}}, 3 * sigma);
    for (float& value : cv::Mat_<float>(disc.values)) value = std::min(1.0F, 2 * value);
    blur(disc.values, sigma);
    const auto light = static_cast<float>(strength * random.uniform(0.06, 0.45));
    add_over(canvas.fine, disc, {-light, -light, -light}, 0.6F);
  }
}

void draw_bubbles(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas) {
  if (options.bubbles <= 0) return;
  Random frame(options.seed, index, kBubble);
  const int count =
      std::min(2000, frame.count((frame.chance(0.5) ? 3 : 0.6) * options.bubbles * frame_area(options, look)));
  for (int i = 0; i < count; ++i) {
    Random random(options.seed, index, kBubble, static_cast<std::uint64_t>(i) + 1);
    const double scale = look.magnification;
    const double x = random.uniform(0, canvas.width);
    const double y = random.uniform(0, canvas.height);
    const double strength = std::min(2.0, options.bubbles);
    const bool duct =
        random.chance(0.5);  // the mouth of a sweat duct: a pale disc in an olive ring; else air in the gel
    const double radius = (duct ? random.uniform(18, 58) : random.spread(14, 0.6)) * scale;
    const double squash = duct ? random.uniform(0.75, 1) : 1;
    const double thick = (duct ? random.uniform(0.12, 0.35) * radius : random.uniform(0.9, 2.5) * scale);
    std::vector<Knot> rim;
    std::vector<Knot> inner;
    const double lit = random.uniform(0, 2 * kPi);
    const double wobble = duct ? 0.06 : 0.005;
    for (int k = 0; k <= 24; ++k) {
      const double angle = 2 * kPi * k / 24;
      const double r = radius * (1 + wobble * random.normal());
      const double c = std::cos(angle);
      const double s = squash * std::sin(angle);
      rim.push_back({x + r * c, y + r * s, thick, 0.55 + 0.45 * std::cos(angle - lit)});
      inner.push_back({x + (r - 2.2 * thick) * c, y + (r - 2.2 * thick) * s, thick, 0.5 - 0.5 * std::cos(angle - lit)});
    }
    rim.back() = rim.front();
    const double sigma = (duct ? 0.35 * thick : random.uniform(0.7, 1.8)) + 0.5;
    Patch disc =
        draw_tubes({{{x - 0.01, y, radius * (duct ? 0.8 : 1), 1}, {x, y, radius * (duct ? 0.8 : 1), 1}}}, 6 * sigma);
    for (float& value : cv::Mat_<float>(disc.values)) value = std::min(1.0F, 1.8F * value);
    blur(disc.values, duct ? 0.12 * radius : sigma);
    const auto light = static_cast<float>(strength * (duct ? random.uniform(0.01, 0.12) : random.uniform(-0.03, 0.05)));
    add_over(canvas.fine, disc, {-light, -light, -0.8F * light}, duct ? 0.5F : 0.15F);
    Patch ring = draw_tubes({smooth_curve(rim)}, 3 * sigma + 2);
    blur(ring.values, sigma);
    const double dark = strength * (duct ? random.uniform(0.02, 0.09) : random.uniform(0.05, 0.3));
    add(canvas.fine, scaled(ring, dark), duct ? look.pigment : Color{1, 1, 1});
    if (!duct) {
      inner.back() = inner.front();
      Patch shine = draw_tubes({smooth_curve(inner)}, 3 * sigma + 2);
      blur(shine.values, sigma);
      add(canvas.fine, scaled(shine, -strength * random.uniform(0.03, 0.3)), {1, 1, 1});
    }
  }
}

}  // namespace capillaryx::phantom
