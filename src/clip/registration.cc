// SPDX-License-Identifier: Apache-2.0
#include "clip/registration.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace capillaryx {
namespace {

constexpr int kBinPx = 4;
constexpr int kSamePeakPx = 12;
constexpr std::size_t kMostPeaks = 6;
constexpr int kLeastInliers = 6;
constexpr double kMostAngle = 0.06;  // radian, about 3.4 degrees
constexpr double kLastRadius = 2.5, kSamePlace = 3;
constexpr int kForgetAfter = 24;  // frames after which a landmark that was met once is dropped
constexpr std::size_t kMostPoints = 3000;
constexpr int kMostWeight = 3;

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

int quantised(double value, double one) { return static_cast<int>(std::floor(value * one + 0.5)); }

/// FrameResult::landmarks: the weight's last bit says bright.
bool is_dark(int weight) { return weight % 2 == 0; }

}  // namespace

std::optional<Pose> LandmarkMap::locate(std::span<const int> landmarks, const Pose& near, int reach_px) {
  const int field = std::max(width_, height_) / 2;
  if (auto pose = locate_within(landmarks, near, std::min(reach_px, field), false)) return pose;
  return locate_within(landmarks, near, field, true);
}

/// The places with the most votes, the best of them first. Each is judged by the landmarks that agree to a few pixels
/// there: votes alone smear along vessels.
std::optional<Pose> LandmarkMap::locate_within(std::span<const int> landmarks, const Pose& near, int reach_px,
                                               bool far) {
  struct Place {
    Pose pose;
    int weight;
    std::size_t inliers;
  };
  std::vector<Place> places;
  for (const Pose& peak : peaks(landmarks, near, reach_px)) {
    const auto pose = refine(landmarks, peak);
    if (!pose || !collect(landmarks, *pose, kLastRadius)) continue;
    int weight = 0;
    for (const Pair& pair : pairs_) weight += pair.weight;
    places.push_back({*pose, weight, pairs_.size()});
  }
  if (places.empty()) return std::nullopt;
  const Place best = *std::max_element(places.begin(), places.end(),
                                       [](const Place& a, const Place& b) { return a.weight < b.weight; });
  std::size_t dark = 0;
  for (std::size_t i = 0; i + 2 < landmarks.size(); i += 3) dark += is_dark(landmarks[i + 2]) ? 1 : 0;
  const bool half_agree = 2 * best.inliers >= dark;
  if (far ? !half_agree : 4 * best.inliers < dark) return std::nullopt;
  const int halves = far ? 6 : half_agree ? 3 : 4;
  for (const Place& place : places) {
    const int apart =
        std::max(std::abs(place.pose.shift_x - best.pose.shift_x), std::abs(place.pose.shift_y - best.pose.shift_y));
    if (apart > kSamePeakPx * Pose::kShiftOne && 2 * best.weight < halves * place.weight) return std::nullopt;
  }
  return best.pose;
}

/// Votes for shifts from `near`, in bins: its strongest peaks, none beside a stronger one.
std::vector<Pose> LandmarkMap::peaks(std::span<const int> landmarks, const Pose& near, int reach_px) {
  const int side = 2 * (reach_px / kBinPx) + 3;
  votes_.assign(static_cast<std::size_t>(side) * static_cast<std::size_t>(side), 0);
  for (std::size_t i = 0; i + 2 < landmarks.size(); i += 3) {
    if (!is_dark(landmarks[i + 2])) continue;
    const ClipPoint at = near.to_map(place_of(landmarks, i), middle());
    for (const Point& point : points_) {
      const double dx = point.x - at.x;
      const double dy = point.y - at.y;
      if (dx < -reach_px || dx > reach_px || dy < -reach_px || dy > reach_px) continue;
      const int bx = static_cast<int>(std::floor(dx / kBinPx)) + side / 2;
      const int by = static_cast<int>(std::floor(dy / kBinPx)) + side / 2;
      if (bx < 1 || by < 1 || bx >= side - 1 || by >= side - 1) continue;
      votes_[static_cast<std::size_t>(by * side + bx)] += std::min(point.seen, kMostWeight);
    }
  }
  // Sums of 3 x 3 bins: a peak need not lie in the middle of one.
  sums_.assign(votes_.size(), 0);
  for (int y = 1; y + 1 < side; ++y) {
    for (int x = 1; x + 1 < side; ++x) {
      const int at = y * side + x;
      int sum = 0;
      for (const int row : {at - side, at, at + side}) {
        for (const int bin : {row - 1, row, row + 1}) sum += votes_[static_cast<std::size_t>(bin)];
      }
      sums_[static_cast<std::size_t>(at)] = sum;
    }
  }
  const int middle_bin = side / 2;
  std::vector<Pose> found;
  while (found.size() < kMostPeaks) {
    const auto highest = std::max_element(sums_.begin(), sums_.end());
    if (*highest < kLeastInliers) break;
    const int at = static_cast<int>(highest - sums_.begin());
    const int best_x = at % side;
    const int best_y = at / side;
    Pose pose = near;
    pose.shift_x += quantised((best_x - middle_bin + 0.5) * kBinPx, Pose::kShiftOne);
    pose.shift_y += quantised((best_y - middle_bin + 0.5) * kBinPx, Pose::kShiftOne);
    found.push_back(pose);
    for (int y = std::max(0, best_y - 2); y <= std::min(side - 1, best_y + 2); ++y) {
      for (int x = std::max(0, best_x - 2); x <= std::min(side - 1, best_x + 2); ++x) {
        sums_[static_cast<std::size_t>(y * side + x)] = 0;
      }
    }
  }
  return found;
}

