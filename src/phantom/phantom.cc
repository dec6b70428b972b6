// SPDX-License-Identifier: Apache-2.0
#include "phantom/phantom.h"

#include <charconv>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <string_view>
#include <utility>

#include "capillaryx/error.h"
#include "phantom/look.h"

namespace capillaryx {
namespace {

std::string short_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

}  // namespace

void check_phantom_options(const PhantomOptions& options) {
  PhantomOptions copy = options;
  visit_phantom_fields(copy, [](const PhantomField& field, auto& value) {
    const auto number = static_cast<double>(value);
    if (!(number >= field.min && number <= field.max)) {
      throw Error(ErrorKind::kUsage, "phantom: " + std::string(field.name) + " must be between " +
                                         short_text(field.min) + " and " + short_text(field.max));
    }
  });
}

Phantom draw_phantom(const PhantomOptions& options, std::int64_t index) {
  using namespace phantom;  // NOLINT: the parts of this room
  check_phantom_options(options);
  const Look look = choose_look(options, index);
  Canvas canvas(options.width, options.height);
  draw_light(options, index, canvas);
  draw_mottling(options, index, look, canvas);
  draw_folds(options, index, look, canvas);
  draw_deep_vessels(options, index, look, canvas);
  std::vector<SyntheticCapillary> capillaries = draw_capillaries(options, index, look, canvas);

  cv::Mat wide;
  cv::resize(canvas.coarse, wide, {canvas.coarse.cols * Canvas::kCoarse, canvas.coarse.rows * Canvas::kCoarse}, 0, 0,
             cv::INTER_CUBIC);
  canvas.fine = wide(cv::Rect(0, 0, options.width, options.height));
  Phantom phantom;
  for (SyntheticCapillary& one : capillaries) {
    if (!one.tail.values.empty()) add(canvas.fine, one.tail, look.deep_blood);
    add(canvas.fine, one.density, one.color);
    if (!one.truth.outline.empty()) phantom.capillaries.push_back(std::move(one.truth));
  }
  draw_hairs(options, index, look, canvas);
  draw_specks(options, index, look, canvas);
  draw_bubbles(options, index, look, canvas);
  draw_glare(options, index, look, canvas);

  const auto stride = static_cast<std::ptrdiff_t>(options.width) * 3;
  auto pixels = std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(stride) * options.height);
  develop(options, index, look, canvas, pixels->data());
  FrameInfo info;
  info.index = index;
  info.source = "phantom:" + std::to_string(index);
  phantom.frame = Frame::from_pixels(info, {pixels->data(), options.width, options.height, 3, stride}, pixels);
  return phantom;
}

}  // namespace capillaryx
