// SPDX-License-Identifier: Apache-2.0
#include "analysis/density.h"

#include <algorithm>
#include <cstddef>

namespace capillaryx {
namespace {

// As many capillaries of kEvenLengthPx are counted in, that a few do not say what is typical of a frame.
constexpr int kEvenCount = 5;

}  // namespace

void DensityStage::measure_regions(const Proposer& proposed, double min_depth) {
  const std::vector<Roi>& proposals = proposed.found.rois;
  rois_.clear();
  darkness_.clear();
  values_.clear();
  kept_index_.assign(proposals.size(), -1);
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    RegionDarkness darkness;
    if (!finder_.measure(proposed, proposals[i], min_depth, darkness, values_)) continue;
    kept_index_[i] = static_cast<int>(rois_.size());
    rois_.push_back(proposals[i]);
    darkness_.push_back(darkness);
  }
  for (Roi& roi : rois_) roi.within = enclosing(proposals, roi.within, kept_index_);
  drawings_.assign(rois_.size(), Drawing::kNotYet);
  contours_.resize(rois_.size());
  halves_.assign(rois_.size(), {});
  typical_length_px_ = ContourFinder::kEvenLengthPx;
  runs_.clear();
  points_.clear();
}

bool DensityStage::draw(const Proposer& proposed, std::size_t region) {
  if (drawings_[region] == Drawing::kNotYet) {
    const bool drawn = finder_.draw(proposed, rois_[region], darkness_[region], half_depth(proposed, region),
                                    typical_length_px_, values_, contours_[region], runs_, points_);
    drawings_[region] = drawn ? Drawing::kDrawn : Drawing::kNone;
  }
  return drawings_[region] == Drawing::kDrawn;
}

const HalfDepth& DensityStage::half_depth(const Proposer& proposed, std::size_t region) {
  HalfDepth& half = halves_[region];
  if (half.depth == 0) half = finder_.half_depth(proposed, rois_[region], darkness_[region], values_);
  return half;
}

void DensityStage::choose(double least_score, const std::vector<float>& scores) {
  chosen_.clear();
  choice_.choose(rois_, scores);
  for (std::size_t i = 0; i < rois_.size(); ++i) {
    if (choice_.stays(i) && static_cast<double>(scores[i]) >= least_score) chosen_.push_back(i);
  }
}

double DensityStage::typical_length_px(const Proposer& proposed) {
  double sum = kEvenCount * ContourFinder::kEvenLengthPx;
  for (const std::size_t region : chosen_) sum += half_depth(proposed, region).length_px;
  return sum / static_cast<double>(kEvenCount + chosen_.size());
}

double DensityStage::typical_width_px() const {
  if (chosen_.empty()) return 0;
  std::vector<double> widths;
  for (const std::size_t region : chosen_) widths.push_back(halves_[region].width_px);
  const auto middle = widths.begin() + static_cast<std::ptrdiff_t>(widths.size() / 2);
  std::nth_element(widths.begin(), middle, widths.end());
  return *middle;
}

void DensityStage::draw_chosen(const Proposer& proposed, double least_score, std::vector<float>& scores) {
  choose(least_score, scores);
  typical_length_px_ = typical_length_px(proposed);
  const auto without_contour = [&] {
    bool any = false;
    for (const std::size_t region : chosen_) {
      if (draw(proposed, region)) continue;
      scores[region] = RegionChoice::kNoRegion;
      any = true;
    }
    return any;
  };
  while (without_contour()) choose(least_score, scores);
}

void DensityStage::write_refused(const std::vector<float>& scores, std::vector<Candidate>& candidates) const {
  auto chosen = chosen_.begin();
  for (std::size_t i = 0; i < rois_.size(); ++i) {
    if (chosen != chosen_.end() && *chosen == i) {
      ++chosen;
    } else if (choice_.stays(i) && scores[i] != RegionChoice::kNoRegion) {
      candidates.push_back({{rois_[i].x, rois_[i].y, rois_[i].width, rois_[i].height}, scores[i]});
    }
  }
}

std::int64_t DensityStage::count_covered() {
  chosen_runs_.clear();
  for (const std::size_t region : chosen_) {
    const Contour& contour = contours_[region];
    chosen_runs_.insert(chosen_runs_.end(), runs_.begin() + static_cast<std::ptrdiff_t>(contour.first_run),
                        runs_.begin() + static_cast<std::ptrdiff_t>(contour.end_run));
  }
  return covered_.count(chosen_runs_);
}

}  // namespace capillaryx