/// Pairs of a dark landmark and the nearest map point within `radius` px. False with too few of them.
bool LandmarkMap::collect(std::span<const int> landmarks, const Pose& pose, double radius) {
  pairs_.clear();
  for (std::size_t i = 0; i + 2 < landmarks.size(); i += 3) {
    if (!is_dark(landmarks[i + 2])) continue;
    const ClipPoint from = place_of(landmarks, i);
    const ClipPoint at = pose.to_map(from, middle());
    double nearest = radius * radius;
    const Point* found = nullptr;
    for (const Point& point : points_) {
      const double dx = point.x - at.x;
      const double dy = point.y - at.y;
      const double distance = dx * dx + dy * dy;
      if (distance >= nearest) continue;
      nearest = distance;
      found = &point;
    }
    if (found == nullptr) continue;
    pairs_.push_back({{from.x - middle().x, from.y - middle().y},
                      {found->x - middle().x, found->y - middle().y},
                      std::min(found->seen, kMostWeight)});
  }
  return pairs_.size() >= kLeastInliers;
}

/// Closed-form rotation of the pairs about their means, then the medians of what is left as the shift; with a radius
/// that shrinks.
std::optional<Pose> LandmarkMap::refine(std::span<const int> landmarks, Pose pose) {
  for (const double radius : {8.0, 4.0, kLastRadius, kLastRadius, kLastRadius}) {
    if (!collect(landmarks, pose, radius)) return std::nullopt;
    ClipPoint from, to;
    for (const Pair& pair : pairs_) {
      from.x += pair.from.x;
      from.y += pair.from.y;
      to.x += pair.to.x;
      to.y += pair.to.y;
    }
    const auto count = static_cast<double>(pairs_.size());
    double dot = 0;
    double cross = 0;
    for (const Pair& pair : pairs_) {
      const double ax = pair.from.x - from.x / count;
      const double ay = pair.from.y - from.y / count;
      const double bx = pair.to.x - to.x / count;
      const double by = pair.to.y - to.y / count;
      dot += ax * bx + ay * by;
      cross += ax * by - ay * bx;
    }
    if (!(dot > 0)) return std::nullopt;
    const double tangent = cross / dot;
    const double angle = tangent * (1 - tangent * tangent / 3);  // the arc tangent of what is small
    if (!(angle >= -kMostAngle && angle <= kMostAngle)) return std::nullopt;
    pose.rotation = quantised(angle, Pose::kRotationOne);
    const double c = pose.cosine();
    const double s = pose.sine();
    values_.clear();
    for (const Pair& pair : pairs_) values_.push_back(pair.to.x - c * pair.from.x + s * pair.from.y);
    pose.shift_x = quantised(median(values_), Pose::kShiftOne);
    values_.clear();
    for (const Pair& pair : pairs_) values_.push_back(pair.to.y - s * pair.from.x - c * pair.from.y);
    pose.shift_y = quantised(median(values_), Pose::kShiftOne);
  }
  return pose;
}

void LandmarkMap::add(std::span<const int> landmarks, const Pose& pose) {
  const std::size_t before = points_.size();
  for (std::size_t i = 0; i + 2 < landmarks.size(); i += 3) {
    if (!is_dark(landmarks[i + 2])) continue;
    const ClipPoint at = pose.to_map(place_of(landmarks, i), middle());
    double nearest = kSamePlace * kSamePlace;
    Point* found = nullptr;
    for (std::size_t k = 0; k < before; ++k) {
      Point& point = points_[k];
      const double dx = point.x - at.x;
      const double dy = point.y - at.y;
      const double distance = dx * dx + dy * dy;
      if (distance >= nearest) continue;
      nearest = distance;
      found = &point;
    }
    if (found == nullptr) {
      found = &points_.emplace_back();
      found->since = frames_;
    }
    found->sum_x += quantised(at.x, 16);
    found->sum_y += quantised(at.y, 16);
    ++found->seen;
    found->x = static_cast<double>(found->sum_x) / found->seen / 16;
    found->y = static_cast<double>(found->sum_y) / found->seen / 16;
  }
  ++frames_;
  std::erase_if(points_,
                [this](const Point& point) { return point.seen == 1 && frames_ - point.since > kForgetAfter; });
  if (points_.size() > kMostPoints) {  // those met most often stay
    std::stable_sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.seen > b.seen; });
    points_.resize(kMostPoints);
  }
}

}  // namespace capillaryx
