// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace capillaryx {

/// A region of this score or more is never adjusted to less than the threshold.
inline constexpr double kSureScore = 0.9;

/// Whether a score belongs neither to those of capillaries nor to those of other regions.
bool is_undecided(float score);

/// Lowers the probabilities of a frame whose regions are more rarely capillaries than those that the network was
/// calibrated on, of which `usual_share` are capillaries (0..1, neither end included). The frame's own share is found
/// by expectation and maximisation (Saerens, Latinne, Decaestecker: Adjusting the Outputs of a Classifier to New a
/// Priori Probabilities, Neural Computation 14, 2002), with `prior_regions` regions of the usual share added, so that
/// few regions say little. Probabilities are never raised: where the share is not under the usual one they stay as they
/// are, bit for bit. The odds are lowered by the same factor for all, and by no more than takes kSureScore down to
/// `threshold`, so that a region of kSureScore or more stays a capillary.
///
/// Where too many scores lie between those of capillaries and those of other regions the network does not know frames
/// of this kind, and its scores say nothing of the share: they stay as they are. Returns a note that says so, for
/// people; else an empty text.
/// Sums run in the order of the regions. Threads: any.
std::string fit_to_prevalence(double usual_share, double prior_regions, double threshold, std::vector<float>& scores);

}  // namespace capillaryx
