// SPDX-License-Identifier: Apache-2.0
#include "networks/frame_input.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace capillaryx {

FrameInput::FrameInput(const FrameNetworkSpec& spec, bool channels_last)
    : input_(spec.input),
      padding_(spec.padding),
      channels_last_(channels_last),
      grey_mean_(spec.mean[0]),
      grey_scale_(spec.scale[0]) {
  for (std::size_t plane = 0; plane < 3; ++plane) {
    for (std::size_t pixel = 0; pixel < 256; ++pixel) {
      tables_[plane][pixel] = (static_cast<float>(pixel) - spec.mean[plane]) / spec.scale[plane];
    }
  }
}

// The frame's column (or row) of each of the window's; -1 stands for the number 0.
std::vector<int> FrameInput::places(int begin, int count, int length) const {
  std::vector<int> all(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    int place = begin + i;
    if (place >= length && padding_ == FramePadding::kReflect) {
      const int period = std::max(1, 2 * (length - 1));
      place %= period;
      if (place >= length) place = period - place;
    } else if (place >= length) {
      place = padding_ == FramePadding::kZero ? -1 : length - 1;
    }
    all[static_cast<std::size_t>(i)] = place;
  }
  return all;
}

void FrameInput::fill(const PixelView& frame, int x, int y, int width, int height, std::span<float> out) {
  const std::vector<int> columns = places(x, width, frame.width), rows = places(y, height, frame.height);
  const bool grey = input_ == InputKind::kGrey;
  const std::size_t planes = grey ? 1 : 3;
  const std::size_t size = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const std::size_t plane_step = channels_last_ ? 1 : size, cell_step = channels_last_ ? planes : 1;
  float* cell = out.data();
  for (const int row : rows) {
    const std::uint8_t* const from = row < 0 ? nullptr : frame.row(row);
    for (const int column : columns) {
      if (from == nullptr || column < 0) {
        for (std::size_t plane = 0; plane < planes; ++plane) cell[plane * plane_step] = 0;
      } else if (const std::uint8_t* pixel = from + std::ptrdiff_t{column} * frame.channels; frame.channels == 1) {
        for (std::size_t plane = 0; plane < planes; ++plane) cell[plane * plane_step] = tables_[plane][pixel[0]];
      } else if (grey) {
        const int sum = 299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2];
        cell[0] = (static_cast<float>(sum) / 1000.0F - grey_mean_) / grey_scale_;
      } else {
        const bool bgr = input_ == InputKind::kBgr;
        for (std::size_t plane = 0; plane < 3; ++plane) {
          cell[plane * plane_step] = tables_[plane][pixel[bgr ? 2 - plane : plane]];
        }
      }
      cell += cell_step;
    }
  }
}

void resize_frame(const PixelView& frame, int width, int height, std::vector<std::uint8_t>& pixels) {
  const int type = frame.channels == 1 ? CV_8UC1 : CV_8UC3;
  pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
                static_cast<std::size_t>(frame.channels));
  const cv::Mat from(frame.height, frame.width, type, const_cast<std::uint8_t*>(frame.data),
                     static_cast<std::size_t>(frame.stride_bytes));
  cv::Mat to(height, width, type, pixels.data());
  cv::resize(from, to, to.size(), 0, 0, cv::INTER_LINEAR_EXACT);
}

}  // namespace capillaryx
