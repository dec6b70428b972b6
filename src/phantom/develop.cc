// SPDX-License-Identifier: Apache-2.0
// The camera: light through the tissue, sharpening, noise, video codec, 8 bits.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "phantom/look.h"

namespace capillaryx::phantom {
namespace {

/// Light through the tissue as brightness and two colour differences (ITU-R BT.601), the latter at half resolution.
void to_planes(const Look& look, const cv::Mat& density, cv::Mat* planes) {
  const cv::Size half((density.cols + 1) / 2, (density.rows + 1) / 2);
  planes[0] = cv::Mat(density.size(), CV_32F);
  planes[1] = cv::Mat(half, CV_32F, cv::Scalar(0));
  planes[2] = cv::Mat(half, CV_32F, cv::Scalar(0));
  cv::Mat light;
  for (int y = 0; y < density.rows; ++y) {
    cv::exp(-density.row(y), light);
    const auto* in = light.ptr<float>();
    auto* luma = planes[0].ptr<float>(y);
    auto* cb = planes[1].ptr<float>(y / 2);
    auto* cr = planes[2].ptr<float>(y / 2);
    const bool last_row = y + 1 == density.rows && y % 2 == 0;
    for (int x = 0; x < density.cols; ++x, in += 3) {
      const float red = std::min(255.0F, in[0] * look.skin[0]);
      const float green = std::min(255.0F, in[1] * look.skin[1]);
      const float blue = std::min(255.0F, in[2] * look.skin[2]);
      luma[x] = 0.299F * red + 0.587F * green + 0.114F * blue;
      const bool last_column = x + 1 == density.cols && x % 2 == 0;
      const float share = 0.25F * (last_row ? 2.0F : 1.0F) * (last_column ? 2.0F : 1.0F);
      cb[x / 2] += share * 0.564F * (blue - luma[x]);
      cr[x / 2] += share * 0.713F * (red - luma[x]);
    }
  }
}

/// Towards one edge, mostly the left one, cameras lose a few per cent of the light over some px.
void shade_edge(Random& random, double strength, cv::Mat* planes) {
  enum Side : std::uint8_t { kLeft, kRight, kTop, kBottom, kSides };
  const int side = random.chance(0.8) ? static_cast<int>(kLeft) : random.below(kSides);
  const double depth = strength * random.uniform(0.01, 0.08);
  const double reach = random.uniform(2.5, 16);
  for (int plane = 0; plane < 3; ++plane) {
    cv::Mat& values = planes[plane];
    const int length = side == kLeft || side == kRight ? values.cols : values.rows;
    const double px = plane == 0 ? 1 : 2;  // of a value
    for (int i = 0; i < length && i * px < 6 * reach; ++i) {
      const int place = side == kLeft || side == kTop ? i : length - 1 - i;
      cv::Mat line = side == kLeft || side == kRight ? values.col(place) : values.row(place);
      line *= std::exp(-depth * std::exp(-(i + 0.5) * px / reach));
    }
  }
}

std::uint8_t to_byte(float value) { return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F)); }

void to_rgb(const cv::Mat* planes, bool smooth_color, std::uint8_t* rgb) {
  const cv::Mat& luma = planes[0];
  cv::Mat blue;
  cv::Mat red;
  const int how = smooth_color ? cv::INTER_LINEAR : cv::INTER_NEAREST;
  cv::resize(planes[1], blue, {planes[1].cols * 2, planes[1].rows * 2}, 0, 0, how);
  cv::resize(planes[2], red, {planes[2].cols * 2, planes[2].rows * 2}, 0, 0, how);
  for (int y = 0; y < luma.rows; ++y) {
    const auto* l = luma.ptr<float>(y);
    const auto* cb = blue.ptr<float>(y);
    const auto* cr = red.ptr<float>(y);
    for (int x = 0; x < luma.cols; ++x, rgb += 3) {
      rgb[0] = to_byte(l[x] + 1.402F * cr[x]);
      rgb[1] = to_byte(l[x] - 0.714F * cr[x] - 0.344F * cb[x]);
      rgb[2] = to_byte(l[x] + 1.773F * cb[x]);
    }
  }
}

