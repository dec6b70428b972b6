// SPDX-License-Identifier: Apache-2.0
#include "phantom/clip.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "capillaryx/error.h"
#include "phantom/clip_parts.h"

namespace capillaryx {

using namespace phantom;  // NOLINT: the parts of this room

namespace {

constexpr int kLargestSidePx = 8192;

/// What `draw` lays over whatever is below it.
template <class Draw>
Layer layer_of(int width, int height, const Draw& draw) {
  Canvas zero(width, height);
  Canvas one(width, height);
  zero.fine = cv::Mat(height, width, CV_32FC3, cv::Scalar::all(0));
  one.fine = cv::Mat(height, width, CV_32FC3, cv::Scalar::all(1));
  draw(zero);
  draw(one);
  return {one.fine - zero.fine, zero.fine};
}

/// A line of `length_px` in direction `angle`, weights that sum to 1.
cv::Mat smear(double length_px, double angle) {
  const int reach = static_cast<int>(std::ceil(length_px / 2));
  cv::Mat kernel(2 * reach + 1, 2 * reach + 1, CV_32F, cv::Scalar(0));
  const int steps = 8 * (2 * reach + 1);
  for (int i = 0; i < steps; ++i) {
    const double at = length_px * ((i + 0.5) / steps - 0.5);
    kernel.at<float>(static_cast<int>(std::lround(reach + at * std::sin(angle))),
                     static_cast<int>(std::lround(reach + at * std::cos(angle)))) += 1.0F / static_cast<float>(steps);
  }
  return kernel;
}

}  // namespace

const char* to_string(BadFrame bad) {
  constexpr const char* kNames[] = {"", "motion", "focus", "bright", "dark"};
  return kNames[static_cast<std::size_t>(bad)];
}

void check_phantom_clip_options(const PhantomOptions& drawing, const PhantomClipOptions& options) {
  check_phantom_options(drawing);
  PhantomClipOptions copy = options;
  visit_phantom_clip_fields(copy, [](const PhantomField& field, auto& value) {
    const auto number = static_cast<double>(value);
    if (!(number >= field.min && number <= field.max)) {
      throw Error(ErrorKind::kUsage, "phantom clip: " + std::string(field.name) + " is out of its range");
    }
  });
  const ClipSpace space = clip_space(drawing, options);
  if (drawing.width + 2 * space.margin_x > kLargestSidePx || drawing.height + 2 * space.margin_y > kLargestSidePx) {
    throw Error(ErrorKind::kUsage,
                "phantom clip: the tissue would be wider than 8192 px; give smaller frames, or less drift or tremor");
  }
}

struct PhantomClip::State {
  PhantomOptions field;   ///< of a frame
  PhantomOptions tissue;  ///< of what all frames lie on
  PhantomClipOptions options;
  std::int64_t index = 0;
  Look look;
  PhantomClipTruth truth;
  cv::Mat ground;  ///< optical density without capillaries
  std::vector<SyntheticCapillary> capillaries;
  std::vector<BloodFlow> flows;
  Layer on_skin, in_gel, in_camera;  ///< hairs and specks; bubbles; glare

  cv::Mat tissue_at(int frame, double blood) const {
    cv::Mat density = ground.clone();
    for (std::size_t i = 0; i < capillaries.size(); ++i) {
      const SyntheticCapillary& one = capillaries[i];
      if (!one.tail.values.empty()) add(density, one.tail, look.deep_blood);
      const cv::Mat now = frame < 0 ? one.density.values : flowing(flows[i], one.density.values, frame);
      const auto share = static_cast<float>(blood);
      const Color color{one.color[0] * share, one.color[1] * share, one.color[2] * share};
      add(density, {one.density.left, one.density.top, now}, color);
    }
    lay_over(on_skin, 0, 0, density);
    return density;
  }

  Frame develop_frame(const PhantomOptions& size, const Look& seen, cv::Mat density, std::int64_t grain) const {
    Canvas canvas(size.width, size.height);
    canvas.fine = std::move(density);
    const auto stride = static_cast<std::ptrdiff_t>(size.width) * 3;
    auto pixels = std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(stride) * size.height);
    develop(size, index, seen, canvas, pixels->data(), grain);
    FrameInfo info;
    info.index = std::max<std::int64_t>(grain, 0);
    info.source = "phantom-clip:" + std::to_string(index) + "#" + std::to_string(grain);
    return Frame::from_pixels(info, {pixels->data(), size.width, size.height, 3, stride}, pixels);
  }
};

