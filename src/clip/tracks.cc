// SPDX-License-Identifier: Apache-2.0
#include "clip/tracks.h"

#include <algorithm>
#include <numeric>

#include "clip/evidence.h"

namespace capillaryx {
namespace {

using Box = std::array<double, 4>;

constexpr double kLeastOverlap = 0.25;  // intersection over union of boxes
constexpr double kSamePlace = 0.5;      // of the smaller one's pixels
constexpr int kBorderPx = 2;            // nearer to the frame's border a capillary is cut
constexpr std::size_t kMostTracks = 20'000;
constexpr std::size_t kMostCapillaries = 5'000;  // of a frame that are matched

double intersection(const Box& a, const Box& b) {
  const double width = std::min(a[2], b[2]) - std::max(a[0], b[0]);
  const double height = std::min(a[3], b[3]) - std::max(a[1], b[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

double area(const Box& box) { return (box[2] - box[0]) * (box[3] - box[1]); }

double overlap(const Box& a, const Box& b) {
  const double both = intersection(a, b);
  return both > 0 ? both / (area(a) + area(b) - both) : 0;
}

Box box_of(const Track& track) { return {track.side(0), track.side(1), track.side(2), track.side(3)}; }

struct Match {
  double overlap;
  std::size_t track, found;
};

/// One-to-one, the largest overlap first.
template <class OnMatch>
void match(const std::vector<Box>& tracks, const std::vector<Box>& found, const OnMatch& on_match) {
  std::vector<Match> matches;
  for (std::size_t t = 0; t < tracks.size(); ++t) {
    for (std::size_t f = 0; f < found.size(); ++f) {
      const double both = overlap(tracks[t], found[f]);
      if (both >= kLeastOverlap) matches.push_back({both, t, f});
    }
  }
  std::sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) {
    if (a.overlap != b.overlap) return a.overlap > b.overlap;
    return a.track != b.track ? a.track < b.track : a.found < b.found;
  });
  std::vector<bool> track_taken(tracks.size());
  std::vector<bool> found_taken(found.size());
  for (const Match& one : matches) {
    if (track_taken[one.track] || found_taken[one.found]) continue;
    track_taken[one.track] = found_taken[one.found] = true;
    on_match(one.track, one.found);
  }
}

}  // namespace

int Track::times_seen() const { return static_cast<int>(std::count(seen.begin(), seen.end(), true)); }

/// A box turns with its frame; by so little that its sides stay along the axes.
std::array<double, 4> Tracks::on_map(const std::array<int, 4>& bbox, const Pose& pose) const {
  const double half_width = bbox[2] / 2.0;
  const double half_height = bbox[3] / 2.0;
  const ClipPoint middle = pose.to_map({bbox[0] + half_width, bbox[1] + half_height}, {width_ / 2.0, height_ / 2.0});
  return {middle.x - half_width, middle.y - half_height, middle.x + half_width, middle.y + half_height};
}

void Tracks::add(const FrameResult& frame, const Pose& pose) {
  const std::size_t now = frames_++;
  std::vector<Found> found;
  std::vector<Box> found_boxes;
  for (const Capillary& capillary : frame.capillaries) {
    if (found.size() == kMostCapillaries) break;
    const auto [x, y, width, height] = capillary.bbox;
    const bool cut =
        x < kBorderPx || y < kBorderPx || x + width > width_ - kBorderPx || y + height > height_ - kBorderPx;
    found.push_back({on_map(capillary.bbox, pose), evidence::of(capillary.score), cut});
    found_boxes.push_back(found.back().box);
  }
  std::vector<Box> boxes;
  boxes.reserve(tracks_.size());
  for (const Track& track : tracks_) boxes.push_back(box_of(track));
  std::vector<int> track_of(found.size(), -1);
  match(boxes, found_boxes, [&](std::size_t t, std::size_t f) { track_of[f] = static_cast<int>(t); });
  std::vector<bool> seen(tracks_.size());
  for (std::size_t f = 0; f < found.size(); ++f) {
    if (track_of[f] < 0) {
      if (tracks_.size() >= kMostTracks) continue;
      track_of[f] = static_cast<int>(tracks_.size());
      tracks_.emplace_back();
    } else {
      seen[static_cast<std::size_t>(track_of[f])] = true;
    }
    Track& track = tracks_[static_cast<std::size_t>(track_of[f])];
    take(track, found[f], frame.capillaries[f], pose);
    track.evidence.resize(now, Track::kNone);
    track.seen.resize(now, false);
    track.evidence.push_back(static_cast<std::int8_t>(found[f].evidence));
    track.seen.push_back(true);
  }
  // A track that was not found here has the score of what was refused in its place.
  std::vector<Box> refused;
  for (const Candidate& candidate : frame.candidates) {
    if (refused.size() == kMostCapillaries) break;
    refused.push_back(on_map(candidate.bbox, pose));
  }
  std::vector<std::size_t> missing;
  std::vector<Box> missing_boxes;
  for (std::size_t t = 0; t < seen.size(); ++t) {
    if (seen[t]) continue;
    missing.push_back(t);
    missing_boxes.push_back(boxes[t]);
  }
  match(missing_boxes, refused, [&](std::size_t m, std::size_t c) {
    Track& track = tracks_[missing[m]];
    track.evidence.resize(now, Track::kNone);
    track.seen.resize(now, false);
    track.evidence.push_back(static_cast<std::int8_t>(evidence::of(frame.candidates[c].score)));
    track.seen.push_back(false);
  });
}

void Tracks::take(Track& track, const Found& found, const Capillary& capillary, const Pose& pose) {
  // What the border cuts says nothing of the outline, unless there is nothing better yet.
  if (found.cut && track.whole) return;
  if (!found.cut && !track.whole) {
    track.whole = true;
    track.votes.clear();
    track.box_sum = {};
    track.boxes = 0;
  }
  for (std::size_t i = 0; i < 4; ++i) {
    track.box_sum[i] += static_cast<std::int64_t>(found.box[i] * 16);
  }
  ++track.boxes;
  std::vector<ClipPoint> outline;
  outline.reserve(capillary.polygon.size() / 2);
  for (std::size_t i = 0; i + 1 < capillary.polygon.size(); i += 2) {
    outline.push_back(pose.to_map({capillary.polygon[i], capillary.polygon[i + 1]}, {width_ / 2.0, height_ / 2.0}));
  }
  track.votes.add(outline);
}

bool Tracks::seen_together(const Track& a, const Track& b) {
  const std::size_t frames = std::min(a.seen.size(), b.seen.size());
  for (std::size_t i = 0; i < frames; ++i) {
    if (a.seen[i] && b.seen[i]) return true;
  }
  return false;
}

void Tracks::merge() {
  std::vector<std::size_t> order(tracks_.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<int> times;
  times.reserve(tracks_.size());
  for (const Track& track : tracks_) times.push_back(track.times_seen());
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return times[a] > times[b]; });
  std::vector<Track> kept;
  std::vector<PixelSet> shapes;
  std::vector<Box> boxes;
  for (const std::size_t t : order) {
    Track& track = tracks_[t];
    const PixelSet shape = track.votes.majority();
    const Box box = box_of(track);
    const std::int64_t size = shape.area();
    std::size_t into = kept.size();
    for (std::size_t k = 0; k < kept.size() && into == kept.size(); ++k) {
      if (intersection(boxes[k], box) <= 0) continue;
      const auto least = static_cast<double>(std::min(size, shapes[k].area()));
      if (static_cast<double>(shapes[k].overlap(shape)) < kSamePlace * least || least == 0) continue;
      if (!seen_together(kept[k], track)) into = k;
    }
    if (into == kept.size()) {
      kept.push_back(std::move(track));
      shapes.push_back(shape);
      boxes.push_back(box);
      continue;
    }
    // The outline stays that of the one seen more often: the other is a part of it, or more than it.
    Track& whole = kept[into];
    const std::size_t frames = std::max(whole.seen.size(), track.seen.size());
    whole.seen.resize(frames, false);
    whole.evidence.resize(frames, Track::kNone);
    for (std::size_t i = 0; i < track.seen.size(); ++i) {
      whole.seen[i] = whole.seen[i] || track.seen[i];
      whole.evidence[i] = std::max(whole.evidence[i], track.evidence[i]);
    }
  }
  tracks_ = std::move(kept);
}

std::size_t Tracks::bytes() const {
  std::size_t sum = tracks_.capacity() * sizeof(Track);
  for (const Track& track : tracks_) {
    sum += track.votes.bytes() + track.evidence.capacity() + track.seen.capacity() / 8;
  }
  return sum;
}

}  // namespace capillaryx
