// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace capillaryx {

/// Lowers the probabilities of a frame whose regions are more rarely capillaries than those that the network was
/// calibrated on, of which `usual_share` are capillaries (0..1, neither end included). The frame's own share is found
/// by expectation and maximisation (Saerens, Latinne, Decaestecker: Adjusting the Outputs of a Classifier to New a
/// Priori Probabilities, Neural Computation 14, 2002), with `prior_regions` regions of the usual share added, so that
/// few regions say little. Probabilities are never raised: where the share is not under the usual one they stay as they
/// are, bit for bit.
/// Sums run in the order of the regions. Threads: any.
void fit_to_prevalence(double usual_share, double prior_regions, std::vector<float>& scores);

}  // namespace capillaryx
