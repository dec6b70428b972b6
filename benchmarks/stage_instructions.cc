// SPDX-License-Identifier: Apache-2.0
// Runs every stage but the network itself a few times on one synthetic frame. scripts/instructions.py counts its
// instructions under callgrind: a measure of work that no other load on the machine disturbs.
#include <cstdio>
#include <memory>
#include <span>
#include <vector>

#include "analysis/density.h"
#include "analysis/network_input.h"
#include "analysis/proposer.h"
#include "analysis/test_frames.h"
#include "image/image.h"

int main() {
  using namespace capillaryx;
  constexpr int kRepeats = 4;  // the first also makes tables and memory
  const test::Picture picture = test::tissue(960, 540, 24);
  const Options options;
  const std::vector<std::uint8_t> png = encode_png(picture.view()), jpeg = encode_jpeg(picture.view());
  ImageReader reader(options.max_pixels);
  NetworkSpec spec;
  spec.width = spec.height = 32;
  spec.channels = 4;
  NetworkInputMaker maker(spec);
  std::vector<float> input(static_cast<std::size_t>(spec.input_size()));
  Proposer proposer;
  DensityStage density;
  std::vector<float> scores;
  for (int i = 0; i < kRepeats; ++i) {
    reader.decode({}, jpeg);
    const Frame frame = reader.decode({}, png);
    proposer.propose(frame.pixels(), options);
    maker.start(frame.pixels(), proposer.reduced, proposer.background, proposer.found.runs);
    for (const Roi& roi : proposer.found.rois) maker.fill(roi, input);
    density.measure_regions(proposer, options.min_depth);
    scores.assign(density.rois().size(), 1);
    density.draw_chosen(proposer, 0.5, scores);
  }
  std::printf("%zu regions, %zu contours\n", proposer.found.rois.size(), density.chosen().size());
}
