// SPDX-License-Identifier: Apache-2.0
#include "phantom/capillary_shape.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace capillaryx::phantom {
namespace {

constexpr double kPi = std::numbers::pi;

/// Darkness along a vessel: it runs smoothly between a few random values, 1 at the darkest. Its width and course are a
/// little uneven.
void vary(Random& random, std::vector<Knot>& curve, double least) {
  double values[4];
  double top = 0;
  for (double& value : values) top = std::max(top, value = random.uniform(least, 1));
  const auto last = static_cast<double>(std::max<std::size_t>(curve.size(), 2) - 1);
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const double place = 3 * static_cast<double>(i) / last;
    const int k = std::min(2, static_cast<int>(place));
    const double t = place - k;
    const double smooth = t * t * (3 - 2 * t);
    curve[i].darkness *= (values[k] + smooth * (values[k + 1] - values[k])) / top;
  }
  double wide = 0;
  double dx = 0;
  double dy = 0;
  for (Knot& k : curve) {
    wide = 0.92 * wide + random.normal(0, 0.05);
    dx = 0.92 * dx + random.normal(0, 0.045);
    dy = 0.92 * dy + random.normal(0, 0.045);
    k.x += dx * k.radius;
    k.y += dy * k.radius;
    k.radius *= std::exp(wide);
  }
}

/// Where a vessel dives along the line of sight it looks like a darker, wider dot.
void end_in_dot(Random& random, const Knot& end, Shape& shape) {
  shape.vessel.push_back({{end.x, end.y, end.radius * random.uniform(1.05, 1.4), random.uniform(1, 1.5)}});
}

std::vector<Knot> mirrored(std::vector<Knot> curve) {
  std::reverse(curve.begin(), curve.end());
  return curve;
}

/// One end near the surface, dark and wide; towards the other the vessel dives away.
Shape comma(Random& random) {
  Shape shape;
  const double radius = random.uniform(6, 11.5);
  auto curve = wander(random, 0, 0, 0, random.uniform(12, 54), radius, 0.022);
  const double thin = random.uniform(0.45, 1.05);
  const double end = random.uniform(0.3, 1);
  vary(random, curve, random.uniform(0.5, 0.9));
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(curve.size());
    curve[i].radius *= 1 - (1 - thin) * t;
    curve[i].darkness *= 1 - (1 - end) * t;
  }
  if (random.chance(0.4)) end_in_dot(random, curve.front(), shape);
  if (random.chance(0.2)) end_in_dot(random, curve.back(), shape);
  if (random.chance(0.5)) {
    shape.tail.push_back(wander(random, curve.back().x, curve.back().y, random.normal(0, 0.5), random.uniform(20, 110),
                                radius * random.uniform(0.7, 1.5), 0.02));
  }
  shape.vessel.push_back(std::move(curve));
  return shape;
}

Shape hairpin(Random& random) {
  Shape shape;
  const double radius = random.uniform(5, 8.4);
  const double gap = radius * random.uniform(0.8, 1.7);  // half the distance between the limbs
  const double first = random.uniform(16, 50);
  const double second = first * random.uniform(0.35, 1.1);
  const double lean = random.normal(0, 0.3);
  std::vector<Knot> knots{
      {-first, -gap * random.uniform(0.6, 1.5) + first * lean, radius * random.uniform(0.7, 1.3), 1},
      {-0.45 * first, -gap * random.uniform(0.8, 1.2) + 0.4 * first * lean, radius, 1}};
  for (int i = -2; i <= 2; ++i) {
    const double angle = i * kPi / 5;
    knots.push_back({gap * 0.9 * std::cos(angle), gap * std::sin(angle), radius, 1});
  }
  const double wide = random.uniform(0.9, 1.5);
  knots.push_back({-0.45 * second, gap * random.uniform(0.8, 1.2), radius * wide, 1});
  knots.push_back({-second, gap * random.uniform(0.6, 1.6), radius * wide, 1});
  auto curve = smooth_curve(knots);
  vary(random, curve, random.uniform(0.3, 0.8));
  if (random.chance(0.35)) end_in_dot(random, curve.front(), shape);
  if (random.chance(0.35)) end_in_dot(random, curve.back(), shape);
  if (random.chance(0.25)) {
    shape.tail.push_back(wander(random, curve.back().x, curve.back().y, kPi + random.normal(0, 0.4),
                                random.uniform(20, 70), radius * 1.3, 0.02));
  }
  shape.vessel.push_back(std::move(curve));
  return shape;
}

Shape dot(Random& random) {
  Shape shape;
  const double radius = random.uniform(8, 15);
  const double length = random.uniform(0, 0.8) * radius;
  shape.vessel.push_back({{0, 0, radius, 1}, {length, 0, radius * random.uniform(0.75, 1), random.uniform(0.6, 1)}});
  if (random.chance(0.4)) {
    shape.vessel.push_back({{random.normal(0, 0.3 * radius), random.normal(0, 0.3 * radius), 0.5 * radius, 1.4}});
  }
  return shape;
}