PhantomClip::PhantomClip(const PhantomOptions& drawing, const PhantomClipOptions& options, std::int64_t index)
    : state_(std::make_unique<State>()) {
  check_phantom_clip_options(drawing, options);
  State& s = *state_;
  s.field = drawing;
  s.tissue = drawing;
  s.options = options;
  s.index = index;
  const ClipSpace space = clip_space(drawing, options);
  s.tissue.width += 2 * space.margin_x;
  s.tissue.height += 2 * space.margin_y;
  s.look = choose_look(drawing, index);

  Canvas canvas(s.tissue.width, s.tissue.height);
  draw_light(s.tissue, index, canvas);
  draw_mottling(s.tissue, index, s.look, canvas);
  draw_folds(s.tissue, index, s.look, canvas);
  draw_deep_vessels(s.tissue, index, s.look, canvas);
  s.capillaries = draw_capillaries(s.tissue, index, s.look, canvas);
  cv::Mat wide;
  cv::resize(canvas.coarse, wide, {canvas.coarse.cols * Canvas::kCoarse, canvas.coarse.rows * Canvas::kCoarse}, 0, 0,
             cv::INTER_CUBIC);
  s.ground = wide(cv::Rect(0, 0, s.tissue.width, s.tissue.height)).clone();
  s.on_skin = layer_of(s.tissue.width, s.tissue.height, [&](Canvas& over) {
    draw_hairs(s.tissue, index, s.look, over);
    draw_specks(s.tissue, index, s.look, over);
  });
  s.in_camera =
      layer_of(drawing.width, drawing.height, [&](Canvas& over) { draw_glare(drawing, index, s.look, over); });
  PhantomOptions gel = drawing;  // wide enough for bubbles that cross the field
  gel.width = std::min(kLargestSidePx, 2 * drawing.width);
  gel.bubbles = options.moving_bubbles;
  s.in_gel = layer_of(gel.width, gel.height, [&](Canvas& over) { draw_bubbles(gel, index, s.look, over); });

  s.truth.width = drawing.width;
  s.truth.height = drawing.height;
  s.truth.tissue_width = s.tissue.width;
  s.truth.tissue_height = s.tissue.height;
  s.truth.frames = clip_frames(drawing, options, index);
  for (std::size_t i = 0; i < s.capillaries.size(); ++i) {
    s.flows.push_back(choose_flow(drawing, options, index, i, s.capillaries[i]));
    if (s.capillaries[i].truth.outline.empty()) continue;
    s.truth.capillaries.push_back(s.capillaries[i].truth);
    s.truth.flow_px_per_frame.push_back(s.flows[i].px_per_frame);
  }
}

PhantomClip::~PhantomClip() = default;

const PhantomClipTruth& PhantomClip::truth() const { return state_->truth; }

Frame PhantomClip::draw(int frame) const {
  const State& s = *state_;
  const auto at = [&s](int i) -> const PhantomClipFrame& { return s.truth.frames[static_cast<std::size_t>(i)]; };
  while (frame > 0 && at(frame).lost) --frame;
  const PhantomClipFrame& now = at(frame);
  const cv::Mat tissue = s.tissue_at(frame, now.blood);
  // Pixel (i, j) is the sample at (i + 0.5, j + 0.5), of the frame as of the tissue.
  const double c = std::cos(now.rotation);
  const double n = std::sin(now.rotation);
  const double mx = 0.5 - s.field.width / 2.0;
  const double my = 0.5 - s.field.height / 2.0;
  const cv::Matx23d place(c, -n, now.x + c * mx - n * my - 0.5, n, c, now.y + n * mx + c * my - 0.5);
  cv::Mat density;
  cv::warpAffine(tissue, density, place, {s.field.width, s.field.height}, cv::INTER_CUBIC | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REPLICATE);
  const double t = s.options.frames > 1 ? static_cast<double>(frame) / (s.options.frames - 1) : 0;
  lay_over(s.in_gel, static_cast<int>(t * (s.in_gel.keep.cols - s.field.width)), 0, density);
  blur(density, now.blur_px);
  if (now.motion_px > 1) cv::filter2D(density, density, -1, smear(now.motion_px, now.motion_direction));
  lay_over(s.in_camera, 0, 0, density);
  Look look = s.look;
  for (float& value : look.skin) value *= static_cast<float>(now.brightness);
  return s.develop_frame(s.field, look, density, frame);
}

Frame PhantomClip::draw_still() const {
  return state_->develop_frame(state_->tissue, state_->look, state_->tissue_at(-1, 1), -1);
}

}  // namespace capillaryx
