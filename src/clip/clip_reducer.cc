// SPDX-License-Identifier: Apache-2.0
#include "clip/clip_reducer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "clip/evidence.h"
#include "clip/seen_tissue.h"

namespace capillaryx {
namespace {

// A frame that shows a place without having found or refused anything there.
constexpr int kFloor = -2 * evidence::kOne - 3;
constexpr std::size_t kLeastLandmarks = 6;
constexpr int kNearPx = 40;  // from one frame to the next
constexpr int kMostGap = 8;  // frames over which the motion is carried on

double rounded(double value, double steps) { return std::round(value * steps) / steps; }

std::optional<double> middle_of(std::vector<float> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// 0 from `good` on, 1 from `acceptable` on, else 10.
int item(double value, double good, double acceptable) { return value >= good ? 0 : value >= acceptable ? 1 : 10; }

/// A track at the end of its clip.
struct Judged {
  PixelSet shape;
  double middle_x = 0, middle_y = 0;
  int seen = 0, in_view = 0;
  double steps = 0;  ///< mean evidence
  std::array<double, 2> half_steps{};
  std::array<int, 2> half_view{};
};

/// Landmarks that lie in their frame.
std::vector<int> landmarks_of(const FrameResult& frame) {
  std::vector<int> inside;
  for (std::size_t i = 0; i + 2 < frame.landmarks.size(); i += 3) {
    const std::int64_t x = frame.landmarks[i];
    const std::int64_t y = frame.landmarks[i + 1];
    if (x < 0 || y < 0 || x > std::int64_t{16} * frame.width || y > std::int64_t{16} * frame.height) continue;
    inside.insert(inside.end(), frame.landmarks.begin() + static_cast<std::ptrdiff_t>(i),
                  frame.landmarks.begin() + static_cast<std::ptrdiff_t>(i + 3));
  }
  return inside;
}

}  // namespace

void ClipReducer::add(const FrameResult& frame) {
  measure(frame);
  Frame& here = frames_.emplace_back();
  here.usable = counts(frame, false);
  if (!counts(frame, settings_.keep_unusable) || frame.width <= 0 || frame.height <= 0) return;
  ++counted_;
  const std::vector<int> landmarks = landmarks_of(frame);
  const bool same_size = frame.width == width_ && frame.height == height_;
  if (reference_ < 0 || !same_size || !place(landmarks, here)) {
    // A reference that its next frame does not fit is none: a bubble or a jerk may have spoiled it.
    if (placed_ > 1 || landmarks.size() < 3 * kLeastLandmarks) return;
    start_at(frame);
  }
  here.registered = true;
  ++placed_;
  last_frame_ = static_cast<int>(frames_.size()) - 1;
  last_ = here.pose;
  map_->add(landmarks, here.pose);
  tracks_->add(frame, here.pose);
  valid_px_ += frame.valid_px;
  all_px_ += std::int64_t{width_} * height_;
}

/// Looks where the motion so far leads, in a field that widens with each frame that could not be placed.
bool ClipReducer::place(std::span<const int> landmarks, Frame& here) {
  const int gap = static_cast<int>(frames_.size()) - 1 - last_frame_;
  const double reached = std::min(gap, kMostGap);
  Pose near = last_;
  near.shift_x += static_cast<int>(std::floor(step_x_ * reached + 0.5));
  near.shift_y += static_cast<int>(std::floor(step_y_ * reached + 0.5));
  const auto pose = map_->locate(landmarks, near, kNearPx + kNearPx / 2 * (std::min(gap, kMostGap) - 1));
  if (!pose) return false;
  step_x_ = static_cast<double>(pose->shift_x - last_.shift_x) / gap;
  step_y_ = static_cast<double>(pose->shift_y - last_.shift_y) / gap;
  here.pose = *pose;
  return true;
}

/// Makes `frame`, the newest, the reference, in place of one that stands alone.
void ClipReducer::start_at(const FrameResult& frame) {
  if (reference_ >= 0) frames_[static_cast<std::size_t>(reference_)].registered = false;
  reference_ = static_cast<int>(frames_.size()) - 1;
  width_ = frame.width;
  height_ = frame.height;
  map_ = std::make_unique<LandmarkMap>(width_, height_);
  tracks_ = std::make_unique<Tracks>(width_, height_);
  placed_ = 0;
  step_x_ = step_y_ = 0;
  valid_px_ = all_px_ = 0;
}

/// What the items of quality and the scale need, of every frame.
void ClipReducer::measure(const FrameResult& frame) {
  if (frame.time_s) {
    if (!first_s_) first_s_ = frame.time_s;
    last_s_ = frame.time_s;
  }
  if (frame.status == Status::kOk) {
    if (!scale_um_per_px_) scale_um_per_px_ = frame.scale_um_per_px;
    one_scale_ = one_scale_ && scale_um_per_px_ == frame.scale_um_per_px;
  }
  if (!frame.quality) return;
  const auto measure_of = [&frame](const char* name) -> std::optional<double> {
    const auto found = frame.quality->measures.find(name);
    if (found == frame.quality->measures.end()) return std::nullopt;
    return found->second;
  };
  const auto keep = [](std::vector<float>& values, std::optional<double> value) {
    if (value) values.push_back(static_cast<float>(*value));
  };
  keep(sharp_shares_, measure_of("sharp_share"));
  keep(evennesses_, measure_of("evenness"));
  if (const auto bright = measure_of("clipped_bright")) {
    clipped_.push_back(static_cast<float>(*bright + measure_of("clipped_dark").value_or(0)));
  }
  for (const std::string& reason : frame.quality->reasons) {
    if (reason.starts_with("blurred by motion")) ++smeared_;
  }
}

std::size_t ClipReducer::bytes() const {
  std::size_t sum = frames_.capacity() * sizeof(Frame);
  sum += (sharp_shares_.capacity() + evennesses_.capacity() + clipped_.capacity()) * sizeof(float);
  if (map_) sum += map_->bytes();
  if (tracks_) sum += tracks_->bytes();
  return sum;
}

ClipResult ClipReducer::result() const {
  ClipResult clip;
  clip.file = file_;
  clip.frames = static_cast<int>(frames_.size());
  if (reference_ >= 0) clip.reference = reference_;
  SeenTissue tissue(width_, height_);
  std::vector<Pose> poses;
  for (const Frame& frame : frames_) {
    clip.usable += frame.usable ? 1 : 0;
    clip.registered += frame.registered ? 1 : 0;
    clip.motion.dx.push_back(frame.pose.shift_x / Pose::kShiftOne);
    clip.motion.dy.push_back(frame.pose.shift_y / Pose::kShiftOne);
    constexpr double kDegrees = 57.29577951308232;
    clip.motion.rotation_deg.push_back(rounded(frame.pose.angle() * kDegrees, 1e4));
    clip.motion.registered.push_back(frame.registered);
    if (frame.registered) poses.push_back(frame.pose);
  }

  // Items of quality.
  if (first_s_ && last_s_ && frames_.size() > 1) {
    const double step = (*last_s_ - *first_s_) / static_cast<double>(frames_.size() - 1);
    clip.quality.duration = item(*last_s_ - *first_s_ + step + 1e-9, 5, 3);
  }
  if (const auto even = middle_of(evennesses_)) {
    const double clipped = middle_of(clipped_).value_or(0);
    clip.quality.illumination = std::max(item(*even, 0.7, 0.4), item(-clipped, -0.01, -0.2));
  }
  if (const auto sharp = middle_of(sharp_shares_)) clip.quality.focus = item(*sharp, 0.9, 0.5);
  if (!poses.empty()) {
    double most = 0;
    for (const Pose& pose : poses) {
      most = std::max({most, std::abs(pose.shift_x / Pose::kShiftOne) / width_,
                       std::abs(pose.shift_y / Pose::kShiftOne) / height_});
    }
    const double smeared = static_cast<double>(smeared_) / static_cast<double>(frames_.size());
    clip.quality.stability = std::max(item(-most, -0.25, -0.5), smeared > 0.1 ? 10 : 0);
  }

  if (counted_ == 0) {
    clip.reason = "no frame is usable";
    return clip;
  }
  if (2 * clip.registered < counted_) {
    clip.reason = "only " + std::to_string(clip.registered) + " of " + std::to_string(counted_) +
                  " usable frames could be placed on the tissue";
    return clip;
  }

  tissue.add(poses);
  clip.extent = tissue.extent();
  const double valid = all_px_ > 0 ? static_cast<double>(valid_px_) / static_cast<double>(all_px_) : 0;
  clip.seen_px = static_cast<std::int64_t>(static_cast<double>(tissue.seen_px()) * valid);

  Tracks tracks = *tracks_;
  tracks.merge();
  const double least = evidence::of(settings_.least_score);
  std::vector<Judged> accepted;
  std::vector<PixelSet> shapes;
  for (const Track& track : tracks.tracks()) {
    Judged judged;
    judged.shape = track.votes.majority();
    if (judged.shape.area() == 0) continue;
    const std::array<double, 4> box{track.side(0), track.side(1), track.side(2), track.side(3)};
    judged.middle_x = (box[0] + box[2]) / 2;
    judged.middle_y = (box[1] + box[3]) / 2;
    std::int64_t sum = 0;
    std::array<std::int64_t, 2> half_sum{};
    for (std::size_t i = 0; i < poses.size(); ++i) {
      const bool known = i < track.evidence.size() && track.evidence[i] != Track::kNone;
      const bool seen = i < track.seen.size() && track.seen[i];
      if (!seen && !tissue.in_view(poses[i], box)) continue;
      const int steps = known ? track.evidence[i] : kFloor;
      const std::size_t half = 2 * i < poses.size() ? 0 : 1;
      judged.seen += seen ? 1 : 0;
      ++judged.in_view;
      sum += steps;
      half_sum[half] += steps;
      ++judged.half_view[half];
    }
    if (judged.in_view == 0) continue;
    judged.steps = static_cast<double>(sum) / judged.in_view;
    for (std::size_t h = 0; h < 2; ++h) {
      judged.half_steps[h] =
          judged.half_view[h] > 0 ? static_cast<double>(half_sum[h]) / judged.half_view[h] : -evidence::kMost;
    }
    if (judged.steps >= least || judged.half_steps[0] >= least || judged.half_steps[1] >= least) {
      accepted.push_back(std::move(judged));
    }
  }
  std::stable_sort(accepted.begin(), accepted.end(), [](const Judged& a, const Judged& b) {
    return a.middle_y != b.middle_y ? a.middle_y < b.middle_y : a.middle_x < b.middle_x;
  });

  ClipResult::Repeatability halves;
  std::array<std::int64_t, 2> half_area{};
  const SeenTissue::Halves common = tissue.halves(poses);
  for (Judged& judged : accepted) {
    if (common.both(judged.middle_x, judged.middle_y)) {
      for (std::size_t h = 0; h < 2; ++h) {
        if (judged.half_view[h] == 0 || judged.half_steps[h] < least) continue;
        ++halves.count[h];
        half_area[h] += judged.shape.area();
      }
    }
    if (judged.steps < least) continue;
    ClipCapillary capillary;
    capillary.id = static_cast<int>(clip.capillaries.size()) + 1;
    capillary.polygon = judged.shape.outline();
    if (capillary.polygon.size() < 6) continue;
    int x0 = capillary.polygon[0], x1 = x0, y0 = capillary.polygon[1], y1 = y0;
    for (std::size_t i = 0; i + 1 < capillary.polygon.size(); i += 2) {
      x0 = std::min(x0, capillary.polygon[i]);
      x1 = std::max(x1, capillary.polygon[i]);
      y0 = std::min(y0, capillary.polygon[i + 1]);
      y1 = std::max(y1, capillary.polygon[i + 1]);
    }
    capillary.bbox = {x0, y0, x1 - x0, y1 - y0};
    capillary.area_px = judged.shape.area();
    capillary.score = rounded(evidence::probability(judged.steps), 1e6);
    capillary.seen = judged.seen;
    capillary.in_view = judged.in_view;
    clip.capillaries.push_back(std::move(capillary));
    shapes.push_back(std::move(judged.shape));
  }
  clip.count = static_cast<int>(clip.capillaries.size());
  if (clip.seen_px > 0) {
    const std::int64_t covered = std::min(clip.seen_px, covered_px(shapes));
    clip.density = rounded(static_cast<double>(covered) / static_cast<double>(clip.seen_px), 1e9);
    if (one_scale_ && scale_um_per_px_) {
      const double mm2 = static_cast<double>(clip.seen_px) * *scale_um_per_px_ * *scale_um_per_px_ / 1e6;
      clip.count_per_mm2 = *clip.count / mm2;
    }
  }
  if (poses.size() >= 4 && common.px > 0) {
    for (std::size_t h = 0; h < 2; ++h) {
      halves.density[h] = rounded(static_cast<double>(half_area[h]) / (static_cast<double>(common.px) * valid), 1e9);
    }
    clip.repeatability = halves;
  }
  return clip;
}

}  // namespace capillaryx
