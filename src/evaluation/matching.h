// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace capillaryx {

/// A box, px.
struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

/// Intersection over union of two boxes.
double box_iou(const Box& a, const Box& b);

/// Share of `a` that lies in `b`: what COCO takes for the IoU with a crowd region.
double share_inside(const Box& a, const Box& b);

/// Whether the middle of `inner` lies in `outer`, its border included.
bool holds_middle(const Box& outer, const Box& inner);

/// Between the middles of two boxes, px.
double middle_distance(const Box& a, const Box& b);

/// A detection that may be paired with a label.
struct Pair {
  double cost = 0;
  std::size_t detection = 0;
  std::size_t label = 0;
};

/// One-to-one, the lowest cost first; ties by detection, then label.
std::vector<Pair> match_lowest_cost_first(std::vector<Pair> pairs);

/// The label of each detection as pycocotools matches boxes: one-to-one in the order of the detections (which is that
/// of their scores), each to the free label of largest IoU, the last of equal ones, if that is `iou` or more.
std::vector<std::optional<std::size_t>> match_as_coco(std::span<const Box> detections, std::span<const Box> labels,
                                                      double iou);

}  // namespace capillaryx
