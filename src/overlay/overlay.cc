// SPDX-License-Identifier: Apache-2.0
#include "overlay/overlay.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <opencv2/imgproc.hpp>

namespace capillaryx {
namespace {

// Lines are 2 px on a 1920 px frame and keep that share of larger ones, so that they still show where the picture is
// shrunk to a page.
int line_px(int width, int height) {
  return std::max(std::max(width, height) >= 640 ? 2 : 1, (std::max(width, height) + 480) / 960);
}

void copy_rgb(const PixelView& frame, std::vector<std::uint8_t>& rgb) {
  const auto row_bytes = static_cast<std::size_t>(frame.width) * 3;
  rgb.resize(row_bytes * static_cast<std::size_t>(frame.height));
  for (int y = 0; y < frame.height; ++y) {
    const std::uint8_t* in = frame.row(y);
    std::uint8_t* out = rgb.data() + static_cast<std::size_t>(y) * row_bytes;
    if (frame.channels == 3) {
      std::memcpy(out, in, row_bytes);
    } else {
      for (int x = 0; x < frame.width; ++x) out[3 * x] = out[3 * x + 1] = out[3 * x + 2] = in[x];
    }
  }
}

// The even number that is not above it.
int even_below(int v) { return v - (v & 1); }

// A frame of `line` px around the box, outside of it, cut off at the picture's border. It begins at even pixels: a JPEG
// holds colour for squares of 2x2 px, and a green line that fills only half of them is bleached.
void draw_box(cv::Mat& picture, const std::array<int, 4>& box, int line) {
  const cv::Rect all(0, 0, picture.cols, picture.rows);
  const cv::Point from(even_below(box[0]), even_below(box[1]));
  const cv::Point to(even_below(box[0] + box[2] + 1), even_below(box[1] + box[3] + 1));
  const cv::Rect inner(from, to);
  const cv::Rect sides[4] = {{inner.x - line, inner.y - line, inner.width + 2 * line, line},
                             {inner.x - line, inner.y + inner.height, inner.width + 2 * line, line},
                             {inner.x - line, inner.y, line, inner.height},
                             {inner.x + inner.width, inner.y, line, inner.height}};
  for (const cv::Rect& side : sides) {
    const cv::Rect seen = side & all;
    if (!seen.empty()) picture(seen).setTo(cv::Scalar(0, 255, 0));
  }
}

void draw_contour(cv::Mat& picture, const std::vector<float>& polygon, int line) {
  // Corners of pixels in 1/16 px; OpenCV counts from the middles of pixels.
  constexpr int kShift = 4;
  std::vector<cv::Point> points;
  points.reserve(polygon.size() / 2);
  for (std::size_t i = 0; i + 1 < polygon.size(); i += 2) {
    points.emplace_back(cvRound((polygon[i] - 0.5F) * (1 << kShift)), cvRound((polygon[i + 1] - 0.5F) * (1 << kShift)));
  }
  if (points.size() < 2) return;
  cv::polylines(picture, points, true, cv::Scalar(0, 0, 0), line, cv::LINE_8, kShift);
}

}  // namespace

void draw_overlay(const PixelView& frame, const FrameResult& result, std::vector<std::uint8_t>& rgb) {
  copy_rgb(frame, rgb);
  cv::Mat picture(frame.height, frame.width, CV_8UC3, rgb.data());
  const int line = line_px(frame.width, frame.height);
  for (const Capillary& capillary : result.capillaries) draw_contour(picture, capillary.polygon, line);
  for (const Capillary& capillary : result.capillaries) draw_box(picture, capillary.bbox, line);
}

}  // namespace capillaryx
