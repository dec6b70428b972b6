// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "analysis/background.h"
#include "analysis/darkness.h"
#include "analysis/reduced_frame.h"
#include "analysis/rois.h"
#include "analysis/ssim.h"
#include "capillaryx/frame.h"
#include "capillaryx/options.h"

namespace capillaryx {

/// The stages up to the regions, in their order, and what each left.
/// Threads: one call at a time for an instance. Memory is used again.
struct Proposer {
  /// `after_stage(name)` is called at the end of each stage.
  template <class AfterStage>
  void propose(const PixelView& frame, const Options& options, const AfterStage& after_stage) {
    reduce_frame(frame, reduced);
    after_stage("reduce");
    background.fit(reduced, options);
    after_stage("background");
    measure_darkness(reduced, background, darkness);
    after_stage("darkness");
    ssim.measure(darkness, options.ssim_sigma_px);
    after_stage("ssim");
    finder.find(darkness, ssim, options, found);
    after_stage("rois");
  }
  void propose(const PixelView& frame, const Options& options) {
    propose(frame, options, [](std::string_view) {});
  }

  ReducedFrame reduced;
  Background background;
  Darkness darkness;
  SsimMap ssim;
  RoiFinder finder;
  Rois found;
};

}  // namespace capillaryx
