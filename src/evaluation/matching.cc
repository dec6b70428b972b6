// SPDX-License-Identifier: Apache-2.0
#include "evaluation/matching.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace capillaryx {
namespace {

double intersection(const Box& a, const Box& b) {
  const double width = std::max(0.0, std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x));
  const double height = std::max(0.0, std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y));
  return width * height;
}

}  // namespace

double box_iou(const Box& a, const Box& b) {
  const double shared = intersection(a, b);
  return shared != 0 ? shared / (a.width * a.height + b.width * b.height - shared) : 0;
}

double share_inside(const Box& a, const Box& b) {
  const double area = a.width * a.height;
  return area != 0 ? intersection(a, b) / area : 0;
}

bool holds_middle(const Box& outer, const Box& inner) {
  const double x = inner.x + inner.width / 2;
  const double y = inner.y + inner.height / 2;
  return outer.x <= x && x <= outer.x + outer.width && outer.y <= y && y <= outer.y + outer.height;
}

double middle_distance(const Box& a, const Box& b) {
  const double dx = (a.x + a.width / 2) - (b.x + b.width / 2);
  const double dy = (a.y + a.height / 2) - (b.y + b.height / 2);
  return std::sqrt(dx * dx + dy * dy);
}

std::vector<Pair> match_lowest_cost_first(std::vector<Pair> pairs) {
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return std::tie(a.cost, a.detection, a.label) < std::tie(b.cost, b.detection, b.label);
  });
  std::set<std::size_t> detections;
  std::set<std::size_t> labels;
  std::erase_if(pairs, [&](const Pair& pair) {
    if (detections.contains(pair.detection) || labels.contains(pair.label)) return true;
    detections.insert(pair.detection);
    labels.insert(pair.label);
    return false;
  });
  return pairs;
}

std::vector<std::optional<std::size_t>> match_as_coco(std::span<const Box> detections, std::span<const Box> labels,
                                                      double iou) {
  std::vector<std::optional<std::size_t>> label_of(detections.size());
  std::vector<bool> used(labels.size());
  for (std::size_t i = 0; i < detections.size(); ++i) {
    double best = std::min(iou, 1 - 1e-10);  // as pycocotools
    for (std::size_t k = 0; k < labels.size(); ++k) {
      if (used[k]) continue;
      const double overlap = box_iou(detections[i], labels[k]);
      if (overlap < best) continue;
      best = overlap;
      label_of[i] = k;
    }
    if (label_of[i]) used[*label_of[i]] = true;
  }
  return label_of;
}

}  // namespace capillaryx