/// The squares of a picture that was enlarged, their edges a little softened.
void show_cells(cv::Mat& plane, double cell_px) {
  if (cell_px < 1.2) return;
  const cv::Size cells(std::max(2, cvRound(plane.cols / cell_px)), std::max(2, cvRound(plane.rows / cell_px)));
  cv::Mat reduced;
  cv::Mat enlarged;
  cv::resize(plane, reduced, cells, 0, 0, cv::INTER_AREA);
  cv::resize(reduced, enlarged, plane.size(), 0, 0, cv::INTER_NEAREST);
  cv::GaussianBlur(enlarged, enlarged, {5, 5}, 0.8);
  plane = 0.25 * plane + 0.75 * enlarged;
}

void add_grain(Random& random, cv::Mat& plane, double sigma) {
  if (sigma <= 0) return;
  const auto amount = static_cast<float>(sigma);
  for (int y = 0; y < plane.rows; ++y) {
    auto* row = plane.ptr<float>(y);
    float last = random.grain();
    for (int x = 0; x < plane.cols; ++x) {  // neighbours go together a little, as after a camera's interpolation
      const float fresh = random.grain();
      row[x] += amount * (0.88F * fresh + 0.47F * last);
      last = fresh;
    }
  }
}

/// A fixed pattern of the sensor: a lattice of about 1 % of the light for a strength of 1.
void add_mesh(Random& random, double strength, cv::Mat& luma) {
  const double period = random.uniform(2.5, 7);  // px
  const double angle = random.uniform(0, std::numbers::pi / 2);
  const double c = 2 * std::numbers::pi * std::cos(angle) / period;
  const double s = 2 * std::numbers::pi * std::sin(angle) / period;
  for (int y = 0; y < luma.rows; ++y) {
    auto* row = luma.ptr<float>(y);
    for (int x = 0; x < luma.cols; ++x) {
      row[x] *= static_cast<float>(1 + 0.005 * strength * (std::cos(c * x + s * y) + std::cos(c * y - s * x)));
    }
  }
}

}  // namespace

void develop(const PhantomOptions& options, std::int64_t index, const Look& look, const Canvas& canvas,
             std::uint8_t* rgb, std::int64_t moment) {
  cv::Mat planes[3];
  Random sensor(options.seed, index, kSensor);
  const bool inverted = sensor.chance(options.inverted);
  const bool narrow_band = sensor.chance(options.narrow_band);
  const bool grey = sensor.chance(options.grey) || narrow_band;
  cv::Mat density = canvas.fine;
  Look lit = look;
  if (narrow_band) {  // each of the three channels sees green
    cv::Mat green;
    cv::extractChannel(canvas.fine, green, 1);
    cv::merge(std::vector<cv::Mat>{green, green, green}, density);
    lit.skin = {look.skin[1], look.skin[1], look.skin[1]};
  }
  to_planes(lit, density, planes);
  if (options.mesh > 0) add_mesh(sensor, options.mesh, planes[0]);
  Random edge(options.seed, index, kEdge);
  shade_edge(edge, std::min(2.0, options.gradients), planes);
  if (inverted) {
    for (cv::Mat& plane : planes) plane = -plane;
    planes[0] += 255;
  }
  if (look.sharpening > 0.01) {
    cv::Mat soft;
    cv::GaussianBlur(planes[0], soft, {9, 9}, 1.6);
    planes[0] += look.sharpening * (planes[0] - soft);
  }
  Random random(options.seed, index, kGrain, static_cast<std::uint64_t>(moment + 1));
  const bool video = look.late_codec_step == 0;
  if (!video) {
    // Stills of the camera with strong colours: coarse blocks first, whose places the picture no longer tells.
    const int x = -random.below(8);
    const int y = -random.below(8);
    quantise_blocks(planes, look.codec_step, look.codec_color_step, x, y);
    for (int i = 0; i < 3; ++i) show_cells(planes[i], i == 0 ? look.cell_px : look.cell_px / 2);
  }
  add_grain(random, planes[0], look.grain);
  add_grain(random, planes[1], look.color_grain);
  add_grain(random, planes[2], look.color_grain);
  if (grey) {
    planes[1].setTo(0);
    planes[2].setTo(0);
  }
  const double step = video ? look.codec_step : look.late_codec_step;
  quantise_blocks(planes, step, video ? look.codec_color_step : 0.25 * step, 0, 0);
  to_rgb(planes, look.smooth_color, rgb);
}

}  // namespace capillaryx::phantom