Shape ring(Random& random) {
  Shape shape;
  const double radius = random.uniform(4.8, 7.5);
  const double wide = random.uniform(12, 21);
  const double high = wide * random.uniform(0.55, 1);
  const double turn = kPi * random.uniform(1.25, 2.0);
  const double start = random.uniform(0, 2 * kPi);
  std::vector<Knot> knots;
  for (int i = 0; i <= 8; ++i) {
    const double angle = start + turn * i / 8;
    knots.push_back({wide * std::cos(angle) * random.uniform(0.9, 1.1),
                     high * std::sin(angle) * random.uniform(0.9, 1.1), radius * random.uniform(0.8, 1.25), 1});
  }
  auto curve = smooth_curve(knots);
  vary(random, curve, random.uniform(0.2, 0.6));
  if (random.chance(0.5)) end_in_dot(random, curve.front(), shape);
  if (random.chance(0.4)) end_in_dot(random, curve.back(), shape);
  if (random.chance(0.5)) {  // seen so steeply, or so blurred, that it is a filled patch with a darker rim
    shape.vessel.push_back({{-0.15 * wide, 0, high, random.uniform(0.4, 0.75)}, {0.15 * wide, 0, high, 0.6}});
  }
  if (random.chance(0.3)) {
    shape.tail.push_back(wander(random, curve.back().x, curve.back().y, random.uniform(0, 6.28), random.uniform(20, 60),
                                radius * 1.2, 0.03));
  }
  shape.vessel.push_back(std::move(curve));
  return shape;
}

Shape winding(Random& random) {
  Shape shape;
  const double radius = random.uniform(5, 8.5);
  auto curve = wander(random, 0, 0, 0, random.uniform(45, 105), radius, 0.034);
  const double thin = random.uniform(0.6, 1.3);
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(curve.size());
    curve[i].radius *= 1 - (1 - thin) * t;
  }
  vary(random, curve, random.uniform(0.4, 0.85));
  if (random.chance(0.5)) end_in_dot(random, curve.front(), shape);
  if (random.chance(0.35)) end_in_dot(random, curve.back(), shape);
  if (random.chance(0.25))
    shape.tail.push_back(mirrored(wander(random, 0, 0, kPi, random.uniform(20, 60), radius, 0.03)));
  shape.vessel.push_back(std::move(curve));
  return shape;
}

/// Two dark dots, the ends of a loop, and the fainter arc between them.
Shape two_dots(Random& random) {
  Shape shape;
  const double radius = random.uniform(5.5, 9.5);
  const double apart = radius * random.uniform(2.6, 5.5);
  const double rise = apart * random.uniform(0.1, 0.7);
  const double faint = random.uniform(0.4, 0.75);
  const double thin = 0.75 * radius;
  shape.vessel.push_back(smooth_curve({{0, 0, thin, faint},
                                       {0.25 * apart, 0.75 * rise, thin, faint},
                                       {0.5 * apart, rise, thin, faint},
                                       {0.8 * apart, 0.7 * rise, thin, faint},
                                       {apart, 0, thin, faint}}));
  shape.vessel.push_back(
      {{0, 0, radius, 1}, {random.uniform(0, radius), random.uniform(0, radius), 0.8 * radius, 0.9}});
  shape.vessel.push_back({{apart, 0, radius * random.uniform(0.8, 1.2), random.uniform(0.7, 1)}});
  return shape;
}

/// Two to four short pieces near each other: what is in focus of one tangled loop.
Shape cluster(Random& random) {
  Shape shape;
  for (int i = 2 + random.below(3); i > 0; --i) {
    const double radius = random.uniform(4.5, 8);
    auto piece = wander(random, random.normal(0, 11), random.normal(0, 11), random.uniform(0, 2 * kPi),
                        random.uniform(2, 26), radius, 0.03, random.uniform(0.5, 1));
    vary(random, piece, 0.6);
    shape.vessel.push_back(std::move(piece));
  }
  shape.vessel.push_back({{0, 0, 13, random.uniform(0.35, 0.6)}, {random.normal(0, 8), random.normal(0, 8), 11, 0.5}});
  return shape;
}

Shape choose_bare_shape(Random& random) {
  const double kind = random.uniform();
  if (kind < 0.46) return comma(random);
  if (kind < 0.61) return hairpin(random);
  if (kind < 0.69) return dot(random);
  if (kind < 0.74) return ring(random);
  if (kind < 0.84) return winding(random);
  if (kind < 0.91) return two_dots(random);
  return cluster(random);
}

}  // namespace

Shape choose_shape(Random& random) {
  Shape shape = choose_bare_shape(random);
  if (random.chance(0.7)) {  // the parts of the loop that lie out of focus: wider, fainter, a little aside
    const double wide = random.uniform(1.3, 2.4);
    const double faint = random.uniform(0.25, 0.6);
    const double dx = random.normal(0, 4);
    const double dy = random.normal(0, 4);
    std::vector<Knot> body = shape.vessel.back();
    for (Knot& k : body) k = {k.x + dx, k.y + dy, std::min(wide * k.radius, k.radius + 6), faint * k.darkness};
    shape.vessel.push_back(std::move(body));
    shape.out_of_focus = 1;
  }
  return shape;
}

Shape row_hairpin(Random& random) {
  Shape shape = hairpin(random);
  const double longer = random.uniform(1.6, 2.6);
  for (auto& curve : shape.vessel) {
    for (Knot& k : curve) k.x *= longer;
  }
  shape.tail.clear();
  return shape;
}

}  // namespace capillaryx::phantom
